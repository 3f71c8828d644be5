/* Which pages there are, and how they become one document. A new source is a row. */
#include "perception/release_notes.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/time.h"
#include "base/words.h"
#include "knowledge/calendar.h"
#include "perception/notes_facts.h"

/* "{}" in a title or an address stands for the minor. Pages of AMIs are not among them: they are of dates, not of
 * Kubernetes' versions; what changes with a version EKS says on its own pages. */
enum origin_flags {
	ORIGIN_EACH_HOP = 1 << 0, /* a page each; else one for all */
	ORIGIN_NOTICES = 1 << 1,
	ORIGIN_PLATFORM = 1 << 2,
};
#define EKS_PAGE(name) "https://docs.aws.amazon.com/eks/latest/userguide/" name
static const struct origin {
	const char *name, *title;
	const char *address, *also; /* fetched; no address: see announcement_url() */
	const char *page;	    /* for people; NULL: the address itself */
	unsigned flags;
} origins[] = {
	{"eks-standard", "EKS: versions on standard support", EKS_PAGE("kubernetes-versions-standard.html"),
	 EKS_PAGE("kubernetes-versions-standard.md"), EKS_PAGE("kubernetes-versions-standard.html"), ORIGIN_NOTICES},
	{"eks-extended", "EKS: versions on extended support", EKS_PAGE("kubernetes-versions-extended.html"),
	 EKS_PAGE("kubernetes-versions-extended.md"), EKS_PAGE("kubernetes-versions-extended.html"), ORIGIN_NOTICES},
	{"kubernetes-changelog", "Kubernetes CHANGELOG-1.{}",
	 "https://raw.githubusercontent.com/kubernetes/kubernetes/master/CHANGELOG/CHANGELOG-1.{}.md", NULL,
	 "https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-1.{}.md", ORIGIN_EACH_HOP},
	{"deprecation-guide", "Kubernetes: Deprecated API Migration Guide",
	 "https://kubernetes.io/docs/reference/using-api/deprecation-guide/", NULL, NULL, 0},
	{"kubernetes-announcement", "Kubernetes 1.{}: announcement", NULL, NULL, NULL, ORIGIN_EACH_HOP},
	{"eks-platform", "EKS: platform versions", EKS_PAGE("platform-versions.html"), EKS_PAGE("platform-versions.md"),
	 EKS_PAGE("platform-versions.html"), ORIGIN_PLATFORM},
};

/* One page to be had. */
struct item {
	const struct origin *origin;
	unsigned minor; /* 0: of all hops */
	const char *title, *url, *also, *page_url;
	struct notes_fetch *fetch; /* NULL: its address is not known */
	struct notes_page page;
	bool parsed;
	struct release_notes_source source;
};

struct collection {
	const struct release_notes_request *request;
	struct arena *arena;
	struct item *items;
	size_t n_items;
	bool warned; /* that copies cannot be kept */
};

static const char *expand(struct arena *arena, const char *pattern, unsigned minor)
{
	const char *at = pattern ? strstr(pattern, "{}") : NULL;
	return at ? arena_printf(arena, "%.*s%u%s", (int)(at - pattern), pattern, minor, at + 2) : pattern;
}

/* The announcement's address holds its day. */
static const char *announcement_url(struct arena *arena, unsigned minor)
{
	char version[16];
	snprintf(version, sizeof version, "1.%u", minor);
	const struct eks_release *release = knowledge_release(version);
	const char *day = release ? release->upstream.text : NULL;
	if (!day || strlen(day) != 10)
		return NULL;
	return arena_printf(arena, "https://kubernetes.io/blog/%.4s/%.2s/%.2s/kubernetes-v1-%u-release/", day, day + 5,
			    day + 8, minor);
}

/* Of a version that is younger than our calendar: a page that we have read links to it. */
static const char *announcement_link(const struct collection *collection, unsigned minor)
{
	static const char blog[] = "https://kubernetes.io/blog/20";
	char name[40];
	snprintf(name, sizeof name, "/kubernetes-v1-%u-release", minor);
	for (size_t i = 0; i < collection->n_items; i++) {
		const struct notes_page *page = &collection->items[i].page;
		for (size_t k = 0; k < page->n_links; k++) {
			const char *link = page->links[k], *at = strstr(link, name);
			if (!strncmp(link, blog, sizeof blog - 1) && at &&
			    (!at[strlen(name)] || !strcmp(at + strlen(name), "/")) &&
			    link[strspn(link, "abcdefghijklmnopqrstuvwxyz0123456789:/.-")] == '\0')
				return link;
		}
	}
	return NULL;
}

