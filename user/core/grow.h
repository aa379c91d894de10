/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * grow.h: arrays that grow one element at a time.
 */
#ifndef CP_GROW_H
#define CP_GROW_H

#include <stddef.h>

/*
 * Room for one more element of `size` bytes behind the n that an array has: *(T **)items_ptr, of *cap elements; both
 * are changed when it moves. 0 or -ENOMEM, which leaves them as they are. Elements can be numbered with 32 bits.
 */
int cp_grow(void *items_ptr, size_t *cap, size_t n, size_t size);

#endif
