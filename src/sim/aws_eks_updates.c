/* EKS: updates in place and the way back, versions, insights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

#define VERSION_MS (9 * MINUTE_MS)
#define NODE_MS (100 * SECOND_MS)
#define ROLLBACK_WINDOW_MS (7 * DAY_MS)

void sim_updates_free(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_updates; i++) {
		struct sim_update *update = &sim->updates[i];
		char *texts[] = {update->id,   update->cluster, update->group, update->addon,
				 update->type, update->from,	update->to,    update->token};
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			free(texts[k]);
	}
	free(sim->updates);
}

struct sim_update *sim_update_by_token(struct sim *sim, const char *cluster, const char *token)
{
	for (size_t i = 0; token && i < sim->n_updates; i++)
		if (sim->updates[i].token && !strcmp(sim->updates[i].token, token) &&
		    !strcmp(sim->updates[i].cluster, cluster))
			return &sim->updates[i];
	return NULL;
}

struct sim_update *sim_update_begin(struct sim *sim, struct sim_cluster *cluster, const char *group, const char *addon,
				    const char *type, const char *from, const char *to, const char *token,
				    int64_t takes_ms)
{
	struct sim_update *update = HEAP_PUSH(sim->updates, sim->n_updates);
	*update = (struct sim_update){.id = sim_new_id(sim, "u-"),
				      .cluster = mem_strdup(cluster->name),
				      .group = mem_strdup(group),
				      .addon = mem_strdup(addon),
				      .type = mem_strdup(type),
				      .from = mem_strdup(from),
				      .to = mem_strdup(to),
				      .token = mem_strdup(token),
				      .created_ms = sim->now_ms,
				      .next_ms = sim->now_ms + takes_ms};
	struct sim_group *of = group ? sim_group_named(cluster, group) : NULL;
	if (of)
		of->life = LIFE_UPDATING;
	else if (!addon)
		cluster->life = LIFE_UPDATING;
	return update;
}

json_t *sim_update_document(const struct sim_update *update)
{
	static const char *const statuses[] = {"InProgress", "Successful", "Failed", "Cancelled"};
	const char *what = update->addon			   ? "AddonVersion"
			   : !strcmp(update->type, "ConfigUpdate") ? "DesiredSize"
								   : "Version";
	return json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}], s:o, s:[]}", "id", update->id, "status",
			 statuses[update->status], "type", update->type, "params", "type", what, "value", update->to,
			 "createdAt", sim_time(update->created_ms), "errors");
}

static void end_update(struct sim_update *update, enum sim_update_status status)
{
	update->status = status;
	update->next_ms = INT64_MAX;
}

/* One node of the group after the other; ends when none of the old version is left. */
static void roll_nodes(struct sim *sim, struct sim_update *update, struct sim_cluster *cluster, struct sim_group *group)
{
	if (sim_kube_replace_node(cluster->kube, group->name)) {
		update->next_ms = sim->now_ms + NODE_MS;
		sim_cluster_changed(sim, cluster);
		return;
	}
	free(group->version);
	group->version = mem_strdup(update->to);
	group->life = LIFE_ACTIVE;
	end_update(update, UPDATE_SUCCESSFUL);
}

static void advance_update(struct sim *sim, struct sim_update *update)
{
	struct sim_cluster *cluster = sim_cluster_named(sim, update->cluster);
	struct sim_group *group = cluster && update->group ? sim_group_named(cluster, update->group) : NULL;
	if (!cluster || (update->group && !group)) {
		end_update(update, UPDATE_FAILED);
	} else if (update->addon) {
		json_object_set_new(cluster->addons, update->addon, json_string(update->to));
		end_update(update, UPDATE_SUCCESSFUL);
	} else if (group && !strcmp(update->type, "VersionUpdate")) {
		roll_nodes(sim, update, cluster, group);
	} else if (group) {
		group->life = LIFE_ACTIVE;
		end_update(update, UPDATE_SUCCESSFUL);
	} else {
		free(cluster->version);
		cluster->version = mem_strdup(update->to);
		cluster->life = LIFE_ACTIVE;
		sim_kube_set_version(cluster->kube, update->to);
		end_update(update, UPDATE_SUCCESSFUL);
	}
}

void sim_updates_advance(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_updates; i++)
		if (sim->updates[i].next_ms <= sim->now_ms)
			advance_update(sim, &sim->updates[i]);
}

int64_t sim_updates_next_ms(const struct sim *sim)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < sim->n_updates; i++)
		next = sim->updates[i].next_ms < next ? sim->updates[i].next_ms : next;
	return next;
}

