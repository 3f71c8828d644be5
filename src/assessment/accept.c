/* What the configuration says about findings. Stands behind assess and scan, before anything is printed: no check and
 * no format knows of it. Nothing is dropped silently: what was accepted is still told, with its owner. */
#include "assessment/accept.h"

#include <string.h>
#include "base/time.h"

bool accept_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL; /* where to go on when what follows the last * does not fit */
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool matches_any(const char *const *patterns, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (accept_matches(patterns[i], id))
			return true;
	return false;
}

/* Whether checks.only and checks.except leave this check. */
static bool accept_wants(const struct config *config, const char *id)
{
	return (!config->checks.n_only || matches_any(config->checks.only, config->checks.n_only, id)) &&
	       !matches_any(config->checks.except, config->checks.n_except, id);
}

/* Checks that are left out have not passed either. Without their list only the number is known, and it stays. */
static void leave_out(struct assessment *assessment, const struct config *config)
{
	size_t kept = 0, checks = 0;
	for (size_t i = 0; i < assessment->n_findings; i++)
		if (accept_wants(config, assessment->findings[i].id))
			assessment->findings[kept++] = assessment->findings[i];
	assessment->n_findings = kept;
	for (size_t i = 0; i < assessment->n_checks; i++)
		if (accept_wants(config, assessment->checks[i].id))
			assessment->checks[checks++] = assessment->checks[i];
	if (checks == assessment->n_checks)
		return;
	assessment->n_checks = checks;
	assessment->counts.passed = 0;
	for (size_t i = 0; i < checks; i++) {
		bool passed = true;
		for (size_t k = 0; passed && k < kept; k++)
			passed = strcmp(assessment->findings[k].id, assessment->checks[i].id) != 0;
		assessment->counts.passed += passed;
	}
}

/* The last word on an id holds, so that "WL-*" may stand before its exceptions. */
static void weigh(struct finding *finding, const struct config *config)
{
	for (size_t i = 0; i < config->checks.n_severity; i++) {
		const struct pair *pair = &config->checks.severity[i];
		for (int k = 0; accept_matches(pair->key, finding->id) && severity_names[k]; k++)
			if (!strcmp(severity_names[k], pair->value))
				finding->severity = k;
	}
}

/* "NAMESPACE/NAME", "KIND NAMESPACE/NAME", ARN, or the file. */
static bool is_object(const char *pattern, const struct finding *finding)
{
	const struct finding_object *object = finding->object;
	struct buf name CLEANUP(buf_done) = BUF_INIT(1 << 16), with_kind CLEANUP(buf_done) = BUF_INIT(1 << 16);
	finding_object_print(object, &name);
	if (object && object->kind)
		buf_printf(&with_kind, "%s %s", object->kind, buf_str(&name));
	const char *const names[] = {buf_str(&name), with_kind.n ? buf_str(&with_kind) : NULL,
				     object ? object->arn : NULL, finding->file};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] && accept_matches(pattern, names[i]))
			return true;
	return false;
}

static bool is_expired(const struct config_risk *risk, int64_t now_ms)
{
	return risk->expires_ms && risk->expires_ms < now_ms;
}

static void tell_expired(struct finding *finding, const struct config_risk *risk, struct arena *arena)
{
	char time[TIME_TEXT];
	const char *said = finding->message && *finding->message ? finding->message : finding->title;
	time_format_rfc3339(risk->expires_ms, time);
	finding->message = arena_printf(arena, "%s (accepted by %s until %.10s, which is over)",
					said ? said : finding->id, risk->owner, time);
}

/* One that holds beats one that has expired. */
static void judge(struct finding *finding, const struct config *config, int64_t now_ms, bool *used, struct arena *arena)
{
	const struct config_risk *expired = NULL;
	if (finding->status == FINDING_ACCEPTED)
		return;
	for (size_t i = 0; i < config->n_risks; i++) {
		const struct config_risk *risk = &config->risks[i];
		if (!accept_matches(risk->id, finding->id) || !is_object(risk->object, finding))
			continue;
		used[i] = true;
		if (is_expired(risk, now_ms)) {
			expired = risk;
		} else if (finding->status != FINDING_ACCEPTED) {
			finding->status = FINDING_ACCEPTED;
			finding->owner = arena_strdup(arena, risk->owner);
			finding->reason = arena_strdup(arena, risk->reason);
			finding->expires_ms = risk->expires_ms;
		}
	}
	if (expired && finding->status != FINDING_ACCEPTED)
		tell_expired(finding, expired, arena);
}

static bool was_done(const struct assessment *assessment, const char *id)
{
	for (size_t i = 0; i < assessment->n_checks; i++)
		if (accept_matches(id, assessment->checks[i].id))
			return true;
	return false;
}

/* Whether nothing matched for want of knowledge, or because the check was left out; a scan of files does few of them.
 */
static bool is_open(const struct assessment *assessment, const struct config *config, const struct config_risk *risk)
{
	for (size_t i = 0; i < assessment->n_findings; i++)
		if (assessment->findings[i].status == FINDING_UNKNOWN &&
		    accept_matches(risk->id, assessment->findings[i].id))
			return true;
	bool scan = assessment->tool && !strcmp(assessment->tool, "scan");
	return (scan && !was_done(assessment, risk->id)) || (!strchr(risk->id, '*') && !accept_wants(config, risk->id));
}

static void tell_unused(struct assessment *assessment, const struct config *config, const bool *used,
			struct arena *arena)
{
	size_t n = assessment->n_findings;
	struct finding *findings = arena_alloc(arena, (n + config->n_risks) * sizeof *findings);
	if (n)
		memcpy(findings, assessment->findings, n * sizeof *findings);
	for (size_t i = 0; i < config->n_risks; i++) {
		const struct config_risk *risk = &config->risks[i];
		if (used[i] || is_open(assessment, config, risk))
			continue;
		findings[n++] = (struct finding){
			.id = "RISK-UNUSED",
			.title = "An accepted risk that nothing matches",
			.severity = SEVERITY_INFO,
			.status = FINDING_FOUND,
			.scope = "",
			.message = arena_printf(arena, "risks[%zu] of the configuration: no %s of \"%s\" is found", i,
						risk->id, risk->object),
			.remedy = "take it out of the configuration, or mend its id or object",
		};
	}
	assessment->findings = findings;
	assessment->n_findings = n;
}

void assessment_accept(struct assessment *assessment, const struct config *config, int64_t now_ms, struct arena *arena)
{
	bool *used = arena_alloc(arena, config->n_risks + 1);
	leave_out(assessment, config);
	for (size_t i = 0; i < assessment->n_findings; i++) {
		weigh(&assessment->findings[i], config);
		judge(&assessment->findings[i], config, now_ms, used, arena);
	}
	if (config->n_risks)
		tell_unused(assessment, config, used, arena);
	assessment_sort(assessment);
	assessment_count(assessment);
}
