// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dns_channel.c: c-ares channels, their sockets and their order of servers. Must
 * not know questions or replies.
 *
 * Every reply is handed over (NOCHECKRESP): without it c-ares reports a SERVFAIL
 * as a refused connection. A server that fails or refuses has to be passed over
 * by the caller then, which is why there is a channel for each.
 */
#include "dns_channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/target.h"

#define TIMEOUT_MS 2000
#define TRIES 3
#define RCVBUF_BYTES (4 << 20)
#define SNDBUF_BYTES (1 << 20)
#define EDNS_BYTES 1232 /* fits any path without fragments */
#define DNS_PORT 53

static ares_socket_t open_socket(int family, int type, int protocol, void *ctx)
{
	static const int rcvbuf = RCVBUF_BYTES, sndbuf = SNDBUF_BYTES;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	(void)ctx;
	if (fd < 0 || type != SOCK_DGRAM)
		return fd;
	/* A windowful of replies may come at once. Beyond the system's limit only as root; the rest is a retry. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
	return fd;
}

static int close_socket(ares_socket_t fd, void *ctx)
{
	(void)ctx;
	return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *addr, ares_socklen_t len, void *ctx)
{
	(void)ctx;
	return connect(fd, addr, len);
}

static ares_ssize_t receive(
        ares_socket_t fd, void *buf, size_t size, int flags, struct sockaddr *from, ares_socklen_t *from_len, void *ctx)
{
	(void)ctx;
	return recvfrom(fd, buf, size, flags, from, from_len);
}

/* c-ares itself would write(2), and a server that hangs up would kill the process. */
static ares_ssize_t transmit(ares_socket_t fd, const struct iovec *iov, int n_iov, void *ctx)
{
	const struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)n_iov};

	(void)ctx;
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static int ares_failed(int status, const char *what, struct cp_err *err)
{
	if (status == ARES_ENOMEM)
		return cp_err_set(err, -ENOMEM, "out of memory for the DNS resolver");
	return cp_err_set(err, -EIO, "DNS resolver: %s: %s", what, ares_strerror(status));
}

/* "addr", "addr:port" or "[v6]:port" is a target whose host is an address; port 53 where it does not say. */
static int parse_server(const char *text, struct ares_addr_port_node *ret_server, struct cp_err *err)
{
	static const struct cp_target_defaults dns = {.port = DNS_PORT, .proto = IPPROTO_UDP};
	struct cp_targets list = {0};
	struct cp_err why = {{0}};
	struct cp_addr addr;
	int rc = cp_targets_add(&list, text, &dns, &why);

	if (rc < 0) {
		cp_err_set(err, rc, "resolver %s", why.text);
	} else if (cp_addr_parse(list.items[0].host, &addr) < 0 || strchr(text, '/')) {
		rc = cp_err_set(err, -EINVAL, "resolver \"%s\": write its address, with :port when it is not %d",
		        list.items[0].host, DNS_PORT);
	} else {
		const struct cp_target *server = &list.items[0];
		bool is_v4 = cp_addr_is_v4(&addr);

		*ret_server = (struct ares_addr_port_node){
		        .family = is_v4 ? AF_INET : AF_INET6,
		        .udp_port = server->port,
		        .tcp_port = server->port,
		};
		memcpy(&ret_server->addr, addr.b + (is_v4 ? 12 : 0), is_v4 ? 4 : 16);
	}
	cp_targets_free(&list);
	return rc;
}

/* Opens a channel to the configured server, or to the system's. */
static int open_channel(
        const struct cp_resolve_config *config, unsigned int tries, ares_channel *ret_channel, struct cp_err *err)
{
	static const struct ares_socket_functions functions = {
	        .asocket = open_socket,
	        .aclose = close_socket,
	        .aconnect = connect_socket,
	        .arecvfrom = receive,
	        .asendv = transmit,
	};
	struct ares_options options = {
	        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS,
	        .timeout = (int)(config->timeout_ms ? config->timeout_ms : TIMEOUT_MS),
	        .tries = (int)tries,
	        .ednspsz = EDNS_BYTES,
	};
	struct ares_addr_port_node server;
	ares_channel channel;
	int rc = config->server ? parse_server(config->server, &server, err) : 0, status;

	if (rc < 0)
		return rc;
	status = ares_init_options(&channel, &options,
	        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_NOROTATE);
	if (status != ARES_SUCCESS)
		return ares_failed(status, "cannot start", err);
	if (config->server && (status = ares_set_servers_ports(channel, &server)) != ARES_SUCCESS) {
		ares_destroy(channel);
		return ares_failed(status, "cannot set the server", err);
	}
	ares_set_socket_functions(channel, &functions, NULL);
	*ret_channel = channel;
	return 0;
}

