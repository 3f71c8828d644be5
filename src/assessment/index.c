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

struct assess_index {
	struct arena *arena;
	const struct kube_node **nodes;		/* by name */
	const struct kube_node **instances;	/* by what they are at AWS */
	const struct kube_workload **workloads; /* by kind, namespace, name */
	const struct kube_pod **by_node, **by_workload, **by_ns, **of_pdbs;
	const struct kube_workload **owners; /* of by_workload[i] */
	const struct kube_workload **of_pod; /* of the inventory's pods, in its order */
	size_t n_by_workload, n_of_pdbs;
	struct selected *selections; /* by pdb, in the inventory's order */
	struct parsed *parsed;
	size_t n_parsed, parsed_capacity;
};

static int text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

/* ---- parsed texts */

static size_t parsed_slot(const struct assess_index *index, const char *text)
{
	size_t at = ((uintptr_t)text >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (index->parsed_capacity - 1);
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
	return assess->index->of_pod[pod - assess->inventory->pods];
}

static const struct kube_workload *find_workload(const struct assess *assess, const struct kube_pod *pod)
{
	const char *kind, *name;
	find_owner(assess, pod, &kind, &name);
	return strcmp(kind, "Pod") ? index_workload(assess, kind, pod->meta.ns, name) : NULL;
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

/* ---- pods in groups */

static int by_node_order(const void *left, const void *right)
{
	const struct kube_pod *const *a = left, *const *b = right;
	int order = text_order((*a)->node_name, (*b)->node_name);
	order = order ? order : text_order((*a)->meta.ns, (*b)->meta.ns);
	return order ? order : text_order((*a)->meta.name, (*b)->meta.name);
}

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
#define NODE_OF(pod) ((pod)->node_name)
#define NS_OF(pod) ((pod)->meta.ns)

struct pod_list index_node_pods(const struct assess *assess, const char *node)
{
	return RUN(assess->index->by_node, assess->inventory->n_pods, NODE_OF, node);
}

struct pod_list index_namespace_pods(const struct assess *assess, const char *ns)
{
	return RUN(assess->index->by_ns, assess->inventory->n_pods, NS_OF, ns);
}

struct owned {
	const struct kube_workload *owner;
	const struct kube_pod *pod;
};
static int owned_order(const void *left, const void *right)
{
	const struct owned *a = left, *b = right;
	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	return by_ns_order(&a->pod, &b->pod);
}

static void build_owned(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct assess_index *index = assess->index;
	struct owned *owned = mem_array(inventory->n_pods, sizeof *owned);
	size_t n = 0;
	index->of_pod = mem_array(inventory->n_pods, sizeof *index->of_pod);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const struct kube_workload *owner = find_workload(assess, &inventory->pods[i]);
		index->of_pod[i] = owner;
		if (owner)
			owned[n++] = (struct owned){owner, &inventory->pods[i]};
	}
	if (n)
		qsort(owned, n, sizeof *owned, owned_order);
	index->n_by_workload = n;
	index->by_workload = mem_array(n, sizeof *index->by_workload);
	index->owners = mem_array(n, sizeof *index->owners);
	for (size_t i = 0; i < n; i++) {
		index->by_workload[i] = owned[i].pod;
		index->owners[i] = owned[i].owner;
	}
	free(owned);
}

struct pod_list index_workload_pods(const struct assess *assess, const struct kube_workload *workload)
{
	const struct assess_index *index = assess->index;
	size_t low = 0, high = index->n_by_workload;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (index->owners[middle] < workload)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < index->n_by_workload && index->owners[end] == workload)
		end++;
	return (struct pod_list){index->by_workload + low, end - low};
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

/* ---- quantities and images */

int64_t index_quantity_milli(const char *text)
{
	struct kube_quantity quantity;
	return text && kube_quantity_parse(slice_of(text), &quantity) ? kube_quantity_thousandths(&quantity) : 0;
}

int64_t index_quantity_bytes(const char *text)
{
	struct kube_quantity quantity;
	return text && kube_quantity_parse(slice_of(text), &quantity) ? kube_quantity_units(&quantity) : 0;
}

static bool is_sidecar(const struct kube_container *container)
{
	return container->restart_policy && !strcmp(container->restart_policy, "Always");
}

/* As the scheduler counts: containers and sidecars together, or the largest init container with the sidecars started
 * before it, whichever is more; then the overhead. */
void index_pod_requests(const struct kube_pod_spec *spec, int64_t *ret_milli_cpu, int64_t *ret_bytes)
{
	int64_t cpu = 0, bytes = 0, sidecar_cpu = 0, sidecar_bytes = 0, init_cpu = 0, init_bytes = 0;
	*ret_milli_cpu = *ret_bytes = 0;
	if (!spec)
		return;
	for (size_t i = 0; i < spec->n_containers; i++) {
		const struct kube_container *c = &spec->containers[i];
		cpu += index_quantity_milli(kube_pairs_get(c->requests, c->n_requests, "cpu"));
		bytes += index_quantity_bytes(kube_pairs_get(c->requests, c->n_requests, "memory"));
	}
	for (size_t i = 0; i < spec->n_init_containers; i++) {
		const struct kube_container *c = &spec->init_containers[i];
		int64_t own_cpu = index_quantity_milli(kube_pairs_get(c->requests, c->n_requests, "cpu")),
			own_bytes = index_quantity_bytes(kube_pairs_get(c->requests, c->n_requests, "memory"));
		if (is_sidecar(c)) {
			sidecar_cpu += own_cpu;
			sidecar_bytes += own_bytes;
			own_cpu = own_bytes = 0;
		}
		init_cpu = own_cpu + sidecar_cpu > init_cpu ? own_cpu + sidecar_cpu : init_cpu;
		init_bytes = own_bytes + sidecar_bytes > init_bytes ? own_bytes + sidecar_bytes : init_bytes;
	}
	cpu = cpu + sidecar_cpu > init_cpu ? cpu + sidecar_cpu : init_cpu;
	bytes = bytes + sidecar_bytes > init_bytes ? bytes + sidecar_bytes : init_bytes;
	*ret_milli_cpu = cpu + index_quantity_milli(kube_pairs_get(spec->overhead, spec->n_overhead, "cpu"));
	*ret_bytes = bytes + index_quantity_bytes(kube_pairs_get(spec->overhead, spec->n_overhead, "memory"));
}

void image_split(struct arena *arena, const char *image, const char **ret_name, const char **ret_tag)
{
	size_t n = strcspn(image ? image : "", "@");
	const char *name = arena_strndup(arena, image ? image : "", n), *slash = strrchr(name, '/'),
		   *colon = strrchr(name, ':');
	if (colon && slash && colon < slash)
		colon = NULL; /* that is a registry's port */
	*ret_tag = colon ? colon + 1 : "";
	*ret_name = colon ? arena_strndup(arena, name, (size_t)(colon - name)) : name;
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
	index->by_node = mem_array(inventory->n_pods, sizeof *index->by_node);
	index->by_ns = mem_array(inventory->n_pods, sizeof *index->by_ns);
	for (size_t i = 0; i < inventory->n_nodes; i++)
		index->nodes[i] = index->instances[i] = &inventory->nodes[i];
	for (size_t i = 0; i < inventory->n_workloads; i++)
		index->workloads[i] = &inventory->workloads[i];
	for (size_t i = 0; i < inventory->n_pods; i++)
		index->by_node[i] = index->by_ns[i] = &inventory->pods[i];
	if (inventory->n_nodes)
		qsort(index->nodes, inventory->n_nodes, sizeof *index->nodes, node_order);
	if (inventory->n_nodes)
		qsort(index->instances, inventory->n_nodes, sizeof *index->instances, instance_order);
	if (inventory->n_workloads)
		qsort(index->workloads, inventory->n_workloads, sizeof *index->workloads, workload_order);
	if (inventory->n_pods) {
		qsort(index->by_node, inventory->n_pods, sizeof *index->by_node, by_node_order);
		qsort(index->by_ns, inventory->n_pods, sizeof *index->by_ns, by_ns_order);
	}
	build_owned(assess);
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
	free(index->owners);
	free(index->of_pod);
	free(index->selections);
	arena_free(index->arena);
	free(index);
}
