/* Is there a way to get lost objects and data back? Velero's own objects tell; of other tools only that they are there.
 */
#include <string.h>
#include "assessment/subject.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE "https://velero.io/docs/main/"
#define BACKUPS "kubernetes backups.velero.io"

#define OLDEST_MS DAY_MS

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), b);
}

#define EACH_VELERO(assess, custom, wanted)                                                                            \
	for (const struct kube_custom *custom = (assess)->inventory->customs,                                          \
				      *end_ = custom + (assess)->inventory->n_customs;                                 \
	     custom < end_; custom++)                                                                                  \
		if (is(custom->kind, (wanted)) && !strncmp(subject_text(custom->meta.api_version), "velero.io/", 10))

struct backups {
	size_t n;
	const struct kube_custom *good; /* the newest that succeeded */
	int64_t good_ms;
	const struct kube_custom *last; /* any of them */
};

static struct backups look(struct assess *assess)
{
	struct backups all = {0};
	EACH_VELERO(assess, custom, "Backup")
	{
		const json_t *status = assess_json(assess, custom->status);
		const char *when = document_text(status, "completionTimestamp");
		int64_t ms = custom->meta.created_ms;
		all.n++;
		all.last = custom;
		if (!is(document_text(status, "phase"), "Completed"))
			continue;
		if (when)
			time_parse_rfc3339(slice_of(when), &ms);
		if (!all.good || ms > all.good_ms) {
			all.good = custom;
			all.good_ms = ms;
		}
	}
	return all;
}

static bool runs_other_tool(const struct assess *assess)
{
	static const char *const images[] = {"kasten", "trilio", "/stash", "/k8up", "px-backup", "cohesity"};
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_pod_spec *spec = assess->inventory->workloads[i].template.spec;
		for (size_t k = 0; k < ARRAY_SIZE(images) && spec; k++)
			if (spec->n_containers && strstr(subject_text(spec->containers[0].image), images[k]))
				return true;
	}
	return false;
}

/* AWS Backup, where somebody has asked it. */
static bool is_protected(const struct assess *assess)
{
	const char *arn = document_text(inventory_cluster(assess->inventory), "arn");
	EACH_AWS (assess->inventory, "list_protected_resources", "Results", resource)
		if (arn && is(document_text(resource, "ResourceArn"), arn))
			return true;
	return false;
}

/* Others keep their backups where only they can read. */
static bool has_other_tool(const struct assess *assess)
{
	static const char *const groups[] = {"config.kio.kasten.io", "triliovault.trilio.io", "stash.appscode.com",
					     "core.kubestash.com", "k8up.io"};
	for (size_t i = 0; i < assess->inventory->n_crds; i++)
		for (size_t k = 0; k < ARRAY_SIZE(groups); k++)
			if (is(assess->inventory->crds[i].group, groups[k]))
				return true;
	return runs_other_tool(assess) || is_protected(assess);
}

static void none(struct assess *assess)
{
	struct backups all = look(assess);
	if (all.n || has_other_tool(assess))
		return;
	struct finding *finding = assess_cluster(assess, "no backup of the cluster's objects was found");
	assess_evidence(assess, finding, BACKUPS, "no velero.io Backup, and no other tool's definitions or programs");
}

static void stale(struct assess *assess)
{
	struct backups all = look(assess);
	char when[TIME_TEXT];
	if (all.good && assess->now_ms - all.good_ms > OLDEST_MS)
		assess_object(assess, "Backup", all.good->meta.ns, all.good->meta.name,
			      "is the newest backup that succeeded, of %s: older than a day",
			      time_format_rfc3339(all.good_ms, when));
	else if (all.n && !all.good)
		assess_remedy(assess,
			      assess_object(assess, "Backup", all.last->meta.ns, all.last->meta.name,
					    "none of %zu backup%s has succeeded; this is the last", all.n,
					    all.n == 1 ? "" : "s"),
			      "see why: velero backup describe %s --details; when it is mended: velero backup create "
			      "before-upgrade --wait",
			      subject_text(all.last->meta.name));
	EACH_VELERO(assess, custom, "BackupStorageLocation")
	{
		const json_t *status = assess_json(assess, custom->status);
		if (!is(document_text(status, "phase"), "Unavailable"))
			continue;
		struct finding *finding =
			assess_object(assess, "BackupStorageLocation", custom->meta.ns, custom->meta.name,
				      "cannot be reached: %s", document_text_or(status, "message", "no reason given"));
		assess_remedy(assess, finding,
			      "see its bucket and its role: kubectl -n %s logs deploy/velero; then: velero "
			      "backup-location get %s",
			      subject_text(custom->meta.ns), subject_text(custom->meta.name));
	}
}

