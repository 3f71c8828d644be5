/* Records to JSON: expands the templates of kube_text.c with a record's values. A list of thousands of pods is one pass
 * of memcpy into blocks that go to the reader as they fill. */
#include "sim/kube_text.h"

#include <stdio.h>
#include <stdlib.h>
#include "codec/document.h"

/* Values by letter. Those of the workload stay while consecutive pods share it. */
struct vars {
	struct slice v[128];
	const struct kube_workload *workload;
	char shared[4096];
	size_t shared_used;
	char own[4096];
	size_t used;
};

void kube_out_bytes(struct kube_out *out, const char *bytes, size_t n)
{
	if (!out->sink) {
		buf_append(out->body, bytes, n);
		return;
	}
	while (n > 0 && !out->stopped) {
		size_t part = KUBE_BLOCK - out->used < n ? KUBE_BLOCK - out->used : n;
		memcpy(out->block + out->used, bytes, part);
		out->used += part;
		bytes += part;
		n -= part;
		if (out->used == KUBE_BLOCK) {
			out->stopped = !out->sink->write(out->sink->context, out->block, out->used);
			out->used = 0;
		}
	}
}

void kube_out_text(struct kube_out *out, const char *text)
{
	kube_out_bytes(out, text, strlen(text));
}

void kube_out_printf(struct kube_out *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = mem_vprintf(format, args);
	va_end(args);
	kube_out_text(out, text);
	free(text);
}

void kube_out_end(struct kube_out *out)
{
	if (out->sink && out->used > 0 && !out->stopped)
		out->stopped = !out->sink->write(out->sink->context, out->block, out->used);
	free(out->block);
	free(out->scratch);
	out->block = NULL;
	out->scratch = NULL;
	out->used = 0;
}

const char *kube_stamp(struct sim_kube *kube, int64_t ms, char out[24])
{
	int64_t second = ms / SECOND_MS, day = second / 86400;
	if (day != kube->stamp_day_number || !kube->stamp_text[0]) {
		char text[TIME_TEXT];
		time_format_rfc3339(day * DAY_MS, text);
		memcpy(kube->stamp_text, text, 11);
		kube->stamp_day_number = day;
	}
	memcpy(out, kube->stamp_text, 11);
	unsigned rest = (unsigned)(second % 86400), hour = rest / 3600, minute = rest / 60 % 60;
	rest %= 60;
	char *p = out + 11;
	*p++ = (char)('0' + hour / 10), *p++ = (char)('0' + hour % 10), *p++ = ':';
	*p++ = (char)('0' + minute / 10), *p++ = (char)('0' + minute % 10), *p++ = ':';
	*p++ = (char)('0' + rest / 10), *p++ = (char)('0' + rest % 10), *p++ = 'Z', *p = '\0';
	return out;
}

static void expand(struct kube_out *out, struct slice template, const struct vars *vars)
{
	const char *p = template.p, *end = template.p + template.n;
	for (;;) {
		const char *dollar = memchr(p, '$', (size_t)(end - p));
		if (!dollar) {
			kube_out_bytes(out, p, (size_t)(end - p));
			return;
		}
		kube_out_bytes(out, p, (size_t)(dollar - p));
		struct slice value = vars->v[dollar[1] & 127];
		kube_out_bytes(out, value.p, value.n);
		p = dollar + 2;
	}
}

static void put(struct vars *vars, char letter, const char *text)
{
	vars->v[(int)letter] = slice_of(text);
}

static char *room(struct vars *vars, size_t n)
{
	if (vars->used + n > sizeof vars->own)
		abort(); /* values are bounded by construction */
	return vars->own + vars->used;
}

static void put_own(struct vars *vars, char letter, size_t n)
{
	vars->v[(int)letter] = slice_make(vars->own + vars->used, n);
	vars->used += n;
}

static void put_uid(struct sim_kube *kube, struct vars *vars, char letter, uint64_t serial)
{
	kube_uid(kube, serial, room(vars, 37));
	put_own(vars, letter, 36);
}

static void put_stamp(struct sim_kube *kube, struct vars *vars, char letter, int64_t ms)
{
	kube_stamp(kube, ms, room(vars, 24));
	put_own(vars, letter, 20);
}

static void put_number(struct vars *vars, char letter, uint64_t number)
{
	char digits[20], *p = room(vars, 24);
	size_t n = 0;
	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	for (size_t i = 0; i < n; i++)
		p[i] = digits[n - 1 - i];
	put_own(vars, letter, n);
}

static void put_ip(struct vars *vars, char letter, uint32_t ip)
{
	char *p = room(vars, 16), *start = p;
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned part = ip >> shift & 255;
		if (part >= 100)
			*p++ = (char)('0' + part / 100);
		if (part >= 10)
			*p++ = (char)('0' + part / 10 % 10);
		*p++ = (char)('0' + part % 10);
		if (shift > 0)
			*p++ = '.';
	}
	put_own(vars, letter, (size_t)(p - start));
}

static void put_joined(struct vars *vars, char letter, const struct slice *parts, size_t n)
{
	size_t length = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(room(vars, length + parts[i].n) + length, parts[i].p, parts[i].n);
		length += parts[i].n;
	}
	put_own(vars, letter, length);
}
#define PUT_JOINED(vars, letter, ...)                                                                                  \
	put_joined((vars), (letter), (const struct slice[]){__VA_ARGS__},                                              \
		   sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))
