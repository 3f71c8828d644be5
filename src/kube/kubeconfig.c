/* kubeconfig: several files are one, the first to say something wins; relative paths are relative to their file. */
#include "kube/kubeconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/digest.h"
#include "codec/document.h"
#include "codec/yaml.h"

enum { MAX_FILE = 4 << 20 };

static const char *get_environment(const struct kube_options *options, const char *name)
{
	const char *value = options->getenv ? options->getenv(options->getenv_context, name) : getenv(name);
	return value && *value ? value : NULL;
}

static struct error *read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_from_errno(errno, "cannot read \"%s\"", path);
	char chunk[16384];
	ssize_t n;
	buf_init(out, MAX_FILE);
	while ((n = read(fd, chunk, sizeof chunk)) > 0 && buf_append(out, chunk, (size_t)n))
		;
	close(fd);
	return out->overflowed ? error_new(ERROR_INVALID, "\"%s\" is larger than %d bytes", path, MAX_FILE) : NULL;
}

struct merge {
	json_t *merged;
	const char *path;
	struct error *error;
};

/* Entries of a named list that the merged file does not have yet; each remembers the file it came from. */
static void merge_list(struct merge *merge, const json_t *file, const char *key)
{
	json_t *into = json_object_get(merge->merged, key), *item;
	size_t i;
	json_array_foreach (json_object_get(file, key), i, item) {
		const char *name = document_text(item, "name");
		bool known = false;
		size_t k;
		json_t *old;
		json_array_foreach (into, k, old)
			known |= name && !strcmp(name, document_text_or(old, "name", ""));
		if (!name || known)
			continue;
		json_object_set_new(item, "_file", json_string(merge->path));
		json_array_append(into, item);
	}
}

static bool take_document(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	struct merge *merge = context;
	(void)line;
	if (error) {
		merge->error = error_new(ERROR_INVALID, "%s", error->message);
		return false;
	}
	if (index > 0)
		return false;
	if (!json_is_object(document)) {
		merge->error = error_new(ERROR_INVALID, "%s: not a kubeconfig", merge->path);
		return false;
	}
	merge_list(merge, document, "clusters");
	merge_list(merge, document, "users");
	merge_list(merge, document, "contexts");
	if (!json_object_get(merge->merged, "current-context") && document_text(document, "current-context") &&
	    *document_text(document, "current-context"))
		json_object_set(merge->merged, "current-context", json_object_get(document, "current-context"));
	return true;
}

static struct error *merge_files(const char *paths, bool named, json_t *merged, bool *ret_any)
{
	*ret_any = false;
	for (const char *p = paths; *p;) {
		size_t n = strcspn(p, ":");
		char *path CLEANUP(mem_freep) = mem_strndup(p, n);
		p += n + (p[n] == ':');
		if (!n || (!named && access(path, F_OK) != 0))
			continue;
		struct buf text CLEANUP(buf_done) = {0};
		TRY(read_file(path, &text));
		struct merge merge = {.merged = merged, .path = path};
		TRY(yaml_documents(buf_slice(&text), path, take_document, &merge));
		if (merge.error)
			return merge.error;
		*ret_any = true;
	}
	return NULL;
}

static const json_t *named(const json_t *merged, const char *list, const char *name)
{
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get(merged, list), i, item)
		if (name && !strcmp(name, document_text_or(item, "name", "")))
			return item;
	return NULL;
}

/* Relative to the file that says it. */
static const char *path_in(const json_t *entry, const char *path, struct arena *arena)
{
	const char *file = document_text(entry, "_file"), *slash = file ? strrchr(file, '/') : NULL;
	if (!path || *path == '/' || !slash)
		return path ? arena_strdup(arena, path) : NULL;
	return arena_printf(arena, "%.*s/%s", (int)(slash - file), file, path);
}

/* KEY-data inline, or the file that KEY names. */
static struct error *pem_of(const json_t *entry, const char *member, struct arena *arena, const char **ret)
{
	char *inline_path CLEANUP(mem_freep) = mem_printf("%s-data", member);
	const char *data = document_text(entry, inline_path),
		   *file = path_in(entry, document_text(entry, member), arena);
	struct buf text CLEANUP(buf_done) = BUF_INIT(MAX_FILE);
	*ret = NULL;
	if (data && *data) {
		if (!base64_decode(slice_of(data), &text))
			return error_new(ERROR_INVALID, "%s: %s of \"%s\" is not base64",
					 document_text_or(entry, "_file", "kubeconfig"), inline_path,
					 document_text_or(entry, "name", ""));
	} else if (file && *file) {
		TRY(read_file(file, &text));
	} else {
		return NULL;
	}
	*ret = arena_strndup(arena, buf_str(&text), text.n);
	return NULL;
}

static struct error *take_cluster(const struct kube_options *options, const json_t *entry, struct arena *arena,
				  struct kube_access *ret)
{
	const char *file = document_text_or(entry, "_file", "kubeconfig"), *name = document_text_or(entry, "name", "");
	const char *server = document_text(entry, "cluster.server");
	if (!server || !*server)
		return error_new(ERROR_INVALID, "%s: cluster \"%s\" has no server", file, name);
	size_t n = strlen(server);
	ret->server = arena_strndup(arena, server, server[n - 1] == '/' ? n - 1 : n);
	ret->proxy = arena_strdup(arena, document_text(entry, "cluster.proxy-url"));
	ret->tls.server_name = arena_strdup(arena, document_text(entry, "cluster.tls-server-name"));
	if (document_true(entry, "cluster.insecure-skip-tls-verify")) {
		if (!options->insecure)
			return error_remedy(error_new(ERROR_INVALID, "%s: cluster \"%s\" asks not to verify its server",
						      file, name),
					    "set certificate-authority there; it is not done by a file's word alone");
		ret->tls.insecure = true;
	}
	return pem_of(entry, "cluster.certificate-authority", arena, &ret->tls.ca_pem);
}

