// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * host.c: facts about the machine and this process, and the source ports that
 * it holds. Must not know routes, links or the datapath.
 */
#include "io/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cp_wire.h"

#define CP_ASSET_TAG_PATH "/sys/class/dmi/id/chassis_asset_tag"
#define CP_ASSET_TAG_AZURE "7783-7084-3265-9085-8269-3286-77"

static int cp_host_copy(const char *text, char *buf, size_t size)
{
	if (strlen(text) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, text);
	return 0;
}

int cp_host_in_azure(bool *ret_in_azure)
{
	char *text;
	size_t len;
	int rc = cp_host_file_read(CP_ASSET_TAG_PATH, 4096, &text, &len, NULL);

	if (rc == -ENOENT) {
		*ret_in_azure = false;
		return 0;
	}
	if (rc)
		return rc;
	text[strcspn(text, "\n")] = '\0';
	*ret_in_azure = strcmp(text, CP_ASSET_TAG_AZURE) == 0;
	free(text);
	return 0;
}

int cp_host_name(char *buf, size_t size)
{
	struct utsname name;

	return uname(&name) < 0 ? -errno : cp_host_copy(name.nodename, buf, size);
}

int cp_host_kernel(char *buf, size_t size)
{
	struct utsname name;

	return uname(&name) < 0 ? -errno : cp_host_copy(name.release, buf, size);
}

int cp_host_caps(uint64_t *ret_effective)
{
	static const char key[] = "\nCapEff:";
	char *text, *at, *end;
	uint64_t effective;
	size_t len;
	int rc = cp_host_file_read("/proc/self/status", 65536, &text, &len, NULL);

	if (rc)
		return rc;
	at = strstr(text, key);
	end = at;
	effective = at ? strtoull(at + sizeof(key) - 1, &end, 16) : 0;
	rc = !at || end == at + sizeof(key) - 1 ? -EBADMSG : 0;
	free(text);
	if (!rc)
		*ret_effective = effective;
	return rc;
}

int cp_host_missing_caps(char *buf, size_t size)
{
	static const struct {
		unsigned bit, instead; /* CAP_SYS_ADMIN stands in for the younger two */
		const char *name;
	} needed[] = {
	        {CAP_NET_ADMIN, CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	        {CAP_BPF, CAP_SYS_ADMIN, "CAP_BPF"},
	        {CAP_PERFMON, CAP_SYS_ADMIN, "CAP_PERFMON"},
	};
	char names[64] = "";
	uint64_t caps;
	int rc = cp_host_caps(&caps);

	for (size_t i = 0; rc == 0 && i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!(caps & (1ull << needed[i].bit | 1ull << needed[i].instead)))
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", names[0] ? ", " : "",
			        needed[i].name);
	}
	return rc ? rc : cp_host_copy(names, buf, size);
}

int cp_host_netns_inum(uint32_t *ret_inum)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st) < 0)
		return -errno;
	*ret_inum = (uint32_t)st.st_ino;
	return 0;
}

