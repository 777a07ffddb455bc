/* SPDX-License-Identifier: MIT */
/*
 * The guest is a stub in the first 2M, mapped one to one by index 0 of the top
 * table, which no case uses:
 *
 *	10000  user page: load, store, jump; the first two end by INT 0x80
 *	12000  the same for the supervisor
 *	14000  the stub: CR3, CR0, perhaps PKRU, then the access by SYSRET or JMP
 *
 * Unicorn's uc_reg_write() only stores a control register: no flush, no change
 * of mode. So CR3 and CR0 are loaded by guest instructions, which flush as
 * well; what no instruction can load (EFER.NXE and bits of CR4 that the CPU
 * models lack) is written into the context that is restored before.
 *
 * Unicorn 2.0.1 finds memory by the virtual address, after the walk: every
 * address is backed, and the word that an access finds is no evidence.
 */
#include "verify_oracle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "verify_oracle_impl.h"

#define MEMORY_SIZE (UINT64_C(1) << VERIFY_ORACLE_ADDR_BITS)
#define STUB_PDPT   UINT64_C(0x2000)
#define STUB_PD	    UINT64_C(0x3000)
#define STUB_PT	    UINT64_C(0x4000)
#define USER_CODE   UINT64_C(0x10000)
#define KERNEL_CODE UINT64_C(0x12000)
#define STUB	    UINT64_C(0x14000)
#define CODE_STEP   UINT64_C(16) /* from one kind of access to the next */
#define STUB_PKRU   0x100U /* loads PKRU */
#define STUB_JMP    0x40U /* stays in the supervisor */
/* Fetchable where the access ran: Unicorn looks there when it stops. */
#define USER_UNTIL   UINT64_C(0x10f00)
#define KERNEL_UNTIL UINT64_C(0x15f00)

#define CR0_BASE  UINT64_C(0x80040033) /* PG AM NE ET MP PE */
#define CR4_BASE  UINT64_C(0x20) /* PAE */
#define EFER_BASE UINT64_C(0x501) /* LMA LME SCE */
#define FLAG_SMAP 23U /* in Unicorn's word of flags */
#define MSR_STAR  0xc0000081U

uint32_t oracle_read_u32(const uc_context *context, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)context + offset, sizeof(value));
	return value;
}

uint64_t oracle_read_u64(const uc_context *context, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)context + offset, sizeof(value));
	return value;
}

static uint64_t *word(struct oracle *self, uint64_t phys)
{
	return (uint64_t *)(void *)(self->memory + phys);
}

static void set_reg(struct oracle *self, int reg, uint64_t value)
{
	(void)uc_reg_write(self->uc, reg, &value);
}

static uint64_t get_reg(struct oracle *self, int reg)
{
	uint64_t value = 0;

	(void)uc_reg_read(self->uc, reg, &value);
	return value;
}

static void on_interrupt(uc_engine *uc, uint32_t vector, void *arg)
{
	struct oracle *self = arg;

	self->trapped = true;
	self->vector = vector;
	(void)uc_emu_stop(uc);
}

static void restore(struct oracle *self, const struct oracle_access *access)
{
	char *context = (char *)self->fresh;
	uint32_t flags = oracle_read_u32(self->fresh, self->at.flags);
	uint32_t smap = access->cr4 >> 21 & 1;

	flags = (flags & ~(UINT32_C(1) << FLAG_SMAP)) | smap << FLAG_SMAP;
	memcpy(context + self->at.efer, &access->efer, sizeof(access->efer));
	memcpy(context + self->at.cr4, &access->cr4, sizeof(access->cr4));
	memcpy(context + self->at.flags, &flags, sizeof(flags));
	(void)uc_context_restore(self->uc, self->fresh);
}

static void load_regs(struct oracle *self, const struct oracle_access *access)
{
	uint64_t code = access->user ? USER_CODE : KERNEL_CODE;
	uint64_t flags = 2 | (uint64_t)access->ac << 18;

	set_reg(self, UC_X86_REG_CR2, 0);
	set_reg(self, UC_X86_REG_RSI, access->cr0);
	set_reg(self, UC_X86_REG_R8, self->adapter.table[4]);
	set_reg(self, UC_X86_REG_R9, access->addr);
	set_reg(self, UC_X86_REG_R10,
		code + CODE_STEP * (uint64_t)access->kind);
	set_reg(self, UC_X86_REG_R11, flags);
	set_reg(self, UC_X86_REG_R12, access->pkru);
	set_reg(self, UC_X86_REG_RFLAGS, access->user ? 2 : flags);
}

