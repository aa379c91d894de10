// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_ndjson_hop.c: hops as JSON. Whatever was written before, a hop is
 * written as it would be the first time, and another parser (jansson) reads
 * from it what docs/records.md promises.
 */
#include "records.h"

#include <jansson.h>
#include <stdio.h>

#include "format/ndjson_hop.h"

#define ROUNDS 6000
#define ADDRS 40 /* few, so that most hops are seen again, with other fields */

static uint64_t random_state = 88172645463325252u;

static uint32_t roll(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % n;
}

#define LONG_95 "0123456789.0123456789.0123456789.0123456789.0123456789.0123456789.0123456789.0123456789.lab.lab"

/* A name may change while its address stays: what analyses several runs sees that. */
static const struct {
	const char *ptr, *role, *site, *city;
} names[] = {
        {"ae22-0.icr01.fra23.ntwk.msn.net", "core", "fra23", "Frankfurt"},
        {"ae22-0.icr02.fra23.ntwk.msn.net", "core", "fra23", "Frankfurt"},
        {"ae102-0.rwa02.pnq21.ntwk.msn.net", NULL, "pnq21", NULL},
        {"bg-10.br01.ams02.pccwbtn.net", NULL, NULL, NULL},
        {"\x1b[2J</script>\"\\\n\xc2\x9b.lab", NULL, NULL, NULL},
        {LONG_95, NULL, NULL, NULL},
        {LONG_95 "5", NULL, NULL, NULL},
};

static struct cp_hop random_hop(void)
{
	static const uint8_t kinds[] = {CP_REPLY_TIME_EXCEEDED, CP_REPLY_UNREACHABLE, CP_REPLY_SYN_ACK, CP_REPLY_RST,
	        CP_REPLY_ECHO, CP_REPLY_UDP, CP_REPLY_SACK};
	struct cp_hop hop = {.ttl = (uint8_t)(1 + roll(3)), .attempts = (uint8_t)(1 + roll(2))};
	uint32_t addr = roll(ADDRS);

	if (addr == 0)
		return hop;
	hop.addr =
	        addr % 4 ? cp_addr_from_v4(0xc6120000u + addr) : (struct cp_addr){.b = {0x20, 1, 0xd, 0xb8, [15] = 7}};
	hop.rtt_us = roll(4) ? roll(1000000) : 0;
	hop.kind = roll(3) ? CP_REPLY_TIME_EXCEEDED : kinds[roll(sizeof(kinds))];
	hop.icmp_type = (uint8_t)roll(2);
	hop.icmp_code = (uint8_t)roll(2);
	hop.reply_ttl = (uint8_t)roll(2);
	hop.quoted_ttl = (uint8_t)roll(2);
	hop.ptr = roll(3) ? NULL : names[roll(sizeof(names) / sizeof(names[0]))].ptr;
	hop.flags = roll(3) ? 0 : (uint8_t)roll(64);
	hop.n_mpls = roll(4) ? 0 : (uint8_t)roll(CP_MPLS_MAX + 1);
	for (int i = 0; i < hop.n_mpls; i++)
		hop.mpls[i] = roll(2) << 12 | roll(4096);
	return hop;
}

static json_t *number(uint32_t value, bool known)
{
	return known ? json_integer(value) : json_null();
}

static json_t *string(const char *value)
{
	return value ? json_string(value) : json_null();
}

static json_t *labels(const struct cp_hop *hop)
{
	json_t *array = json_array();

	for (int i = 0; i < hop->n_mpls; i++)
		json_array_append_new(array, json_pack("{s:i,s:i,s:i,s:i}", "label", (int)(hop->mpls[i] >> 12), "tc",
		                                     (int)(hop->mpls[i] >> 9 & 7), "s", (int)(hop->mpls[i] >> 8 & 1),
		                                     "ttl", (int)(hop->mpls[i] & 255)));
	return array;
}

static json_t *flags(const struct cp_hop *hop)
{
	json_t *array = json_array();

	if (hop->flags & CP_HOP_LATE)
		json_array_append_new(array, json_string("late"));
	if (hop->flags & CP_HOP_QUOTE_MODIFIED)
		json_array_append_new(array, json_string("quote-modified"));
	if (hop->flags & CP_HOP_OTHER_ADDR)
		json_array_append_new(array, json_string("other-address"));
	if (hop->flags & CP_HOP_LIMITED)
		json_array_append_new(array, json_string("limited"));
	if (hop->flags & CP_HOP_PER_PACKET)
		json_array_append_new(array, json_string("per-packet"));
	return array;
}

/* The hop as another library has it. */
static json_t *expected(const struct cp_hop *hop, uint32_t asn, const char *as_name, const char *ixp)
{
	static const char *const replies[] = {[CP_REPLY_TIME_EXCEEDED] = "time-exceeded",
	        [CP_REPLY_UNREACHABLE] = "unreachable",
	        [CP_REPLY_SYN_ACK] = "syn-ack",
	        [CP_REPLY_RST] = "rst",
	        [CP_REPLY_ECHO] = "echo",
	        [CP_REPLY_UDP] = "udp",
	        [CP_REPLY_SACK] = "sack"};
	bool is_icmp =
	        hop->kind == CP_REPLY_TIME_EXCEEDED || hop->kind == CP_REPLY_UNREACHABLE || hop->kind == CP_REPLY_ECHO;
	size_t name = 0;
	char ip[CP_ADDR_STRLEN];

	while (hop->ptr && hop->ptr != names[name].ptr)
		name++;
	cp_addr_format(&hop->addr, ip);
	return json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:b,s:o}", "ttl",
	        hop->ttl, "ip", string(cp_addr_is_zero(&hop->addr) ? NULL : ip), "rtt_us",
	        number(hop->rtt_us, hop->rtt_us != 0), "asn", number(asn, asn != 0), "as_name", string(as_name), "ixp",
	        string(ixp), "ptr", string(hop->ptr), "role", string(hop->ptr ? names[name].role : NULL), "site",
	        string(hop->ptr ? names[name].site : NULL), "city", string(hop->ptr ? names[name].city : NULL), "reply",
	        string(hop->kind ? replies[hop->kind] : NULL), "icmp_type", number(hop->icmp_type, is_icmp),
	        "icmp_code", number(hop->icmp_code, is_icmp), "reply_ttl", number(hop->reply_ttl, hop->reply_ttl != 0),
	        "quoted_ttl", number(hop->quoted_ttl, hop->quoted_ttl != 0), "mpls", labels(hop), "attempts",
	        hop->attempts, "inferred", (hop->flags & CP_HOP_INFERRED) != 0, "flags", flags(hop));
}

