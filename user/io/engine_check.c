// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_check.c: what can be refused before anything is loaded or attached.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "engine_impl.h"

#define FILES_NEEDED 24 /* at once, while the BPF objects are loaded and attached */

int cp_engine_check_config(const struct cp_engine_config *config, struct cp_err *err)
{
	uint64_t n_slots = (uint64_t)config->n_dests * config->n_flows * config->n_ttls;

	if (n_slots == 0 || n_slots > CP_SLOTS_MAX || config->n_flows > CP_FLOWS_MAX ||
	        config->first_ttl + config->n_ttls - 1 > CP_TTL_MAX || config->n_nexthops > CP_NEXTHOPS_MAX ||
	        config->n_ifaces == 0 || config->n_ifaces > CP_IFACES_MAX || config->rate_pps == 0)
		return cp_err_set(err, -ERANGE,
		        "%u destinations x %u flows x %u TTLs over %u interfaces and %u next hops is more than one run "
		        "holds",
		        config->n_dests, config->n_flows, config->n_ttls, config->n_ifaces, config->n_nexthops);
	return 0;
}

/* Short of files libbpf takes the kernel for an old one, and fails in odd ways; so it is found out before. */
int cp_engine_check_files(struct cp_err *err)
{
	int fds[FILES_NEEDED], n = 0;

	while (n < FILES_NEEDED && (fds[n] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) >= 0)
		n++;
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (n == FILES_NEEDED)
		return 0;
	return cp_err_set(
	        err, -EMFILE, "too many open files for the BPF programs and maps: raise the limit (`ulimit -n`)");
}
