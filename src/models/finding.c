/* Findings: their tables, their order, and what they add up to. */
#include "models/finding.h"

#include <stdlib.h>
#include <string.h>

const char *const severity_names[] = {"BLOCKER", "HIGH", "MEDIUM", "LOW", "INFO", NULL};
const char *const finding_status_names[] = {"finding", "unknown", "accepted", NULL};

static const struct field object_fields[] = {
	F_STRING(struct finding_object, kind, "kind", FIELD_OMIT_EMPTY, "kind of a Kubernetes object"),
	F_STRING(struct finding_object, ns, "namespace", FIELD_OMIT_EMPTY, "its namespace"),
	F_STRING(struct finding_object, name, "name", FIELD_OMIT_EMPTY, "its name, or the id of an AWS thing"),
	F_STRING(struct finding_object, arn, "arn", FIELD_OMIT_EMPTY, "of an AWS thing"),
};
static const struct model object_model = MODEL("FindingObject", struct finding_object, object_fields);

static const struct field evidence_fields[] = {
	F_STRING(struct finding_evidence, source, "source", 0, "where it was seen"),
	F_STRING(struct finding_evidence, detail, "detail", FIELD_OMIT_EMPTY, "what was seen"),
	F_STRING(struct finding_evidence, caller, "caller", FIELD_OMIT_EMPTY, "who asks or writes"),
	F_TIME(struct finding_evidence, last_seen_ms, "last_seen", FIELD_OMIT_EMPTY, "when last"),
	{.name = "count",
	 .kind = FIELD_INT,
	 .flags = FIELD_HAS | FIELD_OMIT_EMPTY,
	 .offset = offsetof(struct finding_evidence, count),
	 .offset_n = offsetof(struct finding_evidence, has_count),
	 .doc = "how often"},
};
static const struct model evidence_model = MODEL("Evidence", struct finding_evidence, evidence_fields);

static const struct field change_fields[] = {
	F_STRING(struct finding_change, action, "action", FIELD_REQUIRED, "scale, addon or apply"),
	F_STRING(struct finding_change, kind, "kind", FIELD_OMIT_EMPTY, "of the object that is changed"),
	F_STRING(struct finding_change, ns, "namespace", FIELD_OMIT_EMPTY, "its namespace"),
	F_STRING(struct finding_change, name, "name", FIELD_REQUIRED, "its name, or the add-on's"),
	F_STRING(struct finding_change, from, "from", 0, "replicas, version or API version now"),
	F_STRING(struct finding_change, to, "to", FIELD_REQUIRED, "and then"),
};
static const struct model change_model = MODEL("Change", struct finding_change, change_fields);

static const struct field finding_fields[] = {
	F_STRING(struct finding, id, "id", FIELD_REQUIRED, "the check's id"),
	F_STRING(struct finding, title, "title", FIELD_OMIT_EMPTY, "the check in words"),
	F_ENUM(struct finding, severity, "severity", FIELD_REQUIRED, severity_names, "how bad"),
	F_ENUM(struct finding, status, "status", FIELD_REQUIRED, finding_status_names, "finding, unknown or accepted"),
	F_STRING(struct finding, scope, "scope", FIELD_OMIT_EMPTY, "counts for this strategy only"),
	F_OBJECT_PTR(struct finding, object, "object", FIELD_OMIT_EMPTY, &object_model, "the thing to change"),
	F_STRING(struct finding, message, "message", FIELD_OMIT_EMPTY, "what is wrong with it"),
	F_STRING(struct finding, file, "file", FIELD_OMIT_EMPTY, "where it is written"),
	F_INT(struct finding, line, "line", FIELD_OMIT_EMPTY, "line, from 1"),
	F_INT(struct finding, document, "document", FIELD_OMIT_EMPTY, "document of the file, from 1"),
	F_STRING(struct finding, api_version, "api_version", FIELD_OMIT_EMPTY, "the API version in question"),
	F_STRING(struct finding, removed_in, "removed_in", FIELD_OMIT_EMPTY, "not served from"),
	F_STRING(struct finding, deprecated_in, "deprecated_in", FIELD_OMIT_EMPTY, "deprecated from"),
	F_STRING(struct finding, replacement, "replacement", FIELD_OMIT_EMPTY, "what to use instead"),
	F_LIST(struct finding, evidence, n_evidence, "evidence", 0, &evidence_model, "what it was concluded from"),
	F_STRING(struct finding, remedy, "remedy", FIELD_OMIT_EMPTY, "what to do"),
	F_OBJECT_PTR(struct finding, change, "change", FIELD_OMIT_EMPTY, &change_model,
		     "what a plan does about it by a step of its own"),
	F_STRING(struct finding, reason, "reason", FIELD_OMIT_EMPTY, "why it is not known, or accepted"),
	F_STRING(struct finding, owner, "owner", FIELD_OMIT_EMPTY, "who accepted it"),
	F_TIME(struct finding, expires_ms, "expires", FIELD_OMIT_EMPTY, "until when it is accepted"),
	F_STRING(struct finding, page, "page", FIELD_OMIT_EMPTY, "documentation"),
};
const struct model finding_model = MODEL("Finding", struct finding, finding_fields);

