/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_command.h: the command line that is often found above a tool's output
 * ("$ mtr -rw -c 10 192.0.2.1"), for what the output itself does not tell.
 * Knows the options of those tools, and nothing of their output.
 */
#ifndef CP_TEXT_COMMAND_H
#define CP_TEXT_COMMAND_H

#include "text_scan.h"

enum cp_text_tool { CP_TOOL_TRACEROUTE = 0, CP_TOOL_TCPTRACEROUTE, CP_TOOL_TRACEPATH, CP_TOOL_MTR };

struct cp_text_command {
	bool is_seen;
	bool is_globalping; /* its output may be several results */
	enum cp_text_tool tool;
	size_t line;
	char host[CP_NAME_SIZE]; /* ""; not told, or several */
	uint8_t proto; /* IPPROTO_*; 0: not told */
	uint32_t port, max_ttl; /* 0: not told */
};

/*
 * True when the line is a command of one of the tools, with or without a prompt,
 * sudo, and Globalping's "globalping TOOL HOST from PLACE". ret_command is then
 * set anew, but for line.
 */
bool cp_text_command_parse(const char *line, struct cp_text_command *ret_command);

#endif
