/* Lists and watches: streamed item by item, pages of several lists side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

enum { PAGE = 500, MAX_PARALLEL_LISTS = 4, MAX_RESTARTS = 2 };

struct list_meta {
	const char *resource_version, *next;
};
static const struct field list_meta_fields[] = {
	F_STRING(struct list_meta, resource_version, "metadata.resourceVersion", 0, "version of the whole list"),
	F_STRING(struct list_meta, next, "metadata.continue", 0, "where the next page begins"),
};
static const struct model list_meta_model = MODEL("ListMeta", struct list_meta, list_meta_fields);

/* One list under way. */
struct lister {
	struct kube_list *list;
	struct arena *arena;
	struct json_stream *stream;
	struct list_meta meta;
	struct error *error; /* of the reader, told after the transfer */
	char *next, *url;
	char *path;
	unsigned tries, restarts;
	bool done, again;
	int64_t not_before_ms;
	struct buf authorization;
	struct http_header headers[4];
	struct http_sink sink;
};

static bool take_item(void *context, void *item, struct arena *arena)
{
	struct lister *lister = context;
	lister->list->items++;
	return lister->list->fn(lister->list->context, item, arena);
}

static bool write_bytes(void *context, const char *bytes, size_t n)
{
	struct lister *lister = context;
	lister->error = json_stream_feed(lister->stream, bytes, n);
	return !lister->error;
}

static void finish(struct lister *lister, struct error *error)
{
	lister->list->error = error;
	lister->done = true;
}

static void restart(struct lister *lister)
{
	lister->list->items = 0;
	free(lister->next);
	lister->next = NULL;
	if (lister->list->restarted)
		lister->list->restarted(lister->list->context);
}

static struct error *prepare(struct kube *kube, struct lister *lister, struct http_exchange *exchange)
{
	struct kube_list *list = lister->list;
	arena_reset(lister->arena);
	lister->meta = (struct list_meta){0};
	struct json_stream_spec spec = {.name = list->path,
					.item_path = "items",
					.item_model = list->item_model,
					.fn = take_item,
					.context = lister,
					.outer_model = &list_meta_model,
					.outer = &lister->meta,
					.outer_arena = lister->arena};
	lister->stream = json_stream_new(&spec);
	buf_clear(&lister->authorization);
	TRY(kube_authorization(kube, lister->again, &lister->authorization));
	lister->again = false;
	free(lister->path);
	free(lister->url);
	lister->path = mem_printf("%s%climit=%d%s%s", list->path, strchr(list->path, '?') ? '&' : '?', PAGE,
				  lister->next ? "&continue=" : "", lister->next ? lister->next : "");
	lister->url = mem_printf("%s%s", kube->access.server, lister->path);
	size_t n = 0;
	lister->headers[n++] = (struct http_header){
		"Accept", list->metadata_only
				  ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
				  : "application/json"};
	lister->headers[n++] = (struct http_header){"User-Agent", "eks-upgrade-agent/" EUA_VERSION};
	if (lister->authorization.n)
		lister->headers[n++] = (struct http_header){"Authorization", buf_str(&lister->authorization)};
	lister->sink = (struct http_sink){write_bytes, lister};
	*exchange = (struct http_exchange){.request = {.method = "GET",
						       .url = lister->url,
						       .headers = lister->headers,
						       .n_headers = n,
						       .tls = &kube->access.tls,
						       .proxy = kube->access.proxy,
						       .sink = &lister->sink,
						       .limits = {.deadline_ms = 5 * MINUTE_MS}}};
	return NULL;
}

static void url_encoded(const char *text, struct buf *out)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
			buf_putc(out, (char)*p);
		else if ((*p >= '0' && *p <= '9') || strchr("-._~", *p))
			buf_putc(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
	}
}

static void page_done(struct lister *lister)
{
	struct error *error = json_stream_end(lister->stream);
	if (error) {
		finish(lister, error);
		return;
	}
	if (lister->meta.resource_version &&
	    strlen(lister->meta.resource_version) < sizeof lister->list->resource_version)
		memcpy(lister->list->resource_version, lister->meta.resource_version,
		       strlen(lister->meta.resource_version) + 1);
	free(lister->next);
	lister->next = NULL;
	lister->tries = 0;
	if (!lister->meta.next || !*lister->meta.next) {
		finish(lister, NULL);
		return;
	}
	struct buf next CLEANUP(buf_done) = BUF_INIT(64 << 10);
	url_encoded(lister->meta.next, &next);
	lister->next = buf_take(&next);
}

