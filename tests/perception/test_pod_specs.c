/* Specs that are compared before they are read: alike exactly when they mean the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "perception/inventory.h"

static void take(struct inventory *inventory, const char *kind, const char *owner, const char *spec)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	const char *text = arena_printf(
		scratch,
		"{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{\"namespace\":\"a\",\"name\":\"p%zu\","
		"\"ownerReferences\":[{\"kind\":\"%s\",\"name\":\"o\",\"controller\":true}]},\"spec\":%s}",
		kind, inventory->n_pods, owner, spec);
	inventory_take_text(inventory, slice_of(text), scratch);
}

static const struct kube_pod *pod(struct inventory *inventory, const char *owner, const char *spec)
{
	take(inventory, "Pod", owner, spec);
	return &inventory->pods[inventory->n_pods - 1];
}

#define REPLICA(node, token, image)                                                                                    \
	"{\"nodeName\":\"" node "\",\"containers\":[{\"name\":\"c\",\"image\":\"" image                                \
	"\",\"volumeMounts\":[{\"name\":\"kube-api-access-" token "\",\"mountPath\":\"/t\"},{\"name\":\"data\"}]}],"   \
	"\"volumes\":[{\"name\":\"data\",\"emptyDir\":{}},{\"name\":\"kube-api-access-" token "\",\"projected\":{}}]}"

static void replicas_share_a_spec(void **state)
{
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	(void)state;
	pod(inventory, "ReplicaSet", REPLICA("n1", "abcde", "web:1"));
	pod(inventory, "ReplicaSet", REPLICA("node-2", "zz9zz", "web:1"));
	pod(inventory, "ReplicaSet", REPLICA("n1", "abcde", "web:2"));
	pod(inventory, "ReplicaSet", REPLICA("n1", "abcde", "web:1"));
	const struct kube_pod *pods = inventory->pods;
	assert_ptr_equal(pods[0].spec, pods[1].spec);
	assert_ptr_equal(pods[0].spec, pods[3].spec);
	assert_ptr_not_equal(pods[0].spec, pods[2].spec);
	assert_string_equal(pods[2].spec->containers[0].image, "web:2");
	assert_string_equal(pods[1].node_name, "node-2");
	assert_null(pods[1].spec->node_name);
	assert_int_equal(pods[1].spec->n_volumes, 1);
	assert_string_equal(pods[1].spec->volumes[0].name, "data");
	assert_int_equal(pods[1].spec->containers[0].n_mounts, 1);
	assert_string_equal(pods[1].spec->containers[0].mounts[0].name, "data");
}

static void what_only_looks_alike_is_told_apart(void **state)
{
	static const char *const specs[] = {
		"{\"nodeName\":\"n1\",\"nodeSelector\":{\"kubernetes.io/hostname\":\"n1\"}}",
		"{\"nodeName\":\"n2\",\"nodeSelector\":{\"kubernetes.io/hostname\":\"n2\"}}",
		"{\"nodeName\":\"n1\",\"securityContext\":{\"nodeName\":\"n1\"}}",
		"{\"nodeName\":\"n1\",\"securityContext\":{\"nodeName\":\"n2\"}}",
		"{\"nodeName\":\"n2\",\"securityContext\":{\"nodeName\":\"n2\"}}",
		"{\"nodeName\":\"n1\",\"nodeSelector\":{\"a\":\"kube-api-access-aaaaa\"}}",
		"{\"nodeName\":\"n1\",\"nodeSelector\":{\"a\":\"kube-api-access-aaaaa \"}}",
		"{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"c\",\"args\":[\"nodeName\",\"n1\"]}]}",
		"{\"nodeName\":\"n2\",\"containers\":[{\"name\":\"c\",\"args\":[\"nodeName\",\"n1\"]}]}",
		"{\"containers\":[{\"name\":\"c\",\"args\":[\"nodeName\",\"n1\"]}]}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) { /* each after each other, and alone: the same is read */
		for (size_t k = 0; k < ARRAY_SIZE(specs); k++) {
			struct inventory *both CLEANUP(inventory_freep) = inventory_new();
			struct inventory *alone CLEANUP(inventory_freep) = inventory_new();
			pod(both, "ReplicaSet", specs[i]);
			const struct kube_pod_spec *after = pod(both, "ReplicaSet", specs[k])->spec,
						   *first = pod(alone, "ReplicaSet", specs[k])->spec;
			assert_int_equal(after->n_node_selector, first->n_node_selector);
			for (size_t n = 0; n < first->n_node_selector; n++)
				assert_string_equal(after->node_selector[n].value, first->node_selector[n].value);
			if (first->security)
				assert_string_equal(after->security, first->security);
			else
				assert_null(after->security);
			assert_int_equal(after->n_containers, first->n_containers);
			assert_null(after->node_name);
		}
	}
}

#define AFFINITY(node, more)                                                                                           \
	"{\"nodeName\":\"" node "\",\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution"  \
	"\":{\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":["     \
	"\"" node "\"]}]}]}}" more "}}"

static void a_daemons_affinity_only_names_its_node(void **state)
{
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	(void)state;
	pod(inventory, "DaemonSet", AFFINITY("n1", ""));
	pod(inventory, "DaemonSet", AFFINITY("n2", ""));
	pod(inventory, "ReplicaSet", AFFINITY("n1", ""));
	pod(inventory, "ReplicaSet", AFFINITY("n2", ""));
	pod(inventory, "DaemonSet", AFFINITY("n1", ",\"podAntiAffinity\":{}"));
	const struct kube_pod *pods = inventory->pods;
	assert_ptr_equal(pods[0].spec, pods[1].spec);
	assert_null(pods[0].spec->affinity);
	assert_ptr_not_equal(pods[2].spec, pods[3].spec);
	assert_non_null(strstr(pods[2].spec->affinity, "\"n1\""));
	assert_non_null(strstr(pods[3].spec->affinity, "\"n2\""));
	assert_non_null(pods[4].spec->affinity);
}

static void a_broken_spec_costs_its_pod_alone(void **state)
{
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	(void)state;
	pod(inventory, "ReplicaSet", "{\"nodeName\":\"n1\"}");
	take(inventory, "Pod", "ReplicaSet", "{\"containers\":{}}");
	take(inventory, "Pod", "ReplicaSet", "[]");
	pod(inventory, "ReplicaSet", "null");
	assert_int_equal(inventory->n_pods, 2);
	assert_null(inventory->pods[1].spec);
	assert_int_equal(inventory->n_bad_objects, 2);
	assert_non_null(strstr(inventory->bad_objects[0].detail, "containers"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replicas_share_a_spec),
		cmocka_unit_test(what_only_looks_alike_is_told_apart),
		cmocka_unit_test(a_daemons_affinity_only_names_its_node),
		cmocka_unit_test(a_broken_spec_costs_its_pod_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
