/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sweep_impl.h: the state of a sweep and what its parts call of each other:
 * sweep.c (when), sweep_ask.c (what to ask of a path), sweep_order.c (in which
 * order), sweep_slow.c (routers that limit their answers), sweep_infer.c (what
 * those did not say), sweep_lost.c (what this host lost), sweep_turns.c (routers
 * that spread the packets of a flow). Private to them.
 */
#ifndef CP_SWEEP_IMPL_H
#define CP_SWEEP_IMPL_H

#include <string.h>

#include "cp_perm.h"
#include "path_table.h"
#include "sweep.h"

#define NSEC_PER_USEC 1000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull
#define SAMPLE 64u
#define AHEAD 8u /* paths to look ahead, so that memory keeps up */

enum phase { PHASE_PASS, PHASE_WAIT, PHASE_SLOW, PHASE_TURNS, PHASE_LAST_WAIT, PHASE_DONE };

struct track {
	uint64_t ask; /* what this pass still has to ask; bit i: TTL first_ttl + i */
	uint16_t alone_pass; /* when the highest suspect was asked alone ... */
	uint16_t slow_tick; /* of a destination's first path: when any of them was asked in the slow lane; 0: not yet */
	uint8_t alone_end; /* ... below which end; 0: not yet */
	uint8_t limit; /* highest TTL to ask; 0: the scout is still out */
	uint8_t end; /* as it was known when this pass began */
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

/* The first slots asked at a TTL in this pass, in their order. */
struct sample {
	uint32_t n;
	uint32_t slots[SAMPLE];
};

/* How a TTL fares in the slow lane. */
struct pace {
	struct cp_addr router; /* one of those that answered */
	uint32_t quota; /* probes a round; 0: it had none yet */
	uint32_t n_asked, n_answered; /* in all rounds */
	uint32_t n_front; /* answers of its first pass before the first silence */
	uint32_t n_kept, n_broken; /* probes at a pace found to be slow enough: answered, and not */
	uint32_t at; /* in the keyed order */
	uint32_t n_silent; /* slots worth a probe, when this round began */
	uint32_t n_turns; /* of its quota, in this round */
	uint32_t n_sent; /* ... and those taken */
	uint32_t n_walked, n_checked; /* paths looked at in this round, and of those found to be inferable */
	bool steady; /* the quota is what it was seen to answer */
	bool cut; /* the quota was too large in the last round */
	bool kept_pace; /* this round's was slow enough */
	bool crowded; /* not all can be asked in the time that is left: only those that cannot be inferred */
};

/* A probe of the slow lane. */
struct slow_ask {
	uint32_t slot;
	bool kept_pace; /* slow enough for its router, as was seen: silence says something */
};

struct slow {
	uint64_t held; /* TTLs left to the slow lane; bit i: TTL first_ttl + i */
	uint64_t freed; /* TTLs it gave back: their silence was no limit */
	struct pace paces[CP_TTL_MAX];
	struct sample samples[CP_TTL_MAX];
	struct slow_ask *asks; /* NULL: not begun */
	uint32_t n_asks;
	uint32_t round_asks; /* the first one of this round */
	uint64_t round_ns; /* when this round began; 0: none has */
	uint64_t until_ns; /* no round begins later; 0: not known yet */
};

/* What was seen at a TTL between the same neighbours. */
struct context {
	struct cp_addr router;
	uint32_t n_seen;
	uint32_t n_broken; /* asked slowly enough, and silent */
	bool mixed; /* several routers */
	bool balanced; /* of all behind one router: some with the same neighbours saw several */
};

struct infer {
	struct cp_table keys;
	struct context *contexts; /* [cap], by the number of the key */
	uint32_t cap;
};

/* How things stood at some moment. */
struct mark {
	struct cp_losses losses;
	uint64_t n_sent;
};

struct lost {
	struct mark pass; /* when this pass began */
	struct mark extra; /* when the last extra passes began; before them: when all did */
	uint32_t n_extra; /* how often more was asked since something was lost */
	uint32_t extra_pass; /* the first of those passes */
};

/* What is next behind a router, at a TTL; by the number of the key. */
struct crossing {
	uint32_t n_paths; /* that go there, of those looked at */
	uint32_t n_planned; /* questions */
	uint32_t follow; /* the repeat that another router answered first: it is asked on; 0: none did. Counted from 1.
	                  */
	bool takes_turns; /* several routers do, in answering a flow */
};

/* A slot that has answered, and is asked again. */
struct repeat {
	uint32_t slot;
	uint32_t key; /* number of its crossing */
	uint8_t n_planned, n_asked;
	uint8_t attempt; /* of the latest question */
	bool waiting; /* for the answer to it */
	uint8_t n_seen;
	uint64_t seen[CP_ATTEMPTS_MAX]; /* who answered, as words; consecutive ones differ */
};

struct turns {
	bool begun;
	uint32_t n_found; /* crossings that take turns */
	struct cp_table keys;
	struct crossing *crossings; /* [KEYS_MAX + 1] */
	struct repeat *repeats;
	uint32_t *by_slot; /* their indexes, by slot */
	uint32_t n_repeats;
	uint32_t at; /* those before it had their turn in this round */
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
	struct slow slow;
	struct infer infer;
	struct lost lost;
	struct turns turns;
};

static inline uint32_t max_ttl(const struct cp_sweep *sweep)
{
	return sweep->config.shape.first_ttl + sweep->config.shape.n_ttls - 1;
}

static inline uint32_t slot_of(const struct cp_sweep *sweep, uint32_t path, uint32_t ttl)
{
	return path * sweep->config.shape.n_ttls + ttl - sweep->config.shape.first_ttl;
}

/* The first of the TTLs in a set that is not empty. */
static inline uint32_t lowest_ttl(const struct cp_sweep *sweep, uint64_t ttls)
{
	return sweep->config.shape.first_ttl + (uint32_t)__builtin_ctzll(ttls);
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

/* An address as a word: different ones are, for all purposes but forgery, different words. */
static inline uint64_t word_of(const struct cp_addr *addr)
{
	uint64_t words[2];

	memcpy(words, addr, sizeof(words));
	return words[0] * 0x9e3779b97f4a7c15ull + words[1];
}

/* ---- sweep_ask.c ---- */

/* At the end of a pass: how far the path is to be asked in the next. */
void cp_ask_set_limit(struct cp_sweep *sweep, uint32_t path);
/* Finds what a pass would ask of a path. False: nothing, now or later, unless another reply comes. */
bool cp_ask_collect(struct cp_sweep *sweep, uint32_t path, uint32_t pass);
/* Takes a TTL of a path to be transmitted in this pass, if it is still wanted. */
bool cp_ask_take(struct cp_sweep *sweep, uint32_t path, uint32_t ttl, uint32_t *ret_id);
/* Silent TTLs of a path that may be asked once more in the slow lane, a bit each. */
uint64_t cp_ask_slow(const struct cp_sweep *sweep, uint32_t path);
/* Takes one of them. */
uint32_t cp_ask_take_slow(struct cp_sweep *sweep, uint32_t path, uint32_t ttl);
/* Has the path TTLs that did not answer, below its end? */
bool cp_ask_silent(const struct cp_sweep *sweep, uint32_t path);

/* Is the end what it seems? False: below it is a silent TTL that could be the destination. */
bool cp_ask_end_sure(const struct cp_sweep *sweep, uint32_t path);

/* ---- sweep_order.c ---- */

/* The keyed order of all paths, and the first pass: scouts, or all there is. */
void cp_order_init(struct cp_sweep *sweep);
/* Collects what a pass has to ask, and puts it in order. */
void cp_order_collect(struct cp_sweep *sweep, uint32_t pass);
/* Writes up to cap ids of this pass; returns how many. */
uint32_t cp_order_next(struct cp_sweep *sweep, uint32_t *ret_ids, uint32_t cap);
/* Lists a path that had nothing more to ask. */
void cp_order_reopen(struct cp_sweep *sweep, uint32_t path);

/* ---- sweep_slow.c ---- */

/* A slot is asked in this pass. */
static inline void cp_slow_note(struct cp_sweep *sweep, uint32_t ttl, uint32_t slot)
{
	struct sample *sample = &sweep->slow.samples[ttl - sweep->config.shape.first_ttl];

	if (sample->n < SAMPLE)
		sample->slots[sample->n++] = slot;
}

/*
 * At the end of a pass: holds the TTLs that look limited, and forgets the samples. Not if this host lost much:
 * a full ring looks like a full bucket.
 */
void cp_slow_detect(struct cp_sweep *sweep, bool lost);
/* Begins a round if there is reason and time left, replies taking wait_ns at most. False: there is not. */
bool cp_slow_begin(struct cp_sweep *sweep, uint64_t now_ns, uint64_t wait_ns);
uint32_t cp_slow_next(struct cp_sweep *sweep, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap);
/* When the next probe of the round is due, or it is over; UINT64_MAX: after a flush. */
uint64_t cp_slow_due_ns(const struct cp_sweep *sweep, uint64_t wait_ns);
/* All probes of the round are out. */
bool cp_slow_round_over(const struct cp_sweep *sweep);
/* Looks back at a round. TTLs whose silence is no limit go back to the passes. */
void cp_slow_end_round(struct cp_sweep *sweep);
/* Is it a limit, and nothing else, for certain? */
bool cp_slow_sure(const struct pace *pace);
/* Looks back at all of them. */
void cp_slow_end(struct cp_sweep *sweep);

/* ---- sweep_infer.c ---- */

/* Gathers what was seen at the held TTLs. */
void cp_infer_gather(struct cp_sweep *sweep);
/* Can be inferred who a silent slot at a held TTL is? */
bool cp_infer_can(const struct cp_sweep *sweep, uint32_t path, uint32_t ttl);
void cp_infer_free(struct infer *infer);

/* ---- sweep_lost.c ---- */

/* At the end of a pass: was so much lost in it that there is a pattern in what stayed silent? */
bool cp_lost_in_pass(struct cp_sweep *sweep);
/* Once nothing is left to ask: if something was lost since the last time, one more attempt for what is silent. */
bool cp_lost_begin(struct cp_sweep *sweep);

/* ---- sweep_turns.c ---- */

/* Once nothing is left to ask, the first time: chooses what is asked again. False: nothing is. */
bool cp_turns_begin(struct cp_sweep *sweep);
/* Begins another round. False: there is none. */
bool cp_turns_next_round(struct cp_sweep *sweep);
bool cp_turns_round_over(const struct cp_sweep *sweep);
/* Writes up to cap ids of this round; returns how many. */
uint32_t cp_turns_next(struct cp_sweep *sweep, uint32_t *ret_ids, uint32_t cap);
/* A slot that had answered did so once more. True: it was asked to. */
bool cp_turns_reply(struct cp_sweep *sweep, const struct cp_event *event);
/* Marks the hops of a path at which routers were found to take turns. */
void cp_turns_mark(const struct cp_sweep *sweep, struct cp_path *path);
void cp_turns_free(struct turns *turns);

#endif
