// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rtnl.c: owns the netlink socket: requests, one at a time or many at once,
 * and their answers, matched by sequence number. It must not know what a
 * request is about.
 */
#include "io/rtnl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#define CP_RTNL_TRIES 3
#define CP_RTNL_WAIT_S 1 /* the kernel answers within the send call: later means that the answer was dropped */

int cp_rtnl_open(struct cp_rtnl **ret_rtnl, struct cp_err *err)
{
	struct timeval wait = {.tv_sec = CP_RTNL_WAIT_S};
	struct cp_rtnl *rtnl = calloc(1, sizeof(*rtnl));
	int rc;

	if (!rtnl)
		return cp_err_set(err, -ENOMEM, "out of memory for the routing socket");
	rtnl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!rtnl->sock || mnl_socket_bind(rtnl->sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	        setsockopt(mnl_socket_get_fd(rtnl->sock), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		rc = -errno;
		cp_rtnl_close(rtnl);
		return cp_err_set(err, rc,
		        "cannot ask the kernel for routes (netlink: %s): check that AF_NETLINK sockets are allowed "
		        "here",
		        strerror(-rc));
	}
	*ret_rtnl = rtnl;
	return 0;
}

void cp_rtnl_close(struct cp_rtnl *rtnl)
{
	if (!rtnl)
		return;
	if (rtnl->sock)
		mnl_socket_close(rtnl->sock);
	free(rtnl);
}

void *cp_rtnl_begin(struct cp_rtnl *rtnl, uint16_t type, uint16_t flags, size_t header_size)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(rtnl->request);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	rtnl->header_size = header_size;
	return mnl_nlmsg_put_extra_header(nlh, header_size);
}

void cp_rtnl_put(struct cp_rtnl *rtnl, uint16_t type, size_t size, const void *value)
{
	mnl_attr_put((struct nlmsghdr *)rtnl->request, type, size, value);
}

void cp_rtnl_put_addr(struct cp_rtnl *rtnl, uint16_t type, const struct cp_addr *addr)
{
	if (cp_addr_is_v4(addr))
		cp_rtnl_put(rtnl, type, 4, addr->b + 12);
	else
		cp_rtnl_put(rtnl, type, 16, addr->b);
}

static int cp_rtnl_send(struct cp_rtnl *rtnl)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)rtnl->request;
	ssize_t n;

	/* A new number each time: the answer to a try that was given up must not pass for this one's. */
	nlh->nlmsg_seq = ++rtnl->seq;
	do {
		n = mnl_socket_sendto(rtnl->sock, nlh, nlh->nlmsg_len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The message in the buffer that answers the latest request, or NULL. */
static const struct nlmsghdr *cp_rtnl_match(const struct cp_rtnl *rtnl, size_t size)
{
	unsigned portid = mnl_socket_get_portid(rtnl->sock);
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)rtnl->answer;
	int left = (int)size;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_seq == rtnl->seq && nlh->nlmsg_pid == portid)
			return nlh;
	return NULL;
}

static int cp_rtnl_receive(struct cp_rtnl *rtnl, const struct nlmsghdr **ret_answer)
{
	const struct nlmsghdr *nlh = NULL;
	ssize_t n;

	while (!nlh) {
		n = mnl_socket_recvfrom(rtnl->sock, rtnl->answer, sizeof(rtnl->answer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		nlh = cp_rtnl_match(rtnl, (size_t)n);
	}
	*ret_answer = nlh;
	return 0;
}

/* An error or an acknowledgement -> its number (0: acknowledged); anything else -> *ret_answer. */
static int cp_rtnl_open_answer(const struct nlmsghdr *nlh, const struct nlmsghdr **ret_answer)
{
	if (nlh->nlmsg_type != NLMSG_ERROR) {
		*ret_answer = nlh;
		return 0;
	}
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nlmsgerr))
		return -EBADMSG;
	return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
}