#define TEXT(literal) slice_make("" literal, sizeof(literal) - 1)

static void put_hex(struct vars *vars, char letter, uint64_t seed, unsigned words)
{
	static const char digits[] = "0123456789abcdef";
	char *p = room(vars, words * 16);
	for (unsigned i = 0; i < words; i++) {
		uint64_t word = kube_hash(seed, i);
		for (int j = 0; j < 16; j++, word >>= 4)
			*p++ = digits[word & 15];
	}
	put_own(vars, letter, words * 16);
}

/* Formatted, with ' for ". */
PRINTF_LIKE(4, 5) static void put_format(struct vars *vars, bool shared, char letter, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *area = shared ? vars->shared : vars->own;
	size_t *used = shared ? &vars->shared_used : &vars->used;
	size_t capacity = (shared ? sizeof vars->shared : sizeof vars->own) - *used;
	int n = vsnprintf(area + *used, capacity, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= capacity)
		abort();
	for (char *p = area + *used; *p; p++)
		if (*p == '\'')
			*p = '"';
	vars->v[(int)letter] = slice_make(area + *used, (size_t)n);
	*used += (size_t)n;
}

static const char *component_of(const struct kube_workload *workload)
{
	if (workload->flags & WORKLOAD_STORAGE)
		return "database";
	return workload->flags & WORKLOAD_INGRESS ? "frontend" : "server";
}

static void fill_containers(struct sim_kube *kube, const struct kube_workload *w, struct vars *vars)
{
	const char *name = w->object.name;
	bool storage = (w->flags & WORKLOAD_STORAGE) != 0, scratch = (w->flags & WORKLOAD_EMPTYDIR) != 0;
	put_format(vars, true, 'v',
		   "{'name':'config','configMap':{'name':'%s-config','defaultMode':420,'optional':true}}%s%s", name,
		   scratch ? ",{'name':'scratch','emptyDir':{'sizeLimit':'1Gi'}}" : "",
		   w->flags & WORKLOAD_IRSA ? ",{'name':'aws-iam-token','projected':{'sources':[{'serviceAccountToken':"
					      "{'audience':'sts.amazonaws.com',"
					      "'expirationSeconds':86400,'path':'token'}}],'defaultMode':420}}"
					    : "");
	put_format(vars, true, 'M', "{'name':'config','readOnly':true,'mountPath':'/etc/%s'}%s%s", name,
		   storage ? ",{'name':'data','mountPath':'/var/lib/data'}" : "",
		   scratch ? ",{'name':'scratch','mountPath':'/tmp'}" : "");
	if (w->flags & WORKLOAD_IRSA)
		put_format(vars, true, 'E',
			   ",{'name':'AWS_STS_REGIONAL_ENDPOINTS','value':'regional'},{'name':'AWS_DEFAULT_REGION','"
			   "value':'%s'},"
			   "{'name':'AWS_ROLE_ARN','value':'arn:aws:iam::%s:role/"
			   "%s-%s'},{'name':'AWS_WEB_IDENTITY_TOKEN_FILE',"
			   "'value':'/var/run/secrets/eks.amazonaws.com/serviceaccount/token'}",
			   kube->region, kube->account, kube->name, name);
	else
		put(vars, 'E', "");
	put(vars, 'w', w->object.kind->id == KIND_JOB || w->object.kind->id == KIND_CRONJOB ? "OnFailure" : "Always");
	put(vars, 'F', w->flags & WORKLOAD_HOST_NETWORK ? "\"hostNetwork\":true," : "");
	put(vars, 'T', w->object.kind->id == KIND_DAEMONSET ? "{\"operator\":\"Exists\"}," : "");
	put(vars, 'P', w->flags & WORKLOAD_CRITICAL ? "2000001000" : "0");
}

/* What every object of a workload draws on. */
static void fill_workload(struct sim_kube *kube, const struct kube_workload *w, struct vars *vars)
{
	if (vars->workload == w)
		return;
	vars->workload = w;
	vars->shared_used = 0;
	put(vars, 'a', w->app->name);
	put(vars, 'k', w->object.name);
	put(vars, 'h', w->hash);
	put(vars, 'i', w->image);
	put(vars, 'd', component_of(w));
	put(vars, 'S', w->object.name);
	put_format(vars, true, 'p', "%u", w->port);
	bool whole = w->memory_mi % 1024 == 0; /* a server keeps the shortest form of a quantity */
	put_format(vars, true, 'm', whole ? "%uGi" : "%uMi", whole ? w->memory_mi / 1024 : w->memory_mi);
	put_format(vars, true, 'f', "%u", w->cpu_m);
	fill_containers(kube, w, vars);
}

/* The nearest controller of a workload's pods. */
static struct kube_object *pod_owner(struct kube_workload *workload)
{
	return workload->replica_set ? workload->replica_set : &workload->object;
}

static void fill_pod_owner(struct sim_kube *kube, struct kube_pod *pod, struct vars *vars)
{
	struct kube_object *owner = pod_owner(pod->object.workload);
	put(vars, 'W', owner->kind->id == KIND_JOB ? "batch/v1" : "apps/v1");
	put(vars, 'Z', owner->kind->resource->kind);
	put(vars, 'o', owner->name);
	put_uid(kube, vars, 'O', owner->serial);
}

