// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ndjson_hop.c: a hop as JSON, field by field (docs/records.md), or from the
 * text of an earlier one that said the same. Owns these texts. Must not know
 * what a hop is part of.
 */
#include "ndjson_hop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/router_name.h"

#define TEXTS 2048u /* a power of two */
#define TEXT_MAX 720u
#define NAME_KEPT_MAX 95u /* the text of a hop with a longer name is not kept */

/* All that the text depends on, but for the name and the round trip. Compared as a whole: no padding. */
struct key {
	struct cp_addr addr;
	uint32_t mpls[CP_MPLS_MAX];
	const struct cp_asdb *asdb;
	const char *ixp;
	uint32_t asn;
	uint8_t ttl, kind, icmp_type, icmp_code, reply_ttl, quoted_ttl, attempts, flags;
	uint32_t n_mpls;
	uint32_t n_asn, disputed;
	uint32_t asns[CP_MOAS_MAX]; /* of several origins; else 0 */
};
_Static_assert(sizeof(struct key) == sizeof(struct cp_addr) + 4 * (CP_MPLS_MAX + CP_MOAS_MAX) + 2 * sizeof(void *) + 24,
        "padding");

/* What stands before the round trip, and what after it. */
struct text {
	struct key key;
	char name[NAME_KEPT_MAX + 1]; /* "": none. A copy, as names may be gone, or others be in their place */
	uint16_t n_head, n_tail; /* 0: nothing kept */
	char text[TEXT_MAX];
};

struct cp_hop_texts {
	struct text texts[TEXTS];
};

int cp_hop_texts_new(struct cp_hop_texts **ret_texts)
{
	struct cp_hop_texts *texts = calloc(1, sizeof(*texts));

	if (!texts)
		return -ENOMEM;
	*ret_texts = texts;
	return 0;
}

void cp_hop_texts_free(struct cp_hop_texts *texts)
{
	free(texts);
}

