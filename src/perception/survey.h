/* The live look behind `assess`: every list and call that some check reads, each with its own result. Nothing is
 * changed, only preferred versions are asked for, and a source that fails costs itself. */
#pragma once

#include "config/config.h"
#include "kube/kube.h"
#include "perception/inventory.h"
#include "perception/snapshot.h"
#include "port/ports.h"

struct survey {
	const struct ports *ports;
	const struct config *config; /* cluster, target version, traffic, … */
	struct aws *aws;	     /* NULL: told as skipped */
	struct kube *kube;	     /* NULL: told as skipped, with `kube_error` */
	const struct error *aws_error, *kube_error;
	struct snapshot *snapshot; /* also written while looking; or NULL */
	bool refresh_insights;	   /* let EKS look anew first, and wait for it: up to ten minutes */
	void (*progress)(void *context, const char *what);
	void *progress_context;
};
/* Never fails as a whole: sources tell. The inventory is the caller's. */
struct inventory *survey_run(const struct survey *survey);

/* What it may ask of AWS, as IAM names it, NULL-terminated: always; where there is an audit log; with refresh_insights.
 */
extern const char *const survey_actions[], *const survey_search_actions[], *const survey_refresh_actions[];

/* The two halves (survey_aws.c, survey_kubernetes.c). */
void survey_aws(const struct survey *survey, struct inventory *inventory);
void survey_kubernetes(const struct survey *survey, struct inventory *inventory);
