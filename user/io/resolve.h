/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * resolve.h: names -> addresses with their CNAME chain, and addresses -> names,
 * many at once, through c-ares. Owns sockets to resolvers and nothing else.
 * Never prints.
 */
#ifndef CP_RESOLVE_H
#define CP_RESOLVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/target.h"

struct cp_resolve_config {
	const char *server; /* "addr", "addr:port", "[v6]:port"; NULL: /etc/resolv.conf */
	bool want_v4, want_v6;
	unsigned window; /* names in flight at most; 0: 256 */
	unsigned timeout_ms; /* of the first try, doubled for each further one; 0: 2000 */
	unsigned tries; /* 0: 3 */
	const atomic_bool *stop; /* checked at least every 100 ms; true: give up the rest. May be NULL */
	uint64_t until_ns; /* likewise once CLOCK_MONOTONIC is there; 0: no limit */
};

/* Called once a name, in any order, from within cp_resolve_all(). The callee takes the answer's members over
 * (cp_answer_free). */
typedef void (*cp_resolve_cb)(void *ctx, size_t index, struct cp_answer *answer);

/*
 * Resolves names[0..n). A and AAAA as wanted; addresses in answer order, A first, no repeats; the CNAME chain in
 * order. A name's status is OK when it has at least one address, else the more telling of both questions' errors.
 * Truncated UDP answers are asked again over TCP; a server that fails or refuses is passed over for the next one.
 * While no server has ever answered, a windowful of names is asked and the rest gets their status unasked. Names that
 * *stop or until_ns left without an answer are not called back. The hosts file and search domains play no part. Returns
 * 0 when every name got an answer (good or bad), -ECANCELED when one of them ended it, -EINVAL for a malformed server,
 * -EIO/-ENOMEM with err set.
 */
int cp_resolve_all(const struct cp_resolve_config *config, const char *const *names, size_t n, cp_resolve_cb cb,
        void *ctx, struct cp_err *err);

/*
 * The names of addrs[0..n), by PTR records (RFC 1035, 3.5; RFC 3596, 2.5); want_v4 and want_v6 play no part. The
 * answer's status is OK when there is a name: the last of its chain, as a delegation by CNAMEs (RFC 2317) leads there.
 * It is the first of several, in lower case, at most CP_RESOLVE_NAME_MAX bytes long, a longer one counts as none, as
 * the root does; bytes that no host name has are escaped by c-ares ("\\010"), which does not make the name anything to
 * trust. All else is as for cp_resolve_all().
 */
#define CP_RESOLVE_NAME_MAX 253
int cp_resolve_ptrs(const struct cp_resolve_config *config, const struct cp_addr *addrs, size_t n, cp_resolve_cb cb,
        void *ctx, struct cp_err *err);

/* The resolver that config means, for records and doctor: "198.18.0.53:53" or a comma-separated list. 0 or -errno. */
int cp_resolve_describe(const struct cp_resolve_config *config, char *buf, size_t size);

#endif
