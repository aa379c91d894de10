/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sweep_impl.h: the state of a sweep and what its parts call of each other:
 * sweep.c (when), sweep_ask.c (what to ask of a path), sweep_order.c (in which
 * order). Private to them.
 */
#ifndef CP_SWEEP_IMPL_H
#define CP_SWEEP_IMPL_H

#include "cp_perm.h"
#include "sweep.h"

#define NSEC_PER_USEC 1000ull
#define AHEAD 8u /* paths to look ahead, so that memory keeps up */

enum phase { PHASE_PASS, PHASE_WAIT, PHASE_LAST_WAIT, PHASE_DONE };

struct track {
	uint64_t ask; /* what this pass still has to ask; bit i: TTL first_ttl + i */
	uint16_t alone_pass; /* when the highest suspect was asked alone ... */
	uint8_t alone_end; /* ... below which end; 0: not yet */
	uint8_t limit; /* highest TTL to ask; 0: the scout is still out */
	bool open : 1; /* listed; others have nothing more to ask, unless another reply comes */
	bool mute : 1; /* not listed, with TTLs that stayed silent */
	bool ended : 1; /* counted in n_ended */
};

/* Paths with equally many TTLs to ask in this pass. */
struct lane {
	uint32_t first, n; /* its part of the order */
	uint32_t at;
	uint32_t left; /* probes */
};

/* A path whose turn comes soon, and what is drawn for it. */
struct due {
	uint32_t path;
	uint32_t random;
};

struct cp_sweep {
	struct cp_sweep_config config;
	struct cp_paths *paths;
	struct track *tracks; /* [n_paths] */
	uint32_t n_paths;
	struct cp_perm perm; /* the keyed order of all paths */
	uint32_t *open; /* paths that may have something to ask, in the keyed order */
	uint32_t n_open;
	uint32_t n_mute;
	uint32_t *order; /* paths that have something to ask in this pass, lane by lane */
	struct lane lanes[CP_TTL_MAX];
	uint32_t n_left; /* probes of this pass, at most; those of the queue included */
	struct due queue[2 * AHEAD];
	uint32_t queue_at, n_queued;
	uint64_t random;
	enum phase phase;
	uint32_t pass; /* 0: scouts */
	uint32_t n_outstanding; /* asked in this pass and still silent */
	uint32_t n_ended; /* paths whose end is known */
	bool flushed;
	uint64_t flushed_ns;
	uint64_t grace_until_ns; /* replies to what a pass left open may come until then */
	uint64_t max_rtt_us;
	uint64_t n_sent;
};

static inline uint32_t max_ttl(const struct cp_sweep *sweep)
{
	return sweep->config.shape.first_ttl + sweep->config.shape.n_ttls - 1;
}

static inline uint32_t slot_of(const struct cp_sweep *sweep, uint32_t path, uint32_t ttl)
{
	return path * sweep->config.shape.n_ttls + ttl - sweep->config.shape.first_ttl;
}

/* ttl is one of the sweep's. */
static inline uint64_t ttl_bit(const struct cp_sweep *sweep, uint32_t ttl)
{
	return 1ull << (ttl - sweep->config.shape.first_ttl);
}

/* The TTLs of a path up to this one, a bit each. */
static inline uint64_t up_to(const struct cp_sweep *sweep, uint32_t ttl)
{
	uint32_t first = sweep->config.shape.first_ttl;

	return ttl < first ? 0 : ttl - first >= 63 ? ~0ull : (1ull << (ttl - first + 1)) - 1;
}

/* ---- sweep_ask.c ---- */

/* At the end of a pass: how far the path is to be asked in the next. */
void cp_ask_set_limit(struct cp_sweep *sweep, uint32_t path);
/* Finds what a pass would ask of a path. False: nothing, now or later, unless another reply comes. */
bool cp_ask_collect(struct cp_sweep *sweep, uint32_t path, uint32_t pass);
/* Takes a TTL of a path to be transmitted in this pass, if it is still wanted. */
bool cp_ask_take(struct cp_sweep *sweep, uint32_t path, uint32_t ttl, uint32_t *ret_id);
/* Has the path TTLs that did not answer, below its end? */
bool cp_ask_silent(const struct cp_sweep *sweep, uint32_t path);

/* ---- sweep_order.c ---- */

void cp_order_init(struct cp_sweep *sweep);
/* Collects what a pass has to ask, and puts it in order. */
void cp_order_collect(struct cp_sweep *sweep, uint32_t pass);
/* Writes up to cap ids of this pass; returns how many. */
uint32_t cp_order_next(struct cp_sweep *sweep, uint32_t *ret_ids, uint32_t cap);
/* Lists a path that had nothing more to ask. */
void cp_order_reopen(struct cp_sweep *sweep, uint32_t path);

#endif
