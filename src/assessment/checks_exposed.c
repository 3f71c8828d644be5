/* Pods that users reach through a load balancer: are they taken out of it before they stop, and put in before they
 * count as available? */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html"
#define ALB "alb.ingress.kubernetes.io/"
#define LB "service.beta.kubernetes.io/aws-load-balancer-"
#define EXPOSED                                                                                                        \
	SUBJECT_ALL, "kubernetes pods", "kubernetes services", "kubernetes ingresses.networking.k8s.io",               \
		"kubernetes targetgroupbindings.elbv2.k8s.aws"

enum { DEFAULT_GRACE_S = 30 };

/* What is known of a workload's way to its users. */
struct exposure {
	bool exposed, by_ip;
	int64_t deregistration_s; /* -1: not known */
	const char *through;	  /* "Service web", "Ingress shop" */
};
typedef void exposure_fn(struct assess *assess, const struct kube_workload *workload, const struct exposure *exposure);

static bool starts(const char *text, const char *with)
{
	return text && !strncmp(text, with, strlen(with));
}

static int64_t delay_in(const char *attributes)
{
	static const char key[] = "deregistration_delay.timeout_seconds=";
	const char *at = attributes ? strstr(attributes, key) : NULL;
	return at && isdigit((unsigned char)at[sizeof key - 1]) ? strtoll(at + sizeof key - 1, NULL, 10) : -1;
}

static bool selects(const struct kube_service *service, const struct kube_workload *workload)
{
	const struct kube_pod_template *template = &workload->template;
	if (!service->n_selector || strcmp(subject_text(service->meta.ns), subject_text(workload->meta.ns)) != 0)
		return false;
	for (size_t i = 0; i < service->n_selector; i++) {
		const char *value = kube_pairs_get(template->labels, template->n_labels, service->selector[i].key);
		if (!value || strcmp(value, subject_text(service->selector[i].value)) != 0)
			return false;
	}
	return true;
}

static void note(struct exposure *exposure, bool by_ip, int64_t delay_s, const char *through)
{
	exposure->exposed = true;
	exposure->by_ip |= by_ip;
	exposure->through = exposure->through ? exposure->through : through;
	if (delay_s > exposure->deregistration_s)
		exposure->deregistration_s = delay_s;
}

static void by_service(struct assess *assess, const struct kube_service *service, struct exposure *exposure)
{
	const char *target = kube_meta_annotation(&service->meta, LB "nlb-target-type"),
		   *type = kube_meta_annotation(&service->meta, LB "type"),
		   *attributes = kube_meta_annotation(&service->meta, LB "target-group-attributes");
	if (!service->type || strcmp(service->type, "LoadBalancer") != 0)
		return;
	note(exposure, (target && !strcmp(target, "ip")) || (type && !strcmp(type, "nlb-ip")), delay_in(attributes),
	     arena_printf(assess->arena, "Service \"%s\"", subject_text(service->meta.name)));
}

/* Who serves the class of this name; NULL: not known. */
static const char *controller_of(struct assess *assess, const char *class_name)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *class = &assess->inventory->customs[i];
		if (!strcmp(subject_text(class->kind), "IngressClass") &&
		    !strcmp(subject_text(class->meta.name), class_name))
			return document_text(assess_json(assess, class->spec), "controller");
	}
	return NULL;
}

/* The class says whose an Ingress is: annotations may be left over from before. */
static bool is_alb(struct assess *assess, const struct kube_ingress *ingress)
{
	const char *controller = ingress->class_name ? controller_of(assess, ingress->class_name) : NULL;
	if (controller)
		return !strcmp(controller, "ingress.k8s.aws/alb") || !strcmp(controller, "eks.amazonaws.com/alb");
	const char *old = kube_meta_annotation(&ingress->meta, "kubernetes.io/ingress.class");
	if (starts(ingress->class_name, "alb") || starts(old, "alb"))
		return true;
	for (size_t i = 0; i < ingress->meta.n_annotations; i++)
		if (starts(ingress->meta.annotations[i].key, ALB))
			return true;
	return false;
}

static bool names_service(const json_t *backend, const char *name)
{
	const char *named = document_text(backend, "service.name");
	return named && name && !strcmp(named, name);
}

static bool leads_to(struct assess *assess, const struct kube_ingress *ingress, const char *service)
{
	size_t i, k;
	const json_t *rule, *path;
	if (names_service(assess_json(assess, ingress->default_backend), service))
		return true;
	json_array_foreach (assess_json(assess, ingress->rules), i, rule)
		json_array_foreach (document_at(rule, "http.paths"), k, path)
			if (names_service(json_object_get(path, "backend"), service))
				return true;
	return false;
}

