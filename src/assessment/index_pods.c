/* Pods: whose they are, on which node, in which groups, and what many checks ask of each, found out once. */
#include "assessment/index_internal.h"

/* A ReplicaSet that is not in the inventory still tells its Deployment by its name: NAME-HASH. */
static const char *name_without_hash(const struct assess *assess, const struct kube_pod *pod, const char *name)
{
	const char *hash = kube_meta_label(&pod->meta, "pod-template-hash");
	size_t n = strlen(name), m = hash ? strlen(hash) : 0;
	return m && n > m + 1 && name[n - m - 1] == '-' && !strcmp(name + n - m, hash)
		       ? arena_strndup(assess->index->arena, name, n - m - 1)
		       : NULL;
}

static void find_owner(const struct assess *assess, const struct kube_pod *pod, const char **ret_kind,
		       const char **ret_name)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	*ret_kind = "Pod";
	*ret_name = pod->meta.name;
	if (!owner || !owner->kind || !owner->name)
		return;
	*ret_kind = owner->kind;
	*ret_name = owner->name;
	const struct kube_workload *between = index_workload(assess, owner->kind, pod->meta.ns, owner->name);
	const struct kube_owner *above = between ? kube_meta_controller(&between->meta) : NULL;
	if (above && above->kind && above->name) {
		*ret_kind = above->kind;
		*ret_name = above->name;
	} else if (!between && !strcmp(owner->kind, "ReplicaSet")) {
		const char *name = name_without_hash(assess, pod, owner->name);
		*ret_kind = name ? "Deployment" : owner->kind;
		*ret_name = name ? name : owner->name;
	}
}

static const struct kube_workload *find_workload(const struct assess *assess, const struct kube_pod *pod)
{
	const char *kind, *name;
	find_owner(assess, pod, &kind, &name);
	return strcmp(kind, "Pod") ? index_workload(assess, kind, pod->meta.ns, name) : NULL;
}

static bool is_ours(const struct assess *assess, const struct kube_pod *pod)
{
	uintptr_t from = (uintptr_t)assess->inventory->pods, at = (uintptr_t)pod;
	return at >= from && at < (uintptr_t)(assess->inventory->pods + assess->inventory->n_pods);
}

const struct kube_workload *index_pod_workload(const struct assess *assess, const struct kube_pod *pod)
{
	if (!is_ours(assess, pod))
		return find_workload(assess, pod);
	uint32_t number = assess->index->workload_of[pod - assess->inventory->pods];
	return number ? &assess->inventory->workloads[number - 1] : NULL;
}

void index_pod_owner(const struct assess *assess, const struct kube_pod *pod, const char **ret_kind,
		     const char **ret_name)
{
	const struct kube_workload *known = is_ours(assess, pod) ? index_pod_workload(assess, pod) : NULL;
	if (known) {
		*ret_kind = known->kind;
		*ret_name = known->meta.name;
	} else {
		find_owner(assess, pod, ret_kind, ret_name);
	}
}

const struct kube_node *index_pod_node(const struct assess *assess, const struct kube_pod *pod)
{
	uint32_t number = assess->index->node_of[pod - assess->inventory->pods];
	return number ? &assess->inventory->nodes[number - 1] : NULL;
}

/* ---- what is asked of each pod by many */

const char *index_hold(const struct pair *annotations, size_t n)
{
	static const struct pair holds[] = {{"karpenter.sh/do-not-disrupt", "true"},
					    {"karpenter.sh/do-not-evict", "true"},
					    {"karpenter.sh/do-not-consolidate", "true"},
					    {"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"}};
	for (size_t i = 0; i < ARRAY_SIZE(holds); i++) {
		const char *value = kube_pairs_get(annotations, n, holds[i].key);
		if (value && !strcmp(value, holds[i].value))
			return holds[i].key;
	}
	return NULL;
}

static unsigned facts_of(const struct kube_pod *pod)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	const char *kind = owner && owner->kind ? owner->kind : "";
	bool finished = kube_pod_finished(pod), mirror = kube_pod_mirror(pod);
	return (index_hold(pod->meta.annotations, pod->meta.n_annotations) ? POD_HELD : 0) |
	       (finished ? POD_FINISHED : 0) | (finished || pod->meta.deletion_ms ? 0 : POD_LIVES) |
	       (kube_pod_ready(pod) ? POD_READY : 0) | (mirror ? POD_MIRROR : 0) | (owner ? POD_OWNED : 0) |
	       (!strcmp(kind, "DaemonSet") || !strcmp(kind, "Node") ? POD_DAEMON : 0) |
	       (!strcmp(kind, "StatefulSet") ? POD_STATEFUL : 0);
}

