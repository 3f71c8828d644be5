/* Times and durations: what is read is written and read back as the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/time.h"

/* Years 1 to 9998: beyond, an offset leads out of what four digits can say. */
#define FIRST_MS INT64_C(-62135596800000)
#define LAST_MS INT64_C(253370764800000)

static void same(int64_t a, int64_t b)
{
	if (a != b)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_make((const char *)data, size);
	char out[TIME_TEXT];
	int64_t ms, back;
	if (time_parse_http(text, &ms) && ms >= FIRST_MS && ms < LAST_MS) {
		if (!time_parse_http(slice_of(time_format_http(ms, out)), &back))
			abort();
		same(back, ms);
	}
	if (time_parse_rfc3339(text, &ms) && ms >= FIRST_MS && ms < LAST_MS) {
		if (!time_parse_rfc3339(slice_of(time_format_rfc3339(ms, out)), &back))
			abort();
		same(back, ms);
	}
	if (duration_parse(text, &ms)) {
		if (!duration_parse(slice_of(duration_format_exact(ms, out)), &back))
			abort();
		same(back, ms);
	}
	return 0;
}
