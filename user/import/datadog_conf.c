// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * datadog_conf.c: the keys of the Network Path check, which of them we honour
 * and how, and what is said of the others. Its authors' defaults are kept:
 * UDP where no protocol is given, 30 hops, a second. Must not know how a run
 * takes its settings.
 */
#include "datadog_conf.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quality.h"
#include "cp_abi.h"
#include "yaml.h"

#define MAX_TTL_DEFAULT 30u
#define TIMEOUT_MS_DEFAULT 1000u
#define TIMEOUT_MS_MAX 60000u
#define UDP_PORT 33434 /* traceroute's, where the file gives none */
#define TCP_PORT 443
#define INSTANCES_MAX 65536
#define TAGS_MAX 256
#define WORD_BYTES 4096
#define NUMBER_MAX 1000000000u

/* The keys that init_config and an instance share. Everything is a word here; what it must be is said below. */
#define SHARED char *min_collection_interval, *timeout, *max_ttl, *traceroute_queries, *e2e_queries

struct init_config {
	SHARED;
};

struct instance {
	char *hostname, *port, *protocol, *tcp_method, *tcp_syn_paris_traceroute_mode, *disable_windows_driver;
	char *source_service, *destination_service;
	SHARED;
	char **tags;
	uint32_t n_tags;
};

struct file {
	struct init_config *init_config; /* NULL: empty */
	struct instance *instances;
	uint32_t n_instances;
};

#define MAYBE (CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL)
#define WORD(struct_, member_) CYAML_FIELD_STRING_PTR(#member_, MAYBE, struct struct_, member_, 0, WORD_BYTES)
#define SHARED_FIELDS(struct_)                                                                                         \
	WORD(struct_, min_collection_interval), WORD(struct_, timeout), WORD(struct_, max_ttl),                        \
	        WORD(struct_, traceroute_queries), WORD(struct_, e2e_queries)

static const cyaml_schema_field_t init_fields[] = {
        SHARED_FIELDS(init_config),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t tag = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, WORD_BYTES)};
static const cyaml_schema_field_t instance_fields[] = {
        CYAML_FIELD_STRING_PTR("hostname", CYAML_FLAG_POINTER, struct instance, hostname, 1, WORD_BYTES),
        WORD(instance, port),
        WORD(instance, protocol),
        WORD(instance, tcp_method),
        WORD(instance, tcp_syn_paris_traceroute_mode),
        WORD(instance, disable_windows_driver),
        WORD(instance, source_service),
        WORD(instance, destination_service),
        SHARED_FIELDS(instance),
        CYAML_FIELD_SEQUENCE_COUNT("tags", MAYBE, struct instance, tags, n_tags, &tag, 0, TAGS_MAX),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t instance_schema = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct instance, instance_fields),
};
static const cyaml_schema_field_t file_fields[] = {
        CYAML_FIELD_MAPPING_PTR("init_config", MAYBE, struct file, init_config, init_fields),
        CYAML_FIELD_SEQUENCE_COUNT("instances", CYAML_FLAG_POINTER, struct file, instances, n_instances,
                &instance_schema, 1, INSTANCES_MAX),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t file_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, file_fields)};

/* Keys that the agent gives to every check. They say how the agent runs and labels it. */
static const char *const agent_keys[] = {"service", "name", "namespace", "loader", "no_index", "empty_default_hostname",
        "metric_patterns", "logs", "cluster_check", "ad_identifiers", "advanced_ad_identifiers",
        "ignore_autodiscovery_tags", "check_tag_cardinality", "jmx_metrics", "docker_images"};

/* What is being read. */
struct reading {
	struct cp_yaml *yaml;
	const char *source;
	struct cp_targets *targets;
	struct cp_datadog_conf *conf;
	struct cp_err *err;
	char where[40]; /* "instances.3", "init_config" */
	char **warned; /* keys that were warned of */
	size_t n_warned;
	bool out_of_memory;
	bool has_any; /* an instance was read: there is something to differ from */
};

/* ---- warnings and errors ---- */

static bool is_warned(const struct reading *reading, const char *key)
{
	for (size_t i = 0; i < reading->n_warned; i++) {
		if (strcmp(reading->warned[i], key) == 0)
			return true;
	}
	return false;
}

