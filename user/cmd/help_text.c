// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * help_text.c: what help and man page say beyond the option table. Prints
 * nothing itself.
 */
#include <stdio.h>
#include <string.h>

#include "help.h"

const struct cp_help_pair cp_help_targets[] = {
        {"host[:port][/proto]", "a name; all its addresses are probed"},
        {"address, [v6]:port", "an address"},
        {"@FILE", "targets from a file: one a line (then a group, if any), or CSV with a header naming host or fqdn"},
        {"-", "the same from standard input"},
        {"preset:microsoft", "the built-in list of Microsoft service names"},
        {"preset:controls", "built-in names known to be outside: an audit must show their exits"},
        {NULL, NULL},
};

const struct cp_help_pair cp_help_statuses[] = {
        {"0", "every target was measured, whatever the verdicts; with a policy: it holds"},
        {"1", "the run failed"},
        {"2", "the command line, or a file it names, is wrong"},
        {"3", "the policy is violated, or a path has what --fail-on names; two runs differ, with "
              "--fail-on-change"},
        {"4", "the run is complete, but some targets could not be measured (no address, no route, blocked), or more "
              "are undecided than the policy allows"},
        {"130, 143", "ended by SIGINT or SIGTERM; what was found until then is reported"},
        {NULL, NULL},
};

static const struct cp_help_pair audit_examples[] = {
        {"coldpotato audit preset:microsoft preset:controls", "all built-in names, and known outsiders"},
        {"coldpotato audit @names.csv --asdb asn.csv -o table -o ndjson=run.ndjson",
                "own list, own AS table; a summary to read, records in a file"},
        {"coldpotato audit --policy policy.yaml @names.txt", "exit status 3 when a path breaks it: for a pipeline"},
        {"coldpotato audit -4 -r 50k --flows 4 @names.txt", "IPv4 only, faster, four flows each"},
        {NULL, NULL},
};
static const struct cp_help_pair trace_examples[] = {
        {"coldpotato trace login.microsoft.com", "every address of one name, hop by hop"},
        {"coldpotato trace --addresses first --flows 8 www.xbox.com:443", "eight flows to one address"},
        {"coldpotato trace -o ndjson 192.0.2.1:443", "one address, as records"},
        {"coldpotato trace --live login.microsoft.com", "round by round, on the terminal; ? explains the keys"},
        {NULL, NULL},
};
static const struct cp_help_pair analyze_examples[] = {
        {"coldpotato analyze atlas.json --asdb asn.csv", "results of RIPE Atlas, judged"},
        {"coldpotato analyze run.ndjson --home 8075,8068 -o hops", "an audit's paths with another home"},
        {"sc_warts2json trace.warts | coldpotato analyze - -o ndjson=judged.ndjson", "scamper's, as records"},
        {NULL, NULL},
};
static const struct cp_help_pair diff_examples[] = {
        {"coldpotato diff monday.ndjson tuesday.ndjson", "what changed since Monday?"},
        {"coldpotato diff --side-by-side cold.ndjson hot.ndjson", "hot potato against cold potato"},
        {"coldpotato diff --fail-on-change worse good.ndjson now.ndjson",
                "a gate: exit status 3 when something became worse"},
        {NULL, NULL},
};
static const struct cp_help_pair watch_examples[] = {
        {"coldpotato watch -c watch.yaml", "until SIGTERM; see docs/watch.md"},
        {"coldpotato watch -c watch.yaml --top", "the same, looked at on the terminal; ? explains the keys"},
        {"coldpotato watch -c watch.yaml --check", "is the file, and what it names, as it should be?"},
        {"coldpotato watch -c watch.yaml --once -o ndjson", "each audit once, records on standard output"},
        {NULL, NULL},
};
static const struct cp_help_pair serve_examples[] = {
        {"coldpotato serve /var/lib/coldpotato/store.db", "the dashboard, at http://127.0.0.1:9180/"},
        {"coldpotato serve store.db --listen [::1]:8080", "... elsewhere"},
        {NULL, NULL},
};
static const struct cp_help_pair doctor_examples[] = {
        {"coldpotato doctor", "can this host probe?"},
        {"coldpotato doctor -i eth0 login.microsoft.com", "... through eth0, and do replies come back?"},
        {NULL, NULL},
};
static const struct cp_help_pair policy_examples[] = {
        {"coldpotato policy generate run.ndjson -o policy.yaml", "what a run shows, as what is expected"},
        {"coldpotato policy check policy.yaml", "is the file well-formed?"},
        {"coldpotato policy check policy.yaml run.ndjson", "does a stored run keep it? exit status 0, 3 or 4"},
        {NULL, NULL},
};
static const struct cp_help_pair report_examples[] = {
        {"coldpotato audit @names.txt --store runs.db", "runs are kept ..."},
        {"coldpotato report runs.db", "... and shown again: the newest"},
        {"coldpotato report runs.db:2026-11-28T10:00 -o html=then.html", "the one that was the newest then"},
        {"coldpotato diff runs.db:previous runs.db", "what changed since the run before?"},
        {NULL, NULL},
};
static const struct cp_help_pair export_examples[] = {
        {"coldpotato export runs.db:previous >run.ndjson", "the run before the newest, as records"},
        {"coldpotato export runs.db -o csv=paths.csv", "the newest, a line a path"},
        {NULL, NULL},
};
static const struct cp_help_pair runs_examples[] = {
        {"coldpotato runs runs.db", "which runs are there?"},
        {"coldpotato runs runs.db -o ndjson", "the same for programs"},
        {NULL, NULL},
};

const struct cp_help_pair *cp_help_examples(enum cp_command command)
{
	static const struct cp_help_pair *const examples[CP_COMMANDS] = {
	        [CP_CMD_AUDIT] = audit_examples,
	        [CP_CMD_TRACE] = trace_examples,
	        [CP_CMD_ANALYZE] = analyze_examples,
	        [CP_CMD_DIFF] = diff_examples,
	        [CP_CMD_WATCH] = watch_examples,
	        [CP_CMD_SERVE] = serve_examples,
	        [CP_CMD_DOCTOR] = doctor_examples,
	        [CP_CMD_POLICY] = policy_examples,
	        [CP_CMD_REPORT] = report_examples,
	        [CP_CMD_EXPORT] = export_examples,
	        [CP_CMD_RUNS] = runs_examples,
	};

	return examples[command];
}

const char *cp_help_option(const struct cp_opt *opt, char *buf, size_t size)
{
	char value[64];
	size_t len = (size_t)snprintf(buf, size, "%s", opt->help);

	/* Choices stand in the usage column unless the argument has a name of its own. */
	for (size_t i = 0; opt->arg && cp_opt_value(opt, i) && len < size; i++) {
		const char *joint = i == 0 ? ": " : cp_opt_value(opt, i + 1) ? ", " : " or ";

		if (strcmp(opt->arg, cp_opt_value(opt, i)) != 0)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", joint, cp_opt_value(opt, i));
	}
	if (len < size && cp_opt_default(opt, value, sizeof(value)))
		snprintf(buf + len, size - len, " (default %s)", value);
	return buf;
}
