// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * resolve.c: a window of names in flight, through c-ares. Must not know sockets
 * and servers (dns_channel.c) nor what a reply holds (dns_message.c).
 *
 * A and AAAA are two questions of their own, so that one's failure does not hide
 * the other's reason. An address is asked for by its name below in-addr.arpa or
 * ip6.arpa, which it has as long as it is in the window.
 */
#include "resolve.h"

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns_channel.h"
#include "dns_message.h"

#define WINDOW 256
#define TICK_MS 100

#define REVERSE_MAX 80 /* 32 digits with their dots, and the domain */

enum { CLASS_IN = 1, TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28 };

struct name;

struct question {
	struct name *name;
	int type;
	unsigned int n_asked; /* times, each with another server first */
	struct cp_answer answer;
};

/* One of the window's places. */
struct name {
	struct resolver *resolver;
	size_t index;
	unsigned int n_pending; /* questions */
	struct question questions[2]; /* A or PTR, AAAA */
	struct name *next_free;
	const char *text;
	char reverse[REVERSE_MAX]; /* text of an address */
};

struct resolver {
	const struct cp_resolve_config *config;
	const char *const *names; /* NULL: addresses are asked for */
	const struct cp_addr *addrs;
	size_t n_names, n_started, n_in_flight;
	cp_resolve_cb cb;
	void *ctx;
	struct cp_dns_channels channels;
	struct name *window;
	size_t n_window;
	struct name *free;
	/* No server has ever answered: after a windowful of names the rest is not asked. */
	bool has_heard;
	size_t n_unheard;
	enum cp_dns_status unheard_status;
	bool is_over; /* callbacks only tidy up */
	int rc;
};

/* Of two questions without an address, the status that tells more: NXDOMAIN speaks for the name, NODATA for one type.
 */
static enum cp_dns_status more_telling(enum cp_dns_status a, enum cp_dns_status b)
{
	static const unsigned char rank[] = {
	        [CP_DNS_NODATA] = 1,
	        [CP_DNS_TIMEOUT] = 2,
	        [CP_DNS_ERROR] = 3,
	        [CP_DNS_SERVFAIL] = 4,
	        [CP_DNS_REFUSED] = 5,
	        [CP_DNS_NXDOMAIN] = 6,
	};

	return rank[b] > rank[a] ? b : a;
}

/*
 * One answer out of both questions', into the first. The chain is that of the
 * addresses; A's when both have some.
 */
static int merge(struct cp_answer *a, struct cp_answer *aaaa)
{
	if (aaaa->n_cname > 0 && (a->n_cname == 0 || (a->n_addrs == 0 && aaaa->n_addrs > 0))) {
		struct cp_answer without = *a;

		a->cname = aaaa->cname;
		a->n_cname = aaaa->n_cname;
		aaaa->cname = without.cname;
		aaaa->n_cname = without.n_cname;
	}
	for (size_t i = 0; i < aaaa->n_addrs; i++)
		if (cp_dns_answer_add(a, &aaaa->addrs[i]) < 0)
			return -ENOMEM;
	a->status = a->n_addrs ? CP_DNS_OK : more_telling(a->status, aaaa->status);
	return 0;
}

/* Both questions are answered: hands the answer over and frees the place. */
static void finish_name(struct name *name)
{
	struct resolver *resolver = name->resolver;
	const struct cp_resolve_config *config = resolver->config;
	struct cp_answer *a = &name->questions[0].answer, *aaaa = &name->questions[1].answer;
	struct cp_answer *answer = config->want_v4 ? a : aaaa;
	int rc = config->want_v4 && config->want_v6 ? merge(a, aaaa) : 0;

	if (rc < 0)
		resolver->rc = rc;
	if (resolver->rc < 0) {
		cp_answer_free(a);
	} else {
		if (!resolver->has_heard) {
			resolver->n_unheard++;
			resolver->unheard_status = answer->status;
		}
		resolver->cb(resolver->ctx, name->index, answer);
	}
	/* The callee owns what it was given; what merge() left over is ours. */
	*answer = (struct cp_answer){0};
	cp_answer_free(aaaa);
	resolver->n_in_flight--;
	name->next_free = resolver->free;
	resolver->free = name;
}

static enum cp_dns_status status_of(int ares_status)
{
	switch (ares_status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
		return CP_DNS_NODATA;
	case ARES_ENOTFOUND:
		return CP_DNS_NXDOMAIN;
	case ARES_ESERVFAIL:
		return CP_DNS_SERVFAIL;
	case ARES_EREFUSED:
		return CP_DNS_REFUSED;
	case ARES_ETIMEOUT:
		return CP_DNS_TIMEOUT;
	}
	return CP_DNS_ERROR;
}

