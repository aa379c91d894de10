// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * policy_file.c: rules as YAML, one key a line, with comments that say what
 * they were drafted from. Whatever a name holds, it stays one scalar or one
 * line of comment. Must not know how rules were found.
 */
#include "policy_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "utf8.h"

#define NAME_CUT 200 /* bytes of a group's label in the name of a rule */
#define NAME_MAX_BYTES 512
#define NAME_ASNS 4

struct out {
	struct cp_sink sink;
	int rc; /* the first error; everything after it does nothing */
	char **names; /* of the rules written so far */
	size_t n_names;
};

static void put_bytes(struct out *out, const char *bytes, size_t n)
{
	if (!out->rc)
		out->rc = out->sink.write(out->sink.ctx, bytes, n);
}

/* Short texts only. */
__attribute__((format(printf, 2, 3))) static void put(struct out *out, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n > 0)
		put_bytes(out, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* A word that no YAML reader takes for anything but itself. */
static bool is_plain(const char *word)
{
	static const char *const taken[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcasecmp(word, taken[i]) == 0)
			return false;
	}
	return *word && strchr(letters, *word) && word[strspn(word, all)] == '\0';
}

/* Double quotes, in which YAML knows JSON's escapes; what must not be shown is escaped, bytes that are no UTF-8 become
 * U+FFFD. */
static void put_scalar(struct out *out, const char *word)
{
	if (is_plain(word)) {
		put_bytes(out, word, strlen(word));
		return;
	}
	put(out, "\"");
	while (*word) {
		uint32_t c = 0;
		size_t n = cp_utf8_decode(word, strlen(word), &c);

		if (n == 0)
			put(out, CP_UTF8_REPLACEMENT);
		else if (c == '"' || c == '\\')
			put(out, "\\%c", (char)c);
		else if (c > 0xffff && cp_utf8_columns(c) == 0)
			put(out, "\\U%08x", c);
		else if (cp_utf8_columns(c) == 0 || (c | 1) == 0xffff)
			put(out, "\\u%04x", c);
		else
			put(out, "%.*s", (int)n, word);
		word += n ? n : 1;
	}
	put(out, "\"");
}

/* The same for a comment, which nobody reads back. */
static void put_comment(struct out *out, const char *text)
{
	while (*text) {
		uint32_t c = 0;
		size_t n = cp_utf8_decode(text, strlen(text), &c);

		if (n == 0 || cp_utf8_columns(c) == 0 || (c | 1) == 0xffff)
			put(out, "?");
		else
			put(out, "%.*s", (int)n, text);
		text += n ? n : 1;
	}
}

/* ---- parts of a rule ---- */

/* Appends, cut to NAME_MAX_BYTES. */
__attribute__((format(printf, 2, 3))) static void add(char *name, const char *fmt, ...)
{
	size_t len = strlen(name);
	va_list args;

	va_start(args, fmt);
	vsnprintf(name + len, NAME_MAX_BYTES - len, fmt, args);
	va_end(args);
}

/* Bytes of the group's label that go into names: whole characters. */
static int label_len(const char *group)
{
	size_t len = strlen(group);

	if (len > NAME_CUT) {
		len = NAME_CUT;
		while (len && ((unsigned char)group[len] & 0xc0) == 0x80)
			len--;
	}
	return (int)len;
}

static bool is_taken(const struct out *out, const char *name)
{
	for (size_t i = 0; i < out->n_names; i++) {
		if (strcmp(out->names[i], name) == 0)
			return true;
	}
	return strcmp(name, "default") == 0; /* the one that the key of this name makes */
}

/* "m365", or of an exception "m365: direct AS13335"; told apart by a number where that is not enough. */
static char *make_name(const struct out *out, const struct cp_draft_rule *rule)
{
	char name[NAME_MAX_BYTES] = "", numbered[NAME_MAX_BYTES + 16];
	const char *group = rule->group ? rule->group : "no group";

	add(name, "%.*s", label_len(group), group);
	if (!rule->is_rest) {
		add(name, ":");
		for (int i = 0; i < CP_VERDICTS; i++) {
			if (rule->verdicts >> i & 1)
				add(name, " %s", cp_verdict_name(i));
		}
		for (size_t i = 0; i < rule->n_asns && i < NAME_ASNS; i++)
			add(name, " AS%u", rule->asns[i]);
	}
	snprintf(numbered, sizeof(numbered), "%s", name);
	for (unsigned i = 2; is_taken(out, numbered); i++)
		snprintf(numbered, sizeof(numbered), "%s (%u)", name, i);
	return strdup(numbered);
}

static void put_verdicts(struct out *out, uint32_t verdicts)
{
	const char *joint = "";

	put(out, "    verdicts: [");
	for (int i = 0; i < CP_VERDICTS; i++) {
		if (!(verdicts >> i & 1))
			continue;
		put(out, "%s%s", joint, cp_verdict_name(i));
		joint = ", ";
	}
	put(out, "]\n");
}

