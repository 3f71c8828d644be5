/* ClusterState from what was seen otherwise: EKS' own documents, and an inventory, live or saved. */
#pragma once

#include <jansson.h>
#include "models/cluster_state.h"
#include "perception/inventory.h"

/* EKS' answers ("cluster", "nodegroup", "addon") into the state; texts are copied into the arena. */
void cluster_view_cluster(struct cluster_state *state, struct arena *arena, const json_t *cluster);
void cluster_view_group(struct cluster_state *state, struct arena *arena, const json_t *group);
void cluster_view_addon(struct cluster_state *state, struct arena *arena, const json_t *addon);

/* A saved look of either kind: the file of `plan --snapshot`, or what `assess --save` left, a file or a folder. */
struct error *cluster_view_read(const char *path, struct arena *arena, struct cluster_state *ret) MUST_CHECK;
