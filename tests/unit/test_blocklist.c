// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_blocklist.c: what is never probed, and that the sorted tables, and what
 * the emitter is told of them, say the same as a scan of all prefixes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/blocklist.h"

static struct cp_addr addr_of(const char *text)
{
	struct cp_addr addr;

	if (cp_addr_parse(text, &addr) != 0)
		fail_msg("%s", text);
	return addr;
}

static void check(const struct cp_blocklist *list, const char *text, const char *want)
{
	struct cp_addr addr = addr_of(text);
	const char *got = cp_blocklist_match(list, &addr);

	if (got != want && (!got || !want || strcmp(got, want) != 0))
		fail_msg("%s: %s, not %s", text, got ? got : "free", want ? want : "free");
}

static void add(struct cp_blocklist *list, const char *text)
{
	struct cp_err err = {{0}};

	if (cp_blocklist_add_text(list, text, strlen(text), "block", &err) != 0)
		fail_msg("%s", err.text);
}

static void blocks_special_ipv4(void **state)
{
	static const char *const rows[][2] = {
	        {"0.0.0.0", "this-network"},
	        {"0.255.255.255", "this-network"},
	        {"1.0.0.0", NULL},
	        {"126.255.255.255", NULL},
	        {"127.0.0.1", "loopback"},
	        {"128.0.0.0", NULL},
	        {"169.254.0.1", "link-local"},
	        {"169.254.169.253", "link-local"},
	        {"169.254.169.254", "cloud-platform"},
	        {"169.254.169.255", "link-local"},
	        {"169.255.0.0", NULL},
	        {"168.63.129.15", NULL},
	        {"168.63.129.16", "cloud-platform"},
	        {"168.63.129.17", NULL},
	        {"192.0.0.1", "reserved"},
	        {"192.0.2.255", "documentation"},
	        {"192.0.3.0", NULL},
	        {"198.17.255.255", NULL},
	        {"198.18.0.0", "benchmarking"},
	        {"198.19.255.255", "benchmarking"},
	        {"198.20.0.0", NULL},
	        {"198.51.100.1", "documentation"},
	        {"203.0.113.1", "documentation"},
	        {"223.255.255.255", NULL},
	        {"224.0.0.1", "multicast"},
	        {"239.255.255.255", "multicast"},
	        {"240.0.0.1", "reserved"},
	        {"255.255.255.255", "reserved"},
	};
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(list, rows[i][0], rows[i][1]);
	cp_blocklist_free(list);
}

static void blocks_special_ipv6(void **state)
{
	static const char *const rows[][2] = {
	        {"::", "this-network"},
	        {"::1", "loopback"},
	        {"::2", "reserved"},
	        {"63:ffff::", "reserved"},
	        {"65::", "reserved"},
	        {"100::1", "reserved"},
	        {"1fff::1", "reserved"},
	        {"2000::", NULL},
	        {"2001:2::1", "benchmarking"},
	        {"2001:2:1::", NULL},
	        {"2001:db8::1", "documentation"},
	        {"2001:db9::", NULL},
	        {"2603:1000::1", NULL},
	        {"3ffe::1", NULL},
	        {"3fff:fff::1", "documentation"},
	        {"3fff:1000::", NULL},
	        {"4000::", "reserved"},
	        {"8000::", "reserved"},
	        {"c000::1", "reserved"},
	        {"e000::1", "reserved"},
	        {"f7ff::1", "reserved"},
	        {"fbff::1", "reserved"},
	        {"fe7f::1", "reserved"},
	        {"fe80::1", "link-local"},
	        {"febf::1", "link-local"},
	        {"fec0::1", "reserved"},
	        {"ff02::1", "multicast"},
	        {"ffff::", "multicast"},
	};
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(list, rows[i][0], rows[i][1]);
	cp_blocklist_free(list);
}

