/* AWS, DNS and GitOps, and then Kubernetes, into one snapshot. */
#include "perception/collector.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "perception/cluster_view.h"
#include "perception/kubernetes_collector.h"
#include "tools/argocd.h"

struct look {
	const struct ports *ports;
	const struct config *config;
	struct aws *aws;
	struct arena *arena;
	struct cluster_state *state;
};

static const char *keep(const struct look *look, const char *text)
{
	return arena_strdup(look->arena, text);
}

/* One line of sources[]; the error is taken. */
static void source(const struct look *look, const char *name, struct error *error)
{
	const char *status = !error ? "ok" : error->class == ERROR_AUTH ? "denied" : "failed";
	*ARENA_PUSH(look->arena, look->state->sources, look->state->n_sources) =
		(struct source_info){name, status, error ? keep(look, error->message) : NULL};
	error_free(error);
}

static struct error *cluster(const struct look *look)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct cluster_state *state = look->state;
	struct error *error =
		aws_call(look->aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", look->config->cluster), &out);
	if (error && error->class == ERROR_NOT_FOUND)
		return error_remedy(error, "aws eks list-clusters shows those of this account and region (%s)",
				    aws_region(look->aws));
	if (error)
		return error;
	const json_t *seen = json_object_get(out, "cluster");
	cluster_view_cluster(state, look->arena, seen);
	state->cluster_name = keep(look, look->config->cluster);
	state->region = keep(look, aws_region(look->aws));
	source(look, "eks:DescribeCluster", NULL);
	return NULL;
}

/* Names by one call, then all of them side by side. */
static void each_named(const struct look *look, const struct aws_operation *list, const char *names_member,
		       const struct aws_operation *describe, const char *name_member, const char *result_member,
		       void (*take)(struct cluster_state *, struct arena *, const json_t *))
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct error *error =
		aws_call_all(look->aws, list, json_pack("{s:s}", "clusterName", look->config->cluster), &out);
	const json_t *names = json_object_get(out, names_member);
	size_t n = json_array_size(names);
	source(look, arena_printf(look->arena, "eks:%s", aws_operation_name(list)), error);
	struct aws_request *requests = mem_array(n, sizeof *requests);
	for (size_t i = 0; i < n; i++)
		requests[i] =
			(struct aws_request){.operation = describe,
					     .input = json_pack("{s:s, s:O}", "clusterName", look->config->cluster,
								name_member, json_array_get(names, i))};
	if (n)
		aws_call_batch(look->aws, requests, n);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].error)
			source(look,
			       arena_printf(look->arena, "eks:%s %s", aws_operation_name(describe),
					    json_string_value(json_array_get(names, i))),
			       requests[i].error);
		else
			take(look->state, look->arena, json_object_get(requests[i].output, result_member));
		json_decref(requests[i].output);
	}
	free(requests);
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	n -= n && a[n - 1] == '.';
	m -= m && b[m - 1] == '.';
	return n == m && !strncasecmp(a, b, n);
}

static void take_record(const struct look *look, const char *zone, const json_t *seen)
{
	const char *alias = document_text(seen, "AliasTarget.DNSName"), *name = document_text_or(seen, "Name", ""),
		   *type = document_text_or(seen, "Type", "");
	bool wanted = false;
	for (size_t i = 0; i < look->config->traffic.n_records; i++)
		wanted |= same_name(name, look->config->traffic.records[i]);
	if (!wanted || (strcmp(type, "A") && strcmp(type, "AAAA") && strcmp(type, "CNAME")))
		return;
	*ARENA_PUSH(look->arena, look->state->records, look->state->n_records) = (struct record_info){
		.zone_id = keep(look, zone),
		.name = keep(look, name),
		.type = keep(look, type),
		.set_identifier = keep(look, document_text(seen, "SetIdentifier")),
		.target = keep(look, alias ? alias : document_text(seen, "ResourceRecords[0].Value")),
		.weight = document_int_or(seen, "Weight", -1),
		.ttl = alias ? 60 : document_int_or(seen, "TTL", 300),
		.alias = alias != NULL,
		.evaluate_target_health = document_true(seen, "AliasTarget.EvaluateTargetHealth")};
}

