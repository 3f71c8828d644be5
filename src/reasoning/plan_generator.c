/* The blue/green plan: which steps, in which order, with what they need to know. Pure. */
#include "reasoning/plan_generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/calendar.h"
#include "reasoning/analysis.h"

enum { MOST_MINORS = 4 }; /* at once */

struct make {
	const struct cluster_state *state;
	const struct config *config;
	struct arena *arena;
	struct upgrade_plan *plan;
	struct analysis analysis;
	const char **last; /* the steps that the next one depends on */
	size_t n_last;
};

static const char *json_text(const struct make *make, json_t *document)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	document_canonical(document, &text);
	json_decref(document);
	return arena_strndup(make->arena, text.p, text.n);
}

/* One more step; `parameters` is taken. It depends on what `make->last` names, and is not yet named there itself. */
static struct upgrade_step *add_beside(struct make *make, const char *id, const char *name, const char *phase,
				       const char *executor, json_t *parameters, int64_t minutes,
				       int64_t deadline_minutes)
{
	struct upgrade_step *step = ARENA_PUSH(make->arena, make->plan->steps, make->plan->n_steps);
	*step = (struct upgrade_step){.step_id = arena_strdup(make->arena, id),
				      .name = arena_strdup(make->arena, name),
				      .description = "",
				      .phase = phase,
				      .executor = executor,
				      .parameters = json_text(make, parameters ? parameters : json_object()),
				      .estimated_duration_ms = minutes * MINUTE_MS,
				      .deadline_ms = deadline_minutes * MINUTE_MS,
				      .sign = ""};
	for (size_t i = 0; i < make->n_last; i++)
		*ARENA_PUSH(make->arena, step->depends_on, step->n_depends_on) = make->last[i];
	return step;
}

/* The next step depends on these. */
static void go_on_after(struct make *make, const struct upgrade_step *steps, size_t n)
{
	make->last = NULL;
	make->n_last = 0;
	for (size_t i = 0; i < n; i++)
		*ARENA_PUSH(make->arena, make->last, make->n_last) = steps[i].step_id;
}

/* … and the next one depends on it. */
static struct upgrade_step *add(struct make *make, const char *id, const char *name, const char *phase,
				const char *executor, json_t *parameters, int64_t minutes, int64_t deadline_minutes)
{
	struct upgrade_step *step = add_beside(make, id, name, phase, executor, parameters, minutes, deadline_minutes);
	go_on_after(make, step, 1);
	return step;
}

static void criterion(const struct make *make, struct upgrade_step *step, const char *name, const char *condition)
{
	*ARENA_PUSH(make->arena, step->validation_criteria, step->n_validation_criteria) =
		(struct validation_criterion){name, condition};
}

static void because(const struct make *make, struct upgrade_step *step, const char *why)
{
	*ARENA_PUSH(make->arena, step->because, step->n_because) = why;
}

static void undo(const struct make *make, struct upgrade_step *step, const char *action, const char *description,
		 int64_t minutes)
{
	step->rollback_action = arena_alloc(make->arena, sizeof *step->rollback_action);
	*step->rollback_action = (struct rollback_action){action, description, minutes * MINUTE_MS};
}

static void warn(const struct make *make, const char *text)
{
	*ARENA_PUSH(make->arena, make->plan->warnings, make->plan->n_warnings) = text;
}

static unsigned minor_of(const char *version)
{
	unsigned minor = 0;
	return version && sscanf(version, "1.%u", &minor) == 1 ? minor : 0;
}

static struct error *check_versions(const struct make *make)
{
	const char *from = make->state->current_version, *to = make->config->target_version;
	if (!to)
		return error_remedy(error_new(ERROR_INVALID, "no target version"),
				    "set target_version, or --to VERSION");
	unsigned a = minor_of(from), b = minor_of(to);
	if (!a)
		return error_remedy(
			error_new(ERROR_PRECONDITION, "cluster \"%s\" tells no version", make->state->cluster_name),
			"aws eks describe-cluster --name %s must tell one", make->state->cluster_name);
	const char *name = make->state->cluster_name;
	unsigned newest = knowledge_newest_release()->minor;
	if (b <= a)
		return error_remedy(error_new(ERROR_INVALID, "cluster \"%s\" is at %s already: %s is %s", name, from,
					      to, b < a ? "older, and Kubernetes does not go back" : "no change"),
				    "name a newer version: --to 1.%u", a + 1);
	if (b > a + MOST_MINORS)
		return error_remedy(error_new(ERROR_INVALID,
					      "cluster \"%s\" cannot go from %s to %s: %u minor versions at once", name,
					      from, to, b - a),
				    "at most four, and EKS is known to offer up to 1.%u: --to 1.%u", newest,
				    newest > a && newest < a + MOST_MINORS ? newest : a + MOST_MINORS);
	if (b > newest)
		warn(make,
		     arena_printf(make->arena,
				  "%s is newer than what EKS was known to offer when this program was made (1.%u): "
				  "aws eks describe-cluster-versions tells what it offers now",
				  to, newest));
	return NULL;
}

