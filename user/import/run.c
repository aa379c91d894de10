// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * run.c: a text of records, line by line, each to the reader of its type. Must
 * not know what a record says.
 */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run_impl.h"

#define SCHEMA_VERSION 1

enum type {
	TYPE_START = 0,
	TYPE_PATH,
	TYPE_TARGET,
	TYPE_SUMMARY,
	TYPE_POLICY,
	TYPE_WARNING,
	TYPE_END,
	TYPE_UNKNOWN,
};

/* ---- What kind of record ---- */

struct head {
	const char *type; /* NULL: there is none */
	uint64_t schema_version;
};

static enum type type_of(const char *name)
{
	static const char *const names[] = {"start", "path", "target", "summary", "policy", "warning", "end"};
	uint32_t i = 0;

	while (i < CP_COUNT(names) && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* Type and version stand first in what we write; an order is no part of JSON, so they are looked for if they do not. */
static int read_head(struct cp_fields *fields, const char *line, size_t len, struct head *ret_head)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "type", struct head, type),
	        CP_FIELD(CP_FIELD_UINT, "schema_version", struct head, schema_version),
	};
	static const char usual[] = "{\"type\":\"path\",\"schema_version\":1,";

	*ret_head = (struct head){.schema_version = SCHEMA_VERSION};
	if (len > sizeof(usual) && memcmp(line, usual, sizeof(usual) - 1) == 0) {
		ret_head->type = "path";
		return 0;
	}
	cp_pull_init(&fields->pull, line, len);
	if (cp_pull_next(&fields->pull) == CP_PULL_ERROR)
		return cp_fields_refuse(fields, fields->pull.why);
	return cp_fields_object(fields, table, CP_COUNT(table), ret_head);
}

/* ---- One record ---- */

static bool is_wanted(const struct cp_run_sink *sink, enum type type)
{
	const bool wanted[] = {
	        [TYPE_START] = sink->start,
	        [TYPE_PATH] = sink->path,
	        [TYPE_TARGET] = sink->target,
	        [TYPE_SUMMARY] = sink->summary,
	        [TYPE_POLICY] = sink->policy,
	        [TYPE_WARNING] = sink->warning,
	        [TYPE_END] = sink->end,
	        [TYPE_UNKNOWN] = false,
	};

	return wanted[type];
}

static int read_record(struct cp_run_work *work, enum type type, const char *line, size_t len)
{
	static int (*const readers[])(struct cp_run_work * work) = {
	        [TYPE_START] = cp_run_read_start,
	        [TYPE_PATH] = cp_run_read_path,
	        [TYPE_TARGET] = cp_run_read_target,
	        [TYPE_SUMMARY] = cp_run_read_summary,
	        [TYPE_POLICY] = cp_run_read_policy,
	        [TYPE_WARNING] = cp_run_read_warning,
	        [TYPE_END] = cp_run_read_end,
	};
	struct cp_fields *fields = &work->fields;
	int rc;

	cp_pull_init(&fields->pull, line, len);
	if (cp_pull_next(&fields->pull) != CP_PULL_OBJECT)
		return cp_fields_refuse(fields, "not a record");
	rc = readers[type](work);
	if (rc == 0 && !cp_pull_rest_is_blank(&fields->pull))
		return cp_fields_refuse(fields, "something follows the record on its line");
	return rc;
}

static int hand_over(const struct cp_run_work *work, enum type type, size_t line, const struct cp_run_sink *sink)
{
	switch (type) {
	case TYPE_START:
		return sink->start(sink->ctx, line, &work->start);
	case TYPE_PATH:
		return sink->path(sink->ctx, line, &work->path);
	case TYPE_TARGET:
		return sink->target(sink->ctx, line, &work->target);
	case TYPE_SUMMARY:
		return sink->summary(sink->ctx, line, &work->summary);
	case TYPE_POLICY:
		return sink->policy(sink->ctx, line, &work->policy);
	case TYPE_WARNING:
		return sink->warning(sink->ctx, line, &work->warning);
	default:
		return sink->end(sink->ctx, line, &work->end);
	}
}

static int refuse(struct cp_run_counts *counts, const struct cp_run_sink *sink, size_t number, const char *why)
{
	counts->n_bad++;
	if (sink->bad)
		sink->bad(sink->ctx, number, why);
	return 0;
}

static int take_line(struct cp_run_work *work, const char *line, size_t len, size_t number,
        const struct cp_run_sink *sink, struct cp_run_counts *counts)
{
	struct head head;
	enum type type;
	int rc = read_head(&work->fields, line, len, &head);

	counts->n_records++;
	if (rc)
		return rc == -EINVAL ? refuse(counts, sink, number, work->fields.why) : rc;
	if (!head.type)
		return refuse(counts, sink, number, "a record without a type");
	if (head.schema_version != SCHEMA_VERSION)
		return refuse(counts, sink, number, "a schema_version that is not 1");
	type = type_of(head.type);
	counts->n_unknown += type == TYPE_UNKNOWN;
	counts->has_end |= type == TYPE_END;
	if (!is_wanted(sink, type))
		return 0;
	rc = read_record(work, type, line, len);
	if (rc)
		return rc == -EINVAL ? refuse(counts, sink, number, work->fields.why) : rc;
	return hand_over(work, type, number, sink);
}

static bool is_blank(const char *line, size_t len)
{
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	return len == 0;
}

int cp_run_read(const char *text, size_t len, struct cp_words *words, const struct cp_run_sink *sink,
        struct cp_run_counts *ret_counts)
{
	struct cp_run_work *work = calloc(1, sizeof(*work));
	struct cp_run_counts counts = {0};
	const char *end = text + len;
	size_t number = 0;
	int rc = work ? 0 : -ENOMEM;

	if (work)
		work->fields.words = words;
	while (text < end && rc == 0) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((line_end ? line_end : end) - text);

		number++;
		if (!is_blank(text, line_len))
			rc = take_line(work, text, line_len, number, sink, &counts);
		text += line_len + (line_end != NULL);
	}
	if (work) {
		cp_fields_free(&work->fields);
		free(work->asns);
		free(work->databases);
		free(work->egress);
		free(work->rules);
		free(work->violations);
	}
	free(work);
	if (rc == 0)
		*ret_counts = counts;
	return rc;
}
