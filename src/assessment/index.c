/* Tables over the inventory, made once before the checks run. Texts of the inventory are pooled, but questions come
 * with texts of their own too: everything is sorted and searched by value. */
#include "assessment/index.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

struct parsed {
	const char *text;
	json_t *document;
	struct label_selector *selector; /* as which it was asked for; or NULL */
};
struct selected {
	const struct kube_pdb *pdb;
	size_t from, n;
};

struct requested {
	const struct kube_pod_spec *spec;
	int64_t milli, bytes;
};

/* Where a number stands for a node or workload of the inventory it is its index there + 1; 0: none. */
struct assess_index {
	struct arena *arena;
	const struct kube_node **nodes;		/* by name */
	const struct kube_node **instances;	/* by what they are at AWS */
	const struct kube_workload **workloads; /* by kind, namespace, name */
	const struct kube_pod **by_node, **by_workload, **by_ns, **of_pdbs;
	uint32_t *from_node,
		*from_workload;		 /* where the pods of each begin in these, in the inventory's order; one more */
	uint32_t *node_of, *workload_of; /* of the inventory's pods, in its order */
	uint8_t *facts;
	size_t n_of_pdbs;
	struct selected *selections; /* by pdb, in the inventory's order */
	struct parsed *parsed;
	size_t n_parsed, parsed_capacity;
	struct requested *requested;
	size_t n_requested, requested_capacity;
};

static int text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

/* ---- parsed texts */