/* What a configuration may say but this program does not do yet is refused, never passed over. */
static struct error *check_offered(const struct config *config)
{
	for (size_t i = 0; i < config->n_approvals; i++)
		if (strcmp(config->approvals[i], "decommission") != 0)
			return error_remedy(error_new(ERROR_INVALID, "approvals: no approval is asked for at \"%s\"",
						      config->approvals[i]),
					    "approvals: [decommission]");
	if (config->validation.n_metrics)
		return error_remedy(error_new(ERROR_INVALID,
					      "validation.metrics: \"%s\" cannot be judged by this program yet",
					      config->validation.metrics[0].name),
				    "leave metrics out: errors and latency of the load balancers are judged by "
				    "max_error_rate and worse_than_blue_by_at_most");
	return NULL;
}

static struct error *check_strategy(const struct config *config)
{
	if (config->strategy == STRATEGY_BLUE_GREEN)
		return NULL;
	return error_remedy(
		error_new(ERROR_INVALID, "strategy \"%s\" is not offered by this program yet", config->strategy_text),
		"strategy: blue-green");
}

/* A plan is not made half blind: what Blue runs decides what must be on Green. What was denied is told as a warning. */
static struct error *check_sources(const struct make *make)
{
	for (size_t i = 0; i < make->state->n_sources; i++) {
		const struct source_info *source = &make->state->sources[i];
		bool needed = !strncmp(source->name, "kubernetes ", 11) || !strcmp(source->name, "argocd applications");
		if (needed && !strcmp(source->status, "failed"))
			return error_remedy(error_new(ERROR_PRECONDITION, "no plan without %s: %s", source->name,
						      source->detail ? source->detail : "it could not be read"),
					    "try again; eks-upgrade-agent doctor tells what answers");
	}
	return NULL;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	n -= n && a[n - 1] == '.';
	m -= m && b[m - 1] == '.';
	return n == m && !strncasecmp(a, b, n);
}

/* Every name has a record, simple or weighted, and weighted ones send something to Blue. */
static struct error *check_records(const struct make *make)
{
	const struct config *config = make->config;
	if (!config->traffic.hosted_zone || !config->traffic.n_records)
		return error_remedy(error_new(ERROR_INVALID, "no records to shift traffic by"),
				    "set traffic.route53.hosted_zone and traffic.route53.records");
	for (size_t i = 0; i < config->traffic.n_records; i++) {
		size_t found = 0;
		int64_t weights = 0;
		bool weighted = false;
		for (size_t k = 0; k < make->state->n_records; k++) {
			const struct record_info *record = &make->state->records[k];
			if (!same_name(record->name, config->traffic.records[i]))
				continue;
			found++;
			weighted |= record->weight >= 0;
			weights += record->weight > 0 ? record->weight : 0;
		}
		const char *why = NULL;
		for (size_t k = 0; k < make->state->n_sources; k++)
			if (!strcmp(make->state->sources[k].name, "route53 records") &&
			    strcmp(make->state->sources[k].status, "ok") != 0)
				why = make->state->sources[k].detail;
		if (!found && why)
			return error_remedy(error_new(ERROR_PRECONDITION,
						      "the records of zone \"%s\" could not be read: %s",
						      config->traffic.hosted_zone, why),
					    "check traffic.route53; eks-upgrade-agent doctor");
		if (!found)
			return error_remedy(error_new(ERROR_PRECONDITION,
						      "no A, AAAA or CNAME record \"%s\" in zone \"%s\"",
						      config->traffic.records[i], config->traffic.hosted_zone),
					    "check traffic.route53; eks-upgrade-agent doctor");
		if (weighted && weights == 0)
			return error_remedy(error_new(ERROR_PRECONDITION, "all weights of \"%s\" are zero",
						      config->traffic.records[i]),
					    "give the record that points at Blue a weight above zero");
	}
	return NULL;
}

