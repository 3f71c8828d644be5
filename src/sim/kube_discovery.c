/* What the simulated API server says it serves: discovery, old and aggregated, and the minimal schemas clients ask for.
 */
#include "sim/kube_world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *words(const char *list)
{
	json_t *out = json_array();
	while (*list) {
		size_t n = strcspn(list, ",");
		json_array_append_new(out, json_stringn(list, n));
		list += n + (list[n] == ',');
	}
	return out;
}

static json_t *singular(const struct kube_resource *resource)
{
	char text[128];
	size_t n = 0;
	for (const char *p = resource->kind; *p && n < sizeof text - 1; p++)
		text[n++] = (char)tolower((unsigned char)*p);
	return json_stringn(text, n);
}

static const char *const object_verbs = "create,delete,deletecollection,get,list,patch,update,watch";

static const char *subresource_verbs(const char *name)
{
	if (strcmp(name, "eviction") == 0 || strcmp(name, "binding") == 0)
		return "create";
	if (strcmp(name, "log") == 0)
		return "get";
	return strcmp(name, "finalize") == 0 ? "update" : "get,patch,update";
}

static const char *subresource_kind(const struct kube_resource *resource, const char *name, const char **ret_group)
{
	*ret_group = resource->group;
	if (strcmp(name, "eviction") == 0) {
		*ret_group = "policy";
		return "Eviction";
	}
	if (strcmp(name, "scale") == 0) {
		*ret_group = "autoscaling";
		return "Scale";
	}
	return resource->kind;
}

/* Things that can only be created, and answer. */
static const struct {
	const char *group, *plural, *kind;
} reviews[] = {{"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"},
	       {"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"},
	       {"authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"},
	       {"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"}};

static json_t *aggregated_resource(const struct kube_resource *resource)
{
	json_t *subresources = json_array(), *names = words(resource->subresources), *name;
	size_t i;
	json_array_foreach (names, i, name) {
		const char *group, *kind = subresource_kind(resource, json_string_value(name), &group);
		json_array_append_new(subresources,
				      json_pack("{s:O, s:{s:s, s:s, s:s}, s:o}", "subresource", name, "responseKind",
						"group", group, "version",
						group == resource->group ? resource->version : "v1", "kind", kind,
						"verbs", words(subresource_verbs(json_string_value(name)))));
	}
	json_decref(names);
	json_t *row = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:o, s:o}", "resource", resource->plural, "responseKind",
				"group", resource->group, "version", resource->version, "kind", resource->kind, "scope",
				resource->namespaced ? "Namespaced" : "Cluster", "singularResource", singular(resource),
				"verbs", words(object_verbs));
	if (resource->short_names[0])
		json_object_set_new(row, "shortNames", words(resource->short_names));
	if (resource->in_all)
		json_object_set_new(row, "categories", words("all"));
	if (json_array_size(subresources) > 0)
		json_object_set(row, "subresources", subresources);
	json_decref(subresources);
	return row;
}

static json_t *aggregated_version(struct sim_kube *kube, const char *group, const char *version)
{
	json_t *resources = json_array();
	for (size_t i = 0; i < kube->n_kinds; i++) {
		const struct kube_resource *resource = kube->kinds[i]->resource;
		if (kube_served(kube, resource) && strcmp(resource->group, group) == 0 &&
		    strcmp(resource->version, version) == 0)
			json_array_append_new(resources, aggregated_resource(resource));
	}
	for (size_t i = 0; i < ARRAY_SIZE(reviews); i++)
		if (strcmp(reviews[i].group, group) == 0)
			json_array_append_new(resources,
					      json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:s, s:[s]}", "resource",
							reviews[i].plural, "responseKind", "group", group, "version",
							"v1", "kind", reviews[i].kind, "scope", "Cluster",
							"singularResource", reviews[i].kind, "verbs", "create"));
	return json_pack("{s:s, s:o, s:s}", "version", version, "resources", resources, "freshness", "Current");
}

