/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CP_VERSION_H
#define CP_VERSION_H
#define CP_VERSION "0.1.0"
#endif
