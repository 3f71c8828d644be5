/* The generated tables against every line of the TSVs that they were generated from, read here on its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/time.h"
#include "knowledge/calendar.h"
#include "knowledge/changes.h"
#include "knowledge/components.h"
#include "knowledge/lifecycle.h"

enum { MAX_COLUMNS = 12 };

/* Calls `check` with the cells of each line but the first; gives how many there were. */
static size_t each(const char *path, size_t columns, void (*check)(char *const *cells))
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, rows = 0;
	assert_non_null(file);
	while (getline(&line, &room, file) > 0) {
		char *cells[MAX_COLUMNS], *p = line;
		size_t n = 0;
		line[strcspn(line, "\n")] = '\0';
		for (char *cell; n < MAX_COLUMNS && (cell = strsep(&p, "\t"));)
			cells[n++] = cell;
		assert_int_equal(n, columns);
		if (rows++)
			check(cells);
	}
	free(line);
	fclose(file);
	return rows - 1;
}

/* An empty cell is NULL. */
static void assert_cell(const char *actual, const char *cell)
{
	if (!*cell)
		assert_null(actual);
	else
		assert_string_equal(actual, cell);
}

/* The borders of "removed" and "deprecated": not the minor before, but this one and all later. */
static void check_border(const struct api_lifecycle *api, const char *cell,
			 bool (*reached)(const struct api_lifecycle *, unsigned))
{
	if (api->component || !*cell) {
		assert_false(reached(api, 999));
		return;
	}
	unsigned minor = knowledge_minor(cell);
	assert_true(minor > 0);
	assert_false(reached(api, minor - 1));
	assert_true(reached(api, minor));
	assert_true(reached(api, minor + 1));
}

/* Columns: group version kind resource introduced deprecated removed replacement×3 source. */
static const struct api_lifecycle *check_api(char *const *cells)
{
	const struct api_lifecycle *api = knowledge_api(cells[0], cells[1], cells[2]);
	char *word CLEANUP(mem_freep) = mem_printf("%s%s%s", cells[0], *cells[0] ? "/" : "", cells[1]);
	if (!api)
		fail_msg("%s %s is not found", word, cells[2]);
	assert_ptr_equal(api, knowledge_api_version(word, cells[2]));
	assert_string_equal(api->group, cells[0]);
	assert_string_equal(api->version, cells[1]);
	assert_string_equal(api->kind, cells[2]);
	assert_cell(api->resource, cells[3]);
	assert_cell(api->introduced, cells[4]);
	assert_cell(api->deprecated, cells[5]);
	assert_cell(api->removed, cells[6]);
	if (*cells[8])
		assert_string_equal(api->replacement_group, cells[7]); /* "": the core */
	else
		assert_cell(api->replacement_group, cells[7]);
	assert_cell(api->replacement_version, cells[8]);
	assert_cell(api->replacement_kind, cells[9]);
	assert_cell(api->source, cells[10]);
	check_border(api, cells[5], knowledge_api_deprecated);
	check_border(api, cells[6], knowledge_api_removed);
	if (*cells[3]) {
		const struct api_lifecycle *same = knowledge_api_resource(cells[0], cells[1], cells[3]);
		if (!same)
			fail_msg("%s %s is not found", word, cells[3]);
		assert_string_equal(same->group, cells[0]);
		assert_string_equal(same->version, cells[1]);
		assert_string_equal(same->resource, cells[3]);
		/* A list is found by its name only where nothing but lists has the resource. */
		size_t n = strlen(cells[2]);
		if (n > 4 && !strcmp(cells[2] + n - 4, "List"))
			assert_true(strlen(same->kind) <= n);
	}
	return api;
}

static void check_built_in(char *const *cells)
{
	assert_null(check_api(cells)->component);
}

static void check_custom(char *const *cells)
{
	assert_string_equal(check_api(cells)->component, cells[11]);
}

static void every_line_of_the_life_cycles_is_found(void **state)
{
	(void)state;
	size_t built_in = each("knowledge/k8s-api-lifecycle.tsv", 11, check_built_in);
	size_t custom = each("knowledge/crd-lifecycle.tsv", 12, check_custom);
	assert_true(built_in > 400 && custom > 900);
	assert_int_equal(built_in + custom, knowledge_n_apis);
}

static void rows_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < knowledge_n_apis; i++) {
		const struct api_lifecycle *a = &knowledge_apis[i - 1], *b = &knowledge_apis[i];
		int order = strcmp(a->group, b->group);
		order = order ? order : strcmp(a->version, b->version);
		order = order ? order : strcmp(a->kind, b->kind);
		assert_true(order < 0);
	}
	for (size_t i = 1; i < knowledge_n_changes; i++)
		assert_true(strcmp(knowledge_changes[i - 1].id, knowledge_changes[i].id) < 0);
	for (size_t i = 1; i < knowledge_n_releases; i++)
		assert_true(knowledge_releases[i - 1].minor < knowledge_releases[i].minor);
}

