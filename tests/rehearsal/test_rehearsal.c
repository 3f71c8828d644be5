/* Whole upgrades in the simulator: what the users see, how it ends, what the journal proves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "agent/agent.h"
#include "agent/journal.h"
#include "artifacts/report.h"
#include "base/log.h"
#include "codec/document.h"
#include "rehearsal/rehearsal.h"

static json_t *play(const char *cluster, uint64_t seed, const char *fault, struct store *store)
{
	const char *faults[] = {fault};
	struct rehearsal_options options = {.cluster = cluster,
					    .seed = seed,
					    .faults = faults,
					    .n_faults = fault != NULL,
					    .check_invariants = true,
					    .store = store};
	json_t *result = NULL;
	assert_null(rehearse_run(&options, &result));
	return result;
}

static void users_lose_nothing_in_a_good_upgrade(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		json_t *result DOCUMENT_CLEANUP = play(seed % 2 ? "small" : "medium", seed, NULL, NULL);
		assert_string_equal(document_text(result, "result"), "completed");
		assert_string_equal(document_text(result, "serving"), "green");
		assert_int_equal(document_int_or(result, "failed_requests", -1), 0);
		assert_int_equal(document_int_or(result, "longest_gap_ms", -1), 0);
		assert_true(document_int_or(result, "requests", 0) > 10000);
		assert_int_equal(json_array_size(json_object_get(result, "traffic")), 5);
		assert_string_equal(document_text(result, "traffic[4].verdict"), "PASS");
	}
}

static void a_sick_green_is_left_and_removed(void **state)
{
	(void)state;
	json_t *result DOCUMENT_CLEANUP = play("medium", 1, "green:5xx=8% after traffic=50%", NULL);
	assert_string_equal(document_text(result, "result"), "rolled-back");
	assert_string_equal(document_text(result, "serving"), "blue");
	assert_non_null(strstr(document_text(result, "reason"), "error rate of Green"));
	assert_null(document_at(result, "world.clusters[1]"));
	assert_int_equal(document_int_or(result, "world.green_asked", -1), 0);
	/* what failed is bounded by the share that was on Green and its error rate */
	assert_true((double)document_int_or(result, "failed_requests", 0) <=
		    0.09 * (double)document_int_or(result, "green_requests", 0));
	assert_int_equal(json_array_size(document_at(result, "world.records")), 2); /* the records are as they were */
	assert_null(document_at(result, "world.records[1].Weight"));
	/* Route 53 takes half a minute and more, the aliases' TTL is one more; longer than five is not stepping back */
	double after_s = document_real_or(result, "rollback.all_blue_after_s", -1);
	assert_true(after_s > 90 && after_s < 300);
}

static void outages_hold_or_pass_but_lose_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *fault, *result;
	} cases[] = {
		{"eks:throttle=40%", "completed"},
		{"aws:5xx=20%", "completed"},
		{"route53:lost-reply=50%", "completed"},
		{"eks:lost-reply=50%", "completed"},
		{"kube:429=20%", "completed"},
		{"argocd:lost-reply=30%", "completed"},
		{"terraform:error=1", "completed"},
		{"terraform:error=9", "rolled-back"},
		{"cloudwatch:no-data", "rolled-back"},
		{"dns:cached=3%", "held"},
		{"newman:error=1", "rolled-back"},
		{"green:latency=+2s after traffic=25%", "rolled-back"},
		{"sts:expired-credentials for 10m", "completed"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *result DOCUMENT_CLEANUP = play("small", 7 + i, cases[i].fault, NULL);
		if (strcmp(document_text_or(result, "result", ""), cases[i].result) != 0)
			print_error("%s: %s (%s)\n", cases[i].fault, document_text_or(result, "result", ""),
				    document_text_or(result, "reason", ""));
		assert_string_equal(document_text(result, "result"), cases[i].result);
	}
}

/* A person who asks for Blue when it is already being removed. */
struct late {
	struct store *store;
	struct clock *clock;
	bool asked, refused;
};

static void ask_late(void *context, const struct run_state *state, int64_t now_ms)
{
	struct late *late = context;
	struct step_view *removal = run_state_step((struct run_state *)(uintptr_t)state, "decommission");
	(void)now_ms;
	if (late->asked || !removal->started_ms)
		return;
	late->asked = true;
	assert_null(agent_request(late->store, late->clock, state->run_id, "rollback", NULL, "anna@laptop", "late"));
}

static struct error *look_for_refusal(void *context, const struct journal_record *record)
{
	struct late *late = context;
	late->refused |= !strcmp(document_text_or(record->payload, "text", ""),
				 "roll back refused: Blue is already being removed");
	return NULL;
}

