/* kubeconfig and signing in. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"
#include "kube/kubeconfig.h"

static const char PEM[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
static const char CONTEXT[] = "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n";

static const char *lookup(void *context, const char *name)
{
	const char *const *pairs = context;
	for (; pairs && pairs[0]; pairs += 2)
		if (!strcmp(pairs[0], name))
			return pairs[1];
	return NULL;
}

static struct error *load(struct fake *fake, const char *paths, const char *context, bool insecure,
			  const char *const *environment, struct kube_access *ret)
{
	struct kube_options options = {.ports = &fake->ports,
				       .kubeconfig = paths,
				       .context = context,
				       .insecure = insecure,
				       .getenv = lookup,
				       .getenv_context = (void *)(uintptr_t)environment};
	return kube_access_load(&options, fake->arena, ret);
}

static void several_files_are_one_and_the_first_word_counts(void **state)
{
	(void)state;
	struct fake fake;
	struct kube_access access;
	fake_init(&fake, NULL, 0);
	const char *first = fake_file(
			   &fake, "first",
			   "clusters: [{name: k, cluster: {server: https://first/, certificate-authority: ca.pem}}]\n"
			   "current-context: ''\n"),
		   *second = fake_file(&fake, "second",
				       "apiVersion: v1\nkind: Config\npreferences: {colors: true}\ncurrent-context: c\n"
				       "contexts:\n- name: c\n  context: {cluster: k, user: u, namespace: x}\n"
				       "clusters: [{name: k, cluster: {server: https://second}}]\n"
				       "users: [{name: u, user: {token: abc, as: admin, as-groups: [a, b]}}]\n");
	fake_file(&fake, "ca.pem", PEM);
	char *paths = arena_printf(fake.arena, "%s:%s:/nowhere/to/be/found", first, second);
	const char *environment[] = {"KUBECONFIG", paths, NULL};
	expect_fine(load(&fake, NULL, NULL, false, environment, &access));
	assert_string_equal(access.server, "https://first");
	assert_string_equal(access.tls.ca_pem, PEM);
	assert_string_equal(secret_reveal(access.token), "abc");
	assert_int_equal(access.n_impersonation, 3);
	assert_string_equal(access.impersonation[2].name, "Impersonate-Group");
	assert_string_equal(access.impersonation[2].value, "b");
	kube_access_done(&access);
	expect_error(load(&fake, paths, "d", false, NULL, &access), ERROR_NOT_FOUND, "cannot read");
	paths = arena_printf(fake.arena, "%s:%s", first, second);
	expect_error(load(&fake, paths, "d", false, NULL, &access), ERROR_NOT_FOUND, "none is called \"d\"");
	unlink(first);
	unlink(second);
	fake_done(&fake);
}

static void nothing_at_all_says_what_to_do(void **state)
{
	(void)state;
	struct fake fake;
	struct kube_access access;
	fake_init(&fake, NULL, 0);
	const char *environment[] = {"HOME", "/nowhere", NULL};
	struct error *error = load(&fake, NULL, NULL, false, environment, &access);
	assert_non_null(error);
	assert_non_null(strstr(error->remedy, "aws eks update-kubeconfig"));
	expect_error(error, ERROR_NOT_FOUND, "no kubeconfig at \"/nowhere/.kube/config\"");
	fake_done(&fake);
}

static void mistakes_are_told_with_file_line_and_key(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"clusters:\n- name: k\n  cluster:\n    server: 7\n",
		 "config:6:5: clusters[0].cluster.server: not text: put it in quotes"},
		{"clusters:\n- name: k\n  cluster:\n    certificate-authority: x\n",
		 "config:5:3: clusters[0].cluster.server: missing"},
		{"clusters: [{name: k, cluster: {server: 'http://example.com'}}]\n",
		 "\"http://example.com\" would send credentials in the clear"},
		{"clusters: [{name: k, cluster: {server: 'http://localhost.example.com'}}]\n", "in the clear"},
		{"clusters: [{name: k, cluster: {server: example.com}}]\n", "\"example.com\" is no https address"},
		{"clusters: [{name: k, cluster: {server: 'https://x', insecure-skip-tls-verify: true}}]\n",
		 "clusters[0].cluster.insecure-skip-tls-verify: asks not to verify the server"},
		{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority-data: '&&'}}]\n",
		 "clusters[0].cluster.certificate-authority-data: not base64"},
		{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority-data: aGVsbG8=}}]\n",
		 "not PEM"},
		{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority: /not/there}}]\n",
		 "clusters[0].cluster.certificate-authority: the file it names: cannot read \"/not/there\""},
		{"clusters: [{name: k, cluster: {server: 'https://x', proxy-url: 'ftp://p'}}]\n",
		 "clusters[0].cluster.proxy-url: not an http://"},
		{"clusters: [{name: other, cluster: {server: 'https://x'}}]\n",
		 "contexts[0].context.cluster: names a cluster that is not there"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n",
		 "contexts[0].context.user: names a user who is not there"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {token: 12}}]\n",
		 "config:4:26: users[0].user.token: not text"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\nusers: [{name: u, user: {auth-provider: "
		 "{name: gcp}}}]\n",
		 "users[0].user.auth-provider: Kubernetes removed"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
		 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: "
		 "aws}}}]\n",
		 "users[0].user.exec.apiVersion: neither v1 nor v1beta1"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
		 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}}]\n",
		 "users[0].user.exec.interactiveMode: missing"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
		 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws, "
		 "interactiveMode: Always}}}]\n",
		 "the program wants to ask a person"},
		{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
		 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1}}}]\n",
		 "users[0].user.exec.command: missing"},
		{"clusters: {\n", "config:"},
		{"- a\n", "config:"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake fake;
		struct kube *kube;
		fake_init(&fake, NULL, 0);
		char *text = arena_printf(fake.arena, "%s%s", CONTEXT, cases[i][0]);
		expect_error(fake_kube_from(&fake, text, &kube), ERROR_INVALID, cases[i][1]);
		fake_done(&fake);
	}
}

static void what_is_asked_for_by_name_is_done(void **state)
{
	(void)state;
	struct fake fake;
	struct kube_access access;
	fake_init(&fake, NULL, 0);
	const char *path = fake_file(
		&fake, "config",
		"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
		"clusters: [{name: k, cluster: {server: 'https://10.0.0.1:6443/k8s/', insecure-skip-tls-verify: true, "
		"tls-server-name: api.example.com, proxy-url: 'socks5://127.0.0.1:1080'}}]\n");
	expect_fine(load(&fake, path, NULL, true, NULL, &access));
	assert_true(access.tls.insecure);
	assert_string_equal(access.server, "https://10.0.0.1:6443/k8s");
	assert_string_equal(access.tls.server_name, "api.example.com");
	assert_string_equal(access.proxy, "socks5://127.0.0.1:1080");
	unlink(path);
	fake_done(&fake);
}

static void plain_http_is_for_this_machine(void **state)
{
	(void)state;
	static const char *const fine[] = {"https://x", "http://127.0.0.1:8001", "http://localhost/clusters/shop",
					   "http://[::1]:80"};
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		expect_fine(kube_access_check_server(fine[i]));
	static const char *const wrong[] = {"http://10.0.0.1", "http://127.0.0.1.evil.com", "ftp://127.0.0.1",
					    "https://", "x"};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		expect_error(kube_access_check_server(wrong[i]), ERROR_INVALID, "\"");
}

static void token_files_are_read_anew(void **state)
{
	(void)state;
	struct fake fake;
	struct kube *kube;
	struct fake_reply replies[] = {{.body = "{}"},
				       {.body = "{}"},
				       {.body = "{}"},
				       {.status = 401, .body = "{}"},
				       {.body = "{}"},
				       {.status = 401, .body = "{}"},
				       {.status = 401, .body = "{}"}};
	FAKE(replies);
	fake_file(&fake, "token", "one\n");
	char *text = arena_printf(fake.arena,
				  "%sclusters: [{name: k, cluster: {server: 'https://fake'}}]\n"
				  "users: [{name: u, user: {token: ignored, tokenFile: token}}]\n",
				  CONTEXT);
	expect_fine(fake_kube_from(&fake, text, &kube));
	expect_fine(kube_get(kube, "/version", NULL));
	const char *path = fake_file(&fake, "token", "two");
	expect_fine(kube_get(kube, "/version", NULL));
	assert_string_equal(fake.requests[1].authorization, "Bearer one");
	fake.now_ms += 2 * MINUTE_MS;
	expect_fine(kube_get(kube, "/version", NULL));
	assert_string_equal(fake.requests[2].authorization, "Bearer two");
	fake_file(&fake, "token", "three\r\n");
	expect_fine(kube_get(kube, "/version", NULL)); /* refused once, then with the new one */
	assert_string_equal(fake.requests[4].authorization, "Bearer three");
	expect_error(kube_get(kube, "/version", NULL), ERROR_AUTH, "GET /version: the server answered 401");
	assert_int_equal(fake.n_requests, 7);
	unlink(path);
	fake.now_ms += 2 * MINUTE_MS;
	expect_error(kube_get(kube, "/version", NULL), ERROR_NOT_FOUND, "cannot read token file");
	kube_free(kube);
	fake_done(&fake);
}

