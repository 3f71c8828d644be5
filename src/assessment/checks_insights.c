/* What EKS itself says of the cluster: its insights, and how fresh they are. */
#include <string.h>
#include "assessment/check.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html"

static bool is_category(const json_t *insight, const char *category)
{
	return !strcmp(document_text_or(insight, "category", ""), category);
}

static const char *status_of(const json_t *insight)
{
	return document_text_or(insight, "insightStatus.status", "");
}

/* What EKS says to do, and of which things: only the description of a single insight has it. */
static void tell_more(struct assess *assess, struct finding *finding, const char *id)
{
	size_t i, k;
	const json_t *call, *resource;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_insight"), i, call) {
		const json_t *whole = document_at(call, "response.insight");
		const char *advice = document_text_or(whole, "recommendation", "");
		if (strcmp(document_text_or(whole, "id", ""), id) != 0)
			continue;
		if (*advice)
			assess_evidence(assess, finding, "eks:DescribeInsight", "%.300s", advice);
		json_array_foreach (json_object_get(whole, "resources"), k, resource) {
			const char *what = document_text_or(resource, "kubernetesResourceUri",
							    document_text_or(resource, "arn", ""));
			const char *status = document_text_or(resource, "insightStatus.status", "");
			if (*what && k < 5 && strcmp(status, "PASSING") != 0)
				assess_evidence(assess, finding, "eks:DescribeInsight", "%s%s%s", what,
						*status ? ": " : "", status);
		}
		return;
	}
}

static struct finding *found(struct assess *assess, const json_t *insight)
{
	const char *id = document_text_or(insight, "id", "insight");
	struct finding *finding =
		assess_aws(assess, id, "%s: %s", document_text_or(insight, "name", "insight"), status_of(insight));
	assess_evidence(assess, finding, "eks:ListInsights", "%s",
			document_text_or(insight, "insightStatus.reason", "no reason is told"));
	tell_more(assess, finding, id);
	assess_remedy(assess, finding,
		      "mend what it names, then: aws eks start-insights-refresh --cluster-name %s; whole: aws eks "
		      "describe-insight --cluster-name %s --id %s",
		      assess_cluster_name(assess), assess_cluster_name(assess), id);
	return finding;
}

/* EKS looks some versions ahead: what stands beyond the target is for a later upgrade. */
static bool is_beyond(const struct assess *assess, const json_t *insight)
{
	return assess->to >= assess->from && knowledge_minor(document_text(insight, "kubernetesVersion")) > assess->to;
}

static void upgrade(struct assess *assess)
{
	static const struct {
		const char *status;
		enum severity severity;
	} rows[] = {{"ERROR", SEVERITY_BLOCKER}, {"WARNING", SEVERITY_MEDIUM}, {"UNKNOWN", SEVERITY_HIGH}};
	EACH_AWS (assess->inventory, "list_insights", "insights", insight)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (is_category(insight, "UPGRADE_READINESS") && !is_beyond(assess, insight) &&
			    !strcmp(status_of(insight), rows[i].status))
				found(assess, insight)->severity = rows[i].severity;
}

static void misconfiguration(struct assess *assess)
{
	EACH_AWS (assess->inventory, "list_insights", "insights", insight)
		if (is_category(insight, "MISCONFIGURATION") && strcmp(status_of(insight), "PASSING") != 0)
			found(assess, insight);
}

static int64_t time_at(const json_t *document, const char *path)
{
	int64_t time_ms = 0;
	return document_time(document, path, &time_ms) ? time_ms : 0;
}

static void stale(struct assess *assess)
{
	int64_t oldest = 0;
	EACH_AWS (assess->inventory, "list_insights", "insights", insight) {
		int64_t refreshed = time_at(insight, "lastRefreshTime");
		oldest = refreshed && (!oldest || refreshed < oldest) ? refreshed : oldest;
	}
	if (!oldest || assess->now_ms - oldest <= DAY_MS)
		return;
	char age[TIME_TEXT], when[TIME_TEXT];
	struct finding *finding =
		assess_cluster(assess, "insights are %s old", duration_format(assess->now_ms - oldest, age));
	assess_evidence(assess, finding, "eks:ListInsights", "lastRefreshTime %s", time_format_rfc3339(oldest, when));
	assess_remedy(assess, finding, "aws eks start-insights-refresh --cluster-name %s", assess_cluster_name(assess));
}

