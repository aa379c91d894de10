// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcp_stub.c: TCP servers with manners a kernel does not have, for both
 * families, on a packet socket; the addresses must be black holes to their
 * kernel, or it would answer too. The port says the manners. Checks what it
 * is sent as a kernel would, and counts. Has frames of its own, so that the
 * program under test cannot agree with itself; knows nothing of probes or of
 * the lab's topology. Lives for a bounded time.
 *
 *   tcp_stub SECONDS STATSFILE INTERFACE
 *
 * STATSFILE is replaced on SIGUSR1 and at the end: lines "name N" (STATS below).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Manners, by port. All but the last grant selective acknowledgement. */
enum stub_mode {
	STUB_PLAIN = 9000, /* RFC 2018: the newest block first */
	STUB_BARE, /* answers data behind a hole with bare acknowledgements */
	STUB_SILENT, /* does not answer it at all */
	STUB_LOSSY, /* the first answers to data get lost */
	STUB_TWICE, /* says everything twice */
	STUB_DUPLICATED, /* sees each segment twice: the second answer has a D-SACK block first (RFC 2883) */
	STUB_LIAR, /* before each answer a forged one, of data never sent to it */
	STUB_FORGER, /* the forged one only */
	STUB_LOST_ACK, /* the first acknowledgement gets lost, so it repeats its SYN-ACK */
	STUB_RESET, /* resets the connection when data comes */
	STUB_WITHOUT, /* grants nothing */
	STUB_END,
};

#define STUB_FRAME_MAX 2048
#define STUB_CONNECTIONS_MAX 4096
#define STUB_BLOCKS_MAX 64
#define STUB_BLOCKS_SHOWN 4 /* that fit into the options */
#define STUB_N_LOST 3 /* answers that STUB_LOSSY loses, each connection */
#define STUB_FORGED 1000000 /* so far behind the hole */
#define STUB_OPTIONS_MAX 40

#define STATS(X)                                                                                                       \
	X(syns)                                                                                                        \
	X(opened) /* handshakes completed */                                                                           \
	X(open) /* connections now, half-open ones too */                                                              \
	X(bytes) /* that an application would have got */                                                              \
	X(segments) /* with data behind a hole */                                                                      \
	X(sacks) /* answers with blocks, forged ones not counted */                                                    \
	X(forged)                                                                                                      \
	X(lost) /* answers and acknowledgements thrown away */                                                         \
	X(resets) /* that closed a connection */                                                                       \
	X(bad_checksum)                                                                                                \
	X(bad_ack) /* segments that acknowledge something else than all we said */                                     \
	X(bad_reset) /* resets that a careful server ignores (RFC 5961, 3.2) */                                        \
	X(overflow) /* SYNs without room for a connection */

#define STATS_MEMBER(name) uint64_t name;
struct stats {
	STATS(STATS_MEMBER)
};

/* Both ends, IPv4 in the first four bytes. */
struct ends {
	uint8_t peer[16], self[16];
	uint16_t peer_port, self_port; /* network order */
};

struct block {
	uint32_t left, right;
};

struct connection {
	struct ends ends;
	uint32_t irs, iss; /* initial sequence numbers, theirs and ours */
	bool established, sack;
	uint32_t n_lost;
	uint32_t n_blocks;
	struct block blocks[STUB_BLOCKS_MAX]; /* the newest first */
};

/* A received segment. The frame begins 2 bytes behind a word, so that what is in it lies on words. */
struct segment {
	uint8_t *frame;
	bool v6;
	uint32_t ip_len; /* of the header */
	uint32_t tcp_len; /* of header and data */
	struct tcphdr *tcp;
	struct ends ends;
	uint32_t seq, ack, n_data;
};

struct stub {
	int packet_fd, signal_fd;
	const char *stats_path;
	struct stats stats;
	struct connection *connections; /* [STUB_CONNECTIONS_MAX], the first stats.open in use */
};

/* ---- Checksums (RFC 1071) ---- */

