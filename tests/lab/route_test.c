// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * route_test.c: shows what route.h and host.h say, as key=value lines that
 * test_route.sh compares with what the system's own tools say. Decides nothing.
 *
 *   link NAME | link -INDEX             route DST [oif INDEX] [src ADDR]
 *   routes one|many [oif INDEX] [src ADDR], destinations from standard input, a line of output each
 *   neigh INDEX ADDR TIMEOUT_MS         storm COUNT DST
 *   ports N tcp|udp|both [hold]         facts
 *   file PATH MAX_BYTES                 bind tcp|udp ADDR PORT (IPv4; holds it)
 *
 * LOSE=N in the environment: the first N answers of the kernel come too late,
 * after ENOBUFS (or EINTR, EAGAIN: LOSE_AS). SMALL=1: a netlink socket has room for few answers; DEAF=1: for none that
 * come together. NO_IPV6=1: as on a host whose kernel runs without IPv6.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/addr.h"
#include "io/host.h"
#include "io/route.h"

/* Stands before libmnl's: reports a lost answer but leaves it in the queue, where it meets the next request. */
ssize_t mnl_socket_recvfrom(const struct mnl_socket *sock, void *buf, size_t size)
{
	static int lose = -1;
	ssize_t (*next)(const struct mnl_socket *, void *, size_t);
	void *symbol = dlsym(RTLD_NEXT, "mnl_socket_recvfrom");
	const char *how = getenv("LOSE_AS");

	if (lose < 0)
		lose = getenv("LOSE") ? atoi(getenv("LOSE")) : 0;
	if (lose > 0) {
		lose--;
		errno = how && strcmp(how, "EINTR") == 0 ? EINTR : how && strcmp(how, "EAGAIN") == 0 ? EAGAIN : ENOBUFS;
		return -1;
	}
	memcpy(&next, &symbol, sizeof(next));
	return next(sock, buf, size);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout)
{
	int (*next)(int, struct mmsghdr *, unsigned, int, struct timespec *);
	void *symbol = dlsym(RTLD_NEXT, "recvmmsg");

	if (getenv("DEAF")) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(&next, &symbol, sizeof(next));
	return next(fd, messages, n, flags, timeout);
}

int socket(int family, int type, int protocol)
{
	int (*next)(int, int, int), fd, least = 1;
	void *symbol = dlsym(RTLD_NEXT, "socket");

	if (family == AF_INET6 && getenv("NO_IPV6")) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	memcpy(&next, &symbol, sizeof(next));
	fd = next(family, type, protocol);
	if (fd >= 0 && family == AF_NETLINK && getenv("SMALL"))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	return fd;
}

static int show_rc(int rc, const struct cp_err *err)
{
	printf("rc=%s\n", rc ? strerrorname_np(-rc) : "0");
	if (rc)
		printf("err=%s\n", err->text);
	return 0;
}

static void show_addr(const char *key, const struct cp_addr *addr)
{
	char text[CP_ADDR_STRLEN];

	printf("%s=%s\n", key, cp_addr_format(addr, text));
}

