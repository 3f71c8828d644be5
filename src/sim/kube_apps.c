/* What stands in a simulated cluster: the applications of a shop, EKS's own add-ons, and the objects around them. */
#include "sim/kube_text.h"

#include <stdio.h>
#include <stdlib.h>
#include "models/cluster_state.h"

static const char *const app_words[] = {
	"web",		 "cart",      "payments", "catalog",   "search",     "checkout", "orders",
	"inventory",	 "shipping",  "accounts", "pricing",   "promotions", "reviews",	 "recommendations",
	"notifications", "email",     "sms",	  "wishlist",  "returns",    "fraud",	 "ledger",
	"invoices",	 "tax",	      "currency", "media",     "images",     "sessions", "identity",
	"audit",	 "analytics", "reports",  "feeds",     "partners",   "loyalty",	 "giftcards",
	"stores",	 "warehouse", "couriers", "telemetry", "experiments"};

struct size {
	const char *cluster;
	unsigned apps, factor;		   /* replicas of a service: factor/2 to factor*3/2 */
	unsigned general, compute, memory; /* nodes */
	const char *general_type;
};
static const struct size sizes[] = {{"small", 6, 2, 3, 0, 0, "m6i.2xlarge"},
				    {"medium", 38, 8, 24, 12, 4, "m6i.xlarge"},
				    {"large", 150, 160, 700, 250, 50, "m6i.4xlarge"},
				    {"empty", 0, 0, 0, 0, 0, "m6i.xlarge"}};

struct kube_app *kube_app_find(const struct sim_kube *kube, const char *name)
{
	for (size_t i = 0; i < kube->n_apps; i++)
		if (strcmp(kube->apps[i]->name, name) == 0)
			return kube->apps[i];
	return NULL;
}

struct kube_app *kube_app_new(struct sim_kube *kube, const char *name, bool system)
{
	struct kube_app *app = arena_alloc(kube->arena, sizeof *app);
	app->name = kube_intern(kube, slice_of(name));
	app->system = system;
	app->created_ms = kube->building
				  ? kube->now_ms - (int64_t)(30 + kube_hash(kube->seed, kube->n_apps) % 170) * DAY_MS -
					    7 * HOUR_MS
				  : kube->now_ms;
	*HEAP_PUSH(kube->apps, kube->n_apps) = app;
	if (!system)
		*HEAP_PUSH(kube->app_names, kube->n_app_names) = app->name;
	app->ns = kube_find(kube_kind_of(kube, KIND_NAMESPACE), NULL, app->name);
	if (!app->ns) {
		app->ns = arena_alloc(kube->arena, sizeof *app->ns);
		app->ns->created_ms = app->created_ms;
		kube_insert(kube, KIND_NAMESPACE, app->ns, NULL, app->name);
	}
	return app;
}

static const char *name_of(struct sim_kube *kube, const char *first, const char *rest)
{
	size_t n = strlen(first), m = strlen(rest);
	char *text = arena_alloc(kube->arena, n + m + 1);
	memcpy(text, first, n);
	memcpy(text + n, rest, m);
	return text;
}

static void add_claims(struct sim_kube *kube, struct kube_workload *w)
{
	for (unsigned i = 0; i < w->replicas; i++) {
		char name[160], uid[48] = "pvc-";
		snprintf(name, sizeof name, "data-%s-%u", w->object.name, i);
		struct kube_object *claim = kube_find(kube_kind_of(kube, KIND_PVC), w->object.ns, name);
		if (claim)
			continue;
		claim = kube_new_object(kube, KIND_PVC, w->object.ns, arena_strdup(kube->arena, name), w);
		kube_uid(kube, claim->serial, uid + 4);
		kube_new_object(kube, KIND_PV, NULL, arena_strdup(kube->arena, uid), w)->source = claim;
	}
}

