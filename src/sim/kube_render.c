/* Records to JSON: the templates of kube_text.c with the values that kube_fill.c takes from a record; and whole
 * documents where a client changed or brought them. */
#include "sim/kube_values.h"

#include <stdio.h>
#include <stdlib.h>
#include "codec/document.h"

static void render_pod_rest(struct sim_kube *kube, struct kube_pod *pod, struct kube_values *vars, struct kube_out *out)
{
	struct kube_workload *w = pod->object.workload;
	if (pod->node)
		PUT_JOINED(vars, 'q', TEXT("\"nodeName\":\""), slice_of(pod->node->object.name), TEXT("\","));
	else
		kube_put(vars, 'q', "");
	kube_suffix(kube_hash(pod->object.serial, 77), 5, kube_value_room(vars, 6));
	kube_put_own(vars, 's', 5);
	struct slice volumes = vars->v['v'];
	if (w->flags & WORKLOAD_STORAGE)
		kube_put_format(vars, false, 'v',
				"%.*s,{'name':'data','persistentVolumeClaim':{'claimName':'data-%s'}}", (int)volumes.n,
				volumes.p, pod->object.name);
	kube_expand(out, kube_template(kube, TEXT_POD_SPEC), vars);
	vars->v['v'] = volumes;
	if (!pod->node) {
		kube_put_format(vars, false, 'B',
				"0/%zu nodes are available: no node has room. preemption: 0/%zu nodes are available.",
				kube->n_nodes, kube->n_nodes);
		kube_expand(out, kube_template(kube, TEXT_POD_STATUS_PENDING), vars);
		return;
	}
	struct buf text = BUF_INIT(4096);
	struct kube_out state = {.body = &text};
	kube_fill_pod_status(kube, pod, vars, &state);
	kube_expand(out, kube_template(kube, TEXT_POD_STATUS_SCHEDULED), vars);
	buf_done(&text);
}

static void out_member(struct kube_out *out, const char *name, const char *value)
{
	kube_out_text(out, name);
	kube_out_text(out, value);
	kube_out_text(out, "\"");
}

static void out_quoted(struct kube_out *out, const char *text)
{
	for (const char *p = text; *p; p++)
		kube_out_bytes(out, *p == '\'' ? "\"" : p, 1);
}

static void out_owner(struct sim_kube *kube, struct kube_object *object, struct kube_out *out)
{
	if (object->kind->id != KIND_REPLICASET)
		return;
	char uid[37];
	kube_uid(kube, object->workload->object.serial, uid);
	kube_out_printf(out,
			",\"ownerReferences\":[{\"apiVersion\":\"apps/"
			"v1\",\"kind\":\"Deployment\",\"name\":\"%s\",\"uid\":\"%s\","
			"\"controller\":true,\"blockOwnerDeletion\":true}]",
			object->workload->object.name, uid);
}

static void out_annotations(struct sim_kube *kube, struct kube_object *object, const struct kube_shape *shape,
			    struct kube_out *out)
{
	if (shape == &kube_fixture_shape) {
		const struct kube_fixture *fixture = object->source;
		if (!fixture->annotations[0])
			return;
		kube_out_text(out, ",\"annotations\":{");
		out_quoted(out, fixture->annotations);
		kube_out_text(out, "}");
	} else if (object->kind->id == KIND_SERVICEACCOUNT && object->workload->flags & WORKLOAD_IRSA) {
		kube_out_printf(out, ",\"annotations\":{\"eks.amazonaws.com/role-arn\":\"arn:aws:iam::%s:role/%s-%s\"}",
				kube->account, kube->name, object->workload->object.name);
	} else if (object->kind->id == KIND_INGRESS) {
		kube_out_text(out, ",\"annotations\":{\"alb.ingress.kubernetes.io/scheme\":\"internet-facing\","
				   "\"alb.ingress.kubernetes.io/target-type\":\"ip\",\"alb.ingress.kubernetes.io/"
				   "healthcheck-path\":\"/health\"},"
				   "\"finalizers\":[\"ingress.k8s.aws/resources\"]");
	}
}

