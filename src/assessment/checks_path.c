/* The way from the present version to the target, and how long each is supported. */
#include <string.h>
#include "assessment/check.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/calendar.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"
#define PAGE_UPDATE "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html"
#define PAGE_ROLLBACK "https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html"

/* EKS takes a version back within so many days of the update. */
enum { ROLLBACK_DAYS = 7 };

static bool equals(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static void noop(struct assess *assess)
{
	if (assess->from == assess->to)
		assess_cluster(assess, "the cluster is at %s already", assess->target);
}

/* Hops are chained by the agent, and a second cluster may be made at the target at once: never a blocker. */
static void multi_hop(struct assess *assess)
{
	if (!assess->from || assess->to <= assess->from + 1)
		return;
	unsigned n = assess->to - assess->from;
	struct finding *finding =
		assess_cluster(assess, "1.%u is %u minor versions ahead of 1.%u: in place it takes %u hops", assess->to,
			       n, assess->from, n);
	const char *hops = arena_printf(assess->arena, "1.%u", assess->from);
	for (unsigned minor = assess->from + 1; minor <= assess->to; minor++)
		hops = arena_printf(assess->arena, "%s, 1.%u", hops, minor);
	assess_evidence(assess, finding, "eks:DescribeCluster", "%s", hops);
}

/* ---- back */

static bool came_lately(const struct assess *assess, const json_t *update)
{
	int64_t when_ms;
	const json_t *params = json_object_get(update, "params"), *param;
	bool to_here = false;
	size_t i;
	json_array_foreach (params, i, param)
		to_here |= equals(document_text(param, "type"), "Version") &&
			   knowledge_minor(document_text(param, "value")) == assess->from;
	return to_here && equals(document_text(update, "type"), "VersionUpdate") &&
	       equals(document_text(update, "status"), "Successful") && document_time(update, "createdAt", &when_ms) &&
	       assess->now_ms - when_ms <= ROLLBACK_DAYS * DAY_MS;
}

static const char *insight_against(const struct assess *assess)
{
	EACH_AWS (assess->inventory, "list_insights", "insights", insight) {
		const char *status = document_text(insight, "insightStatus.status");
		if (equals(document_text(insight, "category"), "ROLLBACK_READINESS") &&
		    (equals(status, "ERROR") || equals(status, "UNKNOWN")))
			return document_text_or(insight, "name", "an insight");
	}
	return NULL;
}

/* Why not; NULL: there is one, or `ret_unknown` says what would have to be read to know. */
static const char *no_way_back(const struct assess *assess, const char **ret_unknown)
{
	size_t i;
	const json_t *call;
	bool lately = false;
	if (assess->to + 1 != assess->from)
		return "EKS goes back by one minor version only";
	if (!assess_source_ok(assess, "eks:ListUpdates", ret_unknown) ||
	    !assess_source_ok(assess, "eks:DescribeUpdate", ret_unknown))
		return NULL;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_update"), i, call)
		lately |= came_lately(assess, document_at(call, "response.update"));
	if (!lately)
		return "no update to the present version within the last 7 days was seen";
	if (!assess_source_ok(assess, "eks:ListInsights", ret_unknown))
		return NULL;
	const char *insight = insight_against(assess);
	return insight ? arena_printf(assess->arena, "the rollback insight \"%s\" is against it", insight) : NULL;
}

static void downgrade(struct assess *assess)
{
	const char *unknown = NULL;
	if (assess->to >= assess->from)
		return;
	const char *why = no_way_back(assess, &unknown);
	if (why)
		assess_evidence(
			assess,
			assess_cluster(assess, "%s is below the present 1.%u: %s", assess->target, assess->from, why),
			"eks:DescribeCluster", "version 1.%u", assess->from);
	else if (unknown)
		assess_unknown(assess, NULL, NULL, NULL, "%s", unknown);
}

/* ---- what EKS offers, and whether it is free to begin */

/* The row of a minor in DescribeClusterVersions; NULL: none. */
static const json_t *offered(const struct assess *assess, unsigned minor, size_t *ret_rows)
{
	const json_t *found = NULL;
	*ret_rows = 0;
	EACH_AWS (assess->inventory, "describe_cluster_versions", "clusterVersions", row) {
		++*ret_rows;
		if (knowledge_minor(document_text(row, "clusterVersion")) == minor)
			found = row;
	}
	return found;
}

/* Did a request without a filter that may hide it, or for this very version, get its whole answer? */
static bool target_was_asked(const struct assess *assess)
{
	static const char *const narrower[] = {"status", "versionStatus", "defaultOnly"};
	size_t i, k;
	const json_t *call, *version;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_cluster_versions"), i, call) {
		const json_t *request = json_object_get(call, "request"),
			     *versions = json_object_get(request, "clusterVersions");
		bool asked = !json_array_size(versions) && json_is_array(document_at(call, "response.clusterVersions"));
		json_array_foreach (versions, k, version)
			asked |= equals(json_string_value(version), assess->target);
		for (k = 0; k < ARRAY_SIZE(narrower); k++)
			asked &= !json_is_true(json_object_get(request, narrower[k])) &&
				 !document_text(request, narrower[k]);
		if (asked && !document_text(call, "response.nextToken"))
			return true;
	}
	return false;
}