/* The objects that stand around a workload. */
static void add_companions(struct sim_kube *kube, struct kube_workload *w)
{
	const char *ns = w->object.ns, *name = w->object.name;
	kube_new_object(kube, KIND_SERVICEACCOUNT, ns, name, w);
	if (w->flags & WORKLOAD_CONFIG)
		kube_new_object(kube, KIND_CONFIGMAP, ns, name_of(kube, name, "-config"), w);
	if (w->flags & WORKLOAD_SECRET)
		kube_new_object(kube, KIND_SECRET, ns, name_of(kube, name, "-credentials"), w);
	if (w->flags & WORKLOAD_SERVICE) {
		kube_new_object(kube, KIND_SERVICE, ns, name, w);
		char suffix[8] = "-";
		kube_suffix(kube_hash(kube->seed, kube->serial), 5, suffix + 1);
		w->slice = kube_new_object(kube, KIND_ENDPOINTSLICE, ns, name_of(kube, name, suffix), w);
	}
	if (w->flags & (WORKLOAD_PDB | WORKLOAD_TIGHT_PDB))
		w->budget = kube_new_object(kube, KIND_PDB, ns, name_of(kube, name, "-pdb"), w);
	if (w->flags & WORKLOAD_HPA)
		kube_new_object(kube, KIND_HPA, ns, name, w);
	if (w->flags & WORKLOAD_INGRESS) {
		w->ingress = kube_new_object(kube, KIND_INGRESS, ns, name, w);
		w->ingress->index = kube->building;
	}
	if (w->flags & WORKLOAD_STORAGE)
		add_claims(kube, w);
}

/* What EKS and its add-ons run: the version that goes with the cluster's minor. */
static const char *system_tag(struct sim_kube *kube, const char *name)
{
	static const struct {
		const char *name, *tag;
	} rows[] = {{"aws-node", "v1.20.4-eksbuild.1"},	   {"coredns", "v1.12.4-eksbuild.1"},
		    {"ebs-csi-node", "v1.48.0"},	   {"ebs-csi-controller", "v1.48.0"},
		    {"eks-pod-identity-agent", "v0.1.33"}, {"aws-load-balancer-controller", "v2.14.1"},
		    {"metrics-server", "v0.8.0"},	   {"velero", "v1.17.0"}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, name))
			return rows[i].tag;
	return arena_printf(kube->arena, "v1.%u.0%s", kube->minor,
			    strcmp(name, "kube-proxy") ? "" : "-minimal-eksbuild.4");
}

static struct kube_workload *kube_workload_new(struct sim_kube *kube, struct kube_app *app, enum kube_kind_id kind,
					       const char *name, unsigned replicas, unsigned flags)
{
	struct kube_workload *w = arena_alloc(kube->arena, sizeof *w);
	uint64_t hash = kube_hash(kube->seed ^ 0x5eed, kube->serial);
	w->app = app;
	w->flags = flags;
	w->replicas = replicas;
	w->port = 8080;
	w->cpu_m = 100 + (unsigned)(hash % 4) * 100;
	w->memory_mi = 256u << (hash >> 8) % 3;
	kube_suffix(hash, 10, w->hash);
	char version[160];
	if (app->system)
		snprintf(version, sizeof version, "602401143452.dkr.ecr.%s.amazonaws.com/eks/%s:%s", kube->region, name,
			 system_tag(kube, name));
	else
		snprintf(version, sizeof version, "%s.dkr.ecr.%s.amazonaws.com/%s/%s:2026.%u.%u", kube->account,
			 kube->region, kube->name, name, 1 + (unsigned)(hash >> 20) % 11,
			 100 + (unsigned)(hash >> 30) % 900);
	w->image = arena_strdup(kube->arena, version);
	w->object.created_ms = app->created_ms;
	w->object.workload = w;
	kube_insert(kube, kind, &w->object, app->name, arena_strdup(kube->arena, name));
	struct kube_workload **link = &app->workloads;
	while (*link)
		link = &(*link)->next;
	*link = w;
	if (kind == KIND_DEPLOYMENT) {
		char suffix[16] = "-";
		memcpy(suffix + 1, w->hash, 11);
		w->replica_set =
			kube_new_object(kube, KIND_REPLICASET, app->name, name_of(kube, w->object.name, suffix), w);
	}
	add_companions(kube, w);
	return w;
}

/* One application of the shop by its number: what it is made of follows from the number, so that Blue's and Green's
 * agree. */
