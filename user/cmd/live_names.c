// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_names.c: the table of names belongs to the caller's thread; the other
 * one has a batch of addresses at a time, and the table only takes it back when
 * it is done.
 */
#include "live_names.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/host.h"
#include "io/resolve.h"

#define NSEC_PER_SEC 1000000000ull
#define LIMIT_S 5u
#define TRY_MS 1000u
#define TRIES 2u
#define BATCH 256u
#define SLOTS_MIN 1024u

struct entry {
	struct cp_addr addr;
	char *name; /* NULL: none so far */
};

enum batch_state { BATCH_FREE = 0, BATCH_ASKED, BATCH_DONE };

struct batch {
	enum batch_state state; /* under the lock */
	size_t first, n; /* of the entries */
	struct cp_addr addrs[BATCH];
	char *names[BATCH];
};

struct cp_live_names {
	const struct cp_opts *opts;
	struct entry *entries; /* in the order in which they came */
	size_t n, cap, n_asked;
	uint32_t *index; /* open addressing: place in entries + 1; 0: free */
	size_t n_slots; /* a power of two, at least half of it free */
	struct batch batch;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	atomic_bool stop;
};

/* ---- The other thread ---- */

static void take_answer(void *ctx, size_t i, struct cp_answer *answer)
{
	struct batch *batch = ctx;

	if (answer->status == CP_DNS_OK && answer->n_cname)
		batch->names[i] = answer->cname[--answer->n_cname];
	cp_answer_free(answer);
}

/* A name that cannot be had is shown as none: the address says as much. */
static void ask(struct cp_live_names *names)
{
	struct cp_resolve_config config = {
	        .server = names->opts->resolver,
	        .timeout_ms = TRY_MS,
	        .tries = TRIES,
	        .stop = &names->stop,
	        .until_ns = cp_host_clock_mono_ns() + LIMIT_S * NSEC_PER_SEC,
	};
	struct cp_err ignored;

	cp_resolve_ptrs(&config, names->batch.addrs, names->batch.n, take_answer, &names->batch, &ignored);
}

static void *run(void *arg)
{
	struct cp_live_names *names = arg;

	pthread_mutex_lock(&names->lock);
	while (!atomic_load(&names->stop)) {
		if (names->batch.state != BATCH_ASKED) {
			pthread_cond_wait(&names->change, &names->lock);
			continue;
		}
		pthread_mutex_unlock(&names->lock);
		ask(names);
		pthread_mutex_lock(&names->lock);
		names->batch.state = BATCH_DONE;
	}
	pthread_mutex_unlock(&names->lock);
	return NULL;
}

/* ---- The table ---- */

static uint32_t *place_of(const struct cp_live_names *names, const struct cp_addr *addr)
{
	uint64_t half[2];
	size_t i;

	memcpy(half, addr->b, sizeof(half));
	i = (size_t)(((half[0] * 0xd6e8feb86659fd93ull ^ half[1]) * 0x9e3779b97f4a7c15ull) >> 32);
	for (;; i++) {
		uint32_t *place = &names->index[i & (names->n_slots - 1)];

		if (!*place || cp_addr_eq(&names->entries[*place - 1].addr, addr))
			return place;
	}
}

static int grow(struct cp_live_names *names)
{
	size_t n_slots = names->n_slots ? names->n_slots * 2 : SLOTS_MIN;
	struct entry *entries = reallocarray(names->entries, n_slots / 2, sizeof(*entries));
	uint32_t *index;

	if (!entries)
		return -ENOMEM;
	names->entries = entries;
	index = calloc(n_slots, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(names->index);
	names->index = index;
	names->n_slots = n_slots;
	names->cap = n_slots / 2;
	for (size_t i = 0; i < names->n; i++)
		*place_of(names, &entries[i].addr) = (uint32_t)i + 1;
	return 0;
}

const char *cp_live_names_get(struct cp_live_names *names, const struct cp_addr *addr)
{
	uint32_t *place = place_of(names, addr);

	if (*place)
		return names->entries[*place - 1].name;
	/* Without room, or beyond --rdns-max, it stays without a name. */
	if (names->n >= names->opts->rdns_max || (names->n == names->cap && grow(names)))
		return NULL;
	names->entries[names->n++] = (struct entry){.addr = *addr};
	*place_of(names, addr) = (uint32_t)names->n;
	return NULL;
}

static bool take_batch(struct cp_live_names *names)
{
	struct batch *batch = &names->batch;
	bool any = false;

	for (size_t i = 0; i < batch->n; i++) {
		names->entries[batch->first + i].name = batch->names[i];
		any |= batch->names[i] != NULL;
	}
	memset(batch->names, 0, sizeof(batch->names));
	batch->n = 0;
	batch->state = BATCH_FREE;
	return any;
}

static void give_batch(struct cp_live_names *names)
{
	struct batch *batch = &names->batch;
	size_t n = names->n - names->n_asked;

	batch->first = names->n_asked;
	batch->n = n < BATCH ? n : BATCH;
	for (size_t i = 0; i < batch->n; i++)
		batch->addrs[i] = names->entries[batch->first + i].addr;
	names->n_asked += batch->n;
	batch->state = BATCH_ASKED;
	pthread_cond_signal(&names->change);
}

bool cp_live_names_poll(struct cp_live_names *names)
{
	bool any = false;

	pthread_mutex_lock(&names->lock);
	if (names->batch.state == BATCH_DONE)
		any = take_batch(names);
	if (names->batch.state == BATCH_FREE && names->n_asked < names->n)
		give_batch(names);
	pthread_mutex_unlock(&names->lock);
	return any;
}

/* ---- Life ---- */

int cp_live_names_open(const struct cp_opts *opts, struct cp_live_names **ret_names)
{
	static const int own_doing[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct cp_live_names *names = calloc(1, sizeof(*names));
	sigset_t all, old;
	int rc;

	if (!names)
		return -ENOMEM;
	names->opts = opts;
	rc = grow(names);
	pthread_mutex_init(&names->lock, NULL);
	pthread_cond_init(&names->change, NULL);
	/* Signals are the main thread's, but for those that this one's own doing raises. */
	sigfillset(&all);
	for (size_t i = 0; i < sizeof(own_doing) / sizeof(own_doing[0]); i++)
		sigdelset(&all, own_doing[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = rc ? rc : -pthread_create(&names->thread, NULL, run, names);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		free(names->entries);
		free(names->index);
		free(names);
		return rc;
	}
	*ret_names = names;
	return 0;
}

void cp_live_names_close(struct cp_live_names *names)
{
	if (!names)
		return;
	pthread_mutex_lock(&names->lock);
	atomic_store(&names->stop, true);
	pthread_cond_signal(&names->change);
	pthread_mutex_unlock(&names->lock);
	pthread_join(names->thread, NULL);
	take_batch(names);
	for (size_t i = 0; i < names->n; i++)
		free(names->entries[i].name);
	pthread_mutex_destroy(&names->lock);
	pthread_cond_destroy(&names->change);
	free(names->entries);
	free(names->index);
	free(names);
}
