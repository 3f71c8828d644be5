/* Inside the simulated Kubernetes cluster: its records and what its files ask of each other. An object is a record of a
 * few words; its JSON is made from templates (kube_text.c) when somebody looks. What a client changed beyond the words
 * of the record is kept as a merge patch over the template; what a client created is kept as a whole document. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/model.h"
#include "port/http.h"
#include "sim/kube.h"

/* Kinds that have templates or controllers, in the order of kube_resources[]. */
enum kube_kind_id {
	KIND_NAMESPACE,
	KIND_NODE,
	KIND_POD,
	KIND_SERVICE,
	KIND_CONFIGMAP,
	KIND_SECRET,
	KIND_SERVICEACCOUNT,
	KIND_PVC,
	KIND_PV,
	KIND_EVENT,
	KIND_DEPLOYMENT,
	KIND_REPLICASET,
	KIND_STATEFULSET,
	KIND_DAEMONSET,
	KIND_JOB,
	KIND_CRONJOB,
	KIND_HPA,
	KIND_PDB,
	KIND_INGRESS,
	KIND_INGRESSCLASS,
	KIND_LEASE,
	KIND_STORAGECLASS,
	KIND_CSINODE,
	KIND_CSIDRIVER,
	KIND_ENDPOINTSLICE,
	KIND_PRIORITYCLASS,
	KIND_CRD,
	KIND_APISERVICE,
	KIND_FLOWSCHEMA,
	KIND_CLUSTERROLE,
	KIND_CLUSTERROLEBINDING,
	KIND_BACKUP,
	KIND_BACKUPLOCATION,
	KIND_OTHERS /* the rest have neither */
};

struct kube_resource {
	const char *group, *version, *plural, *kind, *short_names; /* short names: comma-separated or "" */
	bool namespaced;
	bool in_all;		  /* `kubectl get all` */
	unsigned until_minor;	  /* served by versions before 1.N; 0: for ever */
	const char *subresources; /* "status,scale" */
	int alias;		  /* another row whose objects these are; -1: none */
};

struct sim_kube;
struct kube_workload;

/* The objects of one kind, in the order of the API: by namespace, then name. */
struct kube_kind {
	const struct kube_resource *resource;
	unsigned id; /* index in sim_kube.kinds */
	bool custom; /* by a CustomResourceDefinition */
	struct kube_object **items;
	size_t n, capacity, n_sorted;
	uint64_t last_rv; /* of the last change of any of them */
};

struct kube_object {
	struct kube_kind *kind;
	const char *ns, *name; /* ns: interned, NULL for cluster-wide kinds */
	uint64_t serial;       /* its uid follows from it */
	uint64_t rv, created_rv;
	int64_t created_ms, deleting_ms; /* 0: not being deleted */
	uint32_t generation;
	uint32_t index;			/* ordinal, variant: by kind */
	bool whole;			/* doc is all of it */
	bool leaving;			/* about to be gone, with others */
	bool gone, fixture;		/* fixture: source is a struct kube_fixture */
	json_t *doc;			/* whole document, or merge patch over the template, or NULL */
	struct kube_workload *workload; /* whose pods, service, budget … this is; NULL: none */
	const void *source;		/* by kind: struct kube_app, kube_node, a text */
	struct kube_object *next_gone;
};

enum workload_flag {
	WORKLOAD_STORAGE = 1,
	WORKLOAD_EMPTYDIR = 2,
	WORKLOAD_IRSA = 4,
	WORKLOAD_HOST_NETWORK = 8,
	WORKLOAD_CRITICAL = 16,
	WORKLOAD_INGRESS = 32,
	WORKLOAD_HPA = 64,
	WORKLOAD_TIGHT_PDB = 128,
	WORKLOAD_PDB = 256,
	WORKLOAD_SERVICE = 512,
	WORKLOAD_CONFIG = 1024,
	WORKLOAD_SECRET = 2048
};

struct kube_workload {
	struct kube_object object;				    /* Deployment, StatefulSet, DaemonSet, Job */
	struct kube_object *replica_set, *budget, *slice, *ingress; /* or NULL */
	struct kube_app *app;
	struct kube_pod *pods;	    /* by next/prev */
	struct kube_workload *next; /* of the app */
	const char *image;
	unsigned flags;
	unsigned cpu_m, memory_mi, port;
	unsigned replicas, n_pods, n_active, n_ready; /* n_active: not being deleted */
	int64_t changed_ms;			      /* when n_ready last changed */
	char hash[12];				      /* of the pod template */
	bool sick, finished;			      /* finished: a Job */
	bool reconciling;
	uint64_t counted;  /* the last count of a budget that saw it */
	unsigned revision; /* grows when the pod template changes */
	json_t *template;  /* of a client's own workload: spec.template; or NULL */
};

