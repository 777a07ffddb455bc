/* SPDX-License-Identifier: MIT */
/*
 * RAM: 2 GiB, of which the first GiB and a little more are allocated in one
 * run, so that addresses need no table: data from 4M, the five tables at 16M,
 * and data again in the second GiB.
 */
#include "verify_cpu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MIB	   (UINT64_C(1) << 20)
#define GIB	   (UINT64_C(1) << 30)
#define PAGE	   (UINT64_C(1) << VMD_PAGE_SHIFT)
#define DATA_BEGIN (4 * MIB)
#define DATA_END   (16 * MIB)
#define TABLES	   DATA_END
#define RAM	   (2 * GIB)
#define ALLOCATED  (GIB + DATA_END)

static int take_frames(struct verify_cpu *self)
{
	vmd_pfn_t pfn;
	int err = vmd_alloc_pages(self->vmd, ALLOCATED / PAGE - 1, &pfn);

	if (err)
		return err;
	self->has_frames = true;
	return pfn == 1 ? 0 : -EPROTO;
}

static void place(struct verify_cpu *self)
{
	unsigned int level;

	self->adapter.data_begin = DATA_BEGIN;
	self->adapter.data_end = DATA_END;
	self->adapter.data_again = GIB;
	for (level = 1; level < VERIFY_NR_LEVELS; level++)
		self->adapter.table[level] = TABLES + (level - 1) * PAGE;
}

/* As after reset, but for what a case does not say. */
static void read_regs(struct verify_cpu *self)
{
	uint64_t *other = self->other_bits;
	uint64_t cr0 = vmd_cpu_read_reg(self->cpu, VMD_REG_CR0);
	uint64_t cr4 = vmd_cpu_read_reg(self->cpu, VMD_REG_CR4);
	uint64_t efer = vmd_cpu_read_reg(self->cpu, VMD_REG_EFER);

	other[VMD_REG_CR0] = cr0 & ~VMD_CR0_WP;
	other[VMD_REG_CR4] = cr4 & ~(VMD_CR4_SMEP | VMD_CR4_SMAP | VMD_CR4_PKE |
				     VMD_CR4_PKS);
	other[VMD_REG_EFER] = efer & ~VMD_EFER_NXE;
	self->regs = (struct verify_regs){
		.wp = cr0 & VMD_CR0_WP,
		.nxe = efer & VMD_EFER_NXE,
		.smep = cr4 & VMD_CR4_SMEP,
		.smap = cr4 & VMD_CR4_SMAP,
		.pke = cr4 & VMD_CR4_PKE,
		.pks = cr4 & VMD_CR4_PKS,
		.pkru = (uint32_t)vmd_cpu_read_reg(self->cpu, VMD_REG_PKRU),
		.pkrs = (uint32_t)vmd_cpu_read_reg(self->cpu, VMD_REG_PKRS),
	};
	self->user = vmd_cpu_read_reg(self->cpu, VMD_REG_CPL) == 3;
	self->ac = vmd_cpu_read_reg(self->cpu, VMD_REG_AC) == 1;
}

static int write_control(struct verify_cpu *self,
			 const struct verify_regs *regs)
{
	const uint64_t *other = self->other_bits;
	int err = vmd_cpu_write_reg(self->cpu, VMD_REG_CR0,
				    other[VMD_REG_CR0] |
					    (regs->wp ? VMD_CR0_WP : 0));

	if (!err)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_CR4,
					other[VMD_REG_CR4] |
						(regs->smep ? VMD_CR4_SMEP :
							      0) |
						(regs->smap ? VMD_CR4_SMAP :
							      0) |
						(regs->pke ? VMD_CR4_PKE : 0) |
						(regs->pks ? VMD_CR4_PKS : 0));
	if (!err)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_EFER,
					other[VMD_REG_EFER] |
						(regs->nxe ? VMD_EFER_NXE : 0));
	return err;
}