/* Appends a copy. 0 or -ENOMEM. */
static int append(char ***texts, size_t *n, const char *text)
{
	char **more = reallocarray(*texts, *n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*texts = more;
	more[*n] = strdup(text);
	if (!more[*n])
		return -ENOMEM;
	++*n;
	return 0;
}

/* Once for each key. */
static void add_warning(struct reading *reading, const char *key, size_t line, size_t column, char *what)
{
	struct cp_datadog_conf *conf = reading->conf;
	char text[512];

	if (is_warned(reading, key))
		return;
	snprintf(text, sizeof(text), "%s:%zu:%zu: %s", reading->source, line, column, cp_yaml_printable(what));
	if (append(&conf->warnings, &conf->n_warnings, text) || append(&reading->warned, &reading->n_warned, key))
		reading->out_of_memory = true;
}

/* Of a key of the instance, or of init_config, at hand. */
__attribute__((format(printf, 3, 4))) static void warn(struct reading *reading, const char *key, const char *fmt, ...)
{
	char path[96], what[320];
	size_t line, column;
	va_list args;

	if (is_warned(reading, key))
		return;
	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	snprintf(path, sizeof(path), "%s.%s", reading->where, key);
	cp_yaml_place(reading->yaml, path, &line, &column);
	add_warning(reading, key, line, column, what);
}

static void note_unknown(void *ctx, const char *key, size_t line, size_t column)
{
	const char *format = "unknown key '%.64s': not honoured";
	char what[160];

	for (size_t i = 0; i < sizeof(agent_keys) / sizeof(agent_keys[0]); i++) {
		if (strcmp(agent_keys[i], key) == 0)
			format = "'%.64s' is for the agent: not honoured";
	}
	snprintf(what, sizeof(what), format, key);
	add_warning(ctx, key, line, column, what);
}

__attribute__((format(printf, 3, 4))) static int refuse(
        const struct reading *reading, const char *key, const char *fmt, ...)
{
	char path[96], what[320];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	snprintf(path, sizeof(path), "%s.%s", reading->where, key);
	return cp_yaml_refuse(reading->yaml, reading->err, path, "%s", what);
}

/* A number; missing, null and 0 are the same to the agent: 0. */
static int take_number(
        const struct reading *reading, const char *key, const char *text, uint32_t max, uint32_t *ret_number)
{
	uint32_t number = 0;

	for (const char *s = text ? text : ""; *s; s++) {
		if (*s < '0' || *s > '9' || number > (max - (uint32_t)(*s - '0')) / 10)
			return refuse(reading, key, "%s wants a number of at most %u, not '%.64s'", key, max, text);
		number = number * 10 + (uint32_t)(*s - '0');
	}
	*ret_number = number;
	return 0;
}

static int check_bool(const struct reading *reading, const char *key, const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return 0;
	}
	return text ? refuse(reading, key, "%s wants true or false, not '%.64s'", key, text) : 0;
}

/* ---- settings that are one for a whole run ---- */

struct numbers {
	uint32_t max_ttl, timeout_ms, traceroute_queries, e2e_queries, interval_s; /* 0: not said */
};

/* Where the first interval is: whoever cannot honour it says so. */
static void note_interval(struct reading *reading)
{
	struct cp_datadog_settings *settings = &reading->conf->settings;
	char path[80];

	if (settings->interval_line)
		return;
	snprintf(path, sizeof(path), "%s.min_collection_interval", reading->where);
	cp_yaml_place(reading->yaml, path, &settings->interval_line, &settings->interval_column);
}

/* Of an instance or of init_config, which say the same things in the same words. */
static int take_shared(struct reading *reading, const char *interval, const char *timeout, const char *max_ttl,
        const char *queries, const char *e2e, struct numbers *ret_numbers)
{
	int rc = take_number(reading, "max_ttl", max_ttl, 255, &ret_numbers->max_ttl);

	rc = rc ? rc : take_number(reading, "timeout", timeout, NUMBER_MAX, &ret_numbers->timeout_ms);
	rc = rc ? rc
	        : take_number(reading, "traceroute_queries", queries, NUMBER_MAX, &ret_numbers->traceroute_queries);
	rc = rc ? rc : take_number(reading, "min_collection_interval", interval, NUMBER_MAX, &ret_numbers->interval_s);
	rc = rc ? rc : take_number(reading, "e2e_queries", e2e, NUMBER_MAX, &ret_numbers->e2e_queries);
	if (rc)
		return rc;
	if (interval)
		note_interval(reading);
	if (ret_numbers->max_ttl > CP_TTL_MAX) {
		warn(reading, "max_ttl", "max_ttl %u is more than %d, which is taken", ret_numbers->max_ttl,
		        CP_TTL_MAX);
		ret_numbers->max_ttl = CP_TTL_MAX;
	}
	if (ret_numbers->timeout_ms > TIMEOUT_MS_MAX) {
		warn(reading, "timeout", "timeout %u is more than %u ms, which is taken", ret_numbers->timeout_ms,
		        TIMEOUT_MS_MAX);
		ret_numbers->timeout_ms = TIMEOUT_MS_MAX;
	}
	if (ret_numbers->traceroute_queries > CP_FLOWS_MAX) {
		warn(reading, "traceroute_queries", "traceroute_queries %u is more than %d flows, which are taken",
		        ret_numbers->traceroute_queries, CP_FLOWS_MAX);
		ret_numbers->traceroute_queries = CP_FLOWS_MAX;
	}
	if (ret_numbers->e2e_queries > CP_QUALITY_PROBES_MAX) {
		warn(reading, "e2e_queries", "e2e_queries %u is more than %u probes, which are taken",
		        ret_numbers->e2e_queries, CP_QUALITY_PROBES_MAX);
		ret_numbers->e2e_queries = CP_QUALITY_PROBES_MAX;
	}
	return 0;
}

