/* Lists and watches. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"

struct thing {
	const char *name;
};
static const struct field thing_fields[] = {F_STRING(struct thing, name, "metadata.name", 0, "")};
static const struct model thing_model = MODEL("Thing", struct thing, thing_fields);

struct seen {
	struct buf names;
	unsigned restarts, stop_after, n;
};

static bool take(void *context, void *item, struct arena *arena)
{
	struct seen *seen = context;
	(void)arena;
	buf_printf(&seen->names, "%s ", ((struct thing *)item)->name);
	return !seen->stop_after || ++seen->n < seen->stop_after;
}

static void forget(void *context)
{
	struct seen *seen = context;
	seen->restarts++;
	buf_clear(&seen->names);
}

#define ITEM(name)                                                                                                     \
	"{\"metadata\": {\"name\": \"" name "\", \"labels\": {\"a\": \"}\"}}, \"spec\": {\"x\": [1, {\"y\": \"]\"}]}}"
#define PAGE(next, items)                                                                                              \
	"{\"kind\": \"ThingList\", \"metadata\": {\"resourceVersion\": \"7\", \"continue\": \"" next                   \
	"\"}, \"items\": [" items "]}"
static const char ONE[] = PAGE("t/1+", ITEM("a") ", " ITEM("b"));
static const char TWO[] = PAGE("t2", ITEM("c") ", " ITEM("d"));
static const char THREE[] = PAGE("", ITEM("e"));
static const char GONE[] = "{\"kind\": \"Status\", \"reason\": \"Expired\", \"code\": 410, \"message\": \"too old\"}";

struct bench {
	struct fake fake;
	struct seen seen;
	struct kube *kube;
	struct kube_list list;
};

static void bench_init(struct bench *bench, struct fake_reply *replies, size_t n)
{
	fake_init(&bench->fake, replies, n);
	bench->seen = (struct seen){.names = BUF_INIT(1 << 20)};
	bench->kube = fake_kube(&bench->fake);
	bench->list = (struct kube_list){.path = "/api/v1/things",
					 .item_model = &thing_model,
					 .fn = take,
					 .restarted = forget,
					 .context = &bench->seen};
}

static void bench_done(struct bench *bench)
{
	buf_done(&bench->seen.names);
	kube_free(bench->kube);
	fake_done(&bench->fake);
}

#define BENCH(replies_) bench_init(&bench, (replies_), ARRAY_SIZE(replies_))

static void pages_are_read_to_the_end_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t chunk = 1; chunk < 200; chunk += chunk < 8 ? 1 : 61) {
		struct bench bench;
		struct fake_reply replies[] = {{.body = ONE}, {.body = TWO}, {.body = THREE}};
		BENCH(replies);
		bench.fake.chunk = chunk;
		expect_fine(kube_list(bench.kube, &bench.list));
		assert_string_equal(buf_str(&bench.seen.names), "a b c d e ");
		assert_int_equal(bench.list.items, 5);
		assert_string_equal(bench.list.resource_version, "7");
		assert_string_equal(bench.fake.requests[0].url, "https://fake/api/v1/things?limit=500");
		assert_string_equal(bench.fake.requests[1].url,
				    "https://fake/api/v1/things?limit=500&continue=t%2F1%2B");
		assert_int_equal(bench.fake.n_requests, 3);
		bench_done(&bench);
	}
}

static void a_page_that_breaks_off_is_asked_for_again_and_nothing_is_given_twice(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.body = ONE},  {.body = TWO, .break_after = sizeof TWO - 20},
				       {.lose = true}, {.body = TWO, .break_after = 20},
				       {.body = TWO},  {.body = THREE}};
	BENCH(replies);
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_string_equal(buf_str(&bench.seen.names), "a b c d e ");
	assert_int_equal(bench.seen.restarts, 0);
	assert_int_equal(bench.list.items, 5);
	assert_string_equal(bench.fake.requests[4].url, bench.fake.requests[1].url);
	bench_done(&bench);
}

struct compared {
	struct buf told;
	uint64_t changed;
};

static bool take_compared(void *context, void *item, struct arena *arena)
{
	struct compared *compared = context;
	(void)arena;
	buf_printf(&compared->told, "%s:%s ", ((struct thing *)item)->name,
		   compared->changed == UINT64_MAX ? "new"
		   : compared->changed		   ? "changed"
						   : "same");
	return true;
}

/* What an item is compared with must be what was given before it. */
static void items_passed_over_are_not_compared_with(void **state)
{
	(void)state;
	struct bench bench;
	static const char page[] = PAGE("", ITEM("c") "," ITEM("c") "," ITEM("d") "," ITEM("d"));
	struct fake_reply replies[] = {{.body = ONE}, {.body = page, .break_after = 180}, {.body = page}};
	struct compared compared = {.told = BUF_INIT(1 << 16)};
	BENCH(replies);
	bench.list.fn = take_compared;
	bench.list.context = &compared;
	bench.list.changed = &compared.changed;
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_string_equal(buf_str(&compared.told), "a:new b:changed c:new c:new d:changed d:same ");
	assert_int_equal(bench.fake.n_requests, 3);
	buf_done(&compared.told);
	bench_done(&bench);
}

