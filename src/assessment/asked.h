/* Is a thing that the cluster names still there? That it is missing in an answer says so only where somebody asked for
 * it: a snapshot may hold answers to narrower questions, single pages, or none. */
#pragma once

#include "assessment/check.h"

enum asked { ASKED_THERE, ASKED_GONE, ASKED_NOT };

/* Things that are listed: subnets, security groups. */
struct asked_list {
	const char *operation, *list, *member; /* "describe_subnets", "Subnets", "SubnetId" */
	const char *ids, *filter;	       /* how a request names them: "SubnetIds", "subnet-id" */
};
extern const struct asked_list asked_subnets, asked_groups;
/* The element, when it is there; borrowed. Of the cluster's VPC's, all are asked for by a request for that VPC. */
enum asked asked_listed(const struct assess *assess, const struct asked_list *kind, const char *id,
			const json_t **ret_seen);

/* Things that are asked for one by one: a role by its name, a key by its id, ARN or alias. `names` (NULL-terminated):
 * by any of which the request, or the answer at `told` ("KeyMetadata.Arn"), means it. Gives the response. */
enum asked asked_single(const struct assess *assess, const char *operation, const char *member, const char *told,
			const char *const *names, const json_t **ret_response);
