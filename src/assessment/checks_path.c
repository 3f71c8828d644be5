/* The way from the present version to the target, and how long each is supported. */
#include <string.h>
#include "assessment/check.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"

static void noop(struct assess *assess)
{
	if (assess->from == assess->to)
		assess_cluster(assess, "the cluster is at %s already", assess->target);
}

const struct check checks_path[] = {
	{
		.id = "PATH-NOOP",
		.title = "target equals the current version",
		.severity = SEVERITY_INFO,
		.needs = NEEDS("eks:DescribeCluster"),
		.run = noop,
		.remedy = "name a newer version with --to",
		.page = PAGE,
	},
	{.id = NULL},
};
