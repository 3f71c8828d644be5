/* Gathering what the sources say of API versions, all into one form. */
#include "assessment/api_evidence.h"
#include "assessment/api_evidence_internal.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "scan/scan.h"

/* As evidence is called. */
static const char *const api_source_names[] = {"file",		"git",		"helm",	   "object",
					       "managedFields", "last-applied", "metrics", "insights",
					       "audit-log",	"warnings",	NULL};

struct api_evidence *api_evidence_push(struct assess *assess, struct api_evidence evidence)
{
	struct api_evidence *all = (struct api_evidence *)(uintptr_t)assess->apis;
	struct api_evidence *added = ARENA_PUSH(assess->arena, all, assess->n_apis);
	if (evidence.api) {
		evidence.group = evidence.api->group;
		evidence.version = evidence.api->version;
		evidence.kind = evidence.kind ? evidence.kind : evidence.api->kind;
		evidence.resource = evidence.api->resource;
		if (!evidence.api->component)
			evidence.removed = evidence.api->removed;
	}
	evidence.removed_minor = knowledge_minor(evidence.removed);
	*added = evidence;
	assess->apis = all;
	return added;
}

/* ---- the inventory's objects */

static void from_objects(struct assess *assess)
{
	static const enum api_source sources[] = {[API_USE_OBJECT] = API_OBJECT,
						  [API_USE_MANAGED_FIELDS] = API_MANAGED_FIELDS,
						  [API_USE_LAST_APPLIED] = API_LAST_APPLIED};
	for (size_t i = 0; i < assess->inventory->n_api_uses; i++) {
		const struct api_use *use = &assess->inventory->api_uses[i];
		api_evidence_push(assess, (struct api_evidence){.source = sources[use->source],
								.api = use->api,
								.object_ns = use->ns,
								.object_name = use->name,
								.caller = use->caller,
								.last_seen_ms = use->last_seen_ms,
								.count = -1});
	}
}

/* ---- the API server's own counting */

static void from_metrics(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_deprecated_requests; i++) {
		const struct deprecated_request *request = &assess->inventory->deprecated_requests[i];
		if (!request->asked)
			continue;
		struct api_evidence *added = api_evidence_push(
			assess,
			(struct api_evidence){
				.source = API_METRIC,
				.api = knowledge_api_resource(request->group, request->version, request->resource),
				.group = request->group,
				.version = request->version,
				.resource = request->resource,
				.removed = *request->removed_release ? request->removed_release : NULL,
				.count = request->requests});
		/* The server knows its own resources better than any table. */
		if (*request->removed_release && knowledge_minor(request->removed_release)) {
			added->removed = request->removed_release;
			added->removed_minor = knowledge_minor(request->removed_release);
		}
	}
}

/* "/apis/policy/v1beta1/namespaces/shop/poddisruptionbudgets/x?…": group, version, resource; false when it is none. */
bool api_evidence_split_path(const struct assess *assess, const char *path, struct api_evidence *out)
{
	char *copy = arena_strdup(assess->arena, path), *parts[16] = {NULL}, *save = NULL;
	size_t n = 0;
	copy[strcspn(copy, "?")] = '\0';
	for (char *part = strtok_r(copy, "/", &save); part && n < ARRAY_SIZE(parts); part = strtok_r(NULL, "/", &save))
		parts[n++] = part;
	size_t at = n && !strcmp(parts[0], "apis") ? 1 : 0;
	out->group = at && n > 1 ? parts[1] : "";
	at = n && !strcmp(parts[0], "api") ? 1 : at + 1;
	if (at >= n || at + 1 >= n || (*out->group == '\0' && strcmp(parts[0], "api") != 0))
		return false;
	out->version = parts[at];
	out->resource = parts[at + 1];
	if (!strcmp(parts[at + 1], "namespaces") && at + 3 < n)
		out->resource = parts[at + 3];
	return true;
}

bool api_evidence_same_text(const char *a, const char *b)
{
	return !strcmp(subject_text(a), subject_text(b));
}

bool api_evidence_same_api(const struct api_evidence *a, const struct api_evidence *b)
{
	return api_evidence_same_text(a->group, b->group) && api_evidence_same_text(a->version, b->version) &&
	       api_evidence_same_text(a->resource, b->resource);
}

