// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * names.c: reverse names of the routers that a run has seen: each address
 * asked for once, in bounded time, after probing. Owns the names until the
 * run is freed. Must not know what a name says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "io/resolve.h"

#define NSEC_PER_SEC 1000000000ull
#define LIMIT_S 3u
#define TRY_MS 1000u /* of the first try; the second waits twice as long, so that both fit in */
#define TRIES 2u

struct cp_names {
	struct cp_addr *addrs; /* [n], in the order of the paths */
	size_t n, cap;
	char **names; /* [n_asked], NULL: none */
	size_t n_asked;
	uint32_t *index; /* open addressing, place in addrs + 1; 0: free */
	size_t index_mask; /* 0: nothing is indexed */
	size_t n_answered, n_failed;
	enum cp_dns_status failure; /* the latest */
};

/* ---- the addresses ---- */

static size_t hash_addr(const struct cp_addr *addr)
{
	uint64_t half[2], hash;

	memcpy(half, addr->b, sizeof(half));
	hash = (half[0] * 0xd6e8feb86659fd93ull ^ half[1]) * 0x9e3779b97f4a7c15ull;
	return (size_t)(hash ^ hash >> 32);
}

/* Where the address is in the index, or would be. There is an index. */
static uint32_t *place_of(const struct cp_names *names, const struct cp_addr *addr)
{
	for (size_t i = hash_addr(addr);; i++) {
		uint32_t *place = &names->index[i & names->index_mask];

		if (!*place || cp_addr_eq(&names->addrs[*place - 1], addr))
			return place;
	}
}

