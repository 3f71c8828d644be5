/* Plans, as a file gives them. */
#include <stddef.h>
#include <stdint.h>
#include "models/upgrade_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct upgrade_plan plan;
	error_free(upgrade_plan_read(slice_make((const char *)data, size), "fuzz", arena, &plan));
	arena_free(arena);
	return 0;
}