struct kube_app {
	const char *name; /* also its namespace */
	bool system;	  /* not an application of the user's */
	bool sick;
	struct kube_workload *workloads;
	int64_t created_ms;
	struct kube_object *ns;
};

enum pod_state { POD_PENDING, POD_CREATING, POD_STARTED, POD_READY, POD_CRASHING, POD_SUCCEEDED };

struct kube_pod {
	struct kube_object object;
	struct kube_node *node;
	struct kube_pod *next, *prev;
	enum pod_state state;
	unsigned restarts, revision;
	uint32_t ip;
	int64_t scheduled_ms, started_ms, ready_ms, crashed_ms;
	uint32_t place; /* while kube->placing stands; 0: none yet */
	char text[64];	/* its name, when it fits */
};

struct kube_node {
	struct kube_object object;
	const char *group, *type, *version;
	const struct kube_machine *machine;
	unsigned zone;
	uint32_t ip;
	unsigned n_pods;
	uint64_t round; /* of the last count of daemons */
	bool ready, unschedulable;
	int64_t ready_ms;
	struct kube_object *lease, *csi_node;
	struct place_node *place; /* while kube->placing stands */
};

struct kube_machine {
	const char *type;
	unsigned cpus, memory_gi, pods;
};

enum kube_timer_kind { TIMER_POD_STEP, TIMER_POD_GONE, TIMER_NODE_READY, TIMER_BACKUP, TIMER_RECONCILE, TIMER_INGRESS };
struct kube_timer {
	int64_t at_ms;
	uint64_t order;
	enum kube_timer_kind kind;
	struct kube_object *object;
	uint64_t serial; /* of the object when it was set: objects' memory is used again */
};

struct kube_joining { /* a node that is not in the API yet */
	int64_t at_ms, ready_ms;
	const char *group, *type, *version;
};

struct kube_template {
	char *text;
	size_t n;
};

struct sim_kube {
	struct arena *arena;
	const char *cluster, *name, *region, *account, *ingress_host, *version, *kubelet;
	unsigned minor;
	uint64_t seed, serial, rv, timer_order;
	int64_t now_ms, born_ms;
	bool building; /* all that is made has stood for long */
	struct kube_kind **kinds;
	size_t n_kinds;
	const char **namespaces; /* interned names */
	size_t n_namespaces;
	struct kube_app **apps;
	size_t n_apps;
	const char **app_names; /* of the user's, for sim_kube_apps */
	size_t n_app_names;
	struct kube_node **nodes;
	size_t n_nodes, node_cursor;
	uint64_t node_serial;
	struct kube_joining *joining;
	size_t n_joining;
	struct kube_pod **pending; /* waiting for a node */
	size_t n_pending;
	struct kube_pod *free_pods;
	bool ruled;		   /* a client brought a pod of its own: the scheduler's whole rules hold */
	struct placing *placing;   /* the scheduler's view, made when it is needed; or NULL */
	struct kube_timer *timers; /* binary heap */
	size_t n_timers, timers_capacity;
	struct kube_object *gone; /* deleted ones that watches may still tell of; newest first */
	size_t n_gone;
	uint64_t compacted_rv, next_compacted_rv;
	int64_t compacted_ms;
	struct kube_template *templates;
	int64_t stamp_day_number;
	char stamp_text[16];
	struct kube_note *notes; /* ring of what happened, see kube_events.c */
	size_t n_notes, told_notes;
	uint64_t deprecated_requests; /* of flowcontrol v1beta3, told in /metrics */
	int64_t deprecated_ms;	      /* the last of them, and whose it was: not saved */
	char deprecated_agent[128];
};

/* ---- kube.c */
struct sim_kube *kube_new_bare(const struct sim_kube_profile *profile);

/* ---- kube_store.c: records, versions, timers */
extern const struct kube_resource kube_resources[];
extern const size_t kube_n_resources;
struct kube_kind *kube_kind_find(struct sim_kube *kube, struct slice group, struct slice version, struct slice plural);
static inline struct kube_kind *kube_kind_of(struct sim_kube *kube, enum kube_kind_id id)
{
	return kube->kinds[id];
}
bool kube_served(const struct sim_kube *kube, const struct kube_resource *resource);
const char *kube_intern(struct sim_kube *kube, struct slice ns);
/* Puts a new record among its kind; sets serial, versions, times. */
void kube_insert(struct sim_kube *kube, enum kube_kind_id kind, struct kube_object *object, const char *ns,
		 const char *name);
