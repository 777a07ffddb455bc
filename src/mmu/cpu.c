/* SPDX-License-Identifier: MIT */
/*
 * An access that missed the lines: the TLB, the walk, the fault. The access
 * itself is made under tlb_lock, so that a flush that has had the lock knows
 * that it is over.
 */
#include "mmu/cpu.h"

#include <errno.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/counter.h"
#include "mmu/pgtable.h"

/* The inline fast path is compiled into programs: this layout is ABI. */
_Static_assert(offsetof(struct vmd_cpu, fast) == 0, "lines come first");
_Static_assert(sizeof(struct vmd_tlb_line) == 1 << VMD_TLB_LINE_SHIFT,
	       "see docs/abi.md");
_Static_assert(offsetof(struct vmd_cpu_lines, lines) == 64, "see docs/abi.md");

struct access {
	vmd_va_t addr;
	uint64_t value;
	unsigned int size;
	bool write;
};

int vmd_cpu_init(struct vmd_cpu *cpu, struct vmd_env *env, unsigned int id,
		 unsigned int nr_tlb_entries, bool lines_on)
{
	cpu->env = env;
	cpu->id = id;
	cpu->lines_on = lines_on;
	cpu->loaded = NULL;
	vmd_clock_init(&cpu->clock, env);
	vmd_spin_init(&cpu->tlb_lock, env, VMD_RANK_tlb);
	cpu->tlb.nr_sets = 0;
	vmd_cpu_drop_all(cpu);
	return vmd_tlb_init(&cpu->tlb, env, nr_tlb_entries);
}

void vmd_cpu_fini(struct vmd_cpu *cpu)
{
	vmd_cpu_load_mm(cpu, NULL);
	vmd_tlb_fini(&cpu->tlb, cpu->env);
}

static void drop_line(struct vmd_cpu *cpu, vmd_va_t addr)
{
	struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);

	if (line->read_tag != (addr & VMD_PAGE_MASK))
		return;
	VMD_WRITE_ONCE(line->read_tag, VMD_TLB_NO_TAG);
	VMD_WRITE_ONCE(line->write_tag, VMD_TLB_NO_TAG);
}

/* A piece of a large leaf does not know its brothers: all have to go. */
void vmd_cpu_drop_range(struct vmd_cpu *cpu, vmd_va_t start, vmd_va_t end)
{
	uint64_t nr = (end - start + VMD_PAGE_SIZE - 1) >> VMD_PAGE_SHIFT;

	if (cpu->tlb.fragments) {
		vmd_cpu_drop_all(cpu);
		return;
	}
	for (; nr > 0; nr--, start += VMD_PAGE_SIZE) {
		vmd_tlb_drop(&cpu->tlb, start);
		drop_line(cpu, start);
	}
}

void vmd_cpu_drop_all(struct vmd_cpu *cpu)
{
	unsigned int i;

	vmd_tlb_drop_all(&cpu->tlb);
	for (i = 0; i < VMD_NR_TLB_LINES; i++) {
		VMD_WRITE_ONCE(cpu->fast.lines[i].read_tag, VMD_TLB_NO_TAG);
		VMD_WRITE_ONCE(cpu->fast.lines[i].write_tag, VMD_TLB_NO_TAG);
	}
}

/*
 * The bit is set before the first walk can happen, and cleared after the last
 * translation is gone: a flush that does not see it has nothing to do here.
 */
void vmd_cpu_load_mm(struct vmd_cpu *cpu, struct vmd_mm_context *ctx)
{
	uint64_t bit = UINT64_C(1) << cpu->id;
	struct vmd_mm_context *old = cpu->loaded;

	if (ctx)
		(void)vmd_fetch_or(&ctx->cpumask, bit);
	vmd_mb(); /* pairs with vmd_flush_tlb_range() */
	vmd_spin_lock_raw(&cpu->tlb_lock);
	vmd_cpu_drop_all(cpu);
	cpu->loaded = ctx;
	vmd_spin_unlock_raw(&cpu->tlb_lock);
	if (old && old != ctx)
		(void)vmd_fetch_and(&old->cpumask, ~bit);
}

static void fill_line(struct vmd_cpu *cpu, vmd_va_t addr,
		      const struct vmd_translation *to)
{
	struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);
	vmd_va_t page = addr & VMD_PAGE_MASK;
	bool store_hits = to->dirty && (to->rights & VMD_PAGE_RW);

	line->addend = (uintptr_t)vmd_pfn_to_virt(cpu->loaded->ram, to->pfn) -
		       (uintptr_t)page;
	VMD_WRITE_ONCE(line->read_tag, page);
	VMD_WRITE_ONCE(line->write_tag, store_hits ? page : VMD_TLB_NO_TAG);
}

/*
 * May this access use a cached translation? A store needs D cached (F2). A
 * cached right that denies is not final: memory is asked again (F3, K6).
 */
static bool usable(const struct vmd_translation *to, bool write)
{
	return !write || ((to->rights & VMD_PAGE_RW) && to->dirty);
}

static bool walk_and_fill(struct vmd_cpu *cpu, const struct access *access,
			  struct vmd_translation *to, unsigned int *error_code)
{
	vmd_va_t evicted;

