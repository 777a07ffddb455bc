/* SPDX-License-Identifier: MIT */
/*
 * D3, K8: random programs that flush by the rules give one result on every
 * machine, however much its CPUs cache: no TLB at all, tiny and usual ones,
 * lines on and off. Three CPUs, two address spaces, two objects.
 *
 * VMD_PROGRAMS says how many programs are run; a failing one is named by its
 * seed, and VMD_SEED runs that one alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmmdirty/vmmdirty.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "mm/mm.h"
#include "mmu/pgtable.h"
#include "mmu/shootdown.h"
#include "support.h"

#define NR_CPUS	     3U
#define NR_MMS	     2U
#define NR_OBJECTS   2U
#define NR_PAGES     12U
#define NR_STEPS     80U
#define BATCHES	     20
#define MAX_PROGRAMS 5000U
#define UNCHECKED    vmd_no_context_analysis("a ptl known at run time")

static const vmd_va_t object_addr[NR_OBJECTS] = {
	UINT64_C(0x10000000),
	UINT64_C(0x7f0000400000) - 6 * VMD_PAGE_SIZE, /* in two tables */
};

struct world {
	struct vmd_machine *machine;
	struct vmd_mapping *object[NR_OBJECTS];
	struct vmd_mm *mm[NR_MMS];
	struct vmd_mm *loaded[NR_CPUS];
	uint64_t rng;
	uint64_t digest; /* of every result and every fault */
};

/* As ck_assert_int_eq(err, 0), which writes to a file each time. */
static void must(int err)
{
	if (err)
		ck_abort_msg("error %d", err);
}

static void mix(struct world *world, uint64_t value)
{
	world->digest = vmd_mix64(world->digest ^ value) + 1;
}

static uint64_t draw(struct world *world, uint64_t nr)
{
	return vmd_rng_next(&world->rng) % nr;
}

static struct vmd_cpu *cpu_of(const struct world *world, unsigned int id)
{
	return vmd_machine_cpu(world->machine, id);
}

static void map(struct world *world, struct vmd_mm *mm, unsigned int object)
{
	const struct vmd_mmap_args args = {
		.size = sizeof(args),
		.mapping = world->object[object],
		.addr = object_addr[object],
		.len = NR_PAGES * VMD_PAGE_SIZE,
		.prot = VMD_PROT_READ | VMD_PROT_WRITE,
		.flags = VMD_MAP_SHARED | VMD_MAP_FIXED_NOREPLACE,
	};
	vmd_va_t addr;

	must(vmd_mmap(mm, &args, &addr));
}

/* A machine lives through many programs; what they are about is made anew. */
static void begin(struct world *world)
{
	unsigned int i;

	for (i = 0; i < NR_OBJECTS; i++)
		must(vmd_mapping_create(world->machine, NR_PAGES,
					&world->object[i]));
	for (i = 0; i < NR_MMS; i++) {
		must(vmd_mm_create(world->machine, &world->mm[i]));
		map(world, world->mm[i], 0);
		map(world, world->mm[i], 1);
	}
	for (i = 0; i < NR_CPUS; i++) {
		world->loaded[i] = world->mm[i % NR_MMS];
		must(vmd_cpu_switch_mm(cpu_of(world, i), world->loaded[i]));
	}
}

static void end(struct world *world)
{
	unsigned int i;

	for (i = 0; i < NR_MMS; i++)
		vmd_mm_destroy(world->mm[i]);
	for (i = 0; i < NR_OBJECTS; i++)
		vmd_mapping_destroy(world->object[i]);
}

/* Mostly within an object, now and then a little behind its end. */
static vmd_va_t any_addr(struct world *world)
{
	vmd_va_t base = object_addr[draw(world, NR_OBJECTS)];
	uint64_t page = draw(world, 40) ? draw(world, NR_PAGES) : NR_PAGES;
	uint64_t offset = draw(world, 3) ? draw(world, 64) * 8 :
					   draw(world, VMD_PAGE_SIZE);

	return base + page * VMD_PAGE_SIZE + offset;
}

static void note(struct world *world, const struct vmd_cpu *cpu, int err)
{
	const struct vmd_fault_info *fault = vmd_cpu_fault(cpu);

	mix(world, (uint64_t)(unsigned int)-err);
	if (err)
		mix(world, fault->addr ^ fault->error_code ^ fault->vector);
}

static struct vmd_cpu *any_cpu(struct world *world)
{
	return cpu_of(world, (unsigned int)draw(world, NR_CPUS));
}

static void op_store(struct world *world)
{
	struct vmd_cpu *cpu = any_cpu(world);
	unsigned int size = 1U << draw(world, 4);
	vmd_va_t addr = any_addr(world);

	note(world, cpu, vmd_store(cpu, addr, vmd_rng_next(&world->rng), size));
}

