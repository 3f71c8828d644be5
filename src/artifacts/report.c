/* Gathers a run's facts from its journal into one document, which every format then prints. */
#include "artifacts/report.h"

#include <math.h>
#include <string.h>
#include "agent/journal.h"
#include "agent/state.h"
#include "artifacts/report_internal.h"
#include "base/time.h"
#include "codec/document.h"

struct gather {
	json_t *timeline;
	json_t *samples; /* of Blue and Green side by side, for the plots */
};

static json_t *json_time(int64_t ms)
{
	char text[TIME_TEXT];
	return json_string(time_format_rfc3339(ms, text));
}

static const char *summary_of(const struct journal_record *record)
{
	static const char *const members[] = {"summary", "detail", "reason", "message", "text", "word", "verdict"};
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *text = document_text(record->payload, members[i]);
		if (text)
			return text;
	}
	return NULL;
}

/* A roll back sends everybody to Blue without being judged: it is drawn all the same. */
static void draw_rollback(struct gather *gather, const struct journal_record *record)
{
	bool sent = document_text(record->payload, "memory.undo_change") != NULL;
	if (sent && json_array_size(gather->samples))
		json_array_append_new(gather->samples,
				      json_pack("{s:I, s:f}", "time_ms", (json_int_t)record->time_ms, "asked", 0.0));
}

static struct error *take_record(void *context, const struct journal_record *record)
{
	struct gather *gather = context;
	draw_rollback(gather, record);
	if (record->kind == JOURNAL_OBSERVED) /* progress: told by what it led to */
		return NULL;
	json_t *line = json_pack("{s:I, s:o, s:s, s:s?, s:s?}", "seq", (json_int_t)record->seq, "time",
				 json_time(record->time_ms), "kind", journal_kind_names[record->kind], "step",
				 record->step, "text", summary_of(record));
	bool judged = record->kind == JOURNAL_TRAFFIC || record->kind == JOURNAL_VERDICT;
	if (judged) {
		json_t *evidence = json_deep_copy(record->payload);
		json_object_set_new(line, "evidence", evidence);
		json_t *sample = json_deep_copy(record->payload);
		json_object_set_new(sample, "time_ms", json_integer(record->time_ms));
		json_array_append_new(gather->samples, sample);
	}
	json_array_append_new(gather->timeline, line);
	return NULL;
}

static json_t *plan_part(const struct upgrade_plan *plan)
{
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s, s:f, s:I}", "plan_id", plan->plan_id, "cluster_name",
			 plan->cluster_name, "green_name", plan->green_name, "source_version", plan->source_version,
			 "target_version", plan->target_version, "strategy", strategy_names[plan->strategy],
			 "estimated_extra_cost_usd", plan->estimated_extra_cost_usd, "estimated_duration_s",
			 (json_int_t)(plan->estimated_duration_ms / SECOND_MS));
}

/* The JSON report: status' fields, plus plan, timeline[], samples[], records_proven, duration_s. */
static struct error *report_document(struct store *store, const char *run, json_t **ret)
{
	uint64_t proven = 0;
	TRY(journal_verify(store, run, &proven));
	struct run_state *state;
	TRY(run_state_load(store, run, &state));
	struct gather gather = {json_array(), json_array()};
	struct error *error = journal_read(store, run, 1, take_record, &gather);
	json_t *document = run_state_json(state);
	json_object_set_new(document, "plan", plan_part(&state->plan));
	json_object_set_new(document, "created", json_time(state->created_ms));
	int64_t end_ms = state->ended_ms ? state->ended_ms : state->created_ms;
	json_object_set_new(document, "duration_s", json_integer((end_ms - state->created_ms) / SECOND_MS));
	json_object_set_new(document, "records_proven", json_integer((json_int_t)proven));
	json_object_set_new(document, "timeline", gather.timeline);
	json_object_set_new(document, "samples", gather.samples);
	run_state_free(state);
	if (error) {
		json_decref(document);
		return error;
	}
	*ret = document;
	return NULL;
}

struct error *report_write(struct store *store, const char *run, enum report_format format, struct buf *out)
{
	json_t *document DOCUMENT_CLEANUP = NULL;
	TRY(report_document(store, run, &document));
	switch (format) {
	case REPORT_JSON:
		document_print(document, true, out);
		buf_putc(out, '\n');
		return NULL;
	case REPORT_MARKDOWN:
		report_markdown(document, out);
		return NULL;
	case REPORT_HTML:
	default:
		report_html(document, out);
		return NULL;
	}
}
