/* The engine's inside: what it keeps between ticks beside the fold. All of it can be lost: a restart makes it anew. */
#pragma once

#include "agent/agent.h"

struct step_runtime {
	bool live;		  /* started or found running by this process: poll may be asked */
	int64_t next_ms;	  /* monotonic; not before */
	unsigned failures;	  /* errors in a row */
	int64_t failing_since_ms; /* monotonic */
	bool seen;		  /* the two below are set */
	int64_t spent_ms;	  /* of its deadline, when this process first saw it */
	int64_t seen_ms;	  /* monotonic; from here on a wall clock that is set does not count */
};

/* A service's circuit breaker: after errors in a row nobody asks it for a while, then one step tries. */
struct breaker {
	const char *service;
	unsigned failures;
	int64_t open_until_ms; /* monotonic */
	bool told;
};

struct prober {
	int64_t next_ms, recorded_ms;
	int64_t *failing_since_ms; /* of each address, monotonic; -1: its last probe succeeded */
	uint64_t requests, failed;
	int64_t longest_gap_ms;
	bool changed;
};

struct cluster_lease {
	bool held, given_up;
	int64_t renew_ms; /* monotonic */
	json_t *seen;	  /* as the server gave it last; NULL: it is to be read */
};

/* What a step's words stand for: looked up once, asked for at every tick. */
struct step_links {
	const struct step_type *type;
	const struct step_view **depends_on;
};

struct agent {
	struct ports ports;
	const struct config *config;
	struct journal *journal;
	struct run_state *state;
	struct world world;
	char *owner;
	bool answer_approvals, take_over;
	const struct step_type *const *types[2];
	struct step_runtime *runtime;
	struct step_links *links; /* of each step, made once */
	struct breaker *breakers;
	size_t n_breakers;
	struct prober prober;
	struct cluster_lease lease;
	int64_t requests_ms; /* monotonic; next look at people's words */
};

/* Appends a record and folds it in. `payload` is taken. */
struct error *agent_record(struct agent *agent, const char *step, enum journal_kind kind, json_t *payload) MUST_CHECK;

/* engine.c: steps forwards and backwards; each lowers *next_ms to when it wants to be called again. */
struct error *agent_forward(struct agent *agent, int64_t *next_ms) MUST_CHECK;
struct error *agent_backward(struct agent *agent, int64_t *next_ms) MUST_CHECK;
/* The removal of Blue has begun. */
bool agent_blue_is_going(const struct agent *agent);
struct error *agent_roll_back(struct agent *agent, const char *reason) MUST_CHECK;

/* people.c, prober.c, cluster_lease.c */
struct error *agent_take_requests(struct agent *agent) MUST_CHECK;
void agent_prober_init(struct agent *agent);
struct error *agent_probe(struct agent *agent, int64_t *next_ms) MUST_CHECK;
struct error *agent_record_prober(struct agent *agent) MUST_CHECK;
/* CONFLICT, naming the holder, when another agent works on this cluster. */
struct error *agent_hold_cluster(struct agent *agent, int64_t *next_ms) MUST_CHECK;
void agent_release_cluster(struct agent *agent);
/* "user@host pid 123 …" of this machine whose process is gone. */
bool agent_owner_is_dead(const char *owner);

/* breaker.c: whether a service may be asked now (else *next_ms is lowered); what came of asking it. */
bool agent_breaker_allows(struct agent *agent, const struct step_type *type, int64_t *next_ms);
struct error *agent_breaker_failed(struct agent *agent, const struct step_type *type,
				   enum error_class class) MUST_CHECK;
struct error *agent_breaker_answered(struct agent *agent, const struct step_type *type) MUST_CHECK;

/* policy.c */
enum policy {
	POLICY_RETRY,
	POLICY_ANEW /* surely no effect, or a new attempt may do better */,
	POLICY_HOLD,
	POLICY_FAIL
};
enum policy agent_policy(enum error_class class, bool validates, unsigned failures, int64_t failing_ms,
			 int64_t hold_timeout_ms);
int64_t agent_backoff_ms(unsigned failures, double chance);
