// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * make_store.c: a store with known contents, for tests of what reads it.
 *
 *   make_store FILE run START_MS ASN [N]         a run of the audit "ms": five targets, the second of which leaves
 *                                                through ASN, and N more that stay inside
 *   make_store FILE open START_MS                a run that has begun and not ended
 *   make_store FILE change AT_MS RUN KIND OLD NEW [STATE]
 *
 * Target 4 has a hostile name and group. Addresses are the lab's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/store.h"

#define AGENT "lab"
#define N_FIXED 5

static struct cp_store *store;

static void need(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "make_store: %s (%s)\n", strerror(-rc), cp_store_error(store));
	exit(1);
}

struct target {
	const char *name, *group, *verdict, *confidence, *reasons, *as_path, *cname;
	int64_t dest_asn, foreign_asn;
	const char *dest_as_name, *foreign_as_name, *ixp, *site;
};

static const struct target targets[N_FIXED] = {
        {"a.example", "web", "inside", "high", NULL, "* 8075", "[]", 8075, CP_STORE_NULL, "Microsoft", NULL, NULL,
                NULL},
        {"b.example", "web", "transit", "medium", "silent-border,siblings", "* 8075 %" PRId64 " 13335",
                "[\"x.example\",\"y.example\"]", 13335, 0, "Cloudflare", "PCCW", NULL, "AMS"},
        {"c.example", "cdn", "direct", "high", "ixp", "8075 \"IXP:Lab \\\"X\\\" one\" 16625", "[]", 16625, 16625,
                "Akamai", "Akamai", "Lab \"X\" one", "FRA"},
        {"d.example", "cdn", "undecided", "low", "not-reached", "* ?", "[]", CP_STORE_NULL, CP_STORE_NULL, NULL, NULL,
                NULL, NULL},
        {"<b>e\x1b[31m\xff\"\n.example", "<i>\xfe\"", "inside", "high", NULL, "8075", "not json", 8075, CP_STORE_NULL,
                "Micro\xc2\x9bsoft", NULL, NULL, NULL},
};

/* What their destinations were measured to be end to end; of the third and the last nothing that makes sense. */
static const char *const e2e[N_FIXED] = {
        "{\"sent\":10,\"received\":10,\"loss_pct\":0.00,\"refused\":0,\"late\":0,\"rtts\":10,\"rtt_min_us\":900,"
        "\"rtt_avg_us\":1050,\"rtt_max_us\":1400,\"rtt_p50_us\":1000,\"rtt_p95_us\":1300,\"rtt_p99_us\":1400,"
        "\"jitter_us\":50,\"jitter_mean_us\":60}",
        "{\"sent\":10,\"received\":8,\"loss_pct\":20.00,\"refused\":0,\"late\":1,\"rtts\":8,\"rtt_min_us\":1900,"
        "\"rtt_avg_us\":2050,\"rtt_max_us\":2400,\"rtt_p50_us\":2000,\"rtt_p95_us\":2300,\"rtt_p99_us\":2400,"
        "\"jitter_us\":100,\"jitter_mean_us\":110}",
        "{\"sent\":10",
        "{\"sent\":10,\"received\":0,\"loss_pct\":100.00,\"refused\":10,\"late\":0,\"rtts\":0,\"rtt_min_us\":null,"
        "\"rtt_avg_us\":null,\"rtt_max_us\":null,\"rtt_p50_us\":null,\"rtt_p95_us\":null,\"rtt_p99_us\":null,"
        "\"jitter_us\":null,\"jitter_mean_us\":null}",
        "{\"sent\":\"many\",\"received\":[8]}",
};

static void add_hops(int64_t run, int64_t path, const struct target *target, int64_t rtt_us)
{
	struct cp_store_hop hop;

	for (int64_t ttl = 1; ttl <= 3; ttl++) {
		cp_store_row_init(CP_STORE_HOPS, &hop);
		hop.agent = AGENT;
		hop.run = run;
		hop.path = path;
		hop.ttl = ttl;
		hop.attempts = ttl == 1 ? 3 : 1;
		if (ttl > 1) {
			hop.ip = ttl == 2 ? "198.18.17.1" : "203.0.113.9";
			hop.asn = ttl == 2 ? 8075 : target->dest_asn;
			hop.ptr = ttl == 2 ? "ae1.lab.example" : NULL;
			hop.rtt_us = rtt_us - (3 - ttl) * 100;
			hop.reply = "ttl";
			hop.mpls = ttl == 2 ? "[{\"label\":16001,\"ttl\":1}]" : NULL;
			hop.flags = ttl == 2 ? "inferred,used" : NULL;
		}
		need(cp_store_add(store, CP_STORE_HOPS, &hop));
	}
}