static void build_app(struct sim_kube *kube, struct kube_app *app, unsigned number, unsigned factor)
{
	char name[96];
	unsigned usual = WORKLOAD_SERVICE | WORKLOAD_CONFIG | WORKLOAD_PDB;
	unsigned hash = (unsigned)(kube_hash(4711, number) & 0xffff);
	unsigned replicas = factor / 2 + hash % (factor + 1);
	unsigned flags = usual | (number % 3 == 1 ? WORKLOAD_IRSA : 0) | (number % 2 == 0 ? WORKLOAD_HPA : 0) |
			 (number == 0 ? WORKLOAD_INGRESS : 0) | (number % 4 == 0 ? WORKLOAD_SECRET : 0) |
			 (number % 7 == 3 ? WORKLOAD_EMPTYDIR : 0);
	kube_workload_new(kube, app, KIND_DEPLOYMENT, app->name, replicas < 2 ? 2 : replicas, flags);
	if (number % 3 == 0 && number > 0) {
		snprintf(name, sizeof name, "%s-worker", app->name);
		kube_workload_new(kube, app, KIND_DEPLOYMENT, name, 1 + factor / 4 + hash % 3,
				  WORKLOAD_CONFIG | (hash & 64 ? WORKLOAD_IRSA : 0));
	}
	if (number % 4 == 2 || number == 1) {
		bool lonely = number == 2; /* payments-redis: its budget allows no disruption */
		snprintf(name, sizeof name, "%s-redis", app->name);
		kube_workload_new(kube, app, KIND_STATEFULSET, name, lonely || factor < 4 ? 1 : 3,
				  WORKLOAD_SERVICE | WORKLOAD_CONFIG | WORKLOAD_STORAGE |
					  (lonely	? WORKLOAD_TIGHT_PDB
					   : factor < 4 ? 0
							: WORKLOAD_PDB));
	}
	if (number % 5 == 3) {
		snprintf(name, sizeof name, "%s-report", app->name);
		kube_workload_new(kube, app, KIND_CRONJOB, name, 0, WORKLOAD_CONFIG);
		snprintf(name, sizeof name, "%s-report-%u", app->name, 29700000 + number);
		kube_workload_new(kube, app, KIND_JOB, name, 1, 0);
	}
}

static void build_system(struct sim_kube *kube, bool velero)
{
	static const struct {
		enum kube_kind_id kind;
		const char *name;
		unsigned replicas, flags;
	} parts[] = {{KIND_DAEMONSET, "aws-node", 0, WORKLOAD_HOST_NETWORK | WORKLOAD_CRITICAL | WORKLOAD_IRSA},
		     {KIND_DAEMONSET, "kube-proxy", 0, WORKLOAD_HOST_NETWORK | WORKLOAD_CRITICAL},
		     {KIND_DAEMONSET, "ebs-csi-node", 0, WORKLOAD_CRITICAL},
		     {KIND_DAEMONSET, "eks-pod-identity-agent", 0, WORKLOAD_HOST_NETWORK | WORKLOAD_CRITICAL},
		     {KIND_DEPLOYMENT, "coredns", 2, WORKLOAD_CRITICAL | WORKLOAD_PDB | WORKLOAD_SERVICE},
		     {KIND_DEPLOYMENT, "ebs-csi-controller", 2, WORKLOAD_CRITICAL | WORKLOAD_PDB},
		     {KIND_DEPLOYMENT, "aws-load-balancer-controller", 2,
		      WORKLOAD_CRITICAL | WORKLOAD_IRSA | WORKLOAD_SERVICE},
		     {KIND_DEPLOYMENT, "metrics-server", 2, WORKLOAD_CRITICAL | WORKLOAD_SERVICE | WORKLOAD_PDB},
		     {KIND_DEPLOYMENT, "cluster-autoscaler", 1, WORKLOAD_CRITICAL | WORKLOAD_IRSA}};
	struct kube_app *system = kube_app_new(kube, "kube-system", true);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		kube_workload_new(kube, system, parts[i].kind, parts[i].name, parts[i].replicas, parts[i].flags);
	kube_app_new(kube, "default", true);
	kube_app_new(kube, "kube-public", true);
	kube_app_new(kube, "kube-node-lease", true);
	if (velero) {
		struct kube_app *backups = kube_app_new(kube, "velero", true);
		kube_workload_new(kube, backups, KIND_DEPLOYMENT, "velero", 1, WORKLOAD_IRSA);
		kube_new_object(kube, KIND_BACKUPLOCATION, backups->name, "default", NULL)->created_ms =
			backups->created_ms;
	}
}

