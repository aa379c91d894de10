// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * asfile_mmdb.c: a MaxMind DB (MMDB, format 2.0) into rows of an AS database,
 * through libmaxminddb. Whoever made it: which keys its records have is found
 * by looking. Must not know how rows are searched.
 *
 * The library maps what it opens, and a mapped file that somebody cuts short
 * kills its reader with SIGBUS. So it is given a sealed copy in memory, which
 * nobody can reach. The whole tree is walked once, in address order; records
 * that many networks share are decoded once.
 */
#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "asfile_impl.h"

#define MARKER "\xab\xcd\xefMaxMind.com"
#define MARKER_LEN (sizeof(MARKER) - 1)
#define METADATA_MAX ((size_t)128 << 10) /* at the end of the file, as the format says */
#define NAME_MAX_BYTES 256
#define TREE_BITS 128u
#define V4_BITS 96u /* before an IPv4 address in the tree of a database with both families */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

typedef unsigned __int128 number;

/* A record of the tree and the network that it stands for: its first bits, the rest is 0. */
struct place {
	number prefix;
	uint64_t record;
	uint32_t data; /* offset of its data */
	uint8_t type; /* MMDB_RECORD_TYPE_* */
	uint8_t n_bits;
};

/* What a record of the data section says, by its offset. */
struct decoded {
	uint32_t offset; /* + 1; 0: empty slot */
	uint32_t asn; /* 0: none */
};

struct walk {
	const MMDB_s *mmdb;
	struct cp_asdb *db;
	enum cp_asdb_layer layer;
	const char *path;
	struct cp_err *err;
	struct decoded *decoded; /* open addressing; cap is a power of two, at most half full */
	size_t n_decoded, cap_decoded;
	bool any_asn;
	struct place stack[TREE_BITS + 2];
	unsigned n_stack;
};

/* ---- opening ---- */

bool cp_asfile_is_mmdb(const struct cp_asfile *file)
{
	size_t n = file->len < METADATA_MAX ? file->len : METADATA_MAX;

	return n > 0 && memmem(file->bytes + file->len - n, n, MARKER, MARKER_LEN);
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* A file in memory that nobody can change any more. The descriptor, or -errno. */
static int sealed_copy(const struct cp_asfile *file)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("coldpotato-mmdb", flags | MFD_NOEXEC_SEAL), rc;

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("coldpotato-mmdb", flags);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, file->bytes, file->len);
	if (rc == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Opened by its name below /proc the copy is read-only, which its seals insist on; the mapping keeps it alive. */
static int open_copy(const struct cp_asfile *file, const char *path, MMDB_s *ret_mmdb, struct cp_err *err)
{
	char name[64];
	int fd = sealed_copy(file), status;

	if (fd < 0)
		return cp_err_set(err, fd, "%s: cannot keep a copy in memory: %s", path, strerror(-fd));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	status = MMDB_open(name, MMDB_MODE_MMAP, ret_mmdb);
	close(fd);
	if (status == MMDB_SUCCESS)
		return 0;
	if (status == MMDB_OUT_OF_MEMORY_ERROR)
		return cp_err_set(err, -ENOMEM, "%s: out of memory", path);
	if (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR)
		return cp_err_set(err, -EIO, "%s: cannot open the copy in memory: is /proc mounted?", path);
	return cp_err_set(err, -EINVAL, "%s: a damaged MaxMind DB: %s", path, MMDB_strerror(status));
}

static int damaged(const struct walk *walk, const char *what)
{
	return cp_err_set(walk->err, -EINVAL, "%s: a damaged MaxMind DB: %s", walk->path, what);
}

static int no_memory(const struct walk *walk)
{
	return cp_err_set(walk->err, -ENOMEM, "%s: out of memory", walk->path);
}

/* ---- records of the data section ---- */

/* Keys as the makers of databases use them, first match wins. */
static const char *const asn_keys[][3] = {
        {"autonomous_system_number"}, /* GeoLite2-ASN, GeoIP2-ISP, DB-IP ASN Lite */
        {"asn"}, /* IPinfo */
        {"asn", "asn"}, /* IPinfo's databases of companies */
        {"traits", "autonomous_system_number"}, /* GeoIP2-Enterprise */
};
static const char *const name_keys[][3] = {
        {"autonomous_system_organization"},
        {"as_name"},
        {"asn", "name"},
        {"traits", "autonomous_system_organization"},
        {"name"},
        {"as_domain"},
};

/* 1: found; 0: there is no such key; -EINVAL: malformed. */
static int get(const struct walk *walk, uint32_t offset, const char *const *keys, MMDB_entry_data_s *ret_data)
{
	MMDB_entry_s entry = {.mmdb = walk->mmdb, .offset = offset};
	int status = MMDB_aget_value(&entry, ret_data, keys);

	if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || status == MMDB_INVALID_LOOKUP_PATH_ERROR)
		return 0;
	if (status != MMDB_SUCCESS)
		return damaged(walk, MMDB_strerror(status));
	return ret_data->has_data;
}

