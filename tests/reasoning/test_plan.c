/* What is refused before there is a plan, each with its mend; and what a plan says of what it was told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "codec/document.h"
#include "reasoning/plan_generator.h"

#define GOOD                                                                                                           \
	"cluster: shop\ntarget_version: \"1.34\"\nterraform: { directory: infra/green }\n"                             \
	"traffic: { route53: { hosted_zone: example.com, records: [shop.example.com] } }\n"                            \
	"gitops: { argocd: { server: \"https://argocd.example.com\", token: env:TOKEN } }\n"

static struct record_info simple = {.name = "shop.example.com.", .type = "A", .weight = -1},
			  idle = {.name = "SHOP.example.com", .type = "A", .weight = 0};
static struct source_info denied = {.name = "route53 records", .status = "denied", .detail = "AccessDenied"},
			  blind = {.name = "kubernetes pods", .status = "failed", .detail = "the server is gone"};

static struct cluster_state good_state(void)
{
	return (struct cluster_state){.format = 1,
				      .cluster_name = "shop",
				      .current_version = "1.33",
				      .status = "ACTIVE",
				      .records = &simple,
				      .n_records = 1};
}

struct made {
	struct arena *arena;
	struct config config;
	struct upgrade_plan plan;
	struct error *error;
};

static void make(struct made *made, const char *more, const struct cluster_state *state)
{
	*made = (struct made){.arena = arena_new()};
	char *text CLEANUP(mem_freep) = mem_printf("%s%s", GOOD, more);
	assert_null(config_from_text(slice_of(text), "test", made->arena, &made->config));
	made->error = plan_generate(state, NULL, &made->config, made->arena, &made->plan);
}

static void made_done(struct made *made)
{
	error_free(made->error);
	arena_free(made->arena);
}

static void refused(const char *more, struct cluster_state state, const char *why, const char *mend)
{
	struct made made;
	make(&made, more, &state);
	if (!made.error || !strstr(made.error->message, why) || !made.error->remedy ||
	    !strstr(made.error->remedy, mend))
		fail_msg("\"%s\": %s (do: %s)", why, made.error ? made.error->message : "a plan was made",
			 made.error && made.error->remedy ? made.error->remedy : "nothing");
	made_done(&made);
}

#define STATE(...)                                                                                                     \
	({                                                                                                             \
		struct cluster_state s = good_state();                                                                 \
		__VA_ARGS__;                                                                                           \
		s;                                                                                                     \
	})

static void what_cannot_be_upgraded_is_refused(void **state)
{
	(void)state;
	refused("", STATE(s.current_version = "1.34"), "is at 1.34 already: 1.34 is no change", "--to 1.35");
	refused("", STATE(s.current_version = "1.35"), "1.34 is older, and Kubernetes does not go back", "--to 1.36");
	refused("", STATE(s.current_version = "1.25"), "9 minor versions at once", "at most four");
	refused("", STATE(s.current_version = NULL), "tells no version", "eks describe-cluster");
	refused("", STATE(s.status = "UPDATING"), "cluster \"shop\" is UPDATING", "wait until it is ACTIVE");
	refused("", STATE(s.status = NULL), "is in no known state", "wait until it is ACTIVE");
	refused("", STATE(s.sources = &blind, s.n_sources = 1), "no plan without kubernetes pods: the server is gone",
		"doctor");
}

static void names_without_a_way_to_shift_are_refused(void **state)
{
	(void)state;
	refused("", STATE(s.n_records = 0), "no A, AAAA or CNAME record \"shop.example.com\" in zone \"example.com\"",
		"check traffic.route53");
	refused("", STATE(s.n_records = 0, s.sources = &denied, s.n_sources = 1),
		"the records of zone \"example.com\" could not be read: AccessDenied", "doctor");
	refused("", STATE(s.records = &idle), "all weights of \"shop.example.com\" are zero", "a weight above zero");
	struct record_info longer[] = {{.name = "shop.example.com.br", .type = "A", .weight = -1}};
	refused("", STATE(s.records = longer), "no A, AAAA or CNAME record \"shop.example.com\"", "check traffic");
}

static void what_is_not_offered_is_not_passed_over(void **state)
{
	(void)state;
	refused("strategy: in-place\n", good_state(), "strategy \"in-place\" is not offered", "strategy: blue-green");
	refused("approvals: [decommission, provision]\n", good_state(), "no approval is asked for at \"provision\"",
		"approvals: [decommission]");
	refused("validation: { metrics: [ { name: rate, prometheus: up, max: 1 } ] }\n", good_state(),
		"\"rate\" cannot be judged by this program yet", "max_error_rate");
}

static void green_is_another_cluster(void **state)
{
	struct made made;
	struct cluster_state good = good_state();
	(void)state;
	make(&made, "", &good);
	assert_null(made.error);
	assert_string_equal(made.plan.green_name, "shop-134");
	made_done(&made);
	make(&made, "green: { name: shop-next }\n", &good);
	assert_null(made.error);
	assert_string_equal(made.plan.green_name, "shop-next");
	made_done(&made);
	refused("green: { name: shop }\n", good_state(), "Green would have the name of Blue", "green.name");
}

static const struct upgrade_step *step_of(const struct upgrade_plan *plan, const char *id)
{
	const struct upgrade_step *step = upgrade_plan_step(plan, id);
	assert_non_null(step);
	return step;
}

static void what_terraform_is_told_stands_in_the_plan(void **state)
{
	struct made made;
	struct cluster_state good = good_state();
	(void)state;
	make(&made, "", &good);
	struct config told = made.config;
	struct pair variable = {"team", "core"};
	const char *file = "prod.tfvars";
	told.terraform.variables = &variable;
	told.terraform.n_variables = 1;
	told.terraform.var_files = &file;
	told.terraform.n_var_files = 1;
	assert_null(plan_generate(&good, NULL, &told, made.arena, &made.plan));
	json_t *parameters DOCUMENT_CLEANUP = json_loads(step_of(&made.plan, "provision-green")->parameters, 0, NULL);
	assert_string_equal(document_text_or(parameters, "variables.team", ""), "core");
	assert_string_equal(document_text_or(parameters, "var_files[0]", ""), "prod.tfvars");
	assert_string_equal(document_text_or(parameters, "directory", ""), "infra/green");
	made_done(&made);
}

static bool warns(const struct upgrade_plan *plan, const char *words)
{
	for (size_t i = 0; i < plan->n_warnings; i++)
		if (strstr(plan->warnings[i], words))
			return true;
	return false;
}

static void what_a_person_should_know_is_a_warning(void **state)
{
	struct made made;
	struct workload_info data[] = {{.ns = "shop", .name = "db", .has_storage = true},
				       {.ns = "kube-system", .name = "x", .has_storage = true}};
	struct cluster_state seen = STATE(s.workloads = data, s.n_workloads = 2, s.current_version = "1.37");
	(void)state;
	make(&made, "approvals: []\n", &seen);
	assert_non_null(made.error); /* back to 1.34 */
	made.config.target_version = "1.40";
	assert_null(plan_generate(&seen, NULL, &made.config, made.arena, &made.plan));
	assert_true(warns(&made.plan, "1.40 is newer than what EKS was known to offer"));
	assert_true(warns(&made.plan, "1 workloads keep data in volumes"));
	assert_null(upgrade_plan_step(&made.plan, "approve-decommission"));
	made.config.argocd.server = NULL;
	assert_null(plan_generate(&seen, NULL, &made.config, made.arena, &made.plan));
	assert_true(warns(&made.plan, "no GitOps is configured"));
	assert_null(upgrade_plan_step(&made.plan, "register-apps"));
	made_done(&made);
	struct cluster_state good = good_state();
	make(&made, "ai: { enabled: true }\n", &good);
	assert_null(made.error);
	assert_true(warns(&made.plan, "no model is asked by this program yet"));
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_upgraded_is_refused),
		cmocka_unit_test(names_without_a_way_to_shift_are_refused),
		cmocka_unit_test(what_is_not_offered_is_not_passed_over),
		cmocka_unit_test(green_is_another_cluster),
		cmocka_unit_test(what_terraform_is_told_stands_in_the_plan),
		cmocka_unit_test(what_a_person_should_know_is_a_warning),
	};
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
