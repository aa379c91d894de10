// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * progress.c: one line on standard error that rewrites itself, for a person
 * who waits. Silent when nobody is there to read it.
 */
#include <stdio.h>
#include <unistd.h>

#include "audit_impl.h"

#define NSEC_PER_SEC 1000000000ull
#define EVERY_NS (NSEC_PER_SEC / 5)
#define CLEAR "\r\033[K"

void cp_progress_init(struct cp_progress *progress, const struct cp_opts *opts)
{
	uint64_t now_ns = cp_host_clock_mono_ns();

	progress->on = opts->progress == CP_WHEN_ALWAYS || (opts->progress == CP_WHEN_AUTO && isatty(STDERR_FILENO));
	progress->start_ns = now_ns;
	progress->next_ns = now_ns + EVERY_NS;
}

void cp_progress_text(struct cp_progress *progress, const char *text)
{
	if (progress->on)
		fprintf(stderr, CLEAR "%s", text);
}

void cp_progress_probing(struct cp_progress *progress, const struct cp_audit *audit, uint64_t n_replies)
{
	uint64_t now_ns, sent, total;
	uint32_t pass;
	double seconds, rate;

	if (!progress->on)
		return;
	now_ns = cp_host_clock_mono_ns();
	if (now_ns < progress->next_ns)
		return;
	progress->next_ns = now_ns + EVERY_NS;
	cp_sweep_progress(audit->sweep, &sent, &total, &pass);
	seconds = (double)(now_ns - progress->start_ns) / (double)NSEC_PER_SEC;
	rate = (double)sent / seconds;
	fprintf(stderr, CLEAR "pass %u  %llu of at most %llu probes  %llu replies  %.0f/s  ETA %.0f s", pass + 1,
	        (unsigned long long)sent, (unsigned long long)total, (unsigned long long)n_replies, rate,
	        rate > 0 ? (double)(total - sent) / rate : 0);
}

void cp_progress_e2e(struct cp_progress *progress, uint64_t n_settled, uint64_t n_total)
{
	uint64_t now_ns;

	if (!progress->on)
		return;
	now_ns = cp_host_clock_mono_ns();
	if (now_ns < progress->next_ns)
		return;
	progress->next_ns = now_ns + EVERY_NS;
	fprintf(stderr, CLEAR "end to end  %llu of %llu probes", (unsigned long long)n_settled,
	        (unsigned long long)n_total);
}

void cp_progress_clear(struct cp_progress *progress)
{
	if (progress->on)
		fprintf(stderr, CLEAR);
}
