/* The scheduler of the simulated cluster, where pods say more than "somewhere": the same rules (kube/placement.h) over
 * the documents that the API shows. A file of its own because the simulator's records and the models of Kubernetes'
 * objects share their names. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct placing;
/* Gives a claim's volume's node affinity as a document ({"required": …}), the caller's; NULL: anywhere. */
typedef json_t *placing_volume_fn(void *context, const char *ns, const char *claim);
struct placing *placing_new(placing_volume_fn *volume, void *context);
void placing_free(struct placing *placing);

struct place_node;
struct place_node *placing_node(struct placing *placing, const json_t *document, void *record);
void placing_close(struct place_node *node, bool closed);
void placing_remove(struct place_node *node);
uint32_t placing_pod(struct placing *placing, const json_t *document); /* by which it is known; never 0 */
void placing_put(struct placing *placing, uint32_t pod, struct place_node *node);
void placing_take(struct placing *placing, uint32_t pod);
void *placing_choose(struct placing *placing, uint32_t pod); /* the node's record; NULL: none will do */