/* Puts server k of a list of n first and keeps the order otherwise. */
static int rotate_servers(ares_channel channel, unsigned int k, unsigned int n, struct cp_err *err)
{
	struct ares_addr_port_node *list, rotated[CP_DNS_CHANNELS_MAX];
	int status = ares_get_servers_ports(channel, &list);
	unsigned int i = 0;

	if (status != ARES_SUCCESS)
		return ares_failed(status, "cannot read the servers", err);
	for (const struct ares_addr_port_node *server = list; server && i < n; server = server->next, i++) {
		unsigned int place = (i + n - k) % n;

		rotated[place] = *server;
		rotated[place].next = place + 1 < n ? &rotated[place + 1] : NULL;
	}
	ares_free_data(list);
	status = ares_set_servers_ports(channel, rotated);
	return status == ARES_SUCCESS ? 0 : ares_failed(status, "cannot set the servers", err);
}

static int count_servers(ares_channel channel, unsigned int *ret_n, struct cp_err *err)
{
	struct ares_addr_port_node *list;
	int status = ares_get_servers_ports(channel, &list);
	unsigned int n = 0;

	if (status != ARES_SUCCESS)
		return ares_failed(status, "cannot read the servers", err);
	for (const struct ares_addr_port_node *server = list; server && n < CP_DNS_CHANNELS_MAX; server = server->next)
		n++;
	ares_free_data(list);
	*ret_n = n;
	return 0;
}

int cp_dns_channels_open(
        const struct cp_resolve_config *config, struct cp_dns_channels *ret_channels, struct cp_err *err)
{
	struct cp_dns_channels channels = {.tries = config->tries ? config->tries : TRIES};
	unsigned int n_servers = 0;
	int status = ares_library_init(ARES_LIB_INIT_ALL), rc;

	if (status != ARES_SUCCESS)
		return ares_failed(status, "cannot start", err);
	channels.is_open = true;
	rc = open_channel(config, channels.tries, &channels.items[0], err);
	channels.n = rc == 0;
	if (rc == 0)
		rc = count_servers(channels.items[0], &n_servers, err);
	while (rc == 0 && channels.n < n_servers) {
		rc = open_channel(config, channels.tries, &channels.items[channels.n], err);
		if (rc == 0) {
			channels.n++;
			rc = rotate_servers(channels.items[channels.n - 1], channels.n - 1, n_servers, err);
		}
	}
	if (rc < 0)
		cp_dns_channels_close(&channels);
	else
		*ret_channels = channels;
	return rc;
}

void cp_dns_channels_close(struct cp_dns_channels *channels)
{
	if (!channels || !channels->is_open)
		return;
	for (unsigned int k = 0; k < channels->n; k++)
		ares_destroy(channels->items[k]);
	ares_library_cleanup();
	*channels = (struct cp_dns_channels){0};
}

/* Appends "addr:port" or "[v6]:port". 0, or -ENOSPC when buf is full. */
static int append_server(const struct ares_addr_port_node *server, char *buf, size_t size)
{
	bool is_v6 = server->family == AF_INET6;
	int port = server->udp_port ? server->udp_port : DNS_PORT;
	size_t len = strlen(buf);
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(server->family, &server->addr, addr, sizeof(addr));

	int n = snprintf(buf + len, size - len, is_v6 ? "%s[%s]:%d" : "%s%s:%d", len ? "," : "", addr, port);

	return n >= 0 && (size_t)n < size - len ? 0 : -ENOSPC;
}

int cp_resolve_describe(const struct cp_resolve_config *config, char *buf, size_t size)
{
	struct ares_addr_port_node *list = NULL;
	struct cp_dns_channels channels = {0};
	char text[512] = "";
	int rc = cp_dns_channels_open(config, &channels, NULL);

	if (rc == 0)
		rc = ares_get_servers_ports(channels.items[0], &list) == ARES_SUCCESS ? 0 : -EIO;
	for (const struct ares_addr_port_node *server = list; rc == 0 && server; server = server->next)
		rc = append_server(server, text, sizeof(text));
	if (list)
		ares_free_data(list);
	cp_dns_channels_close(&channels);
	if (rc == 0 && strlen(text) >= size)
		rc = -ENOSPC;
	if (rc == 0)
		strcpy(buf, text);
	return rc;
}
