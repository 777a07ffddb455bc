/* SPDX-License-Identifier: MIT */
/*
 * An access that missed the inline lines: translated and made in one section,
 * so that a flush that has waited for the section knows that it is over. A
 * fault is handled outside, and then all is tried again.
 *
 * Words of eight bytes come first and in three steps, each of which knows less
 * and does more: a hit of the TLB, without a call; a walk; anything at all.
 */
#include "mmu/access.h"

#include <errno.h>

#include "mmu/plain.h"

struct access {
	vmd_va_t addr;
	enum vmd_access_kind kind;
	unsigned int size;
	uint64_t value;
};

/* Neither aligned nor atomic. */
static void store_bytes(uint8_t *host, uint64_t value, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		vmd_host_store((uintptr_t)host + i, value >> (8 * i), 1);
}

static uint64_t load_bytes(const uint8_t *host, unsigned int size)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		value |= vmd_host_load((uintptr_t)host + i, 1) << (8 * i);
	return value;
}

static void touch(struct access *access, uint8_t *host)
{
	bool aligned = !((uintptr_t)host & (access->size - 1));

	if (access->kind == VMD_ACCESS_WRITE && vmd_likely(aligned))
		vmd_host_store((uintptr_t)host, access->value, access->size);
	else if (access->kind == VMD_ACCESS_WRITE)
		store_bytes(host, access->value, access->size);
	else if (vmd_likely(aligned))
		access->value = vmd_host_load((uintptr_t)host, access->size);
	else
		access->value = load_bytes(host, access->size);
}

/* How much of it lies in the first of its two pages; 0: there is but one. */
static unsigned int first_part(const struct access *access)
{
	uint64_t offset = access->addr & ~VMD_PAGE_MASK;

	return offset + access->size > VMD_PAGE_SIZE ?
		       (unsigned int)(VMD_PAGE_SIZE - offset) :
		       0;
}

static void touch_parts(struct access *access, uint8_t *low, uint8_t *high)
{
	unsigned int first = first_part(access);
	unsigned int second = access->size - first;

	if (access->kind == VMD_ACCESS_WRITE) {
		store_bytes(low, access->value, first);
		store_bytes(high, access->value >> (8 * first), second);
	} else {
		access->value = load_bytes(low, first) |
				load_bytes(high, second) << (8 * first);
	}
}

/* Both pages are asked before either is marked: it is one access. */
static bool try_two_pages(struct vmd_cpu *cpu, struct access *access,
			  struct vmd_trap *trap)
{
	vmd_va_t page[2] = { access->addr, access->addr + first_part(access) };
	uint8_t *host[2] = { NULL, NULL };
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (!vmd_may_translate(cpu, page[i], access->kind) &&
		    !vmd_translate(cpu, page[i], access->kind, trap))
			return false;
	for (i = 0; i < 2; i++) {
		host[i] = vmd_translate(cpu, page[i], access->kind, trap);
		if (!host[i])
			return false;
	}
	touch_parts(access, host[0], host[1]);
	return true;
}

static bool try_access(struct vmd_cpu *cpu, struct access *access,
		       struct vmd_trap *trap)
{
	uint8_t *host;

	if (vmd_unlikely(first_part(access)))
		return try_two_pages(cpu, access, trap);
	host = vmd_translate(cpu, access->addr, access->kind, trap);
	if (host)
		touch(access, host);
	return host;
}

int vmd_handle_trap(struct vmd_cpu *cpu, const struct vmd_trap *trap)
{
	struct vmd_clock *old = vmd_clock_switch(&cpu->clock);
	struct vmd_mm_context *ctx = vmd_load_acquire(&cpu->tlbstate.loaded_mm);
	int err = -EFAULT;

	/* Not before: who hears of it may wait for the section's end. */
	(void)VMD_BUG_ON(cpu->env, trap->is_lazy);
	vmd_charge(cpu->env, VMD_EV_FAULT, 1);
	if (trap->kind == VMD_ACCESS_WRITE)
		vmd_charge(cpu->env, VMD_EV_WRITE_FAULT, 1);
	if (ctx && trap->vector == VMD_TRAP_PF)
		err = ctx->fault_ops->handle(ctx, cpu, trap->addr,
					     trap->error_code);
	if (err)
		cpu->fault = (struct vmd_fault_info){
			.addr = trap->addr,
			.error_code = trap->error_code,
			.error = err,
			.vector = trap->vector,
		};
	(void)vmd_clock_switch(old);
	return err;
}

/* Of any size, at any address. */
static int access_any(struct vmd_cpu *cpu, struct access *access)
{
	struct vmd_trap trap;
	bool done;
	int err;

	if (access->size > 8 || (access->size & (access->size - 1)) ||
	    !access->size)
		return -EINVAL;
	do {
		vmd_cpu_enter(cpu);
		done = try_access(cpu, access, &trap);
		vmd_cpu_leave(cpu);
		if (vmd_likely(done))
			return 0;
		err = vmd_handle_trap(cpu, &trap);
	} while (!err);
	return err;
}

