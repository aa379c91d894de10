/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * notify.h: tells a service manager how we are (sd_notify(3): datagrams to the
 * socket that NOTIFY_SOCKET names). Must not decide when. Where nobody listens
 * all of it does nothing.
 */
#ifndef CP_NOTIFY_H
#define CP_NOTIFY_H

#include <stdint.h>

#include "core/err.h"

struct cp_notify;

/* From the environment. 0; -EINVAL with err set: a socket that cannot be; -errno. */
int cp_notify_open(struct cp_notify **ret_notify, struct cp_err *err);
void cp_notify_close(struct cp_notify *notify); /* takes NULL */
/* Sends assignments, one a line: "READY=1", "STATUS=...". What the manager does not take is lost. */
void cp_notify_send(const struct cp_notify *notify, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* How often the manager wants "WATCHDOG=1" at least, in nanoseconds; 0: not at all. */
uint64_t cp_notify_watchdog_ns(const struct cp_notify *notify);

#endif