static void copy_text(const MMDB_entry_data_s *data, char *buf, size_t size)
{
	size_t n = data->data_size < size ? data->data_size : size - 1;

	memcpy(buf, data->utf8_string, n);
	buf[n] = '\0';
}

/* A number of an AS, or "AS13335". 0 and "" are no AS and no error. */
static int read_asn(const struct walk *walk, const MMDB_entry_data_s *data, uint32_t *ret_asn)
{
	uint64_t value = 0;
	char text[32];

	switch (data->type) {
	case MMDB_DATA_TYPE_UINT16:
		value = data->uint16;
		break;
	case MMDB_DATA_TYPE_UINT32:
		value = data->uint32;
		break;
	case MMDB_DATA_TYPE_UINT64:
		value = data->uint64;
		break;
	case MMDB_DATA_TYPE_INT32:
		value = data->int32 < 0 ? UINT64_MAX : (uint64_t)data->int32;
		break;
	case MMDB_DATA_TYPE_UTF8_STRING:
		copy_text(data, text, sizeof(text));
		if (text[0] == '\0' || strcmp(text, "0") == 0 || strcasecmp(text, "AS0") == 0)
			break;
		if (data->data_size >= sizeof(text) || cp_asdb_parse_asn(text, ret_asn) < 0)
			return damaged(walk, "a text where an AS number was expected");
		return 0;
	default:
		return damaged(walk, "an AS number that is neither a number nor a text");
	}
	if (value > UINT32_MAX)
		return damaged(walk, "an AS number that is out of range");
	*ret_asn = (uint32_t)value;
	return 0;
}

static int find_asn(const struct walk *walk, uint32_t offset, uint32_t *ret_asn)
{
	MMDB_entry_data_s data;

	*ret_asn = 0;
	for (size_t i = 0; i < sizeof(asn_keys) / sizeof(asn_keys[0]); i++) {
		int rc = get(walk, offset, asn_keys[i], &data);

		if (rc < 0)
			return rc;
		if (rc > 0 && data.type != MMDB_DATA_TYPE_MAP)
			return read_asn(walk, &data, ret_asn);
	}
	return 0;
}

static int take_name(const struct walk *walk, uint32_t offset, uint32_t asn)
{
	MMDB_entry_data_s data;
	char name[NAME_MAX_BYTES];

	for (size_t i = 0; i < sizeof(name_keys) / sizeof(name_keys[0]); i++) {
		int rc = get(walk, offset, name_keys[i], &data);

		if (rc < 0)
			return rc;
		if (rc == 0 || data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size == 0)
			continue;
		copy_text(&data, name, sizeof(name));
		return cp_asdb_add_name(walk->db, asn, name) < 0 ? no_memory(walk) : 0;
	}
	return 0;
}

static struct decoded *slot_of(const struct walk *walk, uint32_t offset)
{
	size_t mask = walk->cap_decoded - 1, i = offset * 0x9e3779b1u >> 7;

	while (walk->decoded[i & mask].offset && walk->decoded[i & mask].offset != offset + 1)
		i++;
	return &walk->decoded[i & mask];
}