static int read_reply(struct question *question, int status, const unsigned char *message, int len)
{
	const char *name = question->name->text;
	struct cp_answer answer = {0};
	const char *end;
	int rc = 0;

	if (message && (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND))
		rc = question->type == TYPE_PTR ? cp_dns_message_parse_ptr(message, (size_t)len, name, &answer)
		                                : cp_dns_message_parse(message, (size_t)len, name, &answer);
	if (rc == -ENOMEM)
		return rc;
	end = rc > 0 ? answer.cname[answer.n_cname - 1] : "";
	if (rc < 0)
		answer.status = CP_DNS_ERROR;
	else if (answer.n_addrs || (*end && strlen(end) <= CP_RESOLVE_NAME_MAX))
		answer.status = CP_DNS_OK;
	else
		answer.status = status_of(status);
	question->answer = answer;
	return 0;
}

static void ask(struct question *question);

/*
 * Whether another attempt makes sense: with another server; without EDNS, which
 * c-ares drops after a FORMERR; or over TCP, where c-ares gives up after one try.
 */
static bool may_ask_again(const struct question *question, int status, unsigned int n_timeouts)
{
	const struct cp_dns_channels *channels = &question->name->resolver->channels;

	switch (status) {
	case ARES_ETIMEOUT:
		return question->n_asked < channels->tries && n_timeouts < channels->tries;
	case ARES_EFORMERR:
		return question->n_asked < (channels->n > 1 ? channels->n : 2);
	case ARES_ESERVFAIL:
	case ARES_EREFUSED:
	case ARES_ENOTIMP:
		return question->n_asked < channels->n;
	}
	return false;
}

static void on_reply(void *arg, int status, int timeouts, unsigned char *message, int len)
{
	struct question *question = arg;
	struct name *name = question->name;
	struct resolver *resolver = name->resolver;

	if (resolver->is_over)
		return;
	resolver->has_heard |= message != NULL;
	if (may_ask_again(question, status, (unsigned int)timeouts)) {
		ask(question);
		return;
	}

	int rc = status == ARES_ENOMEM ? -ENOMEM : read_reply(question, status, message, len);

	if (rc < 0)
		resolver->rc = rc;
	if (--name->n_pending == 0)
		finish_name(name);
}

/* May call on_reply() before it returns. */
static void ask(struct question *question)
{
	const struct resolver *resolver = question->name->resolver;
	ares_channel channel = resolver->channels.items[question->n_asked++ % resolver->channels.n];

	ares_query(channel, question->name->text, CLASS_IN, question->type, on_reply, question);
}

static void write_reverse(const struct cp_addr *addr, char buf[REVERSE_MAX])
{
	size_t n = 0;

	if (cp_addr_is_v4(addr)) {
		snprintf(buf, REVERSE_MAX, "%u.%u.%u.%u.in-addr.arpa", addr->b[15], addr->b[14], addr->b[13],
		        addr->b[12]);
		return;
	}
	for (size_t i = sizeof(addr->b); i-- > 0;)
		n += (size_t)snprintf(buf + n, REVERSE_MAX - n, "%x.%x.", addr->b[i] & 15u, addr->b[i] >> 4);
	snprintf(buf + n, REVERSE_MAX - n, "ip6.arpa");
}

static void start_name(struct resolver *resolver)
{
	struct name *name = resolver->free;
	bool want_v4 = resolver->config->want_v4, want_v6 = resolver->config->want_v6;

	resolver->free = name->next_free;
	resolver->n_in_flight++;
	*name = (struct name){
	        .resolver = resolver,
	        .index = resolver->n_started,
	        .n_pending = (want_v4 ? 1 : 0) + (want_v6 ? 1 : 0),
	        .questions = {{.name = name, .type = resolver->names ? TYPE_A : TYPE_PTR},
	                {.name = name, .type = TYPE_AAAA}},
	        .text = resolver->names ? resolver->names[resolver->n_started] : name->reverse,
	};
	if (!resolver->names)
		write_reverse(&resolver->addrs[resolver->n_started], name->reverse);
	resolver->n_started++;
	if (want_v4)
		ask(&name->questions[0]);
	if (want_v6)
		ask(&name->questions[1]);
}

