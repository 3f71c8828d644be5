/* The names that users reach the cluster by, as blue/green has to move them: what the records are, whose they are, and
 * whether traffic follows them. All of it counts for blue/green only. */
#include <string.h>
#include <strings.h>
#include "assessment/subject.h"
#include "codec/document.h"
#include "perception/aws_items.h"

#define RECORDS "route53:ListResourceRecordSets"
#define SCOPE .scope = "blue-green"
#define ROUTING "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html"

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), subject_text(b));
}

/* ---- DNS: records that are configured, or that lead to a load balancer of this cluster */

static bool same_host(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	size_t n = strlen(a), m = strlen(b);
	n -= n && a[n - 1] == '.';
	m -= m && b[m - 1] == '.';
	return n && n == m && !strncasecmp(a, b, n);
}

/* The load balancer controllers write the cluster's name on what they make. */
static bool is_tagged_ours(const struct inventory *inventory, const char *arn)
{
	const char *cluster = subject_text(inventory->cluster), *ours = "kubernetes.io/cluster/";
	size_t m;
	const json_t *tag;
	EACH_AWS (inventory, "describe_tags", "TagDescriptions", described)
		json_array_foreach (
			is(document_text(described, "ResourceArn"), arn) ? json_object_get(described, "Tags") : NULL, m,
			tag) {
			const char *key = document_text_or(tag, "Key", "");
			if ((is(key, "elbv2.k8s.aws/cluster") && is(document_text(tag, "Value"), cluster)) ||
			    (!strncmp(key, ours, strlen(ours)) && is(key + strlen(ours), cluster)))
				return true;
		}
	return false;
}

static bool is_balancer(const struct inventory *inventory, const char *host)
{
	if (host && !strncasecmp(host, "dualstack.", 10))
		host += 10;
	EACH_AWS (inventory, "describe_load_balancers", "LoadBalancers", balancer)
		if (same_host(document_text(balancer, "DNSName"), host) &&
		    is_tagged_ours(inventory, document_text(balancer, "LoadBalancerArn")))
			return true;
	for (size_t i = 0; i < inventory->n_ingresses; i++)
		for (size_t k = 0; k < inventory->ingresses[i].n_points; k++)
			if (same_host(inventory->ingresses[i].points[k].hostname, host))
				return true;
	for (size_t i = 0; i < inventory->n_services; i++)
		for (size_t k = 0; k < inventory->services[i].n_points; k++)
			if (same_host(inventory->services[i].points[k].hostname, host))
				return true;
	return false;
}

static bool leads_here(const struct assess *assess, const json_t *record)
{
	const char *name = document_text_or(record, "Name", ""), *type = document_text_or(record, "Type", ""),
		   *alias = document_text(record, "AliasTarget.DNSName");
	if (!is(type, "A") && !is(type, "AAAA") && !is(type, "CNAME"))
		return false;
	for (size_t i = 0; i < assess->config->traffic.n_records; i++)
		if (same_host(name, assess->config->traffic.records[i]))
			return true;
	return is_balancer(assess->inventory, alias ? alias : document_text(record, "ResourceRecords[0].Value"));
}

typedef void record_fn(struct assess *assess, const json_t *record, const char *name);

static void each_record(struct assess *assess, record_fn *fn)
{
	EACH_AWS (assess->inventory, "list_resource_record_sets", "ResourceRecordSets", record) {
		char *name = arena_strdup(assess->arena, document_text_or(record, "Name", ""));
		size_t n = strlen(name);
		if (n && name[n - 1] == '.')
			name[n - 1] = '\0';
		if (leads_here(assess, record))
			fn(assess, record, name);
	}
}

static bool is_weighted(const json_t *record)
{
	return json_object_get(record, "Weight") && document_text(record, "SetIdentifier");
}

static void one_type(struct assess *assess, const json_t *record, const char *name)
{
	if (!is_weighted(record))
		assess_aws(assess, name,
			   "%s record that is not weighted: it has to be replaced by a weighted one, in two steps",
			   json_object_get(record, "AliasTarget") ? "an alias" : document_text_or(record, "Type", "a"));
}

static void record_type(struct assess *assess)
{
	each_record(assess, one_type);
}