struct error *perception_find_zone(struct aws *aws, const char *wanted, struct arena *arena, const char **ret_id)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	*ret_id = NULL;
	TRY(aws_call_all(aws, &aws_route53_ListHostedZones, NULL, &out));
	size_t i;
	const json_t *zone;
	json_array_foreach (json_object_get(out, "HostedZones"), i, zone) {
		const char *id = document_text_or(zone, "Id", ""), *slash = strrchr(id, '/');
		if (same_name(document_text_or(zone, "Name", ""), wanted) || !strcmp(slash ? slash + 1 : id, wanted)) {
			*ret_id = arena_strdup(arena, slash ? slash + 1 : id);
			return NULL;
		}
	}
	return error_remedy(error_new(ERROR_NOT_FOUND, "no hosted zone \"%s\" in this account", wanted),
			    "check traffic.route53.hosted_zone; aws route53 list-hosted-zones");
}

static struct error *records(const struct look *look)
{
	const char *zone;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(perception_find_zone(look->aws, look->config->traffic.hosted_zone, look->arena, &zone));
	TRY(aws_call_all(look->aws, &aws_route53_ListResourceRecordSets, json_pack("{s:s}", "HostedZoneId", zone),
			 &out));
	size_t i;
	const json_t *seen;
	json_array_foreach (json_object_get(out, "ResourceRecordSets"), i, seen)
		take_record(look, zone, seen);
	return NULL;
}

static struct error *applications(const struct look *look)
{
	struct argocd argocd = {
		.ports = look->ports, .server = look->config->argocd.server, .insecure = look->config->argocd.insecure};
	struct secret *token CLEANUP(secret_freep) = NULL;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(config_secret_read(look->config->argocd.token, &token));
	argocd.token = token;
	TRY(argocd_call(&argocd, "GET", "/api/v1/applications", NULL, &out));
	size_t i;
	const json_t *seen;
	json_array_foreach (json_object_get(out, "items"), i, seen) {
		const char *destination = document_text(seen, "spec.destination.server");
		*ARENA_PUSH(look->arena, look->state->applications,
			    look->state->n_applications) = (struct application_info){
			.name = keep(look, document_text_or(seen, "metadata.name", "")),
			.ns = keep(look, document_text(seen, "metadata.namespace")),
			.project = keep(look, document_text(seen, "spec.project")),
			.destination =
				keep(look, destination ? destination : document_text(seen, "spec.destination.name")),
			.revision = keep(look, document_text(seen, "status.sync.revision")),
			.sync = keep(look, document_text(seen, "status.sync.status")),
			.health = keep(look, document_text(seen, "status.health.status")),
			.source = "argocd"};
	}
	return NULL;
}

/* The API server behind the kubeconfig is the named cluster's. */
static void identity(const struct look *look, const struct kube *kube)
{
	const char *told = look->state->endpoint ? look->state->endpoint : "", *used = kube_server(kube);
	struct error *error = NULL;
	if (strcasecmp(told, used) != 0)
		error = error_new(ERROR_PRECONDITION,
				  "kubeconfig leads to \"%s\", EKS says \"%s\": proven only by its answers", used,
				  told);
	source(look, "identity of the API server", error);
}

struct error *perception_collect(const struct ports *ports, const struct config *config, struct aws *aws,
				 struct kube *kube, struct arena *arena, struct cluster_state *ret)
{
	struct look look = {ports, config, aws, arena, ret};
	*ret = (struct cluster_state){.captured_at_ms = clock_wall_ms(ports->clock)};
	TRY(cluster(&look));
	each_named(&look, &aws_eks_ListNodegroups, "nodegroups", &aws_eks_DescribeNodegroup, "nodegroupName",
		   "nodegroup", cluster_view_group);
	each_named(&look, &aws_eks_ListAddons, "addons", &aws_eks_DescribeAddon, "addonName", "addon",
		   cluster_view_addon);
	if (config->traffic.hosted_zone)
		source(&look, "route53 records", records(&look));
	if (config->argocd.server)
		source(&look, "argocd applications", applications(&look));
	identity(&look, kube);
	return kubernetes_collect(kube, arena, ret);
}
