/* The whole world as a document, and back: what `sim serve --state` keeps. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

enum { FORMAT = 1 };

/* Members that are one word each: by their kind and place. */
enum kind { INTEGER, REAL, TEXT, DOCUMENT };
struct member {
	const char *name;
	enum kind kind;
	size_t offset;
};
#define M(type, kind, name)                                                                                            \
	{                                                                                                              \
#name, kind, offsetof(type, name)                                                                      \
	}

static const struct member world_members[] = {
	M(struct sim, TEXT, kind),
	M(struct sim, TEXT, name),
	M(struct sim, TEXT, base_url),
	M(struct sim, INTEGER, start_ms),
	M(struct sim, INTEGER, now_ms),
	M(struct sim, DOCUMENT, records),
	M(struct sim, REAL, asked),
	M(struct sim, REAL, published),
	M(struct sim, INTEGER, publish_ms),
	M(struct sim, REAL, users_per_s),
	M(struct sim, REAL, requests),
	M(struct sim, REAL, failed),
	M(struct sim, REAL, green_requests),
	M(struct sim, INTEGER, gap_blue_ms),
	M(struct sim, INTEGER, gap_green_ms),
	M(struct sim, INTEGER, longest_gap_ms),
	M(struct sim, DOCUMENT, roles),
	M(struct sim, DOCUMENT, providers),
	M(struct sim, DOCUMENT, argocd_clusters),
	M(struct sim, DOCUMENT, terraform),
	M(struct sim, DOCUMENT, effects),
	M(struct sim, DOCUMENT, calls),
	M(struct sim, DOCUMENT, tokens),
	M(struct sim, DOCUMENT, tags),
	M(struct sim, INTEGER, insights_ms),
	M(struct sim, INTEGER, health_seen),
	M(struct sim, INTEGER, health_now),
	M(struct sim, TEXT, violation),
	M(struct sim, INTEGER, next_id),
	M(struct sim, INTEGER, agent_dice.state),
	M(struct sim, INTEGER, own_dice.state),
	M(struct sim, INTEGER, seed),
};
static const struct member cluster_members[] = {
	M(struct sim_cluster, TEXT, name),
	M(struct sim_cluster, TEXT, id),
	M(struct sim_cluster, TEXT, version),
	M(struct sim_cluster, TEXT, token),
	M(struct sim_cluster, INTEGER, created_ms),
	M(struct sim_cluster, INTEGER, change_ms),
	M(struct sim_cluster, DOCUMENT, associations),
	M(struct sim_cluster, DOCUMENT, addons),
	M(struct sim_cluster, TEXT, load_balancer),
	M(struct sim_cluster, INTEGER, nodes_lost),
	M(struct sim_cluster, INTEGER, sick),
	M(struct sim_cluster, INTEGER, look_ms),
	M(struct sim_cluster, INTEGER, burst_until_ms),
	M(struct sim_cluster, REAL, burst),
};
static const struct member group_members[] = {
	M(struct sim_group, TEXT, name),	 M(struct sim_group, TEXT, instance_type),
	M(struct sim_group, TEXT, version),	 M(struct sim_group, TEXT, token),
	M(struct sim_group, INTEGER, nodes),	 M(struct sim_group, INTEGER, created_ms),
	M(struct sim_group, INTEGER, change_ms), M(struct sim_group, INTEGER, starved),
};
static const struct member cohort_members[] = {
	M(struct sim_cohort, REAL, part), M(struct sim_cohort, INTEGER, settle_ms),  M(struct sim_cohort, REAL, from),
	M(struct sim_cohort, REAL, to),	  M(struct sim_cohort, INTEGER, changed_ms),
};
static const struct member fault_members[] = {
	M(struct sim_fault, TEXT, spec),
	M(struct sim_fault, INTEGER, since_ms),
	M(struct sim_fault, INTEGER, left),
};
static const struct member change_members[] = {M(struct sim_change, TEXT, id), M(struct sim_change, INTEGER, insync_ms),
					       M(struct sim_change, INTEGER, submitted_ms)};