static uint32_t sum_bytes(const void *data, size_t n)
{
	const uint8_t *b = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* 0 when the checksum in it is right. */
static uint16_t tcp_checksum(const uint8_t *frame, bool v6, uint32_t ip_len, uint32_t tcp_len)
{
	const uint8_t *ip = frame + ETH_HLEN;
	uint32_t sum = IPPROTO_TCP + tcp_len;

	sum += v6 ? sum_bytes(ip + 8, 32) : sum_bytes(ip + 12, 8);
	return fold(sum + sum_bytes(ip + ip_len, tcp_len));
}

/* ---- Receiving ---- */

static bool read_ip4(struct segment *segment, size_t len)
{
	const struct iphdr *ip = (void *)(segment->frame + ETH_HLEN);

	if (len < sizeof(*ip) || ip->ihl < 5 || ip->protocol != IPPROTO_TCP || (ntohs(ip->frag_off) & 0x3fff) ||
	        ntohs(ip->tot_len) > len || ntohs(ip->tot_len) < ip->ihl * 4)
		return false;
	segment->ip_len = ip->ihl * 4;
	segment->tcp_len = ntohs(ip->tot_len) - segment->ip_len;
	memcpy(segment->ends.peer, &ip->saddr, 4);
	memcpy(segment->ends.self, &ip->daddr, 4);
	return true;
}

static bool read_ip6(struct segment *segment, size_t len)
{
	const struct ip6_hdr *ip = (void *)(segment->frame + ETH_HLEN);

	if (len < sizeof(*ip) || ip->ip6_nxt != IPPROTO_TCP || ntohs(ip->ip6_plen) > len - sizeof(*ip))
		return false;
	segment->v6 = true;
	segment->ip_len = sizeof(*ip);
	segment->tcp_len = ntohs(ip->ip6_plen);
	memcpy(segment->ends.peer, &ip->ip6_src, 16);
	memcpy(segment->ends.self, &ip->ip6_dst, 16);
	return true;
}

/* Takes a frame apart; false: it is not for us. */
static bool read_segment(uint8_t *frame, size_t len, struct segment *ret_segment)
{
	const struct ether_header *eth = (void *)frame;
	struct segment segment = {.frame = frame};

	if (len < ETH_HLEN)
		return false;
	if (eth->ether_type == htons(ETHERTYPE_IP)
	                ? !read_ip4(&segment, len - ETH_HLEN)
	                : eth->ether_type != htons(ETHERTYPE_IPV6) || !read_ip6(&segment, len - ETH_HLEN))
		return false;
	segment.tcp = (void *)(frame + ETH_HLEN + segment.ip_len);
	if (segment.tcp_len < sizeof(struct tcphdr) || segment.tcp_len < segment.tcp->doff * 4u)
		return false;
	segment.ends.peer_port = segment.tcp->source;
	segment.ends.self_port = segment.tcp->dest;
	segment.seq = ntohl(segment.tcp->seq);
	segment.ack = ntohl(segment.tcp->ack_seq);
	segment.n_data = segment.tcp_len - segment.tcp->doff * 4u;
	*ret_segment = segment;
	return ntohs(segment.ends.self_port) >= STUB_PLAIN && ntohs(segment.ends.self_port) < STUB_END;
}

static bool permits_sack(const struct segment *segment)
{
	const uint8_t *at = (const uint8_t *)(segment->tcp + 1);
	const uint8_t *end = (const uint8_t *)segment->tcp + segment->tcp->doff * 4;

	while (at < end && *at != TCPOPT_EOL) {
		if (*at == TCPOPT_SACK_PERMITTED)
			return true;
		if (*at != TCPOPT_NOP && (at + 1 == end || at[1] < 2))
			return false;
		at += *at == TCPOPT_NOP ? 1 : at[1];
	}
	return false;
}

/* ---- Answering ---- */

struct answer {
	uint32_t seq, ack;
	uint8_t flags;
	uint32_t n_options; /* bytes, a multiple of four */
	uint8_t options[STUB_OPTIONS_MAX];
};

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t build_ip(uint8_t *ip, const struct segment *segment, uint32_t tcp_len)
{
	if (segment->v6) {
		struct ip6_hdr header = {.ip6_plen = htons((uint16_t)tcp_len), .ip6_nxt = IPPROTO_TCP, .ip6_hlim = 64};

		header.ip6_vfc = 6 << 4;
		memcpy(&header.ip6_src, segment->ends.self, 16);
		memcpy(&header.ip6_dst, segment->ends.peer, 16);
		memcpy(ip, &header, sizeof(header));
		return sizeof(header);
	}
	struct iphdr header = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP, .frag_off = htons(IP_DF)};

	header.tot_len = htons((uint16_t)(sizeof(header) + tcp_len));
	memcpy(&header.saddr, segment->ends.self, 4);
	memcpy(&header.daddr, segment->ends.peer, 4);
	header.check = htons(fold(sum_bytes(&header, sizeof(header))));
	memcpy(ip, &header, sizeof(header));
	return sizeof(header);
}