/* Sends the request until it is answered. As cp_rtnl_open_answer(). */
static int cp_rtnl_exchange(struct cp_rtnl *rtnl, const struct nlmsghdr **ret_answer)
{
	const struct nlmsghdr *nlh = NULL;
	int rc = -ENOBUFS;

	/* ENOBUFS and a timeout mean that the answer was dropped for lack of memory: ask again. */
	for (int try = 0; try < CP_RTNL_TRIES && (rc == -ENOBUFS || rc == -ETIMEDOUT); try++) {
		rc = cp_rtnl_send(rtnl);
		if (!rc)
			rc = cp_rtnl_receive(rtnl, &nlh);
	}
	return rc ? rc : cp_rtnl_open_answer(nlh, ret_answer);
}

static int cp_attrs_collect(const struct nlattr *attr, void *data)
{
	struct cp_attrs *attrs = data;

	if (mnl_attr_get_type(attr) < CP_RTNL_ATTRS)
		attrs->at[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int cp_rtnl_read(
        const struct nlmsghdr *answer, size_t header_size, const void **ret_header, struct cp_attrs *ret_attrs)
{
	if (!answer || mnl_nlmsg_get_payload_len(answer) < header_size)
		return -EBADMSG;
	memset(ret_attrs, 0, sizeof(*ret_attrs));
	mnl_attr_parse(answer, (unsigned)header_size, cp_attrs_collect, ret_attrs);
	*ret_header = mnl_nlmsg_get_payload(answer);
	return 0;
}

int cp_rtnl_ask(struct cp_rtnl *rtnl, const void **ret_header, struct cp_attrs *ret_attrs)
{
	const struct nlmsghdr *answer = NULL;
	int rc = cp_rtnl_exchange(rtnl, &answer);

	return rc ? rc : cp_rtnl_read(answer, rtnl->header_size, ret_header, ret_attrs);
}

int cp_rtnl_tell(struct cp_rtnl *rtnl)
{
	const struct nlmsghdr *answer = NULL;
	int rc = cp_rtnl_exchange(rtnl, &answer);

	return !rc && answer ? -EBADMSG : rc;
}

/* ---- Many at once ---- */

void cp_rtnl_batch_add(struct cp_rtnl *rtnl, bool first)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)rtnl->request;
	struct cp_rtnl_batch *batch = &rtnl->batch;

	nlh->nlmsg_seq = ++rtnl->seq;
	if (first) {
		batch->n = 0;
		batch->size = 0;
		batch->first_seq = nlh->nlmsg_seq;
		batch->header_size = rtnl->header_size;
	}
	batch->n++;
	memcpy(batch->requests + batch->size, nlh, nlh->nlmsg_len);
	batch->size += MNL_ALIGN(nlh->nlmsg_len);
}

/* Receives what is there into answers[n_got] and up. Its number, or -errno. */
static int cp_rtnl_batch_receive(struct cp_rtnl *rtnl, uint32_t n_got, struct mmsghdr messages[CP_RTNL_BATCH])
{
	struct iovec pieces[CP_RTNL_BATCH];
	uint32_t room = CP_RTNL_BATCH - n_got;
	int n;

	for (uint32_t i = 0; i < room; i++) {
		pieces[i].iov_base = rtnl->batch.answers[n_got + i].data;
		pieces[i].iov_len = sizeof(rtnl->batch.answers[0].data);
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
	}
	n = recvmmsg(mnl_socket_get_fd(rtnl->sock), messages, room, MSG_DONTWAIT, NULL);
	return n < 0 ? -errno : n;
}

/* Enters an answer under its request. False: it is to one that was given up. */
static bool cp_rtnl_batch_enter(struct cp_rtnl *rtnl, const void *answer, size_t size)
{
	const struct nlmsghdr *nlh = answer;
	uint32_t i = nlh->nlmsg_seq - rtnl->batch.first_seq;

	if (!mnl_nlmsg_ok(nlh, (int)size) || nlh->nlmsg_pid != mnl_socket_get_portid(rtnl->sock) || i >= rtnl->batch.n)
		return false;
	rtnl->batch.at[i] = nlh;
	return true;
}

