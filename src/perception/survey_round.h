/* One round of calls of the live look at AWS: all side by side, each kept with its request, so that a snapshot answers
 * exactly as the account did; one that is denied costs only itself. */
#pragma once

#include "aws/operations.h"
#include "codec/document.h"
#include "perception/survey.h"

enum { SURVEY_MOST_OF_A_KIND = 200 };

struct round {
	const struct survey *survey;
	struct inventory *inventory;
	struct aws_request *requests;
	json_t **asked;
	size_t n, n_asked;
};

/* `input` is taken; NULL: {}. */
void survey_ask(struct round *round, const struct aws_operation *operation, json_t *input);
/* A call of its own, kept as those of rounds are; gives its answer, borrowed, or NULL. */
const json_t *survey_call(struct round *round, const struct aws_operation *operation, json_t *input);

/* The elements that `path` of the operation's answers names ("response.Reservations"), all answers in turn: begin with
 * a zeroed cursor. NULL: no more. */
struct survey_cursor {
	size_t call, element;
};
const json_t *survey_next(const struct round *round, const char *snake_name, const char *path,
			  struct survey_cursor *cursor);
#define SURVEY_EACH(round, snake_name, path, one)                                                                      \
	for (struct survey_cursor cursor_##one = {0, 0}, *once_##one = &cursor_##one; once_##one; once_##one = NULL)   \
		for (const json_t *one; (one = survey_next((round), (snake_name), (path), &cursor_##one));)
/* Texts that were not in the list yet are added to it. */
void survey_add_text(json_t *all, const char *text);
/* Asks by such a filter, so many values at once as AWS takes. `values` is taken. */
void survey_ask_filtered(struct round *round, const struct aws_operation *operation, const char *name, json_t *values);

/* survey_nodes.c: what nodes are made of */
void survey_subnets(struct round *round);
void survey_published_images(struct round *round);
void survey_templates(struct round *round);
void survey_images(struct round *round);	 /* after instances and templates */
void survey_instance_types(struct round *round); /* likewise */

/* survey_network.c: the ways in */
void survey_balancers(struct round *round);
void survey_targets(struct round *round);
void survey_records(struct round *round);
void survey_keep_our_records(struct round *round); /* when they were asked for */
void survey_requests(struct round *round);	   /* of the balancers behind weighted records, after those */

/* survey_roles.c: roles, their policies, and add-ons */
void survey_roles_of_cluster(struct round *round);
void survey_roles(struct round *round);
void survey_policies(struct round *round);
void survey_policy_versions(struct round *round);
void survey_addon_configuration(struct round *round);

/* survey_waits.c: what takes its time at AWS */
void survey_refresh_insights(struct round *round);
struct audit_query {
	char *id; /* NULL: none runs */
	int64_t began_ms;
};
void survey_audit_begin(struct round *round, struct audit_query *query);
void survey_audit_end(struct round *round, struct audit_query *query);
