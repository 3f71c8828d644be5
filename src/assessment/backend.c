/* The other end of a webhook. */
#include "assessment/backend.h"

#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "kube/kubeconfig.h"

enum { LARGEST_BUNDLE = 1 << 20 };

bool backend_selects(const struct kube_service *service, const struct kube_pod *pod)
{
	if (!service->n_selector || strcmp(subject_text(service->meta.ns), subject_text(pod->meta.ns)) != 0)
		return false;
	for (size_t i = 0; i < service->n_selector; i++) {
		const char *value = kube_meta_label(&pod->meta, service->selector[i].key);
		if (!value || strcmp(value, subject_text(service->selector[i].value)) != 0)
			return false;
	}
	return true;
}

/* A snapshot without endpoint slices still has pods. */
static int64_t ready_of(struct assess *assess, const struct kube_service *service)
{
	int64_t ready = index_service_ready(assess, service->meta.ns, service->meta.name);
	if (ready >= 0 || !service->n_selector)
		return ready;
	struct pod_list pods = index_namespace_pods(assess, service->meta.ns);
	ready = 0;
	for (size_t i = 0; i < pods.n; i++)
		ready += (index_pod_facts(assess, pod_at(pods, i)) & (POD_LIVES | POD_READY)) ==
				 (POD_LIVES | POD_READY) &&
			 backend_selects(service, pod_at(pods, i));
	return ready;
}

const char *backend_service_wrong(struct assess *assess, const char *ns, const char *name)
{
	const struct kube_service *service = name ? index_service(assess, ns, name) : NULL;
	if (!name)
		return NULL;
	if (!service)
		return arena_printf(assess->arena, "there is no service \"%s/%s\"", subject_text(ns), name);
	if (service->type && !strcmp(service->type, "ExternalName"))
		return NULL;
	int64_t ready = ready_of(assess, service);
	return ready == 0
		       ? arena_printf(assess->arena, "service \"%s/%s\" has no ready endpoint", subject_text(ns), name)
		       : NULL;
}

const char *backend_bundle_wrong(struct assess *assess, const char *bundle)
{
	struct buf pem CLEANUP(buf_done) = BUF_INIT(LARGEST_BUNDLE);
	if (!bundle || !*bundle)
		return NULL;
	if (!base64_decode(slice_of(bundle), &pem))
		return "its caBundle is not base64";
	char *wrong CLEANUP(mem_freep) = kube_pem_certificates_wrong(buf_str(&pem), assess->now_ms);
	return wrong ? arena_printf(assess->arena, "its caBundle: %s", wrong) : NULL;
}