static void a_fixed_token_is_not_tried_twice(void **state)
{
	(void)state;
	struct fake fake;
	struct fake_reply replies[] = {{.status = 401, .body = "Unauthorized"}};
	FAKE(replies);
	struct kube *kube = fake_kube(&fake);
	expect_error(kube_get(kube, "/version", NULL), ERROR_AUTH, "the server answered 401: Unauthorized");
	assert_int_equal(fake.n_requests, 1);
	kube_free(kube);
	fake_done(&fake);
}

static char *exec_config(struct fake *fake, const char *more)
{
	struct buf encoded CLEANUP(buf_done) = BUF_INIT(4096);
	base64_encode(slice_of(PEM), &encoded);
	return arena_printf(
		fake->arena,
		"%sclusters: [{name: k, cluster: {server: 'https://fake', certificate-authority-data: %s, extensions: "
		"[{name: client.authentication.k8s.io/exec, extension: {audience: me}}]}}]\n"
		"users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: "
		"[a], "
		"env: [{name: A, value: b}], interactiveMode: Never%s}}}]\n",
		CONTEXT, buf_str(&encoded), more);
}

static void programs_give_tokens_until_they_end(void **state)
{
	(void)state;
	struct fake fake;
	struct kube *kube;
	struct fake_reply replies[] = {
		{.body = "{}"}, {.body = "{}"}, {.body = "{}"}, {.status = 401, .body = "{}"}, {.body = "{}"}};
	FAKE(replies);
	fake.output = "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": "
		      "{\"token\": \"first\", \"expirationTimestamp\": \"2026-11-24T00:10:00Z\"}}";
	expect_fine(fake_kube_from(&fake, exec_config(&fake, ", provideClusterInfo: true"), &kube));
	expect_fine(kube_get(kube, "/version", NULL));
	expect_fine(kube_get(kube, "/version", NULL));
	assert_int_equal(fake.runs, 1);
	assert_string_equal(fake.requests[1].authorization, "Bearer first");
	assert_non_null(strstr(fake.program, "/login")); /* beside the file that names it */
	json_t *info DOCUMENT_CLEANUP = json_loads(fake.exec_info, 0, NULL);
	assert_string_equal(document_text(info, "apiVersion"), "client.authentication.k8s.io/v1");
	assert_string_equal(document_text(info, "spec.cluster.server"), "https://fake");
	assert_string_equal(document_text(info, "spec.cluster.config.audience"), "me");
	assert_false(document_true(info, "spec.interactive"));
	assert_non_null(document_text(info, "spec.cluster.certificate-authority-data"));
	fake.now_ms += 9 * MINUTE_MS + 55 * SECOND_MS;
	fake.output = "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": "
		      "{\"token\": \"second\"}}";
	expect_fine(kube_get(kube, "/version", NULL));
	assert_string_equal(fake.requests[2].authorization, "Bearer second");
	expect_fine(kube_get(kube, "/version", NULL)); /* refused: run again */
	assert_int_equal(fake.runs, 3);
	kube_free(kube);
	fake_done(&fake);
}

