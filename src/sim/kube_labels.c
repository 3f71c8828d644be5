/* Labels of objects: those that come with the record, and what clients changed of them. */
#include "sim/kube_values.h"

#include <stdio.h>
#include <stdlib.h>

static void add_label(struct kube_labels *labels, const char *key, const char *value)
{
	labels->pairs[labels->n++] = (struct pair){key, value};
}

static void pod_labels(struct kube_pod *pod, struct kube_labels *ret)
{
	struct kube_workload *w = pod->object.workload;
	add_label(ret, "app.kubernetes.io/component", kube_component_of(w));
	add_label(ret, "app.kubernetes.io/instance", w->app->name);
	add_label(ret, "app.kubernetes.io/name", w->object.name);
	switch (w->object.kind->id) {
	case KIND_DEPLOYMENT:
		add_label(ret, "pod-template-hash", w->hash);
		break;
	case KIND_STATEFULSET:
		snprintf(ret->scratch, sizeof ret->scratch, "%s-%s", w->object.name, w->hash);
		add_label(ret, "apps.kubernetes.io/pod-index", strrchr(pod->object.name, '-') + 1);
		add_label(ret, "controller-revision-hash", ret->scratch);
		add_label(ret, "statefulset.kubernetes.io/pod-name", pod->object.name);
		break;
	case KIND_DAEMONSET:
		add_label(ret, "controller-revision-hash", w->hash);
		add_label(ret, "pod-template-generation", "1");
		break;
	default:
		add_label(ret, "batch.kubernetes.io/job-name", w->object.name);
	}
}

static void node_labels(struct sim_kube *kube, struct kube_node *node, struct kube_labels *ret)
{
	int n = snprintf(ret->scratch, sizeof ret->scratch, "%s%c", kube->region, "abc"[node->zone]) + 1;
	const char *zone = ret->scratch;
	snprintf(ret->scratch + n, sizeof ret->scratch - (size_t)n, "use1-az%u", node->zone * 2 + 2);
	const char *zone_id = ret->scratch + n;
	add_label(ret, "beta.kubernetes.io/arch", "amd64");
	add_label(ret, "beta.kubernetes.io/instance-type", node->type);
	add_label(ret, "beta.kubernetes.io/os", "linux");
	add_label(ret, "eks.amazonaws.com/capacityType", "ON_DEMAND");
	add_label(ret, "eks.amazonaws.com/nodegroup", node->group);
	add_label(ret, "eks.amazonaws.com/nodegroup-image", "ami-0a1b2c3d4e5f60718");
	add_label(ret, "failure-domain.beta.kubernetes.io/region", kube->region);
	add_label(ret, "failure-domain.beta.kubernetes.io/zone", zone);
	add_label(ret, "k8s.io/cloud-provider-aws", "f6ba5d8d3e1a5f1c9f8d2f6b2a7c4e10");
	add_label(ret, "kubernetes.io/arch", "amd64");
	add_label(ret, "kubernetes.io/hostname", node->object.name);
	add_label(ret, "kubernetes.io/os", "linux");
	add_label(ret, "node.kubernetes.io/instance-type", node->type);
	add_label(ret, "topology.ebs.csi.aws.com/zone", zone);
	add_label(ret, "topology.k8s.aws/zone-id", zone_id);
	add_label(ret, "topology.kubernetes.io/region", kube->region);
	add_label(ret, "topology.kubernetes.io/zone", zone);
}

static void template_labels(struct sim_kube *kube, struct kube_object *object, struct kube_labels *ret)
{
	struct kube_workload *w = object->workload;
	if (object->kind->id == KIND_POD && w) {
		pod_labels(kube_pod_of(object), ret);
	} else if (object->kind->id == KIND_NODE) {
		node_labels(kube, kube_node_of(object), ret);
	} else if (object->kind->id == KIND_NAMESPACE) {
		add_label(ret, "kubernetes.io/metadata.name", object->name);
	} else if (w && w->app) {
		add_label(ret, "app.kubernetes.io/instance", w->app->name);
		add_label(ret, "app.kubernetes.io/managed-by", "argocd");
		add_label(ret, "app.kubernetes.io/name", w->object.name);
		if (object->kind->id == KIND_REPLICASET)
			add_label(ret, "pod-template-hash", w->hash);
		if (object->kind->id == KIND_ENDPOINTSLICE)
			add_label(ret, "kubernetes.io/service-name", w->object.name);
	}
}

static void set_label(struct kube_labels *labels, const char *key, const char *value)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->pairs[i].key, key) == 0) {
			labels->pairs[i].value = value;
			return;
		}
	if (labels->n < ARRAY_SIZE(labels->pairs))
		add_label(labels, key, value);
}

bool kube_is_own_pod(const struct kube_object *object)
{
	return object->kind->id == KIND_POD && (!object->workload || object->workload->template);
}

void kube_labels_of(struct sim_kube *kube, struct kube_object *object, struct kube_labels *ret)
{
	ret->n = 0;
	bool own = kube_is_own_pod(object);
	if (!object->whole && !own)
		template_labels(kube, object, ret);
	struct kube_workload *w = object->workload;
	const json_t *document = own && w ? w->template : object->doc;
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(json_object_get(document, "metadata"), "labels"), key, value)
		set_label(ret, key, json_string_value(value));
	if (own && w)
		set_label(ret, w->replica_set ? "pod-template-hash" : "controller-revision-hash", w->hash);
	size_t kept = 0;
	for (size_t i = 0; i < ret->n; i++)
		if (ret->pairs[i].value)
			ret->pairs[kept++] = ret->pairs[i];
	ret->n = kept;
}

void kube_render_labels(struct sim_kube *kube, struct kube_object *object, struct kube_out *out)
{
	struct kube_labels labels = {.n = 0};
	template_labels(kube, object, &labels);
	if (labels.n == 0)
		return;
	for (size_t i = 0; i < labels.n; i++) {
		kube_out_text(out, i == 0 ? ",\"labels\":{\"" : ",\"");
		kube_out_text(out, labels.pairs[i].key);
		kube_out_text(out, "\":\"");
		kube_out_text(out, labels.pairs[i].value);
		kube_out_text(out, "\"");
	}
	kube_out_text(out, "}");
}
