// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_asfile.c: files of AS data, made here: MMDBs of several makers and all
 * sizes, damaged ones, gzip, files that change under the reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "io/asfile.h"
#include "mmdb_lab.h"

#define MAX_BYTES ((size_t)64 << 20)
#define BUILT 1750000000u

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/cp-asfile-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command); /* NOLINT(cert-env33-c): a directory of our own */
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *put_file(const char *name, const void *bytes, size_t len)
{
	const char *path = path_of(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	return path;
}

static const char *put_gzip(const char *name, const void *bytes, size_t len)
{
	const char *path = path_of(name);
	gzFile file = gzopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(gzwrite(file, bytes, (unsigned)len), len);
	assert_int_equal(gzclose(file), Z_OK);
	return path;
}

/* A database with the file's rows, sealed. */
static struct cp_asdb *load(const char *path, struct cp_asfile_info *ret_info)
{
	struct cp_asdb *db = NULL;
	struct cp_err err = {""};

	assert_int_equal(cp_asdb_new(&db), 0);
	if (cp_asfile_load(path, MAX_BYTES, CP_ASDB_DATABASE, db, ret_info, &err))
		fail_msg("%s", err.text);
	assert_int_equal(cp_asdb_seal(db), 0);
	return db;
}

/* The one line that says why not. */
static void refused(const char *path, int rc, const char *why)
{
	struct cp_asfile_info info = {.built_at_s = 77};
	struct cp_asdb *db = NULL;
	struct cp_err err = {""};

	assert_int_equal(cp_asdb_new(&db), 0);
	assert_int_equal(cp_asfile_load(path, MAX_BYTES, CP_ASDB_DATABASE, db, &info, &err), rc);
	if (!strstr(err.text, why) || !strstr(err.text, path) || strpbrk(err.text, "\n\033"))
		fail_msg("says '%s', not '%s'", err.text, why);
	assert_int_equal(info.built_at_s, 77);
	cp_asdb_free(db);
}

static uint32_t asn_at(const struct cp_asdb *db, const char *text)
{
	struct cp_origin origin;
	struct cp_addr addr;

	assert_int_equal(cp_addr_parse(text, &addr), 0);
	cp_asdb_lookup(db, &addr, &origin);
	return origin.kind == CP_ORIGIN_AS ? origin.asn[0] : 0;
}

static struct mmdb_lab sample(struct mmdb_options options)
{
	struct mmdb_lab lab;

	if (!options.record_bits)
		options.record_bits = 24;
	if (!options.ip_version)
		options.ip_version = 6;
	options.build_epoch = options.build_epoch ? options.build_epoch : BUILT;
	lab = mmdb_new(options);
	mmdb_add(&lab, "20.0.0.0/8", 64500, "Wide \"Net\"");
	mmdb_add(&lab, "20.1.0.0/16", 4200000001u, "Narrow");
	mmdb_add(&lab, "20.1.2.3/32", 8075, "One");
	mmdb_add(&lab, "223.255.255.0/24", 64501, "Last");
	if (options.ip_version == 6) {
		mmdb_add(&lab, "2a00::/12", 64502, "Six");
		mmdb_add(&lab, "2a01:1::1/128", 64503, "One six");
	}
	return lab;
}

static const char *put_sample(const char *name, struct mmdb_options options)
{
	struct mmdb_lab lab = sample(options);
	size_t len;
	uint8_t *bytes = mmdb_bytes(&lab, &len);
	const char *path = put_file(name, bytes, len);

	free(bytes);
	mmdb_free(&lab);
	return path;
}

static void check_sample(const struct cp_asdb *db, bool has_v6)
{
	assert_int_equal(asn_at(db, "20.0.0.0"), 64500);
	assert_int_equal(asn_at(db, "20.255.255.255"), 64500);
	assert_int_equal(asn_at(db, "21.0.0.0"), 0);
	assert_int_equal(asn_at(db, "19.255.255.255"), 0);
	assert_int_equal(asn_at(db, "20.1.0.0"), 4200000001u);
	assert_int_equal(asn_at(db, "20.1.255.255"), 4200000001u);
	assert_int_equal(asn_at(db, "20.1.2.3"), 8075);
	assert_int_equal(asn_at(db, "20.1.2.4"), 4200000001u);
	assert_int_equal(asn_at(db, "223.255.255.255"), 64501);
	assert_int_equal(asn_at(db, "::ffff:20.1.2.3"), 8075);
	assert_int_equal(asn_at(db, "2a00::1"), has_v6 ? 64502 : 0);
	assert_int_equal(asn_at(db, "2a01:1::1"), has_v6 ? 64503 : 0);
	assert_int_equal(asn_at(db, "2a01:1::2"), has_v6 ? 64502 : 0);
	assert_int_equal(asn_at(db, "2a10::"), 0);
	assert_string_equal(cp_asdb_as(db, 64500)->name, "Wide \"Net\"");
	assert_string_equal(cp_asdb_as(db, 8075)->name, "One");
}

static void test_every_maker_and_size(void **state)
{
	static const enum mmdb_style styles[] = {
	        MMDB_GEOLITE, MMDB_IPINFO_TEXT, MMDB_IPINFO_NUMBER, MMDB_NESTED, MMDB_TRAITS};
	static const unsigned bits[] = {24, 28, 32};

	(void)state;
	for (size_t s = 0; s < sizeof(styles) / sizeof(styles[0]); s++) {
		for (size_t b = 0; b < 3; b++) {
			for (unsigned version = 4; version <= 6; version += 2) {
				struct mmdb_options options = {
				        .style = styles[s], .record_bits = bits[b], .ip_version = version};
				struct cp_asfile_info info;
				struct cp_asdb *db = load(put_sample("a.mmdb", options), &info);

				check_sample(db, version == 6);
				assert_int_equal(info.built_at_s, BUILT);
				assert_string_equal(info.type, mmdb_type(&options));
				cp_asdb_free(db);
			}
		}
	}
}

/* A file's name does not matter; what is in it does. */
static void test_mmdb_by_content(void **state)
{
	struct cp_asfile_info info;
	struct cp_asdb *db = load(put_sample("table.csv", (struct mmdb_options){0}), &info);

	(void)state;
	check_sample(db, true);
	cp_asdb_free(db);
}

/* The IPv4 part is there once, however many ways lead to it. */
static void test_aliases_are_not_read_again(void **state)
{
	struct cp_asfile_info info;
	struct cp_asdb *plain = load(put_sample("a.mmdb", (struct mmdb_options){0}), &info);
	struct cp_asdb *with = load(put_sample("b.mmdb", (struct mmdb_options){.aliases = true}), &info);

	(void)state;
	check_sample(with, true);
	assert_int_equal(cp_asdb_n_rows(with, CP_ASDB_DATABASE), cp_asdb_n_rows(plain, CP_ASDB_DATABASE));
	assert_int_equal(asn_at(with, "2002:1401:203::1"), 0); /* 6to4: nobody's */
	cp_asdb_free(plain);
	cp_asdb_free(with);
}

/* A network around all IPv4 addresses holds them, too. */
static void test_network_around_ipv4(void **state)
{
	struct mmdb_lab lab = mmdb_new((struct mmdb_options){.record_bits = 24, .ip_version = 6, .build_epoch = BUILT});
	struct cp_asfile_info info;
	struct cp_asdb *db;
	size_t len;
	uint8_t *bytes;

	(void)state;
	mmdb_add(&lab, "::/64", 64500, "All");
	bytes = mmdb_bytes(&lab, &len);
	db = load(put_file("a.mmdb", bytes, len), &info);
	assert_int_equal(asn_at(db, "20.0.0.1"), 64500);
	assert_int_equal(asn_at(db, "223.0.0.1"), 64500);
	cp_asdb_free(db);
	free(bytes);
	mmdb_free(&lab);
}

/* 0 and "" mean that nobody announces it. */
static void test_no_as_is_no_row(void **state)
{
	static const enum mmdb_style styles[] = {MMDB_GEOLITE, MMDB_IPINFO_TEXT};

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		struct mmdb_lab lab = sample((struct mmdb_options){.style = styles[s]});
		struct cp_asfile_info info;
		struct cp_asdb *db;
		size_t len;
		uint8_t *bytes;

		mmdb_add(&lab, "30.0.0.0/8", 0, "");
		bytes = mmdb_bytes(&lab, &len);
		db = load(put_file("a.mmdb", bytes, len), &info);
		assert_int_equal(asn_at(db, "30.1.1.1"), 0);
		check_sample(db, true);
		cp_asdb_free(db);
		free(bytes);
		mmdb_free(&lab);
	}
}

