/* SPDX-License-Identifier: MIT */
/*
 * What address space costs that is mapped and hardly used: one page is touched
 * in every 2 MiB, the worst case for page tables, since each needs a table of
 * its own. The peer is that minimum, two frames.
 *
 *	sparse_bare   tables by hand on a bare CPU
 *	sparse_mm     an object mapped by an address space: the object's array of
 *		      pages costs as much again, for its words lie as far apart
 *
 * Memory is what the process has resident more than before. Not a matter of
 * time: one run, no repetitions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vmmdirty/vmmdirty.h>

#include "harness.h"

#define STEP	   (UINT64_C(2) << 20)
#define SPAN	   (UINT64_C(1) << 40)
#define SPAN_QUICK (UINT64_C(8) << 30)
#define RAM_PAGES  (UINT64_C(1) << 24)
#define TWO_FRAMES (2.0 * (double)VMD_PAGE_SIZE)
#define PROT	   (VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)
#define MAX_RATIO  1.05 /* upper tables, and what is known of a frame */

struct memory_bench {
	struct vmd_machine *machine;
	struct vmd_cpu *cpu;
	uint64_t nr; /* pages that are touched */
	uint64_t nr_frames;
};

/* The second number of the file, in pages. */
static uint64_t resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	char line[128];
	char *second;

	if (!file || !fgets(line, sizeof(line), file))
		bench_die("no /proc/self/statm");
	(void)fclose(file);
	second = strchr(line, ' ');
	if (!second)
		bench_die("no second number in /proc/self/statm");
	return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void create(struct memory_bench *bench)
{
	const struct vmd_machine_config config = {
		.size = sizeof(config),
		.nr_cpus = 1,
		.ram_pages = RAM_PAGES,
	};

	if (vmd_machine_create(&config, &bench->machine))
		bench_die("out of memory");
	bench->cpu = vmd_machine_cpu(bench->machine, 0);
}

static void touch_all(const struct memory_bench *bench, vmd_va_t addr)
{
	uint64_t i;

	for (i = 0; i < bench->nr; i++)
		if (vmd_store_u64(bench->cpu, addr + i * STEP, i))
			bench_die("a page could not be touched");
}

static vmd_pfn_t frame(struct memory_bench *bench)
{
	vmd_pfn_t pfn;

	if (vmd_alloc_pages(bench->machine, 1, &pfn))
		bench_die("no frame is left");
	bench->nr_frames++;
	return pfn;
}

/* The frame behind an entry, made if there is none. */
static vmd_pfn_t behind(struct memory_bench *bench, vmd_pfn_t table,
			vmd_va_t addr, unsigned int level)
{
	unsigned int shift =
		VMD_PAGE_SHIFT + (level - 1) * VMD_PTRS_PER_TABLE_SHIFT;
	vmd_pa_t slot = (table << VMD_PAGE_SHIFT) +
			(addr >> shift & (VMD_PTRS_PER_TABLE - 1)) * 8;
	uint64_t entry;

	if (vmd_read_phys(bench->machine, slot, &entry))
		bench_die("no such frame");
	if (!(entry & VMD_PAGE_PRESENT)) {
		entry = (frame(bench) << VMD_PAGE_SHIFT) | PROT;
		if (vmd_write_phys(bench->machine, slot, entry))
			bench_die("no such frame");
	}
	return (entry & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;
}

static void bare(struct memory_bench *bench)
{
	vmd_pfn_t top = frame(bench);
	unsigned int level;
	uint64_t i;

	for (i = 0; i < bench->nr; i++) {
		vmd_pfn_t table = top;

		for (level = 4; level > 0; level--)
			table = behind(bench, table, i * STEP, level);
	}
	if (vmd_cpu_write_reg(bench->cpu, VMD_REG_CR3, top << VMD_PAGE_SHIFT))
		bench_die("CR3 was refused");
	touch_all(bench, 0);
}

static void mapped(struct memory_bench *bench)
{
	struct vmd_mapping *object;
	struct vmd_mm *mm;
	struct vmd_mmap_args args = {
		.size = sizeof(args),
		.len = bench->nr * STEP,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED,
	};
	vmd_va_t addr;

	if (vmd_mapping_create(bench->machine, args.len >> VMD_PAGE_SHIFT,
			       &object) ||
	    vmd_mm_create(bench->machine, &mm))
		bench_die("out of memory");
	args.mapping = object;
	if (vmd_mmap(mm, &args, &addr) || vmd_cpu_switch_mm(bench->cpu, mm))
		bench_die("nothing could be mapped");
	touch_all(bench, addr);
}

/* The process ends with the run: nothing is given back. */
static void run(const char *name, void (*call)(struct memory_bench *bench),
		double target, struct bench_options *options)
{
	struct memory_bench bench = {
		.nr = (options->quick ? SPAN_QUICK : SPAN) / STEP,
	};
	char frames[24] = "null"; /* an address space does not tell */
	uint64_t before;
	double bytes;

	if (!bench_wants(options, name))
		return;
	options->nr_run++;
	create(&bench);
	before = resident();
	call(&bench);
	if (bench.nr_frames)
		(void)snprintf(frames, sizeof(frames), "%llu",
			       (unsigned long long)bench.nr_frames);
	bytes = (double)(resident() - before) / (double)bench.nr;
	(void)printf("{\"bench\": \"memory\", \"case\": \"%s\", "
		     "\"unit\": \"bytes/touched page\", \"touched\": %llu, "
		     "\"frames\": %s, \"bytes\": %.1f, "
		     "\"peer\": \"two frames\", \"peer_bytes\": %.1f, "
		     "\"ratio\": %.3f, \"target\": ",
		     name, (unsigned long long)bench.nr, frames, bytes,
		     TWO_FRAMES, bytes / TWO_FRAMES);
	if (target == 0)
		(void)printf("null, \"verdict\": \"report\"}\n");
	else
		(void)printf("%.3f, \"verdict\": \"%s\"}\n", target,
			     bytes / TWO_FRAMES <= target ? "good" : "missed");
}

int main(int argc, char **argv)
{
	struct bench_options options;

	bench_parse(argc, argv, &options);
	run("sparse_bare", bare, MAX_RATIO, &options);
	run("sparse_mm", mapped, 0, &options);
	return bench_status(&options);
}
