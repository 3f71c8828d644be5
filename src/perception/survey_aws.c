/* AWS's half of the live look. */
#include "aws/operations.h"
#include "codec/document.h"
#include "perception/survey.h"

void survey_aws(const struct survey *survey, struct inventory *inventory)
{
	json_t *out = NULL;
	json_t *request = json_pack("{s:s}", "name", survey->config->cluster);
	struct error *error ERROR_CLEANUP = aws_call(survey->aws, &aws_eks_DescribeCluster, json_incref(request), &out);
	inventory->region = model_pool_text(inventory->pool, aws_region(survey->aws));
	inventory_aws_record(inventory, "eks", "DescribeCluster", request, out, error);
}
