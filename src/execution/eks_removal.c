/* Each call looks at what is left and asks for the deletion of what is not being deleted yet. */
#include "execution/eks_removal.h"

#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "codec/document.h"

struct part {
	const struct aws_operation *list, *describe, *delete;
	const char *names, *member, *seen;
	bool one_at_a_time; /* EKS deletes only one of them at once */
};

static struct error *ignore_gone(struct error *error)
{
	return error_was(&error, ERROR_NOT_FOUND) ? NULL : error;
}

static bool is_being_deleted(const char *status)
{
	return !strcmp(status, "DELETING");
}

static json_t *name_of(const char *cluster, const struct part *part, const json_t *name)
{
	return json_pack("{s:s, s:O}", "clusterName", cluster, part->member, name);
}

/* Something else goes on with it (it is being made or changed): a later look asks again. */
static struct error *delete_one(struct aws *aws, const char *cluster, const struct part *part, const json_t *name)
{
	struct error *error = ignore_gone(aws_call(aws, part->delete, name_of(cluster, part, name), NULL));
	return error_was(&error, ERROR_CONFLICT) ? NULL : error;
}

static struct error *remove_parts(struct aws *aws, const char *cluster, const struct part *part, size_t *ret_left)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *name;
	*ret_left = 0;
	TRY(ignore_gone(aws_call_all(aws, part->list, json_pack("{s:s}", "clusterName", cluster), &out)));
	json_array_foreach (json_object_get(out, part->names), i, name) {
		json_t *seen DOCUMENT_CLEANUP = NULL;
		(*ret_left)++;
		if (part->one_at_a_time && i > 0)
			continue;
		TRY(ignore_gone(aws_call(aws, part->describe, name_of(cluster, part, name), &seen)));
		if (seen && !is_being_deleted(document_text_or(seen, part->seen, "")))
			TRY(delete_one(aws, cluster, part, name));
	}
	return NULL;
}

static struct error *remove_cluster(struct aws *aws, const char *cluster, const char *status, struct step_result *ret)
{
	ret->detail = mem_printf("EKS says \"%s\" is %s", cluster, status);
	if (is_being_deleted(status))
		return NULL;
	struct error *error =
		ignore_gone(aws_call(aws, &aws_eks_DeleteCluster, json_pack("{s:s}", "name", cluster), NULL));
	if (!error || error->class != ERROR_CONFLICT)
		return error;
	free(ret->detail);
	ret->detail = mem_printf("EKS does not delete \"%s\" yet: %s", cluster, error->message);
	error_free(error);
	return NULL;
}

struct error *eks_remove(struct step_context *ctx, const char *cluster, struct step_result *ret, bool *ret_gone)
{
	static const struct part groups = {&aws_eks_ListNodegroups,
					   &aws_eks_DescribeNodegroup,
					   &aws_eks_DeleteNodegroup,
					   "nodegroups",
					   "nodegroupName",
					   "nodegroup.status",
					   false},
				 profiles = {&aws_eks_ListFargateProfiles,
					     &aws_eks_DescribeFargateProfile,
					     &aws_eks_DeleteFargateProfile,
					     "fargateProfileNames",
					     "fargateProfileName",
					     "fargateProfile.status",
					     true};
	struct aws *aws;
	char *status CLEANUP(mem_freep) = NULL;
	size_t n_groups, n_profiles = 0;
	*ret_gone = false;
	TRY(world_aws(ctx->world, &aws));
	TRY(step_cluster_status(ctx, cluster, &status));
	if (!status) {
		*ret_gone = true;
		return NULL;
	}
	if (!is_being_deleted(status)) {
		TRY(remove_parts(aws, cluster, &groups, &n_groups));
		if (!n_groups)
			TRY(remove_parts(aws, cluster, &profiles, &n_profiles));
		if (n_groups + n_profiles) {
			ret->detail = mem_printf("%zu %s of \"%s\" to go", n_groups + n_profiles,
						 n_groups ? "node groups" : "Fargate profiles", cluster);
			return NULL;
		}
	}
	return remove_cluster(aws, cluster, status, ret);
}
