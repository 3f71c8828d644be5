/* Gathering what the sources say of API versions, all into one form. */
#include "assessment/api_evidence.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "codec/yaml.h"

const char *const api_source_names[] = {"file",		 "git",		 "helm",    "object",
					"managedFields", "last-applied", "metrics", "insights",
					"audit-log",	 "warnings",	 NULL};

/* A caller that has not been seen for so long has been mended. */
#define CALLER_FORGOTTEN_MS (30 * DAY_MS)

static struct api_evidence *push(struct assess *assess, struct api_evidence evidence)
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
		push(assess, (struct api_evidence){.source = sources[use->source],
						   .api = use->api,
						   .object_ns = use->ns,
						   .object_name = use->name,
						   .caller = use->caller,
						   .last_seen_ms = use->last_seen_ms,
						   .count = -1});
	}
}

/* ---- Helm */

struct manifest {
	struct assess *assess;
	const struct helm_release *release;
};

static void take_manifest_object(const struct manifest *manifest, const json_t *object)
{
	const char *version = document_text(object, "apiVersion"), *kind = document_text(object, "kind"),
		   *ns = document_text(object, "metadata.namespace");
	const struct api_lifecycle *api = version && kind ? knowledge_api_version(version, kind) : NULL;
	struct assess *assess = manifest->assess;
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get(object, "items"), i, item)
		take_manifest_object(manifest, item);
	if (!api || (!api->deprecated && !api->removed))
		return;
	push(assess,
	     (struct api_evidence){.source = API_HELM,
				   .api = api,
				   .object_ns = arena_strdup(assess->arena, ns ? ns : manifest->release->ns),
				   .object_name = arena_strdup(assess->arena, document_text(object, "metadata.name")),
				   .release = arena_printf(assess->arena, "%s/%s", subject_text(manifest->release->ns),
							   subject_text(manifest->release->name)),
				   .release_ns = manifest->release->ns,
				   .release_name = manifest->release->name,
				   .last_seen_ms = manifest->release->updated_ms,
				   .count = -1});
}

static bool manifest_document(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	(void)index;
	(void)line;
	if (!error)
		take_manifest_object(context, document);
	return true;
}

/* Stable versions are never removed, and of them only Endpoints and ComponentStatus are deprecated: without one of
 * these words a manifest need not be parsed. */
static bool may_matter(const char *manifest)
{
	return manifest && (strstr(manifest, "alpha") || strstr(manifest, "beta") || strstr(manifest, "Endpoints") ||
			    strstr(manifest, "ComponentStatus"));
}

static void from_helm(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_helm_releases; i++) {
		const struct helm_release *release = &assess->inventory->helm_releases[i];
		struct manifest manifest = {assess, release};
		if (!may_matter(release->manifest))
			continue;
		struct error *error = yaml_documents(slice_of(release->manifest), subject_text(release->name),
						     manifest_document, &manifest);
		error_free(error);
	}
}

/* ---- the API server's own counting */

