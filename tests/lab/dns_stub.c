// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dns_stub.c: a DNS server that misbehaves on demand, over UDP and TCP, for
 * lab tests. What it does stands in the first label of the name, up to a '-':
 *
 *   servfail refused nx nodata formerr   that rcode, or an empty answer
 *   drop drop1                  never answers; does not answer the first time
 *   tc tchang                   truncated over UDP; over TCP 40 addresses, or hangs up
 *   noedns                      FORMERR for a question with EDNS
 *   chain shuffled              three CNAMEs and two addresses; records in reverse
 *   dangling loop               a CNAME to a name that is not there; to itself
 *   hostile                     a CNAME to a name that no host can have
 *   v4 v6 bad6 other dup short  one family; SERVFAIL for AAAA; a record of another
 *                               owner among them; repeats; a record cut off
 *   anything else               two A and one AAAA record
 *
 * A PTR question has its answer from the first label, too: the last part of an
 * IPv4 address, the last digit of an IPv6 one (ptr_kinds below).
 *
 *   dns_stub ADDR PORT SECONDS [servfail|drop|plain|hostile]    (the last: whatever is asked; hostile: every PTR)
 *
 * Answers nobody but whom it is asked by; ends after SECONDS or at SIGTERM.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, A = 1, CNAME = 5, PTR = 12, AAAA = 28, OPT = 41 };
enum { NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED };
enum { N_CONNECTIONS = 32, N_SEEN = 4096 };

struct query {
	const uint8_t *bytes;
	size_t question_len; /* header and question */
	char name[256];
	char kind[64];
	uint16_t type;
	bool has_edns, is_tcp;
};

struct reply {
	uint8_t bytes[4096];
	size_t len;
};

struct stub {
	const char *always;
	uint32_t seen[N_SEEN]; /* hashes of questions that were dropped once */
	size_t n_seen;
};

static void put_u16(struct reply *reply, unsigned int value)
{
	reply->bytes[reply->len++] = (uint8_t)(value >> 8);
	reply->bytes[reply->len++] = (uint8_t)value;
}

static size_t put_name(struct reply *reply, const char *name)
{
	size_t start = reply->len;

	while (*name) {
		size_t len = strcspn(name, ".");

		reply->bytes[reply->len++] = (uint8_t)len;
		memcpy(reply->bytes + reply->len, name, len);
		reply->len += len;
		name += len + (name[len] == '.');
	}
	reply->bytes[reply->len++] = 0;
	return reply->len - start;
}

/* Owner NULL: the question's name, as a pointer. */
static void put_record(struct reply *reply, const char *owner, unsigned int type, unsigned int ttl)
{
	if (owner)
		put_name(reply, owner);
	else
		put_u16(reply, 0xc000 | HEADER);
	put_u16(reply, type);
	put_u16(reply, 1);
	put_u16(reply, 0);
	put_u16(reply, ttl);
	reply->bytes[7]++;
}

/* A record whose data is a name. */
static void put_alias(struct reply *reply, const char *owner, unsigned int type, const char *name)
{
	put_record(reply, owner, type, 60);

	size_t at = reply->len;

	put_u16(reply, 0);

	size_t len = put_name(reply, name);

	reply->bytes[at] = (uint8_t)(len >> 8);
	reply->bytes[at + 1] = (uint8_t)len;
}

static void put_cname(struct reply *reply, const char *owner, const char *name)
{
	put_alias(reply, owner, CNAME, name);
}

static void put_addr(struct reply *reply, const char *owner, uint16_t type, unsigned int n)
{
	uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n};
	uint8_t v4[4] = {198, 18, (uint8_t)(n >> 8), (uint8_t)n};
	bool is_v6 = type == AAAA;

	put_record(reply, owner, type, 60);
	put_u16(reply, is_v6 ? sizeof(v6) : sizeof(v4));
	memcpy(reply->bytes + reply->len, is_v6 ? v6 : v4, is_v6 ? sizeof(v6) : sizeof(v4));
	reply->len += is_v6 ? sizeof(v6) : sizeof(v4);
}

