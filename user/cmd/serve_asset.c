// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * serve_asset.c: embeds every file of web/dashboard (the list is made by the
 * Makefile) and the picture library. Must not know what is in them.
 */
#include "serve_asset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "core/sha256.h"
#include "format/html_asset.h"

#define CP_ASSET(n, name, path)                                                                                        \
	__asm__(".section .rodata\n"                                                                                   \
	        ".global cp_dashboard_" #n "\ncp_dashboard_" #n ":\n"                                                  \
	        ".incbin \"" path "\"\n"                                                                               \
	        ".global cp_dashboard_" #n "_end\ncp_dashboard_" #n "_end:\n"                                          \
	        ".byte 0\n"                                                                                            \
	        ".previous\n");                                                                                        \
	extern const char cp_dashboard_##n[], cp_dashboard_##n##_end[];
#include "dashboard_files.h"
#undef CP_ASSET

/* What stands at / when the program was built without a dashboard. */
static const char plain_page[] =
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>coldpotato</title>\n"
        "<h1>coldpotato</h1>\n<p>This program was built without its dashboard. Its data:</p>\n<ul>\n"
        "<li><a href=\"/api/v1/status\">/api/v1/status</a>\n<li><a href=\"/api/v1/runs\">/api/v1/runs</a>\n"
        "<li><a href=\"/api/v1/runs/latest\">/api/v1/runs/latest</a>\n"
        "<li><a href=\"/api/v1/runs/latest/targets\">/api/v1/runs/latest/targets</a>\n"
        "<li><a href=\"/api/v1/runs/latest/flow\">/api/v1/runs/latest/flow</a>\n"
        "<li><a href=\"/api/v1/runs/latest/egress\">/api/v1/runs/latest/egress</a>\n"
        "<li><a href=\"/api/v1/flow-history\">/api/v1/flow-history</a>\n"
        "<li><a href=\"/api/v1/heatmap\">/api/v1/heatmap</a>\n"
        "<li><a href=\"/api/v1/changes\">/api/v1/changes</a>\n"
        "<li><a href=\"/api/v1/events\">/api/v1/events</a>\n<li><a href=\"/metrics\">/metrics</a>\n</ul>\n";

static const struct {
	const char *name, *data, *end;
} files[] = {
#define CP_ASSET(n, name, path) {name, cp_dashboard_##n, cp_dashboard_##n##_end},
#include "dashboard_files.h"
#undef CP_ASSET
        {NULL, NULL, NULL},
};
#define N_FILES (sizeof(files) / sizeof(files[0]) - 1)

static const struct {
	const char *suffix, *type;
} types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
};

struct asset {
	const char *name; /* NULL: of "/" alone */
	const char *type;
	const void *data;
	size_t len;
	void *gzip; /* NULL: it would not be smaller */
	size_t n_gzip;
	char etag[33];
};

struct cp_assets {
	size_t n;
	struct asset items[N_FILES + 2]; /* with ECharts, and the page that stands for a missing one */
};

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(dot, types[i].suffix) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* 0 or -ENOMEM; asset->gzip stays NULL where it does not pay. */
static int compress_asset(struct asset *asset)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)asset->data, .avail_in = (uInt)asset->len};
	uLong bound;
	int result;

	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	bound = deflateBound(&stream, (uLong)asset->len);
	asset->gzip = malloc(bound);
	stream.next_out = asset->gzip;
	stream.avail_out = (uInt)bound;
	result = asset->gzip ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
	asset->n_gzip = stream.total_out;
	deflateEnd(&stream);
	if (result != Z_STREAM_END || asset->n_gzip >= asset->len) {
		free(asset->gzip);
		asset->gzip = NULL;
	}
	return result == Z_STREAM_END ? 0 : -ENOMEM;
}

static int add(struct cp_assets *assets, const char *name, const void *data, size_t len)
{
	struct asset *asset = &assets->items[assets->n++];
	uint8_t hash[CP_SHA256_LEN];
	char hex[CP_SHA256_HEX];

	*asset = (struct asset){.name = name, .type = type_of(name), .data = data, .len = len};
	cp_sha256(data, len, hash);
	snprintf(asset->etag, sizeof(asset->etag), "%.32s", cp_sha256_hex(hash, hex));
	return compress_asset(asset);
}

static const struct asset *find(const struct cp_assets *assets, const char *name)
{
	for (size_t i = 0; i < assets->n; i++) {
		if (strcmp(assets->items[i].name, name) == 0)
			return &assets->items[i];
	}
	return NULL;
}

int cp_assets_new(struct cp_assets **ret_assets)
{
	struct cp_assets *assets = calloc(1, sizeof(*assets));
	const char *echarts;
	size_t len;
	int rc = 0;

	if (!assets)
		return -ENOMEM;
	for (size_t i = 0; files[i].name && rc == 0; i++)
		rc = add(assets, files[i].name, files[i].data, (size_t)(files[i].end - files[i].data));
	echarts = cp_html_asset(CP_ASSET_ECHARTS, &len);
	if (rc == 0 && len)
		rc = add(assets, "echarts.js", echarts, len);
	if (rc == 0 && !find(assets, "index.html"))
		rc = add(assets, "index.html", plain_page, sizeof(plain_page) - 1);
	if (rc) {
		cp_assets_free(assets);
		return rc;
	}
	*ret_assets = assets;
	return 0;
}

void cp_assets_free(struct cp_assets *assets)
{
	if (!assets)
		return;
	for (size_t i = 0; i < assets->n; i++)
		free(assets->items[i].gzip);
	free(assets);
}

void cp_assets_answer(
        const struct cp_assets *assets, const struct cp_http_request *request, struct cp_http_response *response)
{
	static const char prefix[] = "/assets/";
	const char *path = cp_uri_path(request->uri);
	const struct asset *asset = NULL;
	bool use_gzip;

	if (strcmp(path, "/") == 0)
		asset = find(assets, "index.html");
	else if (strncmp(path, prefix, sizeof(prefix) - 1) == 0)
		asset = find(assets, path + sizeof(prefix) - 1);
	if (!asset)
		return;
	use_gzip = request->accepts_gzip && asset->gzip;
	*response = (struct cp_http_response){.status = 200,
	        .type = asset->type,
	        .fixed = use_gzip ? asset->gzip : asset->data,
	        .len = use_gzip ? asset->n_gzip : asset->len,
	        .is_gzip = use_gzip};
	/* Each representation has a tag of its own (RFC 9110, 8.8.3.3). */
	snprintf(response->etag, sizeof(response->etag), "%s%s", asset->etag, use_gzip ? "-gz" : "");
}
