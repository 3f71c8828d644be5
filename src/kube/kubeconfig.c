/* kubeconfig: several files are one, the first to say something wins; relative paths are relative to their file. Each
 * entry remembers where it stands, so that a message can say where to mend it. */
#include "kube/kubeconfig.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/file.h"
#include "codec/document.h"
#include "codec/yaml.h"

enum { MAX_FILE = 4 << 20 };

/* A named thing of one of the files: {"name", "cluster" | "user" | "context"}. */
struct entry {
	const json_t *value;
	const char *file;
	const json_t *places; /* of that file */
	char *path;	      /* "users[2]" */
};

struct config_file {
	char *path;
	json_t *document, *places;
};

struct loader {
	const struct kube_options *options;
	struct arena *arena;
	struct config_file *files;
	size_t n;
	const char *paths; /* as given, for messages */
};

static const char *get_environment(const struct kube_options *options, const char *name)
{
	const char *value = options->getenv ? options->getenv(options->getenv_context, name) : getenv(name);
	return value && *value ? value : NULL;
}

static void wiped_done(struct buf *buf)
{
	if (buf->p)
		secret_wipe(buf->p, buf->n);
	buf_done(buf);
}

/* "FILE:LINE:COLUMN: users[0].user.token: not text". The place is that of the key, or of the nearest one above it. */
static struct error *wrong(const struct entry *entry, const char *key, const char *what)
{
	char *path CLEANUP(mem_freep) = mem_printf("%s%s%s", entry->path, *entry->path && *key ? "." : "", key);
	char *near CLEANUP(mem_freep) = mem_strdup(path);
	const char *place = json_string_value(json_object_get(entry->places, near));
	for (char *cut; !place && (cut = strrchr(near, '.'));
	     place = json_string_value(json_object_get(entry->places, near)))
		*cut = '\0';
	if (!place) { /* of a list's element: its name */
		char *named CLEANUP(mem_freep) = mem_printf("%s.name", entry->path);
		place = json_string_value(json_object_get(entry->places, named));
	}
	return error_new(ERROR_INVALID, "%s%s%s: %s%s%s", entry->file, place ? ":" : "", place ? place : "", path,
			 *path ? ": " : "", what);
}

/* A member that must be text when it is there; empty is absent. */
static struct error *text_of(const struct entry *entry, const char *key, const char **ret)
{
	const json_t *value = document_at(entry->value, key);
	*ret = NULL;
	if (value && !json_is_null(value) && !json_is_string(value))
		return wrong(entry, key, "not text: put it in quotes");
	if (json_is_string(value) && json_string_length(value))
		*ret = json_string_value(value);
	return NULL;
}

static struct error *copy_of(const struct loader *loader, const struct entry *entry, const char *key, const char **ret)
{
	TRY(text_of(entry, key, ret));
	*ret = arena_strdup(loader->arena, *ret);
	return NULL;
}

static struct error *secret_of(const struct entry *entry, const char *key, struct secret **ret)
{
	const char *text;
	TRY(text_of(entry, key, &text));
	*ret = text ? secret_new(text, strlen(text)) : NULL;
	return NULL;
}

/* Relative to the file that says it. */
static struct error *path_of(const struct loader *loader, const struct entry *entry, const char *key, const char **ret)
{
	TRY(text_of(entry, key, ret));
	const char *slash = strrchr(entry->file, '/');
	if (*ret)
		*ret = **ret == '/' || !slash
			       ? arena_strdup(loader->arena, *ret)
			       : arena_printf(loader->arena, "%.*s/%s", (int)(slash - entry->file), entry->file, *ret);
	return NULL;
}

/* Where certificate or key stand: KEY-data goes before KEY, as in kubectl. */
static const char *which_pem(const struct entry *entry, const char *key)
{
	static const char *const inlines[] = {"cluster.certificate-authority-data", "user.client-certificate-data",
					      "user.client-key-data"};
	for (size_t i = 0; i < ARRAY_SIZE(inlines); i++)
		if (!strncmp(inlines[i], key, strlen(key)) && *document_text_or(entry->value, inlines[i], ""))
			return inlines[i];
	return key;
}

