// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * signals.c: turns SIGINT and SIGTERM into a count that loops look at, and
 * SIGUSR1 and SIGUSR2, and SIGHUP, into others. The third of the former kills as usual.
 * The one place with state a handler can reach.
 */
#include <signal.h>
#include <string.h>

#include "audit_impl.h"

#define RATE_HALVINGS_MAX 23u /* of the highest rate, one packet a second is left */

static atomic_int seen;
static atomic_int first_signal;
static atomic_bool stop;
static atomic_uint n_halvings;
static atomic_uint n_reloads;
static void (*_Atomic last_handler)(int) = SIG_DFL;

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
		signal(number, atomic_load(&last_handler));
	}
	atomic_store(&stop, true);
}

static void on_rate_signal(int number)
{
	unsigned n = atomic_load(&n_halvings);

	if (number == SIGUSR1 && n < RATE_HALVINGS_MAX)
		atomic_store(&n_halvings, n + 1);
	else if (number == SIGUSR2 && n > 0)
		atomic_store(&n_halvings, n - 1);
}

static void on_reload_signal(int number)
{
	(void)number;
	atomic_fetch_add(&n_reloads, 1);
}

void cp_signals_catch_reload(void)
{
	struct sigaction action = {.sa_handler = on_reload_signal, .sa_flags = SA_RESTART};

	sigaction(SIGHUP, &action, NULL);
}

unsigned cp_signals_reloads(void)
{
	return atomic_load(&n_reloads);
}

void cp_signals_catch(void)
{
	struct sigaction action = {.sa_handler = on_rate_signal, .sa_flags = SA_RESTART};

	catch_with(0);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void cp_signals_set_last(void (*handler)(int))
{
	atomic_store(&last_handler, handler);
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

unsigned cp_signals_rate_halvings(void)
{
	return atomic_load(&n_halvings);
}

const atomic_bool *cp_signals_flag(void)
{
	return &stop;
}
