/* kubeconfig's plugins: a program that prints an ExecCredential. */
#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/yaml.h"
#include "kube/kube_internal.h"

static void add_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, json_string(text));
}

static json_t *cluster_of(const struct kube_access *access)
{
	json_t *cluster = json_pack("{s:s}", "server", access->server);
	add_text(cluster, "tls-server-name", access->tls.server_name);
	add_text(cluster, "proxy-url", access->proxy);
	if (access->tls.insecure)
		json_object_set_new(cluster, "insecure-skip-tls-verify", json_true());
	if (access->tls.ca_pem) {
		struct buf encoded CLEANUP(buf_done) = BUF_INIT(1 << 20);
		base64_encode(slice_of(access->tls.ca_pem), &encoded);
		add_text(cluster, "certificate-authority-data", buf_str(&encoded));
	}
	if (access->exec->cluster_config)
		json_object_set_new(cluster, "config", json_loads(access->exec->cluster_config, JSON_DECODE_ANY, NULL));
	return cluster;
}

static json_t *exec_info(const struct kube_access *access, bool asks)
{
	json_t *spec = json_pack("{s:b}", "interactive", asks);
	if (access->exec->provide_cluster_info)
		json_object_set_new(spec, "cluster", cluster_of(access));
	return json_pack("{s:s, s:s, s:o}", "apiVersion", access->exec->api_version, "kind", "ExecCredential", "spec",
			 spec);
}

/* What a program said last, for the person who has to mend it. */
static struct error *failed(int status, struct buf *said)
{
	while (said->n && strchr(" \r\n\t", said->p[said->n - 1]))
		said->p[--said->n] = '\0';
	const char *line = said->n ? strrchr(said->p, '\n') : NULL;
	return said->n ? error_new(ERROR_AUTH, "it ended with status %d and said \"%.300s\"", status,
				   line ? line + 1 : said->p)
		       : error_new(ERROR_AUTH, "it ended with status %d", status);
}

static struct error *run_plugin(struct kube *kube, struct buf *out)
{
	const struct kube_exec *exec = kube->access.exec;
	/* in the middle of a run nobody sits there */
	bool asks = kube->terminal && !exec->asks_never && !kube->authorization_until_ms;
	if (exec->asks_always && !asks)
		return error_remedy(error_new(ERROR_AUTH, "it must ask a person (interactiveMode: Always), and %s",
					      kube->terminal ? "this was begun" : "there is no terminal"),
				    "use a way to sign in that needs nobody: a role, aws eks get-token");
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char **argv = NULL, **env = NULL;
	size_t n_argv = 0, n_env = 0;
	*ARENA_PUSH(arena, argv, n_argv) = exec->command;
	for (size_t i = 0; i < exec->n_args; i++)
		*ARENA_PUSH(arena, argv, n_argv) = exec->args[i];
	*ARENA_PUSH(arena, argv, n_argv) = NULL;
	for (size_t i = 0; i < exec->n_env; i++)
		*ARENA_PUSH(arena, env, n_env) = exec->env[i];
	struct buf info CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *document DOCUMENT_CLEANUP = exec_info(&kube->access, asks);
	document_print(document, false, &info);
	*ARENA_PUSH(arena, env, n_env) = arena_printf(arena, "KUBERNETES_EXEC_INFO=%s", buf_str(&info));
	*ARENA_PUSH(arena, env, n_env) = NULL;
	uint64_t chance;
	random_bytes(kube->ports.random, &chance, sizeof chance);
	const char *job = arena_printf(arena, "kube-login-%016llx", (unsigned long long)chance);
	struct process_spec spec = {.name = job,
				    .argv = argv,
				    .env = env,
				    .terminal = asks ? kube->terminal : NULL,
				    .deadline_ms = asks ? 5 * MINUTE_MS : MINUTE_MS};
	int status = 0;
	struct error *error = process_run(kube->ports.process, kube->ports.clock, &spec, out, &status);
	if (error && exec->install_hint)
		error = error_remedy(error, "%s", exec->install_hint);
	return error || status == 0 ? error : failed(status, out);
}

static struct error *take_status(struct kube *kube, const json_t *answer, struct secret **ret, int64_t *ret_until_ms)
{
	const struct kube_exec *exec = kube->access.exec;
	const char *token = document_text(answer, "status.token"),
		   *until = document_text(answer, "status.expirationTimestamp"),
		   *certificate = document_text(answer, "status.clientCertificateData"),
		   *key = document_text(answer, "status.clientKeyData");
	if (strcmp(document_text_or(answer, "kind", "ExecCredential"), "ExecCredential") ||
	    strcmp(document_text_or(answer, "apiVersion", ""), exec->api_version))
		return error_new(ERROR_INVALID, "it printed no ExecCredential of %s", exec->api_version);
	if (!certificate != !key)
		return error_new(ERROR_INVALID, "it printed half of a client certificate and key");
	if (token && *token && !kube_is_token(token, strlen(token)))
		return error_new(ERROR_INVALID, "it printed a token with a character that no token has");
	char *bad CLEANUP(mem_freep) =
		certificate ? kube_pem_certificates_wrong(certificate, clock_wall_ms(kube->ports.clock)) : NULL;
	if (certificate && !bad)
		bad = kube_pem_pair_wrong(certificate, key);
	if (bad)
		return error_new(ERROR_INVALID, "it printed a client certificate and key that do not do: %s", bad);
	if (!(token && *token) && !certificate)
		return error_new(ERROR_INVALID, "it printed neither a token nor a certificate");
	*ret_until_ms = INT64_MAX;
	if (until && !time_parse_rfc3339(slice_of(until), ret_until_ms))
		return error_new(ERROR_INVALID, "it printed an expirationTimestamp that is no time");
	if (certificate) {
		char *old_cert CLEANUP(mem_freep) = kube->cert_pem, *old_key = kube->key_pem;
		kube->access.tls.cert_pem = kube->cert_pem = mem_strdup(certificate);
		kube->access.tls.key_pem = kube->key_pem = mem_strdup(key);
		if (old_key)
			secret_wipe(old_key, strlen(old_key));
		free(old_key);
	}
	*ret = token && *token ? kube_bearer(token, strlen(token)) : NULL;
	return NULL;
}

/* JSON, or YAML, which kubectl takes too. Not in a parser's words, which might quote a token. */
static json_t *parse(struct slice text)
{
	json_t *document = json_loadb(text.p, text.n, 0, NULL);
	if (document)
		return document;
	json_t *places DOCUMENT_CLEANUP = NULL;
	error_free(yaml_document_placed(text, "", &document, &places));
	if (json_is_object(document))
		return document;
	json_decref(document);
	return NULL;
}

struct error *kube_exec_login(struct kube *kube, struct secret **ret_authorization, int64_t *ret_until_ms)
{
	const struct kube_exec *exec = kube->access.exec;
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *answer DOCUMENT_CLEANUP = NULL;
	struct error *error = run_plugin(kube, &out);
	if (!error && !(answer = parse(buf_slice(&out))))
		error = error_new(ERROR_INVALID, "it printed no JSON");
	if (!error)
		error = take_status(kube, answer, ret_authorization, ret_until_ms);
	if (out.p)
		secret_wipe(out.p, out.n);
	if (!error)
		return NULL;
	bool hinted = error->remedy != NULL;
	error->class = ERROR_AUTH;
	error = error_wrap(error, "%s: program \"%s\" gave no credentials", exec->place, exec->command);
	return hinted ? error : error_remedy(error, "run it yourself to see why: %s", exec->command);
}
