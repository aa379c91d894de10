/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mmdb_lab.h: writes MaxMind DB files (MMDB, format 2.0, by its published
 * description), so that tests have some of every kind without anybody's data:
 * trees of both versions, records of 24, 28 and 32 bits, the keys of several
 * makers, and the aliases into the IPv4 part. Must not know who reads them.
 */
#ifndef CP_TEST_MMDB_LAB_H
#define CP_TEST_MMDB_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/addr.h"

/* Whose database it looks like. */
enum mmdb_style {
	MMDB_GEOLITE, /* autonomous_system_number, autonomous_system_organization; DB-IP ASN Lite is the same */
	MMDB_IPINFO_TEXT, /* asn "AS123", as_name, as_domain */
	MMDB_IPINFO_NUMBER, /* asn 123, name */
	MMDB_CITY, /* no AS at all */
	MMDB_NESTED, /* asn {asn "AS123", name}, as in IPinfo's databases of companies */
	MMDB_TRAITS, /* traits {autonomous_system_number, ...}, GeoIP2-Enterprise */
	MMDB_WRONG_TEXT, /* asn "ASnone" */
	MMDB_WRONG_TYPE, /* autonomous_system_number 8075.0 */
};

struct mmdb_options {
	enum mmdb_style style;
	unsigned record_bits; /* 24, 28, 32 */
	unsigned ip_version; /* 4, 6 */
	bool aliases; /* ::ffff:0:0/96 and 2002::/16 lead into the IPv4 part */
	const char *type; /* NULL: by style */
	uint64_t build_epoch;
};

#define MMDB_NOTHING UINT32_MAX
#define MMDB_IS_DATA 0x80000000u /* a child is data: an offset; else a node */

struct mmdb_node {
	uint32_t child[2];
};

/* A record that is in data already. */
struct mmdb_known {
	uint32_t asn, offset;
	bool used;
};

struct mmdb_lab {
	struct mmdb_options options;
	struct mmdb_node *nodes;
	uint32_t n_nodes, cap_nodes;
	uint8_t *data;
	size_t n_data, cap_data;
	struct mmdb_known *known; /* [cap_known], a power of two; open addressing by asn */
	size_t n_known, cap_known;
};

static inline void mmdb_must(bool holds)
{
	if (!holds)
		abort();
}

static inline void mmdb_byte(struct mmdb_lab *lab, uint8_t byte)
{
	if (lab->n_data == lab->cap_data) {
		lab->cap_data = lab->cap_data ? lab->cap_data * 2 : 4096;
		lab->data = realloc(lab->data, lab->cap_data);
		mmdb_must(lab->data != NULL);
	}
	lab->data[lab->n_data++] = byte;
}

/* The control byte of a type with a size below 285; types above 7 have a second one. */
static inline void mmdb_control(struct mmdb_lab *lab, unsigned type, size_t size)
{
	unsigned first = type <= 7 ? type << 5 : 0;

	mmdb_must(size < 285);
	mmdb_byte(lab, (uint8_t)(first | (size < 29 ? size : 29)));
	if (type > 7)
		mmdb_byte(lab, (uint8_t)(type - 7));
	if (size >= 29)
		mmdb_byte(lab, (uint8_t)(size - 29));
}

static inline void mmdb_text(struct mmdb_lab *lab, const char *text)
{
	mmdb_control(lab, 2, strlen(text));
	for (; *text; text++)
		mmdb_byte(lab, (uint8_t)*text);
}

static inline void mmdb_number(struct mmdb_lab *lab, unsigned type, uint64_t value, unsigned n_bytes)
{
	mmdb_control(lab, type, n_bytes);
	while (n_bytes-- > 0)
		mmdb_byte(lab, (uint8_t)(value >> (8 * n_bytes)));
}

static inline void mmdb_pair(struct mmdb_lab *lab, const char *key, const char *value)
{
	mmdb_text(lab, key);
	mmdb_text(lab, value);
}

static inline uint32_t mmdb_new_node(struct mmdb_lab *lab)
{
	if (lab->n_nodes == lab->cap_nodes) {
		lab->cap_nodes = lab->cap_nodes ? lab->cap_nodes * 2 : 1024;
		lab->nodes = realloc(lab->nodes, lab->cap_nodes * sizeof(*lab->nodes));
		mmdb_must(lab->nodes != NULL);
	}
	lab->nodes[lab->n_nodes] = (struct mmdb_node){{MMDB_NOTHING, MMDB_NOTHING}};
	return lab->n_nodes++;
}

static inline struct mmdb_lab mmdb_new(struct mmdb_options options)
{
	struct mmdb_lab lab = {.options = options};

	mmdb_new_node(&lab);
	return lab;
}

static inline void mmdb_free(struct mmdb_lab *lab)
{
	free(lab->nodes);
	free(lab->data);
	free(lab->known);
	*lab = (struct mmdb_lab){0};
}