/* Where a pointer is looked for first; capacities are powers of two. */
static size_t slot_of(const void *pointer, size_t capacity)
{
	return ((uintptr_t)pointer >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (capacity - 1);
}

static size_t parsed_slot(const struct assess_index *index, const char *text)
{
	size_t at = slot_of(text, index->parsed_capacity);
	while (index->parsed[at].text && index->parsed[at].text != text)
		at = (at + 1) & (index->parsed_capacity - 1);
	return at;
}

static void grow_parsed(struct assess_index *index)
{
	struct parsed *old = index->parsed;
	size_t n = index->parsed_capacity;
	index->parsed_capacity = n ? n * 2 : 256;
	index->parsed = mem_array(index->parsed_capacity, sizeof *index->parsed);
	for (size_t i = 0; i < n; i++)
		if (old[i].text)
			index->parsed[parsed_slot(index, old[i].text)] = old[i];
	free(old);
}

static struct parsed *parsed_of(struct assess_index *index, const char *pooled_text)
{
	if (index->n_parsed * 2 >= index->parsed_capacity)
		grow_parsed(index);
	struct parsed *parsed = &index->parsed[parsed_slot(index, pooled_text)];
	if (parsed->text)
		return parsed;
	parsed->text = pooled_text;
	index->n_parsed++;
	struct error *error = document_parse(slice_of(pooled_text), "object", &parsed->document);
	if (error)
		parsed->document = NULL;
	error_free(error);
	return parsed;
}

const json_t *assess_json(struct assess *assess, const char *pooled_text)
{
	return pooled_text ? parsed_of(assess->index, pooled_text)->document : NULL;
}

bool index_selects(struct assess *assess, const char *selector_json, const struct pair *labels, size_t n)
{
	if (!selector_json)
		return false;
	struct parsed *parsed = parsed_of(assess->index, selector_json);
	if (!parsed->selector) {
		parsed->selector = arena_alloc(assess->index->arena, sizeof *parsed->selector);
		struct error *error = label_selector_from(parsed->document, assess->index->arena, parsed->selector);
		if (error)
			*parsed->selector = (struct label_selector){.nothing = true};
		error_free(error);
	}
	return label_selector_matches(parsed->selector, labels, n);
}

/* ---- requests of specs */

static size_t requested_slot(const struct assess_index *index, const struct kube_pod_spec *spec)
{
	size_t at = slot_of(spec, index->requested_capacity);
	while (index->requested[at].spec && index->requested[at].spec != spec)
		at = (at + 1) & (index->requested_capacity - 1);
	return at;
}

static void grow_requested(struct assess_index *index)
{
	struct requested *old = index->requested;
	size_t n = index->requested_capacity;
	index->requested_capacity = n ? n * 2 : 256;
	index->requested = mem_array(index->requested_capacity, sizeof *index->requested);
	for (size_t i = 0; i < n; i++)
		if (old[i].spec)
			index->requested[requested_slot(index, old[i].spec)] = old[i];
	free(old);
}

void index_pod_requests(const struct assess *assess, const struct kube_pod *pod, int64_t *ret_milli_cpu,
			int64_t *ret_bytes)
{
	struct assess_index *index = assess->index;
	*ret_milli_cpu = *ret_bytes = 0;
	if (!pod->spec)
		return;
	if (index->n_requested * 2 >= index->requested_capacity)
		grow_requested(index);
	struct requested *requested = &index->requested[requested_slot(index, pod->spec)];
	if (!requested->spec) {
		requested->spec = pod->spec;
		index->n_requested++;
		spec_requests(pod->spec, &requested->milli, &requested->bytes);
	}
	*ret_milli_cpu = requested->milli;
	*ret_bytes = requested->bytes;
}

/* ---- nodes and workloads */

static int node_order(const void *left, const void *right)
{
	const struct kube_node *const *a = left, *const *b = right;
	return text_order((*a)->meta.name, (*b)->meta.name);
}

const struct kube_node *index_node(const struct assess *assess, const char *name)
{
	const struct kube_node wanted = {.meta = {.name = name}}, *key = &wanted,
			       **found = assess->inventory->n_nodes && name
						 ? bsearch(&key, assess->index->nodes, assess->inventory->n_nodes,
							   sizeof(struct kube_node *), node_order)
						 : NULL;
	return found ? *found : NULL;
}

/* "aws:///us-east-1a/i-0123" -> "i-0123"; "" when it is nowhere. */
static const char *instance_of(const struct kube_node *node)
{
	const char *slash = node->provider_id ? strrchr(node->provider_id, '/') : NULL;
	return slash ? slash + 1 : "";
}

static int instance_order(const void *left, const void *right)
{
	const struct kube_node *const *a = left, *const *b = right;
	return strcmp(instance_of(*a), instance_of(*b));
}

const struct kube_node *index_instance(const struct assess *assess, const char *instance_id)
{
	size_t from = 0, to = *instance_id ? assess->inventory->n_nodes : 0;
	while (from < to) {
		size_t middle = (from + to) / 2;
		int order = strcmp(instance_id, instance_of(assess->index->instances[middle]));
		if (!order)
			return assess->index->instances[middle];
		*(order < 0 ? &to : &from) = middle + (order > 0);
	}
	return NULL;
}

static int workload_order(const void *left, const void *right)
{
	const struct kube_workload *const *a = left, *const *b = right;
	int order = text_order((*a)->kind, (*b)->kind);
	order = order ? order : text_order((*a)->meta.ns, (*b)->meta.ns);
	return order ? order : text_order((*a)->meta.name, (*b)->meta.name);
}

const struct kube_workload *index_workload(const struct assess *assess, const char *kind, const char *ns,
					   const char *name)
{
	const struct kube_workload wanted = {.kind = kind, .meta = {.ns = ns, .name = name}}, *key = &wanted,
				   **found = assess->inventory->n_workloads
						     ? bsearch(&key, assess->index->workloads,
							       assess->inventory->n_workloads,
							       sizeof(struct kube_workload *), workload_order)
						     : NULL;
	return found ? *found : NULL;
}

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

const struct kube_workload *index_pod_workload(const struct assess *assess, const struct kube_pod *pod)
{
	uint32_t number = assess->index->workload_of[pod - assess->inventory->pods];
	return number ? &assess->inventory->workloads[number - 1] : NULL;
}

const struct kube_node *index_pod_node(const struct assess *assess, const struct kube_pod *pod)
{
	uint32_t number = assess->index->node_of[pod - assess->inventory->pods];
	return number ? &assess->inventory->nodes[number - 1] : NULL;
}

unsigned index_pod_facts(const struct assess *assess, const struct kube_pod *pod)
{
	return assess->index->facts[pod - assess->inventory->pods];
}

static uint32_t find_workload(const struct assess *assess, const struct kube_pod *pod)
{
	const char *kind, *name;
	find_owner(assess, pod, &kind, &name);
	const struct kube_workload *workload =
		strcmp(kind, "Pod") ? index_workload(assess, kind, pod->meta.ns, name) : NULL;
	return workload ? (uint32_t)(workload - assess->inventory->workloads) + 1 : 0;
}

void index_pod_owner(const struct assess *assess, const struct kube_pod *pod, const char **ret_kind,
		     const char **ret_name)
{
	uintptr_t from = (uintptr_t)assess->inventory->pods, at = (uintptr_t)pod;
	bool ours = at >= from && at < (uintptr_t)(assess->inventory->pods + assess->inventory->n_pods);
	const struct kube_workload *known = ours ? index_pod_workload(assess, pod) : NULL;
	if (known) {
		*ret_kind = known->kind;
		*ret_name = known->meta.name;
	} else {
		find_owner(assess, pod, ret_kind, ret_name);
	}
}

/* ---- what is asked of each pod by many */

unsigned pod_facts(const struct kube_pod *pod)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	const char *kind = owner && owner->kind ? owner->kind : "";
	bool finished = kube_pod_finished(pod), mirror = kube_pod_mirror(pod);
	return (finished ? POD_FINISHED : 0) | (finished || pod->meta.deletion_ms ? 0 : POD_LIVES) |
	       (kube_pod_ready(pod) ? POD_READY : 0) | (mirror ? POD_MIRROR : 0) | (owner ? POD_OWNED : 0) |
	       (mirror || !strcmp(kind, "DaemonSet") || !strcmp(kind, "Node") ? POD_DAEMON : 0) |
	       (!strcmp(kind, "StatefulSet") ? POD_STATEFUL : 0);
}

