/* The values of each kind's template, from the records. */
#include "sim/kube_values.h"

#include <stdio.h>
#include <stdlib.h>

const char *kube_component_of(const struct kube_workload *workload)
{
	if (workload->flags & WORKLOAD_STORAGE)
		return "database";
	return workload->flags & WORKLOAD_INGRESS ? "frontend" : "server";
}

static void fill_containers(struct sim_kube *kube, const struct kube_workload *w, struct kube_values *vars)
{
	const char *name = w->object.name;
	bool storage = (w->flags & WORKLOAD_STORAGE) != 0, scratch = (w->flags & WORKLOAD_EMPTYDIR) != 0;
	kube_put_format(vars, true, 'v',
			"{'name':'config','configMap':{'name':'%s-config','defaultMode':420,'optional':true}}%s%s",
			name, scratch ? ",{'name':'scratch','emptyDir':{'sizeLimit':'1Gi'}}" : "",
			w->flags & WORKLOAD_IRSA
				? ",{'name':'aws-iam-token','projected':{'sources':[{'serviceAccountToken':"
				  "{'audience':'sts.amazonaws.com',"
				  "'expirationSeconds':86400,'path':'token'}}],'defaultMode':420}}"
				: "");
	kube_put_format(vars, true, 'M', "{'name':'config','readOnly':true,'mountPath':'/etc/%s'}%s%s", name,
			storage ? ",{'name':'data','mountPath':'/var/lib/data'}" : "",
			scratch ? ",{'name':'scratch','mountPath':'/tmp'}" : "");
	if (w->flags & WORKLOAD_IRSA)
		kube_put_format(
			vars, true, 'E',
			",{'name':'AWS_STS_REGIONAL_ENDPOINTS','value':'regional'},{'name':'AWS_DEFAULT_REGION','"
			"value':'%s'},"
			"{'name':'AWS_ROLE_ARN','value':'arn:aws:iam::%s:role/"
			"%s-%s'},{'name':'AWS_WEB_IDENTITY_TOKEN_FILE',"
			"'value':'/var/run/secrets/eks.amazonaws.com/serviceaccount/token'}",
			kube->region, kube->account, kube->name, name);
	else
		kube_put(vars, 'E', "");
	kube_put(vars, 'w',
		 w->object.kind->id == KIND_JOB || w->object.kind->id == KIND_CRONJOB ? "OnFailure" : "Always");
	kube_put(vars, 'F', w->flags & WORKLOAD_HOST_NETWORK ? "\"hostNetwork\":true," : "");
	kube_put(vars, 'T', w->object.kind->id == KIND_DAEMONSET ? "{\"operator\":\"Exists\"}," : "");
	kube_put(vars, 'P', w->flags & WORKLOAD_CRITICAL ? "2000001000" : "0");
}

void kube_fill_workload(struct sim_kube *kube, const struct kube_workload *w, struct kube_values *vars)
{
	if (vars->workload == w)
		return;
	vars->workload = w;
	vars->shared_used = 0;
	kube_put(vars, 'a', w->app->name);
	kube_put(vars, 'k', w->object.name);
	kube_put(vars, 'h', w->hash);
	kube_put(vars, 'i', w->image);
	kube_put(vars, 'd', kube_component_of(w));
	kube_put(vars, 'S', w->object.name);
	kube_put_format(vars, true, 'p', "%u", w->port);
	bool whole = w->memory_mi % 1024 == 0; /* a server keeps the shortest form of a quantity */
	kube_put_format(vars, true, 'm', whole ? "%uGi" : "%uMi", whole ? w->memory_mi / 1024 : w->memory_mi);
	kube_put_format(vars, true, 'f', "%u", w->cpu_m);
	fill_containers(kube, w, vars);
}

struct kube_object *kube_pod_owner(struct kube_workload *workload)
{
	return workload->replica_set ? workload->replica_set : &workload->object;
}

void kube_fill_pod_owner(struct sim_kube *kube, struct kube_pod *pod, struct kube_values *vars)
{
	struct kube_object *owner = kube_pod_owner(pod->object.workload);
	kube_put(vars, 'W', owner->kind->id == KIND_JOB ? "batch/v1" : "apps/v1");
	kube_put(vars, 'Z', owner->kind->resource->kind);
	kube_put(vars, 'o', owner->name);
	kube_put_uid(kube, vars, 'O', owner->serial);
}

