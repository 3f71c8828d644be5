/* Route 53: one zone, whose records say where the users go. Changes are told at once, are PENDING for half a minute,
 * and resolvers get them when they are INSYNC. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"
#include "sim/world.h"

enum { INSYNC_MS = 35000, MAX_PAGE = 300, MAX_CHANGES = 1000 };
#define ZONE_NAME "example.com."

static char *dotted(const char *name)
{
	size_t n = strlen(name);
	return mem_printf("%s%s", name, n && name[n - 1] == '.' ? "" : ".");
}

void sim_traffic_init(struct sim *sim)
{
	sim->records =
		json_pack("[{s:s, s:s, s:i, s:[{s:s}]}, {s:s, s:s, s:{s:s, s:o, s:b}}]", "Name", ZONE_NAME, "Type",
			  "NS", "TTL", 172800, "ResourceRecords", "Value", "ns-1.awsdns-01.org.", "Name",
			  SIM_USERS_HOST ".", "Type", "A", "AliasTarget", "HostedZoneId", SIM_ALB_ZONE, "DNSName",
			  document_printf("%s.", sim->clusters[0].load_balancer), "EvaluateTargetHealth", 1);
}

static bool points_at(const json_t *record, const struct sim_cluster *cluster)
{
	const char *target = document_text(record, "AliasTarget.DNSName");
	target = target ? target : document_text(record, "ResourceRecords[0].Value");
	size_t n = cluster ? strlen(cluster->load_balancer) : 0;
	if (!cluster || !target)
		return false;
	target += strncasecmp(target, "dualstack.", 10) ? 0 : 10;
	return !strncasecmp(target, cluster->load_balancer, n) && (target[n] == '.' || target[n] == '\0');
}

/* An alias that evaluates its target answers only while the load balancer has somebody to send to. */
static bool answers(const json_t *record, const struct sim_cluster *cluster)
{
	return !document_true(record, "AliasTarget.EvaluateTargetHealth") ||
	       (cluster && cluster->life != LIFE_ABSENT && cluster->ready > 0.01);
}

/* Green's part of the answers that the records give. All weights zero are answered equally, and when no target is
 * healthy all are answered; `health` says whether targets' health counts. */
static double share_of(struct sim *sim, bool health)
{
	double green = 0, all = 0;
	size_t i, n = 0, n_green = 0, n_healthy = 0;
	const json_t *record;
	json_array_foreach (sim->records, i, record) {
		if (strcasecmp(document_text_or(record, "Name", ""), SIM_USERS_HOST ".") != 0)
			continue;
		struct sim_cluster *target = sim_green(sim);
		bool to_green = points_at(record, target);
		bool healthy = !health || answers(record, to_green ? target : &sim->clusters[0]);
		double weight = healthy ? (double)document_int_or(record, "Weight", 1) : 0;
		all += weight;
		green += to_green ? weight : 0;
		n++;
		n_green += to_green;
		n_healthy += healthy;
	}
	if (health && !n_healthy)
		return share_of(sim, false);
	return all > 0 ? green / all : n ? (double)n_green / (double)n : 0;
}

/* Nobody may write records that leave the users without an answer. */
static void look_for_violation(struct sim *sim)
{
	int64_t sum = 0;
	size_t i, n = 0;
	const json_t *record;
	json_array_foreach (sim->records, i, record) {
		if (strcasecmp(document_text_or(record, "Name", ""), SIM_USERS_HOST ".") != 0)
			continue;
		sum += document_int_or(record, "Weight", 1);
		n++;
	}
	if (!n)
		sim_violated(sim, "the users' name has no record");
	else if (!sum)
		sim_violated(sim, "all weights are zero");
}

void sim_traffic_publish(struct sim *sim)
{
	bool due = sim->now_ms >= sim->publish_ms;
	if (due)
		sim->publish_ms = INT64_MAX;
	if (!due && sim->health_seen == sim->health_now)
		return;
	sim->health_seen = sim->health_now;
	if (!due && sim->publish_ms != INT64_MAX) /* resolvers still get the former records */
		return;
	double share = share_of(sim, true);
	if (!due && share == sim->published)
		return;
	sim->published = share;
	sim_users_weights(sim, sim->now_ms, share);
}

