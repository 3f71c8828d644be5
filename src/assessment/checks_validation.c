/* Could it be told whether the upgrade did harm?
 *
 * Left out, for one look or two cannot tell them and the steps of src/validation do while an upgrade runs: POST-DNS
 * asks from within pods, POST-SLO measures users' errors and latency, and VERIFY-NO-BASELINE has no object: Green is
 * judged beside Blue over the same minutes, not by a baseline. */
#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/eks-observe.html"

static bool is_exposed(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_services; i++)
		if (!strcmp(subject_text(inventory->services[i].type), "LoadBalancer"))
			return true;
	return inventory->n_ingresses > 0;
}

/* What collects. An exporter alone is asked by nobody. */
static bool is_monitoring(const char *image)
{
	static const char *const names[] = {"prometheus", "prometheus-operator", "prometheus-agent",
					    "vmagent",	  "victoria-metrics",	 "mimir",
					    NULL},
				 *const vendors[] = {
					 "cloudwatch-agent", "datadog",	    "adot",	     "opentelemetry-collector",
					 "otel-collector",   "newrelic",    "dynatrace",     "grafana/alloy",
					 "grafana/agent",    "telegraf",    "elastic-agent", "metricbeat",
					 "instana",	     "appdynamics", "sysdig",	     NULL};
	const char *slash = strrchr(image, '/'), *base = slash ? slash + 1 : image;
	for (size_t i = 0; vendors[i]; i++)
		if (strstr(image, vendors[i]))
			return true;
	for (size_t i = 0; names[i]; i++)
		if (!strcmp(base, names[i]))
			return true;
	return false;
}

static bool has_monitoring(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_pod_spec *spec = assess->inventory->workloads[i].template.spec;
		for (size_t k = 0; spec && k < spec->n_containers; k++) {
			const char *name, *tag;
			if (!spec->containers[k].image)
				continue;
			image_split(assess->arena, spec->containers[k].image, &name, &tag);
			if (is_monitoring(name))
				return true;
		}
	}
	return false;
}

/* A load balancer brings CloudWatch metrics of its own: requests, errors, latency. */
static void no_metrics(struct assess *assess)
{
	if (!assess->config->validation.n_metrics && !is_exposed(assess->inventory) && !has_monitoring(assess))
		assess_cluster(assess,
			       "nothing measures requests, errors or latency: no metric is configured, and there is "
			       "neither a load balancer nor Prometheus or a CloudWatch agent");
}

/* ---- VERIFY-ALARM: alarms that speak of this cluster */

static bool is_ours(const struct assess *assess, const json_t *alarm)
{
	static const char *const spaces[] = {"ContainerInsights", "AWS/ApplicationELB", "AWS/NetworkELB", "AWS/EKS"};
	const char *cluster = subject_text(assess->inventory->cluster),
		   *space = document_text_or(alarm, "Namespace", "");
	size_t i;
	const json_t *dimension;
	if (*cluster && (strstr(document_text_or(alarm, "AlarmName", ""), cluster) ||
			 strstr(document_text_or(alarm, "AlarmDescription", ""), cluster)))
		return true;
	json_array_foreach (json_object_get(alarm, "Dimensions"), i, dimension) {
		const char *value = document_text_or(dimension, "Value", "");
		if ((*cluster && !strcmp(value, cluster)) || strstr(value, "/k8s-"))
			return true;
		if (!strcmp(document_text_or(dimension, "Name", ""), "ClusterName"))
			return false; /* another one's */
	}
	for (i = 0; i < ARRAY_SIZE(spaces); i++)
		if (!strcmp(space, spaces[i]))
			return true;
	return false;
}

static void alarms(struct assess *assess)
{
	static const char *const lists[] = {"response.MetricAlarms", "response.CompositeAlarms"};
	size_t i, l, k;
	const json_t *call, *alarm;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_alarms"), i, call)
		for (l = 0; l < ARRAY_SIZE(lists); l++)
			json_array_foreach (document_at(call, lists[l]), k, alarm) {
				const char *name = document_text_or(alarm, "AlarmName", "?");
				if (strcmp(document_text_or(alarm, "StateValue", ""), "ALARM") != 0 ||
				    !is_ours(assess, alarm))
					continue;
				struct finding *finding = assess_aws(
					assess, document_text_or(alarm, "AlarmArn", name),
					"alarm \"%s\" rings already: what the upgrade does cannot be told from it",
					name);
				assess_evidence(assess, finding, "cloudwatch:DescribeAlarms", "%s",
						document_text_or(alarm, "StateReason", "no reason given"));
				assess_remedy(assess, finding,
					      "mend what it rings for; or silence it on purpose: aws cloudwatch "
					      "disable-alarm-actions --alarm-names '%s'",
					      name);
			}
}

/* Asked where an upgrade is configured: a mere look has no tests. */
static void no_test(struct assess *assess)
{
	const struct config *config = assess->config;
	if (config->traffic.n_records && !config->validation.n_tests && !config->validation.n_probes &&
	    is_exposed(assess->inventory))
		assess_cluster(assess, "users reach %s%s, and no test and no probe is configured",
			       config->traffic.records[0], config->traffic.n_records > 1 ? " and others" : "");
}

const struct check checks_validation[] = {
	{.id = "VERIFY-NO-METRICS",
	 .title = "no source of metrics",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(SUBJECT_ALL, "kubernetes services", "kubernetes ingresses.networking.k8s.io"),
	 .run = no_metrics,
	 .remedy = "name metrics under validation.metrics (prometheus: or cloudwatch:)",
	 .page = PAGE},
	{.id = "VERIFY-ALARM",
	 .title = "an alarm rings before anything starts",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("cloudwatch:DescribeAlarms"),
	 .run = alarms,
	 .remedy = "mend it first, or silence it on purpose",
	 .page = PAGE},
	{.id = "VERIFY-NO-TEST",
	 .title = "no test of what users reach",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes services", "kubernetes ingresses.networking.k8s.io"),
	 .run = no_test,
	 .remedy = "name a test under validation.tests, or addresses under validation.probes",
	 .page = PAGE},
	{.id = NULL},
};
