/* Discovery: two requests where the server can join all its groups, one a group version elsewhere. */
#include "kube/discovery.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"

static const char ACCEPT[] =
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

struct finder {
	struct arena *arena;
	struct kube_discovery *out;
};

static const char *keep(const struct finder *finder, const json_t *from, const char *key)
{
	return arena_strdup(finder->arena, document_text_or(from, key, ""));
}

static void keep_words(const struct finder *finder, const json_t *list, const char ***ret, size_t *ret_n)
{
	size_t i;
	const json_t *word;
	json_array_foreach (list, i, word)
		if (json_is_string(word))
			*ARENA_PUSH(finder->arena, *ret, *ret_n) = arena_strdup(finder->arena, json_string_value(word));
}

static unsigned verbs_of(const json_t *list)
{
	static const char *const names[] = {"get",    "list",  "watch",	 "create",
					    "update", "patch", "delete", "deletecollection"};
	unsigned verbs = 0;
	size_t i;
	const json_t *word;
	json_array_foreach (list, i, word)
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (json_is_string(word) && !strcmp(json_string_value(word), names[k]))
				verbs |= 1U << k;
	return verbs;
}

static void not_known(const struct finder *finder, const char *group, const char *version, const char *detail)
{
	*ARENA_PUSH(finder->arena, finder->out->unknown, finder->out->n_unknown) =
		(struct kube_undiscovered){arena_printf(finder->arena, "%s%s%s", group, *group ? "/" : "", version),
					   arena_strdup(finder->arena, detail)};
}

/* Groups come with their preferred version first, so the first to serve a resource is its preferred one. */
static bool is_first(const struct kube_discovery *out, const char *group, const char *name)
{
	for (size_t i = 0; i < out->n; i++)
		if (!strcmp(out->served[i].group, group) && !strcmp(out->served[i].name, name))
			return false;
	return true;
}

static struct kube_served *add(const struct finder *finder, const char *group, const char *version, const char *name)
{
	bool preferred = is_first(finder->out, group, name);
	struct kube_served *served = ARENA_PUSH(finder->arena, finder->out->served, finder->out->n);
	*served = (struct kube_served){.group = arena_strdup(finder->arena, group),
				       .version = arena_strdup(finder->arena, version),
				       .name = arena_strdup(finder->arena, name),
				       .preferred = preferred};
	return served;
}

static void take_joined_resource(const struct finder *finder, const char *group, const char *version,
				 const json_t *seen)
{
	struct kube_served *served = add(finder, group, version, document_text_or(seen, "resource", ""));
	served->singular = keep(finder, seen, "singularResource");
	served->kind = keep(finder, seen, "responseKind.kind");
	served->namespaced = !strcmp(document_text_or(seen, "scope", ""), "Namespaced");
	served->verbs = verbs_of(json_object_get(seen, "verbs"));
	keep_words(finder, json_object_get(seen, "shortNames"), &served->short_names, &served->n_short_names);
	size_t i;
	const json_t *below;
	json_array_foreach (json_object_get(seen, "subresources"), i, below)
		*ARENA_PUSH(finder->arena, served->subresources, served->n_subresources) =
			keep(finder, below, "subresource");
}

static void take_joined(const struct finder *finder, const json_t *list)
{
	size_t i, k, m;
	const json_t *group, *version, *resource;
	json_array_foreach (json_object_get(list, "items"), i, group) {
		const char *name = document_text_or(group, "metadata.name", "");
		json_array_foreach (json_object_get(group, "versions"), k, version) {
			const char *text = document_text_or(version, "version", "");
			if (!strcmp(document_text_or(version, "freshness", ""), "Stale"))
				not_known(finder, name, text, "its server does not answer");
			json_array_foreach (json_object_get(version, "resources"), m, resource)
				take_joined_resource(finder, name, text, resource);
		}
	}
}

