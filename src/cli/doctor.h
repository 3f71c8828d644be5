/* doctor's checks: one line a need, each with its mend. A part appends to the list by doctor_say(). */
#pragma once

#include <jansson.h>
#include "cli/cli.h"
#include "execution/step.h"

enum doctor_answer { DOCTOR_OK, DOCTOR_BAD, DOCTOR_UNKNOWN };

struct doctor {
	struct cli *cli;
	json_t *checks; /* of {id, ok, detail, remedy} */
	struct world world;
	struct aws *aws; /* the world's, once the AWS part has made it; NULL when that failed */
};

/* `detail` and `remedy` may be NULL; `optional` marks what the agent can do without. */
void doctor_say(struct doctor *doctor, const char *id, enum doctor_answer answer, bool optional, const char *detail,
		const char *remedy);
/* From an error (taken): denied and unreachable are BAD, with its remedy. */
void doctor_say_error(struct doctor *doctor, const char *id, bool optional, struct error *error);

void doctor_aws(struct doctor *doctor);	 /* credentials, region, account, clock, endpoints */
void doctor_kube(struct doctor *doctor); /* API server, identity, token, rights */