void cp_rtnl_batch_ask(struct cp_rtnl *rtnl)
{
	struct cp_rtnl_batch *batch = &rtnl->batch;
	struct mmsghdr messages[CP_RTNL_BATCH];
	uint32_t n_got = 0, n_left = batch->n;
	int n;

	memset(batch->at, 0, sizeof(batch->at));
	do {
		n = mnl_socket_sendto(rtnl->sock, batch->requests, batch->size) < 0 ? -errno : 0;
	} while (n == -EINTR);
	/* The kernel answers within the send call: what is not there now was dropped for lack of memory (ENOBUFS). */
	while (n_left && n_got < CP_RTNL_BATCH && (n >= 0 || n == -EINTR || n == -ENOBUFS)) {
		n = cp_rtnl_batch_receive(rtnl, n_got, messages);
		for (int i = 0; i < n; i++, n_got++)
			n_left -= cp_rtnl_batch_enter(rtnl, batch->answers[n_got].data, messages[i].msg_len);
	}
}

int cp_rtnl_batch_answer(const struct cp_rtnl *rtnl, uint32_t i, const void **ret_header, struct cp_attrs *ret_attrs)
{
	const struct nlmsghdr *answer = NULL;
	int rc = rtnl->batch.at[i] ? cp_rtnl_open_answer(rtnl->batch.at[i], &answer) : -ENOBUFS;

	return rc ? rc : cp_rtnl_read(answer, rtnl->batch.header_size, ret_header, ret_attrs);
}

void cp_attrs_parse_nested(const struct nlattr *nest, struct cp_attrs *ret_attrs)
{
	memset(ret_attrs, 0, sizeof(*ret_attrs));
	if (nest)
		mnl_attr_parse_nested(nest, cp_attrs_collect, ret_attrs);
}

uint32_t cp_attrs_u32(const struct cp_attrs *attrs, unsigned type)
{
	const struct nlattr *attr = attrs->at[type];

	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? mnl_attr_get_u32(attr) : 0;
}

uint8_t cp_attrs_u8(const struct cp_attrs *attrs, unsigned type)
{
	const struct nlattr *attr = attrs->at[type];

	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint8_t) ? mnl_attr_get_u8(attr) : 0;
}

void cp_attrs_str(const struct cp_attrs *attrs, unsigned type, char *buf, size_t size)
{
	const struct nlattr *attr = attrs->at[type];

	snprintf(buf, size, "%.*s", attr ? mnl_attr_get_payload_len(attr) : 0, attr ? mnl_attr_get_str(attr) : "");
}

bool cp_addr_from_bytes(const void *bytes, size_t size, struct cp_addr *ret_addr)
{
	struct cp_addr addr = cp_addr_from_v4(0);

	if (size != 4 && size != sizeof(addr.b))
		return false;
	memcpy(addr.b + sizeof(addr.b) - size, bytes, size);
	*ret_addr = addr;
	return true;
}

bool cp_attrs_addr(const struct cp_attrs *attrs, unsigned type, struct cp_addr *ret_addr)
{
	const struct nlattr *attr = attrs->at[type];

	return attr && cp_addr_from_bytes(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), ret_addr);
}

int cp_addr_family(const struct cp_addr *addr)
{
	return cp_addr_is_v4(addr) ? AF_INET : AF_INET6;
}

const char *cp_rtnl_ifname(struct cp_rtnl *rtnl, uint32_t ifindex, char buf[IF_NAMESIZE])
{
	struct ifreq request = {.ifr_ifindex = (int)ifindex};

	if (ioctl(mnl_socket_get_fd(rtnl->sock), SIOCGIFNAME, &request) == 0)
		snprintf(buf, IF_NAMESIZE, "%.*s", IF_NAMESIZE - 1, request.ifr_name);
	else
		snprintf(buf, IF_NAMESIZE, "#%u", ifindex);
	return buf;
}