/* Groups in the order of their first resource; each with its versions, the preferred first. */
static json_t *groups_of(struct sim_kube *kube)
{
	json_t *groups = json_object();
	for (size_t i = 0; i < kube->n_kinds + ARRAY_SIZE(reviews); i++) {
		bool review = i >= kube->n_kinds;
		const struct kube_resource *resource = review ? NULL : kube->kinds[i]->resource;
		if (!review && !kube_served(kube, resource))
			continue;
		const char *group = review ? reviews[i - kube->n_kinds].group : resource->group;
		json_t *versions = json_object_get(groups, group),
		       *version = json_string(review ? "v1" : resource->version);
		if (!versions) {
			versions = json_array();
			json_object_set_new(groups, group, versions);
		}
		bool known = false;
		for (size_t j = 0; j < json_array_size(versions); j++)
			known = known || json_equal(json_array_get(versions, j), version);
		if (!known)
			json_array_append(versions, version);
		json_decref(version);
	}
	return groups;
}

static json_t *aggregated(struct sim_kube *kube, bool core)
{
	json_t *groups = groups_of(kube), *items = json_array(), *versions, *version;
	const char *group;
	size_t i;
	json_object_foreach (groups, group, versions) {
		if ((group[0] == '\0') != core)
			continue;
		json_t *list = json_array();
		json_array_foreach (versions, i, version)
			json_array_append_new(list, aggregated_version(kube, group, json_string_value(version)));
		json_t *metadata = core ? json_object() : json_pack("{s:s}", "name", group);
		json_array_append_new(items, json_pack("{s:o, s:o}", "metadata", metadata, "versions", list));
	}
	json_decref(groups);
	return json_pack("{s:s, s:s, s:{}, s:o}", "kind", "APIGroupDiscoveryList", "apiVersion",
			 "apidiscovery.k8s.io/v2", "metadata", "items", items);
}

static json_t *group_document(const char *group, const json_t *versions)
{
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(versions); i++) {
		const char *version = json_string_value(json_array_get(versions, i));
		json_array_append_new(list, json_pack("{s:o, s:s}", "groupVersion",
						      json_sprintf("%s/%s", group, version), "version", version));
	}
	json_t *preferred = json_deep_copy(json_array_get(list, 0));
	return json_pack("{s:s, s:o, s:o}", "name", group, "versions", list, "preferredVersion", preferred);
}

static json_t *group_list(struct sim_kube *kube)
{
	json_t *groups = groups_of(kube), *items = json_array(), *versions;
	const char *group;
	json_object_foreach (groups, group, versions)
		if (group[0])
			json_array_append_new(items, group_document(group, versions));
	json_decref(groups);
	return json_pack("{s:s, s:s, s:o}", "kind", "APIGroupList", "apiVersion", "v1", "groups", items);
}

static void add_plain_resource(json_t *list, const struct kube_resource *resource)
{
	json_t *row =
		json_pack("{s:s, s:o, s:b, s:s, s:o}", "name", resource->plural, "singularName", singular(resource),
			  "namespaced", resource->namespaced, "kind", resource->kind, "verbs", words(object_verbs));
	if (resource->short_names[0])
		json_object_set_new(row, "shortNames", words(resource->short_names));
	if (resource->in_all)
		json_object_set_new(row, "categories", words("all"));
	json_array_append_new(list, row);
	json_t *names = words(resource->subresources), *name;
	size_t i;
	json_array_foreach (names, i, name) {
		const char *group, *kind = subresource_kind(resource, json_string_value(name), &group);
		json_t *sub = json_pack("{s:o, s:s, s:b, s:s, s:o}", "name",
					json_sprintf("%s/%s", resource->plural, json_string_value(name)),
					"singularName", "", "namespaced", resource->namespaced, "kind", kind, "verbs",
					words(subresource_verbs(json_string_value(name))));
		if (group != resource->group) {
			json_object_set_new(sub, "group", json_string(group));
			json_object_set_new(sub, "version", json_string("v1"));
		}
		json_array_append_new(list, sub);
	}
	json_decref(names);
}