static const struct field source_fields[] = {
	F_STRING(struct assessment_source, name, "name", FIELD_REQUIRED, "what was read"),
	F_STRING(struct assessment_source, status, "status", FIELD_REQUIRED, "ok, denied, failed, skipped"),
	F_STRING(struct assessment_source, detail, "detail", FIELD_OMIT_EMPTY, "why not ok"),
};
static const struct model source_model = MODEL("Source", struct assessment_source, source_fields);

static const struct field check_fields[] = {
	F_STRING(struct assessment_check, id, "id", FIELD_REQUIRED, "its id"),
	F_STRING(struct assessment_check, title, "title", FIELD_OMIT_EMPTY, "the check in words"),
	F_STRING(struct assessment_check, page, "page", FIELD_OMIT_EMPTY, "documentation"),
};
static const struct model check_model = MODEL("Check", struct assessment_check, check_fields);

#define COUNTED(member, text)                                                                                          \
	{                                                                                                              \
		.name = #member, .kind = FIELD_INT,                                                                    \
		.offset = offsetof(struct assessment, counts.member) - offsetof(struct assessment, counts),            \
		.offset_n = SIZE_MAX, .doc = (text)                                                                    \
	}
static const struct field count_fields[] = {
	COUNTED(blocker, "findings that stop an upgrade"),
	COUNTED(high, "findings of severity HIGH"),
	COUNTED(medium, "of MEDIUM"),
	COUNTED(low, "of LOW"),
	COUNTED(info, "of INFO"),
	COUNTED(unknown, "checks, or objects of a check, that could not be known"),
	COUNTED(accepted, "findings that somebody accepted"),
	COUNTED(passed, "checks that found nothing"),
};
static const struct model count_model = {"Counts", sizeof((struct assessment *)0)->counts, count_fields,
					 ARRAY_SIZE(count_fields)};

static const struct field obstacle_fields[] = {
	F_STRING(struct drain_obstacle, ns, "namespace", FIELD_OMIT_EMPTY, "of the pod"),
	F_STRING(struct drain_obstacle, pod, "pod", 0, "that stays"),
	F_STRING(struct drain_obstacle, rule, "rule", 0, "budget or two-budgets"),
	F_STRING(struct drain_obstacle, budget, "budget", 0, "the PodDisruptionBudget that stops it"),
	F_STRING(struct drain_obstacle, why, "why", 0, "in words, with the numbers"),
	F_STRING(struct drain_obstacle, remedy, "remedy", 0, "the smallest change that frees it"),
};
static const struct model obstacle_model = MODEL("DrainObstacle", struct drain_obstacle, obstacle_fields);

static const struct field drained_fields[] = {
	F_STRING(struct drained_node, node, "node", FIELD_REQUIRED, "its name"),
	F_STRING(struct drained_node, group, "group", 0, "managed:NAME, self-managed:NAME, karpenter:NAME or nothing"),
	F_BOOL(struct drained_node, blocked, "blocked", 0, "its drain stops"),
	F_INT(struct drained_node, evicted, "evicted", 0, "pods that move"),
	F_INT(struct drained_node, estimated_s, "estimated_s", 0, "how long it takes, in seconds"),
	F_LIST(struct drained_node, stops, n_stops, "stops", FIELD_OMIT_EMPTY, &obstacle_model, "what stops it"),
};
static const struct model drained_model = MODEL("DrainedNode", struct drained_node, drained_fields);