/* The older form: one document a group version; subresources stand among the resources as "pods/log". */
static void take_resources(const struct finder *finder, const char *group, const char *version, const json_t *list)
{
	size_t i, first = finder->out->n;
	const json_t *seen;
	json_array_foreach (json_object_get(list, "resources"), i, seen) {
		const char *name = document_text_or(seen, "name", "");
		if (strchr(name, '/'))
			continue;
		struct kube_served *served = add(finder, group, version, name);
		served->singular = keep(finder, seen, "singularName");
		served->kind = keep(finder, seen, "kind");
		served->namespaced = document_true(seen, "namespaced");
		served->verbs = verbs_of(json_object_get(seen, "verbs"));
		keep_words(finder, json_object_get(seen, "shortNames"), &served->short_names, &served->n_short_names);
	}
	json_array_foreach (json_object_get(list, "resources"), i, seen) {
		const char *name = document_text_or(seen, "name", ""), *slash = strchr(name, '/');
		for (size_t k = first; slash && k < finder->out->n; k++) {
			struct kube_served *served = &finder->out->served[k];
			if (strlen(served->name) == (size_t)(slash - name) &&
			    !strncmp(served->name, name, (size_t)(slash - name)))
				*ARENA_PUSH(finder->arena, served->subresources, served->n_subresources) =
					arena_strdup(finder->arena, slash + 1);
		}
	}
}

struct group_version {
	const char *group, *version;
};

static void push_version(const struct finder *finder, struct group_version **list, size_t *n, const char *group,
			 const char *version)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*list)[i].group, group) && !strcmp((*list)[i].version, version))
			return;
	*ARENA_PUSH(finder->arena, *list, *n) =
		(struct group_version){arena_strdup(finder->arena, group), arena_strdup(finder->arena, version)};
}

static void collect_versions(const struct finder *finder, const json_t *core, const json_t *groups,
			     struct group_version **list, size_t *n)
{
	size_t i, k;
	const json_t *group, *version;
	json_array_foreach (json_object_get(core, "versions"), i, version)
		if (json_is_string(version))
			push_version(finder, list, n, "", json_string_value(version));
	json_array_foreach (json_object_get(groups, "groups"), i, group) {
		const char *name = document_text_or(group, "name", ""),
			   *preferred = document_text(group, "preferredVersion.version");
		if (preferred)
			push_version(finder, list, n, name, preferred);
		json_array_foreach (json_object_get(group, "versions"), k, version)
			push_version(finder, list, n, name, document_text_or(version, "version", ""));
	}
}

static void ask_each(const struct finder *finder, struct kube *kube, const json_t *core, const json_t *groups)
{
	struct group_version *list = NULL;
	size_t n = 0;
	collect_versions(finder, core, groups, &list, &n);
	struct kube_request *requests = mem_array(n, sizeof *requests);
	for (size_t i = 0; i < n; i++)
		requests[i] = (struct kube_request){.method = "GET",
						    .path = arena_printf(finder->arena,
									 *list[i].group ? "/apis/%s/%s" : "/api%s/%s",
									 list[i].group, list[i].version),
						    .wants_answer = true};
	kube_call_batch(kube, requests, n);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].error)
			not_known(finder, list[i].group, list[i].version, requests[i].error->message);
		else if (!json_is_array(json_object_get(requests[i].answer, "resources")))
			not_known(finder, list[i].group, list[i].version, "the answer is no list of resources");
		else
			take_resources(finder, list[i].group, list[i].version, requests[i].answer);
		error_free(requests[i].error);
		json_decref(requests[i].answer);
	}
	free(requests);
}

static bool is_joined(const json_t *answer)
{
	return !strcmp(document_text_or(answer, "kind", ""), "APIGroupDiscoveryList");
}

static struct error *check_answer(const json_t *answer, const char *path, const char *member)
{
	if (json_is_array(json_object_get(answer, is_joined(answer) ? "items" : member)))
		return NULL;
	return error_remedy(error_new(ERROR_INVALID, "%s: the answer does not say what is served", path),
			    "look at the server's address: a proxy or a gateway may stand there");
}

