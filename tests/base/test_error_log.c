/* Errors and the log: what people see of them, and what must never get there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"

static void a_wrapped_error_decides_as_its_cause(void **state)
{
	(void)state;
	struct error *cause = error_new(ERROR_THROTTLED, "slow down");
	assert_int_equal(cause->exit_status, -1);
	assert_int_equal(cause->retry_after_ms, -1);
	cause->retry_after_ms = 3000;
	cause->outcome_unknown = true;
	cause->http_status = 429;
	cause->exit_status = 4;
	struct error *error ERROR_CLEANUP = error_wrap(error_wrap(cause, "middle"), "outer %d", 1);
	assert_int_equal(error->class, ERROR_THROTTLED);
	assert_int_equal(error->retry_after_ms, 3000);
	assert_int_equal(error->http_status, 429);
	assert_int_equal(error->exit_status, 4);
	assert_true(error->outcome_unknown);
	struct buf line CLEANUP(buf_done) = BUF_INIT(1000);
	error_line(error, &line);
	assert_string_equal(buf_str(&line), "outer 1: middle: slow down");
}

static void a_later_remedy_takes_the_place_of_an_earlier(void **state)
{
	(void)state;
	struct error *error ERROR_CLEANUP =
		error_remedy(error_wrap(error_remedy(error_new(ERROR_STATE, "a"), "first"), "b"), "second");
	struct buf out CLEANUP(buf_done) = BUF_INIT(1000);
	error_render(error, &out);
	assert_string_equal(buf_str(&out), "error: b: a\ndo:    second\n");
}

static void a_remedy_may_quote_the_one_before(void **state)
{
	(void)state;
	struct error *error ERROR_CLEANUP = error_remedy(error_new(ERROR_STATE, "a"), "look there");
	error = error_remedy(error, "%s, then here", error->remedy);
	assert_string_equal(error->remedy, "look there, then here");
}

static void tries_are_told(void **state)
{
	(void)state;
	struct error *error ERROR_CLEANUP = error_new(ERROR_THROTTLED, "slow down");
	error->operation = strdup("ListClusters");
	error->tries = 1;
	struct buf once CLEANUP(buf_done) = BUF_INIT(1000), often CLEANUP(buf_done) = BUF_INIT(1000),
			line CLEANUP(buf_done) = BUF_INIT(1000);
	error_render(error, &once);
	assert_string_equal(buf_str(&once), "error: slow down\n       ListClusters, not retried\n");
	error->tries = 3;
	error->request_id = strdup("r-1");
	error_render(error, &often);
	assert_string_equal(buf_str(&often), "error: slow down\n       ListClusters, request id: r-1, tried 3 times\n");
	error_line(error, &line);
	assert_string_equal(buf_str(&line), "slow down [r-1, tried 3 times]");
}

static void what_a_server_repeats_is_hidden(void **state)
{
	(void)state;
	struct error *error ERROR_CLEANUP = error_wrap(
		error_remedy(error_new(ERROR_AUTH, "token=hunter22, again hunter22!"), "not hunter22"), "hunter22");
	error_hide(error, "hunter22");
	error_hide(error, "to"); /* no secret */
	error_hide(error, NULL);
	assert_string_equal(error->message, "[hidden]");
	assert_string_equal(error->remedy, "not [hidden]");
	assert_string_equal(error->cause->message, "token=[hidden], again [hidden]!");
}

static void a_copy_is_whole_and_its_own(void **state)
{
	(void)state;
	struct error *error = error_wrap(error_remedy(error_new(ERROR_AUTH, "in"), "do"), "out");
	error->code = strdup("Denied");
	error->tries = 2;
	struct error *copy ERROR_CLEANUP = error_copy(error);
	error_free(error);
	assert_string_equal(copy->message, "out");
	assert_string_equal(copy->code, "Denied");
	assert_string_equal(copy->remedy, "do");
	assert_string_equal(copy->cause->message, "in");
	assert_int_equal(copy->class, ERROR_AUTH);
	assert_int_equal(copy->tries, 2);
	assert_null(error_copy(NULL));
}

static void servers_words_cannot_move_the_cursor(void **state)
{
	(void)state;
	struct error *error ERROR_CLEANUP =
		error_remedy(error_new(ERROR_INVALID, "bad \x1b[2J\x07 name\nsecond\xe2\x80\xae line"),
			     "type\r\x1b]0;x\xc2\x9b this");
	struct buf out CLEANUP(buf_done) = BUF_INIT(1000);
	error_render(error, &out);
	assert_string_equal(
		buf_str(&out),
		"error: bad \\x1b[2J\\x07 name\n       second\\u202e line\ndo:    type \\x1b]0;x\\u009b this\n");
	buf_clear(&out);
	error->code = mem_strdup("X\x1b[31m");
	error->service = mem_strdup("eks");
	error->request_id = mem_strdup("r\x1b[0m");
	error_render(error, &out);
	assert_null(strchr(buf_str(&out), '\x1b'));
	assert_non_null(strstr(buf_str(&out), "eks: X\\x1b[31m, request id: r\\x1b[0m"));
	buf_clear(&out);
	error_line(error, &out);
	assert_string_equal(buf_str(&out), "bad \\x1b[2J\\x07 name second\\u202e line [X\\x1b[31m, r\\x1b[0m]");
}

