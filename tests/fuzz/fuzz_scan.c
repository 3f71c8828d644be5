/* Manifests and templates through the whole scanner: the fast reader, libfyaml behind it, templates, findings. */
#include <stddef.h>
#include <stdint.h>
#include "scan/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct scan_options options = {.target_minor = 36, .arena = arena};
	struct scan *scan = scan_new(&options);
	struct assessment assessment = {0};
	scan_text(scan, slice_make((const char *)data, size), "fuzz", size % 2 ? "file" : "helm");
	scan_finish(scan, &assessment, NULL);
	scan_free(scan);
	arena_free(arena);
	return 0;
}