static const struct member update_members[] = {
	M(struct sim_update, TEXT, id),	       M(struct sim_update, TEXT, cluster),
	M(struct sim_update, TEXT, group),     M(struct sim_update, TEXT, addon),
	M(struct sim_update, TEXT, type),      M(struct sim_update, TEXT, from),
	M(struct sim_update, TEXT, to),	       M(struct sim_update, TEXT, token),
	M(struct sim_update, INTEGER, status), M(struct sim_update, INTEGER, created_ms),
	M(struct sim_update, INTEGER, next_ms)};
static const struct member minute_members[] = {
	M(struct sim_minute, REAL, requests),	M(struct sim_minute, REAL, errors), M(struct sim_minute, REAL, refused),
	M(struct sim_minute, REAL, latency_ms), M(struct sim_minute, REAL, p99_ms),
};

static json_t *write_member(const struct member *member, const void *object)
{
	const char *at = (const char *)object + member->offset;
	const char *text;
	json_t *document;
	int64_t number;
	double real;
	switch (member->kind) {
	case INTEGER:
		memcpy(&number, at, sizeof number);
		return json_integer(number);
	case REAL:
		memcpy(&real, at, sizeof real);
		return json_real(real);
	case TEXT:
		memcpy(&text, at, sizeof text);
		return text ? json_string(text) : json_null();
	case DOCUMENT:
		memcpy(&document, at, sizeof document);
		return document ? json_deep_copy(document) : json_null();
	}
	return json_null();
}

static json_t *write_members(const struct member *members, size_t n, const void *object)
{
	json_t *out = json_object();
	for (size_t i = 0; i < n; i++)
		json_object_set_new(out, members[i].name, write_member(&members[i], object));
	return out;
}

static void read_members(const struct member *members, size_t n, const json_t *from, void *object)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(from, members[i].name);
		char *at = (char *)object + members[i].offset;
		int64_t number = json_integer_value(value);
		double real = json_number_value(value);
		char *text = mem_strdup(json_string_value(value));
		json_t *document = json_is_null(value) ? NULL : json_deep_copy(value);
		if (members[i].kind == INTEGER)
			memcpy(at, &number, sizeof number);
		else if (members[i].kind == REAL)
			memcpy(at, &real, sizeof real);
		else if (members[i].kind == TEXT)
			memcpy(at, &text, sizeof text);
		else
			memcpy(at, &document, sizeof document);
		if (members[i].kind != TEXT)
			free(text);
		if (members[i].kind != DOCUMENT)
			json_decref(document);
	}
}

#define WRITE(members, object) write_members((members), ARRAY_SIZE(members), (object))
#define READ(members, from, object) read_members((members), ARRAY_SIZE(members), (from), (object))

static json_t *save_cluster(const struct sim_cluster *cluster)
{
	json_t *out = WRITE(cluster_members, cluster), *groups = json_array(), *minutes = json_array();
	for (size_t i = 0; i < cluster->n_groups; i++) {
		json_t *group = WRITE(group_members, &cluster->groups[i]);
		json_object_set_new(group, "life", json_integer(cluster->groups[i].life));
		json_array_append_new(groups, group);
	}
	for (size_t i = 0; i < cluster->n_minutes; i++)
		json_array_append_new(minutes, WRITE(minute_members, &cluster->minutes[i]));
	json_object_set_new(out, "life", json_integer(cluster->life));
	json_object_set_new(out, "was_complete", json_boolean(cluster->was_complete));
	json_object_set_new(out, "groups", groups);
	json_object_set_new(out, "minutes", minutes);
	json_object_set_new(out, "kube",
			    cluster->kube && cluster->life != LIFE_ABSENT ? sim_kube_save(cluster->kube) : json_null());
	return out;
}