static json_t *resource_list(struct sim_kube *kube, struct slice group, struct slice version)
{
	json_t *list = json_array();
	for (size_t i = 0; i < kube->n_kinds; i++) {
		const struct kube_resource *resource = kube->kinds[i]->resource;
		if (kube_served(kube, resource) && slice_eq(group, resource->group) &&
		    slice_eq(version, resource->version))
			add_plain_resource(list, resource);
	}
	for (size_t i = 0; i < ARRAY_SIZE(reviews); i++)
		if (slice_eq(group, reviews[i].group) && slice_eq(version, "v1"))
			json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s, s:[s]}", "name", reviews[i].plural,
							      "singularName", "", "namespaced", 0, "kind",
							      reviews[i].kind, "verbs", "create"));
	if (json_array_size(list) == 0) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "kind", "APIResourceList", "apiVersion", "v1", "groupVersion",
			 group.n ? json_sprintf("%.*s/%.*s", (int)group.n, group.p, (int)version.n, version.p)
				 : json_stringn(version.p, version.n),
			 "resources", list);
}

static void reply_aggregated(struct kube_request *request, bool core)
{
	json_t *document = aggregated(request->kube, core);
	char *text = json_dumps(document, JSON_COMPACT);
	kube_reply_text(request, 200, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", text);
	free(text);
	json_decref(document);
}

static bool serve_one_group(struct kube_request *request)
{
	json_t *groups = groups_of(request->kube);
	json_t *versions = json_object_get(groups, request->segments[1].p);
	if (versions) {
		json_t *document = group_document(request->segments[1].p, versions);
		json_object_set_new(document, "kind", json_string("APIGroup"));
		json_object_set_new(document, "apiVersion", json_string("v1"));
		kube_reply_json(request, 200, document);
	}
	json_decref(groups);
	return versions != NULL;
}

static bool serve_schema(struct kube_request *request)
{
	const struct slice *s = request->segments;
	if (request->n_segments < 2 || !slice_eq(s[0], "openapi"))
		return false;
	const char *accept = kube_header(request, "accept");
	if (slice_eq(s[1], "v2") && accept && strstr(accept, "proto"))
		kube_reply_text(request, 200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", "");
	else if (slice_eq(s[1], "v2"))
		kube_reply_json(request, 200,
				json_pack("{s:s, s:{s:s, s:s}, s:{}, s:{}}", "swagger", "2.0", "info", "title",
					  "Kubernetes", "version", request->kube->version, "paths", "definitions"));
	else if (request->n_segments == 2)
		kube_reply_json(request, 200, json_pack("{s:{}}", "paths"));
	else
		return false;
	return true;
}

bool kube_serve_discovery(struct kube_request *request)
{
	const struct slice *s = request->segments;
	size_t n = request->n_segments;
	const char *accept = kube_header(request, "accept");
	bool together = accept && strstr(accept, "as=APIGroupDiscoveryList");
	if (serve_schema(request))
		return true;
	bool core = slice_eq(s[0], "api");
	if (n == 0 || (!core && !slice_eq(s[0], "apis")))
		return false;
	if (n == 1 && together) {
		reply_aggregated(request, core);
	} else if (n == 1 && core) {
		kube_reply_json(request, 200,
				json_pack("{s:s, s:[s], s:[{s:s, s:s}]}", "kind", "APIVersions", "versions", "v1",
					  "serverAddressByClientCIDRs", "clientCIDR", "0.0.0.0/0", "serverAddress",
					  "10.0.0.10:443"));
	} else if (n == 1) {
		kube_reply_json(request, 200, group_list(request->kube));
	} else if (n == 2 && !core) {
		return serve_one_group(request);
	} else if (n == (core ? 2u : 3u)) {
		json_t *list = resource_list(request->kube, core ? slice_of("") : s[1], core ? s[1] : s[2]);
		if (list)
			kube_reply_json(request, 200, list);
		return list != NULL;
	} else {
		return false;
	}
	return true;
}