static bool is_stopped(const struct resolver *resolver)
{
	const struct cp_resolve_config *config = resolver->config;
	struct timespec now;

	if (config->stop && atomic_load_explicit(config->stop, memory_order_relaxed))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return config->until_ns && (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= config->until_ns;
}

static void fill_window(struct resolver *resolver)
{
	while (resolver->free && resolver->n_started < resolver->n_names && resolver->rc == 0) {
		if (resolver->has_heard || resolver->n_unheard < resolver->n_window) {
			start_name(resolver);
			continue;
		}

		struct cp_answer answer = {.status = resolver->unheard_status};

		if (is_stopped(resolver))
			break;
		resolver->cb(resolver->ctx, resolver->n_started++, &answer);
	}
}

/* Waits for replies, a retry that is due, or the next look at *stop. */
static int wait_for_replies(struct resolver *resolver)
{
	struct pollfd fds[CP_DNS_CHANNELS_MAX * ARES_GETSOCK_MAXNUM];
	ares_channel channel_of[CP_DNS_CHANNELS_MAX * ARES_GETSOCK_MAXNUM];
	struct timeval tick = {.tv_usec = TICK_MS * 1000}, left;
	nfds_t n_fds = 0;

	for (unsigned int k = 0; k < resolver->channels.n; k++) {
		ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
		/* Not through the macros of c-ares, which shift into the sign of an int. */
		unsigned int bits =
		        (unsigned int)ares_getsock(resolver->channels.items[k], sockets, ARES_GETSOCK_MAXNUM);

		for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
			bool can_read = bits >> i & 1;
			bool can_write = bits >> (i + ARES_GETSOCK_MAXNUM) & 1;

			if (!can_read && !can_write)
				continue;
			channel_of[n_fds] = resolver->channels.items[k];
			fds[n_fds].fd = sockets[i];
			fds[n_fds++].events = (short)((can_read ? POLLIN : 0) | (can_write ? POLLOUT : 0));
		}
		tick = *ares_timeout(resolver->channels.items[k], &tick, &left);
	}
	if (poll(fds, n_fds, (int)(tick.tv_sec * 1000 + (tick.tv_usec + 999) / 1000)) < 0 && errno != EINTR)
		return -errno;
	for (nfds_t i = 0; i < n_fds; i++)
		if (fds[i].revents)
			ares_process_fd(channel_of[i], fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
			        fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	for (unsigned int k = 0; k < resolver->channels.n; k++)
		ares_process_fd(resolver->channels.items[k], ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	return 0;
}

static int run(struct resolver *resolver, struct cp_err *err)
{
	for (;;) {
		fill_window(resolver);
		if (resolver->rc == -ENOMEM)
			return cp_err_set(err, -ENOMEM, "out of memory for DNS answers");
		if (resolver->n_in_flight == 0 && resolver->n_started == resolver->n_names)
			return 0;
		if (is_stopped(resolver))
			return -ECANCELED;

		int rc = wait_for_replies(resolver);

		if (rc < 0)
			return cp_err_set(err, -EIO, "cannot wait for the DNS resolver: %s", strerror(-rc));
	}
}

static int open_window(struct resolver *resolver, struct cp_err *err)
{
	size_t n = resolver->config->window ? resolver->config->window : WINDOW;

	resolver->n_window = n < resolver->n_names ? n : resolver->n_names;
	resolver->window = calloc(resolver->n_window, sizeof(*resolver->window));
	if (!resolver->window)
		return cp_err_set(err, -ENOMEM, "out of memory for %zu names in flight", resolver->n_window);
	for (size_t i = resolver->n_window; i > 0; i--) {
		resolver->window[i - 1].next_free = resolver->free;
		resolver->free = &resolver->window[i - 1];
	}
	return 0;
}

static void close_resolver(struct resolver *resolver)
{
	resolver->is_over = true;
	cp_dns_channels_close(&resolver->channels);
	for (size_t i = 0; resolver->window && i < resolver->n_window; i++) {
		cp_answer_free(&resolver->window[i].questions[0].answer);
		cp_answer_free(&resolver->window[i].questions[1].answer);
	}
	free(resolver->window);
}

/* Closes the resolver in any case. */
static int resolve(struct resolver *resolver, struct cp_err *err)
{
	int rc = cp_dns_channels_open(resolver->config, &resolver->channels, err);

	if (rc == 0 && resolver->n_names > 0)
		rc = open_window(resolver, err);
	if (rc == 0)
		rc = run(resolver, err);
	if (rc == -ECANCELED)
		cp_err_set(err, rc, "stopped while resolving names");
	close_resolver(resolver);
	return rc;
}

int cp_resolve_all(const struct cp_resolve_config *config, const char *const *names, size_t n, cp_resolve_cb cb,
        void *ctx, struct cp_err *err)
{
	struct resolver resolver = {.config = config, .names = names, .n_names = n, .cb = cb, .ctx = ctx};

	if (!config->want_v4 && !config->want_v6)
		return cp_err_set(err, -EINVAL, "neither IPv4 nor IPv6 addresses are wanted");
	return resolve(&resolver, err);
}

int cp_resolve_ptrs(const struct cp_resolve_config *config, const struct cp_addr *addrs, size_t n, cp_resolve_cb cb,
        void *ctx, struct cp_err *err)
{
	struct cp_resolve_config one = *config;
	struct resolver resolver = {.config = &one, .addrs = addrs, .n_names = n, .cb = cb, .ctx = ctx};

	one.want_v4 = true; /* one question for each address: the first of its two */
	one.want_v6 = false;
	return resolve(&resolver, err);
}