/* The node of a pod has mostly the very text for its name, in which case it is not searched by value. */
static void find_nodes(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	size_t capacity = 16;
	while (capacity < inventory->n_nodes * 2)
		capacity *= 2;
	uint32_t *table CLEANUP(mem_freep) = mem_array(capacity, sizeof *table);
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		size_t at = slot_of(inventory->nodes[i].meta.name, capacity);
		while (table[at])
			at = (at + 1) & (capacity - 1);
		table[at] = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const char *name = inventory->pods[i].node_name;
		if (!name)
			continue;
		size_t at = slot_of(name, capacity);
		while (table[at] && inventory->nodes[table[at] - 1].meta.name != name)
			at = (at + 1) & (capacity - 1);
		const struct kube_node *node = table[at] ? NULL : index_node(assess, name);
		assess->index->node_of[i] = node ? (uint32_t)(node - inventory->nodes) + 1 : table[at];
	}
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
		workload_of[i] = same ? workload_of[i - 1] : find_workload(assess, &pods[i]);
	}
}

/* ---- pods in groups */

static int by_ns_order(const void *left, const void *right)
{
	const struct kube_pod *const *a = left, *const *b = right;
	int order = text_order((*a)->meta.ns, (*b)->meta.ns);
	return order ? order : text_order((*a)->meta.name, (*b)->meta.name);
}

/* The run of a sorted array whose key equals: the first by halving, then as far as it goes. */
#define RUN(array, total, key_of, wanted)                                                                              \
	({                                                                                                             \
		size_t low_ = 0, high_ = (total);                                                                      \
		while (low_ < high_) {                                                                                 \
			size_t middle_ = low_ + (high_ - low_) / 2;                                                    \
			if (text_order(key_of((array)[middle_]), (wanted)) < 0)                                        \
				low_ = middle_ + 1;                                                                    \
			else                                                                                           \
				high_ = middle_;                                                                       \
		}                                                                                                      \
		size_t end_ = low_;                                                                                    \
		while (end_ < (total) && !text_order(key_of((array)[end_]), (wanted)))                                 \
			end_++;                                                                                        \
		(struct pod_list){(array) + low_, end_ - low_};                                                        \
	})
#define NS_OF(pod) ((pod)->meta.ns)

struct pod_list index_namespace_pods(const struct assess *assess, const char *ns)
{
	return RUN(assess->index->by_ns, assess->inventory->n_pods, NS_OF, ns);
}

