/* The wait rule for applications: what each state of one means for the run that waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/macros.h"
#include "execution/argocd_steps.h"

static struct argocd_info info_of_ours[] = {{"reason", "upgrade"}, {ARGOCD_RUN_LABEL, "run-1"}},
			  info_of_another_run[] = {{ARGOCD_RUN_LABEL, "run-2"}},
			  info_of_another_name[] = {{"reason", "run-1"}};
static const struct argocd_operation ours = {"agent", false, info_of_ours, 2},
				     of_another_user = {"alice", false, info_of_ours, 2},
				     of_another_run = {"agent", false, info_of_another_run, 1},
				     under_another_name = {"agent", false, info_of_another_name, 1},
				     of_a_policy = {NULL, true, info_of_ours, 2}, by_hand = {"agent", false, NULL, 0};

/* Ended at 100 s, looked at at 110 s, as wished; each case changes one thing. */
static struct argocd_application good(void)
{
	return (struct argocd_application){.name = "web-green",
					   .last = &ours,
					   .phase = "Succeeded",
					   .sync = "Synced",
					   .health = "Healthy",
					   .revision = "aaa",
					   .synced_revision = "aaa",
					   .finished_ms = 100000,
					   .reconciled_ms = 110000};
}

static enum argocd_wait judged(struct argocd_application application)
{
	return argocd_wait_judge(&application, "run-1", "agent");
}

#define WITH(...)                                                                                                      \
	({                                                                                                             \
		struct argocd_application a = good();                                                                  \
		__VA_ARGS__;                                                                                           \
		judged(a);                                                                                             \
	})

static void good_is_good(void **state)
{
	(void)state;
	assert_int_equal(judged(good()), ARGOCD_WAIT_HEALTHY);
	assert_int_equal(WITH(a.revision = a.synced_revision = NULL), ARGOCD_WAIT_HEALTHY);
	assert_int_equal(WITH(a.revisions = a.synced_revisions = "[\"a\",\"b\"]"), ARGOCD_WAIT_HEALTHY);
	struct argocd_application a = good(); /* a look that is to come takes nothing from the one that was */
	a.refresh = "normal";
	assert_int_equal(judged(a), ARGOCD_WAIT_HEALTHY);
	assert_int_equal(argocd_wait_judge(&a, "run-1", NULL), ARGOCD_WAIT_HEALTHY);
}

static void what_others_did_is_not_ours(void **state)
{
	(void)state;
	static const struct argocd_operation *const others[] = {&of_another_user,    &of_another_run, &of_a_policy,
								&under_another_name, &by_hand,	      NULL};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(WITH(a.last = others[i]), ARGOCD_WAIT_SYNC);
		assert_int_equal(WITH(a.last = others[i], a.phase = "Failed"), ARGOCD_WAIT_SYNC);
		assert_int_equal(WITH(a.last = others[i], a.phase = "Running"), ARGOCD_WAIT_OTHERS);
		assert_int_equal(WITH(a.last = others[i], a.phase = "Terminating"), ARGOCD_WAIT_OTHERS);
		if (others[i]) /* ours ended before it began */
			assert_int_equal(WITH(a.begun = others[i]), ARGOCD_WAIT_OTHERS);
	}
}

static void ours_is_waited_for_from_its_asking_on(void **state)
{
	(void)state;
	assert_int_equal(WITH(a.last = NULL, a.phase = NULL), ARGOCD_WAIT_SYNC);
	assert_int_equal(WITH(a.last = NULL, a.phase = NULL, a.begun = &ours), ARGOCD_WAIT_OURS);
	assert_int_equal(WITH(a.last = &by_hand, a.begun = &ours), ARGOCD_WAIT_OURS);
	assert_int_equal(WITH(a.begun = &ours, a.phase = "Running"), ARGOCD_WAIT_OURS);
	assert_int_equal(WITH(a.phase = "Terminating"), ARGOCD_WAIT_OURS);
	assert_int_equal(WITH(a.phase = "Failed"), ARGOCD_WAIT_FAILED);
	assert_int_equal(WITH(a.phase = "Error"), ARGOCD_WAIT_FAILED);
}

static void health_from_before_the_end_counts_for_nothing(void **state)
{
	(void)state;
	assert_int_equal(WITH(a.reconciled_ms = 99000), ARGOCD_WAIT_LOOK);
	assert_int_equal(WITH(a.reconciled_ms = 100000), ARGOCD_WAIT_LOOK); /* the same second: before, or after */
	assert_int_equal(WITH(a.reconciled_ms = 0), ARGOCD_WAIT_LOOK);
	assert_int_equal(WITH(a.reconciled_ms = 99000, a.refresh = "normal"), ARGOCD_WAIT_LOOKING);
	assert_int_equal(WITH(a.reconciled_ms = 101000), ARGOCD_WAIT_HEALTHY);
	assert_int_equal(WITH(a.reconciled_ms = 99000, a.health = "Degraded"), ARGOCD_WAIT_LOOK);
}

static void what_git_became_since_is_synced_too(void **state)
{
	(void)state;
	assert_int_equal(WITH(a.revision = "bbb"), ARGOCD_WAIT_SYNC);
	assert_int_equal(WITH(a.revision = a.synced_revision = NULL, a.revisions = "[\"a\",\"c\"]",
			      a.synced_revisions = "[\"a\",\"b\"]"),
			 ARGOCD_WAIT_SYNC);
}

static void each_state_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(WITH(a.sync = "OutOfSync"), ARGOCD_WAIT_STATE);
	assert_int_equal(WITH(a.sync = "Unknown"), ARGOCD_WAIT_STATE);
	assert_int_equal(WITH(a.sync = NULL, a.health = NULL), ARGOCD_WAIT_STATE);
	assert_int_equal(WITH(a.health = "Progressing"), ARGOCD_WAIT_STATE);
	assert_int_equal(WITH(a.health = "Missing"), ARGOCD_WAIT_STATE);
	assert_int_equal(WITH(a.health = "Degraded", a.sync = "OutOfSync"), ARGOCD_WAIT_DEGRADED);
	assert_int_equal(WITH(a.health = "Suspended"), ARGOCD_WAIT_SUSPENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_is_good),
		cmocka_unit_test(what_others_did_is_not_ours),
		cmocka_unit_test(ours_is_waited_for_from_its_asking_on),
		cmocka_unit_test(health_from_before_the_end_counts_for_nothing),
		cmocka_unit_test(what_git_became_since_is_synced_too),
		cmocka_unit_test(each_state_is_told_apart),
	};
	return cmocka_run_group_tests_name("argocd wait rule", tests, NULL, NULL);
}
