// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * target.c: the text of one target -> a target, and the list of unique targets.
 * Must not know files (target_text.c), presets or DNS.
 *
 * A target is refused rather than repaired: what is probed must be what the
 * user can find in the file. Each refusal says what to write instead.
 */
#include "target.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63
#define SHOWN_MAX 64
#define SHOWN_SIZE (SHOWN_MAX + sizeof("\"...\""))
#define INDEX_MIN 64
#define STRINGS_BYTES 65536

/* Where the strings of a list lie, one after the other. */
struct cp_target_strings {
	struct cp_target_strings *next;
	size_t len;
	char text[STRINGS_BYTES];
};

/* A target before it owns memory. */
struct parsed {
	char host[NAME_MAX_LEN + 1];
	bool is_literal;
	uint16_t port;
	uint8_t proto;
};

/* "host[:port][/proto]" cut apart; port and proto are NULL when the text has none. */
struct parts {
	const char *host, *port, *proto;
	bool is_v6; /* the form allows nothing but an IPv6 address */
	bool is_bracketed;
};

static const struct {
	const char *name;
	uint8_t proto;
} protocols[] = {
        {"tcp", IPPROTO_TCP},
        {"udp", IPPROTO_UDP},
        {"icmp", IPPROTO_ICMP},
};

const char *cp_proto_name(uint8_t proto)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].proto == proto)
			return protocols[i].name;
	return NULL;
}

int cp_proto_parse(const char *text, uint8_t *ret_proto)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcasecmp(protocols[i].name, text) == 0) {
			*ret_proto = protocols[i].proto;
			return 0;
		}
	}
	return -EINVAL;
}

int cp_port_parse(const char *text, uint16_t *ret_port)
{
	size_t n = strspn(text, "0123456789");
	unsigned int port = 0;

	if (n == 0 || n > 5 || text[n] != '\0')
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned int)(text[i] - '0');
	if (port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

/* Quotes text for a message: cut to a readable length, and nothing in it can steer a terminal. */
static const char *show(const char *text, size_t len, char buf[SHOWN_SIZE])
{
	size_t n = len > SHOWN_MAX ? SHOWN_MAX : len;
	char *out = buf;

	*out++ = '"';
	for (size_t i = 0; i < n; i++)
		*out++ = (text[i] >= ' ' && text[i] <= '~') ? text[i] : '?';
	for (size_t i = 0; i < (n < len ? 3 : 0); i++)
		*out++ = '.';
	*out++ = '"';
	*out = '\0';
	return buf;
}

/* The sentence for "https://host/path": names what the user most likely means. */
static int refuse_url(const char *text, const char *colon, struct cp_err *why)
{
	const char *host = colon + strlen("://");
	size_t len = strcspn(host, "/?#");
	bool is_http = (size_t)(colon - text) == 4 && strncasecmp(text, "http", 4) == 0;
	char shown[SHOWN_SIZE];

	if (len == 0 || memchr(host, '@', len))
		return cp_err_set(why, -EINVAL, "a URL is not a target: write host:port");
	show(host, len, shown);
	shown[strlen(shown) - 1] = '\0';
	return cp_err_set(why, -EINVAL, "a URL is not a target: write %s%s\"", shown,
	        memchr(host, ':', len) ? "" : (is_http ? ":80" : ":443"));
}

/* What no part of a target may hold. */
static int check_shape(const char *text, struct cp_err *why)
{
	const char *url = strstr(text, "://");

	if (*text == '\0')
		return cp_err_set(why, -EINVAL, "empty: write host[:port][/protocol]");
	if (strlen(text) > CP_LINE_MAX)
		return cp_err_set(why, -EINVAL, "longer than %d characters", CP_LINE_MAX);
	if (url)
		return refuse_url(text, url, why);
	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x80)
			return cp_err_set(why, -EINVAL,
			        "not ASCII at position %zu: write the name's A-label form (xn--...)", i + 1);
		if (c == ' ')
			return cp_err_set(why, -EINVAL, "space at position %zu", i + 1);
		if (c < ' ' || c == 0x7f)
			return cp_err_set(
			        why, -EINVAL, "control character 0x%02x at position %zu", (unsigned int)c, i + 1);
	}
	return 0;
}

