/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * yaml_outline.h: the values of a YAML document as a tree with line and column
 * of each, aliases and merges ("<<") written out. Private to yaml*.c. Knows no
 * schema.
 */
#ifndef CP_YAML_OUTLINE_H
#define CP_YAML_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cp_outline_kind { CP_OUTLINE_SCALAR = 0, CP_OUTLINE_LIST, CP_OUTLINE_MAPPING };

#define CP_OUTLINE_DEPTH 16 /* lists and mappings within each other */
#define CP_OUTLINE_NONE UINT32_MAX
#define CP_OUTLINE_NODES (1u << 21) /* aliases can make a small text large */
#define CP_OUTLINE_KEYS 256u /* of a mapping that others are merged into, and of those */

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
	bool is_expanded; /* differs from the text: something was written out */
};

/*
 * Reads one document. 0, -ENOMEM, or -EINVAL with the place and what is wrong there. The outline is to be freed in
 * either case. What an alias stands for has the alias's place; what is in it has its own.
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
/*
 * A node that nothing is in, as the last child of its parent (CP_OUTLINE_NONE: of nothing). Takes key and value over.
 * 0, -ENOMEM or -E2BIG.
 */
int cp_outline_add(struct cp_outline *outline, const struct cp_outline_node *node, uint32_t *ret_number);

/* ---- yaml_expand.c ---- */

/*
 * Puts a copy of node `from` and all in it below the parent of `as`, which has key (taken over), place and parent of
 * the copy. depth: of that parent. 0, -ENOMEM, -E2BIG.
 */
int cp_outline_copy(struct cp_outline *outline, uint32_t from, struct cp_outline_node as, unsigned depth);
/*
 * Writes out what is merged into a complete mapping: entries of "<<" that it does not have itself, the first of several
 * counting. 0, -ENOMEM, -E2BIG, or -EINVAL with the entry of "<<" that is no mapping.
 */
int cp_outline_merge(struct cp_outline *outline, uint32_t mapping, unsigned depth, uint32_t *ret_bad);
/* All of it as YAML text without aliases; free() it. 0 or -ENOMEM. */
int cp_outline_write(const struct cp_outline *outline, char **ret_text, size_t *ret_len);

/* By keys and indexes: "rules.2.target.0"; as far as there is something. */
const struct cp_outline_node *cp_outline_find(const struct cp_outline *outline, const char *path);

#endif
