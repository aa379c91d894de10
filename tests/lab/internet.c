// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * internet.c: runs the XDP Internet on an interface, and knows its truth:
 * prints the targets and the hops it can show, and compares the NDJSON of a
 * run with them. It must not know how a frame looks (internet.bpf.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "internet.h"

#define N_TARGETS_MAX (16u << 16)
#define FIRST_PORT 443u
#define WRONG_SHOWN 10u

struct settings {
	struct internet_knobs knobs;
	uint32_t generic; /* attach in generic mode */
	uint32_t ipv6; /* addresses of that family (targets, truth) */
	uint32_t echo; /* of echo requests, which have no port (targets, truth) */
	uint32_t seconds; /* serve no longer; 0: until a signal comes */
	uint32_t sport; /* source port of flow 0 */
	uint32_t flows;
	const char *netns, *iface, *file;
	uint32_t n_targets;
};

/* ---- Command line ---- */

struct knob {
	const char *name;
	size_t offset;
	uint32_t max;
	const char *help;
};

#define KNOB(field) offsetof(struct settings, knobs.field)

static const struct knob knob_table[] = {
        {"seed", KNOB(seed), UINT32_MAX, "another Internet"},
        {"distance-min", KNOB(distance_min), INTERNET_TTL_MAX, "TTL that reaches the nearest destinations"},
        {"distance-max", KNOB(distance_max), INTERNET_TTL_MAX, "... and the farthest"},
        {"near", KNOB(near), INTERNET_TTL_MAX, "first hops, shared by all paths"},
        {"balanced", KNOB(balanced), 100, "% of routers with parallel ones, by flow"},
        {"per-packet", KNOB(per_packet), 100, "% of routers that spread the packets of a flow over several"},
        {"silent", KNOB(silent), 100, "% of routers without a word"},
        {"dark", KNOB(dark), 100, "% of destinations without a word"},
        {"rst", KNOB(rst), 100, "% ... that refuse"},
        {"unreachable", KNOB(unreachable), 100, "% ... whose port is unreachable"},
        {"prohibited", KNOB(prohibited), 100, "% ... behind a router that prohibits"},
        {"loss", KNOB(loss), 100, "% of probes without an answer"},
        {"loss-anew", KNOB(loss_anew), 1, "1: also by time, not by the number of a probe alone"},
        {"mpls", KNOB(mpls), 100, "% of routers that show labels"},
        {"short-quote", KNOB(short_quote), 100, "% of routers that quote 28 bytes"},
        {"nat", KNOB(nat), 100, "% of destinations behind a NAT that rewrites quotes"},
        {"asymmetry", KNOB(asymmetry), 16, "ways back are up to so many hops longer"},
        {"limit", KNOB(limit_pps), 1000000000, "answers a second, router and CPU; 0: no limit"},
        {"half-open", KNOB(half_open), 1, "1: servers keep half-open connections"},
        {"generic", offsetof(struct settings, generic), 1, "1: XDP in generic mode (serve)"},
        {"seconds", offsetof(struct settings, seconds), 86400, "stop by oneself (serve)"},
        {"ipv6", offsetof(struct settings, ipv6), 1, "1: in IPv6 addresses (targets, truth)"},
        {"echo", offsetof(struct settings, echo), 1, "1: of echo requests, without ports (targets, truth)"},
        {"sport", offsetof(struct settings, sport), 65535, "source port, or echo checksum, of flow 0 (truth, check)"},
        {"flows", offsetof(struct settings, flows), 64, "of each destination (truth)"},
};

#define N_KNOBS (sizeof(knob_table) / sizeof(*knob_table))

static int usage(void)
{
	fprintf(stderr,
	        "usage: internet serve NETNS INTERFACE [OPTIONS]   until SIGTERM, then what it counted\n"
	        "       internet near-end NETNS INTERFACE         a program that passes all, for tc\n"
	        "       internet targets N                          address:port, %u at most\n"
	        "       internet truth N --sport P [OPTIONS]        destination port flow ttl hop|* labels|-\n"
	        "       internet check NDJSON --sport P [OPTIONS]   compares a run's paths with the truth\n",
	        N_TARGETS_MAX);
	for (size_t i = 0; i < N_KNOBS; i++)
		fprintf(stderr, "  --%-14s %s\n", knob_table[i].name, knob_table[i].help);
	return 2;
}

static int parse_number(const char *text, uint32_t max, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || number > max)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

static bool sensible(const struct internet_knobs *knobs)
{
	return knobs->distance_min && knobs->distance_min <= knobs->distance_max &&
	       knobs->dark + knobs->rst + knobs->unreachable + knobs->prohibited <= 100;
}

/* Reads the options; *ret_first is the first argument that is none. */
static int parse_options(int argc, char **argv, struct settings *settings, int *ret_first)
{
	struct option options[N_KNOBS + 1] = {0};
	int c, at;

	for (size_t i = 0; i < N_KNOBS; i++)
		options[i] = (struct option){.name = knob_table[i].name, .has_arg = required_argument};
	while ((c = getopt_long(argc, argv, "", options, &at)) != -1) {
		uint32_t *value;

		if (c != 0)
			return -EINVAL;
		value = (uint32_t *)(void *)((char *)settings + knob_table[at].offset);
		if (parse_number(optarg, knob_table[at].max, value)) {
			fprintf(stderr, "internet: --%s wants a number up to %u, not '%s'\n", knob_table[at].name,
			        knob_table[at].max, optarg);
			return -EINVAL;
		}
	}
	if (!sensible(&settings->knobs)) {
		fprintf(stderr, "internet: distances are the wrong way round, or shares sum up to more than 100\n");
		return -EINVAL;
	}
	*ret_first = optind;
	return 0;
}

/* ---- Targets ---- */

/* The i-th: spread over the tree, and each address once before a second port. */
static void target_at(uint32_t i, struct internet_probe *ret_probe)
{
	*ret_probe = (struct internet_probe){
	        .dest = INTERNET_DESTS | ((i * 40503u) & 0xffff),
	        .dport = (uint16_t)(FIRST_PORT + (i >> 16)),
	};
}

static const char *text_of(uint32_t number, bool ipv6, char text[INET6_ADDRSTRLEN])
{
	uint32_t in[4] = {htonl(INTERNET_V6_HIGH), htonl(INTERNET_V6_LOW), 0, htonl(number)};

	if (!number)
		return "*";
	return inet_ntop(ipv6 ? AF_INET6 : AF_INET, ipv6 ? in : in + 3, text, INET6_ADDRSTRLEN);
}

static int print_targets(const struct settings *settings)
{
	char text[INET6_ADDRSTRLEN];

	for (uint32_t i = 0; i < settings->n_targets; i++) {
		struct internet_probe probe;

		target_at(i, &probe);
		text_of(probe.dest, settings->ipv6, text);
		if (settings->echo)
			printf("%s\n", text);
		else
			printf(settings->ipv6 ? "[%s]:%u\n" : "%s:%u\n", text, probe.dport);
	}
	return 0;
}

static void print_labels(const struct internet_knobs *knobs, const struct internet_hop *hop)
{
	uint32_t n = hop->router && hop->address ? internet_n_labels(knobs, hop->router) : 0;

	for (uint32_t i = 0; i < n; i++)
		printf("%s%u", i ? "," : "", internet_label(knobs, hop->router, i, n) >> 12);
	printf("%s\n", n ? "" : "-");
}

static void print_path(const struct settings *settings, struct internet_probe *probe, uint32_t flow)
{
	char dest[INET6_ADDRSTRLEN], hop_text[INET6_ADDRSTRLEN];
	struct internet_hop hop = {0};

	text_of(probe->dest, settings->ipv6, dest);
	if (settings->echo)
		probe->dport = 0;
	probe->sport = (uint16_t)(settings->sport + flow);
	for (probe->ttl = 1; !hop.at_end; probe->ttl++) {
		internet_route(&settings->knobs, probe, &hop);
		printf("%s\t%u\t%u\t%u\t%s\t", dest, probe->dport, flow, hop.ttl,
		        text_of(hop.address, settings->ipv6, hop_text));
		print_labels(&settings->knobs, &hop);
	}
}

static int print_truth(const struct settings *settings)
{
	for (uint32_t i = 0; i < settings->n_targets; i++) {
		struct internet_probe probe;

		target_at(i, &probe);
		for (uint32_t flow = 0; flow < settings->flows; flow++)
			print_path(settings, &probe, flow);
	}
	return 0;
}

/* ---- Comparing a run with the truth ---- */

#define TALLY(X)                                                                                                       \
	X(paths)                                                                                                       \
	X(visible) /* hops the truth can show */                                                                       \
	X(found) /* ... and the run did */                                                                             \
	X(wrong) /* hops of the run that contradict the truth */                                                       \
	X(overshot) /* destinations seen, but not from as near as they are */                                          \
	X(wrong_ttl) /* found, but with another reply TTL */                                                           \
	X(inferred) /* hops of the run it did not see */                                                               \
	X(spread) /* found hops behind routers that spread packets */                                                  \
	X(spread_found) /* ... and the run says so */                                                                  \
	X(spread_wrong) /* hops of which the run says so, and it is not so */                                          \
	X(labelled) /* found hops whose router shows labels */                                                         \
	X(labels_found) /* ... and the run did */                                                                      \
	X(labels_wrong)

#define TALLY_MEMBER(name) uint64_t name;
struct tally {
	TALLY(TALLY_MEMBER)
};

/* Our own records: one object a line, keys always in the same order, so that a key is found by its text. */

static const char *after(const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	return at ? at + strlen(key) : NULL;
}

/* A number, or null, which is 0. */
static int read_number(const char *text, const char *key, uint32_t *ret_number)
{
	const char *at = after(text, key);

	if (!at || ((*at < '0' || *at > '9') && strncmp(at, "null", 4) != 0))
		return -EBADMSG;
	*ret_number = (uint32_t)strtoul(at, NULL, 10);
	return 0;
}

/* The number of an address of either family, or of null, which is 0. UINT32_MAX: nobody of ours. */
static int read_address(const char *text, const char *key, uint32_t *ret_number)
{
	const char *at = after(text, key);
	char address[INET6_ADDRSTRLEN];
	uint32_t in[4];

	if (at && !strncmp(at, "null", 4)) {
		*ret_number = 0;
		return 0;
	}
	if (!at || sscanf(at, "\"%45[0-9a-f.:]\"", address) != 1)
		return -EBADMSG;
	if (inet_pton(AF_INET, address, in + 3) == 1)
		*ret_number = ntohl(in[3]);
	else if (inet_pton(AF_INET6, address, in) != 1)
		return -EBADMSG;
	else if (in[0] != htonl(INTERNET_V6_HIGH) || in[1] != htonl(INTERNET_V6_LOW) || in[2])
		*ret_number = UINT32_MAX;
	else
		*ret_number = ntohl(in[3]);
	return 0;
}

static void check_labels(const struct settings *settings, const char *record, uint32_t router, struct tally *tally)
{
	uint32_t n = internet_n_labels(&settings->knobs, router);
	const char *at = after(record, "\"mpls\":[");
	bool shown = at && *at == '{', right = shown;

	tally->labelled += n > 0;
	for (uint32_t i = 0; right && i < n; i++) {
		uint32_t entry = internet_label(&settings->knobs, router, i, n), label, tc;

		right = !read_number(at, "\"label\":", &label) && !read_number(at, "\"tc\":", &tc) &&
		        label == entry >> 12 && tc == (entry >> 9 & 7);
		at = after(at, "}");
	}
	right = right && n && at && *at == ']';
	tally->labels_found += right;
	tally->labels_wrong += shown && !right;
}

static void check_spread(const char *record, bool is, struct tally *tally)
{
	bool said = strstr(record, "\"per-packet\"") != NULL;

	tally->spread += is;
	tally->spread_found += is && said;
	tally->spread_wrong += said && !is;
}

/* One hop of a record against the truth; silence is right or not found, but never wrong. */
static int check_hop(
        const struct settings *settings, struct internet_probe *probe, const char *record, struct tally *tally)
{
	char got_text[INET6_ADDRSTRLEN], want_text[INET6_ADDRSTRLEN];
	struct internet_hop want;
	uint32_t got, reply_ttl;

	if (read_address(record, "\"ip\":", &got))
		return -EBADMSG;
	if (!got)
		return 0;
	internet_route(&settings->knobs, probe, &want);
	if (want.router)
		internet_take_any(&settings->knobs, probe, got, &want);
	check_spread(record, !want.at_end && internet_spreads(&settings->knobs, probe->dest, probe->ttl), tally);
	if (got == want.address && want.ttl == probe->ttl) {
		tally->found++;
		if (!strstr(record, "\"inferred\":true") && !read_number(record, "\"reply_ttl\":", &reply_ttl))
			tally->wrong_ttl += reply_ttl != want.reply_ttl;
		if (want.router)
			check_labels(settings, record, want.router, tally);
	} else if (got == want.address && want.at_end) {
		tally->overshot++;
	} else if (tally->wrong++ < WRONG_SHOWN) {
		fprintf(stderr, "wrong: %#x:%u from %u, TTL %u: %s, truth %s\n", probe->dest, probe->dport,
		        probe->sport, probe->ttl, text_of(got, false, got_text),
		        text_of(want.address, false, want_text));
	}
	return 0;
}

/* Hops the truth has to show for a path. */
static uint64_t count_visible(const struct settings *settings, struct internet_probe probe)
{
	struct internet_hop hop = {0};
	uint64_t n = 0;

	for (probe.ttl = 1; !hop.at_end; probe.ttl++) {
		internet_route(&settings->knobs, &probe, &hop);
		n += hop.address != 0;
	}
	return n;
}

static int check_path(const struct settings *settings, char *line, struct tally *tally)
{
	struct internet_probe probe = {0};
	char *hop, *next;
	uint32_t port, flow;

	if (read_number(line, "\"port\":", &port) || read_address(line, "\"destination\":{\"ip\":", &probe.dest) ||
	        read_number(line, "\"flow\":", &flow))
		return -EBADMSG;
	probe.dport = (uint16_t)port;
	probe.sport = (uint16_t)(settings->sport + flow);
	tally->paths++;
	tally->visible += count_visible(settings, probe);
	hop = strstr(line, "\"hops\":[");
	if (!hop)
		return -EBADMSG;
	for (hop = strstr(hop, "{\"ttl\":"); hop; hop = next) {
		next = strstr(hop + 1, "{\"ttl\":");
		if (next)
			next[-1] = '\0';
		if (read_number(hop, "{\"ttl\":", &probe.ttl) || check_hop(settings, &probe, hop, tally))
			return -EBADMSG;
		tally->inferred += strstr(hop, "\"inferred\":true") != NULL;
	}
	return 0;
}

static void print_tally(const struct tally *tally)
{
#define TALLY_PRINT(name) printf(#name " %" PRIu64 "\n", tally->name);
	TALLY(TALLY_PRINT)
}

static int check_file(const struct settings *settings)
{
	FILE *file = strcmp(settings->file, "-") ? fopen(settings->file, "re") : stdin;
	struct tally tally = {0};
	char *line = NULL;
	size_t cap = 0;
	int rc = 0;

	if (!file) {
		fprintf(stderr, "internet: %s: %s\n", settings->file, strerror(errno));
		return 1;
	}
	while (rc == 0 && getline(&line, &cap, file) > 0) {
		if (strncmp(line, "{\"type\":\"path\"", 14) == 0)
			rc = check_path(settings, line, &tally);
	}
	if (rc)
		fprintf(stderr, "internet: not understood: %.200s\n", line);
	print_tally(&tally);
	free(line);
	if (file != stdin)
		fclose(file);
	return rc != 0 || tally.paths == 0;
}

/* ---- Serving ---- */

static int fail(const char *what, int error)
{
	fprintf(stderr, "internet: %s: %s\n", what, strerror(error));
	return 1;
}

static int enter_netns(const char *name)
{
	char path[PATH_MAX];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET))
		rc = -errno;
	close(fd);
	return rc;
}

