/* File, environment, flags and defaults into one configuration, each value knowing where it came from. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cron.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/yaml.h"
#include "config/config.h"
#include "models/upgrade_plan.h"

static const char DEFAULT_FILE[] = "eks-upgrade-agent.yaml";

struct load {
	const struct config_source *source;
	struct arena *arena;
	struct config *config;
	struct config_origin *origins;
	size_t n_origins;
};

static void set_origin(struct load *load, const char *path, const char *origin)
{
	for (size_t i = 0; i < load->n_origins; i++) {
		if (!strcmp(load->origins[i].path, path)) {
			load->origins[i].origin = origin;
			return;
		}
	}
	*ARENA_PUSH(load->arena, load->origins, load->n_origins) =
		(struct config_origin){arena_strdup(load->arena, path), origin};
}

static struct error *load_text(struct load *load, struct slice text, const char *name)
{
	json_t *places DOCUMENT_CLEANUP = NULL;
	TRY(yaml_decode(text, name, &config_model, load->config, load->arena, &places));
	const char *key;
	json_t *place;
	json_object_foreach (places, key, place)
		set_origin(load, key, arena_printf(load->arena, "%s:%s", name, json_string_value(place)));
	return NULL;
}

static struct error *load_file(struct load *load)
{
	const char *path = load->source->file ? load->source->file : DEFAULT_FILE;
	if (!load->source->file && access(path, F_OK) != 0)
		return NULL;
	struct buf text CLEANUP(buf_done) = BUF_INIT(CONFIG_LARGEST_FILE);
	TRY(file_read(path, &text));
	return load_text(load, buf_slice(&text), path);
}

/* traffic.route53.hosted_zone is EUA_TRAFFIC_ROUTE53_HOSTED_ZONE. */
static void variable_name(const char *path, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "EUA_%s", path);
	for (char *p = out; p < out + n && *p; p++)
		*p = *p == '.' ? '_' : (char)(*p >= 'a' && *p <= 'z' ? *p - 0x20 : *p);
}

static struct error *load_environment(struct load *load)
{
	for (size_t i = 0; i < config_model.n_fields; i++) {
		const struct field *field = &config_model.fields[i];
		char name[160];
		if (field->kind == FIELD_LIST || field->kind == FIELD_MAP)
			continue;
		variable_name(field->name, name, sizeof name);
		const char *value =
			load->source->getenv ? load->source->getenv(load->source->getenv_context, name) : getenv(name);
		if (!value || !*value)
			continue;
		struct error *error = model_set_text(&config_model, load->config, load->arena, field->name, value);
		if (error)
			return error_wrap(error, "environment variable %s", name);
		set_origin(load, field->name, arena_printf(load->arena, "environment %s", name));
	}
	return NULL;
}

/* A variable that is nearly one of ours is most likely meant to be. */
static void warn_of_misspelt(struct load *load)
{
	const char **names = NULL;
	size_t n = 0;
	for (size_t i = 0; i < config_model.n_fields; i++) {
		char name[160];
		variable_name(config_model.fields[i].name, name, sizeof name);
		*ARENA_PUSH(load->arena, names, n) = arena_strdup(load->arena, name);
	}
	for (char **variable = load->source->getenv ? NULL : environ; variable && *variable; variable++) {
		if (strncmp(*variable, "EUA_", 4) != 0)
			continue;
		char *name CLEANUP(mem_freep) = mem_strndup(*variable, strcspn(*variable, "="));
		const char *near = text_nearest(name, names, n);
		if (near && strcmp(near, name) != 0)
			log_warn("config", "environment variable %s is none of ours (did you mean %s?)", name, near);
	}
}

static struct error *load_flags(struct load *load)
{
	for (size_t i = 0; i < load->source->n_flags; i++) {
		const struct config_flag *flag = &load->source->flags[i];
		const char *name = flag->name ? flag->name : flag->path;
		struct error *error = model_set_text(&config_model, load->config, load->arena, flag->path, flag->value);
		if (error)
			return error_wrap(error, "flag %s", name);
		set_origin(load, flag->path, arena_printf(load->arena, "flag %s", name));
	}
	return NULL;
}

void config_defaults(struct config *config, struct arena *arena)
{
	static const int64_t steps[] = {10, 25, 50, 75, 100};
	*config = (struct config){0};
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		*ARENA_PUSH(arena, config->traffic.steps, config->traffic.n_steps) = steps[i];
	*ARENA_PUSH(arena, config->approvals, config->n_approvals) = "decommission";
	config->strategy_text = "blue-green";
	config->assess = true;
	config->journal = ".eks-upgrade-agent/journal.db";
	config->terraform.binary = "terraform";
	config->argocd.ns = "argocd";
	config->traffic.interval_ms = 10 * MINUTE_MS;
	config->traffic.tolerance_percent = 5;
	config->traffic.measure_timeout_ms = 30 * MINUTE_MS;
	config->traffic.ttl_s = 60;
	config->validation.probe_interval_ms = 5 * SECOND_MS;
	config->validation.hold_timeout_ms = 30 * MINUTE_MS;
	config->validation.min_requests = 500;
	config->validation.max_error_rate = 0.01;
	config->validation.worse_than_blue_by_at_most = 0.005;
	config->bake_ms = 15 * MINUTE_MS;
	config->approval_expires_ms = DAY_MS;
	config->max_parallel_steps = 4;
	config->checks.support_ends_within_days = 60;
	config->checks.min_replicas = 2;
	config->checks.audit_log_hours = 24;
	config->lease_ttl_ms = MINUTE_MS;
	config->ai.bedrock_model_id = "anthropic.claude-3-sonnet-20240229-v1:0";
	config->ai.eventbridge_bus_name = "default";
	config->ai.ssm_parameter_prefix = "/eks-upgrade-agent/";
}

