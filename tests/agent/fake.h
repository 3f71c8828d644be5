/* A world made of nothing but steps, for the engine's tests: virtual time, a store whose appends can be broken at will,
 * and step types whose effects are counted. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/agent.h"
#include "base/time.h"

enum { FAKE_STEPS = 12, FAKE_SCRIPT = 8 };

/* What a call of a step's function does instead of its work. */
struct fake_fault {
	const char *call;  /* "check", "start", "poll", "undo" */
	unsigned from, to; /* which calls of it, from 1 */
	enum error_class class;
	bool executed; /* the work is done, and its reply lost: outcome unknown */
	bool progress; /* no error: `says` is answered */
	enum step_progress says;
};

struct fake_step {
	const char *id;
	int64_t takes_ms;
	struct fake_fault faults[FAKE_SCRIPT];
	size_t n_faults;
	/* the truth */
	bool exists;
	int64_t ready_ms;	  /* wall */
	unsigned effects, undone; /* how often it was made and removed */
	unsigned checks, starts, polls, undos;
};

struct fake {
	struct http http;
	struct clock clock;
	struct store store;
	struct store *memory;
	struct random *random;
	struct ports ports;
	struct config config;
	struct arena *arena;
	struct upgrade_plan plan;
	struct fake_step steps[FAKE_STEPS];
	size_t n_steps;
	int64_t wall_ms, mono_ms;
	/* breaking */
	uint64_t events;  /* appends and effects so far; each has two sides */
	uint64_t dies_at; /* from this event on nothing works any more; 0: never */
	bool dead;
	/* watching */
	unsigned at_once, most_at_once;
	int64_t probe_fails_from_ms, probe_fails_to_ms; /* monotonic */
	unsigned probes_broken_off;			/* so many are, at first, as by a signal */
	uint64_t probes;
	char order[4096];   /* "+a +b -b -a ": effects as they came */
	const char *broken; /* an invariant that did not hold */
};

void fake_init(struct fake *fake, uint64_t seed);
void fake_done(struct fake *fake);

/* Adds a step; `after` names others, separated by spaces. Executors: "work", "judge", "approval". */
struct fake_step *fake_add(struct fake *fake, const char *id, const char *executor, const char *after,
			   int64_t takes_ms);
struct upgrade_step *fake_planned(struct fake *fake, const char *id);
struct fake_fault fake_error(const char *call, unsigned from, unsigned to, enum error_class class);
struct fake_fault fake_lost(const char *call, unsigned from, unsigned to, enum error_class class); /* executed */
struct fake_fault fake_says(const char *call, unsigned from, unsigned to, enum step_progress says);
void fake_fault(struct fake *fake, const char *id, struct fake_fault fault);
struct fake_step *fake_find(struct fake *fake, const char *id);
/* Sets the plan's id; after the last fake_add. */
void fake_seal(struct fake *fake);

/* NULL run: a new one. */
struct error *fake_open(struct fake *fake, const char *run, const char *owner, bool yes, struct agent **ret);
/* Ticks and sleeps until only a person's word goes on, or an error, or `until_ms` (monotonic; 0: ever). */
struct error *fake_run(struct fake *fake, struct agent *agent, int64_t until_ms);
/* Opens and runs until the end, again after each death; gives the state as loaded from the store (the caller's). */
struct run_state *fake_run_to_end(struct fake *fake, bool yes);
struct run_state *fake_load(struct fake *fake);
const char *fake_run_id(struct fake *fake);
/* The journal alone gives the same state as the agent has. */
void fake_assert_fold(struct fake *fake, const struct agent *agent);