static void programs_that_fail_are_told_without_their_secrets(void **state)
{
	(void)state;
	static const struct {
		const char *output;
		int status;
		const char *told;
	} cases[] = {
		{"line one\nsession expired, sign in again\n", 1, "said \"session expired, sign in again\""},
		{"", 3, "it ended with status 3"},
		{"canary-secret {", 0, "it printed no JSON"},
		{"{\"token\": \"canary-secret\"}", 0, "it printed no ExecCredential"},
		{"{\"apiVersion\": \"client.authentication.k8s.io/v1beta1\", \"kind\": \"ExecCredential\", \"status\": "
		 "{\"token\": \"canary-secret\"}}",
		 0, "it printed no ExecCredential of client.authentication.k8s.io/v1"},
		{"{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {}}",
		 0, "neither a token nor a certificate"},
		{"{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": "
		 "{\"clientKeyData\": \"canary-secret\"}}",
		 0, "half of a client certificate"},
		{"{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": "
		 "{\"token\": \"canary-secret\", \"expirationTimestamp\": \"soon\"}}",
		 0, "expirationTimestamp that is no time"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake fake;
		struct kube *kube;
		fake_init(&fake, NULL, 0);
		fake.output = cases[i].output;
		fake.exit_status = cases[i].status;
		expect_fine(fake_kube_from(&fake, exec_config(&fake, ", installHint: get it from example.com"), &kube));
		struct error *error = kube_get(kube, "/version", NULL);
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
		assert_non_null(error);
		error_render(error, &text);
		assert_null(strstr(buf_str(&text), "canary-secret"));
		assert_non_null(strstr(buf_str(&text), "config:4:"));
		expect_error(error, ERROR_AUTH, cases[i].told);
		kube_free(kube);
		fake_done(&fake);
	}
}

static void passwords_and_impersonation_are_sent(void **state)
{
	(void)state;
	struct fake fake;
	struct kube *kube;
	struct fake_reply replies[] = {{.body = "{}"}};
	FAKE(replies);
	char *text = arena_printf(
		fake.arena,
		"%sclusters: [{name: k, cluster: {server: 'https://fake'}}]\n"
		"users: [{name: u, user: {username: a, password: b, as: root, as-user-extra: {scopes: [x]}}}]\n",
		CONTEXT);
	expect_fine(fake_kube_from(&fake, text, &kube));
	expect_fine(kube_get(kube, "/version", NULL));
	assert_string_equal(fake.requests[0].authorization, "Basic YTpi");
	assert_non_null(strstr(fake.requests[0].all_headers, "Impersonate-User: root\n"));
	assert_non_null(strstr(fake.requests[0].all_headers, "Impersonate-Extra-scopes: x\n"));
	kube_free(kube);
	fake_done(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_files_are_one_and_the_first_word_counts),
		cmocka_unit_test(nothing_at_all_says_what_to_do),
		cmocka_unit_test(mistakes_are_told_with_file_line_and_key),
		cmocka_unit_test(what_is_asked_for_by_name_is_done),
		cmocka_unit_test(plain_http_is_for_this_machine),
		cmocka_unit_test(token_files_are_read_anew),
		cmocka_unit_test(a_fixed_token_is_not_tried_twice),
		cmocka_unit_test(programs_give_tokens_until_they_end),
		cmocka_unit_test(programs_that_fail_are_told_without_their_secrets),
		cmocka_unit_test(passwords_and_impersonation_are_sent),
	};
	return cmocka_run_group_tests_name("kubeconfig", tests, NULL, NULL);
}