static void from_warnings(struct assess *assess)
{
	size_t i;
	const json_t *warning;
	json_array_foreach (assess->inventory->warnings, i, warning) {
		struct api_evidence evidence = {.source = API_WARNING,
						.count = document_int_or(warning, "count", -1),
						.caller = "eks-upgrade-agent",
						.caller_kind = API_CALLER_SCANNER};
		const char *path = document_text(warning, "path");
		if (!path || !api_evidence_split_path(assess, path, &evidence))
			continue;
		evidence.api = knowledge_api_resource(evidence.group, evidence.version, evidence.resource);
		api_evidence_push(assess, evidence);
	}
}

const struct api_evidence *api_evidence_all(struct assess *assess, size_t *ret_n)
{
	if (!assess->has_apis) {
		assess->has_apis = true;
		from_objects(assess);
		api_gather_manifests(assess);
		from_metrics(assess);
		api_gather_callers(assess);
		from_warnings(assess);
	}
	*ret_n = assess->n_apis;
	return assess->apis;
}

/* ---- what it means */

const char *api_evidence_version(const struct assess *assess, const struct api_evidence *evidence)
{
	return *subject_text(evidence->group)
		       ? arena_printf(assess->arena, "%s/%s", evidence->group, subject_text(evidence->version))
		       : evidence->version;
}

const char *api_evidence_name(const struct assess *assess, const struct api_evidence *evidence)
{
	return arena_printf(assess->arena, "%s.%s%s%s", subject_text(evidence->resource),
			    subject_text(evidence->version), *subject_text(evidence->group) ? "." : "",
			    subject_text(evidence->group));
}

bool api_evidence_removed(const struct assess *assess, const struct api_evidence *evidence)
{
	return evidence->removed_minor && evidence->removed_minor <= assess->to;
}

bool api_evidence_on_path(const struct assess *assess, const struct api_evidence *evidence)
{
	return api_evidence_removed(assess, evidence) && evidence->removed_minor > assess->from;
}

bool api_evidence_deprecated(const struct assess *assess, const struct api_evidence *evidence)
{
	const struct api_lifecycle *api = evidence->api;
	if (api && api->component)
		return api->deprecated || api->removed;
	if (api_evidence_removed(assess, evidence))
		return false;
	/* The API server counts, and marks, only what it calls deprecated itself. */
	bool marked = evidence->source == API_METRIC || evidence->source == API_CLIENT ||
		      evidence->source == API_AUDIT_LOG || evidence->source == API_WARNING;
	return (marked && evidence->removed_minor) || knowledge_api_deprecated(api, assess->to);
}

static bool is_there(const struct finding *finding, const struct api_evidence *evidence, const char *detail)
{
	for (size_t i = 0; i < finding->n_evidence; i++)
		if (api_evidence_same_text(finding->evidence[i].source, api_source_names[evidence->source]) &&
		    api_evidence_same_text(finding->evidence[i].caller, evidence->caller) &&
		    api_evidence_same_text(finding->evidence[i].detail, detail))
			return true;
	return false;
}

static const char *detail_of(struct assess *assess, const struct api_evidence *evidence)
{
	const char *what = arena_printf(assess->arena, "%s %s", subject_text(api_evidence_version(assess, evidence)),
					evidence->kind ? evidence->kind : subject_text(evidence->resource));
	if (evidence->source == API_HELM)
		return arena_printf(assess->arena, "release %s has %s \"%s\"", evidence->release, what,
				    subject_text(evidence->object_name));
	if (evidence->file)
		return arena_printf(assess->arena, "%s:%lld has %s", evidence->file, (long long)evidence->line, what);
	return *subject_text(evidence->user) ? arena_printf(assess->arena, "%s as %s", what, evidence->user) : what;
}

void api_evidence_add(struct assess *assess, struct finding *finding, const struct api_evidence *evidence)
{
	const char *detail = detail_of(assess, evidence);
	if (is_there(finding, evidence, detail))
		return;
	struct finding_evidence *added =
		assess_evidence(assess, finding, api_source_names[evidence->source], "%s", detail);
	added->caller = evidence->caller;
	added->last_seen_ms = evidence->last_seen_ms;
	added->has_count = evidence->count >= 0;
	added->count = evidence->count >= 0 ? evidence->count : 0;
}

