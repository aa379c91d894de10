/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * target.h: what the user asked for. Parses arguments, target files (lines or
 * CSV) and presets into a list of unique targets. Knows nothing of DNS answers
 * beyond the shape in which they are handed over (struct cp_answer).
 */
#ifndef CP_TARGET_H
#define CP_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"

/* Small, as there may be a million. The strings are the list's and may be shared. */
struct cp_target {
	const char *host; /* lower case, no brackets, no trailing dot; an address in its canonical form */
	const char *group; /* label, or NULL */
	const char *expect; /* preset's expectation (ms, non-ms, ms-or-cdn, ...), or NULL */
	uint32_t nth_name; /* how many names, not addresses, are before it in the list */
	uint16_t port; /* host order; 0 for icmp */
	uint8_t proto; /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP (for both families) */
	bool is_literal; /* host is an address */
};

/* What a target takes where it does not say itself. */
struct cp_target_defaults {
	uint16_t port; /* 443 */
	uint8_t proto; /* IPPROTO_TCP */
	const char *group; /* or NULL */
};

struct cp_targets {
	struct cp_target *items;
	size_t n;
	size_t n_names; /* items that are not addresses */
	size_t n_duplicates; /* merged: same host, port and protocol */
	/* private */
	size_t cap;
	struct cp_target_strings *strings;
	uint32_t *index; /* open-addressing hash of items, 1-based, 0 empty */
	size_t index_cap;
};

/*
 * Adds one target: host[:port][/proto], address, [v6]:port, [v6]. A bare IPv6
 * literal is an address without a port. Host names: LDH labels and '_', at most
 * 253 characters, 63 a label; a label of digits only in last place is refused
 * (RFC 3696). Wildcards are refused by name. A duplicate is counted, not added.
 * 0, -EINVAL (malformed; err says what and where in the text), -ENOMEM.
 */
int cp_targets_add(
        struct cp_targets *targets, const char *text, const struct cp_target_defaults *defaults, struct cp_err *err);

/*
 * Adds every target of a text. Two forms, told apart by the first line that is
 * neither empty nor a comment: CSV when it is a header line naming a column
 * fqdn, host, hostname, name or target (others known: port, group, proto or
 * protocol, expect, unknown ones ignored; double-quoted fields); else one target a line,
 * optionally followed by white space or a comma and a group label. '#' starts a
 * comment; CRLF, BOM and a missing last newline are fine. A NUL byte or an
 * over-long line is malformed. On the first bad line: -EINVAL, err says
 * "<source>:<line>: ...", targets before it stay added.
 */
int cp_targets_add_text(struct cp_targets *targets, const char *text, size_t len, const char *source,
        const struct cp_target_defaults *defaults, struct cp_err *err);

/* Gives back what only adding needs. Adding goes on afterwards, at a price. */
void cp_targets_trim(struct cp_targets *targets);

/* Sets what is expected of the target added last. 0 or -ENOMEM. */
int cp_targets_expect(struct cp_targets *targets, const char *expect);

void cp_targets_free(struct cp_targets *targets);

/* "tcp", "udp", "icmp"; NULL for others. And back: 0 or -EINVAL. */
const char *cp_proto_name(uint8_t proto);
int cp_proto_parse(const char *text, uint8_t *ret_proto);
/* "1" to "65535", digits only. 0 or -EINVAL. */
int cp_port_parse(const char *text, uint16_t *ret_port);

enum cp_dns_status {
	CP_DNS_OK = 0,
	CP_DNS_LITERAL, /* no question was asked */
	CP_DNS_NXDOMAIN,
	CP_DNS_NODATA,
	CP_DNS_SERVFAIL,
	CP_DNS_TIMEOUT,
	CP_DNS_REFUSED,
	CP_DNS_ERROR,
};
/* "ok", "literal", "dns_nxdomain", "dns_nodata", "dns_servfail", "dns_timeout", "dns_refused", "dns_error" */
const char *cp_dns_status_name(enum cp_dns_status status);

/* What DNS said of one target's name. Zeroed: nothing yet. */
struct cp_answer {
	enum cp_dns_status status;
	struct cp_addr *addrs; /* A before AAAA, in answer order, no repeats */
	size_t n_addrs;
	char **cname; /* chain, first the name the question's name points to */
	size_t n_cname;
};
void cp_answer_free(struct cp_answer *answer); /* frees the members, zeroes it; takes NULL */

/* One address of one target. */
struct cp_destination {
	uint32_t target; /* index */
	uint32_t reserved;
	struct cp_addr addr;
};

#endif
