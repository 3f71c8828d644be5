/* Signing in: tokens from the file, from a plugin, from EKS. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

#define EKS_TOKEN_LIFE (14 * MINUTE_MS)

/* Service account tokens rotate on disk: read anew each time. */
static struct error *token_from_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[8192];
	ssize_t n = fd < 0 ? -1 : read(fd, chunk, sizeof chunk);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return error_new(ERROR_AUTH, "token file \"%s\" cannot be read or is empty", path);
	while (n > 0 && strchr(" \r\n", chunk[n - 1]))
		n--;
	buf_puts(out, "Bearer ");
	buf_append(out, chunk, (size_t)n);
	return NULL;
}

static json_t *exec_info(const struct kube *kube)
{
	const struct kube_exec *exec = kube->access.exec;
	json_t *spec = json_pack("{s:b}", "interactive", 0);
	if (exec->provide_cluster_info)
		json_object_set_new(spec, "cluster", json_pack("{s:s}", "server", kube->access.server));
	return json_pack("{s:s, s:s, s:o}", "apiVersion", exec->api_version, "kind", "ExecCredential", "spec", spec);
}

struct error *kube_exec_token(struct kube *kube, struct secret **ret_token, int64_t *ret_until_ms)
{
	const struct kube_exec *exec = kube->access.exec;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char **argv = NULL, **env = NULL;
	size_t n_argv = 0, n_env = 0;
	*ARENA_PUSH(arena, argv, n_argv) = exec->command;
	for (size_t i = 0; i < exec->n_args; i++)
		*ARENA_PUSH(arena, argv, n_argv) = exec->args[i];
	*ARENA_PUSH(arena, argv, n_argv) = NULL;
	for (size_t i = 0; i < exec->n_env; i++)
		*ARENA_PUSH(arena, env, n_env) = exec->env[i];
	struct buf info CLEANUP(buf_done) = BUF_INIT(1 << 20), out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *document DOCUMENT_CLEANUP = exec_info(kube);
	document_print(document, false, &info);
	*ARENA_PUSH(arena, env, n_env) = arena_printf(arena, "KUBERNETES_EXEC_INFO=%s", buf_str(&info));
	*ARENA_PUSH(arena, env, n_env) = NULL;
	uint64_t chance;
	random_bytes(kube->ports.random, &chance, sizeof chance);
	struct process_spec spec = {.name = arena_printf(arena, "kube-login-%016llx", (unsigned long long)chance),
				    .argv = argv,
				    .env = env,
				    .deadline_ms = MINUTE_MS};
	int status;
	struct error *error = process_run(kube->ports.process, kube->ports.clock, &spec, &out, &status);
	if (!error && status != 0)
		error = error_new(ERROR_AUTH, "it ended with status %d", status);
	json_t *answer DOCUMENT_CLEANUP = NULL;
	if (!error)
		error = document_parse(buf_slice(&out), exec->command, &answer);
	if (error)
		return error_remedy(error_wrap(error, "kubeconfig's program \"%s\" gave no credentials", exec->command),
				    "run it yourself to see why: %s", exec->command);
	const char *token = document_text(answer, "status.token"),
		   *until = document_text(answer, "status.expirationTimestamp");
	const char *certificate = document_text(answer, "status.clientCertificateData"),
		   *key = document_text(answer, "status.clientKeyData");
	if (!token && !(certificate && key))
		return error_new(ERROR_AUTH, "kubeconfig's program \"%s\" gave neither token nor certificate",
				 exec->command);
	if (certificate && key) {
		kube->access.tls.cert_pem = arena_strdup(kube->arena, certificate);
		kube->access.tls.key_pem = arena_strdup(kube->arena, key);
	}
	*ret_until_ms = INT64_MAX;
	if (until && !time_parse_rfc3339(slice_of(until), ret_until_ms))
		return error_new(ERROR_AUTH, "kubeconfig's program \"%s\" gave an expiration that is no time",
				 exec->command);
	*ret_token = secret_new(token ? token : "", token ? strlen(token) : 0);
	return NULL;
}

static struct error *fetch_token(struct kube *kube)
{
	struct secret *token = NULL;
	int64_t until_ms = INT64_MAX, minted_ms;
	if (kube->aws) {
		TRY(aws_eks_token(kube->aws, kube->eks_cluster, &token, &minted_ms));
		until_ms = minted_ms + EKS_TOKEN_LIFE;
	} else {
		TRY(kube_exec_token(kube, &token, &until_ms));
	}
	secret_free(kube->token);
	kube->token = token;
	kube->token_until_ms = until_ms;
	return NULL;
}

struct error *kube_authorization(struct kube *kube, bool again, struct buf *out)
{
	const struct kube_access *access = &kube->access;
	if (kube->aws || access->exec) {
		if (!kube->token || again || clock_wall_ms(kube->ports.clock) + 10 * SECOND_MS >= kube->token_until_ms)
			TRY(fetch_token(kube));
		if (secret_size(kube->token))
			buf_printf(out, "Bearer %s", secret_reveal(kube->token));
		return NULL;
	}
	if (access->token_file)
		return token_from_file(access->token_file, out);
	if (access->token)
		buf_printf(out, "Bearer %s", access->token);
	else if (access->username) {
		char *both CLEANUP(mem_freep) =
			mem_printf("%s:%s", access->username, access->password ? access->password : "");
		buf_puts(out, "Basic ");
		base64_encode(slice_of(both), out);
	}
	return NULL;
}