static void fill_pod_status(struct sim_kube *kube, struct kube_pod *pod, struct vars *vars, struct kube_out *state)
{
	static const struct {
		const char *phase;
		enum kube_template_id text;
	} states[] = {[POD_CREATING] = {"Pending", TEXT_STATE_CREATING},
		      [POD_STARTED] = {"Running", TEXT_STATE_RUNNING},
		      [POD_READY] = {"Running", TEXT_STATE_RUNNING},
		      [POD_CRASHING] = {"Running", TEXT_STATE_CRASHING},
		      [POD_SUCCEEDED] = {"Succeeded", TEXT_STATE_SUCCEEDED}};
	bool ready = pod->state == POD_READY;
	put(vars, 'Y', states[pod->state].phase);
	put(vars, 'D', pod->state == POD_CREATING ? "False" : "True");
	put(vars, 'l', pod->state == POD_SUCCEEDED ? ",\"reason\":\"PodCompleted\"" : "");
	put(vars, 'e', ready ? "True" : "False");
	put(vars, 'X', ready ? "true" : "false");
	put(vars, 'B',
	    ready ? ""
	    : pod->state == POD_SUCCEEDED
		    ? ",\"reason\":\"PodCompleted\""
		    : ",\"reason\":\"ContainersNotReady\",\"message\":\"containers with unready status\"");
	put_stamp(kube, vars, 't', pod->scheduled_ms);
	put_stamp(kube, vars, 'x', pod->started_ms);
	put_stamp(kube, vars, 'y',
		  pod->state == POD_CRASHING		 ? pod->crashed_ms
		  : ready || pod->state == POD_SUCCEEDED ? pod->ready_ms
							 : pod->scheduled_ms);
	put_number(vars, 'b', pod->restarts);
	put_hex(vars, 'Q', pod->object.serial + pod->restarts, 4);
	put_ip(vars, 'H', pod->node->ip);
	if (pod->state == POD_CREATING) {
		put(vars, 'G', "");
		put(vars, 'C', "\"imageID\":\"\"");
		put(vars, 'I', "");
	} else {
		put_ip(vars, 'I', pod->ip);
		struct slice ip = vars->v['I'], id = vars->v['Q'];
		PUT_JOINED(vars, 'G', TEXT("\"podIP\":\""), ip, TEXT("\",\"podIPs\":[{\"ip\":\""), ip, TEXT("\"}],"));
		PUT_JOINED(vars, 'C', TEXT("\"imageID\":\""), vars->v['i'], TEXT("@sha256:"), id,
			   TEXT("\",\"containerID\":\"containerd://"), id, TEXT("\""));
	}
	size_t start = state->body->n;
	expand(state, kube_template(kube, states[pod->state].text), vars);
	vars->v['z'] = slice_make(state->body->p + start, state->body->n - start);
}

static void render_pod_rest(struct sim_kube *kube, struct kube_pod *pod, struct vars *vars, struct kube_out *out)
{
	struct kube_workload *w = pod->object.workload;
	if (pod->node)
		PUT_JOINED(vars, 'q', TEXT("\"nodeName\":\""), slice_of(pod->node->object.name), TEXT("\","));
	else
		put(vars, 'q', "");
	kube_suffix(kube_hash(pod->object.serial, 77), 5, room(vars, 6));
	put_own(vars, 's', 5);
	struct slice volumes = vars->v['v'];
	if (w->flags & WORKLOAD_STORAGE)
		put_format(vars, false, 'v', "%.*s,{'name':'data','persistentVolumeClaim':{'claimName':'data-%s'}}",
			   (int)volumes.n, volumes.p, pod->object.name);
	expand(out, kube_template(kube, TEXT_POD_SPEC), vars);
	vars->v['v'] = volumes;
	if (!pod->node) {
		put_format(vars, false, 'B',
			   "0/%zu nodes are available: no node has room. preemption: 0/%zu nodes are available.",
			   kube->n_nodes, kube->n_nodes);
		expand(out, kube_template(kube, TEXT_POD_STATUS_PENDING), vars);
		return;
	}
	struct buf text = BUF_INIT(4096);
	struct kube_out state = {.body = &text};
	fill_pod_status(kube, pod, vars, &state);
	expand(out, kube_template(kube, TEXT_POD_STATUS_SCHEDULED), vars);
	buf_done(&text);
}

static void add_label(struct kube_labels *labels, const char *key, const char *value)
{
	labels->pairs[labels->n++] = (struct pair){key, value};
}

static void pod_labels(struct kube_pod *pod, struct kube_labels *ret)
{
	struct kube_workload *w = pod->object.workload;
	add_label(ret, "app.kubernetes.io/component", component_of(w));
	add_label(ret, "app.kubernetes.io/instance", w->app->name);
	add_label(ret, "app.kubernetes.io/name", w->object.name);
	switch (w->object.kind->id) {
	case KIND_DEPLOYMENT:
		add_label(ret, "pod-template-hash", w->hash);
		break;
	case KIND_STATEFULSET:
		snprintf(ret->scratch, sizeof ret->scratch, "%s-%s", w->object.name, w->hash);
		add_label(ret, "apps.kubernetes.io/pod-index", strrchr(pod->object.name, '-') + 1);
		add_label(ret, "controller-revision-hash", ret->scratch);
		add_label(ret, "statefulset.kubernetes.io/pod-name", pod->object.name);
		break;
	case KIND_DAEMONSET:
		add_label(ret, "controller-revision-hash", w->hash);
		add_label(ret, "pod-template-generation", "1");
		break;
	default:
		add_label(ret, "batch.kubernetes.io/job-name", w->object.name);
	}
}