static void test_wrong_database(void **state)
{
	(void)state;
	refused(put_sample("city.mmdb", (struct mmdb_options){.style = MMDB_CITY}), -EINVAL,
	        "no AS numbers in it (type 'GeoLite2-City'): its records have neither autonomous_system_number nor "
	        "asn");
	refused(put_sample("evil.mmdb", (struct mmdb_options){.style = MMDB_CITY, .type = "a\033[31m\nb"}), -EINVAL,
	        "(type 'a?[31m?b')");
	refused(put_sample("text.mmdb", (struct mmdb_options){.style = MMDB_WRONG_TEXT}), -EINVAL,
	        "a damaged MaxMind DB: a text where an AS number was expected");
	refused(put_sample("double.mmdb", (struct mmdb_options){.style = MMDB_WRONG_TYPE}), -EINVAL,
	        "a damaged MaxMind DB: an AS number that is neither a number nor a text");
}

static void test_damaged(void **state)
{
	struct mmdb_lab lab = sample((struct mmdb_options){0});
	size_t len;
	uint8_t *bytes = mmdb_bytes(&lab, &len);

	(void)state;
	refused(put_file("empty.mmdb", "", 0), -EINVAL, "empty");
	refused(put_file("empty.csv", "", 0), -EINVAL, "empty");
	refused(put_file("half.mmdb", bytes, len / 2), -EINVAL, "not a MaxMind DB, or cut short");
	refused(put_file("half.mmdb.gz", bytes, len / 2), -EINVAL, "not a MaxMind DB, or cut short");
	refused(put_file("half.csv", bytes, len / 2), -EINVAL, "half.csv:1: ");
	refused(put_file("tail.mmdb", bytes, len - 20), -EINVAL, "a damaged MaxMind DB");
	refused(put_file("head.mmdb", bytes + len / 2, len - len / 2), -EINVAL, "a damaged MaxMind DB");
	refused(path_of("absent.mmdb"), -ENOENT, "No such file");
	refused(dir, -EISDIR, "Is a directory");
	/* The root leads to itself. */
	lab.nodes[0].child[0] = lab.nodes[0].child[1] = 1;
	lab.nodes[1].child[0] = lab.nodes[1].child[1] = 1;
	free(bytes);
	bytes = mmdb_bytes(&lab, &len);
	refused(put_file("circle.mmdb", bytes, len), -EINVAL, "circle");
	/* A node that is not there. */
	lab.nodes[1].child[0] = lab.nodes[1].child[1] = MMDB_IS_DATA | 0xffff;
	free(bytes);
	bytes = mmdb_bytes(&lab, &len);
	refused(put_file("nowhere.mmdb", bytes, len), -EINVAL, "a damaged MaxMind DB");
	free(bytes);
	mmdb_free(&lab);
}