static bool same_control(const struct verify_regs *a,
			 const struct verify_regs *b)
{
	return a->wp == b->wp && a->nxe == b->nxe && a->smep == b->smep &&
	       a->smap == b->smap && a->pke == b->pke && a->pks == b->pks;
}

static int set_regs(struct verify_cpu *self, const struct verify_regs *regs)
{
	int err = 0;

	if (!same_control(regs, &self->regs))
		err = write_control(self, regs);
	if (!err && regs->pkru != self->regs.pkru)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_PKRU, regs->pkru);
	if (!err && regs->pkrs != self->regs.pkrs)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_PKRS, regs->pkrs);
	if (!err)
		self->regs = *regs;
	return err;
}

static int set_privilege(struct verify_cpu *self, bool user, bool ac)
{
	int err = 0;

	if (user != self->user)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_CPL, user ? 3 : 0);
	if (!err && ac != self->ac)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_AC, ac);
	if (!err) {
		self->user = user;
		self->ac = ac;
	}
	return err;
}

static int write_word(struct verify_cpu *self, unsigned int level,
		      uint64_t slot, uint64_t entry)
{
	int err = 0;

	if (slot == self->slot[level] && entry == self->entry[level])
		return 0;
	/* Elsewhere nothing is left behind that an access could meet. */
	if (slot != self->slot[level] && self->slot[level])
		err = vmd_write_phys(self->vmd, self->slot[level], 0);
	if (!err)
		err = vmd_write_phys(self->vmd, slot, entry);
	if (!err) {
		self->slot[level] = slot;
		self->entry[level] = entry;
	}
	return err;
}

static int write_words(struct verify_cpu *self, const struct verify_case *c)
{
	unsigned int level;
	int err = 0;

	for (level = 1; level <= self->adapter.machine.levels && !err;
	     level++) {
		uint64_t index = (c->access.addr >> (12 + 9 * (level - 1))) &
				 511;

		err = write_word(self, level,
				 self->adapter.table[level] + 8 * index,
				 c->entry[level]);
	}
	return err;
}

static int read_words(struct verify_cpu *self, const struct verify_case *c,
		      struct verify_outcome *out)
{
	unsigned int levels = self->adapter.machine.levels;
	unsigned int level;
	int err = 0;

	for (level = 1; level <= levels && !err; level++) {
		err = vmd_read_phys(self->vmd, self->slot[level],
				    &out->entry[level]);
		self->entry[level] = out->entry[level];
	}
	for (; level < VERIFY_NR_LEVELS; level++)
		out->entry[level] = c->entry[level];
	out->entry[0] = c->entry[0];
	return err;
}

/* A word that holds its own address is found by a load. */
static int mark_probe(struct verify_cpu *self, uint64_t probe)
{
	if (probe == VERIFY_NOWHERE || probe == self->probe)
		return 0;
	self->probe = probe;
	return vmd_write_phys(self->vmd, probe, probe);
}

static int store(struct verify_cpu *self, uint64_t addr, uint64_t probe,
		 uint64_t *phys)
{
	uint64_t found = 0;
	int err;

	self->value += 2; /* odd: never an address */
	err = vmd_store_u64(self->cpu, addr, self->value);
	if (err)
		return err;
	if (probe != VERIFY_NOWHERE &&
	    vmd_read_phys(self->vmd, probe, &found) == 0 &&
	    found == self->value)
		*phys = probe;
	self->probe = VERIFY_NOWHERE; /* overwritten */
	return 0;
}

static int access_once(struct verify_cpu *self,
		       const struct verify_access *access, uint64_t probe,
		       uint64_t *phys)
{
	int err;

	switch (access->kind) {
	case VERIFY_READ:
		return vmd_load_u64(self->cpu, access->addr, phys);
	case VERIFY_WRITE:
		return store(self, access->addr, probe, phys);
	case VERIFY_FETCH:
		err = vmd_fetch_check(self->cpu, access->addr);
		if (!err)
			*phys = probe;
		return err;
	}
	return -EINVAL;
}

