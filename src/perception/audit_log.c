/* Reading an audit log's file. */
#include "perception/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/time.h"
#include "codec/document.h"
#include "codec/json.h"
#include "knowledge/lifecycle.h"

enum { CHUNK = 256 << 10, LONGEST_LINE = 4 << 20, MOST_ROWS = 10000 };
#define SOURCE "audit log file"

struct event {
	const char *kind, *stage, *verb, *agent, *user, *group, *version, *resource;
	int64_t received_ms;
	struct pair *annotations;
	size_t n_annotations;
};
static const struct field event_fields[] = {
	F_STRING(struct event, kind, "kind", 0, ""),
	F_STRING(struct event, stage, "stage", 0, ""),
	F_STRING(struct event, verb, "verb", 0, ""),
	F_STRING(struct event, agent, "userAgent", 0, ""),
	F_STRING(struct event, user, "user.username", 0, ""),
	F_STRING(struct event, group, "objectRef.apiGroup", 0, ""),
	F_STRING(struct event, version, "objectRef.apiVersion", 0, ""),
	F_STRING(struct event, resource, "objectRef.resource", 0, ""),
	F_TIME(struct event, received_ms, "requestReceivedTimestamp", 0, ""),
	F_MAP(struct event, annotations, n_annotations, "annotations", 0, ""),
};
static const struct model event_model = MODEL("Event", struct event, event_fields);

struct reader {
	struct inventory *inventory;
	json_t *index; /* by everything that tells rows apart: the row */
	struct arena *scratch;
	struct buf line;
	bool too_long; /* the line in hand */
	size_t events, bad, lost_rows;
};

static const char *text(const char *word)
{
	return word ? word : "";
}

static const char *annotation(const struct event *event, const char *key)
{
	return text(kube_pairs_get(event->annotations, event->n_annotations, key));
}

static bool is_deprecated(const struct event *event)
{
	if (!strcmp(annotation(event, "k8s.io/deprecated"), "true"))
		return true;
	const struct api_lifecycle *api =
		event->version && event->resource
			? knowledge_api_resource(text(event->group), event->version, event->resource)
			: NULL;
	return api && (api->deprecated || api->removed);
}

static json_t *row_of(struct reader *reader, const struct event *event)
{
	const char *removed = annotation(event, "k8s.io/removed-release"),
		   *key = arena_printf(reader->scratch, "%s\n%s\n%s\n%s\n%s\n%s\n%s", text(event->group),
				       text(event->version), text(event->resource), text(event->verb),
				       text(event->agent), text(event->user), removed);
	json_t *row = json_object_get(reader->index, key);
	if (row || json_object_size(reader->index) >= MOST_ROWS)
		return row;
	row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "objectRef.apiGroup", text(event->group),
			"objectRef.apiVersion", text(event->version), "objectRef.resource", text(event->resource),
			"verb", text(event->verb), "userAgent", text(event->agent), "user.username", text(event->user),
			"annotations.k8s.io/deprecated", annotation(event, "k8s.io/deprecated"),
			"annotations.k8s.io/removed-release", removed, "n", 0);
	if (!row)
		return NULL;
	json_object_set_new(reader->index, key, row);
	json_array_append(reader->inventory->audit_log, row);
	return row;
}

static void count(struct reader *reader, const struct event *event)
{
	json_t *row = row_of(reader, event);
	int64_t last_ms = 0;
	char when[TIME_TEXT];
	if (!row) {
		*(json_object_size(reader->index) < MOST_ROWS ? &reader->bad : &reader->lost_rows) += 1;
		return;
	}
	json_object_set_new(row, "n", json_integer(document_int_or(row, "n", 0) + 1));
	document_time(row, "last_seen", &last_ms);
	if (event->received_ms > last_ms)
		json_object_set_new(row, "last_seen", json_string(time_format_rfc3339(event->received_ms, when)));
}

/* A request is told when it came in and when it was answered: only the latter counts. What stands before the brace (a
 * time, as exports write it) is passed over. */