static void unsupported(struct assess *assess)
{
	size_t rows;
	const json_t *row = offered(assess, assess->to, &rows);
	const char *status = document_text_or(row, "versionStatus", document_text(row, "status"));
	if (!row && (!rows || !target_was_asked(assess))) {
		assess_unknown(assess, NULL, NULL, NULL,
			       rows ? "eks:DescribeClusterVersions was not asked for %s"
				    : "eks:DescribeClusterVersions named no version at all; "
				      "%s may be offered",
			       assess->target);
		return;
	}
	if (row && !equals(status, "UNSUPPORTED") && !equals(status, "unsupported"))
		return;
	struct finding *finding = assess_cluster(assess, "EKS does not offer %s in %s", assess->target,
						 assess->inventory->region ? assess->inventory->region : "this region");
	assess_evidence(assess, finding, "eks:DescribeClusterVersions",
			row ? "its status is UNSUPPORTED" : "%zu versions, not this one", rows);
	assess_remedy(assess, finding,
		      "choose one of: aws eks describe-cluster-versions --query clusterVersions[].clusterVersion%s%s",
		      assess->inventory->region ? " --region " : "",
		      assess->inventory->region ? assess->inventory->region : "");
}

static void busy(struct assess *assess)
{
	size_t i;
	const json_t *call;
	const char *status = document_text(inventory_cluster(assess->inventory), "status");
	if (status && strcmp(status, "ACTIVE") != 0) {
		struct finding *finding = assess_cluster(assess, "the cluster is %s, not ACTIVE", status);
		assess_evidence(assess, finding, "eks:DescribeCluster", "status %s", status);
		assess_remedy(assess, finding, "wait until it is ACTIVE: aws eks wait cluster-active --name %s",
			      assess_cluster_name(assess));
		return;
	}
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_update"), i, call) {
		const json_t *update = document_at(call, "response.update");
		const char *id = document_text_or(update, "id", "?"), *type = document_text_or(update, "type", "");
		if (!equals(document_text(update, "status"), "InProgress"))
			continue;
		struct finding *finding =
			assess_cluster(assess, "an update is going on (%s): EKS refuses another", type);
		assess_evidence(assess, finding, "eks:DescribeUpdate", "%s %s is InProgress since %s", type, id,
				document_text_or(update, "createdAt", "?"));
		assess_remedy(assess, finding,
			      "wait until it is over: aws eks describe-update --name %s --update-id %s",
			      assess_cluster_name(assess), id);
		return;
	}
}

static void horizon(struct assess *assess)
{
	const struct eks_release *newest = knowledge_newest_release();
	if (assess->to > newest->minor)
		assess_cluster(
			assess,
			"%s is newer than what this program knows (up to %s): what it does not find may be there",
			assess->target, newest->version);
}

/* ---- support */

struct support_days {
	int64_t standard_ms, extended_ms; /* their ends; 0: not known */
	const char *source;
};

static int64_t day_of(const json_t *row, const char *member)
{
	int64_t ms;
	return document_time(row, member, &ms) ? ms : 0;
}

/* EKS's own days where it told them, else the calendar's. */
static struct support_days support_of(const struct assess *assess, unsigned minor)
{
	size_t rows;
	const json_t *row = offered(assess, minor, &rows);
	const struct eks_release *release = knowledge_release(arena_printf(assess->arena, "1.%u", minor));
	struct support_days days = {day_of(row, "endOfStandardSupportDate"), day_of(row, "endOfExtendedSupportDate"),
				    "eks:DescribeClusterVersions"};
	if (days.standard_ms)
		return days;
	days.source = "the calendar of EKS versions";
	if (release) {
		days.standard_ms = release->end_of_standard_support.ms;
		days.extended_ms = release->end_of_extended_support.ms;
	}
	return days;
}

static long long days_until(const struct assess *assess, int64_t ms)
{
	return (long long)((ms - assess->now_ms) / DAY_MS);
}

static bool ends_soon(const struct assess *assess, int64_t end_ms)
{
	return end_ms && end_ms - assess->now_ms <= assess->config->checks.support_ends_within_days * DAY_MS;
}

static void tell_day(struct assess *assess, struct finding *finding, const char *what, int64_t ms, const char *source)
{
	char text[TIME_TEXT];
	assess_evidence(assess, finding, source, "%s support of 1.%u %s %.10s", what, assess->from,
			ms > assess->now_ms ? "ends" : "ended", time_format_rfc3339(ms, text));
}

