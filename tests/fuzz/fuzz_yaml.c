/* YAML streams. */
#include <stddef.h>
#include <stdint.h>
#include "codec/yaml.h"

static bool take(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	(void)context;
	(void)document;
	(void)line;
	(void)error;
	return index < 100;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	error_free(yaml_documents(slice_make((const char *)data, size), "fuzz", take, NULL));
	return 0;
}