static void node_labels(struct sim_kube *kube, struct kube_node *node, struct kube_labels *ret)
{
	int n = snprintf(ret->scratch, sizeof ret->scratch, "%s%c", kube->region, "abc"[node->zone]) + 1;
	const char *zone = ret->scratch;
	snprintf(ret->scratch + n, sizeof ret->scratch - (size_t)n, "use1-az%u", node->zone * 2 + 2);
	const char *zone_id = ret->scratch + n;
	add_label(ret, "beta.kubernetes.io/arch", "amd64");
	add_label(ret, "beta.kubernetes.io/instance-type", node->type);
	add_label(ret, "beta.kubernetes.io/os", "linux");
	add_label(ret, "eks.amazonaws.com/capacityType", "ON_DEMAND");
	add_label(ret, "eks.amazonaws.com/nodegroup", node->group);
	add_label(ret, "eks.amazonaws.com/nodegroup-image", "ami-0a1b2c3d4e5f60718");
	add_label(ret, "failure-domain.beta.kubernetes.io/region", kube->region);
	add_label(ret, "failure-domain.beta.kubernetes.io/zone", zone);
	add_label(ret, "k8s.io/cloud-provider-aws", "f6ba5d8d3e1a5f1c9f8d2f6b2a7c4e10");
	add_label(ret, "kubernetes.io/arch", "amd64");
	add_label(ret, "kubernetes.io/hostname", node->object.name);
	add_label(ret, "kubernetes.io/os", "linux");
	add_label(ret, "node.kubernetes.io/instance-type", node->type);
	add_label(ret, "topology.ebs.csi.aws.com/zone", zone);
	add_label(ret, "topology.k8s.aws/zone-id", zone_id);
	add_label(ret, "topology.kubernetes.io/region", kube->region);
	add_label(ret, "topology.kubernetes.io/zone", zone);
}

static void template_labels(struct sim_kube *kube, struct kube_object *object, struct kube_labels *ret)
{
	struct kube_workload *w = object->workload;
	if (object->kind->id == KIND_POD && w) {
		pod_labels(kube_pod_of(object), ret);
	} else if (object->kind->id == KIND_NODE) {
		node_labels(kube, kube_node_of(object), ret);
	} else if (object->kind->id == KIND_NAMESPACE) {
		add_label(ret, "kubernetes.io/metadata.name", object->name);
	} else if (w && w->app) {
		add_label(ret, "app.kubernetes.io/instance", w->app->name);
		add_label(ret, "app.kubernetes.io/managed-by", "argocd");
		add_label(ret, "app.kubernetes.io/name", w->object.name);
		if (object->kind->id == KIND_REPLICASET)
			add_label(ret, "pod-template-hash", w->hash);
		if (object->kind->id == KIND_ENDPOINTSLICE)
			add_label(ret, "kubernetes.io/service-name", w->object.name);
	}
}

static void set_label(struct kube_labels *labels, const char *key, const char *value)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->pairs[i].key, key) == 0) {
			labels->pairs[i].value = value;
			return;
		}
	if (labels->n < ARRAY_SIZE(labels->pairs))
		add_label(labels, key, value);
}

/* A pod of a client's making, or of a client's workload. */
static bool is_own_pod(struct kube_object *object)
{
	return object->kind->id == KIND_POD && (!object->workload || object->workload->template);
}

void kube_labels_of(struct sim_kube *kube, struct kube_object *object, struct kube_labels *ret)
{
	ret->n = 0;
	bool own = is_own_pod(object);
	if (!object->whole && !own)
		template_labels(kube, object, ret);
	struct kube_workload *w = object->workload;
	const json_t *document = own && w ? w->template : object->doc;
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(json_object_get(document, "metadata"), "labels"), key, value)
		set_label(ret, key, json_string_value(value));
	if (own && w)
		set_label(ret, w->replica_set ? "pod-template-hash" : "controller-revision-hash", w->hash);
	size_t kept = 0;
	for (size_t i = 0; i < ret->n; i++)
		if (ret->pairs[i].value)
			ret->pairs[kept++] = ret->pairs[i];
	ret->n = kept;
}

static void render_labels(struct sim_kube *kube, struct kube_object *object, struct kube_out *out)
{
	struct kube_labels labels = {.n = 0};
	template_labels(kube, object, &labels);
	if (labels.n == 0)
		return;
	for (size_t i = 0; i < labels.n; i++) {
		kube_out_text(out, i == 0 ? ",\"labels\":{\"" : ",\"");
		kube_out_text(out, labels.pairs[i].key);
		kube_out_text(out, "\":\"");
		kube_out_text(out, labels.pairs[i].value);
		kube_out_text(out, "\"");
	}
	kube_out_text(out, "}");
}

