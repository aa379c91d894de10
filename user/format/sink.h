/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sink.h: where a formatter's bytes go. The owner of the file descriptor is in cmd/.
 */
#ifndef CP_SINK_H
#define CP_SINK_H

#include <stddef.h>

struct cp_sink {
	/* Takes all len bytes, or returns -errno; after an error it is not called again. */
	int (*write)(void *ctx, const char *data, size_t len);
	void *ctx;
};

#endif
