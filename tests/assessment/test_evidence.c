/* The nine sources of evidence on API versions, each kept apart: who calls, when last, how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "assessment/api_evidence.h"
#include "base/time.h"
#include "cases.h"
#include "codec/document.h"
#include "perception/audit_log.h"
#include "scan/scan.h"

struct fixture {
	struct arena *arena;
	struct inventory *inventory;
	struct config config;
	struct assess assess;
};

static int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof *fixture);
	json_t *nothing DOCUMENT_CLEANUP = json_object();
	fixture->arena = arena_new();
	fixture->inventory = case_inventory(nothing);
	case_config(nothing, fixture->arena, &fixture->config);
	fixture->assess = (struct assess){.inventory = fixture->inventory,
					  .config = &fixture->config,
					  .arena = fixture->arena,
					  .target = "1.34",
					  .from = 33,
					  .to = 34,
					  .now_ms = fixture->inventory->captured_at_ms};
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	inventory_free(fixture->inventory);
	arena_free(fixture->arena);
	free(fixture);
	return 0;
}

static void take_object(struct fixture *fixture, const char *text)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	inventory_take_text(fixture->inventory, slice_of(text), scratch);
	assert_int_equal(fixture->inventory->n_bad_objects, 0);
}

static void take_release(struct fixture *fixture, const char *name, const char *manifest)
{
	struct inventory *inventory = fixture->inventory;
	*HEAP_PUSH(inventory->helm_releases, inventory->n_helm_releases) =
		(struct helm_release){.ns = "shop", .name = name, .manifest = manifest, .updated_ms = 7000};
}

static void take_manifest(struct fixture *fixture, const char *text, const char *source)
{
	struct scan_options options = {.target_minor = 34, .arena = fixture->arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	struct assessment found = {0};
	struct finding *all = (struct finding *)(uintptr_t)fixture->inventory->manifests;
	scan_text(scan, slice_of(text), "a.yaml", source);
	scan_finish(scan, &found, NULL);
	for (size_t i = 0; i < found.n_findings; i++) {
		if (!strcmp(source, "git")) {
			found.findings[i].evidence[0].caller = "Ada";
			found.findings[i].evidence[0].last_seen_ms = 9000;
		}
		*ARENA_PUSH(fixture->arena, all, fixture->inventory->n_manifests) = found.findings[i];
	}
	fixture->inventory->manifests = all;
}

#define BETA(kind, name) "apiVersion: policy/v1beta1\nkind: " kind "\nmetadata: {name: " name "}\n"
#define VAP                                                                                                            \
	"\"resource\":\"validatingadmissionpolicies\",\"apiGroup\":\"admissionregistration.k8s.io\",\"apiVersion\":"   \
	"\"v1beta1\""

static void take_everything(struct fixture *fixture)
{
	json_t *insight =
		json_loads("[{\"request\":{\"id\":\"i\"},\"response\":{\"insight\":{\"categorySpecificSummary\":{"
			   "\"deprecationDetails\":[{\"usage\":\"/apis/batch/v1beta1/cronjobs\","
			   "\"stopServingVersion\":\"1.25\",\"clientStats\":[{\"userAgent\":\"cron-maker/v2\","
			   "\"numberOfRequestsLast30Days\":31,\"lastRequestTime\":\"2026-11-24T00:00:00Z\"}]}]}}}}]",
			   0, NULL);
	json_object_set_new(fixture->inventory->aws, "describe_insight", insight);
	take_object(fixture,
		    "{\"apiVersion\":\"resource.k8s.io/v1beta1\",\"kind\":\"DeviceClass\",\"metadata\":{\"name\":"
		    "\"gpu\"}}");
	take_object(fixture,
		    "{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"Ingress\",\"metadata\":{\"name\":\"web\","
		    "\"namespace\":\"shop\",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
		    "\"{\\\"apiVersion\\\":\\\"extensions/v1beta1\\\",\\\"kind\\\":\\\"Ingress\\\"}\"},"
		    "\"managedFields\":[{\"manager\":\"old-operator\",\"apiVersion\":\"networking.k8s.io/v1beta1\","
		    "\"time\":\"2026-11-20T00:00:00Z\"}]}}");
	inventory_metric_line(fixture->inventory,
			      slice_of("apiserver_request_total{code=\"200\",group=\"flowcontrol.apiserver.k8s.io\","
				       "resource=\"flowschemas\",verb=\"LIST\",version=\"v1beta3\"} 12"));
	inventory_metric_line(fixture->inventory,
			      slice_of("apiserver_requested_deprecated_apis{group=\"flowcontrol.apiserver.k8s.io\","
				       "removed_release=\"1.32\",resource=\"flowschemas\",subresource=\"\","
				       "version=\"v1beta3\"} 1"));
	for (int i = 0; i < 3; i++)
		audit_log_text(
			fixture->inventory,
			slice_of("{\"kind\":\"Event\",\"verb\":\"update\",\"stage\":\"ResponseComplete\",\"userAgent\":"
				 "\"policy-sync/v2\",\"user\":{\"username\":\"ops\"},\"objectRef\":{" VAP "},"
				 "\"requestReceivedTimestamp\":\"2026-11-23T20:00:00Z\",\"annotations\":{"
				 "\"k8s.io/deprecated\":\"true\"}}"));
	fixture->inventory->warnings = json_loads(
		"[{\"path\":\"/api/v1/endpoints\",\"text\":\"v1 Endpoints is deprecated\",\"count\":4}]", 0, NULL);
	take_release(fixture, "web", BETA("PodDisruptionBudget", "web"));
	take_manifest(fixture, BETA("PodSecurityPolicy", "restricted"), "file");
	take_manifest(fixture, BETA("Eviction", "e"), "git");
}

/* What the sources say, one line each. */
static const struct expected {
	enum api_source source;
	const char *version, *object, *caller, *last_seen;
	int64_t count;
} expected[] = {
	{API_FILE, "policy/v1beta1", "restricted", NULL, NULL, -1},
	{API_GIT, "policy/v1beta1", "e", "Ada", "1970-01-01T00:00:09Z", -1},
	{API_HELM, "policy/v1beta1", "web", NULL, "1970-01-01T00:00:07Z", -1},
	{API_OBJECT, "resource.k8s.io/v1beta1", "gpu", NULL, NULL, -1},
	{API_MANAGED_FIELDS, "networking.k8s.io/v1beta1", "web", "old-operator", "2026-11-20T00:00:00Z", -1},
	{API_LAST_APPLIED, "extensions/v1beta1", "web", NULL, NULL, -1},
	{API_METRIC, "flowcontrol.apiserver.k8s.io/v1beta3", NULL, NULL, NULL, 12},
	{API_CLIENT, "batch/v1beta1", NULL, "cron-maker/v2", "2026-11-24T00:00:00Z", 31},
	{API_AUDIT_LOG, "admissionregistration.k8s.io/v1beta1", NULL, "policy-sync/v2", "2026-11-23T20:00:00Z", 3},
	{API_WARNING, "v1", NULL, "eks-upgrade-agent", NULL, 4},
};

