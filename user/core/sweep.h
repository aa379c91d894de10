/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sweep.h: decides which slot is probed next, and when a run is done. Pure:
 * time is an argument, so a recorded reply stream replays exactly. Owns the
 * path store it decides upon.
 */
#ifndef CP_SWEEP_H
#define CP_SWEEP_H

#include "err.h"
#include "path.h"

/* What this host itself lost of a run, so far. */
struct cp_losses {
	uint64_t n_replies; /* answers that were ours, and found no room */
	uint64_t n_probes; /* handed out, and not transmitted */
};

struct cp_sweep_config {
	struct cp_shape shape;
	uint32_t attempts; /* 1..CP_ATTEMPTS_MAX; of 1, a TTL that may be the destination gets a second one */
	bool exhaustive; /* all TTLs at once, without scouts; also those beyond the end and behind a gap */
	uint32_t gap; /* silent hops in a row that end a path */
	uint32_t timeout_ms; /* longest wait for a reply */
	uint32_t slow_ms; /* what routers that limit their answers may cost in time, about; 0: they get none */
	uint64_t seed; /* of the slot order */
	const struct cp_addr *dests; /* [n_dests], borrowed */
	bool find_per_packet; /* ask again at the end, to find routers that spread the packets of a flow */
	/* Says what was lost; asked seldom, between passes. NULL: nothing is ever lost. */
	void (*count_losses)(void *ctx, struct cp_losses *ret_losses);
	void *losses_ctx;
};

struct cp_sweep;

int cp_sweep_new(const struct cp_sweep_config *config, struct cp_sweep **ret_sweep);
void cp_sweep_free(struct cp_sweep *sweep);

/*
 * Writes up to cap probe ids (cp_id_make) to transmit now; returns how many. 0: nothing to do at now_ns (see
 * cp_sweep_wait_ns and cp_sweep_done). The caller transmits every id it is given, or none after it stopped.
 */
uint32_t cp_sweep_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap);
/* Everything handed out so far has left; the wait for its replies starts at now_ns. */
void cp_sweep_flushed(struct cp_sweep *sweep, uint64_t now_ns);
/* One reply. Returns what was made of it. */
enum cp_reply_result cp_sweep_reply(struct cp_sweep *sweep, const struct cp_event *event);
/* Several replies at once, in order; cheaper each than one by one. Writes what was made of them. */
void cp_sweep_replies(
        struct cp_sweep *sweep, const struct cp_event *events, uint32_t n, enum cp_reply_result *ret_results);
/* How long until cp_sweep_next() may have something again, or the run is done; UINT64_MAX while unflushed probes are
 * out. */
uint64_t cp_sweep_wait_ns(const struct cp_sweep *sweep, uint64_t now_ns);
/* Is a probe that was handed out, and not transmitted yet, still worth it? */
bool cp_sweep_wants(const struct cp_sweep *sweep, uint32_t id);
/* No probe is left to send and the grace time for the last ones is over. */
bool cp_sweep_done(struct cp_sweep *sweep, uint64_t now_ns);

/* Nothing more would be asked for this path: it ended, and below its end all answered or was asked often enough. */
bool cp_sweep_path_complete(const struct cp_sweep *sweep, uint32_t path);

/*
 * Assembles a path. Hops that stayed silent where routers limit their answers are marked, and once the run is done,
 * or was looking after those routers, filled in where what other paths saw between the same neighbours allows it.
 */
void cp_sweep_path(const struct cp_sweep *sweep, uint32_t path, struct cp_path *ret_path);
/*
 * May silence be of this host's own making? Of what it lost in the passes, extra passes ask again: this is about the
 * last one of those that there were.
 */
bool cp_sweep_doubtful(const struct cp_sweep *sweep);
/* Do routers at this TTL limit their answers? One of them, if they do. */
bool cp_sweep_limited(const struct cp_sweep *sweep, uint32_t ttl, struct cp_addr *ret_router);

const struct cp_paths *cp_sweep_paths(const struct cp_sweep *sweep);
/* For progress: probes handed out, an upper bound of what this pass will hand out, and the pass (0: scouts). */
void cp_sweep_progress(const struct cp_sweep *sweep, uint64_t *ret_sent, uint64_t *ret_total, uint32_t *ret_pass);

#endif
