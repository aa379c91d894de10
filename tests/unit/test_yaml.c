// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_yaml.c: user/import/yaml.c and its outline: values by a schema, and
 * every kind of mistake with its line and column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "import/yaml.h"

struct item {
	char *name;
	uint32_t colours;
	uint32_t size;
};

struct doc {
	uint32_t version;
	struct item *items;
	uint32_t n_items;
	struct item *extra;
};

static const cyaml_strval_t colours[] = {{"red", 1}, {"green", 2}};
static const cyaml_strval_t sizes[] = {{"small", 0}, {"big", 1}};
static const cyaml_schema_field_t item_fields[] = {
        CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct item, name, 1, 8),
        CYAML_FIELD_FLAGS("colours", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct item, colours, colours, 2),
        CYAML_FIELD_ENUM("size", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct item, size, sizes, 2),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t item = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct item, item_fields)};
static const cyaml_schema_field_t doc_fields[] = {
        CYAML_FIELD_UINT("version", CYAML_FLAG_DEFAULT, struct doc, version),
        CYAML_FIELD_SEQUENCE_COUNT("items", CYAML_FLAG_POINTER, struct doc, items, n_items, &item, 1, 3),
        CYAML_FIELD_MAPPING_PTR(
                "extra", CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL, struct doc, extra, item_fields),
        CYAML_FIELD_END,
};
static const cyaml_schema_value_t doc = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct doc, doc_fields)};
static const struct cp_yaml_schema schema = {.top = &doc};

