/* SPDX-License-Identifier: MIT */
/*
 * Tables by hand: one of each upper level, and as many of the last as are
 * needed, in frames that follow each other.
 */
#include "space.h"

#include <string.h>
#include <sys/mman.h>

#define ADDR  UINT64_C(0x7f0000000000) /* the first entry of its tables */
#define PROT  (VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)
#define UPPER 3 /* levels above the leaves */

#define RAM_PAGES (UINT64_C(1) << 16) /* a valgrind has no room for more */

static vmd_pa_t leaf_addr(const struct bench_space *space, uint64_t page)
{
	return (space->leaves << VMD_PAGE_SHIFT) + page * 8;
}

static void set_entry(const struct bench_space *space, vmd_pa_t addr,
		      vmd_pfn_t pfn)
{
	if (vmd_write_phys(space->machine, addr,
			   (pfn << VMD_PAGE_SHIFT) | PROT))
		bench_die("no such frame");
}

static unsigned int index_of(vmd_va_t addr, unsigned int level)
{
	return (unsigned int)(addr >>
			      (VMD_PAGE_SHIFT +
			       (level - 1) * VMD_PTRS_PER_TABLE_SHIFT)) &
	       (VMD_PTRS_PER_TABLE - 1);
}

/* From the top table, frame @top, down. */
static void fill_tables(struct bench_space *space, vmd_pfn_t top,
			uint64_t nr_leaves)
{
	vmd_pfn_t data = top + UPPER + nr_leaves;
	vmd_pfn_t upper;
	uint64_t i;

	for (upper = top; upper < top + UPPER - 1; upper++)
		set_entry(space,
			  (upper << VMD_PAGE_SHIFT) +
				  8ULL * index_of(ADDR,
						  (unsigned int)(4 - (upper -
								      top))),
			  upper + 1);
	for (i = 0; i < nr_leaves; i++)
		set_entry(space, (upper << VMD_PAGE_SHIFT) + 8 * i,
			  space->leaves + i);
	for (i = 0; i < space->nr_pages; i++)
		set_entry(space, leaf_addr(space, i), data + i);
}

/*
 * The line of a page that was just stored to says where its memory is. Where no
 * line is ever valid (no membarrier) the peer gets memory of its own.
 */
static uintptr_t host_of(struct bench_space *space)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(space->cpu, space->addr);

	if (vmd_store_u64(space->cpu, space->addr, 1))
		bench_die("a page is not mapped");
	if (line->write_tag == space->addr)
		return line->addend + (uintptr_t)space->addr;
	space->own = bench_host_pages(space->nr_pages);
	return (uintptr_t)space->own;
}

static void touch_all(const struct bench_space *space)
{
	uint64_t i;

	for (i = 0; i < space->nr_pages; i++)
		if (vmd_store_u64(space->cpu, space->addr + i * VMD_PAGE_SIZE,
				  1))
			bench_die("a page is not mapped");
}

void bench_space_init(struct bench_space *space, uint64_t nr_pages,
		      struct vmd_machine_config config)
{
	uint64_t nr_leaves =
		(nr_pages + VMD_PTRS_PER_TABLE - 1) / VMD_PTRS_PER_TABLE;
	vmd_pfn_t top;

	config.size = sizeof(config);
	config.nr_cpus = 1;
	if (!config.ram_pages)
		config.ram_pages = RAM_PAGES;
	if (vmd_machine_create(&config, &space->machine) ||
	    vmd_alloc_pages(space->machine, UPPER + nr_leaves + nr_pages, &top))
		bench_die("out of memory");
	space->cpu = vmd_machine_cpu(space->machine, 0);
	space->addr = ADDR;
	space->nr_pages = nr_pages;
	space->leaves = top + UPPER;
	fill_tables(space, top, nr_leaves);
	if (vmd_cpu_write_reg(space->cpu, VMD_REG_CR3, top << VMD_PAGE_SHIFT))
		bench_die("CR3 was refused");
	touch_all(space);
	space->own = NULL;
	space->host = host_of(space);
}

void bench_space_fini(struct bench_space *space)
{
	uint64_t nr_leaves =
		(space->nr_pages + VMD_PTRS_PER_TABLE - 1) / VMD_PTRS_PER_TABLE;

	vmd_free_pages(space->machine, space->leaves - UPPER,
		       UPPER + nr_leaves + space->nr_pages);
	vmd_machine_destroy(space->machine);
	if (space->own)
		bench_host_pages_free(space->own, space->nr_pages);
}

void bench_space_clean(struct bench_space *space)
{
	vmd_pfn_t data = space->leaves + (space->nr_pages + VMD_PTRS_PER_TABLE -
					  1) / VMD_PTRS_PER_TABLE;
	uint64_t i;

	for (i = 0; i < space->nr_pages; i++)
		set_entry(space, leaf_addr(space, i), data + i);
	if (vmd_cpu_invpcid(space->cpu, VMD_INVPCID_TYPE_ALL_INCL_GLOBAL, 0, 0))
		bench_die("INVPCID was refused");
}

uint64_t bench_space_walks(const struct bench_space *space)
{
	struct vmd_event_counts counts;

	vmd_machine_events(space->machine, &counts);
	return counts.nr[VMD_EV_TLB_WALK];
}

void *bench_host_pages(uint64_t nr_pages)
{
	void *base = mmap(NULL, nr_pages << VMD_PAGE_SHIFT,
			  PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		bench_die("out of memory");
	memset(base, 1, nr_pages << VMD_PAGE_SHIFT);
	return base;
}

void bench_host_pages_free(void *base, uint64_t nr_pages)
{
	(void)munmap(base, nr_pages << VMD_PAGE_SHIFT);
}