static void same(const char *ours, const char *wanted)
{
	assert_string_equal(ours ? ours : "", wanted ? wanted : "");
}

static void each_source_says_who_when_and_how_often(void **state)
{
	struct fixture *fixture = *state;
	size_t n;
	take_everything(fixture);
	const struct api_evidence *all = api_evidence_all(&fixture->assess, &n);
	assert_int_equal(n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct api_evidence *found = NULL;
		char when[TIME_TEXT];
		for (size_t k = 0; k < n; k++)
			if (all[k].source == expected[i].source)
				found = &all[k];
		assert_non_null(found);
		same(api_evidence_version(&fixture->assess, found), expected[i].version);
		same(found->object_name, expected[i].object);
		same(found->caller, expected[i].caller);
		same(found->last_seen_ms ? time_format_rfc3339(found->last_seen_ms, when) : NULL,
		     expected[i].last_seen);
		assert_int_equal(found->count, expected[i].count);
	}
}

/* One source has no word in what another one says: without it, its own line alone is missing. */
static void sources_are_kept_apart(void **state)
{
	struct fixture *fixture = *state;
	size_t n;
	take_everything(fixture);
	fixture->inventory->n_helm_releases = 0;
	const struct api_evidence *all = api_evidence_all(&fixture->assess, &n);
	assert_int_equal(n, ARRAY_SIZE(expected) - 1);
	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(all[i].source, API_HELM);
	fixture->inventory->n_helm_releases = 1;
}

