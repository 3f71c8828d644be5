/* FairwindsOps' pluto, by its JSON output ("items" with "api", "deprecated", "removed"; versions 4 and 5). Its built-in
 * default target is old, so ours is always given. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "tools/scanners.h"

enum { EXITS = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 }; /* nothing, deprecated, removed, no replacement yet */

/* "v1.21.0" of Kubernetes is our "1.21"; a component's version stays as it is. */
static const char *release(const json_t *api, const char *member, bool component, struct arena *arena)
{
	const char *text = document_text(api, member);
	if (!text || !*text || !strcmp(text, "n/a"))
		return "";
	text += !component && *text == 'v';
	const char *minor = component ? NULL : strchr(text, '.'), *patch = minor ? strchr(minor + 1, '.') : NULL;
	return arena_strndup(arena, text, patch ? (size_t)(patch - text) : strlen(text));
}

static const char *word(const json_t *object, const char *path, struct arena *arena)
{
	const char *text = document_text(object, path);
	return text ? arena_strdup(arena, text) : "";
}

static struct error *pluto_parse(struct slice text, unsigned target_minor, struct arena *arena,
				 struct scanner_report *into)
{
	(void)target_minor;
	json_t *document DOCUMENT_CLEANUP = NULL;
	/* Versions 3 and 4 say in words that there is nothing, whatever was asked for. */
	if (text.p && text.n && *text.p != '{' && *text.p != '[' &&
	    (memmem(text.p, text.n, "no resources found", 18) || memmem(text.p, text.n, "no apiVersions found", 20)))
		return NULL;
	struct error *error = document_parse(text, "its report", &document);
	if (error)
		return error_wrap(error, "pluto printed no JSON");
	const json_t *items = json_object_get(document, "items"), *item;
	size_t i;
	if (!json_is_object(document) || (items && !json_is_array(items) && !json_is_null(items)))
		return error_new(ERROR_SUBPROCESS, "pluto printed something else than its JSON report");
	json_array_foreach (items, i, item) {
		const json_t *api = json_object_get(item, "api");
		const char *version = document_text(api, "version"), *component = document_text(api, "component");
		if (!version || !*version)
			return error_new(ERROR_SUBPROCESS, "pluto: item %zu of its report has no api.version", i);
		bool own = component && *component && strcmp(component, "k8s") != 0;
		*ARENA_PUSH(arena, into->items, into->n) = (struct scanner_item){
			.name = word(item, "name", arena),
			.ns = word(item, "namespace", arena),
			.kind = word(api, "kind", arena),
			.api_version = arena_strdup(arena, version),
			.file = word(item, "filePath", arena),
			.removed_in = release(api, "removed-in", own, arena),
			.removed = document_true(item, "removed"),
		};
	}
	return NULL;
}

static struct error *run_one(const struct scanner_request *request, const char *path, struct scanner_report *ret)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(64 << 20);
	char *target CLEANUP(mem_freep) = mem_printf("k8s=v1.%u.0", request->target_minor);
	const char *argv[16];
	size_t n = 0;
	argv[n++] = "pluto";
	argv[n++] = path ? "detect-files" : "detect-all-in-cluster";
	argv[n++] = "-o";
	argv[n++] = "json";
	argv[n++] = "--target-versions";
	argv[n++] = target;
	if (path) {
		argv[n++] = "-d";
		argv[n++] = path;
	} else {
		if (request->kubeconfig) {
			argv[n++] = "--kubeconfig";
			argv[n++] = request->kubeconfig;
		}
		if (request->context) {
			argv[n++] = "--kube-context";
			argv[n++] = request->context;
		}
	}
	argv[n] = NULL;
	TRY(scanner_start(request, argv, EXITS, &out));
	return pluto_parse(buf_slice(&out), request->target_minor, request->arena, ret);
}

struct error *pluto_run(const struct scanner_request *request, struct scanner_report *ret)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
	static const char *const version[] = {"pluto", "version", NULL};
	*ret = (struct scanner_report){.program = "pluto", .version = ""};
	TRY(scanner_find(request, "pluto", "https://pluto.docs.fairwinds.com"));
	TRY(scanner_start(request, version, EXITS, &out));
	ret->version = scanner_version(buf_slice(&out), request->arena);
	if (*ret->version && strtol(ret->version, NULL, 10) < 4)
		return error_new(ERROR_PRECONDITION,
				 "pluto %s is too old: its report is of another form; 4 or newer is read",
				 ret->version);
	if (!request->paths)
		return run_one(request, NULL, ret);
	for (size_t i = 0; i < request->n_paths; i++)
		TRY(run_one(request, request->paths[i], ret));
	return NULL;
}