static bool is_drained(const struct assess *assess, const struct kube_pod *pod, unsigned facts)
{
	const char *kind, *name;
	if ((facts & (POD_LIVES | POD_DAEMON | POD_MIRROR)) != POD_LIVES)
		return false;
	index_pod_owner(assess, pod, &kind, &name);
	return !index_is_eks_own(assess, pod->meta.ns, name);
}

static unsigned find_facts(const struct assess *assess, const struct kube_pod *pod)
{
	unsigned facts = facts_of(pod);
	return is_drained(assess, pod, facts) ? facts | POD_DRAINED : facts;
}

static bool says_the_same(const struct kube_pod *a, const struct kube_pod *b)
{
	return a->phase == b->phase && a->conditions == b->conditions && a->n_conditions == b->n_conditions &&
	       a->meta.annotations == b->meta.annotations && a->meta.n_annotations == b->meta.n_annotations &&
	       a->meta.owners == b->meta.owners && a->meta.n_owners == b->meta.n_owners &&
	       !a->meta.deletion_ms == !b->meta.deletion_ms;
}

/* Replicas stand one after the other, and mostly say the same. */
static void find_all_facts(struct assess *assess)
{
	const struct kube_pod *pods = assess->inventory->pods;
	const struct assess_index *index = assess->index;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		bool same = i && index->workload_of[i] && index->workload_of[i] == index->workload_of[i - 1] &&
			    says_the_same(&pods[i], &pods[i - 1]);
		index->facts[i] = same ? index->facts[i - 1] : (uint16_t)find_facts(assess, &pods[i]);
	}
}

unsigned index_pod_facts(const struct assess *assess, const struct kube_pod *pod)
{
	return is_ours(assess, pod) ? assess->index->facts[pod - assess->inventory->pods] : find_facts(assess, pod);
}

struct named_node {
	const char *name;
	uint32_t number;
};

/* The node of a pod has mostly the very text for its name, in which case it is not searched by value. */
static void find_nodes(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct index_table table = {.n = 0};
	struct named_node *named;
	bool fresh;
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		named = index_entry(&table, inventory->nodes[i].meta.name, sizeof *named, &fresh);
		if (fresh)
			named->number = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const char *name = inventory->pods[i].node_name;
		if (!name)
			continue;
		named = index_entry(&table, name, sizeof *named, &fresh);
		const struct kube_node *node = fresh ? index_node(assess, name) : NULL;
		if (node)
			named->number = (uint32_t)(node - inventory->nodes) + 1;
		assess->index->node_of[i] = named->number;
	}
	free(table.entries);
}

/* Replicas stand one after the other: what the one before was said to be of holds for the next. */
static void find_workloads(struct assess *assess)
{
	const struct kube_pod *pods = assess->inventory->pods;
	uint32_t *workload_of = assess->index->workload_of;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_meta *meta = &pods[i].meta, *last = i ? &pods[i - 1].meta : NULL;
		bool same = last && meta->ns == last->ns && meta->owners == last->owners &&
			    meta->n_owners == last->n_owners && meta->labels == last->labels &&
			    meta->n_labels == last->n_labels && workload_of[i - 1];
		const struct kube_workload *found = same ? NULL : find_workload(assess, &pods[i]);
		if (same)
			workload_of[i] = workload_of[i - 1];
		else if (found)
			workload_of[i] = (uint32_t)(found - assess->inventory->workloads) + 1;
	}
}

/* ---- pods in groups */

static int by_ns_order(const void *left, const void *right, void *pods)
{
	const struct kube_meta *a = &((const struct kube_pod *)pods)[*(const uint32_t *)left].meta,
			       *b = &((const struct kube_pod *)pods)[*(const uint32_t *)right].meta;
	int order = index_text_order(a->ns, b->ns);
	return order ? order : index_text_order(a->name, b->name);
}

struct pod_list index_namespace_pods(const struct assess *assess, const char *ns)
{
	struct pod_list all = {assess->inventory->pods, assess->index->by_ns, assess->inventory->n_pods};
	size_t low = 0, high = all.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (index_text_order(pod_at(all, middle)->meta.ns, ns) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < all.n && !index_text_order(pod_at(all, end)->meta.ns, ns))
		end++;
	return (struct pod_list){all.all, all.at + low, end - low};
}