/* Every file cut short, and every byte of it changed, is read or refused; never more than that. */
static void test_cut_and_changed_everywhere(void **state)
{
	struct mmdb_lab lab = sample((struct mmdb_options){.style = MMDB_IPINFO_TEXT, .aliases = true});
	size_t len, n_read = 0, n_refused = 0;
	uint8_t *bytes = mmdb_bytes(&lab, &len);

	(void)state;
	for (size_t i = 0; i < 2 * len; i++) {
		size_t at = i / 2, n = i & 1 ? at : len;
		uint8_t before = bytes[at];
		struct cp_asfile_info info;
		struct cp_asdb *db = NULL;
		struct cp_err err = {""};
		const char *path;

		if (len > 4000 && at % 7)
			continue;
		bytes[at] ^= (uint8_t)(i & 1 ? 0 : 0x41 + at % 64);
		path = put_file("x.mmdb", bytes, n);
		bytes[at] = before;
		assert_int_equal(cp_asdb_new(&db), 0);
		if (cp_asfile_load(path, MAX_BYTES, CP_ASDB_DATABASE, db, &info, &err)) {
			assert_true(err.text[0] != '\0' && !strchr(err.text, '\n'));
			n_refused++;
		} else {
			n_read++;
		}
		cp_asdb_free(db);
	}
	assert_true(n_read > 0 && n_refused > 0);
	free(bytes);
	mmdb_free(&lab);
}

/* What happens to the file after it was read is no matter: cut short in place, replaced, removed. */
static void test_file_changes_after_loading(void **state)
{
	struct cp_asfile_info info;
	const char *path = put_sample("a.mmdb", (struct mmdb_options){0});
	struct cp_asdb *db = load(path, &info);

	(void)state;
	assert_int_equal(truncate(path, 0), 0);
	check_sample(db, true);
	assert_int_equal(unlink(path), 0);
	check_sample(db, true);
	cp_asdb_free(db);
}