struct error *sim_save(struct sim *sim, struct buf *out)
{
	json_t *document DOCUMENT_CLEANUP = WRITE(world_members, sim);
	json_t *clusters = json_array(), *faults = json_array(), *cohorts = json_array(), *changes = json_array(),
	       *updates = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++)
		json_array_append_new(clusters, save_cluster(&sim->clusters[i]));
	for (size_t i = 0; i < sim->n_faults; i++)
		json_array_append_new(faults, WRITE(fault_members, &sim->faults[i]));
	for (size_t i = 0; i < SIM_COHORTS; i++)
		json_array_append_new(cohorts, WRITE(cohort_members, &sim->cohorts[i]));
	for (size_t i = 0; i < sim->n_changes; i++)
		json_array_append_new(changes, WRITE(change_members, &sim->changes[i]));
	for (size_t i = 0; i < sim->n_updates; i++)
		json_array_append_new(updates, WRITE(update_members, &sim->updates[i]));
	json_object_set_new(document, "updates", updates);
	json_object_set_new(document, "format", json_integer(FORMAT));
	json_object_set_new(document, "clusters", clusters);
	json_object_set_new(document, "faults", faults);
	json_object_set_new(document, "cohorts", cohorts);
	json_object_set_new(document, "changes", changes);
	json_object_set_new(document, "applications", sim_argocd_save(sim));
	json_object_set_new(document, "jobs", sim_jobs_save(sim));
	document_print(document, false, out);
	return out->overflowed ? error_new(ERROR_STATE, "cannot save the world: it is larger than %zu bytes", out->max)
			       : NULL;
}

static struct error *load_cluster(const json_t *from, struct sim_cluster *cluster)
{
	const json_t *groups = json_object_get(from, "groups"), *minutes = json_object_get(from, "minutes"),
		     *kube = json_object_get(from, "kube");
	READ(cluster_members, from, cluster);
	cluster->life = (enum sim_life)json_integer_value(json_object_get(from, "life"));
	cluster->was_complete = json_is_true(json_object_get(from, "was_complete"));
	if (!cluster->name || !cluster->id || !cluster->version || !cluster->load_balancer ||
	    cluster->life > LIFE_FAILED)
		return error_new(ERROR_INVALID, "a cluster in it has no name, id or life");
	for (size_t i = 0; i < json_array_size(groups) && i < SIM_MAX_GROUPS; i++) {
		struct sim_group *group = &cluster->groups[cluster->n_groups++];
		READ(group_members, json_array_get(groups, i), group);
		group->life = (enum sim_life)json_integer_value(json_object_get(json_array_get(groups, i), "life"));
		if (!group->name || !group->instance_type || !group->version || group->life > LIFE_FAILED)
			return error_new(ERROR_INVALID, "a node group of \"%s\" has no name, type or life",
					 cluster->name);
	}
	for (size_t i = 0; i < json_array_size(minutes); i++)
		READ(minute_members, json_array_get(minutes, i), HEAP_PUSH(cluster->minutes, cluster->n_minutes));
	if (cluster->life == LIFE_ABSENT)
		return NULL;
	TRY(sim_kube_load(kube, &cluster->kube));
	cluster->ready = sim_kube_ready(cluster->kube, NULL);
	return NULL;
}

static struct error *load_faults(struct sim *sim, const json_t *faults)
{
	for (size_t i = 0; i < json_array_size(faults) && i < SIM_MAX_FAULTS; i++) {
		struct sim_fault words = {.spec = NULL};
		READ(fault_members, json_array_get(faults, i), &words);
		struct error *error = words.spec ? sim_fault_parse(words.spec, &sim->faults[sim->n_faults])
						 : error_new(ERROR_INVALID, "a fault in it has no words");
		free(words.spec);
		TRY(error);
		sim->faults[sim->n_faults].since_ms = words.since_ms;
		sim->faults[sim->n_faults].left = words.left;
		sim->n_faults++;
	}
	return NULL;
}

