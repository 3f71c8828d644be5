/* What goes into a snapshot: everything but what may be a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "perception/snapshot_hide.h"

static const struct {
	const char *text, *kept;
} cases[] = {
	{"{}", "{}"},
	{"{\"env\":[]}", "{\"env\":[]}"},
	{"{\"a\": {\"env\" : [ {\"name\": \"P\", \"value\" : \"se\\\"cret\"} , {\"name\":\"value\",\"value\":\"x\"}],"
	 "\"b\":1}}",
	 "{\"a\": {\"env\" : [ {\"name\": \"P\", \"value\" : \"[hidden]\"} , "
	 "{\"name\":\"value\",\"value\":\"[hidden]\"}],"
	 "\"b\":1}}"},
	{"{\"env\":[{\"name\":\"N\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"env\"}}}]}",
	 "{\"env\":[{\"name\":\"N\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"env\"}}}]}"},
	{"[{\"env\":[{\"value\":\"one\"}]},{\"env\":[{\"value\":\"two\"}]}]",
	 "[{\"env\":[{\"value\":\"[hidden]\"}]},{\"env\":[{\"value\":\"[hidden]\"}]}]"},
	{"{\"env\":\"prod\",\"x\":\"\\\"env\\\":[{\\\"value\\\":\\\"text\\\"}]\",\"value\":\"stays\"}",
	 "{\"env\":\"prod\",\"x\":\"\\\"env\\\":[{\\\"value\\\":\\\"text\\\"}]\",\"value\":\"stays\"}"},
	{"{\"f:env\":{},\"managed\":{\"f:kubectl.kubernetes.io/last-applied-configuration\":{}}}",
	 "{\"f:env\":{},\"managed\":{\"f:kubectl.kubernetes.io/last-applied-configuration\":{}}}"},
	{"{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{\\\"apiVersion\\\":\\\"apps/v1\\\","
	 "\\\"kind\\\":\\\"Deployment\\\",\\\"metadata\\\":{\\\"name\\\":\\\"d\\\",\\\"labels\\\":{}},\\\"spec\\\":"
	 "{\\\"password\\\":\\\"hush\\\"}}\\n\",\"b\":\"c\"},\"env\":[{\"value\":\"hush\"}]}",
	 "{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{\\\"metadata\\\":{\\\"name\\\":"
	 "\\\"d\\\"},\\\"apiVersion\\\":\\\"apps/"
	 "v1\\\",\\\"kind\\\":\\\"Deployment\\\"}\",\"b\":\"c\"},\"env\":[{\"value\":"
	 "\"[hidden]\"}]}"},
	{"{\"kubectl.kubernetes.io/last-applied-configuration\":\"hush {\"}",
	 "{\"kubectl.kubernetes.io/last-applied-configuration\":\"[hidden]\"}"},
	{"{\"env\":[{\"value\":{\"odd\":\"hush\"}}]}", "{\"env\":[{\"value\":\"[hidden]\"}]}"},
	{"{\"env\":[{\"value\":\"it breaks off", NULL},
	{"{\"env\":[{\"value\":", NULL},
};

static void secrets_stay_behind_and_all_else_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
		bool whole = snapshot_hide(slice_of(cases[i].text), &out);
		assert_int_equal(whole, cases[i].kept != NULL);
		if (cases[i].kept)
			assert_string_equal(buf_str(&out), cases[i].kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(secrets_stay_behind_and_all_else_is_kept)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