static void report_fault(const struct verify_cpu *self,
			 struct verify_outcome *out)
{
	const struct vmd_fault_info *fault = vmd_cpu_fault(self->cpu);

	out->vector = fault->vector;
	out->error_code = fault->error_code;
	if (fault->vector == VERIFY_PF)
		out->cr2 = fault->addr;
}

static int first_access(struct verify_cpu *self, const struct verify_case *c)
{
	int err = set_privilege(self, false, c->access.ac);
	uint64_t ignored;

	if (!err)
		err = vmd_load_u64(self->cpu, c->access.addr, &ignored);
	return err == -EFAULT ? 0 : err;
}

static int run_case(struct verify_adapter *adapter, const struct verify_case *c,
		    uint64_t probe, struct verify_outcome *out)
{
	struct verify_cpu *self = (struct verify_cpu *)(void *)adapter;
	int err = set_regs(self, &c->regs);

	if (!err)
		err = write_words(self, c);
	if (!err)
		err = mark_probe(self, probe);
	if (err)
		return err;
	if (self->caches)
		vmd_cpu_invlpg(self->cpu, c->access.addr);
	if (c->access.twice)
		err = first_access(self, c);
	if (!err)
		err = set_privilege(self, c->access.user, c->access.ac);
	if (err)
		return err;

	*out = (struct verify_outcome){ .phys = VERIFY_NOWHERE };
	err = access_once(self, &c->access, probe, &out->phys);
	if (err == -EFAULT) {
		report_fault(self, out);
		err = 0;
	}
	return err ? err : read_words(self, c, out);
}

static void name(struct verify_cpu *self, unsigned int flags,
		 unsigned int entries)
{
	char *to = self->adapter.name;
	size_t size = sizeof(self->adapter.name);

	if (flags & VMD_MACHINE_NO_TLB)
		(void)snprintf(to, size, "flags %#x", flags);
	else if (entries == VMD_TLB_UNBOUNDED)
		(void)snprintf(to, size, "flags %#x, TLB unbounded", flags);
	else
		(void)snprintf(to, size, "flags %#x, TLB %u", flags, entries);
}

static unsigned int machine_flags(const struct verify_machine *machine)
{
	return (machine->amd ? VMD_MACHINE_AMD : 0) |
	       (machine->lazy ? VMD_MACHINE_LAZY_ACCESSED : 0);
}

int verify_cpu_init(struct verify_cpu *self,
		    const struct verify_machine *machine, unsigned int flags,
		    unsigned int entries)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
		.flags = flags | machine_flags(machine),
		.ram_pages = RAM / PAGE,
		.seed = 1,
		.levels = machine->levels,
		.maxphyaddr = machine->maxphyaddr,
		.features_off = machine->no_1g ? VMD_FEATURE_GBPAGES : 0,
		.tlb_entries = entries,
		.large_tlb_entries = entries,
		.psc_entries = entries,
	};
	int err;

	*self = (struct verify_cpu){
		.adapter = { .machine = *machine, .run = run_case },
		.caches = !(flags & VMD_MACHINE_NO_TLB),
		.value = 1,
		.probe = VERIFY_NOWHERE,
	};
	name(self, flags, entries);
	err = vmd_machine_create(&config, &self->vmd);
	if (err)
		return err;
	self->cpu = vmd_machine_cpu(self->vmd, 0);
	place(self);
	read_regs(self);
	err = take_frames(self);
	if (!err)
		err = vmd_cpu_write_reg(self->cpu, VMD_REG_CR3,
					self->adapter.table[machine->levels]);
	if (err)
		verify_cpu_fini(self);
	return err;
}

void verify_cpu_fini(struct verify_cpu *self)
{
	if (!self->vmd)
		return;
	if (self->has_frames)
		vmd_free_pages(self->vmd, 1, ALLOCATED / PAGE - 1);
	vmd_machine_destroy(self->vmd);
	self->vmd = NULL;
}
