/* Asks a simulated cluster as an HTTP client would. */
#pragma once

#include <jansson.h>
#include "sim/kube.h"

struct sim_kube *ask_cluster(const char *cluster);
/* The answer's document (NULL when it is not JSON) and its status. `type` NULL: application/json. */
json_t *ask_as(struct sim_kube *kube, const char *method, const char *path, const char *type, const char *accept,
	       const char *body, int *ret_status);
json_t *ask(struct sim_kube *kube, const char *method, const char *path, const char *body, int *ret_status);
json_t *ask_get(struct sim_kube *kube, const char *path); /* must be 200 */
char *ask_text(struct sim_kube *kube, const char *path, int *ret_status);
const char *ask_string(const json_t *document,
		       const char *path); /* "metadata.name", "items.0.spec.nodeName"; "" when absent */
json_int_t ask_number(const json_t *document, const char *path); /* -1 when absent */
json_t *ask_at(const json_t *document, const char *path);
