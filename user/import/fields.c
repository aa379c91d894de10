// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fields.c: objects by tables of keys. Since writers keep an order, the key
 * that follows the last one in the table is tried first.
 */
#include "fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cp_fields_refuse(struct cp_fields *fields, const char *why)
{
	snprintf(fields->why, sizeof(fields->why), "%s", why);
	return -EINVAL;
}

void cp_fields_free(struct cp_fields *fields)
{
	free(fields->scratch);
	fields->scratch = NULL;
	fields->scratch_size = 0;
}

/* The grammar's word. */
static int refuse_json(struct cp_fields *fields)
{
	return cp_fields_refuse(fields, fields->pull.why);
}

/* Says of which member the reason is. */
static int name_member(struct cp_fields *fields, const char *key)
{
	char inner[sizeof(fields->why)];

	memcpy(inner, fields->why, sizeof(inner));
	snprintf(fields->why, sizeof(fields->why), "%s: %.*s", key, (int)(sizeof(inner) - strlen(key) - 3), inner);
	return -EINVAL;
}

const char *cp_fields_string(struct cp_fields *fields)
{
	size_t room = cp_pull_room(&fields->pull);

	if (!fields->pull.has_escapes)
		return cp_words_add(fields->words, fields->pull.text, fields->pull.len);
	if (room > fields->scratch_size) {
		char *grown = realloc(fields->scratch, room);

		if (!grown)
			return NULL;
		fields->scratch = grown;
		fields->scratch_size = room;
	}
	return cp_words_add(fields->words, fields->scratch, cp_pull_unescape(&fields->pull, fields->scratch));
}

bool cp_fields_says(const struct cp_fields *fields, const char *word)
{
	return fields->pull.kind == CP_PULL_STRING && cp_pull_is(&fields->pull, word);
}

int cp_fields_uint(struct cp_fields *fields, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;

	if (!cp_pull_uint(&fields->pull, &value))
		return cp_fields_refuse(fields, "a whole number is wanted");
	if (value > max)
		return cp_fields_refuse(fields, "the number is too large");
	*ret_value = value;
	return 0;
}

/* Most addresses by far. False: it is none, or one to be read with more care. */
static bool quick_v4(const char *text, size_t len, struct cp_addr *ret_addr)
{
	uint32_t addr = 0, octet = 0, n_digits = 0, n_dots = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (!n_digits || n_dots == 3)
				return false;
			addr = addr << 8 | octet;
			octet = n_digits = 0;
			n_dots++;
			continue;
		}
		if (text[i] < '0' || text[i] > '9' || (n_digits && !octet))
			return false;
		octet = octet * 10 + (uint32_t)(text[i] - '0');
		n_digits++;
		if (octet > 255)
			return false;
	}
	if (!n_digits || n_dots != 3)
		return false;
	*ret_addr = cp_addr_from_v4(addr << 8 | octet);
	return true;
}

int cp_fields_addr(struct cp_fields *fields, struct cp_addr *ret_addr)
{
	const struct cp_pull *pull = &fields->pull;
	char text[CP_ADDR_STRLEN];

	if (pull->kind != CP_PULL_STRING)
		return cp_fields_refuse(fields, "an address in quotes is wanted");
	if (quick_v4(pull->text, pull->len, ret_addr))
		return 0;
	if (pull->len >= sizeof(text))
		return cp_fields_refuse(fields, "not an address");
	cp_pull_unescape(pull, text);
	return cp_addr_parse(text, ret_addr) ? cp_fields_refuse(fields, "not an address") : 0;
}

static int store_uint(struct cp_fields *fields, const struct cp_field *field, char *to)
{
	uint64_t value, max = field->size == 8 ? UINT64_MAX : (1ull << field->size * 8) - 1;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
	int rc = cp_fields_uint(fields, max, &value);

	if (rc)
		return rc;
	u32 = (uint32_t)value;
	u16 = (uint16_t)value;
	u8 = (uint8_t)value;
	switch (field->size) {
	case 1:
		memcpy(to, &u8, 1);
		break;
	case 2:
		memcpy(to, &u16, 2);
		break;
	case 4:
		memcpy(to, &u32, 4);
		break;
	default:
		memcpy(to, &value, 8);
	}
	return 0;
}