static struct error *check_state(const struct make *make)
{
	const struct cluster_state *state = make->state;
	if (!state->status || strcmp(state->status, "ACTIVE") != 0)
		return error_remedy(error_new(ERROR_PRECONDITION, "cluster \"%s\" is %s", state->cluster_name,
					      state->status ? state->status : "in no known state"),
				    "wait until it is ACTIVE");
	if (make->config->green.name && !strcmp(make->config->green.name, state->cluster_name))
		return error_remedy(
			error_new(ERROR_INVALID, "Green would have the name of Blue, \"%s\"", state->cluster_name),
			"set green.name to another, or leave it out");
	if (!make->config->terraform.directory)
		return error_remedy(error_new(ERROR_INVALID, "no Terraform module that makes Green"),
				    "set terraform.directory");
	return NULL;
}

static void warnings(const struct make *make)
{
	size_t stateful = 0, single = 0;
	if (make->config->ai.enabled)
		warn(make, "ai.enabled: no model is asked by this program yet; nothing is missing but its words");
	for (size_t i = 0; i < make->state->n_workloads; i++) {
		const struct workload_info *workload = &make->state->workloads[i];
		if (!workload->ns || !strcmp(workload->ns, "kube-system"))
			continue;
		stateful += workload->has_storage;
		single += workload->single;
	}
	if (stateful)
		warn(make, arena_printf(make->arena,
					"%zu workloads keep data in volumes: blue/green does not move it; see that "
					"they use stores outside the cluster or are replicated",
					stateful));
	if (single)
		warn(make,
		     arena_printf(make->arena,
				  "%zu workloads have one replica: they run in both clusters at once while both are up",
				  single));
	for (size_t i = 0; i < make->state->n_sources; i++)
		if (!strcmp(make->state->sources[i].status, "denied") ||
		    !strcmp(make->state->sources[i].status, "failed"))
			warn(make, arena_printf(make->arena, "not seen: %s: %s", make->state->sources[i].name,
						make->state->sources[i].detail ? make->state->sources[i].detail : ""));
}

/* What findings ask for, side by side: none of them needs another. */
static void prepare(struct make *make, bool on_green)
{
	size_t before = make->plan->n_steps;
	for (size_t i = 0; i < make->analysis.n_preparations; i++) {
		const struct preparation *wanted = &make->analysis.preparations[i];
		const struct finding_change *change = wanted->change;
		if (wanted->on_green != on_green)
			continue;
		struct upgrade_step *step = add_beside(make, wanted->step_id, wanted->name, "prepare", wanted->executor,
						       json_pack("{s:s?, s:s?, s:s, s:s, s:s}", "kind", change->kind,
								 "namespace", change->ns, "name", change->name, "from",
								 change->from ? change->from : "", "to", change->to),
						       on_green ? 3 : 1, 30);
		step->description = wanted->description;
		step->sign = "~";
		step->changes = true;
		for (size_t k = 0; k < wanted->n_because; k++)
			because(make, step, wanted->because[k]);
		if (!on_green)
			undo(make, step, "as it was", "put back to what it was, unless somebody changed it since", 1);
	}
	if (make->plan->n_steps > before)
		go_on_after(make, &make->plan->steps[before], make->plan->n_steps - before);
}

/* Steps that take care of a finding anyway say so. A name that ends in "-" stands for the first step that begins so. */
static void tell_reasons(struct make *make)
{
	for (size_t i = 0; i < make->analysis.n_covered; i++) {
		const struct covered *covered = &make->analysis.covered[i];
		size_t n = strlen(covered->step_id), k = 0;
		bool is_prefix = covered->step_id[n - 1] == '-';
		while (k < make->plan->n_steps &&
		       (is_prefix ? strncmp(make->plan->steps[k].step_id, covered->step_id, n)
				  : strcmp(make->plan->steps[k].step_id, covered->step_id)))
			k++;
		if (k < make->plan->n_steps)
			because(make, &make->plan->steps[k], covered->because);
	}
}

static void provision(struct make *make)
{
	const struct config *config = make->config;
	size_t i;
	json_t *variables = json_object(), *files = json_array();
	for (i = 0; i < config->terraform.n_variables; i++)
		json_object_set_new(variables, config->terraform.variables[i].key,
				    json_string(config->terraform.variables[i].value));
	for (i = 0; i < config->terraform.n_var_files; i++)
		json_array_append_new(files, json_string(config->terraform.var_files[i]));
	json_t *parameters = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:o}", "directory", config->terraform.directory,
				       "cluster_name", make->plan->green_name, "cluster_version",
				       make->plan->target_version, "blue_cluster_name", make->plan->cluster_name,
				       "state", config->terraform.state, "variables", variables, "var_files", files);
	struct upgrade_step *step =
		add(make, "provision-green", arena_printf(make->arena, "Green \"%s\"", make->plan->green_name),
		    "provision", "terraform.apply", parameters, 14, 120);
	step->description =
		arena_printf(make->arena, "make cluster \"%s\" %s by Terraform in \"%s\"", make->plan->green_name,
			     make->plan->target_version, config->terraform.directory);
	step->sign = "+";
	step->changes = true;
	criterion(make, step, "plan", "changes nothing of Blue, deletes nothing");
	criterion(make, step, "cluster", "ACTIVE, node groups ACTIVE");
	undo(make, step, "terraform destroy", "Green is removed, unless keep_green is set", 12);
}

