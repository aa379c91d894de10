// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * yaml.c: libcyaml loads, by a schema. Before it does, the text's outline
 * (yaml_outline.c) is checked against the same schema: libcyaml says neither
 * all that is wrong nor, of a key, where it stands. Must not know what any key
 * means.
 */
#include "yaml.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_outline.h"

struct cp_yaml {
	struct cp_outline outline;
	const struct cp_yaml_schema *schema; /* while it is read */
	const struct cyaml_schema_value *top;
	char *source;
	void *data;
};

static void keep_message(cyaml_log_t level, void *ctx, const char *fmt, va_list args);

static cyaml_config_t make_config(char *message)
{
	return (cyaml_config_t){
	        .log_fn = keep_message,
	        .log_ctx = message,
	        .mem_fn = cyaml_mem,
	        .log_level = CYAML_LOG_ERROR,
	        .flags = CYAML_CFG_NO_ALIAS | CYAML_CFG_IGNORE_UNKNOWN_KEYS,
	};
}

#define MESSAGE_MAX 256
#define KEYS_MAX 256 /* of a mapping: each is compared with those before it */

/* The first line of what libcyaml says; a backtrace follows. */
static void keep_message(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	char *message = ctx;

	(void)level;
	if (!message || message[0])
		return;
	if (vsnprintf(message, MESSAGE_MAX, fmt, args) < 0)
		message[0] = '\0';
	message[strcspn(message, "\n")] = '\0';
}

/* ---- errors ---- */

char *cp_yaml_printable(char *text)
{
	for (char *s = text; *s; s++) {
		if (*s < ' ' || *s > '~')
			*s = '?';
	}
	return text;
}

static int refuse_at(const struct cp_yaml *yaml, struct cp_err *err, size_t line, size_t column, char *what)
{
	cp_yaml_printable(what);
	return cp_err_set(err, -EINVAL, "%s:%zu:%zu: %s", yaml->source, line, column, what);
}

__attribute__((format(printf, 4, 5))) static int refuse_node(
        const struct cp_yaml *yaml, struct cp_err *err, const struct cp_outline_node *node, const char *fmt, ...)
{
	char what[384];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	return refuse_at(yaml, err, node->line, node->column, what);
}

int cp_yaml_refuse(const struct cp_yaml *yaml, struct cp_err *err, const char *path, const char *fmt, ...)
{
	const struct cp_outline_node *node = cp_outline_find(&yaml->outline, path);
	char what[384];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	return refuse_at(yaml, err, node->line, node->column, what);
}

void cp_yaml_place(const struct cp_yaml *yaml, const char *path, size_t *ret_line, size_t *ret_column)
{
	const struct cp_outline_node *node = cp_outline_find(&yaml->outline, path);

	*ret_line = node->line;
	*ret_column = node->column;
}

/* ---- the outline against the schema ---- */

static int check_value(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_value *schema, const char *name, struct cp_err *err);

static enum cp_outline_kind wanted_kind(const struct cyaml_schema_value *schema)
{
	switch (schema->type) {
	case CYAML_MAPPING:
		return CP_OUTLINE_MAPPING;
	case CYAML_SEQUENCE:
	case CYAML_FLAGS:
		return CP_OUTLINE_LIST;
	default:
		return CP_OUTLINE_SCALAR;
	}
}

static const char *kind_name(enum cp_outline_kind kind)
{
	switch (kind) {
	case CP_OUTLINE_MAPPING:
		return "a mapping (key: value)";
	case CP_OUTLINE_LIST:
		return "a list";
	default:
		return "a single value";
	}
}

static const struct cyaml_schema_field *find_field(const struct cyaml_schema_field *fields, const char *key)
{
	for (; fields->key; fields++) {
		if (strcmp(fields->key, key) == 0)
			return fields;
	}
	return NULL;
}

