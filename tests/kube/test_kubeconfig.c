/* kubeconfig and signing in. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"
#include "certificates.h"
#include "kube/kubeconfig.h"

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
	fake_file(&fake, "ca.pem", PEM_A);
	char *paths = arena_printf(fake.arena, "%s:%s:/nowhere/to/be/found", first, second);
	const char *environment[] = {"KUBECONFIG", paths, NULL};
	expect_fine(load(&fake, NULL, NULL, false, environment, &access));
	assert_string_equal(access.server, "https://first");
	assert_string_equal(access.tls.ca_pem, PEM_A);
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

static const char *const mistakes[][2] = {
	{"clusters:\n- name: k\n  cluster:\n    server: 7\n",
	 "config:6:5: clusters[0].cluster.server: not text: put it in quotes"},
	{"clusters:\n- name: k\n  cluster:\n    certificate-authority: x\n",
	 "config:5:3: clusters[0].cluster.server: missing"},
	{"clusters: [{name: k, cluster: {server: 'http://example.com'}}]\n",
	 "\"http://example.com\" would send credentials in the clear"},
	{"clusters: [{name: k, cluster: {server: 'http://localhost.example.com'}}]\n", "in the clear"},
	{"clusters: [{name: k, cluster: {server: example.com}}]\n", "\"example.com\" is no https address"},
	{"clusters: [{name: k, cluster: {server: 'https://x/?a=b'}}]\n", "goes on behind its path"},
	{"clusters: [{name: k, cluster: {server: 'https://x', insecure-skip-tls-verify: true}}]\n",
	 "clusters[0].cluster.insecure-skip-tls-verify: asks not to verify the server"},
	{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority-data: '&&'}}]\n",
	 "clusters[0].cluster.certificate-authority-data: not base64"},
	{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority-data: aGVsbG8=}}]\n", "not PEM"},
	{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority: torn.pem}}]\n",
	 "config:3:53: clusters[0].cluster.certificate-authority: its text cannot be read as a certificate"},
	{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority: half.pem}}]\n",
	 "its later part cannot be read"},
	{"clusters: [{name: k, cluster: {server: 'https://x', certificate-authority: old.pem}}]\n",
	 "its certificate ended on 2021-02-03"},
	{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
	 "users: [{name: u, user: {client-certificate: a.pem}}]\n",
	 "users[0].user: client certificate and client key need each other"},
	{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
	 "users: [{name: u, user: {client-certificate: old.pem, client-key: a.key}}]\n",
	 "config:4:26: users[0].user.client-certificate: its certificate ended on 2021-02-03"},
	{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
	 "users: [{name: u, user: {client-certificate: a.pem, client-key: b.key}}]\n",
	 "users[0].user.client-key: does not belong to the client certificate"},
	{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
	 "users: [{name: u, user: {client-certificate: a.pem, client-key: locked.key}}]\n",
	 "users[0].user.client-key: is encrypted"},
	{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
	 "users: [{name: u, user: {client-certificate: a.pem, client-key: a.pem}}]\n",
	 "users[0].user.client-key: cannot be read as a private key"},
	{"clusters: [{name: k, cluster: {server: 'https://x'}}]\n"
	 "users: [{name: u, user: {token: \"canary\\nX-Evil: 1\"}}]\n",
	 "users[0].user.token: holds a character that no token has"},
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
	 "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1}}}]\n",
	 "users[0].user.exec.command: missing"},
	{"clusters: {\n", "config:"},
	{"- a\n", "config:"},
};

static void mistakes_are_told_with_file_line_and_key(void **state)
{
	(void)state;
	static const char half[] = "-----BEGIN CERTIFICATE-----\nMIIB\n";
	char *both CLEANUP(mem_freep) = mem_printf("%s%s", PEM_A, half);
	const char *const files[][2] = {
		{"a.pem", PEM_A},     {"a.key", KEY_A},	  {"b.key", KEY_B},  {"locked.key", KEY_ENCRYPTED},
		{"old.pem", PEM_OLD}, {"torn.pem", half}, {"half.pem", both}};
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct fake fake;
		struct kube *kube;
		fake_init(&fake, NULL, 0);
		for (size_t k = 0; k < ARRAY_SIZE(files); k++)
			fake_file(&fake, files[k][0], files[k][1]);
		char *text = arena_printf(fake.arena, "%s%s", CONTEXT, mistakes[i][0]);
		struct error *error = fake_kube_from(&fake, text, &kube);
		assert_non_null(error);
		assert_non_null(error->remedy); /* what to do */
		assert_null(strstr(error->message, "canary"));
		expect_error(error, ERROR_INVALID, mistakes[i][1]);
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

