/* Quantities and images as pods write them, and what a pod asks for in all. */
#include <string.h>
#include "assessment/index.h"

static bool is_sidecar(const struct kube_container *container)
{
	return container->restart_policy && !strcmp(container->restart_policy, "Always");
}

/* As the scheduler counts: containers and sidecars together, or the largest init container with the sidecars started
 * before it, whichever is more; then the overhead. */
void spec_requests(const struct kube_pod_spec *spec, int64_t *ret_milli_cpu, int64_t *ret_bytes)
{
	int64_t cpu = 0, bytes = 0, sidecar_cpu = 0, sidecar_bytes = 0, init_cpu = 0, init_bytes = 0;
	*ret_milli_cpu = *ret_bytes = 0;
	if (!spec)
		return;
	for (size_t i = 0; i < spec->n_containers; i++) {
		const struct kube_container *c = &spec->containers[i];
		cpu += kube_text_thousandths(kube_pairs_get(c->requests, c->n_requests, "cpu"));
		bytes += kube_text_units(kube_pairs_get(c->requests, c->n_requests, "memory"));
	}
	for (size_t i = 0; i < spec->n_init_containers; i++) {
		const struct kube_container *c = &spec->init_containers[i];
		int64_t own_cpu = kube_text_thousandths(kube_pairs_get(c->requests, c->n_requests, "cpu")),
			own_bytes = kube_text_units(kube_pairs_get(c->requests, c->n_requests, "memory"));
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
	*ret_milli_cpu = cpu + kube_text_thousandths(kube_pairs_get(spec->overhead, spec->n_overhead, "cpu"));
	*ret_bytes = bytes + kube_text_units(kube_pairs_get(spec->overhead, spec->n_overhead, "memory"));
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