static void probes_private_addresses(void **state)
{
	static const char *const rows[] = {"10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "fc00::1", "fdff::1"};
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(list, rows[i], NULL);
	cp_blocklist_free(list);
}

static void looks_inside_nat64(void **state)
{
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	check(list, "64:ff9b::8.8.8.8", NULL);
	check(list, "64:ff9b::127.0.0.1", "loopback");
	check(list, "64:ff9b::a9fe:a9fe", "cloud-platform");
	check(list, "64:ff9b:1::7f00:1", NULL);
	cp_blocklist_free(list);
}

static void nothing_without_defaults(void **state)
{
	struct cp_blocklist *list = cp_blocklist_new(false);

	(void)state;
	check(list, "127.0.0.1", NULL);
	check(list, "::1", NULL);
	check(list, "169.254.169.254", NULL);
	cp_blocklist_free(list);
	cp_blocklist_free(NULL);
}

static void adds_texts(void **state)
{
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	add(list, "\xef\xbb\xbf# ours\r\n\r\n 20.0.0.0/8 # a range\r\n2603::/16\r\n8.8.8.8");
	add(list, "10.1.2.3/16\n");
	check(list, "20.255.0.1", "user");
	check(list, "21.0.0.0", NULL);
	check(list, "2603:ffff::1", "user");
	check(list, "8.8.8.8", "user");
	check(list, "8.8.8.9", NULL);
	check(list, "10.1.0.0", "user");
	check(list, "10.2.0.0", NULL);
	check(list, "127.0.0.1", "loopback");
	cp_blocklist_free(list);
}

static void the_most_specific_names_it(void **state)
{
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	add(list, "0.0.0.0/0\n127.0.0.0/8\n127.1.0.0/16\n");
	check(list, "9.9.9.9", "user");
	check(list, "127.0.0.1", "loopback"); /* of two equal ones the first */
	check(list, "127.1.0.1", "user");
	check(list, "255.0.0.0", "reserved");
	check(list, "2603::1", NULL);
	add(list, "::/0");
	check(list, "2603::1", "user");
	check(list, "64:ff9b::808:808", "user");
	check(list, "ff02::1", "multicast");
	cp_blocklist_free(list);

	list = cp_blocklist_new(false);
	add(list, "::/0");
	check(list, "8.8.8.8", NULL); /* every IPv6 address, and no IPv4 address */
	cp_blocklist_free(list);
}

static void a_bad_text_adds_nothing(void **state)
{
	static const char *const bad[][2] = {
	        {"1.1.1.1\n\n2.2.2.2/33\n", "block:3: neither an address nor a prefix (192.0.2.0/24, 2001:db8::/32)"},
	        {"1.1.1.1 office\n", "block:1: neither an address nor a prefix (192.0.2.0/24, 2001:db8::/32)"},
	        {"host.example\n", "block:1: neither an address nor a prefix (192.0.2.0/24, 2001:db8::/32)"},
	        {"1.1.1.1\n\x01\n", "block:2: control character 0x01 in column 1"},
	};
	struct cp_blocklist *list = cp_blocklist_new(true);

	(void)state;
	add(list, "5.5.5.5");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cp_err err;

		assert_int_equal(cp_blocklist_add_text(list, bad[i][0], strlen(bad[i][0]), "block", &err), -EINVAL);
		assert_string_equal(err.text, bad[i][1]);
		check(list, "1.1.1.1", NULL);
		check(list, "5.5.5.5", "user");
		check(list, "127.0.0.1", "loopback");
	}
	cp_blocklist_free(list);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

/* Addresses that share leading bits often, so that prefixes nest. */
static struct cp_addr random_addr(uint64_t *seed, bool is_v6)
{
	struct cp_addr addr = cp_addr_from_v4(0);

	if (is_v6)
		memset(&addr, 0, sizeof(addr));
	for (size_t i = is_v6 ? 0 : 12; i < 16; i++)
		addr.b[i] = (next_random(seed) & 3) ? (uint8_t)(next_random(seed) & 0xc3) : 0;
	if (is_v6)
		addr.b[0] |= 0x20;
	return addr;
}

static void says_what_a_scan_says(void **state)
{
	enum { N_PREFIXES = 400, N_LOOKUPS = 20000 };
	struct cp_addr first[N_PREFIXES], last[N_PREFIXES];
	struct cp_blocklist *list = cp_blocklist_new(false);
	uint64_t seed = 20240501;
	size_t n_blocked = 0;

	(void)state;
	for (int i = 0; i < N_PREFIXES; i++) {
		char text[CP_ADDR_STRLEN + 8], buf[CP_ADDR_STRLEN];
		bool is_v6 = i % 2;
		struct cp_addr addr = random_addr(&seed, is_v6);
		unsigned int length = 12 + next_random(&seed) % (is_v6 ? 117 : 21);

		snprintf(text, sizeof(text), "%s/%u\n", cp_addr_format(&addr, buf), length);
		add(list, text);
		text[strlen(text) - 1] = '\0';
		assert_int_equal(cp_addr_parse_prefix(text, &first[i], &last[i]), 0);
	}
	for (int i = 0; i < N_LOOKUPS; i++) {
		struct cp_addr addr = random_addr(&seed, i % 2);
		bool is_blocked = false;

		if (i % 8 == 0)
			addr = first[(size_t)i % N_PREFIXES];
		if (i % 8 == 1)
			addr = last[(size_t)i % N_PREFIXES];
		for (int p = 0; p < N_PREFIXES; p++)
			is_blocked |= cp_addr_cmp(&first[p], &addr) <= 0 && cp_addr_cmp(&addr, &last[p]) <= 0;
		assert_int_equal(cp_blocklist_match(list, &addr) != NULL, is_blocked);
		n_blocked += is_blocked;
	}
	/* Both answers must have been asked for. */
	assert_in_range(n_blocked, N_LOOKUPS / 10, N_LOOKUPS * 9 / 10);
	cp_blocklist_free(list);
}

/* ---- What the emitter is told ---- */

enum { N_TOLD_MAX = 1024 };

struct told {
	struct {
		struct cp_addr first;
		uint32_t n_bits;
		bool v6;
	} items[N_TOLD_MAX];
	size_t n, stop_at;
};

static int tell(void *ctx, const struct cp_addr *first, uint32_t n_bits, bool v6)
{
	struct told *told = ctx;

	assert_true(told->n < N_TOLD_MAX);
	told->items[told->n].first = *first;
	told->items[told->n].n_bits = n_bits;
	told->items[told->n].v6 = v6;
	told->n++;
	return told->n == told->stop_at ? 42 : 0;
}

static bool has_prefix(const struct cp_addr *addr, const struct cp_addr *first, uint32_t n_bits)
{
	for (uint32_t bit = 0; bit < n_bits; bit++)
		if ((addr->b[bit / 8] ^ first->b[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

/* As a longest-prefix match with the family in front of the address says it. */
static bool told_of(const struct told *told, const struct cp_addr *addr)
{
	for (size_t i = 0; i < told->n; i++)
		if (told->items[i].v6 == !cp_addr_is_v4(addr) &&
		        has_prefix(addr, &told->items[i].first, told->items[i].n_bits))
			return true;
	return false;
}

static size_t times_told(const struct told *told, const char *text, uint32_t n_bits, bool v6)
{
	struct cp_addr addr = addr_of(text);
	size_t n = 0;

	for (size_t i = 0; i < told->n; i++)
		n += cp_addr_cmp(&told->items[i].first, &addr) == 0 && told->items[i].n_bits == n_bits &&
		     told->items[i].v6 == v6;
	return n;
}

static void each_is_told_once(void **state)
{
	static const struct {
		const char *first;
		uint32_t n_bits;
		bool v6;
	} rows[] = {
	        {"0.0.0.0", 96, false},
	        {"64:ff9b::", 96, true},
	        {"10.1.0.0", 112, false},
	        {"64:ff9b::a01:0", 112, true},
	        {"8.8.8.8", 128, false},
	        {"64:ff9b::808:808", 128, true},
	        {"::", 0, true},
	        {"2603::", 16, true},
	        {"2603::1", 128, true},
	};
	struct cp_blocklist *list = cp_blocklist_new(false);
	struct told told = {.n = 0};

	(void)state;
	assert_int_equal(cp_blocklist_each(list, tell, &told), 0);
	assert_int_equal(told.n, 0);
	add(list, "0.0.0.0/0\n10.1.2.3/16\n8.8.8.8\n::/0\n2603::/16\n2603::1\n10.1.0.0/16\n");
	assert_int_equal(cp_blocklist_each(list, tell, &told), 0);
	assert_int_equal(told.n, sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (times_told(&told, rows[i].first, rows[i].n_bits, rows[i].v6) != 1)
			fail_msg("%s/%u", rows[i].first, rows[i].n_bits);
	cp_blocklist_free(list);
}

static void a_result_ends_it(void **state)
{
	struct cp_blocklist *list = cp_blocklist_new(false);

	(void)state;
	add(list, "8.8.8.8\n9.9.9.9\n2603::/16\n2603::1\n");
	for (size_t stop_at = 1; stop_at <= 6; stop_at++) {
		struct told told = {.stop_at = stop_at};

		assert_int_equal(cp_blocklist_each(list, tell, &told), 42);
		assert_int_equal(told.n, stop_at);
	}
	cp_blocklist_free(list);
}

/* An address near a prefix, every fourth in the IPv4 part of NAT64. */
static struct cp_addr near_prefix(uint64_t *seed, const struct told *told, int i)
{
	struct cp_addr addr = i % 2 ? told->items[next_random(seed) % told->n].first : random_addr(seed, i / 2 % 2);

	for (uint32_t n = next_random(seed) % 3; n > 0; n--) {
		uint32_t bit = (cp_addr_is_v4(&addr) ? 96 : 0) + next_random(seed) % 128;

		if (bit < 128)
			addr.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	if (i % 4 == 2) {
		static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

		memcpy(addr.b, nat64, sizeof(nat64));
	}
	return addr;
}

static void what_is_told_says_what_the_list_says(void **state)
{
	enum { N_PREFIXES = 120, N_LOOKUPS = 40000 };
	uint64_t seed = 20240502;
	size_t n_answers[2][2] = {{0}}; /* by family and answer */

	(void)state;
	for (int with_defaults = 0; with_defaults < 2; with_defaults++) {
		struct cp_blocklist *list = cp_blocklist_new(with_defaults);
		struct told told = {.n = 0};

		for (int i = 0; i < N_PREFIXES; i++) {
			char text[CP_ADDR_STRLEN + 8], buf[CP_ADDR_STRLEN];
			struct cp_addr addr = random_addr(&seed, i % 2);

			snprintf(text, sizeof(text), "%s/%u\n", cp_addr_format(&addr, buf),
			        8 + next_random(&seed) % (i % 2 ? 121 : 25));
			add(list, text);
		}
		assert_int_equal(cp_blocklist_each(list, tell, &told), 0);
		for (int i = 0; i < N_LOOKUPS; i++) {
			struct cp_addr addr = near_prefix(&seed, &told, i);
			bool is_blocked = cp_blocklist_match(list, &addr) != NULL;
			char buf[CP_ADDR_STRLEN];

			if (told_of(&told, &addr) != is_blocked)
				fail_msg("%s: the list says %d", cp_addr_format(&addr, buf), is_blocked);
			n_answers[cp_addr_is_v4(&addr)][is_blocked]++;
		}
		cp_blocklist_free(list);
	}
	/* Both answers must have been asked for, in both families. */
	for (int i = 0; i < 4; i++)
		assert_true(n_answers[i / 2][i % 2] > N_LOOKUPS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(blocks_special_ipv4),
	        cmocka_unit_test(blocks_special_ipv6),
	        cmocka_unit_test(probes_private_addresses),
	        cmocka_unit_test(looks_inside_nat64),
	        cmocka_unit_test(nothing_without_defaults),
	        cmocka_unit_test(adds_texts),
	        cmocka_unit_test(the_most_specific_names_it),
	        cmocka_unit_test(a_bad_text_adds_nothing),
	        cmocka_unit_test(says_what_a_scan_says),
	        cmocka_unit_test(each_is_told_once),
	        cmocka_unit_test(a_result_ends_it),
	        cmocka_unit_test(what_is_told_says_what_the_list_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