/* ---- what is no audit log, or was made to hurt */

static void hostile_lines_of_an_audit_log_cost_themselves(void **state)
{
	static const char good[] =
		"{\"kind\":\"Event\",\"verb\":\"list\",\"userAgent\":\"x\",\"objectRef\":{" VAP "}}\n";
	static const char *const bad[] = {
		"{\"kind\":\"Event\",\"verb\":\"list\",\"annotations\":[1],\"objectRef\":\"x\"}\n",
		"{\"kind\":\"Event\",\"verb\":\"list\",\"userAgent\":\"\xff\xfe\",\"objectRef\":{" VAP "}}\n",
		"{\"kind\":\"Event\"}\n",
		"{\"kind\":5,\"verb\":{}}\n",
		"\x01\x02\x7f{\n",
		"{{{{[[[[\n",
		"null\n",
		"\n"};
	struct fixture *fixture = *state;
	struct buf text CLEANUP(buf_done) = BUF_INIT(32 << 20);
	buf_puts(&text, good);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		buf_puts(&text, bad[i]);
	for (size_t i = 0; i < 100000; i++)
		buf_puts(&text, "[[[[[[[[[[");
	buf_puts(&text, "\n{\"kind\":\"Event\",\"verb\":\"");
	for (size_t i = 0; i < 500000; i++)
		buf_puts(&text, "xxxxxxxxxx");
	buf_puts(&text, "\"}\n");
	buf_puts(&text, good);
	assert_true(audit_log_text(fixture->inventory, buf_slice(&text)));
	assert_int_equal(json_array_size(fixture->inventory->audit_log), 1);
	assert_int_equal(document_int_or(json_array_get(fixture->inventory->audit_log, 0), "n", 0), 2);
	assert_int_equal(inventory_find_source(fixture->inventory, "audit log file")->status, SOURCE_FAILED);
}

/* ---- Helm's manifests are read as files are */

static void what_helm_stored_is_read_by_the_scanner(void **state)
{
	struct fixture *fixture = *state;
	size_t n;
	take_release(fixture, "list",
		     "apiVersion: v1\nkind: List\nitems:\n- "
		     "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, "
		     "metadata: {name: a, namespace: other}}\n");
	take_release(fixture, "json",
		     "{\"apiVersion\":\"batch/v1beta1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"b\"}}\n"
		     "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\"}}\n");
	take_release(fixture, "alerts",
		     "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alerts}\ndata:\n  tmpl: |\n    {{ define \"x\" "
		     "}} {{ "
		     "template \"y\n---\n" BETA("PodDisruptionBudget", "d"));
	take_release(fixture, "broken", BETA("PodDisruptionBudget", "e") "---\napiVersion: policy/v1beta1\nkind: [\n");
	const struct api_evidence *all = api_evidence_all(&fixture->assess, &n);
	static const char *const wanted[][2] = {{"other/a", "shop/list"},
						{"shop/b", "shop/json"},
						{"shop/d", "shop/alerts"},
						{"shop/e", "shop/broken"}};
	assert_int_equal(n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		bool there = false;
		for (size_t k = 0; k < n; k++)
			there |= !strcmp(arena_printf(fixture->arena, "%s/%s", all[k].object_ns, all[k].object_name),
					 wanted[i][0]) &&
				 !strcmp(all[k].release, wanted[i][1]);
		if (!there)
			fail_msg("%s of release %s was not found", wanted[i][0], wanted[i][1]);
	}
	assert_int_equal(fixture->assess.n_unreadable, 1);
	assert_string_equal(fixture->assess.unreadable[0].release, "broken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_source_says_who_when_and_how_often, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sources_are_kept_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_lines_of_an_audit_log_cost_themselves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_helm_stored_is_read_by_the_scanner, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
