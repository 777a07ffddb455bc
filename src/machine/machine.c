/* SPDX-License-Identifier: MIT */
/*
 * One machine: its arena comes first, because everything else comes out of
 * it, and goes last.
 */
#include <vmmdirty/machine.h>

#include <errno.h>
#include <stddef.h>

#include "base/config.h"
#include "base/counter.h"
#include "mmu/cpu.h"
#include "mmu/hw.h"
#include "sync/membarrier.h"

#define DEFAULT_RAM_PAGES  (UINT64_C(1) << 24)
#define MAX_RAM_PAGES	   (UINT64_C(1) << 34)
#define MAX_TLB_ENTRIES	   65536U
#define DEFAULT_MAXPHYADDR 46U

#define ALL_FLAGS    (2 * VMD_MACHINE_STRAY_DIRTY - 1)
#define ALL_FEATURES (2 * VMD_FEATURE_LAM - 1)

/* The header and the build file state one version. */
_Static_assert(VMD_VERSION_MAJOR == VMD_BUILT_MAJOR, "see CMakeLists.txt");
_Static_assert(VMD_VERSION_MINOR == VMD_BUILT_MINOR, "see CMakeLists.txt");
_Static_assert(VMD_VERSION_PATCH == VMD_BUILT_PATCH, "see CMakeLists.txt");

#define STRING(x)  #x
#define VERSION(x) STRING(x)

struct vmd_machine {
	struct vmd_hw hw;
};

/* Lower floors get at it through vmd_machine_hw(). */
_Static_assert(offsetof(struct vmd_machine, hw) == 0, "hw comes first");

static bool entries_make_sense(unsigned int nr)
{
	return nr == VMD_TLB_UNBOUNDED ||
	       (nr <= MAX_TLB_ENTRIES && nr % VMD_ASSOC_WAYS == 0 &&
		(nr & (nr - 1)) == 0);
}

static int check_mmu(const struct vmd_machine_config *config)
{
	if (config->levels != 0 && config->levels != 4 && config->levels != 5)
		return -EINVAL;
	if (config->maxphyaddr != 0 &&
	    (config->maxphyaddr < 32 || config->maxphyaddr > 52))
		return -EINVAL;
	if (config->features_off & ~ALL_FEATURES)
		return -EINVAL;
	return entries_make_sense(config->tlb_entries) &&
			       entries_make_sense(config->large_tlb_entries) &&
			       entries_make_sense(config->psc_entries) ?
		       0 :
		       -EINVAL;
}

static uint64_t ram_pages(const struct vmd_machine_config *config)
{
	return config->ram_pages ? config->ram_pages : DEFAULT_RAM_PAGES;
}

static unsigned int maxphyaddr(const struct vmd_machine_config *config)
{
	return config->maxphyaddr ? config->maxphyaddr : DEFAULT_MAXPHYADDR;
}

static int check_config(const struct vmd_machine_config *config)
{
	if (config->nr_cpus == 0 || config->nr_cpus > VMD_MAX_CPUS)
		return -EINVAL;
	if (config->flags & ~ALL_FLAGS)
		return -EINVAL;
	if (ram_pages(config) >= MAX_RAM_PAGES ||
	    (ram_pages(config) - 1) >> (maxphyaddr(config) - VMD_PAGE_SHIFT))
		return -EINVAL;
	return check_mmu(config);
}

static unsigned int entries(const struct vmd_machine_config *config,
			    unsigned int nr, unsigned int otherwise)
{
	if (config->flags & VMD_MACHINE_NO_TLB)
		return 0;
	return nr ? nr : otherwise;
}

static void init_mmu(struct vmd_mmu_config *mmu,
		     const struct vmd_machine_config *config)
{
	*mmu = (struct vmd_mmu_config){
		.levels = config->levels ? (int)config->levels : 4,
		.maxphyaddr = maxphyaddr(config),
		.features = ALL_FEATURES & ~config->features_off,
		.flags = config->flags,
		.tlb_entries = entries(config, config->tlb_entries,
				       VMD_DEFAULT_TLB_ENTRIES),
		.large_tlb_entries = entries(config, config->large_tlb_entries,
					     VMD_DEFAULT_LARGE_TLB_ENTRIES),
		.psc_entries = config->flags & VMD_MACHINE_NO_PSC ?
				       0 :
				       entries(config, config->psc_entries,
					       VMD_DEFAULT_PSC_ENTRIES),
		.membarrier = vmd_membarrier_init(),
	};
}

