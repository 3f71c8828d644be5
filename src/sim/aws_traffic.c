/* Route 53, load balancers and CloudWatch: what moves the users, and what tells where they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"
#include "sim/world.h"

enum { INSYNC_MS = 35000, INGEST_MS = 30000 };
#define ALB_ZONE "Z35SXDOTRQ7X7K"

static char *dotted(const char *name)
{
	size_t n = strlen(name);
	return mem_printf("%s%s", name, n && name[n - 1] == '.' ? "" : ".");
}

static json_t *alias_record(const char *target)
{
	return json_pack("{s:s, s:s, s:{s:s, s:o, s:b}}", "Name", SIM_USERS_HOST ".", "Type", "A", "AliasTarget",
			 "HostedZoneId", ALB_ZONE, "DNSName", document_printf("%s.", target), "EvaluateTargetHealth",
			 1);
}

void sim_traffic_init(struct sim *sim)
{
	sim->records = json_pack("[{s:s, s:s, s:i, s:[{s:s}]}, o]", "Name", "example.com.", "Type", "NS", "TTL", 172800,
				 "ResourceRecords", "Value", "ns-1.awsdns-01.org.",
				 alias_record(sim->clusters[0].load_balancer));
}

static bool points_at(const json_t *record, const struct sim_cluster *cluster)
{
	const char *target = document_text(record, "AliasTarget.DNSName");
	target = target ? target : document_text(record, "ResourceRecords[0].Value");
	size_t n = cluster ? strlen(cluster->load_balancer) : 0;
	return cluster && target && !strncmp(target, cluster->load_balancer, n) &&
	       (target[n] == '.' || target[n] == '\0');
}

/* Green's part of the answers that the records give; all weights zero are answered equally. */
static double share_of(struct sim *sim)
{
	double green = 0, all = 0;
	size_t i, n = 0, n_green = 0;
	const json_t *record;
	json_array_foreach (sim->records, i, record) {
		if (strcmp(document_text_or(record, "Name", ""), SIM_USERS_HOST ".") != 0)
			continue;
		bool to_green = points_at(record, sim_green(sim));
		double weight = (double)document_int_or(record, "Weight", 1);
		all += weight;
		green += to_green ? weight : 0;
		n++;
		n_green += to_green;
	}
	if (n && all == 0 && !sim->violation)
		sim->violation = mem_strdup("all weights are zero");
	if (!n && !sim->violation)
		sim->violation = mem_strdup("the users' name has no record");
	return all > 0 ? green / all : n ? (double)n_green / (double)n : 0;
}

void sim_traffic_publish(struct sim *sim)
{
	if (sim->now_ms < sim->publish_ms)
		return;
	sim->published = sim->asked;
	sim_users_weights(sim, sim->publish_ms, sim->published);
	sim->publish_ms = INT64_MAX;
}

static void list_zones(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output = json_pack("{s:[{s:s, s:s, s:s, s:{s:b}, s:i}], s:b, s:s}", "HostedZones", "Id",
				   "/hostedzone/" SIM_ZONE, "Name", "example.com.", "CallerReference", "sim", "Config",
				   "PrivateZone", 0, "ResourceRecordSetCount", (int)json_array_size(sim->records),
				   "IsTruncated", 0, "MaxItems", "100");
}

static bool is_zone(const json_t *input, const char *member, struct sim_answer *answer)
{
	const char *id = document_text_or(input, member, ""), *slash = strrchr(id, '/');
	if (!strcmp(slash ? slash + 1 : id, SIM_ZONE))
		return true;
	sim_refuse(answer, 404, "NoSuchHostedZone", "No hosted zone found with ID: %s", id);
	return false;
}

static void get_zone(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	if (is_zone(input, "Id", answer))
		answer->output = json_pack("{s:{s:s, s:s, s:s}}", "HostedZone", "Id", "/hostedzone/" SIM_ZONE, "Name",
					   "example.com.", "CallerReference", "sim");
}

static void list_records(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *start = document_text(input, "StartRecordName");
	char *from CLEANUP(mem_freep) = start ? dotted(start) : NULL;
	json_t *list = json_array(), *record;
	size_t i;
	bool reached = from == NULL;
	if (!is_zone(input, "HostedZoneId", answer)) {
		json_decref(list);
		return;
	}
	json_array_foreach (sim->records, i, record) {
		reached |= from && !strcmp(document_text_or(record, "Name", ""), from);
		if (reached)
			json_array_append(list, record);
	}
	answer->output = json_pack("{s:o, s:b, s:s}", "ResourceRecordSets", list, "IsTruncated", 0, "MaxItems", "300");
}