static void show_mac(const uint8_t mac[6])
{
	printf("mac=%02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static int run_link(struct cp_rtnl *rtnl, char **args)
{
	bool by_index = args[0][0] == '-';
	struct cp_link link;
	struct cp_err err = {""};
	int rc = cp_link_get(rtnl, by_index ? NULL : args[0], by_index ? (uint32_t)atoi(args[0] + 1) : 0, &link, &err);

	show_rc(rc, &err);
	if (rc)
		return 0;
	printf("ifindex=%u\nname=%s\nup=%d\nloopback=%d\nl3=%d\n", link.ifindex, link.name, link.up, link.loopback,
	        link.l3);
	show_mac(link.mac);
	printf("mtu=%u\nn_rx_queues=%u\nn_tx_queues=%u\n", link.mtu, link.n_rx_queues, link.n_tx_queues);
	printf("xdp_mode=%u\nxdp_prog_id=%u\n", link.xdp_mode, link.xdp_prog_id);
	printf("kind=%s\ndriver=%s\ntx_packets=%" PRIu64 "\n", link.kind, link.driver, link.tx_packets);
	return 0;
}

/* [oif INDEX] [src ADDR] */
static int read_constraints(char **args, uint32_t *ret_ifindex, struct cp_addr *ret_src, bool *ret_has_src)
{
	for (; args[0] && args[1]; args += 2) {
		if (strcmp(args[0], "oif") == 0)
			*ret_ifindex = (uint32_t)atoi(args[1]);
		else if (cp_addr_parse(args[1], ret_src) == 0)
			*ret_has_src = true;
		else
			return 2;
	}
	return 0;
}

static int run_route(struct cp_rtnl *rtnl, char **args)
{
	struct cp_addr dst, src;
	struct cp_route route;
	struct cp_err err = {""};
	bool has_src = false;
	uint32_t ifindex = 0;
	int rc;

	if (cp_addr_parse(args[0], &dst) || read_constraints(args + 1, &ifindex, &src, &has_src))
		return 2;
	rc = cp_route_get(rtnl, &dst, ifindex, has_src ? &src : NULL, &route, &err);
	show_rc(rc, &err);
	if (rc)
		return 0;
	printf("ifindex=%u\n", route.ifindex);
	show_addr("src", &route.src);
	show_addr("nexthop", &route.nexthop);
	return 0;
}

static int run_routes(struct cp_rtnl *rtnl, char **args)
{
	char line[64], src_text[CP_ADDR_STRLEN], hop_text[CP_ADDR_STRLEN];
	struct cp_route routes[CP_ROUTES_MAX];
	struct cp_addr dsts[CP_ROUTES_MAX], src;
	struct cp_err err = {""};
	int rcs[CP_ROUTES_MAX];
	bool has_src = false, many = strcmp(args[0], "many") == 0;
	uint32_t ifindex = 0, n;

	if (read_constraints(args + 1, &ifindex, &src, &has_src))
		return 2;
	do {
		for (n = 0; n < CP_ROUTES_MAX && fgets(line, sizeof(line), stdin); n++) {
			line[strcspn(line, "\n")] = '\0';
			if (cp_addr_parse(line, &dsts[n]))
				return 2;
		}
		if (many)
			cp_routes_get(rtnl, dsts, n, ifindex, has_src ? &src : NULL, routes, rcs, &err);
		for (uint32_t i = 0; i < n; i++) {
			if (!many)
				rcs[i] = cp_route_get(rtnl, &dsts[i], ifindex, has_src ? &src : NULL, &routes[i], &err);
			printf("%s ", cp_addr_format(&dsts[i], src_text));
			if (rcs[i])
				printf("%s\n", strerrorname_np(-rcs[i]));
			else
				printf("%u %s %s\n", routes[i].ifindex, cp_addr_format(&routes[i].src, src_text),
				        cp_addr_format(&routes[i].nexthop, hop_text));
		}
	} while (n);
	if (err.text[0])
		printf("err=%s\n", err.text);
	return 0;
}

static int run_neigh(struct cp_rtnl *rtnl, char **args)
{
	struct cp_addr addr;
	struct cp_err err = {""};
	uint8_t mac[6];
	int rc;

	if (!args[1] || !args[2] || cp_addr_parse(args[1], &addr))
		return 2;
	rc = cp_neigh_get(rtnl, (uint32_t)atoi(args[0]), &addr, (unsigned)atoi(args[2]), mac, &err);
	show_rc(rc, &err);
	if (!rc)
		show_mac(mac);
	return 0;
}

static void on_alarm(int signum)
{
	(void)signum;
}

/* Many requests on one handle while signals interrupt the system calls. */
static int run_storm(struct cp_rtnl *rtnl, char **args)
{
	const struct itimerval timer = {.it_interval.tv_usec = 200, .it_value.tv_usec = 200};
	const struct sigaction action = {.sa_handler = on_alarm};
	struct cp_route route;
	struct cp_addr dst;
	struct cp_err err;
	int n_ok = 0;

	if (!args[1] || cp_addr_parse(args[1], &dst))
		return 2;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < atoi(args[0]); i++)
		n_ok += cp_route_get(rtnl, &dst, 0, NULL, &route, &err) == 0;
	printf("ok=%d\n", n_ok);
	return 0;
}

static int hold_ports(char **args, uint8_t proto, struct cp_ports **ret_ports)
{
	struct cp_err err = {""};
	uint16_t base = 0;
	int rc = cp_ports_reserve((uint16_t)atoi(args[0]), proto, ret_ports, &base, &err);

	show_rc(rc, &err);
	if (!rc)
		printf("base=%u\n", base);
	return rc;
}

static int run_ports(struct cp_rtnl *rtnl, char **args)
{
	struct cp_ports *ports[2] = {NULL, NULL};

	(void)rtnl;
	if (!args[1])
		return 2;
	if (strcmp(args[1], "udp") != 0)
		hold_ports(args, IPPROTO_TCP, &ports[0]);
	if (strcmp(args[1], "tcp") != 0)
		hold_ports(args, IPPROTO_UDP, &ports[1]);
	fflush(stdout);
	while (args[2])
		pause();
	cp_ports_release(ports[0]);
	cp_ports_release(ports[1]);
	return 0;
}

/* Another program's port. */
static int run_bind(struct cp_rtnl *rtnl, char **args)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	int fd;

	(void)rtnl;
	if (!args[1] || !args[2] || inet_pton(AF_INET, args[1], &name.sin_addr) != 1)
		return 2;
	name.sin_port = htons((uint16_t)atoi(args[2]));
	fd = socket(AF_INET, strcmp(args[0], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0)
		return 2;
	printf("base=%s\n", args[2]);
	fflush(stdout);
	pause();
	return 0;
}

static int run_facts(struct cp_rtnl *rtnl, char **args)
{
	char name[256] = "", kernel[256] = "", tiny[2] = "";
	uint8_t random[2][64] = {{0}, {0}};
	uint32_t inum = 0;
	uint64_t caps = 0, before = cp_host_clock_mono_ns();
	bool azure = false;

	(void)rtnl;
	(void)args;
	show_rc(cp_host_in_azure(&azure), &(struct cp_err){""});
	show_rc(cp_host_name(name, sizeof(name)), &(struct cp_err){""});
	show_rc(cp_host_kernel(kernel, sizeof(kernel)), &(struct cp_err){""});
	show_rc(cp_host_caps(&caps), &(struct cp_err){""});
	show_rc(cp_host_netns_inum(&inum), &(struct cp_err){""});
	show_rc(cp_host_random(random[0], sizeof(random[0])), &(struct cp_err){""});
	show_rc(cp_host_random(random[1], sizeof(random[1])), &(struct cp_err){""});
	printf("azure=%d\nname=%s\nkernel=%s\ncaps=%016" PRIx64 "\nnetns=%u\n", azure, name, kernel, caps, inum);
	printf("random_differs=%d\n", memcmp(random[0], random[1], sizeof(random[0])) != 0);
	printf("tiny=%s\n", strerrorname_np(-cp_host_kernel(tiny, sizeof(tiny))));
	printf("wall_ms=%" PRIu64 "\nmono_ns=%" PRIu64 "\n", cp_host_clock_wall_ms(), before);
	printf("mono_grows=%d\n", cp_host_clock_mono_ns() >= before);
	return 0;
}

static int run_file(struct cp_rtnl *rtnl, char **args)
{
	struct cp_err err = {""};
	char *text = NULL;
	size_t len = 0;
	int rc;

	(void)rtnl;
	if (!args[1])
		return 2;
	rc = cp_host_file_read(args[0], strtoul(args[1], NULL, 10), &text, &len, &err);
	show_rc(rc, &err);
	printf("len=%zu\nterminated=%d\n", len, text && text[len] == '\0');
	if (text)
		fwrite(text, 1, len, stdout);
	free(text);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct cp_rtnl *rtnl, char **args);
} commands[] = {
        {"link", run_link},
        {"route", run_route},
        {"routes", run_routes},
        {"neigh", run_neigh},
        {"storm", run_storm},
        {"ports", run_ports},
        {"bind", run_bind},
        {"facts", run_facts},
        {"file", run_file},
};

int main(int argc, char **argv)
{
	struct cp_err err = {""};
	struct cp_rtnl *rtnl;
	int rc = 2;

	if (argc < 2 || (argc < 3 && strcmp(argv[1], "facts") != 0))
		return 2;
	rc = cp_rtnl_open(&rtnl, &err);
	if (rc)
		return show_rc(rc, &err);
	rc = 2;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			rc = commands[i].run(rtnl, argv + 2);
	cp_rtnl_close(rtnl);
	return rc;
}
