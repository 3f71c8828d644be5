/* Lists with pages, and watches. A page is rendered from the records in one pass, straight to the reader. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/digest.h"

struct page {
	struct kube_object **items;
	size_t n, capacity;
	struct kube_object *next; /* where the following page starts; NULL: the end */
	size_t remaining;
};

static void page_add(struct page *page, struct kube_object *object)
{
	if (page->n == page->capacity) {
		page->capacity = page->capacity ? page->capacity * 2 : 512;
		page->items = mem_resize(page->items, page->capacity, sizeof *page->items);
	}
	page->items[page->n++] = object;
}

static json_t *read_token(const char *text)
{
	struct buf plain = BUF_INIT(4096);
	json_t *token = base64_decode(slice_of(text), &plain) ? json_loadb(plain.p, plain.n, 0, NULL) : NULL;
	buf_done(&plain);
	return token;
}

static void write_token(struct kube_request *request, uint64_t rv, struct kube_object *next, struct buf *out)
{
	char *plain = arena_printf(request->arena, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%llu,\"start\":\"%s/%s\"}",
				   (unsigned long long)rv, next->ns ? next->ns : "", next->name);
	base64url_encode(slice_of(plain), out);
}

/* Where the page starts. False: replied with an error. */
static bool start_of(struct kube_request *request, size_t *ret_start, uint64_t *ret_rv)
{
	const char *text = kube_query_get(request, "continue");
	*ret_start = request->ns ? kube_lower_bound(request->kind, request->ns, "") : 0;
	*ret_rv = request->kube->rv;
	if (!text || !text[0])
		return true;
	json_t *token = read_token(text);
	const char *start = json_string_value(json_object_get(token, "start"));
	if (!start || !strchr(start, '/')) {
		json_decref(token);
		kube_reply_status(request, 400, "BadRequest",
				  "continue key is not valid: illegal base64 data or unrecognized encoded version");
		return false;
	}
	*ret_rv = (uint64_t)json_integer_value(json_object_get(token, "rv"));
	const char *slash = strchr(start, '/');
	const char *ns = slash == start ? NULL : arena_strndup(request->arena, start, (size_t)(slash - start));
	*ret_start = kube_lower_bound(request->kind, ns, slash + 1);
	bool expired = *ret_rv < request->kube->compacted_rv;
	if (expired) {
		json_t *status = kube_status(request, 410, "Expired",
					     "The provided continue parameter is too old to display a consistent list "
					     "result. You can start a new list without the "
					     "continue parameter.");
		kube_reply_json(request, 410, status);
	}
	json_decref(token);
	return !expired;
}

static void collect(struct kube_request *request, const struct kube_selector *selector, size_t start, size_t limit,
		    struct page *page)
{
	struct kube_kind *kind = request->kind;
	kube_sort(kind);
	for (size_t i = start; i < kind->n; i++) {
		struct kube_object *object = kind->items[i];
		if (request->ns && object->ns != request->ns && strcmp(object->ns, request->ns) != 0)
			break;
		if (!kube_selector_empty(selector) && !kube_selector_matches(request->kube, selector, object))
			continue;
		if (limit > 0 && page->n == limit) {
			if (!page->next)
				page->next = object;
			page->remaining++;
			if (!kube_selector_empty(selector))
				break;
			continue;
		}
		page_add(page, object);
	}
}

static void reply_page(struct kube_request *request, const struct kube_selector *selector, const struct page *page,
		       uint64_t rv)
{
	enum kube_accept accept = kube_accept(request);
	struct buf token = BUF_INIT(4096);
	if (page->next)
		write_token(request, rv, page->next, &token);
	bool count = page->next && kube_selector_empty(selector);
	if (accept == ACCEPT_TABLE) {
		json_t *metadata = json_pack("{s:o}", "resourceVersion", json_sprintf("%llu", (unsigned long long)rv));
		if (page->next)
			json_object_set_new(metadata, "continue", json_string(buf_str(&token)));
		if (count)
			json_object_set_new(metadata, "remainingItemCount", json_integer((json_int_t)page->remaining));
		kube_reply_json(request, 200, kube_table(request, page->items, page->n, true, metadata));
		buf_done(&token);
		return;
	}
	struct kube_out out;
	kube_out_begin(request, &out, "application/json");
	const struct kube_resource *resource = request->resource;
	if (accept == ACCEPT_METADATA)
		kube_out_text(&out, "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\"");
	else
		kube_out_printf(&out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s%s%s\"", resource->kind, resource->group,
				resource->group[0] ? "/" : "", resource->version);
	kube_out_printf(&out, ",\"metadata\":{\"resourceVersion\":\"%llu\"", (unsigned long long)rv);
	if (page->next)
		kube_out_printf(&out, ",\"continue\":\"%s\"", buf_str(&token));
	if (count)
		kube_out_printf(&out, ",\"remainingItemCount\":%zu", page->remaining);
	kube_out_text(&out, "},\"items\":[");
	for (size_t i = 0; i < page->n && !out.stopped; i++) {
		if (i > 0)
			kube_out_bytes(&out, ",", 1);
		kube_render(request->kube, page->items[i], accept == ACCEPT_METADATA ? FORM_METADATA : FORM_ITEM, &out);
	}
	kube_out_text(&out, "]}\n");
	kube_out_end(&out);
	request->response->stopped = out.stopped;
	buf_done(&token);
}