static void what_is_not_in_the_table_is_not_found(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {
		{"", ""},
		{"v1", ""},
		{"v1", "pod"},
		{"v2", "Pod"},
		{"/v1", "Deployment"},
		{"apps", "Pod"},
		{"apps/", "Deployment"},
		{"apps/v1/", "Deployment"},
		{"app/v1", "Deploy"},
		{"apps/v1", "Z"},
		{"appsx/v1", "Deployment"},
		{"app/v1", "Deployment"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_null(knowledge_api_version(wrong[i][0], wrong[i][1]));
	assert_null(knowledge_api("apps/v1", "v1", "Deployment"));
	assert_null(knowledge_api_resource("apps", "v1", "Deployment"));
	assert_null(knowledge_api_resource("apps", "v1", ""));
	assert_null(knowledge_change("no-such-change"));
	assert_false(knowledge_api_removed(NULL, 99));
	assert_false(knowledge_api_deprecated(NULL, 99));
}

static void a_resource_is_found_as_its_kind_not_as_its_list(void **state)
{
	(void)state;
	assert_string_equal(knowledge_api_resource("apps", "v1beta1", "deployments")->kind, "Deployment");
	assert_string_equal(knowledge_api_resource("", "v1", "endpoints")->kind, "Endpoints");
	assert_string_equal(knowledge_api_resource("flowcontrol.apiserver.k8s.io", "v1beta3", "flowschemas")->kind,
			    "FlowSchema");
	assert_string_equal(knowledge_api_resource("cert-manager.io", "v1alpha2", "certificates")->component,
			    "cert-manager");
}

static void a_kind_is_shown_in_its_best_version_that_is_served(void **state)
{
	(void)state;
	static const char flow[] = "flowcontrol.apiserver.k8s.io";
	assert_string_equal(knowledge_kind_preferred(flow, "FlowSchema", 28)->version, "v1beta3");
	assert_string_equal(knowledge_kind_preferred(flow, "FlowSchema", 29)->version, "v1");
	assert_string_equal(knowledge_kind_preferred("autoscaling", "HorizontalPodAutoscaler", 25)->version, "v2");
	assert_null(knowledge_kind_preferred("networking.k8s.io", "ServiceCIDR", 32)); /* beta, off by default */
	assert_true(knowledge_kind_served("networking.k8s.io", "ServiceCIDR", 33));
	assert_true(knowledge_kind_served("storage.k8s.io", "VolumeAttributesClass", 31)); /* EKS switches it on */
	assert_false(knowledge_kind_served("storage.k8s.io", "VolumeAttributesClass", 30));
	assert_false(knowledge_kind_served("policy", "PodSecurityPolicy", 25));
}

static void a_release_may_span_two_versions(void **state)
{
	(void)state;
	const struct component_support *row = knowledge_component_spans("cert-manager", 33, 34);
	assert_non_null(row);
	assert_true(row->min_minor <= 33 && row->max_minor >= 34);
	assert_null(knowledge_component_spans("cert-manager", 29, 36));
	assert_null(knowledge_component_spans("nobody", 33, 34));
	assert_int_equal(knowledge_component_behind(knowledge_component("cert-manager", "v1.21.0")), 0);
	assert_int_equal(knowledge_component_behind(knowledge_component("cert-manager", "v1.19.0")), 2);
}

static void a_minor_is_read_from_what_servers_and_people_write(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned minor;
	} rows[] = {
		{"1.34", 34},	 {"v1.34", 34}, {"v1.34.2-eks-1234567", 34},
		{"1.34+", 34},	 {"1.9", 9},	{"1.100", 100},
		{"1.34-rc", 34}, {"2.34", 0},	{"1", 0},
		{"1.", 0},	 {"", 0},	{"v", 0},
		{"1.3x", 0},	 {"11.3", 0},	{"1.99999", 0},
		{" 1.3", 0},	 {"-1.3", 0},	{"vv1.3", 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (knowledge_minor(rows[i].text) != rows[i].minor)
			fail_msg("\"%s\" is read as %u", rows[i].text, knowledge_minor(rows[i].text));
	assert_int_equal(knowledge_minor(NULL), 0);
}

static void assert_day(struct knowledge_day day, const char *cell)
{
	char text[32], out[TIME_TEXT];
	assert_cell(day.text, cell);
	if (!*cell) {
		assert_int_equal(day.ms, 0);
		return;
	}
	snprintf(text, sizeof text, "%sT00:00:00Z", cell);
	assert_string_equal(time_format_rfc3339(day.ms, out), text);
}

/* Columns: version upstream eks standard extended source note. */
static void check_release(char *const *cells)
{
	const struct eks_release *release = knowledge_release(cells[0]);
	assert_non_null(release);
	assert_string_equal(release->version, cells[0]);
	assert_int_equal(release->minor, knowledge_minor(cells[0]));
	assert_day(release->upstream, cells[1]);
	assert_day(release->eks, cells[2]);
	assert_day(release->end_of_standard_support, cells[3]);
	assert_day(release->end_of_extended_support, cells[4]);
	assert_cell(release->source, cells[5]);
	assert_cell(release->note, cells[6]);
}

static void every_line_of_the_calendar_is_found(void **state)
{
	(void)state;
	assert_int_equal(each("knowledge/eks-calendar.tsv", 7, check_release), knowledge_n_releases);
	assert_null(knowledge_release("1.3"));
	assert_null(knowledge_release("nonsense"));
	assert_null(knowledge_release(NULL));
	assert_ptr_equal(knowledge_release("v1.34.2-eks-1a2b3c4"), knowledge_release("1.34"));
	const struct eks_release *newest = knowledge_newest_release();
	assert_true(newest->eks.ms > 0);
	for (size_t i = 0; i < knowledge_n_releases; i++)
		assert_true(!knowledge_releases[i].eks.ms || knowledge_releases[i].minor <= newest->minor);
}

/* Columns: version id title what_breaks detect severity source. */
static void check_change(char *const *cells)
{
	const struct version_change *change = knowledge_change(cells[1]);
	if (!change)
		fail_msg("%s is not found", cells[1]);
	assert_string_equal(change->version, cells[0]);
	assert_int_equal(change->minor, knowledge_minor(cells[0]));
	assert_string_equal(change->id, cells[1]);
	assert_cell(change->title, cells[2]);
	assert_cell(change->what_breaks, cells[3]);
	assert_cell(change->detect, cells[4]);
	assert_string_equal(change_severity_names[change->severity], cells[5]);
	assert_cell(change->source, cells[6]);
}

static void every_line_of_the_changes_is_found(void **state)
{
	(void)state;
	assert_int_equal(each("knowledge/version-changes.tsv", 7, check_change), knowledge_n_changes);
}

static void a_change_is_on_the_path_that_crosses_it(void **state)
{
	(void)state;
	const struct version_change *change = knowledge_change("psp-removed");
	assert_true(knowledge_change_on_path(change, 24, 25));
	assert_true(knowledge_change_on_path(change, 22, 30));
	assert_true(knowledge_change_on_path(change, 0, 25));
	assert_false(knowledge_change_on_path(change, 25, 26));
	assert_false(knowledge_change_on_path(change, 22, 24));
	assert_true(knowledge_change_on_path(knowledge_change("subnet-free-ips"), 25, 26));
}

/* Columns: component from below kubernetes_min kubernetes_max basis source. */
static void check_component(char *const *cells)
{
	const struct component_support *row = knowledge_component(cells[0], cells[1]);
	if (!row)
		fail_msg("%s %s is not found", cells[0], cells[1]);
	assert_string_equal(row->from, cells[1]);
	assert_cell(row->below, cells[2]);
	assert_int_equal(row->min_minor, knowledge_minor(cells[3]));
	assert_int_equal(row->max_minor, knowledge_minor(cells[4]));
	assert_int_equal(row->published, !strcmp(cells[5], "published"));
	assert_string_equal(row->source, cells[6]);
	if (*cells[2]) /* the border itself is the next line's, or nobody's */
		assert_ptr_not_equal(knowledge_component(cells[0], cells[2]), row);
}

static void every_line_of_the_components_is_found(void **state)
{
	(void)state;
	assert_int_equal(each("knowledge/components.tsv", 7, check_component), knowledge_n_components);
}

static void a_release_is_read_from_what_images_are_tagged(void **state)
{
	(void)state;
	assert_string_equal(knowledge_component("cert-manager", "v1.18.2")->from, "1.17");
	assert_string_equal(knowledge_component("cert-manager", "1.20.0-beta.1+x")->from, "1.20");
	assert_string_equal(knowledge_component("karpenter", "v1.0.5")->from, "1.0.5");
	assert_string_equal(knowledge_component("karpenter", "1.0.4")->from, "0.37");
	assert_null(knowledge_component("cert-manager", "latest"));
	assert_null(knowledge_component("cert-manager", ""));
	assert_null(knowledge_component("cert-manager", "v1.99.0"));
	assert_null(knowledge_component("nobody's", "v1.0.0"));
	assert_string_equal(knowledge_component_for("karpenter", 34)->from, "1.6");
	assert_string_equal(knowledge_component_for("cert-manager", 34)->from, "1.19");
	assert_null(knowledge_component_for("cert-manager", 99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_the_life_cycles_is_found),
		cmocka_unit_test(rows_are_in_order),
		cmocka_unit_test(what_is_not_in_the_table_is_not_found),
		cmocka_unit_test(a_resource_is_found_as_its_kind_not_as_its_list),
		cmocka_unit_test(a_kind_is_shown_in_its_best_version_that_is_served),
		cmocka_unit_test(a_release_may_span_two_versions),
		cmocka_unit_test(a_minor_is_read_from_what_servers_and_people_write),
		cmocka_unit_test(every_line_of_the_calendar_is_found),
		cmocka_unit_test(every_line_of_the_changes_is_found),
		cmocka_unit_test(a_change_is_on_the_path_that_crosses_it),
		cmocka_unit_test(every_line_of_the_components_is_found),
		cmocka_unit_test(a_release_is_read_from_what_images_are_tagged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