static void fill_counts(struct kube_object *object, struct vars *vars)
{
	const struct kube_workload *w = object->workload;
	unsigned missing = w->replicas > w->n_ready ? w->replicas - w->n_ready : 0;
	unsigned n = w->n_active, ready = w->n_ready;
	put_number(vars, 'R', w->replicas);
	put_number(vars, 'g', object->generation);
	switch (object->kind->id) {
	case KIND_DEPLOYMENT:
		put_format(vars, false, 'A', ",'replicas':%u,'updatedReplicas':%u", n, n);
		if (ready > 0)
			put_format(vars, false, 'A',
				   ",'replicas':%u,'updatedReplicas':%u,'readyReplicas':%u,'availableReplicas':%u", n,
				   n, ready, ready);
		if (missing > 0) {
			struct slice so_far = vars->v['A'];
			put_format(vars, false, 'A', "%.*s,'unavailableReplicas':%u", (int)so_far.n, so_far.p, missing);
		}
		break;
	case KIND_REPLICASET:
		put_format(vars, false, 'A',
			   "'replicas':%u,'fullyLabeledReplicas':%u,'readyReplicas':%u,'availableReplicas':%u,", n, n,
			   ready, ready);
		break;
	case KIND_STATEFULSET:
		put_format(vars, false, 'A',
			   ",'replicas':%u,'readyReplicas':%u,'currentReplicas':%u,'updatedReplicas':%u,'"
			   "availableReplicas':%u",
			   n, ready, n, n, ready);
		break;
	case KIND_DAEMONSET:
		put_format(vars, false, 'A',
			   "'currentNumberScheduled':%u,'numberMisscheduled':0,'desiredNumberScheduled':%u,'"
			   "numberReady':%u,"
			   "'updatedNumberScheduled':%u,'numberAvailable':%u,",
			   n, w->replicas, ready, n, ready);
		if (missing > 0) {
			struct slice so_far = vars->v['A'];
			put_format(vars, false, 'A', "%.*s'numberUnavailable':%u,", (int)so_far.n, so_far.p, missing);
		}
		break;
	default:
		put(vars, 'A', "\"succeeded\":1,\"ready\":0,\"terminating\":0,");
	}
}

static void fill_controller(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	struct kube_workload *w = object->workload;
	fill_workload(kube, w, vars);
	fill_counts(object, vars);
	bool available = w->replicas == 0 || w->n_ready * 4 >= w->replicas * 3;
	put(vars, 'W', object->kind->id == KIND_JOB || object->kind->id == KIND_CRONJOB ? "batch/v1" : "apps/v1");
	put(vars, 'Z', object->kind->resource->kind);
	put(vars, 'o', w->replica_set ? w->replica_set->name : "");
	put(vars, 'e', available ? "True" : "False");
	put(vars, 'B',
	    available ? "\"reason\":\"MinimumReplicasAvailable\",\"message\":\"Deployment has minimum availability.\""
		      : "\"reason\":\"MinimumReplicasUnavailable\",\"message\":\"Deployment does not have minimum "
			"availability.\"");
	put_stamp(kube, vars, 'y', w->changed_ms ? w->changed_ms : object->created_ms);
	put_stamp(kube, vars, 't', kube->now_ms - kube->now_ms % DAY_MS);
	put(vars, 'V', "");
	if (w->flags & WORKLOAD_STORAGE)
		put_format(vars, false, 'V',
			   ",'volumeClaimTemplates':[{'kind':'PersistentVolumeClaim','apiVersion':'v1','metadata':{'"
			   "name':'data',"
			   "'creationTimestamp':null},'spec':{'accessModes':['ReadWriteOnce'],'resources':{'requests':{"
			   "'storage':'20Gi'}},"
			   "'storageClassName':'gp3','volumeMode':'Filesystem'},'status':{'phase':'Pending'}}]");
	put(vars, 'G',
	    object->kind->id == KIND_DEPLOYMENT || object->kind->id == KIND_REPLICASET
		    ? ",\"deployment.kubernetes.io/revision\":\"1\""
		    : "");
	vars->workload = NULL;
}

static void fill_node(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	struct kube_node *node = object->kind->id == KIND_NODE
					 ? kube_node_of(object)
					 : kube_node_of((struct kube_object *)(uintptr_t)object->source);
	put_ip(vars, 'I', node->ip);
	put(vars, 'J', kube->region);
	char id[20] = "i-0";
	snprintf(id + 3, sizeof id - 3, "%016llx",
		 (unsigned long long)kube_hash(kube->seed, node->object.serial + 5000000));
	put_format(vars, false, 'd', "%s", id);
	put_format(vars, false, 'z', "%s%c", kube->region, "abc"[node->zone]);
	put_number(vars, 'f', node->machine->cpus);
	put_number(vars, 'F', node->machine->cpus * 1000 - 80);
	put_number(vars, 'm', (uint64_t)node->machine->memory_gi * 1048576 * 97 / 100);
	put_number(vars, 'M', (uint64_t)node->machine->memory_gi * 1048576 * 97 / 100 - 1024 * 1024);
	put_number(vars, 'p', node->machine->pods);
	put_stamp(kube, vars, 't', kube->now_ms - kube->now_ms % (5 * MINUTE_MS));
	put_stamp(kube, vars, 'y', node->ready ? node->ready_ms : object->created_ms);
	put(vars, 'e', node->ready ? "True" : "False");
	put(vars, 'B',
	    node->ready ? "\"reason\":\"KubeletReady\",\"message\":\"kubelet is posting ready status\""
			: "\"reason\":\"KubeletNotReady\",\"message\":\"container runtime network not ready: "
			  "NetworkReady=false\"");
	put(vars, 'S', "");
	if (node->unschedulable)
		put(vars, 'S',
		    ",\"unschedulable\":true,\"taints\":[{\"key\":\"node.kubernetes.io/"
		    "unschedulable\",\"effect\":\"NoSchedule\"}]");
	put_hex(vars, 'h', node->object.serial + 31, 2);
	put_uid(kube, vars, 'x', node->object.serial + 6000000);
	put_format(vars, false, 'v', "v%s-eks-3abbec1", node->version);
}