/* The BPF object lies beside this program. */
static struct bpf_object *open_object(void)
{
	char self[PATH_MAX], path[PATH_MAX + sizeof("/internet.bpf.o")];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return NULL;
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/internet.bpf.o", dirname(self));
	return bpf_object__open_file(path, NULL);
}

static int map_fd(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

/* A link: it is gone with this process, however that ends. */
static int load_and_attach(
        struct bpf_object *object, const char *program, const struct settings *settings, int *ret_link_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = settings->generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	struct bpf_map *half_open = bpf_object__find_map_by_name(object, "internet_half_open");
	int ifindex = (int)if_nametoindex(settings->iface), fd, rc;

	if (!ifindex)
		return -ENODEV;
	if (!settings->knobs.half_open && half_open)
		bpf_map__set_max_entries(half_open, 1024);
	rc = bpf_object__load(object);
	if (rc)
		return rc;
	rc = bpf_map_update_elem(map_fd(object, "internet_knobs"), &(uint32_t){0}, &settings->knobs, BPF_ANY);
	if (rc)
		return rc;
	fd = bpf_link_create(
	        bpf_program__fd(bpf_object__find_program_by_name(object, program)), ifindex, BPF_XDP, &opts);
	if (fd < 0)
		return fd;
	*ret_link_fd = fd;
	return 0;
}

static int print_counts(const struct bpf_object *object)
{
#define COUNT_NAME(name, what) #name,
	static const char *const names[] = {INTERNET_COUNTERS(COUNT_NAME)};
	int n_cpus = libbpf_num_possible_cpus(), rc = 0;
	struct internet_seen seen = {0};
	uint64_t *values;

	values = calloc(n_cpus > 0 ? (size_t)n_cpus : 1, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < INTERNET_N_COUNTS; i++) {
		uint64_t sum = 0;

		rc = bpf_map_lookup_elem(map_fd(object, "internet_counts"), &i, values);
		for (int cpu = 0; cpu < n_cpus; cpu++)
			sum += values[cpu];
		printf("%s %" PRIu64 "\n", names[i], sum);
	}
	free(values);
	if (rc == 0)
		rc = bpf_map_lookup_elem(map_fd(object, "internet_seen"), &(uint32_t){0}, &seen);
	printf("port_low %u\nport_high %u\n", seen.port_low, seen.port_high);
	return rc;
}

static void wait_for_end(const sigset_t *signals, uint32_t seconds)
{
	struct timespec timeout = {.tv_sec = seconds};

	if (seconds)
		sigtimedwait(signals, NULL, &timeout);
	else
		sigwaitinfo(signals, NULL);
}

static int attach(const struct settings *settings, const char *program, bool counts)
{
	struct bpf_object *object;
	int link_fd = -1, rc;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rc = enter_netns(settings->netns);
	if (rc)
		return fail(settings->netns, -rc);
	object = open_object();
	if (!object)
		return fail("internet.bpf.o", errno);
	rc = load_and_attach(object, program, settings, &link_fd);
	if (rc == 0) {
		printf("ready\n");
		fflush(stdout);
		wait_for_end(&signals, settings->seconds);
		rc = counts ? print_counts(object) : 0;
		close(link_fd);
	}
	bpf_object__close(object);
	return rc ? fail(settings->iface, -rc) : 0;
}

static int serve(const struct settings *settings)
{
	return attach(settings, "internet", true);
}

static int near_end(const struct settings *settings)
{
	return attach(settings, "near_end", false);
}

/* ---- Commands ---- */

struct command {
	const char *name;
	int n_args;
	int (*run)(const struct settings *settings);
};

static int read_args(const struct command *command, char **args, struct settings *settings)
{
	settings->netns = args[0];
	settings->iface = command->n_args > 1 ? args[1] : NULL;
	settings->file = args[0];
	if (command->run == print_targets || command->run == print_truth)
		return parse_number(args[0], N_TARGETS_MAX, &settings->n_targets);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {{"serve", 2, serve}, {"near-end", 2, near_end},
	        {"targets", 1, print_targets}, {"truth", 1, print_truth}, {"check", 1, check_file}};
	struct settings settings = {
	        .knobs = {.seed = 1, .distance_min = 5, .distance_max = 20, .near = 4, .short_quote = 50},
	        .flows = 1,
	};
	int first;

	if (argc < 2 || parse_options(argc - 1, argv + 1, &settings, &first))
		return usage();
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (argc - 1 - first != commands[i].n_args || read_args(&commands[i], argv + 1 + first, &settings))
			return usage();
		return commands[i].run(&settings);
	}
	return usage();
}
