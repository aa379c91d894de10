// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_send.c: the paced sender: a thread that owns a clock and calls the
 * emitter for a few frames at a time. Knows nothing of slots or replies.
 *
 * Pacing: work leaves in quanta of 0.8 milliseconds of rate (at least one
 * frame). Deadlines advance by what was sent, so the rate holds on average;
 * after an overslept deadline quanta follow each other at no more than twice
 * the rate, so that catching up is never a burst.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <bpf/bpf.h>

#include "engine_impl.h"

#define NSEC_PER_SEC 1000000000ull
#define QUANTA_PER_SEC 1250u
/*
 * The kernel makes and frees a page pool in every live call, so long calls are
 * cheap calls; within one, pages are recycled batch by batch (net/bpf/test_run.c).
 */
#define FRAMES_PER_CALL_MAX 8192u
#define LIVE_BATCH 64u
/* tc clones one skb and copies its head while clones are queued, so short calls keep that memory warm. */
#define TC_FRAMES_PER_CALL_MAX 64u
#define DEBT_MAX_NS 50000000ull /* more lateness than this (a suspended machine) is forgiven, not made up for */
#define SPIN_BELOW_NS 30000ull /* a sleep shorter than its own overhead */
#define SPIN_FROM_PPS 200000u

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t deadline_ns)
{
	struct timespec ts = {
	        .tv_sec = (time_t)(deadline_ns / NSEC_PER_SEC),
	        .tv_nsec = (long)(deadline_ns % NSEC_PER_SEC),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Runs the emitter for n pieces of work. 0 or -errno. */
static int emit(struct cp_sender *sender, uint32_t n)
{
	LIBBPF_OPTS(
	        bpf_test_run_opts, opts, .data_in = sender->frame, .data_size_in = sender->frame_len, .repeat = (int)n);
	int rc;

	if (sender->live_frames) {
		opts.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		opts.batch_size = n < LIVE_BATCH ? n : LIVE_BATCH;
	}
	rc = bpf_prog_test_run_opts(sender->prog_fd, &opts);
	return rc == -EINTR ? 0 : rc;
}

/* Sleeps until there is work or the sender is stopped; returns the work available, and whether it was waited for. */
static uint64_t wait_for_work(struct cp_sender *sender, bool *ret_waited)
{
	uint64_t n = atomic_load_explicit(&sender->head, memory_order_acquire) - *sender->cursor;

	*ret_waited = n == 0;
	if (n)
		return n;
	pthread_mutex_lock(&sender->lock);
	while ((n = atomic_load(&sender->head) - *sender->cursor) == 0 && !atomic_load(&sender->stop))
		pthread_cond_wait(&sender->more, &sender->lock);
	pthread_mutex_unlock(&sender->lock);
	return n;
}

static void *sender_main(void *arg)
{
	struct cp_sender *sender = arg;
	uint64_t rate, quantum;
	uint64_t next_ns = 0, due_ns, start_ns = 0, gap_ns = 0, n, now;
	uint64_t most = sender->live_frames ? FRAMES_PER_CALL_MAX : TC_FRAMES_PER_CALL_MAX;
	bool waited;

	prctl(PR_SET_TIMERSLACK, 1ul);
	while ((n = wait_for_work(sender, &waited)) && !atomic_load(&sender->stop)) {
		rate = atomic_load(&sender->rate_pps);
		quantum = rate / QUANTA_PER_SEC;
		quantum = quantum < 1 ? 1 : quantum > most ? most : quantum;
		now = now_ns();
		/* Time without work earns no frames. */
		if (next_ns + (waited ? 0 : DEBT_MAX_NS) < now)
			next_ns = now;
		/* Late or not, never closer to the last quantum than half its time. */
		due_ns = next_ns > start_ns + gap_ns ? next_ns : start_ns + gap_ns;
		if (due_ns > now) {
			if (rate < SPIN_FROM_PPS || due_ns - now > SPIN_BELOW_NS) {
				sleep_until(due_ns);
				continue;
			}
			while (now_ns() < due_ns)
				;
		}
		n = n < quantum ? n : quantum;
		start_ns = now_ns();
		if (!atomic_load(&sender->first_tx_ns))
			atomic_store(&sender->first_tx_ns, start_ns);
		int rc = emit(sender, (uint32_t)n);

		now = now_ns();
		due_ns = start_ns + n * NSEC_PER_SEC / rate;
		atomic_store(&sender->end_ns, now > due_ns ? now : due_ns);
		atomic_store(&sender->done, *sender->cursor);
		if (rc) {
			atomic_store(&sender->error, rc);
			break;
		}
		gap_ns = n * NSEC_PER_SEC / rate / 2;
		next_ns += n * NSEC_PER_SEC / rate;
	}
	return NULL;
}

void cp_sender_init(struct cp_sender *sender)
{
	memset(sender, 0, sizeof(*sender));
	sender->prog_fd = -1;
	sender->cpu = -1;
	pthread_mutex_init(&sender->lock, NULL);
	pthread_cond_init(&sender->more, NULL);
}

int cp_sender_start(struct cp_sender *sender)
{
	static const int own_doing[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	sigset_t all, old;
	pthread_attr_t attr;
	cpu_set_t cpus;
	int rc = pthread_attr_init(&attr);

	if (rc)
		return -rc;
	CPU_ZERO(&cpus);
	if (sender->cpu >= 0) {
		CPU_SET(sender->cpu, &cpus);
		rc = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}

	/*
	 * Signals belong to the main thread; one that hits the run call would cut it short. But for those that this
	 * thread's own doing raises: blocked, they would kill past the handler that puts a terminal back.
	 */
	sigfillset(&all);
	for (size_t i = 0; i < sizeof(own_doing) / sizeof(own_doing[0]); i++)
		sigdelset(&all, own_doing[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = rc ? rc : pthread_create(&sender->thread, &attr, sender_main, sender);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	sender->running = rc == 0;
	return -rc;
}

static void wake(struct cp_sender *sender)
{
	pthread_mutex_lock(&sender->lock);
	pthread_cond_signal(&sender->more);
	pthread_mutex_unlock(&sender->lock);
}

void cp_sender_push(struct cp_sender *sender, uint64_t head)
{
	bool was_idle = atomic_load(&sender->head) == atomic_load(&sender->done);

	if (head == atomic_load(&sender->head))
		return;
	atomic_store_explicit(&sender->head, head, memory_order_release);
	if (was_idle)
		wake(sender);
}

void cp_sender_stop(struct cp_sender *sender)
{
	if (!sender->running)
		return;
	atomic_store(&sender->stop, true);
	wake(sender);
	pthread_join(sender->thread, NULL);
	sender->running = false;
}