/* Aliases have their target's TTL, which is 60 s. */
static void one_ttl(struct assess *assess, const json_t *record, const char *name)
{
	int64_t ttl_s = document_int_or(record, "TTL", 0);
	if (ttl_s > assess->config->traffic.ttl_s && !json_object_get(record, "AliasTarget"))
		assess_aws(assess, name, "TTL of %lld s: users follow a change that late, the limit is %lld s",
			   (long long)ttl_s, (long long)assess->config->traffic.ttl_s);
}

static void record_ttl(struct assess *assess)
{
	each_record(assess, one_ttl);
}

static void one_health(struct assess *assess, const json_t *record, const char *name)
{
	if (is_weighted(record) && !document_text(record, "HealthCheckId") &&
	    !document_true(record, "AliasTarget.EvaluateTargetHealth"))
		assess_aws(assess, name,
			   "weighted \"%s\" without health check: it is answered even when nothing is behind it",
			   document_text_or(record, "SetIdentifier", ""));
}

static void record_health(struct assess *assess)
{
	each_record(assess, one_health);
}

/* ---- the colours of a name: its weighted records */

struct colours {
	const json_t *sets[8];
	size_t n;
	int64_t weights; /* their sum */
};

static struct colours colours_of(const struct assess *assess, const json_t *record)
{
	struct colours colours = {.n = 0};
	EACH_AWS (assess->inventory, "list_resource_record_sets", "ResourceRecordSets", other)
		if (is_weighted(other) && is(document_text(other, "Name"), document_text(record, "Name")) &&
		    is(document_text(other, "Type"), document_text(record, "Type")) &&
		    colours.n < ARRAY_SIZE(colours.sets)) {
			colours.sets[colours.n++] = other;
			colours.weights += document_int_or(other, "Weight", 0);
		}
	return colours;
}

/* Which of them is Blue has to be told by the records' own names, or by a tag of the cluster. */
static bool says_colour(const struct assess *assess, const char *text)
{
	static const char *const words[] = {"blue", "green", "active", "standby", "primary", "secondary"};
	const char *cluster = subject_text(assess->inventory->cluster);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return *cluster && strcasestr(text, cluster);
}

static bool is_tagged(const struct assess *assess)
{
	static const char *const words[] = {"blue", "green", "active", "standby"};
	const char *key;
	const json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(inventory_cluster(assess->inventory), "tags"), key,
			     value)
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (json_is_string(value) && !strcasecmp(json_string_value(value), words[i]))
				return true;
	return false;
}

static void one_role(struct assess *assess, const json_t *record, const char *name)
{
	struct colours colours = colours_of(assess, record);
	if (!is_weighted(record) || colours.n < 2 || is_tagged(assess))
		return;
	for (size_t i = 0; i < colours.n; i++)
		if (says_colour(assess, document_text_or(colours.sets[i], "SetIdentifier", "")))
			return;
	struct finding *finding =
		assess_aws(assess, name,
			   "%zu weighted records, and neither their names nor a tag of the cluster say "
			   "which is Blue",
			   colours.n);
	for (size_t i = 0; i < colours.n; i++)
		assess_evidence(assess, finding, RECORDS, "\"%s\" with weight %lld",
				document_text_or(colours.sets[i], "SetIdentifier", ""),
				(long long)document_int_or(colours.sets[i], "Weight", 0));
}

static void role_next(struct assess *assess)
{
	each_record(assess, one_role);
}

/* ---- BG-WEIGHTS-NOT-TRAFFIC: requests of the load balancers behind a name, against its weights */

/* "app/web/50dc6c495c0c9188" of the balancer that a record leads to; NULL: it is not in the look. */
static const char *balancer_of(const struct assess *assess, const json_t *record)
{
	const char *target = document_text(record, "AliasTarget.DNSName");
	target = target ? target : document_text(record, "ResourceRecords[0].Value");
	if (target && !strncasecmp(target, "dualstack.", 10))
		target += 10;
	EACH_AWS (assess->inventory, "describe_load_balancers", "LoadBalancers", balancer) {
		const char *arn = document_text_or(balancer, "LoadBalancerArn", ""),
			   *tail = strstr(arn, ":loadbalancer/");
		if (tail && same_host(document_text(balancer, "DNSName"), target))
			return tail + strlen(":loadbalancer/");
	}
	return NULL;
}

static const char *dimension_of(const json_t *query)
{
	size_t i;
	const json_t *dimension;
	json_array_foreach (document_at(query, "MetricStat.Metric.Dimensions"), i, dimension)
		if (is(document_text(dimension, "Name"), "LoadBalancer"))
			return document_text(dimension, "Value");
	return NULL;
}

