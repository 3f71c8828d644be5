/* What takes its time at AWS, each with an end: EKS looking at the cluster anew, and the search of the audit log, which
 * runs there while everything else is looked at. */
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "perception/survey_round.h"

#define REFRESH_DEADLINE_MS (10 * MINUTE_MS)
#define REFRESH_PAUSE_MS (5 * SECOND_MS)
#define QUERY_DEADLINE_MS MINUTE_MS
enum { QUERY_PAUSE_MS = 100, MOST_QUERY_PAUSE_MS = 2000 };
enum { QUERY_ROWS = 1000 };

static void say(const struct round *round, const char *what)
{
	if (round->survey->progress)
		round->survey->progress(round->survey->progress_context, what);
}

/* One more answer of an operation that is asked again and again: only the last one is kept. */
static json_t *ask_again(const struct round *round, const struct aws_operation *operation, const json_t *input,
			 struct error **ret_error)
{
	json_t *out = NULL;
	*ret_error = aws_call(round->survey->aws, operation, json_deep_copy(input), &out);
	return out;
}

/* ---- insights */

static bool is_running(const json_t *answer)
{
	const char *status = document_text_or(answer, "status", "");
	return !strcmp(status, "IN_PROGRESS") || !strcmp(status, "Running") || !strcmp(status, "Scheduled");
}

static void tell(const struct round *round, const char *source, const char *format, const char *word)
{
	inventory_source(round->inventory, source, SOURCE_FAILED, arena_printf(round->inventory->arena, format, word));
}

void survey_refresh_insights(struct round *round)
{
	struct clock *clock = round->survey->ports->clock;
	json_t *of = json_pack("{s:s}", "clusterName", round->survey->config->cluster);
	int64_t began_ms = clock_mono_ms(clock);
	say(round, "what EKS finds anew: this takes minutes");
	const json_t *begun = survey_call(round, &aws_eks_StartInsightsRefresh, json_incref(of));
	for (bool running = begun != NULL; running;) {
		struct error *error;
		json_t *answer = ask_again(round, &aws_eks_DescribeInsightsRefresh, of, &error);
		running = !error && is_running(answer) && clock_mono_ms(clock) - began_ms < REFRESH_DEADLINE_MS;
		if (running) {
			json_decref(answer);
			clock_sleep(clock, REFRESH_PAUSE_MS);
			continue;
		}
		if (!error && is_running(answer))
			tell(round, "eks:DescribeInsightsRefresh", "%s: insights are those of before",
			     "did not end within 10 minutes");
		else if (!error && !strcmp(document_text_or(answer, "status", ""), "FAILED"))
			tell(round, "eks:DescribeInsightsRefresh", "failed: %s",
			     document_text_or(answer, "message", "no reason given"));
		inventory_aws_record(round->inventory, "eks", "DescribeInsightsRefresh", json_incref(of), answer,
				     error);
		error_free(error);
	}
	json_decref(of);
}

/* ---- the audit log */

static bool is_logged(const struct round *round)
{
	size_t i, k;
	const json_t *set, *type;
	json_array_foreach (document_at(inventory_cluster(round->inventory), "logging.clusterLogging"), i, set)
		json_array_foreach (json_object_get(set, "types"), k, type)
			if (document_true(set, "enabled") && json_is_string(type) &&
			    !strcmp(json_string_value(type), "audit"))
				return true;
	return false;
}

static void skip(const struct round *round, const char *why)
{
	inventory_source(round->inventory, "logs:StartQuery", SOURCE_SKIPPED, why);
	inventory_source(round->inventory, "logs:GetQueryResults", SOURCE_SKIPPED, why);
}

/* The API server marks such requests itself. Members with odd characters stand in backticks. */
static const char QUERY[] =
	"filter @logStream like \"kube-apiserver-audit\" and `annotations.k8s.io/deprecated` = \"true\""
	" | stats count(*) as n, latest(requestReceivedTimestamp) as last_seen"
	" by objectRef.apiGroup, objectRef.apiVersion, objectRef.resource, verb, userAgent, user.username,"
	" `annotations.k8s.io/deprecated`, `annotations.k8s.io/removed-release` | sort n desc";

void survey_audit_begin(struct round *round, struct audit_query *query)
{
	int64_t hours = round->survey->config->checks.audit_log_hours, until_ms = round->inventory->captured_at_ms;
	*query = (struct audit_query){NULL, clock_mono_ms(round->survey->ports->clock)};
	if (!inventory_cluster(round->inventory))
		skip(round, "the cluster itself was not seen");
	else if (!is_logged(round))
		skip(round, "the cluster does not write an audit log");
	else if (!hours)
		skip(round, "checks.audit_log_hours is 0");
	if (inventory_find_source(round->inventory, "logs:StartQuery"))
		return;
	const json_t *begun =
		survey_call(round, &aws_logs_StartQuery,
			    json_pack("{s:o, s:I, s:I, s:s, s:i}", "logGroupName",
				      document_printf("/aws/eks/%s/cluster", round->survey->config->cluster),
				      "startTime", (json_int_t)((until_ms - hours * HOUR_MS) / SECOND_MS), "endTime",
				      (json_int_t)(until_ms / SECOND_MS), "queryString", QUERY, "limit", QUERY_ROWS));
	const char *id = document_text(begun, "queryId");
	query->id = id ? mem_strdup(id) : NULL;
	if (!id) {
		const struct source *why = inventory_find_source(round->inventory, "logs:StartQuery");
		inventory_source(round->inventory, "logs:GetQueryResults", why ? why->status : SOURCE_FAILED,
				 why && why->detail ? why->detail : "no query was begun");
	}
}

/* Its cost is by what it reads: a query that nobody waits for is ended. */
static void stop(const struct round *round, const json_t *query)
{
	struct error *error = aws_call(round->survey->aws, &aws_logs_StopQuery, json_deep_copy(query), NULL);
	error_ignore(error);
	tell(round, "logs:GetQueryResults", "%s: search fewer hours by checks.audit_log_hours",
	     "the search did not end within a minute");
}

static void judge(const struct round *round, const json_t *answer)
{
	const char *status = document_text_or(answer, "status", "");
	if (strcmp(status, "Complete") != 0)
		tell(round, "logs:GetQueryResults", "the search ended as %s", *status ? status : "nothing known");
	else if (json_array_size(json_object_get(answer, "results")) >= QUERY_ROWS)
		tell(round, "logs:GetQueryResults", "%s",
		     "more callers than a search tells: those that call most are here");
}

void survey_audit_end(struct round *round, struct audit_query *query)
{
	struct clock *clock = round->survey->ports->clock;
	char *id CLEANUP(mem_freep) = TAKE(query->id);
	if (!id)
		return;
	json_t *of = json_pack("{s:s}", "queryId", id), *answer = NULL;
	struct error *error ERROR_CLEANUP = NULL;
	say(round, "the audit log");
	int64_t pause_ms = QUERY_PAUSE_MS;
	for (bool running = true; running; pause_ms = pause_ms < MOST_QUERY_PAUSE_MS ? 2 * pause_ms : pause_ms) {
		json_decref(answer);
		answer = ask_again(round, &aws_logs_GetQueryResults, of, &error);
		running = !error && is_running(answer) && clock_mono_ms(clock) - query->began_ms < QUERY_DEADLINE_MS;
		if (running)
			clock_sleep(clock, pause_ms);
	}
	if (!error && is_running(answer))
		stop(round, of);
	else if (!error)
		judge(round, answer);
	inventory_aws_record(round->inventory, "logs", "GetQueryResults", of, answer, error);
}
