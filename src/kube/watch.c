/* Watches: events in order, resumed where a connection broke, until the time is over or the version has expired. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

/* As client-go: 0.8 s doubled up to 30 s, with jitter; forgotten once something came. */
enum { FIRST_PAUSE_MS = 800, LONGEST_PAUSE_MS = 30000 };
/* Servers send bookmarks about every minute; longer silence is a dead connection. */
#define SILENCE (90 * SECOND_MS)

struct event {
	const char *type, *object;
};
static const struct field event_fields[] = {
	F_STRING(struct event, type, "type", 0, "ADDED, MODIFIED, DELETED, BOOKMARK, ERROR"),
	F_JSON(struct event, object, "object", 0, "the object"),
};
static const struct model event_model_of_all = MODEL("WatchEvent", struct event, event_fields);

struct event_object {
	const char *resource_version, *message, *reason;
	int64_t code;
};
static const struct field event_object_fields[] = {
	F_STRING(struct event_object, resource_version, "metadata.resourceVersion", 0, "version of this event"),
	F_STRING(struct event_object, message, "message", 0, "of a Status"),
	F_STRING(struct event_object, reason, "reason", 0, "of a Status"),
	F_INT(struct event_object, code, "code", 0, "of a Status"),
};
static const struct model event_object_model = MODEL("EventObject", struct event_object, event_object_fields);

struct watcher {
	const char *path;
	struct json_stream *stream;
	const struct model *model;
	json_item_fn *fn;
	void *context;
	char *resource_version; /* 64 bytes */
	struct error *error;
	bool stopped, moved;
};

static struct error *expired(const char *path, const char *message)
{
	struct error *error =
		error_new(ERROR_PRECONDITION, "watch of %s: %s", path, message ? message : "the version has expired");
	error->code = mem_strdup("Expired");
	error->service = mem_strdup("kubernetes");
	error->http_status = 410;
	return error;
}

static struct error *error_event(const struct watcher *watcher, const struct event_object *status)
{
	if (status->code == 410 ||
	    (status->reason && (!strcmp(status->reason, "Expired") || !strcmp(status->reason, "Gone"))))
		return expired(watcher->path, status->message);
	return error_new(status->code >= 500 || status->code == 429 ? ERROR_TRANSIENT : ERROR_INVALID,
			 "watch of %s: %s", watcher->path, status->message ? status->message : "the server ended it");
}

static struct error *give(struct watcher *watcher, const struct event *event, struct arena *arena)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	buf_puts(&text, "{\"type\":");
	json_write_string(&text, slice_of(event->type));
	buf_printf(&text, ",\"object\":%s}", event->object);
	void *object = arena_alloc(arena, watcher->model->size);
	TRY(json_decode(buf_slice(&text), watcher->path, JSON_READ_SERVER, watcher->model, object, arena));
	watcher->stopped = !watcher->fn(watcher->context, object, arena);
	return NULL;
}

static bool take_event(void *context, void *item, struct arena *arena)
{
	struct watcher *watcher = context;
	const struct event *event = item;
	struct event_object object = {0};
	if (!event->type || !event->object) {
		watcher->error = error_new(ERROR_INVALID, "watch of %s: not an event", watcher->path);
		return false;
	}
	watcher->error = json_decode(slice_of(event->object), watcher->path, JSON_READ_SERVER, &event_object_model,
				     &object, arena);
	if (!watcher->error && !strcmp(event->type, "ERROR"))
		watcher->error = error_event(watcher, &object);
	if (!watcher->error && strcmp(event->type, "BOOKMARK") != 0)
		watcher->error = give(watcher, event, arena);
	if (watcher->error)
		return false;
	watcher->moved = true;
	if (object.resource_version && strlen(object.resource_version) < 64)
		snprintf(watcher->resource_version, 64, "%s", object.resource_version);
	return !watcher->stopped;
}

static bool write_events(void *context, const char *bytes, size_t n)
{
	struct watcher *watcher = context;
	struct error *error = json_stream_feed(watcher->stream, bytes, n);
	if (!watcher->error)
		watcher->error = error;
	else
		error_free(error);
	return !watcher->error && !watcher->stopped;
}