/* KEY-data inline, or the file that KEY names. */
static struct error *pem_of(const struct loader *loader, const struct entry *entry, const char *key, const char **ret)
{
	char *inline_key CLEANUP(mem_freep) = mem_printf("%s-data", key);
	const char *data, *file;
	struct buf text CLEANUP(wiped_done) = BUF_INIT(MAX_FILE);
	*ret = NULL;
	TRY(text_of(entry, inline_key, &data));
	TRY(path_of(loader, entry, key, &file));
	if (data) {
		if (!base64_decode(slice_of(data), &text))
			return wrong(entry, inline_key, "not base64");
	} else if (file) {
		struct error *error = file_read(file, &text);
		if (error) {
			struct error *outer ERROR_CLEANUP = wrong(entry, key, "the file it names");
			error->class = ERROR_INVALID;
			return error_wrap(error, "%s", outer->message);
		}
	} else {
		return NULL;
	}
	if (!strstr(buf_str(&text), "-----BEGIN "))
		return wrong(entry, data ? inline_key : key, "not PEM: \"-----BEGIN\" is missing");
	*ret = arena_strndup(loader->arena, text.p, text.n);
	return NULL;
}

static struct error *certificates_of(const struct loader *loader, const struct entry *entry, const char *key,
				     const char **ret)
{
	TRY(pem_of(loader, entry, key, ret));
	char *bad CLEANUP(mem_freep) =
		*ret ? kube_pem_certificates_wrong(*ret, clock_wall_ms(loader->options->ports->clock)) : NULL;
	return bad ? wrong(entry, which_pem(entry, key), bad) : NULL;
}

static struct error *open_file(struct loader *loader, const char *path)
{
	struct buf text CLEANUP(wiped_done) = BUF_INIT(MAX_FILE);
	TRY(file_read(path, &text));
	struct config_file *file = HEAP_PUSH(loader->files, loader->n);
	file->path = mem_strdup(path);
	TRY(yaml_document_placed(buf_slice(&text), path, &file->document, &file->places));
	if (file->document && !json_is_null(file->document) && !json_is_object(file->document))
		return error_new(ERROR_INVALID, "%s:1:1: not a kubeconfig", path);
	return NULL;
}

static struct error *open_files(struct loader *loader)
{
	for (const char *p = loader->paths; *p;) {
		size_t n = strcspn(p, ":");
		char *path CLEANUP(mem_freep) = mem_strndup(p, n);
		p += n + (p[n] == ':');
		if (n && (loader->options->kubeconfig || access(path, F_OK) == 0))
			TRY(open_file(loader, path));
	}
	return NULL;
}

static void loader_done(struct loader *loader)
{
	for (size_t i = 0; i < loader->n; i++) {
		free(loader->files[i].path);
		json_decref(loader->files[i].document);
		json_decref(loader->files[i].places);
	}
	free(loader->files);
}

static bool find_entry(const struct loader *loader, const char *list, const char *name, struct entry *ret)
{
	for (size_t k = 0; k < loader->n; k++) {
		size_t i;
		const json_t *item;
		json_array_foreach (json_object_get(loader->files[k].document, list), i, item) {
			const char *its = document_text(item, "name");
			if (!its || strcmp(its, name) != 0)
				continue;
			*ret = (struct entry){item, loader->files[k].path, loader->files[k].places,
					      arena_printf(loader->arena, "%s[%zu]", list, i)};
			return true;
		}
	}
	return false;
}

struct error *kube_access_check_server(const char *server)
{
	static const char *const own[] = {"127.0.0.1", "localhost", "[::1]"};
	if (strchr(server, '@')) /* not shown: a password may stand before it */
		return error_remedy(error_new(ERROR_INVALID, "the address names a user before its host"),
				    "take what stands before \"@\" out of it");
	if (strpbrk(server, "?#"))
		return error_new(ERROR_INVALID, "\"%s\" goes on behind its path", server);
	if (!strncasecmp(server, "https://", 8) && server[8])
		return NULL;
	if (strncasecmp(server, "http://", 7) != 0)
		return error_new(ERROR_INVALID, "\"%s\" is no https address", server);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		size_t n = strlen(own[i]);
		if (!strncasecmp(server + 7, own[i], n) && (!server[7 + n] || strchr(":/", server[7 + n])))
			return NULL;
	}
	return error_remedy(error_new(ERROR_INVALID, "\"%s\" would send credentials in the clear", server),
			    "use https://; http:// is for addresses of this machine only");
}

