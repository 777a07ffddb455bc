/* SPDX-License-Identifier: MIT */
/*
 * Names of files are any bytes but 0; a JSON text is UTF-8 (RFC 8259, 8.1).
 */
#include "json.h"

#include <stddef.h>

/* How many bytes a character has, by its first; 0: none begins so. */
static size_t utf8_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Overlong forms, surrogates, and what lies behind U+10FFFF. */
static int is_bad_second(unsigned char first, unsigned char second)
{
	return (first == 0xe0 && second < 0xa0) ||
	       (first == 0xed && second > 0x9f) ||
	       (first == 0xf0 && second < 0x90) ||
	       (first == 0xf4 && second > 0x8f);
}

/* As utf8_len(), of a whole character. */
static size_t char_len(const unsigned char *text)
{
	size_t len = utf8_len(text[0]);
	size_t i;

	for (i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return len > 1 && is_bad_second(text[0], text[1]) ? 0 : len;
}

void put_json_string(FILE *to, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	(void)fputc('"', to);
	while (*c) {
		size_t len = char_len(c);

		if (*c == '"' || *c == '\\')
			(void)fprintf(to, "\\%c", *c);
		else if (*c < 0x20)
			(void)fprintf(to, "\\u%04x", *c);
		else if (len)
			(void)fwrite(c, 1, len, to);
		else
			(void)fputc('?', to);
		c += len ? len : 1;
	}
	(void)fputc('"', to);
}
