/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * html_asset.h: the files of web/report that are built into the program.
 */
#ifndef CP_HTML_ASSET_H
#define CP_HTML_ASSET_H

#include <stddef.h>

enum cp_html_asset { CP_ASSET_CSS = 0, CP_ASSET_MEDIA, CP_ASSET_JS, CP_ASSET_ECHARTS };

/* Its text. ret_len 0: it was not there when the program was built; only ECharts may be missing. */
const char *cp_html_asset(enum cp_html_asset asset, size_t *ret_len);

#endif
