/* Health of Green: API server, nodes, workloads, well in two looks in a row. */
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"
#include "perception/kubernetes_collector.h"

static bool swallow(void *context, const char *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
	return true;
}

/* Why a pod waits, as the kubelet tells it. */
struct pod_item {
	const char *name;
	struct container_state {
		const char *waiting;
		int64_t restarts;
	} * containers;
	size_t n_containers;
};
static const struct field container_fields[] = {
	F_STRING(struct container_state, waiting, "state.waiting.reason", 0, ""),
	F_INT(struct container_state, restarts, "restartCount", 0, ""),
};
static const struct model container_model = MODEL("ContainerStatus", struct container_state, container_fields);
static const struct field pod_fields[] = {
	F_STRING(struct pod_item, name, "metadata.name", 0, ""),
	F_LIST(struct pod_item, containers, n_containers, "status.containerStatuses", 0, &container_model, ""),
};
static const struct model pod_model = MODEL("Pod", struct pod_item, pod_fields);

struct search {
	const char *workload;
	char *found;
};

static bool take_pod(void *context, void *item, struct arena *item_arena)
{
	struct search *search = context;
	const struct pod_item *pod = item;
	size_t n = strlen(search->workload);
	(void)item_arena;
	if (!pod->name || strncmp(pod->name, search->workload, n) != 0 || pod->name[n] != '-')
		return true;
	for (size_t i = 0; i < pod->n_containers && !search->found; i++)
		if (pod->containers[i].waiting)
			search->found = mem_printf("pod %s: %s, %lld restarts", pod->name, pod->containers[i].waiting,
						   (long long)pod->containers[i].restarts);
	return !search->found;
}

/* The pod of a workload that holds it up, in words; NULL when none says so. Only for the screen: its failure is none.
 */
static char *why_waiting(struct kube *kube, const struct workload_info *workload)
{
	struct search search = {.workload = workload->name};
	char *path CLEANUP(mem_freep) =
		mem_printf("/api/v1/namespaces/%s/pods", workload->ns ? workload->ns : "default");
	struct kube_list list = {.path = path, .item_model = &pod_model, .fn = take_pod, .context = &search};
	error_ignore(kube_list(kube, &list));
	return search.found;
}

struct health {
	size_t nodes_ready, workloads_ready;
	const struct workload_info *sick;
	const char *sick_node, *unseen; /* a source that gave nothing */
};

static void judge(const struct cluster_state *state, struct health *ret)
{
	*ret = (struct health){0};
	for (size_t i = 0; i < state->n_nodes; i++) {
		ret->nodes_ready += state->nodes[i].ready;
		ret->sick_node = state->nodes[i].ready ? ret->sick_node : state->nodes[i].name;
	}
	for (size_t i = 0; i < state->n_workloads; i++) {
		bool good = state->workloads[i].ready >= state->workloads[i].replicas;
		ret->workloads_ready += good;
		ret->sick = good ? ret->sick : &state->workloads[i];
	}
	for (size_t i = 0; i < state->n_sources; i++)
		if (!strcmp(state->sources[i].status, "denied") || !strcmp(state->sources[i].status, "failed"))
			ret->unseen = state->sources[i].detail ? state->sources[i].detail : state->sources[i].name;
}

/* Not seen is not well. */
static char *what_waits(struct kube *kube, const struct health *health)
{
	char *why CLEANUP(mem_freep) = NULL;
	if (health->unseen)
		return mem_printf(", not seen: %s", health->unseen);
	if (health->sick_node)
		return mem_printf(", waits for node %s", health->sick_node);
	if (!health->sick)
		return mem_strdup(", nothing runs there");
	why = why_waiting(kube, health->sick);
	return mem_printf(", waits for %s/%s%s%s%s", health->sick->ns ? health->sick->ns : "", health->sick->name,
			  why ? " (" : "", why ? why : "", why ? ")" : "");
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	struct kube *kube;
	struct cluster_state state = {0};
	struct health health;
	struct http_sink sink = {swallow, NULL};
	TRY(world_green(ctx->world, ctx->plan->green_name, &kube));
	TRY(kube_get_stream(kube, "/readyz", &sink));
	TRY(kubernetes_collect_running(kube, ctx->arena, &state));
	judge(&state, &health);
	bool well = state.n_nodes > 0 && state.n_workloads > 0 && health.nodes_ready == state.n_nodes &&
		    health.workloads_ready == state.n_workloads && !health.unseen;
	char *waits CLEANUP(mem_freep) = well ? NULL : what_waits(kube, &health);
	int64_t looks = document_int_or(ctx->memory, "looks", 0);
	ret->poll_after_ms = 20 * SECOND_MS;
	ret->detail = mem_printf("nodes %zu/%zu, workloads %zu/%zu%s", health.nodes_ready, state.n_nodes,
				 health.workloads_ready, state.n_workloads, waits ? waits : "");
	if (!well)
		return looks ? step_remember(ctx, json_pack("{s:i}", "looks", 0)) : NULL;
	if (!looks)
		return step_remember(ctx, json_pack("{s:i}", "looks", 1));
	ret->progress = STEP_DONE;
	return step_record(ctx, "verdict", json_pack("{s:s, s:s}", "verdict", "PASS", "detail", ret->detail));
}

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	(void)ctx;
	ret->detail = mem_strdup("looks");
	ret->poll_after_ms = 1;
	return NULL;
}

const struct step_type health_step = {.executor = "health",
				      .service = "kubernetes",
				      .poll_interval_ms = 20000,
				      .validates = true,
				      .start = start,
				      .poll = poll};
