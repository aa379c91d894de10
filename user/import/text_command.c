// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_command.c: command lines of tools. A word that is no option is the
 * destination; which options take a word of their own is known by table.
 */
#include "text_command.h"

#include <netinet/in.h>
#include <string.h>

/* What an option tells us. */
enum meaning { NOTHING = 0, IS_TCP, IS_UDP, IS_ICMP, PORT, MAX_TTL };

static const struct tool {
	const char *name;
	enum cp_text_tool tool;
	uint8_t proto; /* without an option */
	const char *with_value; /* short options that take one */
} tools[] = {
        {"traceroute", CP_TOOL_TRACEROUTE, IPPROTO_UDP, "fgimNptlwqszMOP"},
        {"traceroute6", CP_TOOL_TRACEROUTE, IPPROTO_UDP, "fgimNptlwqszMOP"},
        {"tcptraceroute", CP_TOOL_TCPTRACEROUTE, IPPROTO_TCP, "ifmqwtlsp"},
        {"tracepath", CP_TOOL_TRACEPATH, IPPROTO_UDP, "mlp"},
        {"tracepath6", CP_TOOL_TRACEPATH, IPPROTO_UDP, "mlp"},
        {"mtr", CP_TOOL_MTR, IPPROTO_ICMP, "FoyiGcsBQIafmUEPLZMd"},
};

static const struct {
	enum cp_text_tool tool;
	char letter;
	enum meaning meaning;
} letters[] = {
        {CP_TOOL_TRACEROUTE, 'T', IS_TCP},
        {CP_TOOL_TRACEROUTE, 'U', IS_UDP},
        {CP_TOOL_TRACEROUTE, 'I', IS_ICMP},
        {CP_TOOL_TRACEROUTE, 'p', PORT},
        {CP_TOOL_TRACEROUTE, 'm', MAX_TTL},
        {CP_TOOL_TCPTRACEROUTE, 'm', MAX_TTL},
        {CP_TOOL_TRACEPATH, 'm', MAX_TTL},
        {CP_TOOL_MTR, 'T', IS_TCP},
        {CP_TOOL_MTR, 'u', IS_UDP},
        {CP_TOOL_MTR, 'P', PORT},
        {CP_TOOL_MTR, 'm', MAX_TTL},
};

/* Long options, and "-P tcp" of some traceroutes, "--protocol tcp" of Globalping. */
static const struct {
	const char *name;
	bool has_value;
	enum meaning meaning;
} words[] = {
        {"tcp", false, IS_TCP},
        {"udp", false, IS_UDP},
        {"icmp", false, IS_ICMP},
        {"port", true, PORT},
        {"max-ttl", true, MAX_TTL},
        {"max-hops", true, MAX_TTL},
        {"max-hop", true, MAX_TTL},
        {"protocol", true, NOTHING},
        {"from", true, NOTHING},
        {"limit", true, NOTHING},
        {"filename", true, NOTHING},
        {"order", true, NOTHING},
        {"ipinfo", true, NOTHING},
        {"interval", true, NOTHING},
        {"gracetime", true, NOTHING},
        {"report-cycles", true, NOTHING},
        {"psize", true, NOTHING},
        {"bitpattern", true, NOTHING},
        {"tos", true, NOTHING},
        {"interface", true, NOTHING},
        {"address", true, NOTHING},
        {"first-ttl", true, NOTHING},
        {"first-hop", true, NOTHING},
        {"first", true, NOTHING},
        {"max-unknown", true, NOTHING},
        {"max-display-path", true, NOTHING},
        {"localport", true, NOTHING},
        {"timeout", true, NOTHING},
        {"mark", true, NOTHING},
        {"displaymode", true, NOTHING},
        {"gateway", true, NOTHING},
        {"sim-queries", true, NOTHING},
        {"flowlabel", true, NOTHING},
        {"wait", true, NOTHING},
        {"queries", true, NOTHING},
        {"tries", true, NOTHING},
        {"source", true, NOTHING},
        {"sendwait", true, NOTHING},
        {"module", true, NOTHING},
        {"options", true, NOTHING},
        {"sport", true, NOTHING},
        {"fwmark", true, NOTHING},
        {"type", true, NOTHING},
};

static void learn(struct cp_text_command *command, enum meaning meaning, const char *value)
{
	switch (meaning) {
	case NOTHING:
		break;
	case IS_TCP:
		command->proto = IPPROTO_TCP;
		break;
	case IS_UDP:
		command->proto = IPPROTO_UDP;
		break;
	case IS_ICMP:
		command->proto = IPPROTO_ICMP;
		break;
	case PORT:
		if (!cp_scan_uint(&value, UINT16_MAX, &command->port))
			command->port = 0;
		break;
	case MAX_TTL:
		if (!cp_scan_uint(&value, UINT8_MAX, &command->max_ttl))
			command->max_ttl = 0;
		break;
	}
}

