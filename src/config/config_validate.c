/* What a configuration must not say. */
#include <stdio.h>
#include <string.h>
#include "config/config.h"

static struct error *check_version(const char *version)
{
	unsigned minor = 0;
	char rest = 0;
	if (!version || (sscanf(version, "1.%u%c", &minor, &rest) == 1 && minor >= 10 && minor < 100))
		return NULL;
	return error_remedy(error_new(ERROR_INVALID, "target_version: \"%s\" is no Kubernetes version", version),
			    "write it as \"1.35\"");
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
	return NULL;
}

static struct error *check_metrics(const struct config *config)
{
	for (size_t i = 0; i < config->validation.n_metrics; i++) {
		const struct config_metric *metric = &config->validation.metrics[i];
		if (!metric->has_max && !metric->has_worse)
			return error_remedy(
				error_new(ERROR_INVALID,
					  "validation.metrics[%zu]: \"%s\" has no condition, it would always pass", i,
					  metric->name),
				"give max, worse_than_blue_by_at_most, or both");
		if (metric->prometheus && metric->cloudwatch)
			return error_new(ERROR_INVALID,
					 "validation.metrics[%zu]: \"%s\" names both prometheus and cloudwatch", i,
					 metric->name);
	}
	for (size_t i = 0; i < config->validation.n_tests; i++) {
		const struct config_test *test = &config->validation.tests[i];
		if (!test->newman + !test->jmeter + !test->command != 2)
			return error_new(ERROR_INVALID,
					 "validation.tests[%zu] must name one of newman, jmeter, command", i);
	}
	return NULL;
}

static struct error *check_urls(const struct config *config)
{
	for (size_t i = 0; i < config->validation.n_probes; i++)
		if (strncmp(config->validation.probes[i], "http://", 7) != 0 &&
		    strncmp(config->validation.probes[i], "https://", 8) != 0)
			return error_new(ERROR_INVALID, "validation.probes[%zu]: \"%s\" is no address", i,
					 config->validation.probes[i]);
	if (config->argocd.token) {
		enum config_secret kind;
		const char *name;
		struct error *error = config_secret_parse(config->argocd.token, &kind, &name);
		if (error)
			return error_wrap(error, "gitops.argocd.token");
	}
	return NULL;
}

struct error *config_validate(const struct config *config, struct arena *arena)
{
	(void)arena;
	TRY(check_version(config->target_version));
	TRY(check_traffic(config));
	TRY(check_metrics(config));
	return check_urls(config);
}
