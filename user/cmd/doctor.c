// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor.c: `doctor`: looks at everything a run depends on and says, line by
 * line, what is fine, what is not, and what to do. With a target it also
 * looks up, routes, and sends one short trace to see whether answers return.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit_impl.h"
#include "cmd.h"
#include "format/database.h"
#include "format/text.h"

#define KERNEL_MIN_MAJOR 6
#define KERNEL_MIN_MINOR 1
#define PROBE_ATTEMPTS 2u
#define PROBE_RATE_PPS 500u
#define YEAR_2025_MS 1735689600000ull
#define MARK_COLUMN 6u
#define TEXT_COLUMN 20u
#define FEW 4u /* lines of one kind, so that all fit on a screen */
#define NATIVE_MTU_MAX 3498u /* what fits into a page of 4 KiB with what XDP needs around it, in most drivers */

enum health { HEALTH_OK, HEALTH_NOTE, HEALTH_BAD };

struct doctor {
	const struct cp_opts *opts;
	struct cp_text text;
	bool any_bad;
};

static int write_stdout(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	return fwrite(data, 1, len, stdout) == len ? 0 : -EIO;
}

static void say(struct doctor *doctor, enum health health, const char *what, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* One finding, which starts at once: what is looked at next may take a while. */
static void say(struct doctor *doctor, enum health health, const char *what, const char *fmt, ...)
{
	static const char *const marks[] = {"ok", "note", "BAD"};
	struct cp_text *text = &doctor->text;
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	cp_text_put(text, marks[health]);
	cp_text_tab(text, MARK_COLUMN);
	cp_text_put(text, what);
	cp_text_tab(text, TEXT_COLUMN);
	cp_text_words(text, line);
	cp_text_break(text);
	cp_text_flush(text);
	fflush(stdout);
	doctor->any_bad |= health == HEALTH_BAD;
}

/* Is line n of its kind, from 0, among those that are shown? Says where it stops that more are not. */
static bool is_shown(struct doctor *doctor, const char *what, size_t n)
{
	if (n == FEW)
		say(doctor, HEALTH_NOTE, what, "... and more");
	return n < FEW;
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
	char missing[64];

	if (cp_host_missing_caps(missing, sizeof(missing)))
		say(doctor, HEALTH_NOTE, "rights", "not known");
	else if (missing[0])
		say(doctor, HEALTH_BAD, "rights", "missing: %s; run as root", missing);
	else
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
		        "not in Azure: a silent first hop leaves paths undecided; name the AS you start in with "
		        "--vantage-as");
}

/* ---- AS data ---- */

static void say_database(struct doctor *doctor, const struct cp_rec_database *db)
{
	bool is_old = cp_database_is_old(db);
	char age[64] = "age unknown";

	if (db->age_days != CP_UNKNOWN)
		snprintf(age, sizeof(age), "%llu days old", (unsigned long long)db->age_days);
	say(doctor, is_old ? HEALTH_NOTE : HEALTH_OK, "AS data", "%s: %s%s%s%s, %llu rows, %s%s", db->layer, db->name,
	        db->type ? " (" : "", db->type ? db->type : "", db->type ? ")" : "", (unsigned long long)db->n_rows,
	        age, is_old ? ": addresses move, fetch a new one" : "");
}

static void check_data(struct doctor *doctor, const struct cp_audit *audit)
{
	bool any_old = false;

	for (size_t i = 0; i < audit->n_databases; i++) {
		say_database(doctor, &audit->databases[i]);
		any_old |= cp_database_is_old(&audit->databases[i]);
	}
	if (cp_asdb_n_disputed(audit->asdb))
		say(doctor, HEALTH_NOTE, "AS data",
		        "the databases name different ASes for %zu range%s: where that matters, paths stay undecided",
		        cp_asdb_n_disputed(audit->asdb), cp_asdb_n_disputed(audit->asdb) == 1 ? "" : "s");
	if (any_old || !audit->opts->asdbs.n)
		say(doctor, HEALTH_NOTE, "AS data",
		        "%sget DB-IP ASN Lite, GeoLite2-ASN, IPinfo Lite or iptoasn, and name it with --asdb",
		        audit->opts->asdbs.n ? ""
		                             : "only the built-in Microsoft ranges are used, carriers stay unknown: ");
}

/* ---- The way to a target ---- */