static void a_first_page_that_breaks_off_begins_anew(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.body = ONE, .break_after = sizeof ONE - 20}, {.body = ONE}, {.body = THREE}};
	BENCH(replies);
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_string_equal(buf_str(&bench.seen.names), "a b e ");
	assert_int_equal(bench.seen.restarts, 1);
	bench_done(&bench);
}

static void a_body_cut_short_without_an_error_is_noticed(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.body = "{\"kind\": \"ThingList\", \"items\": [" ITEM("a")}, {.body = THREE}};
	BENCH(replies);
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_string_equal(buf_str(&bench.seen.names), "e ");
	assert_int_equal(bench.seen.restarts, 1);
	bench_done(&bench);
}

static void an_expired_token_begins_anew_twice_and_no_more(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.body = ONE},
				       {.status = 410, .body = GONE},
				       {.body = ONE},
				       {.body = TWO},
				       {.status = 410, .body = GONE},
				       {.body = ONE},
				       {.body = TWO},
				       {.body = THREE}};
	BENCH(replies);
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_string_equal(buf_str(&bench.seen.names), "a b c d e ");
	assert_int_equal(bench.seen.restarts, 2);
	bench_done(&bench);

	struct fake_reply more[] = {{.body = ONE}, {.status = 410, .body = GONE},
				    {.body = ONE}, {.status = 410, .body = GONE},
				    {.body = ONE}, {.status = 410, .body = GONE}};
	BENCH(more);
	struct error *error = kube_list(bench.kube, &bench.list);
	assert_non_null(error);
	assert_string_equal(error->code, "Expired");
	expect_error(error, ERROR_PRECONDITION, "too old");
	bench_done(&bench);
}

static void a_server_without_pages_is_read_as_well(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.body = "{\"kind\": \"ThingList\", \"metadata\": {}, \"items\": null}"},
				       {.body = "{\"items\": [" ITEM("a") "], \"kind\": \"ThingList\"}"}};
	BENCH(replies);
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_int_equal(bench.list.items, 0);
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_int_equal(bench.list.items, 1);
	bench_done(&bench);
}

static const char COUNTED[] = "{\"kind\": \"ThingList\", \"metadata\": {\"continue\": \"t1\", "
			      "\"remainingItemCount\": 29999}, \"items\": [" ITEM("a") "]}";

static void counting_asks_for_one_where_the_server_counts(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply counted[] = {{.body = COUNTED}}, single[] = {{.body = THREE}};
	struct fake_reply uncounted[] = {{.body = ONE}, {.body = TWO}, {.body = THREE}};
	BENCH(counted);
	bench.list.count_only = true;
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_int_equal(bench.list.items, 30000);
	assert_string_equal(bench.fake.requests[0].url, "https://fake/api/v1/things?limit=1");
	assert_int_equal(bench.fake.n_requests, 1);
	bench_done(&bench);
	BENCH(single); /* there are no more */
	bench.list.count_only = true;
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_int_equal(bench.list.items, 1);
	bench_done(&bench);
	BENCH(uncounted);
	bench.list.count_only = true;
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_int_equal(bench.list.items, 5);
	assert_string_equal(bench.fake.requests[1].url, "https://fake/api/v1/things?limit=500&continue=t%2F1%2B");
	bench_done(&bench);
}

