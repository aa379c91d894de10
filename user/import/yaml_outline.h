/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * yaml_outline.h: the values of a YAML document as a tree with line and column
 * of each. Private to yaml.c. Knows no schema.
 */
#ifndef CP_YAML_OUTLINE_H
#define CP_YAML_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cp_outline_kind { CP_OUTLINE_SCALAR = 0, CP_OUTLINE_LIST, CP_OUTLINE_MAPPING };

#define CP_OUTLINE_DEPTH 16 /* lists and mappings within each other */
#define CP_OUTLINE_NONE UINT32_MAX

struct cp_outline_node {
	uint8_t kind; /* enum cp_outline_kind */
	bool is_null; /* a scalar that says nothing: empty, ~, null */
	uint32_t parent, next, first, last; /* node numbers or CP_OUTLINE_NONE; first and last child */
	size_t line, column; /* from 1 */
	char *key; /* in a mapping; else NULL */
	size_t key_line, key_column;
	char *value; /* of a scalar; else NULL */
};

struct cp_outline {
	struct cp_outline_node *nodes; /* the first is the root */
	uint32_t n, cap;
};

/*
 * Reads one document. 0, -ENOMEM, or -EINVAL with the place and what is wrong there. The outline is to be freed in
 * either case.
 */
int cp_outline_read(const char *text, size_t len, struct cp_outline *outline, size_t *ret_line, size_t *ret_column,
        char *what, size_t what_size);
void cp_outline_free(struct cp_outline *outline);

const struct cp_outline_node *cp_outline_root(const struct cp_outline *outline);
/* NULL: none. */
const struct cp_outline_node *cp_outline_parent(const struct cp_outline *outline, const struct cp_outline_node *node);
const struct cp_outline_node *cp_outline_child(const struct cp_outline *outline, const struct cp_outline_node *node);
const struct cp_outline_node *cp_outline_next(const struct cp_outline *outline, const struct cp_outline_node *node);
const struct cp_outline_node *cp_outline_key(
        const struct cp_outline *outline, const struct cp_outline_node *node, const char *key);
/* By keys and indexes: "rules.2.target.0"; as far as there is something. */
const struct cp_outline_node *cp_outline_find(const struct cp_outline *outline, const char *path);

#endif