unsigned int oracle_access(struct oracle *self,
			   const struct oracle_access *access)
{
	uint64_t start = STUB;
	uc_err err;

	if (access->cr4 & VERIFY_BIT(22))
		start += STUB_PKRU;
	if (!access->user)
		start += STUB_JMP;
	restore(self, access);
	load_regs(self, access);
	self->trapped = false;
	err = uc_emu_start(self->uc, start,
			   access->user ? USER_UNTIL : KERNEL_UNTIL, 0, 0);
	if (self->trapped)
		return self->vector;
	return ORACLE_STRAY + (unsigned int)err;
}

static bool is_canonical_48(uint64_t addr)
{
	return addr < VERIFY_BIT(47) || addr >= ~(VERIFY_BIT(47) - 1);
}

/* A data access there ends as "unmapped memory" instead of #GP. */
static bool is_unmapped(unsigned int vector)
{
	return vector == ORACLE_STRAY + UC_ERR_READ_UNMAPPED ||
	       vector == ORACLE_STRAY + UC_ERR_WRITE_UNMAPPED;
}

static struct oracle_access translate(const struct verify_case *c)
{
	const struct verify_regs *regs = &c->regs;

	return (struct oracle_access){
		.addr = c->access.addr,
		.kind = c->access.kind,
		.user = c->access.user,
		.ac = c->access.ac,
		.cr0 = CR0_BASE | (uint64_t)regs->wp << 16,
		.cr4 = CR4_BASE | (uint64_t)regs->smep << 20 |
		       (uint64_t)regs->smap << 21 | (uint64_t)regs->pke << 22,
		.efer = EFER_BASE | (uint64_t)regs->nxe << 11,
		.pkru = regs->pkru,
	};
}

static uint64_t *slot(struct oracle *self, const struct verify_case *c,
		      unsigned int level)
{
	unsigned int index = (c->access.addr >> (12 + 9 * (level - 1))) & 511;

	return word(self, self->adapter.table[level]) + index;
}

static void read_outcome(struct oracle *self, const struct verify_case *c,
			 unsigned int vector, struct verify_outcome *out)
{
	if (vector == ORACLE_DONE)
		return;
	out->vector = vector;
	if (is_unmapped(vector) && !is_canonical_48(c->access.addr))
		out->vector = VERIFY_GP;
	(void)uc_context_save(self->uc, self->saved);
	out->error_code = oracle_read_u32(self->saved, self->at.error_code);
	out->cr2 = get_reg(self, UC_X86_REG_CR2);
}

static int run_case(struct verify_adapter *adapter, const struct verify_case *c,
		    uint64_t probe, struct verify_outcome *out)
{
	struct oracle *self = (struct oracle *)(void *)adapter;
	const struct oracle_access access = translate(c);
	uint64_t unused = 0;
	uint64_t *target = &unused;
	uint64_t before;
	unsigned int level;

	if (c->access.addr < MEMORY_SIZE && probe != VERIFY_NOWHERE)
		target = word(self, c->access.addr);
	before = *target;
	*target = 0x80cd; /* INT 0x80, for a fetch */
	for (level = 1; level <= 4; level++)
		*slot(self, c, level) = c->entry[level];
	memcpy(out->entry, c->entry, sizeof(out->entry));
	out->vector = 0;
	out->error_code = 0;
	out->cr2 = 0;
	out->phys = probe;

	read_outcome(self, c, oracle_access(self, &access), out);
	for (level = 1; level <= 4; level++) {
		out->entry[level] = *slot(self, c, level);
		*slot(self, c, level) = 0;
	}
	*target = before;
	if (out->vector)
		out->phys = VERIFY_NOWHERE;
	return 0;
}

static void put_code(struct oracle *self, uint64_t *at, const char *bytes,
		     size_t len)
{
	memcpy(self->memory + *at, bytes, len);
	*at += len;
}

#define PUT(self, at, bytes) put_code(self, at, bytes, sizeof(bytes) - 1)

static void put_accesses(struct oracle *self, uint64_t page)
{
	uint64_t at = page;

	PUT(self, &at, "\x48\x8b\x18\xcd\x80"); /* mov rbx,[rax]; int 0x80 */
	at = page + CODE_STEP * (uint64_t)VERIFY_WRITE;
	PUT(self, &at, "\x48\x89\x18\xcd\x80"); /* mov [rax],rbx; int 0x80 */
	at = page + CODE_STEP * (uint64_t)VERIFY_FETCH;
	PUT(self, &at, "\xff\xe0"); /* jmp rax */
}

