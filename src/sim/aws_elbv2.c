/* Load balancers: each cluster's ingress has one, from when its controller made it until the cluster is gone. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"
#include "sim/world.h"

#define ARN "arn:aws:elasticloadbalancing:" SIM_REGION ":" SIM_ACCOUNT ":"

static bool sim_has_balancer(const struct sim_cluster *cluster)
{
	return cluster->life != LIFE_ABSENT && cluster->life != LIFE_CREATING && sim_kube_has_ingress(cluster->kube);
}

static char *balancer_arn(const struct sim_cluster *cluster)
{
	return mem_printf(ARN "loadbalancer/app/k8s-%s-web/%.16s", cluster->name, cluster->id);
}

static char *target_group_arn(const struct sim_cluster *cluster)
{
	return mem_printf(ARN "targetgroup/k8s-%s-web/%.16s", cluster->name, cluster->id);
}

static char *listener_arn(const struct sim_cluster *cluster)
{
	return mem_printf(ARN "listener/app/k8s-%s-web/%.16s/443", cluster->name, cluster->id);
}

struct sim_cluster *sim_balancer_by_dimension(struct sim *sim, const char *value)
{
	const char *slash = strrchr(value, '/');
	for (size_t i = 0; slash && i < sim->n_clusters; i++)
		if (!strncmp(slash + 1, sim->clusters[i].id, 16))
			return &sim->clusters[i];
	return NULL;
}

static json_t *balancer_document(const struct sim_cluster *cluster)
{
	char *arn CLEANUP(mem_freep) = balancer_arn(cluster);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:o, s:[{s:s, s:s}], s:s, s:o}", "DNSName",
			 cluster->load_balancer, "LoadBalancerArn", arn, "CanonicalHostedZoneId", SIM_ALB_ZONE,
			 "Scheme", "internet-facing", "Type", "application", "IpAddressType", "ipv4", "State", "Code",
			 "active", "LoadBalancerName", document_printf("k8s-%s-web", cluster->name),
			 "AvailabilityZones", "ZoneName", "us-east-1a", "SubnetId", "subnet-a", "VpcId", "vpc-1",
			 "CreatedTime", sim_time(cluster->created_ms));
}

/* Is it among the names or ARNs that were asked for? Everything is when none was. */
static bool is_asked(const json_t *input, const char *member, const char *value, bool *ret_any)
{
	const json_t *list = json_object_get(input, member), *one;
	size_t i;
	*ret_any |= json_array_size(list) > 0;
	json_array_foreach (list, i, one)
		if (json_string_value(one) && !strcmp(json_string_value(one), value))
			return true;
	return false;
}

static void describe_balancers(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	bool any = false;
	for (size_t i = 0; i < sim->n_clusters; i++) {
		const struct sim_cluster *cluster = &sim->clusters[i];
		if (!sim_has_balancer(cluster))
			continue;
		char *arn CLEANUP(mem_freep) = balancer_arn(cluster),
			  *name CLEANUP(mem_freep) = mem_printf("k8s-%s-web", cluster->name);
		bool asked = is_asked(input, "LoadBalancerArns", arn, &any);
		asked |= is_asked(input, "Names", name, &any);
		if (asked || !any)
			json_array_append_new(list, balancer_document(cluster));
	}
	if (json_array_size(list) == 0 && (json_array_size(json_object_get(input, "Names")) ||
					   json_array_size(json_object_get(input, "LoadBalancerArns")))) {
		json_decref(list);
		sim_refuse(answer, 400, "LoadBalancerNotFound", "One or more load balancers not found");
		return;
	}
	answer->output = json_pack("{s:o}", "LoadBalancers", list);
}

/* The load balancer an input's member names by an ARN of it, its listener or its target group; NULL: refused. */
static struct sim_cluster *asked_cluster(struct sim *sim, const json_t *input, const char *member,
					 struct sim_answer *answer)
{
	const char *arn = document_text_or(input, member, "");
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim_has_balancer(&sim->clusters[i]) && strstr(arn, sim->clusters[i].id))
			return &sim->clusters[i];
	for (size_t i = 0; i < sim->n_clusters; i++) { /* ids are longer than what ARNs keep of them */
		char *part CLEANUP(mem_freep) = mem_printf("/%.16s", sim->clusters[i].id);
		if (sim_has_balancer(&sim->clusters[i]) && strstr(arn, part))
			return &sim->clusters[i];
	}
	sim_refuse(answer, 400,
		   !strcmp(member, "TargetGroupArn") ? "TargetGroupNotFound"
		   : !strcmp(member, "ListenerArn")  ? "ListenerNotFound"
						     : "LoadBalancerNotFound",
		   "'%s' not found", arn);
	return NULL;
}

static void describe_attributes(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (asked_cluster(sim, input, "LoadBalancerArn", answer))
		answer->output =
			json_pack("{s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]}", "Attributes", "Key",
				  "client_keep_alive.seconds", "Value", "180", "Key", "idle_timeout.timeout_seconds",
				  "Value", "60", "Key", "deletion_protection.enabled", "Value", "false");
}

