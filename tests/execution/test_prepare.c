/* The steps that findings ask for, against the simulated world: what they change, when they are done, what undoing puts
 * back, and what they leave alone. */
#include "execution/stage.h"
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"

extern const struct step_type scale_step, apply_step, addon_step;

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
#define COREDNS "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
#define SCHEMA "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
#define OLD_SCHEMA "{\"apiVersion\":\"flowcontrol.apiserver.k8s.io/v1beta3\",\"kind\":\"FlowSchema\"}"

static int64_t replicas(struct stage *stage)
{
	json_t *seen DOCUMENT_CLEANUP = stage_ask(stage, "GET", COREDNS, NULL);
	return document_int_or(seen, "spec.replicas", -1);
}

static void set_replicas(struct stage *stage, int n)
{
	json_decref(stage_ask(stage, "PATCH", COREDNS "/scale", json_pack("{s:{s:i}}", "spec", "replicas", n)));
}

#define SCALE "{\"kind\":\"Deployment\",\"namespace\":\"kube-system\",\"name\":\"coredns\",\"from\":\"1\",\"to\":\"2\"}"

static void a_deployment_is_scaled_and_put_back(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, SCALE);
	set_replicas(&stage, 1);
	sim_advance_to(stage.sim, sim_now_ms(stage.sim) + 5 * MINUTE_MS);
	stage_call(&stage, scale_step.start);
	assert_int_equal(stage.result.progress, STEP_WAIT); /* asked for; not there yet */
	assert_int_equal(replicas(&stage), 2);
	stage_until_done(&stage, &scale_step);
	assert_int_equal(document_int_or(stage.memory, "before", -1), 1);
	stage_call(&stage, scale_step.undo);
	assert_int_equal(replicas(&stage), 1);
	stage_done(&stage);
}

static void what_is_scaled_already_is_left_and_kept(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, SCALE);
	stage_call(&stage, scale_step.start); /* it has two */
	assert_int_equal(stage.result.progress, STEP_DONE);
	stage_call(&stage, scale_step.undo);
	assert_int_equal(replicas(&stage), 2);
	stage_done(&stage);
}

static void another_hand_after_ours_is_not_undone(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, SCALE);
	set_replicas(&stage, 1);
	stage_call(&stage, scale_step.start);
	set_replicas(&stage, 4);
	stage_call(&stage, scale_step.undo);
	assert_int_equal(replicas(&stage), 4);
	assert_non_null(strstr(stage.result.detail, "left at 4"));
	stage_done(&stage);
}

static void what_is_gone_needs_nothing(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{\"kind\":\"Deployment\",\"namespace\":\"x\",\"name\":\"y\",\"from\":\"1\",\"to\":\"2\"}");
	stage_call(&stage, scale_step.start);
	assert_int_equal(stage.result.progress, STEP_DONE);
	stage_call(&stage, scale_step.undo);
	assert_int_equal(stage.result.progress, STEP_DONE);
	stage_done(&stage);
}

static void make_schema(struct stage *stage, const char *mark, const char *value)
{
	json_decref(stage_ask(stage, "POST", SCHEMA,
			      json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:s}}, s:{s:i, s:{s:s}}}", "apiVersion",
					"flowcontrol.apiserver.k8s.io/v1", "kind", "FlowSchema", "metadata", "name",
					"mine", "annotations", LAST_APPLIED, OLD_SCHEMA, mark, value, "spec",
					"matchingPrecedence", 700, "priorityLevelConfiguration", "name", "exempt")));
}

static char *last_applied(struct stage *stage)
{
	json_t *seen DOCUMENT_CLEANUP = stage_ask(stage, "GET", SCHEMA "/mine", NULL);
	const json_t *annotations = json_object_get(json_object_get(seen, "metadata"), "annotations");
	return mem_strdup(json_string_value(json_object_get(annotations, LAST_APPLIED)));
}

#define CONVERT                                                                                                        \
	"{\"kind\":\"FlowSchema\",\"name\":\"mine\",\"from\":\"flowcontrol.apiserver.k8s.io/v1beta3\","                \
	"\"to\":\"flowcontrol.apiserver.k8s.io/v1\"}"