static void test_values(void **state)
{
	static const char *const texts[] = {
	        "version: 1\nitems:\n  - name: a\n    colours: [red, green]\n    size: big\n  - {name: b}\nextra:\n",
	        "{version: 1, items: [{name: a, colours: [red, green], size: big}, {name: \"b\"}]}",
	        "---\nversion: 1 # one\r\nitems:\n- size: big\n  name: 'a'\n  colours:\n  - green\n  - red\n- name: b",
	        "\xef\xbb\xbfversion: 1\nitems: [{name: a, colours: [red, green], size: big}, {name: b}]\nextra: ~\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cp_err err = {.text = ""};
		struct cp_yaml *yaml;
		struct doc *got;

		if (cp_yaml_read(texts[i], strlen(texts[i]), "f", &schema, &yaml, &err))
			fail_msg("text %zu: %s", i, err.text);
		got = cp_yaml_data(yaml);
		assert_int_equal(got->version, 1);
		assert_int_equal(got->n_items, 2);
		assert_string_equal(got->items[0].name, "a");
		assert_int_equal(got->items[0].colours, 3);
		assert_int_equal(got->items[0].size, 1);
		assert_string_equal(got->items[1].name, "b");
		assert_int_equal(got->items[1].colours, 0);
		assert_null(got->extra);
		cp_yaml_free(yaml);
	}
	cp_yaml_free(NULL);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *err;
	} cases[] = {
	        {"", "f:1:1: there is nothing in it"},
	        {"# only a comment\n", "f:1:1: there is nothing in it"},
	        {"[]", "f:1:1: the file wants a mapping (key: value), not a list"},
	        {"~", "f:1:1: the file wants a mapping (key: value), not nothing"},
	        {"version: 1\nitems:\n  - name: a\n    colors: [red]\n",
	                "f:4:5: unknown key 'colors'; known here: name colours size"},
	        {"version: x\nitems: [{name: a}]", "f:1:10: version wants a number, not 'x'"},
	        {"version: 12345678901\nitems: [{name: a}]", "f:1:10: version wants a number, not '12345678901'"},
	        {"version: 1\nitems: {name: a}", "f:2:8: items wants a list, not a mapping (key: value)"},
	        {"version: 1\nitems: []", "f:2:8: items is an empty list"},
	        {"version: 1\nitems: [{name: a}, {name: b}, {name: c}, {name: d}]",
	                "f:2:8: items has 4 entries, at most 3 are allowed"},
	        {"version: 1\nitems:\n- name: a\n- b\n",
	                "f:4:3: items wants a mapping (key: value), not a single value"},
	        {"version: 1\nitems:\n- name: [a]\n", "f:3:9: name wants a single value, not a list"},
	        {"version: 1\nitems:\n- name: ''\n", "f:3:9: name is empty"},
	        {"version: 1\nitems:\n- name: 123456789\n", "f:3:9: name has 9 bytes, at most 8 are allowed"},
	        {"version: 1\nitems:\n- {colours: [red]}\n", "f:3:3: items: 'name' is missing"},
	        {"items: [{name: a}]", "f:1:1: 'version' is missing"},
	        {"version: 1\nitems:\n- name: a\n  colours: [red, blue]\n",
	                "f:4:18: colours: 'blue' is none of red, green"},
	        {"version: 1\nitems:\n- name: a\n  colours: red\n", "f:4:12: colours wants a list, not a single value"},
	        {"version: 1\nitems:\n- name: a\n  colours: [[red]]\n", "f:4:13: colours wants words, not a list"},
	        {"version: 1\nitems:\n- name: a\n  size: huge\n", "f:4:9: size: 'huge' is none of small, big"},
	        {"version: 1\nversion: 2\nitems: [{name: a}]", "f:2:1: 'version' is said twice; first in line 1"},
	        {"version: 1\n\titems: []\n", "f:2:1: found a tab character that violates indentation"},
	        {"version: 1\nitems: [{name: a}\n", "f:3:1: did not find expected ',' or ']'"},
	        {"version: 1\nitems: [{name: a}]\n---\nversion: 2\n", "f:3:1: a second document: one is wanted"},
	        {"version: 1\nitems: [{name: *v}]\n", "f:2:16: an alias (*name) without its anchor (&name)"},
	        {"version: 1\nitems: &i [{name: a}, *i]\n", "f:2:23: an alias (*name) within what it stands for"},
	        {"version: 1\nitems: [{name: &n a}, *n]\n",
	                "f:2:23: items wants a mapping (key: value), not a single value"},
	        {"version: 1\nitems: [{name: &n a, *n : b}]\n", "f:2:22: a key must be a single word"},
	        {"version: 1\nitems: [{<<: a}]\n", "f:2:14: '<<' wants a mapping, or a list of them"},
	        {"version: 1\nitems: [{<<: [{name: a}, b]}]\n", "f:2:26: '<<' wants a mapping, or a list of them"},
	        {"version: 1\nitems:\n- &a {name: a, size: huge}\n- {<<: *a, name: b}\n",
	                "f:3:22: size: 'huge' is none of small, big"},
	        {"version: 1\nitems: [{name: a, <<: {size: big}, <<: {size: big}}]\n",
	                "f:2:36: unknown key '<<'; known here: name colours size"},
	        {"a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
	         "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n"
	         "g: &g [*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g]\n",
	                "f:7:23: too many values, or nested too deeply"},
	        {"version: 1\nitems: [{name: \"a\\0b\"}]\n", "f:2:16: a NUL character in a value"},
	        {"version: 1\nitems: [{name: \xff}]\n", "f:2:16: invalid leading UTF-8 octet"},
	        {"version: 1\n\"a\\e[31m\\n\xc3\xa4\": 1\nitems: [{name: a}]", "f:2:1: unknown key 'a?[31m?"
	                                                                       "?"
	                                                                       "?'; known here: version items extra"},
	        {"version: 1\n? [a]\n: b\n", "f:2:3: a key must be a single word"},
	        {"a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "f:1:19: nested too deeply"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_err err = {.text = ""};
		struct cp_yaml *yaml = NULL;

		assert_int_equal(
		        cp_yaml_read(cases[i].text, strlen(cases[i].text), "f", &schema, &yaml, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].err);
		assert_null(yaml);
	}
}

static void test_many_keys(void **state)
{
	char text[4096];
	size_t len = 0;
	struct cp_err err = {.text = ""};
	struct cp_yaml *yaml;

	(void)state;
	for (int i = 0; i < 257; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "k%d: 1\n", i);
	assert_int_equal(cp_yaml_read(text, len, "f", &schema, &yaml, &err), -EINVAL);
	assert_non_null(strstr(err.text, "f:1:1: unknown key 'k0'"));
}

