/* File, environment, flags and defaults into one configuration, each value knowing where it came from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "codec/document.h"
#include "codec/yaml_internal.h"
#include "config/config.h"
#include "models/upgrade_plan.h"
#include "base/time.h"

enum { MAX_FILE = 4 << 20 };
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

static struct error *read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_from_errno(errno, "cannot read configuration \"%s\"", path);
	char chunk[16384];
	ssize_t n;
	buf_init(out, MAX_FILE);
	while ((n = read(fd, chunk, sizeof chunk)) > 0 && buf_append(out, chunk, (size_t)n))
		;
	int failed = n < 0 ? errno : 0;
	close(fd);
	if (failed)
		return error_from_errno(failed, "cannot read configuration \"%s\"", path);
	return out->overflowed
		       ? error_new(ERROR_INVALID, "configuration \"%s\" is larger than %d bytes", path, MAX_FILE)
		       : NULL;
}

static struct error *load_file(struct load *load)
{
	const char *path = load->source->file ? load->source->file : DEFAULT_FILE;
	if (!load->source->file && access(path, F_OK) != 0)
		return NULL;
	struct buf text CLEANUP(buf_done) = {0};
	json_t *places DOCUMENT_CLEANUP = NULL;
	TRY(read_file(path, &text));
	TRY(yaml_decode_placed(buf_slice(&text), path, &config_model, load->config, load->arena, &places));
	const char *key;
	json_t *place;
	json_object_foreach (places, key, place)
		set_origin(load, key, arena_printf(load->arena, "%s:%s", path, json_string_value(place)));
	return NULL;
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

static struct error *load_flags(struct load *load)
{
	for (size_t i = 0; i < load->source->n_flags; i++) {
		const struct pair *flag = &load->source->flags[i];
		struct error *error = model_set_text(&config_model, load->config, load->arena, flag->key, flag->value);
		if (error)
			return error_wrap(error, "flag");
		set_origin(load, flag->key, "flag");
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
	config->lease_ttl_ms = MINUTE_MS;
	config->ai.bedrock_model_id = "anthropic.claude-3-sonnet-20240229-v1:0";
	config->ai.eventbridge_bus_name = "default";
	config->ai.ssm_parameter_prefix = "/eks-upgrade-agent/";
}

/* Defaults stand where the file says nothing: the decoder zeroes what it fills, so they are put back afterwards. */
static void fill_defaults(struct config *config, struct arena *arena)
{
	struct config defaults;
	config_defaults(&defaults, arena);
	for (size_t i = 0; i < config_model.n_fields; i++) {
		const struct field *field = &config_model.fields[i];
		char *ours = (char *)config + field->offset;
		const char *theirs = (const char *)&defaults + field->offset;
		switch (field->kind) {
		case FIELD_STRING:
			if (!*(const char **)(void *)ours)
				*(const char **)(void *)ours = *(const char *const *)(const void *)theirs;
			break;
		case FIELD_INT:
		case FIELD_DURATION:
		case FIELD_TIME:
			if (!*(int64_t *)(void *)ours)
				*(int64_t *)(void *)ours = *(const int64_t *)(const void *)theirs;
			break;
		case FIELD_PERCENT:
		case FIELD_DOUBLE:
			if (*(double *)(void *)ours == 0)
				*(double *)(void *)ours = *(const double *)(const void *)theirs;
			break;
		case FIELD_STRINGS:
		case FIELD_INTS:
		case FIELD_LIST:
		case FIELD_MAP:
			if (!*(size_t *)(void *)((char *)config + field->offset_n)) {
				memcpy(ours, theirs, sizeof(void *));
				memcpy((char *)config + field->offset_n, (const char *)&defaults + field->offset_n,
				       sizeof(size_t));
			}
			break;
		case FIELD_BOOL:
		case FIELD_ENUM:
		case FIELD_OBJECT:
		case FIELD_OBJECT_PTR:
		case FIELD_JSON:
		case FIELD_SECRET:
		default:
			break;
		}
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

static struct error *derive(struct config *config, struct arena *arena)
{
	config->strategy = STRATEGY_CUSTOM;
	for (int i = 0; i < STRATEGY_CUSTOM; i++)
		if (!strcmp(config->strategy_text, strategy_names[i]))
			config->strategy = i;
	if (config->strategy == STRATEGY_CUSTOM)
		config->custom_strategy = config->strategy_text;
	TRY(resolve(config, arena, "clock_url", &config->clock_url));
	TRY(resolve(config, arena, "gitops.argocd.server", &config->argocd.server));
	for (size_t i = 0; i < config->validation.n_probes; i++)
		TRY(resolve(config, arena, "validation.probes", &config->validation.probes[i]));
	return NULL;
}

struct error *config_load(const struct config_source *source, struct arena *arena, struct config *ret,
			  struct config_origin **ret_origins, size_t *ret_n)
{
	struct load load = {.source = source, .arena = arena, .config = ret};
	*ret = (struct config){0};
	TRY(load_file(&load));
	TRY(load_environment(&load));
	TRY(load_flags(&load));
	fill_defaults(ret, arena);
	TRY(derive(ret, arena));
	TRY(config_validate(ret, arena));
	if (ret_origins) {
		*ret_origins = load.origins;
		*ret_n = load.n_origins;
	}
	return NULL;
}

struct error *config_secret_parse(const char *reference, enum config_secret *ret_kind, const char **ret_name)
{
	static const char *const prefixes[] = {"env:", "file:", "ssm:", "secretsmanager:"};
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (strncmp(reference, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		*ret_kind = (enum config_secret)i;
		*ret_name = reference + strlen(prefixes[i]);
		return NULL;
	}
	return error_remedy(error_new(ERROR_INVALID, "a secret is written where a reference to one should be"),
			    "env:NAME, file:PATH, ssm:/path, or secretsmanager:name");
}

struct error *config_secret_read(const char *reference, struct secret **ret)
{
	enum config_secret kind;
	const char *name;
	*ret = NULL;
	if (!reference)
		return NULL;
	TRY(config_secret_parse(reference, &kind, &name));
	if (kind == CONFIG_SECRET_ENV) {
		const char *value = getenv(name);
		if (!value || !*value)
			return error_remedy(error_new(ERROR_INVALID, "environment variable %s is not set", name),
					    "export %s=…", name);
		*ret = secret_new(value, strlen(value));
		return NULL;
	}
	if (kind != CONFIG_SECRET_FILE)
		return error_remedy(error_new(ERROR_INVALID, "\"%s\" is read by AWS only", reference),
				    "use env: or file: here");
	struct buf text CLEANUP(buf_done) = {0};
	TRY(read_file(name, &text));
	while (text.n && strchr("\r\n ", text.p[text.n - 1]))
		text.n--;
	*ret = secret_new(text.p ? text.p : "", text.n);
	if (text.p)
		secret_wipe(text.p, text.n);
	return NULL;
}

struct error *config_from_text(struct slice text, const char *name, struct arena *arena, struct config *ret)
{
	TRY(yaml_decode(text, name, &config_model, ret, arena));
	fill_defaults(ret, arena);
	TRY(derive(ret, arena));
	return config_validate(ret, arena);
}
