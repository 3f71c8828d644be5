/* Lists: streamed item by item, page by page, several lists side by side. Nothing of a page is kept but what `fn`
 * keeps. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/time.h"
#include "base/uri.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

enum { PAGE = 500, LISTS_AT_ONCE = 4, MAX_RESTARTS = 2, MAX_EMPTY_PAGES = 1000 };

struct list_meta {
	const char *kind, *name, *resource_version, *next;
	int64_t remaining;
	bool has_remaining;
};
static const struct field list_meta_fields[] = {
	F_STRING(struct list_meta, kind, "kind", 0, "kind of the list"),
	F_STRING(struct list_meta, name, "metadata.name", 0, "which only single objects have"),
	F_STRING(struct list_meta, resource_version, "metadata.resourceVersion", 0, "version of the whole list"),
	F_STRING(struct list_meta, next, "metadata.continue", 0, "where the next page begins"),
	{.name = "metadata.remainingItemCount",
	 .kind = FIELD_INT,
	 .flags = FIELD_HAS,
	 .offset = offsetof(struct list_meta, remaining),
	 .offset_n = offsetof(struct list_meta, has_remaining),
	 .doc = "how many items there are on the pages behind"},
};
static const struct model list_meta_model = MODEL("ListMeta", struct list_meta, list_meta_fields);

/* One list under way. */
struct lister {
	struct kube_task task;
	struct kube_list *list;
	struct arena *arena;
	struct json_stream *stream;
	struct list_meta meta;
	struct error *error; /* of the reader, told after the transfer */
	struct http_sink sink;
	char *next, *path;   /* the page's token, the path asked for */
	char *mark;	     /* a token of before: whoever meets it again goes in a circle */
	uint64_t seen, skip; /* items of this page: decoded in this try, given in earlier ones */
	unsigned restarts, pages, empty;
	bool stopped;
};

static bool take_item(void *context, void *item, struct arena *arena)
{
	struct lister *lister = context;
	if (++lister->seen <= lister->skip)
		return true;
	if (lister->seen == lister->skip + 1 && lister->list->changed) /* since one that was not given now */
		*lister->list->changed = UINT64_MAX;
	lister->list->items++;
	lister->stopped = !lister->list->fn(lister->list->context, item, arena);
	return !lister->stopped;
}

static bool write_bytes(void *context, const char *bytes, size_t n)
{
	struct lister *lister = context;
	lister->error = json_stream_feed(lister->stream, bytes, n);
	return !lister->error && !lister->stopped;
}

static void set_path(struct lister *lister)
{
	const char *path = lister->list->path;
	free(lister->path);
	lister->path = mem_printf("%s%climit=%d%s%s", path, strchr(path, '?') ? '&' : '?',
				  lister->list->count_only && !lister->next ? 1 : PAGE,
				  lister->next ? "&continue=" : "", lister->next ? lister->next : "");
	lister->task.path = lister->path;
}

static struct error *prepare(struct kube_task *task, struct kube *kube)
{
	struct lister *lister = CONTAINER_OF(task, struct lister, task);
	struct kube_list *list = lister->list;
	(void)kube;
	arena_reset(lister->arena);
	lister->meta = (struct list_meta){0};
	lister->seen = 0;
	struct json_stream_spec spec = {.name = list->path,
					.item_path = "items",
					.item_model = list->item_model,
					.fn = take_item,
					.context = lister,
					.outer_model = &list_meta_model,
					.outer = &lister->meta,
					.outer_arena = lister->arena,
					.changed = list->changed};
	json_stream_free(lister->stream);
	lister->stream = json_stream_new(&spec);
	return NULL;
}

static void finish(struct lister *lister, struct error *error)
{
	lister->task.error = error;
	lister->task.done = true;
}

static void begin_anew(struct lister *lister)
{
	free(lister->next);
	free(lister->mark);
	lister->next = lister->mark = NULL;
	lister->pages = 0;
	lister->skip = 0;
	set_path(lister);
	if (lister->list->items && lister->list->restarted)
		lister->list->restarted(lister->list->context);
	lister->list->items = 0;
}

/* The rest of a continued page is the same when it is asked for again, because its token fixes the list's version; the
 * first page is of whatever version is new now. */
static void ask_again(struct lister *lister)
{
	if (lister->next)
		lister->skip = lister->seen > lister->skip ? lister->seen : lister->skip;
	else
		begin_anew(lister);
}

static const char LIST_PATHS[] = "the path of a list ends in the plural, as /apis/apps/v1/deployments, and asks for no "
				 "watch";

static struct error *check_is_list(const struct lister *lister)
{
	const struct list_meta *meta = &lister->meta;
	if (meta->kind && !meta->name && strcmp(meta->kind, "Status") != 0)
		return NULL;
	return error_remedy(error_new(ERROR_INVALID, "%s: the answer is no list but %s%s", lister->list->path,
				      meta->kind ? "one " : "something else", meta->kind ? meta->kind : ""),
			    "%s", LIST_PATHS);
}

/* The mark is moved to the page in hand when the number of pages has doubled, so that no circle is too large for it. */
static const char *endless(struct lister *lister, const char *token)
{
	if (lister->mark && !strcmp(token, lister->mark))
		return "the server answers with pages that it has given before";
	lister->pages++;
	if (!(lister->pages & (lister->pages - 1))) {
		free(lister->mark);
		lister->mark = mem_strdup(token);
	}
	lister->empty = lister->seen ? 0 : lister->empty + 1;
	return lister->empty > MAX_EMPTY_PAGES ? "the server answers with page after page without an item" : NULL;
}