static void out_metadata(struct sim_kube *kube, struct kube_object *object, const struct kube_shape *shape,
			 struct kube_values *vars, struct kube_out *out)
{
	vars->used = 0;
	kube_put(vars, 'n', object->name);
	kube_put(vars, 'N', object->ns ? object->ns : "");
	kube_put(vars, 'K', kube->name);
	kube_put(vars, 'J', kube->region);
	kube_put(vars, 'j', kube->account);
	kube_put_uid(kube, vars, 'u', object->serial);
	kube_put_stamp(kube, vars, 'c', object->created_ms);
	if (shape && shape->fill)
		shape->fill(kube, object, vars);
	kube_out_text(out, "{\"name\":\"");
	kube_out_text(out, object->name);
	if (object->ns)
		out_member(out, "\",\"namespace\":\"", object->ns);
	else
		kube_out_text(out, "\"");
	kube_out_text(out, ",\"uid\":\"");
	kube_out_bytes(out, vars->v['u'].p, 36);
	kube_out_text(out, "\",\"resourceVersion\":\"");
	kube_put_number(vars, 'r', object->rv);
	kube_out_bytes(out, vars->v['r'].p, vars->v['r'].n);
	if (shape && shape->generation)
		kube_out_printf(out, "\",\"generation\":%u,\"creationTimestamp\":\"", object->generation);
	else
		kube_out_text(out, "\",\"creationTimestamp\":\"");
	kube_out_bytes(out, vars->v['c'].p, 20);
	kube_out_text(out, "\"");
	if (object->deleting_ms) {
		char stamp[24];
		kube_out_text(out, ",\"deletionTimestamp\":\"");
		kube_out_text(out, kube_stamp(kube, object->deleting_ms, stamp));
		kube_out_text(out, "\",\"deletionGracePeriodSeconds\":30");
	}
	kube_render_labels(kube, object, out);
}

static void render_pod(struct sim_kube *kube, struct kube_object *object, bool metadata_only, struct kube_values *vars,
		       struct kube_out *out)
{
	struct kube_pod *pod = kube_pod_of(object);
	struct kube_workload *w = object->workload;
	kube_fill_workload(kube, w, vars);
	out_metadata(kube, object, NULL, vars, out);
	kube_out_text(out, ",");
	if (w->object.kind->id != KIND_STATEFULSET || w->replica_set) {
		kube_out_text(out, "\"generateName\":\"");
		kube_out_text(out, kube_pod_owner(w)->name);
		kube_out_text(out, "-\",");
	}
	kube_fill_pod_owner(kube, pod, vars);
	kube_put_ip(vars, 'I', pod->ip);
	kube_put_stamp(kube, vars, 'y', pod->ready_ms > object->created_ms ? pod->ready_ms : object->created_ms);
	kube_expand(out, kube_template(kube, TEXT_POD_HEAD), vars);
	kube_expand(out, kube_template(kube, TEXT_POD_MANAGED), vars);
	kube_out_text(out, "}");
	if (!metadata_only)
		render_pod_rest(kube, pod, vars, out);
}

/* Everything from "metadata" on, without the braces around. */
static void render_template(struct sim_kube *kube, struct kube_object *object, bool metadata_only,
			    struct kube_values *vars, struct kube_out *out)
{
	kube_out_text(out, "\"metadata\":");
	if (object->kind->id == KIND_POD) {
		render_pod(kube, object, metadata_only, vars, out);
		return;
	}
	const struct kube_shape *shape = kube_shape_of(object);
	out_metadata(kube, object, shape, vars, out);
	out_owner(kube, object, out);
	out_annotations(kube, object, shape, out);
	if (shape->head) {
		kube_out_text(out, ",");
		kube_expand(out, kube_template(kube, (enum kube_template_id)shape->head), vars);
	}
	kube_out_text(out, "}");
	if (metadata_only)
		return;
	if (shape == &kube_fixture_shape)
		out_quoted(out, ((const struct kube_fixture *)object->source)->text);
	else
		kube_expand(out, kube_template(kube, (enum kube_template_id)shape->body), vars);
}