static const char *replacing_version(const struct assess *assess, const struct api_lifecycle *api)
{
	const struct api_lifecycle *new = scan_replacement(api, assess->to);
	if (new)
		return arena_printf(assess->arena, "%s%s%s", new->group, *new->group ? "/" : "", new->version);
	const char *group = subject_text(api->replacement_group);
	return arena_printf(assess->arena, "%s%s%s", group, *group ? "/" : "", api->replacement_version);
}

/* What lives at the target; where nothing does, what the table names first. */
static const char *replacement_of(const struct assess *assess, const struct api_lifecycle *api)
{
	const struct api_lifecycle *new = api ? scan_replacement(api, assess->to) : NULL;
	if (new)
		return arena_printf(assess->arena, "%s%s%s %s", new->group, *new->group ? "/" : "", new->version,
				    new->kind);
	if (!api || !api->replacement_version)
		return NULL;
	return arena_printf(assess->arena, "%s%s%s", replacing_version(assess, api), api->replacement_kind ? " " : "",
			    subject_text(api->replacement_kind));
}

/* An object of Kubernetes' own whose kind lives on in another version: the API server itself converts it. */
static bool can_be_applied(const struct api_evidence *evidence)
{
	const struct api_lifecycle *api = evidence->api;
	return (evidence->source == API_OBJECT || evidence->source == API_LAST_APPLIED) && evidence->kind &&
	       evidence->object_name && api && api->replacement_version && !api->component &&
	       (!api->replacement_kind || !strcmp(api->replacement_kind, evidence->kind));
}

void api_evidence_describe(struct assess *assess, struct finding *finding, const struct api_evidence *evidence)
{
	finding->api_version = api_evidence_version(assess, evidence);
	finding->removed_in = evidence->removed ? evidence->removed : evidence->api ? evidence->api->removed : NULL;
	finding->deprecated_in = evidence->api ? evidence->api->deprecated : NULL;
	finding->replacement = replacement_of(assess, evidence->api);
	if (can_be_applied(evidence))
		assess_change(
			assess, finding, "apply",
			&(struct finding_object){evidence->kind, evidence->object_ns, evidence->object_name, NULL},
			finding->api_version, replacing_version(assess, evidence->api));
	if (finding->replacement)
		assess_remedy(assess, finding, "use %s instead of %s", finding->replacement, finding->api_version);
	api_evidence_add(assess, finding, evidence);
}

/* ---- what was not read */

bool api_lifecycle_on_path(const struct assess *assess, const struct api_lifecycle *api)
{
	return knowledge_api_removed(api, assess->to) && !knowledge_api_removed(api, assess->from);
}

/* Is it the list of this kind, under this group or the one that the kind has moved to? */
static bool lists(const char *resource, const char *group, const struct api_lifecycle *api)
{
	const char *own = subject_text(api->resource); /* not of every component's kind is it known */
	size_t n = strlen(own);
	return n && !strncmp(resource, own, n) && resource[n] == (*group ? '.' : '\0') &&
	       (!strcmp(api->group, group) || !strcmp(subject_text(api->replacement_group), group));
}

void api_evidence_unread(struct assess *assess,
			 bool (*matters)(const struct assess *assess, const struct api_lifecycle *api))
{
	for (size_t i = 0; i < assess->inventory->n_sources; i++) {
		const char *name = assess->inventory->sources[i].name, *reason;
		if (strncmp(name, "kubernetes ", 11) != 0 || !assess_source_refused(assess, name, &reason))
			continue;
		const char *resource = name + 11, *dot = strchr(resource, '.'), *group = dot ? dot + 1 : "";
		bool may = false;
		for (size_t k = 0; k < knowledge_n_apis && !may; k++)
			may = lists(resource, group, &knowledge_apis[k]) && matters(assess, &knowledge_apis[k]);
		if (may)
			assess_unknown(assess, NULL, NULL, NULL, "%s", reason);
	}
}