static void numbers_of_the_system_become_words(void **state)
{
	(void)state;
	static const struct {
		int number;
		enum error_class class;
	} cases[] = {{ENOENT, ERROR_NOT_FOUND}, {EACCES, ERROR_AUTH},	    {ENOSPC, ERROR_STATE},
		     {EROFS, ERROR_STATE},	{ETIMEDOUT, ERROR_TIMEOUT}, {ECONNREFUSED, ERROR_TRANSIENT},
		     {123456, ERROR_STATE}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error *error ERROR_CLEANUP = error_from_errno(cases[i].number, "cannot open \"%s\"", "x");
		assert_int_equal(error->class, cases[i].class);
		assert_ptr_equal(strstr(error->message, "cannot open \"x\": "), error->message);
		assert_null(strstr(error->message, "123456"));
	}
	struct error *full ERROR_CLEANUP = error_from_errno(ENOSPC, "x");
	assert_non_null(strstr(full->remedy, "room"));
}

static void secrets_are_copies_and_can_be_wiped(void **state)
{
	(void)state;
	assert_null(secret_new(NULL, 0));
	char text[] = "hunter2-and-more";
	struct secret *secret = secret_new(text, 7);
	memset(text, 'x', sizeof text);
	assert_string_equal(secret_reveal(secret), "hunter2");
	assert_int_equal(secret_size(secret), 7);
	secret_free(secret);
	secret_free(NULL);
	secret_wipe(text, sizeof text);
	for (size_t i = 0; i < sizeof text; i++)
		assert_int_equal(text[i], 0);
}

static int64_t noon(void *context)
{
	return *(int64_t *)context;
}

/* What the log wrote since the last call. */
static char *logged(int from)
{
	static const size_t size = 100000;
	char *text = mem_alloc(size + 1);
	ssize_t n = read(from, text, size);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void what_was_wrong_is_forgiven_only_when_it_was_that(void **state)
{
	(void)state;
	struct error *none = NULL, *gone = error_new(ERROR_NOT_FOUND, "gone"), *other = error_new(ERROR_AUTH, "no");
	assert_false(error_was(&none, ERROR_NOT_FOUND));
	assert_true(error_was(&gone, ERROR_NOT_FOUND));
	assert_null(gone);
	assert_false(error_was(&other, ERROR_NOT_FOUND));
	assert_string_equal(other->message, "no");
	error_free(other);
}

static void the_log_is_one_line_a_message(void **state)
{
	(void)state;
	int ends[2];
	int64_t now_ms = INT64_C(1795466217500);
	assert_int_equal(pipe(ends), 0);
	log_clock(noon, &now_ms);
	log_setup(LOG_INFO, LOG_TEXT, ends[1]);
	assert_false(log_enabled(LOG_DEBUG));
	log_debug("aws", "not %s", "this");
	log_warn("aws", "throttled\n%s", "\x1b[31mred");
	char *text CLEANUP(mem_freep) = logged(ends[0]);
	assert_string_equal(text, "2026-11-23T20:36:57.500Z warn  aws: throttled \\x1b[31mred\n");
	log_setup(LOG_DEBUG, LOG_JSON, ends[1]);
	log_debug("kube", "a \"quoted\" \\ line\n\x01");
	char *json CLEANUP(mem_freep) = logged(ends[0]);
	assert_string_equal(json, "{\"time\":\"2026-11-23T20:36:57.500Z\",\"level\":\"debug\",\"area\":\"kube\","
				  "\"message\":\"a \\\"quoted\\\" \\\\ line\\u000a\\u0001\"}\n");
	char *long_text CLEANUP(mem_freep) = mem_alloc(50000);
	memset(long_text, 'x', 49999);
	log_error("agent", "%s", long_text);
	char *cut CLEANUP(mem_freep) = logged(ends[0]);
	assert_non_null(strstr(cut, "too long"));
	assert_ptr_equal(strchr(cut, '\n'), cut + strlen(cut) - 1);
	log_setup(LOG_WARN, LOG_TEXT, STDERR_FILENO);
	log_clock(NULL, NULL);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrapped_error_decides_as_its_cause),
		cmocka_unit_test(what_was_wrong_is_forgiven_only_when_it_was_that),
		cmocka_unit_test(a_later_remedy_takes_the_place_of_an_earlier),
		cmocka_unit_test(a_remedy_may_quote_the_one_before),
		cmocka_unit_test(tries_are_told),
		cmocka_unit_test(what_a_server_repeats_is_hidden),
		cmocka_unit_test(a_copy_is_whole_and_its_own),
		cmocka_unit_test(servers_words_cannot_move_the_cursor),
		cmocka_unit_test(numbers_of_the_system_become_words),
		cmocka_unit_test(secrets_are_copies_and_can_be_wiped),
		cmocka_unit_test(the_log_is_one_line_a_message),
	};
	return cmocka_run_group_tests_name("error and log", tests, NULL, NULL);
}