static void fill_budget(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	fill_workload(kube, object->workload, vars);
	struct kube_budget budget;
	kube_budget(kube, object, &budget);
	put(vars, 'B', object->workload->flags & WORKLOAD_TIGHT_PDB ? "\"minAvailable\":1" : "\"maxUnavailable\":1");
	put_number(vars, 'g', object->generation);
	put_number(vars, 'd', (uint64_t)budget.allowed);
	put_number(vars, 'A', (uint64_t)budget.healthy);
	put_number(vars, 'D', (uint64_t)budget.desired);
	put_number(vars, 'E', (uint64_t)budget.expected);
	put(vars, 'e', budget.allowed > 0 ? "True" : "False");
	put(vars, 'z', budget.allowed > 0 ? "SufficientPods" : "InsufficientPods");
	put_stamp(kube, vars, 'y', object->workload->changed_ms ? object->workload->changed_ms : object->created_ms);
	vars->workload = NULL;
}

static void fill_ingress(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	fill_workload(kube, object->workload, vars);
	put(vars, 'B', "");
	if (kube->ingress_host && object->index) /* its controller has made the load balancer */
		put_format(vars, false, 'B', "'ingress':[{'hostname':'%s'}]", kube->ingress_host);
}

static void fill_claim(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	fill_workload(kube, object->workload, vars);
	struct kube_object *claim =
		object->kind->id == KIND_PV ? (struct kube_object *)(uintptr_t)object->source : object;
	put(vars, 'o', claim->name);
	put(vars, 'N', claim->ns);
	put_uid(kube, vars, 'O', claim->serial);
	put_hex(vars, 'h', claim->serial + 99, 1);
	vars->workload = NULL;
}

static void fill_endpoints(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	fill_workload(kube, object->workload, vars);
	char *start = room(vars, 0);
	size_t n = 0;
	unsigned told = 0;
	for (struct kube_pod *pod = object->workload->pods; pod && told < 12; pod = pod->next) {
		if (!pod->node)
			continue;
		n += (size_t)snprintf(start + n, 240,
				      "%s{\"addresses\":[\"%u.%u.%u.%u\"],\"conditions\":{\"ready\":%s,\"serving\":%s},"
				      "\"nodeName\":\"%s\"}",
				      told ? "," : "", pod->ip >> 24, pod->ip >> 16 & 255, pod->ip >> 8 & 255,
				      pod->ip & 255, pod->state == POD_READY ? "true" : "false",
				      pod->state == POD_READY ? "true" : "false", pod->node->object.name);
		told++;
	}
	put_own(vars, 'B', n);
}

static void fill_parts(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	if (object->workload)
		fill_workload(kube, object->workload, vars);
	put(vars, 'Y', object->deleting_ms ? "Terminating" : "Active");
	put(vars, 'B', "");
	put(vars, 'q', "80");
	put_ip(vars, 'I', (172u << 24) | (20u << 16) | (uint32_t)(object->serial & 0xffff));
	put(vars, 'F', "");
	put_number(vars, 'b', object->workload ? object->workload->replicas * 2 + 2 : 0);
	put_number(vars, 'R', object->workload ? object->workload->n_active : 0);
	put_stamp(kube, vars, 't', kube->now_ms - kube->now_ms % MINUTE_MS);
	put_stamp(kube, vars, 'y', kube->now_ms - kube->now_ms % (10 * SECOND_MS));
	if (object->kind->id == KIND_LEASE) { /* a MicroTime, which always has its six digits */
		struct slice stamp = vars->v['y'];
		PUT_JOINED(vars, 'Y', slice_make(stamp.p, stamp.n - 1), TEXT(".000000Z"));
	}
	vars->workload = NULL;
}

static void fill_definition(struct sim_kube *kube, struct kube_object *object, struct vars *vars)
{
	const struct kube_resource *resource = object->source;
	(void)kube;
	put(vars, 'a', resource->group);
	put(vars, 'v', resource->version);
	put(vars, 'k', resource->plural);
	put(vars, 'Z', resource->kind);
	put_format(vars, false, 'd', "%.*s", (int)strlen(resource->plural) - 1, resource->plural);
	vars->workload = NULL;
}

