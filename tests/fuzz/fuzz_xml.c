/* XML answers. */
#include <stddef.h>
#include <stdint.h>
#include "codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct xml_node *root;
	error_free(xml_parse(slice_make((const char *)data, size), "fuzz", arena, &root));
	arena_free(arena);
	return 0;
}