static const struct field assessment_fields[] = {
	F_INT(struct assessment, format, "format", 0, "1"),
	F_STRING(struct assessment, tool, "tool", 0, "assess or scan"),
	F_STRING(struct assessment, cluster, "cluster", FIELD_OMIT_EMPTY, "the cluster"),
	F_STRING(struct assessment, region, "region", FIELD_OMIT_EMPTY, "its region"),
	F_STRING(struct assessment, current_version, "current_version", FIELD_OMIT_EMPTY, "its version"),
	F_STRING(struct assessment, target_version, "target_version", FIELD_OMIT_EMPTY, "the version to go to"),
	F_STRING(struct assessment, snapshot_hash, "snapshot_hash", FIELD_OMIT_EMPTY, "of what was seen"),
	F_TIME(struct assessment, captured_at_ms, "captured_at", FIELD_OMIT_EMPTY, "when it was seen"),
	F_BOOL(struct assessment, ready, "ready", 0, "no blocker is found, and none may hide in what is unknown"),
	F_OBJECT(struct assessment, counts, "counts", 0, &count_model, "by severity and status"),
	F_LIST(struct assessment, sources, n_sources, "sources", 0, &source_model, "what was read, and how that went"),
	F_LIST(struct assessment, checks, n_checks, "checks", FIELD_OMIT_EMPTY, &check_model, "what was looked for"),
	F_LIST(struct assessment, findings, n_findings, "findings", 0, &finding_model, "severest first"),
	F_LIST(struct assessment, drain, n_drain, "drain", FIELD_OMIT_EMPTY, &drained_model,
	       "each node's drain, in the order of the upgrade"),
	F_LIST(struct assessment, release_notes, n_release_notes, "release_notes", FIELD_OMIT_EMPTY,
	       &release_note_model, "what the notes of the hops say"),
	F_INT(struct assessment, duration_ms, "duration_ms", FIELD_OMIT_EMPTY, "how long it took"),
};
const struct model assessment_model = MODEL("Assessment", struct assessment, assessment_fields);

static int text_order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int object_order(const struct finding_object *a, const struct finding_object *b)
{
	static const struct finding_object none = {0};
	a = a ? a : &none;
	b = b ? b : &none;
	int order = text_order(a->ns, b->ns);
	order = order ? order : text_order(a->kind, b->kind);
	order = order ? order : text_order(a->name, b->name);
	return order ? order : text_order(a->arn, b->arn);
}

static int finding_order(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	if (a->status != b->status)
		return a->status - b->status;
	if (a->severity != b->severity)
		return a->severity - b->severity;
	int order = text_order(a->id, b->id);
	order = order ? order : text_order(a->file, b->file);
	order = order ? order : (a->line > b->line) - (a->line < b->line);
	order = order ? order : object_order(a->object, b->object);
	order = order ? order : text_order(a->api_version, b->api_version);
	return order ? order : text_order(a->message ? a->message : a->reason, b->message ? b->message : b->reason);
}

void assessment_sort(struct assessment *assessment)
{
	if (assessment->n_findings)
		qsort(assessment->findings, assessment->n_findings, sizeof *assessment->findings, finding_order);
}

bool assessment_is_sorted(const struct assessment *assessment)
{
	for (size_t i = 1; i < assessment->n_findings; i++)
		if (finding_order(&assessment->findings[i - 1], &assessment->findings[i]) > 0)
			return false;
	return true;
}

void assessment_count(struct assessment *assessment)
{
	int64_t passed = assessment->counts.passed;
	assessment->counts = (__typeof__(assessment->counts)){.passed = passed};
	assessment->ready = true;
	for (size_t i = 0; i < assessment->n_findings; i++) {
		const struct finding *finding = &assessment->findings[i];
		int64_t *by_severity[] = {&assessment->counts.blocker, &assessment->counts.high,
					  &assessment->counts.medium, &assessment->counts.low,
					  &assessment->counts.info};
		bool counts = !finding->scope || !*finding->scope;
		if (finding->status == FINDING_ACCEPTED) {
			assessment->counts.accepted++;
		} else if (finding->status == FINDING_UNKNOWN) {
			assessment->counts.unknown++;
			assessment->ready &= !counts || finding->severity != SEVERITY_BLOCKER;
		} else {
			++*by_severity[finding->severity];
			assessment->ready &= !counts || finding->severity != SEVERITY_BLOCKER;
		}
	}
}

int assessment_exit(const struct assessment *assessment)
{
	int code = 0;
	for (size_t i = 0; i < assessment->n_findings; i++) {
		const struct finding *finding = &assessment->findings[i];
		if (finding->status == FINDING_ACCEPTED || (finding->scope && *finding->scope))
			continue;
		int worth = finding->status == FINDING_UNKNOWN	    ? 11
			    : finding->severity == SEVERITY_BLOCKER ? 12
			    : finding->severity <= SEVERITY_MEDIUM  ? 11
								    : 10;
		code = worth > code ? worth : code;
	}
	return code;
}

/* Of the cluster itself nothing is said: each report names it at its head. */
static bool is_cluster(const struct finding_object *object)
{
	return object->arn && strstr(object->arn, ":eks:") && strstr(object->arn, ":cluster/");
}

void finding_object_print(const struct finding_object *object, struct buf *out)
{
	if (!object || is_cluster(object))
		return;
	if (object->ns && *object->ns)
		buf_printf(out, "%s/", object->ns);
	buf_puts(out, object->name && *object->name ? object->name : object->arn ? object->arn : "");
}
