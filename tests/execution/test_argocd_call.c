/* One call of Argo CD's API, against a server that is busy at times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "tools/argocd.h"

struct stage {
	struct http http;
	struct clock clock;
	struct ports ports;
	struct argocd argocd;
	int64_t now_ms;
	unsigned asked, busy; /* so many of the first are turned away, with: */
	int status;
};

static void serve(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct stage *stage = (struct stage *)http;
	assert_int_equal(n, 1);
	exchanges->response.status = stage->asked++ < stage->busy ? stage->status : 200;
	buf_init(&exchanges->response.body, 4096);
	buf_puts(&exchanges->response.body,
		 exchanges->response.status == 200 ? "{\"items\":[]}" : "{\"message\":\"busy\"}");
}

static const struct http_ops http_ops = {.perform = serve};

static int64_t now(struct clock *clock)
{
	return ((struct stage *)((char *)clock - offsetof(struct stage, clock)))->now_ms;
}

static void sleep_until(struct clock *clock, int64_t mono_ms)
{
	((struct stage *)((char *)clock - offsetof(struct stage, clock)))->now_ms = mono_ms;
}

static const struct clock_ops clock_ops = {.wall_ms = now, .mono_ms = now, .sleep_until = sleep_until};

/* How often it is asked, and whether it is answered at last. */
static unsigned asked(const char *method, unsigned busy, int status, bool *ret_good)
{
	struct stage stage = {.http = {.ops = &http_ops}, .clock = {.ops = &clock_ops}, .busy = busy, .status = status};
	stage.ports = (struct ports){.http = &stage.http, .clock = &stage.clock, .random = random_seeded_new(1)};
	stage.argocd = (struct argocd){.ports = &stage.ports, .server = "https://argocd"};
	struct error *error = argocd_call(&stage.argocd, method, "/api/v1/applications", NULL, NULL);
	*ret_good = !error;
	assert_true(stage.now_ms < 10000);
	error_free(error);
	random_free(stage.ports.random);
	return stage.asked;
}

static void what_only_reads_is_asked_again(void **state)
{
	bool good;
	(void)state;
	assert_int_equal(asked("GET", 0, 503, &good), 1);
	assert_true(good);
	assert_int_equal(asked("GET", 2, 503, &good), 3);
	assert_true(good);
	assert_int_equal(asked("GET", 1, 429, &good), 2);
	assert_true(good);
	assert_int_equal(asked("GET", 100, 502, &good), 4);
	assert_false(good);
	assert_int_equal(asked("GET", 100, 403, &good), 1);
	assert_false(good);
}

static void what_changes_is_asked_once(void **state)
{
	bool good;
	(void)state;
	assert_int_equal(asked("POST", 1, 503, &good), 1);
	assert_false(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_reads_is_asked_again),
		cmocka_unit_test(what_changes_is_asked_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
