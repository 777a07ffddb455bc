/* SPDX-License-Identifier: MIT */
/*
 * Why clearing D needs a flush: page tables built by hand, one CPU, and a store
 * that nobody will ever hear of.
 */
#include <stdio.h>

#include <vmmdirty/vmmdirty.h>

#define ADDR  UINT64_C(0x400000)
#define TABLE (VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)

/* Frames from @pfn on: four tables, one in each level, and a page. */
static int map_one_page(struct vmd_machine *machine, vmd_pfn_t pfn)
{
	int level;

	for (level = 4; level > 0; level--, pfn++) {
		vmd_pa_t slot = pfn * VMD_PAGE_SIZE +
				8 * (vmd_pa_t)vmd_level_index(ADDR, level);

		if (vmd_write_phys(machine, slot,
				   vmd_pfn_pte(pfn + 1, TABLE).val))
			return -1;
	}
	return 0;
}

/* The entry of the page, in the last of the tables. */
static vmd_pa_t pte_at(vmd_pfn_t pfn)
{
	return (pfn + 3) * VMD_PAGE_SIZE +
	       8 * (vmd_pa_t)vmd_level_index(ADDR, VMD_LEVEL_PTE);
}

static int store_and_look(struct vmd_machine *machine, vmd_pfn_t pfn,
			  const char *what)
{
	struct vmd_cpu *cpu = vmd_machine_cpu(machine, 0);
	uint64_t pte;

	if (vmd_store_u64(cpu, ADDR, 1) ||
	    vmd_read_phys(machine, pte_at(pfn), &pte))
		return -1;
	(void)printf("%-34s D=%d in the entry\n", what,
		     (pte & VMD_PAGE_DIRTY) != 0);
	return vmd_write_phys(machine, pte_at(pfn), pte & ~VMD_PAGE_DIRTY);
}

int main(void)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
	};
	struct vmd_machine *machine;
	struct vmd_cpu *cpu;
	vmd_pfn_t pfn;
	int err;

	if (vmd_machine_create(&config, &machine))
		return 1;
	cpu = vmd_machine_cpu(machine, 0);
	err = vmd_alloc_pages(machine, 5, &pfn) || map_one_page(machine, pfn) ||
	      vmd_cpu_write_reg(cpu, VMD_REG_CR3, pfn * VMD_PAGE_SIZE);

	/* Each look clears D behind itself; one INVLPG is left out. */
	if (!err)
		err = store_and_look(machine, pfn, "first store:");
	vmd_cpu_invlpg(cpu, ADDR);
	if (!err)
		err = store_and_look(machine, pfn, "D cleared, INVLPG, store:");
	if (!err)
		err = store_and_look(machine, pfn,
				     "D cleared, no INVLPG, store:");

	vmd_free_pages(machine, pfn, 5);
	vmd_machine_destroy(machine);
	return err != 0;
}