/* ---- zones */

static json_t *zone_document(const struct sim *sim)
{
	return json_pack("{s:s, s:s, s:s, s:{s:b}, s:I}", "Id", "/hostedzone/" SIM_ZONE, "Name", ZONE_NAME,
			 "CallerReference", "sim", "Config", "PrivateZone", 0, "ResourceRecordSetCount",
			 (json_int_t)json_array_size(sim->records));
}

static void list_zones(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)input;
	answer->output = json_pack("{s:[o], s:s, s:b, s:s}", "HostedZones", zone_document(sim), "Marker", "",
				   "IsTruncated", 0, "MaxItems", "100");
}

/* In the order of reversed labels, from DNSName on. */
static void list_zones_by_name(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *from = document_text(input, "DNSName");
	char *name CLEANUP(mem_freep) = from ? dotted(from) : NULL;
	json_t *zones = json_array();
	/* one zone: it is listed unless the asked name stands behind it */
	size_t n = name ? strlen(name) : 0, own = strlen(ZONE_NAME);
	bool behind = name && n > own && !strcasecmp(name + n - own, ZONE_NAME);
	if (!behind && !(name && strcasecmp(name, ZONE_NAME) > 0))
		json_array_append_new(zones, zone_document(sim));
	answer->output = json_pack("{s:o, s:b, s:s, s:s*}", "HostedZones", zones, "IsTruncated", 0, "MaxItems", "100",
				   "DNSName", from);
}

static bool is_zone(const json_t *input, const char *member, struct sim_answer *answer)
{
	const char *id = document_text_or(input, member, ""), *slash = strrchr(id, '/');
	if (!strcmp(slash ? slash + 1 : id, SIM_ZONE))
		return true;
	sim_refuse(answer, 404, "NoSuchHostedZone", "No hosted zone found with ID: %s", slash ? slash + 1 : id);
	return false;
}

static void get_zone(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (is_zone(input, "Id", answer))
		answer->output = json_pack("{s:o, s:{s:[s,s]}}", "HostedZone", zone_document(sim), "DelegationSet",
					   "NameServers", "ns-1.awsdns-01.org", "ns-2.awsdns-02.net");
}

static bool is_at(const json_t *record, const char *name, const char *type, const char *identifier)
{
	return !strcasecmp(document_text_or(record, "Name", ""), name) &&
	       (!type || !strcmp(document_text_or(record, "Type", ""), type)) &&
	       (!identifier || !strcmp(document_text_or(record, "SetIdentifier", ""), identifier));
}

/* Names in the order of their labels from the last one on: "example.com." before "a.example.com.". */
static int compare_names(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	while (n && m) {
		size_t from_a = n - 1, from_b = m - 1;
		while (from_a && a[from_a - 1] != '.')
			from_a--;
		while (from_b && b[from_b - 1] != '.')
			from_b--;
		size_t length_a = n - from_a, length_b = m - from_b;
		int order = strncasecmp(a + from_a, b + from_b, length_a < length_b ? length_a : length_b);
		if (order || length_a != length_b)
			return order ? order : length_a < length_b ? -1 : 1;
		n = from_a;
		m = from_b;
	}
	return n ? 1 : m ? -1 : 0;
}

/* By name, type and identifier; the latter two only where they are given. */
static int compare_to(const json_t *record, const char *name, const char *type, const char *identifier)
{
	int order = compare_names(document_text_or(record, "Name", ""), name);
	if (!order && type)
		order = strcmp(document_text_or(record, "Type", ""), type);
	if (!order && identifier)
		order = strcmp(document_text_or(record, "SetIdentifier", ""), identifier);
	return order;
}

static int compare_records(const void *left, const void *right)
{
	const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
	return compare_to(a, document_text_or(b, "Name", ""), document_text_or(b, "Type", ""),
			  document_text_or(b, "SetIdentifier", ""));
}

static json_t *in_order(const json_t *records)
{
	size_t n = json_array_size(records), i;
	json_t **sorted = mem_alloc((n + 1) * sizeof *sorted), *list = json_array();
	for (i = 0; i < n; i++)
		sorted[i] = json_array_get(records, i);
	qsort(sorted, n, sizeof *sorted, compare_records);
	for (i = 0; i < n; i++)
		json_array_append(list, sorted[i]);
	free(sorted);
	return list;
}