static bool same_set(const json_t *a, const json_t *b)
{
	char *x CLEANUP(mem_freep) = dotted(document_text_or(a, "Name", "")),
		*y CLEANUP(mem_freep) = dotted(document_text_or(b, "Name", ""));
	return !strcasecmp(x, y) && !strcmp(document_text_or(a, "Type", ""), document_text_or(b, "Type", "")) &&
	       !strcmp(document_text_or(a, "SetIdentifier", ""), document_text_or(b, "SetIdentifier", ""));
}

static json_t *normal(const json_t *record)
{
	json_t *copy = json_deep_copy(record);
	char *name CLEANUP(mem_freep) = dotted(document_text_or(record, "Name", ""));
	const char *target = document_text(record, "AliasTarget.DNSName");
	json_object_set_new(copy, "Name", json_string(name));
	if (target) {
		char *full CLEANUP(mem_freep) = dotted(target);
		json_object_set_new(json_object_get(copy, "AliasTarget"), "DNSName", json_string(full));
	}
	return copy;
}

/* One change on a copy of the zone; the reason when it cannot be. */
static char *change_one(json_t *records, const char *action, const json_t *given)
{
	json_t *set DOCUMENT_CLEANUP = normal(given);
	const char *name = document_text_or(set, "Name", ""), *type = document_text_or(set, "Type", "");
	size_t i, at = SIZE_MAX;
	json_t *record;
	json_array_foreach (records, i, record)
		at = same_set(record, set) ? i : at;
	if (!strcmp(action, "DELETE")) {
		if (at == SIZE_MAX || !json_equal(json_array_get(records, at), set))
			return mem_printf(
				"Tried to delete resource record set [name='%s', type='%s'] but it was not found", name,
				type);
		json_array_remove(records, at);
		return NULL;
	}
	if (!strcmp(action, "CREATE") && at != SIZE_MAX)
		return mem_printf("Tried to create resource record set [name='%s', type='%s'] but it already exists",
				  name, type);
	bool weighted = json_object_get(set, "Weight") != NULL;
	json_array_foreach (records, i, record) {
		bool alike = !strcmp(document_text_or(record, "Name", ""), name) &&
			     !strcmp(document_text_or(record, "Type", ""), type);
		if (alike && i != at && (json_object_get(record, "Weight") != NULL) != weighted)
			return mem_printf("RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because "
					  "a non multivalue answer rrset exists with the same name and type.",
					  name, type, document_text_or(set, "SetIdentifier", "null"));
	}
	if (at == SIZE_MAX)
		json_array_append(records, set);
	else
		json_array_set(records, at, set);
	return NULL;
}

static void change_records(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *records DOCUMENT_CLEANUP = json_deep_copy(sim->records);
	size_t i;
	const json_t *change;
	if (!is_zone(input, "HostedZoneId", answer))
		return;
	json_array_foreach (document_at(input, "ChangeBatch.Changes"), i, change) {
		char *wrong CLEANUP(mem_freep) = change_one(records, document_text_or(change, "Action", ""),
							    json_object_get(change, "ResourceRecordSet"));
		if (wrong) {
			sim_refuse(answer, 400, "InvalidChangeBatch", "[%s]", wrong);
			return;
		}
	}
	bool differs = !json_equal(records, sim->records);
	json_decref(sim->records);
	sim->records = json_incref(records);
	struct sim_change *made = HEAP_PUSH(sim->changes, sim->n_changes);
	*made = (struct sim_change){sim_new_id(sim, "C"), sim->now_ms + sim_takes(sim, INSYNC_MS)};
	sim->asked = share_of(sim);
	sim->publish_ms = made->insync_ms;
	if (differs)
		sim_effect(sim, "route53:weights green=%.0f", sim->asked * 100);
	char time[TIME_TEXT];
	answer->output = json_pack("{s:{s:o, s:s, s:s}}", "ChangeInfo", "Id", document_printf("/change/%s", made->id),
				   "Status", "PENDING", "SubmittedAt", time_format_rfc3339(sim->now_ms, time));
}

static void get_change(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *id = document_text_or(input, "Id", ""), *slash = strrchr(id, '/');
	char time[TIME_TEXT];
	for (size_t i = 0; i < sim->n_changes; i++) {
		if (strcmp(sim->changes[i].id, slash ? slash + 1 : id) != 0)
			continue;
		bool insync = sim->now_ms >= sim->changes[i].insync_ms;
		answer->output = json_pack(
			"{s:{s:o, s:s, s:s}}", "ChangeInfo", "Id", document_printf("/change/%s", sim->changes[i].id),
			"Status", insync ? "INSYNC" : "PENDING", "SubmittedAt", time_format_rfc3339(sim->now_ms, time));
		return;
	}
	sim_refuse(answer, 404, "NoSuchChange", "Could not find resource with ID: %s", id);
}

