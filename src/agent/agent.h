/* The engine: one tick does everything that can be done now without waiting, journals it, and says when to call again.
 */
#pragma once

#include "agent/journal.h"
#include "agent/state.h"
#include "config/config.h"
#include "execution/step.h"
#include "port/ports.h"

struct agent;

struct agent_options {
	const struct ports *ports;   /* borrowed */
	const struct config *config; /* borrowed */
	const char *run_id;	     /* NULL with a plan: a new run */
	const char *owner;	     /* "user@host pid 123"; NULL: made */
	bool take_over;
	bool answer_approvals;			   /* --yes, where the configuration allows it */
	const struct step_type *const *step_types; /* instead of the project's own, for tests; or NULL */
};

/* Starts a new run of `plan` (borrowed; copied into the journal) or continues the run named in the options. */
struct error *agent_open(const struct agent_options *options, const struct upgrade_plan *plan,
			 struct agent **ret) MUST_CHECK;
void agent_close(struct agent *agent);

/* Does what can be done now. *ret_again_ms: monotonic time of the next tick (INT64_MAX: only a person's word goes on).
 * An error is a broken ground (journal, lease): the host stops and says so; anything in the world is told as state. */
struct error *agent_tick(struct agent *agent, int64_t *ret_again_mono_ms) MUST_CHECK;
const struct run_state *agent_state(const struct agent *agent);

/* Words of a person; each becomes a record. They may also be written by another process (approve, pause, rollback in
 * another terminal): those go to the run's `…/requests` list in the store and the next tick takes them in. */
struct error *agent_request(struct store *store, struct clock *clock, const char *run_id,
			    const char *word /* approve pause resume cancel rollback */, const char *step,
			    const char *by, const char *reason) MUST_CHECK;

/* Would such a word be heard by the run as it stands? INVALID: it has no such step, or one that asks for no approval;
 * PRECONDITION: it has ended, or is on its way back and cannot be paused. (A rollback of what has ended is judged by
 * the engine.) */
struct error *agent_request_check(const struct run_state *state, const char *word, const char *step) MUST_CHECK;

/* Ticks and sleeps on the clock until the run has ended, is held, or *interrupted is set (then it stops at a safe
 * border). */
struct error *agent_run(struct agent *agent, volatile const int *interrupted,
			void (*progress)(void *context, const struct run_state *state), void *context) MUST_CHECK;
