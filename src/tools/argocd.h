/* Argo CD by its REST API. */
#pragma once

#include <jansson.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "port/ports.h"

struct argocd {
	const struct ports *ports;
	const char *server;
	const struct secret *token; /* NULL: none */
	bool insecure;
};

/* `path` below the server ("/api/v1/clusters"). `body` is taken or NULL, *ret may be NULL-given. */
struct error *argocd_call(const struct argocd *argocd, const char *method, const char *path, json_t *body,
			  json_t **ret) MUST_CHECK;

/* Marks what a run made: a label of applications, and a word that its operations carry in their `info`. */
#define ARGOCD_RUN_LABEL "eks-upgrade-agent/run"

/* Who asked for an operation, and what he wrote beside it. */
struct argocd_info {
	const char *name, *value;
};
struct argocd_operation {
	const char *user; /* NULL: nobody by name */
	bool automated;	  /* by the application's own policy */
	struct argocd_info *info;
	size_t n_info;
};

/* An application, as far as somebody looks at it. Times are 0, texts NULL where there is none; Argo CD's times are
 * whole seconds. */
struct argocd_application {
	const char *name, *ns, *project, *run; /* `run`: the label of the run that made it */
	const char *refresh;		       /* asked for and not done yet: "normal" or "hard" */
	const char *server, *cluster;	       /* destination: by address or by name */
	const char *spec;		       /* its JSON text */
	const char *sync, *revision, *revisions, *health, *health_message;
	const struct argocd_operation *begun; /* asked for and not ended; NULL: none */
	const struct argocd_operation *last;  /* what these tell of: */
	const char *phase, *message, *synced_revision, *synced_revisions;
	int64_t finished_ms, reconciled_ms;
};
struct argocd_applications {
	struct argocd_application *items;
	size_t n;
};
struct error *argocd_list(const struct argocd *argocd, struct arena *arena, struct argocd_applications *ret) MUST_CHECK;

/* Its path with a query ("refresh=normal"), the caller's. With its project in it: an application that is gone is else
 * told as a forbidden one. */
char *argocd_application_path(const struct argocd_application *application, const char *query);

/* The name under which Argo CD knows us, as its operations' initiatedBy tells it: "" without a token. */
struct error *argocd_whoami(const struct argocd *argocd, struct arena *arena, const char **ret) MUST_CHECK;

/* Asks for a sync that carries `run_id`. Expected outcomes beside having begun: another operation is in progress, and a
 * sync window that forbids it now. */
enum argocd_sync { ARGOCD_SYNC_BEGUN, ARGOCD_SYNC_BUSY, ARGOCD_SYNC_WINDOW };
struct error *argocd_sync(const struct argocd *argocd, const struct argocd_application *application, const char *run_id,
			  enum argocd_sync *ret) MUST_CHECK;

/* Has the controller look at all `n` anew, side by side. The server answers when it did; one that takes long is no
 * error: its `refresh` tells in the next list that it is still to come. */
struct error *argocd_refresh(const struct argocd *argocd, const struct argocd_application *const *applications,
			     size_t n) MUST_CHECK;