/* Applications that Argo CD brings to this cluster. */
static size_t blues(const struct make *make)
{
	const struct cluster_state *state = make->state;
	size_t n = 0;
	for (size_t i = 0; i < state->n_applications; i++) {
		const char *to = state->applications[i].destination;
		n += !to || !strcmp(to, state->endpoint ? state->endpoint : "") || !strcmp(to, state->cluster_name);
	}
	return n;
}

static void deploy(struct make *make)
{
	struct upgrade_step *step =
		add(make, "green-identity", "identity for workloads", "deploy", "eks.identity", NULL, 1, 30);
	step->description = "Green's OIDC provider, trust of roles, Pod Identity associations";
	step->sign = "~";
	step->changes = true;
	undo(make, step, "identity", "exactly what was added is taken back", 1);
	if (!make->config->argocd.server) {
		warn(make, "no GitOps is configured: Terraform must bring the applications too");
		return;
	}
	step = add(make, "register-apps", "register Green in Argo CD", "deploy", "argocd.register", NULL, 1, 30);
	step->description = "Argo CD learns of Green";
	step->sign = "+";
	step->changes = true;
	undo(make, step, "argocd cluster rm", "Argo CD forgets Green", 1);
	size_t n = blues(make);
	step = add(make, "sync-apps", arena_printf(make->arena, "%zu applications by Argo CD", n), "deploy",
		   "argocd.sync", json_pack("{s:s?}", "project", make->config->argocd.project), 6, 90);
	step->description = arena_printf(
		make->arena, "a copy of each of %zu applications with Green as its destination, synced and healthy", n);
	step->sign = "+";
	step->changes = true;
	criterion(make, step, "applications", "Synced and Healthy after the sync, stable for 30 s");
	undo(make, step, "argocd app delete", "the copies are removed from Green", 3);
}

static void verify(struct make *make)
{
	struct upgrade_step *step =
		add(make, "compare-inventory", "compare inventories", "verify", "inventory.compare", NULL, 1, 30);
	step->description = "everything that Blue runs is on Green too";
	criterion(make, step, "workloads", "each of Blue's is on Green with at least as many replicas");
	step = add(make, "health", "health of Green", "verify", "health", NULL, 2, 60);
	step->description = "API server, nodes, workloads";
	criterion(make, step, "nodes", "all Ready");
	criterion(make, step, "workloads", "all replicas ready, twice in a row");
	if (!make->config->validation.n_tests)
		return;
	json_t *tests = json_array();
	for (size_t i = 0; i < make->config->validation.n_tests; i++) {
		const struct config_test *test = &make->config->validation.tests[i];
		json_array_append_new(tests, json_pack("{s:s?, s:s?, s:s?}", "newman", test->newman, "jmeter",
						       test->jmeter, "command", test->command));
	}
	step = add(make, "tests",
		   arena_printf(make->arena, "%zu test suite%s", make->config->validation.n_tests,
				make->config->validation.n_tests == 1 ? "" : "s"),
		   "verify", "tests", json_pack("{s:o}", "tests", tests), 2, 60);
	step->description = "configured tests against Green";
	criterion(make, step, "tests", "all pass");
}

static void shift(struct make *make)
{
	const struct config *config = make->config;
	for (size_t i = 0; i < config->traffic.n_steps; i++) {
		int percent = (int)config->traffic.steps[i];
		int64_t minutes = 4 + config->traffic.interval_ms / MINUTE_MS;
		const char *id = arena_printf(make->arena, "traffic-%d", percent);
		struct upgrade_step *step =
			add(make, id, arena_printf(make->arena, "traffic %d %%", percent), "traffic", "route53.weights",
			    json_pack("{s:i, s:b}", "percent", percent, "first", i == 0), minutes, 0);
		step->description = arena_printf(make->arena, "%d %% of the users to Green, judged for %lld min",
						 percent, (long long)(config->traffic.interval_ms / MINUTE_MS));
		step->sign = "~";
		step->changes = true;
		criterion(make, step, "share",
			  arena_printf(make->arena, "measured within %lld points of %d %%",
				       (long long)config->traffic.tolerance_percent, percent));
		criterion(make, step, "errors",
			  arena_printf(make->arena, "Green ≤ %g %% and ≤ %g points above concurrent Blue",
				       config->validation.max_error_rate * 100,
				       config->validation.worse_than_blue_by_at_most * 100));
		undo(make, step, "traffic to Blue", "all weights back to Blue at once", 2);
		because(make, step, "traffic moves in steps, each judged before the next");
	}
	struct upgrade_step *step = add(make, "bake", "bake", "bake", "bake", NULL, config->bake_ms / MINUTE_MS, 0);
	step->description = "Green serves alone, still judged; Blue is kept whole";
	criterion(make, step, "errors", "as during the shift");
}