static void widen(struct reading *reading, const char *key, uint32_t value, uint32_t *widest)
{
	if (reading->has_any && value != *widest)
		warn(reading, key, "%s is not the same for all instances, and one for the run: the greatest is taken",
		        key);
	if (value > *widest)
		*widest = value;
}

static int take_method(struct reading *reading, const struct instance *instance)
{
	static const char *const known[] = {"syn", "sack", "prefer_sack"};
	const char *text = instance->tcp_method && *instance->tcp_method ? instance->tcp_method : "syn";
	struct cp_datadog_settings *settings = &reading->conf->settings;
	const char *method = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(known[i], text) == 0)
			method = known[i];
	}
	if (strcasecmp(text, "syn_socket") == 0) {
		warn(reading, "tcp_method", "tcp_method syn_socket is for Windows: syn is taken");
		method = known[0];
	}
	if (!method)
		return refuse(reading, "tcp_method",
		        "tcp_method wants syn, sack, prefer_sack or syn_socket, not '%.64s'", text);
	if (settings->tcp_method && settings->tcp_method != method) {
		warn(reading, "tcp_method differs",
		        "tcp_method is not the same for all instances, and one for the run: prefer_sack is taken, "
		        "which "
		        "falls back to syn");
		method = known[2];
	}
	settings->tcp_method = method;
	return 0;
}

/* ---- instances ---- */

static int take_protocol(const struct reading *reading, const char *text, uint8_t *ret_proto)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} known[] = {{"", IPPROTO_UDP}, {"UDP", IPPROTO_UDP}, {"TCP", IPPROTO_TCP}, {"ICMP", IPPROTO_ICMP}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(known[i].name, text ? text : "") == 0) {
			*ret_proto = known[i].proto;
			return 0;
		}
	}
	return refuse(reading, "protocol", "protocol wants UDP, TCP or ICMP, not '%.64s'", text);
}

static int take_port(struct reading *reading, const struct instance *instance, uint8_t proto, uint16_t *ret_port)
{
	uint32_t port;
	int rc = take_number(reading, "port", instance->port, 65535, &port);

	if (rc)
		return rc;
	if (!port && proto != IPPROTO_ICMP) {
		port = proto == IPPROTO_UDP ? UDP_PORT : TCP_PORT;
		warn(reading, "port", "no port: %u is taken, where the agent takes a random one", port);
	}
	*ret_port = proto == IPPROTO_ICMP ? 0 : (uint16_t)port;
	return 0;
}

/* The value of the first tag "key:value" with that key; NULL: none. */
static const char *tag_value(const struct instance *instance, const char *key)
{
	size_t len = strlen(key);

	for (uint32_t i = 0; i < instance->n_tags; i++) {
		const char *text = instance->tags[i];

		if (strncmp(text, key, len) == 0 && text[len] == ':' && text[len + 1])
			return text + len + 1;
	}
	return NULL;
}

/* One label has to do: what the destination is called, else what its tags say, else who asks. */
static const char *group_of(struct reading *reading, const struct instance *instance)
{
	const char *service = instance->destination_service, *label = service && *service ? service : NULL;
	bool has_source = instance->source_service && *instance->source_service;
	uint32_t n_used;

	label = label ? label : tag_value(instance, "group");
	label = label ? label : tag_value(instance, "service");
	if (!label && instance->n_tags && *instance->tags[0])
		label = instance->tags[0];
	n_used = label && label != service;
	if (instance->n_tags > n_used)
		warn(reading, "tags", "tags are not carried along: one label a target, here '%.64s', is its group",
		        label ? label : "");
	if (label && has_source)
		warn(reading, "source_service", "source_service is not carried along: the group is '%.64s'", label);
	return label ? label : has_source ? instance->source_service : NULL;
}

static int check_label(const struct reading *reading, const char *label)
{
	for (const char *s = label ? label : ""; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return refuse(reading, "tags", "a control character in a service or tag");
	}
	return 0;
}