static void list_records(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *start = document_text(input, "StartRecordName"), *type = document_text(input, "StartRecordType"),
		   *identifier = document_text(input, "StartRecordIdentifier");
	int64_t max = document_int_or(input, "MaxItems", MAX_PAGE);
	if (!is_zone(input, "HostedZoneId", answer))
		return;
	char *from CLEANUP(mem_freep) = start ? dotted(start) : NULL;
	json_t *all DOCUMENT_CLEANUP = in_order(sim->records), *list = json_array(), *record, *next = NULL;
	size_t i;
	max = max < 1 || max > MAX_PAGE ? MAX_PAGE : max;
	json_array_foreach (all, i, record) {
		bool reached = !from || compare_to(record, from, type, identifier) >= 0;
		if (reached && (int64_t)json_array_size(list) < max)
			json_array_append(list, record);
		else if (reached && !next)
			next = record;
	}
	answer->output = json_pack("{s:o, s:b, s:o}", "ResourceRecordSets", list, "IsTruncated", next != NULL,
				   "MaxItems", document_printf("%lld", (long long)max));
	static const char *const members[][2] = {
		{"NextRecordName", "Name"}, {"NextRecordType", "Type"}, {"NextRecordIdentifier", "SetIdentifier"}};
	for (i = 0; next && i < ARRAY_SIZE(members); i++)
		if (json_object_get(next, members[i][1]))
			json_object_set(answer->output, members[i][0], json_object_get(next, members[i][1]));
}

/* ---- changes */

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

/* An address record holds addresses. */
static char *bad_value(const char *type, const json_t *values)
{
	bool four = !strcmp(type, "A"), six = !strcmp(type, "AAAA");
	unsigned char address[16];
	size_t i;
	const json_t *record;
	json_array_foreach (values, i, record) {
		const char *value = document_text_or(record, "Value", "");
		if ((four && inet_pton(AF_INET, value, address) != 1) ||
		    (six && inet_pton(AF_INET6, value, address) != 1))
			return mem_printf("Invalid Resource Record: 'FATAL problem: %s (Value is not a valid IPv%d "
					  "address) encountered with '%s''",
					  four ? "ARRDATAIllegalIPv4Address" : "AAAARRDATAIllegalIPv6Address",
					  four ? 4 : 6, value);
	}
	return NULL;
}

/* What is wrong with a record set by itself; NULL: nothing. The caller's. */
static char *set_refused(const json_t *set)
{
	const char *name = document_text_or(set, "Name", ""), *type = document_text_or(set, "Type", "");
	size_t n = strlen(name), zone = strlen(ZONE_NAME);
	const json_t *alias = json_object_get(set, "AliasTarget"), *values = json_object_get(set, "ResourceRecords"),
		     *weight = json_object_get(set, "Weight");
	bool inside = n >= zone && !strcasecmp(name + n - zone, ZONE_NAME) && (n == zone || name[n - zone - 1] == '.');
	if (!inside)
		return mem_printf("RRSet with DNS name %s is not permitted in zone %s", name, ZONE_NAME);
	if (alias && (values || json_object_get(set, "TTL")))
		return mem_printf(
			"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
			"ResourceRecords], or TrafficPolicyInstanceId], but found more than one in Change with "
			"[Action=CREATE, Name=%s, Type=%s, SetIdentifier=%s]",
			name, type, document_text_or(set, "SetIdentifier", "null"));
	if (!alias && (!json_array_size(values) || !json_object_get(set, "TTL")))
		return mem_printf("Invalid request: Missing field 'TTL' or 'ResourceRecords' in Change with [Name=%s, "
				  "Type=%s]",
				  name, type);
	char *value = bad_value(type, values);
	if (value)
		return value;
	if (weight && (json_integer_value(weight) < 0 || json_integer_value(weight) > 255))
		return mem_printf("Invalid weight %lld for %s: it must be between 0 and 255",
				  (long long)json_integer_value(weight), name);
	if (weight && !document_text(set, "SetIdentifier"))
		return mem_printf("Invalid request: Missing field 'SetIdentifier' in Change with [Name=%s, Type=%s]",
				  name, type);
	return NULL;
}

