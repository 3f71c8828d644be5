/* HTTP against a server that misbehaves in every way a network has, and the clock that follows a door. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/time.h"
#include "port/bad_server.h"
#include "port/clock.h"
#include "port/http.h"

struct place {
	struct bad_server *server;
	struct clock *clock;
	struct http *http;
	volatile int interrupted;
};

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	place->server = bad_server_start();
	place->clock = clock_real_new(NULL);
	place->http = http_real_new(place->clock, 0, &place->interrupted);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	http_free(place->http);
	clock_free(place->clock);
	bad_server_stop(place->server);
	free(place);
	return 0;
}

static char *url_of(const struct place *place, const char *path)
{
	return mem_printf("http://127.0.0.1:%u%s", bad_server_port(place->server), path);
}

static struct http_exchange ask(struct place *place, const char *method, const char *path, struct http_request request)
{
	char *url CLEANUP(mem_freep) = url_of(place, path);
	struct http_exchange exchange = {.request = request};
	exchange.request.method = method;
	exchange.request.url = url;
	http_perform(place->http, &exchange, 1);
	exchange.request.url = NULL;
	return exchange;
}

#define assert_error(exchange, expected_class, expected_maybe_sent)                                                    \
	do {                                                                                                           \
		assert_non_null((exchange).response.error);                                                            \
		assert_string_equal(error_class_name((exchange).response.error->class),                                \
				    error_class_name(expected_class));                                                 \
		assert_int_equal((exchange).response.maybe_sent, (expected_maybe_sent));                               \
		assert_int_equal((exchange).response.status, 0);                                                       \
	} while (0)

static void requests_go_out_as_they_are(void **state)
{
	struct place *place = *state;
	const struct http_header headers[] = {{"X-One", "1"}, {"Authorization", "Bearer t"}, {"X-Empty", ""}};
	struct http_exchange exchange =
		ask(place, "POST", "/a/../b//c%2Fd?x=%20&b=1&a=2",
		    (struct http_request){.headers = headers, .n_headers = 3, .body = slice_of("{\"name\":\"shop\"}")});
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.status, 200);
	const char *seen = buf_str(&exchange.response.body);
	assert_ptr_equal(strstr(seen, "POST /a/../b//c%2Fd?x=%20&b=1&a=2 HTTP/1.1\r\n"), seen);
	assert_non_null(strstr(seen, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(seen, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(seen, "\r\nContent-Length: 15\r\n"));
	assert_null(strstr(seen, "Expect"));
	assert_null(strstr(seen, "Accept"));
	assert_null(strstr(seen, "User-Agent"));
	assert_null(strstr(seen, "chunked"));
	assert_non_null(strstr(seen, "\r\n\r\n{\"name\":\"shop\"}"));
	assert_string_equal(http_response_header(&exchange.response, "x-name"), "a value");
	assert_null(http_response_header(&exchange.response, "x-absent"));
	assert_true(exchange.response.received_at_ms >= exchange.response.sent_at_ms);
	assert_true(llabs(exchange.response.sent_at_ms - clock_wall_ms(place->clock)) < MINUTE_MS);
	http_exchange_done(&exchange);
}

static void a_body_is_held_back_until_it_is_wanted(void **state)
{
	struct place *place = *state;
	const struct http_header expect[] = {{"Expect", "100-continue"}, {"Accept", "x/y"}};
	char *body CLEANUP(mem_freep) = mem_alloc(100001);
	memset(body, 'b', 100000);
	struct http_request request = {.headers = expect, .n_headers = 2, .body = slice_make(body, 100000)};
	struct http_exchange exchange = ask(place, "PUT", "/x", request);
	assert_null(exchange.response.error);
	assert_non_null(strstr(buf_str(&exchange.response.body), "\r\nExpect: 100-continue\r\n"));
	assert_non_null(strstr(buf_str(&exchange.response.body), "\r\nAccept: x/y\r\n"));
	assert_true(exchange.response.body.n > 100000);
	http_exchange_done(&exchange);
	exchange = ask(place, "PUT", "/busy", request); /* refused at the door: an answer as any other */
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.status, 503);
	http_exchange_done(&exchange);
	unsigned before = bad_server_requests(place->server);
	exchange = ask(place, "PUT", "/wants-no-body", request);
	assert_int_equal(exchange.response.status, 417);
	assert_int_equal(bad_server_requests(place->server), before + 2); /* once more without asking first */
	http_exchange_done(&exchange);
}

