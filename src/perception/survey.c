/* The live look, as a whole. */
#include "perception/survey.h"

static void not_reached(struct inventory *inventory, const char *name, const struct error *error)
{
	if (error)
		inventory_source_error(inventory, name, error);
	else
		inventory_source(inventory, name, SOURCE_SKIPPED, "not asked");
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
	inventory_settle(inventory);
	return inventory;
}