void kube_fill_pod_status(struct sim_kube *kube, struct kube_pod *pod, struct kube_values *vars, struct kube_out *state)
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
	kube_put(vars, 'Y', states[pod->state].phase);
	kube_put(vars, 'D', pod->state == POD_CREATING ? "False" : "True");
	kube_put(vars, 'l', pod->state == POD_SUCCEEDED ? ",\"reason\":\"PodCompleted\"" : "");
	kube_put(vars, 'e', ready ? "True" : "False");
	kube_put(vars, 'X', ready ? "true" : "false");
	kube_put(vars, 'B',
		 ready ? ""
		 : pod->state == POD_SUCCEEDED
			 ? ",\"reason\":\"PodCompleted\""
			 : ",\"reason\":\"ContainersNotReady\",\"message\":\"containers with unready status\"");
	kube_put_stamp(kube, vars, 't', pod->scheduled_ms);
	kube_put_stamp(kube, vars, 'x', pod->started_ms);
	kube_put_stamp(kube, vars, 'y',
		       pod->state == POD_CRASHING	      ? pod->crashed_ms
		       : ready || pod->state == POD_SUCCEEDED ? pod->ready_ms
							      : pod->scheduled_ms);
	kube_put_number(vars, 'b', pod->restarts);
	kube_put_hex(vars, 'Q', pod->object.serial + pod->restarts, 4);
	kube_put_ip(vars, 'H', pod->node->ip);
	if (pod->state == POD_CREATING) {
		kube_put(vars, 'G', "");
		kube_put(vars, 'C', "\"imageID\":\"\"");
		kube_put(vars, 'I', "");
	} else {
		kube_put_ip(vars, 'I', pod->ip);
		struct slice ip = vars->v['I'], id = vars->v['Q'];
		PUT_JOINED(vars, 'G', TEXT("\"podIP\":\""), ip, TEXT("\",\"podIPs\":[{\"ip\":\""), ip, TEXT("\"}],"));
		PUT_JOINED(vars, 'C', TEXT("\"imageID\":\""), vars->v['i'], TEXT("@sha256:"), id,
			   TEXT("\",\"containerID\":\"containerd://"), id, TEXT("\""));
	}
	size_t start = state->body->n;
	kube_expand(state, kube_template(kube, states[pod->state].text), vars);
	vars->v['z'] = slice_make(state->body->p + start, state->body->n - start);
}

static void fill_counts(struct kube_object *object, struct kube_values *vars)
{
	const struct kube_workload *w = object->workload;
	unsigned missing = w->replicas > w->n_ready ? w->replicas - w->n_ready : 0;
	unsigned n = w->n_active, ready = w->n_ready;
	kube_put_number(vars, 'R', w->replicas);
	kube_put_number(vars, 'g', object->generation);
	switch (object->kind->id) {
	case KIND_DEPLOYMENT:
		kube_put_format(vars, false, 'A', ",'replicas':%u,'updatedReplicas':%u", n, n);
		if (ready > 0)
			kube_put_format(vars, false, 'A',
					",'replicas':%u,'updatedReplicas':%u,'readyReplicas':%u,'availableReplicas':%u",
					n, n, ready, ready);
		if (missing > 0) {
			struct slice so_far = vars->v['A'];
			kube_put_format(vars, false, 'A', "%.*s,'unavailableReplicas':%u", (int)so_far.n, so_far.p,
					missing);
		}
		break;
	case KIND_REPLICASET:
		kube_put_format(vars, false, 'A',
				"'replicas':%u,'fullyLabeledReplicas':%u,'readyReplicas':%u,'availableReplicas':%u,", n,
				n, ready, ready);
		break;
	case KIND_STATEFULSET:
		kube_put_format(vars, false, 'A',
				",'replicas':%u,'readyReplicas':%u,'currentReplicas':%u,'updatedReplicas':%u,'"
				"availableReplicas':%u",
				n, ready, n, n, ready);
		break;
	case KIND_DAEMONSET:
		kube_put_format(vars, false, 'A',
				"'currentNumberScheduled':%u,'numberMisscheduled':0,'desiredNumberScheduled':%u,'"
				"numberReady':%u,"
				"'updatedNumberScheduled':%u,'numberAvailable':%u,",
				n, w->replicas, ready, n, ready);
		if (missing > 0) {
			struct slice so_far = vars->v['A'];
			kube_put_format(vars, false, 'A', "%.*s'numberUnavailable':%u,", (int)so_far.n, so_far.p,
					missing);
		}
		break;
	default:
		kube_put(vars, 'A', "\"succeeded\":1,\"ready\":0,\"terminating\":0,");
	}
}

