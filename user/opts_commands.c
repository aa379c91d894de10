// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * opts_commands.c: the commands, and the groups that options come in, as data.
 * Whatever a user reads about a command comes from here. No logic.
 */
#include "opts.h"

const struct cp_command_info cp_commands[CP_COMMANDS] = {
        [CP_CMD_AUDIT] =
                {
                        .name = "audit",
                        .args = "TARGET...",
                        .help = "judge many paths: summary by group, egress by AS, offenders",
                        .about = "Traces every address of every target at once, judges each path (inside, direct, "
                                 "transit, detour, undecided) and sums up.",
                        .takes_targets = true,
                        .needs_target = true,
                        .output = "table",
                },
        [CP_CMD_TRACE] =
                {
                        .name = "trace",
                        .args = "TARGET...",
                        .help = "show one or a few paths hop by hop",
                        .about = "Shows each path hop by hop, with the AS of every hop, and its verdict.",
                        .takes_targets = true,
                        .needs_target = true,
                        .output = "hops",
                },
        [CP_CMD_ANALYZE] =
                {
                        .name = "analyze",
                        .args = "FILE...",
                        .help = "judge paths that were measured before, by this or other tools",
                        .about = "Reads results of other tools, what an audit wrote with -o ndjson, or a run of a "
                                 "database (FILE.db); FILE - is standard input. Judges each path as an audit does and "
                                 "sums up. Sends nothing and "
                                 "needs no rights.",
                        .takes_words = true,
                        .output = "table",
                },
        [CP_CMD_DIFF] =
                {
                        .name = "diff",
                        .args = "RUN RUN",
                        .help = "say what changed between two runs, or lay two vantages side by side",
                        .about =
                                "Reads two runs, the one before and the one after: what -o ndjson wrote (- is standard "
                                "input), or runs of a database (FILE.db, FILE.db:previous), and tells what is "
                                "different: verdicts, "
                                "exits, AS paths, reach, round-trip times, loss. Silence is no difference. Writes "
                                "table or ndjson. Sends nothing and needs no rights.",
                        .output_help = "table or ndjson, to standard output or a file (repeatable)",
                        .takes_words = true,
                        .output = "table",
                },
        [CP_CMD_WATCH] =
                {
                        .name = "watch",
                        .args = "-c FILE",
                        .help = "keep auditing: the audits of a file, each at its interval",
                        .about = "Runs the audits that a YAML file names, one at a time, each at its interval, and "
                                 "writes every run to where the file says; -o ndjson writes them to standard output. "
                                 "Options that are typed go before what the file says. SIGHUP reads the file again; a "
                                 "wrong one changes nothing.",
                        .output_help = "ndjson, to standard output; the configuration's output: writes files",
                },
        [CP_CMD_SERVE] =
                {
                        .name = "serve",
                        .args = "FILE",
                        .help = "show a store: dashboard, JSON and metrics over HTTP",
                        .about = "Serves what is in the store FILE, read-only, to browsers of this host: the "
                                 "dashboard at /, JSON below /api/v1/, metrics for Prometheus at /metrics. Runs "
                                 "until SIGINT or SIGTERM. Sends no probe and needs no rights.",
                        .takes_words = true,
                },
        [CP_CMD_DOCTOR] =
                {
                        .name = "doctor",
                        .args = "[TARGET...]",
                        .help = "say whether this host can probe, and what stands in the way",
                        .about = "Looks at kernel, privileges, interface, route, next hop, DNS and data, and says "
                                 "what to do about each finding.",
                        .takes_targets = true,
                },
        [CP_CMD_POLICY] =
                {
                        .name = "policy",
                        .args = "check POLICY [RUN] | generate RUN",
                        .help = "check a stored run against a policy, or write one from it",
                        .about = "check evaluates a run, what -o ndjson wrote or one of a database (FILE.db), and "
                                 "shows the result as table, "
                                 "or with "
                                 "-o ndjson as a record; without a run it validates the policy file. generate writes "
                                 "what a run shows as the policy to expect from now on, to be reviewed; -o FILE writes "
                                 "it to a file.",
                        .output_help = "check: table or ndjson, to standard output; generate: the file to write",
                        .takes_words = true,
                },
        [CP_CMD_REPORT] =
                {
                        .name = "report",
                        .args = "RUN",
                        .help = "show a run again that was stored, in any format",
                        .about = "Reads a run from a database (FILE.db, FILE.db:previous, FILE.db:NUMBER, "
                                 "FILE.db:2026-11-28T10:00) or from what -o ndjson wrote (- is standard input) and "
                                 "shows it as it was judged then. Sends nothing and needs no rights.",
                        .takes_words = true,
                        .output = "table",
                },
        [CP_CMD_EXPORT] =
                {
                        .name = "export",
                        .args = "RUN",
                        .help = "write a run that was stored as records",
                        .about =
                                "Reads a run as report does and writes it as -o ndjson, or another format, would have: "
                                "what was removed from the database to keep it small is missing.",
                        .takes_words = true,
                        .output = "ndjson",
                },
        [CP_CMD_RUNS] =
                {
                        .name = "runs",
                        .args = "FILE.db",
                        .help = "list the runs of a database",
                        .about = "Lists the runs in a database, the newest last, with their numbers; writes table or "
                                 "ndjson. Sends nothing and needs no rights.",
                        .output_help = "table or ndjson, to standard output or a file",
                        .takes_words = true,
                        .output = "table",
                },
        [CP_CMD_HELP] = {.name = "help", .args = "[COMMAND]", .help = "explain a command and its options"},
        [CP_CMD_VERSION] = {.name = "version", .args = "", .help = "print the version"},
        [CP_CMD_MAN] = {.name = "", .args = ""},
        [CP_CMD_COMPLETION] = {.name = "", .args = ""},
};

const char *cp_opt_group_name(enum cp_opt_group group)
{
	static const char *const names[CP_OPT_GROUPS] = {
	        [CP_OPT_TARGETS] = "Targets",
	        [CP_OPT_PROBING] = "Probing",
	        [CP_OPT_DATAPATH] = "Interface and datapath",
	        [CP_OPT_DATA] = "Addresses to networks",
	        [CP_OPT_DIFF] = "Comparison",
	        [CP_OPT_OUTPUT] = "Output",
	        [CP_OPT_GENERAL] = "General",
	        [CP_OPT_HIDDEN] = "Hidden",
	};

	return names[group];
}
