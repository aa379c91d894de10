// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mmdb_make.c: rows on standard input into an MMDB on standard output, so that
 * lab tests and benchmarks have one. Rows: "prefix asn", or "first,last,asn,name"
 * with IPv4 before IPv6 and no overlap.
 *
 *   mmdb_make geolite|ipinfo|ipinfo-number|city 24|28|32 4|6 BUILD-EPOCH
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/mmdb_lab.h"

#define LINE_MAX_BYTES 1024

typedef unsigned __int128 number;

static number number_of(const struct cp_addr *addr)
{
	number value = 0;

	for (int i = cp_addr_is_v4(addr) ? 12 : 0; i < 16; i++)
		value = value << 8 | addr->b[i];
	return value;
}

static struct cp_addr addr_of(number value, bool is_v4)
{
	struct cp_addr addr;

	if (is_v4)
		return cp_addr_from_v4((uint32_t)value);
	for (int i = 15; i >= 0; i--, value >>= 8)
		addr.b[i] = (uint8_t)value;
	return addr;
}

/* A range as the fewest prefixes. */
static void add_range(
        struct mmdb_lab *lab, const char *first_text, const char *last_text, uint32_t asn, const char *name)
{
	struct cp_addr first, last;
	char text[CP_ADDR_STRLEN], prefix[CP_ADDR_STRLEN + 5];

	mmdb_must(cp_addr_parse(first_text, &first) == 0 && cp_addr_parse(last_text, &last) == 0);

	bool is_v4 = cp_addr_is_v4(&first);
	number at = number_of(&first), end = number_of(&last);
	unsigned width = is_v4 ? 32 : 128;

	for (;;) {
		unsigned bits = 0;

		while (bits < width && !(at >> bits & 1) && at + (((number)2 << bits) - 1) <= end)
			bits++;
		first = addr_of(at, is_v4);
		snprintf(prefix, sizeof(prefix), "%s/%u", cp_addr_format(&first, text), width - bits);
		mmdb_add(lab, prefix, asn, name);
		if (end - at == ((number)1 << bits) - 1)
			return;
		at += (number)1 << bits;
	}
}

static void add_line(struct mmdb_lab *lab, char *line)
{
	char *rest = line, *first = strsep(&rest, ", "), *last = NULL, *asn;

	if (!strchr(first, '/'))
		last = strsep(&rest, ",");
	asn = strsep(&rest, ",\n");
	mmdb_must(asn != NULL);
	if (lab->options.ip_version == 4 && strchr(first, ':'))
		return;
	if (rest) {
		rest += *rest == '"';
		rest[strcspn(rest, "\"\n")] = '\0';
		/* The writer's limit. */
		if (strlen(rest) > 250)
			rest[250] = '\0';
	}
	if (last)
		add_range(lab, first, last, (uint32_t)strtoul(asn, NULL, 10), rest ? rest : "Lab");
	else
		mmdb_add(lab, first, (uint32_t)strtoul(asn, NULL, 10), "Lab");
}

int main(int argc, char **argv)
{
	static const char *const styles[] = {"geolite", "ipinfo", "ipinfo-number", "city"};
	struct mmdb_options options = {.aliases = false};
	struct mmdb_lab lab;
	char line[LINE_MAX_BYTES];
	uint8_t *bytes;
	size_t len;

	if (argc != 5) {
		fprintf(stderr, "usage: mmdb_make STYLE RECORD-BITS IP-VERSION BUILD-EPOCH <rows >file\n");
		return 2;
	}
	while (options.style < MMDB_CITY && strcmp(argv[1], styles[options.style]) != 0)
		options.style++;
	options.record_bits = (unsigned)strtoul(argv[2], NULL, 10);
	options.ip_version = (unsigned)strtoul(argv[3], NULL, 10);
	options.build_epoch = strtoull(argv[4], NULL, 10);
	lab = mmdb_new(options);
	while (fgets(line, sizeof(line), stdin))
		add_line(&lab, line);
	lab.options.aliases = options.ip_version == 6;
	bytes = mmdb_bytes(&lab, &len);
	len = fwrite(bytes, 1, len, stdout) == len && fflush(stdout) == 0 ? len : 0;
	free(bytes);
	mmdb_free(&lab);
	return len ? 0 : 1;
}
