/* The client's inside, shared by its calls, lists and watches. */
#pragma once

#include "kube/kube.h"
#include "kube/kubeconfig.h"

struct kube {
	struct ports ports;
	struct arena *arena;
	struct kube_access access;
	char *field_manager;
	struct aws *aws; /* for EKS tokens; NULL otherwise */
	char *eks_cluster;
	struct secret *token;	/* the one in use */
	int64_t token_until_ms; /* wall; INT64_MAX: as long as it is accepted */
	json_t *warnings;	/* of {path, text, count} */
};

/* "Bearer …" or "Basic …" into `out`; empty when the access needs none. Fetches, refreshes, re-reads as needed. */
struct error *kube_authorization(struct kube *kube, bool again, struct buf *out) MUST_CHECK;
/* From a plugin: token (with its end), or a client certificate into access. */
struct error *kube_exec_token(struct kube *kube, struct secret **ret_token, int64_t *ret_until_ms) MUST_CHECK;

/* The error that an answer is; NULL for 2xx. */
struct error *kube_status_error(const char *method, const char *path, const struct http_response *response) MUST_CHECK;
void kube_note_warnings(struct kube *kube, const char *path, const struct http_response *response);

enum kube_retry { KUBE_NO_RETRY, KUBE_RETRY, KUBE_RETRY_NEW_TOKEN };
/* Whether to ask again, and after how long. `tries` made so far. */
enum kube_retry kube_should_retry(const char *method, const struct http_response *response, unsigned tries,
				  struct random *random, int64_t *ret_delay_ms);
