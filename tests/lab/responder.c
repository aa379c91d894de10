// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * responder.c: a network behind one interface that answers as no kernel would:
 * late, several times, or from two addresses. Every destination of
 * 198.19.0.0/16 is as many hops away as told; the router at TTL t is
 * 198.18.(8 t).1. It answers TCP SYNs over IPv4 and nothing else. Shares no
 * code with the program under test.
 *
 *   responder [--hops N] [--delay-ms N] [--sway-ms N] [--copies N] [--twins] [--seconds N] INTERFACE
 *
 * --sway-ms: every other answer of a destination so much later; --copies: every answer so often; --twins: a router's
 * answer once more, from 198.18.(8 t).2. Prints "ready", and when it ends (SIGTERM, or after the seconds) "received N"
 * and "answered N", packets both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_MSEC 1000000ull
#define ROUTERS 0xc6120000u
#define DESTS 0xc6130000u
#define DESTS_MASK 0xffff0000u
#define QUEUE 131072u /* a power of two */
#define FRAME_MAX 96u
#define BURST 64u /* frames between two looks at what comes in, and a millisecond's rest */
#define RECEIVE_BYTES (64 << 20)

struct answer {
	uint64_t due_ns;
	uint32_t len;
	uint8_t frame[FRAME_MAX];
};

struct responder {
	uint32_t hops, delay_ms, sway_ms, copies, seconds;
	bool twins;
	int fd, signal_fd;
	struct answer *queue; /* [QUEUE], in the order of due_ns */
	uint64_t head, tail, n_received, n_answered, n_arrived;
};

/* An Ethernet frame with an IPv4 header without options, and what may follow. */
struct frame {
	struct ether_header eth;
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct {
			struct icmphdr icmp;
			struct iphdr quote;
			uint8_t quoted[8];
		};
	};
} __attribute__((packed, aligned(2)));

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * NSEC_PER_MSEC + (uint64_t)now.tv_nsec;
}

static uint32_t sum(const void *data, size_t len, uint32_t start)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		start += (uint32_t)bytes[i] << (i & 1 ? 0 : 8);
	return start;
}

static uint16_t checksum(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((uint16_t)~total);
}

/* ---- Answers ---- */

/* Who answers: an address, so many hops away. */
struct origin {
	uint32_t from;
	uint32_t hops;
	uint8_t protocol;
};

/* Ethernet and IPv4 headers towards whoever sent the probe; the way back is as long as the way there. */
static void address(struct frame *answer, const struct frame *probe, const struct origin *origin, size_t ip_len)
{
	memcpy(answer->eth.ether_dhost, probe->eth.ether_shost, ETH_ALEN);
	memcpy(answer->eth.ether_shost, probe->eth.ether_dhost, ETH_ALEN);
	answer->eth.ether_type = htons(ETHERTYPE_IP);
	answer->ip = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons((uint16_t)ip_len)};
	answer->ip.ttl = (uint8_t)(64 - origin->hops + 1);
	answer->ip.protocol = origin->protocol;
	answer->ip.saddr = htonl(origin->from);
	answer->ip.daddr = probe->ip.saddr;
	answer->ip.check = checksum(sum(&answer->ip, sizeof(answer->ip), 0));
}

static size_t exceed(struct frame *answer, const struct frame *probe, uint32_t router)
{
	size_t len = sizeof(answer->icmp) + sizeof(answer->quote) + sizeof(answer->quoted);
	struct origin origin = {router, probe->ip.ttl, IPPROTO_ICMP};

	address(answer, probe, &origin, sizeof(answer->ip) + len);
	answer->icmp = (struct icmphdr){.type = ICMP_TIME_EXCEEDED};
	answer->quote = probe->ip;
	answer->quote.ttl = 1;
	memcpy(answer->quoted, &probe->tcp, sizeof(answer->quoted));
	answer->icmp.checksum = checksum(sum(&answer->icmp, len, 0));
	return sizeof(answer->eth) + sizeof(answer->ip) + len;
}

static size_t accept_syn(struct frame *answer, const struct frame *probe, uint32_t hops)
{
	size_t len = sizeof(answer->tcp);
	struct origin origin = {ntohl(probe->ip.daddr), hops, IPPROTO_TCP};
	uint32_t pseudo;

	address(answer, probe, &origin, sizeof(answer->ip) + len);
	answer->tcp = (struct tcphdr){.source = probe->tcp.dest, .dest = probe->tcp.source, .doff = 5};
	answer->tcp.seq = htonl(1);
	answer->tcp.ack_seq = htonl(ntohl(probe->tcp.seq) + 1);
	answer->tcp.syn = answer->tcp.ack = 1;
	answer->tcp.window = htons(1024);
	pseudo = sum(&answer->ip.saddr, 8, IPPROTO_TCP + (uint32_t)len);
	answer->tcp.check = checksum(sum(&answer->tcp, len, pseudo));
	return sizeof(answer->eth) + sizeof(answer->ip) + len;
}

