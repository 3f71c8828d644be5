/* The frame around checks: who may run, what is unknown and why, and how findings are put together. */
#include "assessment/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "assessment/drain.h"
#include "assessment/index.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

const struct check *const check_families[] = {
	checks_path,	  checks_control_plane, checks_insights, checks_skew,	    checks_addons,    checks_components,
	checks_apis,	  checks_api_refs,	checks_crds,	 checks_behaviour,  checks_workloads, checks_budgets,
	checks_exposed,	  checks_pods,		checks_drain,	 checks_webhooks,   checks_nodes,     checks_images,
	checks_placement, checks_compute,	checks_capacity, checks_gitops,	    checks_backup,    checks_blue_green,
	checks_records,	  checks_rollback,	checks_after,	 checks_validation, checks_tool,      NULL,
};

const char *const check_family_titles[] = {
	"The way to the target",
	"The control plane",
	"EKS's insights",
	"Version skew",
	"EKS add-ons",
	"Components",
	"Deprecated and removed APIs",
	"What names a removed API",
	"Custom resources",
	"Behaviour that changes with a version",
	"Workloads",
	"PodDisruptionBudgets",
	"Behind load balancers",
	"Pods as they are",
	"Draining nodes",
	"Admission webhooks",
	"Nodes and node groups",
	"Images of nodes",
	"Zones and labels of nodes",
	"Karpenter, Auto Mode, Fargate, Windows, hybrid nodes",
	"Capacity and quotas",
	"Terraform and GitOps",
	"Backups",
	"Blue/green",
	"Users' names, for blue/green",
	"The way back",
	"Compared with an earlier look",
	"Telling whether harm was done",
	"The look itself",
};
_Static_assert(ARRAY_SIZE(check_family_titles) + 1 == ARRAY_SIZE(check_families), "a title a family");

const struct check *check_find(const char *id)
{
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			if (!strcmp(check->id, id))
				return check;
	return NULL;
}

/* ---- sources */

const char *source_permission(struct arena *arena, const char *source)
{
	if (!strncmp(source, "kubernetes ", 11)) {
		const char *what = source + 11;
		if (!strcmp(what, "readyz") || !strcmp(what, "discovery"))
			return !strcmp(what, "readyz") ? "get /readyz" : "get /api, /apis";
		const char *dot = strchr(what, '.');
		return dot ? arena_printf(arena, "list %.*s of %s", (int)(dot - what), what, dot + 1)
			   : arena_printf(arena, "list %s", what);
	}
	return !strcmp(source, "metrics")      ? "get /metrics"
	       : !strcmp(source, "kubernetes") ? "access to the API server"
	       : !strcmp(source, "aws")	       ? "AWS credentials"
					       : source;
}

/* Operations that describe what another one lists: with an empty list there was nothing to ask. */
static const struct {
	const char *describe, *list, *member;
} of_lists[] = {
	{"describe_nodegroup", "list_nodegroups", "nodegroups"},
	{"describe_addon", "list_addons", "addons"},
	{"describe_addon_versions", "list_addons", "addons"},
	{"describe_fargate_profile", "list_fargate_profiles", "fargateProfileNames"},
	{"describe_insight", "list_insights", "insights"},
	{"describe_update", "list_updates", "updateIds"},
	{"describe_access_entry", "list_access_entries", "accessEntries"},
	{"describe_pod_identity_association", "list_pod_identity_associations", "associations"},
	{"describe_identity_provider_config", "list_identity_provider_configs", "identityProviderConfigs"},
	{"get_open_id_connect_provider", "list_open_id_connect_providers", "OpenIDConnectProviderList"},
	{"list_resource_record_sets", "list_hosted_zones", "HostedZones"},
	{"describe_target_groups", "describe_load_balancers", "LoadBalancers"},
	{"describe_load_balancer_attributes", "describe_load_balancers", "LoadBalancers"},
	{"describe_target_health", "describe_target_groups", "TargetGroups"},
	{"describe_target_group_attributes", "describe_target_groups", "TargetGroups"},
};

static bool nothing_to_ask(const struct inventory *inventory, const char *snake);