	vmd_counter_add_owner(&cpu->clock.counts.nr[VMD_EV_TLB_WALK], 1);
	if (!vmd_hw_walk(cpu->loaded, access->addr, access->write, to,
			 error_code)) {
		vmd_cpu_drop_range(cpu, access->addr & VMD_PAGE_MASK,
				   (access->addr & VMD_PAGE_MASK) + 1);
		return false;
	}
	if (to->set_dirty)
		vmd_counter_add_owner(&cpu->clock.counts
					       .nr[VMD_EV_DIRTY_ASSIST],
				      1);
	if (vmd_tlb_insert(&cpu->tlb, access->addr, to, &evicted) &&
	    evicted != VMD_TLB_NO_TAG)
		drop_line(cpu, evicted);
	return true;
}

static void touch_memory(const struct vmd_cpu *cpu, struct access *access,
			 const struct vmd_translation *to)
{
	uintptr_t host = (uintptr_t)vmd_pfn_to_virt(cpu->loaded->ram, to->pfn) +
			 (access->addr & ~VMD_PAGE_MASK);

	unsigned int i;

	if (!(host & (access->size - 1)) &&
	    !(access->size & (access->size - 1))) {
		if (access->write)
			vmd_host_store(host, access->value, access->size);
		else
			access->value = vmd_host_load(host, access->size);
		return;
	}
	/* Neither aligned nor atomic. */
	for (i = 0; access->write && i < access->size; i++)
		vmd_host_store(host + i, access->value >> (8 * i), 1);
	if (access->write)
		return;
	access->value = 0;
	for (i = 0; i < access->size; i++)
		access->value |= vmd_host_load(host + i, 1) << (8 * i);
}

/* Under tlb_lock: the access is made, or *error_code says why not. */
static bool try_access(struct vmd_cpu *cpu, struct access *access,
		       unsigned int *error_code)
{
	const struct vmd_tlb_entry *entry =
		vmd_tlb_lookup(&cpu->tlb, access->addr);
	struct vmd_translation to;

	if (entry && usable(&entry->to, access->write))
		to = entry->to;
	else if (!walk_and_fill(cpu, access, &to, error_code))
		return false;

	if (access->write || (to.dirty && (to.rights & VMD_PAGE_RW)))
		vmd_frame_mark_written(cpu->loaded->ram, to.pfn);
	if (cpu->lines_on && cpu->tlb.nr_sets)
		fill_line(cpu, access->addr, &to);
	touch_memory(cpu, access, &to);
	return true;
}

static int handle_fault(struct vmd_cpu *cpu, struct vmd_mm_context *ctx,
			const struct access *access, unsigned int error_code)
{
	struct vmd_clock *old = vmd_clock_switch(&cpu->clock);
	int err = -EFAULT;

	vmd_charge(cpu->env, VMD_EV_FAULT, 1);
	if (access->write)
		vmd_charge(cpu->env, VMD_EV_WRITE_FAULT, 1);
	if (ctx)
		err = ctx->fault_ops->handle(ctx, cpu, access->addr,
					     error_code);
	if (err)
		cpu->fault = (struct vmd_fault_info){
			.addr = access->addr,
			.error_code = error_code,
			.error = err,
		};
	(void)vmd_clock_switch(old);
	return err;
}

/* R24: a user's address outside the canonical halves faults at once. */
static bool canonical(vmd_va_t addr)
{
	return addr < VMD_TASK_SIZE || addr >= ~(VMD_TASK_SIZE - 1);
}

static int access_once(struct vmd_cpu *cpu, struct access *access)
{
	int err;

	do {
		struct vmd_mm_context *ctx;
		unsigned int error_code = 0;
		bool done = false;

		vmd_spin_lock_raw(&cpu->tlb_lock);
		ctx = cpu->loaded;
		if (ctx && canonical(access->addr))
			done = try_access(cpu, access, &error_code);
		vmd_spin_unlock_raw(&cpu->tlb_lock);
		if (done)
			return 0;
		err = handle_fault(cpu, canonical(access->addr) ? ctx : NULL,
				   access, error_code);
	} while (!err);
	return err;
}

/* Each page is an access of its own: both are walked, either may fault. */
static int access_two_pages(struct vmd_cpu *cpu, struct access *whole)
{
	unsigned int first =
		(unsigned int)(VMD_PAGE_SIZE - (whole->addr & ~VMD_PAGE_MASK));
	struct access low = *whole;
	struct access high = *whole;
	int err;

	low.size = first;
	high.addr += first;
	high.size -= first;
	high.value >>= 8 * first;
	err = access_once(cpu, &low);
	if (!err)
		err = access_once(cpu, &high);
	whole->value = low.value | high.value << (8 * first);
	return err;
}

static int access_slow(struct vmd_cpu *cpu, struct access *access)
{
	uint64_t offset = access->addr & ~VMD_PAGE_MASK;

	if (access->size > 8 || (access->size & (access->size - 1)) ||
	    !access->size)
		return -EINVAL;
	if (offset + access->size > VMD_PAGE_SIZE)
		return access_two_pages(cpu, access);
	return access_once(cpu, access);
}

VMD_COLD int vmd_cpu_load_slow(struct vmd_cpu *cpu, vmd_va_t addr,
			       uint64_t *value, unsigned int size)
{
	struct access access = { .addr = addr, .size = size };
	int err = access_slow(cpu, &access);

	if (!err)
		*value = access.value;
	return err;
}

VMD_COLD int vmd_cpu_store_slow(struct vmd_cpu *cpu, vmd_va_t addr,
				uint64_t value, unsigned int size)
{
	struct access access = { addr, value, size, true };

	return access_slow(cpu, &access);
}

const struct vmd_fault_info *vmd_cpu_fault(const struct vmd_cpu *cpu)
{
	return &cpu->fault;
}
