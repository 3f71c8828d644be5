/* Windows in which Karpenter lets no node be replaced, looked at minute by minute. */
#include "assessment/window.h"

#include <string.h>
#include "base/cron.h"
#include "base/macros.h"
#include "base/time.h"
#include "codec/document.h"

enum { LONGEST_DAYS = 31 };

/* Is there no moment within the next day in which it is open? When the upgrade begins nobody knows, but what is shut
 * for a day is in its way. False for what is no schedule. */
static bool stays_shut(const char *schedule, const char *duration, int64_t now_ms)
{
	struct cron cron;
	int64_t lasts_ms, shut_until_ms = 0, minute_ms;
	if (!duration || !duration_parse(slice_of(duration), &lasts_ms) || lasts_ms < MINUTE_MS ||
	    !cron_parse(schedule, &cron))
		return false;
	lasts_ms = lasts_ms > LONGEST_DAYS * DAY_MS ? LONGEST_DAYS * DAY_MS : lasts_ms;
	for (minute_ms = (now_ms - lasts_ms) / MINUTE_MS * MINUTE_MS; minute_ms < now_ms + DAY_MS;
	     minute_ms += MINUTE_MS) {
		if (cron_begins(&cron, minute_ms))
			shut_until_ms = minute_ms + lasts_ms;
		if (minute_ms >= now_ms && shut_until_ms <= minute_ms)
			return false;
	}
	return true;
}

/* A budget of 0 or 0 % for drift that always holds, or whose window stays shut. Karpenter rounds shares up, so only
 * these allow none. */
static bool allows_none(const json_t *budget, int64_t now_ms)
{
	const char *nodes = document_text(budget, "nodes");
	const json_t *reasons = json_object_get(budget, "reasons"), *reason;
	bool drift = !json_array_size(reasons);
	size_t i;
	json_array_foreach (reasons, i, reason)
		drift |= json_is_string(reason) && !strcmp(json_string_value(reason), "Drifted");
	bool zero = nodes ? !strcmp(nodes, "0") || !strcmp(nodes, "0%")
			  : json_is_integer(json_object_get(budget, "nodes")) &&
				    json_integer_value(json_object_get(budget, "nodes")) == 0;
	const char *schedule = document_text(budget, "schedule");
	return zero && drift && (!schedule || stays_shut(schedule, document_text(budget, "duration"), now_ms));
}

bool window_pool_is_shut(const json_t *spec, int64_t now_ms)
{
	const json_t *budgets = document_at(spec, "disruption.budgets"), *budget;
	size_t i;
	json_array_foreach (budgets, i, budget)
		if (allows_none(budget, now_ms))
			return true;
	return false;
}