static void every_method_has_its_form(void **state)
{
	struct place *place = *state;
	static const char *const methods[] = {"GET", "PUT", "PATCH", "DELETE", "POST"};
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		struct http_exchange exchange = ask(place, methods[i], "/x", (struct http_request){0});
		assert_null(exchange.response.error);
		assert_true(slice_starts(buf_slice(&exchange.response.body), methods[i]));
		http_exchange_done(&exchange);
	}
	struct http_exchange exchange = ask(place, "HEAD", "/x", (struct http_request){0});
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.body.n, 0);
	assert_string_equal(http_response_header(&exchange.response, "content-length"), "12345");
	http_exchange_done(&exchange);
	exchange = ask(place, "DELETE", "/x", (struct http_request){.body = slice_of("{}")});
	assert_null(exchange.response.error);
	assert_non_null(strstr(buf_str(&exchange.response.body), "\r\n\r\n{}"));
	http_exchange_done(&exchange);
}

static void failures_of_the_way_are_told_apart(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *path;
		enum error_class class;
	} cases[] = {{"/reset", ERROR_TRANSIENT},      {"/close", ERROR_TRANSIENT}, {"/truncated", ERROR_TRANSIENT},
		     {"/half-chunk", ERROR_TRANSIENT}, {"/garbage", ERROR_INVALID}, {"/big-headers", ERROR_INVALID}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct http_exchange exchange = ask(place, "POST", cases[i].path, (struct http_request){0});
		print_message("# %s\n", cases[i].path);
		assert_error(exchange, cases[i].class, true);
		assert_non_null(strstr(exchange.response.error->message, cases[i].path));
		http_exchange_done(&exchange);
	}
}

static void nothing_was_sent_where_nobody_listens(void **state)
{
	struct place *place = *state;
	struct bad_server *gone = bad_server_start();
	char *url CLEANUP(mem_freep) = mem_printf("http://127.0.0.1:%u/", bad_server_port(gone));
	bad_server_stop(gone);
	struct http_exchange exchange = {.request = {.method = "POST", .url = url}};
	http_perform(place->http, &exchange, 1);
	assert_error(exchange, ERROR_TRANSIENT, false);
	http_exchange_done(&exchange);
}

static void a_handshake_that_hangs_ends_before_anything_is_sent(void **state)
{
	struct place *place = *state;
	char *url CLEANUP(mem_freep) = mem_printf("https://127.0.0.1:%u/", bad_server_port(place->server));
	struct http_exchange exchange = {
		.request = {.method = "POST", .url = url, .limits = {.connect_ms = 200}, .body = slice_of("x")}};
	int64_t start_ms = clock_mono_ms(place->clock);
	http_perform(place->http, &exchange, 1);
	assert_true(clock_mono_ms(place->clock) - start_ms < 1500);
	assert_error(exchange, ERROR_TIMEOUT, false);
	http_exchange_done(&exchange);
}

static void slow_answers_end_at_their_limits(void **state)
{
	struct place *place = *state;
	struct http_exchange silent =
		ask(place, "POST", "/silent", (struct http_request){.limits = {.idle_ms = 300, .deadline_ms = 60000}});
	assert_error(silent, ERROR_TIMEOUT, true);
	http_exchange_done(&silent);
	int64_t start_ms = clock_mono_ms(place->clock);
	struct http_exchange drip =
		ask(place, "GET", "/drip", (struct http_request){.limits = {.idle_ms = 1000, .deadline_ms = 400}});
	assert_error(drip, ERROR_TIMEOUT, true);
	assert_true(clock_mono_ms(place->clock) - start_ms < 2000);
	http_exchange_done(&drip);
}

static void bodies_are_bounded(void **state)
{
	struct place *place = *state;
	struct http_exchange exchange =
		ask(place, "GET", "/endless", (struct http_request){.limits = {.max_body_bytes = 100000}});
	assert_error(exchange, ERROR_INVALID, true);
	assert_true(exchange.response.body.n <= 100000);
	assert_non_null(strstr(exchange.response.error->message, "100000"));
	http_exchange_done(&exchange);
}

struct swallowed {
	size_t n, limit;
};