static void op_load(struct world *world)
{
	struct vmd_cpu *cpu = any_cpu(world);
	unsigned int size = 1U << draw(world, 4);
	uint64_t value = 0;

	note(world, cpu, vmd_load(cpu, any_addr(world), &value, size));
	mix(world, value);
}

static void op_add(struct world *world)
{
	struct vmd_cpu *cpu = any_cpu(world);
	uint64_t old = 0;
	vmd_va_t addr = any_addr(world) & ~UINT64_C(7);

	note(world, cpu, vmd_xadd_u64(cpu, addr, 3, &old));
	mix(world, old);
}

static void op_copy(struct world *world)
{
	static unsigned char buffer[3 * 4096];
	struct vmd_cpu *cpu = any_cpu(world);
	vmd_va_t addr = any_addr(world);
	size_t len = draw(world, sizeof(buffer));
	size_t i;

	memset(buffer, (int)draw(world, 256), len);
	if (draw(world, 2)) {
		note(world, cpu, vmd_copy_to(cpu, addr, buffer, len));
		return;
	}
	note(world, cpu, vmd_copy_from(cpu, buffer, addr, len));
	for (i = 0; i < len; i += 97)
		mix(world, buffer[i]);
}

static void op_fetch(struct world *world)
{
	struct vmd_cpu *cpu = any_cpu(world);

	note(world, cpu, vmd_fetch_check(cpu, any_addr(world)));
}

static void op_prefetch_or_evict(struct world *world)
{
	struct vmd_cpu *cpu = any_cpu(world);
	vmd_va_t addr = any_addr(world);

	if (draw(world, 2))
		(void)vmd_cpu_prefetch(cpu, addr);
	else
		vmd_cpu_evict(cpu, addr);
}

/* Takes bits away, or raises W: the former needs a flush (TL-5, TL-8). */
static UNCHECKED void op_protect(struct world *world)
{
	static const uint64_t taken[] = { VMD_PAGE_RW, VMD_PAGE_DIRTY,
					  VMD_PAGE_RW | VMD_PAGE_DIRTY,
					  VMD_PAGE_ACCESSED, 0 };
	struct vmd_mm_context *ctx = &world->mm[draw(world, NR_MMS)]->context;
	uint64_t bits = taken[draw(world, VMD_ARRAY_SIZE(taken))];
	vmd_va_t addr = any_addr(world);
	struct vmd_spinlock *ptl;
	vmd_pte_t *pte = vmd_pte_offset_map_lock(ctx, addr, &ptl);
	vmd_pte_t old;

	if (!pte)
		return;
	old = vmd_ptep_get(pte);
	mix(world, old.val);
	if (vmd_pte_present(old)) {
		old = vmd_ptep_modify_prot_start(pte);
		old.val = bits ? old.val & ~bits : old.val | VMD_PAGE_RW;
		vmd_ptep_modify_prot_commit(pte, old);
	}
	if (bits)
		vmd_flush_tlb_page(ctx, addr);
	vmd_spin_unlock(ptl);
}

/* Two pages change places. */
static void op_swap_frames(struct world *world)
{
	struct vmd_mm_context *ctx = &world->mm[draw(world, NR_MMS)]->context;
	vmd_va_t addr = object_addr[draw(world, NR_OBJECTS)];
	uint64_t far = draw(world, NR_PAGES) * VMD_PAGE_SIZE;
	vmd_pte_t *a = vmd_lookup_slot(ctx, addr, VMD_LEVEL_PTE);
	vmd_pte_t *b = vmd_lookup_slot(ctx, addr + far, VMD_LEVEL_PTE);
	vmd_pte_t old;

	if (!a || !b || a == b)
		return;
	old = vmd_ptep_get_and_clear(a);
	vmd_set_pte(a, vmd_ptep_get_and_clear(b));
	vmd_set_pte(b, old);
	vmd_flush_tlb_range(ctx, addr, addr + far + VMD_PAGE_SIZE);
}

static void op_unmap(struct world *world)
{
	struct vmd_mm *mm = world->mm[draw(world, NR_MMS)];
	unsigned int object = (unsigned int)draw(world, NR_OBJECTS);

	must(vmd_munmap(mm, object_addr[object], NR_PAGES * VMD_PAGE_SIZE));
	map(world, mm, object);
}

static void op_switch(struct world *world)
{
	unsigned int id = (unsigned int)draw(world, NR_CPUS);
	uint64_t which = draw(world, 2 * NR_MMS + 1);

	world->loaded[id] = which ? world->mm[which % NR_MMS] : NULL;
	must(vmd_cpu_switch_mm(cpu_of(world, id), world->loaded[id]));
}

