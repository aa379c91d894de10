// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * yaml_outline.c: libyaml's events -> a tree that knows where each value
 * stands. Must not know any schema.
 */
#include "yaml_outline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	char *name;
	uint32_t node;
};

struct builder {
	struct cp_outline *outline;
	struct anchor *anchors;
	size_t n_anchors;
	uint32_t now; /* the list or mapping being read; CP_OUTLINE_NONE: outside */
	unsigned depth;
	unsigned n_documents;
	char *key; /* read, its value not yet; NULL: none */
	size_t key_line, key_column;
	size_t line, column; /* of what is wrong */
	char *what;
	size_t what_size;
};

static int refuse(struct builder *builder, const yaml_mark_t *mark, const char *what)
{
	builder->line = mark->line + 1;
	builder->column = mark->column + 1;
	snprintf(builder->what, builder->what_size, "%s", what);
	return -EINVAL;
}

int cp_outline_add(struct cp_outline *outline, const struct cp_outline_node *node, uint32_t *ret_number)
{
	struct cp_outline_node *nodes = outline->nodes, *parent;
	uint32_t number = outline->n;

	if (number == CP_OUTLINE_NODES)
		return -E2BIG;
	if (number == outline->cap) {
		uint32_t cap = outline->cap ? outline->cap * 2 : 64;

		nodes = reallocarray(outline->nodes, cap, sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		outline->nodes = nodes;
		outline->cap = cap;
	}
	nodes[outline->n++] = *node;
	if (node->parent != CP_OUTLINE_NONE) {
		parent = &nodes[node->parent];
		if (parent->first == CP_OUTLINE_NONE)
			parent->first = number;
		else
			nodes[parent->last].next = number;
		parent->last = number;
	}
	*ret_number = number;
	return 0;
}

/* Adds a value that was read; its anchor, if it has one, is kept. */
static int add_node(struct builder *builder, const struct cp_outline_node *node, const yaml_event_t *event,
        const yaml_char_t *anchor, uint32_t *ret_number)
{
	int rc = cp_outline_add(builder->outline, node, ret_number);
	struct anchor *more;

	if (rc == -E2BIG)
		return refuse(builder, &event->start_mark, "too many values");
	if (rc)
		return rc;
	builder->key = NULL;
	if (!anchor)
		return 0;
	more = reallocarray(builder->anchors, builder->n_anchors + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	builder->anchors = more;
	more[builder->n_anchors] = (struct anchor){strdup((const char *)anchor), *ret_number};
	if (!more[builder->n_anchors].name)
		return -ENOMEM;
	builder->n_anchors++;
	return 0;
}

static struct cp_outline_node start_node(const struct builder *builder, const yaml_event_t *event, uint8_t kind)
{
	return (struct cp_outline_node){
	        .kind = kind,
	        .parent = builder->now,
	        .next = CP_OUTLINE_NONE,
	        .first = CP_OUTLINE_NONE,
	        .last = CP_OUTLINE_NONE,
	        .line = event->start_mark.line + 1,
	        .column = event->start_mark.column + 1,
	        .key_line = builder->key_line,
	        .key_column = builder->key_column,
	};
}

static bool wants_key(const struct builder *builder)
{
	return builder->now != CP_OUTLINE_NONE && !builder->key &&
	       builder->outline->nodes[builder->now].kind == CP_OUTLINE_MAPPING;
}

static int take_container(struct builder *builder, const yaml_event_t *event, uint8_t kind)
{
	struct cp_outline_node node = start_node(builder, event, kind);
	uint32_t number;
	int rc;

	if (wants_key(builder))
		return refuse(builder, &event->start_mark, "a key must be a single word");
	if (++builder->depth > CP_OUTLINE_DEPTH)
		return refuse(builder, &event->start_mark, "nested too deeply");
	node.key = builder->key;
	rc = add_node(builder, &node, event,
	        kind == CP_OUTLINE_LIST ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
	        &number);
	if (rc)
		return rc;
	builder->now = number;
	return 0;
}

static bool says_nothing(const yaml_event_t *event)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp((const char *)event->data.scalar.value, words[i]) == 0)
			return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	}
	return false;
}

static int take_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct cp_outline_node node = start_node(builder, event, CP_OUTLINE_SCALAR);
	const char *value = (const char *)event->data.scalar.value;
	char *copy;
	uint32_t number;
	int rc;

	if (strlen(value) != event->data.scalar.length)
		return refuse(builder, &event->start_mark, "a NUL character in a value");
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	if (wants_key(builder)) {
		builder->key = copy;
		builder->key_line = node.line;
		builder->key_column = node.column;
		return 0;
	}
	node.key = builder->key;
	node.value = copy;
	node.is_null = says_nothing(event);
	number = builder->outline->n;
	rc = add_node(builder, &node, event, event->data.scalar.anchor, &number);
	if (builder->outline->n == number) /* nobody has it */
		free(copy);
	return rc;
}

static bool is_open(const struct builder *builder, uint32_t node)
{
	for (uint32_t i = builder->now; i != CP_OUTLINE_NONE; i = builder->outline->nodes[i].parent) {
		if (i == node)
			return true;
	}
	return false;
}

static int take_alias(struct builder *builder, const yaml_event_t *event)
{
	struct cp_outline_node as = start_node(builder, event, CP_OUTLINE_SCALAR);
	const struct anchor *found = NULL;
	int rc;

	if (wants_key(builder))
		return refuse(builder, &event->start_mark, "a key must be a single word");
	for (size_t i = 0; i < builder->n_anchors; i++) { /* of several of one name the last counts */
		if (strcmp(builder->anchors[i].name, (const char *)event->data.alias.anchor) == 0)
			found = &builder->anchors[i];
	}
	if (!found)
		return refuse(builder, &event->start_mark, "an alias (*name) without its anchor (&name)");
	if (is_open(builder, found->node))
		return refuse(builder, &event->start_mark, "an alias (*name) within what it stands for");
	as.key = builder->key;
	builder->key = NULL;
	builder->outline->is_expanded = true;
	rc = cp_outline_copy(builder->outline, found->node, as, builder->depth);
	return rc == -E2BIG ? refuse(builder, &event->start_mark, "too many values, or nested too deeply") : rc;
}