static void certificates_are_read_from_files_and_lines(void **state)
{
	(void)state;
	struct fake fake;
	struct kube_access access;
	struct buf certificate CLEANUP(buf_done) = BUF_INIT(4096), key CLEANUP(buf_done) = BUF_INIT(4096);
	fake_init(&fake, NULL, 0);
	base64_encode(slice_of(PEM_A), &certificate);
	base64_encode(slice_of(KEY_A), &key);
	fake_file(&fake, "bundle.pem", arena_printf(fake.arena, "a comment\n%s%s", PEM_OLD, PEM_B));
	char *text = arena_printf(
		fake.arena,
		"%sclusters: [{name: k, cluster: {server: 'https://x', certificate-authority: bundle.pem}}]\n"
		"users: [{name: u, user: {client-certificate: /not/there, client-certificate-data: %s, "
		"client-key-data: %s}}]\n",
		CONTEXT, buf_str(&certificate), buf_str(&key));
	const char *path = fake_file(&fake, "config", text);
	expect_fine(load(&fake, path, NULL, false, NULL, &access));
	assert_string_equal(access.tls.cert_pem, PEM_A);
	assert_string_equal(access.tls.key_pem, KEY_A);
	assert_non_null(strstr(access.tls.ca_pem, PEM_B));
	kube_access_done(&access);
	fake_done(&fake);
}

static void a_pod_finds_its_own_account(void **state)
{
	(void)state;
	struct fake fake;
	struct kube_access access;
	fake_init(&fake, NULL, 0);
	const char *environment[] = {
		"HOME", "/nowhere", "KUBERNETES_SERVICE_HOST", "fd00::1", "KUBERNETES_SERVICE_PORT", "443", NULL};
	char *token = mem_strdup(fake_file(&fake, "token", "abc")), *directory = mem_strdup(token);
	fake_file(&fake, "ca.crt", PEM_A);
	*strrchr(directory, '/') = '\0';
	struct kube_options options = {.ports = &fake.ports,
				       .pod_account = directory,
				       .getenv = lookup,
				       .getenv_context = (void *)(uintptr_t)environment};
	expect_fine(kube_access_load(&options, fake.arena, &access));
	assert_string_equal(access.server, "https://[fd00::1]:443");
	assert_string_equal(access.tls.ca_pem, PEM_A);
	assert_string_equal(access.token_file, token);
	kube_access_done(&access);
	fake_file(&fake, "ca.crt", "nonsense");
	expect_error(kube_access_load(&options, fake.arena, &access), ERROR_INVALID,
		     "ca.crt\": its text cannot be read");
	free(token);
	free(directory);
	fake_done(&fake);
}