static void page_done(struct lister *lister)
{
	struct error *error = check_is_list(lister);
	if (error) {
		finish(lister, error);
		return;
	}
	const char *version = lister->meta.resource_version, *more = lister->meta.next;
	if (version && strlen(version) < sizeof lister->list->resource_version)
		memcpy(lister->list->resource_version, version, strlen(version) + 1);
	bool told = lister->list->count_only && lister->meta.has_remaining && lister->meta.remaining >= 0;
	if (more && *more && told)
		lister->list->items += (uint64_t)lister->meta.remaining;
	if (!more || !*more || told) {
		finish(lister, NULL);
		return;
	}
	struct buf next CLEANUP(buf_done) = BUF_INIT(64 << 10);
	uri_encode(slice_of(more), "", &next);
	const char *wrong = endless(lister, buf_str(&next));
	if (wrong) {
		finish(lister, error_new(ERROR_INVALID, "%s: %s", lister->list->path, wrong));
		return;
	}
	free(lister->next);
	lister->next = buf_take(&next);
	lister->skip = 0;
	lister->task.tries = 0;
	set_path(lister);
}

/* A body that ended without an error of the transfer, but before the document did, was cut by something in between. */
static void look_at_page(struct lister *lister, struct kube *kube, struct http_response *response)
{
	struct error *error = json_stream_end(lister->stream);
	if (!error && lister->stopped) {
		finish(lister, NULL);
		return;
	}
	if (!error) {
		page_done(lister);
		return;
	}
	response->error = error;
	error->class = ERROR_TRANSIENT;
	if (kube_task_again(&lister->task, kube, response))
		ask_again(lister);
	else
		finish(lister, TAKE(response->error));
}

/* What was read makes no sense: asking again would not help, but the headers may tell why. */
static struct error *no_list(struct lister *lister, const struct http_response *response)
{
	struct error *error = TAKE(lister->error);
	const char *type = http_response_header(response, "content-type"),
		   *packed = http_response_header(response, "content-encoding");
	if (packed && strcasecmp(packed, "identity") != 0)
		error = error_wrap(error, "the answer is packed (%.40s), which was not asked for", packed);
	else if (type && !strncasecmp(type, "text/", 5))
		error = error_wrap(error, "the answer is %.60s, not JSON", type);
	else
		return error->remedy ? error : error_remedy(error, "%s", LIST_PATHS);
	return error_remedy(error, "look at the server's address: a proxy, or a portal that wants a sign-in, stands "
				   "there");
}

static void look(struct kube_task *task, struct kube *kube, struct http_response *response)
{
	struct lister *lister = CONTAINER_OF(task, struct lister, task);
	if (lister->error) {
		finish(lister, no_list(lister, response));
	} else if (lister->stopped) {
		finish(lister, NULL);
	} else if (!response->error && response->status == 200) {
		look_at_page(lister, kube, response);
	} else if (!response->error && response->status == 410 && lister->restarts < MAX_RESTARTS) {
		lister->restarts++;
		task->tries = 0;
		begin_anew(lister);
	} else if (kube_task_again(task, kube, response)) {
		ask_again(lister);
	} else {
		struct error *error = kube_outcome(kube, "GET", task->path, response);
		if (!error)
			error = error_new(ERROR_INVALID, "%s: a list cannot be answered with %d", lister->list->path,
					  response->status);
		if (response->status == 410)
			error = error_remedy(error, "the list takes longer than the server keeps its versions; try "
						    "when it is less busy");
		finish(lister, error);
	}
}

static void lister_init(struct lister *lister, struct kube_list *list)
{
	list->items = 0;
	list->error = NULL;
	list->resource_version[0] = '\0';
	*lister = (struct lister){.list = list, .arena = arena_new()};
	lister->sink = (struct http_sink){write_bytes, lister};
	lister->task = (struct kube_task){
		.method = "GET",
		.accept = list->metadata_only
				  ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
				  : "application/json",
		.sink = &lister->sink,
		.limits = {.deadline_ms = 5 * MINUTE_MS},
		.prepare = prepare,
		.look = look,
	};
	set_path(lister);
}

static void lister_done(struct lister *lister)
{
	lister->list->error = lister->task.error;
	json_stream_free(lister->stream);
	arena_free(lister->arena);
	free(lister->next);
	free(lister->mark);
	free(lister->path);
}

void kube_list_batch(struct kube *kube, struct kube_list *lists, size_t n)
{
	struct lister *listers = mem_array(n, sizeof *listers);
	struct kube_task **tasks = mem_array(n, sizeof *tasks);
	for (size_t i = 0; i < n; i++) {
		lister_init(&listers[i], &lists[i]);
		tasks[i] = &listers[i].task;
	}
	kube_run(kube, tasks, n, LISTS_AT_ONCE);
	for (size_t i = 0; i < n; i++)
		lister_done(&listers[i]);
	free(listers);
	free(tasks);
}

struct error *kube_list(struct kube *kube, struct kube_list *list)
{
	kube_list_batch(kube, list, 1);
	return TAKE(list->error);
}