static void test_gzip(void **state)
{
	static const char rows[] = "20.0.0.0/8 64500\n20.1.0.0/16 64501\n";
	struct mmdb_lab lab = sample((struct mmdb_options){0});
	struct cp_asfile_info info;
	struct cp_asdb *db;
	size_t len;
	uint8_t *bytes = mmdb_bytes(&lab, &len), packed[4096];
	const char *path;
	int fd;
	ssize_t n;

	(void)state;
	db = load(put_gzip("a.mmdb.gz", bytes, len), &info);
	check_sample(db, true);
	cp_asdb_free(db);
	path = put_gzip("rows.gz", rows, sizeof(rows) - 1);
	db = load(path, &info);
	assert_int_equal(asn_at(db, "20.1.0.1"), 64501);
	assert_string_equal(info.type, "");
	cp_asdb_free(db);
	/* Two members running are one file; half a member is none. */
	fd = open(path, O_RDONLY);
	n = read(fd, packed, sizeof(packed) / 2);
	close(fd);
	assert_true(n > 20);
	refused(put_file("half.gz", packed, (size_t)n - 9), -EINVAL, "damaged or cut short");
	packed[n / 2] ^= 0xff;
	refused(put_file("bad.gz", packed, (size_t)n), -EINVAL, "gz");
	packed[n / 2] ^= 0xff;
	memcpy(packed + n, packed, (size_t)n);
	db = load(put_file("two.gz", packed, 2 * (size_t)n), &info);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_DATABASE), 4);
	cp_asdb_free(db);
	free(bytes);
	mmdb_free(&lab);
}

/* A small file that would unpack to a large one stops at the limit. */
static void test_limits(void **state)
{
	char *zeros = calloc(1, 1 << 20);
	struct cp_asfile file = {.len = 77};
	struct cp_err err = {""};
	const char *path = put_gzip("bomb.gz", zeros, 1 << 20);

	(void)state;
	assert_int_equal(cp_asfile_read(path, (1 << 20) - 1, &file, &err), -EFBIG);
	assert_non_null(strstr(err.text, "larger than 1048575 bytes when unpacked"));
	assert_int_equal(file.len, 77);
	assert_int_equal(cp_asfile_read(path, 1 << 20, &file, &err), 0);
	assert_int_equal(file.len, 1 << 20);
	cp_asfile_free(&file);
	path = put_file("long", zeros, 1 << 20);
	assert_int_equal(cp_asfile_read(path, 1000, &file, &err), -EFBIG);
	assert_int_equal(cp_asfile_read(path, 1 << 20, &file, &err), 0);
	assert_int_equal(file.len, 1 << 20);
	cp_asfile_free(&file);
	free(zeros);
}

static void test_text_has_the_files_time(void **state)
{
	static const char rows[] = "20.0.0.0/8 64500\n";
	const struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
	const char *path = put_file("rows", rows, sizeof(rows) - 1);
	struct cp_asfile_info info;
	struct cp_asdb *db;

	(void)state;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	db = load(path, &info);
	assert_int_equal(info.built_at_s, 1000000);
	cp_asdb_free(db);
}

/* As many networks as GeoLite2-ASN has, of as many ASes: no row is lost, and the records are not decoded each time. */
static void test_many_networks(void **state)
{
	struct mmdb_lab lab = mmdb_new((struct mmdb_options){.record_bits = 28, .ip_version = 4, .build_epoch = BUILT});
	struct cp_asfile_info info;
	struct cp_asdb *db;
	size_t len;
	uint8_t *bytes;
	char prefix[32];

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		snprintf(prefix, sizeof(prefix), "20.%u.%u.0/24", i >> 8, i & 255);
		mmdb_add(&lab, prefix, 1 + i % 300, "Some");
	}
	bytes = mmdb_bytes(&lab, &len);
	db = load(put_file("a.mmdb", bytes, len), &info);
	assert_int_equal(cp_asdb_n_rows(db, CP_ASDB_DATABASE), 60000);
	for (uint32_t i = 0; i < 60000; i++) {
		snprintf(prefix, sizeof(prefix), "20.%u.%u.9", i >> 8, i & 255);
		assert_int_equal(asn_at(db, prefix), 1 + i % 300);
	}
	cp_asdb_free(db);
	free(bytes);
	mmdb_free(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_maker_and_size),
	        cmocka_unit_test(test_mmdb_by_content),
	        cmocka_unit_test(test_aliases_are_not_read_again),
	        cmocka_unit_test(test_network_around_ipv4),
	        cmocka_unit_test(test_no_as_is_no_row),
	        cmocka_unit_test(test_wrong_database),
	        cmocka_unit_test(test_damaged),
	        cmocka_unit_test(test_cut_and_changed_everywhere),
	        cmocka_unit_test(test_file_changes_after_loading),
	        cmocka_unit_test(test_gzip),
	        cmocka_unit_test(test_limits),
	        cmocka_unit_test(test_text_has_the_files_time),
	        cmocka_unit_test(test_many_networks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