static void nothing_goes_back_once_blue_is_being_removed(void **state)
{
	(void)state;
	struct store *store CLEANUP(store_freep) = store_memory_new();
	struct late late = {.store = store, .clock = clock_real_new(NULL)};
	struct rehearsal_options options = {.cluster = "small",
					    .seed = 1,
					    .check_invariants = true,
					    .store = store,
					    .progress = ask_late,
					    .context = &late};
	json_t *result DOCUMENT_CLEANUP = NULL;
	assert_null(rehearse_run(&options, &result));
	clock_free(late.clock);
	assert_true(late.asked);
	assert_null(journal_read(store, document_text(result, "run"), 1, look_for_refusal, &late));
	assert_true(late.refused);
	assert_string_equal(document_text(result, "result"), "completed");
	assert_string_equal(document_text(result, "serving"), "green");
}

static void syncs_of_others_are_not_taken_for_ours(void **state)
{
	(void)state;
	json_t *result DOCUMENT_CLEANUP = play("small", 3, "argocd:foreign=9", NULL);
	const json_t *effects = document_at(result, "world.effects");
	assert_string_equal(document_text(result, "result"), "completed");
	assert_int_equal(json_integer_value(json_object_get(effects, "argocd:foreign-sync web-green")) > 0, 1);
	assert_int_equal(json_integer_value(json_object_get(effects, "argocd:sync web-green")), 1);
	assert_int_equal(json_integer_value(json_object_get(effects, "argocd:sync cart-green")), 1);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	(void)state;
	char first[65], second[65], other[65];
	json_t *a DOCUMENT_CLEANUP = play("small", 5, "aws:5xx=10%", NULL),
		  *b DOCUMENT_CLEANUP = play("small", 5, "aws:5xx=10%", NULL),
		  *c DOCUMENT_CLEANUP = play("small", 6, "aws:5xx=10%", NULL);
	document_hash(a, first);
	document_hash(b, second);
	document_hash(c, other);
	assert_string_equal(first, second);
	assert_string_not_equal(first, other);
}

static void unreadable_faults_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *fault, *part;
	} cases[] = {{"gren:5xx=8%", "did you mean \"green\"?"},
		     {"green:6xx", "no kind \"6xx\""},
		     {"green", "no colon"},
		     {"green:5xx=x", "no value"},
		     {"green:5xx=8% after lunch", "no condition"},
		     {"green:5xx=8% during 5m", "cannot be read"}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rehearsal_options options = {.cluster = "small", .faults = &cases[i].fault, .n_faults = 1};
		json_t *result = NULL;
		struct error *error ERROR_CLEANUP = rehearse_run(&options, &result);
		assert_non_null(error);
		assert_non_null(strstr(error->message, cases[i].part));
	}
}

static void reports_answer_first_in_every_form(void **state)
{
	(void)state;
	struct store *store CLEANUP(store_freep) = store_memory_new();
	json_t *result DOCUMENT_CLEANUP = play("small", 3, "green:5xx=20% after traffic=25%", store);
	const char *run = document_text(result, "run");
	struct buf html CLEANUP(buf_done) = BUF_INIT(64 << 20), markdown CLEANUP(buf_done) = BUF_INIT(64 << 20),
			json CLEANUP(buf_done) = BUF_INIT(64 << 20);
	assert_null(report_write(store, run, REPORT_HTML, &html));
	assert_null(report_write(store, run, REPORT_MARKDOWN, &markdown));
	assert_null(report_write(store, run, REPORT_JSON, &json));
	assert_non_null(strstr(buf_str(&html), "rolled-back: blue serves"));
	assert_non_null(strstr(buf_str(&html), "<svg"));
	assert_null(strstr(buf_str(&html), "http://"));
	assert_non_null(strstr(buf_str(&markdown), "rolled-back: blue serves"));
	json_t *document DOCUMENT_CLEANUP = json_loadb(json.p, json.n, 0, NULL);
	assert_true(json_array_size(json_object_get(document, "timeline")) > 50);
	assert_int_equal(document_int_or(document, "records_proven", 0),
			 document_int_or(document, "journal_records", -1));
}

static int quiet(void **state)
{
	(void)state;
	log_setup(LOG_ERROR, LOG_TEXT, 2);
	return 0;
}

static void a_fault_without_end_is_told_and_not_waited_for(void **state)
{
	(void)state;
	json_t *result DOCUMENT_CLEANUP = play("small", 119, "aws:timeout=100% after traffic=100%", NULL);
	assert_string_equal(document_text(result, "result"), "failed");
	assert_non_null(strstr(document_text(result, "reason"), "a fault without an end"));
	assert_non_null(strstr(document_text(result, "reason"), "traffic-100 is still undoing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_without_end_is_told_and_not_waited_for),
		cmocka_unit_test(users_lose_nothing_in_a_good_upgrade),
		cmocka_unit_test(a_sick_green_is_left_and_removed),
		cmocka_unit_test(outages_hold_or_pass_but_lose_nothing),
		cmocka_unit_test(nothing_goes_back_once_blue_is_being_removed),
		cmocka_unit_test(syncs_of_others_are_not_taken_for_ours),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(unreadable_faults_are_told),
		cmocka_unit_test(reports_answer_first_in_every_form),
	};
	return cmocka_run_group_tests_name("rehearsal", tests, quiet, NULL);
}