static void look(struct kube *kube, struct lister *lister, struct http_response *response)
{
	int64_t delay_ms;
	lister->tries++;
	kube_note_warnings(kube, lister->list->path, response);
	if (lister->error) { /* what was read makes no sense: asking again would not help */
		finish(lister, TAKE(lister->error));
		return;
	}
	if (response->stopped) {
		finish(lister, NULL);
		return;
	}
	if (!response->error && response->status == 200) {
		page_done(lister);
		return;
	}
	struct error *error =
		response->error ? TAKE(response->error) : kube_status_error("GET", lister->path, response);
	bool expired = error->http_status == 410 && lister->restarts < MAX_RESTARTS;
	response->error = error;
	enum kube_retry retry = kube_should_retry("GET", response, lister->tries, kube->ports.random, &delay_ms);
	response->error = NULL;
	if (!expired && retry == KUBE_NO_RETRY) {
		finish(lister, error);
		return;
	}
	/* items of a page that broke off were given already: all is given anew */
	lister->restarts += expired;
	lister->again = retry == KUBE_RETRY_NEW_TOKEN;
	restart(lister);
	lister->not_before_ms = expired || lister->again ? 0 : clock_mono_ms(kube->ports.clock) + delay_ms;
	error_free(error);
}

static void release(struct lister *lister)
{
	json_stream_free(lister->stream);
	lister->stream = NULL;
}

/* One round: a page of up to four lists. False when nothing is left. */
static bool run_round(struct kube *kube, struct lister *listers, size_t n)
{
	struct http_exchange exchanges[MAX_PARALLEL_LISTS];
	struct lister *under_way[MAX_PARALLEL_LISTS];
	size_t k = 0;
	int64_t earliest = INT64_MAX, now_ms = clock_mono_ms(kube->ports.clock);
	for (size_t i = 0; i < n && k < MAX_PARALLEL_LISTS; i++) {
		struct lister *lister = &listers[i];
		if (lister->done)
			continue;
		if (lister->not_before_ms > now_ms) {
			earliest = lister->not_before_ms < earliest ? lister->not_before_ms : earliest;
			continue;
		}
		struct error *error = prepare(kube, lister, &exchanges[k]);
		if (error) {
			finish(lister, error);
			release(lister);
		} else {
			under_way[k++] = lister;
		}
	}
	if (k == 0) {
		if (earliest != INT64_MAX)
			clock_sleep_until(kube->ports.clock, earliest);
		return earliest != INT64_MAX;
	}
	http_perform(kube->ports.http, exchanges, k);
	for (size_t i = 0; i < k; i++) {
		look(kube, under_way[i], &exchanges[i].response);
		release(under_way[i]);
		http_exchange_done(&exchanges[i]);
	}
	return true;
}

void kube_list_batch(struct kube *kube, struct kube_list *lists, size_t n)
{
	struct lister *listers = mem_array(n, sizeof *listers);
	for (size_t i = 0; i < n; i++) {
		lists[i].items = 0;
		lists[i].error = NULL;
		lists[i].resource_version[0] = '\0';
		listers[i].list = &lists[i];
		listers[i].arena = arena_new();
		buf_init(&listers[i].authorization, 64 << 10);
	}
	bool left = true;
	while (left) {
		left = run_round(kube, listers, n);
		bool all = true;
		for (size_t i = 0; i < n; i++)
			all &= listers[i].done;
		left = left && !all;
	}
	for (size_t i = 0; i < n; i++) {
		buf_done(&listers[i].authorization);
		arena_free(listers[i].arena);
		free(listers[i].next);
		free(listers[i].url);
		free(listers[i].path);
	}
	free(listers);
}

struct error *kube_list(struct kube *kube, struct kube_list *list)
{
	kube_list_batch(kube, list, 1);
	return TAKE(list->error);
}

struct watcher {
	struct json_stream *stream;
	struct error *error;
};

static bool write_events(void *context, const char *bytes, size_t n)
{
	struct watcher *watcher = context;
	watcher->error = json_stream_feed(watcher->stream, bytes, n);
	return !watcher->error;
}

struct error *kube_watch(struct kube *kube, const char *path, const char *resource_version, int64_t timeout_ms,
			 const struct model *event_model, json_item_fn *fn, void *context,
			 char ret_resource_version[64])
{
	char *full CLEANUP(mem_freep) =
		mem_printf("%s%cwatch=true&allowWatchBookmarks=true&timeoutSeconds=%lld&resourceVersion=%s", path,
			   strchr(path, '?') ? '&' : '?', (long long)((timeout_ms + 999) / 1000), resource_version);
	struct json_stream_spec spec = {
		.name = path, .item_path = "", .item_model = event_model, .fn = fn, .context = context};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	struct watcher watcher = {stream, NULL};
	struct http_sink sink = {write_events, &watcher};
	snprintf(ret_resource_version, 64, "%s", resource_version);
	struct error *error = kube_get_stream(kube, full, &sink);
	if (watcher.error) {
		error_free(error);
		return watcher.error;
	}
	return error;
}
