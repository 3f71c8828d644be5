/* What Terraform may do to reach Green, what is kept of its state before it does, and what EKS must say afterwards. */
#include "execution/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/time.h"
#include "codec/document.h"
#include "execution/terraform_gate.h"

extern const struct step_type terraform_apply_step;

/* ---- the gate */

#define CHANGE(type, address, actions, before, after)                                                                  \
	"{\"type\":\"" type "\",\"address\":\"" address "\",\"change\":{\"actions\":[" actions "],\"before\":" before  \
	",\"after\":" after "}}"
#define MADE(address) CHANGE("aws_eks_cluster", address, "\"create\"", "null", "{\"name\":\"shop-134\"}")

static const struct {
	const char *change, *refused; /* NULL: it may */
} changes[] = {
	{MADE("aws_eks_cluster.green"), NULL},
	{CHANGE("aws_vpc", "aws_vpc.shared", "\"no-op\"", "{\"name\":\"shop\"}", "{\"name\":\"shop\"}"), NULL},
	{CHANGE("aws_vpc", "data.x", "\"read\"", "null", "{\"name\":\"shop\"}"), NULL},
	{CHANGE("aws_vpc", "aws_vpc.shared", "\"update\"", "{\"name\":\"net\"}", "{\"name\":\"net\"}"), NULL},
	{CHANGE("aws_iam_role", "aws_iam_role.x", "\"create\"", "null", "{\"name\":\"shop\"}"), NULL},
	{CHANGE("aws_vpc", "aws_vpc.old", "\"delete\"", "{\"name\":\"net\"}", "null"),
	 "delete \"aws_vpc.old\": this upgrade did not"},
	{CHANGE("aws_vpc", "aws_vpc.old", "\"forget\"", "{\"name\":\"net\"}", "null"),
	 "forget \"aws_vpc.old\": this upgrade did not"},
	{CHANGE("aws_vpc", "aws_vpc.old", "\"delete\",\"create\"", "{}", "{}"),
	 "replace \"aws_vpc.old\": this upgrade did not"},
	{CHANGE("aws_vpc", "aws_vpc.half", "\"delete\",\"create\"", "{}", "{}"), NULL}, /* an earlier attempt's */
	{CHANGE("aws_eks_cluster", "aws_eks_cluster.b", "\"update\"", "{\"name\":\"shop\"}", "{\"name\":\"shop\"}"),
	 "change \"aws_eks_cluster.b\": that is Blue"},
	{CHANGE("aws_eks_cluster", "aws_vpc.half", "\"delete\"", "{\"name\":\"shop\"}", "null"), "that is Blue"},
	{CHANGE("aws_eks_cluster", "aws_eks_cluster.b", "\"create\"", "null", "{\"name\":\"shop\"}"),
	 "create \"aws_eks_cluster.b\": that is Blue"},
	{CHANGE("aws_eks_node_group", "g", "\"create\"", "null", "{\"cluster_name\":\"shop\"}"), "that is Blue"},
	{CHANGE("aws_eks_node_group", "g", "\"update\"", "{\"id\":\"shop:workers\"}", "{}"), "that is Blue"},
	{CHANGE("aws_eks_node_group", "g", "\"update\"", "{\"id\":\"shop-2:workers\"}", "{}"), NULL},
	{CHANGE("helm_release", "h", "\"update\"", "{\"name\":\"shop\"}", "{\"name\":\"shop\"}"), "that is Blue"},
};

static void only_green_may_come_to_be(void **state)
{
	json_t *ours DOCUMENT_CLEANUP = json_pack("[s]", "aws_vpc.half");
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char *text CLEANUP(mem_freep) = mem_printf("{\"format_version\":\"1.2\",\"resource_changes\":[%s,%s]}",
							   MADE("first"), changes[i].change);
		json_t *plan DOCUMENT_CLEANUP = json_loads(text, 0, NULL), *creates DOCUMENT_CLEANUP = NULL;
		assert_non_null(plan);
		struct error *error ERROR_CLEANUP = terraform_gate(plan, "shop", ours, &creates);
		if (!error != !changes[i].refused || (error && !strstr(error->message, changes[i].refused)))
			fail_msg("change %zu: %s", i, error ? error->message : "let through");
		assert_true(!error || (error->class == ERROR_PRECONDITION && error->remedy && !creates));
		if (!error)
			assert_string_equal(json_string_value(json_array_get(creates, 0)), "first");
	}
}

static void what_is_no_plan_is_not_applied(void **state)
{
	static const char *const texts[] = {"{}", "[]", "{\"resource_changes\":[]}", "{\"format_version\":1}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_t *plan DOCUMENT_CLEANUP = json_loads(texts[i], 0, NULL), *creates DOCUMENT_CLEANUP = NULL;
		struct error *error ERROR_CLEANUP = terraform_gate(plan, "shop", NULL, &creates);
		assert_int_equal(error->class, ERROR_SUBPROCESS);
		assert_null(creates);
	}
}

/* ---- the step */

struct place {
	struct stage stage;
	char directory[32], *state, *copy, *part, *parameters;
};