/* The API server lists them so. */
static void sort_by_ns(const struct kube_pod **pods, size_t n)
{
	size_t in_order = 1;
	while (in_order < n && by_ns_order(&pods[in_order - 1], &pods[in_order]) <= 0)
		in_order++;
	if (in_order < n)
		qsort(pods, n, sizeof *pods, by_ns_order);
}

/* Gives the pods by what `number_of` says of each (0: left out), those of one by namespace and name; *ret_from: where
 * those of each of the `n` begin, with one more at the end. */
static const struct kube_pod **group(const struct assess *assess, const uint32_t *number_of, size_t n,
				     uint32_t **ret_from)
{
	const struct inventory *inventory = assess->inventory;
	const struct kube_pod **by_ns = assess->index->by_ns, **grouped;
	uint32_t *from = *ret_from = mem_array(n + 2, sizeof *from);
	for (size_t i = 0; i < inventory->n_pods; i++)
		if (number_of[i])
			from[number_of[i] + 1]++;
	for (size_t i = 2; i <= n + 1; i++)
		from[i] += from[i - 1];
	grouped = mem_array(from[n + 1], sizeof *grouped);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		uint32_t number = number_of[by_ns[i] - inventory->pods];
		if (number)
			grouped[from[number]++] = by_ns[i];
	}
	return grouped;
}

struct pod_list index_node_pods(const struct assess *assess, const struct kube_node *node)
{
	const uint32_t *from = &assess->index->from_node[node - assess->inventory->nodes];
	return (struct pod_list){assess->index->by_node + from[0], from[1] - from[0]};
}

struct pod_list index_workload_pods(const struct assess *assess, const struct kube_workload *workload)
{
	const uint32_t *from = &assess->index->from_workload[workload - assess->inventory->workloads];
	return (struct pod_list){assess->index->by_workload + from[0], from[1] - from[0]};
}

static void build_pods(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct assess_index *index = assess->index;
	index->by_ns = mem_array(inventory->n_pods, sizeof *index->by_ns);
	index->facts = mem_array(inventory->n_pods, sizeof *index->facts);
	index->node_of = mem_array(inventory->n_pods, sizeof *index->node_of);
	index->workload_of = mem_array(inventory->n_pods, sizeof *index->workload_of);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		index->by_ns[i] = &inventory->pods[i];
		index->facts[i] = (uint8_t)pod_facts(&inventory->pods[i]);
	}
	sort_by_ns(index->by_ns, inventory->n_pods);
	find_nodes(assess);
	find_workloads(assess);
	index->by_node = group(assess, index->node_of, inventory->n_nodes, &index->from_node);
	index->by_workload = group(assess, index->workload_of, inventory->n_workloads, &index->from_workload);
}

/* ---- budgets and services */

static void select_pods(struct assess *assess, const struct kube_pdb *pdb)
{
	struct assess_index *index = assess->index;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector selector;
	struct error *error = label_selector_from(assess_json(assess, pdb->selector), arena, &selector);
	struct pod_list pods = index_namespace_pods(assess, pdb->meta.ns);
	for (size_t i = 0; !error && i < pods.n; i++)
		if (label_selector_matches(&selector, pods.pods[i]->meta.labels, pods.pods[i]->meta.n_labels))
			*HEAP_PUSH(index->of_pdbs, index->n_of_pdbs) = pods.pods[i];
	error_free(error);
}

static void build_selections(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct assess_index *index = assess->index;
	index->selections = mem_array(inventory->n_pdbs, sizeof *index->selections);
	for (size_t i = 0; i < inventory->n_pdbs; i++) {
		size_t from = index->n_of_pdbs;
		select_pods(assess, &inventory->pdbs[i]);
		index->selections[i] = (struct selected){&inventory->pdbs[i], from, index->n_of_pdbs - from};
	}
}

struct pod_list index_pdb_pods(const struct assess *assess, const struct kube_pdb *pdb)
{
	const struct selected *selected = &assess->index->selections[pdb - assess->inventory->pdbs];
	return (struct pod_list){assess->index->of_pdbs + selected->from, selected->n};
}