/* A name with a CNAME has nothing else. */
static char *beside_a_cname(const json_t *records, const json_t *set, size_t at)
{
	const char *name = document_text_or(set, "Name", ""), *type = document_text_or(set, "Type", "");
	bool cname = !strcmp(type, "CNAME");
	size_t i;
	const json_t *record;
	json_array_foreach (records, i, record)
		if (i != at && is_at(record, name, NULL, NULL) &&
		    cname != !strcmp(document_text_or(record, "Type", ""), "CNAME"))
			return mem_printf("RRSet of type %s with DNS name %s is not permitted as it conflicts with "
					  "other records with the same DNS name in zone " ZONE_NAME,
					  type, name);
	return NULL;
}

static char *unlike_its_siblings(const json_t *records, const json_t *set, size_t at)
{
	bool weighted = json_object_get(set, "Weight") != NULL;
	const char *name = document_text_or(set, "Name", ""), *type = document_text_or(set, "Type", "");
	size_t i;
	const json_t *record;
	json_array_foreach (records, i, record)
		if (i != at && is_at(record, name, type, NULL) &&
		    (json_object_get(record, "Weight") != NULL) != weighted)
			return mem_printf(
				"RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because a non "
				"multivalue answer rrset exists with the same name and type.",
				name, type, document_text_or(set, "SetIdentifier", "null"));
	return NULL;
}

/* One change on a copy of the zone; the reason when it cannot be. The caller's. */
static char *change_one(json_t *records, const char *action, const json_t *given)
{
	json_t *set DOCUMENT_CLEANUP = normal(given), *record;
	const char *name = document_text_or(set, "Name", ""), *type = document_text_or(set, "Type", ""),
		   *identifier = document_text_or(set, "SetIdentifier", "");
	size_t i, at = SIZE_MAX;
	json_array_foreach (records, i, record)
		at = is_at(record, name, type, identifier) ? i : at;
	if (!strcmp(action, "DELETE")) {
		if (at == SIZE_MAX)
			return mem_printf("Tried to delete resource record set [name='%s', type='%s'%s%s%s] but it was "
					  "not found",
					  name, type, *identifier ? ", set identifier='" : "", identifier,
					  *identifier ? "'" : "");
		if (!strcasecmp(name, ZONE_NAME) && (!strcmp(type, "NS") || !strcmp(type, "SOA")))
			return mem_printf("A HostedZone must contain at least one %s record for the zone itself.",
					  type);
		if (!json_equal(json_array_get(records, at), set))
			return mem_printf("Tried to delete resource record set [name='%s', type='%s'] but the values "
					  "provided do not match the current values",
					  name, type);
		json_array_remove(records, at);
		return NULL;
	}
	if (!strcmp(action, "CREATE") && at != SIZE_MAX)
		return mem_printf("Tried to create resource record set [name='%s', type='%s'] but it already exists",
				  name, type);
	char *wrong = set_refused(set);
	wrong = wrong ? wrong : unlike_its_siblings(records, set, at);
	wrong = wrong ? wrong : beside_a_cname(records, set, at);
	if (wrong)
		return wrong;
	if (at == SIZE_MAX)
		json_array_append(records, set);
	else
		json_array_set(records, at, set);
	return NULL;
}

/* The whole batch on a copy; NULL: refused, with every reason. */
static json_t *changed(const struct sim *sim, const json_t *changes, struct sim_answer *answer)
{
	json_t *records = json_deep_copy(sim->records), *change;
	struct buf wrongs CLEANUP(buf_done) = BUF_INIT(1 << 16);
	size_t i;
	json_array_foreach (changes, i, change) {
		char *wrong CLEANUP(mem_freep) = change_one(records, document_text_or(change, "Action", ""),
							    json_object_get(change, "ResourceRecordSet"));
		if (wrong)
			buf_printf(&wrongs, "%s%s", wrongs.n ? ", " : "", wrong);
	}
	if (!wrongs.n)
		return records;
	sim_refuse(answer, 400, "InvalidChangeBatch", "[%s]", buf_str(&wrongs));
	json_decref(records);
	return NULL;
}