static const char *native_text(const struct cp_engine_xdp *xdp, const struct cp_link *link)
{
	if (link->l3)
		return "none without a link-layer header: only tc works";
	if (!xdp->known)
		return "native support is known only once attached (the kernel tells since 6.3)";
	if (!xdp->native)
		return xdp->emits ? "no native programs: generic mode" : "no XDP in this driver: only tc works";
	if (link->mtu > NATIVE_MTU_MAX)
		return "native, but hardly at this MTU: generic mode then";
	return xdp->emits ? "native" : "native; whether it sends for others is known only once attached";
}

static void check_xdp(struct doctor *doctor, const struct cp_link *link)
{
	char owner[CP_XDP_OWNER_SIZE], remedy[CP_XDP_REMEDY_SIZE];
	struct cp_engine_xdp xdp;

	cp_engine_xdp_look(link->ifindex, &xdp);
	say(doctor, HEALTH_OK, "XDP", "%s: %s", link->name, native_text(&xdp, link));
	if (!xdp.prog_id)
		return;
	say(doctor, HEALTH_NOTE, "XDP", "%s carries %s, which is left alone: answers are taken by tc, behind it",
	        link->name, cp_engine_xdp_owner(&xdp, owner, sizeof(owner)));
	say(doctor, HEALTH_NOTE, "XDP", "if nobody needs it: %s",
	        cp_engine_xdp_remedy(&xdp, link->name, remedy, sizeof(remedy)));
}

static void check_links(struct doctor *doctor, const struct cp_audit *audit)
{
	char addr[CP_ADDR_STRLEN], src[CP_ADDR_STRLEN];

	for (uint32_t i = 0; i < audit->n_links && is_shown(doctor, "interface", i); i++) {
		const struct cp_link *link = &audit->links[i];

		say(doctor, HEALTH_OK, "interface", "%s: driver %s, MTU %u, %u rx and %u tx queues", link->name,
		        link->driver[0] ? link->driver : "unknown", link->mtu, link->n_rx_queues, link->n_tx_queues);
		check_xdp(doctor, link);
	}
	for (uint32_t i = 0; i < audit->n_hops && is_shown(doctor, "next hop", i); i++) {
		const struct cp_hop_out *hop = &audit->hops[i];

		say(doctor, hop->resolved ? HEALTH_OK : HEALTH_BAD, "next hop", "%s dev %s, source %s%s",
		        cp_addr_format(&hop->addr, addr), audit->links[hop->link].name,
		        cp_addr_format(&hop->nexthop.src, src),
		        hop->resolved ? "" : ": does not answer; check the gateway and the link");
	}
}

static void check_dns(struct doctor *doctor, const struct cp_audit *audit)
{
	size_t n_good = 0, n_bad = 0;

	for (size_t t = 0; t < audit->targets.n; t++) {
		const struct cp_target *target = &audit->targets.items[t];
		const struct cp_answer *answer = cp_audit_answer(audit, target);
		char addr[CP_ADDR_STRLEN];

		if (answer->n_addrs == 0 && is_shown(doctor, "DNS", n_bad++))
			say(doctor, HEALTH_BAD, "DNS", "%s: %s (resolver %s)", target->host,
			        cp_dns_status_name(answer->status), audit->resolver);
		if (answer->n_addrs && !target->is_literal && is_shown(doctor, "DNS", n_good++))
			say(doctor, HEALTH_OK, "DNS", "%s: %zu addresses, %s first, from %s", target->host,
			        answer->n_addrs, cp_addr_format(&answer->addrs[0], addr), audit->resolver);
	}
}

static void check_dests(struct doctor *doctor, const struct cp_audit *audit, const struct cp_err *last)
{
	char addr[CP_ADDR_STRLEN];
	size_t n = 0;

	for (size_t i = 0; i < audit->n_dests; i++) {
		const struct cp_probe_dest *dest = &audit->dests[i];

		if (dest->skip && is_shown(doctor, "destination", n++))
			say(doctor, HEALTH_BAD, "destination", "%s is not probed: %s%s%s",
			        cp_addr_format(&dest->addr, addr), cp_skip_name(dest->skip), last->text[0] ? ": " : "",
			        last->text);
	}
}

