/* Who calls: the clients that EKS counts in its insights, and those in the audit log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "assessment/api_evidence_internal.h"
#include "base/time.h"
#include "codec/document.h"
#include "perception/aws_items.h"

/* A caller that has not been seen for so long has been mended. */
#define CALLER_FORGOTTEN_MS (30 * DAY_MS)

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

static void take_client(struct assess *assess, const json_t *details, const json_t *client)
{
	struct api_evidence evidence = {.source = API_CLIENT, .count = -1};
	const char *agent = document_text(client, "userAgent"), *usage = document_text(details, "usage");
	if (!usage || !api_evidence_split_path(assess, usage, &evidence))
		return;
	document_time(client, "lastRequestTime", &evidence.last_seen_ms);
	if (evidence.last_seen_ms && assess->now_ms - evidence.last_seen_ms > CALLER_FORGOTTEN_MS)
		return;
	evidence.api = knowledge_api_resource(evidence.group, evidence.version, evidence.resource);
	evidence.removed = arena_strdup(assess->arena, document_text(details, "stopServingVersion"));
	evidence.caller = arena_strdup(assess->arena, agent);
	evidence.caller_kind = caller_of(agent);
	evidence.count = document_int_or(client, "numberOfRequestsLast30Days", -1);
	api_evidence_push(assess, evidence);
}

static void from_insights(struct assess *assess)
{
	size_t m;
	const json_t *client;
	EACH_AWS (assess->inventory, "describe_insight", "insight.categorySpecificSummary.deprecationDetails", details)
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

/* One entry a caller and API, however many events there are. */
static void join_event(struct assess *assess, struct api_evidence evidence, size_t from)
{
	struct api_evidence *all = (struct api_evidence *)(uintptr_t)assess->apis;
	for (size_t i = from; i < assess->n_apis; i++) {
		if (!api_evidence_same_api(&all[i], &evidence) ||
		    !api_evidence_same_text(all[i].caller, evidence.caller) ||
		    !api_evidence_same_text(all[i].user, evidence.user))
			continue;
		all[i].count += evidence.count;
		if (evidence.last_seen_ms > all[i].last_seen_ms)
			all[i].last_seen_ms = evidence.last_seen_ms;
		if (evidence.caller_kind == API_CALLER_CONTROLLER)
			all[i].caller_kind = evidence.caller_kind;
		return;
	}
	api_evidence_push(assess, evidence);
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
	} else if (!uri || !api_evidence_split_path(assess, uri, &evidence)) {
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
	size_t i, from = assess->n_apis;
	const json_t *logged;
	EACH_AWS (assess->inventory, "get_query_results", "results", row) {
		json_t *event DOCUMENT_CLEANUP = event_of_row(row);
		take_event(assess, event, from);
	}
	json_array_foreach (assess->inventory->audit_log, i, logged)
		take_event(assess, logged, from);
}

void api_gather_callers(struct assess *assess)
{
	from_insights(assess);
	from_audit_log(assess);
}