static bool swallow(void *context, const char *bytes, size_t n)
{
	struct swallowed *swallowed = context;
	(void)bytes;
	swallowed->n += n;
	return swallowed->n < swallowed->limit;
}

static void sinks_stream_and_stop(void **state)
{
	struct place *place = *state;
	struct swallowed swallowed = {.limit = 50000};
	struct http_sink sink = {swallow, &swallowed};
	struct http_exchange exchange = ask(
		place, "GET", "/endless",
		(struct http_request){.sink = &sink, .limits = {.max_body_bytes = 10}}); /* sinks bound themselves */
	assert_null(exchange.response.error);
	assert_true(exchange.response.stopped);
	assert_int_equal(exchange.response.status, 200);
	assert_true(swallowed.n >= 50000);
	assert_int_equal(exchange.response.body.n, 0);
	http_exchange_done(&exchange);
	swallowed = (struct swallowed){.limit = 50000};
	exchange = ask(place, "GET", "/busy", (struct http_request){.sink = &sink}); /* what is no success is kept */
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.status, 503);
	assert_int_equal(swallowed.n, 0);
	assert_string_equal(buf_str(&exchange.response.body), "{\"message\": \"later\"}");
	assert_string_equal(http_response_header(&exchange.response, "retry-after"), "3");
	http_exchange_done(&exchange);
}

static void only_the_last_answers_headers_count(void **state)
{
	struct place *place = *state;
	struct http_exchange exchange = ask(place, "GET", "/continue", (struct http_request){0});
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.status, 200);
	assert_null(http_response_header(&exchange.response, "x-early"));
	assert_string_equal(http_response_header(&exchange.response, "x-late"), "2");
	http_exchange_done(&exchange);
}

static void connections_are_kept(void **state)
{
	struct place *place = *state;
	for (int i = 0; i < 5; i++) {
		struct http_exchange exchange = ask(place, "GET", "/x", (struct http_request){0});
		assert_null(exchange.response.error);
		http_exchange_done(&exchange);
	}
	assert_int_equal(bad_server_connections(place->server), 1);
	assert_int_equal(bad_server_requests(place->server), 5);
}

static void a_kept_connection_that_closes_repeats_no_change(void **state)
{
	struct place *place = *state;
	struct http_exchange exchange = ask(place, "GET", "/once", (struct http_request){0});
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	exchange = ask(place, "POST", "/once", (struct http_request){.body = slice_of("{}")});
	assert_error(exchange, ERROR_TRANSIENT, true);
	assert_int_equal(bad_server_requests(place->server), 2);
	http_exchange_done(&exchange);
	exchange = ask(place, "GET", "/once", (struct http_request){0});
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	exchange = ask(place, "DELETE", "/once", (struct http_request){0});
	assert_error(exchange, ERROR_TRANSIENT, true);
	assert_int_equal(bad_server_requests(place->server), 4);
	http_exchange_done(&exchange);
	exchange = ask(place, "GET", "/once", (struct http_request){0});
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	exchange = ask(place, "GET", "/once", (struct http_request){0}); /* a question may be asked again */
	assert_null(exchange.response.error);
	assert_int_equal(bad_server_requests(place->server), 7);
	http_exchange_done(&exchange);
}

static void a_kept_connection_that_died_meanwhile_costs_nothing(void **state)
{
	struct place *place = *state;
	for (int i = 0; i < 5; i++) {
		struct http_exchange exchange = ask(place, "POST", "/then-reset", (struct http_request){0});
		if (exchange.response.error)
			fail_msg("%d: %s", i, exchange.response.error->message);
		http_exchange_done(&exchange);
		bad_server_wait_closed(place->server);
		exchange = ask(place, "POST", "/x", (struct http_request){.body = slice_of("once")});
		if (exchange.response.error)
			fail_msg("%d: %s", i, exchange.response.error->message);
		http_exchange_done(&exchange);
	}
	assert_int_equal(bad_server_requests(place->server), 10);
}