struct error *kube_discover(struct kube *kube, struct arena *arena, struct kube_discovery *ret)
{
	struct finder finder = {arena, ret};
	struct kube_request requests[2] = {{.method = "GET", .path = "/api", .accept = ACCEPT, .wants_answer = true},
					   {.method = "GET", .path = "/apis", .accept = ACCEPT, .wants_answer = true}};
	*ret = (struct kube_discovery){0};
	kube_call_batch(kube, requests, 2);
	json_t *core DOCUMENT_CLEANUP = requests[0].answer, *groups DOCUMENT_CLEANUP = requests[1].answer;
	struct error *error = requests[0].error ? requests[0].error : requests[1].error;
	if (error)
		error_free(requests[0].error ? requests[1].error : NULL);
	else
		error = check_answer(core, "/api", "versions");
	if (!error)
		error = check_answer(groups, "/apis", "groups");
	if (error)
		return error_wrap(error, "cannot learn what the API server serves");
	if (is_joined(core))
		take_joined(&finder, core);
	if (is_joined(groups))
		take_joined(&finder, groups);
	ret->aggregated = is_joined(core) && is_joined(groups);
	if (!ret->aggregated)
		ask_each(&finder, kube, is_joined(core) ? NULL : core, is_joined(groups) ? NULL : groups);
	return NULL;
}

const struct kube_served *kube_served_kind(const struct kube_discovery *discovery, const char *api_version,
					   const char *kind)
{
	const char *slash = strchr(api_version, '/'), *version = slash ? slash + 1 : api_version;
	struct slice group = slice_make(api_version, slash ? (size_t)(slash - api_version) : 0);
	for (size_t i = 0; i < discovery->n; i++) {
		const struct kube_served *served = &discovery->served[i];
		if (!strcmp(served->kind, kind) && !strcmp(served->version, version) && slice_eq(group, served->group))
			return served;
	}
	return NULL;
}

static bool is_called(const struct kube_served *served, struct slice word, bool short_name)
{
	for (size_t i = 0; short_name && i < served->n_short_names; i++)
		if (slice_eq(word, served->short_names[i]))
			return true;
	const char *const names[] = {served->name, served->singular, served->kind};
	for (size_t i = 0; !short_name && i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == word.n && !strncasecmp(names[i], word.p, word.n))
			return true;
	return false;
}

/* Short names stand behind all full ones, as kubectl has it. */
static const struct kube_served *look_up(const struct kube_discovery *discovery, struct slice word,
					 struct slice version, const char *group)
{
	for (int short_name = 0; short_name < 2; short_name++) {
		for (size_t i = 0; i < discovery->n; i++) {
			const struct kube_served *served = &discovery->served[i];
			bool wanted = version.n ? slice_eq(version, served->version) : served->preferred;
			if (wanted && (!group || !strcmp(group, served->group)) && is_called(served, word, short_name))
				return served;
		}
	}
	return NULL;
}

const struct kube_served *kube_served_named(const struct kube_discovery *discovery, const char *word)
{
	const char *dot = strchr(word, '.'), *second = dot ? strchr(dot + 1, '.') : NULL;
	struct slice name = slice_make(word, dot ? (size_t)(dot - word) : strlen(word)), none = {0};
	if (!dot)
		return look_up(discovery, name, none, NULL);
	struct slice version = slice_make(dot + 1, second ? (size_t)(second - dot - 1) : strlen(dot + 1));
	const struct kube_served *found = look_up(discovery, name, version, second ? second + 1 : "");
	return found ? found : look_up(discovery, name, none, dot + 1);
}

char *kube_served_path(const struct kube_served *served, const char *ns, const char *name, const char *subresource)
{
	bool core = !*served->group, inside = served->namespaced && ns;
	return mem_printf("%s%s/%s%s%s/%s%s%s%s%s", core ? "/api" : "/apis/", served->group, served->version,
			  inside ? "/namespaces/" : "", inside ? ns : "", served->name, name ? "/" : "",
			  name ? name : "", name && subresource ? "/" : "", name && subresource ? subresource : "");
}
