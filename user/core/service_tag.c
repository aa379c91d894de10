// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * service_tag.c: Azure service tags. Must not know ASes nor where the file
 * came from.
 *
 * Prefixes never overlap in part: two are nested or apart. Sorted by first
 * address, the wider before the narrower, each has the prefix that encloses it
 * before it, and remembers it.
 */
#include "service_tag.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOTHING UINT32_MAX /* no prefix, no tag */
#define CLOUD "AzureCloud"

/* One prefix of one tag in the file; after the build, one prefix. */
struct prefix {
	struct cp_addr first, last;
	uint32_t tag;
	uint32_t parent; /* index of the prefix that encloses it */
	uint32_t answer; /* tag to give for an address of which this is the longest prefix */
	const char *region; /* that one of its tags, or of those around it, names */
	struct cp_service_tag out;
};

struct tag {
	struct cp_service_tag out; /* points to these */
	char *name, *service, *region;
	size_t n_prefixes;
	bool is_cloud;
};

struct cp_service_tags {
	struct tag *tags;
	size_t n_tags;
	struct prefix *prefixes;
	size_t n_prefixes, n_in_file;
};

void cp_service_tags_free(struct cp_service_tags *tags)
{
	if (!tags)
		return;
	for (size_t i = 0; i < tags->n_tags; i++) {
		free(tags->tags[i].name);
		free(tags->tags[i].service);
		free(tags->tags[i].region);
	}
	free(tags->tags);
	free(tags->prefixes);
	free(tags);
}

/* ---- reading ---- */

/* Where in the file: tag number i, from 1, and its name if it has one. */
static int bad(struct cp_err *err, const char *source, size_t i, const char *what)
{
	return cp_err_set(err, -EINVAL, "%s: tag %zu: %s", source, i + 1, what);
}

static const char *string_or_null(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && text[0] != '\0' ? text : NULL;
}

/* Copies: the tree they are read from, with all its prefixes, is large and goes. */
static int name_tag(struct tag *tag, const char *name, const char *service, const char *region)
{
	tag->name = strdup(name);
	/* "Storage" of "Storage.NorthEurope" */
	tag->service = service ? strdup(service) : strndup(name, strcspn(name, "."));
	tag->region = region ? strdup(region) : NULL;
	tag->out = (struct cp_service_tag){.name = tag->name, .service = tag->service, .region = tag->region};
	return !tag->name || !tag->service || (region && !tag->region) ? -ENOMEM : 0;
}

static int read_prefixes(
        struct cp_service_tags *tags, size_t i, const json_t *prefixes, const char *source, struct cp_err *err)
{
	for (size_t k = 0; k < json_array_size(prefixes); k++) {
		const char *text = json_string_value(json_array_get(prefixes, k));
		struct prefix *prefix = &tags->prefixes[tags->n_prefixes];

		if (!text || cp_addr_parse_prefix(text, &prefix->first, &prefix->last) < 0)
			return bad(err, source, i, "an element of addressPrefixes is not a prefix");
		prefix->tag = (uint32_t)i;
		tags->n_prefixes++;
	}
	tags->tags[i].n_prefixes = json_array_size(prefixes);
	return 0;
}

static int read_tag(struct cp_service_tags *tags, size_t i, const json_t *value, const char *source, struct cp_err *err)
{
	const json_t *properties = json_object_get(value, "properties");
	const json_t *prefixes = json_object_get(properties, "addressPrefixes");
	const char *name = string_or_null(value, "name");
	struct tag *tag = &tags->tags[i];
	size_t n_cloud = sizeof(CLOUD) - 1;

	if (!name)
		return bad(err, source, i, "has no name");
	if (!json_is_array(prefixes))
		return bad(err, source, i, "has no properties with an array addressPrefixes");
	tag->is_cloud = strncmp(name, CLOUD, n_cloud) == 0 && (name[n_cloud] == '\0' || name[n_cloud] == '.');
	if (name_tag(tag, name, string_or_null(properties, "systemService"), string_or_null(properties, "region")) < 0)
		return cp_err_set(err, -ENOMEM, "%s: out of memory", source);
	return read_prefixes(tags, i, prefixes, source, err);
}

static size_t count_prefixes(const json_t *values)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *properties = json_object_get(json_array_get(values, i), "properties");

		n += json_array_size(json_object_get(properties, "addressPrefixes"));
	}
	return n;
}

static int read_tags(struct cp_service_tags *tags, const json_t *values, const char *source, struct cp_err *err)
{
	size_t n_tags = json_array_size(values), n_prefixes = count_prefixes(values);

	if (n_prefixes == 0)
		return cp_err_set(err, -EINVAL, "%s: no service tags in it", source);
	if (n_tags >= NOTHING || n_prefixes >= NOTHING)
		return cp_err_set(err, -EINVAL, "%s: too many service tags", source);
	tags->tags = calloc(n_tags, sizeof(*tags->tags));
	tags->prefixes = calloc(n_prefixes, sizeof(*tags->prefixes));
	if (!tags->tags || !tags->prefixes)
		return cp_err_set(err, -ENOMEM, "%s: out of memory", source);
	tags->n_tags = n_tags;
	for (size_t i = 0; i < n_tags; i++) {
		int rc = read_tag(tags, i, json_array_get(values, i), source, err);

		if (rc)
			return rc;
	}
	tags->n_in_file = tags->n_prefixes;
	return 0;
}