/* Two hops of an array: the comma between them is not a part of what is kept. */
static void write_twice(struct cp_hop_texts *texts, struct mem_sink *mem, const struct cp_hop *hop,
        const struct cp_asdb *asdb, uint32_t asn, const char *ixp)
{
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_json json;

	cp_json_init(&json, &sink);
	cp_json_array(&json, NULL);
	cp_hop_texts_write(texts, &json, hop, asdb, asn, ixp);
	cp_hop_texts_write(texts, &json, hop, asdb, asn, ixp);
	cp_json_array_end(&json);
	assert_int_equal(cp_json_line(&json), 0);
	cp_json_free(&json);
}

static struct cp_asdb *named_asdb(void)
{
	struct cp_asdb *asdb = NULL;
	struct cp_err err;
	char text[700];

	snprintf(text, sizeof(text), "asn,name,org,role\n8075,Microsoft Corporation,,\n64500,%0500d,,\n", 7);
	assert_int_equal(cp_asdb_new(&asdb), 0);
	assert_int_equal(cp_asdb_add_names(asdb, text, strlen(text), "names", &err), 0);
	assert_int_equal(cp_asdb_seal(asdb), 0);
	return asdb;
}

static void test_again_as_the_first_time(void **state)
{
	static const uint32_t asns[] = {0, 8075, 64500, 64501}; /* 64500: too long a name to be kept; 64501: no name */
	static const char *const ixps[] = {NULL, "", "LINX"};
	struct cp_asdb *asdb = named_asdb();
	struct cp_hop_texts *texts = NULL;

	(void)state;
	assert_int_equal(cp_hop_texts_new(&texts), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct cp_hop hop = random_hop();
		const struct cp_asdb *db = roll(4) ? asdb : NULL;
		const struct cp_as *as = NULL;
		uint32_t asn = cp_addr_is_zero(&hop.addr) ? 0 : asns[roll(4)];
		const char *ixp = cp_addr_is_zero(&hop.addr) ? NULL : ixps[roll(8) < 6 ? 0 : 1 + roll(2)];
		struct mem_sink mem = {0};
		json_error_t error;
		json_t *got, *want;

		if (db && asn)
			as = cp_asdb_as(db, asn);
		write_twice(texts, &mem, &hop, db, asn, ixp);
		got = json_loadb(mem.buf, mem.len, JSON_REJECT_DUPLICATES, &error);
		want = expected(&hop, asn, as ? as->name : NULL, ixp);
		assert_non_null(want);
		if (!got || json_array_size(got) != 2 || !json_equal(json_array_get(got, 0), want) ||
		        !json_equal(json_array_get(got, 1), want))
			fail_msg("round %d: %s", i, mem.buf);
		json_decref(got);
		json_decref(want);
		mem_free(&mem);
	}
	cp_hop_texts_free(texts);
	cp_hop_texts_free(NULL);
	cp_asdb_free(asdb);
}

/* The order of the fields is a part of the text, which json_equal() does not see. */
static void test_bytes_are_the_same(void **state)
{
	struct cp_hop_texts *texts = NULL;
	char *half;

	(void)state;
	assert_int_equal(cp_hop_texts_new(&texts), 0);
	for (int i = 0; i < 1000; i++) {
		struct cp_hop hop = random_hop();
		struct mem_sink mem = {0};

		write_twice(texts, &mem, &hop, NULL, 8075, "LINX");
		/* "[{...},{...}]\n" */
		half = mem.buf + mem.len / 2 - 1;
		assert_int_equal(*half, ',');
		assert_memory_equal(mem.buf + 1, half + 1, (size_t)(half - mem.buf) - 1);
		mem_free(&mem);
	}
	cp_hop_texts_free(texts);
}

static void test_errors_stay(void **state)
{
	struct mem_sink mem = {.fail_at = 1};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_hop hop = {.ttl = 1, .attempts = 1};
	struct cp_hop_texts *texts = NULL;
	struct cp_json json;

	(void)state;
	assert_int_equal(cp_hop_texts_new(&texts), 0);
	cp_json_init(&json, &sink);
	cp_json_array(&json, NULL);
	assert_int_equal(cp_json_line(&json), -32);
	cp_hop_texts_write(texts, &json, &hop, NULL, 0, NULL);
	assert_int_equal(cp_json_line(&json), -32);
	assert_int_equal(mem.n_after, 0);
	cp_json_free(&json);
	/* Nothing of it was kept. */
	mem_free(&mem);
	write_twice(texts, &mem, &hop, NULL, 0, NULL);
	assert_non_null(strstr(mem.buf, "[{\"ttl\":1,\"ip\":null,\"rtt_us\":null,\"asn\":null,"));
	mem_free(&mem);
	cp_hop_texts_free(texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_again_as_the_first_time),
	        cmocka_unit_test(test_bytes_are_the_same),
	        cmocka_unit_test(test_errors_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
