/* Checks: one row each. A check reads the inventory and adds findings; where it could not look it says unknown, and
 * why. It never asks the world anything.
 *
 * To add one: a row in the table of its family (checks_*.c) and a function. The frame runs it only when every source in
 * `needs` answered; otherwise the check is unknown, and the reason names the source and the permission that would tell.
 * A function that finds out later that it cannot judge an object says so by assess_unknown(). */
#pragma once

#include "config/config.h"
#include "models/finding.h"
#include "perception/inventory.h"

struct assess;

struct check {
	const char *id, *title;
	enum severity severity; /* the usual one; a finding may differ (see `severities`) */
	const char
		*severities; /* in words where it depends: "BLOCKER from 1.33, MEDIUM at 1.32"; NULL: always the one */
	const char *const *needs; /* sources, NULL-terminated: "kubernetes pods", "eks:ListInsights", "metrics" … */
	void (*run)(struct assess *assess);
	const char *remedy; /* what to do; a finding may say it more exactly */
	const char *scope;  /* NULL; "blue-green" or "rollback": counts for that strategy only */
	const char *given;  /* NULL; else it is done only where that was given: "before", an earlier look at this
			     * cluster;  "blue", one at another; "terraform-plan"; "manifests" */
	const char *page;   /* documentation */
	bool partial; /* one of its sources may be enough: unknown only where it finds nothing in those that are there
		       */
};
#define NEEDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Families, each a table ended by a NULL id. */
extern const struct check checks_path[], checks_control_plane[], checks_insights[], checks_skew[], checks_addons[],
	checks_components[], checks_apis[], checks_api_refs[], checks_crds[], checks_behaviour[], checks_workloads[],
	checks_budgets[], checks_exposed[], checks_pods[], checks_drain[], checks_webhooks[], checks_nodes[],
	checks_images[], checks_placement[], checks_compute[], checks_capacity[], checks_gitops[], checks_backup[],
	checks_blue_green[], checks_records[], checks_rollback[], checks_after[], checks_validation[], checks_tool[];
extern const struct check *const check_families[]; /* NULL-terminated */
extern const char *const check_family_titles[];	   /* of each, in the same order */
const struct check *check_find(const char *id);

struct assess {
	const struct inventory *inventory;
	const struct config *config;	 /* thresholds, accepted risks; never NULL */
	struct arena *arena;		 /* findings live here */
	const char *target;		 /* "1.34"; never NULL */
	unsigned from, to;		 /* minors; `from` 0: not known */
	int64_t now_ms;			 /* when the inventory was taken */
	struct assess_index *index;	 /* assessment/index.h */
	const struct api_evidence *apis; /* assessment/api_evidence.h; NULL until asked for */
	size_t n_apis;
	bool has_apis;
	struct unreadable_manifest {
		const char *ns, *release, *reason;
	} * unreadable; /* Helm's, in part; with `apis` */
	size_t n_unreadable;
	struct drain_prediction *drain; /* assessment/drain.h; made when it is first asked for */
	const struct check *check;	/* the one that runs */
	struct finding *findings;
	size_t n_findings;
	int64_t passed;
};

/* Runs every check (or those of `only`, NULL: all) and gives the assessment, sorted and counted; all in the arena,
 * which must outlive it, as must the inventory. */
struct error *assess_run(const struct inventory *inventory, const struct config *config, const char *target,
			 const char *const *only, struct arena *arena, struct assessment *ret) MUST_CHECK;

/* ---- for check functions. Texts are copied. */
/* A finding on a Kubernetes object, with the check's usual severity; set what differs on what is given back. */
struct finding *assess_object(struct assess *assess, const char *kind, const char *ns, const char *name,
			      const char *format, ...) PRINTF_LIKE(5, 6);
/* … on an AWS thing by its ARN ("arn:…") or its bare id or name. */
struct finding *assess_aws(struct assess *assess, const char *arn_or_name, const char *format, ...) PRINTF_LIKE(3, 4);
/* … on the cluster as a whole: by its ARN, or its name where nobody told that. */
struct finding *assess_cluster(struct assess *assess, const char *format, ...) PRINTF_LIKE(2, 3);
/* The cluster as commands name it. */
const char *assess_cluster_name(const struct assess *assess);
/* Evidence: `source` as in struct finding_evidence. Gives it for caller, count and time to be set. */
struct finding_evidence *assess_evidence(struct assess *assess, struct finding *finding, const char *source,
					 const char *format, ...) PRINTF_LIKE(4, 5);
/* What to do in this very case. */
void assess_remedy(struct assess *assess, struct finding *finding, const char *format, ...) PRINTF_LIKE(3, 4);
/* Pods are to be made anew: how, of what owns them. */
void assess_remedy_restart(struct assess *assess, struct finding *finding, const char *kind, const char *ns,
			   const char *name);
/* What the agent itself can do about it, where that is safe without asking. */
void assess_change(struct assess *assess, struct finding *finding, const char *action,
		   const struct finding_object *what, const char *from, const char *to);
/* Not known for this object (all NULL: for the whole check). */
struct finding *assess_unknown(struct assess *assess, const char *kind, const char *ns, const char *name,
			       const char *format, ...) PRINTF_LIKE(5, 6);
/* Did the source answer? With `ret_why` (may be NULL-given) why not, and which permission would tell. For sources that
 * a check can do without. */
bool assess_source_ok(const struct assess *assess, const char *source, const char **ret_why);
/* Was it asked for and not given? For what a part of a check rests on: what a folder made by others just does not have
 * is told by nobody. */
bool assess_source_refused(const struct assess *assess, const char *source, const char **ret_why);
/* The permission behind a source: "list pods", "eks:DescribeNodegroup", "get /metrics". */
const char *source_permission(struct arena *arena, const char *source);
/* A text of JSON from the inventory (a selector, an affinity), parsed; NULL for NULL or nonsense. Parsed once for each
 * pooled text and kept: borrowed. */
const json_t *assess_json(struct assess *assess, const char *pooled_text);
