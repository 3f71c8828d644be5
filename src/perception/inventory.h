/* Everything that a look saw, at one time: Kubernetes' objects as structs, AWS's answers as documents, the API server's
 * metrics, and of each source whether it answered. Filled from the live world (perception/survey.h) or from a folder or
 * file that was saved (perception/snapshot.h), by the same tables; read by the checks (assessment/). */
#pragma once

#include <jansson.h>
#include "codec/model_pool.h"
#include "models/finding.h"
#include "models/kube_objects.h"

enum source_status { SOURCE_OK, SOURCE_DENIED, SOURCE_FAILED, SOURCE_SKIPPED };
extern const char *const source_status_names[]; /* "ok", "denied", "failed", "skipped" */

/* "kubernetes pods", "eks:DescribeNodegroup", "metrics". The permission that would tell is made from the name. */
struct source {
	const char *name;
	enum source_status status;
	const char *detail; /* why not ok; NULL when ok */
};

/* A deprecated or removed version seen in use by an object: it is shown in it, somebody wrote it so, or applied it so.
 */
enum api_use_source { API_USE_OBJECT, API_USE_MANAGED_FIELDS, API_USE_LAST_APPLIED };
struct api_use {
	enum api_use_source source;
	const struct api_lifecycle *api;
	const char *ns, *name; /* of the object */
	const char *caller;    /* field manager; NULL */
	int64_t last_seen_ms;  /* 0: not known */
};

/* A line of apiserver_requested_deprecated_apis. */
struct deprecated_request {
	const char *group, *version, *resource, *removed_release;
	bool asked;	  /* the gauge stands at 1; false: only counted by apiserver_request_total */
	int64_t requests; /* of apiserver_request_total; -1: not told */
};

struct bad_object { /* could not be read */
	const char *kind, *detail;
};

struct inventory {
	struct model_pool *pool;
	struct arena *arena; /* the pool's */
	struct pod_specs *pod_specs;
	struct kind_reader *readers; /* own: of the objects of a folder; NULL when all are there */
	const char *cluster, *region;
	int64_t captured_at_ms;
	json_t *aws; /* {"describe_nodegroup": [{"request": {…}, "response": {…}} or {"request", "error": {"code",
		      * "message", "denied"}}]} */
	struct source *sources;
	size_t n_sources;
	bool offline;	/* read from a snapshot */
	bool restarted; /* a list began anew: objects may be there twice until inventory_settle() */

#define INVENTORY_KINDS(X)                                                                                             \
	X(struct kube_node, nodes)                                                                                     \
	X(struct kube_pod, pods)                                                                                       \
	X(struct kube_workload, workloads)                                                                             \
	X(struct kube_pdb, pdbs)                                                                                       \
	X(struct kube_service, services)                                                                               \
	X(struct kube_endpoint_slice, endpoint_slices)                                                                 \
	X(struct kube_ingress, ingresses)                                                                              \
	X(struct kube_hpa, hpas)                                                                                       \
	X(struct kube_webhook_configuration, webhooks)                                                                 \
	X(struct kube_crd, crds)                                                                                       \
	X(struct kube_api_service, api_services)                                                                       \
	X(struct kube_storage_class, storage_classes)                                                                  \
	X(struct kube_csi_node, csi_nodes)                                                                             \
	X(struct kube_volume_object, volumes)                                                                          \
	X(struct kube_claim, claims)                                                                                   \
	X(struct kube_role, roles)                                                                                     \
	X(struct kube_role_binding, role_bindings)                                                                     \
	X(struct kube_namespace, namespaces)                                                                           \
	X(struct kube_service_account, service_accounts)                                                               \
	X(struct kube_config_map, config_maps)                                                                         \
	X(struct kube_lease, leases)                                                                                   \
	X(struct kube_custom, customs)                                                                                 \
	X(struct kube_named, others)                                                                                   \
	X(struct kube_named, tokens) /* Secrets that hold tokens of service accounts, where they can be seen */
#define MEMBER(type, name)                                                                                             \
	type *name;                                                                                                    \
	size_t n_##name;
	INVENTORY_KINDS(MEMBER)
#undef MEMBER
	struct helm_release *helm_releases; /* the newest revision of each */
	size_t n_helm_releases;
	struct api_use *api_uses;
	size_t n_api_uses;
	struct deprecated_request *deprecated_requests;
	size_t n_deprecated_requests;
	json_t *warnings;  /* Warning headers that our own reading met: [{path, text, count}]; or NULL */
	json_t *audit_log; /* deprecated calls of an audit log's file: [{"userAgent", "verb", "objectRef.resource", …,
			    * "n", "last_seen"}], members as CloudWatch's search names them; or NULL */
	const struct finding *manifests; /* what a scan of manifests found that were given beside (scan/); borrowed */
	size_t n_manifests;
	json_t *survey;			/* what the look knows of itself: {"server", "identity_error", "clock_skew_ms",
					 * "credentials_expire_at", "tools": {NAME: PATH or null}, "terraform_version"}; or NULL */
	const char *readyz;		/* what /readyz?verbose said; NULL: not asked */
	const struct inventory *before; /* an earlier look, or one at Blue, to compare with; borrowed; NULL */
	struct bad_object *bad_objects;
	size_t n_bad_objects;
};

