/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * serve_asset.h: the files of the dashboard, built into the program and
 * compressed once when the service starts.
 */
#ifndef CP_SERVE_ASSET_H
#define CP_SERVE_ASSET_H

#include "io/http.h"

struct cp_assets;

int cp_assets_new(struct cp_assets **ret_assets); /* 0 or -ENOMEM */
void cp_assets_free(struct cp_assets *assets); /* takes NULL */
/* Answers "/" and "/assets/NAME"; response stays as it is when there is no such file. */
void cp_assets_answer(
        const struct cp_assets *assets, const struct cp_http_request *request, struct cp_http_response *response);

#endif
