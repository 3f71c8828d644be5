/* Tables over the inventory, made once before the checks run. Texts of the inventory are pooled, but questions come
 * with texts of their own too: everything is sorted and searched by value. */
#include "assessment/index.h"

#include "assessment/index_internal.h"
#include "codec/document.h"

/* ---- tables */

static void **slot_of(const struct index_table *table, const void *key, size_t size)
{
	size_t mask = table->capacity - 1, at = ((uintptr_t)key >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & mask;
	void **slot;
	for (; slot = (void *)((char *)table->entries + at * size), *slot && *slot != key; at = (at + 1) & mask)
		continue;
	return slot;
}

static void grow(struct index_table *table, size_t size)
{
	const struct index_table old = *table;
	table->capacity = old.capacity ? old.capacity * 2 : 256;
	table->entries = mem_array(table->capacity, size);
	for (size_t i = 0; i < old.capacity; i++) {
		void *const *entry = (const void *)((const char *)old.entries + i * size);
		if (*entry)
			memcpy(slot_of(table, *entry, size), entry, size);
	}
	free(old.entries);
}

void *index_entry(struct index_table *table, const void *key, size_t size, bool *ret_new)
{
	if (table->n * 2 >= table->capacity)
		grow(table, size);
	void **slot = slot_of(table, key, size);
	*ret_new = !*slot;
	table->n += *ret_new;
	*slot = (void *)(uintptr_t)key;
	return slot;
}

/* ---- parsed texts */

static struct parsed *parsed_of(struct assess_index *index, const char *pooled_text)
{
	bool fresh;
	struct parsed *parsed = index_entry(&index->parsed, pooled_text, sizeof *parsed, &fresh);
	if (!fresh)
		return parsed;
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

/* ---- nodes and workloads */

static int node_order(const void *left, const void *right)
{
	const struct kube_node *const *a = left, *const *b = right;
	return index_text_order((*a)->meta.name, (*b)->meta.name);
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
	int order = index_text_order((*a)->kind, (*b)->kind);
	order = order ? order : index_text_order((*a)->meta.ns, (*b)->meta.ns);
	return order ? order : index_text_order((*a)->meta.name, (*b)->meta.name);
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

/* ---- budgets and services */

static void select_pods(struct assess *assess, const struct kube_pdb *pdb)
{
	struct assess_index *index = assess->index;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct label_selector selector;
	struct error *error = label_selector_from(assess_json(assess, pdb->selector), arena, &selector);
	struct pod_list pods = index_namespace_pods(assess, pdb->meta.ns);
	for (size_t i = 0; !error && i < pods.n; i++)
		if (label_selector_matches(&selector, pod_at(pods, i)->meta.labels, pod_at(pods, i)->meta.n_labels))
			*HEAP_PUSH(index->of_pdbs, index->n_of_pdbs) = pods.at[i];
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
	return (struct pod_list){assess->inventory->pods, assess->index->of_pdbs + selected->from, selected->n};
}

size_t index_pod_pdbs(const struct assess *assess, const struct kube_pod *pod, const struct kube_pdb **out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < assess->inventory->n_pdbs && n < max; i++) {
		const struct kube_pdb *pdb = &assess->inventory->pdbs[i];
		if (index_text_order(pdb->meta.ns, pod->meta.ns))
			continue;
		struct pod_list pods = index_pdb_pods(assess, pdb);
		for (size_t k = 0; k < pods.n; k++)
			if (pod_at(pods, k) == pod) {
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
		if (!index_text_order(service->meta.name, name) && !index_text_order(service->meta.ns, ns))
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
		if (of && !strcmp(of, name) && !index_text_order(slice->meta.ns, ns))
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
	index_build_pods(assess);
	build_selections(assess);
}

void index_free(struct assess_index *index)
{
	if (!index)
		return;
	const struct parsed *parsed = index->parsed.entries;
	for (size_t i = 0; i < index->parsed.capacity; i++)
		json_decref(parsed[i].document);
	free(index->parsed.entries);
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
	free(index->requested.entries);
	free(index->uses);
	arena_free(index->arena);
	free(index);
}
