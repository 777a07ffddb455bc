/* SPDX-License-Identifier: MIT */
/*
 * What a simulated machine counts, and what each of these events costs in
 * virtual time. Virtual time is the sum of events times their costs: the same
 * input gives the same nanoseconds everywhere.
 */
#ifndef VMMDIRTY_EVENT_H
#define VMMDIRTY_EVENT_H

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

/*
 * Each row: constant, key in a cost profile without its unit, cause that it
 * is reported under, what is counted.
 */
#define VMD_EVENTS(X)                                                       \
	X(FAULT, "fault", FAULT, "page faults taken by CPUs")               \
	X(WRITE_FAULT, "write_fault", FAULT, "of these, for writing")       \
	X(MKWRITE, "mkwrite", FAULT, "calls of pfn_mkwrite")                \
	X(PTE_INSTALL, "pte_install", FAULT, "entries installed by faults") \
	X(TLB_WALK, "tlb_walk", WALK, "hardware walks after a TLB miss")    \
	X(DIRTY_ASSIST, "dirty_assist", WALK, "D bits set by hardware")     \
	X(SCAN_CALL, "scan_call", SCAN, "calls of the two dirty helpers")   \
	X(PTE_VISIT, "pte_visit", SCAN, "entries looked at by the helpers") \
	X(PTE_WRPROTECT, "pte_wrprotect", SCAN, "entries write-protected")  \
	X(PTE_CLEAN, "pte_clean", SCAN, "entries cleaned and recorded")     \
	X(PTE_ZAP, "pte_zap", SCAN, "entries removed")                      \
	X(TLB_FLUSH, "tlb_flush", FLUSH, "TLB flushes asked for")           \
	X(UPDATE_CMD, "update_cmd", UPDATE, "UPDATE commands sent")         \
	X(UPDATE_BYTE, "update_byte", UPDATE, "bytes copied to the device") \
	X(READBACK_BYTE, "readback_byte", UPDATE, "bytes copied from it")   \
	X(SUBMIT, "submit", SUBMIT, "submissions to the device")

/**
 * enum vmd_event - what is counted
 *
 * The rows of VMD_EVENTS() say what each one is.
 */
enum vmd_event {
#define VMD_EVENT_ENUM(name, key, cause, text) VMD_EV_##name,
	VMD_EVENTS(VMD_EVENT_ENUM)
#undef VMD_EVENT_ENUM
	VMD_NR_EVENTS
};

/**
 * enum vmd_cause - what virtual time was spent on
 * @VMD_CAUSE_FAULT: page faults and what they did
 * @VMD_CAUSE_WALK: hardware walks and dirty assists
 * @VMD_CAUSE_SCAN: looking for dirt and changing entries
 * @VMD_CAUSE_FLUSH: TLB flushes
 * @VMD_CAUSE_UPDATE: commands, and bytes moved to and from the device
 * @VMD_CAUSE_SUBMIT: the submission itself
 */
enum vmd_cause {
	VMD_CAUSE_FAULT,
	VMD_CAUSE_WALK,
	VMD_CAUSE_SCAN,
	VMD_CAUSE_FLUSH,
	VMD_CAUSE_UPDATE,
	VMD_CAUSE_SUBMIT,
	VMD_NR_CAUSES
};

/**
 * struct vmd_event_counts - how often each event happened
 * @nr: by enum vmd_event
 */
struct vmd_event_counts {
	uint64_t nr[VMD_NR_EVENTS];
};

/**
 * struct vmd_costs - what one event of each kind costs
 * @ps: picoseconds, by enum vmd_event
 */
struct vmd_costs {
	uint64_t ps[VMD_NR_EVENTS];
};

/**
 * vmd_event_name() - the key of an event in profiles and reports
 * @event: the event
 *
 * Context: Any.
 * Return: its name without a unit, NULL if there is no such event.
 */
VMD_API const char *vmd_event_name(enum vmd_event event);

/**
 * vmd_event_cause() - what an event's time is reported under
 * @event: the event
 *
 * Context: Any.
 * Return: the cause, VMD_NR_CAUSES if there is no such event.
 */
VMD_API enum vmd_cause vmd_event_cause(enum vmd_event event);

/**
 * vmd_cause_name() - the word for a cause
 * @cause: the cause
 *
 * Context: Any.
 * Return: one word, NULL if there is no such cause.
 */
VMD_API const char *vmd_cause_name(enum vmd_cause cause);

/**
 * vmd_virtual_ps() - virtual time of a set of events
 * @counts: how often each happened
 * @costs: what each costs
 * @ps: picoseconds by cause
 *
 * Context: Any.
 * Return: the sum of @ps, in picoseconds; UINT64_MAX if it is more.
 */
VMD_API uint64_t vmd_virtual_ps(const struct vmd_event_counts *counts,
				const struct vmd_costs *costs,
				uint64_t ps[VMD_NR_CAUSES]);

VMD_END_DECLS

#endif /* VMMDIRTY_EVENT_H */