/* ---- asking for one */

static const char *running_update(const struct sim *sim, const struct sim_cluster *cluster)
{
	for (size_t i = 0; i < sim->n_updates; i++)
		if (sim->updates[i].status == UPDATE_IN_PROGRESS && !strcmp(sim->updates[i].cluster, cluster->name) &&
		    !sim->updates[i].group && !sim->updates[i].addon)
			return sim->updates[i].id;
	return NULL;
}

/* Back goes one minor, within seven days of the way forth. */
static bool may_roll_back(const struct sim *sim, const struct sim_cluster *cluster, const char *version)
{
	for (size_t i = 0; i < sim->n_updates; i++) {
		const struct sim_update *update = &sim->updates[i];
		if (!strcmp(update->cluster, cluster->name) && !update->group && !update->addon &&
		    update->status == UPDATE_SUCCESSFUL && !strcmp(update->type, "VersionUpdate") &&
		    !strcmp(update->to, cluster->version) && !strcmp(update->from, version))
			return sim->now_ms - update->created_ms <= ROLLBACK_WINDOW_MS;
	}
	return false;
}

/* Why the cluster cannot go to `version`; NULL: it can. The caller's. */
static char *version_refused(const struct sim *sim, const struct sim_cluster *cluster, const char *version)
{
	unsigned now, wanted;
	sim_eks_knows_version(cluster->version, &now);
	if (!sim_eks_knows_version(version, &wanted))
		return mem_strdup("unsupported Kubernetes version");
	if (wanted == now)
		return mem_printf("Cluster is already at version %s", version);
	if (wanted < now && !may_roll_back(sim, cluster, version))
		return mem_printf("Unsupported Kubernetes minor version update from %s to %s", cluster->version,
				  version);
	if (wanted > now + 1)
		return mem_printf("Unsupported Kubernetes minor version update from %s to %s", cluster->version,
				  version);
	for (size_t i = 0; wanted > now && i < cluster->n_groups; i++)
		if (cluster->groups[i].life != LIFE_ABSENT && strcmp(cluster->groups[i].version, cluster->version) != 0)
			return mem_printf("Nodegroups %s must be updated to match cluster version %s before updating "
					  "cluster version; delete or update them and try again",
					  cluster->groups[i].name, cluster->version);
	return NULL;
}

static void update_version(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "name", answer);
	const char *version = document_text_or(input, "version", ""),
		   *token = document_text(input, "clientRequestToken");
	if (!cluster)
		return;
	struct sim_update *update = sim_update_by_token(sim, cluster->name, token);
	if (!update && cluster->life != LIFE_ACTIVE) {
		const char *running = running_update(sim, cluster);
		sim_refuse(answer, 409, "ResourceInUseException",
			   "Cannot UpdateClusterVersion because cluster %s currently has update %s in progress",
			   cluster->name, running ? running : "none");
		return;
	}
	char *why CLEANUP(mem_freep) = update ? NULL : version_refused(sim, cluster, version);
	if (why) {
		sim_refuse(answer, 400, "InvalidParameterException", "%s", why);
		return;
	}
	if (!update) {
		unsigned now, wanted;
		sim_eks_knows_version(cluster->version, &now);
		sim_eks_knows_version(version, &wanted);
		update = sim_update_begin(sim, cluster, NULL, NULL, wanted < now ? "VersionRollback" : "VersionUpdate",
					  cluster->version, version, token, sim_takes(sim, VERSION_MS));
		sim_effect(sim, "eks:UpdateClusterVersion %s %s", cluster->name, version);
	}
	answer->output = json_pack("{s:o}", "update", sim_update_document(update));
}

static void update_group_version(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster;
	struct sim_group *group = sim_eks_group(sim, input, &cluster, answer);
	const char *token = document_text(input, "clientRequestToken");
	if (!group)
		return;
	const char *version = document_text_or(input, "version", cluster->version);
	struct sim_update *update = sim_update_by_token(sim, cluster->name, token);
	if (!update && group->life != LIFE_ACTIVE) {
		sim_refuse(answer, 409, "ResourceInUseException", "Nodegroup %s currently has an update in progress",
			   group->name);
		return;
	}
	if (!update && strcmp(version, cluster->version) != 0) {
		sim_refuse(answer, 400, "InvalidParameterException",
			   "Requested Nodegroup release version is invalid: %s does not go with cluster version %s",
			   version, cluster->version);
		return;
	}
	if (!update) {
		update = sim_update_begin(sim, cluster, group->name, NULL, "VersionUpdate", group->version, version,
					  token, sim_takes(sim, NODE_MS));
		sim_effect(sim, "eks:UpdateNodegroupVersion %s/%s %s", cluster->name, group->name, version);
	}
	answer->output = json_pack("{s:o}", "update", sim_update_document(update));
}

