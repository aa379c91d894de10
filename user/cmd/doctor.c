// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor.c: `doctor`: looks at everything a run depends on and says, line by
 * line, what is fine, what is not, and what to do. With a target it also
 * looks up, routes, and sends one short trace to see whether answers return.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit_impl.h"
#include "cmd.h"

#define KERNEL_MIN_MAJOR 6
#define KERNEL_MIN_MINOR 1
#define PROBE_ATTEMPTS 2u
#define PROBE_RATE_PPS 500u
#define YEAR_2025_MS 1735689600000ull

enum health { HEALTH_OK, HEALTH_NOTE, HEALTH_BAD };

struct doctor {
	const struct cp_opts *opts;
	bool any_bad;
};

static void say(struct doctor *doctor, enum health health, const char *what, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

static void say(struct doctor *doctor, enum health health, const char *what, const char *fmt, ...)
{
	static const char *const marks[] = {"ok  ", "note", "BAD "};
	va_list args;

	printf("%s  %-12s ", marks[health], what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	doctor->any_bad |= health == HEALTH_BAD;
}

/* ---- The host ---- */

static void check_kernel(struct doctor *doctor)
{
	unsigned long major, minor = 0;
	char release[128] = "", *end;

	cp_host_kernel(release, sizeof(release));
	major = strtoul(release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	if (major == 0)
		say(doctor, HEALTH_NOTE, "kernel", "%s: version not understood", release);
	else if (major < KERNEL_MIN_MAJOR || (major == KERNEL_MIN_MAJOR && minor < KERNEL_MIN_MINOR))
		say(doctor, HEALTH_BAD, "kernel", "%s: %u.%u or newer is needed", release, KERNEL_MIN_MAJOR,
		        KERNEL_MIN_MINOR);
	else
		say(doctor, HEALTH_OK, "kernel", "%s", release);
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		say(doctor, HEALTH_NOTE, "BTF", "absent: frames the driver took are concluded, not counted");
	else
		say(doctor, HEALTH_OK, "BTF", "present");
}

static void check_caps(struct doctor *doctor)
{
	static const struct {
		unsigned bit;
		const char *name;
	} needed[] = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_BPF, "CAP_BPF"}, {CAP_PERFMON, "CAP_PERFMON"}};
	uint64_t caps = 0;
	bool all = true;

	cp_host_caps(&caps);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		/* CAP_SYS_ADMIN stands in for the younger two. */
		bool has = caps >> needed[i].bit & 1 || (needed[i].bit != CAP_NET_ADMIN && caps >> CAP_SYS_ADMIN & 1);

		if (!has)
			say(doctor, HEALTH_BAD, "rights", "%s is missing: run as root", needed[i].name);
		all &= has;
	}
	if (all)
		say(doctor, HEALTH_OK, "rights", "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON");
}

