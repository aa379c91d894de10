// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * route.c: the kernel's route and source address towards a destination. Owns
 * no state; must not know links or neighbours, and sends no packet.
 */
#include "io/rtnl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(RTA_MAX < CP_RTNL_ATTRS, "attribute table too small");
_Static_assert(CP_ROUTES_MAX <= CP_RTNL_BATCH, "more than a batch holds");

struct cp_route_query {
	const struct cp_addr *dst, *src; /* src may be NULL */
	uint32_t ifindex; /* 0: any */
};

static void cp_route_begin(struct cp_rtnl *rtnl, const struct cp_route_query *query, unsigned flags)
{
	struct rtmsg *request = cp_rtnl_begin(rtnl, RTM_GETROUTE, 0, sizeof(*request));
	uint8_t bits = cp_addr_is_v4(query->dst) ? 32 : 128;

	request->rtm_family = (uint8_t)cp_addr_family(query->dst);
	request->rtm_dst_len = bits;
	request->rtm_flags = flags;
	cp_rtnl_put_addr(rtnl, RTA_DST, query->dst);
	if (query->src) {
		request->rtm_src_len = bits;
		cp_rtnl_put_addr(rtnl, RTA_SRC, query->src);
	}
	if (query->ifindex)
		cp_rtnl_put(rtnl, RTA_OIF, sizeof(query->ifindex), &query->ifindex);
}

static socklen_t cp_route_sockaddr(const struct cp_addr *addr, uint32_t ifindex, struct sockaddr_storage *ret)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_scope_id = ifindex};

	if (cp_addr_is_v4(addr)) {
		memcpy(&v4.sin_addr, addr->b + 12, sizeof(v4.sin_addr));
		memcpy(ret, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, addr->b, sizeof(v6.sin6_addr));
	memcpy(ret, &v6, sizeof(v6));
	return sizeof(v6);
}

/* Whether the query can be asked at all, but for its source. */
static int cp_route_check_query(const struct cp_route_query *query, struct cp_err *err)
{
	char text[CP_ADDR_STRLEN];

	if (cp_addr_is_zero(query->dst))
		return cp_err_set(err, -EADDRNOTAVAIL, ":: is no destination: probe a unicast address");
	if (query->src && cp_addr_is_v4(query->src) != cp_addr_is_v4(query->dst))
		return cp_err_set(err, -EINVAL,
		        "source %s and destination are of different families: give a source of the destination's",
		        cp_addr_format(query->src, text));
	return 0;
}

/* Whether a socket may use src: the kernel looks IPv4 sources up itself, but believes any IPv6 one. */
static int cp_route_check_source(const struct cp_addr *src, uint32_t ifindex, struct cp_err *err)
{
	char text[CP_ADDR_STRLEN];
	struct sockaddr_storage name;
	socklen_t size;
	int rc = 0, fd;

	if (!src)
		return 0;
	size = cp_route_sockaddr(src, ifindex, &name);
	fd = socket(cp_addr_family(src), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&name, size) < 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	if (rc)
		return cp_err_set(err, -EINVAL, "cannot send from %s (%s): choose an address that `ip address` shows",
		        cp_addr_format(src, text), strerror(-rc));
	return 0;
}