static int add_target(struct reading *reading, const struct instance *instance)
{
	struct cp_target_defaults defaults = {.group = group_of(reading, instance)};
	struct cp_err why = {.text = ""};
	struct cp_addr addr;
	int rc = take_protocol(reading, instance->protocol, &defaults.proto);

	rc = rc ? rc : take_port(reading, instance, defaults.proto, &defaults.port);
	rc = rc ? rc : check_label(reading, defaults.group);
	if (rc)
		return rc;
	if (strpbrk(instance->hostname, ":/[") && cp_addr_parse(instance->hostname, &addr))
		return refuse(
		        reading, "hostname", "hostname wants a name or an address, not '%.64s'", instance->hostname);
	rc = cp_targets_add(reading->targets, instance->hostname, &defaults, &why);
	if (rc == -EINVAL)
		return refuse(reading, "hostname", "hostname: %s", why.text);
	if (rc)
		return rc;
	if (instance->disable_windows_driver)
		warn(reading, "disable_windows_driver", "disable_windows_driver is for Windows: not honoured");
	return defaults.proto == IPPROTO_TCP ? take_method(reading, instance) : 0;
}

static uint32_t first_of(uint32_t a, uint32_t b, uint32_t c)
{
	return a ? a : b ? b : c;
}

static int take_instance(struct reading *reading, const struct instance *instance, const struct numbers *init)
{
	struct cp_datadog_settings *settings = &reading->conf->settings;
	struct numbers own = {0};
	int rc = take_shared(reading, instance->min_collection_interval, instance->timeout, instance->max_ttl,
	        instance->traceroute_queries, instance->e2e_queries, &own);

	rc = rc ? rc : check_bool(reading, "tcp_syn_paris_traceroute_mode", instance->tcp_syn_paris_traceroute_mode);
	rc = rc ? rc : check_bool(reading, "disable_windows_driver", instance->disable_windows_driver);
	rc = rc ? rc : add_target(reading, instance);
	if (rc)
		return rc;
	widen(reading, "max_ttl", first_of(own.max_ttl, init->max_ttl, MAX_TTL_DEFAULT), &settings->max_ttl);
	widen(reading, "timeout", first_of(own.timeout_ms, init->timeout_ms, TIMEOUT_MS_DEFAULT),
	        &settings->timeout_ms);
	widen(reading, "traceroute_queries", first_of(own.traceroute_queries, init->traceroute_queries, 0),
	        &settings->n_flows);
	widen(reading, "e2e_queries", first_of(own.e2e_queries, init->e2e_queries, 0), &settings->n_e2e);
	own.interval_s = first_of(own.interval_s, init->interval_s, 0);
	if (own.interval_s && (!settings->interval_s || own.interval_s < settings->interval_s))
		settings->interval_s = own.interval_s;
	reading->has_any = true;
	return 0;
}

static int take_file(struct reading *reading, const struct file *file)
{
	const struct init_config *init = file->init_config;
	struct numbers numbers = {0};
	int rc = 0;

	snprintf(reading->where, sizeof(reading->where), "init_config");
	if (init)
		rc = take_shared(reading, init->min_collection_interval, init->timeout, init->max_ttl,
		        init->traceroute_queries, init->e2e_queries, &numbers);
	for (uint32_t i = 0; i < file->n_instances && rc == 0; i++) {
		snprintf(reading->where, sizeof(reading->where), "instances.%u", i);
		rc = take_instance(reading, &file->instances[i], &numbers);
	}
	return rc == 0 && reading->out_of_memory ? -ENOMEM : rc;
}

int cp_datadog_conf_read(const char *text, size_t len, const char *source, struct cp_targets *targets,
        struct cp_datadog_conf *ret_conf, struct cp_err *err)
{
	struct cp_datadog_conf conf = {0};
	struct reading reading = {.source = source, .targets = targets, .conf = &conf, .err = err};
	const struct cp_yaml_schema schema = {.top = &file_schema, .unknown = note_unknown, .ctx = &reading};
	int rc = cp_yaml_read(text, len, source, &schema, &reading.yaml, err);

	if (rc == 0)
		rc = take_file(&reading, cp_yaml_data(reading.yaml));
	cp_yaml_free(reading.yaml);
	for (size_t i = 0; i < reading.n_warned; i++)
		free(reading.warned[i]);
	free(reading.warned);
	if (rc) {
		cp_datadog_conf_free(&conf);
		return rc == -ENOMEM ? cp_err_set(err, rc, "out of memory") : rc;
	}
	*ret_conf = conf;
	return 0;
}

void cp_datadog_conf_free(struct cp_datadog_conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->n_warnings; i++)
		free(conf->warnings[i]);
	free(conf->warnings);
	*conf = (struct cp_datadog_conf){0};
}
