/* What the API server's metrics say of deprecated calls, line by line as they come. */
#include <stdlib.h>
#include <string.h>
#include "knowledge/lifecycle.h"
#include "perception/inventory.h"

/* The value of a label within {…}; empty when it is not there. */
static struct slice label_of(struct slice line, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i + n + 2 < line.n; i++) {
		if ((line.p[i] != '{' && line.p[i] != ',') || strncmp(line.p + i + 1, name, n) != 0 ||
		    line.p[i + 1 + n] != '=' || line.p[i + 2 + n] != '"')
			continue;
		const char *from = line.p + i + n + 3, *to = memchr(from, '"', (size_t)(line.p + line.n - from));
		return to ? slice_make(from, (size_t)(to - from)) : (struct slice){0};
	}
	return (struct slice){0};
}

static const char *label_text(struct inventory *inventory, struct slice line, const char *name)
{
	struct slice value = label_of(line, name);
	return value.n ? model_pool_text(inventory->pool, arena_strndup(inventory->arena, value.p, value.n)) : "";
}

static double value_of(struct slice line)
{
	char copy[64];
	const char *brace = memrchr(line.p, '}', line.n);
	size_t at = brace ? (size_t)(brace - line.p) + 1 : line.n, n = line.n - at;
	if (n >= sizeof copy)
		return 0;
	memcpy(copy, line.p + at, n);
	copy[n] = '\0';
	return strtod(copy, NULL);
}

static struct deprecated_request *request_of(struct inventory *inventory, struct slice line)
{
	struct slice group = label_of(line, "group"), version = label_of(line, "version"),
		     resource = label_of(line, "resource");
	for (size_t i = 0; i < inventory->n_deprecated_requests; i++) {
		struct deprecated_request *request = &inventory->deprecated_requests[i];
		if (slice_eq(group, request->group) && slice_eq(version, request->version) &&
		    slice_eq(resource, request->resource))
			return request;
	}
	const char *words[] = {label_text(inventory, line, "group"), label_text(inventory, line, "version"),
			       label_text(inventory, line, "resource")};
	const struct api_lifecycle *api = knowledge_api_resource(words[0], words[1], words[2]);
	bool asked = slice_starts(line, "apiserver_requested_deprecated_apis{");
	if (!asked && (!api || (!api->deprecated && !api->removed)))
		return NULL;
	struct deprecated_request *request =
		ARENA_PUSH(inventory->arena, inventory->deprecated_requests, inventory->n_deprecated_requests);
	*request = (struct deprecated_request){words[0], words[1], words[2], "", false, -1};
	return request;
}

/* The totals stand before the gauge in the server's answer: both are gathered, whichever comes first. */
void inventory_metric_line(struct inventory *inventory, struct slice line)
{
	bool gauge = slice_starts(line, "apiserver_requested_deprecated_apis{");
	struct deprecated_request *request =
		gauge || slice_starts(line, "apiserver_request_total{") ? request_of(inventory, line) : NULL;
	if (!request || value_of(line) <= 0)
		return;
	if (gauge) {
		request->asked = true;
		request->removed_release = label_text(inventory, line, "removed_release");
	} else {
		request->requests = (request->requests < 0 ? 0 : request->requests) + (int64_t)value_of(line);
	}
}
