/* What a look at a cluster or at files found: findings with their evidence, and what could not be known. The same
 * document for assess and scan, as JSON, text, Markdown, HTML, SARIF and JUnit (artifacts/). */
#pragma once

#include "codec/model.h"
#include "models/release_notes.h"

enum severity { SEVERITY_BLOCKER, SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW, SEVERITY_INFO };
extern const char *const severity_names[]; /* "BLOCKER" … */

enum finding_status { FINDING_FOUND, FINDING_UNKNOWN, FINDING_ACCEPTED };
extern const char *const finding_status_names[]; /* "finding", "unknown", "accepted" */

/* The thing a person would change. Either a Kubernetes object, or an ARN, or the bare name of an AWS thing. */
struct finding_object {
	const char *kind, *ns, *name, *arn;
};

struct finding_evidence {
	const char
		*source; /* "file", "helm", "git", "managedFields", "last-applied", "metrics", "insights", "audit-log",
			  * "warnings", or a source of the snapshot ("eks:DescribeNodegroup", "kubernetes pods") */
	const char *detail;
	const char *caller;   /* user agent or field manager; NULL */
	int64_t last_seen_ms; /* 0: not known */
	bool has_count;
	int64_t count;
};

/* What the agent itself can do about a finding: `plan` makes a step of it. */
struct finding_change {
	const char *action; /* "scale": `from` and `to` are replicas; "addon": versions of an EKS add-on; "apply": API
			     * versions of a manifest */
	const char *kind, *ns, *name; /* of what is changed; an add-on has its name alone */
	const char *from, *to;
};

struct finding {
	const char *id; /* of the check: "WL-PDB-ZERO" */
	const char *title;
	int severity;	   /* enum severity */
	int status;	   /* enum finding_status */
	const char *scope; /* "" always; "blue-green", "rollback": only for that strategy, does not make unready */
	struct finding_object *object; /* NULL: a check as a whole is unknown */
	const char *message;	       /* one sentence: what is wrong with it */
	const char *file;
	int64_t line, document; /* from 1; 0: none */
	const char *api_version, *removed_in, *deprecated_in, *replacement;
	struct finding_evidence *evidence;
	size_t n_evidence;
	const char *remedy;
	struct finding_change *change; /* NULL: a person's work */
	const char *reason; /* of unknown: why, and which permission would tell; of accepted: the owner's reason */
	const char *owner;  /* of accepted */
	int64_t expires_ms; /* of accepted; 0: never */
	const char *page;   /* documentation */
};
extern const struct model finding_model;

struct assessment_source {
	const char *name, *status /* ok denied failed skipped */, *detail;
};

/* A check that was done, whatever it gave. Those without a finding of their id passed. */
struct assessment_check {
	const char *id, *title, *page;
};

/* How the drain of each node would go, in the order in which the upgrade takes them. */
struct drain_obstacle {
	const char *ns, *pod, *rule /* "budget", "two-budgets" */, *budget, *why, *remedy;
};
struct drained_node {
	const char *node, *group;
	bool blocked;
	int64_t evicted; /* pods that move */
	int64_t estimated_s;
	struct drain_obstacle *stops;
	size_t n_stops;
};

struct assessment {
	int64_t format;	  /* 1 */
	const char *tool; /* "assess", "scan" */
	const char *cluster, *region, *current_version, *target_version, *snapshot_hash;
	int64_t captured_at_ms;
	bool ready; /* no blocker, and nothing unknown that could be one */
	struct {
		int64_t blocker, high, medium, low, info, unknown, accepted, passed;
	} counts;
	struct assessment_source *sources;
	size_t n_sources;
	struct assessment_check *checks; /* may be empty: then only their number is known, counts.passed */
	size_t n_checks;
	struct finding *findings;
	size_t n_findings;
	struct drained_node *drain;
	size_t n_drain;
	struct release_note *release_notes; /* only when they were asked for */
	size_t n_release_notes;
	int64_t duration_ms;
};
extern const struct model assessment_model;

/* Severest first, then unknown, then accepted; within one by id, object, file, line: the same input, the same order. */
void assessment_sort(struct assessment *assessment);
bool assessment_is_sorted(const struct assessment *assessment);
/* Counts, and `ready`, from the findings; `passed` stays as the caller set it. */
void assessment_count(struct assessment *assessment);
/* 0 clean, 10 notes, 11 warnings, 12 blockers, by what is found and not accepted. An unknown counts as a warning. */
int assessment_exit(const struct assessment *assessment);
/* "payments/redis-pdb", "arn:…", "ip-10-0-3-17"; "" for none, and for the cluster itself. */
void finding_object_print(const struct finding_object *object, struct buf *out);