static bool was_said(const struct load *load, const char *path)
{
	for (size_t i = 0; i < load->n_origins; i++)
		if (!strcmp(load->origins[i].path, path))
			return true;
	return false;
}

/* How much memory a field of this kind takes in the struct. */
static size_t size_of(const struct field *field)
{
	switch (field->kind) {
	case FIELD_BOOL:
		return sizeof(bool);
	case FIELD_ENUM:
		return sizeof(int);
	case FIELD_OBJECT:
		return field->model->size;
	case FIELD_STRING:
	case FIELD_SECRET:
	case FIELD_JSON:
	case FIELD_OBJECT_PTR:
	case FIELD_STRINGS:
	case FIELD_INTS:
	case FIELD_LIST:
	case FIELD_MAP:
		return sizeof(void *);
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_DOUBLE:
	case FIELD_PERCENT:
	default:
		return sizeof(int64_t);
	}
}

/* Defaults stand where nothing was said: what was said may be 0, false or an empty list on purpose. */
static void fill_defaults(struct load *load)
{
	struct config defaults;
	config_defaults(&defaults, load->arena);
	for (size_t i = 0; i < config_model.n_fields; i++) {
		const struct field *field = &config_model.fields[i];
		char *ours = (char *)load->config + field->offset;
		bool no_text = field->kind == FIELD_STRING && !*(const char **)(void *)ours;
		if (was_said(load, field->name) && !no_text)
			continue;
		memcpy(ours, (const char *)&defaults + field->offset, size_of(field));
		if (field->offset_n != SIZE_MAX)
			memcpy((char *)load->config + field->offset_n, (const char *)&defaults + field->offset_n,
			       sizeof(size_t));
	}
}

/* An address that begins with "/" stands under endpoint_url. */
static struct error *resolve(const struct config *config, struct arena *arena, const char *key, const char **url)
{
	if (!*url || **url != '/')
		return NULL;
	if (!config->endpoint_url)
		return error_remedy(
			error_new(ERROR_INVALID, "%s: \"%s\" stands under endpoint_url, which is not set", key, *url),
			"--endpoint-url URL");
	size_t n = strlen(config->endpoint_url);
	*url = arena_printf(arena, "%.*s%s", (int)(n && config->endpoint_url[n - 1] == '/' ? n - 1 : n),
			    config->endpoint_url, *url);
	return NULL;
}

/* "1%" is 0.01, "400ms" is 0.4 (latencies are told in seconds), "0.4" is itself. */
static bool read_limit(const char *text, double *ret)
{
	int64_t duration_ms;
	char *end;
	double value = strtod(text, &end);
	const char *unit = end + strspn(end, " ");
	bool number = end != text && isfinite(value);
	if (number && (*unit == '\0' || !strcmp(unit, "%"))) {
		*ret = *unit ? value / 100 : value;
		return true;
	}
	if (!duration_parse(slice_of(text), &duration_ms))
		return false;
	*ret = (double)duration_ms / (double)SECOND_MS;
	return true;
}

static struct error *derive_limits(struct config *config)
{
	for (size_t i = 0; i < config->validation.n_metrics; i++) {
		struct config_metric *metric = &config->validation.metrics[i];
		metric->has_max = metric->max_text != NULL;
		metric->has_worse = metric->worse_text != NULL;
		if ((metric->has_max && !read_limit(metric->max_text, &metric->max)) ||
		    (metric->has_worse && !read_limit(metric->worse_text, &metric->worse_than_blue_by_at_most)))
			return error_remedy(error_new(ERROR_INVALID,
						      "validation.metrics[%zu]: the limit of \"%s\" is no number", i,
						      metric->name),
					    "write it as 1%%, 400ms or 0.4");
	}
	return NULL;
}

/* A day, in UTC, or a time; of a day its first moment, or its last. */
static bool read_day(const char *text, bool last, int64_t *ret_ms)
{
	char whole[TIME_TEXT];
	bool day = strlen(text) == strlen("2026-12-31");
	snprintf(whole, sizeof whole, "%s%s", text, day ? "T00:00:00Z" : "");
	if (!time_parse_rfc3339(slice_of(whole), ret_ms) || *ret_ms <= 0)
		return false;
	*ret_ms += day && last ? DAY_MS - 1 : 0;
	return true;
}