static void build_fixtures(struct sim_kube *kube)
{
	for (size_t i = 0; i < kube_n_fixtures; i++) {
		const struct kube_fixture *fixture = &kube_fixtures[i];
		struct kube_object *object = arena_alloc(kube->arena, sizeof *object);
		object->fixture = true;
		object->source = fixture;
		object->created_ms = kube->born_ms;
		kube_insert(kube, fixture->kind, object, fixture->ns ? kube_intern(kube, slice_of(fixture->ns)) : NULL,
			    fixture->name);
	}
	for (size_t i = 0; i < kube_n_resources; i++) {
		const struct kube_resource *resource = &kube_resources[i];
		bool custom = strcmp(resource->group, "velero.io") == 0;
		char name[160];
		snprintf(name, sizeof name, "%s.%s", custom ? resource->plural : resource->version, resource->group);
		enum kube_kind_id kind = custom ? KIND_CRD : KIND_APISERVICE;
		if (!resource->group[0])
			snprintf(name, sizeof name, "%s.", resource->version);
		if (kube_find(kube_kind_of(kube, kind), NULL, name))
			continue;
		struct kube_object *object = arena_alloc(kube->arena, sizeof *object);
		object->source = resource;
		object->created_ms = kube->born_ms;
		kube_insert(kube, kind, object, NULL, arena_strdup(kube->arena, name));
	}
}

/* Puts every workload's pods onto the nodes, as if all had run for long. */
static void settle(struct sim_kube *kube)
{
	for (size_t i = 0; i < kube->n_apps; i++)
		for (struct kube_workload *w = kube->apps[i]->workloads; w; w = w->next)
			kube_reconcile(kube, w);
}

/* What a cluster brings along itself is the simulator's own, in Blue as in Green. */
static bool is_own(const char *ns)
{
	return strncmp(ns, "kube-", 5) == 0 || strcmp(ns, "velero") == 0 || strcmp(ns, "default") == 0;
}

static bool has_host(const struct cluster_state *state, const struct workload_info *info, const char *kind)
{
	for (size_t i = 0; i < state->n_services; i++)
		if (strcmp(state->services[i].kind, kind) == 0 && strcmp(state->services[i].ns, info->ns) == 0 &&
		    strcmp(state->services[i].name, info->name) == 0)
			return true;
	return false;
}

/* The workload that the users reach: the one named as an Ingress is; else the first of its namespace, of any. */
static const struct workload_info *users_workload(const struct cluster_state *state)
{
	const struct workload_info *near = NULL, *any = NULL;
	for (size_t i = 0; i < state->n_workloads; i++) {
		const struct workload_info *info = &state->workloads[i];
		if (is_own(info->ns) || strcmp(info->kind, "Deployment") != 0)
			continue;
		if (has_host(state, info, "Ingress"))
			return info;
		for (size_t k = 0; k < state->n_services && !near; k++)
			if (strcmp(state->services[k].kind, "Ingress") == 0 &&
			    strcmp(state->services[k].ns, info->ns) == 0)
				near = info;
		any = any ? any : info;
	}
	return near ? near : any;
}

static void build_snapshot_workload(struct sim_kube *kube, const struct cluster_state *state,
				    const struct workload_info *info, bool users)
{
	static const enum kube_kind_id kinds[] = {KIND_DEPLOYMENT, KIND_STATEFULSET, KIND_DAEMONSET};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kube_resources[kinds[i]].kind, info->kind) != 0)
			continue;
		struct kube_app *app = kube_app_find(kube, info->ns);
		if (!app)
			app = kube_app_new(kube, info->ns, false);
		unsigned flags = info->has_storage ? WORKLOAD_STORAGE : 0;
		if (users || has_host(state, info, "Ingress"))
			flags |= WORKLOAD_INGRESS | WORKLOAD_SERVICE;
		if (has_host(state, info, "Service"))
			flags |= WORKLOAD_SERVICE;
		kube_workload_new(kube, app, kinds[i], info->name, info->replicas > 0 ? (unsigned)info->replicas : 0,
				  flags);
	}
}