size_t index_pod_pdbs(const struct assess *assess, const struct kube_pod *pod, const struct kube_pdb **out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < assess->inventory->n_pdbs && n < max; i++) {
		const struct kube_pdb *pdb = &assess->inventory->pdbs[i];
		if (text_order(pdb->meta.ns, pod->meta.ns))
			continue;
		struct pod_list pods = index_pdb_pods(assess, pdb);
		for (size_t k = 0; k < pods.n; k++)
			if (pods.pods[k] == pod) {
				out[n++] = pdb;
				break;
			}
	}
	return n;
}

const struct kube_service *index_service(const struct assess *assess, const char *ns, const char *name)
{
	for (size_t i = 0; i < assess->inventory->n_services; i++) {
		const struct kube_service *service = &assess->inventory->services[i];
		if (!text_order(service->meta.name, name) && !text_order(service->meta.ns, ns))
			return service;
	}
	return NULL;
}

int64_t index_service_ready(const struct assess *assess, const char *ns, const char *name)
{
	int64_t ready = -1;
	for (size_t i = 0; i < assess->inventory->n_endpoint_slices; i++) {
		const struct kube_endpoint_slice *slice = &assess->inventory->endpoint_slices[i];
		const char *of = kube_meta_label(&slice->meta, "kubernetes.io/service-name");
		if (of && !strcmp(of, name) && !text_order(slice->meta.ns, ns))
			ready = (ready < 0 ? 0 : ready) + slice->ready;
	}
	return ready;
}

bool index_is_eks_own(const struct assess *assess, const char *ns, const char *name)
{
	static const char *const own[] = {"aws-node",
					  "kube-proxy",
					  "coredns",
					  "ebs-csi-controller",
					  "ebs-csi-node",
					  "ebs-csi-node-windows",
					  "efs-csi-controller",
					  "efs-csi-node",
					  "eks-pod-identity-agent",
					  "metrics-server",
					  "eks-node-monitoring-agent",
					  "snapshot-controller",
					  "s3-csi-node",
					  "s3-csi-controller"};
	static const char *const spaces[] = {"amazon-cloudwatch", "amazon-guardduty", "amazon-network-flow-monitor"};
	for (size_t i = 0; ns && i < ARRAY_SIZE(spaces); i++)
		if (!strcmp(spaces[i], ns))
			return true;
	for (size_t i = 0; ns && name && !strcmp(ns, "kube-system") && i < ARRAY_SIZE(own); i++)
		if (!strcmp(own[i], name))
			return true;
	(void)assess;
	return false;
}

/* ---- life */

void index_build(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct assess_index *index = mem_alloc(sizeof *index);
	assess->index = index;
	index->arena = arena_new();
	index->nodes = mem_array(inventory->n_nodes, sizeof *index->nodes);
	index->instances = mem_array(inventory->n_nodes, sizeof *index->instances);
	index->workloads = mem_array(inventory->n_workloads, sizeof *index->workloads);
	for (size_t i = 0; i < inventory->n_nodes; i++)
		index->nodes[i] = index->instances[i] = &inventory->nodes[i];
	for (size_t i = 0; i < inventory->n_workloads; i++)
		index->workloads[i] = &inventory->workloads[i];
	if (inventory->n_nodes)
		qsort(index->nodes, inventory->n_nodes, sizeof *index->nodes, node_order);
	if (inventory->n_nodes)
		qsort(index->instances, inventory->n_nodes, sizeof *index->instances, instance_order);
	if (inventory->n_workloads)
		qsort(index->workloads, inventory->n_workloads, sizeof *index->workloads, workload_order);
	build_pods(assess);
	build_selections(assess);
}

void index_free(struct assess_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->parsed_capacity; i++)
		json_decref(index->parsed[i].document);
	free(index->parsed);
	free(index->nodes);
	free(index->instances);
	free(index->workloads);
	free(index->by_node);
	free(index->by_workload);
	free(index->by_ns);
	free(index->of_pdbs);
	free(index->from_node);
	free(index->from_workload);
	free(index->node_of);
	free(index->workload_of);
	free(index->facts);
	free(index->selections);
	free(index->requested);
	arena_free(index->arena);
	free(index);
}
