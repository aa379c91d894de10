/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_dom.h: a text read by json_pull.h, as jansson has it, and what jansson
 * itself says of the text: the two must agree on what is JSON and what it means.
 */
#ifndef JSON_DOM_H
#define JSON_DOM_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "import/json_pull.h"

/* What the two are known to disagree about, seen on the way. */
struct json_dom {
	struct cp_pull pull;
	bool has_nul; /* we show U+FFFD */
	bool has_long_number; /* we do not convert it */
};

static json_t *json_dom_value(struct json_dom *dom);

static char *json_dom_text(struct json_dom *dom)
{
	char *text = malloc(cp_pull_room(&dom->pull));

	if (!text)
		abort();
	if (cp_pull_unescape(&dom->pull, text) != strlen(text) || strlen(text) >= cp_pull_room(&dom->pull))
		abort();
	dom->has_nul |= dom->pull.has_escapes && memmem(dom->pull.text, dom->pull.len, "\\u0000", 6);
	return text;
}

static json_t *json_dom_number(struct json_dom *dom)
{
	bool is_real = memchr(dom->pull.text, '.', dom->pull.len) || memchr(dom->pull.text, 'e', dom->pull.len) ||
	               memchr(dom->pull.text, 'E', dom->pull.len);
	char text[32];
	double real = 0;

	dom->has_long_number |= dom->pull.len >= sizeof(text) || !cp_pull_double(&dom->pull, &real);
	if (dom->has_long_number)
		return json_null();
	memcpy(text, dom->pull.text, dom->pull.len);
	text[dom->pull.len] = '\0';
	return is_real ? json_real(real) : json_integer(strtoll(text, NULL, 10));
}

static json_t *json_dom_container(struct json_dom *dom, bool is_object)
{
	json_t *container = is_object ? json_object() : json_array();
	enum cp_pull_kind end = is_object ? CP_PULL_OBJECT_END : CP_PULL_ARRAY_END;

	while (cp_pull_next(&dom->pull) != end) {
		char *key = NULL;
		json_t *value;

		if (dom->pull.kind == CP_PULL_KEY) {
			key = json_dom_text(dom);
			cp_pull_next(&dom->pull);
		}
		value = json_dom_value(dom);
		if (!value || (is_object && !key)) {
			free(key);
			json_decref(value);
			json_decref(container);
			return NULL;
		}
		if (is_object ? json_object_set_new(container, key, value) : json_array_append_new(container, value))
			abort();
		free(key);
	}
	return container;
}

/* The value whose first token was read; NULL: the text is bad. */
static json_t *json_dom_value(struct json_dom *dom)
{
	json_t *value;
	char *text;

	switch (dom->pull.kind) {
	case CP_PULL_OBJECT:
	case CP_PULL_ARRAY:
		return json_dom_container(dom, dom->pull.kind == CP_PULL_OBJECT);
	case CP_PULL_STRING:
		text = json_dom_text(dom);
		value = json_string(text);
		free(text);
		return value;
	case CP_PULL_NUMBER:
		return json_dom_number(dom);
	case CP_PULL_TRUE:
	case CP_PULL_FALSE:
		return json_boolean(dom->pull.kind == CP_PULL_TRUE);
	case CP_PULL_NULL:
		return json_null();
	default:
		return NULL;
	}
}

/* A whole text; NULL: it is not JSON. */
static json_t *json_dom_read(struct json_dom *dom, const char *text, size_t len)
{
	json_t *value;

	*dom = (struct json_dom){.has_nul = false};
	cp_pull_init(&dom->pull, text, len);
	cp_pull_next(&dom->pull);
	value = json_dom_value(dom);
	if (value && !cp_pull_rest_is_blank(&dom->pull)) {
		json_decref(value);
		return NULL;
	}
	return value;
}

/* NULL: the two agree; else what they disagree about. */
static const char *json_dom_compare(const char *text, size_t len)
{
	json_error_t error = {.text = ""};
	struct json_dom dom;
	json_t *ours = json_dom_read(&dom, text, len);
	json_t *theirs = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	const char *verdict = NULL;

	/* No JSON holds a NUL byte, but jansson passes over one behind a number. */
	bool has_raw_nul = memchr(text, '\0', len) != NULL;

	if (ours && has_raw_nul)
		verdict = "we read a NUL byte";
	if (!ours && theirs && !has_raw_nul && (!dom.pull.why || strcmp(dom.pull.why, "nested too deeply") != 0))
		verdict = "jansson reads it, we do not";
	if (ours && !theirs && json_error_code(&error) != json_error_numeric_overflow &&
	        json_error_code(&error) != json_error_null_byte_in_key)
		verdict = "we read it, jansson does not";
	if (ours && theirs && !dom.has_nul && !dom.has_long_number && !json_equal(ours, theirs))
		verdict = "we do not read the same";
	json_decref(ours);
	json_decref(theirs);
	return verdict;
}

#endif