static void send_answer(const struct stub *stub, const struct segment *segment, const struct answer *answer)
{
	uint32_t tcp_len = (uint32_t)sizeof(struct tcphdr) + answer->n_options, ip_len;
	struct tcphdr tcp = {.source = segment->ends.self_port, .dest = segment->ends.peer_port};
	uint8_t frame[STUB_FRAME_MAX];

	memcpy(frame, segment->frame + ETH_ALEN, ETH_ALEN);
	memcpy(frame + ETH_ALEN, segment->frame, ETH_ALEN);
	memcpy(frame + 2 * ETH_ALEN, segment->frame + 2 * ETH_ALEN, 2);
	ip_len = build_ip(frame + ETH_HLEN, segment, tcp_len);
	tcp.seq = htonl(answer->seq);
	tcp.ack_seq = htonl(answer->ack);
	tcp.doff = (tcp_len / 4) & 15;
	tcp.th_flags = answer->flags;
	tcp.window = htons(answer->flags & TH_RST ? 0 : 65160);
	memcpy(frame + ETH_HLEN + ip_len, &tcp, sizeof(tcp));
	memcpy(frame + ETH_HLEN + ip_len + sizeof(tcp), answer->options, answer->n_options);
	tcp.check = htons(tcp_checksum(frame, segment->v6, ip_len, tcp_len));
	memcpy(frame + ETH_HLEN + ip_len, &tcp, sizeof(tcp));
	if (send(stub->packet_fd, frame, ETH_HLEN + ip_len + tcp_len, 0) < 0)
		fprintf(stderr, "tcp_stub: send: %s\n", strerror(errno));
}

static void send_flags(
        const struct stub *stub, const struct segment *segment, uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct answer answer = {.seq = seq, .ack = ack, .flags = flags};

	send_answer(stub, segment, &answer);
}

static void send_bare_ack(const struct stub *stub, const struct segment *segment, const struct connection *connection)
{
	send_flags(stub, segment, TH_ACK, connection->iss + 1, connection->irs + 1);
}

static void send_syn_ack(const struct stub *stub, const struct segment *segment, const struct connection *connection)
{
	struct answer answer = {.seq = connection->iss, .ack = connection->irs + 1, .flags = TH_SYN | TH_ACK};
	static const uint8_t options[] = {
	        TCPOPT_MAXSEG, 4, 1460 >> 8, 1460 & 255, TCPOPT_NOP, TCPOPT_NOP, TCPOPT_SACK_PERMITTED, 2};

	answer.n_options = connection->sack ? 8 : 4;
	memcpy(answer.options, options, answer.n_options);
	send_answer(stub, segment, &answer);
}

/* With `first`, if it is not NULL, and then the newest of what the connection has. */
static void send_sack(const struct stub *stub, const struct segment *segment, const struct connection *connection,
        const struct block *first)
{
	struct answer answer = {.seq = connection->iss + 1, .ack = connection->irs + 1, .flags = TH_ACK};
	struct block shown[STUB_BLOCKS_SHOWN];
	uint32_t n = 0;

	if (first)
		shown[n++] = *first;
	for (uint32_t i = 0; i < connection->n_blocks && n < STUB_BLOCKS_SHOWN; i++)
		shown[n++] = connection->blocks[i];
	answer.n_options = 4 + 8 * n;
	memcpy(answer.options, (uint8_t[]){TCPOPT_NOP, TCPOPT_NOP, TCPOPT_SACK, (uint8_t)(2 + 8 * n)}, 4);
	for (uint32_t i = 0; i < n; i++) {
		put32(answer.options + 4 + 8 * i, shown[i].left);
		put32(answer.options + 8 + 8 * i, shown[i].right);
	}
	send_answer(stub, segment, &answer);
}

/* What nobody sent to us: alone, so that nothing in it is true. */
static void send_forged(struct stub *stub, const struct segment *segment, const struct connection *connection)
{
	struct connection forged = {.irs = connection->irs, .iss = connection->iss, .n_blocks = 1};

	forged.blocks[0].left = connection->irs + STUB_FORGED;
	forged.blocks[0].right = forged.blocks[0].left + 1;
	stub->stats.forged++;
	send_sack(stub, segment, &forged, NULL);
}

/* ---- Connections ---- */

static struct connection *find(const struct stub *stub, const struct ends *ends)
{
	for (uint64_t i = 0; i < stub->stats.open; i++) {
		if (memcmp(&stub->connections[i].ends, ends, sizeof(*ends)) == 0)
			return &stub->connections[i];
	}
	return NULL;
}

