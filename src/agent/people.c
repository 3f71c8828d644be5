/* Words of people: written into a list beside the run by whoever says them, taken in by whoever drives it. */
#include <string.h>
#include "agent/agent_internal.h"
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"

enum { MAX_TRIES = 20, LOOK_EVERY_MS = 1000 };

static void list_name(const char *run, char out[128])
{
	snprintf(out, 128, "%s/requests", run);
}

static struct error *asks_for_none(const struct run_state *state, const char *step)
{
	struct buf asks CLEANUP(buf_done) = BUF_INIT(4096);
	for (size_t i = 0; i < state->plan.n_steps; i++)
		if (!strcmp(state->plan.steps[i].executor, "approval"))
			buf_printf(&asks, "%s%s", asks.n ? ", " : "", state->plan.steps[i].step_id);
	return error_remedy(
		error_new(ERROR_INVALID, "step \"%s\" of run %.8s asks for no approval", step, state->run_id),
		"they are asked for by: %s", asks.n ? buf_str(&asks) : "no step of this run");
}

struct error *agent_request_check(const struct run_state *state, const char *word, const char *step)
{
	const struct upgrade_step *named = step ? upgrade_plan_step(&state->plan, step) : NULL;
	if (step && !named)
		return error_new(ERROR_INVALID, "run %.8s has no step \"%s\"", state->run_id, step);
	if (named && strcmp(named->executor, "approval") != 0)
		return asks_for_none(state, step);
	if (run_result_ended(state->result) && strcmp(word, "rollback") != 0)
		return error_remedy(error_new(ERROR_PRECONDITION, "run %.8s has ended (%s): there is nothing to %s",
					      state->run_id, run_result_names[state->result], word),
				    "eks-upgrade-agent upgrade starts a new run");
	if (state->rolling_back && !strcmp(word, "pause"))
		return error_remedy(
			error_new(ERROR_PRECONDITION, "run %.8s rolls back: that is not paused", state->run_id),
			"Ctrl-C stops the agent at a safe border; eks-upgrade-agent rollback goes on");
	return NULL;
}

struct error *agent_request(struct store *store, struct clock *clock, const char *run_id, const char *word,
			    const char *step, const char *by, const char *reason)
{
	char list[128], time[TIME_TEXT];
	list_name(run_id, list);
	json_t *request DOCUMENT_CLEANUP =
		json_pack("{s:s, s:s?, s:s, s:s?, s:s}", "word", word, "step", step, "by", by, "reason", reason, "time",
			  time_format_rfc3339(clock_wall_ms(clock), time));
	struct buf bytes CLEANUP(buf_done) = BUF_INIT(1 << 16);
	document_canonical(request, &bytes);
	for (int i = 0;; i++) {
		uint64_t head;
		struct store_record record = {.bytes = buf_slice(&bytes)};
		uint8_t hash[32];
		TRY(store_head(store, list, &head, hash));
		record.seq = head + 1;
		sha256_two(slice_make((const char *)hash, 32), record.bytes, record.hash);
		struct error *error = store_append(store, list, head, &record, 1);
		if (!error || error->class != ERROR_CONFLICT || i == MAX_TRIES)
			return error;
		error_free(error); /* somebody else said something at the same moment */
	}
}

struct taking {
	struct agent *agent;
	struct error *error;
	uint64_t last;
};

static struct error *approve(struct agent *agent, const json_t *request)
{
	const char *step = document_text_or(request, "step", "");
	struct step_view *view = run_state_step(agent->state, step);
	if (!view || strcmp(view->step->executor, "approval") != 0)
		return agent_record(
			agent, NULL, JOURNAL_NOTE,
			json_pack("{s:s, s:O}", "text", "approval of a step that asks for none", "request", request));
	int64_t said_ms = 0, now_ms = clock_wall_ms(agent->ports.clock);
	time_parse_rfc3339(slice_of(document_text_or(request, "time", "")), &said_ms);
	int64_t until_ms = said_ms + agent->config->approval_expires_ms;
	if (until_ms <= now_ms)
		return agent_record(agent, step, JOURNAL_NOTE,
				    json_pack("{s:s, s:O}", "text",
					      "an approval that has expired: it must be said again", "request",
					      request));
	return agent_record(agent, step, JOURNAL_APPROVED,
			    json_pack("{s:s, s:I, s:s, s:s?}", "by", document_text_or(request, "by", ""), "until_ms",
				      (json_int_t)until_ms, "plan_id", agent->state->plan.plan_id, "reason",
				      document_text(request, "reason")));
}

static struct error *resume(struct agent *agent)
{
	if (agent->state->result == RUN_PAUSED)
		TRY(agent_record(agent, NULL, JOURNAL_RESUMED, NULL));
	for (size_t i = 0; i < agent->state->plan.n_steps; i++) {
		struct step_view *view = &agent->state->steps[i];
		if (view->state == STEP_STATE_HELD && strcmp(view->step->executor, "approval") != 0) {
			TRY(agent_record(agent, view->step->step_id, JOURNAL_RESUMED, NULL));
			agent->runtime[i] = (struct step_runtime){0};
		}
	}
	return NULL;
}

static struct error *obey(struct agent *agent, const json_t *request)
{
	const char *word = document_text_or(request, "word", "");
	if (!strcmp(word, "approve"))
		return approve(agent, request);
	if (!strcmp(word, "resume"))
		return resume(agent);
	if (!strcmp(word, "pause"))
		return agent->state->rolling_back || agent->state->result == RUN_PAUSED
			       ? NULL
			       : agent_record(agent, NULL, JOURNAL_HELD, json_pack("{s:O}", "request", request));
	if (!strcmp(word, "rollback") || !strcmp(word, "cancel")) {
		char *reason CLEANUP(mem_freep) = mem_printf(
			"asked for by %s%s%s", document_text_or(request, "by", "somebody"),
			document_text(request, "reason") ? ": " : "", document_text_or(request, "reason", ""));
		return agent_roll_back(agent, reason);
	}
	return agent_record(
		agent, NULL, JOURNAL_NOTE,
		json_pack("{s:s, s:O}", "text", "a word that this program does not know", "request", request));
}

static bool take_one(void *context, const struct store_record *record)
{
	struct taking *taking = context;
	json_t *request DOCUMENT_CLEANUP = document_load(record->bytes);
	taking->last = record->seq;
	taking->error = request ? obey(taking->agent, request) : NULL;
	return !taking->error;
}

struct error *agent_take_requests(struct agent *agent)
{
	char list[128];
	uint64_t head;
	uint8_t hash[32];
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	if (now_ms < agent->requests_ms)
		return NULL;
	agent->requests_ms = now_ms + LOOK_EVERY_MS;
	list_name(agent->state->run_id, list);
	TRY(store_head(agent->ports.store, list, &head, hash));
	if (head <= agent->state->requests_taken)
		return NULL;
	struct taking taking = {.agent = agent};
	TRY(store_read(agent->ports.store, list, agent->state->requests_taken + 1, take_one, &taking));
	TRY(taking.error);
	return agent_record(agent, NULL, JOURNAL_OBSERVED,
			    json_pack("{s:I}", "requests_taken", (json_int_t)taking.last));
}