static struct error *load_parts(struct sim *sim, const json_t *document)
{
	const json_t *clusters = json_object_get(document, "clusters"), *cohorts = json_object_get(document, "cohorts"),
		     *changes = json_object_get(document, "changes");
	if (!sim->name || !json_is_array(sim->records) || json_array_size(clusters) == 0 ||
	    json_array_size(clusters) > SIM_MAX_CLUSTERS)
		return error_new(ERROR_INVALID, "it lacks names, records or clusters");
	for (size_t i = 0; i < json_array_size(clusters); i++)
		TRY(load_cluster(json_array_get(clusters, i), &sim->clusters[sim->n_clusters++]));
	for (size_t i = 0; i < json_array_size(cohorts) && i < SIM_COHORTS; i++)
		READ(cohort_members, json_array_get(cohorts, i), &sim->cohorts[i]);
	for (size_t i = 0; i < json_array_size(changes); i++)
		READ(change_members, json_array_get(changes, i), HEAP_PUSH(sim->changes, sim->n_changes));
	const json_t *updates = json_object_get(document, "updates");
	for (size_t i = 0; i < json_array_size(updates); i++) {
		struct sim_update *update = HEAP_PUSH(sim->updates, sim->n_updates);
		READ(update_members, json_array_get(updates, i), update);
		if (!update->id || !update->cluster || !update->type || !update->to || update->status < 0 ||
		    update->status > UPDATE_CANCELLED)
			return error_new(ERROR_INVALID, "an update in it has no id, cluster, type or end");
	}
	TRY(load_faults(sim, json_object_get(document, "faults")));
	if (!sim_argocd_load(sim, json_object_get(document, "applications")))
		return error_new(ERROR_INVALID, "its applications cannot be read");
	if (!sim_jobs_load(sim, json_object_get(document, "jobs")))
		return error_new(ERROR_INVALID, "its programs cannot be read");
	return NULL;
}

struct error *sim_load(struct slice text, struct sim **ret)
{
	json_t *document DOCUMENT_CLEANUP = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
	if (!json_is_object(document) || json_integer_value(json_object_get(document, "format")) != FORMAT)
		return error_new(ERROR_INVALID, "not a saved world of format %d", FORMAT);
	struct sim *sim = sim_new_bare((uint64_t)json_integer_value(json_object_get(document, "seed")));
	READ(world_members, document, sim);
	struct error *error = load_parts(sim, document);
	if (error) {
		sim_free(sim);
		return error_wrap(error, "not a saved world");
	}
	*ret = sim;
	return NULL;
}

/* ---- behind another door */

/* Every text that begins with the old address begins with the new one. */
static json_t *moved(json_t *document, const char *from, const char *to)
{
	const char *text = json_string_value(document), *key;
	size_t n = strlen(from), i;
	json_t *value;
	void *safe;
	if (text && !strncmp(text, from, n) && (text[n] == '/' || text[n] == '\0'))
		return json_sprintf("%s%s", to, text + n);
	if (json_is_array(document))
		json_array_foreach (document, i, value)
			json_array_set_new(document, i, moved(value, from, to));
	else if (json_is_object(document))
		json_object_foreach_safe (document, safe, key, value)
			json_object_set_new(document, key, moved(value, from, to));
	return json_incref(document);
}

void sim_set_base_url(struct sim *sim, const char *base_url)
{
	if (sim->base_url && base_url && strcmp(sim->base_url, base_url) != 0) {
		json_t *documents[] = {sim->argocd_clusters, sim->terraform};
		for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
			if (documents[i])
				json_decref(moved(documents[i], sim->base_url, base_url));
		for (size_t i = 0; i < sim->n_apps; i++)
			json_decref(moved(sim->apps[i].spec, sim->base_url, base_url));
	}
	free(sim->base_url);
	sim->base_url = mem_strdup(base_url);
}
