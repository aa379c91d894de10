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

static void on_signal(int number);

static void catch_with(int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void on_signal(int number)
{
	int n = atomic_fetch_add(&seen, 1) + 1;

	if (n == 1) {
		atomic_store(&first_signal, number);
		catch_with(0); /* whatever the first one spared, the second cuts short */
	} else {
		signal(number, SIG_DFL);
	}
	atomic_store(&stop, true);
}

void cp_signals_catch(void)
{
	catch_with(0);
	signal(SIGPIPE, SIG_IGN);
}

void cp_signals_spare_writes(void)
{
	if (!cp_signals_seen(NULL))
		catch_with(SA_RESTART);
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
