/* SPDX-License-Identifier: MIT */
/*
 * The one part of JSON that can be written wrongly.
 */
#ifndef VMMDIRTY_TOOL_JSON_H
#define VMMDIRTY_TOOL_JSON_H

#include <stdio.h>

/* Quoted and escaped; a byte that is not part of UTF-8 comes out as '?'. */
void put_json_string(FILE *to, const char *text);

#endif /* VMMDIRTY_TOOL_JSON_H */