/* ---- looking at them */

static bool is_same(const char *ours, const char *asked)
{
	return ours ? asked && !strcmp(ours, asked) : !asked;
}

static bool is_of(const struct sim_update *update, const json_t *input)
{
	return !strcmp(update->cluster, document_text_or(input, "name", "")) &&
	       is_same(update->group, document_text(input, "nodegroupName")) &&
	       is_same(update->addon, document_text(input, "addonName"));
}

static void list_updates(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *ids = json_array();
	if (!sim_eks_cluster(sim, input, "name", answer)) {
		json_decref(ids);
		return;
	}
	for (size_t i = sim->n_updates; i-- > 0;)
		if (is_of(&sim->updates[i], input))
			json_array_append_new(ids, json_string(sim->updates[i].id));
	sim_page(input, ids, "updateIds", answer);
}

static struct sim_update *update_by_id(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *id = document_text_or(input, "updateId", "");
	if (!sim_eks_cluster(sim, input, "name", answer))
		return NULL;
	for (size_t i = 0; i < sim->n_updates; i++)
		if (!strcmp(sim->updates[i].id, id) && is_of(&sim->updates[i], input))
			return &sim->updates[i];
	sim_refuse(answer, 404, "ResourceNotFoundException", "No update found for ID: %s", id);
	return NULL;
}

static void describe_update(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_update *update = update_by_id(sim, input, answer);
	if (update)
		answer->output = json_pack("{s:o}", "update", sim_update_document(update));
}

static void cancel_update(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_update *update = update_by_id(sim, input, answer);
	if (!update)
		return;
	if (update->status != UPDATE_IN_PROGRESS || strcmp(update->type, "VersionRollback") != 0) {
		sim_refuse(answer, 400, "InvalidRequestException", "Update %s cannot be cancelled", update->id);
		return;
	}
	sim_cluster_named(sim, update->cluster)->life = LIFE_ACTIVE;
	end_update(update, UPDATE_CANCELLED);
	answer->output = json_pack("{s:o}", "update", sim_update_document(update));
}

/* ---- versions */

static void describe_versions(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	static const struct {
		const char *version, *released, *standard_until, *extended_until;
	} rows[] = {
		{"1.36", "2026-08-19", "2027-10-19", "2028-10-19"}, {"1.35", "2026-01-28", "2027-03-27", "2028-03-27"},
		{"1.34", "2025-10-02", "2026-12-02", "2027-12-02"}, {"1.33", "2025-05-29", "2026-07-29", "2027-07-29"},
		{"1.32", "2025-01-23", "2026-03-23", "2027-03-23"}, {"1.31", "2024-09-26", "2025-11-26", "2026-11-26"}};
	json_t *list = json_array(), *asked = json_object_get(input, "clusterVersions"), *one;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t k;
		bool wanted = json_array_size(asked) == 0;
		json_array_foreach (asked, k, one)
			wanted |= json_string_value(one) && !strcmp(json_string_value(one), rows[i].version);
		int64_t until_ms = 0;
		char *standard = mem_printf("%sT00:00:00Z", rows[i].standard_until);
		time_parse_rfc3339(slice_of(standard), &until_ms);
		if (wanted)
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:b, s:s, s:s, s:o, s:s, s:o, s:o}", "clusterVersion",
						rows[i].version, "clusterType", "eks", "defaultVersion", i == 1,
						"defaultPlatformVersion", "eks.7", "versionStatus",
						until_ms > sim->now_ms ? "STANDARD_SUPPORT" : "EXTENDED_SUPPORT",
						"releaseDate", document_printf("%sT00:00:00Z", rows[i].released),
						"endOfStandardSupportDate", standard, "endOfExtendedSupportDate",
						document_printf("%sT00:00:00Z", rows[i].extended_until),
						"kubernetesPatchVersion", document_printf("%s.2", rows[i].version)));
		free(standard);
	}
	sim_page(input, list, "clusterVersions", answer);
}

/* ---- insights */