/* A flush, while one of the CPUs is lazy. */
static void op_flush_lazy(struct world *world)
{
	unsigned int id = (unsigned int)draw(world, NR_CPUS);
	struct vmd_mm_context *ctx = &world->mm[draw(world, NR_MMS)]->context;

	must(vmd_cpu_enter_lazy_tlb(cpu_of(world, id)));
	if (draw(world, 2))
		vmd_flush_tlb_mm(ctx);
	else
		vmd_flush_tlb_page(ctx, any_addr(world));
	must(vmd_cpu_switch_mm(cpu_of(world, id), world->loaded[id]));
}

static void (*const ops[])(struct world *world) = {
	op_store,  op_store,	   op_store,
	op_store,  op_load,	   op_load,
	op_load,   op_add,	   op_copy,
	op_fetch,  op_protect,	   op_protect,
	op_switch, op_flush_lazy,  op_prefetch_or_evict,
	op_unmap,  op_swap_frames,
};

static void digest_tables(struct world *world)
{
	unsigned int mm;
	unsigned int i;

	for (mm = 0; mm < NR_MMS; mm++)
		for (i = 0; i < NR_OBJECTS * NR_PAGES; i++) {
			vmd_va_t addr = object_addr[i % NR_OBJECTS] +
					i / NR_OBJECTS * VMD_PAGE_SIZE;
			const vmd_pte_t *slot =
				vmd_lookup_slot(&world->mm[mm]->context, addr,
						VMD_LEVEL_PTE);

			mix(world, slot ? slot->val : 0);
		}
}

static void digest_memory(struct world *world)
{
	vmd_pa_t addr;

	for (addr = VMD_PAGE_SIZE; addr < 96 * VMD_PAGE_SIZE; addr += 264) {
		uint64_t value;

		must(vmd_read_phys(world->machine, addr, &value));
		mix(world, value);
	}
}

static uint64_t nr_faults(const struct world *world)
{
	struct vmd_event_counts counts;

	vmd_machine_events(world->machine, &counts);
	return counts.nr[VMD_EV_FAULT];
}

/* One program; its digest has everything that it could notice. */
static uint64_t run(struct world *world, uint64_t seed)
{
	unsigned int step;

	world->rng = seed;
	world->digest = 0;
	begin(world);
	for (step = 0; step < NR_STEPS; step++)
		ops[draw(world, VMD_ARRAY_SIZE(ops))](world);
	digest_tables(world);
	digest_memory(world);
	mix(world, nr_faults(world));
	end(world);
	return world->digest;
}

static const struct vmd_machine_config machines[] = {
	{ .flags = VMD_MACHINE_NO_TLB },
	{ .flags = 0 },
	{ .flags = VMD_MACHINE_NO_LINES },
	{ .tlb_entries = 8,
	  .psc_entries = 8,
	  .features_off = VMD_FEATURE_PCID },
	{ .tlb_entries = 8,
	  .flags = VMD_MACHINE_RANDOM_REPLACEMENT,
	  .seed = 3 },
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void run_all_on(unsigned int which, uint64_t first, uint64_t nr,
		       uint64_t *digest)
{
	struct vmd_machine_config config = machines[which];
	struct world world = { .rng = 0 };
	uint64_t i;

	config.size = sizeof(config);
	config.nr_cpus = NR_CPUS;
	config.ram_pages = 512;
	must(vmd_machine_create(&config, &world.machine));
	for (i = 0; i < nr; i++)
		digest[i] = run(&world, first + i);
	vmd_machine_destroy(world.machine);
}

static void run_everywhere(uint64_t first, uint64_t nr)
{
	static uint64_t expected[MAX_PROGRAMS];
	static uint64_t digest[MAX_PROGRAMS];
	unsigned int which;
	uint64_t i;

	run_all_on(0, first, nr, expected);
	for (which = 1; which < VMD_ARRAY_SIZE(machines); which++) {
		run_all_on(which, first, nr, digest);
		for (i = 0; i < nr; i++)
			if (digest[i] != expected[i])
				ck_abort_msg(
					"VMD_SEED=%llu: machine %u differs "
					"from one without a TLB",
					(unsigned long long)(first + i), which);
	}
}

START_TEST(programs_that_flush_give_one_result_whatever_is_cached)
{
	uint64_t nr = number_from("VMD_PROGRAMS", 500) / BATCHES;

	if (getenv("VMD_SEED"))
		run_everywhere(number_from("VMD_SEED", 0), 1);
	else
		run_everywhere((uint64_t)_i * nr,
			       nr < MAX_PROGRAMS ? nr : MAX_PROGRAMS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mmu_programs");
	TCase *tc = tcase_create("one result D3 K8");

	tcase_add_loop_test(
		tc, programs_that_flush_give_one_result_whatever_is_cached, 0,
		BATCHES);
	suite_add_tcase(suite, tc);
	return vmd_test_main(suite);
}