static void batches_run_side_by_side_up_to_the_limit(void **state)
{
	struct place *place = *state;
	enum { N = 40 };
	struct http_exchange exchanges[N] = {0};
	char *url CLEANUP(mem_freep) = url_of(place, "/wait"), *closed CLEANUP(mem_freep) = url_of(place, "/close");
	http_free(place->http);
	place->http = http_real_new(place->clock, 10, NULL);
	for (int i = 0; i < N; i++)
		exchanges[i].request = (struct http_request){.method = "GET", .url = i == 7 ? closed : url};
	int64_t start_ms = clock_mono_ms(place->clock);
	http_perform(place->http, exchanges, N);
	int64_t took_ms = clock_mono_ms(place->clock) - start_ms;
	assert_true(took_ms >= 400 && took_ms < 2500);
	assert_true(bad_server_at_once(place->server) <= 10);
	for (int i = 0; i < N; i++) {
		assert_int_equal(exchanges[i].response.error != NULL, i == 7);
		if (i != 7)
			assert_string_equal(buf_str(&exchanges[i].response.body), "waited");
		http_exchange_done(&exchanges[i]);
	}
	http_perform(place->http, NULL, 0);
}

static void *interrupt_soon(void *context)
{
	usleep(150000);
	((struct place *)context)->interrupted = 1;
	return NULL;
}

static void interruption_ends_what_runs(void **state)
{
	struct place *place = *state;
	pthread_t thread;
	pthread_create(&thread, NULL, interrupt_soon, place);
	struct http_exchange exchange = ask(place, "POST", "/silent", (struct http_request){0});
	pthread_join(thread, NULL);
	assert_error(exchange, ERROR_CANCELLED, true);
	http_exchange_done(&exchange);
}

static void unsafe_addresses_are_refused(void **state)
{
	struct place *place = *state;
	static const char *const bad[] = {"http://example.com/",
					  "http://shop.internal:8080/health",
					  "http://127.0.0.1:80@example.com/",
					  "http://localhost@example.com/",
					  "http://127.0.0.1.example.com/",
					  "http://169.254.169.254.example.com/",
					  "http://127.0.0.1\\@example.com/",
					  "http://[::2]/",
					  "https://user:word@example.com/",
					  "https:///path",
					  "ftp://127.0.0.1/",
					  "file:///etc/passwd",
					  "shop.example.com",
					  ""};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct http_exchange exchange = {.request = {.method = "GET", .url = bad[i]}};
		print_message("# %s\n", bad[i]);
		http_perform(place->http, &exchange, 1);
		assert_error(exchange, ERROR_INVALID, false);
		assert_null(strstr(exchange.response.error->message, "word"));
		http_exchange_done(&exchange);
	}
	static const char *const good[] = {"https://eks.us-east-1.amazonaws.com/clusters",
					   "https://[2001:db8::1]:443/",
					   "http://169.254.169.254/latest",
					   "http://169.254.170.2/v2",
					   "http://[fd00:ec2::23]/v1",
					   "http://LOCALHOST:1/",
					   "http://[::1]:80/",
					   "http://127.0.0.1?x=@"};
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(http_check_url(good[i]));
}

static void line_ends_in_headers_are_refused(void **state)
{
	struct place *place = *state;
	static const struct http_header bad[] = {
		{"Authorization", "Bearer a\r\nX-Evil: 1"}, {"X\nY", "1"}, {"X", "\n"}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct http_exchange exchange =
			ask(place, "GET", "/x", (struct http_request){.headers = &bad[i], .n_headers = 1});
		assert_error(exchange, ERROR_INVALID, false);
		assert_null(strstr(exchange.response.error->message, "Bearer"));
		http_exchange_done(&exchange);
	}
	assert_int_equal(bad_server_requests(place->server), 0);
}