static void fill_controller(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	struct kube_workload *w = object->workload;
	kube_fill_workload(kube, w, vars);
	fill_counts(object, vars);
	bool available = w->replicas == 0 || w->n_ready * 4 >= w->replicas * 3;
	kube_put(vars, 'W', object->kind->id == KIND_JOB || object->kind->id == KIND_CRONJOB ? "batch/v1" : "apps/v1");
	kube_put(vars, 'Z', object->kind->resource->kind);
	kube_put(vars, 'o', w->replica_set ? w->replica_set->name : "");
	kube_put(vars, 'e', available ? "True" : "False");
	kube_put(
		vars, 'B',
		available
			? "\"reason\":\"MinimumReplicasAvailable\",\"message\":\"Deployment has minimum availability.\""
			: "\"reason\":\"MinimumReplicasUnavailable\",\"message\":\"Deployment does not have minimum "
			  "availability.\"");
	kube_put_stamp(kube, vars, 'y', w->changed_ms ? w->changed_ms : object->created_ms);
	kube_put_stamp(kube, vars, 't', kube->now_ms - kube->now_ms % DAY_MS);
	kube_put(vars, 'V', "");
	if (w->flags & WORKLOAD_STORAGE)
		kube_put_format(
			vars, false, 'V',
			",'volumeClaimTemplates':[{'kind':'PersistentVolumeClaim','apiVersion':'v1','metadata':{'"
			"name':'data',"
			"'creationTimestamp':null},'spec':{'accessModes':['ReadWriteOnce'],'resources':{'requests':{"
			"'storage':'20Gi'}},"
			"'storageClassName':'gp3','volumeMode':'Filesystem'},'status':{'phase':'Pending'}}]");
	kube_put(vars, 'G',
		 object->kind->id == KIND_DEPLOYMENT || object->kind->id == KIND_REPLICASET
			 ? ",\"deployment.kubernetes.io/revision\":\"1\""
			 : "");
	vars->workload = NULL;
}

static void fill_node(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	struct kube_node *node = object->kind->id == KIND_NODE
					 ? kube_node_of(object)
					 : kube_node_of((struct kube_object *)(uintptr_t)object->source);
	kube_put_ip(vars, 'I', node->ip);
	kube_put(vars, 'J', kube->region);
	char id[20] = "i-0";
	snprintf(id + 3, sizeof id - 3, "%016llx",
		 (unsigned long long)kube_hash(kube->seed, node->object.serial + 5000000));
	kube_put_format(vars, false, 'd', "%s", id);
	kube_put_format(vars, false, 'z', "%s%c", kube->region, "abc"[node->zone]);
	kube_put_number(vars, 'f', node->machine->cpus);
	kube_put_number(vars, 'F', node->machine->cpus * 1000 - 80);
	kube_put_number(vars, 'm', (uint64_t)node->machine->memory_gi * 1048576 * 97 / 100);
	kube_put_number(vars, 'M', (uint64_t)node->machine->memory_gi * 1048576 * 97 / 100 - 1024 * 1024);
	kube_put_number(vars, 'p', node->machine->pods);
	kube_put_stamp(kube, vars, 't', kube->now_ms - kube->now_ms % (5 * MINUTE_MS));
	kube_put_stamp(kube, vars, 'y', node->ready ? node->ready_ms : object->created_ms);
	kube_put(vars, 'e', node->ready ? "True" : "False");
	kube_put(vars, 'B',
		 node->ready ? "\"reason\":\"KubeletReady\",\"message\":\"kubelet is posting ready status\""
			     : "\"reason\":\"KubeletNotReady\",\"message\":\"container runtime network not ready: "
			       "NetworkReady=false\"");
	kube_put(vars, 'S', "");
	if (node->unschedulable)
		kube_put(vars, 'S',
			 ",\"unschedulable\":true,\"taints\":[{\"key\":\"node.kubernetes.io/"
			 "unschedulable\",\"effect\":\"NoSchedule\"}]");
	kube_put_hex(vars, 'h', node->object.serial + 31, 2);
	kube_put_uid(kube, vars, 'x', node->object.serial + 6000000);
	kube_put_format(vars, false, 'v', "v%s-eks-3abbec1", node->version);
}