static void place_init(struct place *place, const char *cluster_name, const char *version)
{
	snprintf(place->directory, sizeof place->directory, "/tmp/terraform.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	place->state = mem_printf("%s/green.tfstate", place->directory);
	place->copy = mem_printf("%s.before-01234567", place->state);
	place->part = mem_printf("%s.part", place->copy);
	place->parameters =
		mem_printf("{\"blue_cluster_name\":\"shop\",\"cluster_name\":\"%s\",\"cluster_version\":\"1.34\","
			   "\"directory\":\"/module\",\"state\":\"%s\",\"var_files\":[\"prod.tfvars\"],"
			   "\"variables\":{\"team\":\"core\"}}",
			   cluster_name, place->state);
	stage_init(&place->stage, place->parameters);
	place->stage.step.step_id = "provision-green";
	place->stage.plan.green_name = "shop-134";
	place->stage.plan.source_version = "1.33";
	place->stage.plan.target_version = version;
}

static void place_done(struct place *place)
{
	stage_done(&place->stage);
	char *all[] = {place->part, place->copy, place->state, place->directory};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		remove(all[i]);
	free(place->part);
	free(place->copy);
	free(place->state);
	free(place->parameters);
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	assert_true(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void assert_file(const char *path, const char *wanted)
{
	char text[64] = "";
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	size_t n = fread(text, 1, sizeof text - 1, in);
	fclose(in);
	assert_int_equal(n, strlen(wanted));
	assert_string_equal(text, wanted);
}

/* Polls until the step is done, fails, or says so; an error is the caller's. */
static struct error *play(struct place *place, const char *until)
{
	struct stage *stage = &place->stage;
	struct error *error = stage_try(stage, terraform_apply_step.start);
	for (int i = 0; i < 500 && !error && stage->result.progress == STEP_WAIT; i++) {
		if (until && stage->result.detail && strstr(stage->result.detail, until))
			return NULL;
		stage_sleep(stage, 5 * SECOND_MS);
		error = stage_try(stage, terraform_apply_step.poll);
	}
	return error;
}

static void green_is_made_and_its_old_state_kept(void **state)
{
	struct place place;
	(void)state;
	place_init(&place, "shop-134", "1.34");
	write_file(place.state, "the state of before");
	write_file(place.part, "half writ"); /* by an agent that was killed while it copied */
	assert_null(play(&place, NULL));
	assert_int_equal(place.stage.result.progress, STEP_DONE);
	assert_string_equal(place.stage.result.detail, "\"shop-134\" is ACTIVE");
	assert_file(place.copy, "the state of before");
	assert_int_equal(access(place.part, F_OK), -1);
	write_file(place.state, "another");
	assert_null(play(&place, NULL)); /* taken up again: the copy is of before this run, not of now */
	assert_file(place.copy, "the state of before");
	place_done(&place);
}

static void nothing_is_applied_when_the_state_cannot_be_kept(void **state)
{
	struct place place;
	(void)state;
	place_init(&place, "shop-134", "1.34");
	write_file(place.state, "the state of before");
	assert_int_equal(symlink("/nowhere/at/all", place.part), 0);
	struct error *error ERROR_CLEANUP = play(&place, NULL);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "cannot keep a copy of"));
	assert_non_null(error->remedy);
	json_t *truth DOCUMENT_CLEANUP = sim_truth(place.stage.sim);
	assert_null(document_at(truth, "effects.eks:CreateCluster shop-134"));
	assert_false(document_true(place.stage.memory, "applied"));
	stage_call(&place.stage, terraform_apply_step.undo);
	assert_string_equal(place.stage.result.detail, "nothing was made");
	place_done(&place);
}

static void green_at_another_version_is_not_green(void **state)
{
	struct place place;
	(void)state;
	place_init(&place, "shop-134", "1.35"); /* the module makes what it was told, 1.34 */
	struct error *error ERROR_CLEANUP = play(&place, NULL);
	assert_non_null(error);
	assert_non_null(strstr(error->message, "\"shop-134\" is at 1.34, not at 1.35"));
	place_done(&place);
}

static void a_cluster_that_was_there_before_is_not_removed(void **state)
{
	struct place place;
	(void)state;
	place_init(&place, "shop", "1.34");
	struct error *error ERROR_CLEANUP = play(&place, "terraform init");
	assert_null(error);
	assert_true(document_true(place.stage.memory, "existed"));
	json_object_set_new(place.stage.memory, "applied", json_true()); /* as if the module had been let */
	for (int i = 0; i < 400 && place.stage.result.progress == STEP_WAIT; i++) {
		stage_call(&place.stage, terraform_apply_step.undo);
		stage_sleep(&place.stage, 10 * SECOND_MS);
	}
	assert_int_equal(place.stage.result.progress, STEP_DONE);
	assert_non_null(strstr(place.stage.result.detail, "was there before and stays"));
	place_done(&place);
}

static void green_is_kept_where_that_is_configured(void **state)
{
	struct place place;
	(void)state;
	place_init(&place, "shop-134", "1.34");
	assert_null(play(&place, NULL));
	place.stage.config.keep_green = true;
	stage_call(&place.stage, terraform_apply_step.undo);
	assert_int_equal(place.stage.result.progress, STEP_DONE);
	assert_non_null(strstr(place.stage.result.detail, "kept, as configured"));
	json_t *truth DOCUMENT_CLEANUP = sim_truth(place.stage.sim);
	assert_int_equal(json_array_size(json_object_get(truth, "clusters")), 2);
	place_done(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_green_may_come_to_be),
		cmocka_unit_test(what_is_no_plan_is_not_applied),
		cmocka_unit_test(green_is_made_and_its_old_state_kept),
		cmocka_unit_test(nothing_is_applied_when_the_state_cannot_be_kept),
		cmocka_unit_test(green_at_another_version_is_not_green),
		cmocka_unit_test(a_cluster_that_was_there_before_is_not_removed),
		cmocka_unit_test(green_is_kept_where_that_is_configured),
	};
	return cmocka_run_group_tests_name("terraform", tests, NULL, NULL);
}
