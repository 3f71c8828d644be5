/* The wait rule for applications. Argo CD keeps operations, comparison and health apart, and each may tell of an
 * earlier time than the others: "Healthy" may be the health from before the sync, "Succeeded" somebody else's. So an
 * application counts only when the operation that this run asked for succeeded, at the revision that is compared to,
 * and a look that began later than its end found it Synced and Healthy. */
#include <string.h>
#include "execution/argocd_steps.h"

static bool is_text(const char *text, const char *wanted)
{
	return text && !strcmp(text, wanted);
}

static bool is_ours(const struct argocd_operation *operation, const char *run_id, const char *user)
{
	if (!operation || operation->automated || (user && strcmp(operation->user ? operation->user : "", user) != 0))
		return false;
	for (size_t i = 0; i < operation->n_info; i++)
		if (is_text(operation->info[i].name, ARGOCD_RUN_LABEL) && is_text(operation->info[i].value, run_id))
			return true;
	return false;
}

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

static enum argocd_wait judge_state(const struct argocd_application *application)
{
	if (is_text(application->health, "Degraded"))
		return ARGOCD_WAIT_DEGRADED;
	if (!is_text(application->sync, "Synced"))
		return ARGOCD_WAIT_STATE;
	return is_text(application->health, "Healthy")	   ? ARGOCD_WAIT_HEALTHY
	       : is_text(application->health, "Suspended") ? ARGOCD_WAIT_SUSPENDED
							   : ARGOCD_WAIT_STATE;
}

enum argocd_wait argocd_wait_judge(const struct argocd_application *application, const char *run_id, const char *user)
{
	bool runs = is_text(application->phase, "Running") || is_text(application->phase, "Terminating");
	if (application->begun || runs) { /* just asked for, it has no phase yet */
		const struct argocd_operation *running = application->begun ? application->begun : application->last;
		return is_ours(running, run_id, user) ? ARGOCD_WAIT_OURS : ARGOCD_WAIT_OTHERS;
	}
	if (!application->phase || !is_ours(application->last, run_id, user))
		return ARGOCD_WAIT_SYNC;
	if (!is_text(application->phase, "Succeeded"))
		return ARGOCD_WAIT_FAILED;
	/* in whole seconds, so a look in the second of the end may have been before it */
	if (application->reconciled_ms <= application->finished_ms)
		return application->refresh ? ARGOCD_WAIT_LOOKING : ARGOCD_WAIT_LOOK;
	if (differ(application->synced_revision, application->revision) ||
	    differ(application->synced_revisions, application->revisions))
		return ARGOCD_WAIT_SYNC;
	return judge_state(application);
}