static void describe_target_groups(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array();
	const char *of = document_text(input, "LoadBalancerArn");
	for (size_t i = 0; i < sim->n_clusters; i++) {
		const struct sim_cluster *cluster = &sim->clusters[i];
		if (!sim_has_balancer(cluster))
			continue;
		char *balancer CLEANUP(mem_freep) = balancer_arn(cluster),
			       *arn CLEANUP(mem_freep) = target_group_arn(cluster);
		bool any = false;
		if ((of && strcmp(of, balancer)) || (!is_asked(input, "TargetGroupArns", arn, &any) && any))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:i, s:s, s:s, s:[s]}", "TargetGroupArn", arn,
						      "TargetGroupName", document_printf("k8s-%s-web", cluster->name),
						      "Protocol", "HTTP", "Port", 8080, "VpcId", "vpc-1", "TargetType",
						      "ip", "LoadBalancerArns", balancer));
	}
	answer->output = json_pack("{s:o}", "TargetGroups", list);
}

static void describe_target_group_attributes(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	if (asked_cluster(sim, input, "TargetGroupArn", answer))
		answer->output = json_pack("{s:[{s:s, s:s}]}", "Attributes", "Key",
					   "deregistration_delay.timeout_seconds", "Value", "30");
}

/* Ten targets, of which as many are healthy as pods are ready. */
static void describe_target_health(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const struct sim_cluster *cluster = asked_cluster(sim, input, "TargetGroupArn", answer);
	json_t *list = json_array();
	for (int i = 0; cluster && i < 10; i++) {
		bool healthy = i < (int)(cluster->ready * 10 + 0.001);
		json_t *health = json_pack("{s:s}", "State", healthy ? "healthy" : "unhealthy");
		if (!healthy)
			json_object_set_new(health, "Reason", json_string("Target.FailedHealthChecks"));
		json_array_append_new(list, json_pack("{s:{s:o, s:i}, s:s, s:o}", "Target", "Id",
						      document_printf("10.0.%d.%d", i, 20 + i), "Port", 8080,
						      "HealthCheckPort", "8080", "TargetHealth", health));
	}
	answer->output = json_pack("{s:o}", "TargetHealthDescriptions", list);
}

static void describe_listeners(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const char *first = document_text(input, "ListenerArns[0]");
	json_t *by_listener DOCUMENT_CLEANUP = first ? json_pack("{s:s}", "ListenerArn", first) : NULL;
	const struct sim_cluster *cluster = first ? asked_cluster(sim, by_listener, "ListenerArn", answer)
						  : asked_cluster(sim, input, "LoadBalancerArn", answer);
	if (!cluster)
		return;
	char *balancer CLEANUP(mem_freep) = balancer_arn(cluster),
		       *group CLEANUP(mem_freep) = target_group_arn(cluster),
		       *listener CLEANUP(mem_freep) = listener_arn(cluster);
	answer->output = json_pack("{s:[{s:s, s:s, s:i, s:s, s:[{s:s, s:s}]}]}", "Listeners", "ListenerArn", listener,
				   "LoadBalancerArn", balancer, "Port", 443, "Protocol", "HTTPS", "DefaultActions",
				   "Type", "forward", "TargetGroupArn", group);
}

static void describe_rules(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	const struct sim_cluster *cluster = asked_cluster(sim, input, "ListenerArn", answer);
	if (!cluster)
		return;
	char *group CLEANUP(mem_freep) = target_group_arn(cluster),
		    *listener CLEANUP(mem_freep) = listener_arn(cluster);
	answer->output = json_pack("{s:[{s:o, s:s, s:b, s:[], s:[{s:s, s:s}]}]}", "Rules", "RuleArn",
				   document_printf("%s/default", listener), "Priority", "default", "IsDefault", 1,
				   "Conditions", "Actions", "Type", "forward", "TargetGroupArn", group);
}

static void describe_tags(struct sim *sim, const json_t *input, struct sim_answer *answer)
{
	json_t *list = json_array(), *arn;
	size_t i;
	json_array_foreach (json_object_get(input, "ResourceArns"), i, arn) {
		json_t *one DOCUMENT_CLEANUP = json_pack("{s:O}", "LoadBalancerArn", arn);
		const struct sim_cluster *cluster = asked_cluster(sim, one, "LoadBalancerArn", answer);
		if (!cluster) {
			json_decref(list);
			return;
		}
		json_array_append_new(list, json_pack("{s:O, s:[{s:s, s:s}, {s:s, s:s}]}", "ResourceArn", arn, "Tags",
						      "Key", "elbv2.k8s.aws/cluster", "Value", cluster->name, "Key",
						      "ingress.k8s.aws/stack", "Value", "web"));
	}
	answer->output = json_pack("{s:o}", "TagDescriptions", list);
}

const struct sim_operation sim_elbv2_operations[] = {
	{"elbv2:DescribeLoadBalancers", describe_balancers},
	{"elbv2:DescribeLoadBalancerAttributes", describe_attributes},
	{"elbv2:DescribeTargetGroups", describe_target_groups},
	{"elbv2:DescribeTargetGroupAttributes", describe_target_group_attributes},
	{"elbv2:DescribeTargetHealth", describe_target_health},
	{"elbv2:DescribeListeners", describe_listeners},
	{"elbv2:DescribeRules", describe_rules},
	{"elbv2:DescribeTags", describe_tags},
	{NULL, NULL},
};
