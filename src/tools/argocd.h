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

#define ARGOCD_RUN_LABEL "eks-upgrade-agent/run"

/* An application, as far as somebody looks at it. Times are 0, texts NULL where there is none. */
struct argocd_application {
	const char *name, *ns, *project, *run; /* `run`: the label of the run that made it */
	const char *server, *cluster;	       /* destination: by address or by name */
	const char *spec;		       /* its JSON text */
	const char *sync, *revision, *health, *health_message;
	const char *phase, *message, *synced_revision; /* of its last operation */
	int64_t finished_ms, reconciled_ms;
};
struct argocd_applications {
	struct argocd_application *items;
	size_t n;
};
struct error *argocd_list(const struct argocd *argocd, struct arena *arena, struct argocd_applications *ret) MUST_CHECK;