static double sum_of(const json_t *call, const char *id)
{
	size_t i, k;
	const json_t *result, *value;
	double sum = 0;
	json_array_foreach (document_at(call, "response.MetricDataResults"), i, result)
		if (is(document_text(result, "Id"), id))
			json_array_foreach (json_object_get(result, "Values"), k, value)
				sum += json_number_value(value);
	return sum;
}

/* -1: nobody asked. */
static double requests_of(const struct assess *assess, const char *balancer)
{
	size_t i, k;
	const json_t *call, *query;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_metric_data"), i, call)
		json_array_foreach (document_at(call, "request.MetricDataQueries"), k, query)
			if (is(document_text(query, "MetricStat.Metric.MetricName"), "RequestCount") && balancer &&
			    is(dimension_of(query), balancer))
				return sum_of(call, document_text_or(query, "Id", ""));
	return -1;
}

static void one_share(struct assess *assess, const json_t *record, const char *name)
{
	struct colours colours = colours_of(assess, record);
	double requests[ARRAY_SIZE(colours.sets)], all = 0;
	if (colours.n < 2 || colours.sets[0] != record || !colours.weights) /* each name once */
		return;
	for (size_t i = 0; i < colours.n; i++) {
		requests[i] = requests_of(assess, balancer_of(assess, colours.sets[i]));
		if (requests[i] < 0) {
			assess_unknown(assess, NULL, NULL, name,
				       "what its load balancers got was not told; needs: cloudwatch:GetMetricData");
			return;
		}
		all += requests[i];
	}
	if (all < (double)assess->config->validation.min_requests)
		return;
	for (size_t i = 0; i < colours.n; i++) {
		double asked = 100.0 * (double)document_int_or(colours.sets[i], "Weight", 0) / (double)colours.weights,
		       measured = 100.0 * requests[i] / all,
		       off = measured > asked ? measured - asked : asked - measured;
		if (off <= (double)assess->config->traffic.tolerance_percent)
			continue;
		struct finding *finding =
			assess_aws(assess, name, "\"%s\" has %.0f %% of the weight and %.1f %% of the traffic",
				   document_text_or(colours.sets[i], "SetIdentifier", ""), asked, measured);
		assess_evidence(assess, finding, "cloudwatch:GetMetricData", "%.0f of %.0f requests", requests[i], all);
		return;
	}
}

static void shares(struct assess *assess)
{
	each_record(assess, one_share);
}

#define INGRESSES "kubernetes ingresses.networking.k8s.io", "kubernetes services"

const struct check checks_records[] = {
	{.id = "BG-RECORD-TYPE",
	 .title = "a record has to become weighted",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS(RECORDS, INGRESSES),
	 .run = record_type,
	 .remedy = "make it weighted with all weight on Blue before the shift",
	 .page = ROUTING},
	{.id = "BG-TTL",
	 .title = "a record's TTL is long",
	 .severity = SEVERITY_MEDIUM,
	 SCOPE,
	 .needs = NEEDS(RECORDS, INGRESSES),
	 .run = record_ttl,
	 .remedy = "lower it to 60 s, at least its old TTL before the shift",
	 .page = ROUTING},
	{.id = "BG-HEALTHCHECK",
	 .title = "a weighted record without health check",
	 .severity = SEVERITY_MEDIUM,
	 SCOPE,
	 .needs = NEEDS(RECORDS, INGRESSES),
	 .run = record_health,
	 .remedy = "set EvaluateTargetHealth, or a health check",
	 .page = ROUTING},
	{.id = "BG-ROLE-NEXT",
	 .title = "nothing tells which of two is Blue",
	 .severity = SEVERITY_MEDIUM,
	 SCOPE,
	 .needs = NEEDS(RECORDS, INGRESSES, "eks:DescribeCluster"),
	 .run = role_next,
	 .remedy = "name the records' sets blue and green, or tag the clusters so",
	 .page = ROUTING},
	{.id = "BG-WEIGHTS-NOT-TRAFFIC",
	 .title = "traffic does not follow the weights",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS(RECORDS, INGRESSES),
	 .run = shares,
	 .remedy = "look for clients that keep old addresses, and for a TTL that is longer than it says",
	 .page = ROUTING},
	{.id = NULL},
};