/* What is attached now, and what a run at any rate would take. */
static void check_datapath(struct doctor *doctor, const struct cp_audit *audit)
{
	struct cp_engine_config config = {.rate_pps = UINT64_MAX, .xdp_mode = doctor->opts->xdp_mode};
	struct cp_engine_choice choice;
	struct cp_err err;

	say(doctor, HEALTH_OK, "datapath", "%s (%s)", cp_engine_datapath(audit->engine), cp_engine_why(audit->engine));
	if (cp_engine_n_tidied(audit->engine))
		say(doctor, HEALTH_NOTE, "datapath", "took off %u tc filters that a killed run had left behind",
		        cp_engine_n_tidied(audit->engine));
	if (doctor->opts->datapath != CP_DATAPATH_AUTO)
		return;
	cp_audit_describe_ifaces(audit, &config);
	if (cp_engine_choose(&config, &choice, &err))
		return;
	if (choice.xdp)
		say(doctor, HEALTH_OK, "datapath", "at higher rates: xdp");
	else
		say(doctor, HEALTH_NOTE, "datapath", "at higher rates, too, tc: %s", choice.why);
}

/* Why no router is heard of, as far as it can be told from here. */
static void explain_silence(struct doctor *doctor, const struct cp_audit *audit, bool reached)
{
	bool in_azure = false, beside = false;

	cp_host_in_azure(&in_azure);
	for (uint32_t i = 0; i < audit->n_links; i++)
		beside |= audit->links[i].xdp_prog_id != 0;
	say(doctor, HEALTH_BAD, "ICMP", "no time-exceeded message came back: hops cannot be seen. %s%s%s",
	        reached ? "TCP comes back, so ICMP is filtered on the way in"
	                : "Nothing comes back: a firewall, or the way",
	        beside ? ", or the XDP program above takes it. " : ". ",
	        in_azure ? "This VM needs a public IP of its own and an inbound rule for ICMP in its network security "
	                   "group"
	                 : "In Azure it takes a public IP of the VM's own and an inbound rule for ICMP in its network "
	                   "security group");
}

/* Sends one short trace and looks at what kind of answers came back. */
static void check_answers(struct doctor *doctor, struct cp_audit *audit)
{
	uint32_t n_exceeded = 0, n_reached = 0, n_between = 0, n_paths = audit->n_probed * audit->opts->n_flows;
	struct cp_path *path = malloc(sizeof(*path));
	struct cp_err err = {.text = ""};
	int rc = path ? cp_audit_open(audit, &err) : -ENOMEM;

	if (rc == 0)
		check_datapath(doctor, audit);
	rc = rc ? rc : cp_audit_probe(audit, &err);
	if (rc) {
		say(doctor, HEALTH_BAD, "datapath", "%s", err.text);
		free(path);
		return;
	}
	for (uint32_t i = 0; i < n_paths; i++) {
		cp_paths_get(cp_sweep_paths(audit->sweep), i, audit->opts->gap, path);
		n_reached += path->reached;
		/* A destination on the link is the first hop itself. */
		n_between += !path->reached || path->n_hops > 1;
		for (uint32_t h = 0; h < path->n_hops; h++)
			n_exceeded += path->hops[h].kind == CP_REPLY_TIME_EXCEEDED;
	}
	free(path);
	say(doctor, n_reached ? HEALTH_OK : HEALTH_NOTE, "answers", "%u of %u paths reached their destination",
	        n_reached, n_paths);
	if (n_exceeded)
		say(doctor, HEALTH_OK, "ICMP", "%u time-exceeded messages came back", n_exceeded);
	else if (n_between == 0)
		say(doctor, HEALTH_NOTE, "ICMP", "no router on the way, so nothing to hear: try a target farther away");
	else
		explain_silence(doctor, audit, n_reached);
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
	const struct cp_sink sink = {.write = write_stdout};
	struct doctor doctor = {.opts = opts};
	struct cp_err err = {.text = ""};
	struct cp_opts short_opts = *opts;

	if (!audit)
		return CP_EXIT_FAILED;
	cp_text_init(&doctor.text, &sink, 0, false);
	doctor.text.indent = TEXT_COLUMN;
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
		        "not looked at: `coldpotato doctor TARGET` checks DNS, route, next hop, datapath and "
		        "ICMP");
	cp_audit_free(audit);
	if (cp_signals_seen(NULL))
		return 128 + SIGINT;
	return doctor.any_bad ? CP_EXIT_FAILED : CP_EXIT_OK;
}