static void add_path(int64_t run, int64_t seq, int64_t number, int64_t flow, const struct target *target, int64_t asn)
{
	struct cp_store_path path;
	char as_path[128];

	cp_store_row_init(CP_STORE_PATHS, &path);
	snprintf(as_path, sizeof(as_path), "%s", target->as_path);
	if (target->foreign_asn == 0)
		snprintf(as_path, sizeof(as_path), "* 8075 %" PRId64 " 13335", asn);
	path.agent = AGENT;
	path.run = run;
	path.seq = seq;
	path.target = number;
	path.dest_ip = "203.0.113.9";
	path.dest_asn = target->dest_asn;
	path.dest_as_name = target->dest_as_name;
	path.flow = flow;
	path.reached = target->dest_asn != CP_STORE_NULL;
	path.end_reason = path.reached ? "reached" : "gap";
	path.verdict = target->verdict;
	path.confidence = target->confidence;
	path.reasons = target->reasons;
	path.as_path = as_path;
	path.foreign_asn = target->foreign_asn == 0 ? asn : target->foreign_asn;
	path.foreign_as_name = target->foreign_asn == 0 && asn != 3491 ? "NTT" : target->foreign_as_name;
	path.foreign_ixp = target->ixp;
	path.exit_site = target->site;
	if (target->foreign_asn != CP_STORE_NULL) {
		path.exit_ttl_min = 2;
		path.exit_ttl_max = 3;
		path.exit_ip = "198.18.17.1";
		path.exit_rtt_us = 900;
	}
	if (path.reached)
		path.dest_rtt_us = 1000 * (number + 1) + flow;
	path.n_hops = 3;
	path.n_hops_seen = 2;
	path.probes = 5;
	path.e2e = e2e[number < N_FIXED ? number : 0];
	need(cp_store_add(store, CP_STORE_PATHS, &path));
	add_hops(run, seq, target, 1000 * (number + 1));
}

static void add_target(int64_t run, int64_t number, const struct target *target, const char *name, int64_t asn)
{
	struct cp_store_target row;

	cp_store_row_init(CP_STORE_TARGETS, &row);
	row.agent = AGENT;
	row.run = run;
	row.seq = number;
	row.name = name;
	row.port = 443;
	row.protocol = "tcp";
	row.group = target->group;
	row.cname = target->cname;
	row.addresses = "[\"203.0.113.9\"]";
	row.n_dests = 1;
	row.n_paths = 2;
	row.verdict = target->verdict;
	need(cp_store_add(store, CP_STORE_TARGETS, &row));
	for (int64_t flow = 0; flow < 2; flow++)
		add_path(run, 2 * number + flow, number, flow, target, asn);
}

static void add_egress(int64_t run, int64_t seq, const char *role, int64_t asn, const char *name, int64_t n_paths)
{
	struct cp_store_egress row;

	cp_store_row_init(CP_STORE_EGRESS, &row);
	row.agent = AGENT;
	row.run = run;
	row.seq = seq;
	row.role = role;
	row.asn = asn;
	row.as_name = name;
	row.paths = n_paths;
	row.dests = row.targets = row.groups = 1;
	row.exit_sites = strcmp(role, "exit") == 0 ? "[{\"place\":\"AMS\",\"paths\":2}]" : NULL;
	row.handover_p50_us = 900;
	need(cp_store_add(store, CP_STORE_EGRESS, &row));
}

static void add_edge(int64_t run, int64_t seq, int64_t from, const char *from_name, int64_t to, const char *to_name)
{
	struct cp_store_edge row;

	cp_store_row_init(CP_STORE_EDGES, &row);
	row.agent = AGENT;
	row.run = run;
	row.seq = seq;
	row.from_asn = from;
	row.to_asn = to;
	row.from_label = from_name;
	row.to_label = to_name;
	row.paths = 2;
	row.rtt_p50_us = 900;
	need(cp_store_add(store, CP_STORE_EDGES, &row));
}

static struct cp_store_run begin(int64_t start_ms)
{
	struct cp_store_run run;