/* ---- building ---- */

/* Which of two tags says more about a prefix that both have; below 0: a. */
static int compare_tags(const struct tag *a, const struct tag *b)
{
	if (a->is_cloud != b->is_cloud)
		return a->is_cloud - b->is_cloud;
	if (!a->out.region != !b->out.region)
		return !a->out.region - !b->out.region;
	if (a->n_prefixes != b->n_prefixes)
		return a->n_prefixes < b->n_prefixes ? -1 : 1;
	return strcmp(a->out.name, b->out.name);
}

/* By first address, then the wider, then the better tag. qsort_r's order of arguments is glibc's. */
static int compare_prefixes(const void *a, const void *b, void *ctx)
{
	const struct cp_service_tags *tags = ctx;
	const struct prefix *prefix_a = a, *prefix_b = b;
	int order = cp_addr_cmp(&prefix_a->first, &prefix_b->first);

	if (order == 0)
		order = cp_addr_cmp(&prefix_b->last, &prefix_a->last);
	return order ? order : compare_tags(&tags->tags[prefix_a->tag], &tags->tags[prefix_b->tag]);
}

/* The first of several stays, and the first region among them. */
static void drop_repeated(struct cp_service_tags *tags)
{
	size_t n = 0;

	for (size_t i = 0; i < tags->n_prefixes; i++) {
		const struct prefix *prefix = &tags->prefixes[i];
		const char *region = tags->tags[prefix->tag].out.region;
		struct prefix *before = n > 0 ? &tags->prefixes[n - 1] : NULL;

		if (before && cp_addr_eq(&before->first, &prefix->first) && cp_addr_eq(&before->last, &prefix->last)) {
			before->region = before->region ? before->region : region;
			continue;
		}
		tags->prefixes[n] = *prefix;
		tags->prefixes[n++].region = region;
	}
	tags->n_prefixes = n;
}

/* The tag to give; outer: the prefix around this one, NULL for none. */
static void choose(const struct cp_service_tags *tags, struct prefix *prefix, const struct prefix *outer)
{
	bool is_cloud = tags->tags[prefix->tag].is_cloud;

	prefix->answer = prefix->tag;
	if (outer && is_cloud && !tags->tags[outer->answer].is_cloud)
		prefix->answer = outer->answer;
	if (outer && !prefix->region)
		prefix->region = outer->region;
	prefix->out = tags->tags[prefix->answer].out;
	if (!prefix->out.region)
		prefix->out.region = prefix->region;
}

static void build(struct cp_service_tags *tags)
{
	uint32_t open = NOTHING; /* the prefix before, then those around it: where the next one may be inside */

	qsort_r(tags->prefixes, tags->n_prefixes, sizeof(*tags->prefixes), compare_prefixes, tags);
	drop_repeated(tags);
	for (uint32_t i = 0; i < tags->n_prefixes; i++) {
		struct prefix *prefix = &tags->prefixes[i];

		while (open != NOTHING && cp_addr_cmp(&tags->prefixes[open].last, &prefix->first) < 0)
			open = tags->prefixes[open].parent;
		prefix->parent = open;
		choose(tags, prefix, open == NOTHING ? NULL : &tags->prefixes[open]);
		open = i;
	}
}

int cp_service_tags_parse(
        const char *text, size_t len, const char *source, struct cp_service_tags **ret_tags, struct cp_err *err)
{
	struct cp_service_tags *tags = calloc(1, sizeof(*tags));
	json_error_t where;
	json_t *root, *values;
	int rc;

	if (!tags)
		return cp_err_set(err, -ENOMEM, "%s: out of memory", source);
	root = json_loadb(text, len, 0, &where);
	values = json_object_get(root, "values");
	if (!root)
		rc = cp_err_set(err, -EINVAL, "%s:%d:%d: not JSON, or cut short", source, where.line, where.column);
	else if (!json_is_array(values))
		rc = cp_err_set(err, -EINVAL, "%s: no Azure service tags: it has no array \"values\"", source);
	else
		rc = read_tags(tags, values, source, err);
	json_decref(root);
	if (rc) {
		cp_service_tags_free(tags);
		return rc;
	}
	build(tags);
	*ret_tags = tags;
	return 0;
}

/* ---- looking up ---- */

/* The last prefix that begins at or before addr; NOTHING: there is none. */
static uint32_t search(const struct cp_service_tags *tags, const struct cp_addr *addr)
{
	size_t low = 0, high = tags->n_prefixes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cp_addr_cmp(&tags->prefixes[middle].first, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (uint32_t)(low - 1) : NOTHING;
}

const struct cp_service_tag *cp_service_tags_lookup(const struct cp_service_tags *tags, const struct cp_addr *addr)
{
	uint32_t at = search(tags, addr);

	while (at != NOTHING && cp_addr_cmp(&tags->prefixes[at].last, addr) < 0)
		at = tags->prefixes[at].parent;
	return at == NOTHING ? NULL : &tags->prefixes[at].out;
}

size_t cp_service_tags_n_prefixes(const struct cp_service_tags *tags)
{
	return tags->n_in_file;
}
