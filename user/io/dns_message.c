// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dns_message.c: walks the records of a DNS reply (RFC 1035, 4.1). c-ares
 * expands the names, but its own parsers are not used: they drop the chain
 * of a reply without addresses (a dangling alias is a finding), and hand out
 * the chain in the order of the records. Must not know sockets or servers.
 */
#include "dns_message.h"

#include <ares.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 12
#define CHAIN_MAX 32

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28, CLASS_IN = 1 };

struct cursor {
	const unsigned char *message;
	size_t len, at;
	unsigned int n_left; /* records of the answer section */
};

struct record {
	char *owner; /* ares_free_string() */
	unsigned int type, class;
	const unsigned char *data;
	size_t data_len;
};

static unsigned int get_u16(const unsigned char *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

/* Expands the name at an offset; *ret_len is what it takes there. */
static int get_name(const struct cursor *cursor, size_t at, char **ret_name, size_t *ret_len)
{
	long len;

	if (at >= cursor->len)
		return -EBADMSG;

	int rc = ares_expand_name(cursor->message + at, cursor->message, (int)cursor->len, ret_name, &len);

	if (rc != ARES_SUCCESS)
		return rc == ARES_ENOMEM ? -ENOMEM : -EBADMSG;
	*ret_len = (size_t)len;
	return 0;
}

/* Stands before the first record of the answer section. */
static int start(const unsigned char *message, size_t len, struct cursor *ret_cursor)
{
	struct cursor cursor = {.message = message, .len = len, .at = HEADER_LEN};

	if (len < HEADER_LEN)
		return -EBADMSG;
	cursor.n_left = get_u16(message + 6);
	for (unsigned int n = get_u16(message + 4); n > 0; n--) {
		char *name;
		size_t name_len;
		int rc = get_name(&cursor, cursor.at, &name, &name_len);

		if (rc < 0)
			return rc;
		ares_free_string(name);
		cursor.at += name_len + 4;
	}
	*ret_cursor = cursor;
	return 0;
}

/* 1 and a record whose owner the caller frees, 0 at the end of the section. */
static int next_record(struct cursor *cursor, struct record *ret_record)
{
	struct record record;
	size_t owner_len;
	int rc;

	if (cursor->n_left == 0)
		return 0;
	rc = get_name(cursor, cursor->at, &record.owner, &owner_len);
	if (rc < 0)
		return rc;

	size_t fixed = cursor->at + owner_len;
	const unsigned char *at = cursor->message + fixed;

	if (fixed + 10 > cursor->len || fixed + 10 + get_u16(at + 8) > cursor->len) {
		ares_free_string(record.owner);
		return -EBADMSG;
	}
	record.type = get_u16(at);
	record.class = get_u16(at + 2);
	record.data_len = get_u16(at + 8);
	record.data = at + 10;
	cursor->at = fixed + 10 + record.data_len;
	cursor->n_left--;
	*ret_record = record;
	return 1;
}

/* The name that a record of this type gives its owner, 1; 0 when the reply has none. The caller frees the name. */
static int find_name(struct cursor cursor, unsigned int type, const char *owner, char **ret_name)
{
	struct record record;
	int rc;

	while ((rc = next_record(&cursor, &record)) > 0) {
		bool is_it = record.type == type && record.class == CLASS_IN && strcasecmp(record.owner, owner) == 0;
		size_t len;

		ares_free_string(record.owner);
		if (!is_it)
			continue;
		rc = get_name(&cursor, (size_t)(record.data - cursor.message), ret_name, &len);
		return rc < 0 ? rc : 1;
	}
	return rc;
}

static int append_name(struct cp_answer *answer, const char *name)
{
	char **cname = reallocarray(answer->cname, answer->n_cname + 1, sizeof(*cname));

	if (!cname)
		return -ENOMEM;
	answer->cname = cname;
	cname[answer->n_cname] = strdup(name);
	if (!cname[answer->n_cname])
		return -ENOMEM;
	for (char *c = cname[answer->n_cname++]; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

static bool is_in_chain(const struct cp_answer *answer, const char *question, const char *name)
{
	if (strcasecmp(question, name) == 0)
		return true;
	for (size_t i = 0; i < answer->n_cname; i++)
		if (strcasecmp(answer->cname[i], name) == 0)
			return true;
	return false;
}

static int follow_chain(struct cursor cursor, const char *question, struct cp_answer *answer)
{
	for (;;) {
		const char *alias = answer->n_cname ? answer->cname[answer->n_cname - 1] : question;
		char *name;
		int rc = find_name(cursor, TYPE_CNAME, alias, &name);

		if (rc <= 0)
			return rc;
		rc = answer->n_cname < CHAIN_MAX && !is_in_chain(answer, question, name) ? append_name(answer, name)
		                                                                         : -ELOOP;
		ares_free_string(name);
		if (rc < 0)
			return rc;
	}
}

int cp_dns_answer_add(struct cp_answer *answer, const struct cp_addr *addr)
{
	for (size_t i = 0; i < answer->n_addrs; i++)
		if (cp_addr_eq(&answer->addrs[i], addr))
			return 0;

	struct cp_addr *addrs = reallocarray(answer->addrs, answer->n_addrs + 1, sizeof(*addrs));

	if (!addrs)
		return -ENOMEM;
	answer->addrs = addrs;
	addrs[answer->n_addrs++] = *addr;
	return 0;
}

/* Takes the addresses that the chain's end owns. */
static int take_addrs(struct cursor cursor, const char *owner, struct cp_answer *answer)
{
	struct record record;
	int rc;

	while ((rc = next_record(&cursor, &record)) > 0) {
		bool is_ours = record.class == CLASS_IN && strcasecmp(record.owner, owner) == 0;
		struct cp_addr addr;

		ares_free_string(record.owner);
		if (is_ours && record.type == TYPE_A && record.data_len == 4)
			addr = cp_addr_from_v4(
			        (uint32_t)get_u16(record.data) << 16 | (uint32_t)get_u16(record.data + 2));
		else if (is_ours && record.type == TYPE_AAAA && record.data_len == sizeof(addr.b))
			memcpy(addr.b, record.data, sizeof(addr.b));
		else
			continue;
		rc = cp_dns_answer_add(answer, &addr);
		if (rc < 0)
			break;
	}
	return rc;
}

static int take_ptr(struct cursor cursor, const char *owner, struct cp_answer *answer)
{
	char *name;
	int rc = find_name(cursor, TYPE_PTR, owner, &name);

	if (rc <= 0)
		return rc;
	rc = append_name(answer, name);
	ares_free_string(name);
	return rc < 0 ? rc : 1;
}

/* take: what the chain's end is asked for. */
static int parse(const unsigned char *message, size_t len, const char *name,
        int (*take)(struct cursor cursor, const char *owner, struct cp_answer *answer), struct cp_answer *ret_answer)
{
	struct cp_answer answer = {0};
	struct cursor cursor;
	int rc = start(message, len, &cursor);

	if (rc == 0)
		rc = follow_chain(cursor, name, &answer);
	if (rc == 0)
		rc = take(cursor, answer.n_cname ? answer.cname[answer.n_cname - 1] : name, &answer);
	if (rc < 0) {
		cp_answer_free(&answer);
		return rc;
	}
	*ret_answer = answer;
	return rc;
}

int cp_dns_message_parse(const unsigned char *message, size_t len, const char *name, struct cp_answer *ret_answer)
{
	return parse(message, len, name, take_addrs, ret_answer);
}

int cp_dns_message_parse_ptr(const unsigned char *message, size_t len, const char *name, struct cp_answer *ret_answer)
{
	return parse(message, len, name, take_ptr, ret_answer);
}
