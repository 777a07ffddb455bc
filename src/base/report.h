/* SPDX-License-Identifier: MIT */
/*
 * Broken contracts and warnings. An error is what can happen to a correct
 * caller and is returned; a bug is what a correct caller never does: it is
 * reported with both places, then the program ends, unless a hook looks.
 */
#ifndef VMD_SRC_BASE_REPORT_H
#define VMD_SRC_BASE_REPORT_H

#include <stdbool.h>

#include "base/env.h"

#define VMD_HERE    ((struct vmd_place){ .file = __FILE__, .line = __LINE__ })
#define VMD_NOWHERE ((struct vmd_place){ .file = NULL, .line = 0 })

/* As the kernel's WARN(): counted, handed to the hook, survived. */
void vmd_warn(struct vmd_env *env, struct vmd_place here, const char *text);

/* Returns only to a hook. */
void vmd_bug(struct vmd_env *env, struct vmd_place here, struct vmd_place there,
	     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Is @cond true? Then warn, and say so. @cond has no side effects. */
#define VMD_WARN_ON(env, cond) vmd_warn_if(env, VMD_HERE, cond, #cond)
#define VMD_BUG_ON(env, cond)  vmd_bug_if(env, VMD_HERE, cond, #cond)

static inline bool vmd_warn_if(struct vmd_env *env, struct vmd_place here,
			       bool cond, const char *text)
{
	if (cond)
		vmd_warn(env, here, text);
	return cond;
}

static inline bool vmd_bug_if(struct vmd_env *env, struct vmd_place here,
			      bool cond, const char *text)
{
	if (cond)
		vmd_bug(env, here, VMD_NOWHERE, "%s", text);
	return cond;
}

#endif /* VMD_SRC_BASE_REPORT_H */