/* Cuts text apart in place. */
static int split(char *text, struct parts *ret_parts, struct cp_err *why)
{
	struct parts parts = {.host = text};
	char *slash = strchr(text, '/'), *colon;

	if (slash) {
		*slash = '\0';
		parts.proto = slash + 1;
	}
	if (*text == '[') {
		char *close = strchr(text, ']');

		if (!close)
			return cp_err_set(why, -EINVAL, "'[' without ']'");
		if (close[1] != '\0' && close[1] != ':')
			return cp_err_set(why, -EINVAL, "'%c' after ']', where only ':' or '/' may follow", close[1]);
		parts.host = text + 1;
		parts.port = close[1] ? close + 2 : NULL;
		parts.is_v6 = parts.is_bracketed = true;
		*close = '\0';
	} else if ((colon = strchr(text, ':')) != NULL) {
		parts.is_v6 = strchr(colon + 1, ':') != NULL;
		if (!parts.is_v6) {
			*colon = '\0';
			parts.port = colon + 1;
		}
	}
	*ret_parts = parts;
	return 0;
}

static int check_label(const char *label, size_t len, struct cp_err *why)
{
	if (len == 0)
		return cp_err_set(why, -EINVAL, "empty label in the host name");
	if (len > LABEL_MAX_LEN)
		return cp_err_set(why, -EINVAL, "a label of the host name has %zu characters, at most %d are allowed",
		        len, LABEL_MAX_LEN);
	if (label[0] == '-' || label[len - 1] == '-')
		return cp_err_set(
		        why, -EINVAL, "label \"%.*s\" of the host name starts or ends with '-'", (int)len, label);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)label[i]) && label[i] != '-' && label[i] != '_')
			return cp_err_set(why, -EINVAL, "'%c' is not allowed in a host name", label[i]);
	return 0;
}

/* Checks a host name and writes it in lower case, without the dot that may end it. */
static int parse_name(const char *name, struct parsed *parsed, struct cp_err *why)
{
	size_t len = strlen(name), start = 0;

	if (len == 0)
		return cp_err_set(why, -EINVAL, "no host: write host[:port][/protocol]");
	if (strchr(name, '*'))
		return cp_err_set(why, -EINVAL, "a wildcard has no address: name hosts below it");
	if (len > 1 && name[len - 1] == '.')
		len--;
	if (len > NAME_MAX_LEN)
		return cp_err_set(
		        why, -EINVAL, "the host name has %zu characters, at most %d are allowed", len, NAME_MAX_LEN);
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '.') {
			parsed->host[i] = (char)tolower((unsigned char)name[i]);
			continue;
		}
		int rc = check_label(name + start, i - start, why);

		if (rc < 0)
			return rc;
		if (i < len) {
			start = i + 1;
			parsed->host[i] = '.';
		}
	}
	parsed->host[len] = '\0';
	if (strspn(parsed->host + start, "0123456789") == len - start)
		return cp_err_set(why, -EINVAL, "neither an IPv4 address nor a name: a name does not end in a number");
	return 0;
}

static int parse_host(const struct parts *parts, struct parsed *parsed, struct cp_err *why)
{
	struct cp_addr addr;
	bool is_addr = cp_addr_parse(parts->host, &addr) == 0;

	if (parts->is_bracketed && !strchr(parts->host, ':'))
		return cp_err_set(why, -EINVAL, "only an IPv6 address stands in brackets");
	if (parts->is_v6 && strchr(parts->host, '%'))
		return cp_err_set(why, -EINVAL, "an address with a zone ('%%') cannot be probed: leave the zone out");
	if (parts->is_v6 && !is_addr)
		return cp_err_set(why, -EINVAL, "not an IPv6 address%s",
		        parts->is_bracketed ? "" : " (with a port: [address]:port)");
	if (!is_addr)
		return parse_name(parts->host, parsed, why);
	parsed->is_literal = true;
	cp_addr_format(&addr, parsed->host);
	return 0;
}