static struct error *derive_maintenance(struct config *config)
{
	struct cron cron;
	for (size_t i = 0; i < config->maintenance.n_windows; i++) {
		const struct config_window *window = &config->maintenance.windows[i];
		if (!cron_parse(window->schedule, &cron))
			return error_remedy(
				error_new(ERROR_INVALID, "maintenance.windows[%zu].schedule: \"%s\" is none", i,
					  window->schedule),
				"write it as cron does, in UTC: minute hour day month weekday, such as 0 22 * * 1-5");
		if (window->duration_ms < MINUTE_MS || window->duration_ms > 31 * DAY_MS)
			return error_remedy(
				error_new(ERROR_INVALID,
					  "maintenance.windows[%zu].duration: not between a minute and a month", i),
				"write it as 6h");
	}
	for (size_t i = 0; i < config->maintenance.n_freezes; i++) {
		struct config_freeze *freeze = &config->maintenance.freezes[i];
		if (!read_day(freeze->from_text, false, &freeze->from_ms) ||
		    !read_day(freeze->to_text, true, &freeze->to_ms) || freeze->to_ms < freeze->from_ms)
			return error_remedy(error_new(ERROR_INVALID,
						      "maintenance.freezes[%zu]: \"%s\" to \"%s\" are no days in order",
						      i, freeze->from_text, freeze->to_text),
					    "write them as 2026-12-18 or 2026-12-18T18:00:00Z");
	}
	return NULL;
}

/* "2026-12-31" ends with that day, in UTC. */
static struct error *derive_expiry(struct config *config)
{
	for (size_t i = 0; i < config->n_risks; i++) {
		struct config_risk *risk = &config->risks[i];
		const char *text = risk->expires_text;
		if (text && *text && !read_day(text, true, &risk->expires_ms))
			return error_remedy(error_new(ERROR_INVALID, "risks[%zu].expires: \"%s\" is no day", i, text),
					    "write it as 2026-12-31 or 2026-12-31T18:00:00Z");
	}
	return NULL;
}

static void derive_paths(struct config *config, struct arena *arena)
{
	const char *slash = strrchr(config->journal, '/');
	if (!config->work_directory)
		config->work_directory = arena_printf(arena, "%.*sjobs", slash ? (int)(slash - config->journal) + 1 : 0,
						      config->journal);
}

static struct error *derive(struct config *config, struct arena *arena)
{
	config->strategy = STRATEGY_CUSTOM;
	for (int i = 0; i < STRATEGY_CUSTOM; i++)
		if (!strcmp(config->strategy_text, strategy_names[i]))
			config->strategy = i;
	if (config->strategy == STRATEGY_CUSTOM)
		config->custom_strategy = config->strategy_text;
	derive_paths(config, arena);
	TRY(resolve(config, arena, "clock_url", &config->clock_url));
	TRY(resolve(config, arena, "gitops.argocd.server", &config->argocd.server));
	for (size_t i = 0; i < config->validation.n_probes; i++)
		TRY(resolve(config, arena, "validation.probes", &config->validation.probes[i]));
	TRY(derive_expiry(config));
	TRY(derive_maintenance(config));
	return derive_limits(config);
}

/* Messages begin with the key they are about; where it was said goes before it: "upgrade.yaml:14:5: bake: …". */
static struct error *placed(const struct load *load, struct error *error)
{
	char *path CLEANUP(mem_freep) = mem_strndup(error->message, strcspn(error->message, ": "));
	const char *origin = config_origin(load->origins, load->n_origins, path);
	if (!strcmp(origin, "default"))
		return error;
	char *message = mem_printf("%s: %s", origin, error->message);
	free(error->message);
	error->message = message;
	return error;
}

static struct error *complete(struct load *load)
{
	fill_defaults(load);
	struct error *error = derive(load->config, load->arena);
	error = error ? error : config_validate(load->config, load->arena);
	return error ? placed(load, error) : NULL;
}

struct error *config_load(const struct config_source *source, struct arena *arena, struct config *ret,
			  struct config_origin **ret_origins, size_t *ret_n)
{
	struct load load = {.source = source, .arena = arena, .config = ret};
	*ret = (struct config){0};
	TRY(load_file(&load));
	TRY(load_environment(&load));
	warn_of_misspelt(&load);
	TRY(load_flags(&load));
	TRY(complete(&load));
	if (ret_origins) {
		*ret_origins = load.origins;
		*ret_n = load.n_origins;
	}
	return NULL;
}

struct error *config_from_text(struct slice text, const char *name, struct arena *arena, struct config *ret)
{
	static const struct config_source nothing_else = {0};
	struct load load = {.source = &nothing_else, .arena = arena, .config = ret};
	*ret = (struct config){0};
	TRY(load_text(&load, text, name));
	return complete(&load);
}

const char *config_origin(const struct config_origin *origins, size_t n, const char *path)
{
	size_t length = strlen(path);
	const char *list = length && path[length - 1] == ']' ? strrchr(path, '[') : NULL;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(origins[i].path, path))
			return origins[i].origin;
	for (size_t i = 0; list && i < n; i++)
		if (strlen(origins[i].path) == (size_t)(list - path) &&
		    !strncmp(origins[i].path, path, (size_t)(list - path)))
			return origins[i].origin;
	return "default";
}