static void put_stub(struct oracle *self, bool pkru, bool jmp)
{
	uint64_t at = STUB + (pkru ? STUB_PKRU : 0) + (jmp ? STUB_JMP : 0);

	PUT(self, &at, "\x41\x0f\x22\xd8\x0f\x22\xc6"); /* cr3=r8; cr0=rsi */
	if (pkru) /* ecx=0; edx=0; eax=r12d; wrpkru */
		PUT(self, &at, "\x31\xc9\x31\xd2\x44\x89\xe0\x0f\x01\xef");
	PUT(self, &at, "\x4c\x89\xc8"); /* rax=r9 */
	if (jmp)
		PUT(self, &at, "\x41\xff\xe2"); /* jmp r10 */
	else
		PUT(self, &at,
		    "\x4c\x89\xd1\x48\x0f\x07"); /* rcx=r10; sysretq */
}

static void put_guest(struct oracle *self)
{
	const uint64_t all = VERIFY_P | VERIFY_W | VERIFY_U | VERIFY_A;
	const uint64_t kernel = VERIFY_P | VERIFY_W | VERIFY_A | VERIFY_D;
	uint64_t i;

	*word(self, self->adapter.table[4]) = STUB_PDPT | all;
	*word(self, STUB_PDPT) = STUB_PD | all;
	*word(self, STUB_PD) = STUB_PT | all;
	for (i = 0; i < 512; i++)
		word(self, STUB_PT)[i] = i << 12 | kernel;
	word(self, STUB_PT)[USER_CODE >> 12] |= VERIFY_U;
	put_accesses(self, USER_CODE);
	put_accesses(self, KERNEL_CODE);
	for (i = 0; i < 4; i++)
		put_stub(self, i & 1, i & 2);
}

static const char *open_engine(struct oracle *self)
{
	uc_x86_msr star = { .rid = MSR_STAR,
			    .value = UINT64_C(0x0010000800000000) };
	/* POSIX lets a function be pointed to so; ISO C has no word for it. */
	union {
		uc_cb_hookintr_t function;
		void *address;
	} callback = { .function = on_interrupt };
	uc_hook hook;

	if (uc_open(UC_ARCH_X86, UC_MODE_64, &self->uc) ||
	    uc_ctl_set_cpu_model(self->uc, UC_CPU_X86_ICELAKE_SERVER))
		return "Unicorn does not start";
	if (uc_mem_map_ptr(self->uc, 0, MEMORY_SIZE, UC_PROT_ALL, self->memory))
		return "Unicorn does not take 2^45 bytes of memory";
	if (uc_hook_add(self->uc, &hook, UC_HOOK_INTR, callback.address, self,
			UINT64_C(1), UINT64_C(0)) ||
	    uc_reg_write(self->uc, UC_X86_REG_MSR, &star) ||
	    uc_context_alloc(self->uc, &self->fresh) ||
	    uc_context_alloc(self->uc, &self->saved) ||
	    uc_context_save(self->uc, self->fresh))
		return "Unicorn does not set up";
	self->context_size = uc_context_size(self->uc);
	return NULL;
}

static const char *set_up(struct oracle *self)
{
	const char *why;
	void *memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return "2^45 bytes of address space cannot be mapped here";
	self->memory = memory;
	why = open_engine(self);
	if (why)
		return why;
	put_guest(self);
	return oracle_find_offsets(self);
}

int verify_oracle_create(const struct verify_machine *machine,
			 const uint64_t *table, struct verify_adapter **out,
			 const char **why)
{
	struct oracle *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->adapter.machine = *machine;
	self->adapter.run = run_case;
	memcpy(self->adapter.table, table, sizeof(self->adapter.table));
	*why = set_up(self);
	if (*why) {
		verify_oracle_destroy(&self->adapter);
		return -ENOTSUP;
	}
	*out = &self->adapter;
	return 0;
}

void verify_oracle_destroy(struct verify_adapter *adapter)
{
	struct oracle *self = (struct oracle *)(void *)adapter;

	if (self->fresh)
		(void)uc_context_free(self->fresh);
	if (self->saved)
		(void)uc_context_free(self->saved);
	if (self->uc)
		(void)uc_close(self->uc);
	if (self->memory)
		(void)munmap(self->memory, MEMORY_SIZE);
	free(self);
}
