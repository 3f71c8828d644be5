/* What an error of a step means: one table over class and kind of step. */
#include "agent/agent_internal.h"
#include "base/time.h"

struct rule {
	enum policy at_first, at_last; /* while the budget lasts; when it is used up */
	unsigned tries;		       /* budget in errors in a row; 0: in time only */
};

/* A provider's outage holds; only what surely cannot work fails. Steps that judge roll back instead of holding for
 * ever: Blue is the known good. */
static const struct rule rules[ERROR_CLASSES][2] = {
	/*                       acts                                  judges */
	[ERROR_INVALID] = {{POLICY_RETRY, POLICY_FAIL, 3},
			   {POLICY_RETRY, POLICY_FAIL, 3}}, /* a garbled answer may pass */
	[ERROR_AUTH] = {{POLICY_RETRY, POLICY_HOLD, 0}, {POLICY_RETRY, POLICY_FAIL, 0}},
	[ERROR_NOT_FOUND] = {{POLICY_RETRY, POLICY_FAIL, 3}, {POLICY_RETRY, POLICY_FAIL, 3}},
	[ERROR_CONFLICT] = {{POLICY_RETRY, POLICY_HOLD, 0}, {POLICY_RETRY, POLICY_FAIL, 0}},
	[ERROR_PRECONDITION] = {{POLICY_FAIL, POLICY_FAIL, 0}, {POLICY_FAIL, POLICY_FAIL, 0}},
	[ERROR_THROTTLED] = {{POLICY_RETRY, POLICY_HOLD, 0}, {POLICY_RETRY, POLICY_FAIL, 0}},
	[ERROR_TRANSIENT] = {{POLICY_RETRY, POLICY_HOLD, 0}, {POLICY_RETRY, POLICY_FAIL, 0}},
	[ERROR_TIMEOUT] = {{POLICY_RETRY, POLICY_HOLD, 0}, {POLICY_RETRY, POLICY_FAIL, 0}},
	[ERROR_CANCELLED] = {{POLICY_RETRY, POLICY_RETRY, 0}, {POLICY_RETRY, POLICY_RETRY, 0}},
	[ERROR_SUBPROCESS] = {{POLICY_ANEW, POLICY_FAIL, 3}, {POLICY_ANEW, POLICY_FAIL, 2}},
	[ERROR_STATE] = {{POLICY_FAIL, POLICY_FAIL, 0}, {POLICY_FAIL, POLICY_FAIL, 0}},
	[ERROR_BUG] = {{POLICY_FAIL, POLICY_FAIL, 0}, {POLICY_FAIL, POLICY_FAIL, 0}},
};

enum policy agent_policy(enum error_class class, bool validates, unsigned failures, int64_t failing_ms,
			 int64_t hold_timeout_ms)
{
	const struct rule *rule = &rules[class < ERROR_CLASSES ? class : ERROR_BUG][validates];
	bool used_up = rule->tries ? failures >= rule->tries : failing_ms > hold_timeout_ms;
	return used_up ? rule->at_last : rule->at_first;
}

int64_t agent_backoff_ms(unsigned failures, double chance)
{
	int64_t most_ms = SECOND_MS << (failures < 6 ? failures : 6);
	return most_ms / 2 + (int64_t)(chance * (double)most_ms / 2);
}
