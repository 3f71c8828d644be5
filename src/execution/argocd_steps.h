/* What the steps that use Argo CD share. */
#pragma once

#include "execution/step.h"
#include "tools/argocd.h"

/* The API as configured. *ret points to *token, which is the caller's. */
struct error *argocd_client(struct step_context *ctx, struct secret **token, struct argocd *ret) MUST_CHECK;
/* Green's address and certificate authority (NULL: none told) by EKS, in the context's arena. PRECONDITION when it has
 * no address of its own. */
struct error *argocd_green_endpoint(struct step_context *ctx, const char **ret_server, const char **ret_ca) MUST_CHECK;

/* How far an application is on its way to be synced by this run and healthy, and what is to be done about it. Pure. */
enum argocd_wait {
	ARGOCD_WAIT_SYNC,    /* ours is to be asked for: none was, another's came after it, or Git moved on since */
	ARGOCD_WAIT_OTHERS,  /* an operation runs that is not ours */
	ARGOCD_WAIT_OURS,    /* ours runs */
	ARGOCD_WAIT_FAILED,  /* ours failed */
	ARGOCD_WAIT_LOOK,    /* ours succeeded; a look at the result is to be asked for */
	ARGOCD_WAIT_LOOKING, /* that was asked for */
	ARGOCD_WAIT_STATE,   /* looked at; not yet Synced and Healthy */
	ARGOCD_WAIT_DEGRADED,
	ARGOCD_WAIT_SUSPENDED,
	ARGOCD_WAIT_HEALTHY,
};
/* `user` is who we are there; NULL: not known, the run's mark alone decides. */
enum argocd_wait argocd_wait_judge(const struct argocd_application *application, const char *run_id, const char *user);