static struct error *take_cluster(const struct loader *loader, const struct entry *entry, struct kube_access *ret)
{
	const char *server;
	TRY(text_of(entry, "cluster.server", &server));
	if (!server)
		return wrong(entry, "cluster.server", "missing");
	struct error *bad = kube_access_check_server(server);
	if (bad) {
		struct error *place ERROR_CLEANUP = wrong(entry, "cluster.server", bad->message);
		free(bad->message);
		bad->message = TAKE(place->message);
		return bad;
	}
	size_t n = strlen(server);
	ret->server = arena_strndup(loader->arena, server, server[n - 1] == '/' ? n - 1 : n);
	TRY(copy_of(loader, entry, "cluster.proxy-url", &ret->proxy));
	if (ret->proxy && strncmp(ret->proxy, "http://", 7) && strncmp(ret->proxy, "https://", 8) &&
	    strncmp(ret->proxy, "socks5://", 9))
		return wrong(entry, "cluster.proxy-url", "not an http://, https:// or socks5:// address");
	TRY(copy_of(loader, entry, "cluster.tls-server-name", &ret->tls.server_name));
	if (document_true(entry->value, "cluster.insecure-skip-tls-verify")) {
		if (!loader->options->insecure)
			return error_remedy(wrong(entry, "cluster.insecure-skip-tls-verify",
						  "asks not to verify the server, so anybody on the way could be it"),
					    "set certificate-authority there; or, knowing what it means, --insecure");
		ret->tls.insecure = true;
	}
	return certificates_of(loader, entry, "cluster.certificate-authority", &ret->tls.ca_pem);
}

/* What the cluster's entry has for plugins: extensions, the one of their name. */
static const char *plugin_config(const struct loader *loader, const struct entry *cluster)
{
	size_t i;
	const json_t *extension;
	json_array_foreach (document_at(cluster->value, "cluster.extensions"), i, extension) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
		if (strcmp(document_text_or(extension, "name", ""), "client.authentication.k8s.io/exec") != 0)
			continue;
		document_print(json_object_get(extension, "extension"), false, &text);
		return arena_strdup(loader->arena, buf_str(&text));
	}
	return NULL;
}

static struct error *exec_words(const struct loader *loader, const struct entry *entry, struct kube_exec *exec)
{
	size_t i;
	const json_t *item;
	json_array_foreach (document_at(entry->value, "user.exec.args"), i, item) {
		if (!json_is_string(item))
			return wrong(entry, "user.exec.args", "not a list of texts");
		*ARENA_PUSH(loader->arena, exec->args, exec->n_args) =
			arena_strdup(loader->arena, json_string_value(item));
	}
	json_array_foreach (document_at(entry->value, "user.exec.env"), i, item) {
		const char *name = document_text(item, "name"), *value = document_text(item, "value");
		if (!name || !*name || !value)
			return wrong(entry, "user.exec.env", "not a list of {name, value}");
		*ARENA_PUSH(loader->arena, exec->env, exec->n_env) = arena_printf(loader->arena, "%s=%s", name, value);
	}
	return NULL;
}

static struct error *take_exec(const struct loader *loader, const struct entry *entry, const struct entry *cluster,
			       struct kube_access *ret)
{
	static const char prefix[] = "client.authentication.k8s.io/";
	struct kube_exec *exec = ret->exec = arena_alloc(loader->arena, sizeof *exec);
	const char *mode, *command;
	TRY(copy_of(loader, entry, "user.exec.apiVersion", &exec->api_version));
	TRY(text_of(entry, "user.exec.command", &command));
	TRY(text_of(entry, "user.exec.interactiveMode", &mode));
	TRY(copy_of(loader, entry, "user.exec.installHint", &exec->install_hint));
	const char *version = exec->api_version && !strncmp(exec->api_version, prefix, sizeof prefix - 1)
				      ? exec->api_version + sizeof prefix - 1
				      : "";
	if (strcmp(version, "v1") && strcmp(version, "v1beta1"))
		return error_remedy(wrong(entry, "user.exec.apiVersion",
					  "neither v1 nor v1beta1 of "
					  "client.authentication.k8s.io"),
				    "aws eks update-kubeconfig writes the entry anew");
	if (!command)
		return wrong(entry, "user.exec.command", "missing");
	if (!mode && !strcmp(version, "v1"))
		return wrong(entry, "user.exec.interactiveMode", "missing: Never, IfAvailable or Always");
	if (mode && strcmp(mode, "Never") && strcmp(mode, "IfAvailable") && strcmp(mode, "Always"))
		return wrong(entry, "user.exec.interactiveMode", "not Never, IfAvailable or Always");
	exec->asks_never = mode && !strcmp(mode, "Never");
	exec->asks_always = mode && !strcmp(mode, "Always");
	if (strchr(command, '/'))
		TRY(path_of(loader, entry, "user.exec.command", &exec->command));
	else
		exec->command = arena_strdup(loader->arena, command);
	exec->provide_cluster_info = document_true(entry->value, "user.exec.provideClusterInfo");
	exec->cluster_config = plugin_config(loader, cluster);
	struct error *place ERROR_CLEANUP = wrong(entry, "user.exec.command", "");
	exec->place = arena_strndup(loader->arena, place->message, strlen(place->message) - 2);
	return exec_words(loader, entry, exec);
}

