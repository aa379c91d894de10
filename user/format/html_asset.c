// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_asset.c: embeds the report's style and script, and the picture library
 * that scripts/fetch-echarts has made. Must not know what is in them.
 */
#include "html_asset.h"

/* Where the build keeps what it has fetched. */
#ifndef CP_WEB_DIR
#define CP_WEB_DIR "build/web"
#endif

#define EMBED(symbol, path)                                                                                            \
	__asm__(".section .rodata\n"                                                                                   \
	        ".global cp_asset_" #symbol "\ncp_asset_" #symbol ":\n"                                                \
	        ".incbin \"" path "\"\n"                                                                               \
	        ".global cp_asset_" #symbol "_end\ncp_asset_" #symbol "_end:\n"                                        \
	        ".byte 0\n"                                                                                            \
	        ".previous\n");                                                                                        \
	extern const char cp_asset_##symbol[], cp_asset_##symbol##_end[]

/* What is listed comes one after the other. */
EMBED(css, "web/dashboard/theme.css\"\n.incbin \"web/report/report.css");
EMBED(media, "web/report/media.css");
EMBED(js, "web/report/report.js");
EMBED(echarts, CP_WEB_DIR "/echarts.js");

static const struct {
	const char *text, *end;
} assets[] = {
        [CP_ASSET_CSS] = {cp_asset_css, cp_asset_css_end},
        [CP_ASSET_MEDIA] = {cp_asset_media, cp_asset_media_end},
        [CP_ASSET_JS] = {cp_asset_js, cp_asset_js_end},
        [CP_ASSET_ECHARTS] = {cp_asset_echarts, cp_asset_echarts_end},
};

const char *cp_html_asset(enum cp_html_asset asset, size_t *ret_len)
{
	*ret_len = (size_t)(assets[asset].end - assets[asset].text);
	return assets[asset].text;
}
