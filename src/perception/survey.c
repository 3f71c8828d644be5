/* The live look, as a whole. */
#include "perception/survey.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"

static void not_reached(struct inventory *inventory, const char *name, const struct error *error)
{
	if (error)
		inventory_source_error(inventory, name, error);
	else
		inventory_source(inventory, name, SOURCE_SKIPPED, "not asked");
}

/* Programs that a plan may need. */
static json_t *find_tools(const struct survey *survey)
{
	const char *const names[] = {survey->config->terraform.binary ? survey->config->terraform.binary : "terraform",
				     "helm",
				     "kubectl",
				     "velero",
				     "newman",
				     "jmeter"};
	json_t *tools = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path CLEANUP(mem_freep) = NULL;
		struct error *error ERROR_CLEANUP = process_which(survey->ports->process, names[i], &path);
		if (!error)
			json_object_set_new(tools, names[i], path ? json_string(path) : json_null());
	}
	return tools;
}

/* The version that Terraform's own state believes in, where the configuration names its file. */
static json_t *state_version(const struct survey *survey)
{
	json_t *state DOCUMENT_CLEANUP =
		survey->config->terraform.state ? json_load_file(survey->config->terraform.state, 0, NULL) : NULL;
	size_t i, k;
	const json_t *resource, *instance;
	json_array_foreach (json_object_get(state, "resources"), i, resource)
		json_array_foreach (json_object_get(resource, "instances"), k, instance)
			if (!strcmp(document_text_or(resource, "type", ""), "aws_eks_cluster") &&
			    !strcmp(document_text_or(instance, "attributes.name", ""),
				    survey->config->cluster ? survey->config->cluster : ""))
				return json_incref(document_at(instance, "attributes.version"));
	return NULL;
}

/* What the look knows of itself: of whom it asked, from where, and how long it could go on. */
static json_t *know_itself(const struct survey *survey, const struct inventory *inventory)
{
	json_t *known = json_object(), *version = state_version(survey);
	const struct error *refused = survey->kube_error;
	if (survey->ports->process)
		json_object_set_new(known, "tools", find_tools(survey));
	if (version)
		json_object_set_new(known, "terraform_version", version);
	const json_t *cluster = inventory_cluster(inventory);
	if (survey->kube) {
		struct error *error ERROR_CLEANUP = cluster ? kube_check_identity(survey->kube, cluster) : NULL;
		json_object_set_new(known, "server", json_string(kube_server(survey->kube)));
		json_object_set_new(known, "identity_proven", json_boolean(cluster && !error));
		if (error)
			json_object_set_new(known, "identity_error", json_string(error->message));
	} else if (refused && refused->class == ERROR_PRECONDITION) {
		json_object_set_new(known, "identity_error", json_string(refused->message));
	}
	if (survey->aws) {
		int64_t ends_ms = aws_credentials_end_ms(survey->aws);
		char when[TIME_TEXT];
		if (!survey->config->clock_url) /* else this machine's clock is not the one that counts */
			json_object_set_new(known, "clock_skew_ms", json_integer(aws_clock_skew_ms(survey->aws)));
		if (ends_ms != INT64_MAX)
			json_object_set_new(known, "credentials_expire_at",
					    json_string(time_format_rfc3339(ends_ms, when)));
	}
	return known;
}

struct inventory *survey_run(const struct survey *survey)
{
	struct inventory *inventory = inventory_new();
	inventory->captured_at_ms = clock_wall_ms(survey->ports->clock);
	inventory->cluster = model_pool_text(inventory->pool, survey->config->cluster);
	if (survey->aws)
		survey_aws(survey, inventory);
	else
		not_reached(inventory, "aws", survey->aws_error);
	if (survey->kube)
		survey_kubernetes(survey, inventory);
	else
		not_reached(inventory, "kubernetes", survey->kube_error);
	inventory->survey = know_itself(survey, inventory);
	inventory_settle(inventory);
	return inventory;
}