static void take_line(struct reader *reader, struct slice line)
{
	const char *brace = memchr(line.p, '{', line.n);
	struct event event = {0};
	if (!brace) {
		reader->bad += line.n > 0;
		return;
	}
	struct error *error = json_decode(slice_make(brace, line.n - (size_t)(brace - line.p)), SOURCE,
					  JSON_READ_SERVER, &event_model, &event, reader->scratch);
	if (error || !event.kind || strcmp(event.kind, "Event") != 0 || !event.verb)
		reader->bad++;
	else
		reader->events++;
	bool counts = !error && event.version && event.resource && strcmp(text(event.stage), "RequestReceived") != 0;
	error_free(error);
	if (counts && is_deprecated(&event))
		count(reader, &event);
	arena_reset(reader->scratch);
}

static void end_line(struct reader *reader)
{
	if (reader->too_long)
		reader->bad++;
	else
		take_line(reader, buf_slice(&reader->line));
	reader->too_long = false;
	buf_clear(&reader->line);
}

static void feed(struct reader *reader, struct slice bytes)
{
	while (bytes.n) {
		const char *end = memchr(bytes.p, '\n', bytes.n);
		size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
		if (end && !reader->line.n && !reader->too_long)
			take_line(reader, slice_make(bytes.p, n));
		else if (!buf_append(&reader->line, bytes.p, n))
			reader->too_long = true;
		if (end && (reader->line.n || reader->too_long))
			end_line(reader);
		n += end != NULL;
		bytes = slice_make(bytes.p + n, bytes.n - n);
	}
}

static void begin(struct reader *reader, struct inventory *inventory)
{
	if (!inventory->audit_log)
		inventory->audit_log = json_array();
	*reader = (struct reader){
		.inventory = inventory, .index = json_object(), .scratch = arena_new(), .line = BUF_INIT(LONGEST_LINE)};
}

static void finish(struct reader *reader)
{
	struct inventory *inventory = reader->inventory;
	if (reader->line.n || reader->too_long)
		end_line(reader);
	if (reader->lost_rows || (reader->bad && reader->events))
		inventory_source(inventory, SOURCE, SOURCE_FAILED,
				 reader->lost_rows ? "more callers than are kept"
						   : arena_printf(inventory->arena, "%zu of %zu lines are no events",
								  reader->bad, reader->bad + reader->events));
	else if (reader->events)
		inventory_source(inventory, SOURCE, SOURCE_OK, NULL);
	json_decref(reader->index);
	arena_free(reader->scratch);
	buf_done(&reader->line);
}

bool audit_log_text(struct inventory *inventory, struct slice bytes)
{
	struct reader reader;
	begin(&reader, inventory);
	feed(&reader, bytes);
	finish(&reader);
	return reader.events > 0;
}

struct error *audit_log_read(struct inventory *inventory, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_remedy(error_from_errno(errno, "cannot read the audit log \"%s\"", path),
				    "--audit-log takes a file of audit.k8s.io/v1 events, one a line");
	char *chunk CLEANUP(mem_freep) = mem_alloc(CHUNK);
	struct reader reader;
	struct error *error = NULL;
	begin(&reader, inventory);
	for (ssize_t n = 1; n > 0 && !error;) {
		n = read(file, chunk, CHUNK);
		if (n > 0)
			feed(&reader, slice_make(chunk, (size_t)n));
		else if (n < 0)
			error = error_from_errno(errno, "cannot read the audit log \"%s\"", path);
	}
	close(file);
	finish(&reader);
	if (!error && !reader.events && reader.bad)
		error = error_remedy(error_new(ERROR_INVALID, "\"%s\" holds no audit event", path),
				     "--audit-log takes a file of audit.k8s.io/v1 events, one a line");
	else if (!error && !reader.events)
		inventory_source(inventory, SOURCE, SOURCE_OK, NULL);
	return error;
}
