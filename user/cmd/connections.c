// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * connections.c: the TCP connections that SACK probes fly in: when they are
 * given up, that they are closed, and what became of each. The datapath opens
 * them; which slot is probed is the sweep's affair.
 */
#include <errno.h>
#include <netinet/in.h>

#include "audit_impl.h"

#define NSEC_PER_SEC 1000000000ull
#define BATCH 1024u
#define WAIT_MS 2
#define BEYOND_HINT 8u /* silence so far behind the hinted distance is no error of the hint any more */

static uint32_t n_paths(const struct cp_audit *audit)
{
	return audit->n_probed * audit->opts->n_flows;
}

static uint32_t n_ttls(const struct cp_audit *audit)
{
	return audit->opts->max_ttl - audit->opts->first_ttl + 1;
}

static bool in_use(const struct cp_audit *audit)
{
	return audit->n_probed && cp_engine_conn(audit->engine, 0);
}

/* SACK was granted, and data sent far enough to have arrived was never acknowledged selectively. */
static bool is_unused(const struct cp_audit *audit, const struct cp_conn *conn)
{
	uint32_t enough = conn->hint_ttl + BEYOND_HINT;

	if (enough > audit->opts->max_ttl - 1)
		enough = audit->opts->max_ttl - 1;
	return conn->state == CP_CONN_OPEN && !conn->sacked && conn->top_sent >= enough;
}

/* Queues the end of n connections, by a slot of each, as room comes. 0 or -errno; -EINTR after a second signal. */
static int queue(
        struct cp_audit *audit, enum cp_work_op op, const uint32_t *slots, uint32_t n, const struct cp_waiting *waiting)
{
	int rc;

	while ((rc = cp_engine_push(audit->engine, op, slots, n)) == -ENOSPC) {
		if (cp_signals_seen(NULL) > 1)
			return -EINTR;
		waiting->wait(waiting->ctx, WAIT_MS);
	}
	return rc;
}

/* Queues the end of the connections a test picks. */
static int end_those(struct cp_audit *audit, bool (*picks)(const struct cp_audit *, const struct cp_conn *),
        enum cp_work_op op, const struct cp_waiting *waiting)
{
	uint32_t slots[BATCH], n = 0;
	int rc = 0;

	for (uint32_t path = 0; path < n_paths(audit) && rc == 0; path++) {
		if (picks(audit, cp_engine_conn(audit->engine, path)))
			slots[n++] = path * n_ttls(audit);
		if (n == BATCH) {
			rc = queue(audit, op, slots, n, waiting);
			n = 0;
		}
	}
	return rc || n == 0 ? rc : queue(audit, op, slots, n, waiting);
}

static bool is_open(const struct cp_audit *audit, const struct cp_conn *conn)
{
	(void)audit;
	return conn->state == CP_CONN_OPEN;
}

static bool is_closed(const struct cp_audit *audit, const struct cp_conn *conn)
{
	(void)audit;
	return conn->state == CP_CONN_CLOSED;
}

int cp_connections_review(struct cp_audit *audit, const struct cp_waiting *waiting)
{
	return in_use(audit) ? end_those(audit, is_unused, CP_WORK_GIVE_UP, waiting) : 0;
}

static void wait_until_idle(struct cp_audit *audit, const struct cp_waiting *waiting)
{
	uint64_t until_ns =
	        cp_host_clock_mono_ns() + NSEC_PER_SEC + n_paths(audit) * NSEC_PER_SEC / audit->opts->rate_pps;

	while (!cp_engine_idle(audit->engine) && cp_host_clock_mono_ns() < until_ns && cp_signals_seen(NULL) < 2)
		waiting->wait(waiting->ctx, WAIT_MS);
}

void cp_connections_close(struct cp_audit *audit, const struct cp_waiting *waiting)
{
	if (!in_use(audit))
		return;
	/* Scouts may be on their way still. */
	cp_engine_open_no_more(audit->engine);
	wait_until_idle(audit, waiting);
	/* A reset is not acknowledged, and were it lost the server would keep the connection: so it is sent twice. */
	if (end_those(audit, is_open, CP_WORK_CLOSE, waiting))
		return;
	wait_until_idle(audit, waiting);
	if (end_those(audit, is_closed, CP_WORK_CLOSE, waiting) == 0)
		wait_until_idle(audit, waiting);
}

/*
 * Has this slot's path to wait for a connection, which it does not have? A
 * scout may have been lost: where nothing answered yet, the highest TTLs are
 * further ones.
 */
static bool is_barred(const struct cp_audit *audit, uint32_t slot)
{
	uint32_t path = slot / n_ttls(audit), below_top = n_ttls(audit) - 1 - slot % n_ttls(audit);
	uint32_t state = cp_engine_conn(audit->engine, path)->state;

	if (state == CP_CONN_OPEN || below_top < (state == CP_CONN_NONE ? audit->opts->attempts : 1))
		return false;
	return cp_engine_dest(audit->engine, path / audit->opts->n_flows)->flags & CP_DEST_SACK;
}

uint32_t cp_connections_bar(const struct cp_audit *audit, uint32_t *ids, uint32_t n)
{
	uint32_t n_kept = 0;

	if (audit->opts->tcp_method != CP_METHOD_SACK || !in_use(audit))
		return n;
	for (uint32_t i = 0; i < n; i++) {
		if (!is_barred(audit, cp_id_slot(ids[i])))
			ids[n_kept++] = ids[i];
	}
	return n_kept;
}

/* Why the probes of a path did not fly in a connection; NULL: they did, or could have. */
static const char *fallback_of(const struct cp_conn *conn, const struct cp_path *path)
{
	switch (conn->state) {
	case CP_CONN_NONE:
		return path->end_kind == CP_REPLY_RST ? "refused" : "no-answer";
	case CP_CONN_NOT_PERMITTED:
		return "not-permitted";
	case CP_CONN_UNUSED:
		return "unused";
	case CP_CONN_PEER_CLOSED:
		return conn->sacked ? NULL : "closed";
	default:
		return NULL;
	}
}

void cp_connections_describe(const struct cp_audit *audit, const struct cp_probe_dest *dest, const struct cp_path *path,
        struct cp_rec_path *rec)
{
	if (dest->proto != IPPROTO_TCP)
		return;
	rec->tcp_method = "syn";
	if (!in_use(audit))
		return;
	rec->sack_fallback =
	        fallback_of(cp_engine_conn(audit->engine, path->dest * audit->opts->n_flows + path->flow), path);
	if (!rec->sack_fallback || audit->opts->tcp_method == CP_METHOD_SACK)
		rec->tcp_method = "sack";
}

void cp_connections_count(const struct cp_audit *audit, struct cp_accounting *acc)
{
	for (uint32_t path = 0; in_use(audit) && path < n_paths(audit); path++)
		acc->connections_closed += cp_engine_conn(audit->engine, path)->state > CP_CONN_OPEN;
}
