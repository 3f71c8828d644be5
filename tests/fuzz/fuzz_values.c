/* Quantities and selectors: what is read is written and read back as the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "kube/values.h"

static void quantity(struct slice text)
{
	struct kube_quantity one, two;
	struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
	if (!kube_quantity_parse(text, &one))
		return;
	kube_quantity_print(&one, &out);
	if (!kube_quantity_parse(buf_slice(&out), &two) || kube_quantity_compare(&one, &two) != 0)
		abort();
}

static void selector(const char *text)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector one, two;
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20), again CLEANUP(buf_done) = BUF_INIT(1 << 20);
	static const struct pair labels[] = {{"a", "b"}, {"app", "web"}, {"n", "5"}};
	struct error *error = label_selector_parse(text, arena, &one);
	if (error) {
		error_free(error);
		return;
	}
	label_selector_print(&one, &out);
	error = label_selector_parse(buf_str(&out), arena, &two);
	if (error)
		abort();
	label_selector_print(&two, &again);
	if (strcmp(buf_str(&out), buf_str(&again)) != 0 ||
	    label_selector_matches(&one, labels, 3) != label_selector_matches(&two, labels, 3))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text CLEANUP(mem_freep) = mem_strndup((const char *)data, size);
	struct kube_version version;
	struct kube_int_or_percent share;
	quantity(slice_make((const char *)data, size));
	selector(text);
	kube_version_parse(text, &version);
	if (kube_int_or_percent_parse(text, &share))
		kube_int_or_percent_of(&share, 100, size % 2);
	return 0;
}