static void add_impersonation(const struct loader *loader, struct kube_access *ret, const char *name, const char *value)
{
	*ARENA_PUSH(loader->arena, ret->impersonation, ret->n_impersonation) =
		(struct http_header){arena_strdup(loader->arena, name), arena_strdup(loader->arena, value)};
}

static struct error *take_impersonation(const struct loader *loader, const struct entry *entry, struct kube_access *ret)
{
	const char *user, *uid, *key;
	const json_t *item, *values;
	size_t i;
	TRY(text_of(entry, "user.as", &user));
	TRY(text_of(entry, "user.as-uid", &uid));
	if (user)
		add_impersonation(loader, ret, "Impersonate-User", user);
	if (uid)
		add_impersonation(loader, ret, "Impersonate-Uid", uid);
	json_array_foreach (document_at(entry->value, "user.as-groups"), i, item) {
		if (!json_is_string(item))
			return wrong(entry, "user.as-groups", "not a list of texts");
		add_impersonation(loader, ret, "Impersonate-Group", json_string_value(item));
	}
	json_object_foreach (document_at(entry->value, "user.as-user-extra"), key, values) {
		char *name CLEANUP(mem_freep) = mem_printf("Impersonate-Extra-%s", key);
		json_array_foreach (values, i, item)
			if (json_is_string(item))
				add_impersonation(loader, ret, name, json_string_value(item));
	}
	return NULL;
}

static struct error *take_user(const struct loader *loader, const struct entry *entry, const struct entry *cluster,
			       struct kube_access *ret)
{
	if (document_at(entry->value, "user.auth-provider"))
		return error_remedy(wrong(entry, "user.auth-provider", "Kubernetes removed this way to sign in"),
				    "use an exec plugin: aws eks update-kubeconfig writes one");
	TRY(secret_of(entry, "user.token", &ret->token));
	if (ret->token && !kube_is_token(secret_reveal(ret->token), secret_size(ret->token)))
		return wrong(entry, "user.token", "holds a character that no token has, such as a blank or a line end");

	TRY(path_of(loader, entry, "user.tokenFile", &ret->token_file));
	TRY(copy_of(loader, entry, "user.username", &ret->username));
	TRY(secret_of(entry, "user.password", &ret->password));
	TRY(certificates_of(loader, entry, "user.client-certificate", &ret->tls.cert_pem));
	TRY(pem_of(loader, entry, "user.client-key", &ret->tls.key_pem));
	if (!ret->tls.cert_pem != !ret->tls.key_pem)
		return wrong(entry, "user", "client certificate and client key need each other");
	char *bad CLEANUP(mem_freep) =
		ret->tls.cert_pem ? kube_pem_pair_wrong(ret->tls.cert_pem, ret->tls.key_pem) : NULL;
	if (bad)
		return wrong(entry, which_pem(entry, "user.client-key"), bad);
	if (json_is_object(document_at(entry->value, "user.exec")))
		TRY(take_exec(loader, entry, cluster, ret));
	return take_impersonation(loader, entry, ret);
}

static const char *current_context(const struct loader *loader)
{
	for (size_t i = 0; i < loader->n; i++) {
		const char *name = document_text(loader->files[i].document, "current-context");
		if (name && *name)
			return name;
	}
	return NULL;
}

