/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fields.h: JSON objects into structs, by tables of their keys. Keys that the
 * table does not name are passed over, null leaves a member as it is. Must not
 * know what the members mean.
 */
#ifndef CP_FIELDS_H
#define CP_FIELDS_H

#include "core/addr.h"
#include "json_pull.h"
#include "words.h"

struct cp_fields {
	struct cp_pull pull;
	struct cp_words *words; /* own the strings */
	char why[160]; /* behind -EINVAL */
	/* private */
	char *scratch;
	size_t scratch_size;
};

enum cp_field_kind {
	CP_FIELD_UINT = 0, /* an unsigned member of 1 to 8 bytes; what does not fit is refused */
	CP_FIELD_STRING, /* const char * */
	CP_FIELD_BOOL, /* int8_t: 0 or 1 */
	CP_FIELD_ADDR, /* struct cp_addr */
	CP_FIELD_OTHER, /* read() takes the value, whose first token is read already, never null */
};

struct cp_field {
	const char *key;
	uint8_t key_len, kind, size;
	uint16_t offset;
	int (*read)(struct cp_fields *fields, void *out);
};

#define CP_FIELD(kind_, key_, type_, member_)                                                                          \
	{                                                                                                              \
		.key = (key_), .key_len = sizeof(key_) - 1, .kind = (kind_), .size = sizeof(((type_ *)0)->member_),    \
		.offset = offsetof(type_, member_)                                                                     \
	}
#define CP_FIELD_READ(key_, read_)                                                                                     \
	{                                                                                                              \
		.key = (key_), .key_len = sizeof(key_) - 1, .kind = CP_FIELD_OTHER, .read = (read_)                    \
	}

/* Reads the object whose opening brace is the token read last. 0, -EINVAL (fields->why), -ENOMEM. */
int cp_fields_read(struct cp_fields *fields, const struct cp_field *table, size_t n, void *out);
/* The same for a value that must be an object. */
int cp_fields_object(struct cp_fields *fields, const struct cp_field *table, size_t n, void *out);
/* Calls item for each element of a value that must be an array; its first token is read already. */
int cp_fields_array(struct cp_fields *fields, int (*item)(struct cp_fields *fields, void *out), void *out);

/* The string that was read, kept; NULL: out of memory. */
const char *cp_fields_string(struct cp_fields *fields);
/* True when the token read last is a string that says word. */
bool cp_fields_says(const struct cp_fields *fields, const char *word);
/* Values of the kinds above from the token read last. -EINVAL with why set. */
int cp_fields_uint(struct cp_fields *fields, uint64_t max, uint64_t *ret_value);
int cp_fields_addr(struct cp_fields *fields, struct cp_addr *ret_addr);

/* Sets why and returns -EINVAL. */
int cp_fields_refuse(struct cp_fields *fields, const char *why);
void cp_fields_free(struct cp_fields *fields);

#endif