static json_t *change_info(const struct sim_change *change, bool insync)
{
	return json_pack("{s:{s:o, s:s, s:o}}", "ChangeInfo", "Id", document_printf("/change/%s", change->id), "Status",
			 insync ? "INSYNC" : "PENDING", "SubmittedAt", sim_time(change->submitted_ms));
}

static void change_records(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *changes = document_at(input, "ChangeBatch.Changes");
	if (!is_zone(input, "HostedZoneId", answer))
		return;
	if (!json_array_size(changes) || json_array_size(changes) > MAX_CHANGES) {
		sim_refuse(answer, 400, "InvalidChangeBatch",
			   "[Number of records limit of %d exceeded or no change given.]", MAX_CHANGES);
		return;
	}
	json_t *records = changed(sim, changes, answer);
	if (!records)
		return;
	bool differs = !json_equal(records, sim->records);
	json_decref(sim->records);
	sim->records = records;
	struct sim_change *made = HEAP_PUSH(sim->changes, sim->n_changes);
	*made = (struct sim_change){sim_new_id(sim, "C"), sim->now_ms + sim_takes(sim, INSYNC_MS), sim->now_ms};
	sim->asked = share_of(sim, false);
	sim->publish_ms = made->insync_ms;
	look_for_violation(sim);
	if (differs)
		sim_effect(sim, "route53:weights green=%.0f", sim->asked * 100);
	answer->output = change_info(made, false);
}

static void get_change(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *id = document_text_or(input, "Id", ""), *slash = strrchr(id, '/');
	for (size_t i = 0; i < sim->n_changes; i++) {
		if (strcmp(sim->changes[i].id, slash ? slash + 1 : id) != 0)
			continue;
		answer->output = change_info(&sim->changes[i], sim->now_ms >= sim->changes[i].insync_ms);
		return;
	}
	sim_refuse(answer, 404, "NoSuchChange", "Could not find resource with ID: %s", id);
}

/* One answer as a resolver gets it, by the weights that are published. */
static void test_answer(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	char *name CLEANUP(mem_freep) = dotted(document_text_or(input, "RecordName", ""));
	const char *type = document_text_or(input, "RecordType", "A");
	json_t *data = json_array(), *record;
	size_t i;
	if (!is_zone(input, "HostedZoneId", answer)) {
		json_decref(data);
		return;
	}
	bool known = false;
	json_array_foreach (sim->records, i, record)
		known |= is_at(record, name, type, NULL);
	if (known && !strcasecmp(name, SIM_USERS_HOST "."))
		json_array_append_new(data, json_string(random_unit(sim->chance) < sim->published ? "198.51.100.20"
												  : "198.51.100.10"));
	answer->output = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "Nameserver", "ns-1.awsdns-01.org", "RecordName",
				   name, "RecordType", type, "RecordData", data, "ResponseCode",
				   known ? "NOERROR" : "NXDOMAIN", "Protocol", "UDP");
}

static void no_health_checks(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	(void)input;
	answer->output =
		json_pack("{s:[], s:s, s:b, s:s}", "HealthChecks", "Marker", "", "IsTruncated", 0, "MaxItems", "100");
}

static void no_health_check(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	(void)sim;
	sim_refuse(answer, 404, "NoSuchHealthCheck", "A health check with id %s does not exist.",
		   document_text_or(input, "HealthCheckId", ""));
}

const struct sim_operation sim_route53_operations[] = {
	{"route53:ListHostedZonesByName", list_zones_by_name},
	{"route53:ListHostedZones", list_zones},
	{"route53:GetHostedZone", get_zone},
	{"route53:ListResourceRecordSets", list_records},
	{"route53:ChangeResourceRecordSets", change_records},
	{"route53:GetChange", get_change},
	{"route53:TestDNSAnswer", test_answer},
	{"route53:ListHealthChecks", no_health_checks},
	{"route53:GetHealthCheck", no_health_check},
	{"route53:GetHealthCheckStatus", no_health_check},
	{NULL, NULL},
};