static int make_room(struct walk *walk)
{
	struct walk bigger = {.cap_decoded = walk->cap_decoded ? walk->cap_decoded * 2 : 1024};

	if (walk->n_decoded * 2 < walk->cap_decoded)
		return 0;
	bigger.decoded = calloc(bigger.cap_decoded, sizeof(*bigger.decoded));
	if (!bigger.decoded)
		return no_memory(walk);
	for (size_t i = 0; i < walk->cap_decoded; i++) {
		if (walk->decoded[i].offset)
			*slot_of(&bigger, walk->decoded[i].offset - 1) = walk->decoded[i];
	}
	free(walk->decoded);
	walk->decoded = bigger.decoded;
	walk->cap_decoded = bigger.cap_decoded;
	return 0;
}

static int decode(struct walk *walk, uint32_t offset, uint32_t *ret_asn)
{
	struct decoded *slot;
	uint32_t asn;
	int rc = make_room(walk);

	if (rc < 0)
		return rc;
	slot = slot_of(walk, offset);
	if (!slot->offset) {
		rc = find_asn(walk, offset, &asn);
		if (rc == 0 && asn)
			rc = take_name(walk, offset, asn);
		if (rc < 0)
			return rc;
		*slot = (struct decoded){.offset = offset + 1, .asn = asn};
		walk->n_decoded++;
		walk->any_asn |= asn != 0;
	}
	*ret_asn = slot->asn;
	return 0;
}

/* ---- the tree ---- */

static struct cp_addr addr_of(number value)
{
	struct cp_addr addr;

	for (int i = 15; i >= 0; i--) {
		addr.b[i] = (uint8_t)value;
		value >>= 8;
	}
	return addr;
}

static int add_range(const struct walk *walk, const struct cp_addr *first, const struct cp_addr *last, uint32_t asn)
{
	return cp_asdb_add_range(walk->db, walk->layer, first, last, asn) < 0 ? no_memory(walk) : 0;
}

/* Below ::/96 the tree has the IPv4 addresses; a network around all of them holds them, too. */
static int add_network(const struct walk *walk, const struct place *place, uint32_t asn)
{
	number size = place->n_bits ? (number)1 << (TREE_BITS - place->n_bits) : 0;
	number last_number = place->prefix + (size - 1);
	struct cp_addr first, last;

	if (place->prefix >> 32 == 0) {
		first = cp_addr_from_v4((uint32_t)place->prefix);
		last = cp_addr_from_v4(place->n_bits < V4_BITS ? UINT32_MAX : (uint32_t)last_number);

		int rc = add_range(walk, &first, &last, asn);

		if (rc || place->n_bits >= V4_BITS)
			return rc;
	}
	first = addr_of(place->prefix);
	last = addr_of(last_number);
	return add_range(walk, &first, &last, asn);
}

/*
 * Other ways into the IPv4 part that writers add for readers: IPv4-mapped addresses, 6to4, Teredo. Their addresses are
 * IPv4 to us, or nobody's; read as networks of their own they would be the whole IPv4 part once more.
 */
static bool is_alias(const struct walk *walk, const struct place *place)
{
	const MMDB_ipv4_start_node_s *v4 = &walk->mmdb->ipv4_start_node;

	if (walk->mmdb->metadata.ip_version == 4 || place->prefix >> 32 == 0)
		return false;
	if (place->n_bits == 96 && place->prefix >> 32 == 0xffff)
		return true;
	if (place->n_bits == 16 && place->prefix >> 112 == 0x2002)
		return true;
	return v4->netmask == V4_BITS && place->type == MMDB_RECORD_TYPE_SEARCH_NODE && place->record == v4->node_value;
}