static void proxies_are_for_https_only(void **state)
{
	struct place *place = *state;
	char *proxy CLEANUP(mem_freep) = url_of(place, "");
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", proxy, 1);
	struct http_exchange exchange = ask(place, "GET", "/x", (struct http_request){0});
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	exchange = (struct http_exchange){.request = {.method = "POST", .url = "https://eks.example.com/clusters"}};
	http_perform(place->http, &exchange, 1); /* the server answers CONNECT with 200 and then no TLS */
	assert_error(exchange, ERROR_TRANSIENT, false);
	assert_int_equal(bad_server_requests(place->server), 2);
	http_exchange_done(&exchange);
	exchange = (struct http_exchange){.request = {.method = "POST", .url = "https://guarded.example/clusters"}};
	http_perform(place->http, &exchange, 1);
	assert_error(exchange, ERROR_AUTH, false);
	assert_non_null(strstr(exchange.response.error->message, "the proxy answered 407"));
	assert_non_null(strstr(exchange.response.error->remedy, "HTTPS_PROXY"));
	assert_int_equal(bad_server_requests(place->server), 3);
	http_exchange_done(&exchange);
	static const char *const own[] = {"https://127.0.0.1:1/", "https://localhost:1/x", "https://[::1]:1/",
					  "https://example.com:1/"};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) { /* this machine itself, and where none is wanted */
		exchange = (struct http_exchange){.request = {.method = "GET",
							      .url = own[i],
							      .proxy = i < 3 ? NULL : "",
							      .limits = {.deadline_ms = 500}}};
		http_perform(place->http, &exchange, 1);
		assert_non_null(exchange.response.error);
		assert_int_equal(bad_server_requests(place->server), 3);
		http_exchange_done(&exchange);
	}
	unsetenv("http_proxy");
	unsetenv("https_proxy");
}

static void a_door_that_stands_still_moves_by_sleeping(void **state)
{
	struct place *place = *state;
	char *url CLEANUP(mem_freep) = url_of(place, "/clock");
	struct clock *clock;
	assert_null(clock_remote_new(place->http, url, NULL, &clock));
	assert_int_equal(clock_wall_ms(clock), 1000);
	usleep(60000);
	assert_int_equal(clock_mono_ms(clock), 1000);
	clock_sleep(clock, 5000);
	assert_int_equal(clock_mono_ms(clock), 6000);
	unsigned before = bad_server_requests(place->server);
	clock_sleep_until(clock, 10); /* is over already */
	assert_int_equal(clock_mono_ms(clock), 6000);
	assert_true(bad_server_requests(place->server) <= before + 1);
	clock_free(clock);
}

static void a_fast_door_is_carried_on_in_between(void **state)
{
	struct place *place = *state;
	char *url CLEANUP(mem_freep) = url_of(place, "/clock/fast");
	struct clock *clock;
	assert_null(clock_remote_new(place->http, url, NULL, &clock));
	int64_t start_ms = clock_mono_ms(place->clock), door_ms = clock_mono_ms(clock);
	clock_sleep(clock, 20000); /* a thousand times as fast: 20 ms */
	assert_true(clock_mono_ms(place->clock) - start_ms < 1000);
	assert_true(clock_mono_ms(clock) >= door_ms);
	clock_free(clock);
}

static void a_door_that_is_away_or_talks_nonsense_is_told(void **state)
{
	struct place *place = *state;
	char *nonsense CLEANUP(mem_freep) = url_of(place, "/x"), *busy CLEANUP(mem_freep) = url_of(place, "/busy");
	const char *const urls[] = {nonsense, busy, "http://127.0.0.1:1/sim/clock"};
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct clock *clock = NULL;
		struct error *error ERROR_CLEANUP = clock_remote_new(place->http, urls[i], NULL, &clock);
		assert_non_null(error);
		assert_non_null(strstr(error->remedy, "sim serve"));
		assert_null(clock);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY",
						"no_proxy",   "NO_PROXY",    "all_proxy",   "ALL_PROXY"};
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	const struct CMUnitTest tests[] = {
		test(requests_go_out_as_they_are),
		test(a_body_is_held_back_until_it_is_wanted),
		test(every_method_has_its_form),
		test(failures_of_the_way_are_told_apart),
		test(nothing_was_sent_where_nobody_listens),
		test(a_handshake_that_hangs_ends_before_anything_is_sent),
		test(slow_answers_end_at_their_limits),
		test(bodies_are_bounded),
		test(sinks_stream_and_stop),
		test(only_the_last_answers_headers_count),
		test(connections_are_kept),
		test(a_kept_connection_that_closes_repeats_no_change),
		test(a_kept_connection_that_died_meanwhile_costs_nothing),
		test(batches_run_side_by_side_up_to_the_limit),
		test(interruption_ends_what_runs),
		test(unsafe_addresses_are_refused),
		test(line_ends_in_headers_are_refused),
		test(proxies_are_for_https_only),
		test(a_door_that_stands_still_moves_by_sleeping),
		test(a_fast_door_is_carried_on_in_between),
		test(a_door_that_is_away_or_talks_nonsense_is_told),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
