/* SPDX-License-Identifier: MIT */
/*
 * A file that appears whole or not at all: written under a name of its own,
 * renamed when it is complete.
 */
#ifndef VMMDIRTY_TOOL_OUTFILE_H
#define VMMDIRTY_TOOL_OUTFILE_H

#include <stdio.h>

struct outfile {
	char path[4096];
	char temporary[4128]; /* "": there is none */
	FILE *to; /* NULL: not open */
};

/* 0 or -errno. What is there already must be a regular file. */
int outfile_open(struct outfile *file, const char *dir, const char *name);

/* Nothing more is written; 0 or -errno. */
int outfile_close(struct outfile *file);

/* Puts the closed file in its place; 0 or -errno. */
int outfile_commit(struct outfile *file);

/* Removes what was written so far; harmless if there is nothing. */
void outfile_abort(struct outfile *file);

#endif /* VMMDIRTY_TOOL_OUTFILE_H */