static int push(struct walk *walk, const struct place *parent, bool is_right, const MMDB_search_node_s *node)
{
	struct place place = {
	        .prefix = parent->prefix,
	        .record = is_right ? node->right_record : node->left_record,
	        .data = is_right ? node->right_record_entry.offset : node->left_record_entry.offset,
	        .type = is_right ? node->right_record_type : node->left_record_type,
	        .n_bits = (uint8_t)(parent->n_bits + 1),
	};

	if (place.type == MMDB_RECORD_TYPE_INVALID)
		return damaged(walk, "its search tree points nowhere");
	if (is_right)
		place.prefix |= (number)1 << (TREE_BITS - place.n_bits);
	if (place.type == MMDB_RECORD_TYPE_EMPTY || is_alias(walk, &place))
		return 0;
	if (place.n_bits == TREE_BITS && place.type == MMDB_RECORD_TYPE_SEARCH_NODE)
		return damaged(walk, "its search tree is deeper than an address has bits");
	walk->stack[walk->n_stack++] = place;
	return 0;
}

static int enter(struct walk *walk, const struct place *place)
{
	MMDB_search_node_s node;
	int status = MMDB_read_node(walk->mmdb, (uint32_t)place->record, &node), rc;

	if (status != MMDB_SUCCESS)
		return damaged(walk, MMDB_strerror(status));
	/* The left one is taken first: rows come in order. */
	rc = push(walk, place, true, &node);
	return rc ? rc : push(walk, place, false, &node);
}

static int walk_tree(struct walk *walk)
{
	uint64_t n_left = walk->mmdb->metadata.node_count;
	int rc = 0;

	walk->stack[walk->n_stack++] = (struct place){
	        .type = MMDB_RECORD_TYPE_SEARCH_NODE,
	        .n_bits = walk->mmdb->metadata.ip_version == 4 ? V4_BITS : 0,
	};
	while (walk->n_stack > 0 && rc == 0) {
		struct place place = walk->stack[--walk->n_stack];
		uint32_t asn;

		if (place.type == MMDB_RECORD_TYPE_SEARCH_NODE) {
			/* Without its aliases a tree has every node once. */
			rc = n_left-- ? enter(walk, &place) : damaged(walk, "its search tree runs in a circle");
			continue;
		}
		rc = decode(walk, place.data, &asn);
		if (rc == 0 && asn)
			rc = add_network(walk, &place, asn);
	}
	return rc;
}

static void describe(const MMDB_s *mmdb, struct cp_asfile_info *ret_info)
{
	const char *type = mmdb->metadata.database_type ? mmdb->metadata.database_type : "";

	snprintf(ret_info->type, sizeof(ret_info->type), "%s", type);
	for (char *c = ret_info->type; *c; c++) {
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	}
	ret_info->built_at_s = mmdb->metadata.build_epoch;
}

static int load(struct walk *walk, const struct cp_asfile_info *info)
{
	uint16_t version = walk->mmdb->metadata.ip_version;
	int rc;

	if (version != 4 && version != 6)
		return damaged(walk, "its addresses are neither IPv4 nor IPv6");
	rc = walk_tree(walk);
	if (rc || walk->any_asn)
		return rc;
	return cp_err_set(walk->err, -EINVAL,
	        "%s: no AS numbers in it (type '%s'): its records have neither autonomous_system_number nor asn",
	        walk->path, info->type);
}

int cp_asfile_load_mmdb(const struct cp_asfile *file, const char *path, enum cp_asdb_layer layer, struct cp_asdb *db,
        struct cp_asfile_info *ret_info, struct cp_err *err)
{
	struct cp_asfile_info info = {.built_at_s = CP_ASFILE_UNKNOWN};
	struct walk *walk = calloc(1, sizeof(*walk));
	MMDB_s mmdb;
	int rc;

	if (!walk)
		return cp_err_set(err, -ENOMEM, "%s: out of memory", path);
	rc = open_copy(file, path, &mmdb, err);
	if (rc == 0) {
		describe(&mmdb, &info);
		*walk = (struct walk){.mmdb = &mmdb, .db = db, .layer = layer, .path = path, .err = err};
		rc = load(walk, &info);
		free(walk->decoded);
		MMDB_close(&mmdb);
	}
	free(walk);
	if (rc == 0)
		*ret_info = info;
	return rc;
}