static void answers_that_make_no_sense_end_it(void **state)
{
	(void)state;
	static const struct {
		const char *body, *told;
	} cases[] = {
		{"{\"kind\": \"Pod\", \"metadata\": {\"name\": \"x\"}}", "the answer is no list but one Pod"},
		{"{}", "the answer is no list"},
		{"{\"kind\": \"Status\", \"status\": \"Failure\", \"message\": \"no\"}",
		 "the answer is no list but one Status"},
		{"<html>", "/api/v1/things: byte 0"},
		{"{\"kind\": \"ThingList\", \"items\": [5]}", "items[0]"},
		{"{\"kind\": \"ThingList\", \"items\": [{\"metadata\": {\"name\": 5}}]}", "items[0].metadata.name"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench bench;
		struct fake_reply replies[] = {{.body = cases[i].body}};
		BENCH(replies);
		expect_error(kube_list(bench.kube, &bench.list), ERROR_INVALID, cases[i].told);
		assert_int_equal(bench.fake.n_requests, 1);
		bench_done(&bench);
	}
}

static void what_stands_in_between_is_told_by_its_headers(void **state)
{
	(void)state;
	static const struct {
		const char *header, *value, *told;
	} cases[] = {
		{"content-type", "text/html; charset=utf-8", "the answer is text/html; charset=utf-8, not JSON"},
		{"content-encoding", "gzip", "the answer is packed (gzip)"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench bench;
		struct fake_reply replies[] = {{.body = "<html>", .header = cases[i].header, .value = cases[i].value}};
		BENCH(replies);
		expect_error(kube_list(bench.kube, &bench.list), ERROR_INVALID, cases[i].told);
		bench_done(&bench);
	}
}

static void pages_that_lead_in_a_circle_end_it(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply same[] = {{.body = ONE}, {.body = ONE}};
	BENCH(same);
	expect_error(kube_list(bench.kube, &bench.list), ERROR_INVALID, "pages that it has given before");
	bench_done(&bench);
	struct fake_reply circle[12];
	for (size_t i = 0; i < ARRAY_SIZE(circle); i++)
		circle[i] = (struct fake_reply){.body = i % 3 == 0 ? ONE : i % 3 == 1 ? TWO : PAGE("t/3", ITEM("x"))};
	BENCH(circle);
	expect_error(kube_list(bench.kube, &bench.list), ERROR_INVALID, "pages that it has given before");
	bench_done(&bench);
}

static void pages_without_items_end_after_a_thousand(void **state)
{
	(void)state;
	enum { N = 1002 };
	static char bodies[N][120];
	static struct fake_reply replies[N];
	struct bench bench;
	for (size_t i = 0; i < N; i++) {
		snprintf(bodies[i], sizeof bodies[i],
			 "{\"kind\": \"ThingList\", \"metadata\": {\"continue\": \"t%zu\"}, \"items\": []}", i);
		replies[i] = (struct fake_reply){.body = bodies[i]};
	}
	BENCH(replies);
	expect_error(kube_list(bench.kube, &bench.list), ERROR_INVALID, "page after page without an item");
	bench_done(&bench);
}

static void who_has_seen_enough_may_stop(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.body = ONE}};
	BENCH(replies);
	bench.seen.stop_after = 1;
	expect_fine(kube_list(bench.kube, &bench.list));
	assert_string_equal(buf_str(&bench.seen.names), "a ");
	bench_done(&bench);
}