/* One connection, as long as it holds. */
static struct error *watch_once(struct kube *kube, struct watcher *watcher, int64_t left_ms)
{
	char *full CLEANUP(mem_freep) = mem_printf(
		"%s%cwatch=true&allowWatchBookmarks=true&timeoutSeconds=%lld&resourceVersion=%s", watcher->path,
		strchr(watcher->path, '?') ? '&' : '?', (long long)((left_ms + 999) / 1000), watcher->resource_version);
	struct json_stream_spec spec = {.name = watcher->path,
					.item_path = "",
					.item_model = &event_model_of_all,
					.fn = take_event,
					.context = watcher};
	struct json_stream *stream CLEANUP(json_stream_freep) = watcher->stream = json_stream_new(&spec);
	struct http_sink sink = {write_events, watcher};
	struct http_limits limits = {.deadline_ms = left_ms + 10 * SECOND_MS, .idle_ms = SILENCE};
	struct error *error = kube_stream(kube, full, &limits, &sink);
	if (watcher->error) {
		error_free(error);
		return TAKE(watcher->error);
	}
	if (error && error->http_status == 410) {
		struct error *inner ERROR_CLEANUP = error;
		return expired(watcher->path, inner->message);
	}
	return error;
}

static int64_t pause_of(struct kube *kube, unsigned quiet)
{
	int64_t pause_ms = (int64_t)FIRST_PAUSE_MS << (quiet < 6 ? quiet : 6);
	pause_ms = pause_ms > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause_ms;
	return pause_ms / 2 + (int64_t)(random_unit(kube->ports.random) * (double)pause_ms / 2);
}

struct error *kube_watch(struct kube *kube, const char *path, const char *resource_version, int64_t timeout_ms,
			 const struct model *event_model, json_item_fn *fn, void *context,
			 char ret_resource_version[64])
{
	struct watcher watcher = {.path = path,
				  .model = event_model,
				  .fn = fn,
				  .context = context,
				  .resource_version = ret_resource_version};
	int64_t end_ms = clock_mono_ms(kube->ports.clock) + timeout_ms;
	snprintf(ret_resource_version, 64, "%s", resource_version);
	for (unsigned quiet = 0;;) {
		int64_t left_ms = end_ms - clock_mono_ms(kube->ports.clock);
		if (left_ms <= 0)
			return NULL;
		watcher.moved = false;
		struct error *error = watch_once(kube, &watcher, left_ms);
		bool passes = error && (error->class == ERROR_TRANSIENT || error->class == ERROR_TIMEOUT ||
					error->class == ERROR_THROTTLED);
		if (error && !passes)
			return error;
		left_ms = end_ms - clock_mono_ms(kube->ports.clock);
		if (watcher.stopped || left_ms <= 0) {
			error_free(error);
			return NULL;
		}
		quiet = watcher.moved ? 0 : quiet + 1;
		int64_t pause_ms = watcher.moved && !error ? 0 : pause_of(kube, quiet - (quiet > 0));
		if (error && error->retry_after_ms > pause_ms)
			pause_ms = error->retry_after_ms;
		error_free(error);
		if (pause_ms)
			clock_sleep(kube->ports.clock, pause_ms < left_ms ? pause_ms : left_ms);
	}
}

struct error *kube_follow(struct kube *kube, struct kube_list *list, int64_t timeout_ms,
			  const struct model *event_model, json_item_fn *event)
{
	int64_t end_ms = clock_mono_ms(kube->ports.clock) + timeout_ms;
	for (unsigned lists = 0;; lists++) {
		char version[64];
		if (lists && list->restarted)
			list->restarted(list->context);
		TRY(kube_list(kube, list));
		int64_t left_ms = end_ms - clock_mono_ms(kube->ports.clock);
		struct error *error = kube_watch(kube, list->path, list->resource_version, left_ms, event_model, event,
						 list->context, version);
		if (!error || error->class != ERROR_PRECONDITION)
			return error;
		error_free(error); /* expired: list anew, not faster than a struggling server can bear */
		left_ms = end_ms - clock_mono_ms(kube->ports.clock);
		if (left_ms <= 0)
			return NULL;
		int64_t pause_ms = pause_of(kube, lists);
		clock_sleep(kube->ports.clock, pause_ms < left_ms ? pause_ms : left_ms);
	}
}