static int check_key(const struct cp_yaml *yaml, const struct cp_outline_node *node, struct cp_err *err)
{
	const struct cp_outline_node *before =
	        cp_outline_child(&yaml->outline, cp_outline_parent(&yaml->outline, node));

	for (; before != node; before = cp_outline_next(&yaml->outline, before)) {
		char what[128];

		if (strcmp(before->key, node->key) != 0)
			continue;
		snprintf(what, sizeof(what), "'%.64s' is said twice; first in line %zu", node->key, before->key_line);
		return refuse_at(yaml, err, node->key_line, node->key_column, what);
	}
	return 0;
}

static int refuse_key(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_field *fields, struct cp_err *err)
{
	char what[384];
	size_t len = (size_t)snprintf(what, sizeof(what), "unknown key '%.64s'; known here:", node->key);

	for (; fields->key && len < sizeof(what); fields++)
		len += (size_t)snprintf(what + len, sizeof(what) - len, " %s", fields->key);
	return refuse_at(yaml, err, node->key_line, node->key_column, what);
}

static int check_mapping(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_field *fields, const char *name, struct cp_err *err)
{
	const struct cp_outline *outline = &yaml->outline;
	unsigned n = 0;
	int rc = 0;

	for (const struct cp_outline_node *child = cp_outline_child(outline, node); child && rc == 0;
	        child = cp_outline_next(outline, child)) {
		const struct cyaml_schema_field *field = find_field(fields, child->key);

		rc = ++n > KEYS_MAX ? refuse_node(yaml, err, node, "more than %d keys", KEYS_MAX)
		                    : check_key(yaml, child, err);
		if (rc == 0 && field)
			rc = check_value(yaml, child, &field->value, field->key, err);
		else if (rc == 0 && yaml->schema->unknown)
			yaml->schema->unknown(yaml->schema->ctx, child->key, child->key_line, child->key_column);
		else if (rc == 0)
			rc = refuse_key(yaml, child, fields, err);
	}
	for (const struct cyaml_schema_field *field = fields; field->key && rc == 0; field++) {
		if (!(field->value.flags & CYAML_FLAG_OPTIONAL) && !cp_outline_key(outline, node, field->key))
			rc = refuse_node(yaml, err, node, "%s%s'%s' is missing", name, *name ? ": " : "", field->key);
	}
	return rc;
}

/* A word that must be one of those the schema lists. */
static int check_word(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_value *schema, const char *name, struct cp_err *err)
{
	char list[256] = "";
	size_t len = 0;

	if (node->kind != CP_OUTLINE_SCALAR)
		return refuse_node(yaml, err, node, "%s wants words, not %s", name, kind_name(node->kind));
	for (uint32_t i = 0; i < schema->enumeration.count; i++) {
		const char *word = schema->enumeration.strings[i].str;

		if (strcmp(word, node->value) == 0)
			return 0;
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", word);
	}
	return refuse_node(yaml, err, node, "%s: '%.64s' is none of %s", name, node->value, list);
}

static int check_list(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_value *schema, const char *name, struct cp_err *err)
{
	uint32_t n = 0;
	int rc = 0;

	for (const struct cp_outline_node *child = cp_outline_child(&yaml->outline, node); child && rc == 0;
	        child = cp_outline_next(&yaml->outline, child), n++)
		rc = schema->type == CYAML_FLAGS ? check_word(yaml, child, schema, name, err)
		                                 : check_value(yaml, child, schema->sequence.entry, name, err);
	if (rc == 0 && n == 0 && (schema->type == CYAML_FLAGS || schema->sequence.min))
		rc = refuse_node(yaml, err, node, "%s is an empty list", name);
	if (rc == 0 && schema->type == CYAML_SEQUENCE && n > schema->sequence.max)
		rc = refuse_node(
		        yaml, err, node, "%s has %u entries, at most %u are allowed", name, n, schema->sequence.max);
	return rc;
}