/* The API server lists them so. */
static void sort_by_ns(const struct inventory *inventory, uint32_t *pods)
{
	size_t in_order = 1, n = inventory->n_pods;
	while (in_order < n && by_ns_order(&pods[in_order - 1], &pods[in_order], inventory->pods) <= 0)
		in_order++;
	if (in_order < n)
		qsort_r(pods, n, sizeof *pods, by_ns_order, inventory->pods);
}

/* Gives the pods by what `number_of` says of each (0: left out), those of one by namespace and name; *ret_from: where
 * those of each of the `n` begin, with one more at the end. */
static uint32_t *group(const struct assess *assess, const uint32_t *number_of, size_t n, uint32_t **ret_from)
{
	const struct inventory *inventory = assess->inventory;
	uint32_t *by_ns = assess->index->by_ns, *grouped;
	uint32_t *from = *ret_from = mem_array(n + 2, sizeof *from);
	for (size_t i = 0; i < inventory->n_pods; i++)
		if (number_of[i])
			from[number_of[i] + 1]++;
	for (size_t i = 2; i <= n + 1; i++)
		from[i] += from[i - 1];
	grouped = mem_array(from[n + 1], sizeof *grouped);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		uint32_t number = number_of[by_ns[i]];
		if (number)
			grouped[from[number]++] = by_ns[i];
	}
	return grouped;
}

struct pod_list index_node_pods(const struct assess *assess, const struct kube_node *node)
{
	const uint32_t *from = &assess->index->from_node[node - assess->inventory->nodes];
	return (struct pod_list){assess->inventory->pods, assess->index->by_node + from[0], from[1] - from[0]};
}

struct pod_list index_workload_pods(const struct assess *assess, const struct kube_workload *workload)
{
	const uint32_t *from = &assess->index->from_workload[workload - assess->inventory->workloads];
	return (struct pod_list){assess->inventory->pods, assess->index->by_workload + from[0], from[1] - from[0]};
}

static void count_uses(const struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct assess_index *index = assess->index;
	index->uses = mem_array(inventory->n_nodes, sizeof *index->uses);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		int64_t milli, bytes;
		if (!index->node_of[i] || index->facts[i] & POD_FINISHED)
			continue;
		struct node_use *use = &index->uses[index->node_of[i] - 1];
		index_pod_requests(assess, &inventory->pods[i], &milli, &bytes);
		use->milli += milli;
		use->bytes += bytes;
		use->pods++;
	}
}

const struct node_use *index_node_use(const struct assess *assess, const struct kube_node *node)
{
	if (!assess->index->uses)
		count_uses(assess);
	return &assess->index->uses[node - assess->inventory->nodes];
}

void index_build_pods(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct assess_index *index = assess->index;
	index->by_ns = mem_array(inventory->n_pods, sizeof *index->by_ns);
	index->facts = mem_array(inventory->n_pods, sizeof *index->facts);
	index->node_of = mem_array(inventory->n_pods, sizeof *index->node_of);
	index->workload_of = mem_array(inventory->n_pods, sizeof *index->workload_of);
	for (size_t i = 0; i < inventory->n_pods; i++)
		index->by_ns[i] = (uint32_t)i;
	sort_by_ns(inventory, index->by_ns);
	find_nodes(assess);
	find_workloads(assess);
	find_all_facts(assess);
	index->by_node = group(assess, index->node_of, inventory->n_nodes, &index->from_node);
	index->by_workload = group(assess, index->workload_of, inventory->n_workloads, &index->from_workload);
}

/* ---- requests of specs */

void index_pod_requests(const struct assess *assess, const struct kube_pod *pod, int64_t *ret_milli_cpu,
			int64_t *ret_bytes)
{
	struct assess_index *index = assess->index;
	*ret_milli_cpu = *ret_bytes = 0;
	if (!pod->spec)
		return;
	bool fresh;
	struct requested *requested = index_entry(&index->requested, pod->spec, sizeof *requested, &fresh);
	if (fresh)
		spec_requests(pod->spec, &requested->milli, &requested->bytes);
	*ret_milli_cpu = requested->milli;
	*ret_bytes = requested->bytes;
}