static int parse_service(
        const struct parts *parts, const struct cp_target_defaults *defaults, struct parsed *parsed, struct cp_err *why)
{
	parsed->proto = defaults->proto;
	if (parts->proto && cp_proto_parse(parts->proto, &parsed->proto) < 0) {
		size_t n_digits = strspn(parts->proto, "0123456789");

		if (parsed->is_literal && n_digits && parts->proto[n_digits] == '\0')
			return cp_err_set(why, -EINVAL, "a prefix is not a target: name single addresses");
		return cp_err_set(why, -EINVAL, "\"%.32s\" is not a protocol: write tcp, udp or icmp", parts->proto);
	}
	if (parsed->proto == IPPROTO_ICMP) {
		if (!parts->port)
			return 0;
		return cp_err_set(why, -EINVAL, "icmp has no ports: leave \":%.8s\" out%s", parts->port,
		        parts->proto ? "" : ", or end with /tcp or /udp");
	}
	parsed->port = defaults->port;
	if (parts->port && cp_port_parse(parts->port, &parsed->port) < 0)
		return cp_err_set(why, -EINVAL, "\"%.32s\" is not a port: write 1 to 65535", parts->port);
	if (parsed->port == 0)
		return cp_err_set(why, -EINVAL, "no port: write host:port");
	return 0;
}

static int parse(const char *text, const struct cp_target_defaults *defaults, struct parsed *parsed, struct cp_err *why)
{
	char copy[CP_LINE_MAX + 1];
	struct parts parts = {0};
	int rc = check_shape(text, why);

	if (rc < 0)
		return rc;
	strcpy(copy, text); /* check_shape saw that it fits */
	rc = split(copy, &parts, why);
	if (rc == 0)
		rc = parse_host(&parts, parsed, why);
	if (rc == 0)
		rc = parse_service(&parts, defaults, parsed, why);
	return rc;
}

