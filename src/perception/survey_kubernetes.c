/* Kubernetes' half of the live look: what the server serves, then every list side by side, then its metrics. */
#include <stdlib.h>
#include <string.h>
#include "codec/json.h"
#include "kube/discovery.h"
#include "perception/survey.h"

struct listing {
	struct inventory *inventory;
	struct snapshot *snapshot; /* or NULL */
	const struct kube_kind *kind;
	const char *api_version, *kind_name, *source;
	struct inventory_series series;
};

static bool take(void *context, void *item, struct arena *arena)
{
	struct listing *listing = context;
	inventory_take(listing->inventory, listing->kind, listing->api_version, listing->kind_name, item, arena,
		       &listing->series);
	return true;
}

/* When it is saved too, the object's own text goes to disk first. */
static bool take_whole(void *context, void *item, struct arena *arena)
{
	const struct listing *listing = context;
	const struct inventory_object *whole = item;
	if (!whole->text)
		return true;
	struct slice text = slice_of(whole->text);
	void *object = arena_alloc(arena, listing->kind->model->size);
	snapshot_object(listing->snapshot, listing->api_version, listing->kind_name, text);
	struct error *error =
		json_decode(text, listing->kind_name, JSON_READ_SERVER, listing->kind->model, object, arena);
	if (error)
		inventory_bad(listing->inventory, listing->kind_name, error->message);
	else
		inventory_take(listing->inventory, listing->kind, listing->api_version, listing->kind_name, object,
			       arena, NULL);
	error_free(error);
	return true;
}

static void restarted(void *context)
{
	const struct listing *listing = context;
	listing->inventory->restarted = true;
}

struct plan {
	struct arena *arena;
	const struct survey *survey;
	struct inventory *inventory;
	struct kube_list *lists;
	struct listing **listings;
	size_t n, n_listings;
};

static void add(struct plan *plan, const struct kube_kind *kind, const char *group, const char *version,
		const char *resource, const char *kind_name)
{
	struct arena *arena = plan->arena;
	struct listing *listing = arena_alloc(arena, sizeof *listing);
	const char *place = kind->ns ? arena_printf(arena, "namespaces/%s/", kind->ns) : "";
	const char *base =
		*group ? arena_printf(arena, "/apis/%s/%s", group, version) : arena_printf(arena, "/api/%s", version);
	bool saved = plan->survey->snapshot != NULL;
	*listing = (struct listing){.inventory = plan->inventory,
				    .snapshot = plan->survey->snapshot,
				    .kind = kind,
				    .api_version = *group ? arena_printf(arena, "%s/%s", group, version)
							  : arena_strdup(arena, version),
				    .kind_name = arena_strdup(arena, kind_name),
				    .source = *group ? arena_printf(arena, "kubernetes %s.%s", resource, group)
						     : arena_printf(arena, "kubernetes %s", resource)};
	*ARENA_PUSH(arena, plan->listings, plan->n_listings) = listing;
	*ARENA_PUSH(arena, plan->lists, plan->n) =
		(struct kube_list){.path = arena_printf(arena, "%s/%s%s%s%s", base, place, resource,
							kind->query ? "?" : "", kind->query ? kind->query : ""),
				   .item_model = saved ? &inventory_object_model : kind->model,
				   .fn = saved ? take_whole : take,
				   .restarted = restarted,
				   .context = listing,
				   .changed = saved ? NULL : &listing->series.changed,
				   .metadata_only = !saved && kind->model == &kube_named_model};
}

static const struct kube_served *served_of(const struct kube_discovery *discovery, const char *group,
					   const char *resource)
{
	for (size_t i = 0; i < discovery->n; i++)
		if (discovery->served[i].preferred && !strcmp(discovery->served[i].group, group) &&
		    !strcmp(discovery->served[i].name, resource))
			return &discovery->served[i];
	return NULL;
}

static bool has_row(const struct kube_served *served)
{
	for (size_t i = 0; i < inventory_n_kinds; i++)
		if (!strcmp(inventory_kinds[i].group, served->group) &&
		    !strcmp(inventory_kinds[i].resource, served->name))
			return true;
	return false;
}

