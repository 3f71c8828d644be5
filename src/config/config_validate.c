/* What a configuration must not say. Each message names the key and says what may stand there. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "codec/document.h"
#include "config/config.h"
#include "models/upgrade_plan.h"

struct error *config_check_version(const char *version, const char *where)
{
	unsigned minor = 0;
	char rest = 0;
	if (!version || (sscanf(version, "1.%u%c", &minor, &rest) == 1 && minor >= 10 && minor < 100))
		return NULL;
	return error_remedy(
		error_new(ERROR_INVALID, "%s: \"%s\" is no Kubernetes version", where, version),
		"a minor version as EKS names it: 1.35 (in a file in quotes, else YAML takes 1.30 for 1.3)");
}

/* What is no strategy of ours is the path of a custom one; a word that is neither is a mistake. */
static struct error *check_strategy(const struct config *config)
{
	const char *path = config->custom_strategy;
	if (config->strategy != STRATEGY_CUSTOM || !path || access(path, R_OK) == 0)
		return NULL;
	if (strchr(path, '/') || strchr(path, '.'))
		return error_remedy(error_new(ERROR_INVALID, "strategy: file \"%s\" cannot be read", path),
				    "check the path, or write blue-green or in-place");
	const char *near = text_nearest(path, strategy_names, STRATEGY_CUSTOM);
	struct buf hint CLEANUP(buf_done) = BUF_INIT(256);
	if (near)
		buf_printf(&hint, " (did you mean \"%s\"?)", near);
	return error_remedy(error_new(ERROR_INVALID, "strategy: \"%s\" is unknown%s", path, buf_str(&hint)),
			    "blue-green, in-place, or the path of a custom strategy");
}

static struct error *check_durations(const struct config *config)
{
	const struct {
		const char *key;
		int64_t ms;
	} positive[] = {
		{"traffic.interval", config->traffic.interval_ms},
		{"traffic.measure_timeout", config->traffic.measure_timeout_ms},
		{"validation.probe_interval", config->validation.probe_interval_ms},
		{"validation.hold_timeout", config->validation.hold_timeout_ms},
		{"approval_expires", config->approval_expires_ms},
		{"lease_ttl", config->lease_ttl_ms},
	};
	for (size_t i = 0; i < ARRAY_SIZE(positive); i++)
		if (positive[i].ms <= 0)
			return error_remedy(error_new(ERROR_INVALID, "%s must be longer than 0", positive[i].key),
					    "write it as 30s, 10m or 1h30m");
	return NULL;
}

static struct error *check_rates(const struct config *config)
{
	const struct {
		const char *key;
		double rate;
	} rates[] = {
		{"validation.max_error_rate", config->validation.max_error_rate},
		{"validation.worse_than_blue_by_at_most", config->validation.worse_than_blue_by_at_most},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		if (!(rates[i].rate >= 0 && rates[i].rate < 1))
			return error_remedy(
				error_new(ERROR_INVALID, "%s: %g is no share of requests", rates[i].key, rates[i].rate),
				"write it as 1%% or 0.01");
	return NULL;
}

static struct error *check_traffic(const struct config *config)
{
	int64_t last = 0;
	for (size_t i = 0; i < config->traffic.n_steps; i++) {
		int64_t step = config->traffic.steps[i];
		if (step <= last || step > 100)
			return error_remedy(error_new(ERROR_INVALID, "traffic.steps[%zu]: %lld does not follow %lld", i,
						      (long long)step, (long long)last),
					    "ascending percentages that end with 100: [10, 25, 50, 75, 100]");
		last = step;
	}
	if (last != 100)
		return error_remedy(
			error_new(ERROR_INVALID, "traffic.steps ends with %lld, not with 100", (long long)last),
			"[10, 25, 50, 75, 100]");
	if (config->traffic.n_records && !config->traffic.hosted_zone)
		return error_remedy(
			error_new(ERROR_INVALID, "traffic.route53.records stands without traffic.route53.hosted_zone"),
			"name the zone of \"%s\"", config->traffic.records[0]);
	return NULL;
}

static struct error *check_cloudwatch(const struct config_metric *metric, size_t i)
{
	static const char *const needed[] = {"namespace", "metric", "statistic"};
	json_t *query DOCUMENT_CLEANUP = json_loads(metric->cloudwatch, JSON_DECODE_ANY, NULL);
	for (size_t k = 0; k < ARRAY_SIZE(needed); k++)
		if (!document_text(query, needed[k]))
			return error_remedy(error_new(ERROR_INVALID,
						      "validation.metrics[%zu].cloudwatch: \"%s\" has no %s", i,
						      metric->name, needed[k]),
					    "{namespace: AWS/ApplicationELB, metric: TargetResponseTime, statistic: "
					    "p99, dimensions: {…}}");
	return NULL;
}

static struct error *check_metric(const struct config_metric *metric, size_t i)
{
	if (!metric->has_max && !metric->has_worse)
		return error_remedy(error_new(ERROR_INVALID,
					      "validation.metrics[%zu]: \"%s\" has no condition, it would always pass",
					      i, metric->name),
				    "give max, worse_than_blue_by_at_most, or both");
	if (!metric->prometheus == !metric->cloudwatch)
		return error_remedy(error_new(ERROR_INVALID,
					      "validation.metrics[%zu]: \"%s\" names %s prometheus %s cloudwatch", i,
					      metric->name, metric->prometheus ? "both" : "neither",
					      metric->prometheus ? "and" : "nor"),
				    "one of them is where it is measured");
	if (metric->worse_than_blue_by_at_most < 0)
		return error_new(ERROR_INVALID,
				 "validation.metrics[%zu]: \"%s\" asks Green to be better than Blue at all times", i,
				 metric->name);
	return metric->cloudwatch ? check_cloudwatch(metric, i) : NULL;
}

static struct error *check_measures(const struct config *config)
{
	for (size_t i = 0; i < config->validation.n_metrics; i++)
		TRY(check_metric(&config->validation.metrics[i], i));
	for (size_t i = 0; i < config->validation.n_tests; i++) {
		const struct config_test *test = &config->validation.tests[i];
		if (!test->newman + !test->jmeter + !test->command != 2)
			return error_remedy(error_new(ERROR_INVALID,
						      "validation.tests[%zu] must name one of newman, jmeter, command",
						      i),
					    "{newman: collection.json}");
	}
	return NULL;
}

static struct error *check_url(const char *key, const char *url)
{
	struct error *error = url ? http_check_url(url) : NULL;
	return error ? error_wrap(error, "%s", key) : NULL;
}

static struct error *check_urls(const struct config *config)
{
	TRY(check_url("endpoint_url", config->endpoint_url));
	TRY(check_url("clock_url", config->clock_url));
	TRY(check_url("gitops.argocd.server", config->argocd.server));
	TRY(check_url("release_notes.mirror", config->release_notes.mirror));
	for (size_t i = 0; i < config->validation.n_probes; i++) {
		char key[64];
		snprintf(key, sizeof key, "validation.probes[%zu]", i);
		TRY(check_url(key, config->validation.probes[i]));
	}
	return NULL;
}

static struct error *check_secrets(const struct config *config)
{
	enum config_secret kind;
	const char *name;
	struct error *error = config->argocd.token ? config_secret_parse(config->argocd.token, &kind, &name) : NULL;
	return error ? error_wrap(error, "gitops.argocd.token") : NULL;
}

/* A word twice would ask twice. */
static struct error *check_approvals(const struct config *config)
{
	for (size_t i = 0; i < config->n_approvals; i++) {
		if (!*config->approvals[i])
			return error_new(ERROR_INVALID, "approvals[%zu] is empty", i);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(config->approvals[i], config->approvals[k]))
				return error_new(ERROR_INVALID, "approvals[%zu]: \"%s\" stands there twice", i,
						 config->approvals[i]);
	}
	return NULL;
}