static json_t *balancer_document(const struct sim_cluster *cluster)
{
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:{s:s}, s:o}", "DNSName", cluster->load_balancer,
			 "LoadBalancerArn",
			 document_printf("arn:aws:elasticloadbalancing:" SIM_REGION ":" SIM_ACCOUNT
					 ":loadbalancer/app/k8s-%s-web/%.16s",
					 cluster->name, cluster->id),
			 "CanonicalHostedZoneId", ALB_ZONE, "Scheme", "internet-facing", "Type", "application", "State",
			 "Code", "active", "LoadBalancerName", document_printf("k8s-%s-web", cluster->name));
}

static void describe_balancers(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	(void)input;
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life == LIFE_ACTIVE || sim->clusters[i].life == LIFE_UPDATING)
			json_array_append_new(list, balancer_document(&sim->clusters[i]));
	answer->output = json_pack("{s:o}", "LoadBalancers", list);
}

static const struct sim_cluster *by_dimension(const struct sim *sim, const json_t *query)
{
	size_t i;
	const json_t *dimension;
	json_array_foreach (document_at(query, "MetricStat.Metric.Dimensions"), i, dimension) {
		const char *value = document_text_or(dimension, "Value", ""), *slash = strrchr(value, '/');
		if (strcmp(document_text_or(dimension, "Name", ""), "LoadBalancer") != 0 || !slash)
			continue;
		for (size_t k = 0; k < sim->n_clusters; k++)
			if (!strncmp(slash + 1, sim->clusters[k].id, 16))
				return &sim->clusters[k];
	}
	return NULL;
}

/* The value of one minute; NAN: no data point. Error counts are absent when zero, everything is when nothing was asked.
 */
static double metric_value(const struct sim_minute *minute, const char *metric, const char *statistic)
{
	if (minute->requests < 0.5)
		return NAN;
	if (!strcmp(metric, "RequestCount"))
		return floor(minute->requests);
	if (!strcmp(metric, "HTTPCode_Target_5XX_Count"))
		return minute->errors >= 0.5 ? floor(minute->errors + 0.5) : NAN;
	if (!strcmp(metric, "TargetResponseTime"))
		return (*statistic == 'p' ? minute->p99_ms : minute->latency_ms / minute->requests) / 1000;
	return NAN;
}

static json_t *metric_result(const struct sim *sim, const json_t *query, int64_t start_ms, int64_t end_ms)
{
	const struct sim_cluster *cluster = by_dimension(sim, query);
	const char *metric = document_text_or(query, "MetricStat.Metric.MetricName", ""),
		   *statistic = document_text_or(query, "MetricStat.Stat", "Sum");
	json_t *times = json_array(), *values = json_array();
	int64_t known_ms = sim->now_ms - INGEST_MS;
	bool none = sim_fault_value(sim, "cloudwatch", "no-data") > 0;
	for (size_t i = cluster && !none ? cluster->n_minutes : 0;
	     i-- > 0;) { /* newest first, as the API does by default */
		int64_t at_ms = sim->start_ms + (int64_t)i * MINUTE_MS;
		if (at_ms < start_ms || at_ms >= end_ms || at_ms > known_ms)
			continue;
		double value = metric_value(&cluster->minutes[i], metric, statistic);
		char text[TIME_TEXT];
		if (isnan(value))
			continue;
		json_array_append_new(times, json_string(time_format_rfc3339(at_ms, text)));
		json_array_append_new(values, json_real(value));
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:s}", "Id", document_text_or(query, "Id", "m"), "Label", metric,
			 "Timestamps", times, "Values", values, "StatusCode", "Complete");
}

static void get_metric_data(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	int64_t start_ms, end_ms;
	json_t *results = json_array();
	size_t i;
	const json_t *query;
	if (!time_parse_rfc3339(slice_of(document_text_or(input, "StartTime", "")), &start_ms) ||
	    !time_parse_rfc3339(slice_of(document_text_or(input, "EndTime", "")), &end_ms) || start_ms >= end_ms) {
		json_decref(results);
		sim_refuse(answer, 400, "ValidationError",
			   "The parameter StartTime must be less than the parameter EndTime.");
		return;
	}
	json_array_foreach (json_object_get(input, "MetricDataQueries"), i, query)
		json_array_append_new(results, metric_result(sim, query, start_ms, end_ms));
	answer->output = json_pack("{s:o, s:[]}", "MetricDataResults", results, "Messages");
}

const struct sim_operation sim_traffic_operations[] = {
	{"route53:ListHostedZonesByName", list_zones},
	{"route53:ListHostedZones", list_zones},
	{"route53:GetHostedZone", get_zone},
	{"route53:ListResourceRecordSets", list_records},
	{"route53:ChangeResourceRecordSets", change_records},
	{"route53:GetChange", get_change},
	{"elbv2:DescribeLoadBalancers", describe_balancers},
	{"cloudwatch:GetMetricData", get_metric_data},
	{NULL, NULL},
};
