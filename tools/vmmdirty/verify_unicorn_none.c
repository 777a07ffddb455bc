/* SPDX-License-Identifier: MIT */
/*
 * In place of verify_unicorn.c where Unicorn cannot be had.
 */
#include <errno.h>

#include "verify_unicorn.h"

int verify_unicorn_run(const struct verify_unicorn *args,
		       struct verify_tally *tally, const char **why)
{
	(void)args;
	(void)tally;
#ifdef VMD_SANITIZED
	*why = "not in a build with sanitizers, which need the address space";
#else
	*why = "built without libunicorn-dev (Unicorn 2)";
#endif
	return -ENOTSUP;
}
