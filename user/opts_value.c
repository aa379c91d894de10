// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * opts_value.c: reads the argument of one option, and says what an option
 * accepts. Must not know which options there are, nor print.
 */
#include "opts_value.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/target.h"

/* JSON readers keep integers up to this one exactly, so that a seed read from a record repeats the run. */
#define SEED_MAX ((1ull << 53) - 1)

/* Appends to a text of `size` bytes, cutting at its end. */
__attribute__((format(printf, 3, 4))) static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf + len, size - len, fmt, args);
	va_end(args);
}

/* "--rate wants packets per second, 1 to 10000000, not 'abc'" */
static int refuse(const struct cp_opt *opt, const char *text, struct cp_err *err)
{
	char wants[256] = "";

	if (opt->wants)
		append(wants, sizeof(wants), "%s", opt->wants);
	for (size_t i = 0; cp_opt_value(opt, i); i++) {
		const char *joint = i == 0 ? "" : cp_opt_value(opt, i + 1) ? ", " : " or ";

		append(wants, sizeof(wants), "%s%s", joint, cp_opt_value(opt, i));
	}
	if (opt->min)
		append(wants, sizeof(wants), ", %u to %u", opt->min, opt->max);
	return cp_err_set(err, -EINVAL, "--%s wants %s, not '%s'", opt->name, wants, text);
}

static void *setting(const struct cp_opt *opt, struct cp_opts *opts)
{
	return (char *)opts + opt->offset;
}

/* Digits only, of value at most max. 0 or -EINVAL. */
static int read_u64(const char *text, size_t len, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return -EINVAL;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return 0;
}

int cp_opt_parse_number(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	uint64_t value;

	if (read_u64(text, strlen(text), opt->max, &value) || value < opt->min)
		return refuse(opt, text, err);
	*(uint32_t *)setting(opt, opts) = (uint32_t)value;
	return 0;
}

/* A number that may end in k or M. */
int cp_opt_parse_scaled(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	size_t len = strlen(text);
	uint64_t value, scale = 1;

	if (len > 0 && text[len - 1] == 'k')
		scale = 1000;
	else if (len > 0 && text[len - 1] == 'M')
		scale = 1000000;
	if (scale > 1)
		len--;
	if (read_u64(text, len, opt->max, &value) || value * scale < opt->min || value * scale > opt->max)
		return refuse(opt, text, err);
	*(uint32_t *)setting(opt, opts) = (uint32_t)(value * scale);
	return 0;
}

int cp_opt_parse_choice(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	for (unsigned i = 0; opt->choices[i]; i++) {
		if (strcmp(opt->choices[i], text) == 0) {
			memcpy(setting(opt, opts), &i, sizeof(i));
			return 0;
		}
	}
	return refuse(opt, text, err);
}
_Static_assert(sizeof(enum cp_when) == sizeof(unsigned), "enums are stored as unsigned");

int cp_opt_parse_text(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	if (!*text || (opt->max && strlen(text) > opt->max))
		return refuse(opt, text, err);
	*(const char **)setting(opt, opts) = text;
	return 0;
}

int cp_opt_parse_list(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	struct cp_opts_list *list = setting(opt, opts);

	if (!*text)
		return refuse(opt, text, err);
	if (list->n == CP_OPTS_LIST_MAX)
		return cp_err_set(err, -EINVAL, "--%s may be given %d times at most", opt->name, CP_OPTS_LIST_MAX);
	list->items[list->n++] = text;
	return 0;
}

int cp_opt_parse_blocklist(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	if (strcmp(text, "none") == 0) {
		opts->no_default_blocklist = true;
		return 0;
	}
	return cp_opt_parse_list(opt, text, opts, err);
}

int cp_opt_parse_flag(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	(void)text;
	(void)err;
	*(bool *)setting(opt, opts) = true;
	return 0;
}

int cp_opt_parse_count(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	(void)text;
	(void)err;
	++*(uint32_t *)setting(opt, opts);
	return 0;
}

int cp_opt_parse_protocol(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	uint8_t proto;

	if (cp_proto_parse(text, &proto))
		return refuse(opt, text, err);
	opts->protocol = proto;
	return 0;
}

int cp_opt_parse_seed(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	if (read_u64(text, strlen(text), SEED_MAX, &opts->seed))
		return refuse(opt, text, err);
	opts->has_seed = true;
	return 0;
}

int cp_opt_parse_asn(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	const char *digits = text;
	uint64_t asn;

	if ((digits[0] == 'A' || digits[0] == 'a') && (digits[1] == 'S' || digits[1] == 's'))
		digits += 2;
	if (read_u64(digits, strlen(digits), UINT32_MAX, &asn) || asn == 0)
		return refuse(opt, text, err);
	opts->vantage_as = (uint32_t)asn;
	return 0;
}

int cp_opt_parse_source(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	if (cp_addr_parse(text, &opts->source))
		return refuse(opt, text, err);
	opts->has_source = true;
	return 0;
}

