/* CloudWatch Logs: the audit log of each cluster, searched for deprecated calls. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

/* A search takes so long; its id says when it began and of which cluster it is. */
enum { SEARCH_MS = 50 };

static struct sim_cluster *cluster_of_group(struct sim *sim, const char *group)
{
	for (size_t i = 0; i < sim->n_clusters; i++) {
		char *name CLEANUP(mem_freep) = mem_printf("/aws/eks/%s/cluster", sim->clusters[i].name);
		if (sim->clusters[i].life != LIFE_ABSENT && !strcmp(name, group))
			return &sim->clusters[i];
	}
	return NULL;
}

static void start_query(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *group = document_text_or(input, "logGroupName", ""),
		   *text = document_text_or(input, "queryString", "");
	int64_t from_s = document_int_or(input, "startTime", 0), to_s = document_int_or(input, "endTime", 0);
	struct sim_cluster *cluster = cluster_of_group(sim, group);
	if (!cluster)
		sim_refuse(answer, 400, "ResourceNotFoundException",
			   "Log group '%s' does not exist for account ID '" SIM_ACCOUNT "'", group);
	else if (!*text || from_s > to_s)
		sim_refuse(answer, 400, !*text ? "MalformedQueryException" : "InvalidParameterException",
			   !*text ? "the query is empty" : "End time should not be less than start time");
	else
		answer->output =
			json_pack("{s:o}", "queryId",
				  document_printf("%08llx-0000-4000-8000-%.12s",
						  (unsigned long long)(sim->now_ms - sim->start_ms), cluster->id));
}

/* NULL: refused. */
static struct sim_cluster *queried(struct sim *sim, const json_t *input, int64_t *ret_began_ms,
				   struct sim_answer *answer)
{
	const char *id = document_text_or(input, "queryId", ""), *dash = strrchr(id, '-');
	*ret_began_ms = sim->start_ms + strtoll(id, NULL, 16);
	for (size_t i = 0; dash && i < sim->n_clusters; i++)
		if (!strncmp(sim->clusters[i].id, dash + 1, 12))
			return &sim->clusters[i];
	sim_refuse(answer, 400, "ResourceNotFoundException", "Query %s does not exist", id);
	return NULL;
}

static json_t *row_of(json_t *call)
{
	json_t *row = json_array(), *value;
	const char *name;
	json_object_foreach (call, name, value)
		if (*json_string_value(value))
			json_array_append_new(row, json_pack("{s:s, s:O}", "field", name, "value", value));
	return row;
}

static void query_results(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	int64_t began_ms;
	struct sim_cluster *cluster = queried(sim, input, &began_ms, answer);
	if (!cluster)
		return;
	bool running = sim->now_ms < began_ms + SEARCH_MS;
	json_t *calls DOCUMENT_CLEANUP = running ? json_array() : sim_kube_deprecated_calls(cluster->kube), *call,
		      *rows = json_array();
	size_t i;
	json_array_foreach (calls, i, call)
		json_array_append_new(rows, row_of(call));
	answer->output = json_pack("{s:s, s:o, s:{s:f, s:f, s:f}}", "status", running ? "Running" : "Complete",
				   "results", rows, "statistics", "recordsMatched", (double)json_array_size(rows),
				   "recordsScanned", 48211.0, "bytesScanned", 61709312.0);
}

static void stop_query(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	int64_t began_ms;
	if (queried(sim, input, &began_ms, answer))
		answer->output = json_pack("{s:b}", "success", 1);
}

static void log_groups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *prefix = document_text_or(input, "logGroupNamePrefix", "");
	json_t *list = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++) {
		const struct sim_cluster *cluster = &sim->clusters[i];
		char *name CLEANUP(mem_freep) = mem_printf("/aws/eks/%s/cluster", cluster->name);
		if (cluster->life != LIFE_ABSENT && !strncmp(name, prefix, strlen(prefix)))
			json_array_append_new(list,
					      json_pack("{s:s, s:I, s:s}", "logGroupName", name, "creationTime",
							(json_int_t)cluster->created_ms, "logGroupClass", "STANDARD"));
	}
	sim_page(input, list, "logGroups", answer);
}

const struct sim_operation sim_logs_operations[] = {
	{"logs:StartQuery", start_query},
	{"logs:GetQueryResults", query_results},
	{"logs:StopQuery", stop_query},
	{"logs:DescribeLogGroups", log_groups},
	{NULL, NULL},
};