static struct error *choose(const struct loader *loader, struct kube_access *ret)
{
	const char *name = loader->options->context ? loader->options->context : current_context(loader);
	struct entry context, cluster, user;
	if (!name)
		return error_remedy(error_new(ERROR_INVALID, "%s: current-context is not set", loader->paths),
				    "--context NAME, or kubectl config use-context NAME");
	if (!find_entry(loader, "contexts", name, &context))
		return error_remedy(
			error_new(ERROR_NOT_FOUND, "%s: contexts: none is called \"%s\"", loader->paths, name),
			"kubectl config get-contexts lists those that are there");
	const char *cluster_name, *user_name;
	TRY(text_of(&context, "context.cluster", &cluster_name));
	TRY(text_of(&context, "context.user", &user_name));
	if (!cluster_name || !find_entry(loader, "clusters", cluster_name, &cluster))
		return wrong(&context, "context.cluster", "names a cluster that is not there");
	TRY(take_cluster(loader, &cluster, ret));
	if (user_name && !find_entry(loader, "users", user_name, &user))
		return wrong(&context, "context.user", "names a user who is not there");
	return user_name ? take_user(loader, &user, &cluster, ret) : NULL;
}

static struct error *in_cluster(const struct loader *loader, struct kube_access *ret, bool *ret_found)
{
	const char *host = get_environment(loader->options, "KUBERNETES_SERVICE_HOST"),
		   *port = get_environment(loader->options, "KUBERNETES_SERVICE_PORT");
	const char *directory = loader->options->pod_account ? loader->options->pod_account
							     : "/var/run/secrets/kubernetes.io/serviceaccount",
		   *token = arena_printf(loader->arena, "%s/token", directory),
		   *ca = arena_printf(loader->arena, "%s/ca.crt", directory);
	*ret_found = host && port && access(token, R_OK) == 0;
	if (!*ret_found)
		return NULL;
	struct buf text CLEANUP(buf_done) = BUF_INIT(MAX_FILE);
	TRY(file_read(ca, &text));
	ret->server = arena_printf(loader->arena, strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
	char *bad CLEANUP(mem_freep) =
		kube_pem_certificates_wrong(buf_str(&text), clock_wall_ms(loader->options->ports->clock));
	if (bad)
		return error_remedy(error_new(ERROR_INVALID, "\"%s\": %s", ca, bad),
				    "look at what is mounted there: kubectl get configmap kube-root-ca.crt -o yaml");
	ret->tls.ca_pem = arena_strdup(loader->arena, buf_str(&text));
	ret->token_file = token;
	return NULL;
}

static struct error *load(struct loader *loader, struct kube_access *ret)
{
	bool found;
	TRY(open_files(loader));
	for (size_t i = 0; i < loader->n; i++)
		if (json_object_size(loader->files[i].document))
			return choose(loader, ret);
	TRY(in_cluster(loader, ret, &found));
	if (found)
		return NULL;
	return error_remedy(
		error_new(ERROR_NOT_FOUND, "no kubeconfig at \"%s\", and not inside a cluster", loader->paths),
		"--kubeconfig FILE, or aws eks update-kubeconfig --name CLUSTER");
}

struct error *kube_access_load(const struct kube_options *options, struct arena *arena, struct kube_access *ret)
{
	const char *given = options->kubeconfig ? options->kubeconfig : get_environment(options, "KUBECONFIG"),
		   *home = get_environment(options, "HOME");
	struct loader loader CLEANUP(loader_done) = {.options = options, .arena = arena};
	loader.paths = given ? given : arena_printf(arena, "%s/.kube/config", home ? home : "");
	*ret = (struct kube_access){0};
	struct error *error = load(&loader, ret);
	return error && !error->remedy ? error_remedy(error, "mend it there, or let aws eks update-kubeconfig --name "
							     "CLUSTER write the entry anew")
				       : error;
}

void kube_access_done(struct kube_access *access)
{
	if (access->tls.key_pem)
		secret_wipe((void *)(uintptr_t)access->tls.key_pem, strlen(access->tls.key_pem));
	secret_free(access->token);
	secret_free(access->password);
	*access = (struct kube_access){0};
}