/* The slot of an AS, in use or not. */
static inline struct mmdb_known *mmdb_slot(struct mmdb_lab *lab, uint32_t asn)
{
	size_t i = asn * 2654435761u >> 4;

	while (lab->known[i & (lab->cap_known - 1)].used && lab->known[i & (lab->cap_known - 1)].asn != asn)
		i++;
	return &lab->known[i & (lab->cap_known - 1)];
}

static inline struct mmdb_known *mmdb_know(struct mmdb_lab *lab, uint32_t asn)
{
	if (lab->n_known * 2 >= lab->cap_known) {
		struct mmdb_known *old = lab->known;
		size_t n = lab->cap_known;

		lab->cap_known = n ? n * 2 : 256;
		lab->known = calloc(lab->cap_known, sizeof(*lab->known));
		mmdb_must(lab->known != NULL);
		for (size_t i = 0; i < n; i++) {
			if (old[i].used)
				*mmdb_slot(lab, old[i].asn) = old[i];
		}
		free(old);
	}
	return mmdb_slot(lab, asn);
}

/* One record of the data section; the same AS is written once, as real writers do. */
static inline uint32_t mmdb_record(struct mmdb_lab *lab, uint32_t asn, const char *name)
{
	uint32_t offset = (uint32_t)lab->n_data;
	struct mmdb_known *known = mmdb_know(lab, asn);
	char text[32];

	if (known->used)
		return known->offset;
	*known = (struct mmdb_known){.asn = asn, .offset = offset, .used = true};
	lab->n_known++;
	snprintf(text, sizeof(text), "AS%u", asn);
	switch (lab->options.style) {
	case MMDB_GEOLITE:
		mmdb_control(lab, 7, 2);
		mmdb_text(lab, "autonomous_system_number");
		mmdb_number(lab, 6, asn, asn < 65536 ? 2 : 4);
		mmdb_pair(lab, "autonomous_system_organization", name);
		break;
	case MMDB_IPINFO_TEXT:
		mmdb_control(lab, 7, 4);
		mmdb_pair(lab, "country_code", "US");
		mmdb_pair(lab, "asn", asn ? text : "");
		mmdb_pair(lab, "as_name", name);
		mmdb_pair(lab, "as_domain", "example.net");
		break;
	case MMDB_IPINFO_NUMBER:
		mmdb_control(lab, 7, 2);
		mmdb_text(lab, "asn");
		mmdb_number(lab, 9, asn, 8);
		mmdb_pair(lab, "name", name);
		break;
	case MMDB_NESTED:
		mmdb_control(lab, 7, 1);
		mmdb_text(lab, "asn");
		mmdb_control(lab, 7, 2);
		mmdb_pair(lab, "asn", text);
		mmdb_pair(lab, "name", name);
		break;
	case MMDB_TRAITS:
		mmdb_control(lab, 7, 1);
		mmdb_text(lab, "traits");
		mmdb_control(lab, 7, 2);
		mmdb_text(lab, "autonomous_system_number");
		mmdb_number(lab, 6, asn, 4);
		mmdb_pair(lab, "autonomous_system_organization", name);
		break;
	case MMDB_WRONG_TEXT:
		mmdb_control(lab, 7, 1);
		mmdb_pair(lab, "asn", "ASnone");
		break;
	case MMDB_WRONG_TYPE:
		mmdb_control(lab, 7, 1);
		mmdb_text(lab, "autonomous_system_number");
		mmdb_number(lab, 3, 0x40bf8b0000000000, 8);
		break;
	default:
		mmdb_control(lab, 7, 1);
		mmdb_text(lab, "country");
		mmdb_control(lab, 7, 1);
		mmdb_pair(lab, "iso_code", "NL");
	}
	return offset;
}

static inline unsigned mmdb_bit(const struct cp_addr *addr, unsigned i)
{
	return addr->b[i / 8] >> (7 - i % 8) & 1;
}

/* Leads the first n_bits of addr (from bit `from` on) to a child. A network that is data already is split. */
static inline void mmdb_lead(
        struct mmdb_lab *lab, const struct cp_addr *addr, unsigned from, unsigned n_bits, uint32_t child)
{
	uint32_t node = 0;

	for (unsigned i = from; i + 1 < n_bits; i++) {
		uint32_t next = lab->nodes[node].child[mmdb_bit(addr, i)];

		if (next == MMDB_NOTHING || next & MMDB_IS_DATA) {
			uint32_t made = mmdb_new_node(lab);

			lab->nodes[made] = (struct mmdb_node){{next, next}};
			lab->nodes[node].child[mmdb_bit(addr, i)] = made;
			next = made;
		}
		node = next;
	}
	mmdb_must(n_bits > from);
	lab->nodes[node].child[mmdb_bit(addr, n_bits - 1)] = child;
}

/* "198.18.0.0/24" -> asn. Add the wider network before the narrower one. */
static inline void mmdb_add(struct mmdb_lab *lab, const char *prefix, uint32_t asn, const char *name)
{
	unsigned n_bits = (unsigned)atoi(strchr(prefix, '/') + 1);
	struct cp_addr first, last;
	bool is_v4;

	mmdb_must(cp_addr_parse_prefix(prefix, &first, &last) == 0);
	is_v4 = cp_addr_is_v4(&first);
	mmdb_must(is_v4 || lab->options.ip_version == 6);
	/* IPv4 stands below ::/96 in the tree. */
	if (is_v4) {
		memset(first.b, 0, 12);
		n_bits += 96;
	}
	mmdb_lead(
	        lab, &first, lab->options.ip_version == 4 ? 96 : 0, n_bits, mmdb_record(lab, asn, name) | MMDB_IS_DATA);
}

