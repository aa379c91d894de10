// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_clsact.c: capture through a clsact filter, for kernels without TCX
 * (before 6.6). A filter outlives its process, so a small child process, the
 * janitor, waits for our end and takes it off if we were killed; was it killed,
 * too, the next run does. The qdisc goes with it only if we made it and nobody
 * else uses it by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>

#include "engine_impl.h"

#define TC_PRIORITY 49213u /* far behind what administrators choose by hand */
#define PROG_PREFIX "cp_tc_capture" /* what our programs' names begin with */
#define HANDLE_MADE_QDISC (1u << 31) /* a filter's handle: this, and what its owner has claimed */
#define HANDLE_PID_BITS 22
#define CLAIMS_MAX 64u
#define STALE_MAX 16u

/* ---- Who owns a filter ---- */

/*
 * An abstract socket name of the filter's network namespace, which the run and
 * its janitor hold: once it is free, nobody is left to take the filter off. A
 * process id alone would not do: the owner may live in another PID namespace.
 */
static int claim(uint32_t number)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;
	socklen_t len;

	if (fd < 0)
		return -errno;
	len = (socklen_t)snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "coldpotato-clsact-%u", number);
	if (bind(fd, (struct sockaddr *)&addr, (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 + len) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* Claims a number that nobody has: our process id, as a rule. */
static int claim_any(uint32_t *ret_number, int *ret_fd)
{
	int fd = -EADDRINUSE;

	for (uint32_t i = 0; i < CLAIMS_MAX && fd == -EADDRINUSE; i++) {
		uint32_t number = (uint32_t)getpid() | i << HANDLE_PID_BITS;

		fd = claim(number);
		if (fd >= 0)
			*ret_number = number;
	}
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

/* ---- The qdisc and its filters ---- */

/* Calls cb for each filter on one side of the clsact qdisc. -errno when the kernel does not say. */
static int each_filter(struct mnl_socket *nl, uint32_t ifindex, uint32_t parent, mnl_cb_t cb, void *data)
{
	char buf[16384]; /* a dump's messages come in pieces of up to this size; MNL_SOCKET_BUFFER_SIZE is no constant
	                  */
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
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
		rc = mnl_cb_run(buf, (size_t)len, parent, mnl_socket_get_portid(nl), cb, data);
	}
	return rc < 0 ? -errno : 0;
}

static int count_filter(const struct nlmsghdr *nlh, void *data)
{
	if (nlh->nlmsg_type == RTM_NEWTFILTER)
		++*(unsigned *)data;
	return MNL_CB_OK;
}

/* Filters on one side of the qdisc, or -errno. */
static int count_filters(struct mnl_socket *nl, uint32_t ifindex, uint32_t parent)
{
	unsigned n = 0;
	int rc = each_filter(nl, ifindex, parent, count_filter, &n);

	return rc ? rc : (int)n;
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

/* ---- What killed runs left ---- */

struct stale {
	uint32_t handles[STALE_MAX], n;
};

struct filter_attrs {
	const char *kind, *name;
	const struct nlattr *options;
};

static int on_filter_attr(const struct nlattr *attr, void *data)
{
	struct filter_attrs *attrs = data;

	if (mnl_attr_get_type(attr) == TCA_KIND && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		attrs->kind = mnl_attr_get_str(attr);
	if (mnl_attr_get_type(attr) == TCA_OPTIONS)
		attrs->options = attr;
	return MNL_CB_OK;
}

static int on_bpf_attr(const struct nlattr *attr, void *data)
{
	struct filter_attrs *attrs = data;

	if (mnl_attr_get_type(attr) == TCA_BPF_NAME && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		attrs->name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int note_ours(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct filter_attrs attrs = {0};
	struct stale *stale = data;

	if (nlh->nlmsg_type != RTM_NEWTFILTER || tcm->tcm_info >> 16 != TC_PRIORITY || !tcm->tcm_handle)
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof(*tcm), on_filter_attr, &attrs);
	if (!attrs.kind || strcmp(attrs.kind, "bpf") != 0 || !attrs.options)
		return MNL_CB_OK;
	mnl_attr_parse_nested(attrs.options, on_bpf_attr, &attrs);
	if (attrs.name && strncmp(attrs.name, PROG_PREFIX, strlen(PROG_PREFIX)) == 0 && stale->n < STALE_MAX)
		stale->handles[stale->n++] = tcm->tcm_handle;
	return MNL_CB_OK;
}

/* Takes a filter of ours off if nobody owns it any more. */
static bool tidy_one(uint32_t ifindex, uint32_t handle)
{
	struct cp_attachment at = {
	        .ifindex = ifindex,
	        .handle = handle,
	        .priority = TC_PRIORITY,
	        .made_qdisc = handle & HANDLE_MADE_QDISC,
	};
	int fd = claim(handle & ~HANDLE_MADE_QDISC);

	if (fd < 0)
		return false;
	take_off(&at);
	close(fd);
	return true;
}

uint32_t cp_clsact_tidy(uint32_t ifindex)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct stale stale = {.n = 0};
	uint32_t n = 0;

	if (!nl)
		return 0;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0)
		each_filter(nl, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), note_ours, &stale);
	mnl_socket_close(nl);
	for (uint32_t i = 0; i < stale.n; i++)
		n += tidy_one(ifindex, stale.handles[i]);
	return n;
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
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .priority = TC_PRIORITY);
	struct cp_attachment at = {.ifindex = ifindex, .link_fd = -1, .clsact = true, .mode = "tc-clsact"};
	int rc = claim_any(&opts.handle, &at.claim_fd);

	if (rc)
		return rc;
	rc = bpf_tc_hook_create(&hook);
	if (rc && rc != -EEXIST) {
		close(at.claim_fd);
		return rc;
	}
	at.made_qdisc = rc == 0;
	if (at.made_qdisc)
		opts.handle |= HANDLE_MADE_QDISC;
	at.handle = opts.handle;
	at.priority = opts.priority;
	rc = bpf_tc_attach(&hook, &opts);
	if (rc == 0)
		rc = janitor_start(&at);
	if (rc) {
		take_off(&at);
		close(at.claim_fd);
		return rc;
	}
	*ret_at = at;
	return 0;
}

void cp_clsact_detach(struct cp_attachment *at)
{
	take_off(at);
	janitor_dismiss(at);
	close(at->claim_fd);
}