static bool groups_lag(const struct sim_cluster *cluster)
{
	for (size_t i = 0; i < cluster->n_groups; i++)
		if (cluster->groups[i].life != LIFE_ABSENT && strcmp(cluster->groups[i].version, cluster->version))
			return true;
	return false;
}

static json_t *insight(const struct sim *sim, const struct sim_cluster *cluster, size_t i)
{
	static const struct {
		const char *name, *category, *good, *bad;
	} rows[] = {
		{"Kubelet version skew", "UPGRADE_READINESS", "Node kubelet versions match the cluster's.",
		 "Nodes are behind the control plane; update them before the next minor."},
		{"EKS add-on version compatibility", "UPGRADE_READINESS",
		 "All installed EKS add-on versions are compatible with the next Kubernetes version.", NULL},
		{"Cluster health issues", "UPGRADE_READINESS", "No cluster health issues detected.", NULL},
		{"Deprecated APIs removed in the next Kubernetes version", "UPGRADE_READINESS",
		 "No deprecated API usage detected within the last 30 days.", NULL},
		{"kube-proxy version skew", "ROLLBACK_READINESS", "kube-proxy goes with both versions.", NULL},
	};
	if (i >= ARRAY_SIZE(rows))
		return NULL;
	unsigned minor;
	sim_eks_knows_version(cluster->version, &minor);
	bool bad = rows[i].bad && groups_lag(cluster);
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:{s:s, s:s}}", "id",
			 document_printf("%.8s-0000-4000-8000-00000000000%zu", cluster->id, i), "name", rows[i].name,
			 "category", rows[i].category, "kubernetesVersion", document_printf("1.%u", minor + 1),
			 "lastRefreshTime", sim_time(sim->insights_ms), "lastTransitionTime",
			 sim_time(cluster->created_ms), "description", rows[i].name, "insightStatus", "status",
			 bad ? "WARNING" : "PASSING", "reason", bad ? rows[i].bad : rows[i].good);
}

static void list_insights(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	json_t *list = json_array(), *one, *wanted = document_at(input, "filter.categories"), *category;
	for (size_t i = 0; cluster && (one = insight(sim, cluster, i)); i++) {
		bool asked = json_array_size(wanted) == 0;
		size_t k;
		json_array_foreach (wanted, k, category)
			asked |= json_equal(category, json_object_get(one, "category"));
		if (asked)
			json_array_append(list, one);
		json_decref(one);
	}
	sim_page(input, list, "insights", answer);
}

static void describe_insight(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	struct sim_cluster *cluster = sim_eks_cluster(sim, input, "clusterName", answer);
	json_t *one;
	for (size_t i = 0; cluster && (one = insight(sim, cluster, i)); i++) {
		if (!strcmp(document_text_or(one, "id", ""), document_text_or(input, "id", "?"))) {
			json_object_set_new(one, "recommendation", json_string("See the EKS user guide."));
			answer->output = json_pack("{s:o}", "insight", one);
			return;
		}
		json_decref(one);
	}
	if (cluster)
		sim_refuse(answer, 404, "ResourceNotFoundException", "No insight found.");
}

static void start_refresh(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (!sim_eks_cluster(sim, input, "clusterName", answer))
		return;
	sim->insights_ms = sim->now_ms + 90 * SECOND_MS;
	answer->output = json_pack("{s:s, s:s}", "message", "Insights refresh is in progress", "status", "IN_PROGRESS");
}

static void describe_refresh(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	bool running = sim->insights_ms > sim->now_ms;
	if (!sim_eks_cluster(sim, input, "clusterName", answer))
		return;
	answer->output = json_pack("{s:s, s:s, s:o}", "message", running ? "Insights refresh is in progress" : "done",
				   "status", running ? "IN_PROGRESS" : "COMPLETED", "startedAt",
				   sim_time(sim->insights_ms - 90 * SECOND_MS));
	if (!running)
		json_object_set_new(answer->output, "endedAt", sim_time(sim->insights_ms));
}

const struct sim_operation sim_eks_update_operations[] = {
	{"eks:UpdateClusterVersion", update_version},
	{"eks:UpdateNodegroupVersion", update_group_version},
	{"eks:ListUpdates", list_updates},
	{"eks:DescribeUpdate", describe_update},
	{"eks:CancelUpdate", cancel_update},
	{"eks:DescribeClusterVersions", describe_versions},
	{"eks:ListInsights", list_insights},
	{"eks:DescribeInsight", describe_insight},
	{"eks:StartInsightsRefresh", start_refresh},
	{"eks:DescribeInsightsRefresh", describe_refresh},
	{NULL, NULL},
};