void kube_insert_into(struct sim_kube *kube, struct kube_kind *kind, struct kube_object *object, const char *ns,
		      const char *name);
struct kube_object *kube_find(struct kube_kind *kind, const char *ns, const char *name);
size_t kube_lower_bound(struct kube_kind *kind, const char *ns, const char *name);
void kube_touch(struct sim_kube *kube, struct kube_object *object);  /* a new resourceVersion */
void kube_remove(struct sim_kube *kube, struct kube_object *object); /* gone; watches may still tell of it */
void kube_remove_leaving(struct sim_kube *kube, struct kube_kind *kind);
void kube_sort(struct kube_kind *kind);
void kube_timer_set(struct sim_kube *kube, int64_t at_ms, enum kube_timer_kind kind, struct kube_object *object);
bool kube_timer_due(struct sim_kube *kube, int64_t now_ms, struct kube_timer *ret);
void kube_compact(struct sim_kube *kube);
void kube_uid(const struct sim_kube *kube, uint64_t serial, char out[37]);
uint64_t kube_hash(uint64_t a, uint64_t b);
char *kube_suffix(uint64_t hash, unsigned n, char *out); /* n letters as generateName makes them, and a NUL */
struct kube_object *kube_new_object(struct sim_kube *kube, enum kube_kind_id kind, const char *ns, const char *name,
				    struct kube_workload *workload);

/* ---- kube_apps.c: what stands in a cluster */
void kube_build(struct sim_kube *kube, const struct cluster_state *snapshot);
struct kube_app *kube_app_find(const struct sim_kube *kube, const char *name);
struct kube_app *kube_app_new(struct sim_kube *kube, const char *name, bool system);

/* ---- kube_nodes.c */
struct kube_node *kube_node_new(struct sim_kube *kube, const char *group, const char *type, int64_t created_ms,
				int64_t ready_ms);
int64_t kube_join_next_ms(const struct sim_kube *kube);
void kube_join_due(struct sim_kube *kube);
const struct kube_machine *kube_machine_of(const char *type);
void kube_node_ready(struct sim_kube *kube, struct kube_node *node);
void kube_node_remove(struct sim_kube *kube, struct kube_node *node);

/* ---- kube_pods.c, kube_schedule.c, kube_reconcile.c, kube_budget.c: pods and their controllers */
struct kube_pod *kube_pod_new(struct sim_kube *kube, struct kube_workload *workload, unsigned ordinal,
			      struct kube_node *node);
void kube_pod_step(struct sim_kube *kube, struct kube_pod *pod);
void kube_pod_delete(struct sim_kube *kube, struct kube_pod *pod, int64_t grace_ms);
void kube_pod_gone(struct sim_kube *kube, struct kube_pod *pod);
int64_t kube_pod_grace_ms(const struct kube_pod *pod);				    /* as its template says */
size_t kube_pods_in(struct sim_kube *kube, const char *ns, struct kube_pod ***ret); /* free(*ret) */
void kube_pods_leave_nodes(struct sim_kube *kube); /* the pods of nodes that are leaving are gone, and replaced */
void kube_reconcile(struct sim_kube *kube, struct kube_workload *workload);
struct kube_pod *kube_pod_alloc(struct sim_kube *kube);
void kube_pod_place(struct sim_kube *kube, struct kube_pod *pod); /* onto a node, or into the queue */
void kube_pod_bind(struct sim_kube *kube, struct kube_pod *pod, struct kube_node *node);
uint64_t kube_pod_random(struct sim_kube *kube, struct kube_pod *pod, uint64_t salt); /* follows from the pod */
void kube_schedule_pending(struct sim_kube *kube);
bool kube_pod_is_own(const struct kube_pod *pod); /* a client's template or document, not one of the built-in apps */
void kube_placing_node_new(struct sim_kube *kube, struct kube_node *node);
void kube_placing_node_state(struct sim_kube *kube, struct kube_node *node); /* ready or cordoned has changed */
void kube_placing_node_gone(struct sim_kube *kube, struct kube_node *node);
void kube_placing_drop(struct sim_kube *kube); /* labels or taints have changed: made anew when it is needed */
void kube_workload_changed(struct sim_kube *kube, struct kube_workload *workload);
void kube_workload_set_sick(struct sim_kube *kube, struct kube_workload *workload, bool sick);
/* A budget's numbers now. */
struct kube_budget {
	int64_t expected, healthy, desired, allowed;
};
void kube_budget(struct sim_kube *kube, struct kube_object *pdb, struct kube_budget *ret);
bool kube_budget_covers(struct sim_kube *kube, struct kube_object *pdb, struct kube_pod *pod);