static int store_string(struct cp_fields *fields, char *to)
{
	const char *string;

	if (fields->pull.kind != CP_PULL_STRING)
		return cp_fields_refuse(fields, "a string is wanted");
	string = cp_fields_string(fields);
	if (!string)
		return -ENOMEM;
	memcpy(to, &string, sizeof(string));
	return 0;
}

static int store_bool(struct cp_fields *fields, char *to)
{
	if (fields->pull.kind != CP_PULL_TRUE && fields->pull.kind != CP_PULL_FALSE)
		return cp_fields_refuse(fields, "true or false is wanted");
	*to = fields->pull.kind == CP_PULL_TRUE;
	return 0;
}

/* The value whose first token is read into its member. */
static int store(struct cp_fields *fields, const struct cp_field *field, void *out)
{
	char *to = (char *)out + field->offset;

	switch (field->kind) {
	case CP_FIELD_UINT:
		return store_uint(fields, field, to);
	case CP_FIELD_STRING:
		return store_string(fields, to);
	case CP_FIELD_BOOL:
		return store_bool(fields, to);
	case CP_FIELD_ADDR:
		return cp_fields_addr(fields, (struct cp_addr *)(void *)to);
	default:
		return field->read(fields, out);
	}
}

static bool is_key(const struct cp_field *field, const char *key, size_t len)
{
	return field->key_len == len && memcmp(field->key, key, len) == 0;
}

/* Index of the key that was read, looked for from `guess` on; n: not in the table. */
static size_t find_key(const struct cp_pull *pull, const struct cp_field *table, size_t n, size_t guess)
{
	char plain[128];
	const char *key = pull->text;
	size_t len = pull->len;

	if (pull->has_escapes && cp_pull_room(pull) <= sizeof(plain)) {
		len = cp_pull_unescape(pull, plain);
		key = plain;
	}
	for (size_t i = 0; i < n; i++, guess++) {
		guess = guess < n ? guess : 0;
		if (is_key(&table[guess], key, len))
			return guess;
	}
	return n;
}

int cp_fields_read(struct cp_fields *fields, const struct cp_field *table, size_t n, void *out)
{
	struct cp_pull *pull = &fields->pull;
	size_t guess = 0;

	for (;;) {
		enum cp_pull_kind kind = cp_pull_next(pull);
		size_t found;
		int rc;

		if (kind == CP_PULL_OBJECT_END)
			return 0;
		if (kind == CP_PULL_ERROR)
			return refuse_json(fields);
		found = find_key(pull, table, n, guess);
		if (found == n) {
			if (!cp_pull_skip(pull))
				return refuse_json(fields);
			continue;
		}
		guess = found + 1;
		kind = cp_pull_next(pull);
		if (kind == CP_PULL_ERROR)
			return refuse_json(fields);
		rc = kind == CP_PULL_NULL ? 0 : store(fields, &table[found], out);
		if (rc)
			return rc == -EINVAL ? name_member(fields, table[found].key) : rc;
	}
}

int cp_fields_object(struct cp_fields *fields, const struct cp_field *table, size_t n, void *out)
{
	if (fields->pull.kind != CP_PULL_OBJECT)
		return cp_fields_refuse(fields, "an object is wanted");
	return cp_fields_read(fields, table, n, out);
}

int cp_fields_array(struct cp_fields *fields, int (*item)(struct cp_fields *fields, void *out), void *out)
{
	if (fields->pull.kind != CP_PULL_ARRAY)
		return cp_fields_refuse(fields, "an array is wanted");
	for (;;) {
		enum cp_pull_kind kind = cp_pull_next(&fields->pull);
		int rc;

		if (kind == CP_PULL_ARRAY_END)
			return 0;
		if (kind == CP_PULL_ERROR)
			return refuse_json(fields);
		rc = item(fields, out);
		if (rc)
			return rc;
	}
}