static void by_ingress(struct assess *assess, const struct kube_service *service, struct exposure *exposure)
{
	for (size_t i = 0; i < assess->inventory->n_ingresses; i++) {
		const struct kube_ingress *ingress = &assess->inventory->ingresses[i];
		const char *target = kube_meta_annotation(&ingress->meta, ALB "target-type");
		if (!is_alb(assess, ingress) ||
		    strcmp(subject_text(ingress->meta.ns), subject_text(service->meta.ns)) != 0 ||
		    !leads_to(assess, ingress, service->meta.name))
			continue;
		note(exposure, target && !strcmp(target, "ip"),
		     delay_in(kube_meta_annotation(&ingress->meta, ALB "target-group-attributes")),
		     arena_printf(assess->arena, "Ingress \"%s\"", subject_text(ingress->meta.name)));
	}
}

/* The target group behind a binding tells its own delay. */
static int64_t delay_of(const struct assess *assess, const char *arn)
{
	const json_t *response = arn ? inventory_aws_response_for(assess->inventory, "describe_target_group_attributes",
								  "TargetGroupArn", arn)
				     : NULL,
		     *attribute;
	size_t i;
	json_array_foreach (json_object_get(response, "Attributes"), i, attribute)
		if (!strcmp(document_text_or(attribute, "Key", ""), "deregistration_delay.timeout_seconds"))
			return document_int_or(attribute, "Value", -1);
	return -1;
}

static void by_binding(struct assess *assess, const struct kube_service *service, struct exposure *exposure)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *binding = &assess->inventory->customs[i];
		if (!binding->kind || strcmp(binding->kind, "TargetGroupBinding") != 0 ||
		    strcmp(subject_text(binding->meta.ns), subject_text(service->meta.ns)) != 0)
			continue;
		const json_t *spec = assess_json(assess, binding->spec);
		if (strcmp(document_text_or(spec, "serviceRef.name", ""), subject_text(service->meta.name)) != 0)
			continue;
		note(exposure, !strcmp(document_text_or(spec, "targetType", ""), "ip"),
		     delay_of(assess, document_text(spec, "targetGroupARN")),
		     arena_printf(assess->arena, "TargetGroupBinding \"%s\"", subject_text(binding->meta.name)));
	}
}

struct way { /* a service that is exposed */
	const struct kube_service *service;
	struct exposure exposure;
};

static void each_exposed(struct assess *assess, exposure_fn *fn)
{
	const struct inventory *inventory = assess->inventory;
	struct way *ways CLEANUP(mem_freep) = NULL;
	size_t n = 0;
	for (size_t i = 0; i < inventory->n_services; i++) {
		struct way way = {&inventory->services[i], {.deregistration_s = -1}};
		if (!way.service->n_selector)
			continue;
		by_service(assess, way.service, &way.exposure);
		by_ingress(assess, way.service, &way.exposure);
		by_binding(assess, way.service, &way.exposure);
		if (way.exposure.exposed)
			*HEAP_PUSH(ways, n) = way;
	}
	for (size_t w = 0; w < inventory->n_workloads && n; w++) {
		const struct kube_workload *workload = &inventory->workloads[w];
		struct exposure exposure = {.deregistration_s = -1};
		if (!subject_is_lasting(assess, workload))
			continue;
		for (size_t i = 0; i < n; i++)
			if (selects(ways[i].service, workload))
				note(&exposure, ways[i].exposure.by_ip, ways[i].exposure.deregistration_s,
				     ways[i].exposure.through);
		if (exposure.exposed)
			fn(assess, workload, &exposure);
	}
}

/* ---- WL-PRESTOP */

/* Seconds of "sleep 20" among words; -1. */
static int64_t sleep_in(const char *text)
{
	const char *at = text ? strstr(text, "sleep") : NULL;
	at = at ? at + 5 + strspn(at + 5, " \t\"',") : NULL;
	return at && isdigit((unsigned char)*at) ? strtoll(at, NULL, 10) : -1;
}

/* How long a container sleeps before it is told to stop: -1 not at all, INT64_MAX when it does something that cannot be
 * judged from here. */
static int64_t sleeps(struct assess *assess, const struct kube_container *container)
{
	const json_t *hook = assess_json(assess, container->pre_stop), *command = document_at(hook, "exec.command");
	int64_t seconds = document_int_or(hook, "sleep.seconds", -1);
	if (!json_is_object(hook))
		return -1;
	for (size_t i = 0; i < json_array_size(command) && seconds < 0; i++) {
		const char *word = json_string_value(json_array_get(command, i)),
			   *next = json_string_value(json_array_get(command, i + 1));
		const char *slash = word ? strrchr(word, '/') : NULL;
		seconds = word && !strcmp(slash ? slash + 1 : word, "sleep") && next ? strtoll(next, NULL, 10)
										     : sleep_in(word);
	}
	return seconds >= 0 ? seconds : INT64_MAX;
}