static void fill_budget(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	kube_fill_workload(kube, object->workload, vars);
	struct kube_budget budget;
	kube_budget(kube, object, &budget);
	kube_put(vars, 'B',
		 object->workload->flags & WORKLOAD_TIGHT_PDB ? "\"minAvailable\":1" : "\"maxUnavailable\":1");
	kube_put_number(vars, 'g', object->generation);
	kube_put_number(vars, 'd', (uint64_t)budget.allowed);
	kube_put_number(vars, 'A', (uint64_t)budget.healthy);
	kube_put_number(vars, 'D', (uint64_t)budget.desired);
	kube_put_number(vars, 'E', (uint64_t)budget.expected);
	kube_put(vars, 'e', budget.allowed > 0 ? "True" : "False");
	kube_put(vars, 'z', budget.allowed > 0 ? "SufficientPods" : "InsufficientPods");
	kube_put_stamp(kube, vars, 'y',
		       object->workload->changed_ms ? object->workload->changed_ms : object->created_ms);
	vars->workload = NULL;
}

static void fill_ingress(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	kube_fill_workload(kube, object->workload, vars);
	kube_put(vars, 'B', "");
	if (kube->ingress_host && object->index) /* its controller has made the load balancer */
		kube_put_format(vars, false, 'B', "'ingress':[{'hostname':'%s'}]", kube->ingress_host);
}

static void fill_claim(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	kube_fill_workload(kube, object->workload, vars);
	struct kube_object *claim =
		object->kind->id == KIND_PV ? (struct kube_object *)(uintptr_t)object->source : object;
	kube_put(vars, 'o', claim->name);
	kube_put(vars, 'N', claim->ns);
	kube_put_uid(kube, vars, 'O', claim->serial);
	kube_put_hex(vars, 'h', claim->serial + 99, 1);
	vars->workload = NULL;
}

static void fill_endpoints(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	kube_fill_workload(kube, object->workload, vars);
	char *start = kube_value_room(vars, 0);
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
	kube_put_own(vars, 'B', n);
}

static void fill_parts(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	if (object->workload)
		kube_fill_workload(kube, object->workload, vars);
	kube_put(vars, 'Y', object->deleting_ms ? "Terminating" : "Active");
	kube_put(vars, 'B', "");
	kube_put(vars, 'q', "80");
	kube_put_ip(vars, 'I', (172u << 24) | (20u << 16) | (uint32_t)(object->serial & 0xffff));
	kube_put(vars, 'F', "");
	kube_put_number(vars, 'b', object->workload ? object->workload->replicas * 2 + 2 : 0);
	kube_put_number(vars, 'R', object->workload ? object->workload->n_active : 0);
	kube_put_stamp(kube, vars, 't', kube->now_ms - kube->now_ms % MINUTE_MS);
	kube_put_stamp(kube, vars, 'y', kube->now_ms - kube->now_ms % (10 * SECOND_MS));
	if (object->kind->id == KIND_LEASE) { /* a MicroTime, which always has its six digits */
		struct slice stamp = vars->v['y'];
		PUT_JOINED(vars, 'Y', slice_make(stamp.p, stamp.n - 1), TEXT(".000000Z"));
	}
	vars->workload = NULL;
}

static void fill_definition(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars)
{
	const struct kube_resource *resource = object->source;
	(void)kube;
	kube_put(vars, 'a', resource->group);
	kube_put(vars, 'v', resource->version);
	kube_put(vars, 'k', resource->plural);
	kube_put(vars, 'Z', resource->kind);
	kube_put_format(vars, false, 'd', "%.*s", (int)strlen(resource->plural) - 1, resource->plural);
	vars->workload = NULL;
}

const struct kube_shape kube_fixture_shape = {0, 0, false, NULL};
static const struct kube_shape shapes[KIND_OTHERS] = {
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
const struct kube_shape *kube_shape_of(const struct kube_object *object)
{
	return object->fixture ? &kube_fixture_shape : &shapes[object->kind->id];
}
