/* Custom resource definitions: versions that are stored, served, deprecated, converted. */
#include <string.h>
#include "assessment/backend.h"

#define PAGE                                                                                                           \
	"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/"
#define CRDS "kubernetes customresourcedefinitions.apiextensions.k8s.io"
#define CRD "CustomResourceDefinition"

#define EACH_CRD(assess, crd)                                                                                          \
	for (const struct kube_crd *crd = (assess)->inventory->crds, *end_ = crd + (assess)->inventory->n_crds;        \
	     crd < end_; crd++)

static const struct kube_crd_version *version_of(const struct kube_crd *crd, const char *name)
{
	for (size_t i = 0; i < crd->n_versions; i++)
		if (name && crd->versions[i].name && !strcmp(crd->versions[i].name, name))
			return &crd->versions[i];
	return NULL;
}

static bool is_stored(const struct kube_crd *crd, const struct kube_crd_version *version)
{
	for (size_t i = 0; i < crd->n_stored; i++)
		if (crd->stored[i] && version->name && !strcmp(crd->stored[i], version->name))
			return true;
	return version->storage;
}

/* A version missing from the spec altogether is refused by the API server: only one that is listed and not served. */
static void not_served(struct assess *assess)
{
	EACH_CRD(assess, crd)
	{
		const char *which = NULL;
		for (size_t i = 0; i < crd->n_stored; i++) {
			const struct kube_crd_version *version = version_of(crd, crd->stored[i]);
			if (version && !version->served)
				which = which ? arena_printf(assess->arena, "%s, %s", which, version->name)
					      : version->name;
		}
		if (!which)
			continue;
		struct finding *finding = assess_object(
			assess, CRD, NULL, crd->meta.name,
			"objects may be stored in %s, which is not served: they cannot be migrated by it", which);
		assess_evidence(assess, finding, CRDS, "status.storedVersions has %s, spec.versions says served: false",
				which);
	}
}

static void migration(struct assess *assess)
{
	EACH_CRD(assess, crd)
	{
		const char *all = NULL;
		for (size_t i = 0; i < crd->n_stored; i++)
			all = all ? arena_printf(assess->arena, "%s, %s", all, subject_text(crd->stored[i]))
				  : subject_text(crd->stored[i]);
		if (crd->n_stored < 2)
			continue;
		struct finding *finding =
			assess_object(assess, CRD, NULL, crd->meta.name,
				      "objects may be stored in %zu versions (%s): none may be dropped before they are "
				      "written again",
				      crd->n_stored, all);
		assess_remedy(assess, finding,
			      "kubectl get %s -A -o name, write each again (kubectl replace), then leave only the "
			      "storage version in status.storedVersions",
			      subject_text(crd->meta.name));
	}
}

/* Worse where objects are kept in it than where somebody may merely ask for it. */
static void deprecated_served(struct assess *assess)
{
	EACH_CRD(assess, crd)
	{
		const struct kube_crd_version *first = NULL;
		bool stored = false;
		for (size_t i = 0; i < crd->n_versions; i++) {
			if (!crd->versions[i].deprecated || !crd->versions[i].served)
				continue;
			first = first ? first : &crd->versions[i];
			stored |= is_stored(crd, &crd->versions[i]);
		}
		if (!first)
			continue;
		struct finding *finding =
			assess_object(assess, CRD, NULL, crd->meta.name, "%s is deprecated and still served%s",
				      subject_text(first->name), stored ? ", and objects are stored in it" : "");
		finding->severity = stored ? SEVERITY_MEDIUM : SEVERITY_LOW;
		finding->api_version =
			arena_printf(assess->arena, "%s/%s", subject_text(crd->group), subject_text(first->name));
		assess_evidence(assess, finding, CRDS, "%s",
				first->deprecation_warning ? first->deprecation_warning : "deprecated: true");
	}
}

/* The definition itself, in a version that 1.22 has ended. */
static void from_beta(struct assess *assess)
{
	EACH_CRD(assess, crd)
	{
		if (!crd->meta.api_version || strcmp(crd->meta.api_version, "apiextensions.k8s.io/v1beta1") != 0)
			continue;
		struct finding *finding =
			assess_object(assess, CRD, NULL, crd->meta.name,
				      "is written in apiextensions.k8s.io/v1beta1, which is not served from 1.22");
		finding->api_version = crd->meta.api_version;
		finding->removed_in = "1.22";
		finding->replacement = "apiextensions.k8s.io/v1";
	}
}

static void conversion(struct assess *assess)
{
	EACH_CRD(assess, crd)
	{
		if (!crd->conversion || strcmp(crd->conversion, "Webhook") != 0)
			continue;
		const char *wrong = backend_service_wrong(assess, crd->conversion_ns, crd->conversion_service);
		if (!wrong)
			continue;
		struct finding *finding = assess_object(
			assess, CRD, NULL, crd->meta.name,
			"is converted by a webhook, and %s: its objects cannot be read in another version", wrong);
		assess_evidence(assess, finding, CRDS, "spec.conversion.webhook: service %s/%s",
				subject_text(crd->conversion_ns), subject_text(crd->conversion_service));
	}
}

const struct check checks_crds[] = {
	{.id = "CRD-STORED-NOT-SERVED",
	 .title = "objects are stored in a version that is not served",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(CRDS),
	 .run = not_served,
	 .remedy = "serve that version again, migrate the objects, and take it out of status.storedVersions",
	 .page = PAGE},
	{.id = "CRD-STORAGE-MIGRATION",
	 .title = "objects are stored in several versions",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(CRDS),
	 .run = migration,
	 .remedy = "migrate the objects to the storage version",
	 .page = PAGE "#upgrade-existing-objects-to-a-new-stored-version"},
	{.id = "CRD-DEPRECATED-SERVED",
	 .title = "a deprecated version of a custom resource is served",
	 .severity = SEVERITY_LOW,
	 .severities = "LOW, MEDIUM when objects are stored in it",
	 .needs = NEEDS(CRDS),
	 .run = deprecated_served,
	 .remedy = "move its users to a version that is not deprecated",
	 .page = PAGE},
	{.id = "CRD-V1BETA1",
	 .title = "a definition in apiextensions.k8s.io/v1beta1",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(CRDS),
	 .run = from_beta,
	 .remedy = "upgrade the component it belongs to, to one whose definitions are apiextensions.k8s.io/v1",
	 .page = PAGE},
	{.id = "CRD-CONVERSION",
	 .title = "nobody answers for a conversion webhook",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS(CRDS, BACKEND_NEEDS),
	 .run = conversion,
	 .remedy = "bring its backend back",
	 .page = PAGE "#webhook-conversion"},
	{.id = NULL},
};