struct shape {
	int head, body; /* templates; 0: none (TEXT_POD_HEAD is handled apart) */
	bool generation;
	void (*fill)(struct sim_kube *kube, struct kube_object *object, struct vars *vars);
};
static const struct shape shapes[KIND_OTHERS] = {
	[KIND_NAMESPACE] = {0, TEXT_NAMESPACE, false, fill_parts},
	[KIND_NODE] = {TEXT_NODE_HEAD, TEXT_NODE_BODY, false, fill_node},
	[KIND_SERVICE] = {0, TEXT_SERVICE, false, fill_parts},
	[KIND_CONFIGMAP] = {0, TEXT_CONFIGMAP, false, fill_parts},
	[KIND_SECRET] = {0, TEXT_SECRET, false, fill_parts},
	[KIND_SERVICEACCOUNT] = {0, TEXT_SERVICEACCOUNT, false, fill_parts},
	[KIND_PVC] = {0, TEXT_PVC, false, fill_claim},
	[KIND_PV] = {0, TEXT_PV, false, fill_claim},
	[KIND_DEPLOYMENT] = {TEXT_WORKLOAD_HEAD, TEXT_DEPLOYMENT, true, fill_controller},
	[KIND_REPLICASET] = {TEXT_WORKLOAD_HEAD, TEXT_REPLICASET, true, fill_controller},
	[KIND_STATEFULSET] = {TEXT_WORKLOAD_HEAD, TEXT_STATEFULSET, true, fill_controller},
	[KIND_DAEMONSET] = {TEXT_WORKLOAD_HEAD, TEXT_DAEMONSET, true, fill_controller},
	[KIND_JOB] = {TEXT_WORKLOAD_HEAD, TEXT_JOB, true, fill_controller},
	[KIND_CRONJOB] = {TEXT_WORKLOAD_HEAD, TEXT_CRONJOB, true, fill_controller},
	[KIND_HPA] = {0, TEXT_HPA, false, fill_parts},
	[KIND_PDB] = {0, TEXT_PDB, true, fill_budget},
	[KIND_INGRESS] = {0, TEXT_INGRESS, true, fill_ingress},
	[KIND_LEASE] = {0, TEXT_LEASE, false, fill_parts},
	[KIND_CSINODE] = {0, TEXT_CSINODE, false, fill_node},
	[KIND_ENDPOINTSLICE] = {0, TEXT_ENDPOINTSLICE, true, fill_endpoints},
	[KIND_CRD] = {0, TEXT_CRD, true, fill_definition},
	[KIND_APISERVICE] = {0, TEXT_APISERVICE, false, fill_definition},
	[KIND_BACKUPLOCATION] = {0, TEXT_BACKUPLOCATION, true, fill_parts},
};
static const struct shape fixture_shape = {0, 0, false, NULL};

static void out_member(struct kube_out *out, const char *name, const char *value)
{
	kube_out_text(out, name);
	kube_out_text(out, value);
	kube_out_text(out, "\"");
}

static void out_quoted(struct kube_out *out, const char *text)
{
	for (const char *p = text; *p; p++)
		kube_out_bytes(out, *p == '\'' ? "\"" : p, 1);
}

static void out_owner(struct sim_kube *kube, struct kube_object *object, struct kube_out *out)
{
	if (object->kind->id != KIND_REPLICASET)
		return;
	char uid[37];
	kube_uid(kube, object->workload->object.serial, uid);
	kube_out_printf(out,
			",\"ownerReferences\":[{\"apiVersion\":\"apps/"
			"v1\",\"kind\":\"Deployment\",\"name\":\"%s\",\"uid\":\"%s\","
			"\"controller\":true,\"blockOwnerDeletion\":true}]",
			object->workload->object.name, uid);
}

static void out_annotations(struct sim_kube *kube, struct kube_object *object, const struct shape *shape,
			    struct kube_out *out)
{
	if (shape == &fixture_shape) {
		const struct kube_fixture *fixture = object->source;
		if (!fixture->annotations[0])
			return;
		kube_out_text(out, ",\"annotations\":{");
		out_quoted(out, fixture->annotations);
		kube_out_text(out, "}");
	} else if (object->kind->id == KIND_SERVICEACCOUNT && object->workload->flags & WORKLOAD_IRSA) {
		kube_out_printf(out, ",\"annotations\":{\"eks.amazonaws.com/role-arn\":\"arn:aws:iam::%s:role/%s-%s\"}",
				kube->account, kube->name, object->workload->object.name);
	} else if (object->kind->id == KIND_INGRESS) {
		kube_out_text(out, ",\"annotations\":{\"alb.ingress.kubernetes.io/scheme\":\"internet-facing\","
				   "\"alb.ingress.kubernetes.io/target-type\":\"ip\",\"alb.ingress.kubernetes.io/"
				   "healthcheck-path\":\"/health\"},"
				   "\"finalizers\":[\"ingress.k8s.aws/resources\"]");
	}
}

static void out_metadata(struct sim_kube *kube, struct kube_object *object, const struct shape *shape,
			 struct vars *vars, struct kube_out *out)
{
	vars->used = 0;
	put(vars, 'n', object->name);
	put(vars, 'N', object->ns ? object->ns : "");
	put(vars, 'K', kube->name);
	put(vars, 'J', kube->region);
	put(vars, 'j', kube->account);
	put_uid(kube, vars, 'u', object->serial);
	put_stamp(kube, vars, 'c', object->created_ms);
	if (shape && shape->fill)
		shape->fill(kube, object, vars);
	kube_out_text(out, "{\"name\":\"");
	kube_out_text(out, object->name);
	if (object->ns)
		out_member(out, "\",\"namespace\":\"", object->ns);
	else
		kube_out_text(out, "\"");
	kube_out_text(out, ",\"uid\":\"");
	kube_out_bytes(out, vars->v['u'].p, 36);
	kube_out_text(out, "\",\"resourceVersion\":\"");
	put_number(vars, 'r', object->rv);
	kube_out_bytes(out, vars->v['r'].p, vars->v['r'].n);
	if (shape && shape->generation)
		kube_out_printf(out, "\",\"generation\":%u,\"creationTimestamp\":\"", object->generation);
	else
		kube_out_text(out, "\",\"creationTimestamp\":\"");
	kube_out_bytes(out, vars->v['c'].p, 20);
	kube_out_text(out, "\"");
	if (object->deleting_ms) {
		char stamp[24];
		kube_out_text(out, ",\"deletionTimestamp\":\"");
		kube_out_text(out, kube_stamp(kube, object->deleting_ms, stamp));
		kube_out_text(out, "\",\"deletionGracePeriodSeconds\":30");
	}
	render_labels(kube, object, out);
}

