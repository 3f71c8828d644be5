/* The configuration's tables. The YAML layout is the wire names' dotted paths; config_load.c reads and checks it. */
#include "config/config.h"

#include "models/upgrade_plan.h"

static const struct field metric_fields[] = {
	F_STRING(struct config_metric, name, "name", FIELD_REQUIRED, "name on the screens"),
	F_STRING(struct config_metric, prometheus, "prometheus", 0, "PromQL"),
	F_JSON(struct config_metric, cloudwatch, "cloudwatch", 0, "namespace, metric, statistic, dimensions"),
	F_STRING(struct config_metric, max_text, "max", 0, "limit on Green: 1%, 400ms, or a number"),
	F_STRING(struct config_metric, worse_text, "worse_than_blue_by_at_most", 0, "limit on Green minus Blue"),
	F_INT(struct config_metric, min_requests, "min_requests", FIELD_OMIT_EMPTY,
	      "requests below which nothing is concluded"),
};
static const struct model metric_model = MODEL("Metric", struct config_metric, metric_fields);

static const struct field test_fields[] = {
	F_STRING(struct config_test, newman, "newman", 0, "Postman collection"),
	F_STRING(struct config_test, jmeter, "jmeter", 0, "JMeter plan"),
	F_STRING(struct config_test, command, "command", 0, "any program; 0 is passed"),
};
static const struct model test_model = MODEL("Test", struct config_test, test_fields);

static const struct field window_fields[] = {
	F_STRING(struct config_window, schedule, "schedule", FIELD_REQUIRED,
		 "when it opens, as cron has it, in UTC: 0 22 * * 1-5"),
	F_DURATION(struct config_window, duration_ms, "duration", FIELD_REQUIRED, "how long it stays open"),
};
static const struct model window_model = MODEL("Window", struct config_window, window_fields);

static const struct field freeze_fields[] = {
	F_STRING(struct config_freeze, from_text, "from", FIELD_REQUIRED, "first day, 2026-12-18, or an RFC 3339 time"),
	F_STRING(struct config_freeze, to_text, "to", FIELD_REQUIRED, "last day, or an RFC 3339 time"),
	F_STRING(struct config_freeze, reason, "reason", FIELD_OMIT_EMPTY, "why"),
};
static const struct model freeze_model = MODEL("Freeze", struct config_freeze, freeze_fields);

static const struct field risk_fields[] = {
	F_STRING(struct config_risk, id, "id", FIELD_REQUIRED, "the check"),
	F_STRING(struct config_risk, object, "object", FIELD_REQUIRED,
		 "NAMESPACE/NAME, KIND NAMESPACE/NAME, NAME, ARN or file; * stands for anything"),
	F_STRING(struct config_risk, owner, "owner", FIELD_REQUIRED, "who takes the risk"),
	F_STRING(struct config_risk, reason, "reason", FIELD_REQUIRED, "why"),
	F_STRING(struct config_risk, expires_text, "expires", FIELD_OMIT_EMPTY,
		 "last day, 2026-12-31, or an RFC 3339 time; then it counts again"),
};
static const struct model risk_model = MODEL("Risk", struct config_risk, risk_fields);

