/* XML answers: what our own reader takes, the library takes too, and makes the same of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "codec/xml_internal.h"

static void compare(const struct xml_node *a, const struct xml_node *b)
{
	const struct xml_node *left = a->children, *right = b->children;
	if (strcmp(a->name, b->name) != 0 || strcmp(a->text, b->text) != 0)
		abort();
	for (; left && right; left = left->next, right = right->next)
		compare(left, right);
	if (left || right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct slice text = slice_make((const char *)data, size);
	struct xml_node *ours, *theirs;
	bool plain = xml_read_plain(text, arena, &ours);
	struct error *error = xml_read_by_library(text, "fuzz", arena, &theirs);
	if (plain && error)
		abort();
	if (plain)
		compare(ours, theirs);
	error_free(error);
	arena_free(arena);
	return 0;
}