static VMD_NOINLINE int load_any(struct vmd_cpu *cpu, vmd_va_t addr,
				 uint64_t *value, unsigned int size)
{
	struct access access = { addr, VMD_ACCESS_READ, size, 0 };
	int err = access_any(cpu, &access);

	if (!err)
		*value = access.value;
	return err;
}

static VMD_NOINLINE int store_any(struct vmd_cpu *cpu, vmd_va_t addr,
				  uint64_t value, unsigned int size)
{
	struct access access = { addr, VMD_ACCESS_WRITE, size, value };

	return access_any(cpu, &access);
}

static inline VMD_ALWAYS_INLINE uintptr_t translate(struct vmd_cpu *cpu,
						    vmd_va_t addr,
						    enum vmd_access_kind kind,
						    const uint64_t *known,
						    struct vmd_trap *trap)
{
	void *host = known ? NULL : vmd_translate_walk(cpu, addr, kind);

	if (vmd_unlikely(!host))
		host = vmd_translate_rest(cpu, addr, kind, known, trap);
	return (uintptr_t)host;
}

/* In the section, which it ends: a word of which the TLB has only @known. */
static VMD_NOINLINE int load_rest(struct vmd_cpu *cpu, vmd_va_t addr,
				  uint64_t *value, const uint64_t *known)
{
	struct vmd_trap trap;
	uintptr_t host = translate(cpu, addr, VMD_ACCESS_READ, known, &trap);
	int err;

	if (vmd_likely(host))
		*value = vmd_host_load(host, 8);
	vmd_cpu_leave(cpu);
	if (vmd_likely(host))
		return 0;
	err = vmd_handle_trap(cpu, &trap);
	return err ? err : load_any(cpu, addr, value, 8);
}

static VMD_NOINLINE int store_rest(struct vmd_cpu *cpu, vmd_va_t addr,
				   uint64_t value, const uint64_t *known)
{
	struct vmd_trap trap;
	uintptr_t host = translate(cpu, addr, VMD_ACCESS_WRITE, known, &trap);
	int err;

	if (vmd_likely(host))
		vmd_host_store(host, value, 8);
	vmd_cpu_leave(cpu);
	if (vmd_likely(host))
		return 0;
	err = vmd_handle_trap(cpu, &trap);
	return err ? err : store_any(cpu, addr, value, 8);
}

/* An aligned word, the gate is open, and no odd address: then inside. */
static inline bool enter_plainly(struct vmd_cpu *cpu, vmd_va_t addr,
				 unsigned int size)
{
	if (vmd_unlikely(size != 8 || (addr & 7) || !vmd_cpu_try_enter(cpu)))
		return false;
	if (vmd_likely(!vmd_is_odd(cpu, addr)))
		return true;
	vmd_cpu_leave(cpu);
	return false;
}

int vmd_cpu_load_slow(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t *value,
		      unsigned int size)
{
	const uint64_t *known;
	uintptr_t host;

	if (!enter_plainly(cpu, addr, size))
		return load_any(cpu, addr, value, size);
	host = (uintptr_t)vmd_translate_hit(cpu, addr, VMD_ACCESS_READ, &known);
	if (!host)
		return load_rest(cpu, addr, value, known);
	*value = vmd_host_load(host, 8);
	vmd_cpu_leave(cpu);
	return 0;
}

int vmd_cpu_store_slow(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value,
		       unsigned int size)
{
	const uint64_t *known;
	uintptr_t host;

	if (!enter_plainly(cpu, addr, size))
		return store_any(cpu, addr, value, size);
	host = (uintptr_t)vmd_translate_hit(cpu, addr, VMD_ACCESS_WRITE,
					    &known);
	if (!host)
		return store_rest(cpu, addr, value, known);
	vmd_host_store(host, value, 8);
	vmd_cpu_leave(cpu);
	return 0;
}

int vmd_access_page(struct vmd_cpu *cpu, vmd_va_t addr,
		    enum vmd_access_kind kind, vmd_use_fn use, void *arg)
{
	struct vmd_trap trap;
	int err;

	do {
		uint8_t *host;

		vmd_cpu_enter(cpu);
		host = vmd_translate(cpu, addr, kind, &trap);
		if (host)
			use(host, arg);
		vmd_cpu_leave(cpu);
		if (host)
			return 0;
		err = vmd_handle_trap(cpu, &trap);
	} while (!err);
	return err;
}

static void nothing_more(uint8_t *host, void *arg)
{
	(void)host;
	(void)arg;
}

int vmd_cpu_fetch_slow(struct vmd_cpu *cpu, vmd_va_t addr)
{
	return vmd_access_page(cpu, addr, VMD_ACCESS_FETCH, nothing_more, NULL);
}

const struct vmd_fault_info *vmd_cpu_fault(const struct vmd_cpu *cpu)
{
	return &cpu->fault;
}
