/* libeks-upgrade-agent: the whole agent as a C library. `pkg-config --cflags --libs eks-upgrade-agent`.
 *
 * An agent is opened on a configuration, is told to run an upgrade, and may be asked where it stands:
 *
 *	struct eua_agent *agent;
 *	struct eua_options options = {.size = sizeof options, .config_file = "eks-upgrade-agent.yaml", .yes = 1};
 *	enum eua_outcome outcome = eua_agent_new(&options, &agent);
 *	if (outcome == EUA_DONE)
 *		outcome = eua_run_upgrade(agent, "shop", "1.34", "blue-green");
 *	if (outcome != EUA_DONE)
 *		fprintf(stderr, "%s\n", eua_error_message(agent));
 *	eua_agent_free(agent);
 *
 * Everything that happens is in the journal, which the program `eks-upgrade-agent` reads too: `status`, `watch`,
 *`approve` and `rollback` work on a run that a library started, and the other way round. A process that dies in the
 *middle of eua_run_upgrade() loses nothing: the next eua_run_upgrade() for the same cluster goes on where it was.
 *
 * Threads: an agent belongs to one thread; only eua_stop() may be called from any other, or from a signal handler. To
 *ask for the status of a run in another thread or process, open another agent on the same configuration: readers never
 * block the one that works. No signal's disposition is touched; ignore SIGPIPE, which a peer that goes away may raise.
 *
 * Memory: the library aborts the process when memory runs out; that is one more place to resume from. */
#ifndef EKS_UPGRADE_AGENT_H
#define EKS_UPGRADE_AGENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a call ended; the numbers are the exit codes of the program. */
enum eua_outcome {
	EUA_DONE = 0,
	EUA_FAILED = 1,	     /* it could not be done; eua_error_message() says why */
	EUA_USAGE = 2,	     /* the options or the configuration make no sense; nothing was done */
	EUA_ROLLED_BACK = 3, /* Green was given up: all users are on Blue, what was made is removed */
	EUA_HELD = 4	     /* waits for a person (eua_approve(), eua_run_upgrade() again), or was stopped */
};

struct eua_agent;

struct eua_options {
	size_t size;		 /* sizeof(struct eua_options): options that come later are 0 for older callers */
	const char *config_file; /* NULL: eks-upgrade-agent.yaml of the working directory, if it is there */
	/* "KEY=VALUE" with the keys of the configuration file ("traffic.steps=10,50,100", "journal=/var/lib/…");
	 * stronger than environment and file. Ends with NULL; may itself be NULL. */
	const char *const *settings;
	int yes;       /* answers approvals where approvals_by_yes allows it */
	int take_over; /* takes the lease from another agent that holds it */
	/* Called after everything that happens, with the run as eua_get_upgrade_status() gives it; may be NULL. The
	 * text is the library's and lives until the call returns. Must not call the agent, eua_stop() excepted. */
	void (*progress)(void *context, const char *status_json);
	void *context;
};

/* Opens an agent. Reads the configuration and the environment, asks nobody, writes nothing. *ret is always set and is
 * the caller's, to be given to eua_agent_free(), also when the outcome is not EUA_DONE: then it only knows why. */
enum eua_outcome eua_agent_new(const struct eua_options *options, struct eua_agent **ret);

/* Upgrades `cluster_name` to `target_version` by `strategy` ("blue-green"); NULL for what the configuration says. Goes
 * on with the cluster's unfinished run if there is one, otherwise looks at the cluster, plans and starts. Returns when
 * the run has ended (EUA_DONE, EUA_ROLLED_BACK, EUA_FAILED), when it waits for a person, or after eua_stop() at a safe
 * border (EUA_HELD). Takes from minutes to days. */
enum eua_outcome eua_run_upgrade(struct eua_agent *agent, const char *cluster_name, const char *target_version,
				 const char *strategy);

/* The newest run of the journal as JSON: result, serving, requests, failed_requests, longest_gap_ms, steps[],
 * traffic[], journal_records, reason, as `eks-upgrade-agent status -o json` prints it. The text is the caller's, to be
 * given to eua_free(). Reads the journal only. EUA_FAILED when there is no run yet. */
enum eua_outcome eua_get_upgrade_status(struct eua_agent *agent, char **ret_json);

/* Brings all traffic back to Blue, then removes what the newest run made. A goal, tried until it is reached; allowed in
 * every state until Blue's removal has begun. `reason` goes into the journal; may be NULL. EUA_DONE: rolled back.
 * While another agent works on the run, that one is told, and EUA_HELD is returned at once. */
enum eua_outcome eua_trigger_rollback(struct eua_agent *agent, const char *reason);

/* Says yes to a step that waits for a person ("approve-decommission"). eua_run_upgrade() then goes on. EUA_FAILED when
 * the newest run has no such step, when the step asks for no approval, and when the run has ended. */
enum eua_outcome eua_approve(struct eua_agent *agent, const char *step, const char *reason);

/* Asks a running eua_run_upgrade() or eua_trigger_rollback() to return at the next safe border. Async-signal-safe. */
void eua_stop(struct eua_agent *agent);

/* Why the last call did not end with EUA_DONE, and what to do about it; NULL when nothing is known. The texts live
 * until the next call on the agent. */
const char *eua_error_message(const struct eua_agent *agent);
const char *eua_error_remedy(const struct eua_agent *agent);

void eua_free(char *text);		      /* NULL is fine */
void eua_agent_free(struct eua_agent *agent); /* NULL is fine; a run that is unfinished stays resumable */

/* "0.1.0" */
const char *eua_version(void);

#ifdef __cplusplus
}
#endif
#endif