const char *kube_api_version(const struct kube_kind *kind, char out[128])
{
	const struct kube_resource *resource = kind->resource;
	snprintf(out, 128, "%s%s%s", resource->group, resource->group[0] ? "/" : "", resource->version);
	return out;
}

static void render_plain(struct sim_kube *kube, struct kube_object *object, enum kube_form form, struct kube_out *out)
{
	struct kube_values *vars = (struct kube_values *)(void *)out->scratch;
	char version[128];
	if (form == FORM_WHOLE)
		kube_out_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",", object->kind->resource->kind,
				kube_api_version(object->kind, version));
	else if (form == FORM_METADATA)
		kube_out_text(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",");
	else
		kube_out_text(out, "{");
	render_template(kube, object, form == FORM_METADATA, vars, out);
	kube_out_text(out, "}");
}

/* A budget that a client has made: the disruption controller writes its status. */
static json_t *with_budget_status(struct sim_kube *kube, struct kube_object *object, json_t *document)
{
	struct kube_budget budget;
	json_t *status = json_object_get(document, "status");
	kube_budget(kube, object, &budget);
	if (!json_is_object(status)) {
		status = json_object();
		json_object_set_new(document, "status", status);
	}
	json_object_update_new(status,
			       json_pack("{s:I, s:I, s:I, s:I, s:I}", "disruptionsAllowed", (json_int_t)budget.allowed,
					 "currentHealthy", (json_int_t)budget.healthy, "desiredHealthy",
					 (json_int_t)budget.desired, "expectedPods", (json_int_t)budget.expected,
					 "observedGeneration", (json_int_t)object->generation));
	return document;
}

static bool is_budget(const struct kube_object *object)
{
	return object->kind->id == KIND_PDB && !object->kind->custom;
}

json_t *kube_document(struct sim_kube *kube, struct kube_object *object)
{
	if (object->whole && is_budget(object))
		return with_budget_status(kube, object, json_deep_copy(object->doc));
	if (object->whole)
		return json_deep_copy(object->doc);
	if (kube_is_own_pod(object)) {
		json_t *own = kube_own_pod(kube, kube_pod_of(object));
		if (object->workload && object->doc)
			kube_merge_patch(own, object->doc);
		return own;
	}
	struct buf text = BUF_INIT(16 << 20);
	struct kube_out out = {.body = &text, .scratch = mem_alloc(sizeof(struct kube_values))};
	render_plain(kube, object, FORM_WHOLE, &out);
	json_t *document = document_load(buf_slice(&text));
	if (!document)
		abort(); /* a template that is not JSON */
	buf_done(&text);
	free(out.scratch);
	if (object->doc)
		kube_merge_patch(document, object->doc);
	return document;
}

json_t *kube_view(struct sim_kube *kube, struct kube_object *object)
{
	return object->whole && !is_budget(object) ? json_incref(object->doc) : kube_document(kube, object);
}

static void render_document(struct sim_kube *kube, struct kube_object *object, enum kube_form form,
			    struct kube_out *out)
{
	json_t *document = kube_view(kube, object);
	if (form == FORM_METADATA) {
		json_t *partial = json_pack("{s:s, s:s, s:O}", "kind", "PartialObjectMetadata", "apiVersion",
					    "meta.k8s.io/v1", "metadata", json_object_get(document, "metadata"));
		json_decref(document);
		document = partial;
	} else if (form == FORM_ITEM && !object->kind->custom) {
		json_t *item = json_copy(document);
		json_decref(document);
		document = item;
		json_object_del(document, "kind");
		json_object_del(document, "apiVersion");
	}
	kube_out_document(out, document);
	json_decref(document);
}

void kube_render(struct sim_kube *kube, struct kube_object *object, enum kube_form form, struct kube_out *out)
{
	if (object->whole || object->doc || kube_is_own_pod(object)) {
		render_document(kube, object, form, out);
		return;
	}
	if (!out->scratch)
		out->scratch = mem_alloc(sizeof(struct kube_values));
	render_plain(kube, object, form, out);
}
