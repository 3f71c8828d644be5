/* The lease in the cluster itself, against the simulator's API server. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent/fake.h"
#include "agent/agent_internal.h"
#include "codec/document.h"
#include "sim/sim.h"
#include "quiet.h"

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-upgrade-agent"

struct bench {
	struct fake fake; /* its plan and steps; the outside is the simulator's */
	struct sim *sim;
	struct ports ports;
	struct config config;
};

static void bench_init(struct bench *bench, const char *fault)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	struct sim_options options = {.cluster = "small", .seed = 1, .faults = &fault, .n_faults = fault != NULL};
	fake_init(&bench->fake, 1);
	fake_add(&bench->fake, "wait", "approval", "", 0);
	fake_seal(&bench->fake);
	assert_null(sim_new(&options, &bench->sim));
	sim_ports(bench->sim, &bench->ports);
	bench->ports.store = bench->fake.memory;
	sim_config(bench->sim, &text);
	assert_null(config_from_text(buf_slice(&text), "sim", bench->fake.arena, &bench->config));
	bench->config.simulated = true;
	bench->config.validation.n_probes = 0;
}

static void bench_done(struct bench *bench)
{
	sim_free(bench->sim);
	fake_done(&bench->fake);
}

static struct agent *open_agent(struct bench *bench, const char *owner, bool take_over)
{
	struct agent_options options = {
		.ports = &bench->ports, .config = &bench->config, .owner = owner, .take_over = take_over};
	struct agent *agent = NULL;
	assert_null(agent_open(&options, &bench->fake.plan, &agent));
	return agent;
}

static char *holder(struct bench *bench)
{
	struct world world = {.ports = &bench->ports, .config = &bench->config};
	struct kube *kube;
	json_t *lease DOCUMENT_CLEANUP = NULL;
	assert_null(world_blue(&world, &kube));
	error_ignore(kube_get(kube, LEASE, &lease));
	char *name = mem_strdup(document_text_or(lease, "spec.holderIdentity", "none"));
	world_done(&world);
	return name;
}

static void assert_holder(struct bench *bench, const char *wanted)
{
	char *name CLEANUP(mem_freep) = holder(bench);
	assert_string_equal(name, wanted);
}

static void two_laptops_do_not_share_a_cluster(void **state)
{
	struct bench bench;
	int64_t again_ms;
	(void)state;
	bench_init(&bench, NULL);
	struct agent *first = open_agent(&bench, "anna@laptop", false);
	assert_null(agent_tick(first, &again_ms));
	assert_holder(&bench, "anna@laptop");
	struct agent *second = open_agent(&bench, "ben@desk", false); /* another run, another journal */
	struct error *refused ERROR_CLEANUP = agent_tick(second, &again_ms);
	assert_non_null(refused);
	assert_int_equal(refused->class, ERROR_CONFLICT);
	assert_non_null(strstr(refused->message, "anna@laptop"));
	assert_non_null(refused->remedy);
	agent_close(second);
	assert_holder(&bench, "anna@laptop");
	agent_close(first);
	assert_holder(&bench, "");
	second = open_agent(&bench, "ben@desk", false);
	assert_null(agent_tick(second, &again_ms));
	assert_holder(&bench, "ben@desk");
	agent_close(second);
	bench_done(&bench);
}

static void it_can_be_taken_over_on_purpose(void **state)
{
	struct bench bench;
	int64_t again_ms;
	(void)state;
	bench_init(&bench, NULL);
	struct agent *first = open_agent(&bench, "anna@laptop", false);
	assert_null(agent_tick(first, &again_ms));
	struct agent *second = open_agent(&bench, "ben@desk", true);
	assert_null(agent_tick(second, &again_ms));
	assert_holder(&bench, "ben@desk");
	clock_sleep(bench.ports.clock, MINUTE_MS);
	struct error *stopped ERROR_CLEANUP = agent_tick(first, &again_ms);
	assert_non_null(stopped);
	assert_non_null(strstr(stopped->message, "ben@desk"));
	agent_close(first);
	assert_holder(&bench, "ben@desk");
	agent_close(second);
	bench_done(&bench);
}

static void a_lease_that_nobody_renews_is_free(void **state)
{
	struct bench bench;
	int64_t again_ms;
	(void)state;
	bench_init(&bench, NULL);
	struct agent *first = open_agent(&bench, "anna@laptop", false);
	assert_null(agent_tick(first, &again_ms));
	clock_sleep(bench.ports.clock, 3 * MINUTE_MS);
	struct agent *second = open_agent(&bench, "ben@desk", false);
	assert_null(agent_tick(second, &again_ms));
	assert_holder(&bench, "ben@desk");
	agent_close(first);
	agent_close(second);
	bench_done(&bench);
}

static struct error *count_notes(void *context, const struct journal_record *record)
{
	unsigned *notes = context;
	*notes += record->kind == JOURNAL_NOTE &&
		  strstr(document_text_or(record->payload, "text", ""), "cluster's own lease") != NULL;
	return NULL;
}

static void a_denied_lease_is_told_once_and_is_no_end(void **state)
{
	struct fake fake; /* whose API server denies everything */
	unsigned notes = 0;
	(void)state;
	fake_init(&fake, 1);
	fake_add(&fake, "one", "work", "", 10 * MINUTE_MS);
	fake_seal(&fake);
	struct run_state *end = fake_run_to_end(&fake, false);
	assert_int_equal(end->result, RUN_COMPLETED);
	assert_null(journal_read(fake.memory, fake_run_id(&fake), 1, count_notes, &notes));
	assert_int_equal(notes, 1);
	run_state_free(end);
	fake_done(&fake);
}

static bool owner_is_dead(const char *host, pid_t pid)
{
	char *owner CLEANUP(mem_freep) = mem_printf("anna@%s pid %d", host, (int)pid);
	return agent_owner_is_dead(owner);
}

static void an_owner_that_was_killed_is_dead_before_its_parent_knows(void **state)
{
	char host[256] = "";
	siginfo_t ended;
	(void)state;
	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_false(owner_is_dead(host, child));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0); /* a zombie from here on */
	assert_true(owner_is_dead(host, child));
	assert_false(owner_is_dead("elsewhere", child));
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(owner_is_dead(host, child));
	assert_false(owner_is_dead(host, getpid()));
	assert_false(agent_owner_is_dead("anna"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_laptops_do_not_share_a_cluster),
		cmocka_unit_test(it_can_be_taken_over_on_purpose),
		cmocka_unit_test(a_lease_that_nobody_renews_is_free),
		cmocka_unit_test(a_denied_lease_is_told_once_and_is_no_end),
		cmocka_unit_test(an_owner_that_was_killed_is_dead_before_its_parent_knows),
	};
	return cmocka_run_group_tests_name("cluster lease", tests, quiet, NULL);
}
