/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * opts.h: the command line as data: every setting with its default, the one
 * option table and the command table. Help, man page and completion are
 * printed from these by cmd/. Must not know what a command does.
 */
#ifndef CP_OPTS_H
#define CP_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"
#include "core/quality.h"
#include "format/record.h"
#include "import/import.h"
#include "io/engine.h"

enum cp_command {
	CP_CMD_AUDIT = 0,
	CP_CMD_TRACE,
	CP_CMD_ANALYZE,
	CP_CMD_DIFF,
	CP_CMD_WATCH,
	CP_CMD_SERVE,
	CP_CMD_DOCTOR,
	CP_CMD_POLICY,
	CP_CMD_REPORT,
	CP_CMD_EXPORT,
	CP_CMD_RUNS,
	CP_CMD_HELP,
	CP_CMD_VERSION,
	CP_CMD_MAN, /* hidden: prints man/coldpotato.8 */
	CP_CMD_COMPLETION, /* hidden: prints man/completion.bash */
	CP_COMMANDS, /* also: none */
};

enum cp_when { CP_WHEN_AUTO = 0, CP_WHEN_ALWAYS, CP_WHEN_NEVER };
enum cp_tcp_method { CP_METHOD_SYN = 0, CP_METHOD_SACK, CP_METHOD_PREFER_SACK };
enum cp_fail_on_change { CP_FAIL_NEVER = 0, CP_FAIL_ON_WORSE, CP_FAIL_ON_ANY };
enum cp_addresses { CP_ADDRESSES_ALL = 0, CP_ADDRESSES_FIRST };

#define CP_OPTS_LIST_MAX 16
#define CP_OPTS_MAX 128 /* options of the table */

/* The values of a repeatable option, in the order given. */
struct cp_opts_list {
	const char *items[CP_OPTS_LIST_MAX];
	uint32_t n;
};

struct cp_opts_output {
	const struct cp_format *format;
	const char *path; /* NULL: standard output */
};

/* Strings are borrowed from argv, or literals. */
struct cp_opts {
	enum cp_command command;
	enum cp_command topic; /* of help; CP_COMMANDS: all */

	const char **targets; /* [n_targets], as typed; also words that are no targets */
	size_t n_targets;

	bool want_v4, want_v6;
	uint8_t protocol; /* IPPROTO_* */
	uint32_t port;
	enum cp_tcp_method tcp_method;
	enum cp_addresses addresses;
	const char *resolver; /* "addr", "addr:port", "[v6]:port"; NULL: /etc/resolv.conf */
	bool no_rdns;
	uint32_t rdns_max; /* router addresses to be asked for their names */

	uint32_t rate_pps;
	uint32_t host_pps, prefix_pps; /* 0: no limit */
	uint32_t first_ttl, max_ttl;
	uint32_t attempts;
	uint32_t timeout_ms;
	uint32_t n_flows;
	uint32_t gap;
	bool exhaustive;
	bool has_seed;
	uint64_t seed;
	bool no_default_blocklist;
	struct cp_opts_list blocklists;
	bool dry_run;
	uint32_t max_runtime_s; /* 0: no limit */
	bool live; /* round by round, on a terminal */
	uint32_t interval_ms; /* from the start of a round to the next one's, at least */
	uint32_t n_e2e; /* probes to each destination itself; 0: none */
	uint32_t e2e_interval_ms; /* 0: by their number */

	const char *interface; /* NULL: by route */
	bool has_source;
	struct cp_addr source;
	enum cp_datapath datapath;
	enum cp_xdp_mode xdp_mode;
	enum cp_tc_attach tc_attach;
	uint32_t n_senders; /* 0: as many as it takes */

	const struct cp_import_format *input_format; /* of analyze; NULL: found out */

	bool side_by_side; /* of diff */
	uint32_t rtt_pct, rtt_ms; /* from which on a shift of a round-trip time is one */
	uint32_t top; /* 0: all */
	enum cp_fail_on_change fail_on_change;

	struct cp_opts_list asdbs;
	const char *overlay, *ixp, *service_tags; /* NULL: none */
	const char *home;
	uint32_t vantage_as; /* 0: found out */

	const char *listen; /* of serve: "addr", "addr:port", "[v6]:port" */