static void decommission(struct make *make)
{
	for (size_t i = 0; i < make->config->n_approvals; i++) {
		if (strcmp(make->config->approvals[i], "decommission") != 0)
			continue;
		struct upgrade_step *step = add(make, "approve-decommission", "yes to removing Blue", "waits",
						"approval", json_pack("{s:s}", "for", "decommission"), 0, 0);
		step->description = "a person says yes; until then Blue stays and the way back is open";
	}
	struct upgrade_step *step = add(make, "decommission", "remove Blue", "remove", "eks.decommission", NULL, 12, 0);
	step->description =
		arena_printf(make->arena, "prove that \"%s\" serves nobody, then remove it", make->plan->cluster_name);
	step->sign = "-";
	step->changes = true;
	criterion(make, step, "Blue", "no requests in the last minutes");
}

/* Two control planes, and Green's nodes, while both run; prices are rough and said to be. */
static double extra_cost(const struct make *make, int64_t duration_ms)
{
	double nodes = 0;
	for (size_t i = 0; i < make->state->n_node_groups; i++)
		nodes += (double)make->state->node_groups[i].desired;
	double hours = (double)duration_ms / (double)HOUR_MS;
	return (double)(int64_t)((0.10 + nodes * 0.192) * hours * 100 + 0.5) / 100;
}

struct error *plan_generate(const struct cluster_state *state, const struct assessment *assessment,
			    const struct config *config, struct arena *arena, struct upgrade_plan *ret)
{
	struct make make = {.state = state, .config = config, .arena = arena, .plan = ret};
	char hash[65];
	*ret = (struct upgrade_plan){.format = 1,
				     .cluster_name = state->cluster_name,
				     .cluster_arn = state->cluster_arn,
				     .region = state->region,
				     .source_version = state->current_version,
				     .target_version = config->target_version,
				     .strategy = config->strategy,
				     .assessed = assessment != NULL};
	TRY(check_strategy(config));
	TRY(check_offered(config));
	TRY(check_versions(&make));
	TRY(check_state(&make));
	TRY(check_records(&make));
	TRY(check_sources(&make));
	if (assessment)
		TRY(analysis_make(assessment, arena, &make.analysis));
	cluster_state_hash(state, hash);
	ret->snapshot_hash = arena_strdup(arena, hash);
	ret->green_name = config->green.name ? config->green.name
					     : arena_printf(arena, "%s-1%u", state->cluster_name,
							    minor_of(config->target_version));
	struct upgrade_step *step = add(&make, "assess", "look again", "perceive", "perceive.assess", NULL, 1, 30);
	step->description = "the cluster is still what this plan was made for";
	step = add(&make, "backup", "backup", "plan", "velero.backup", NULL, 3, 120);
	step->description = "a Velero backup of Blue, where Velero is installed";
	step->changes = true;
	prepare(&make, false);
	provision(&make);
	prepare(&make, true);
	deploy(&make);
	verify(&make);
	shift(&make);
	decommission(&make);
	tell_reasons(&make);
	warnings(&make);
	for (size_t i = 0; i < make.analysis.n_warnings; i++)
		warn(&make, make.analysis.warnings[i]);
	ret->questions = make.analysis.questions;
	ret->n_questions = make.analysis.n_questions;
	for (size_t i = 0; i < ret->n_steps; i++)
		ret->estimated_duration_ms += ret->steps[i].estimated_duration_ms;
	ret->estimated_extra_cost_usd = extra_cost(&make, ret->estimated_duration_ms);
	ret->rollback_plan = (struct rollback_plan){
		"all traffic back to Blue, then everything that was made is removed in reverse order", 16 * MINUTE_MS};
	struct buf text CLEANUP(buf_done) = BUF_INIT(64 << 20);
	upgrade_plan_write(ret, arena, &text);
	return NULL;
}
