/* doitintl's kube-no-trouble (kubent), by its JSON output: an array of results, or null for none. It takes files, not
 * folders, so that it is given what is below them. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "codec/document.h"
#include "tools/scanners.h"

enum { EXITS = 1 << 0, FILES_AT_ONCE = 200, MAX_FILES = 20000, MAX_DEPTH = 50 };

static const char *word(const json_t *object, const char *name, struct arena *arena)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text && strcmp(text, "<undefined>") != 0 ? arena_strdup(arena, text) : "";
}

/* "Deprecated APIs removed in 1.25" is where it says when. */
static const char *removed_in(const json_t *item, struct arena *arena)
{
	const char *rules = json_string_value(json_object_get(item, "RuleSet"));
	const char *at = rules ? strstr(rules, "removed in ") : NULL;
	return at ? arena_strndup(arena, at + 11, strspn(at + 11, "0123456789.")) : "";
}

static struct error *kubent_parse(struct slice text, struct arena *arena, struct scanner_report *into)
{
	json_t *document DOCUMENT_CLEANUP = NULL;
	const json_t *item;
	size_t i;
	while (text.n && strchr(" \r\n\t", text.p[text.n - 1]))
		text.n--;
	if (!text.n || slice_eq(text, "null"))
		return NULL;
	struct error *error = document_parse(text, "its report", &document);
	if (error)
		return error_wrap(error, "kubent printed no JSON");
	if (!json_is_array(document))
		return error_new(ERROR_SUBPROCESS, "kubent printed something else than its JSON report");
	json_array_foreach (document, i, item) {
		const char *version = json_string_value(json_object_get(item, "ApiVersion"));
		if (!version || !*version)
			return error_new(ERROR_SUBPROCESS, "kubent: result %zu of its report has no ApiVersion", i);
		*ARENA_PUSH(arena, into->items, into->n) = (struct scanner_item){
			.name = word(item, "Name", arena),
			.ns = word(item, "Namespace", arena),
			.kind = word(item, "Kind", arena),
			.api_version = arena_strdup(arena, version),
			.file = "",
			.removed_in = removed_in(item, arena),
			.removed = true,
		};
	}
	return NULL;
}

struct files {
	struct arena *arena;
	const char **items;
	size_t n;
};

static bool is_manifest(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (!strcasecmp(dot, ".yaml") || !strcasecmp(dot, ".yml") || !strcasecmp(dot, ".json"));
}

static void gather(struct files *files, const char *path, unsigned depth)
{
	struct stat status;
	if (lstat(path, &status) != 0 || files->n >= MAX_FILES || depth > MAX_DEPTH)
		return;
	if (S_ISREG(status.st_mode) && (depth == 0 || is_manifest(path)))
		*ARENA_PUSH(files->arena, files->items, files->n) = arena_strdup(files->arena, path);
	DIR *folder = S_ISDIR(status.st_mode) ? opendir(path) : NULL;
	for (const struct dirent *entry; folder && (entry = readdir(folder));) {
		if (*entry->d_name == '.' || !strcmp(entry->d_name, "node_modules"))
			continue;
		char *below CLEANUP(mem_freep) = mem_printf("%s/%s", path, entry->d_name);
		gather(files, below, depth + 1);
	}
	if (folder)
		closedir(folder);
}

static struct error *run_one(const struct scanner_request *request, const char *const *files, size_t n_files,
			     struct scanner_report *ret)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(64 << 20);
	char *target CLEANUP(mem_freep) = mem_printf("1.%u.0", request->target_minor);
	const char *argv[2 * FILES_AT_ONCE + 20];
	size_t n = 0;
	argv[n++] = "kubent";
	argv[n++] = "-o";
	argv[n++] = "json";
	argv[n++] = "-t";
	argv[n++] = target;
	argv[n++] = "-l";
	argv[n++] = "error";
	if (request->paths) {
		argv[n++] = "--cluster=false";
		argv[n++] = "--helm3=false";
	}
	if (!request->paths && request->kubeconfig) {
		argv[n++] = "-k";
		argv[n++] = request->kubeconfig;
	}
	if (!request->paths && request->context) {
		argv[n++] = "-x";
		argv[n++] = request->context;
	}
	for (size_t i = 0; i < n_files; i++) {
		argv[n++] = "-f";
		argv[n++] = files[i];
	}
	argv[n] = NULL;
	TRY(scanner_start(request, argv, EXITS, &out));
	return kubent_parse(buf_slice(&out), request->arena, ret);
}

struct error *kubent_run(const struct scanner_request *request, struct scanner_report *ret)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
	/* It says its version on stderr, in its log. */
	static const char *const version[] = {"sh", "-c", "kubent --version 2>&1", NULL};
	*ret = (struct scanner_report){.program = "kubent", .version = ""};
	TRY(scanner_find(request, "kubent", "https://github.com/doitintl/kube-no-trouble"));
	TRY(scanner_start(request, version, EXITS, &out));
	ret->version = scanner_version(buf_slice(&out), request->arena);
	if (!request->paths)
		return run_one(request, NULL, 0, ret);
	struct files files = {.arena = request->arena};
	for (size_t i = 0; i < request->n_paths; i++)
		gather(&files, request->paths[i], 0);
	for (size_t i = 0; i < files.n; i += FILES_AT_ONCE)
		TRY(run_one(request, files.items + i, files.n - i < FILES_AT_ONCE ? files.n - i : FILES_AT_ONCE, ret));
	return NULL;
}