static void render_pod(struct sim_kube *kube, struct kube_object *object, bool metadata_only, struct vars *vars,
		       struct kube_out *out)
{
	struct kube_pod *pod = kube_pod_of(object);
	struct kube_workload *w = object->workload;
	fill_workload(kube, w, vars);
	out_metadata(kube, object, NULL, vars, out);
	kube_out_text(out, ",");
	if (w->object.kind->id != KIND_STATEFULSET || w->replica_set) {
		kube_out_text(out, "\"generateName\":\"");
		kube_out_text(out, pod_owner(w)->name);
		kube_out_text(out, "-\",");
	}
	fill_pod_owner(kube, pod, vars);
	put_ip(vars, 'I', pod->ip);
	put_stamp(kube, vars, 'y', pod->ready_ms > object->created_ms ? pod->ready_ms : object->created_ms);
	expand(out, kube_template(kube, TEXT_POD_HEAD), vars);
	expand(out, kube_template(kube, TEXT_POD_MANAGED), vars);
	kube_out_text(out, "}");
	if (!metadata_only)
		render_pod_rest(kube, pod, vars, out);
}

static const struct shape *shape_of(struct kube_object *object)
{
	return object->fixture ? &fixture_shape : &shapes[object->kind->id];
}

/* Everything from "metadata" on, without the braces around. */
static void render_template(struct sim_kube *kube, struct kube_object *object, bool metadata_only, struct vars *vars,
			    struct kube_out *out)
{
	kube_out_text(out, "\"metadata\":");
	if (object->kind->id == KIND_POD) {
		render_pod(kube, object, metadata_only, vars, out);
		return;
	}
	const struct shape *shape = shape_of(object);
	out_metadata(kube, object, shape, vars, out);
	out_owner(kube, object, out);
	out_annotations(kube, object, shape, out);
	if (shape->head) {
		kube_out_text(out, ",");
		expand(out, kube_template(kube, (enum kube_template_id)shape->head), vars);
	}
	kube_out_text(out, "}");
	if (metadata_only)
		return;
	if (shape == &fixture_shape)
		out_quoted(out, ((const struct kube_fixture *)object->source)->text);
	else
		expand(out, kube_template(kube, (enum kube_template_id)shape->body), vars);
}

const char *kube_api_version(const struct kube_kind *kind, char out[128])
{
	const struct kube_resource *resource = kind->resource;
	snprintf(out, 128, "%s%s%s", resource->group, resource->group[0] ? "/" : "", resource->version);
	return out;
}

static void render_plain(struct sim_kube *kube, struct kube_object *object, enum kube_form form, struct kube_out *out)
{
	struct vars *vars = (struct vars *)(void *)out->scratch;
	char version[128];
	if (form == FORM_WHOLE)
		kube_out_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",", object->kind->resource->kind,
				kube_api_version(object->kind, version));
	else if (form == FORM_METADATA)
		kube_out_text(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",");
	else
		kube_out_text(out, "{");
	render_template(kube, object, form == FORM_METADATA, vars, out);
	kube_out_text(out, "}");
}

json_t *kube_document(struct sim_kube *kube, struct kube_object *object)
{
	if (object->whole)
		return json_deep_copy(object->doc);
	if (is_own_pod(object)) {
		json_t *own = kube_own_pod(kube, kube_pod_of(object));
		if (object->workload && object->doc)
			kube_merge_patch(own, object->doc);
		return own;
	}
	struct buf text = BUF_INIT(16 << 20);
	struct kube_out out = {.body = &text, .scratch = mem_alloc(sizeof(struct vars))};
	render_plain(kube, object, FORM_WHOLE, &out);
	json_t *document = document_load(buf_slice(&text));
	if (!document)
		abort(); /* a template that is not JSON */
	buf_done(&text);
	free(out.scratch);
	if (object->doc)
		kube_merge_patch(document, object->doc);
	return document;
}

json_t *kube_view(struct sim_kube *kube, struct kube_object *object)
{
	return object->whole ? json_incref(object->doc) : kube_document(kube, object);
}

void kube_out_document(struct kube_out *out, const json_t *document)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	document_print(document, false, out->sink ? &text : out->body);
	kube_out_bytes(out, text.p, text.n);
}

static void render_document(struct sim_kube *kube, struct kube_object *object, enum kube_form form,
			    struct kube_out *out)
{
	json_t *document = kube_view(kube, object);
	if (form == FORM_METADATA) {
		json_t *partial = json_pack("{s:s, s:s, s:O}", "kind", "PartialObjectMetadata", "apiVersion",
					    "meta.k8s.io/v1", "metadata", json_object_get(document, "metadata"));
		json_decref(document);
		document = partial;
	} else if (form == FORM_ITEM && !object->kind->custom) {
		json_t *item = json_copy(document);
		json_decref(document);
		document = item;
		json_object_del(document, "kind");
		json_object_del(document, "apiVersion");
	}
	kube_out_document(out, document);
	json_decref(document);
}

void kube_render(struct sim_kube *kube, struct kube_object *object, enum kube_form form, struct kube_out *out)
{
	if (object->whole || object->doc || is_own_pod(object)) {
		render_document(kube, object, form, out);
		return;
	}
	if (!out->scratch)
		out->scratch = mem_alloc(sizeof(struct vars));
	render_plain(kube, object, form, out);
}
