/* The short steps: looking again before anything is done, the backup, comparing what is on both clusters. */
#include "execution/stage.h"
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"

extern const struct step_type assess_step, backup_step, compare_step;

#define BACKUPS "/apis/velero.io/v1/namespaces/velero/backups"
#define OURS BACKUPS "/eks-upgrade-01234567"

static void says(const struct stage *stage, enum step_progress progress, const char *words)
{
	if (stage->result.progress != progress || !strstr(stage->result.detail, words))
		fail_msg("progress %d: %s", stage->result.progress, stage->result.detail);
}

static void a_cluster_that_moved_on_needs_another_plan(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	stage.plan.source_version = "1.32";
	struct error *error ERROR_CLEANUP = stage_try(&stage, assess_step.start);
	assert_int_equal(error->class, ERROR_PRECONDITION);
	assert_string_equal(error->message, "cluster \"shop\" is at 1.33, the plan was made at 1.32");
	assert_string_equal(error->remedy, "plan anew");
	assert_null(json_object_get(stage.memory, "endpoint"));
	stage_done(&stage);
}

static void a_cluster_that_is_busy_is_waited_for(void **state)
{
	struct stage stage;
	struct aws *aws;
	(void)state;
	stage_init(&stage, "{}");
	stage.plan.source_version = "1.33";
	assert_null(world_aws(&stage.world, &aws));
	assert_null(aws_call(aws, &aws_eks_UpdateClusterVersion,
			     json_pack("{s:s, s:s}", "name", "shop", "version", "1.34"), NULL));
	stage_call(&stage, assess_step.start);
	says(&stage, STEP_WAIT, "cluster is UPDATING");
	stage_sleep(&stage, 60 * MINUTE_MS); /* somebody else's upgrade ends: the plan is of another cluster now */
	struct error *error ERROR_CLEANUP = stage_try(&stage, assess_step.poll);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_PRECONDITION);
	stage_done(&stage);
}

static void what_was_found_is_remembered(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	stage.plan.source_version = "1.33";
	stage_call(&stage, assess_step.start);
	says(&stage, STEP_DONE, "shop is ACTIVE at 1.33");
	assert_true(strlen(document_text_or(stage.memory, "endpoint", "")) > 8);
	stage_done(&stage);
}

static void a_backup_is_made_once(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	stage_call(&stage, backup_step.start);
	stage_call(&stage, backup_step.start); /* the first one's answer was lost */
	says(&stage, STEP_WAIT, "Velero begins");
	stage_until_done(&stage, &backup_step);
	says(&stage, STEP_DONE, "\"eks-upgrade-01234567\": Completed");
	json_t *all DOCUMENT_CLEANUP = stage_ask(&stage, "GET", BACKUPS, NULL);
	size_t ours = 0, i;
	json_t *backup;
	json_array_foreach (json_object_get(all, "items"), i, backup)
		ours += !strcmp(document_text_or(backup, "metadata.name", ""), "eks-upgrade-01234567");
	assert_int_equal(ours, 1);
	stage_done(&stage);
}

static void one_that_was_never_made_is_made(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	stage_call(&stage, backup_step.poll); /* killed between the intent and the call */
	says(&stage, STEP_WAIT, "Velero begins");
	stage_until_done(&stage, &backup_step);
	stage_done(&stage);
}

static void a_backup_that_failed_stops_the_run(void **state)
{
	static const char *const phases[] = {"Failed", "PartiallyFailed", "FailedValidation"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		struct stage stage;
		stage_init(&stage, "{}");
		stage_call(&stage, backup_step.start);
		json_decref(stage_ask(&stage, "PATCH", OURS, json_pack("{s:{s:s}}", "status", "phase", phases[i])));
		stage_call(&stage, backup_step.poll);
		says(&stage, STEP_FAIL, phases[i]);
		stage_done(&stage);
	}
}

/* Green is bare: only what EKS itself brings is on it. */
static void what_green_lacks_is_named_after_some_patience(void **state)
{
	struct stage stage;
	struct aws *aws;
	(void)state;
	stage_init(&stage, "{}");
	assert_null(world_aws(&stage.world, &aws));
	assert_null(aws_call(aws, &aws_eks_CreateCluster,
			     json_pack("{s:s, s:s, s:s, s:{s:[s,s]}}", "name", "bare", "version", "1.34", "roleArn",
				       "arn:aws:iam::111122223333:role/eks", "resourcesVpcConfig", "subnetIds",
				       "subnet-a", "subnet-b"),
			     NULL));
	stage_sleep(&stage, 30 * MINUTE_MS);
	stage.plan.green_name = "bare";
	stage_call(&stage, compare_step.start); /* it began at 0: patience is over */
	says(&stage, STEP_FAIL, "Green lacks ");
	assert_non_null(strstr(stage.result.detail, "Deployment "));
	assert_non_null(strstr(stage.result.detail, " …"));
	stage.started_ms = sim_now_ms(stage.sim);
	stage_call(&stage, compare_step.start);
	says(&stage, STEP_WAIT, "Green lacks ");
	stage_done(&stage);
}

static void none_is_not_as_many_as_some(void **state)
{
	struct stage stage;
	(void)state;
	stage_init(&stage, "{}");
	stage_call(&stage, compare_step.start); /* with itself */
	says(&stage, STEP_DONE, " objects on both");
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_that_moved_on_needs_another_plan),
		cmocka_unit_test(a_cluster_that_is_busy_is_waited_for),
		cmocka_unit_test(what_was_found_is_remembered),
		cmocka_unit_test(a_backup_is_made_once),
		cmocka_unit_test(one_that_was_never_made_is_made),
		cmocka_unit_test(a_backup_that_failed_stops_the_run),
		cmocka_unit_test(what_green_lacks_is_named_after_some_patience),
		cmocka_unit_test(none_is_not_as_many_as_some),
	};
	return cmocka_run_group_tests_name("simple steps", tests, NULL, NULL);
}
