/* The state of a run: a pure fold over its journal. Status, watch, reports and the engine all read this. */
#pragma once

#include "agent/journal.h"
#include "execution/step.h"
#include "models/upgrade_plan.h"

/* Step states and their legal moves: one table. X(name, text, "may go to") */
#define STEP_STATES(X)                                                                                                 \
	X(PENDING, "pending", RUNNING | HELD | DONE | SKIPPED)                                                         \
	X(RUNNING, "running", DONE | FAILED | HELD | UNDOING)                                                          \
	X(HELD, "held", RUNNING | DONE | FAILED | UNDOING)                                                             \
	X(DONE, "done", UNDOING)                                                                                       \
	X(FAILED, "failed", RUNNING | UNDOING)                                                                         \
	X(UNDOING, "undoing", UNDONE)                                                                                  \
	X(UNDONE, "undone", 0)                                                                                         \
	X(SKIPPED, "skipped", 0)

enum step_state {
#define STEP_STATE_ENUM(name, text, moves) STEP_STATE_##name,
	STEP_STATES(STEP_STATE_ENUM)
#undef STEP_STATE_ENUM
		STEP_STATE_COUNT
};
extern const char *const step_state_names[];

enum run_result {
	RUN_RUNNING,
	RUN_COMPLETED,
	RUN_ROLLED_BACK,
	RUN_HELD,
	RUN_FAILED,
	RUN_PAUSED,
	RUN_ROLLING_BACK,
	RUN_CANCELLED
};
extern const char *const run_result_names[]; /* "running", "completed", "rolled-back", "held", "failed", "paused",
						"rolling-back", "cancelled" */

struct step_view {
	const struct upgrade_step *step;
	enum step_state state;
	unsigned attempt;
	bool intent_open;	      /* intent written, no outcome yet */
	int64_t started_ms, ended_ms; /* wall; 0: not yet */
	json_t *memory;		      /* object */
	char *detail;		      /* last line for the screen */
	char *reason;		      /* why held or failed */
	int64_t running_since_ms;     /* wall; its deadline counts from here */
	int64_t approved_until_ms;    /* approvals only */
};

struct traffic_view {
	int64_t time_ms;
	double asked;	 /* percent on Green */
	double measured; /* percent on Green; NAN: not measured */
	enum verdict verdict;
	char *step;
};

struct run_state {
	char *run_id;
	struct arena *arena;
	struct upgrade_plan plan;
	enum run_result result;
	bool rolling_back; /* the goal is Blue */
	char *reason;	   /* why it was rolled back, held or failed */
	int64_t created_ms, ended_ms;
	int64_t rollback_ms,
		all_blue_ms;	 /* decided; answers in sync and their TTL over. 0: not (yet), or Blue was never left
				  */
	struct step_view *steps; /* plan.n_steps */
	struct traffic_view *traffic;
	size_t n_traffic;
	uint64_t records;
	uint64_t prober_requests, prober_failed;
	int64_t prober_longest_gap_ms;
	double green_asked;	 /* percent now */
	uint64_t requests_taken; /* words of people that were taken in */
};

struct error *run_state_load(struct store *store, const char *run_id, struct run_state **ret) MUST_CHECK;
struct error *run_state_apply(struct run_state *state, const struct journal_record *record) MUST_CHECK;
void run_state_free(struct run_state *state);
/* A step by its id, or NULL. */
struct step_view *run_state_step(struct run_state *state, const char *id);
/* As told outside: `held` while a step waits for a person. */
enum run_result run_state_result(const struct run_state *state);
bool run_result_ended(enum run_result result); /* nothing goes on by itself, or by a word, any more */
/* Who serves the users by what was asked of the traffic last: "blue" or "green" (from 50 % on). */
const char *run_state_serving(const struct run_state *state);
/* {"result","serving","steps":[…],"traffic":[…],"journal_records","reason",…}: the fixed JSON of status and rehearse.
 */
json_t *run_state_json(const struct run_state *state);
