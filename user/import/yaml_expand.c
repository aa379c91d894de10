// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * yaml_expand.c: what aliases and "<<" stand for, written out in the tree, and
 * the tree as text that has neither. Recursion is as deep as values may be
 * nested. Must not know libyaml.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_outline.h"

/* ---- copies ---- */

static char *copy_text(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

/* Takes as.key over, also on failure. */
int cp_outline_copy(struct cp_outline *outline, uint32_t from, struct cp_outline_node as, unsigned depth)
{
	uint32_t number, child = outline->nodes[from].first;
	bool failed = false;
	int rc;

	as.kind = outline->nodes[from].kind;
	as.is_null = outline->nodes[from].is_null;
	as.next = as.first = as.last = CP_OUTLINE_NONE;
	as.value = copy_text(outline->nodes[from].value, &failed);
	rc = failed ? -ENOMEM : depth >= CP_OUTLINE_DEPTH && as.kind != CP_OUTLINE_SCALAR ? -E2BIG : 0;
	rc = rc ? rc : cp_outline_add(outline, &as, &number);
	if (rc) {
		free(as.key);
		free(as.value);
		return rc;
	}
	for (; child != CP_OUTLINE_NONE && rc == 0; child = outline->nodes[child].next) {
		struct cp_outline_node copy = outline->nodes[child];

		copy.parent = number;
		copy.key = copy_text(copy.key, &failed);
		if (failed)
			return -ENOMEM;
		rc = cp_outline_copy(outline, child, copy, depth + 1);
	}
	return rc;
}

/* ---- merges ---- */

static uint32_t count_children(const struct cp_outline *outline, uint32_t node)
{
	uint32_t n = 0;

	for (uint32_t i = outline->nodes[node].first; i != CP_OUTLINE_NONE; i = outline->nodes[i].next)
		n++;
	return n;
}

/* Adds the entries of mapping `from` that `into` does not have. */
static int merge_one(struct cp_outline *outline, uint32_t from, uint32_t into, unsigned depth)
{
	int rc = 0;

	if (count_children(outline, from) > CP_OUTLINE_KEYS || count_children(outline, into) > CP_OUTLINE_KEYS)
		return -E2BIG;
	for (uint32_t i = outline->nodes[from].first; i != CP_OUTLINE_NONE && rc == 0; i = outline->nodes[i].next) {
		struct cp_outline_node copy = outline->nodes[i];

		if (cp_outline_key(outline, &outline->nodes[into], copy.key))
			continue;
		copy.parent = into;
		copy.key = strdup(copy.key);
		rc = copy.key ? cp_outline_copy(outline, i, copy, depth) : -ENOMEM;
	}
	return rc;
}

static int merge_entry(struct cp_outline *outline, uint32_t entry, uint32_t mapping, unsigned depth, uint32_t *ret_bad)
{
	int rc = 0;

	*ret_bad = entry;
	if (outline->nodes[entry].kind == CP_OUTLINE_MAPPING)
		return merge_one(outline, entry, mapping, depth);
	if (outline->nodes[entry].kind != CP_OUTLINE_LIST)
		return -EINVAL;
	for (uint32_t i = outline->nodes[entry].first; i != CP_OUTLINE_NONE && rc == 0; i = outline->nodes[i].next) {
		*ret_bad = i;
		rc = outline->nodes[i].kind == CP_OUTLINE_MAPPING ? merge_one(outline, i, mapping, depth) : -EINVAL;
	}
	return rc;
}

/* Takes the first entry of that key out of the mapping. CP_OUTLINE_NONE: there is none. */
static uint32_t take_out(struct cp_outline *outline, uint32_t mapping, const char *key)
{
	struct cp_outline_node *nodes = outline->nodes;
	uint32_t before = CP_OUTLINE_NONE, entry = nodes[mapping].first;

	while (entry != CP_OUTLINE_NONE && strcmp(nodes[entry].key, key) != 0) {
		before = entry;
		entry = nodes[entry].next;
	}
	if (entry == CP_OUTLINE_NONE)
		return entry;
	if (before == CP_OUTLINE_NONE)
		nodes[mapping].first = nodes[entry].next;
	else
		nodes[before].next = nodes[entry].next;
	if (nodes[mapping].last == entry)
		nodes[mapping].last = before;
	return entry;
}

int cp_outline_merge(struct cp_outline *outline, uint32_t mapping, unsigned depth, uint32_t *ret_bad)
{
	uint32_t entry = take_out(outline, mapping, "<<"); /* a second one is a key that is not known */

	if (entry == CP_OUTLINE_NONE)
		return 0;
	outline->is_expanded = true;
	return merge_entry(outline, entry, mapping, depth, ret_bad);
}

/* ---- text ---- */

struct text {
	char *buf;
	size_t len, cap;
	bool failed;
};

static void put(struct text *text, const char *bytes, size_t n)
{
	if (text->failed)
		return;
	if (text->cap - text->len < n) {
		size_t cap = (text->cap + n) * 2;
		char *more = realloc(text->buf, cap);

		if (!more) {
			text->failed = true;
			return;
		}
		text->buf = more;
		text->cap = cap;
	}
	memcpy(text->buf + text->len, bytes, n);
	text->len += n;
}

/* Characters that YAML takes for the end of a line, or does not take at all, outside of an escape. */
static const struct {
	const char *bytes, *escape;
} special[] = {
        {"\"", "\\\""},
        {"\\", "\\\\"},
        {"\xe2\x80\xa8", "\\u2028"},
        {"\xe2\x80\xa9", "\\u2029"},
        {"\xef\xbb\xbf", "\\ufeff"},
        {"\xef\xbf\xbe", "\\ufffe"},
        {"\xef\xbf\xbf", "\\uffff"},
};

/* One character or byte, escaped if it must be; returns how many bytes it has. */
static size_t put_character(struct text *text, const char *s)
{
	unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];
	char escape[8];

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		size_t len = strlen(special[i].bytes);

		if (strncmp(s, special[i].bytes, len) == 0) {
			put(text, special[i].escape, strlen(special[i].escape));
			return len;
		}
	}
	if (c == 0xc2 && next < 0xa0) { /* U+0080 to U+009F */
		put(text, escape, (size_t)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)next));
		return 2;
	}
	if (c < ' ' || c == 0x7f)
		put(text, escape, (size_t)snprintf(escape, sizeof(escape), "\\x%02x", (unsigned)c));
	else
		put(text, s, 1);
	return 1;
}