/* ---- kube_events.c */
enum kube_reason {
	REASON_SCHEDULED,
	REASON_STARTED,
	REASON_KILLING,
	REASON_BACKOFF,
	REASON_UNSCHEDULABLE,
	REASON_NODE_READY,
	REASON_CORDONED
};
void kube_note(struct sim_kube *kube, enum kube_reason reason, struct kube_object *object, const char *node);
void kube_sync_events(struct sim_kube *kube);

/* ---- kube_out.c, kube_text.c, kube_values.c, kube_fill.c, kube_labels.c, kube_render.c: records to JSON */
struct kube_out {
	struct http_sink *sink;
	struct buf *body;
	char *block;
	size_t used;
	void *scratch; /* of kube_render, between the items of a list */
	bool stopped;
};
enum { KUBE_BLOCK = 1 << 16 };
void kube_out_bytes(struct kube_out *out, const char *bytes, size_t n);
void kube_out_text(struct kube_out *out, const char *text);
void kube_out_printf(struct kube_out *out, const char *format, ...) PRINTF_LIKE(2, 3);
void kube_out_document(struct kube_out *out, const json_t *document);
void kube_out_end(struct kube_out *out);

struct kube_labels {
	struct pair pairs[24];
	size_t n;
	char scratch[256];
};
void kube_labels_of(struct sim_kube *kube, struct kube_object *object, struct kube_labels *ret);
enum kube_form { FORM_WHOLE, FORM_ITEM, FORM_METADATA };
void kube_render(struct sim_kube *kube, struct kube_object *object, enum kube_form form, struct kube_out *out);
json_t *kube_document(struct sim_kube *kube, struct kube_object *object); /* new, whole, the caller's to change */
json_t *kube_view(struct sim_kube *kube, struct kube_object *object);	  /* the same, not to be changed */
const char *kube_stamp(struct sim_kube *kube, int64_t ms, char out[24]);  /* "2026-11-24T00:00:00Z" */
const char *kube_api_version(const struct kube_kind *kind, char out[128]);

/* ---- kube_patch.c: documents */
void kube_merge_patch(json_t *target, const json_t *patch);	      /* RFC 7396, in place */
json_t *kube_merge_diff(const json_t *from, const json_t *to);	      /* new reference; NULL when equal */
const char *kube_merge_key(const char *field, const json_t *element); /* of a list's elements; NULL: none */
struct error *kube_json_patch(json_t *target, const json_t *operations) MUST_CHECK; /* RFC 6902 */
void kube_strategic_patch(json_t *target, const json_t *patch);

/* ---- requests */
struct kube_query {
	struct pair *pairs;
	size_t n;
};
struct kube_request {
	struct sim_kube *kube;
	const struct http_request *http;
	struct http_response *response;
	struct arena *arena;
	struct kube_query query;
	struct slice segments[12];
	size_t n_segments;
	struct kube_kind *kind; /* what is asked for */
	const struct kube_resource *resource;
	const char *ns, *name, *subresource; /* or NULL */
	bool dry_run;
};
const char *kube_query_get(const struct kube_request *request, const char *name); /* NULL: absent */
bool kube_query_true(const struct kube_request *request, const char *name);
const char *kube_header(const struct kube_request *request, const char *name); /* NULL: absent */
void kube_reply_text(struct kube_request *request, int status, const char *type, const char *text);
void kube_reply_json(struct kube_request *request, int status, json_t *document); /* taken */
void kube_reply_object(struct kube_request *request, int status, struct kube_object *object);
void kube_reply_status(struct kube_request *request, int status, const char *reason, const char *format, ...)
	PRINTF_LIKE(4, 5);
void kube_reply_not_found(struct kube_request *request);
json_t *kube_status(struct kube_request *request, int status, const char *reason, const char *message);
void kube_out_begin(struct kube_request *request, struct kube_out *out, const char *type);
const char *kube_resource_name(const struct kube_request *request, char out[256]); /* "deployments.apps" */
enum kube_accept { ACCEPT_OBJECT, ACCEPT_TABLE, ACCEPT_METADATA };
enum kube_accept kube_accept(const struct kube_request *request);

/* kube_select.c */
struct kube_selector;
bool kube_selector_parse(struct kube_request *request, const char *labels, const char *fields,
			 struct kube_selector **ret); /* false: replied */