static void standard_end(struct assess *assess)
{
	struct support_days days = support_of(assess, assess->from);
	if (!ends_soon(assess, days.standard_ms) || assess->now_ms >= days.standard_ms)
		return;
	struct finding *finding = assess_cluster(assess, "standard support of 1.%u ends in %lld days", assess->from,
						 days_until(assess, days.standard_ms));
	tell_day(assess, finding, "standard", days.standard_ms, days.source);
}

static void extended(struct assess *assess)
{
	struct support_days days = support_of(assess, assess->from);
	if (!days.standard_ms || assess->now_ms < days.standard_ms)
		return;
	struct finding *finding = assess_cluster(
		assess, "1.%u is past standard support: extended support costs 0.50 USD more for each hour",
		assess->from);
	tell_day(assess, finding, "standard", days.standard_ms, days.source);
}

static void forced(struct assess *assess)
{
	struct support_days days = support_of(assess, assess->from);
	if (!ends_soon(assess, days.extended_ms))
		return;
	struct finding *finding =
		assess->now_ms < days.extended_ms
			? assess_cluster(assess, "EKS upgrades 1.%u by itself in %lld days, with no way back",
					 assess->from, days_until(assess, days.extended_ms))
			: assess_cluster(assess, "extended support of 1.%u is over: EKS may upgrade it at any moment",
					 assess->from);
	tell_day(assess, finding, "extended", days.extended_ms, days.source);
}

/* The version that a way back from the target leads to. */
static void policy(struct assess *assess)
{
	unsigned back = assess->to > assess->from ? assess->to - 1 : assess->to;
	const char *type = document_text(inventory_cluster(assess->inventory), "upgradePolicy.supportType");
	struct support_days days = support_of(assess, back);
	if (assess->to == assess->from || !equals(type, "STANDARD") || !days.standard_ms ||
	    assess->now_ms < days.standard_ms)
		return;
	struct finding *finding = assess_cluster(
		assess, "the upgrade policy is STANDARD, and 1.%u is in extended support: there is no way back to it",
		back);
	assess_evidence(assess, finding, "eks:DescribeCluster", "upgradePolicy.supportType STANDARD");
	assess_remedy(assess, finding, "aws eks update-cluster-config --name %s --upgrade-policy supportType=EXTENDED",
		      assess_cluster_name(assess));
}

const struct check checks_path[] = {
	{.id = "PATH-NOOP",
	 .title = "target equals the current version",
	 .severity = SEVERITY_INFO,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = noop,
	 .remedy = "name a newer version with --to",
	 .page = PAGE},
	{.id = "PATH-MULTI-HOP",
	 .title = "target is more than one minor version ahead",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = multi_hop,
	 .remedy = "go hop by hop in place, or make a second cluster at the target (blue/green)",
	 .page = PAGE_UPDATE},
	{.id = "PATH-DOWNGRADE",
	 .title = "target is below the current version",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = downgrade,
	 .remedy = "name a version above the present one; EKS takes back one minor within 7 days of the upgrade",
	 .page = PAGE_ROLLBACK},
	{.id = "PATH-UNSUPPORTED",
	 .title = "EKS does not offer the target",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeClusterVersions"),
	 .run = unsupported,
	 .remedy = "choose one of: aws eks describe-cluster-versions",
	 .page = PAGE},
	{.id = "PATH-BUSY",
	 .title = "the cluster is not ACTIVE, or an update is going on",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("eks:DescribeCluster", "eks:ListUpdates", "eks:DescribeUpdate"),
	 .partial = true,
	 .run = busy,
	 .remedy = "wait until it is ACTIVE: aws eks wait cluster-active --name CLUSTER",
	 .page = PAGE_UPDATE},
	{.id = "PATH-HORIZON",
	 .title = "target is newer than this program's knowledge",
	 .severity = SEVERITY_HIGH,
	 .run = horizon,
	 .remedy = "use a newer release of this program",
	 .page = PAGE},
	{.id = "LIFE-STD-END",
	 .title = "standard support ends soon",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = standard_end,
	 .remedy = "upgrade before that day",
	 .page = PAGE},
	{.id = "LIFE-EXTENDED",
	 .title = "the version is in extended support",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = extended,
	 .remedy = "upgrade to a version in standard support",
	 .page = PAGE},
	{.id = "LIFE-FORCED",
	 .title = "extended support ends soon: EKS upgrades by itself",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = forced,
	 .remedy = "upgrade before EKS does: after a forced upgrade there is no way back",
	 .page = PAGE},
	{.id = "LIFE-POLICY",
	 .title = "the upgrade policy leaves no way back",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = policy,
	 .remedy = "set the upgrade policy to EXTENDED before the upgrade",
	 .page = PAGE_ROLLBACK},
	{.id = NULL},
};
