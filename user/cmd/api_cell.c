// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * api_cell.c: a cell of the store as a field of JSON, by what its name says
 * (store_questions.c). Knows no endpoint.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"

#define DECIMALS 2

/* "a,b" as an array; NULL: none in it. */
static void write_list(struct cp_json *json, const struct cp_store_cell *cell)
{
	const char *at = cell->text;

	while (at && *at) {
		size_t len = strcspn(at, ",");

		if (len)
			cp_json_string_n(json, NULL, 0, at, len);
		at += len + (at[len] == ',');
	}
}

/* The length of the JSON string at text, which starts with a quote; as far as the text goes when it has no end. */
static size_t quoted_length(const char *text)
{
	size_t n = 1;

	while (text[n] && text[n] != '"')
		n += text[n] == '\\' && text[n + 1] ? 2 : 1;
	return n + (text[n] == '"');
}

/* "* 8075 \"IXP:A B\"" as an array: steps are words, or JSON strings. */
static void write_steps(struct cp_json *json, const struct cp_store_cell *cell)
{
	const char *at = cell->text;

	while (at && *at) {
		size_t len;

		at += strspn(at, " ");
		len = *at == '"' ? quoted_length(at) : strcspn(at, " ");
		if (*at == '"' && len > 1 && at[len - 1] == '"')
			cp_json_value_n(json, NULL, 0, at, len);
		else if (len)
			cp_json_string_n(json, NULL, 0, at, len);
		at += len;
	}
}

static void write_real(struct cp_json *json, const char *key, size_t n_key, double real)
{
	double scaled = real * 100;

	if (isfinite(scaled) && scaled >= 0 && scaled < 1e15)
		cp_json_fixed_n(json, key, n_key, (uint64_t)(scaled + 0.5), DECIMALS);
	else
		cp_json_null_n(json, key, n_key);
}

void cp_api_cell(struct cp_json *json, const struct cp_store_cell *cell)
{
	const char *key = cell->name, *kind = strchr(key, ':');
	size_t n_key = kind ? (size_t)(kind - key) : strlen(key);

	kind = kind ? kind + 1 : "";
	if (strcmp(kind, "list") == 0 || strcmp(kind, "steps") == 0) {
		cp_json_open_n(json, key, n_key, '[');
		if (*kind == 'l')
			write_list(json, cell);
		else
			write_steps(json, cell);
		cp_json_close(json, ']');
	} else if (cell->is_null) {
		cp_json_null_n(json, key, n_key);
	} else if (strcmp(kind, "bool") == 0) {
		cp_json_bool_n(json, key, n_key, cell->number != 0);
	} else if (strcmp(kind, "json") == 0 && cell->text) {
		cp_json_value_n(json, key, n_key, cell->text, cell->len);
	} else if (cell->text) {
		cp_json_string_n(json, key, n_key, cell->text, cell->len);
	} else if (cell->is_real) {
		write_real(json, key, n_key, cell->real);
	} else {
		cp_json_int_n(json, key, n_key, cell->number);
	}
}
