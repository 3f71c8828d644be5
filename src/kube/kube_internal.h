/* The client's inside, shared by its calls, lists and watches. */
#pragma once

#include "kube/kube.h"
#include "kube/kubeconfig.h"

struct kube {
	struct ports ports;
	struct arena *arena;
	struct kube_access access;
	char *field_manager;
	char *terminal;	 /* or NULL */
	struct aws *aws; /* for EKS tokens; NULL otherwise */
	char *eks_cluster;
	struct secret *authorization;	/* the header's value in use; NULL: not made yet, or nothing is sent */
	int64_t authorization_until_ms; /* wall; INT64_MAX: as long as it is accepted */
	char *cert_pem, *key_pem;	/* of a plugin; access.tls points to them */
	json_t *warnings;		/* of {path, text, count} */
};

/* Makes kube->authorization good for the next request: fetches, refreshes, re-reads as needed; `again`: the one in use
 * was refused. */
struct error *kube_authorize(struct kube *kube, bool again) MUST_CHECK;
/* From a plugin: the header's value (NULL when it gave a client certificate, which then is in access.tls). */
struct error *kube_exec_login(struct kube *kube, struct secret **ret_authorization, int64_t *ret_until_ms) MUST_CHECK;
struct secret *kube_bearer(const char *token, size_t n);

/* The error that an answer is; NULL for 2xx. */
struct error *kube_status_error(const char *method, const char *path, const struct http_response *response) MUST_CHECK;
/* What came of a request: its error, with the question whether something was changed answered. Takes the response's. */
struct error *kube_outcome(const struct kube *kube, const char *method, const char *path,
			   struct http_response *response) MUST_CHECK;
void kube_note_warnings(struct kube *kube, const char *path, const struct http_response *response);

enum kube_retry { KUBE_NO_RETRY, KUBE_RETRY, KUBE_RETRY_NEW_TOKEN };
/* Whether to ask again, and after how long. `tries` made so far. */
enum kube_retry kube_should_retry(const char *method, const struct http_response *response, unsigned tries,
				  struct random *random, int64_t *ret_delay_ms);

/* Something that asks until it is done: a call, a list. Tasks run side by side in rounds of one request each. */
enum { KUBE_HEADERS = 24 };
struct kube_task {
	const char *method, *path, *content_type, *accept; /* set before each round, by the task itself */
	struct slice body;
	struct http_sink *sink;
	struct http_limits limits;
	/* The next request is about to be made; an error ends the task. May be NULL. */
	struct error *(*prepare)(struct kube_task *task, struct kube *kube);
	/* An answer or its lack; sets `done`, or when and how to go on. The response is released afterwards. */
	void (*look)(struct kube_task *task, struct kube *kube, struct http_response *response);
	struct error *error;   /* out */
	unsigned tries;	       /* of the present request */
	int64_t not_before_ms; /* monotonic */
	bool new_token, done;
	const void *used; /* the authorization of the last request, to be compared only */
	char *url;
};
/* Runs all to their end, at most `parallel` at once. Waits. Each task's error is the caller's. */
void kube_run(struct kube *kube, struct kube_task *const *tasks, size_t n, unsigned parallel);
/* For `look`: gives true when the request is to be made again (the task is then told when). */
bool kube_task_again(struct kube_task *task, struct kube *kube, const struct http_response *response);
