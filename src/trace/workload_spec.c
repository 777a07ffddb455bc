/* SPDX-License-Identifier: MIT */
/*
 * Parsing "name:key=value,key=value". Every complaint names the character, the
 * first being number 1, at which it arose.
 */
#include <errno.h>
#include <string.h>

#include "trace/say.h"
#include "trace/workload.h"

typedef unsigned long long llu;

#define FRACTION_DIGITS 6

/* Where the parser stands. */
struct cursor {
	const char *spec;
	const char *at;
	struct vmd_trace_error *error;
};

/* Complains about the character at @place. */
static struct vmd_say_where at(const struct cursor *c, const char *place)
{
	return (struct vmd_say_where){ c->spec, "character",
				       (uint64_t)(place - c->spec) + 1 };
}

/* A span of the spec for "%.*s"; what is too long is cut. */
static int width(size_t len)
{
	return len > 40 ? 40 : (int)len;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static const struct vmd_workload_rule *find_rule(const char *name, size_t len)
{
	const struct vmd_workload_rule *rule;
	size_t i;

	for (i = 0; (rule = vmd_workload_rule(i)); i++) {
		if (is_word(name, len, rule->name))
			return rule;
	}
	return NULL;
}

/* The number of a parameter; that of the NULL at the end if there is none. */
static size_t find_param(const struct vmd_workload_rule *rule, const char *name,
			 size_t len)
{
	size_t i;

	for (i = 0; rule->params[i].name; i++) {
		if (is_word(name, len, rule->params[i].name))
			break;
	}
	return i;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Appends the digit at the cursor; false if the number becomes too large. */
static bool take_digit(struct cursor *c, uint64_t *value)
{
	uint64_t digit = (uint64_t)(*c->at - '0');

	c->at++;
	return !__builtin_mul_overflow(*value, 10, value) &&
	       !__builtin_add_overflow(*value, digit, value);
}

/* Digits; for a fraction also a point and up to six more, in millionths. */
static bool take_value(struct cursor *c, bool is_fraction, uint64_t *value)
{
	int digits = 0;
	bool ok = is_digit(*c->at);

	*value = 0;
	while (ok && is_digit(*c->at))
		ok = take_digit(c, value);
	if (!ok || !is_fraction)
		return ok;

	if (*c->at == '.') {
		c->at++;
		ok = is_digit(*c->at);
		for (; ok && is_digit(*c->at); digits++)
			ok = digits < FRACTION_DIGITS && take_digit(c, value);
	}
	for (; ok && digits < FRACTION_DIGITS; digits++)
		ok = !__builtin_mul_overflow(*value, 10, value);
	return ok;
}

static int bad_value(const struct cursor *c, const char *place,
		     const struct vmd_workload_param *param)
{
	if (param->is_fraction)
		vmd_say(c->error, at(c, place),
			"%s is a fraction in %llu.%06llu..%llu.%06llu",
			param->name, (llu)(param->min / VMD_PPM),
			(llu)(param->min % VMD_PPM),
			(llu)(param->max / VMD_PPM),
			(llu)(param->max % VMD_PPM));
	else
		vmd_say(c->error, at(c, place), "%s is a number in %llu..%llu",
			param->name, (llu)param->min, (llu)param->max);
	return -EINVAL;
}

static int parse_value(struct cursor *c, const struct vmd_workload_param *param,
		       uint64_t *value)
{
	const char *place = c->at;
	bool ok = take_value(c, param->is_fraction, value);

	if (!ok || *value < param->min || *value > param->max ||
	    (*c->at && *c->at != ','))
		return bad_value(c, place, param);
	return 0;
}

/* @seen: a bit for each parameter that was set before. */
static int parse_param(struct cursor *c, const struct vmd_workload_rule *rule,
		       uint64_t param[VMD_WORKLOAD_PARAMS], unsigned int *seen)
{
	const char *name = c->at;
	size_t len = strcspn(name, "=,");
	size_t i = find_param(rule, name, len);

	if (!rule->params[i].name) {
		vmd_say(c->error, at(c, name), "%s has no parameter '%.*s'",
			rule->name, width(len), name);
		return -EINVAL;
	}
	if (*seen & 1U << i) {
		vmd_say(c->error, at(c, name), "%s was set before",
			rule->params[i].name);
		return -EINVAL;
	}
	*seen |= 1U << i;
	c->at += len;
	if (*c->at != '=') {
		vmd_say(c->error, at(c, c->at), "'=' was expected");
		return -EINVAL;
	}
	c->at++;
	return parse_value(c, &rule->params[i], &param[i]);
}

static int parse_params(struct cursor *c, const struct vmd_workload_rule *rule,
			uint64_t param[VMD_WORKLOAD_PARAMS])
{
	unsigned int seen = 0;
	int err;

	do {
		c->at++; /* the colon or the comma */
		err = parse_param(c, rule, param, &seen);
	} while (!err && *c->at == ',');
	return err;
}

int vmd_workload_parse(const char *spec, const struct vmd_workload_rule **rule,
		       uint64_t param[VMD_WORKLOAD_PARAMS],
		       struct vmd_trace_error *error)
{
	struct cursor c = { spec, spec, error };
	size_t len = strcspn(spec, ":");
	size_t i;

	*rule = find_rule(spec, len);
	if (!*rule) {
		vmd_say(error, at(&c, spec), "no workload '%.*s'", width(len),
			spec);
		return -EINVAL;
	}
	for (i = 0; (*rule)->params[i].name; i++)
		param[i] = (*rule)->params[i].value;
	c.at += len;
	return *c.at ? parse_params(&c, *rule, param) : 0;
}