static void a_manifest_is_applied_in_the_new_version_and_put_back(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, CONVERT);
	make_schema(&stage, "team", "core");
	stage_call(&stage, apply_step.start);
	assert_int_equal(stage.result.progress, STEP_DONE);
	char *text CLEANUP(mem_freep) = last_applied(&stage);
	json_t *manifest DOCUMENT_CLEANUP = json_loads(text, 0, NULL);
	assert_string_equal(document_text_or(manifest, "apiVersion", ""), "flowcontrol.apiserver.k8s.io/v1");
	assert_string_equal(document_text_or(manifest, "kind", ""), "FlowSchema");
	assert_int_equal(document_int_or(manifest, "spec.matchingPrecedence", 0), 700);
	assert_string_equal(document_text_or(manifest, "metadata.annotations.team", ""), "core");
	assert_null(document_at(manifest, "metadata.uid"));
	assert_null(document_at(manifest, "metadata.managedFields"));
	char *memory CLEANUP(mem_freep) = json_dumps(stage.memory, 0);
	assert_null(strstr(memory, "FlowSchema\\\"")); /* a manifest may hold secrets: the journal has none of it */
	stage_call(&stage, apply_step.start);	       /* taken up again after a kill */
	assert_int_equal(stage.result.progress, STEP_DONE);
	stage_call(&stage, apply_step.undo);
	char *again CLEANUP(mem_freep) = last_applied(&stage);
	assert_string_equal(again, OLD_SCHEMA);
	json_t *seen DOCUMENT_CLEANUP = stage_ask(&stage, "GET", SCHEMA "/mine", NULL);
	assert_null(json_object_get(json_object_get(json_object_get(seen, "metadata"), "annotations"),
				    "eks-upgrade-agent/applied-before"));
	stage_done(&stage);
}

static void what_git_or_helm_writes_is_left_to_them(void **state)
{
	static const char *const marks[] = {"argocd.argoproj.io/tracking-id", "meta.helm.sh/release-name"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		struct stage stage;
		stage_init(&stage, CONVERT);
		make_schema(&stage, marks[i], "theirs");
		stage_call(&stage, apply_step.start);
		assert_int_equal(stage.result.progress, STEP_DONE);
		assert_non_null(strstr(stage.result.detail, "left alone"));
		char *text CLEANUP(mem_freep) = last_applied(&stage);
		assert_string_equal(text, OLD_SCHEMA);
		stage_done(&stage);
	}
}

static void a_version_that_is_not_served_is_told(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{\"kind\":\"FlowSchema\",\"name\":\"mine\",\"from\":\"a/v1\",\"to\":\"a.example.com/v2\"}");
	stage_call(&stage, apply_step.start);
	assert_int_equal(stage.result.progress, STEP_DONE);
	assert_non_null(strstr(stage.result.detail, "does not serve a.example.com/v2"));
	stage_done(&stage);
}

static void an_addon_is_brought_to_the_version(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{\"name\":\"vpc-cni\",\"from\":\"v1.20.3-eksbuild.1\",\"to\":\"v1.20.4-eksbuild.1\"}");
	stage_call(&stage, addon_step.start);
	assert_int_equal(stage.result.progress, STEP_WAIT);
	stage_call(&stage, addon_step.poll); /* being updated: not asked for again */
	stage_until_done(&stage, &addon_step);
	json_t *truth DOCUMENT_CLEANUP = sim_truth(stage.sim);
	const json_t *effects = json_object_get(truth, "effects");
	assert_int_equal(
		json_integer_value(json_object_get(effects, "eks:UpdateAddon shop/vpc-cni v1.20.4-eksbuild.1")), 1);
	stage_call(&stage, addon_step.start);
	assert_int_equal(stage.result.progress, STEP_DONE); /* new enough */
	stage_done(&stage);
}

static void an_addon_that_is_none_of_eks_needs_nothing(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{\"name\":\"unheard-of\",\"from\":\"v1\",\"to\":\"v2\"}");
	stage_call(&stage, addon_step.start);
	assert_int_equal(stage.result.progress, STEP_DONE);
	assert_non_null(strstr(stage.result.detail, "not an EKS add-on"));
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deployment_is_scaled_and_put_back),
		cmocka_unit_test(what_is_scaled_already_is_left_and_kept),
		cmocka_unit_test(another_hand_after_ours_is_not_undone),
		cmocka_unit_test(what_is_gone_needs_nothing),
		cmocka_unit_test(a_manifest_is_applied_in_the_new_version_and_put_back),
		cmocka_unit_test(what_git_or_helm_writes_is_left_to_them),
		cmocka_unit_test(a_version_that_is_not_served_is_told),
		cmocka_unit_test(an_addon_is_brought_to_the_version),
		cmocka_unit_test(an_addon_that_is_none_of_eks_needs_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