static int check_scalar(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_value *schema, const char *name, struct cp_err *err)
{
	size_t len = strlen(node->value);

	if (schema->type == CYAML_ENUM)
		return check_word(yaml, node, schema, name, err);
	if (schema->type == CYAML_STRING && len < schema->string.min)
		return refuse_node(yaml, err, node, "%s is empty", name);
	if (schema->type == CYAML_STRING && len > schema->string.max)
		return refuse_node(
		        yaml, err, node, "%s has %zu bytes, at most %u are allowed", name, len, schema->string.max);
	if (schema->type == CYAML_UINT && (!len || strspn(node->value, "0123456789") != len || len > 9))
		return refuse_node(yaml, err, node, "%s wants a number, not '%.64s'", name, node->value);
	return 0;
}

static int check_value(const struct cp_yaml *yaml, const struct cp_outline_node *node,
        const struct cyaml_schema_value *schema, const char *name, struct cp_err *err)
{
	enum cp_outline_kind kind = wanted_kind(schema);

	if ((schema->flags & CYAML_FLAG_POINTER_NULL_STR) == CYAML_FLAG_POINTER_NULL_STR && node->is_null)
		return 0;
	if (node->kind != kind)
		return refuse_node(yaml, err, node, "%s%swants %s, not %s", name, *name ? " " : "the file ",
		        kind_name(kind), node->is_null ? "nothing" : kind_name(node->kind));
	if (kind == CP_OUTLINE_MAPPING)
		return check_mapping(yaml, node, schema->mapping.fields, name, err);
	if (kind == CP_OUTLINE_LIST)
		return check_list(yaml, node, schema, name, err);
	return check_scalar(yaml, node, schema, name, err);
}

/* ---- reading ---- */

static int load(struct cp_yaml *yaml, const char *text, size_t len, struct cp_err *err)
{
	char message[MESSAGE_MAX] = "";
	cyaml_config_t config = make_config(message);
	cyaml_err_t error = cyaml_load_data((const uint8_t *)text, len, &config, yaml->top, &yaml->data, NULL);

	if (error == CYAML_ERR_OOM)
		return cp_err_set(err, -ENOMEM, "out of memory");
	if (error || !yaml->data)
		return cp_err_set(err, -EINVAL, "%s: %s", yaml->source, message[0] ? message : cyaml_strerror(error));
	return 0;
}

static int read_all(struct cp_yaml *yaml, const char *text, size_t len, struct cp_err *err)
{
	size_t line = 1, column = 1;
	char what[256];
	char *expanded = NULL;
	int rc = cp_outline_read(text, len, &yaml->outline, &line, &column, what, sizeof(what));

	if (rc == -EINVAL)
		return refuse_at(yaml, err, line, column, what);
	if (rc == 0)
		rc = check_value(yaml, cp_outline_root(&yaml->outline), yaml->top, "", err);
	/* libcyaml knows no merges. */
	if (rc == 0 && yaml->outline.is_expanded) {
		rc = cp_outline_write(&yaml->outline, &expanded, &len);
		text = expanded;
	}
	rc = rc ? rc : load(yaml, text, len, err);
	free(expanded);
	return rc;
}

int cp_yaml_read(const char *text, size_t len, const char *source, const struct cp_yaml_schema *schema,
        struct cp_yaml **ret_yaml, struct cp_err *err)
{
	struct cp_yaml *yaml = calloc(1, sizeof(*yaml));
	int rc = -ENOMEM;

	if (yaml)
		yaml->source = strdup(source);
	if (yaml && yaml->source) {
		yaml->schema = schema;
		yaml->top = schema->top;
		rc = read_all(yaml, text, len, err);
	}
	if (rc) {
		cp_yaml_free(yaml);
		return rc == -ENOMEM ? cp_err_set(err, rc, "out of memory") : rc;
	}
	yaml->schema = NULL;
	*ret_yaml = yaml;
	return 0;
}

void *cp_yaml_data(const struct cp_yaml *yaml)
{
	return yaml->data;
}

void cp_yaml_free(struct cp_yaml *yaml)
{
	cyaml_config_t config = make_config(NULL);

	if (!yaml)
		return;
	if (yaml->data)
		cyaml_free(&config, yaml->top, yaml->data, 0);
	cp_outline_free(&yaml->outline);
	free(yaml->source);
	free(yaml);
}