static void build_snapshot(struct sim_kube *kube, const struct cluster_state *state)
{
	for (size_t i = 0; i < state->n_nodes; i++) {
		const struct node_info *info = &state->nodes[i];
		kube_node_new(kube, info->node_group ? info->node_group : "general", "m6i.2xlarge",
			      kube->now_ms - 20 * DAY_MS, kube->now_ms - 20 * DAY_MS);
	}
	const struct workload_info *users = users_workload(state);
	build_system(kube, true);
	for (size_t i = 0; i < state->n_workloads; i++)
		if (!is_own(state->workloads[i].ns))
			build_snapshot_workload(kube, state, &state->workloads[i], users == &state->workloads[i]);
}

static void build_nodes(struct sim_kube *kube, const char *group, const char *type, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int64_t created_ms = kube->now_ms - (int64_t)(3 + kube_hash(kube->seed, i) % 40) * DAY_MS -
				     (int64_t)i * 41 * MINUTE_MS;
		kube_node_new(kube, group, type, created_ms, created_ms + 40 * SECOND_MS);
	}
}

void kube_build(struct sim_kube *kube, const struct cluster_state *snapshot)
{
	const struct size *size = &sizes[ARRAY_SIZE(sizes) - 1];
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (strcmp(sizes[i].cluster, kube->cluster) == 0)
			size = &sizes[i];
	kube->building = size->general > 0 || snapshot;
	if (snapshot) {
		build_snapshot(kube, snapshot);
	} else {
		build_nodes(kube, "general", size->general_type, size->general);
		build_nodes(kube, "compute", "c6i.2xlarge", size->compute);
		build_nodes(kube, "memory", "r6i.xlarge", size->memory);
		build_system(kube, true);
		for (unsigned i = 0; i < size->apps; i++) {
			char name[64];
			unsigned round = i / ARRAY_SIZE(app_words);
			const char *word = app_words[i % ARRAY_SIZE(app_words)];
			if (round == 0)
				snprintf(name, sizeof name, "%s", word);
			else
				snprintf(name, sizeof name, "%s-%u", word, round + 1);
			struct kube_app *app = kube_app_new(kube, name, false);
			build_app(kube, app, i, size->factor);
		}
	}
	build_fixtures(kube);
	settle(kube);
	kube->building = false;
}

/* The same words on another cluster: Git says what an application is, not what somebody did to it by hand. */
void sim_kube_copy_app(struct sim_kube *from, const char *name, struct sim_kube *to, int64_t now_ms)
{
	struct kube_app *source = kube_app_find(from, name);
	if (!source || kube_app_find(to, name))
		return;
	if (now_ms > to->now_ms)
		sim_kube_advance(to, now_ms);
	struct kube_app *app = kube_app_new(to, name, source->system);
	for (struct kube_workload *w = source->workloads; w; w = w->next) {
		if (w->object.gone || w->template)
			continue;
		if (w->object.kind->id == KIND_JOB) /* made by the other cluster's CronJob */
			continue;
		struct kube_workload *copy =
			kube_workload_new(to, app, w->object.kind->id, w->object.name, w->replicas, w->flags);
		copy->image = arena_strdup(to->arena, w->image);
		copy->cpu_m = w->cpu_m;
		copy->memory_mi = w->memory_mi;
		memcpy(copy->hash, w->hash, sizeof copy->hash);
		copy->sick = app->sick;
		kube_reconcile(to, copy);
	}
	kube_schedule_pending(to);
}

void sim_kube_delete_app(struct sim_kube *kube, const char *name, int64_t now_ms)
{
	struct kube_app *app = kube_app_find(kube, name);
	if (!app)
		return;
	if (now_ms > kube->now_ms)
		sim_kube_advance(kube, now_ms);
	kube_delete_object(kube, app->ns, 0);
}

size_t sim_kube_apps(const struct sim_kube *kube, const char *const **ret_names)
{
	*ret_names = kube->app_names;
	return kube->n_app_names;
}