static const struct field config_fields[] = {
	F_STRING(struct config, cluster, "cluster", 0, "the cluster that serves now"),
	F_STRING(struct config, target_version, "target_version", 0, "Kubernetes version to reach"),
	F_STRING(struct config, strategy_text, "strategy", 0, "blue-green, in-place, or a file with a custom one"),
	F_STRING(struct config, profile, "profile", 0, "AWS profile"),
	F_STRING(struct config, region, "region", 0, "AWS region"),
	F_STRING(struct config, endpoint_url, "endpoint_url", 0, "AWS endpoint for every service"),
	F_STRING(struct config, kubeconfig, "kubeconfig", 0, "kubeconfig of the serving cluster"),
	F_STRING(struct config, context, "context", 0, "context in it"),
	F_STRING(struct config, journal, "journal", 0, "journal file"),
	F_STRING(struct config, work_directory, "work_directory", 0, "where child programs work"),
	F_STRING(struct config, clock_url, "clock_url", 0, "follow a simulator's clock"),
	F_STRING(struct config, green.name, "green.name", 0, "name of the new cluster"),
	F_STRING(struct config, green.kubeconfig, "green.kubeconfig", 0,
		 "kubeconfig of the new cluster, instead of EKS' own word"),
	F_STRING(struct config, green.context, "green.context", 0, "context in it"),
	F_STRING(struct config, terraform.directory, "terraform.directory", 0, "module that makes Green"),
	F_STRINGS(struct config, terraform.var_files, terraform.n_var_files, "terraform.var_files", 0,
		  "variable files"),
	F_MAP(struct config, terraform.variables, terraform.n_variables, "terraform.variables", 0, "variables"),
	F_STRING(struct config, terraform.state, "terraform.state", 0, "state file, for modules without a backend"),
	F_STRING(struct config, terraform.binary, "terraform.binary", 0, "program"),
	F_STRING(struct config, argocd.server, "gitops.argocd.server", 0, "Argo CD's address"),
	F_STRING(struct config, argocd.token, "gitops.argocd.token", 0,
		 "reference to its token: env:, file:, ssm:, secretsmanager:"),
	F_STRING(struct config, argocd.project, "gitops.argocd.project", 0, "only this project"),
	F_BOOL(struct config, argocd.insecure, "gitops.argocd.insecure", 0, "do not verify its certificate"),
	F_STRING(struct config, argocd.ns, "gitops.argocd.namespace", 0,
		 "its namespace; not used yet: its server is asked"),
	F_INTS(struct config, traffic.steps, traffic.n_steps, "traffic.steps", 0,
	       "percent on Green, ascending, ending with 100"),
	F_DURATION(struct config, traffic.interval_ms, "traffic.interval", 0, "how long each step is judged"),
	F_INT_RANGE(struct config, traffic.tolerance_percent, "traffic.tolerance_percent", 0, 1, 50,
		    "how far the measured share may be off"),
	F_DURATION(struct config, traffic.measure_timeout_ms, "traffic.measure_timeout", 0,
		   "hold when the share has not moved by then"),
	F_STRING(struct config, traffic.hosted_zone, "traffic.route53.hosted_zone", 0, "zone's name or id"),
	F_STRINGS(struct config, traffic.records, traffic.n_records, "traffic.route53.records", 0, "users' names"),
	F_STRING(struct config, traffic.green_load_balancer, "traffic.green_load_balancer", 0,
		 "Green's load balancer, if not told by its Ingress"),
	F_INT_RANGE(struct config, traffic.ttl_s, "traffic.ttl_seconds", 0, 1, 86400,
		    "TTL of records that are no aliases"),
	F_LIST(struct config, validation.metrics, validation.n_metrics, "validation.metrics", 0, &metric_model,
	       "what is judged besides the built-in; plan refuses them yet"),
	F_LIST(struct config, validation.tests, validation.n_tests, "validation.tests", 0, &test_model,
	       "tests against Green"),
	F_STRINGS(struct config, validation.probes, validation.n_probes, "validation.probes", 0,
		  "addresses asked through the whole run"),
	F_DURATION(struct config, validation.probe_interval_ms, "validation.probe_interval", 0, "how often"),
	F_DURATION(struct config, validation.hold_timeout_ms, "validation.hold_timeout", 0,
		   "without data so long: roll back"),
	F_INT_RANGE(struct config, validation.min_requests, "validation.min_requests", 0, 1, 1000000000,
		    "requests below which nothing is concluded"),
	F_PERCENT(struct config, validation.max_error_rate, "validation.max_error_rate", 0, "limit on Green"),
	F_PERCENT(struct config, validation.worse_than_blue_by_at_most, "validation.worse_than_blue_by_at_most", 0,
		  "limit on Green minus Blue"),
	F_DURATION(struct config, bake_ms, "bake", 0, "how long Green serves alone before anything is removed"),
	F_STRINGS(struct config, approvals, n_approvals, "approvals", 0, "steps that need a person's yes"),
	F_BOOL(struct config, assess, "assess", 0,
	       "plans take in what an assessment finds: steps that must come before, and questions"),
	F_BOOL(struct config, approvals_by_yes, "approvals_by_yes", 0, "--yes may answer them"),
	F_DURATION(struct config, approval_expires_ms, "approval_expires", 0, "how long a yes is good"),
	F_INT_RANGE(struct config, max_parallel_steps, "max_parallel_steps", 0, 1, 64, "steps side by side"),
	F_BOOL(struct config, keep_green, "keep_green", 0, "leave Green for looking at after a roll back"),
	F_DURATION(struct config, lease_ttl_ms, "lease_ttl", 0, "how long a dead agent keeps others out"),
	F_LIST(struct config, maintenance.windows, maintenance.n_windows, "maintenance.windows", 0, &window_model,
	       "times at which an upgrade may be"),
	F_LIST(struct config, maintenance.freezes, maintenance.n_freezes, "maintenance.freezes", 0, &freeze_model,
	       "times at which none may be"),
	F_LIST(struct config, risks, n_risks, "risks", 0, &risk_model, "findings that somebody accepts"),
	F_STRINGS(struct config, checks.only, checks.n_only, "checks.only", 0,
		  "ids of the only checks that count; * stands for anything"),
	F_STRINGS(struct config, checks.except, checks.n_except, "checks.except", 0, "ids of checks left out"),
	F_MAP(struct config, checks.severity, checks.n_severity, "checks.severity", 0,
	      "severity of a check's findings, by id"),
	F_INT_RANGE(struct config, checks.support_ends_within_days, "checks.support_ends_within_days", 0, 1, 800,
		    "how early the end of EKS's support is told"),
	F_INT_RANGE(struct config, checks.min_replicas, "checks.min_replicas", 0, 1, 100,
		    "replicas below which a workload is told"),
	F_INT_RANGE(struct config, checks.audit_log_hours, "checks.audit_log_hours", 0, 0, 720,
		    "how far back the audit log is searched for deprecated calls; 0: not at all"),
	F_BOOL(struct config, release_notes.enabled, "release_notes.enabled", 0, "assess reads release notes too"),
	F_STRING(struct config, release_notes.mirror, "release_notes.mirror", 0,
		 "address that stands instead of their pages' hosts"),
	F_STRING(struct config, release_notes.cache, "release_notes.cache", 0, "folder of their copies"),
	F_BOOL(struct config, ai.enabled, "ai.enabled", 0,
	       "let a model explain; none is asked yet, doctor looks whether one would answer"),
	F_STRING(struct config, ai.bedrock_model_id, "ai.bedrock_model_id", 0, "model; not used yet"),
	F_STRING(struct config, ai.comprehend_endpoint, "ai.comprehend_endpoint", 0, "endpoint; not used yet"),
	F_STRING(struct config, ai.step_functions_arn, "ai.step_functions_arn", 0, "state machine; not used yet"),
	F_STRING(struct config, ai.eventbridge_bus_name, "ai.eventbridge_bus_name", 0, "event bus; not used yet"),
	F_STRING(struct config, ai.ssm_parameter_prefix, "ai.ssm_parameter_prefix", 0,
		 "parameter prefix; not used yet"),
};
const struct model config_model = MODEL("Config", struct config, config_fields);