/* Kinds that would tell nothing, cost much, hold secrets, or whose reading is itself a deprecated call. */
static bool left_out(const struct kube_served *served)
{
	static const char *const groups[] = {"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io",
					     "events.k8s.io"};
	static const char *const core[] = {"events",  "componentstatuses", "endpoints",
					   "secrets", "podtemplates",	   "bindings"};
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(served->group, groups[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(core) && !*served->group; i++)
		if (!strcmp(served->name, core[i]))
			return true;
	return false;
}

static bool is_undiscovered(const struct kube_discovery *discovery, const struct kube_kind *kind)
{
	size_t n = strlen(kind->group);
	for (size_t i = 0; i < discovery->n_unknown; i++) {
		const char *named = discovery->unknown[i].group_version;
		if (n ? !strncmp(named, kind->group, n) && named[n] == '/' : !strchr(named, '/'))
			return true;
	}
	return false;
}

static void plan_lists(struct plan *plan, const struct kube_discovery *discovery)
{
	for (size_t i = 0; i < inventory_n_kinds; i++) {
		const struct kube_kind *kind = &inventory_kinds[i];
		const struct kube_served *served = served_of(discovery, kind->group, kind->resource);
		if (served)
			add(plan, kind, served->group, served->version, served->name, served->kind);
		else if (kind->version && (!discovery->n || is_undiscovered(discovery, kind)))
			add(plan, kind, kind->group, kind->version, kind->resource, kind->kind);
	}
	for (size_t i = 0; i < discovery->n; i++) {
		const struct kube_served *served = &discovery->served[i];
		if (served->preferred && served->verbs & KUBE_VERB_LIST && !has_row(served) && !left_out(served))
			add(plan, inventory_kind(NULL, NULL), served->group, served->version, served->name,
			    served->kind);
	}
}

/* False when there is no talking to the server at all: then one line says so, not one for each list. Who may only not
 * see what is served may still list what everybody knows. */
static bool discover(struct plan *plan, struct kube_discovery *discovery)
{
	struct error *error ERROR_CLEANUP = kube_discover(plan->survey->kube, plan->arena, discovery);
	bool reached = !error || error->http_status == 403 || error->http_status == 404;
	inventory_source_error(plan->inventory, reached ? "kubernetes discovery" : "kubernetes", error);
	for (size_t i = 0; !error && i < discovery->n_unknown; i++)
		inventory_source(plan->inventory,
				 arena_printf(plan->arena, "kubernetes %s", discovery->unknown[i].group_version),
				 SOURCE_FAILED, discovery->unknown[i].detail);
	return reached;
}

struct text_feed {
	const struct survey *survey;
	struct inventory *inventory;
	struct buf line;
};

static bool feed_metrics(void *context, const char *bytes, size_t n)
{
	struct text_feed *feed = context;
	if (feed->survey->snapshot)
		snapshot_metrics(feed->survey->snapshot, slice_make(bytes, n));
	while (n) {
		const char *end = memchr(bytes, '\n', n);
		size_t part = end ? (size_t)(end - bytes) : n;
		buf_append(&feed->line, bytes, part);
		if (end) {
			inventory_metric_line(feed->inventory, buf_slice(&feed->line));
			buf_clear(&feed->line);
			part++;
		}
		bytes += part;
		n -= part;
	}
	return true;
}

static bool feed_text(void *context, const char *bytes, size_t n)
{
	return buf_append(context, bytes, n);
}

static void ask_texts(struct plan *plan)
{
	struct text_feed feed = {plan->survey, plan->inventory, BUF_INIT(1 << 20)};
	struct buf readyz CLEANUP(buf_done) = BUF_INIT(64 << 10);
	struct http_sink metrics = {feed_metrics, &feed}, health = {feed_text, &readyz};
	struct error *error = kube_get_stream(plan->survey->kube, "/metrics", &metrics);
	inventory_source_error(plan->inventory, "metrics", error);
	error_free(error);
	buf_done(&feed.line);
	error = kube_get_stream(plan->survey->kube, "/readyz?verbose", &health);
	/* "500, not ready" is an answer where the server says it in its own words. */
	bool not_ready = error && error->http_status == 500 &&
			 (strstr(error->message, "[-]") || strstr(error->message, "check failed"));
	inventory_source_error(plan->inventory, "kubernetes readyz", not_ready ? NULL : error);
	char *told = error ? mem_printf("readyz check failed: %s", error->message) : mem_strdup(buf_str(&readyz));
	plan->inventory->readyz = !error || not_ready ? model_pool_text(plan->inventory->pool, told) : NULL;
	free(told);
	error_free(error);
}

void survey_kubernetes(const struct survey *survey, struct inventory *inventory)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct plan plan = {.arena = arena, .survey = survey, .inventory = inventory};
	struct kube_discovery discovery = {0};
	if (survey->progress)
		survey->progress(survey->progress_context, "the cluster's objects");
	if (!discover(&plan, &discovery))
		return;
	plan_lists(&plan, &discovery);
	kube_list_batch(survey->kube, plan.lists, plan.n);
	for (size_t i = 0; i < plan.n; i++) {
		/* What nobody has said to be served may not be; what was, and is not found, was not read. */
		bool absent = !discovery.n && plan.lists[i].error && plan.lists[i].error->class == ERROR_NOT_FOUND;
		inventory_source_error(inventory, plan.listings[i]->source, absent ? NULL : plan.lists[i].error);
		error_free(plan.lists[i].error);
	}
	ask_texts(&plan);
	inventory->warnings = kube_warnings(survey->kube);
}