static void fini_cpus(struct vmd_hw *hw)
{
	while (hw->cpus.nr > 0) {
		struct vmd_cpu *cpu = hw->cpus.cpu[--hw->cpus.nr];

		vmd_cpu_fini(cpu);
		vmd_free(&hw->env.arena, cpu);
	}
}

static int init_cpus(struct vmd_hw *hw, unsigned int nr_cpus)
{
	unsigned int id;

	for (id = 0; id < nr_cpus; id++) {
		struct vmd_cpu *cpu = vmd_alloc(&hw->env.arena, sizeof(*cpu));

		if (!cpu)
			goto out_cpus;
		if (vmd_cpu_init(cpu, hw, id)) {
			vmd_free(&hw->env.arena, cpu);
			goto out_cpus;
		}
		hw->cpus.cpu[id] = cpu;
		hw->cpus.nr++;
	}
	return 0;

out_cpus:
	fini_cpus(hw);
	return -ENOMEM;
}

static int init_hw(struct vmd_hw *hw, const struct vmd_machine_config *config)
{
	int err;

	hw->env.report = config->report;
	hw->env.report_arg = config->report_arg;
	hw->env.seed = config->seed;
	vmd_clock_init(&hw->env.clock, &hw->env);
	vmd_spin_init(&hw->contexts.lock, &hw->env, VMD_RANK_contexts);
	init_mmu(&hw->mmu, config);
	err = vmd_ram_init(&hw->ram, &hw->env, ram_pages(config));
	if (err)
		return err;
	err = init_cpus(hw, config->nr_cpus);
	if (err)
		vmd_ram_fini(&hw->ram);
	return err;
}

/* The machine lives in its own arena: that is made first, then moves in. */
int vmd_machine_create(const struct vmd_machine_config *config,
		       struct vmd_machine **out)
{
	struct vmd_machine_config ours;
	struct vmd_arena arena;
	struct vmd_machine *machine;
	int err;

	if (!config || !out || !vmd_copy_config(&ours, sizeof(ours), config) ||
	    check_config(&ours))
		return -EINVAL;

	err = vmd_arena_init(&arena, ours.fail_nth_alloc);
	if (err)
		return err;
	machine = vmd_alloc(&arena, sizeof(*machine));
	if (!machine) {
		err = -ENOMEM;
		goto out_arena;
	}
	machine->hw.env.arena = arena;
	err = init_hw(&machine->hw, &ours);
	if (err) {
		vmd_free(&arena, machine);
		goto out_arena;
	}
	*out = machine;
	return 0;

out_arena:
	vmd_arena_fini(&arena);
	return err;
}

/* Only the machine itself may still be live. */
static void report_leaks(struct vmd_env *env)
{
	uint64_t nr = vmd_counter_read(&env->arena.nr_live) - 1;

	if (nr)
		vmd_bug(env, VMD_HERE, VMD_NOWHERE,
			"a machine is destroyed with %llu allocations live",
			(unsigned long long)nr);
}

void vmd_machine_destroy(struct vmd_machine *machine)
{
	struct vmd_arena arena;

	if (!machine)
		return;

	fini_cpus(&machine->hw);
	vmd_ram_fini(&machine->hw.ram);
	report_leaks(&machine->hw.env);
	arena = machine->hw.env.arena;
	vmd_free(&arena, machine);
	vmd_arena_fini(&arena);
}

unsigned int vmd_machine_nr_cpus(const struct vmd_machine *machine)
{
	return machine->hw.cpus.nr;
}

struct vmd_cpu *vmd_machine_cpu(struct vmd_machine *machine, unsigned int id)
{
	return id < machine->hw.cpus.nr ? machine->hw.cpus.cpu[id] : NULL;
}

void vmd_machine_events(const struct vmd_machine *machine,
			struct vmd_event_counts *counts)
{
	unsigned int id;

	*counts = (struct vmd_event_counts){ { 0 } };
	vmd_clock_sum(&machine->hw.env.clock, counts);
	for (id = 0; id < machine->hw.cpus.nr; id++)
		vmd_clock_sum(&machine->hw.cpus.cpu[id]->clock, counts);
}

uint64_t vmd_machine_nr_warnings(const struct vmd_machine *machine)
{
	return vmd_counter_read(&machine->hw.env.nr_warnings);
}

uint64_t vmd_machine_nr_allocs(const struct vmd_machine *machine)
{
	return vmd_counter_read(&machine->hw.env.arena.nr_calls);
}

const char *vmd_build(void)
{
	return "vmmdirty " VERSION(VMD_VERSION_MAJOR) "." VERSION(
		VMD_VERSION_MINOR) "." VERSION(VMD_VERSION_PATCH);
}
