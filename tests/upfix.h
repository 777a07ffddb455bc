/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the upper floors share: a machine with a device and two
 * address spaces, helpers that assert what a test takes for granted, checkers
 * of the tracker's invariants, and a back end without page tables.
 */
#ifndef VMD_TESTS_UPFIX_H
#define VMD_TESTS_UPFIX_H

#include <stdbool.h>

#include <vmmdirty/vmmdirty.h>

#include "base/compiler.h"
#include "gpu/bo.h"
#include "mm/mm.h"
#include "support.h"

#define UP_NR_MMS 2U

/* As ck_assert_msg(), which writes to the runner each time: for long loops. */
#define UP_REQUIRE(condition, ...)                 \
	do {                                       \
		if (!(condition))                  \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

/* What the machine complained about. */
struct up_reports {
	unsigned int nr; /* atomic */
	unsigned int nr_bugs; /* atomic */
	char text[256]; /* of the last one */
};

void up_note_report(void *arg, const struct vmd_report *report);

/* Zero means the default. */
struct up_options {
	unsigned int nr_cpus; /* 2 */
	unsigned int flags;
	unsigned int fifo_entries;
	uint64_t ram_pages; /* 2^16 */
	uint64_t vram_pages; /* 2^16 */
};

/* CPU i has mm[i % UP_NR_MMS] loaded. */
struct up {
	struct vmd_machine *machine;
	struct vmd_svga *svga;
	struct vmd_mm *mm[UP_NR_MMS];
	struct up_reports reports;
};

void up_start_with(struct up *up, const struct up_options *options);
void up_start(struct up *up);

/* The buffer objects are gone. Nothing was reported, now or before. */
void up_stop(struct up *up);

/* For tests that provoke reports: how many there were, which are forgotten. */
unsigned int up_take_reports(struct up *up);

struct vmd_cpu *up_cpu(const struct up *up, unsigned int id);
struct vmd_env *up_env(const struct up *up);
struct vmd_event_counts up_events(const struct up *up);
uint64_t up_event(const struct up *up, enum vmd_event event);

/* From now on the @nth request for memory fails; 0: none does. */
void up_fail_alloc(struct up *up, uint64_t nth);

struct vmd_bo *up_bo(struct up *up, unsigned long nr_pages);

/* The same, tracked. */
struct vmd_bo *up_tracked_bo(struct up *up, unsigned long nr_pages,
			     const struct vmd_dirty_policy *policy);

/* In mm[@mm]; all of the object, or pages [first, first + nr). */
vmd_va_t up_map(struct up *up, unsigned int mm, struct vmd_bo *bo);
vmd_va_t up_map_range(struct up *up, unsigned int mm, struct vmd_bo *bo,
		      unsigned long first, unsigned long nr);

/* With chosen operations and further VM_ flags; the reference is taken. */
vmd_va_t up_map_ops(struct up *up, unsigned int mm, struct vmd_bo *bo,
		    uint64_t len, const struct vmd_vm_operations *ops,
		    uint64_t vm_flags);

void up_unmap(struct up *up, unsigned int mm, vmd_va_t addr,
	      unsigned long nr_pages);

/* By page: the word at its start. */
void up_store(struct up *up, unsigned int cpu, vmd_va_t base,
	      unsigned long page, uint64_t value);
uint64_t up_load(struct up *up, unsigned int cpu, vmd_va_t base,
		 unsigned long page);

/* Faults that storing a value takes. */
uint64_t up_faults_of_store(struct up *up, vmd_va_t base, unsigned long page);

/* One object without explicit ranges; the second also waits for the fence. */
struct vmd_submit_result up_submit(struct up *up, struct vmd_bo *bo);
struct vmd_submit_result up_submit_wait(struct up *up, struct vmd_bo *bo);
struct vmd_submit_result
up_submit_all(struct up *up, const struct vmd_submit_bo *bos, size_t nr_bos);

/* I-1: device and guest show the same. */
void up_assert_equal(const struct vmd_bo *bo);

/* The entry that mm[@mm] has for a page. */
vmd_pte_t up_pte(struct up *up, unsigned int mm, vmd_va_t base,
		 unsigned long page);
unsigned int up_count_ptes(struct up *up, unsigned int mm, vmd_va_t base,
			   unsigned long nr_pages);

enum vmd_dirty_method up_method(struct vmd_bo *bo);
bool up_bit(const struct vmd_tracker *tracker, unsigned long page);
unsigned long up_weight(const struct vmd_tracker *tracker);

/*
 * VM-20 and VM-22 hold of a tracked object. @written, if not NULL, says which
 * pages were stored to since the last scan: VM-21.
 */
void up_check_tracker(struct vmd_bo *bo, const bool *written);

/* VM-22 alone, for trackers without page tables. */
void up_check_window(const struct vmd_tracker *tracker);

/*
 * A back end that has no pages: it notes what it is asked to do, finds dirty
 * what a test told it, and answers the counts that the test wrote down.
 */
#define UP_FAKE_PAGES 1024U
#define UP_FAKE_CALLS 64U

enum up_op {
	UP_ARM,
	UP_COLLECT,
	UP_UNMAP
};

struct up_call {
	enum up_op op;
	unsigned long first;
	unsigned long nr;
};

struct up_fake {
	struct vmd_dirty_backend backend;
	int probe_result;
	unsigned long arm_result; /* of every arm */
	bool dirty[UP_FAKE_PAGES]; /* what collect will find */
	bool dirty_at_arm[UP_FAKE_PAGES]; /* what is written just before arm */
	struct up_call calls[UP_FAKE_CALLS];
	unsigned int nr_calls;
};

void up_fake_init(struct up_fake *fake);

/* Compares what was asked since the last time with @calls. */
void up_assert_calls(struct up_fake *fake, const struct up_call *calls,
		     unsigned int nr);
#define UP_ASSERT_CALLS(fake, ...)                               \
	up_assert_calls(fake, (struct up_call[]){ __VA_ARGS__ }, \
			VMD_ARRAY_SIZE(((struct up_call[]){ __VA_ARGS__ })))
#define UP_ASSERT_NO_CALLS(fake) up_assert_calls(fake, NULL, 0)

#endif /* VMD_TESTS_UPFIX_H */