static void put_scalar(struct text *text, const char *value)
{
	put(text, "\"", 1);
	while (*value)
		value += put_character(text, value);
	put(text, "\"", 1);
}

static void put_node(struct text *text, const struct cp_outline *outline, const struct cp_outline_node *node)
{
	bool is_list = node->kind == CP_OUTLINE_LIST;

	if (node->key) {
		put_scalar(text, node->key);
		put(text, ": ", 2);
	}
	if (node->kind == CP_OUTLINE_SCALAR) {
		if (node->is_null)
			put(text, "~", 1);
		else
			put_scalar(text, node->value);
		return;
	}
	put(text, is_list ? "[" : "{", 1);
	for (const struct cp_outline_node *child = cp_outline_child(outline, node); child;
	        child = cp_outline_next(outline, child)) {
		put_node(text, outline, child);
		put(text, ",\n", 2);
	}
	put(text, is_list ? "]" : "}", 1);
}

int cp_outline_write(const struct cp_outline *outline, char **ret_text, size_t *ret_len)
{
	struct text text = {0};

	put_node(&text, outline, cp_outline_root(outline));
	if (text.failed) {
		free(text.buf);
		return -ENOMEM;
	}
	*ret_text = text.buf;
	*ret_len = text.len;
	return 0;
}
