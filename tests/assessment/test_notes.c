/* Facts of release notes held against a cluster that has two objects of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "assessment/notes.h"
#include "perception/snapshot.h"

static struct inventory *two_of_each(void)
{
	char path[] = "/tmp/notes.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *out = fdopen(fd, "w");
	fputs("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[", out);
	for (size_t i = 0; i < 2 * inventory_n_kinds; i++) {
		const struct kube_kind *kind = &inventory_kinds[i / 2];
		fprintf(out,
			"%s{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s-%zu\","
			"\"namespace\":\"kube-system\",\"uid\":\"u%zu\"},\"spec\":{}}",
			i ? "," : "", kind->group ? kind->group : "", kind->group && *kind->group ? "/" : "",
			kind->version ? kind->version : "v1", kind->kind, kind->resource, i % 2, i);
	}
	fputs("],\"meta\":{\"format\":1,\"cluster\":\"shop\",\"captured_at\":\"2026-11-24T00:00:00Z\"},\"aws\":{}}",
	      out);
	assert_int_equal(fclose(out), 0);
	struct inventory *inventory = NULL;
	struct error *error ERROR_CLEANUP = snapshot_read(path, &inventory);
	unlink(path);
	if (error)
		fail_msg("%s", error->message);
	return inventory;
}

static struct release_note touch(const struct inventory *inventory, struct arena *arena, struct release_note note)
{
	notes_touch(&note, 1, inventory, arena);
	return note;
}

static void a_kind_that_goes_touches_its_objects_and_no_others(void **state)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct inventory *inventory CLEANUP(inventory_freep) = two_of_each();
	(void)state;
	for (size_t i = 0; i < inventory_n_kinds; i++) {
		const struct kube_kind *kind = &inventory_kinds[i];
		struct release_note note = touch(
			inventory, arena,
			(struct release_note){.kind = NOTE_OBJECT, .change = NOTE_REMOVED, .object_kind = kind->kind});
		for (size_t k = 0; k < note.n_objects; k++)
			if (strncmp(note.objects[k].name, kind->resource, strlen(kind->resource)) != 0 ||
			    strcmp(note.objects[k].kind, kind->kind) != 0)
				fail_msg("%s: touches %s %s", kind->kind, note.objects[k].kind, note.objects[k].name);
		bool secret = !strcmp(kind->kind, "Secret"); /* of those only Helm's releases are read */
		if (note.n_touched != (secret ? 0 : 2) || note.touches == secret)
			fail_msg("%s: touches %lld", kind->kind, (long long)note.n_touched);
	}
}

static void only_the_version_that_is_written_is_touched(void **state)
{
	static const struct {
		struct release_note note;
		int64_t touched;
	} cases[] = {
		{{.kind = NOTE_API, .change = NOTE_REMOVED, .api_version = "velero.io/v1", .object_kind = "Backup"}, 2},
		{{.kind = NOTE_API, .change = NOTE_REMOVED, .api_version = "velero.io/v1"}, 8},
		{{.kind = NOTE_API, .change = NOTE_REMOVED, .api_version = "velero.io/v2", .object_kind = "Backup"}, 0},
		{{.kind = NOTE_API, .change = NOTE_ADDED, .api_version = "velero.io/v1", .object_kind = "Backup"}, 0},
		{{.kind = NOTE_OBJECT, .change = NOTE_PROMOTED, .object_kind = "Pod"}, 0},
		{{.kind = NOTE_OBJECT, .change = NOTE_REMOVED, .object_kind = "Unheard"}, 0},
		{{.kind = NOTE_OBJECT, .change = NOTE_REMOVED, .object_kind = "Pod", .component = "kubectl"}, 0},
	};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct inventory *inventory CLEANUP(inventory_freep) = two_of_each();
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct release_note note = touch(inventory, arena, cases[i].note);
		if (note.n_touched != cases[i].touched)
			fail_msg("case %zu: touches %lld", i, (long long)note.n_touched);
		assert_true(note.n_objects <= NOTES_MAX_OBJECTS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_that_goes_touches_its_objects_and_no_others),
		cmocka_unit_test(only_the_version_that_is_written_is_touched),
	};
	return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