static void check_clock(struct doctor *doctor)
{
	uint64_t wall_ms = cp_host_clock_wall_ms();
	time_t seconds = (time_t)(wall_ms / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (wall_ms < YEAR_2025_MS)
		say(doctor, HEALTH_NOTE, "clock", "%s is in the past: records will carry that date", text);
	else
		say(doctor, HEALTH_OK, "clock", "%s", text);
}

static void check_vantage(struct doctor *doctor)
{
	bool in_azure = false;

	cp_host_in_azure(&in_azure);
	if (in_azure)
		say(doctor, HEALTH_OK, "vantage", "an Azure machine (chassis asset tag): probes start inside AS8075");
	else if (doctor->opts->vantage_as)
		say(doctor, HEALTH_OK, "vantage", "AS%u, by --vantage-as", doctor->opts->vantage_as);
	else
		say(doctor, HEALTH_NOTE, "vantage",
		        "not in Azure: a silent first hop leaves paths undecided;\n%*sname the AS you start in with "
		        "--vantage-as",
		        20, "");
}

/* ---- AS data ---- */

static void check_data(struct doctor *doctor, const struct cp_audit *audit)
{
	uint64_t now_s = cp_host_clock_wall_ms() / 1000;
	bool has_database = false;

	for (size_t i = 0; i < audit->n_databases; i++) {
		const struct cp_rec_database *db = &audit->databases[i];
		uint64_t age_days =
		        db->built_at_s == CP_UNKNOWN || db->built_at_s > now_s ? 0 : (now_s - db->built_at_s) / 86400;

		has_database |= strcmp(db->layer, "database") == 0;
		say(doctor, age_days > 90 ? HEALTH_NOTE : HEALTH_OK, "AS data", "%s: %s, %llu rows%s", db->layer,
		        db->name, (unsigned long long)db->n_rows,
		        age_days > 90 ? ", older than 90 days: fetch a new one" : "");
	}
	if (!has_database)
		say(doctor, HEALTH_NOTE, "AS data", "no --asdb FILE: carriers' addresses stay unknown");
}

/* ---- The way to a target ---- */

static const char *xdp_owner_text(const struct cp_link *link, char *buf, size_t size)
{
	if (link->xdp_prog_id)
		snprintf(buf, size, "carries XDP program id %u, left alone (tc is used)", link->xdp_prog_id);
	else
		snprintf(buf, size, "no XDP program");
	return buf;
}

static void check_links(struct doctor *doctor, const struct cp_audit *audit)
{
	char owner[96], addr[CP_ADDR_STRLEN], src[CP_ADDR_STRLEN];

	for (uint32_t i = 0; i < audit->n_links; i++) {
		const struct cp_link *link = &audit->links[i];

		say(doctor, HEALTH_OK, "interface", "%s: driver %s, MTU %u, %u/%u rx/tx queues, %s%s", link->name,
		        link->driver[0] ? link->driver : "unknown", link->mtu, link->n_rx_queues, link->n_tx_queues,
		        xdp_owner_text(link, owner, sizeof(owner)), link->l3 ? ", no link-layer header (tc only)" : "");
	}
	for (uint32_t i = 0; i < audit->n_hops; i++) {
		const struct cp_hop_out *hop = &audit->hops[i];

		say(doctor, hop->resolved ? HEALTH_OK : HEALTH_BAD, "next hop", "%s dev %s, source %s%s",
		        cp_addr_format(&hop->addr, addr), audit->links[hop->link].name,
		        cp_addr_format(&hop->nexthop.src, src),
		        hop->resolved ? "" : ": does not answer; check the gateway and the link");
	}
}

static void check_dns(struct doctor *doctor, const struct cp_audit *audit)
{
	for (size_t t = 0; t < audit->targets.n; t++) {
		const struct cp_target *target = &audit->targets.items[t];
		const struct cp_answer *answer = cp_audit_answer(audit, target);
		char addr[CP_ADDR_STRLEN];

		if (answer->n_addrs == 0)
			say(doctor, HEALTH_BAD, "DNS", "%s: %s (resolver %s)", target->host,
			        cp_dns_status_name(answer->status), audit->resolver);
		else if (!target->is_literal)
			say(doctor, HEALTH_OK, "DNS", "%s -> %s and %zu more (resolver %s)", target->host,
			        cp_addr_format(&answer->addrs[0], addr), answer->n_addrs - 1, audit->resolver);
	}
}

static void check_dests(struct doctor *doctor, const struct cp_audit *audit, const struct cp_err *last)
{
	char addr[CP_ADDR_STRLEN];

	for (size_t i = 0; i < audit->n_dests; i++) {
		const struct cp_probe_dest *dest = &audit->dests[i];

		if (dest->skip)
			say(doctor, dest->skip == CP_SKIP_IPV6 ? HEALTH_NOTE : HEALTH_BAD, "destination",
			        "%s is not probed: %s%s%s", cp_addr_format(&dest->addr, addr), cp_skip_name(dest->skip),
			        last->text[0] ? ": " : "", last->text);
	}
}

/* Sends one short trace and looks at what kind of answers came back. */
static void check_answers(struct doctor *doctor, struct cp_audit *audit)
{
	uint32_t n_exceeded = 0, n_reached = 0, n_paths = audit->n_probed * audit->opts->n_flows;
	struct cp_path *path = malloc(sizeof(*path));
	struct cp_err err = {.text = ""};
	int rc = path ? cp_audit_open(audit, &err) : -ENOMEM;

	if (rc == 0)
		say(doctor, HEALTH_OK, "datapath", "%s (%s)", cp_engine_datapath(audit->engine),
		        cp_engine_why(audit->engine));
	rc = rc ? rc : cp_audit_probe(audit, &err);
	if (rc) {
		say(doctor, HEALTH_BAD, "datapath", "%s", err.text);
		free(path);
		return;
	}
	for (uint32_t i = 0; i < n_paths; i++) {
		cp_paths_get(cp_sweep_paths(audit->sweep), i, audit->opts->gap, path);
		n_reached += path->reached;
		for (uint32_t h = 0; h < path->n_hops; h++)
			n_exceeded += path->hops[h].kind == CP_REPLY_TIME_EXCEEDED;
	}
	free(path);
	say(doctor, n_reached ? HEALTH_OK : HEALTH_NOTE, "TCP", "%u of %u destinations answered", n_reached, n_paths);
	if (n_exceeded)
		say(doctor, HEALTH_OK, "ICMP", "%u time-exceeded messages came back", n_exceeded);
	else
		say(doctor, HEALTH_BAD, "ICMP",
		        "no time-exceeded message came back: hops cannot be seen. In Azure the VM needs a public IP of "
		        "its own and "
		        "an inbound rule for ICMP in its network security group");
}

static void check_targets(struct doctor *doctor, struct cp_audit *audit)
{
	struct cp_err err = {.text = ""};
	int rc = cp_audit_gather(audit, &err);

	rc = rc ? rc : cp_audit_resolve(audit, &err);
	if (rc) {
		say(doctor, HEALTH_BAD, "targets", "%s", err.text);
		return;
	}
	check_dns(doctor, audit);
	rc = cp_audit_plan(audit, &err);
	if (rc) {
		say(doctor, HEALTH_BAD, "route", "%s", err.text);
		return;
	}
	check_links(doctor, audit);
	check_dests(doctor, audit, &err);
	if (audit->n_probed)
		check_answers(doctor, audit);
}

int cp_cmd_doctor(const struct cp_opts *opts)
{
	struct cp_audit *audit = calloc(1, sizeof(*audit));
	struct doctor doctor = {.opts = opts};
	struct cp_err err = {.text = ""};
	struct cp_opts short_opts = *opts;

	if (!audit)
		return CP_EXIT_FAILED;
	cp_signals_catch();
	short_opts.progress = CP_WHEN_NEVER;
	short_opts.attempts = PROBE_ATTEMPTS;
	if (short_opts.rate_pps > PROBE_RATE_PPS)
		short_opts.rate_pps = PROBE_RATE_PPS;
	audit->opts = &short_opts;
	audit->start_ns = cp_host_clock_mono_ns();
	check_kernel(&doctor);
	check_caps(&doctor);
	check_clock(&doctor);
	check_vantage(&doctor);
	if (cp_audit_load(audit, &err))
		say(&doctor, HEALTH_BAD, "AS data", "%s", err.text);
	else
		check_data(&doctor, audit);
	if (opts->n_targets && !err.text[0])
		check_targets(&doctor, audit);
	else if (!opts->n_targets)
		say(&doctor, HEALTH_NOTE, "network",
		        "not looked at: `coldpotato doctor TARGET` checks DNS, route,\n%*snext hop, datapath and ICMP",
		        20, "");
	cp_audit_free(audit);
	if (cp_signals_seen(NULL))
		return 128 + SIGINT;
	return doctor.any_bad ? CP_EXIT_FAILED : CP_EXIT_OK;
}