static void learn_protocol(struct cp_text_command *command, const char *value)
{
	command->proto = 0;
	if (cp_scan_word(&value, "tcp"))
		command->proto = IPPROTO_TCP;
	else if (cp_scan_word(&value, "udp"))
		command->proto = IPPROTO_UDP;
	else if (cp_scan_word(&value, "icmp"))
		command->proto = IPPROTO_ICMP;
}

/* The value of an option that is not within its word: the next word. */
static const char *next_word(const char **at)
{
	const char *token = "";

	cp_scan_token(at, &token);
	return token;
}

static void take_letters(struct cp_text_command *command, const struct tool *tool, const char *at_letter,
        const char *end, const char **at)
{
	for (; at_letter < end; at_letter++) {
		bool has_value = strchr(tool->with_value, *at_letter) != NULL;
		const char *value = !has_value ? "" : at_letter + 1 < end ? at_letter + 1 : next_word(at);

		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
			if (letters[i].tool == tool->tool && letters[i].letter == *at_letter)
				learn(command, letters[i].meaning, value);
		}
		/* A protocol of its own: another than the default, whichever it is. */
		if (tool->tool == CP_TOOL_TRACEROUTE && (*at_letter == 'P' || *at_letter == 'M'))
			learn_protocol(command, value);
		if (has_value)
			return;
	}
}

static void take_long(struct cp_text_command *command, const char *name, size_t len, const char **at)
{
	const char *equals = memchr(name, '=', len);
	size_t n = equals ? (size_t)(equals - name) : len;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *value = "";

		if (strlen(words[i].name) != n || memcmp(words[i].name, name, n) != 0)
			continue;
		if (words[i].has_value)
			value = equals ? equals + 1 : next_word(at);
		learn(command, words[i].meaning, value);
		if (strcmp(words[i].name, "protocol") == 0)
			learn_protocol(command, value);
		return;
	}
}

/* Only letters, digits, dots, colons, '-' and '_'. */
static bool is_host(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = word[i];

		if (!(c & 0x80) && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		        !strchr(".:-_", c))
			return false;
	}
	return len < CP_NAME_SIZE && strspn(word, "0123456789") < len;
}

static void take_words(struct cp_text_command *command, const struct tool *tool, const char *at)
{
	const char *word;
	size_t len, n_hosts = 0;

	while ((len = cp_scan_token(&at, &word)) > 0 && !strchr("|>;&<", *word)) {
		if (len == 4 && memcmp(word, "from", 4) == 0)
			next_word(&at);
		else if (len > 2 && word[0] == '-' && word[1] == '-')
			take_long(command, word + 2, len - 2, &at);
		else if (len > 1 && word[0] == '-')
			take_letters(command, tool, word + 1, word + len, &at);
		else if (is_host(word, len)) {
			memcpy(command->host, word, len);
			command->host[len] = '\0';
			n_hosts++;
		}
	}
	if (n_hosts != 1)
		command->host[0] = '\0';
}

/* The name of the program, behind a directory or a prompt that stands at it: "/usr/bin/mtr", "host#mtr". */
static const struct tool *find_tool(const char *word, size_t len)
{
	for (size_t i = len; i-- > 0;) {
		if (strchr("/\\>$#%", word[i])) {
			word += i + 1;
			len -= i + 1;
			break;
		}
	}
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (strlen(tools[i].name) == len && memcmp(tools[i].name, word, len) == 0)
			return &tools[i];
	}
	return NULL;
}

/* What may stand before a command: a prompt's last character, or a program that runs it. */
static bool may_precede(const char *word, size_t len)
{
	static const char *const runners[] = {"sudo", "globalping", "time", "\xe2\x9d\xaf", "\xe2\x9e\x9c"};

	if (strchr("$#>%", word[len - 1]))
		return true;
	for (size_t i = 0; i < sizeof(runners) / sizeof(runners[0]); i++) {
		if (strlen(runners[i]) == len && memcmp(runners[i], word, len) == 0)
			return true;
	}
	return false;
}

bool cp_text_command_parse(const char *line, struct cp_text_command *ret_command)
{
	const char *at = line, *word;
	const struct tool *tool = NULL;
	bool is_first = true, is_globalping = false;
	size_t len;

	while (!tool && (len = cp_scan_token(&at, &word)) > 0) {
		if (is_first)
			tool = find_tool(word, len);
		is_first = may_precede(word, len);
		is_globalping |= len == strlen("globalping") && memcmp(word, "globalping", len) == 0;
	}
	/* "traceroute to ..." is a heading. */
	if (!tool || cp_scan_end(&at) || (tool->tool == CP_TOOL_TRACEROUTE && cp_scan_word(&at, "to")))
		return false;
	*ret_command = (struct cp_text_command){
	        .is_seen = true, .is_globalping = is_globalping, .tool = tool->tool, .proto = tool->proto};
	take_words(ret_command, tool, at);
	return true;
}
