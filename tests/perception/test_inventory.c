/* Objects taken in by their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "perception/inventory.h"

static void take(struct inventory *inventory, const char *text)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	inventory_take_text(inventory, slice_of(text), scratch);
}

#define NAMESPACE(name) "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" name "\"}}"

static void lists_within_the_list_are_unfolded(void **state)
{
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	(void)state;
	take(inventory, NAMESPACE("a"));
	take(inventory, "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[" NAMESPACE(
				"b") ",{\"apiVersion\":\"v1\",\"kind\":"
				     "\"List\",\"items\":[" NAMESPACE("c") "]},{\"kind\":7}"
									   "," NAMESPACE("d") "]"
											      "}");
	take(inventory, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}");
	take(inventory, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":7}");
	assert_int_equal(inventory->n_namespaces, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(inventory->namespaces[i].meta.name, ((const char *[]){"a", "b", "c", "d"})[i]);
	assert_int_equal(inventory->n_bad_objects, 2); /* the one of kind 7, the list that is none */
}

/* The kind stands where it will, and what follows it may be anything. */
static void objects_are_read_whatever_the_order(void **state)
{
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	(void)state;
	take(inventory, "{\"metadata\":{\"name\":\"a\"},\"x\":[{}],\"kind\":\"Namespace\",\"apiVersion\":\"v1\"}");
	take(inventory, "{\"metadata\":{\"name\":\"b\"},\"x\":[{}],\"kind\":\"Namespace\",\"apiVersion\":\"v1\"}");
	take(inventory, "{\"metadata\":{\"name\":\"c\"}}");
	take(inventory, "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":5}}");
	take(inventory, NAMESPACE("d"));
	assert_int_equal(inventory->n_namespaces, 3);
	assert_string_equal(inventory->namespaces[1].meta.name, "b");
	assert_string_equal(inventory->namespaces[2].meta.name, "d");
	assert_int_equal(inventory->n_bad_objects, 2);
	assert_non_null(strstr(inventory->bad_objects[1].detail, "metadata.name: not a string"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_within_the_list_are_unfolded),
		cmocka_unit_test(objects_are_read_whatever_the_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
