/* SPDX-License-Identifier: MIT */
/*
 * Lock rules for people and for clang's -Wthread-safety; other compilers see
 * nothing. Written behind the parameter list.
 *
 * The lock inside an opaque struct has no field name that a caller could say,
 * so an accessor names it, which need not even be defined:
 *
 *	int f(struct vmd_mapping *m) vmd_must_hold(vmd_mapping_rwsem(m));
 */
#ifndef VMMDIRTY_CONTEXT_H
#define VMMDIRTY_CONTEXT_H

#ifdef __clang__
#define VMD_CONTEXT(attribute) __attribute__((attribute))
#else
#define VMD_CONTEXT(attribute)
#endif

/** The struct is a lock; @name is what a diagnostic calls it. */
#define vmd_lock_type(name) VMD_CONTEXT(capability(name))

/** Held by the caller, before and after. */
#define vmd_must_hold(...) VMD_CONTEXT(requires_capability(__VA_ARGS__))
#define vmd_must_hold_shared(...) \
	VMD_CONTEXT(requires_shared_capability(__VA_ARGS__))
#define vmd_must_not_hold(...) VMD_CONTEXT(locks_excluded(__VA_ARGS__))

/** Taken by this function, and still held when it returns. */
#define vmd_acquires(...) VMD_CONTEXT(acquire_capability(__VA_ARGS__))
#define vmd_acquires_shared(...) \
	VMD_CONTEXT(acquire_shared_capability(__VA_ARGS__))

/** Given back by this function. */
#define vmd_releases(...) VMD_CONTEXT(release_capability(__VA_ARGS__))
#define vmd_releases_shared(...) \
	VMD_CONTEXT(release_shared_capability(__VA_ARGS__))

/** Taken if the result is @ret: 0 of an int, 1 of a bool or a pointer. */
#define vmd_cond_acquires(ret, ...) \
	VMD_CONTEXT(try_acquire_capability(ret, __VA_ARGS__))

/** Checked at run time; clang believes it from here on. */
#define vmd_asserts_held(...) VMD_CONTEXT(assert_capability(__VA_ARGS__))
#define vmd_asserts_held_shared(...) \
	VMD_CONTEXT(assert_shared_capability(__VA_ARGS__))

/** A place in the lock order; for the rank tokens alone. */
#define vmd_acquired_after(...) VMD_CONTEXT(acquired_after(__VA_ARGS__))

/** clang cannot follow this body; @why tells a reader. */
#define vmd_no_context_analysis(why) VMD_CONTEXT(no_thread_safety_analysis)

/** The lock of a field: clang parses a sibling's name from version 19 on. */
#if defined(__clang__) && __clang_major__ >= 19
#define vmd_guarded_by(...) VMD_CONTEXT(guarded_by(__VA_ARGS__))
#else
#define vmd_guarded_by(...)
#endif

#endif /* VMMDIRTY_CONTEXT_H */