static void forget(struct stub *stub, struct connection *connection)
{
	*connection = stub->connections[--stub->stats.open];
}

static struct connection *begin(struct stub *stub, const struct segment *segment)
{
	struct connection *connection;

	if (stub->stats.open == STUB_CONNECTIONS_MAX) {
		stub->stats.overflow++;
		return NULL;
	}
	connection = &stub->connections[stub->stats.open++];
	*connection =
	        (struct connection){.ends = segment->ends, .irs = segment->seq, .iss = ~segment->seq * 2654435761u};
	connection->sack = ntohs(segment->ends.self_port) != STUB_WITHOUT && permits_sack(segment);
	return connection;
}

/* Adds the segment's data, joined with what it touches, in front. Returns whether all of it was there before. */
static bool add_block(struct connection *connection, const struct block *data)
{
	struct block joined = *data;
	bool known = false;
	uint32_t n = 0;

	for (uint32_t i = 0; i < connection->n_blocks; i++) {
		struct block block = connection->blocks[i];

		if ((int32_t)(block.left - data->right) > 0 || (int32_t)(data->left - block.right) > 0) {
			connection->blocks[n++] = block;
			continue;
		}
		known |= (int32_t)(data->left - block.left) >= 0 && (int32_t)(block.right - data->right) >= 0;
		if ((int32_t)(block.left - joined.left) < 0)
			joined.left = block.left;
		if ((int32_t)(block.right - joined.right) > 0)
			joined.right = block.right;
	}
	n = n < STUB_BLOCKS_MAX ? n : STUB_BLOCKS_MAX - 1;
	memmove(connection->blocks + 1, connection->blocks, n * sizeof(*connection->blocks));
	connection->blocks[0] = joined;
	connection->n_blocks = n + 1;
	return known;
}

/* As a careful receiver does: a D-SACK block first when the data was there before. */
static void acknowledge(
        struct stub *stub, const struct segment *segment, struct connection *connection, const struct block *data)
{
	bool known = add_block(connection, data);

	stub->stats.sacks++;
	send_sack(stub, segment, connection, known ? data : NULL);
}

static void on_data(struct stub *stub, const struct segment *segment, struct connection *connection)
{
	struct block data = {.left = segment->seq, .right = segment->seq + segment->n_data};
	enum stub_mode mode = ntohs(segment->ends.self_port);

	stub->stats.segments++;
	if (mode == STUB_LIAR || mode == STUB_FORGER)
		send_forged(stub, segment, connection);
	if (mode == STUB_SILENT || mode == STUB_FORGER)
		return;
	if (mode == STUB_RESET) {
		send_flags(stub, segment, TH_RST, segment->ack, 0);
		forget(stub, connection);
	} else if (mode == STUB_BARE || !connection->sack) {
		send_bare_ack(stub, segment, connection);
	} else if (mode == STUB_LOSSY && connection->n_lost < STUB_N_LOST) {
		add_block(connection, &data);
		connection->n_lost++;
		stub->stats.lost++;
	} else {
		acknowledge(stub, segment, connection, &data);
		if (mode == STUB_DUPLICATED)
			acknowledge(stub, segment, connection, &data);
		if (mode == STUB_TWICE)
			send_sack(stub, segment, connection, NULL);
	}
}

static void on_ack(struct stub *stub, const struct segment *segment, struct connection *connection)
{
	if (segment->ack != connection->iss + 1) {
		stub->stats.bad_ack++;
		return;
	}
	if (!connection->established && ntohs(segment->ends.self_port) == STUB_LOST_ACK && !connection->n_lost++) {
		stub->stats.lost++;
		send_syn_ack(stub, segment, connection);
		return;
	}
	stub->stats.opened += !connection->established;
	connection->established = true;
	if (segment->n_data && (int32_t)(segment->seq - connection->irs - 1) <= 0)
		stub->stats.bytes += segment->n_data;
	else if (segment->n_data)
		on_data(stub, segment, connection);
}

static void on_reset(struct stub *stub, const struct segment *segment, struct connection *connection)
{
	if (segment->seq != connection->irs + 1) {
		stub->stats.bad_reset++;
		send_bare_ack(stub, segment, connection);
		return;
	}
	stub->stats.resets++;
	forget(stub, connection);
}