static void lists_run_four_at_once_and_a_denied_one_costs_itself(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.path = "/l/2", .status = 403, .body = "{\"message\": \"no\"}"},
				       {.path = "/l/0?limit=500&c", .body = THREE},
				       {.path = "/l/0", .body = ONE},
				       {.body = THREE},
				       {.body = THREE},
				       {.body = THREE},
				       {.body = THREE}};
	struct seen seen[6];
	struct kube_list lists[6];
	BENCH(replies);
	for (size_t i = 0; i < 6; i++) {
		seen[i] = (struct seen){.names = BUF_INIT(1024)};
		lists[i] = bench.list;
		lists[i].path = arena_printf(bench.fake.arena, "/l/%zu", i);
		lists[i].context = &seen[i];
		lists[i].metadata_only = i == 1;
	}
	kube_list_batch(bench.kube, lists, 6);
	assert_int_equal(bench.fake.most_at_once, 4);
	assert_non_null(strstr(bench.fake.requests[1].accept, "as=PartialObjectMetadataList"));
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(buf_str(&seen[i].names), i == 0 ? "a b e " : i == 2 ? "" : "e ");
		assert_int_equal(lists[i].error != NULL, i == 2);
		error_free(lists[i].error);
		buf_done(&seen[i].names);
	}
	bench_done(&bench);
}

struct event {
	const char *type;
	struct thing object;
};
static const struct field event_fields[] = {
	F_STRING(struct event, type, "type", 0, ""),
	F_OBJECT(struct event, object, "object", 0, &thing_model, ""),
};
static const struct model event_model = MODEL("Event", struct event, event_fields);

static bool take_event(void *context, void *item, struct arena *arena)
{
	struct seen *seen = context;
	const struct event *event = item;
	(void)arena;
	buf_printf(&seen->names, "%c%s ", event->type[0], event->object.name);
	return !seen->stop_after || ++seen->n < seen->stop_after;
}

#define EVENT(type, name, version)                                                                                     \
	"{\"type\": \"" type "\", \"object\": {\"metadata\": {\"name\": \"" name "\", \"resourceVersion\": \"" version \
	"\"}}}\n"
static const char TOO_OLD[] =
	"{\"type\": \"ERROR\", \"object\": {\"kind\": \"Status\", \"code\": 410, \"message\": \"too old\"}}\n";

static void watches_go_on_where_they_broke(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {
		{.body = EVENT("ADDED", "a", "8") EVENT("MODIFIED", "a", "9")},
		{.body = EVENT("BOOKMARK", "", "20")},
		{.body = EVENT("DELETED", "a", "21") "{\"type\"",
		 .break_after = sizeof EVENT("DELETED", "a", "21") + 3},
		{.status = 503, .body = "{}"},
		{.lose = true},
		{.body = EVENT("ADDED", "b", "22")},
	};
	BENCH(replies);
	bench.fake.chunk = 7;
	bench.seen.stop_after = 4;
	char version[64];
	expect_fine(kube_watch(bench.kube, "/api/v1/things", "7", 5 * MINUTE_MS, &event_model, take_event, &bench.seen,
			       version));
	assert_string_equal(buf_str(&bench.seen.names), "Aa Ma Da Ab ");
	assert_string_equal(version, "22");
	assert_non_null(strstr(bench.fake.requests[0].url,
			       "watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=7"));
	assert_non_null(strstr(bench.fake.requests[1].url, "resourceVersion=9"));
	assert_non_null(strstr(bench.fake.requests[2].url, "resourceVersion=20"));
	assert_non_null(strstr(bench.fake.requests[5].url, "resourceVersion=21"));
	bench_done(&bench);
}

static void watches_end_with_their_time(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[64] = {{.body = EVENT("ADDED", "a", "8")}};
	for (size_t i = 1; i < ARRAY_SIZE(replies); i++)
		replies[i].body = "";
	BENCH(replies);
	char version[64];
	int64_t from_ms = bench.fake.now_ms;
	expect_fine(kube_watch(bench.kube, "/api/v1/things?labelSelector=a", "7", 3 * MINUTE_MS, &event_model,
			       take_event, &bench.seen, version));
	assert_in_range(bench.fake.now_ms - from_ms, 3 * MINUTE_MS, 3 * MINUTE_MS + 1000);
	assert_string_equal(version, "8");
	assert_true(bench.fake.n_requests < 20); /* an empty answer is no reason to ask at once */
	assert_non_null(strstr(bench.fake.requests[0].url, "?labelSelector=a&watch=true"));
	bench_done(&bench);
}