static int end_container(struct builder *builder, const yaml_event_t *event)
{
	uint32_t ended = builder->now, bad = ended;
	yaml_mark_t mark = {0};
	int rc = 0;

	if (builder->outline->nodes[ended].kind == CP_OUTLINE_MAPPING)
		rc = cp_outline_merge(builder->outline, ended, builder->depth, &bad);
	if (rc == -EINVAL) {
		mark.line = builder->outline->nodes[bad].line - 1;
		mark.column = builder->outline->nodes[bad].column - 1;
		return refuse(builder, &mark, "'<<' wants a mapping, or a list of them");
	}
	if (rc == -E2BIG)
		return refuse(builder, &event->start_mark, "too much is merged here");
	builder->depth--;
	builder->now = builder->outline->nodes[ended].parent;
	return rc;
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (builder->n_documents++)
			return refuse(builder, &event->start_mark, "a second document: one is wanted");
		return 0;
	case YAML_ALIAS_EVENT:
		return take_alias(builder, event);
	case YAML_SCALAR_EVENT:
		return take_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		return take_container(builder, event, CP_OUTLINE_LIST);
	case YAML_MAPPING_START_EVENT:
		return take_container(builder, event, CP_OUTLINE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end_container(builder, event);
	default:
		return 0;
	}
}

/* What libyaml could not read. Of bytes that are no characters it knows only the offset. */
static int refuse_text(struct builder *builder, const yaml_parser_t *parser, const char *text, size_t len)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR) {
		mark = (yaml_mark_t){0};
		for (size_t i = 0; i < parser->problem_offset && i < len; i++) {
			mark.column++;
			if (text[i] == '\n') {
				mark.line++;
				mark.column = 0;
			}
		}
	}
	return refuse(builder, &mark, problem);
}

static int read_events(struct builder *builder, yaml_parser_t *parser, const char *text, size_t len)
{
	bool is_done = false;
	int rc = 0;

	while (!is_done && rc == 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return refuse_text(builder, parser, text, len);
		rc = take_event(builder, &event);
		is_done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	if (rc == 0 && builder->outline->n == 0)
		return refuse(builder, &(yaml_mark_t){0}, "there is nothing in it");
	return rc;
}

int cp_outline_read(const char *text, size_t len, struct cp_outline *outline, size_t *ret_line, size_t *ret_column,
        char *what, size_t what_size)
{
	struct builder builder = {.outline = outline, .now = CP_OUTLINE_NONE, .what = what, .what_size = what_size};
	yaml_parser_t parser;
	int rc;

	*outline = (struct cp_outline){0};
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rc = read_events(&builder, &parser, text, len);
	yaml_parser_delete(&parser);
	free(builder.key);
	for (size_t i = 0; i < builder.n_anchors; i++)
		free(builder.anchors[i].name);
	free(builder.anchors);
	if (rc == -EINVAL) {
		*ret_line = builder.line;
		*ret_column = builder.column;
	}
	return rc;
}

void cp_outline_free(struct cp_outline *outline)
{
	for (uint32_t i = 0; i < outline->n; i++) {
		free(outline->nodes[i].key);
		free(outline->nodes[i].value);
	}
	free(outline->nodes);
	*outline = (struct cp_outline){0};
}

static const struct cp_outline_node *node_at(const struct cp_outline *outline, uint32_t number)
{
	return number == CP_OUTLINE_NONE ? NULL : &outline->nodes[number];
}

const struct cp_outline_node *cp_outline_root(const struct cp_outline *outline)
{
	return &outline->nodes[0];
}

const struct cp_outline_node *cp_outline_parent(const struct cp_outline *outline, const struct cp_outline_node *node)
{
	return node_at(outline, node->parent);
}

const struct cp_outline_node *cp_outline_child(const struct cp_outline *outline, const struct cp_outline_node *node)
{
	return node_at(outline, node->first);
}

const struct cp_outline_node *cp_outline_next(const struct cp_outline *outline, const struct cp_outline_node *node)
{
	return node_at(outline, node->next);
}

const struct cp_outline_node *cp_outline_key(
        const struct cp_outline *outline, const struct cp_outline_node *node, const char *key)
{
	const struct cp_outline_node *child = cp_outline_child(outline, node);

	while (child && (!child->key || strcmp(child->key, key) != 0))
		child = cp_outline_next(outline, child);
	return child;
}

static const struct cp_outline_node *nth_child(
        const struct cp_outline *outline, const struct cp_outline_node *node, const char *digits)
{
	const struct cp_outline_node *child = cp_outline_child(outline, node);

	for (unsigned long i = strtoul(digits, NULL, 10); i && child; i--)
		child = cp_outline_next(outline, child);
	return child;
}

const struct cp_outline_node *cp_outline_find(const struct cp_outline *outline, const char *path)
{
	const struct cp_outline_node *node = cp_outline_root(outline), *child;
	char word[64];

	while (*path) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(word))
			break;
		memcpy(word, path, len);
		word[len] = '\0';
		child = node->kind == CP_OUTLINE_LIST ? nth_child(outline, node, word)
		                                      : cp_outline_key(outline, node, word);
		if (!child)
			break;
		node = child;
		path += len + (path[len] == '.');
	}
	return node;
}
