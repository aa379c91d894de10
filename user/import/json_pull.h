/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_pull.h: reads JSON (RFC 8259) one token at a time, in place: nothing is
 * copied and nothing allocated. Strict: UTF-8 is checked, control characters
 * and lone surrogates are refused, nesting is limited. Must not know what a
 * text is about.
 */
#ifndef CP_JSON_PULL_H
#define CP_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CP_PULL_DEPTH 64 /* containers in each other */

enum cp_pull_kind {
	CP_PULL_ERROR = 0, /* pull->why says what is wrong, at pull->at; it stays so */
	CP_PULL_END, /* the value is complete; what follows it, at pull->at, was not looked at */
	CP_PULL_OBJECT,
	CP_PULL_OBJECT_END,
	CP_PULL_ARRAY,
	CP_PULL_ARRAY_END,
	CP_PULL_KEY, /* of an object; its value is next */
	CP_PULL_STRING,
	CP_PULL_NUMBER,
	CP_PULL_TRUE,
	CP_PULL_FALSE,
	CP_PULL_NULL,
};

struct cp_pull {
	/* The token read last; of a string or key what stands between the quotes. */
	enum cp_pull_kind kind;
	const char *text;
	size_t len;
	bool has_escapes; /* text is not yet what it means: cp_pull_unescape() */
	const char *at; /* where reading goes on */
	const char *why; /* of CP_PULL_ERROR */
	/* private */
	const char *end;
	uint64_t objects; /* bit per level: it is an object */
	uint32_t depth;
	uint8_t state;
};

/* Starts at a value, white space before it allowed. The text is borrowed and need not end in NUL. */
void cp_pull_init(struct cp_pull *pull, const char *text, size_t len);
/* The next token. */
enum cp_pull_kind cp_pull_next(struct cp_pull *pull);
/* Behind a token that begins a value (or a key): reads to the end of that value. False: pull->why says what is wrong.
 */
bool cp_pull_skip(struct cp_pull *pull);
/* True when nothing but white space follows. */
bool cp_pull_rest_is_blank(const struct cp_pull *pull);

/* True when the token's text is word, which has no need for escapes. */
bool cp_pull_is(const struct cp_pull *pull, const char *word);
/*
 * What a string or key means, with a NUL behind it; a NUL in it becomes U+FFFD. ret_text has room for
 * cp_pull_room(pull) bytes. Returns its length.
 */
size_t cp_pull_unescape(const struct cp_pull *pull, char *ret_text);
size_t cp_pull_room(const struct cp_pull *pull);
/* A number that is a whole one from 0 to UINT64_MAX, written without fraction and exponent. */
bool cp_pull_uint(const struct cp_pull *pull, uint64_t *ret_value);
/* A number that a double can hold. */
bool cp_pull_double(const struct cp_pull *pull, double *ret_value);

#endif