/* FNV-1a over what makes a target unique. */
static uint64_t hash(const char *host, uint16_t port, uint8_t proto)
{
	uint64_t h = 14695981039346656037u ^ ((uint64_t)port << 8 | proto);

	for (const char *c = host; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	return h ^ h >> 32;
}

/* Where the index holds this target, or would hold it. The index is never full. */
static uint32_t *find(const struct cp_targets *targets, const char *host, uint16_t port, uint8_t proto)
{
	size_t mask = targets->index_cap - 1;

	for (size_t i = hash(host, port, proto) & mask;; i = (i + 1) & mask) {
		uint32_t *entry = &targets->index[i];

		if (*entry == 0)
			return entry;

		const struct cp_target *target = &targets->items[*entry - 1];

		if (target->port == port && target->proto == proto && strcmp(target->host, host) == 0)
			return entry;
	}
}

/* Keeps the index at most half full. */
static int grow_index(struct cp_targets *targets)
{
	struct cp_targets grown = *targets;

	if (targets->n < targets->index_cap / 2)
		return 0;
	for (grown.index_cap = INDEX_MIN; targets->n >= grown.index_cap / 2;)
		grown.index_cap *= 2;
	grown.index = calloc(grown.index_cap, sizeof(*grown.index));
	if (!grown.index)
		return -ENOMEM;
	for (size_t i = 0; i < targets->n; i++) {
		const struct cp_target *target = &targets->items[i];

		*find(&grown, target->host, target->port, target->proto) = (uint32_t)(i + 1);
	}
	free(targets->index);
	*targets = grown;
	return 0;
}

static int resize_items(struct cp_targets *targets, size_t cap)
{
	struct cp_target *items;

	if (cap >= UINT32_MAX)
		return -ENOMEM;
	items = reallocarray(targets->items, cap, sizeof(*items));
	if (!items)
		return -ENOMEM;
	targets->items = items;
	targets->cap = cap;
	return 0;
}

static int grow_items(struct cp_targets *targets)
{
	return targets->n < targets->cap ? 0 : resize_items(targets, targets->cap ? targets->cap * 2 : INDEX_MIN / 2);
}

/* A copy of text that lives as long as the list; `like`, or NULL, is one that may be shared. NULL: out of memory. */
static const char *keep(struct cp_targets *targets, const char *text, const char *like)
{
	struct cp_target_strings *strings = targets->strings;
	size_t size = strlen(text) + 1;
	char *copy;

	if (like && strcmp(like, text) == 0)
		return like;
	if (size > STRINGS_BYTES)
		return NULL;
	if (!strings || STRINGS_BYTES - strings->len < size) {
		strings = malloc(sizeof(*strings));
		if (!strings)
			return NULL;
		strings->len = 0;
		strings->next = targets->strings;
		targets->strings = strings;
	}
	copy = memcpy(strings->text + strings->len, text, size);
	strings->len += size;
	return copy;
}

/* Appends to items; the caller made room and enters it in the index. */
static int append(struct cp_targets *targets, const struct parsed *parsed, const char *group)
{
	/* The rows of a list often have their group in common with the one before. */
	const struct cp_target *before = targets->n ? &targets->items[targets->n - 1] : NULL;
	struct cp_target target = {
	        .host = keep(targets, parsed->host, NULL),
	        .group = group ? keep(targets, group, before ? before->group : NULL) : NULL,
	        .nth_name = (uint32_t)targets->n_names,
	        .port = parsed->port,
	        .proto = parsed->proto,
	        .is_literal = parsed->is_literal,
	};

	if (!target.host || (group && !target.group))
		return -ENOMEM;
	targets->n_names += !target.is_literal;
	targets->items[targets->n++] = target;
	return 0;
}

int cp_targets_add(
        struct cp_targets *targets, const char *text, const struct cp_target_defaults *defaults, struct cp_err *err)
{
	struct parsed parsed = {0};
	char shown[SHOWN_SIZE];
	struct cp_err why;
	int rc = parse(text, defaults, &parsed, &why);

	if (rc < 0)
		return cp_err_set(err, rc, "%s: %s", show(text, strlen(text), shown), why.text);
	if (grow_items(targets) < 0 || grow_index(targets) < 0)
		return cp_err_set(err, -ENOMEM, "out of memory after %zu targets", targets->n);

	uint32_t *entry = find(targets, parsed.host, parsed.port, parsed.proto);

	if (*entry) {
		targets->n_duplicates++;
		return 0;
	}
	if (append(targets, &parsed, defaults->group) < 0)
		return cp_err_set(err, -ENOMEM, "out of memory after %zu targets", targets->n);
	*entry = (uint32_t)targets->n;
	return 0;
}

int cp_targets_expect(struct cp_targets *targets, const char *expect)
{
	struct cp_target *target = &targets->items[targets->n - 1];

	target->expect = keep(targets, expect, targets->n > 1 ? target[-1].expect : NULL);
	return target->expect ? 0 : -ENOMEM;
}

void cp_targets_trim(struct cp_targets *targets)
{
	free(targets->index);
	targets->index = NULL;
	targets->index_cap = 0;
	if (targets->n)
		resize_items(targets, targets->n);
}

void cp_targets_free(struct cp_targets *targets)
{
	if (!targets)
		return;
	for (struct cp_target_strings *strings = targets->strings, *next; strings; strings = next) {
		next = strings->next;
		free(strings);
	}
	free(targets->items);
	free(targets->index);
	*targets = (struct cp_targets){0};
}