static void from_metrics(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_deprecated_requests; i++) {
		const struct deprecated_request *request = &assess->inventory->deprecated_requests[i];
		if (!request->asked)
			continue;
		struct api_evidence *added =
			push(assess,
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

/* ---- callers */

static bool any_in(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

static enum api_caller caller_of(const char *agent)
{
	static const char *const scanners[] = {"kubent", "kube-no-trouble",   "pluto", "kubepug",
					       "eksup",	 "eks-upgrade-agent", NULL};
	static const char *const system[] = {"kube-controller-manager",	 "kube-apiserver",
					     "kube-scheduler",		 "generic-garbage-collector",
					     "namespace-controller",	 "resourcequota-controller",
					     "cloud-controller-manager", "kube-aggregator",
					     "system:apiserver",	 NULL};
	static const char *const listers[] = {"kubectl",
					      "k9s",
					      "Lens",
					      "OpenLens",
					      "kube-state-metrics",
					      "Prometheus",
					      "datadog",
					      "Mozilla",
					      "curl",
					      "headlamp",
					      "dashboard",
					      "newrelic",
					      "dynatrace",
					      "octant",
					      "python-requests",
					      "kube-capacity",
					      "stern",
					      "popeye",
					      "polaris",
					      "trivy",
					      "velero",
					      "OpenAPI-Generator",
					      "okhttp",
					      NULL};
	if (!agent || !*agent)
		return API_CALLER_UNKNOWN;
	if (any_in(agent, scanners))
		return API_CALLER_SCANNER;
	if (any_in(agent, system))
		return API_CALLER_SYSTEM;
	return any_in(agent, listers) ? API_CALLER_LISTER : API_CALLER_CONTROLLER;
}

/* "/apis/policy/v1beta1/namespaces/shop/poddisruptionbudgets/x?…": group, version, resource; false when it is none. */
static bool split_path(const struct assess *assess, const char *path, struct api_evidence *out)
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

static void take_client(struct assess *assess, const json_t *details, const json_t *client)
{
	struct api_evidence evidence = {.source = API_CLIENT, .count = -1};
	const char *agent = document_text(client, "userAgent"), *usage = document_text(details, "usage");
	if (!usage || !split_path(assess, usage, &evidence))
		return;
	document_time(client, "lastRequestTime", &evidence.last_seen_ms);
	if (evidence.last_seen_ms && assess->now_ms - evidence.last_seen_ms > CALLER_FORGOTTEN_MS)
		return;
	evidence.api = knowledge_api_resource(evidence.group, evidence.version, evidence.resource);
	evidence.removed = arena_strdup(assess->arena, document_text(details, "stopServingVersion"));
	evidence.caller = arena_strdup(assess->arena, agent);
	evidence.caller_kind = caller_of(agent);
	evidence.count = document_int_or(client, "numberOfRequestsLast30Days", -1);
	push(assess, evidence);
}

static void from_insights(struct assess *assess)
{
	size_t i, k, m;
	const json_t *call, *details, *client;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_insight"), i, call)
		json_array_foreach (document_at(call, "response.insight.categorySpecificSummary.deprecationDetails"), k,
				    details)
			json_array_foreach (json_object_get(details, "clientStats"), m, client)
				take_client(assess, details, client);
}

/* ---- audit log: rows of CloudWatch Logs Insights, each the event as @message, or its members as fields. */

static bool is_true(const json_t *event, const char *key)
{
	char *flat CLEANUP(mem_freep) = mem_printf("annotations.%s", key);
	const json_t *annotations = json_object_get(event, "annotations"), *here = json_object_get(annotations, key);
	const char *value = json_string_value(here ? here : json_object_get(event, flat));
	return value && !strcmp(value, "true");
}

static json_t *event_of_row(const json_t *row)
{
	size_t i;
	const json_t *cell;
	json_t *event = json_object();
	json_array_foreach (row, i, cell) {
		const char *name = document_text(cell, "field"), *value = document_text(cell, "value");
		json_t *parsed = NULL;
		if (!name || !value)
			continue;
		bool quoted = *name == '`'; /* as the search wrote it */
		char *field CLEANUP(mem_freep) = mem_strndup(name + quoted, strcspn(name + quoted, "`"));
		if (!strcmp(field, "@message")) {
			struct error *error = document_parse(slice_of(value), "event", &parsed);
			error_free(error);
			if (json_is_object(parsed)) {
				json_decref(event);
				return parsed;
			}
			json_decref(parsed);
		} else {
			json_object_set_new(event, field, json_string(value));
		}
	}
	return event;
}

static const char *member(const json_t *event, const char *name)
{
	const char *flat = json_string_value(json_object_get(event, name));
	return flat ? flat : document_text(event, name);
}

static bool acts(const char *verb)
{
	static const char *const words[] = {"create", "update", "patch", "delete", "deletecollection", "watch", NULL};
	for (size_t i = 0; verb && words[i]; i++)
		if (!strcmp(verb, words[i]))
			return true;
	return false;
}

/* What the log says of verbs wins over what the name suggests: who writes or watches is no mere lister. */
static enum api_caller caller_by_verb(const char *agent, const char *verb)
{
	enum api_caller kind = caller_of(agent);
	if (kind == API_CALLER_LISTER && verb && acts(verb) && strcmp(verb, "watch") != 0)
		return API_CALLER_CONTROLLER;
	if (kind == API_CALLER_CONTROLLER && verb && !acts(verb))
		return API_CALLER_LISTER;
	return kind;
}

static int64_t row_count(const json_t *event)
{
	static const char *const names[] = {"count", "count(*)", "requests", "n"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *value = json_object_get(event, names[i]);
		if (json_is_integer(value))
			return json_integer_value(value);
		if (json_is_string(value))
			return strtoll(json_string_value(value), NULL, 10);
	}
	return 1;
}

/* As the event has it, as CloudWatch writes times ("2026-11-24 05:00:00.000", of UTC), or as milliseconds. */
static int64_t row_time(const json_t *event)
{
	static const char *const names[] = {"requestReceivedTimestamp", "last_seen", "@timestamp"};
	int64_t ms = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !ms; i++) {
		const char *value = member(event, names[i]);
		char text[40];
		if (!value)
			continue;
		if (strspn(value, "0123456789") == strlen(value)) {
			ms = strtoll(value, NULL, 10);
			continue;
		}
		snprintf(text, sizeof text, "%s%s", value, strlen(value) > 10 && value[10] == ' ' ? "Z" : "");
		if (text[10] == ' ')
			text[10] = 'T';
		if (!time_parse_rfc3339(slice_of(text), &ms))
			ms = 0;
	}
	return ms;
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(subject_text(a), subject_text(b));
}

bool api_evidence_same_api(const struct api_evidence *a, const struct api_evidence *b)
{
	return same_text(a->group, b->group) && same_text(a->version, b->version) &&
	       same_text(a->resource, b->resource);
}

/* One entry a caller and API, however many events there are. */
static void join_event(struct assess *assess, struct api_evidence evidence, size_t from)
{
	struct api_evidence *all = (struct api_evidence *)(uintptr_t)assess->apis;
	for (size_t i = from; i < assess->n_apis; i++) {
		if (!api_evidence_same_api(&all[i], &evidence) || !same_text(all[i].caller, evidence.caller) ||
		    !same_text(all[i].user, evidence.user))
			continue;
		all[i].count += evidence.count;
		if (evidence.last_seen_ms > all[i].last_seen_ms)
			all[i].last_seen_ms = evidence.last_seen_ms;
		if (evidence.caller_kind == API_CALLER_CONTROLLER)
			all[i].caller_kind = evidence.caller_kind;
		return;
	}
	push(assess, evidence);
}

static void take_event(struct assess *assess, const json_t *event, size_t from)
{
	struct api_evidence evidence = {.source = API_AUDIT_LOG, .count = row_count(event)};
	const char *uri = member(event, "requestURI"), *agent = member(event, "userAgent"),
		   *verb = member(event, "verb"), *resource = member(event, "objectRef.resource"),
		   *version = member(event, "objectRef.apiVersion"), *user = member(event, "user.username"),
		   *removed = json_string_value(
			   json_object_get(json_object_get(event, "annotations"), "k8s.io/removed-release"));
	if (resource && version) {
		evidence.group = arena_strdup(assess->arena, subject_text(member(event, "objectRef.apiGroup")));
		evidence.version = arena_strdup(assess->arena, version);
		evidence.resource = arena_strdup(assess->arena, resource);
	} else if (!uri || !split_path(assess, uri, &evidence)) {
		return;
	}
	evidence.api = knowledge_api_resource(evidence.group, evidence.version, evidence.resource);
	bool known = evidence.api && (evidence.api->deprecated || evidence.api->removed);
	if (!known && !is_true(event, "k8s.io/deprecated"))
		return;
	evidence.last_seen_ms = row_time(event);
	removed = removed ? removed : json_string_value(json_object_get(event, "annotations.k8s.io/removed-release"));
	evidence.removed = arena_strdup(assess->arena, removed);
	evidence.caller = arena_strdup(assess->arena, agent);
	evidence.user = arena_strdup(assess->arena, user);
	evidence.caller_kind = caller_by_verb(agent, verb);
	if (user && caller_of(user) == API_CALLER_SYSTEM)
		evidence.caller_kind = API_CALLER_SYSTEM;
	join_event(assess, evidence, from);
}

static void from_audit_log(struct assess *assess)
{
	size_t i, k, from = assess->n_apis;
	const json_t *call, *row;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_query_results"), i, call)
		json_array_foreach (document_at(call, "response.results"), k, row) {
			json_t *event DOCUMENT_CLEANUP = event_of_row(row);
			take_event(assess, event, from);
		}
	json_array_foreach (assess->inventory->audit_log, i, row)
		take_event(assess, row, from);
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
		if (!path || !split_path(assess, path, &evidence))
			continue;
		evidence.api = knowledge_api_resource(evidence.group, evidence.version, evidence.resource);
		push(assess, evidence);
	}
}

const struct api_evidence *api_evidence_all(struct assess *assess, size_t *ret_n)
{
	if (!assess->has_apis) {
		assess->has_apis = true;
		from_objects(assess);
		from_helm(assess);
		from_metrics(assess);
		from_insights(assess);
		from_audit_log(assess);
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
	return evidence->removed_minor || knowledge_api_deprecated(api, assess->to);
}

static bool is_there(const struct finding *finding, const struct api_evidence *evidence, const char *detail)
{
	for (size_t i = 0; i < finding->n_evidence; i++)
		if (same_text(finding->evidence[i].source, api_source_names[evidence->source]) &&
		    same_text(finding->evidence[i].caller, evidence->caller) &&
		    same_text(finding->evidence[i].detail, detail))
			return true;
	return false;
}

void api_evidence_add(struct assess *assess, struct finding *finding, const struct api_evidence *evidence)
{
	const char *version = api_evidence_version(assess, evidence),
		   *what = evidence->kind ? evidence->kind : subject_text(evidence->resource),
		   *detail = evidence->source == API_HELM
				     ? arena_printf(assess->arena, "release %s has %s %s \"%s\"", evidence->release,
						    version, what, subject_text(evidence->object_name))
			     : evidence->user && *evidence->user
				     ? arena_printf(assess->arena, "%s %s by %s", version, what, evidence->user)
				     : arena_printf(assess->arena, "%s %s", version, what);
	if (is_there(finding, evidence, detail))
		return;
	struct finding_evidence *added =
		assess_evidence(assess, finding, api_source_names[evidence->source], "%s", detail);
	added->caller = evidence->caller;
	added->last_seen_ms = evidence->last_seen_ms;
	added->has_count = evidence->count >= 0;
	added->count = evidence->count >= 0 ? evidence->count : 0;
}

static const char *replacement_of(const struct assess *assess, const struct api_lifecycle *api)
{
	if (!api || !api->replacement_version)
		return NULL;
	const char *group = subject_text(api->replacement_group);
	return arena_printf(assess->arena, "%s%s%s%s%s", group, *group ? "/" : "", api->replacement_version,
			    api->replacement_kind ? " " : "", subject_text(api->replacement_kind));
}

void api_evidence_describe(struct assess *assess, struct finding *finding, const struct api_evidence *evidence)
{
	finding->api_version = api_evidence_version(assess, evidence);
	finding->removed_in = evidence->removed ? evidence->removed : evidence->api ? evidence->api->removed : NULL;
	finding->deprecated_in = evidence->api ? evidence->api->deprecated : NULL;
	finding->replacement = replacement_of(assess, evidence->api);
	if (finding->replacement)
		assess_remedy(assess, finding, "use %s instead of %s", finding->replacement, finding->api_version);
	api_evidence_add(assess, finding, evidence);
}