static void put_asns(struct out *out, const struct cp_draft_rule *rule, const struct cp_asdb *asdb)
{
	if (!rule->n_asns)
		return;
	put(out, "    allow_as:\n");
	for (size_t i = 0; i < rule->n_asns; i++) {
		const struct cp_as *as = asdb ? cp_asdb_as(asdb, rule->asns[i]) : NULL;

		put(out, "      - %u", rule->asns[i]);
		if (as && as->name) {
			put(out, " # ");
			put_comment(out, as->name);
		}
		put(out, "\n");
	}
}

static void put_targets(struct out *out, const struct cp_draft_rule *rule)
{
	char name[320];

	put(out, "    target:\n");
	for (size_t i = 0; i < rule->n_targets; i++) {
		const struct cp_target *target = rule->targets[i];
		const char *format = strchr(target->host, ':') ? "[%.255s]:%u/%s" : "%.255s:%u/%s";

		put(out, "      - ");
		if (!rule->needs_port[i])
			snprintf(name, sizeof(name), "%s", target->host);
		else if (target->port)
			snprintf(name, sizeof(name), format, target->host, target->port, cp_proto_name(target->proto));
		else
			snprintf(name, sizeof(name), strchr(target->host, ':') ? "[%.255s]/%s" : "%.255s/%s",
			        target->host, cp_proto_name(target->proto));
		put_scalar(out, name);
		put(out, "\n");
	}
}

/* What is allowed to stay undecided is what was, rounded up to a whole percent. */
static void put_share(struct out *out, const struct cp_draft_rule *rule)
{
	if (rule->n_undecided)
		put(out, "    max_undecided: %u%%\n",
		        (unsigned)((rule->n_undecided * 100 + rule->n_targets - 1) / rule->n_targets));
}

static void put_demands(struct out *out, const struct cp_draft_rule *rule, const struct cp_asdb *asdb)
{
	if (rule->verdicts)
		put_verdicts(out, rule->verdicts);
	else
		put(out, "    # nothing was decided: say here which verdicts are expected\n");
	put_asns(out, rule, asdb);
	put_share(out, rule);
}

static void put_rule(struct out *out, const struct cp_draft_rule *rule, const struct cp_asdb *asdb)
{
	char *name = make_name(out, rule);

	if (!name) {
		out->rc = out->rc ? out->rc : -ENOMEM;
		return;
	}
	out->names[out->n_names++] = name;
	put(out, "\n  # %zu target%s, %llu of them undecided\n  - name: ", rule->n_targets,
	        rule->n_targets == 1 ? "" : "s", (unsigned long long)rule->n_undecided);
	put_scalar(out, name);
	put(out, "\n");
	if (rule->group) {
		put(out, "    group: [");
		put_scalar(out, rule->group);
		put(out, "]\n");
	}
	if (!rule->is_rest)
		put_targets(out, rule);
	put_demands(out, rule, asdb);
}

/* ---- the file ---- */

static void put_head(struct out *out, const struct cp_policy_origin *origin)
{
	char date[CP_NUM_MAX];

	put(out, "# What a run of coldpotato showed, as the policy to expect from now on. Review it: it allows\n"
	         "# whatever was found, also what should not be. docs/policy.md explains each key.\n# Run: ");
	put_comment(out, origin->source);
	if (origin->wall_ms != UINT64_MAX)
		put(out, ", %s", cp_text_date(origin->wall_ms / 1000, date));
	if (origin->host) {
		put(out, ", from ");
		put_comment(out, origin->host);
	}
	if (origin->vantage_asn)
		put(out, " in AS%u", origin->vantage_asn);
	put(out, "\n# Home (needs no leave):");
	for (size_t i = 0; i < origin->home->n; i++)
		put(out, " %u", origin->home->asns[i]);
	put(out, "\nversion: 1\nrules:");
}

/* The rest of those without a group is what holds for all that no rule names; of all keys, its demands only. */
static void put_default(struct out *out, const struct cp_draft_rule *rule, const struct cp_asdb *asdb)
{
	put(out, "\n# targets that no rule above matches; %zu were there, %llu of them undecided\ndefault:\n",
	        rule->n_targets, (unsigned long long)rule->n_undecided);
	put_demands(out, rule, asdb);
}

int cp_policy_file_write(const struct cp_policy_origin *origin, const struct cp_draft_rule *rules, size_t n_rules,
        const struct cp_sink *sink)
{
	struct out out = {.sink = *sink, .names = calloc(n_rules + 1, sizeof(*out.names))};
	const struct cp_draft_rule *rest = NULL;
	size_t n = 0;

	if (!out.names)
		return -ENOMEM;
	put_head(&out, origin);
	for (size_t i = 0; i < n_rules; i++) {
		if (rules[i].is_rest && !rules[i].group) {
			rest = &rules[i];
			continue;
		}
		put_rule(&out, &rules[i], origin->asdb);
		n++;
	}
	if (n == 0)
		put(&out, " []\n");
	if (rest)
		put_default(&out, rest, origin->asdb);
	for (size_t i = 0; i < out.n_names; i++)
		free(out.names[i]);
	free(out.names);
	return out.rc;
}