/* ---- BAK-NO-VOLUMES */

static bool lists(const json_t *names, const char *name)
{
	size_t i;
	const json_t *entry;
	json_array_foreach (names, i, entry)
		if (is(json_string_value(entry), subject_text(name)) || is(json_string_value(entry), "*"))
			return true;
	return false;
}

static bool covers_namespace(const json_t *spec, const char *ns)
{
	const json_t *included = json_object_get(spec, "includedNamespaces");
	return (!json_array_size(included) || lists(included, ns)) &&
	       !lists(json_object_get(spec, "excludedNamespaces"), ns);
}

static const char *driver_of(const struct assess *assess, const struct kube_claim *claim)
{
	for (size_t i = 0; i < assess->inventory->n_volumes; i++)
		if (claim->volume && is(assess->inventory->volumes[i].meta.name, claim->volume))
			return assess->inventory->volumes[i].csi_driver;
	for (size_t i = 0; i < assess->inventory->n_storage_classes; i++)
		if (claim->class_name && is(assess->inventory->storage_classes[i].meta.name, claim->class_name))
			return assess->inventory->storage_classes[i].provisioner;
	return NULL;
}

/* Is there a class of snapshots for the driver (NULL: for any)? */
static bool can_be_snapshotted(const struct assess *assess, const char *driver)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++)
		if (is(assess->inventory->customs[i].kind, "VolumeSnapshotClass") &&
		    (!driver || is(assess->inventory->customs[i].driver, driver)))
			return true;
	return false;
}

/* Velero copies files itself, or takes EBS snapshots by its own plugin: then no snapshot class is needed. */
static bool by_itself(const json_t *spec)
{
	return document_true(spec, "defaultVolumesToFsBackup") || document_true(spec, "defaultVolumesToRestic") ||
	       json_array_size(json_object_get(spec, "volumeSnapshotLocations"));
}

static const char *uncovered(struct assess *assess, const struct kube_claim *claim, const struct kube_custom *backup,
			     bool *ret_unknown)
{
	const json_t *spec = backup ? assess_json(assess, backup->spec) : NULL,
		     *volumes = json_object_get(spec, "snapshotVolumes");
	const char *driver = driver_of(assess, claim);
	if (backup && !covers_namespace(spec, claim->meta.ns))
		return arena_printf(assess->arena, "its namespace is not in backup \"%s\"",
				    subject_text(backup->meta.name));
	if (backup && by_itself(spec))
		return NULL;
	if (backup && json_is_false(volumes))
		return arena_printf(assess->arena, "backup \"%s\" takes no volumes", subject_text(backup->meta.name));
	*ret_unknown = !driver && can_be_snapshotted(assess, NULL);
	if (*ret_unknown)
		return "neither its volume nor its storage class was seen";
	if (can_be_snapshotted(assess, driver))
		return NULL;
	return driver ? arena_printf(assess->arena, "there is no VolumeSnapshotClass for driver \"%s\"", driver)
		      : "there is no VolumeSnapshotClass";
}

static void no_volumes(struct assess *assess)
{
	struct backups all = look(assess);
	size_t n = has_other_tool(assess) ? 0 : assess->inventory->n_claims;
	for (size_t i = 0; i < n; i++) {
		const struct kube_claim *claim = &assess->inventory->claims[i];
		bool unknown = false;
		const char *why = uncovered(assess, claim, all.good, &unknown);
		if (unknown)
			assess_unknown(assess, "PersistentVolumeClaim", claim->meta.ns, claim->meta.name, "%s", why);
		else if (why)
			assess_object(assess, "PersistentVolumeClaim", claim->meta.ns, claim->meta.name,
				      "its data is in no backup: %s", why);
	}
}

static void untested(struct assess *assess)
{
	if (!look(assess).good)
		return; /* BAK-NONE and BAK-STALE */
	EACH_VELERO(assess, custom, "Restore")
	if (is(document_text(assess_json(assess, custom->status), "phase"), "Completed"))
		return;
	struct finding *finding =
		assess_cluster(assess, "there are backups, and no restore that has succeeded is recorded");
	assess_remedy(assess, finding,
		      "try one beside the original: velero restore create --from-backup %s --include-namespaces NS "
		      "--namespace-mappings NS:NS-restored",
		      subject_text(look(assess).good->meta.name));
}

