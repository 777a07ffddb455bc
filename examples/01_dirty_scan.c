/* SPDX-License-Identifier: MIT */
/*
 * Which pages did a CPU dirty? An object is mapped twice, a CPU stores through
 * one mapping, and vmd_clean_record_shared_mapping_range() says where.
 */
#include <stdio.h>

#include <vmmdirty/vmmdirty.h>

static int map_twice(struct vmd_mm *mm, struct vmd_mapping *object,
		     vmd_va_t addr[2])
{
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = object,
		.len = 16 * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};

	return vmd_mmap(mm, &args, &addr[0]) || vmd_mmap(mm, &args, &addr[1]);
}

int main(void)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
	};
	uint64_t bits = 0;
	struct vmd_dirty_span span = { .bitmap = &bits, .nr_pages = 16 };
	struct vmd_machine *machine;
	struct vmd_mapping *object;
	struct vmd_cpu *cpu;
	struct vmd_mm *mm;
	unsigned long nr;
	vmd_va_t addr[2];

	if (vmd_machine_create(&config, &machine) ||
	    vmd_mapping_create(machine, 16, &object) ||
	    vmd_mm_create(machine, &mm) || map_twice(mm, object, addr))
		return 1;
	cpu = vmd_machine_cpu(machine, 0);

	/* [README */
	if (vmd_cpu_switch_mm(cpu, mm) ||
	    vmd_store_u64(cpu, addr[0] + 3 * VMD_PAGE_SIZE, 1) ||
	    vmd_store_u64(cpu, addr[1] + 7 * VMD_PAGE_SIZE, 2))
		return 1;

	nr = vmd_clean_record_shared_mapping_range(object, 0, 16, &span);
	(void)printf(
		"%lu entries were dirty: pages %#llx, window [%llu, %llu)\n",
		nr, (unsigned long long)bits, (unsigned long long)span.start,
		(unsigned long long)span.end);

	nr = vmd_clean_record_shared_mapping_range(object, 0, 16, &span);
	(void)printf("nobody stored since: %lu\n", nr);

	if (vmd_store_u64(cpu, addr[0] + 3 * VMD_PAGE_SIZE, 3))
		return 1;
	nr = vmd_clean_record_shared_mapping_range(object, 0, 16, &span);
	(void)printf("one more store, through a flushed TLB: %lu\n", nr);
	/* README] */

	vmd_mm_destroy(mm);
	vmd_mapping_destroy(object);
	vmd_machine_destroy(machine);
	return 0;
}