/* An ERROR stays for 30 days after the last call. Nobody tells when it was mended; a week without a call says that it
 * probably was. */
static void sticky(struct assess *assess)
{
	size_t i, k, m;
	const json_t *call, *detail, *client;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_insight"), i, call) {
		const json_t *insight = document_at(call, "response.insight");
		int64_t last = 0;
		size_t clients = 0;
		json_array_foreach (document_at(insight, "categorySpecificSummary.deprecationDetails"), k, detail)
			json_array_foreach (json_object_get(detail, "clientStats"), m, client) {
				int64_t called = time_at(client, "lastRequestTime");
				last = called > last ? called : last;
				clients++;
			}
		if (strcmp(status_of(insight), "ERROR") != 0 || !clients || !last ||
		    assess->now_ms - last <= 7 * DAY_MS)
			continue;
		char age[TIME_TEXT];
		struct finding *finding = assess_aws(assess, document_text_or(insight, "id", "insight"),
						     "%s: ERROR, but the last call was %s ago: probably mended already",
						     document_text_or(insight, "name", "insight"),
						     duration_format(assess->now_ms - last, age));
		assess_evidence(assess, finding, "eks:DescribeInsight", "%zu client%s", clients,
				clients == 1 ? "" : "s")
			->last_seen_ms = last;
	}
}

static const char *refusal(const struct assess *assess)
{
	size_t i;
	const json_t *call;
	const struct source *told = inventory_find_source(assess->inventory, "eks:ListInsights");
	if (told && told->status == SOURCE_DENIED)
		return told->detail ? told->detail : "denied";
	json_array_foreach (inventory_aws_calls(assess->inventory, "list_insights"), i, call)
		if (document_true(call, "error.denied"))
			return document_text_or(call, "error.message", "denied");
	return NULL;
}

/* What nobody may read, or nobody has read, has not passed. */
static void readable(struct assess *assess)
{
	const char *denied = refusal(assess), *why = NULL;
	if (denied)
		assess_cluster(assess, "insights may not be read: %s", denied);
	else if (!assess_source_ok(assess, "eks:ListInsights", &why))
		assess_unknown(assess, NULL, NULL, NULL, "%s", why);
}

const struct check checks_insights[] = {
	{.id = "INSIGHT-UPGRADE",
	 .title = "EKS does not hold the cluster ready",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER for ERROR, HIGH for UNKNOWN, MEDIUM for WARNING",
	 .needs = NEEDS("eks:ListInsights"),
	 .run = upgrade,
	 .remedy = "mend what the insight names; aws eks describe-insight tells what to do",
	 .page = PAGE},
	{.id = "INSIGHT-MISCONF",
	 .title = "EKS found a misconfiguration",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("eks:ListInsights"),
	 .run = misconfiguration,
	 .remedy = "mend what the insight names; aws eks describe-insight tells what to do",
	 .page = PAGE},
	{.id = "INSIGHT-STALE",
	 .title = "insights are old",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:ListInsights"),
	 .run = stale,
	 .remedy = "refresh them, and assess again",
	 .page = PAGE},
	{.id = "INSIGHT-STICKY",
	 .title = "an insight that is probably over",
	 .severity = SEVERITY_INFO,
	 .needs = NEEDS("eks:ListInsights", "eks:DescribeInsight"),
	 .run = sticky,
	 .remedy = "nothing, if the caller is mended: the insight turns 30 days after its last call",
	 .page = PAGE},
	{.id = "INSIGHT-DENIED",
	 .title = "insights cannot be read",
	 .severity = SEVERITY_HIGH,
	 .needs = NULL,
	 .run = readable,
	 .remedy = "grant eks:ListInsights and eks:DescribeInsight",
	 .page = PAGE},
	{.id = NULL},
};