static int cp_host_fd_read(int fd, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	size_t len = 0, size = 0;
	char *text = NULL, *grown;
	ssize_t n = 1;
	int rc = 0;

	while (!rc && n > 0) {
		/* Always room for a byte too many, which tells a full file from one that is too big, and for the NUL.
		 */
		if (size - len < 2) {
			size = size ? size * 2 : 4096;
			grown = realloc(text, size);
			if (!grown) {
				rc = -ENOMEM;
				break;
			}
			text = grown;
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0)
			rc = -errno;
		else
			len += (size_t)n;
		if (len > max_bytes)
			rc = -EFBIG;
	}
	if (rc) {
		free(text);
		return rc;
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int cp_host_file_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct cp_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	int rc, fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	rc = fd < 0 ? -errno : cp_host_fd_read(fd, max_bytes, ret_text, ret_len);
	if (fd >= 0 && !is_stdin)
		close(fd);
	if (rc == -EFBIG)
		cp_err_set(err, rc, "%s is larger than %zu bytes: split it", name, max_bytes);
	else if (rc)
		cp_err_set(err, rc, "cannot read %s: %s", name, strerror(-rc));
	return rc;
}

int cp_host_random(void *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = getrandom((char *)buf + done, size - done, 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t cp_host_clock_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t cp_host_clock_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t cp_host_clock_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

#define CP_PORT_FIRST 1024u /* the ones below belong to services */
#define CP_PORT_END 65536u

struct cp_ports {
	unsigned n;
	int fds[CP_PORTS_MAX];
};

/* Marks the ports of "a-b,c,..." (or "a b": the form of ip_local_port_range). A host without the file has none. */
static int cp_ports_avoid(const char *path, bool avoid[CP_PORT_END])
{
	unsigned long first, last;
	char *text, *at, *end;
	size_t len;
	int rc = cp_host_file_read(path, 1u << 20, &text, &len, NULL);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	for (at = text; *at && *at != '\n'; at = *end == ',' ? end + 1 : end) {
		first = last = strtoul(at, &end, 10);
		if (end != at && (*end == '-' || *end == '\t' || *end == ' '))
			last = strtoul(end + 1, &end, 10);
		if (end == at || first > last || last >= CP_PORT_END) {
			rc = -EBADMSG;
			break;
		}
		memset(avoid + first, true, last - first + 1);
	}
	free(text);
	return rc;
}

/* The ports from which n in a row may be held, in order. Returns how many. */
static unsigned cp_ports_candidates(const bool avoid[CP_PORT_END], unsigned n, uint16_t ret_bases[CP_PORT_END])
{
	unsigned run = 0, n_bases = 0;

	for (unsigned port = CP_PORT_FIRST; port < CP_PORT_END; port++) {
		run = avoid[port] ? 0 : run + 1;
		if (run >= n)
			ret_bases[n_bases++] = (uint16_t)(port - n + 1);
	}
	return n_bases;
}

static int cp_ports_bind(int family, uint8_t proto, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = cp_swap16(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = cp_swap16(port)};
	bool is_v6 = family == AF_INET6;
	int fd = socket(family, (proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, proto);
	int off = 0, rc;

	if (fd < 0)
		return -errno;
	/* Without SO_REUSEADDR and never listening: nobody else can bind the port, nothing connects to it. */
	if ((is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
	        bind(fd, is_v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4,
	                is_v6 ? sizeof(v6) : sizeof(v4)) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static void cp_ports_drop(struct cp_ports *ports)
{
	while (ports->n)
		close(ports->fds[--ports->n]);
}

/* Holds base .. base + n - 1, or nothing; on failure *ret_busy is the port that would not. */
static int cp_ports_hold(struct cp_ports *ports, unsigned base, unsigned n, uint8_t proto, unsigned *ret_busy)
{
	int fd;

	for (unsigned port = base; port < base + n; port++) {
		fd = cp_ports_bind(AF_INET6, proto, (uint16_t)port);
		if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
			fd = cp_ports_bind(AF_INET, proto, (uint16_t)port);
		if (fd < 0) {
			*ret_busy = port;
			cp_ports_drop(ports);
			return fd;
		}
		ports->fds[ports->n++] = fd;
	}
	return 0;
}

/* Parallel runs start a full range apart, so that they rarely ask for the same ports. -EADDRINUSE: all are taken. */
static int cp_ports_search(struct cp_ports *ports, const bool avoid[CP_PORT_END], unsigned n, uint8_t proto,
        uint16_t bases[CP_PORT_END], uint16_t *ret_base)
{
	unsigned n_bases = cp_ports_candidates(avoid, n, bases), busy = 0, base;
	int rc = -EADDRINUSE;

	for (unsigned i = 0; i < n_bases && rc == -EADDRINUSE; i++) {
		base = bases[((uint64_t)getpid() * CP_PORTS_MAX + i) % n_bases];
		if (busy >= base && busy < base + n)
			continue;
		rc = cp_ports_hold(ports, base, n, proto, &busy);
		if (!rc)
			*ret_base = (uint16_t)base;
	}
	return rc;
}

struct cp_ports_work {
	bool reserved[CP_PORT_END]; /* by the administrator */
	bool avoid[CP_PORT_END]; /* those and the ones that the kernel hands out */
	uint16_t bases[CP_PORT_END];
};

static int cp_ports_find(
        struct cp_ports *ports, struct cp_ports_work *work, unsigned n, uint8_t proto, uint16_t *ret_base)
{
	int rc = cp_ports_avoid("/proc/sys/net/ipv4/ip_local_reserved_ports", work->reserved);

	memcpy(work->avoid, work->reserved, sizeof(work->avoid));
	if (!rc)
		rc = cp_ports_avoid("/proc/sys/net/ipv4/ip_local_port_range", work->avoid);
	if (rc)
		return rc;
	rc = cp_ports_search(ports, work->avoid, n, proto, work->bases, ret_base);
	/* Hosts that hand out nearly all ports: the kernel passes over ports that are bound, so these are safe, too. */
	if (rc == -EADDRINUSE)
		rc = cp_ports_search(ports, work->reserved, n, proto, work->bases, ret_base);
	return rc;
}

static int cp_ports_fail(unsigned n, uint8_t proto, int rc, struct cp_err *err)
{
	const char *name = proto == IPPROTO_TCP ? "TCP" : "UDP";

	if (rc == -EADDRINUSE)
		return cp_err_set(err, rc,
		        "no %u free %s ports in a row: use fewer flows, or end what holds them (`ss -an`)", n, name);
	if (rc == -EMFILE)
		return cp_err_set(err, rc,
		        "cannot hold %u %s source ports: raise the limit of open files (`ulimit -n`)", n, name);
	return cp_err_set(err, rc, "cannot hold %u %s source ports: %s", n, name, strerror(-rc));
}

int cp_ports_reserve(uint16_t n, uint8_t proto, struct cp_ports **ret_ports, uint16_t *ret_base, struct cp_err *err)
{
	struct cp_ports_work *work;
	struct cp_ports *ports;
	uint16_t base;
	int rc = -ENOMEM;

	if (n < 1 || n > CP_PORTS_MAX || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
		return cp_err_set(err, -EINVAL, "cannot hold %u source ports of protocol %u: 1 to %u, TCP or UDP", n,
		        proto, CP_PORTS_MAX);
	work = calloc(1, sizeof(*work));
	ports = calloc(1, sizeof(*ports));
	if (work && ports)
		rc = cp_ports_find(ports, work, n, proto, &base);
	free(work);
	if (rc) {
		cp_ports_release(ports);
		return cp_ports_fail(n, proto, rc, err);
	}
	*ret_ports = ports;
	*ret_base = base;
	return 0;
}

void cp_ports_release(struct cp_ports *ports)
{
	if (!ports)
		return;
	cp_ports_drop(ports);
	free(ports);
}
