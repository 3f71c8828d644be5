/* The Kubernetes client: kubeconfig or EKS, discovery, verbs, streaming lists and watches, evictions with UID. Objects
 * are documents; lists are streamed by field table, item by item. */
#pragma once

#include <jansson.h>
#include "aws/aws.h"
#include "base/error.h"
#include "codec/json.h"
#include "codec/model.h"
#include "port/ports.h"

struct kube;

struct kube_options {
	const struct ports *ports;
	const char *kubeconfig;	   /* path list like KUBECONFIG; NULL: KUBECONFIG, ~/.kube/config, in-cluster */
	const char *context;	   /* NULL: current-context */
	const char *field_manager; /* NULL: "eks-upgrade-agent" */
	bool insecure;		   /* allow insecure-skip-tls-verify found in the kubeconfig */
	const char *terminal;	   /* where a plugin may ask a person, at the first sign-in; NULL: nowhere */
	const char *pod_account;   /* where a pod finds its service account; NULL: where Kubernetes puts it */
	const char *(*getenv)(void *context, const char *name);
	void *getenv_context;
};
/* From kubeconfig files. Errors name file, line and key. */
struct error *kube_new(const struct kube_options *options, struct kube **ret) MUST_CHECK;
/* From eks:DescribeCluster's answer (its "cluster" object) with our own tokens by `aws` (borrowed). */
struct error *kube_new_eks(const struct ports *ports, struct aws *aws, const json_t *cluster,
			   struct kube **ret) MUST_CHECK;
void kube_free(struct kube *kube);
void kube_freep(struct kube **kube);
const char *kube_server(const struct kube *kube); /* URL */
/* Whether this client speaks to the cluster that eks:DescribeCluster told of (its "cluster" object): by its address,
 * or, through a tunnel or proxy, by its certificate authority, which no other cluster has. PRECONDITION when not. */
struct error *kube_check_identity(const struct kube *kube, const json_t *cluster) MUST_CHECK;

/* One request. `path` is absolute with query: "/api/v1/namespaces/x/pods/y?dryRun=All". `body` is taken or NULL;
 * `content_type` NULL: application/json. *ret may be NULL-given. Retries GETs and, where the server surely did nothing
 * (429, refused), the rest. Errors carry the Status reason as code, its causes in the message. */
struct error *kube_call(struct kube *kube, const char *method, const char *path, const char *content_type, json_t *body,
			json_t **ret) MUST_CHECK;
/* Several side by side, at most 8 at once; each has its own error. */
struct kube_request {
	const char *method, *path, *content_type, *accept; /* NULL: application/json */
	json_t *body;					   /* taken */
	bool wants_answer;
	json_t *answer;	     /* out: the caller's */
	struct error *error; /* out: the caller's */
};
void kube_call_batch(struct kube *kube, struct kube_request *requests, size_t n);
static inline struct error *kube_get(struct kube *kube, const char *path, json_t **ret)
{
	return kube_call(kube, "GET", path, NULL, NULL, ret);
}
/* Text answers: logs, /metrics, /healthz. Streams into `sink`; asked again only while nothing has come. `limits` NULL:
 * the port's. */
struct error *kube_stream(struct kube *kube, const char *path, const struct http_limits *limits,
			  struct http_sink *sink) MUST_CHECK;
static inline struct error *kube_get_stream(struct kube *kube, const char *path, struct http_sink *sink)
{
	return kube_stream(kube, path, NULL, sink);
}
/* Server-side apply with our field manager. */
struct error *kube_apply(struct kube *kube, const char *path, bool force, json_t *object, json_t **ret) MUST_CHECK;

/* Streams a whole list page by page (500): each item decoded by `item_model` and given to `fn`, then forgotten. A page
 * that breaks off is asked for again and what was given is passed over; 410 in mid-list begins anew at most twice. */
struct kube_list {
	const char *path; /* "/api/v1/pods", may have a query (labelSelector=…) */
	const struct model *item_model;
	json_item_fn *fn;
	void (*restarted)(void *context); /* forget what was given so far; NULL: an item may be given twice */
	void *context;
	uint64_t *changed;  /* as json_stream's; NULL: each item is read by itself */
	bool metadata_only; /* asks for PartialObjectMetadata */
	bool count_only; /* `items` alone is wanted: one is asked for, and the server tells how many more there are; all
			    are listed where it does not. No selectors, with which servers do not count */
	char resource_version[64]; /* out */
	uint64_t items;		   /* out */
	struct error *error;	   /* out, the caller's: each list of a batch has its own */
};
/* All lists side by side, bounded by 4 at once. */
void kube_list_batch(struct kube *kube, struct kube_list *lists, size_t n);
struct error *kube_list(struct kube *kube, struct kube_list *list) MUST_CHECK; /* one; moves its error out */

/* Evicts a pod by UID. */
enum kube_eviction {
	KUBE_EVICTED,
	KUBE_EVICT_GONE /* not there, or another UID by that name */,
	KUBE_EVICT_BLOCKED /* 429 */
};
struct error *kube_evict(struct kube *kube, const char *ns, const char *pod, const char *uid, int64_t grace_s,
			 bool dry_run, enum kube_eviction *ret, char **ret_reason) MUST_CHECK;

/* Watches from a resource version, for at most timeout_ms; fn gets {type, object} by `event_model`, without bookmarks.
 * Broken connections are resumed. *ret_resource_version continues it; PRECONDITION with code "Expired" asks for a new
 * list. */
struct error *kube_watch(struct kube *kube, const char *path, const char *resource_version, int64_t timeout_ms,
			 const struct model *event_model, json_item_fn *fn, void *context,
			 char ret_resource_version[64]) MUST_CHECK;

/* Lists, then watches, listing anew (after `restarted`) when the version has expired, for at most timeout_ms. Items go
 * to the list's fn, events to `event`, both with the list's context; `event` gives false to end. */
struct error *kube_follow(struct kube *kube, struct kube_list *list, int64_t timeout_ms,
			  const struct model *event_model, json_item_fn *event) MUST_CHECK;

/* Warning headers seen so far, as evidence: JSON list of {path, text, count}. */
json_t *kube_warnings(struct kube *kube);
