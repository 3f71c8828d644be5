/* A saved world goes on where it was, also behind another door. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/mem.h"
#include "base/time.h"
#include "codec/document.h"
#include "port/http.h"
#include "sim/sim.h"

static char *get(struct sim *sim, const char *base, const char *path)
{
	char *url = mem_printf("%s%s", base, path);
	struct http_header accept = {"Accept", "application/json"};
	struct http_exchange exchange = {.request = {.method = "GET", .url = url, .headers = &accept, .n_headers = 1}};
	sim_handle(sim, &exchange.request, &exchange.response);
	assert_int_equal(exchange.response.status, 200);
	char *text = mem_strdup(buf_str(&exchange.response.body));
	http_exchange_done(&exchange);
	free(url);
	return text;
}

static void assert_same_world(struct sim *a, struct sim *b)
{
	json_t *first DOCUMENT_CLEANUP = sim_truth(a), *second DOCUMENT_CLEANUP = sim_truth(b);
	char hash[65], other[65];
	document_hash(first, hash);
	document_hash(second, other);
	assert_string_equal(hash, other);
	struct sim_users seen, also;
	sim_users(a, &seen);
	sim_users(b, &also);
	assert_int_equal(seen.requests, also.requests);
	assert_int_equal(seen.failed, also.failed);
	assert_int_equal(seen.longest_gap_ms, also.longest_gap_ms);
}

static struct sim *saved_and_loaded(struct sim *sim)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	struct sim *loaded = NULL;
	assert_null(sim_save(sim, &text));
	assert_null(sim_load(buf_slice(&text), &loaded));
	return loaded;
}

static void a_world_goes_on(void **state)
{
	(void)state;
	const char *faults[] = {"green:5xx=8% after traffic=50%", "kube:429 after 90m"};
	struct sim_options options = {
		.cluster = "small", .seed = 3, .base_url = "http://127.0.0.1:1001", .faults = faults, .n_faults = 2};
	struct sim *sim = NULL;
	assert_null(sim_new(&options, &sim));
	sim_advance_to(sim, sim_now_ms(sim) + 20 * MINUTE_MS);
	struct sim *loaded = saved_and_loaded(sim);
	assert_int_equal(sim_now_ms(loaded), sim_now_ms(sim));
	assert_same_world(sim, loaded);
	char *pods = get(sim, options.base_url, "/clusters/shop/api/v1/pods"),
	     *same = get(loaded, options.base_url, "/clusters/shop/api/v1/pods");
	assert_string_equal(pods, same);
	free(pods);
	free(same);
	sim_advance_to(sim, sim_now_ms(sim) + 40 * MINUTE_MS);
	sim_advance_to(loaded, sim_now_ms(loaded) + 40 * MINUTE_MS);
	assert_same_world(sim, loaded);
	assert_null(sim_violation(loaded));
	sim_free(loaded);
	sim_free(sim);
}

static void another_door_is_told_everywhere(void **state)
{
	(void)state;
	struct sim_options options = {.cluster = "small", .seed = 3, .base_url = "http://127.0.0.1:1001"};
	struct sim *sim = NULL;
	assert_null(sim_new(&options, &sim));
	struct sim *loaded = saved_and_loaded(sim);
	sim_set_base_url(loaded, "http://127.0.0.1:2002");
	json_t *truth DOCUMENT_CLEANUP = sim_truth(loaded);
	char *text = json_dumps(truth, 0),
	     *pods = get(loaded, "http://127.0.0.1:2002", "/clusters/shop/api/v1/pods?limit=1");
	assert_null(strstr(text, ":1001"));
	assert_non_null(strstr(text, "http://127.0.0.1:2002/clusters/shop"));
	assert_non_null(strstr(pods, "\"kind\":\"PodList\""));
	free(pods);
	free(text);
	sim_free(loaded);
	sim_free(sim);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"nonsense",
		"[]",
		"{\"format\": 2}",
		"{\"format\": 1}",
		"{\"format\": 1, \"name\": \"x\", \"records\": [], \"applications\": {}, \"clusters\": [{}]}",
		("{\"format\": 1, \"name\": \"x\", \"records\": [], \"applications\": {}, \"clusters\": [{\"name\": "
		 "\"a\", \"id\": \"b\", \"version\": \"1.33\", \"load_balancer\": \"c\", \"life\": 2, \"kube\": "
		 "{}}]}")};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sim *sim = NULL;
		struct error *error = sim_load(slice_of(texts[i]), &sim);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_INVALID);
		error_free(error);
		assert_null(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_world_goes_on),
		cmocka_unit_test(another_door_is_told_everywhere),
		cmocka_unit_test(nonsense_is_refused),
	};
	return cmocka_run_group_tests_name("sim save", tests, NULL, NULL);
}