bool kube_selector_matches(struct sim_kube *kube, const struct kube_selector *selector, struct kube_object *object);
bool kube_selector_empty(const struct kube_selector *selector);
/* A metav1.LabelSelector document against labels. */
bool kube_label_selector_matches(const json_t *selector, const struct kube_labels *labels);

/* kube_list.c, kube_watch.c, kube_table.c, kube_write.c, kube_delete.c, kube_evict.c, kube_discovery.c, kube_other.c */
void kube_serve_list(struct kube_request *request);
void kube_serve_watch(struct kube_request *request, struct kube_selector *selector);
json_t *kube_table(struct kube_request *request, struct kube_object *const *objects, size_t n, bool columns,
		   json_t *metadata);
void kube_serve_create(struct kube_request *request);
void kube_serve_update(struct kube_request *request, struct kube_object *object);
void kube_serve_patch(struct kube_request *request, struct kube_object *object);
void kube_serve_delete(struct kube_request *request, struct kube_object *object);
void kube_serve_delete_all(struct kube_request *request);
void kube_serve_eviction(struct kube_request *request, struct kube_object *object);
void kube_serve_log(struct kube_request *request, struct kube_object *object);
void kube_serve_scale(struct kube_request *request, struct kube_object *object);
bool kube_serve_discovery(struct kube_request *request); /* false: not its path */
bool kube_serve_other(struct kube_request *request);	 /* false: not its path */
bool kube_serve_review(struct kube_request *request);	 /* creations that only answer; false: not one */
/* A client's body as a document; false: replied. */
bool kube_body(struct kube_request *request, json_t **ret);
json_t *kube_parse_body(const struct kube_request *request); /* JSON or YAML; NULL: neither */

/* kube_check.c. False: replied. */
bool kube_check_list(struct kube_request *request);    /* the options of a list or watch */
bool kube_check_dry_run(struct kube_request *request); /* settles request->dry_run */
/* What `document` says of the object `name`; `old`: what it was, NULL for a new one. */
bool kube_check_object(struct kube_request *request, const char *name, const json_t *old, const json_t *document);

/* kube_delete.c, for controllers: deletes in the way of the API server (namespaces take their objects along, workloads
 * their pods). */
void kube_delete_object(struct sim_kube *kube, struct kube_object *object, int64_t grace_ms);
/* kube_write.c */
bool kube_no_finalizers(const json_t *document);
void kube_stamp_metadata(struct sim_kube *kube, struct kube_object *object,
			 json_t *document); /* what the server sets */
/* Makes `document` (shared from then on) what the object is, after `old`, its view; `status`: its status too. */
void kube_store_document(struct sim_kube *kube, struct kube_object *object, const json_t *old, json_t *document,
			 bool status);
struct kube_object *kube_create_document(struct sim_kube *kube, struct kube_kind *kind, const char *ns,
					 const char *name, json_t *document);
void kube_create_checked(struct kube_request *request, json_t *document); /* taken */
void kube_finish_write(struct kube_request *request, struct kube_object *object, json_t *old,
		       json_t *document); /* both taken */
/* kube_apply.c: who manages which field */
void kube_managed_update(struct kube_request *request, const char *manager, const json_t *old, json_t *document);
void kube_serve_apply(struct kube_request *request, struct kube_object *object);
/* kube_own.c: clients' own workloads, jobs and backups. */
void kube_adopt(struct sim_kube *kube, struct kube_object *object);
void kube_backup_step(struct sim_kube *kube, struct kube_object *backup);
/* Pods of clients end by themselves when they belong to a Job or are never to be restarted. */
bool kube_own_finishes(struct kube_pod *pod);
void kube_own_finished(struct sim_kube *kube, struct kube_pod *pod);
void kube_own_changed(struct sim_kube *kube, struct kube_object *object, bool pod_template);
void kube_own_definition_gone(struct sim_kube *kube, struct kube_object *definition);
void kube_own_status(struct sim_kube *kube, struct kube_workload *workload);
/* A namespace that is being deleted goes when its last pod has gone. */
void kube_namespace_settle(struct sim_kube *kube, const char *ns);
json_t *kube_own_pod(struct sim_kube *kube, struct kube_pod *pod);

static inline struct kube_pod *kube_pod_of(struct kube_object *object)
{
	return CONTAINER_OF(object, struct kube_pod, object);
}
static inline struct kube_node *kube_node_of(struct kube_object *object)
{
	return CONTAINER_OF(object, struct kube_node, object);
}
static inline struct kube_workload *kube_workload_of(struct kube_object *object)
{
	return CONTAINER_OF(object, struct kube_workload, object);
}