/* The source a datagram would get; connecting chooses it and sends nothing. */
static int cp_route_find_source(const struct cp_addr *dst, uint32_t ifindex, struct cp_addr *ret_src)
{
	struct sockaddr_storage name;
	socklen_t size = cp_route_sockaddr(dst, ifindex, &name);
	int rc = 0, fd = socket(cp_addr_family(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, sizeof(ifindex)) < 0 ||
	        connect(fd, (const struct sockaddr *)&name, size) < 0 ||
	        getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	if (rc)
		return rc;
	if (name.ss_family == AF_INET)
		cp_addr_from_bytes(&((const struct sockaddr_in *)&name)->sin_addr, 4, ret_src);
	else
		cp_addr_from_bytes(&((const struct sockaddr_in6 *)&name)->sin6_addr, 16, ret_src);
	return 0;
}

/* The kernel's refusal (its -errno) as the sentence that fits. */
static int cp_route_refused(struct cp_rtnl *rtnl, const struct cp_route_query *query, int rc, struct cp_err *err)
{
	char dst[CP_ADDR_STRLEN], name[IF_NAMESIZE];
	const char *kind = NULL;

	cp_addr_format(query->dst, dst);
	cp_rtnl_ifname(rtnl, query->ifindex, name);
	if (rc == -EHOSTUNREACH)
		kind = "an 'unreachable'";
	else if (rc == -EINVAL)
		kind = "a 'blackhole'";
	else if (rc == -EACCES)
		kind = "a 'prohibit'";
	if (kind)
		return cp_err_set(err, -ENETUNREACH,
		        "no route to %s: %s route or rule covers it; find it with `ip route` and `ip rule`", dst, kind);
	if (rc == -ENODEV)
		return cp_err_set(err, rc, "no route to %s: no interface %s; `ip link` lists them", dst, name);
	if (rc != -ENETUNREACH && rc != -EAGAIN)
		return cp_err_set(
		        err, rc, "cannot ask for a route to %s: %s; try `ip route get %s`", dst, strerror(-rc), dst);
	if (query->ifindex)
		return cp_err_set(err, -ENETUNREACH, "no route to %s through %s: check `ip route get %s oif %s`", dst,
		        name, dst, name);
	return cp_err_set(err, -ENETUNREACH, "no route to %s: check `ip route get %s`", dst, dst);
}

/* Only unicast routes lead out. */
static int cp_route_check_type(struct cp_rtnl *rtnl, const struct cp_route_query *query, const struct rtmsg *header,
        const struct cp_attrs *attrs, struct cp_err *err)
{
	char dst[CP_ADDR_STRLEN];

	cp_addr_format(query->dst, dst);
	switch (header->rtm_type) {
	case RTN_UNICAST:
		break;
	case RTN_LOCAL:
	case RTN_ANYCAST:
		return cp_err_set(err, -EADDRNOTAVAIL,
		        "%s is an address of this host: packets to it never leave; probe another", dst);
	case RTN_BROADCAST:
	case RTN_MULTICAST:
		return cp_err_set(err, -EADDRNOTAVAIL,
		        "%s is a broadcast or multicast address: no path leads to it; probe a unicast address", dst);
	case RTN_UNREACHABLE:
		return cp_route_refused(rtnl, query, -EHOSTUNREACH, err);
	case RTN_BLACKHOLE:
		return cp_route_refused(rtnl, query, -EINVAL, err);
	case RTN_PROHIBIT:
		return cp_route_refused(rtnl, query, -EACCES, err);
	default:
		return cp_route_refused(rtnl, query, -ENETUNREACH, err);
	}
	if (attrs->at[RTA_ENCAP])
		return cp_err_set(err, -EOPNOTSUPP,
		        "the route to %s wraps packets in a tunnel, which probes cannot follow: choose another "
		        "interface (`ip route get %s`)",
		        dst, dst);
	return 0;
}

/* The gateway, of either family, or the destination itself. */
static struct cp_addr cp_route_nexthop(const struct cp_addr *dst, const struct cp_attrs *attrs)
{
	const struct nlattr *via = attrs->at[RTA_VIA];
	size_t size = via ? mnl_attr_get_payload_len(via) : 0;
	struct cp_addr nexthop = *dst;

	if (size > offsetof(struct rtvia, rtvia_addr))
		cp_addr_from_bytes(((const struct rtvia *)mnl_attr_get_payload(via))->rtvia_addr,
		        size - offsetof(struct rtvia, rtvia_addr), &nexthop);
	else
		cp_attrs_addr(attrs, RTA_GATEWAY, &nexthop);
	return nexthop;
}

/*
 * Told an interface but lacking a route, the kernel assumes that an IPv4
 * destination is on that link. Its routing table knows better.
 */
static int cp_route_check_assumed(
        struct cp_rtnl *rtnl, const struct cp_route_query *query, const struct cp_route *route, struct cp_err *err)
{
	const void *header;
	struct cp_attrs attrs;

	if (!query->ifindex || !cp_addr_is_v4(query->dst) || !cp_addr_eq(&route->nexthop, query->dst))
		return 0;
	cp_route_begin(rtnl, query, RTM_F_FIB_MATCH);
	if (cp_rtnl_ask(rtnl, &header, &attrs))
		return cp_route_refused(rtnl, query, -ENETUNREACH, err);
	return 0;
}

static int cp_route_read_source(struct cp_rtnl *rtnl, const struct cp_route_query *query, const struct cp_attrs *attrs,
        struct cp_route *route, struct cp_err *err)
{
	const struct cp_addr none = cp_addr_from_v4(0);
	char dst[CP_ADDR_STRLEN], name[IF_NAMESIZE];
	int rc = 0;

	if (query->src)
		route->src = *query->src;
	else if (!cp_attrs_addr(attrs, RTA_PREFSRC, &route->src))
		rc = cp_route_find_source(query->dst, route->ifindex, &route->src);
	if (!rc && !cp_addr_is_zero(&route->src) && !cp_addr_eq(&route->src, &none))
		return 0;
	return cp_err_set(err, -ENETUNREACH, "no source address for %s on %s: add one with `ip address add`",
	        cp_addr_format(query->dst, dst), cp_rtnl_ifname(rtnl, route->ifindex, name));
}

/* What the kernel answered (rc: its -errno) as a route. */
static int cp_route_take(struct cp_rtnl *rtnl, const struct cp_route_query *query, int rc, const struct rtmsg *header,
        const struct cp_attrs *attrs, struct cp_route *ret_route, struct cp_err *err)
{
	struct cp_route route = {0};

	if (rc)
		return cp_route_refused(rtnl, query, rc, err);
	rc = cp_route_check_type(rtnl, query, header, attrs, err);
	if (rc)
		return rc;
	route.ifindex = cp_attrs_u32(attrs, RTA_OIF);
	route.nexthop = cp_route_nexthop(query->dst, attrs);
	rc = cp_route_read_source(rtnl, query, attrs, &route, err);
	if (!rc)
		rc = cp_route_check_assumed(rtnl, query, &route, err);
	if (!rc)
		*ret_route = route;
	return rc;
}

static int cp_route_ask(
        struct cp_rtnl *rtnl, const struct cp_route_query *query, struct cp_route *ret_route, struct cp_err *err)
{
	const void *header = NULL;
	struct cp_attrs attrs;
	int rc;

	cp_route_begin(rtnl, query, 0);
	rc = cp_rtnl_ask(rtnl, &header, &attrs);
	return cp_route_take(rtnl, query, rc, header, &attrs, ret_route, err);
}

int cp_route_get(struct cp_rtnl *rtnl, const struct cp_addr *dst, uint32_t ifindex, const struct cp_addr *src,
        struct cp_route *ret_route, struct cp_err *err)
{
	const struct cp_route_query query = {.dst = dst, .src = src, .ifindex = ifindex};
	int rc = cp_route_check_query(&query, err);

	rc = rc ? rc : cp_route_check_source(src, ifindex, err);
	return rc ? rc : cp_route_ask(rtnl, &query, ret_route, err);
}

/* The answer to request i of the batch; one that was lost is asked for again, alone. */
static int cp_route_of_batch(struct cp_rtnl *rtnl, const struct cp_route_query *query, uint32_t i,
        struct cp_route *ret_route, struct cp_err *err)
{
	const void *header = NULL;
	struct cp_attrs attrs;
	int rc = cp_rtnl_batch_answer(rtnl, i, &header, &attrs);

	if (rc == -ENOBUFS)
		return cp_route_ask(rtnl, query, ret_route, err);
	return cp_route_take(rtnl, query, rc, header, &attrs, ret_route, err);
}

void cp_routes_get(struct cp_rtnl *rtnl, const struct cp_addr *dsts, uint32_t n, uint32_t ifindex,
        const struct cp_addr *src, struct cp_route *ret_routes, int *ret_rcs, struct cp_err *err)
{
	int source_rc = n ? cp_route_check_source(src, ifindex, err) : 0;
	uint32_t n_asked = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct cp_route_query query = {.dst = &dsts[i], .src = src, .ifindex = ifindex};
		int rc = cp_route_check_query(&query, err);

		ret_rcs[i] = rc ? rc : source_rc;
		if (ret_rcs[i])
			continue;
		cp_route_begin(rtnl, &query, 0);
		cp_rtnl_batch_add(rtnl, n_asked++ == 0);
	}
	if (n_asked)
		cp_rtnl_batch_ask(rtnl);
	n_asked = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct cp_route_query query = {.dst = &dsts[i], .src = src, .ifindex = ifindex};

		if (!ret_rcs[i])
			ret_rcs[i] = cp_route_of_batch(rtnl, &query, n_asked++, &ret_routes[i], err);
	}
}