/* "-----BEGIN" by other line ends, as some tools write it, is the same authority. */
static void the_server_is_proven_to_be_the_named_cluster(void **state)
{
	(void)state;
	struct fake fake;
	struct kube *kube;
	fake_init(&fake, NULL, 0);
	struct buf a CLEANUP(buf_done) = BUF_INIT(4096), b CLEANUP(buf_done) = BUF_INIT(4096);
	base64_encode(slice_of(PEM_A), &a);
	base64_encode(slice_of(PEM_B), &b);
	fake_file(&fake, "ca.pem", arena_printf(fake.arena, "# of shop\n%s\n", PEM_A));
	static const struct {
		const char *server, *tls, *endpoint;
		bool authority_a, same;
	} cases[] = {
		{"https://abc.gr7.eu-west-1.eks.amazonaws.com", "", "https://ABC.gr7.eu-west-1.eks.amazonaws.com",
		 false, true},
		{"https://abc.example:443/", "", "https://abc.example", false, true},
		{"https://abc.example", "", "https://abd.example", false, false},
		{"https://127.0.0.1:8443", ", certificate-authority: ca.pem, tls-server-name: abc.example",
		 "https://abc.example", true, true},
		{"https://127.0.0.1:8443", ", certificate-authority: ca.pem", "https://abc.example", false, false},
		{"https://127.0.0.1:8443", ", certificate-authority: ca.pem", NULL, false, false},
		{"https://127.0.0.1:8443", ", certificate-authority: ca.pem, insecure-skip-tls-verify: true",
		 "https://abc.example", true, false},
		{"http://127.0.0.1:8443", ", certificate-authority: ca.pem", "https://abc.example", true, false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = arena_printf(fake.arena,
					  "%sclusters: [{name: k, cluster: {server: '%s'%s}}]\n"
					  "users: [{name: u, user: {token: abc}}]\n",
					  CONTEXT, cases[i].server, cases[i].tls);
		const char *path = fake_file(&fake, "config", text);
		struct kube_options options = {.ports = &fake.ports, .kubeconfig = path, .insecure = true};
		expect_fine(kube_new(&options, &kube));
		json_t *cluster DOCUMENT_CLEANUP =
			json_pack("{s:s, s:s?, s:{s:s}}", "name", "shop", "endpoint", cases[i].endpoint,
				  "certificateAuthority", "data", buf_str(cases[i].authority_a ? &a : &b));
		struct error *error = kube_check_identity(kube, cluster);
		if (cases[i].same)
			expect_fine(error);
		else
			expect_error(error, ERROR_PRECONDITION, "but cluster \"shop\" is at");
		kube_free(kube);
	}
	fake_done(&fake);
}

static void eks_alone_is_enough(void **state)
{
	(void)state;
	struct fake fake;
	struct kube *kube;
	fake_init(&fake, NULL, 0);
	static const struct {
		const char *endpoint, *data, *told;
	} cases[] = {{NULL, "", "has no endpoint yet"},
		     {"http://10.0.0.1", "", "in the clear"},
		     {"https://x", "&&", "certificate authority of cluster \"shop\" is not base64"},
		     {"https://x", "aGVsbG8=", "certificate authority of cluster \"shop\": its text cannot be read"}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *cluster DOCUMENT_CLEANUP =
			json_pack("{s:s, s:s?, s:{s:s}}", "name", "shop", "endpoint", cases[i].endpoint,
				  "certificateAuthority", "data", cases[i].data);
		expect_error(kube_new_eks(&fake.ports, NULL, cluster, &kube), i ? ERROR_INVALID : ERROR_PRECONDITION,
			     cases[i].told);
	}
	fake_done(&fake);
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
	const char *path = fake_file(&fake, "token", " \n two\n\n");
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
	expect_error(kube_get(kube, "/version", NULL), ERROR_NOT_FOUND, "token file: cannot read");
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
	base64_encode(slice_of(PEM_A), &encoded);
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

static void programs_may_answer_in_yaml_and_leave_the_kind_out(void **state)
{
	(void)state;
	static const char *const outputs[] = {
		"apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus:\n  token: t\n",
		"{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"status\": {\"token\": \"t\"}}"};
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
		struct fake fake;
		struct kube *kube;
		struct fake_reply replies[] = {{.body = "{}"}};
		FAKE(replies);
		fake.output = outputs[i];
		expect_fine(fake_kube_from(&fake, exec_config(&fake, ""), &kube));
		expect_fine(kube_get(kube, "/version", NULL));
		assert_string_equal(fake.requests[0].authorization, "Bearer t");
		kube_free(kube);
		fake_done(&fake);
	}
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

/* Once, at the beginning, and where the kubeconfig lets it and a person is there. */
static void programs_ask_a_person_where_one_sits(void **state)
{
	(void)state;
	static const struct {
		const char *mode, *terminal;
		bool asks, refused;
	} cases[] = {{"Never", "/dev/pts/7", false, false}, {"IfAvailable", "/dev/pts/7", true, false},
		     {"Always", "/dev/pts/7", true, false}, {"Never", NULL, false, false},
		     {"IfAvailable", NULL, false, false},   {"Always", NULL, false, true}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake fake;
		struct kube *kube;
		struct fake_reply replies[] = {{.body = "{}"}, {.status = 401, .body = "{}"}, {.body = "{}"}};
		FAKE(replies);
		fake.terminal = cases[i].terminal;
		fake.output = "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": "
			      "\"ExecCredential\", \"status\": {\"token\": \"t\"}}";
		const char *text = arena_printf(
			fake.arena,
			"%sclusters: [{name: k, cluster: {server: 'https://fake'}}]\n"
			"users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: "
			"./login, interactiveMode: %s}}}]\n",
			CONTEXT, cases[i].mode);
		expect_fine(fake_kube_from(&fake, text, &kube));
		struct error *error = kube_get(kube, "/version", NULL);
		if (cases[i].refused) {
			assert_int_equal(fake.runs, 0);
			assert_non_null(error->remedy);
			expect_error(error, ERROR_AUTH, "it must ask a person");
		} else {
			expect_fine(error);
			json_t *info DOCUMENT_CLEANUP = json_loads(fake.exec_info, 0, NULL);
			assert_int_equal(document_true(info, "spec.interactive"), cases[i].asks);
			assert_int_equal(fake.asked_at && !strcmp(fake.asked_at, "/dev/pts/7"), cases[i].asks);
			error = kube_get(kube, "/version", NULL); /* refused later on */
			bool always = !strcmp(cases[i].mode, "Always");
			assert_int_equal(fake.runs, always ? 1 : 2);
			if (always)
				expect_error(error, ERROR_AUTH, "it must ask a person");
			else
				expect_fine(error);
			assert_true(always || !fake.asked_at);
		}
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
		cmocka_unit_test(certificates_are_read_from_files_and_lines),
		cmocka_unit_test(a_pod_finds_its_own_account),
		cmocka_unit_test(the_server_is_proven_to_be_the_named_cluster),
		cmocka_unit_test(eks_alone_is_enough),
		cmocka_unit_test(token_files_are_read_anew),
		cmocka_unit_test(a_fixed_token_is_not_tried_twice),
		cmocka_unit_test(programs_give_tokens_until_they_end),
		cmocka_unit_test(programs_that_fail_are_told_without_their_secrets),
		cmocka_unit_test(programs_ask_a_person_where_one_sits),
		cmocka_unit_test(programs_may_answer_in_yaml_and_leave_the_kind_out),
		cmocka_unit_test(passwords_and_impersonation_are_sent),
	};
	return cmocka_run_group_tests_name("kubeconfig", tests, NULL, NULL);
}