const char *cp_hop_reply_name(uint8_t kind)
{
	static const char *const names[] = {
	        [CP_REPLY_TIME_EXCEEDED] = "time-exceeded",
	        [CP_REPLY_UNREACHABLE] = "unreachable",
	        [CP_REPLY_SYN_ACK] = "syn-ack",
	        [CP_REPLY_RST] = "rst",
	        [CP_REPLY_ECHO] = "echo",
	        [CP_REPLY_UDP] = "udp",
	        [CP_REPLY_SACK] = "sack",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

static bool is_icmp(uint8_t kind)
{
	return kind == CP_REPLY_TIME_EXCEEDED || kind == CP_REPLY_UNREACHABLE || kind == CP_REPLY_ECHO;
}

void cp_hop_mpls(struct cp_json *json, const char *key, const char *class_key, const uint32_t *mpls, uint32_t n)
{
	cp_json_array(json, key);
	for (uint32_t i = 0; i < n && i < CP_MPLS_MAX; i++) {
		cp_json_object(json, NULL);
		cp_json_uint(json, "label", mpls[i] >> 12);
		cp_json_uint(json, class_key, mpls[i] >> 9 & 7);
		cp_json_uint(json, "s", mpls[i] >> 8 & 1);
		cp_json_uint(json, "ttl", mpls[i] & 0xff);
		cp_json_object_end(json);
	}
	cp_json_array_end(json);
}

static void asns_array(struct cp_json *json, const char *key, const uint32_t *asns, uint32_t n)
{
	if (n < 2) {
		cp_json_null(json, key);
		return;
	}
	cp_json_array(json, key);
	for (uint32_t i = 0; i < n; i++)
		cp_json_uint(json, NULL, asns[i]);
	cp_json_array_end(json);
}

void cp_json_asns(struct cp_json *json, const char *key, const struct cp_origin *origin)
{
	asns_array(json, key, origin ? origin->asn : NULL, origin && origin->kind == CP_ORIGIN_AS ? origin->n_asn : 0);
}

static void flags_array(struct cp_json *json, uint8_t flags, bool disputed)
{
	cp_json_array(json, "flags");
	if (disputed)
		cp_json_string(json, NULL, "asn-disputed");
	if (flags & CP_HOP_LATE)
		cp_json_string(json, NULL, "late");
	if (flags & CP_HOP_QUOTE_MODIFIED)
		cp_json_string(json, NULL, "quote-modified");
	if (flags & CP_HOP_OTHER_ADDR)
		cp_json_string(json, NULL, "other-address");
	if (flags & CP_HOP_LIMITED)
		cp_json_string(json, NULL, "limited");
	if (flags & CP_HOP_PER_PACKET)
		cp_json_string(json, NULL, "per-packet");
	cp_json_array_end(json);
}

void cp_router_fields(struct cp_json *json, const char *ptr)
{
	struct cp_router_name name;

	cp_router_name_parse(ptr, &name);
	cp_json_string(json, "ptr", ptr);
	cp_json_string(json, "role", name.role);
	cp_json_string(json, "site", name.site[0] ? name.site : NULL);
	cp_json_string(json, "city", name.city);
}

static void write_head(struct cp_json *json, const struct key *key)
{
	cp_json_uint(json, "ttl", key->ttl);
	if (cp_addr_is_zero(&key->addr))
		cp_json_null(json, "ip");
	else
		cp_json_addr(json, "ip", &key->addr);
}

static void write_tail(struct cp_json *json, const struct key *key, const char *ptr)
{
	const struct cp_as *as = key->asdb && key->asn ? cp_asdb_as(key->asdb, key->asn) : NULL;
	bool is_seen = !cp_addr_is_zero(&key->addr);

	cp_json_uint_if(json, "asn", key->asn, key->asn != 0);
	cp_json_string(json, "as_name", as ? as->name : NULL);
	asns_array(json, "asns", key->asns, key->n_asn);
	cp_json_string(json, "ixp", key->ixp);
	cp_router_fields(json, ptr);
	cp_json_string(json, "reply", cp_hop_reply_name(key->kind));
	cp_json_uint_if(json, "icmp_type", key->icmp_type, is_icmp(key->kind));
	cp_json_uint_if(json, "icmp_code", key->icmp_code, is_icmp(key->kind));
	cp_json_uint_if(json, "reply_ttl", key->reply_ttl, is_seen && key->reply_ttl);
	cp_json_uint_if(json, "quoted_ttl", key->quoted_ttl, is_seen && key->quoted_ttl);
	cp_hop_mpls(json, "mpls", "tc", key->mpls, key->n_mpls);
	cp_json_uint(json, "attempts", key->attempts);
	cp_json_bool(json, "inferred", key->flags & CP_HOP_INFERRED);
	flags_array(json, key->flags, key->disputed);
	cp_json_object_end(json);
}

static struct text *find(struct cp_hop_texts *texts, const struct key *key)
{
	uint64_t half[2], hash;

	memcpy(half, &key->addr, sizeof(half));
	hash = ((half[0] ^ half[1]) + key->ttl + key->attempts * 64u) * 0x9e3779b97f4a7c15ull;
	return &texts->texts[(hash >> 32) % TEXTS];
}

static bool is_kept(const struct text *text, const struct key *key, const char *name)
{
	return text->n_head && memcmp(&text->key, key, sizeof(*key)) == 0 && strcmp(text->name, name) == 0;
}

/* Keeps what was written from `start` on, but for the round trip and the comma after it. */
static void keep(struct text *text, const struct cp_json *json, size_t start, size_t end_of_head, size_t end_of_rtt)
{
	size_t n_head = end_of_head - start, n_tail = json->len - end_of_rtt - 1;

	if (json->rc || n_head + n_tail > TEXT_MAX)
		return;
	memcpy(text->text, json->buf + start, n_head);
	memcpy(text->text + n_head, json->buf + end_of_rtt + 1, n_tail);
	text->n_head = (uint16_t)n_head;
	text->n_tail = (uint16_t)n_tail;
}

void cp_hop_texts_write(struct cp_hop_texts *texts, struct cp_json *json, const struct cp_hop *hop,
        const struct cp_asdb *asdb, const struct cp_origin *origin, uint32_t asn, const char *ixp)
{
	struct key key = {
	        .addr = hop->addr,
	        .asdb = asdb,
	        .ixp = ixp,
	        .asn = asn,
	        .ttl = hop->ttl,
	        .kind = hop->kind,
	        .icmp_type = hop->icmp_type,
	        .icmp_code = hop->icmp_code,
	        .reply_ttl = hop->reply_ttl,
	        .quoted_ttl = hop->quoted_ttl,
	        .attempts = hop->attempts,
	        .flags = hop->flags,
	        .n_mpls = hop->n_mpls,
	};
	struct text *text = find(texts, &key);
	const char *name = hop->ptr ? hop->ptr : "";
	size_t end_of_head, end_of_rtt, start;

	memcpy(key.mpls, hop->mpls, sizeof(key.mpls));
	if (origin && origin->kind == CP_ORIGIN_AS && origin->n_asn > 1) {
		key.n_asn = origin->n_asn;
		key.disputed = origin->disputed;
		memcpy(key.asns, origin->asn, origin->n_asn * sizeof(key.asns[0]));
	}
	if (is_kept(text, &key, name)) {
		cp_json_again(json, text->text, text->n_head);
		cp_json_uint_if(json, "rtt_us", hop->rtt_us, hop->rtt_us != 0);
		cp_json_again(json, text->text + text->n_head, text->n_tail);
		return;
	}
	text->n_head = 0;
	cp_json_object(json, NULL);
	start = json->len - 1;
	write_head(json, &key);
	end_of_head = json->len;
	cp_json_uint_if(json, "rtt_us", hop->rtt_us, hop->rtt_us != 0);
	end_of_rtt = json->len;
	write_tail(json, &key, name[0] ? name : NULL);
	if (strlen(name) <= NAME_KEPT_MAX) {
		text->key = key;
		strcpy(text->name, name);
		keep(text, json, start, end_of_head, end_of_rtt);
	}
}
