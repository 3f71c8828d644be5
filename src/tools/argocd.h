/* Argo CD by its REST API. */
#pragma once

#include <jansson.h>
#include "base/error.h"
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