static void note(void *ctx, const char *key, size_t line, size_t column)
{
	char *all = ctx;
	size_t len = strlen(all);

	snprintf(all + len, 128 - len, "%s:%zu:%zu ", key, line, column);
}

static void test_unknown_keys_told(void **state)
{
	static const char text[] = "version: 1\nwhat: {a: b}\nitems:\n  - name: a\n    odd: [1, 2]\n    size: big\n";
	char all[128] = "";
	const struct cp_yaml_schema lenient = {.top = &doc, .unknown = note, .ctx = all};
	struct cp_err err = {.text = ""};
	struct cp_yaml *yaml;

	(void)state;
	assert_int_equal(cp_yaml_read(text, sizeof(text) - 1, "f", &lenient, &yaml, &err), 0);
	assert_string_equal(all, "what:2:1 odd:5:5 ");
	assert_int_equal(((struct doc *)cp_yaml_data(yaml))->items[0].size, 1);
	cp_yaml_free(yaml);
}

/* What stands for something else is that, also when it holds what YAML would take for more than text. */
static void test_aliases_and_merges(void **state)
{
	static const char text[] = "version: &one 1\n"
	                           "items:\n"
	                           "  - &a\n"
	                           "    name: \"a\\\"\\n\\x85\\u2028\"\n"
	                           "    colours: &c [red, green]\n"
	                           "    size: big\n"
	                           "  - {<<: *a, name: \"~\"}\n"
	                           "  - {name: c, <<: [{size: small}, *a], colours: [green]}\n"
	                           "extra: {name: *one, colours: *c}\n";
	struct cp_err err = {.text = ""};
	struct cp_yaml *yaml;
	struct doc *got;
	size_t line, column;

	(void)state;
	if (cp_yaml_read(text, sizeof(text) - 1, "f", &schema, &yaml, &err))
		fail_msg("%s", err.text);
	got = cp_yaml_data(yaml);
	assert_int_equal(got->n_items, 3);
	assert_string_equal(got->items[0].name, "a\"\n\xc2\x85\xe2\x80\xa8");
	assert_string_equal(got->items[1].name, "~");
	assert_int_equal(got->items[1].colours, 3);
	assert_int_equal(got->items[1].size, 1);
	assert_string_equal(got->items[2].name, "c");
	assert_int_equal(got->items[2].colours, 2);
	assert_int_equal(got->items[2].size, 0);
	assert_string_equal(got->extra->name, "1");
	assert_int_equal(got->extra->colours, 3);
	cp_yaml_place(yaml, "extra.colours", &line, &column); /* the alias's own */
	assert_int_equal(line, 9);
	assert_int_equal(column, 30);
	cp_yaml_place(yaml, "items.1.size", &line, &column); /* where it came from */
	assert_int_equal(line, 6);
	cp_yaml_free(yaml);
}

static void test_places(void **state)
{
	static const char text[] = "version: 1\nitems:\n  - name: a\n  - name: b\n    colours:\n      - red\n";
	struct cp_err err = {.text = ""};
	struct cp_yaml *yaml;
	size_t line, column;

	(void)state;
	assert_int_equal(cp_yaml_read(text, sizeof(text) - 1, "f", &schema, &yaml, &err), 0);
	assert_int_equal(cp_yaml_refuse(yaml, &err, "items.1.colours.0", "no %s", "red"), -EINVAL);
	assert_string_equal(err.text, "f:6:9: no red");
	cp_yaml_refuse(yaml, &err, "items.1.size", "missing");
	assert_string_equal(err.text, "f:4:5: missing");
	cp_yaml_place(yaml, "items.7", &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 3);
	cp_yaml_free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_mistakes),
	        cmocka_unit_test(test_many_keys),
	        cmocka_unit_test(test_unknown_keys_told),
	        cmocka_unit_test(test_aliases_and_merges),
	        cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
