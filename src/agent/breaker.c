/* Circuit breakers: a service that only fails is left alone for a while, by all steps that need it. Going back to Blue
 * does not ask them: it is tried for ever. */
#include <string.h>
#include "agent/agent_internal.h"
#include "base/time.h"

enum { OPENS_AFTER = 5, LONGEST_DOUBLINGS = 3 };
#define FIRST_OPEN_MS (30 * SECOND_MS)
#define TRIAL_MS (10 * SECOND_MS)

static struct breaker *breaker_of(struct agent *agent, const struct step_type *type)
{
	for (size_t i = 0; i < agent->n_breakers; i++)
		if (!strcmp(agent->breakers[i].service, type->service))
			return &agent->breakers[i];
	struct breaker *breaker = HEAP_PUSH(agent->breakers, agent->n_breakers);
	breaker->service = type->service;
	return breaker;
}

bool agent_breaker_allows(struct agent *agent, const struct step_type *type, int64_t *next_ms)
{
	if (!type->service)
		return true;
	struct breaker *breaker = breaker_of(agent, type);
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	if (breaker->failures < OPENS_AFTER)
		return true;
	if (now_ms < breaker->open_until_ms) {
		*next_ms = breaker->open_until_ms < *next_ms ? breaker->open_until_ms : *next_ms;
		return false;
	}
	breaker->open_until_ms = now_ms + TRIAL_MS; /* this one tries, the others wait for what comes of it */
	return true;
}

struct error *agent_breaker_failed(struct agent *agent, const struct step_type *type, enum error_class class)
{
	bool outage = class == ERROR_TRANSIENT || class == ERROR_TIMEOUT || class == ERROR_THROTTLED;
	if (!type->service || !outage)
		return NULL;
	struct breaker *breaker = breaker_of(agent, type);
	if (++breaker->failures < OPENS_AFTER)
		return NULL;
	unsigned doublings = breaker->failures - OPENS_AFTER;
	breaker->open_until_ms = clock_mono_ms(agent->ports.clock) +
				 (FIRST_OPEN_MS << (doublings < LONGEST_DOUBLINGS ? doublings : LONGEST_DOUBLINGS));
	if (breaker->told)
		return NULL;
	breaker->told = true;
	return agent_record(agent, NULL, JOURNAL_NOTE,
			    json_pack("{s:s, s:s, s:i}", "text", "a service only fails: it is left alone for a while",
				      "service", breaker->service, "failures", (int)breaker->failures));
}

struct error *agent_breaker_answered(struct agent *agent, const struct step_type *type)
{
	if (!type->service)
		return NULL;
	struct breaker *breaker = breaker_of(agent, type);
	bool told = breaker->told;
	*breaker = (struct breaker){.service = type->service};
	return told ? agent_record(
			      agent, NULL, JOURNAL_NOTE,
			      json_pack("{s:s, s:s}", "text", "a service answers again", "service", breaker->service))
		    : NULL;
}
