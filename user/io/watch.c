// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * watch.c: owns the netlink socket that hears of changes. It must not ask for
 * anything (rtnl.c does), nor know whom a change concerns.
 */
#include "io/watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CP_WATCH_RCVBUF (1 << 20) /* thousands of changes may come at once, when a routing daemon restarts */
#define CP_WATCH_READS 256 /* a poll ends also when changes come faster than they are read */

struct cp_watch {
	struct mnl_socket *sock;
	_Alignas(struct nlmsghdr) char message[32768];
};

static const int cp_watch_groups[] = {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
        RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP};

static int cp_watch_join(struct cp_watch *watch)
{
	int size = CP_WATCH_RCVBUF;

	watch->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->sock || mnl_socket_bind(watch->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Less room than asked for only makes an overrun likelier, and that is told. */
	setsockopt(mnl_socket_get_fd(watch->sock), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(cp_watch_groups) / sizeof(cp_watch_groups[0]); i++) {
		int group = cp_watch_groups[i];

		if (mnl_socket_setsockopt(watch->sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

int cp_watch_open(struct cp_watch **ret_watch, struct cp_err *err)
{
	struct cp_watch *watch = calloc(1, sizeof(*watch));
	int rc;

	if (!watch)
		return cp_err_set(err, -ENOMEM, "out of memory for the watch on routes and interfaces");
	rc = cp_watch_join(watch);
	if (rc) {
		cp_watch_close(watch);
		return cp_err_set(err, rc,
		        "cannot watch routes and interfaces (netlink: %s): check that AF_NETLINK sockets are allowed "
		        "here",
		        strerror(-rc));
	}
	*ret_watch = watch;
	return 0;
}

void cp_watch_close(struct cp_watch *watch)
{
	if (!watch)
		return;
	if (watch->sock)
		mnl_socket_close(watch->sock);
	free(watch);
}

/* The entry of an interface; NULL when there is no room for it. */
static struct cp_link_change *cp_watch_link(struct cp_changes *changes, uint32_t ifindex)
{
	for (uint32_t i = 0; i < changes->n_links; i++) {
		if (changes->links[i].ifindex == ifindex)
			return &changes->links[i];
	}
	if (changes->n_links == CP_LINK_CHANGES_MAX)
		return NULL;
	changes->links[changes->n_links] = (struct cp_link_change){.ifindex = ifindex};
	return &changes->links[changes->n_links++];
}

static void cp_watch_note_link(const struct nlmsghdr *nlh, struct cp_changes *changes)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct cp_link_change *link;

	/* A bridge speaks of its ports in the same words: such a "deleted" port only left the bridge. */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return;
	link = cp_watch_link(changes, (uint32_t)info->ifi_index);
	if (!link)
		changes->overrun = true;
	else if (nlh->nlmsg_type == RTM_DELLINK)
		link->gone = true;
	else if ((info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_LOWER_UP))
		link->up = true;
	else
		link->down = true;
}

static void cp_watch_note_neighbour(const struct nlmsghdr *nlh, struct cp_changes *changes)
{
	const struct ndmsg *neighbour = mnl_nlmsg_get_payload(nlh);

	/* Bridges and tunnels announce their forwarding tables here, too. */
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*neighbour) &&
	        (neighbour->ndm_family == AF_INET || neighbour->ndm_family == AF_INET6))
		changes->neighbours = true;
}

static int cp_watch_note(const struct nlmsghdr *nlh, void *data)
{
	struct cp_changes *changes = data;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		cp_watch_note_link(nlh, changes);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		cp_watch_note_neighbour(nlh, changes);
		break;
	default: /* every other message of these groups changes the way out */
		changes->routes = true;
		break;
	}
	return MNL_CB_OK;
}

int cp_watch_poll(struct cp_watch *watch, struct cp_changes *ret_changes)
{
	struct cp_changes changes = {0};

	for (int i = 0; i < CP_WATCH_READS; i++) {
		ssize_t n = mnl_socket_recvfrom(watch->sock, watch->message, sizeof(watch->message));

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS && errno != ENOSPC)
			return -errno;
		/* No room in the kernel, or a message cut short here: something is missing. */
		if (n < 0)
			changes.overrun = true;
		else
			mnl_cb_run(watch->message, (size_t)n, 0, 0, cp_watch_note, &changes);
	}
	*ret_changes = changes;
	return changes.n_links || changes.neighbours || changes.routes || changes.overrun;
}