static void put_usual(struct reply *reply, const char *owner, uint16_t type)
{
	put_addr(reply, owner, type, 1);
	if (type == A)
		put_addr(reply, owner, type, 2);
}

static void put_chain(struct reply *reply, const struct query *query, bool is_shuffled)
{
	static const char *const names[] = {"One.Lab", "two.lab", "three.lab"};

	if (is_shuffled) {
		put_usual(reply, names[2], query->type);
		put_cname(reply, names[1], names[2]);
		put_cname(reply, "ONE.lab", names[1]);
		put_cname(reply, NULL, names[0]);
		return;
	}
	put_cname(reply, NULL, names[0]);
	put_cname(reply, names[0], names[1]);
	put_cname(reply, names[1], names[2]);
	put_usual(reply, names[2], query->type);
}

/* What a terminal or a page would act on. put_name() takes all but dots and NUL as it is. */
#define HOSTILE                                                                                                        \
	"\x1b[31mred\n<script>alert(1)</script>\"\\&\xff\x80\r\b.\xc2\x9b"                                             \
	"2J.lab"

static bool was_seen(struct stub *stub, const struct query *query)
{
	uint32_t hash = 2166136261u ^ query->type;

	for (const char *c = query->name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	for (size_t i = 0; i < stub->n_seen; i++)
		if (stub->seen[i] == hash)
			return true;
	if (stub->n_seen < N_SEEN)
		stub->seen[stub->n_seen++] = hash;
	return false;
}

static bool is_kind(const struct query *query, const char *kind)
{
	return strcmp(query->kind, kind) == 0;
}

static unsigned int rcode_of(const struct query *query)
{
	if (is_kind(query, "servfail") || (is_kind(query, "bad6") && query->type == AAAA))
		return SERVFAIL;
	if (is_kind(query, "formerr") || (is_kind(query, "noedns") && query->has_edns))
		return FORMERR;
	if (is_kind(query, "nx") || is_kind(query, "dangling"))
		return NXDOMAIN;
	return is_kind(query, "refused") ? REFUSED : NOERROR;
}

static void put_odd(struct reply *reply, const struct query *query)
{
	if (is_kind(query, "tc")) {
		for (unsigned int n = 1; n <= 40; n++)
			put_addr(reply, NULL, query->type, n);
	} else if (is_kind(query, "other")) {
		put_addr(reply, "elsewhere.lab", query->type, 66);
		put_usual(reply, NULL, query->type);
	} else if (is_kind(query, "dup")) {
		put_usual(reply, NULL, query->type);
		put_usual(reply, NULL, query->type);
	} else if (is_kind(query, "short")) {
		put_usual(reply, NULL, query->type);
		reply->len -= 2;
	} else if (is_kind(query, "loop")) {
		put_cname(reply, NULL, "loop2.lab");
		put_cname(reply, "loop2.lab", query->name);
	}
}

static void put_answer(struct reply *reply, const struct query *query)
{
	static const char *const odd[] = {"tc", "other", "dup", "short", "loop"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (is_kind(query, odd[i])) {
			put_odd(reply, query);
			return;
		}
	}
	if (is_kind(query, "hostile")) {
		put_cname(reply, NULL, HOSTILE);
		put_usual(reply, HOSTILE, query->type);
	} else if (is_kind(query, "chain") || is_kind(query, "shuffled")) {
		put_chain(reply, query, is_kind(query, "shuffled"));
	} else if (is_kind(query, "dangling")) {
		put_cname(reply, NULL, "gone.lab");
	} else if (!is_kind(query, "nodata") && !(is_kind(query, "v4") && query->type == AAAA) &&
	           !(is_kind(query, "v6") && query->type == A)) {
		put_usual(reply, NULL, query->type);
	}
}

static void put_long(struct reply *reply, char c)
{
	char name[256];

	for (size_t i = 0; i < 253; i++)
		name[i] = i % 64 == 63 ? '.' : c;
	name[253] = '\0';
	put_alias(reply, NULL, PTR, name);
}

static void put_pointer(struct reply *reply)
{
	put_record(reply, NULL, PTR, 60);
	put_u16(reply, 2);
	put_u16(reply, 0xc000 | (unsigned int)reply->len); /* to itself */
}

static const char *const ptr_kinds[] = {[0] = "nx",
        [1] = "name",
        [2] = "two",
        [3] = "hostile",
        [4] = "delegated",
        [5] = "root",
        [6] = "longest",
        [7] = "long-hostile",
        [8] = "pointer",
        [9] = "nodata",
        [10] = "servfail",
        [11] = "refused",
        [12] = "drop",
        [13] = "short",
        [14] = "other",
        [15] = "tc"};

/* The usual answer is "host-N.lab". */
static void put_ptr(struct reply *reply, const struct query *query)
{
	char name[96];

	snprintf(name, sizeof(name), "Host-%.*s.lab", (int)strcspn(query->name, "."), query->name);
	if (is_kind(query, "nodata"))
		return;
	if (is_kind(query, "hostile")) {
		put_alias(reply, NULL, PTR, HOSTILE);
	} else if (is_kind(query, "delegated")) {
		put_cname(reply, NULL, "4.0-63.lab");
		put_alias(reply, "4.0-63.lab", PTR, name);
	} else if (is_kind(query, "longest") || is_kind(query, "long-hostile")) {
		put_long(reply, is_kind(query, "longest") ? 'x' : '\n');
	} else if (is_kind(query, "pointer")) {
		put_pointer(reply);
	} else {
		put_alias(reply, is_kind(query, "other") ? "elsewhere.lab" : NULL, PTR,
		        is_kind(query, "root") ? "" : name);
		if (is_kind(query, "two"))
			put_alias(reply, NULL, PTR, "second.lab");
		if (is_kind(query, "short"))
			reply->len -= 2;
	}
}

/* The number in the first label, an hexadecimal digit below ip6.arpa. */
static void set_ptr_kind(struct query *query)
{
	unsigned long n = strtoul(query->name, NULL, strstr(query->name, "ip6") ? 16 : 10);
	const char *kind = n < sizeof(ptr_kinds) / sizeof(ptr_kinds[0]) ? ptr_kinds[n] : "name";

	snprintf(query->kind, sizeof(query->kind), "%s", kind);
}

static bool parse(const uint8_t *bytes, size_t len, bool is_tcp, struct query *query)
{
	size_t at = HEADER, n = 0;

	if (len < HEADER + 5)
		return false;
	while (at < len && bytes[at] && bytes[at] < 64 && at + 1 + bytes[at] < len && n + bytes[at] + 2 < 256) {
		if (n)
			query->name[n++] = '.';
		memcpy(query->name + n, bytes + at + 1, bytes[at]);
		n += bytes[at];
		at += 1 + (size_t)bytes[at];
	}
	if (at + 5 > len || bytes[at])
		return false;
	query->name[n] = '\0';
	snprintf(query->kind, sizeof(query->kind), "%.*s", (int)strcspn(query->name, "-."), query->name);
	query->type = (uint16_t)(bytes[at + 1] << 8 | bytes[at + 2]);
	query->bytes = bytes;
	query->question_len = at + 5;
	query->has_edns = bytes[11] == 1;
	query->is_tcp = is_tcp;
	if (query->type == PTR)
		set_ptr_kind(query);
	return query->type == A || query->type == AAAA || query->type == PTR;
}

/* False: stay silent. */
static bool answer(struct stub *stub, struct query *query, struct reply *reply)
{
	if (query->type == PTR && strcmp(stub->always, "hostile") == 0)
		snprintf(query->kind, sizeof(query->kind), "hostile");

	if (strcmp(stub->always, "plain") == 0)
		snprintf(query->kind, sizeof(query->kind), "plain");

	const bool truncates = (is_kind(query, "tc") || is_kind(query, "tchang")) && !query->is_tcp;
	unsigned int rcode = strcmp(stub->always, "servfail") == 0 ? SERVFAIL : rcode_of(query);

	if (strcmp(stub->always, "drop") == 0 || is_kind(query, "drop"))
		return false;
	if (is_kind(query, "drop1") && !was_seen(stub, query))
		return false;
	memcpy(reply->bytes, query->bytes, query->question_len);
	reply->len = query->question_len;
	reply->bytes[2] = (uint8_t)(0x80 | (query->bytes[2] & 1) | (truncates ? 2 : 0));
	reply->bytes[3] = (uint8_t)(0x80 | rcode);
	memset(reply->bytes + 6, 0, 6);
	if (!truncates && (rcode == NOERROR || is_kind(query, "dangling"))) {
		if (query->type == PTR)
			put_ptr(reply, query);
		else
			put_answer(reply, query);
	}
	return true;
}

static void serve_udp(struct stub *stub, int fd)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t bytes[512];
	ssize_t len = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len);
	struct query query;
	struct reply reply;

	if (len > 0 && parse(bytes, (size_t)len, false, &query) && answer(stub, &query, &reply))
		sendto(fd, reply.bytes, reply.len, 0, (struct sockaddr *)&from, from_len);
}