/* ---- BAK-RESTORE-VERSION: Velero keeps objects in the version that the server prefers, and notes the server's own.
 * Which kinds there are in the backup is told by those in the cluster. */

static unsigned made_at(const struct assess *assess, const struct kube_custom *backup)
{
	unsigned minor =
		knowledge_minor(kube_meta_annotation(&backup->meta, "velero.io/source-cluster-k8s-gitversion"));
	return minor ? minor : assess->from;
}

/* The API server makes its own anew. */
static bool is_servers_own(const struct kube_meta *meta)
{
	return is(kube_meta_annotation(meta, "apf.kubernetes.io/autoupdate-spec"), "true");
}

static const char *lost_version(const struct assess *assess, unsigned made, const char *kind,
				const struct kube_meta *meta)
{
	const struct api_lifecycle *api =
		kind && meta->api_version ? knowledge_api_version(meta->api_version, kind) : NULL;
	if (!api || api->component || is_servers_own(meta))
		return NULL;
	const struct api_lifecycle *kept = knowledge_kind_preferred(api->group, api->kind, made);
	return kept && !knowledge_api_default(kept, assess->to)
		       ? arena_printf(assess->arena, "%s %s/%s", kind, kept->group, kept->version)
		       : NULL;
}

static void restore_version(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	const struct kube_custom *backup = look(assess).good;
	unsigned made = backup ? made_at(assess, backup) : 0;
	const char *first = NULL;
	size_t n = 0;
	for (size_t i = 0; made && i < inventory->n_customs + inventory->n_others; i++) {
		bool custom = i < inventory->n_customs;
		const char *kind =
			custom ? inventory->customs[i].kind : inventory->others[i - inventory->n_customs].kind;
		const struct kube_meta *meta =
			custom ? &inventory->customs[i].meta : &inventory->others[i - inventory->n_customs].meta;
		const char *lost = lost_version(assess, made, kind, meta);
		first = first || !lost
				? first
				: arena_printf(assess->arena, "%s, such as \"%s\"", lost, subject_text(meta->name));
		n += lost != NULL;
	}
	if (!first)
		return;
	struct finding *finding = assess_object(assess, "Backup", backup->meta.ns, backup->meta.name,
						"was made at 1.%u: %zu object%s in a version that %s does not serve",
						made, n, n == 1 ? " is" : "s are", assess->target);
	assess_evidence(assess, finding, BACKUPS, "%s", first);
}

const struct check checks_backup[] = {
	{.id = "BAK-NONE",
	 .title = "no backup",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(BACKUPS, "kubernetes customresourcedefinitions.apiextensions.k8s.io"),
	 .run = none,
	 .remedy = "install Velero, then: velero backup create before-upgrade --wait",
	 .page = PAGE},
	{.id = "BAK-STALE",
	 .title = "no backup of the last 24 hours",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(BACKUPS, "kubernetes backupstoragelocations.velero.io"),
	 .run = stale,
	 .remedy = "velero backup create before-upgrade --wait",
	 .page = PAGE},
	{.id = "BAK-NO-VOLUMES",
	 .title = "a volume is in no backup",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(BACKUPS, "kubernetes persistentvolumeclaims", "kubernetes persistentvolumes",
			"kubernetes storageclasses.storage.k8s.io",
			"kubernetes volumesnapshotclasses.snapshot.storage.k8s.io",
			"kubernetes customresourcedefinitions.apiextensions.k8s.io"),
	 .run = no_volumes,
	 .remedy = "make a VolumeSnapshotClass for its driver, and take its namespace into the backup",
	 .page = "https://velero.io/docs/main/csi/"},
	{.id = "BAK-RESTORE-VERSION",
	 .title = "a backup holds versions that the target does not serve",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(BACKUPS, "eks:DescribeCluster"),
	 .run = restore_version,
	 .remedy = "make a backup anew on the way, or restore to a cluster of the version it was made at",
	 .page = "https://velero.io/docs/main/enable-api-group-versions-feature/"},
	{.id = "BAK-UNTESTED",
	 .title = "no restore was tried",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS(BACKUPS, "kubernetes restores.velero.io"),
	 .run = untested,
	 .remedy = "velero restore create --from-backup NAME --namespace-mappings shop:shop-restored",
	 .page = "https://velero.io/docs/main/restore-reference/"},
	{.id = NULL},
};