	const char *policy; /* NULL: none */
	uint32_t fail_verdicts, fail_reasons; /* bits of --fail-on */
	const char *datadog_conf; /* NULL: none */

	const char *config; /* of watch; NULL: none */
	bool check, once;
	bool watch_top; /* a view on the terminal */

	struct cp_opts_output outputs[CP_OPTS_LIST_MAX];
	uint32_t n_outputs; /* never 0 after parsing audit or trace */
	const char *policy_output; /* of the command policy: -o as typed; NULL: none */
	const char *store; /* NULL: none */
	const char *agent; /* NULL: the host's name */
	uint32_t store_keep_days, store_max_mb; /* 0: no limit */
	bool explain;
	enum cp_when color, progress;
	uint32_t verbose;
	bool given[CP_OPTS_MAX]; /* options of cp_opt_table that were there; see cp_opts_given() */
};

extern const struct cp_opts cp_opts_defaults;

/*
 * Reads a command line, argv[0] being the program. 0; -EINVAL with err set to the line to show; -ENOMEM. Prints
 * nothing and reads no environment. Not reentrant: getopt_long() keeps its place in globals.
 */
int cp_opts_parse(int argc, char **argv, struct cp_opts *ret_opts, struct cp_err *err);
void cp_opts_free(struct cp_opts *opts); /* takes NULL */
/*
 * Sets an option by its long name as if it had been typed; text is NULL for one that takes no argument, and borrowed. 0
 * or -EINVAL with err set.
 */
int cp_opts_set(struct cp_opts *opts, const char *name, const char *text, struct cp_err *err);
/* Refuses settings that contradict each other. 0 or -EINVAL. */
int cp_opts_check(const struct cp_opts *opts, struct cp_err *err);
/* Whether the option of this long name was typed. */
bool cp_opts_given(const struct cp_opts *opts, const char *name);

struct cp_command_info {
	const char *name;
	const char *args; /* usage, after the options */
	const char *help; /* one line */
	const char *about; /* a paragraph for its own help; NULL: the line says it all */
	bool takes_targets, needs_target;
	bool takes_words; /* that are no targets */
	const char *output; /* default format; NULL: takes none */
	const char *output_help; /* of what -o takes, where that is not any format; NULL */
};

/* [CP_COMMANDS]; hidden commands have no help. */
extern const struct cp_command_info cp_commands[];

enum cp_opt_group {
	CP_OPT_TARGETS = 0,
	CP_OPT_PROBING,
	CP_OPT_DATAPATH,
	CP_OPT_DATA,
	CP_OPT_DIFF,
	CP_OPT_OUTPUT,
	CP_OPT_GENERAL,
	CP_OPT_HIDDEN,
	CP_OPT_GROUPS,
};
const char *cp_opt_group_name(enum cp_opt_group group); /* heading */

struct cp_opt;
/* Reads one argument into opts; refuses with -EINVAL and err set. */
typedef int cp_opt_parse_fn(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err);

struct cp_opt {
	const char *name; /* long form, without dashes */
	char letter; /* short form; 0: none */
	enum cp_opt_group group;
	unsigned commands; /* 1 << enum cp_command: which ones take it */
	cp_opt_parse_fn *parse; /* NULL: the option stands for a command, `instead` */
	enum cp_command instead;
	size_t offset; /* of the setting in struct cp_opts, for the general parsers */
	const char *arg; /* NULL: takes none */
	const char *wants; /* "packets per second": what an argument is, for messages */
	uint32_t min, max; /* of a number; longest length of a text */
	const char *const *choices; /* in the order of the enum; NULL-terminated */
	const char *help;
};

extern const struct cp_opt cp_opt_table[]; /* ends with a NULL name */

/* The i-th word the option accepts; NULL past the last, or when it takes other things than words. */
const char *cp_opt_value(const struct cp_opt *opt, size_t i);
/* What stands after the option in a usage line ("PPS", "auto|xdp|tc", ""); returns buf. */
const char *cp_opt_arg(const struct cp_opt *opt, char *buf, size_t size);
/* The default as one would type it; NULL when there is none to show. */
const char *cp_opt_default(const struct cp_opt *opt, char *buf, size_t size);

#endif