static void one_prestop(struct assess *assess, const struct kube_workload *workload, const struct exposure *exposure)
{
	const struct kube_pod_spec *spec = workload->template.spec;
	int64_t longest_s = -1, grace_s = spec->has_grace_s ? spec->grace_s : DEFAULT_GRACE_S,
		delay_s = exposure->deregistration_s;
	const char *wrong = NULL;
	for (size_t i = 0; i < spec->n_containers; i++) {
		int64_t seconds = sleeps(assess, &spec->containers[i]);
		longest_s = seconds > longest_s ? seconds : longest_s;
	}
	if (longest_s == INT64_MAX)
		return;
	if (longest_s < 0)
		wrong = "no preStop sleep: pods stop while the load balancer still sends to them";
	else if (longest_s >= grace_s)
		wrong = arena_printf(
			assess->arena,
			"preStop sleeps %lld s, the grace period is %lld s: pods are killed in their sleep",
			(long long)longest_s, (long long)grace_s);
	else if (delay_s >= 0 && longest_s <= delay_s)
		wrong = arena_printf(
			assess->arena,
			"preStop sleeps %lld s, the target group deregisters in %lld s: pods stop before it "
			"is done",
			(long long)longest_s, (long long)delay_s);
	if (!wrong)
		return;
	struct finding *finding = SUBJECT_FOUND(assess, workload, "%s", wrong);
	assess_evidence(assess, finding, "kubernetes services", "behind a load balancer through %s", exposure->through);
}

static void prestop(struct assess *assess)
{
	each_exposed(assess, one_prestop);
}

/* ---- WL-READINESS-GATE */

static bool has_gate(struct assess *assess, const char *gates)
{
	size_t i;
	const json_t *gate;
	json_array_foreach (assess_json(assess, gates), i, gate)
		if (starts(document_text(gate, "conditionType"), "target-health."))
			return true;
	return false;
}

/* The controller's webhook adds gates to the pods of a namespace that asks for it. */
static bool asks_for_gates(const struct assess *assess, const char *ns)
{
	for (size_t i = 0; i < assess->inventory->n_namespaces; i++) {
		const struct kube_meta *meta = &assess->inventory->namespaces[i].meta;
		const char *value = kube_meta_label(meta, "elbv2.k8s.aws/pod-readiness-gate-inject");
		if (!strcmp(subject_text(meta->name), subject_text(ns)))
			return value && !strcmp(value, "enabled");
	}
	return false;
}

static void one_gate(struct assess *assess, const struct kube_workload *workload, const struct exposure *exposure)
{
	struct pod_list pods = index_workload_pods(assess, workload);
	if (!exposure->by_ip || has_gate(assess, workload->template.spec->readiness_gates) ||
	    asks_for_gates(assess, workload->meta.ns))
		return;
	for (size_t i = 0; i < pods.n; i++)
		if (pod_at(pods, i)->spec && has_gate(assess, pod_at(pods, i)->spec->readiness_gates))
			return;
	struct finding *finding = SUBJECT_FOUND(assess, workload,
						"targets of type ip without readiness gate: new pods count as ready "
						"before the load balancer knows them");
	assess_evidence(assess, finding, "kubernetes services", "through %s", exposure->through);
	assess_remedy(assess, finding,
		      "kubectl label namespace %s elbv2.k8s.aws/pod-readiness-gate-inject=enabled && "
		      "kubectl -n %s rollout restart %s %s",
		      subject_text(workload->meta.ns), subject_text(workload->meta.ns), workload->kind,
		      subject_text(workload->meta.name));
}

static void readiness_gate(struct assess *assess)
{
	each_exposed(assess, one_gate);
}

const struct check checks_exposed[] = {
	{.id = "WL-PRESTOP",
	 .title = "behind a load balancer, and does not wait to be taken out of it",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(EXPOSED),
	 .run = prestop,
	 .remedy = "let deregistration delay < preStop sleep < terminationGracePeriodSeconds",
	 .page = PAGE},
	{.id = "WL-READINESS-GATE",
	 .title = "load balancer targets of type ip without readiness gate",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(EXPOSED, "kubernetes namespaces"),
	 .run = readiness_gate,
	 .remedy = "label the namespace elbv2.k8s.aws/pod-readiness-gate-inject=enabled and restart its pods",
	 .page = "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/"},
	{.id = NULL},
};
