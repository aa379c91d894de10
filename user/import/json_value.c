// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * json_value.c: the kinds of members. Messages name the key, never what it
 * holds: that may be anything.
 */
#include "json_value.h"

#include <errno.h>

static int wants(struct cp_err *err, const char *key, const char *what)
{
	return cp_err_set(err, -EINVAL, "%s: %s is wanted", key, what);
}

static json_t *get(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_null(value) ? NULL : value;
}

int cp_value_real(const json_t *object, const char *key, double *ret_value, struct cp_err *err)
{
	const json_t *value = get(object, key);

	if (!value)
		return 0;
	if (!json_is_number(value))
		return wants(err, key, "a number");
	*ret_value = json_number_value(value);
	return 1;
}

/* Some writers give whole numbers a fraction of 0. */
int cp_value_uint(const json_t *object, const char *key, uint64_t max, uint64_t *ret_value, struct cp_err *err)
{
	const json_t *value = get(object, key);
	double real;

	if (!value)
		return 0;
	real = json_number_value(value);
	if (!json_is_number(value) || real < 0 || real >= 1e18 || real != (double)(uint64_t)real)
		return wants(err, key, "a whole number");
	if (json_is_integer(value) ? (uint64_t)json_integer_value(value) > max : real > (double)max)
		return cp_err_set(err, -EINVAL, "%s: the number is too large", key);
	*ret_value = json_is_integer(value) ? (uint64_t)json_integer_value(value) : (uint64_t)real;
	return 1;
}

int cp_value_bool(const json_t *object, const char *key, bool *ret_value, struct cp_err *err)
{
	const json_t *value = get(object, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return wants(err, key, "true or false");
	*ret_value = json_is_true(value);
	return 1;
}

int cp_value_string(const json_t *object, const char *key, const char **ret_value, struct cp_err *err)
{
	const json_t *value = get(object, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return wants(err, key, "a string");
	*ret_value = json_string_value(value);
	return 1;
}

int cp_value_addr(const json_t *object, const char *key, struct cp_addr *ret_value, struct cp_err *err)
{
	const char *text;
	int rc = cp_value_string(object, key, &text, err);

	if (rc <= 0)
		return rc;
	return cp_addr_parse(text, ret_value) ? wants(err, key, "an address") : 1;
}

int cp_value_array(const json_t *object, const char *key, json_t **ret_value, struct cp_err *err)
{
	json_t *value = get(object, key);

	if (!value)
		return 0;
	if (!json_is_array(value))
		return wants(err, key, "an array");
	*ret_value = value;
	return 1;
}

int cp_value_object(const json_t *object, const char *key, json_t **ret_value, struct cp_err *err)
{
	json_t *value = get(object, key);

	if (!value)
		return 0;
	if (!json_is_object(value))
		return wants(err, key, "an object");
	*ret_value = value;
	return 1;
}

int cp_value_ms(const json_t *object, const char *key, uint32_t *ret_us, struct cp_err *err)
{
	double ms = 0, us;
	int rc = cp_value_real(object, key, &ms, err);

	if (rc <= 0)
		return rc;
	us = ms * 1000 + 0.5;
	if (ms < 0 || us >= UINT32_MAX)
		return wants(err, key, "a time from 0 ms to 4,294 s");
	*ret_us = ms > 0 && us < 1 ? 1 : (uint32_t)us;
	return 1;
}