void kube_serve_list(struct kube_request *request)
{
	struct kube_selector *selector;
	if (!kube_check_list(request) || !kube_selector_parse(request, kube_query_get(request, "labelSelector"),
							      kube_query_get(request, "fieldSelector"), &selector))
		return;
	if (kube_query_true(request, "watch")) {
		kube_serve_watch(request, selector);
		return;
	}
	size_t start;
	uint64_t rv;
	if (!start_of(request, &start, &rv))
		return;
	const char *limit = kube_query_get(request, "limit");
	struct page page = {.n = 0};
	collect(request, selector, start, limit && limit[0] != '-' ? strtoul(limit, NULL, 10) : 0, &page);
	reply_page(request, selector, &page, rv);
	free(page.items);
}

struct event {
	const char *type;
	struct kube_object *object;
};

static int compare_rv(const void *a, const void *b)
{
	const struct event *left = a, *right = b;
	return left->object->rv < right->object->rv ? -1 : left->object->rv > right->object->rv;
}

static void add_event(struct event **events, size_t *n, const char *type, struct kube_object *object)
{
	*HEAP_PUSH(*events, *n) = (struct event){type, object};
}

/* What happened after `since` to the objects asked for, oldest first. */
static size_t collect_events(struct kube_request *request, struct kube_selector *selector, uint64_t since, bool all,
			     struct event **events)
{
	struct sim_kube *kube = request->kube;
	size_t n = 0;
	if (!all && request->kind->last_rv <= since)
		return 0;
	kube_sort(request->kind);
	for (size_t i = 0; i < request->kind->n; i++) {
		struct kube_object *object = request->kind->items[i];
		if ((!all && object->rv <= since) || (request->ns && strcmp(object->ns, request->ns) != 0))
			continue;
		if (kube_selector_matches(kube, selector, object))
			add_event(events, &n, all || object->created_rv > since ? "ADDED" : "MODIFIED", object);
	}
	for (struct kube_object *object = kube->gone; object && object->rv > since && !all; object = object->next_gone)
		if (object->kind == request->kind && object->created_rv <= since &&
		    (!request->ns || strcmp(object->ns, request->ns) == 0) &&
		    kube_selector_matches(kube, selector, object))
			add_event(events, &n, "DELETED", object);
	if (n > 1)
		qsort(*events, n, sizeof **events, compare_rv);
	return n;
}

static void write_event(struct kube_request *request, const struct event *event, bool first, struct kube_out *out)
{
	enum kube_accept accept = kube_accept(request);
	kube_out_printf(out, "{\"type\":\"%s\",\"object\":", event->type);
	if (accept == ACCEPT_TABLE) {
		json_t *metadata = json_pack("{s:o}", "resourceVersion",
					     json_sprintf("%llu", (unsigned long long)event->object->rv));
		json_t *table = kube_table(request, (struct kube_object *const *)&event->object, 1, first, metadata);
		char *text = json_dumps(table, JSON_COMPACT);
		kube_out_text(out, text);
		free(text);
		json_decref(table);
	} else {
		kube_render(request->kube, event->object, accept == ACCEPT_METADATA ? FORM_METADATA : FORM_WHOLE, out);
	}
	kube_out_text(out, "}\n");
}

static void write_bookmark(struct kube_request *request, bool initial, struct kube_out *out)
{
	char version[128];
	kube_out_printf(out,
			"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{"
			"\"resourceVersion\":\"%llu\","
			"\"creationTimestamp\":null%s}}}\n",
			request->resource->kind, kube_api_version(request->kind, version),
			(unsigned long long)request->kube->rv,
			initial ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
}

void kube_serve_watch(struct kube_request *request, struct kube_selector *selector)
{
	const char *version = kube_query_get(request, "resourceVersion");
	uint64_t since = version ? strtoull(version, NULL, 10) : 0;
	bool initial = kube_query_true(request, "sendInitialEvents");
	/* A door that keeps a watch open asks again and again: "next" after its first question. */
	const char *door = kube_query_get(request, "simDoor");
	bool again = door && strcmp(door, "first") != 0;
	bool all = !again && (since == 0 || initial);
	struct kube_out out;
	kube_out_begin(request, &out, "application/json");
	http_response_add_header(request->response, slice_of("x-sim-resource-version"),
				 slice_of(arena_printf(request->arena, "%llu", (unsigned long long)request->kube->rv)));
	if (!all && since < request->kube->compacted_rv) {
		kube_out_printf(
			&out,
			"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
			"\"status\":\"Failure\","
			"\"message\":\"too old resource version: %llu (%llu)\",\"reason\":\"Expired\",\"code\":410}}\n",
			(unsigned long long)since, (unsigned long long)request->kube->compacted_rv);
		kube_out_end(&out);
		return;
	}
	struct event *events = NULL;
	size_t n = collect_events(request, selector, since, all, &events);
	for (size_t i = 0; i < n; i++)
		write_event(request, &events[i], i == 0, &out);
	if (initial && all)
		write_bookmark(request, true, &out);
	else if (kube_query_true(request, "allowWatchBookmarks") && (!door || strcmp(door, "bookmark") == 0))
		write_bookmark(request, false, &out);
	free(events);
	kube_out_end(&out);
}