/* addr, addr:port or [v6]:port, of which only the form is checked; an IPv6 address takes a port only in brackets. */
int cp_opt_parse_resolver(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	bool brackets = text[0] == '[';
	const char *start = text + brackets, *end = brackets ? strchr(text, ']') : strrchr(text, ':');
	const char *port = brackets && end ? end + 1 : end;
	char host[CP_ADDR_STRLEN] = "";
	struct cp_addr addr;
	uint64_t value;

	opts->resolver = text;
	if (!brackets && cp_addr_parse(text, &addr) == 0)
		return 0;
	if (!end || (size_t)(end - start) >= sizeof(host))
		return refuse(opt, text, err);
	memcpy(host, start, (size_t)(end - start));
	if (cp_addr_parse(host, &addr) || cp_addr_is_v4(&addr) == brackets)
		return refuse(opt, text, err);
	if (brackets && !*port)
		return 0;
	if (*port != ':' || read_u64(port + 1, strlen(port + 1), 65535, &value) || value == 0)
		return refuse(opt, text, err);
	return 0;
}

/* One word of --fail-on: a verdict or a reason. */
static int add_fail_on(const char *word, struct cp_opts *opts)
{
	for (int i = 0; i < CP_VERDICTS; i++) {
		if (strcmp(cp_verdict_name(i), word) != 0)
			continue;
		opts->fail_verdicts |= 1u << i;
		return 0;
	}
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (strcmp(cp_reason_name(i), word) != 0)
			continue;
		opts->fail_reasons |= 1u << i;
		return 0;
	}
	return -EINVAL;
}

int cp_opt_parse_fail_on(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	char word[64];

	for (;;) {
		size_t len = strcspn(text, ",");

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (len >= sizeof(word) || add_fail_on(word, opts))
			return refuse(opt, word, err);
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

int cp_opt_parse_output(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	struct cp_opts_output *output = &opts->outputs[opts->n_outputs];
	size_t len = strcspn(text, "=");
	char name[32] = "";

	/* There it is a file, or a format: its own to understand. */
	if (opts->command == CP_CMD_POLICY) {
		if (!*text)
			return cp_err_set(err, -EINVAL, "--%s names nothing", opt->name);
		opts->policy_output = text;
		return 0;
	}
	if (opts->n_outputs == CP_OPTS_LIST_MAX)
		return cp_err_set(err, -EINVAL, "--%s may be given %d times at most", opt->name, CP_OPTS_LIST_MAX);
	if (len < sizeof(name))
		memcpy(name, text, len);
	output->format = cp_format_find(name);
	if (!output->format)
		return refuse(opt, text, err);
	output->path = text[len] ? text + len + 1 : NULL;
	if (output->path && !*output->path)
		return cp_err_set(err, -EINVAL, "--%s %s names no file after '='", opt->name, text);
	if (output->path && strcmp(output->path, "-") == 0)
		output->path = NULL;
	opts->n_outputs++;
	return 0;
}

int cp_opt_parse_input_format(const struct cp_opt *opt, const char *text, struct cp_opts *opts, struct cp_err *err)
{
	opts->input_format = cp_import_find(text);
	return opts->input_format ? 0 : refuse(opt, text, err);
}

const char *cp_opt_value(const struct cp_opt *opt, size_t i)
{
	if (opt->parse == cp_opt_parse_output)
		return cp_formats[i] ? cp_formats[i]->name : NULL;
	if (opt->parse == cp_opt_parse_input_format)
		return cp_import_formats[i] ? cp_import_formats[i]->name : NULL;
	return opt->choices ? opt->choices[i] : NULL;
}

const char *cp_opt_arg(const struct cp_opt *opt, char *buf, size_t size)
{
	buf[0] = '\0';
	if (opt->arg)
		append(buf, size, "%s", opt->arg);
	for (size_t i = 0; !opt->arg && cp_opt_value(opt, i); i++)
		append(buf, size, "%s%s", i ? "|" : "", cp_opt_value(opt, i));
	return buf;
}

const char *cp_opt_default(const struct cp_opt *opt, char *buf, size_t size)
{
	const char *at = (const char *)&cp_opts_defaults + opt->offset;

	buf[0] = '\0';
	if (opt->parse == cp_opt_parse_number || opt->parse == cp_opt_parse_scaled) {
		uint32_t number = *(const uint32_t *)at;

		if (number)
			append(buf, size, "%u", number);
	} else if (opt->parse == cp_opt_parse_choice) {
		unsigned choice;

		memcpy(&choice, at, sizeof(choice));
		append(buf, size, "%s", opt->choices[choice]);
	} else if (opt->parse == cp_opt_parse_text && *(const char *const *)at) {
		append(buf, size, "%s", *(const char *const *)at);
	} else if (opt->parse == cp_opt_parse_protocol) {
		append(buf, size, "%s", cp_proto_name(cp_opts_defaults.protocol));
	}
	return buf[0] ? buf : NULL;
}
