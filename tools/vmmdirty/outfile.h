/* SPDX-License-Identifier: MIT */
/*
 * A file that appears whole or not at all: opened under a name of its own
 * before long work begins, renamed when it is complete.
 */
#ifndef VMMDIRTY_TOOL_OUTFILE_H
#define VMMDIRTY_TOOL_OUTFILE_H

#include <stdio.h>

struct outfile {
	char path[4096];
	char temporary[4104];
	FILE *to; /* NULL: not open */
};

/* 0 or -errno; @name is in @dir, or alone if that is NULL. */
int outfile_open(struct outfile *file, const char *dir, const char *name);

/* Renames it; 0 or -errno. */
int outfile_commit(struct outfile *file);

/* Removes what was written so far; harmless if it is not open. */
void outfile_abort(struct outfile *file);

#endif /* VMMDIRTY_TOOL_OUTFILE_H */
