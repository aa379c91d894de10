// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asfile_gzip.c: unpacks gzip files (RFC 1952, several members running are one
 * file), within bounds. Must not know what is in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "asfile_impl.h"

#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib's way to ask for a gzip header and checksum */
#define ROOM_FIRST ((size_t)1 << 20)

struct unpacking {
	z_stream stream;
	struct cp_asfile out;
	size_t room, max_bytes;
};

bool cp_asfile_is_gzip(const struct cp_asfile *file)
{
	const unsigned char *bytes = (const unsigned char *)file->bytes;

	return file->len >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

/* Room for one byte more than is there, and the NUL. */
static int make_room(struct unpacking *unpacking)
{
	size_t room = unpacking->room ? unpacking->room * 2 : ROOM_FIRST;
	char *grown;

	if (unpacking->out.len > unpacking->max_bytes)
		return -EFBIG;
	if (unpacking->out.len + 1 < unpacking->room)
		return 0;
	grown = realloc(unpacking->out.bytes, room);
	if (!grown)
		return -ENOMEM;
	unpacking->out.bytes = grown;
	unpacking->room = room;
	return 0;
}

/* All members. -EINVAL: damaged or cut short. */
static int inflate_all(struct unpacking *unpacking)
{
	z_stream *stream = &unpacking->stream;

	for (;;) {
		size_t left;
		int rc = make_room(unpacking), z;

		if (rc)
			return rc;
		left = unpacking->room - 1 - unpacking->out.len;
		left = left < UINT32_MAX / 2 ? left : UINT32_MAX / 2;
		stream->next_out = (unsigned char *)unpacking->out.bytes + unpacking->out.len;
		stream->avail_out = (unsigned)left;
		z = inflate(stream, Z_NO_FLUSH);
		unpacking->out.len += left - stream->avail_out;
		if (z == Z_STREAM_END && stream->avail_in == 0)
			return unpacking->out.len > unpacking->max_bytes ? -EFBIG : 0;
		if (z == Z_STREAM_END)
			z = inflateReset(stream);
		if (z == Z_MEM_ERROR)
			return -ENOMEM;
		if (z != Z_OK)
			return -EINVAL;
	}
}

int cp_asfile_unpack(struct cp_asfile *file, size_t max_bytes, const char *path, struct cp_err *err)
{
	struct unpacking unpacking = {.max_bytes = max_bytes, .out.modified_s = file->modified_s};
	int rc = -EFBIG;

	if (file->len <= UINT32_MAX) {
		unpacking.stream.next_in = (unsigned char *)file->bytes;
		unpacking.stream.avail_in = (unsigned)file->len;
		rc = inflateInit2(&unpacking.stream, GZIP_WINDOW) == Z_OK ? inflate_all(&unpacking) : -ENOMEM;
		inflateEnd(&unpacking.stream);
	}
	if (rc) {
		cp_asfile_free(&unpacking.out);
		if (rc == -EFBIG)
			return cp_err_set(err, rc, "%s is larger than %zu bytes when unpacked", path, max_bytes);
		if (rc == -EINVAL)
			return cp_err_set(err, rc, "%s: a gzip file that is damaged or cut short", path);
		return cp_err_set(err, rc, "%s: out of memory", path);
	}
	unpacking.out.bytes[unpacking.out.len] = '\0';
	cp_asfile_free(file);
	*file = unpacking.out;
	return 0;
}