static bool receive_all(int fd, uint8_t *bytes, size_t len)
{
	return recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

/* One question of a connection; false: hang up. */
static bool serve_tcp(struct stub *stub, int fd)
{
	uint8_t bytes[512], framed[2 + sizeof(((struct reply *)0)->bytes)];
	struct query query;
	struct reply reply;

	if (!receive_all(fd, bytes, 2))
		return false;

	size_t len = (size_t)bytes[0] << 8 | bytes[1];

	if (len > sizeof(bytes) || !receive_all(fd, bytes, len) || !parse(bytes, len, true, &query) ||
	        is_kind(&query, "tchang"))
		return false;
	if (!answer(stub, &query, &reply))
		return true;
	framed[0] = (uint8_t)(reply.len >> 8);
	framed[1] = (uint8_t)reply.len;
	memcpy(framed + 2, reply.bytes, reply.len);
	return send(fd, framed, reply.len + 2, MSG_NOSIGNAL) == (ssize_t)(reply.len + 2);
}

static int open_socket(int type, const char *addr, const char *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	const int on = 1, rcvbuf = 4 << 20;
	int fd = socket(AF_INET, type, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf));
	if (inet_pton(AF_INET, addr, &sin.sin_addr) != 1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 ||
	        (type == SOCK_STREAM && listen(fd, 64) < 0)) {
		perror(addr);
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static struct stub stub;
	struct pollfd fds[2 + N_CONNECTIONS];

	if (argc < 4) {
		fprintf(stderr, "usage: dns_stub ADDR PORT SECONDS [servfail|drop|plain|hostile]\n");
		return 2;
	}
	stub.always = argc > 4 ? argv[4] : "";
	fds[0] = (struct pollfd){.fd = open_socket(SOCK_DGRAM, argv[1], argv[2]), .events = POLLIN};
	fds[1] = (struct pollfd){.fd = open_socket(SOCK_STREAM, argv[1], argv[2]), .events = POLLIN};
	for (int i = 2; i < 2 + N_CONNECTIONS; i++)
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	alarm((unsigned int)atoi(argv[3]));
	puts("ready");
	fflush(stdout);
	while (poll(fds, 2 + N_CONNECTIONS, -1) >= 0) {
		if (fds[0].revents)
			serve_udp(&stub, fds[0].fd);
		for (int i = 2; i < 2 + N_CONNECTIONS; i++) {
			if (fds[i].fd < 0 && fds[1].revents) {
				fds[i].fd = accept(fds[1].fd, NULL, NULL);
				fds[1].revents = 0;
			} else if (fds[i].fd >= 0 && fds[i].revents && !serve_tcp(&stub, fds[i].fd)) {
				close(fds[i].fd);
				fds[i].fd = -1;
			}
		}
	}
	return 1;
}