/* A scaling group that EKS did not make, with a launch template. */
static bool has_own_template(const json_t *scaling)
{
	size_t i;
	const json_t *tag;
	json_array_foreach (json_object_get(scaling, "Tags"), i, tag)
		if (!strcmp(document_text_or(tag, "Key", ""), "eks:nodegroup-name"))
			return false;
	return json_is_object(json_object_get(scaling, "LaunchTemplate")) &&
	       strncmp(document_text_or(scaling, "AutoScalingGroupName", ""), "eks-", 4) != 0;
}

/* No group of nodes was found with a launch template of its own. */
static bool no_template(const struct inventory *inventory)
{
	size_t i;
	const json_t *call, *calls = inventory_aws_calls(inventory, "describe_nodegroup");
	json_array_foreach (calls, i, call)
		if (!document_at(call, "response.nodegroup") ||
		    json_is_object(document_at(call, "response.nodegroup.launchTemplate")))
			return false;
	EACH_AWS (inventory, "describe_auto_scaling_groups", "AutoScalingGroups", scaling)
		if (has_own_template(scaling))
			return false;
	return calls || nothing_to_ask(inventory, "describe_nodegroup");
}

static bool nothing_to_ask(const struct inventory *inventory, const char *snake)
{
	if ((!strcmp(snake, "describe_launch_template_versions") || !strcmp(snake, "describe_launch_templates")) &&
	    no_template(inventory))
		return true;
	if (!strcmp(snake, "describe_key") && inventory_cluster(inventory) &&
	    !json_array_size(json_object_get(inventory_cluster(inventory), "encryptionConfig")))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(of_lists); i++) {
		if (strcmp(of_lists[i].describe, snake) != 0)
			continue;
		size_t k;
		const json_t *call, *calls = inventory_aws_calls(inventory, of_lists[i].list);
		bool listed = false;
		json_array_foreach (calls, k, call) {
			const json_t *response = json_object_get(call, "response");
			if (!response || json_array_size(json_object_get(response, of_lists[i].member)))
				return false;
			listed = true;
		}
		return listed || (!calls && nothing_to_ask(inventory, of_lists[i].list));
	}
	return false;
}

static enum source_status why(struct arena *arena, const char *source, enum source_status status, const char *detail,
			      const char **ret_why)
{
	static const char *const words[] = {"ok", "denied", "failed", "not looked at"};
	if (status == SOURCE_OK)
		return status;
	const char *permission = source_permission(arena, source);
	*ret_why = status == SOURCE_DENIED ? arena_printf(arena, "%s denied%s%s; grant: %s", source, detail ? ": " : "",
							  detail ? detail : "", permission)
					   : arena_printf(arena, "%s %s%s%s; needs: %s", source, words[status],
							  detail ? ": " : "", detail ? detail : "", permission);
	return status;
}

/* Operations that tell as much. */
static const struct {
	const char *snake, *instead;
} instead_of[] = {{"get_service_quota", "list_service_quotas"}, {"get_parameters", "get_parameter"}};

static const json_t *calls_of(const struct inventory *inventory, const char *snake)
{
	const json_t *calls = inventory_aws_calls(inventory, snake);
	for (size_t i = 0; i < ARRAY_SIZE(instead_of) && !calls; i++)
		if (!strcmp(instead_of[i].snake, snake))
			calls = inventory_aws_calls(inventory, instead_of[i].instead);
	return calls;
}

/* EKS always names what it was asked for, if only an empty list of it. */
static bool is_answer(const char *source, const json_t *response)
{
	const char *member;
	json_t *value;
	if (!json_is_object(response) || strncmp(source, "eks:", 4) != 0)
		return json_is_object(response);
	json_object_foreach ((json_t *)(uintptr_t)response, member, value)
		if (strcmp(member, "ResponseMetadata") != 0)
			return true;
	return false;
}

static const char *snake_of(const struct assess *assess, const char *source)
{
	const char *operation = strchr(source, ':');
	return operation ? inventory_snake_name(assess->arena, operation + 1) : "";
}