static void an_expired_version_asks_for_a_new_list(void **state)
{
	(void)state;
	static const struct fake_reply expired[] = {{.body = TOO_OLD}, {.status = 410, .body = GONE}};
	for (size_t i = 0; i < ARRAY_SIZE(expired); i++) {
		struct bench bench;
		struct fake_reply replies[] = {expired[i]};
		BENCH(replies);
		char version[64];
		struct error *error = kube_watch(bench.kube, "/api/v1/things", "7", MINUTE_MS, &event_model, take_event,
						 &bench.seen, version);
		assert_non_null(error);
		assert_string_equal(error->code, "Expired");
		expect_error(error, ERROR_PRECONDITION, "too old");
		bench_done(&bench);
	}
}

static void following_lists_anew(void **state)
{
	(void)state;
	struct bench bench;
	struct fake_reply replies[] = {{.path = "?limit", .body = THREE},
				       {.body = EVENT("ADDED", "x", "8") "\n"},
				       {.body = TOO_OLD},
				       {.path = "?limit", .body = THREE},
				       {.body = EVENT("ADDED", "y", "31")}};
	BENCH(replies);
	bench.seen.stop_after = 4;
	expect_fine(kube_follow(bench.kube, &bench.list, 5 * MINUTE_MS, &event_model, take_event));
	assert_string_equal(buf_str(&bench.seen.names), "e Ay ");
	assert_int_equal(bench.seen.restarts, 1);
	bench_done(&bench);
}

static void events_that_make_no_sense_end_it(void **state)
{
	(void)state;
	static const struct {
		const char *body, *told;
		enum error_class class;
	} cases[] = {
		{"{\"type\": 5}\n", "type", ERROR_INVALID},
		{"{\"kind\": \"ThingList\"}\n", "not an event", ERROR_INVALID},
		{"{\"type\": \"ADDED\", \"object\": {\"metadata\": {\"name\": {}}}}\n", "name", ERROR_INVALID},
		{"{\"type\": \"ERROR\", \"object\": {\"code\": 403, \"message\": \"no more\"}}\n", "no more",
		 ERROR_INVALID},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench bench;
		struct fake_reply replies[] = {{.body = cases[i].body}};
		BENCH(replies);
		char version[64];
		expect_error(kube_watch(bench.kube, "/api/v1/things", "7", MINUTE_MS, &event_model, take_event,
					&bench.seen, version),
			     cases[i].class, cases[i].told);
		bench_done(&bench);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_read_to_the_end_however_they_are_cut),
		cmocka_unit_test(a_page_that_breaks_off_is_asked_for_again_and_nothing_is_given_twice),
		cmocka_unit_test(items_passed_over_are_not_compared_with),
		cmocka_unit_test(a_first_page_that_breaks_off_begins_anew),
		cmocka_unit_test(a_body_cut_short_without_an_error_is_noticed),
		cmocka_unit_test(an_expired_token_begins_anew_twice_and_no_more),
		cmocka_unit_test(a_server_without_pages_is_read_as_well),
		cmocka_unit_test(counting_asks_for_one_where_the_server_counts),
		cmocka_unit_test(answers_that_make_no_sense_end_it),
		cmocka_unit_test(what_stands_in_between_is_told_by_its_headers),
		cmocka_unit_test(pages_that_lead_in_a_circle_end_it),
		cmocka_unit_test(pages_without_items_end_after_a_thousand),
		cmocka_unit_test(who_has_seen_enough_may_stop),
		cmocka_unit_test(lists_run_four_at_once_and_a_denied_one_costs_itself),
		cmocka_unit_test(watches_go_on_where_they_broke),
		cmocka_unit_test(watches_end_with_their_time),
		cmocka_unit_test(an_expired_version_asks_for_a_new_list),
		cmocka_unit_test(following_lists_anew),
		cmocka_unit_test(events_that_make_no_sense_end_it),
	};
	return cmocka_run_group_tests_name("kube lists", tests, NULL, NULL);
}