/* Where ::/96 begins; the tree must have IPv4 networks. */
static inline void mmdb_add_aliases(struct mmdb_lab *lab)
{
	struct cp_addr mapped = {.b = {[10] = 0xff, [11] = 0xff}}, sixtofour = {.b = {0x20, 0x02}};
	uint32_t node = 0;

	for (int i = 0; i < 96; i++) {
		node = lab->nodes[node].child[0];
		mmdb_must(node != MMDB_NOTHING && !(node & MMDB_IS_DATA));
	}
	mmdb_lead(lab, &mapped, 0, 96, node);
	mmdb_lead(lab, &sixtofour, 0, 16, node);
}

static inline uint64_t mmdb_record_value(const struct mmdb_lab *lab, uint32_t child)
{
	if (child == MMDB_NOTHING)
		return lab->n_nodes;
	return child & MMDB_IS_DATA ? (uint64_t)lab->n_nodes + 16 + (child & ~MMDB_IS_DATA) : child;
}

static inline void mmdb_put_node(const struct mmdb_lab *lab, const struct mmdb_node *node, uint8_t *out)
{
	uint64_t left = mmdb_record_value(lab, node->child[0]), right = mmdb_record_value(lab, node->child[1]);
	unsigned n = lab->options.record_bits / 8;

	for (unsigned i = 0; i < n; i++)
		out[i] = (uint8_t)(left >> (8 * (n - 1 - i)));
	/* With 28 bits the byte between has the top four of both. */
	if (lab->options.record_bits == 28)
		out[n++] = (uint8_t)(left >> 24 << 4 | (right >> 24 & 15));
	for (unsigned i = 0; i < lab->options.record_bits / 8; i++)
		out[n + i] = (uint8_t)(right >> (8 * (lab->options.record_bits / 8 - 1 - i)));
}

static inline const char *mmdb_type(const struct mmdb_options *options)
{
	static const char *const types[] = {"GeoLite2-ASN", "ipinfo lite", "ipinfo asn.mmdb", "GeoLite2-City",
	        "ipinfo company", "GeoIP2-Enterprise", "wrong", "wrong"};

	return options->type ? options->type : types[options->style];
}

static inline void mmdb_metadata(struct mmdb_lab *meta, const struct mmdb_lab *lab)
{
	mmdb_control(meta, 7, 9);
	mmdb_text(meta, "binary_format_major_version");
	mmdb_number(meta, 5, 2, 2);
	mmdb_text(meta, "binary_format_minor_version");
	mmdb_number(meta, 5, 0, 2);
	mmdb_text(meta, "build_epoch");
	mmdb_number(meta, 9, lab->options.build_epoch, 8);
	mmdb_pair(meta, "database_type", mmdb_type(&lab->options));
	mmdb_text(meta, "description");
	mmdb_control(meta, 7, 1);
	mmdb_pair(meta, "en", "made by a test");
	mmdb_text(meta, "ip_version");
	mmdb_number(meta, 5, lab->options.ip_version, 2);
	mmdb_text(meta, "languages");
	mmdb_control(meta, 11, 0);
	mmdb_text(meta, "node_count");
	mmdb_number(meta, 6, lab->n_nodes, 4);
	mmdb_text(meta, "record_size");
	mmdb_number(meta, 5, lab->options.record_bits, 2);
}

/* The whole file; free() it. The lab can still be added to. */
static inline uint8_t *mmdb_bytes(struct mmdb_lab *lab, size_t *ret_len)
{
	static const char marker[] = "\xab\xcd\xefMaxMind.com";
	size_t n_node = lab->options.record_bits / 4, n_tree = lab->n_nodes * n_node, n_marker = sizeof(marker) - 1;
	struct mmdb_lab meta = {0};
	uint8_t *bytes;

	if (lab->options.aliases) {
		lab->options.aliases = false;
		mmdb_add_aliases(lab);
		n_tree = lab->n_nodes * n_node;
	}
	mmdb_metadata(&meta, lab);
	*ret_len = n_tree + 16 + lab->n_data + n_marker + meta.n_data;
	bytes = calloc(1, *ret_len);
	mmdb_must(bytes != NULL);
	for (uint32_t i = 0; i < lab->n_nodes; i++)
		mmdb_put_node(lab, &lab->nodes[i], bytes + i * n_node);
	if (lab->n_data)
		memcpy(bytes + n_tree + 16, lab->data, lab->n_data);
	memcpy(bytes + n_tree + 16 + lab->n_data, marker, n_marker);
	memcpy(bytes + n_tree + 16 + lab->n_data + n_marker, meta.data, meta.n_data);
	free(meta.data);
	return bytes;
}

#endif
