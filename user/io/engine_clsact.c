// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_clsact.c: capture through a clsact filter, for kernels without TCX
 * (before 6.6). A filter outlives its process, so a small child process, the
 * janitor, waits for our end and takes it off if we were killed. The qdisc
 * goes with it only if we made it and nobody else uses it by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>

#include "engine_impl.h"

#define TC_PRIORITY 49213u /* far behind what administrators choose by hand */

/* ---- The qdisc ---- */

static int count_filter(const struct nlmsghdr *nlh, void *data)
{
	if (nlh->nlmsg_type == RTM_NEWTFILTER)
		++*(unsigned *)data;
	return MNL_CB_OK;
}

/* Filters on one side of the clsact qdisc. -errno when the kernel does not say. */
static int count_filters(struct mnl_socket *nl, uint32_t ifindex, uint32_t parent)
{
	char buf[16384]; /* a dump's messages come in pieces of up to this size; MNL_SOCKET_BUFFER_SIZE is no constant
	                  */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	unsigned n = 0;
	ssize_t len;
	int rc = MNL_CB_OK;

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = parent;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = parent;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (rc == MNL_CB_OK) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)len, parent, mnl_socket_get_portid(nl), count_filter, &n);
	}
	return rc < 0 ? -errno : (int)n;
}

/* True when it is certain that no filter is left on the qdisc. */
static bool qdisc_is_unused(uint32_t ifindex)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	bool unused;

	if (!nl)
		return false;
	unused = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	         count_filters(nl, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) == 0 &&
	         count_filters(nl, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)) == 0;
	mnl_socket_close(nl);
	return unused;
}

static void take_off(const struct cp_attachment *at)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)at->ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = at->handle, .priority = at->priority);

	bpf_tc_detach(&hook, &opts);
	if (at->made_qdisc && qdisc_is_unused(at->ifindex)) {
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		bpf_tc_hook_destroy(&hook);
	}
}

/* ---- The janitor ---- */

/* Sleeps until the pipe's other end is closed. A byte first means that everything has been taken off already. */
static void janitor_main(int fd, const struct cp_attachment *at)
{
	char byte;
	ssize_t n;

	setsid();
	prctl(PR_SET_NAME, "coldpotato-tidy");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* Whoever waits for our standard streams to close must not wait for the janitor. */
	for (int std = 0; std <= 2; std++)
		close(std);
	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		take_off(at);
	_exit(0);
}

static int janitor_start(struct cp_attachment *at)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	at->janitor = fork();
	if (at->janitor == 0) {
		close(fds[1]);
		janitor_main(fds[0], at);
	}
	close(fds[0]);
	if (at->janitor < 0) {
		at->janitor = 0;
		close(fds[1]);
		return -errno;
	}
	at->janitor_fd = fds[1];
	return 0;
}

static void janitor_dismiss(struct cp_attachment *at)
{
	if (at->janitor <= 0)
		return;
	while (write(at->janitor_fd, "", 1) < 0 && errno == EINTR)
		;
	close(at->janitor_fd);
	while (waitpid(at->janitor, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- Attaching ---- */

int cp_clsact_attach(int prog_fd, uint32_t ifindex, struct cp_attachment *ret_at)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .priority = TC_PRIORITY, .handle = (uint32_t)getpid());
	struct cp_attachment at = {.ifindex = ifindex, .link_fd = -1, .clsact = true, .mode = "tc-clsact"};
	int made = bpf_tc_hook_create(&hook), rc;

	if (made && made != -EEXIST)
		return made;
	at.made_qdisc = made == 0;
	at.handle = opts.handle;
	at.priority = opts.priority;
	rc = bpf_tc_attach(&hook, &opts);
	if (rc == 0)
		rc = janitor_start(&at);
	if (rc) {
		take_off(&at);
		return rc;
	}
	*ret_at = at;
	return 0;
}

void cp_clsact_detach(struct cp_attachment *at)
{
	take_off(at);
	janitor_dismiss(at);
}
