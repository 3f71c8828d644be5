/* Reading managedFields. EKS writes its add-ons by server-side apply as "eks". A field that somebody else owns and EKS
 * owns no more was taken from it: an update of the add-on refuses to touch it (NONE) or takes it back (OVERWRITE). */
#include "assessment/addon_owners.h"

#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"

static const struct {
	const char *addon, *kind, *name;
} objects[] = {
	{"vpc-cni", "DaemonSet", "aws-node"},
	{"vpc-cni", "ConfigMap", "amazon-vpc-cni"},
	{"kube-proxy", "DaemonSet", "kube-proxy"},
	{"kube-proxy", "ConfigMap", "kube-proxy-config"},
	{"coredns", "Deployment", "coredns"},
	{"coredns", "ConfigMap", "coredns"},
	{"aws-ebs-csi-driver", "Deployment", "ebs-csi-controller"},
	{"aws-ebs-csi-driver", "DaemonSet", "ebs-csi-node"},
	{"aws-efs-csi-driver", "Deployment", "efs-csi-controller"},
	{"aws-efs-csi-driver", "DaemonSet", "efs-csi-node"},
	{"eks-pod-identity-agent", "DaemonSet", "eks-pod-identity-agent"},
	{"metrics-server", "Deployment", "metrics-server"},
};

enum { DEEPEST = 16 };
static const char restarted[] = "f:kubectl.kubernetes.io/restartedAt";

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), b);
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(subject_text(text), with, strlen(with));
}

/* ".spec", "[aws-node]": how a key of fieldsV1 reads. */
static const char *step(struct assess *assess, const char *key)
{
	if (!strncmp(key, "f:", 2))
		return arena_printf(assess->arena, ".%s", key + 2);
	json_t *parts DOCUMENT_CLEANUP = NULL;
	struct error *error ERROR_CLEANUP =
		document_parse(slice_of(strchr(key, ':') ? strchr(key, ':') + 1 : key), "key", &parts);
	const char *name = document_text(parts, "name");
	return arena_printf(assess->arena, "[%s]", name ? name : key);
}

/* The first leaf of `theirs` that is not of `ours`; NULL: none. */
static const char *taken(struct assess *assess, const json_t *theirs, const json_t *ours, const char *path,
			 unsigned depth)
{
	const char *key;
	json_t *below;
	if (depth > DEEPEST)
		return NULL;
	json_object_foreach ((json_t *)(uintptr_t)theirs, key, below) {
		const json_t *own = json_object_get(ours, key);
		if (!strcmp(key, ".") || !strcmp(key, restarted) || !strncmp(key, "k:{\"uid\"", 9))
			continue;
		const char *at = arena_printf(assess->arena, "%s%s", path, step(assess, key));
		if (!json_object_size(below)) {
			if (!own)
				return at + (*at == '.');
			continue;
		}
		const char *found = taken(assess, below, own, at, depth + 1);
		if (found)
			return found;
	}
	return NULL;
}

static const json_t *fields_of(struct assess *assess, const struct kube_writer *writer)
{
	return writer->fields ? assess_json(assess, writer->fields) : NULL;
}

/* EKS itself, and what keeps status, revisions and scale. */
static bool is_of_the_house(const struct kube_writer *writer)
{
	return is(writer->manager, "eks") || is(writer->manager, "kube-controller-manager") ||
	       (writer->subresource && *writer->subresource) || !writer->manager || !*writer->manager;
}

/* Where no field is EKS's by its name, nothing can be compared: only a person's hand counts. */
static bool is_by_hand(const struct kube_writer *writer)
{
	return starts(writer->manager, "kubectl-edit") || starts(writer->manager, "kubectl-set") ||
	       starts(writer->manager, "kubectl-patch");
}

static const char *taken_by(struct assess *assess, const struct kube_meta *meta, const struct kube_writer *writer)
{
	static const char *const parts[] = {"f:spec", "f:data"};
	json_t *ours DOCUMENT_CLEANUP = json_object();
	const char *found = NULL;
	for (size_t i = 0; i < meta->n_writers; i++)
		if (is(meta->writers[i].manager, "eks") && json_is_object(fields_of(assess, &meta->writers[i])))
			json_object_update_recursive(ours, (json_t *)(uintptr_t)fields_of(assess, &meta->writers[i]));
	if (is_of_the_house(writer) || (!json_object_size(ours) && !is_by_hand(writer)))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(parts) && !found; i++)
		found = taken(assess, json_object_get(fields_of(assess, writer), parts[i]),
			      json_object_get(ours, parts[i]), parts[i] + 2, 0);
	return found;
}

static const struct kube_meta *meta_of(const struct assess *assess, const char *kind, const char *name)
{
	if (strcmp(kind, "ConfigMap") != 0) {
		const struct kube_workload *workload = index_workload(assess, kind, "kube-system", name);
		return workload ? &workload->meta : NULL;
	}
	for (size_t i = 0; i < assess->inventory->n_config_maps; i++)
		if (is(assess->inventory->config_maps[i].meta.ns, "kube-system") &&
		    is(assess->inventory->config_maps[i].meta.name, name))
			return &assess->inventory->config_maps[i].meta;
	return NULL;
}

bool addon_owner_next(struct assess *assess, const char *addon, size_t *at, struct addon_owner *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const struct kube_meta *meta =
			strcmp(objects[i].addon, addon) ? NULL : meta_of(assess, objects[i].kind, objects[i].name);
		for (size_t k = 0; meta && k < meta->n_writers; k++) {
			const char *field = n++ < *at ? NULL : taken_by(assess, meta, &meta->writers[k]);
			if (!field)
				continue;
			*ret = (struct addon_owner){objects[i].kind, objects[i].name, &meta->writers[k], field};
			*at = n;
			return true;
		}
	}
	return false;
}
