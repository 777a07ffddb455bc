/* SPDX-License-Identifier: MIT */
/*
 * What every public header needs: visibility, version, scalars, and the form
 * in which the library complains.
 */
#ifndef VMMDIRTY_BASE_H
#define VMMDIRTY_BASE_H

#include <stddef.h>
#include <stdint.h>

/** Changes when a program must be changed. */
#define VMD_VERSION_MAJOR 0
/** Before 1.0: changes when a program must be compiled again. */
#define VMD_VERSION_MINOR 1
/** Changes when only the inside changed. */
#define VMD_VERSION_PATCH 0

/** A function that the library exports; everything else stays hidden. */
#define VMD_API __attribute__((visibility("default")))

/** The caller must look at the result. */
#define vmd_must_check __attribute__((warn_unused_result))

/** Opens the declarations of a header, for C++. */
#ifdef __cplusplus
#define VMD_BEGIN_DECLS extern "C" {
#else
#define VMD_BEGIN_DECLS
#endif

/** Closes what VMD_BEGIN_DECLS opened. */
#ifdef __cplusplus
#define VMD_END_DECLS }
#else
#define VMD_END_DECLS
#endif

/** log2 of the bytes in a page. */
#define VMD_PAGE_SHIFT 12
/** Bytes in a page. */
#define VMD_PAGE_SIZE (UINT64_C(1) << VMD_PAGE_SHIFT)
/** Clears the offset within a page. */
#define VMD_PAGE_MASK (~(VMD_PAGE_SIZE - 1))

/** A virtual address of a simulated machine. */
typedef uint64_t vmd_va_t;
/** A physical address of a simulated machine. */
typedef uint64_t vmd_pa_t;
/** A page frame's number: its physical address in pages. */
typedef uint64_t vmd_pfn_t;
/** A page's place in an object, in pages. */
typedef uint64_t vmd_pgoff_t;

/**
 * struct vmd_place - a line of source
 * @file: its file, or NULL if there is no such place
 * @line: its line
 */
struct vmd_place {
	const char *file;
	int line;
};

/**
 * enum vmd_report_kind - how bad it is
 * @VMD_REPORT_WARN: odd but survivable, as the kernel's WARN
 * @VMD_REPORT_BUG: a contract was broken, as the kernel's BUG
 */
enum vmd_report_kind {
	VMD_REPORT_WARN,
	VMD_REPORT_BUG
};

/**
 * struct vmd_report - a broken contract, or a warning
 * @kind: how bad it is
 * @text: what is wrong, one line without a newline
 * @here: where it was noticed
 * @there: the other place that it is about, if any
 */
struct vmd_report {
	enum vmd_report_kind kind;
	const char *text;
	struct vmd_place here;
	struct vmd_place there;
};

/**
 * typedef vmd_report_fn - receives reports instead of stderr
 *
 * After a VMD_REPORT_BUG the call that broke the contract goes on as if it had
 * not been made: good enough for a test to look, not for a program to live on.
 *
 * Context: Wherever the contract was broken; locks may be held. Must not call
 *          the library.
 */
typedef void (*vmd_report_fn)(void *arg, const struct vmd_report *report);

#endif /* VMMDIRTY_BASE_H */