/* The mirror instead of the scheme and the host; the path stays. */
static const char *mirrored(const struct collection *collection, const char *url)
{
	const char *mirror = collection->request->mirror;
	if (!url || !mirror || !*mirror)
		return url;
	size_t n = strlen(mirror);
	while (n && mirror[n - 1] == '/')
		n--;
	const char *path = strchr(strstr(url, "://") + 3, '/');
	return arena_printf(collection->arena, "%.*s%s", (int)n, mirror, path);
}

static void add_item(struct collection *collection, const struct origin *origin, unsigned minor)
{
	struct arena *arena = collection->arena;
	struct item *item = ARENA_PUSH(arena, collection->items, collection->n_items);
	const char *address = origin->address ? expand(arena, origin->address, minor) : announcement_url(arena, minor);
	*item = (struct item){
		.origin = origin,
		.minor = minor,
		.title = expand(arena, origin->title, minor),
		.url = mirrored(collection, address),
		.also = mirrored(collection, expand(arena, origin->also, minor)),
		.page_url = origin->page ? expand(arena, origin->page, minor) : address,
	};
}

static struct error *fetch(struct collection *collection)
{
	struct notes_fetch *fetches = arena_alloc(collection->arena, collection->n_items * sizeof *fetches);
	size_t n = 0;
	for (size_t i = 0; i < collection->n_items; i++) {
		struct item *item = &collection->items[i];
		if (item->fetch || !item->url)
			continue;
		item->fetch = &fetches[n++];
		*item->fetch = (struct notes_fetch){.url = item->url, .also = item->also};
	}
	return notes_fetch_all(collection->request, fetches, n, collection->arena);
}

static struct notes_target target_of(const struct collection *collection, const struct item *item)
{
	return (struct notes_target){.title = item->title,
				     .page_url = item->page_url,
				     .first = collection->request->from + 1,
				     .last = collection->request->to,
				     .version = item->minor,
				     .notices = (item->origin->flags & ORIGIN_NOTICES) != 0,
				     .platform = (item->origin->flags & ORIGIN_PLATFORM) != 0};
}

static bool is_html(const struct notes_copy *copy)
{
	size_t n = strlen(copy->url);
	size_t at = 0;
	while (at < copy->body.n && strchr(" \t\r\n", copy->body.p[at]))
		at++;
	return (copy->content_type && strcasestr(copy->content_type, "html")) ||
	       (n > 5 && !strcmp(copy->url + n - 5, ".html")) ||
	       (copy->body.n - at > 9 &&
		(!strncasecmp(copy->body.p + at, "<!doctype", 9) || !strncasecmp(copy->body.p + at, "<html", 5)));
}

/* NULL: it is the page. */
static const char *parse(const struct collection *collection, struct item *item, const struct notes_copy *copy)
{
	struct notes_target target = target_of(collection, item);
	struct error *error ERROR_CLEANUP =
		is_html(copy) ? notes_page_html(copy->body, item->title, collection->arena, &item->page)
			      : notes_page_markdown(copy->body, item->title, collection->arena, &item->page);
	if (error)
		return arena_strdup(collection->arena, error->message);
	if (!notes_recognize(&item->page, &target))
		return "what came is not this page: no version is named in it";
	return NULL;
}

/* Words from outside are shown one day: harmless ones are kept. */
static const char *shown(struct arena *arena, const char *text)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 16);
	words_clean(&out, slice_of(text ? text : ""), false, 600);
	return arena_strdup(arena, buf_str(&out));
}

/* "copy of 2026-11-20: connection refused". */
static void tell(const struct collection *collection, struct item *item, const char *copy, const char *why,
		 int64_t fetched_at_ms, size_t bytes)
{
	struct release_notes_source *source = &item->source;
	char time[TIME_TEXT];
	*source = (struct release_notes_source){
		.name = item->origin->name,
		.title = item->title,
		.url = item->fetch ? shown(collection->arena, item->fetch->url) : NULL,
		.status = copy		? "ok"
			  : item->fetch ? "failed"
					: "skipped",
		.copy = copy,
		.detail = why ? shown(collection->arena, why) : NULL,
		.fetched_at_ms = copy ? fetched_at_ms : 0,
		.bytes = copy ? (int64_t)bytes : 0,
	};
	if (item->minor)
		source->version = arena_printf(collection->arena, "1.%u", item->minor);
	if (copy && why)
		source->detail = arena_printf(collection->arena, "offline copy of %.10s: %s",
					      time_format_rfc3339(fetched_at_ms, time), source->detail);
}