/* Makes room for one more. The index is never more than half full. */
static int grow(struct cp_names *names)
{
	size_t cap = names->cap ? names->cap * 2 : 256;
	struct cp_addr *addrs = reallocarray(names->addrs, cap, sizeof(*addrs));
	uint32_t *index;

	if (!addrs)
		return -ENOMEM;
	names->addrs = addrs;
	index = calloc(cap * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(names->index);
	names->index = index;
	names->index_mask = cap * 2 - 1;
	names->cap = cap;
	for (size_t i = 0; i < names->n; i++)
		*place_of(names, &addrs[i]) = (uint32_t)i + 1;
	return 0;
}

static int add_addr(struct cp_names *names, const struct cp_addr *addr)
{
	int rc = names->n == names->cap ? grow(names) : 0;
	uint32_t *place;

	if (rc)
		return rc;
	place = place_of(names, addr);
	if (*place)
		return 0;
	names->addrs[names->n++] = *addr;
	*place = (uint32_t)names->n;
	return 0;
}

/* The routers of all paths; what a destination is called, the user has said. */
static int collect(const struct cp_audit *audit, struct cp_names *names)
{
	struct cp_path *path = malloc(sizeof(*path));
	int rc = path ? 0 : -ENOMEM;

	for (uint32_t d = 0; d < audit->n_probed && rc == 0; d++) {
		for (uint32_t flow = 0; flow < audit->opts->n_flows && rc == 0; flow++) {
			cp_sweep_path(audit->sweep, d * audit->opts->n_flows + flow, path);
			for (uint32_t i = 0; i < path->n_hops && rc == 0; i++) {
				const struct cp_addr *addr = &path->hops[i].addr;

				if (!cp_addr_is_zero(addr) && !cp_addr_eq(addr, &audit->probe_addrs[d]))
					rc = add_addr(names, addr);
			}
		}
	}
	free(path);
	return rc;
}

/* ---- their names ---- */

static void take_answer(void *ctx, size_t i, struct cp_answer *answer)
{
	struct cp_names *names = ctx;

	if (answer->status != CP_DNS_TIMEOUT)
		names->n_answered++;
	if (answer->status == CP_DNS_OK) {
		names->names[i] = answer->cname[--answer->n_cname];
	} else if (answer->status != CP_DNS_NXDOMAIN && answer->status != CP_DNS_NODATA) {
		names->n_failed++;
		names->failure = answer->status;
	}
	cp_answer_free(answer);
}

static void warn(struct cp_audit *audit, const struct cp_names *names)
{
	const char *resolver = audit->resolver[0] ? audit->resolver : "none";
	size_t n_silent = names->n_asked - names->n_answered;

	if (names->n > names->n_asked)
		cp_outputs_warn(audit, "rdns-cut",
		        "%zu of %zu router addresses are not asked for their names: --rdns-max is %u",
		        names->n - names->n_asked, names->n, audit->opts->rdns_max);
	if (n_silent && !cp_signals_seen(NULL))
		cp_outputs_warn(audit, "rdns-timeout",
		        "%zu of %zu router addresses had no answer about their names in time (resolver %s); --no-rdns "
		        "does "
		        "not ask",
		        n_silent, names->n_asked, resolver);
	else if (names->n_failed && names->n_failed == names->n_asked)
		cp_outputs_warn(audit, "rdns-failed",
		        "no router address had an answer about its name: %s (resolver %s); --no-rdns does not ask",
		        cp_dns_status_name(names->failure), resolver);
}

/* Asks until the time is up; what has no answer by then stays unnamed. */
static int ask(struct cp_audit *audit, struct cp_names *names, struct cp_err *err)
{
	const struct cp_opts *opts = audit->opts;
	uint64_t now_ns = cp_host_clock_mono_ns();
	struct cp_resolve_config config = {
	        .server = opts->resolver,
	        .timeout_ms = TRY_MS,
	        .tries = TRIES,
	        .stop = cp_signals_flag(),
	        .until_ns = now_ns + LIMIT_S * NSEC_PER_SEC,
	};
	uint64_t end_ns = opts->max_runtime_s ? audit->start_ns + opts->max_runtime_s * NSEC_PER_SEC : UINT64_MAX;
	int rc;

	if (end_ns < config.until_ns)
		config.until_ns = end_ns;
	names->n_asked = names->n < opts->rdns_max ? names->n : opts->rdns_max;
	names->names = calloc(names->n_asked, sizeof(*names->names));
	if (!names->names)
		return cp_err_set(err, -ENOMEM, "out of memory");
	if (end_ns <= now_ns)
		return 0;
	rc = cp_resolve_ptrs(&config, names->addrs, names->n_asked, take_answer, names, err);
	return rc == -ECANCELED ? 0 : rc;
}

void cp_audit_name_hops(struct cp_audit *audit)
{
	struct cp_names *names;
	struct cp_progress progress;
	struct cp_err err = {.text = "out of memory"};
	int rc;

	if (audit->opts->no_rdns || cp_signals_seen(NULL) || cp_outputs_dead(audit))
		return;
	names = audit->names = calloc(1, sizeof(*names));
	rc = names ? collect(audit, names) : -ENOMEM;
	if (rc == 0 && names->n) {
		cp_progress_init(&progress, audit->opts);
		cp_progress_text(&progress, "asking for names ...");
		rc = ask(audit, names, &err);
		cp_progress_clear(&progress);
		if (rc == 0)
			warn(audit, names);
	}
	if (cp_signals_seen(NULL))
		audit->end_reason = "interrupted";
	if (rc)
		cp_outputs_warn(audit, "rdns-failed", "routers stay without their names: %s", err.text);
}

void cp_names_set(const struct cp_names *names, struct cp_path *path)
{
	if (!names || !names->names)
		return;
	for (uint32_t i = 0; i < path->n_hops; i++) {
		struct cp_hop *hop = &path->hops[i];
		uint32_t place = cp_addr_is_zero(&hop->addr) ? 0 : *place_of(names, &hop->addr);

		if (place && place <= names->n_asked)
			hop->ptr = names->names[place - 1];
	}
}

void cp_names_free(struct cp_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; names->names && i < names->n_asked; i++)
		free(names->names[i]);
	free(names->names);
	free(names->addrs);
	free(names->index);
	free(names);
}