/* What names the things to ask for, where that was asked for and not told: it is what was missing. */
static const struct source *unread_list(const struct assess *assess, const char *snake)
{
	const struct inventory *inventory = assess->inventory;
	const char *lists[2] = {NULL};
	if (!strncmp(snake, "describe_launch_template", 24))
		lists[0] = "describe_nodegroup", lists[1] = "list_nodegroups";
	for (size_t i = 0; i < ARRAY_SIZE(of_lists); i++)
		if (!strcmp(of_lists[i].describe, snake))
			lists[0] = of_lists[i].list;
	for (size_t i = 0; i < inventory->n_sources; i++) {
		const char *name = snake_of(assess, inventory->sources[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(lists) && lists[k]; k++)
			if (!strcmp(name, lists[k]) && inventory->sources[i].status != SOURCE_OK)
				return &inventory->sources[i];
	}
	return NULL;
}

/* Of an operation's calls in the snapshot: all answered, or why not. */
static enum source_status aws_status(const struct assess *assess, const char *source, const char **ret_why)
{
	const struct inventory *inventory = assess->inventory;
	const char *snake = inventory_snake_name(assess->arena, strchr(source, ':') + 1);
	const struct source *all = inventory_find_source(inventory, "aws"),
			    *told = inventory_find_source(inventory, source);
	const json_t *call, *calls = calls_of(inventory, snake);
	size_t i;
	if (told)
		return why(assess->arena, source, told->status, told->detail, ret_why);
	if (all && all->status != SOURCE_OK)
		return why(assess->arena, all->name, all->status, all->detail, ret_why);
	if (!calls && nothing_to_ask(inventory, snake))
		return SOURCE_OK;
	const struct source *list = calls ? NULL : unread_list(assess, snake);
	if (list)
		return why(assess->arena, list->name, list->status, list->detail, ret_why);
	if (!calls)
		return why(assess->arena, source, SOURCE_SKIPPED,
			   inventory->offline ? "not in the snapshot" : "not asked", ret_why);
	json_array_foreach (calls, i, call) {
		const json_t *error = json_object_get(call, "error");
		if (!error && !is_answer(source, json_object_get(call, "response")))
			return why(assess->arena, source, SOURCE_FAILED, "an empty answer", ret_why);
		if (error && !inventory_aws_absent(snake, document_text(error, "code")))
			return why(assess->arena, source,
				   document_true(error, "denied") ? SOURCE_DENIED : SOURCE_FAILED,
				   document_text(error, "message"), ret_why);
	}
	if (!strcmp(snake, "describe_cluster") && !inventory_cluster(inventory))
		return why(assess->arena, source, SOURCE_SKIPPED, "this cluster was not described", ret_why);
	return SOURCE_OK;
}

static enum source_status status_of(const struct assess *assess, const char *source, const char **ret_why)
{
	if (strchr(source, ':'))
		return aws_status(assess, source, ret_why);
	const struct source *told = inventory_find_source(assess->inventory, source);
	bool kubernetes = !strncmp(source, "kubernetes", 10), metrics = !strcmp(source, "metrics");
	const struct source *all = kubernetes || (metrics && !assess->inventory->offline)
					   ? inventory_find_source(assess->inventory, "kubernetes")
					   : NULL;
	if (told)
		return why(assess->arena, source, told->status, told->detail, ret_why);
	if (all && all->status != SOURCE_OK)
		return why(assess->arena, all->name, all->status, all->detail, ret_why);
	/* A list that nobody told of: of a snapshot all objects are there; live, the kind is not served. */
	if (kubernetes && strcmp(source, "kubernetes readyz") != 0)
		return SOURCE_OK;
	if (assess->inventory->offline && metrics)
		return SOURCE_OK;
	return why(assess->arena, source, SOURCE_SKIPPED,
		   assess->inventory->offline ? "not in the snapshot" : "not asked", ret_why);
}

bool assess_source_ok(const struct assess *assess, const char *source, const char **ret_why)
{
	const char *ignored;
	return status_of(assess, source, ret_why ? ret_why : &ignored) == SOURCE_OK;
}

bool assess_source_refused(const struct assess *assess, const char *source, const char **ret_why)
{
	enum source_status status = status_of(assess, source, ret_why);
	return status == SOURCE_DENIED || status == SOURCE_FAILED;
}

/* ---- findings */

static const char *keep(const struct assess *assess, const char *text)
{
	return arena_strdup(assess->arena, text);
}

static const char *format_text(const struct assess *assess, const char *format, va_list args)
{
	char *text CLEANUP(mem_freep) = mem_vprintf(format, args);
	return keep(assess, text);
}

static struct finding *add(struct assess *assess, enum finding_status status, const struct finding_object *object)
{
	const struct check *check = assess->check;
	struct finding *finding = ARENA_PUSH(assess->arena, assess->findings, assess->n_findings);
	*finding = (struct finding){.id = check->id,
				    .title = check->title,
				    .severity = check->severity,
				    .status = status,
				    .scope = check->scope,
				    .remedy = check->remedy,
				    .page = check->page};
	if (object) {
		finding->object = arena_alloc(assess->arena, sizeof *object);
		*finding->object = (struct finding_object){keep(assess, object->kind), keep(assess, object->ns),
							   keep(assess, object->name), keep(assess, object->arn)};
	}
	return finding;
}

#define FORMATTED(assess, format)                                                                                      \
	({                                                                                                             \
		va_list args_;                                                                                         \
		va_start(args_, format);                                                                               \
		const char *text_ = format_text(assess, format, args_);                                                \
		va_end(args_);                                                                                         \
		text_;                                                                                                 \
	})

struct finding *assess_object(struct assess *assess, const char *kind, const char *ns, const char *name,
			      const char *format, ...)
{
	const char *message = FORMATTED(assess, format);
	struct finding *finding = add(assess, FINDING_FOUND, &(struct finding_object){kind, ns, name, NULL});
	finding->message = message;
	return finding;
}

struct finding *assess_aws(struct assess *assess, const char *arn_or_name, const char *format, ...)
{
	const char *message = FORMATTED(assess, format);
	bool arn = arn_or_name && !strncmp(arn_or_name, "arn:", 4);
	struct finding *finding =
		add(assess, FINDING_FOUND,
		    &(struct finding_object){NULL, NULL, arn ? NULL : arn_or_name, arn ? arn_or_name : NULL});
	finding->message = message;
	return finding;
}

struct finding *assess_cluster(struct assess *assess, const char *format, ...)
{
	const char *message = FORMATTED(assess, format);
	const struct inventory *inventory = assess->inventory;
	const char *arn = json_string_value(json_object_get(inventory_cluster(inventory), "arn"));
	struct finding *finding = add(assess, FINDING_FOUND,
				      &(struct finding_object){.name = arn ? NULL : inventory->cluster, .arn = arn});
	finding->message = message;
	return finding;
}

const char *assess_cluster_name(const struct assess *assess)
{
	return assess->inventory->cluster ? assess->inventory->cluster : "CLUSTER";
}

struct finding_evidence *assess_evidence(struct assess *assess, struct finding *finding, const char *source,
					 const char *format, ...)
{
	const char *detail = FORMATTED(assess, format);
	struct finding_evidence *evidence = ARENA_PUSH(assess->arena, finding->evidence, finding->n_evidence);
	*evidence = (struct finding_evidence){.source = keep(assess, source), .detail = detail};
	return evidence;
}

void assess_remedy(struct assess *assess, struct finding *finding, const char *format, ...)
{
	finding->remedy = FORMATTED(assess, format);
}

/* kubectl restarts three kinds; others, and what operators own, are restarted by who made them. */
void assess_remedy_restart(struct assess *assess, struct finding *finding, const char *kind, const char *ns,
			   const char *name)
{
	bool rolls = !strcmp(kind, "Deployment") || !strcmp(kind, "StatefulSet") || !strcmp(kind, "DaemonSet");
	if (rolls)
		assess_remedy(assess, finding, "kubectl -n %s rollout restart %s %s", ns, kind, name);
	else
		assess_remedy(assess, finding,
			      "have the pods of %s %s/%s made anew: by its own controller, or one by one: "
			      "kubectl -n %s delete pod",
			      kind, ns, name, ns);
}

void assess_change(struct assess *assess, struct finding *finding, const char *action,
		   const struct finding_object *what, const char *from, const char *to)
{
	finding->change = arena_alloc(assess->arena, sizeof *finding->change);
	*finding->change = (struct finding_change){
		action,		 what->kind, keep(assess, what->ns), keep(assess, what->name), keep(assess, from),
		keep(assess, to)};
}

struct finding *assess_unknown(struct assess *assess, const char *kind, const char *ns, const char *name,
			       const char *format, ...)
{
	const char *reason = FORMATTED(assess, format);
	bool arn = !kind && name && !strncmp(name, "arn:", 4);
	struct finding *finding = add(
		assess, FINDING_UNKNOWN,
		kind || ns || name ? &(struct finding_object){kind, ns, arn ? NULL : name, arn ? name : NULL} : NULL);
	finding->reason = reason;
	finding->remedy = NULL; /* the check's is for what it would find */
	return finding;
}

/* ---- running */

/* What a scan of manifests has found under this id stands as it is, with its file and line. */
static void take_manifests(struct assess *assess, const struct check *check)
{
	for (size_t i = 0; i < assess->inventory->n_manifests; i++)
		if (!strcmp(assess->inventory->manifests[i].id, check->id))
			*ARENA_PUSH(assess->arena, assess->findings, assess->n_findings) =
				assess->inventory->manifests[i];
}

/* Without the list nobody knows whether all were described; what was described is what it is. */
static bool is_list_of_seen(const struct assess *assess, const struct assess *look, const char *source)
{
	const char *list = snake_of(assess, source);
	for (size_t i = 0; i < ARRAY_SIZE(of_lists); i++)
		if (!strcmp(of_lists[i].list, list) &&
		    json_array_size(inventory_aws_calls(look->inventory, of_lists[i].describe)))
			for (const char *const *need = assess->check->needs; *need; need++)
				if (!strcmp(snake_of(assess, *need), of_lists[i].describe))
					return true;
	return false;
}

/* Tells each source that is missing; false: without it nothing can be judged. Of a whole side that was not reached one
 * line says enough. */
static bool has_sources(struct assess *assess, const struct assess *look, const char *which)
{
	bool all = true;
	const char *told = "";
	for (const char *const *need = assess->check->needs; need && *need; need++) {
		const char *reason;
		if (assess_source_ok(look, *need, &reason))
			continue;
		all &= is_list_of_seen(assess, look, *need);
		if (strcmp(reason, told) != 0)
			assess_unknown(assess, NULL, NULL, NULL, "%s%s", which, reason);
		told = reason;
	}
	return all;
}

/* What compares needs the same of both looks. */
static bool earlier_has_sources(struct assess *assess)
{
	struct assess past = *assess;
	past.inventory = assess->inventory->before;
	return !past.inventory || has_sources(assess, &past, "in the earlier look: ");
}

/* What nobody gave was not looked at: no check of it has passed. */
static bool is_given(const struct assess *assess, const char *what)
{
	const struct inventory *inventory = assess->inventory, *before = inventory->before;
	bool same = before && before->cluster && inventory->cluster && !strcmp(before->cluster, inventory->cluster);
	return !what || (!strcmp(what, "before") && same) || (!strcmp(what, "blue") && before && !same) ||
	       (!strcmp(what, "manifests") && inventory_find_source(inventory, what)) ||
	       (!strcmp(what, "terraform-plan") && json_object_get(inventory->survey, "terraform_plan"));
}

static void run_check(struct assess *assess, const struct check *check)
{
	size_t before = assess->n_findings;
	assess->check = check;
	if (check->partial)
		check->run(assess);
	bool may = assess->n_findings == before && has_sources(assess, assess, "") && !check->partial;
	if (may && check->given)
		may = earlier_has_sources(assess);
	if (may)
		check->run(assess);
	take_manifests(assess, check);
	assess->passed += assess->n_findings == before;
}

static bool wanted(const char *const *only, const char *id)
{
	if (!only)
		return true;
	for (; *only; only++)
		if (!strcmp(*only, id))
			return true;
	return false;
}

static const char *current_version(const struct inventory *inventory)
{
	return document_text(inventory_cluster(inventory), "version");
}

static void take_sources(struct assess *assess, struct assessment *ret)
{
	for (size_t i = 0; i < assess->inventory->n_sources; i++) {
		const struct source *source = &assess->inventory->sources[i];
		*ARENA_PUSH(assess->arena, ret->sources, ret->n_sources) =
			(struct assessment_source){source->name, source_status_names[source->status], source->detail};
	}
	/* A snapshot without the sources' own words: the calls that are in it answered. */
	const char *operation;
	json_t *calls;
	if (!assess->inventory->offline)
		return;
	json_object_foreach (assess->inventory->aws, operation, calls) {
		bool told = false;
		for (size_t i = 0; i < assess->inventory->n_sources && !told; i++) {
			const char *colon = strchr(assess->inventory->sources[i].name, ':');
			told = colon && !strcmp(inventory_snake_name(assess->arena, colon + 1), operation);
		}
		if (!told)
			*ARENA_PUSH(assess->arena, ret->sources, ret->n_sources) =
				(struct assessment_source){keep(assess, operation), "ok", NULL};
	}
}

/* The drain as it was played, when what it needs was seen. */
static void take_drain(struct assess *assess, struct assessment *ret)
{
	if (!assess_source_ok(assess, "kubernetes nodes", NULL) || !assess_source_ok(assess, "kubernetes pods", NULL) ||
	    !assess_source_ok(assess, "kubernetes poddisruptionbudgets.policy", NULL))
		return;
	const struct drain_prediction *prediction = drain_predict(assess);
	for (size_t i = 0; i < prediction->n_nodes; i++) {
		const struct drain_node *seen = &prediction->nodes[i];
		struct drained_node *node = ARENA_PUSH(assess->arena, ret->drain, ret->n_drain);
		*node = (struct drained_node){.node = seen->node->meta.name,
					      .group = seen->group,
					      .blocked = seen->blocked,
					      .evicted = seen->evicted,
					      .estimated_s = seen->estimated_ms / 1000};
		for (size_t k = 0; k < seen->n_stops; k++)
			*ARENA_PUSH(assess->arena, node->stops, node->n_stops) = (struct drain_obstacle){
				seen->stops[k].pod->meta.ns,
				seen->stops[k].pod->meta.name,
				seen->stops[k].rule == DRAIN_TWO_BUDGETS ? "two-budgets" : "budget",
				seen->stops[k].pdb->meta.name,
				seen->stops[k].why,
				seen->stops[k].remedy};
	}
}

struct error *assess_run(const struct inventory *inventory, const struct config *config, const char *target,
			 const char *const *only, struct arena *arena, struct assessment *ret)
{
	struct assess assess = {.inventory = inventory,
				.config = config,
				.arena = arena,
				.target = target,
				.from = knowledge_minor(current_version(inventory)),
				.to = knowledge_minor(target),
				.now_ms = inventory->captured_at_ms};
	if (!assess.to)
		return error_remedy(error_new(ERROR_INVALID, "target version \"%s\" is not one", target),
				    "name a Kubernetes minor version: --to 1.34");
	struct assessment_check *checks = NULL;
	size_t n_checks = 0;
	index_build(&assess);
	for (const struct check *const *family = check_families; *family; family++) {
		for (const struct check *check = *family; check->id; check++) {
			if (!wanted(only, check->id) || !is_given(&assess, check->given))
				continue;
			run_check(&assess, check);
			*ARENA_PUSH(arena, checks, n_checks) =
				(struct assessment_check){check->id, check->title, check->page};
		}
	}
	*ret = (struct assessment){.format = 1,
				   .tool = "assess",
				   .cluster = inventory->cluster,
				   .region = inventory->region,
				   .current_version = keep(&assess, current_version(inventory)),
				   .target_version = keep(&assess, target),
				   .captured_at_ms = inventory->captured_at_ms,
				   .checks = checks,
				   .n_checks = n_checks,
				   .findings = assess.findings,
				   .n_findings = assess.n_findings};
	ret->counts.passed = assess.passed;
	take_sources(&assess, ret);
	if (!only)
		take_drain(&assess, ret);
	index_free(assess.index);
	assessment_sort(ret);
	assessment_count(ret);
	return NULL;
}