static void read_page(struct collection *collection, struct item *item)
{
	const struct notes_fetch *fetched = item->fetch;
	const char *why = fetched->error, *copy = fetched->copy;
	const struct notes_copy *page = &fetched->page;
	item->parsed = true;
	if (copy) {
		const char *wrong = parse(collection, item, page);
		if (wrong && !strcmp(copy, "fetched") && fetched->has_cached) {
			why = wrong;
			page = &fetched->cached;
			copy = "offline";
			wrong = parse(collection, item, page);
		}
		if (wrong) {
			why = why ? why : wrong;
			copy = NULL;
			item->page = (struct notes_page){0};
		}
	}
	const char *folder = collection->request->cache;
	struct error *error ERROR_CLEANUP =
		copy && !strcmp(copy, "fetched") && folder && *folder ? notes_cache_write(folder, page) : NULL;
	if (error && !collection->warned)
		log_warn("notes", "%s; pages are not kept for another time", error->message);
	collection->warned |= error != NULL;
	tell(collection, item, copy, why, page->fetched_at_ms, page->body.n);
}

static void read_new(struct collection *collection)
{
	for (size_t i = 0; i < collection->n_items; i++)
		if (collection->items[i].fetch && !collection->items[i].parsed)
			read_page(collection, &collection->items[i]);
}

static struct error *find_announcements(struct collection *collection)
{
	bool found = false;
	for (size_t i = 0; i < collection->n_items; i++) {
		struct item *item = &collection->items[i];
		if (item->url)
			continue;
		item->page_url = announcement_link(collection, item->minor);
		item->url = mirrored(collection, item->page_url);
		found |= item->url != NULL;
		if (!item->url)
			tell(collection, item, NULL, "its address is not known, and no page that was read links to it",
			     0, 0);
	}
	if (found)
		TRY(fetch(collection));
	read_new(collection);
	return NULL;
}

static void extract(struct collection *collection, struct release_notes *ret)
{
	struct notes_facts facts = {.arena = collection->arena};
	for (size_t i = 0; i < collection->n_items; i++) {
		struct item *item = &collection->items[i];
		struct notes_target target = target_of(collection, item);
		item->source.sections = (int64_t)item->page.n_headings;
		if (item->page.n_sections)
			item->source.facts = (int64_t)notes_extract(&item->page, &target, &facts);
		if (item->page.cut && !item->source.detail)
			item->source.detail = "it is larger than any page of its kind: what is beyond was not read";
		if (facts.cut && !item->source.detail)
			item->source.detail = "more facts were found than are kept: further ones are left out";
		*ARENA_PUSH(collection->arena, ret->sources, ret->n_sources) = item->source;
	}
	ret->notes = facts.notes;
	ret->n_notes = facts.n_notes;
	release_notes_sort(ret->notes, ret->n_notes);
}

static struct error *check(const struct release_notes_request *request)
{
	if (request->to <= request->from)
		return error_remedy(
			error_new(ERROR_INVALID, "there is no hop from 1.%u to 1.%u", request->from, request->to),
			"name a target above the version that is there");
	if (request->to - request->from > RELEASE_NOTES_MAX_HOPS)
		return error_remedy(error_new(ERROR_INVALID, "%u hops are too many to read the notes of",
					      request->to - request->from),
				    "at most %d at a time: name a later --from-version", RELEASE_NOTES_MAX_HOPS);
	if (!request->mirror || !*request->mirror)
		return NULL;
	struct error *error = http_check_url(request->mirror);
	if (!error && strpbrk(request->mirror, "?#"))
		error = error_new(ERROR_INVALID, "\"%s\" has more than a host and a path", request->mirror);
	return error ? error_wrap(error, "release_notes.mirror") : NULL;
}

struct error *release_notes_collect(const struct release_notes_request *request, struct arena *arena,
				    struct release_notes *ret)
{
	struct collection collection = {.request = request, .arena = arena};
	*ret = (struct release_notes){.format = 1};
	TRY(check(request));
	ret->from_version = arena_printf(arena, "1.%u", request->from);
	ret->to_version = arena_printf(arena, "1.%u", request->to);
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
		bool each = origins[i].flags & ORIGIN_EACH_HOP;
		for (unsigned minor = each ? request->from + 1 : request->to; minor <= request->to; minor++)
			add_item(&collection, &origins[i], each ? minor : 0);
	}
	if (request->progress)
		request->progress(request->progress_context, "release notes");
	TRY(fetch(&collection));
	read_new(&collection);
	TRY(find_announcements(&collection));
	extract(&collection, ret);
	return NULL;
}

size_t release_notes_read(const struct release_notes *notes)
{
	size_t n = 0;
	for (size_t i = 0; i < notes->n_sources; i++)
		n += !strcmp(notes->sources[i].status, "ok");
	return n;
}
