/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * yaml.h: a YAML text -> C structs by a libcyaml schema, and where in the text
 * each value stands, so that whatever is wrong with one is said with line and
 * column. Opens nothing; must not know what any key means.
 */
#ifndef CP_YAML_H
#define CP_YAML_H

#include <stddef.h>

#include "core/err.h"

struct cyaml_schema_value;

struct cp_yaml_schema {
	const struct cyaml_schema_value *top; /* a mapping, loaded by pointer */
	/*
	 * A key that the schema does not have, and the place ("instances.0") of the mapping it is in; its value is
	 * skipped. NULL: such a key is an error.
	 */
	void (*unknown)(void *ctx, const char *key, size_t line, size_t column);
	void *ctx;
};

struct cp_yaml; /* a text that was read, and its outline */

/*
 * Reads one document. source names the text in messages. 0, -ENOMEM, or -EINVAL with err "<source>:<line>:<column>:
 * what": malformed YAML, an unknown or repeated key, a missing one, a value of a wrong type or not among those the
 * schema lists; a NUL, a second document. A value may be null (empty, ~, null) where the schema says
 * CYAML_FLAG_POINTER_NULL_STR. Aliases and merges ("<<") are understood. Lines and columns count from 1.
 */
int cp_yaml_read(const char *text, size_t len, const char *source, const struct cp_yaml_schema *schema,
        struct cp_yaml **ret_yaml, struct cp_err *err);
/* What the schema's outermost pointer points to; owned by yaml. */
void *cp_yaml_data(const struct cp_yaml *yaml);
void cp_yaml_free(struct cp_yaml *yaml); /* takes NULL */

/*
 * Says "<source>:<line>:<column>: ..." of the value at a path of keys and list indexes from 0, "rules.2.target.0"; of
 * the nearest value around it when there is none. Returns -EINVAL.
 */
int cp_yaml_refuse(const struct cp_yaml *yaml, struct cp_err *err, const char *path, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
/*
 * What a message quotes of a file goes to terminals as it is: everything but printable ASCII becomes '?', in place;
 * line and column say where to look. Returns text.
 */
char *cp_yaml_printable(char *text);
/* Line and column of the value at a path, found likewise. */
void cp_yaml_place(const struct cp_yaml *yaml, const char *path, size_t *ret_line, size_t *ret_column);

#endif
