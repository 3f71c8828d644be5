/* Documents into the scheduler's structs. */
#include "sim/placing.h"

#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "codec/model_pool.h"
#include "kube/placement.h"

struct placing {
	struct placement *placement;
	struct model_pool *pool;
	placing_volume_fn *volume;
	void *context;
	struct record {
		const struct place_node *node;
		void *record;
	} * records;
	size_t n_records;
};

static const char *volume_affinity(void *context, const char *ns, const char *claim)
{
	struct placing *placing = context;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *affinity DOCUMENT_CLEANUP = placing->volume(placing->context, ns, claim);
	if (!affinity)
		return NULL;
	document_print(affinity, false, &text);
	return model_pool_text(placing->pool, buf_str(&text));
}

struct placing *placing_new(placing_volume_fn *volume, void *context)
{
	struct placing *placing = mem_alloc(sizeof *placing);
	struct placement_world world = {volume_affinity, NULL, placing};
	placing->placement = placement_new(&world);
	placing->pool = model_pool_new();
	placing->volume = volume;
	placing->context = context;
	return placing;
}

void placing_free(struct placing *placing)
{
	if (!placing)
		return;
	placement_free(placing->placement);
	model_pool_free(placing->pool);
	free(placing->records);
	free(placing);
}

/* What does not decode counts as an object that asks for nothing. */
static void *decode(struct placing *placing, const json_t *document, const struct model *model, struct arena *scratch)
{
	void *object = arena_alloc(model_pool_arena(placing->pool), model->size);
	struct error *error = document_decode(document, "object", model, object, scratch);
	if (error)
		memset(object, 0, model->size);
	error_free(error);
	return object;
}

struct place_node *placing_node(struct placing *placing, const json_t *document, void *record)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	void *decoded = decode(placing, document, &kube_node_model, scratch);
	model_pool_settle(placing->pool, &kube_node_model, decoded, NULL, 0);
	struct place_node *node = placement_add_node(placing->placement, decoded);
	*HEAP_PUSH(placing->records, placing->n_records) = (struct record){node, record};
	return node;
}

void placing_close(struct place_node *node, bool closed)
{
	place_node_close(node, closed);
}

void placing_remove(struct place_node *node)
{
	place_node_remove(node);
}

uint32_t placing_pod(struct placing *placing, const json_t *document)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	struct kube_pod *pod = decode(placing, document, &kube_pod_model, scratch);
	if (pod->spec)
		pod->spec->node_name = NULL; /* pods alike have one spec */
	model_pool_settle(placing->pool, &kube_pod_model, pod, NULL, 0);
	return placement_pod(placing->placement, &pod->meta, pod->spec);
}

void placing_put(struct placing *placing, uint32_t pod, struct place_node *node)
{
	placement_put(placing->placement, pod, node);
}

void placing_take(struct placing *placing, uint32_t pod)
{
	placement_take(placing->placement, pod);
}

void *placing_choose(struct placing *placing, uint32_t pod)
{
	const struct place_node *node = placement_choose(placing->placement, pod);
	for (size_t i = 0; node && i < placing->n_records; i++)
		if (placing->records[i].node == node)
			return placing->records[i].record;
	return NULL;
}
