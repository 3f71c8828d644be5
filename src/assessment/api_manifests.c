/* What manifests use: those that Helm has stored of its releases, and those that were given as files or as a Git
 * working tree. All are read by the one scanner (scan/). */
#include <stdio.h>
#include <string.h>
#include "assessment/api_evidence_internal.h"
#include "scan/scan.h"

static struct api_evidence of_finding(const struct finding *finding)
{
	const struct finding_object *object = finding->object;
	const struct finding_evidence *seen = finding->n_evidence ? finding->evidence : NULL;
	return (struct api_evidence){.api = knowledge_api_version(subject_text(finding->api_version),
								  object ? subject_text(object->kind) : ""),
				     .object_ns = object ? object->ns : NULL,
				     .object_name = object ? object->name : NULL,
				     .caller = seen ? seen->caller : NULL,
				     .last_seen_ms = seen ? seen->last_seen_ms : 0,
				     .file = finding->file,
				     .line = finding->line,
				     .count = -1};
}

/* ---- Helm */

static const char *release_name(const struct assess *assess, const struct helm_release *release)
{
	return arena_printf(assess->arena, "%s/%s", subject_text(release->ns), subject_text(release->name));
}

/* Kinds of Kubernetes' own, with a version that was given up, that are in no namespace. */
static bool is_everywhere(const struct api_lifecycle *api)
{
	static const char kinds[] =
		" APIService CSIDriver CSINode CertificateSigningRequest ClusterCIDR ClusterRole ClusterRoleBinding "
		"ClusterTrustBundle ComponentStatus CustomResourceDefinition DeviceClass DeviceTaintRule FlowSchema "
		"IPAddress IngressClass MutatingAdmissionPolicy MutatingAdmissionPolicyBinding "
		"MutatingWebhookConfiguration PodSecurityPolicy PriorityClass PriorityLevelConfiguration ResourceClass "
		"ResourceSlice RuntimeClass SelfSubjectReview ServiceCIDR StorageClass StorageVersion "
		"StorageVersionMigration TokenReview ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
		"ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass ";
	char word[96];
	snprintf(word, sizeof word, " %s ", subject_text(api->kind));
	return !api->component && strstr(kinds, word);
}

static void take_stored(struct assess *assess, const struct helm_release *release, const struct finding *finding)
{
	struct api_evidence evidence = of_finding(finding);
	if (finding->status == FINDING_UNKNOWN) {
		*ARENA_PUSH(assess->arena, assess->unreadable, assess->n_unreadable) =
			(struct unreadable_manifest){release->ns, release->name, finding->reason};
		return;
	}
	if (!evidence.api)
		return;
	evidence.source = API_HELM;
	evidence.file = NULL; /* which is only the release's name */
	if (is_everywhere(evidence.api))
		evidence.object_ns = NULL; /* whatever the manifest says */
	else if (!evidence.object_ns)
		evidence.object_ns = release->ns;
	evidence.release = release_name(assess, release);
	evidence.release_ns = release->ns;
	evidence.release_name = release->name;
	evidence.last_seen_ms = release->updated_ms;
	api_evidence_push(assess, evidence);
}

/* What is uninstalled is not upgraded. After a failed upgrade the next one begins from what is deployed. */
static void from_helm(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	struct scan_options options = {.target_minor = assess->to, .arena = assess->arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	struct assessment found = {0};
	for (size_t i = 0; i < inventory->n_helm_releases; i++) {
		const struct helm_release *release = &inventory->helm_releases[i];
		const char *const manifests[] = {release->manifest, release->installed};
		bool gone = !strcmp(subject_text(release->status), "uninstalled");
		for (size_t k = 0; k < ARRAY_SIZE(manifests) && !gone; k++)
			if (manifests[k])
				scan_text(scan, slice_of(manifests[k]), release_name(assess, release), "helm");
	}
	scan_finish(scan, &found, NULL);
	for (size_t i = 0; i < found.n_findings; i++)
		for (size_t k = 0; k < inventory->n_helm_releases; k++)
			if (found.findings[i].file &&
			    !strcmp(found.findings[i].file, release_name(assess, &inventory->helm_releases[k])))
				take_stored(assess, &inventory->helm_releases[k], &found.findings[i]);
}

/* ---- files and Git working trees, which were scanned before (inventory->manifests) */

static void from_files(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_manifests; i++) {
		const struct finding *finding = &assess->inventory->manifests[i];
		struct api_evidence evidence = of_finding(finding);
		if (finding->status != FINDING_FOUND || !evidence.api || !evidence.object_name)
			continue;
		bool in_git = finding->n_evidence && !strcmp(finding->evidence[0].source, "git");
		evidence.source = in_git ? API_GIT : API_FILE;
		api_evidence_push(assess, evidence);
	}
}

void api_gather_manifests(struct assess *assess)
{
	if (assess->inventory->n_helm_releases)
		from_helm(assess);
	from_files(assess);
}
