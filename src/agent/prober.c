/* The prober: asks the users' addresses through the whole run. Zero downtime is what it measured, not what was hoped.
 */
#include <stdlib.h>
#include "agent/agent_internal.h"
#include "base/time.h"

enum { PROBE_DEADLINE_MS = 5000, RECORD_EVERY_MS = 60000 };

struct error *agent_record_prober(struct agent *agent)
{
	struct prober *prober = &agent->prober;
	if (!prober->changed)
		return NULL;
	prober->changed = false;
	prober->recorded_ms = clock_mono_ms(agent->ports.clock);
	return agent_record(agent, NULL, JOURNAL_OBSERVED,
			    json_pack("{s:{s:I, s:I, s:I}}", "prober", "requests", (json_int_t)prober->requests,
				      "failed", (json_int_t)prober->failed, "longest_gap_ms",
				      (json_int_t)prober->longest_gap_ms));
}

void agent_prober_init(struct agent *agent)
{
	size_t n = agent->config->validation.n_probes;
	agent->prober.failing_since_ms = mem_array(n ? n : 1, sizeof *agent->prober.failing_since_ms);
	for (size_t i = 0; i < n; i++)
		agent->prober.failing_since_ms[i] = -1;
}

/* A gap lasts from the first probe of an address that failed until one succeeds. True when it began or ended. */
static bool count(struct prober *prober, size_t address, bool good, int64_t now_ms)
{
	int64_t *since_ms = &prober->failing_since_ms[address], was_ms = *since_ms;
	prober->requests++;
	prober->failed += !good;
	prober->changed = true;
	if (!good && was_ms < 0)
		*since_ms = now_ms;
	if (*since_ms >= 0 && now_ms - *since_ms > prober->longest_gap_ms)
		prober->longest_gap_ms = now_ms - *since_ms;
	if (good)
		*since_ms = -1;
	return (was_ms < 0) != (*since_ms < 0);
}

struct error *agent_probe(struct agent *agent, int64_t *next_ms)
{
	struct prober *prober = &agent->prober;
	const struct config *config = agent->config;
	size_t n = config->validation.n_probes;
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	bool turned = false;
	if (n == 0)
		return NULL;
	if (now_ms >= prober->next_ms) {
		struct http_exchange *exchanges = mem_array(n, sizeof *exchanges);
		for (size_t i = 0; i < n; i++)
			exchanges[i].request = (struct http_request){
				.method = "GET",
				.url = config->validation.probes[i],
				.limits = {.deadline_ms = PROBE_DEADLINE_MS, .max_body_bytes = 1 << 20}};
		http_perform(agent->ports.http, exchanges, n);
		for (size_t i = 0; i < n; i++) {
			const struct http_response *response = &exchanges[i].response;
			bool good = !response->error && response->status >= 200 && response->status < 400;
			/* a question that we broke off ourselves says nothing of the users */
			if (!response->error || response->error->class != ERROR_CANCELLED)
				turned |= count(prober, i, good, now_ms);
			http_exchange_done(&exchanges[i]);
		}
		free(exchanges);
		prober->next_ms = now_ms + config->validation.probe_interval_ms;
	}
	*next_ms = prober->next_ms < *next_ms ? prober->next_ms : *next_ms;
	return turned || now_ms - prober->recorded_ms >= RECORD_EVERY_MS ? agent_record_prober(agent) : NULL;
}