struct inventory *inventory_new(void);
void inventory_free(struct inventory *inventory);
void inventory_freep(struct inventory **inventory);

/* ---- kinds */
struct kube_kind {
	const char *kind, *group, *resource; /* "Pod", "", "pods" */
	const char *version;		     /* asked for where discovery does not say; NULL: a custom resource */
	const struct model *model;
	size_t offset, offset_n; /* of the array in struct inventory */
	const char *query;	 /* of a live list: "fieldSelector=…"; NULL */
	const char *ns;		 /* only this namespace; NULL: all */
	/* Looks at a decoded object on its way in; false: it is not kept. May be NULL. */
	bool (*prepare)(struct inventory *inventory, void *object, struct arena *arena);
};
extern const struct kube_kind inventory_kinds[];
extern const size_t inventory_n_kinds;
/* The row of an object; of kinds without one, that of `others`. Never NULL. */
const struct kube_kind *inventory_kind(const char *api_version, const char *kind);
/* The objects of one list, one after the other: what did not change since the one before is not looked at again. */
struct inventory_series {
	uint64_t changed; /* in: of the next object, as json_stream tells it; all ones: nothing is known */
	uint64_t touched; /* own: words of the last one that were changed on the way in */
	size_t last;	  /* own: where the last one is, and 1; 0: it was not taken */
};
/* Takes one decoded object of a kind (zeroed, decoded by its model into `arena`, which may go afterwards).
 * `api_version` and `kind_name` are the object's, where the object itself does not say (lists). `series` may be NULL.
 */
void inventory_take(struct inventory *inventory, const struct kube_kind *kind, const char *api_version,
		    const char *kind_name, void *object, struct arena *arena, struct inventory_series *series);
/* Takes one object by its JSON text. */
void inventory_take_text(struct inventory *inventory, struct slice text, struct arena *scratch);
/* An object as it came, for streams whose items are more than one kind or are kept as they are; and what takes it. */
struct inventory_object {
	const char *text;
};
extern const struct model inventory_object_model;
bool inventory_take_object(void *inventory, void *object, struct arena *scratch);
void inventory_bad(struct inventory *inventory, const char *kind, const char *detail); /* could not be read */
/* When everything was taken: each object once, newest Helm revisions only. */
void inventory_settle(struct inventory *inventory);

/* ---- sources */
void inventory_source(struct inventory *inventory, const char *name, enum source_status status, const char *detail);
/* From an error (borrowed; NULL: ok). One name told twice keeps the worse. */
void inventory_source_error(struct inventory *inventory, const char *name, const struct error *error);
const struct source *inventory_find_source(const struct inventory *inventory, const char *name);

/* ---- AWS */
/* "DescribeNodegroup" -> "describe_nodegroup", in the arena; as botocore and the aws client write it. */
const char *inventory_snake_name(struct arena *arena, const char *operation);
/* One call and its outcome; `request` and `response` are taken; `error` is borrowed, with response NULL. Tells the
 * source SERVICE:OPERATION as well. */
void inventory_aws_record(struct inventory *inventory, const char *service, const char *operation, json_t *request,
			  json_t *response, const struct error *error);
/* That a role, a key or a subnet is no more is an answer, not a failure. */
bool inventory_aws_absent(const char *snake_name, const char *code);
/* All calls of an operation ("describe_nodegroup"): a JSON list, maybe NULL. */
const json_t *inventory_aws_calls(const struct inventory *inventory, const char *snake_name);
/* The response of the first call that has one, or of the one whose request has `member` = `value`; NULL: none. */
const json_t *inventory_aws_response(const struct inventory *inventory, const char *snake_name);
const json_t *inventory_aws_response_for(const struct inventory *inventory, const char *snake_name, const char *member,
					 const char *value);
/* When everything was taken: errors in one form, policies unfolded, other clusters' calls dropped. */
void inventory_aws_settle(struct inventory *inventory);
/* The "cluster" of describe_cluster; NULL when it was not seen. */
const json_t *inventory_cluster(const struct inventory *inventory);

/* ---- metrics: one line of the API server's; others are passed over. */
void inventory_metric_line(struct inventory *inventory, struct slice line);