/* Another SYN of the same ends: the old connection stands, whatever it is about (RFC 9293, 3.10.7.4). */
static void on_syn(struct stub *stub, const struct segment *segment, struct connection *connection)
{
	stub->stats.syns++;
	if (connection && (connection->established || connection->irs != segment->seq)) {
		send_bare_ack(stub, segment, connection);
		return;
	}
	if (!connection)
		connection = begin(stub, segment);
	if (!connection)
		return;
	send_syn_ack(stub, segment, connection);
	if (ntohs(segment->ends.self_port) == STUB_TWICE)
		send_syn_ack(stub, segment, connection);
}

static void on_segment(struct stub *stub, const struct segment *segment)
{
	struct connection *connection = find(stub, &segment->ends);
	uint8_t flags = segment->tcp->th_flags & (TH_SYN | TH_RST | TH_ACK);

	if (tcp_checksum(segment->frame, segment->v6, segment->ip_len, segment->tcp_len))
		stub->stats.bad_checksum++;
	else if (flags == TH_SYN)
		on_syn(stub, segment, connection);
	else if (connection && (flags & TH_RST))
		on_reset(stub, segment, connection);
	else if (connection && flags == TH_ACK)
		on_ack(stub, segment, connection);
	else if (flags == TH_ACK)
		send_flags(stub, segment, TH_RST, segment->ack, 0);
}

/* ---- Running ---- */

/* By rename, so that a reader never sees half a file. */
static int write_stats(const struct stub *stub)
{
	char tmp[4096];
	FILE *file;

	if (snprintf(tmp, sizeof(tmp), "%s.new", stub->stats_path) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	file = fopen(tmp, "w");
	if (!file)
		return -errno;
#define STATS_PRINT(name) fprintf(file, #name " %llu\n", (unsigned long long)stub->stats.name);
	STATS(STATS_PRINT)
	if (fclose(file))
		return -errno;
	return rename(tmp, stub->stats_path) ? -errno : 0;
}

static int receive(struct stub *stub)
{
	_Alignas(4) uint8_t room[2 + STUB_FRAME_MAX];
	struct sockaddr_ll from = {0};
	socklen_t from_len = sizeof(from);
	struct segment segment;
	ssize_t n;

	n = recvfrom(stub->packet_fd, room + 2, STUB_FRAME_MAX, 0, (struct sockaddr *)&from, &from_len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (from.sll_pkttype != PACKET_OUTGOING && read_segment(room + 2, (size_t)n, &segment))
		on_segment(stub, &segment);
	return 0;
}

/* 1: time to end, 0: go on, or -errno. */
static int on_signal(const struct stub *stub)
{
	struct signalfd_siginfo info;

	if (read(stub->signal_fd, &info, sizeof(info)) != sizeof(info))
		return -EIO;
	return info.ssi_signo == SIGUSR1 ? write_stats(stub) : 1;
}

static int run(struct stub *stub)
{
	struct pollfd fds[] = {{.fd = stub->packet_fd, .events = POLLIN}, {.fd = stub->signal_fd, .events = POLLIN}};
	int rc = 0;

	while (rc == 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			rc = receive(stub);
		if (rc == 0 && fds[1].revents)
			rc = on_signal(stub);
	}
	return rc < 0 ? rc : write_stats(stub);
}

static int open_all(struct stub *stub, const char *interface, unsigned int seconds)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int size = 16 << 20;
	sigset_t set;

	addr.sll_ifindex = (int)if_nametoindex(interface);
	stub->connections = calloc(STUB_CONNECTIONS_MAX, sizeof(*stub->connections));
	if (!addr.sll_ifindex || !stub->connections)
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGALRM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	stub->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	stub->packet_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stub->signal_fd < 0 || stub->packet_fd < 0 ||
	        setsockopt(stub->packet_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	        bind(stub->packet_fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	alarm(seconds);
	return 0;
}

int main(int argc, char **argv)
{
	struct stub stub = {.packet_fd = -1, .signal_fd = -1};
	unsigned long seconds;
	char *end;
	int rc;

	seconds = argc == 4 ? strtoul(argv[1], &end, 10) : 0;
	if (!seconds || *end || seconds > 86400) {
		fprintf(stderr, "usage: tcp_stub SECONDS STATSFILE INTERFACE\n");
		return 2;
	}
	stub.stats_path = argv[2];
	rc = open_all(&stub, argv[3], (unsigned int)seconds);
	if (!rc) {
		printf("ready\n");
		fflush(stdout);
		rc = run(&stub);
	}
	if (rc)
		fprintf(stderr, "tcp_stub: %s\n", strerror(-rc));
	free(stub.connections);
	return rc ? 1 : 0;
}