static void enqueue(struct responder *responder, const struct frame *answer, size_t len, uint32_t delay_ms)
{
	uint64_t due_ns = now_ns() + delay_ms * NSEC_PER_MSEC, at = responder->head;
	struct answer *slot;

	if (responder->head - responder->tail == QUEUE)
		return;
	for (; at > responder->tail && responder->queue[(at - 1) % QUEUE].due_ns > due_ns; at--)
		responder->queue[at % QUEUE] = responder->queue[(at - 1) % QUEUE];
	slot = &responder->queue[at % QUEUE];
	slot->due_ns = due_ns;
	slot->len = (uint32_t)len;
	memcpy(slot->frame, answer, len);
	responder->head++;
}

static void answer_probe(struct responder *responder, const struct frame *probe)
{
	uint32_t router = ROUTERS | (uint32_t)probe->ip.ttl << 11;
	bool arrives = probe->ip.ttl >= responder->hops;
	uint32_t delay_ms = responder->delay_ms;
	struct frame answer;
	size_t len;

	if (arrives && responder->n_arrived++ % 2)
		delay_ms += responder->sway_ms;
	for (uint32_t i = 0; i < responder->copies; i++) {
		len = arrives ? accept_syn(&answer, probe, responder->hops) : exceed(&answer, probe, router | 1);
		enqueue(responder, &answer, len, delay_ms);
	}
	if (responder->twins && !arrives)
		enqueue(responder, &answer, exceed(&answer, probe, router | 2), delay_ms);
}

/* ---- The wire ---- */

static bool is_probe(const struct frame *frame, size_t len)
{
	return len >= sizeof(frame->eth) + sizeof(frame->ip) + sizeof(frame->tcp) && frame->ip.ihl == 5 &&
	       frame->ip.protocol == IPPROTO_TCP && (ntohl(frame->ip.daddr) & DESTS_MASK) == DESTS && frame->tcp.syn &&
	       !frame->tcp.ack;
}

static void receive(struct responder *responder)
{
	struct sockaddr_ll from = {0};
	socklen_t from_len;
	struct frame frame;
	ssize_t n;

	for (uint32_t i = 0; i < BURST; i++) {
		from_len = sizeof(from);
		n = recvfrom(responder->fd, &frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
		if (n < 0)
			return;
		if (from.sll_pkttype == PACKET_OUTGOING || !is_probe(&frame, (size_t)n))
			continue;
		responder->n_received++;
		answer_probe(responder, &frame);
	}
}

/* Sends what is due. Returns how long to wait for more of it, in milliseconds; -1: nothing is queued. */
static int transmit(struct responder *responder)
{
	uint64_t now = now_ns();

	for (uint32_t i = 0; i < BURST; i++) {
		const struct answer *answer = &responder->queue[responder->tail % QUEUE];

		if (responder->tail == responder->head)
			return -1;
		if (answer->due_ns > now)
			return (int)((answer->due_ns - now) / NSEC_PER_MSEC) + 1;
		if (send(responder->fd, answer->frame, answer->len, 0) < 0)
			return 1;
		responder->tail++;
		responder->n_answered++;
	}
	return 1;
}

static void serve(struct responder *responder)
{
	uint64_t end_ns = now_ns() + responder->seconds * 1000 * NSEC_PER_MSEC;
	struct pollfd fds[2] = {{responder->fd, POLLIN, 0}, {responder->signal_fd, POLLIN, 0}};

	while (!(fds[1].revents & POLLIN) && now_ns() < end_ns) {
		int wait_ms = transmit(responder);

		poll(fds, 2, wait_ms < 0 || wait_ms > 100 ? 100 : wait_ms);
		receive(responder);
	}
	printf("received %llu\nanswered %llu\n", (unsigned long long)responder->n_received,
	        (unsigned long long)responder->n_answered);
}

/* ---- Command ---- */

static int open_wire(struct responder *responder, const char *iface)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int bytes = RECEIVE_BYTES;
	sigset_t signals;

	at.sll_ifindex = (int)if_nametoindex(iface);
	responder->queue = calloc(QUEUE, sizeof(*responder->queue));
	responder->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
	if (!responder->queue || !at.sll_ifindex || responder->fd < 0 ||
	        bind(responder->fd, (struct sockaddr *)&at, sizeof(at)) ||
	        setsockopt(responder->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		return -1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	responder->signal_fd = signalfd(-1, &signals, 0);
	return responder->signal_fd < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"hops", required_argument, NULL, 'h'},
	        {"delay-ms", required_argument, NULL, 'd'}, {"copies", required_argument, NULL, 'c'},
	        {"sway-ms", required_argument, NULL, 'w'}, {"twins", no_argument, NULL, 't'},
	        {"seconds", required_argument, NULL, 's'}, {0}};
	struct responder responder = {.hops = 6, .copies = 1, .seconds = 60};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint32_t value = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		if (c == 'h')
			responder.hops = value;
		else if (c == 'd')
			responder.delay_ms = value;
		else if (c == 'c')
			responder.copies = value;
		else if (c == 'w')
			responder.sway_ms = value;
		else if (c == 's')
			responder.seconds = value;
		else if (c == 't')
			responder.twins = true;
		else
			return 2;
	}
	if (optind != argc - 1 || open_wire(&responder, argv[optind])) {
		fprintf(stderr, "responder: %s\n", optind == argc - 1 ? strerror(errno) : "wants one interface");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	serve(&responder);
	free(responder.queue);
	return 0;
}