/* Ids are told in capitals: "WL-PDB-ZERO", or with a * "WL-*". A small letter would match nothing, for ever. */
static bool is_check_id(const char *id)
{
	return *id && id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*")] == '\0';
}

static struct error *check_ids(const char *key, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_check_id(ids[i]))
			return error_remedy(
				error_new(ERROR_INVALID, "%s[%zu]: \"%s\" is no id of a check", key, i, ids[i]),
				"ids look like WL-PDB-ZERO, or WL-* for all of them");
	return NULL;
}

static struct error *check_severities(const struct config *config)
{
	static const char *const names[] = {"BLOCKER", "HIGH", "MEDIUM", "LOW", "INFO"};
	for (size_t i = 0; i < config->checks.n_severity; i++) {
		const struct pair *pair = &config->checks.severity[i];
		bool known = false;
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			known |= !strcmp(names[k], pair->value);
		if (!known)
			return error_remedy(error_new(ERROR_INVALID, "checks.severity.%s: \"%s\" is no severity",
						      pair->key, pair->value),
					    "BLOCKER, HIGH, MEDIUM, LOW or INFO");
		if (!is_check_id(pair->key))
			return error_remedy(
				error_new(ERROR_INVALID, "checks.severity: \"%s\" is no id of a check", pair->key),
				"ids look like WL-PDB-ZERO, or WL-* for all of them");
	}
	return NULL;
}

/* Who takes a risk says so by name, and why: an empty word is none. */
static struct error *check_risks(const struct config *config)
{
	for (size_t i = 0; i < config->n_risks; i++) {
		const struct config_risk *risk = &config->risks[i];
		const struct {
			const char *key, *value;
		} words[] = {{"object", risk->object}, {"owner", risk->owner}, {"reason", risk->reason}};
		if (!is_check_id(risk->id))
			return error_remedy(
				error_new(ERROR_INVALID, "risks[%zu].id: \"%s\" is no id of a check", i, risk->id),
				"ids look like WL-PDB-ZERO, or WL-* for all of them");
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (!words[k].value[strspn(words[k].value, " \t\n")])
				return error_remedy(error_new(ERROR_INVALID, "risks[%zu].%s is empty", i, words[k].key),
						    "a risk names its check, its object, who takes it and why");
		for (size_t k = 0; k < i; k++)
			if (!strcmp(config->risks[k].id, risk->id) && !strcmp(config->risks[k].object, risk->object))
				return error_new(ERROR_INVALID, "risks[%zu].id: %s of \"%s\" stands there twice", i,
						 risk->id, risk->object);
	}
	return NULL;
}

static struct error *check_checks(const struct config *config)
{
	TRY(check_ids("checks.only", config->checks.only, config->checks.n_only));
	TRY(check_ids("checks.except", config->checks.except, config->checks.n_except));
	TRY(check_severities(config));
	return check_risks(config);
}

struct error *config_validate(const struct config *config, struct arena *arena)
{
	(void)arena;
	TRY(config_check_version(config->target_version, "target_version"));
	TRY(check_strategy(config));
	TRY(check_durations(config));
	TRY(check_rates(config));
	TRY(check_traffic(config));
	TRY(check_measures(config));
	TRY(check_approvals(config));
	TRY(check_checks(config));
	TRY(check_secrets(config));
	return check_urls(config);
}