	cp_store_row_init(CP_STORE_RUNS, &run);
	run.agent = AGENT;
	run.run = run.started_ms = start_ms;
	run.audit = "ms";
	run.command = "audit";
	run.version = "0.0";
	run.host = "lab<host>";
	run.settings = "{\"rate_pps\": 10000, \"name\": \"x\\u001by\"}";
	run.databases = "[{\"layer\":\"database\",\"name\":\"lab\",\"rows\":3,\"built_at_s\":1700000000}]";
	run.accounting = "{\"attempted\":";
	need(cp_store_begin_run(store, &run));
	return run;
}

static void end(struct cp_store_run *run, int64_t n_more)
{
	run->ended_ms = run->started_ms + 1500;
	run->end_reason = "done";
	run->exit_status = 0;
	run->n_targets = N_FIXED + n_more;
	run->n_dests = run->n_targets;
	run->n_paths = 2 * run->n_targets;
	run->n_complete = run->n_paths - 2;
	run->n_hops = 3 * run->n_paths;
	run->n_hops_seen = 2 * run->n_paths;
	run->n_inside = 2 + n_more;
	run->n_direct = run->n_undecided = run->n_transit = 1;
	run->n_detour = 0;
	run->probes = 5 * run->n_paths;
	run->replies = 4 * run->n_paths;
	run->lost = 1;
	need(cp_store_end_run(store, run));
}

static void add_run(int64_t start_ms, int64_t asn, int64_t n_more)
{
	struct cp_store_run run = begin(start_ms);
	struct cp_store_warning warning = {AGENT, run.run, 0, "lab", "a <warning>"};
	struct cp_store_as as = {AGENT, run.run, 8075, "Microsoft"};
	char name[64];

	for (int64_t i = 0; i < N_FIXED; i++)
		add_target(run.run, i, &targets[i], targets[i].name, asn);
	for (int64_t i = 0; i < n_more; i++) {
		snprintf(name, sizeof(name), "t%" PRId64 ".example", i);
		add_target(run.run, N_FIXED + i, &targets[0], name, asn);
	}
	add_egress(run.run, 0, "home", 8075, "Microsoft", run.n_paths);
	add_egress(run.run, 1, "exit", asn, asn == 3491 ? "PCCW" : "NTT", 2);
	add_egress(run.run, 2, "exit", 16625, "Akamai", 2);
	add_egress(run.run, 3, "destination", 13335, "Cloudflare", 2);
	add_edge(run.run, 0, 8075, "Microsoft", asn, asn == 3491 ? "PCCW" : "NTT");
	add_edge(run.run, 1, asn, asn == 3491 ? "PCCW" : "NTT", 13335, "Cloudflare");
	need(cp_store_add(store, CP_STORE_WARNINGS, &warning));
	need(cp_store_add(store, CP_STORE_ASES, &as));
	end(&run, n_more);
}

static void add_change(char **words)
{
	struct cp_store_change change;

	cp_store_row_init(CP_STORE_CHANGES, &change);
	change.agent = AGENT;
	change.at_ms = change.last_seen_ms = change.first_seen_ms = strtoll(words[0], NULL, 10);
	change.run = strtoll(words[1], NULL, 10);
	change.audit = "ms";
	change.target = "b.example";
	change.port = 443;
	change.protocol = "tcp";
	change.group = "web";
	change.kind = words[2];
	change.old = words[3];
	change.new = words[4];
	change.severity = "warning";
	change.muted = 0;
	change.state = words[5] ? words[5] : "changed";
	need(cp_store_add_change(store, &change));
}

int main(int argc, char **argv)
{
	struct cp_err err = {.text = ""};
	const char *what = argc > 3 ? argv[2] : "";

	if (argc < 4 || cp_store_open(argv[1], CP_STORE_WRITE, &store, &err)) {
		fprintf(stderr, "make_store: %s\n", *err.text ? err.text : "usage: see the head of make_store.c");
		return 1;
	}
	if (strcmp(what, "run") == 0 && argc >= 5)
		add_run(strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10),
		        argc > 5 ? strtoll(argv[5], NULL, 10) : 0);
	else if (strcmp(what, "open") == 0)
		begin(strtoll(argv[3], NULL, 10));
	else if (strcmp(what, "change") == 0 && (argc == 8 || argc == 9))
		add_change(argv + 3);
	cp_store_close(store);
	return 0;
}
