/* SPDX-License-Identifier: MIT */
/*
 * A machine: everything else hangs off one, and two of them never meet.
 */
#ifndef VMMDIRTY_MACHINE_H
#define VMMDIRTY_MACHINE_H

#include <stdbool.h>

#include <vmmdirty/base.h>
#include <vmmdirty/cpufeatures.h>
#include <vmmdirty/event.h>

VMD_BEGIN_DECLS

struct vmd_machine;
struct vmd_cpu;

/** CPUs that a machine can have. */
#define VMD_MAX_CPUS 64U

/** Entries of a TLB if the config does not say. */
#define VMD_DEFAULT_TLB_ENTRIES 1024U

/** Entries for 2M and 1G pages if the config does not say. */
#define VMD_DEFAULT_LARGE_TLB_ENTRIES 64U

/** Paging-structure cache entries of each level if the config does not say. */
#define VMD_DEFAULT_PSC_ENTRIES 32U

/**
 * struct vmd_machine_config - what a machine is made of
 * @size: sizeof(struct vmd_machine_config) where the caller was compiled, so
 *	that the struct can grow
 * @nr_cpus: simulated CPUs, 1 to 64
 * @flags: VMD_MACHINE_ bits
 * @ram_pages: RAM, in pages, below 2^34; costs what is touched; 0: 2^24
 * @tlb_entries: of each CPU, for 4K pages: 8 times a power of two, up to 2^16,
 *	or VMD_TLB_UNBOUNDED; 0: VMD_DEFAULT_TLB_ENTRIES
 * @seed: of everything that is drawn by chance
 * @report: receives warnings and broken contracts; NULL: these are printed,
 *	then the program ends; warnings are only counted
 * @report_arg: for @report
 * @fail_nth_alloc: the n-th request for memory fails, for tests; 0: none does
 * @levels: of the page tables, 4 or 5; 0: 4
 * @maxphyaddr: bits of a physical address, 32 to 52, enough for @ram_pages; 0:
 *	46
 * @features_off: VMD_FEATURE_ bits that the CPUs lack
 * @large_tlb_entries: as @tlb_entries, for 2M and 1G pages; 0:
 *	VMD_DEFAULT_LARGE_TLB_ENTRIES
 * @psc_entries: as @tlb_entries, of each level's paging-structure cache; 0:
 *	VMD_DEFAULT_PSC_ENTRIES
 */
struct vmd_machine_config {
	size_t size;
	unsigned int nr_cpus;
	unsigned int flags;
	uint64_t ram_pages;
	unsigned int tlb_entries;
	uint64_t seed;
	vmd_report_fn report;
	void *report_arg;
	uint64_t fail_nth_alloc;
	unsigned int levels;
	unsigned int maxphyaddr;
	unsigned int features_off;
	unsigned int large_tlb_entries;
	unsigned int psc_entries;
	unsigned int pad;
};

/**
 * vmd_machine_create() - make a machine
 * @config: what it is made of
 * @out: the machine, untouched on failure
 *
 * Context: May sleep. Takes no lock.
 * Return: 0, -EINVAL if @config makes no sense, -ENOMEM.
 */
VMD_API vmd_must_check int
vmd_machine_create(const struct vmd_machine_config *config,
		   struct vmd_machine **out);

/**
 * vmd_machine_destroy() - give everything back
 * @machine: the machine, or NULL; what was made on it is gone, else that is
 *	reported
 *
 * Context: May sleep. No other thread uses @machine.
 */
VMD_API void vmd_machine_destroy(struct vmd_machine *machine);

/**
 * vmd_machine_nr_cpus() - how many CPUs the machine has
 * @machine: the machine
 *
 * Context: Any.
 * Return: what the config said.
 */
VMD_API unsigned int vmd_machine_nr_cpus(const struct vmd_machine *machine);

/**
 * vmd_machine_cpu() - one of the CPUs
 * @machine: the machine
 * @id: which one, from 0
 *
 * Context: Any.
 * Return: the CPU, NULL if there is none of that number.
 */
VMD_API struct vmd_cpu *vmd_machine_cpu(struct vmd_machine *machine,
					unsigned int id);

/**
 * vmd_machine_events() - what has happened so far
 * @machine: the machine
 * @counts: of all CPUs together
 *
 * Context: Any; while others run, each count is of some recent moment.
 */
VMD_API void vmd_machine_events(const struct vmd_machine *machine,
				struct vmd_event_counts *counts);

/**
 * vmd_machine_nr_warnings() - warnings so far
 * @machine: the machine
 *
 * Context: Any.
 * Return: how many.
 */
VMD_API uint64_t vmd_machine_nr_warnings(const struct vmd_machine *machine);

/**
 * vmd_machine_nr_allocs() - requests for memory so far
 * @machine: the machine
 *
 * A test that lets the n-th one fail goes up to this n.
 *
 * Context: Any.
 * Return: how many, those that failed included.
 */
VMD_API uint64_t vmd_machine_nr_allocs(const struct vmd_machine *machine);

/**
 * struct vmd_profile_error - why a cost profile was refused
 * @line: its line, 0 if it could not be read at all
 * @text: what is wrong
 */
struct vmd_profile_error {
	unsigned int line;
	char text[120];
};

/**
 * vmd_costs_builtin() - a cost profile that the library knows
 * @name: "host-quiet", "host-loaded", "slow-walk" or "emulator"
 * @costs: the costs, untouched on failure
 *
 * Where each number comes from stands in profiles/NAME.profile.
 *
 * Context: Any.
 * Return: 0, -ENOENT.
 */
VMD_API vmd_must_check int vmd_costs_builtin(const char *name,
					     struct vmd_costs *costs);

/**
 * vmd_costs_builtin_name() - the names of those profiles
 * @index: from 0
 *
 * Context: Any.
 * Return: a name, NULL behind the last.
 */
VMD_API const char *vmd_costs_builtin_name(unsigned int index);

/**
 * vmd_costs_load() - read a cost profile from a file
 * @path: its path
 * @costs: the costs, untouched on failure
 * @error: why it was refused
 *
 * Lines of "key_ns = number", "base = NAME" first for what is not said (else
 * host-quiet), comments from # on. docs/profiles.md has the keys.
 *
 * Context: Reads a file.
 * Return: 0, -EINVAL for a line that makes no sense, or the error of reading.
 */
VMD_API vmd_must_check int vmd_costs_load(const char *path,
					  struct vmd_costs *costs,
					  struct vmd_profile_error *error);

/**
 * vmd_build() - which library this is
 *
 * Context: Any.
 * Return: a line such as "vmmdirty 0.1.0".
 */
VMD_API const char *vmd_build(void);

VMD_END_DECLS

#endif /* VMMDIRTY_MACHINE_H */