static struct kube_exec *exec_of(const json_t *exec, struct arena *arena)
{
	struct kube_exec *ret = arena_alloc(arena, sizeof *ret);
	size_t i;
	const json_t *item;
	ret->api_version = arena_strdup(arena, document_text_or(exec, "apiVersion", "client.authentication.k8s.io/v1"));
	ret->command = arena_strdup(arena, document_text_or(exec, "command", ""));
	ret->provide_cluster_info = document_true(exec, "provideClusterInfo");
	json_array_foreach (json_object_get(exec, "args"), i, item)
		*ARENA_PUSH(arena, ret->args, ret->n_args) =
			arena_strdup(arena, json_string_value(item) ? json_string_value(item) : "");
	json_array_foreach (json_object_get(exec, "env"), i, item)
		*ARENA_PUSH(arena, ret->env, ret->n_env) = arena_printf(
			arena, "%s=%s", document_text_or(item, "name", ""), document_text_or(item, "value", ""));
	return ret;
}

static struct error *take_user(const json_t *entry, struct arena *arena, struct kube_access *ret)
{
	const json_t *exec = document_at(entry, "user.exec");
	ret->token = arena_strdup(arena, document_text(entry, "user.token"));
	ret->token_file = path_in(entry, document_text(entry, "user.tokenFile"), arena);
	ret->username = arena_strdup(arena, document_text(entry, "user.username"));
	ret->password = arena_strdup(arena, document_text(entry, "user.password"));
	if (json_is_object(exec))
		ret->exec = exec_of(exec, arena);
	if (document_at(entry, "user.auth-provider"))
		return error_remedy(
			error_new(ERROR_INVALID, "%s: user \"%s\" uses an auth-provider, which Kubernetes removed",
				  document_text_or(entry, "_file", "kubeconfig"), document_text_or(entry, "name", "")),
			"use an exec plugin: aws eks update-kubeconfig writes one");
	TRY(pem_of(entry, "user.client-certificate", arena, &ret->tls.cert_pem));
	return pem_of(entry, "user.client-key", arena, &ret->tls.key_pem);
}

static struct error *choose(const struct kube_options *options, const json_t *merged, const char *paths,
			    struct arena *arena, struct kube_access *ret)
{
	const char *name = options->context ? options->context : document_text(merged, "current-context");
	if (!name)
		return error_remedy(error_new(ERROR_INVALID, "%s: no current context", paths),
				    "--context NAME, or kubectl config use-context NAME");
	const json_t *context = named(merged, "contexts", name);
	if (!context)
		return error_remedy(error_new(ERROR_NOT_FOUND, "%s: no context \"%s\"", paths, name),
				    "kubectl config get-contexts lists those that are there");
	const char *cluster_name = document_text_or(context, "context.cluster", ""),
		   *user_name = document_text_or(context, "context.user", "");
	const json_t *cluster = named(merged, "clusters", cluster_name), *user = named(merged, "users", user_name);
	if (!cluster)
		return error_new(ERROR_NOT_FOUND, "%s: context \"%s\" names cluster \"%s\", which is not there", paths,
				 name, cluster_name);
	if (!user && *user_name)
		return error_new(ERROR_NOT_FOUND, "%s: context \"%s\" names user \"%s\", which is not there", paths,
				 name, user_name);
	TRY(take_cluster(options, cluster, arena, ret));
	return user ? take_user(user, arena, ret) : NULL;
}

static struct error *in_cluster(const struct kube_options *options, struct arena *arena, struct kube_access *ret,
				bool *ret_found)
{
	const char *host = get_environment(options, "KUBERNETES_SERVICE_HOST"),
		   *port = get_environment(options, "KUBERNETES_SERVICE_PORT");
	static const char token[] = "/var/run/secrets/kubernetes.io/serviceaccount/token",
			  ca[] = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
	*ret_found = host && port && access(token, R_OK) == 0;
	if (!*ret_found)
		return NULL;
	struct buf text CLEANUP(buf_done) = {0};
	TRY(read_file(ca, &text));
	ret->server = arena_printf(arena, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
	ret->tls.ca_pem = arena_strdup(arena, buf_str(&text));
	ret->token_file = token;
	return NULL;
}

struct error *kube_access_load(const struct kube_options *options, struct arena *arena, struct kube_access *ret)
{
	const char *given = options->kubeconfig ? options->kubeconfig : get_environment(options, "KUBECONFIG"),
		   *home = get_environment(options, "HOME");
	const char *paths = given ? given : arena_printf(arena, "%s/.kube/config", home ? home : "");
	json_t *merged DOCUMENT_CLEANUP = json_pack("{s:[], s:[], s:[]}", "clusters", "users", "contexts");
	bool any, found;
	*ret = (struct kube_access){0};
	TRY(merge_files(paths, options->kubeconfig != NULL, merged, &any));
	if (any)
		return choose(options, merged, paths, arena, ret);
	TRY(in_cluster(options, arena, ret, &found));
	if (found)
		return NULL;
	return error_remedy(error_new(ERROR_NOT_FOUND, "no kubeconfig at \"%s\", and not inside a cluster", paths),
			    "--kubeconfig FILE, or aws eks update-kubeconfig --name CLUSTER");
}
