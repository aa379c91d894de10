// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * signals.c: turns SIGINT and SIGTERM into a count that loops look at. The
 * third one kills as usual. The one place with state a handler can reach.
 */
#include <signal.h>
#include <string.h>

#include "audit_impl.h"

static atomic_int seen;
static atomic_int first_signal;
static atomic_bool stop;

static void on_signal(int number)
{
	if (atomic_fetch_add(&seen, 1) == 0)
		atomic_store(&first_signal, number);
	else if (atomic_load(&seen) > 2)
		signal(number, SIG_DFL);
	atomic_store(&stop, true);
}

void cp_signals_catch(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int cp_signals_seen(int *ret_signal)
{
	if (ret_signal)
		*ret_signal = atomic_load(&first_signal);
	return atomic_load(&seen);
}

const atomic_bool *cp_signals_flag(void)
{
	return &stop;
}
