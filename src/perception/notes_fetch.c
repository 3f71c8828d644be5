/* Pages by HTTP: all side by side in rounds, each conditional on the copy that is there, tried again when the trouble
 * may pass, redirected only to where these pages live. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/time.h"
#include "perception/release_notes.h"

enum { MOST_TRIES = 3, MOST_REDIRECTS = 4, MOST_PARALLEL = 16, HEADERS = 5 };
#define WHOLE_DEADLINE_MS (60 * SECOND_MS)
#define ONE_DEADLINE_MS (20 * SECOND_MS)
#define MOST_DELAY_MS (8 * SECOND_MS)

/* Where a page may be redirected to, besides the host it was asked from: the hosts of our own addresses. */
static const char *const hosts[] = {"raw.githubusercontent.com", "docs.aws.amazon.com", "kubernetes.io"};

static struct slice host_of(const char *url)
{
	const char *at = strstr(url, "://");
	at = at ? at + 3 : url;
	return slice_make(at, strcspn(at, "/?#"));
}

static bool may_go(const struct release_notes_request *request, const char *from, const char *to)
{
	struct slice before = host_of(from), after = host_of(to);
	if (before.n == after.n && !strncasecmp(before.p, after.p, after.n))
		return !(!strncasecmp(from, "https:", 6) && strncasecmp(to, "https:", 6) != 0);
	for (size_t i = 0; !request->mirror && i < ARRAY_SIZE(hosts); i++)
		if (strlen(hosts[i]) == after.n && !strncasecmp(hosts[i], after.p, after.n))
			return !strncasecmp(to, "https://", 8);
	return false;
}

static void finish(struct notes_fetch *fetch, const char *copy, const char *error)
{
	fetch->done = true;
	fetch->copy = copy;
	fetch->error = error;
	if (copy && !fetch->page.body.p)
		fetch->page = fetch->cached;
}

static void look_into_cache(const struct release_notes_request *request, struct notes_fetch *fetch, struct arena *arena)
{
	fetch->has_cached = notes_cache_read(request->cache, fetch->key, arena, &fetch->cached);
}

/* It was not fetched: the copy, of this address or of the other one, if there is any. */
static void give_up(const struct release_notes_request *request, struct notes_fetch *fetch, const char *why,
		    struct arena *arena)
{
	if (!fetch->has_cached && fetch->also)
		fetch->has_cached = notes_cache_read(request->cache, fetch->also, arena, &fetch->cached);
	finish(fetch, fetch->has_cached ? "offline" : NULL, why);
}

/* True: it goes on at the other address; a copy of the first stays for when that has none. */
static bool try_the_other(const struct release_notes_request *request, struct notes_fetch *fetch, struct arena *arena)
{
	if (!fetch->also)
		return false;
	struct notes_copy before = fetch->cached;
	bool had = fetch->has_cached;
	fetch->url = fetch->key = fetch->also;
	fetch->also = NULL;
	fetch->tries = fetch->redirects = 0;
	look_into_cache(request, fetch, arena);
	if (!fetch->has_cached && had) {
		fetch->cached = before;
		fetch->cached.etag = fetch->cached.last_modified = NULL;
		fetch->has_cached = true;
	}
	return true;
}

static void redirect(const struct release_notes_request *request, struct notes_fetch *fetch,
		     const struct http_response *response, struct arena *arena)
{
	const char *to = http_response_header(response, "location");
	if (to && *to == '/' && to[1] != '/') {
		struct slice host = host_of(fetch->url);
		to = arena_printf(arena, "%.*s%s", (int)(host.p + host.n - fetch->url), fetch->url, to);
	}
	struct error *error ERROR_CLEANUP = to ? http_check_url(to) : NULL;
	if (!to || error || strlen(to) > 2000 || !may_go(request, fetch->url, to)) {
		struct slice host = host_of(to ? to : "nowhere");
		give_up(request, fetch,
			arena_printf(arena, "it was redirected to %.*s, which is not followed", (int)host.n, host.p),
			arena);
	} else if (fetch->redirects++ == MOST_REDIRECTS) {
		give_up(request, fetch, "it was redirected again and again", arena);
	} else {
		fetch->url = arena_strdup(arena, to);
	}
}

/* False: it is not tried again. */
static bool again(const struct release_notes_request *request, struct notes_fetch *fetch,
		  const struct http_response *response, int64_t deadline_ms)
{
	const char *hint = http_response_header(response, "retry-after");
	int64_t delay_ms = (int64_t)(random_unit(request->ports->random) * (double)(500 << fetch->tries)) + 100;
	long seconds = hint ? strtol(hint, NULL, 10) : 0;
	if (seconds > 0)
		delay_ms = seconds * SECOND_MS;
	int64_t now_ms = clock_mono_ms(request->ports->clock);
	if (++fetch->tries == MOST_TRIES || delay_ms > MOST_DELAY_MS || now_ms + delay_ms >= deadline_ms)
		return false;
	fetch->not_before_ms = now_ms + delay_ms;
	return true;
}

static const char *line_of(const struct error *error, struct arena *arena)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_line(error, &text);
	return arena_strdup(arena, buf_str(&text));
}

static void take(const struct release_notes_request *request, struct notes_fetch *fetch,
		 const struct http_response *response, struct arena *arena)
{
	fetch->page = (struct notes_copy){
		.url = fetch->key,
		.etag = arena_strdup(arena, http_response_header(response, "etag")),
		.last_modified = arena_strdup(arena, http_response_header(response, "last-modified")),
		.content_type = arena_strdup(arena, http_response_header(response, "content-type")),
		.fetched_at_ms = clock_wall_ms(request->ports->clock),
		.body = slice_make(arena_strndup(arena, response->body.p, response->body.n), response->body.n),
	};
	finish(fetch, "fetched", NULL);
}

static void look(const struct release_notes_request *request, struct notes_fetch *fetch, struct http_response *response,
		 int64_t deadline_ms, struct arena *arena)
{
	int status = response->status;
	if (response->error) {
		enum error_class class = response->error->class;
		bool may_pass = class == ERROR_TRANSIENT; /* what hung for so long would hang again */
		if (!may_pass || !again(request, fetch, response, deadline_ms))
			give_up(request, fetch, line_of(response->error, arena), arena);
	} else if (status == 200 && response->body.n) {
		take(request, fetch, response, arena);
	} else if (status == 304 && fetch->has_cached) {
		finish(fetch, "unchanged", NULL);
	} else if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
		redirect(request, fetch, response, arena);
	} else if (status == 404 || status == 410) {
		if (!try_the_other(request, fetch, arena))
			give_up(request, fetch, arena_printf(arena, "there is no such page (HTTP %d)", status), arena);
	} else if ((status != 429 && status < 500) || !again(request, fetch, response, deadline_ms)) {
		give_up(request, fetch,
			arena_printf(arena, "the server answered HTTP %d%s", status,
				     status == 200 ? " with nothing" : ""),
			arena);
	}
}

static void fill(struct http_exchange *exchange, struct http_header *headers, const struct notes_fetch *fetch,
		 int64_t left_ms)
{
	size_t n = 0;
	headers[n++] = (struct http_header){"Accept", "text/markdown, text/html, text/plain"};
	headers[n++] = (struct http_header){"User-Agent", "eks-upgrade-agent/" EUA_VERSION};
	if (fetch->has_cached && fetch->cached.etag)
		headers[n++] = (struct http_header){"If-None-Match", fetch->cached.etag};
	if (fetch->has_cached && fetch->cached.last_modified)
		headers[n++] = (struct http_header){"If-Modified-Since", fetch->cached.last_modified};
	*exchange = (struct http_exchange){
		.request = {.method = "GET",
			    .url = fetch->url,
			    .headers = headers,
			    .n_headers = n,
			    .limits = {.deadline_ms = left_ms < ONE_DEADLINE_MS ? left_ms : ONE_DEADLINE_MS,
				       .max_body_bytes = NOTES_MAX_PAGE}}};
}

/* A clock that wakes early was interrupted: then the next request is made at once, and the port says so. */
static void wait(const struct release_notes_request *request, struct notes_fetch *fetches, size_t n, int64_t until_ms)
{
	clock_sleep_until(request->ports->clock, until_ms);
	for (size_t i = 0; i < n; i++)
		if (fetches[i].not_before_ms <= until_ms)
			fetches[i].not_before_ms = 0;
}

static struct error *run_round(const struct release_notes_request *request, struct notes_fetch *fetches, size_t n,
			       int64_t deadline_ms, struct arena *arena, bool *ret_more)
{
	struct http_exchange exchanges[MOST_PARALLEL];
	struct http_header headers[MOST_PARALLEL][HEADERS];
	struct notes_fetch *under_way[MOST_PARALLEL];
	struct error *cancelled = NULL;
	int64_t now_ms = clock_mono_ms(request->ports->clock), earliest_ms = deadline_ms;
	size_t k = 0;
	for (size_t i = 0; i < n && k < MOST_PARALLEL; i++) {
		if (fetches[i].done)
			continue;
		if (now_ms >= deadline_ms) {
			give_up(request, &fetches[i], "there was no time left", arena);
		} else if (fetches[i].not_before_ms > now_ms) {
			earliest_ms = fetches[i].not_before_ms < earliest_ms ? fetches[i].not_before_ms : earliest_ms;
		} else {
			fill(&exchanges[k], headers[k], &fetches[i], deadline_ms - now_ms);
			under_way[k++] = &fetches[i];
		}
	}
	if (k)
		http_perform(request->ports->http, exchanges, k);
	else
		wait(request, fetches, n, earliest_ms);
	for (size_t i = 0; i < k; i++) {
		struct http_response *response = &exchanges[i].response;
		if (response->error && response->error->class == ERROR_CANCELLED && !cancelled)
			cancelled = TAKE(response->error);
		else if (!cancelled)
			look(request, under_way[i], response, deadline_ms, arena);
		http_exchange_done(&exchanges[i]);
	}
	*ret_more = false;
	for (size_t i = 0; i < n; i++)
		*ret_more |= !fetches[i].done;
	return cancelled;
}

struct error *notes_fetch_all(const struct release_notes_request *request, struct notes_fetch *fetches, size_t n,
			      struct arena *arena)
{
	int64_t deadline_ms = clock_mono_ms(request->ports->clock) + WHOLE_DEADLINE_MS;
	bool more = false;
	for (size_t i = 0; i < n; i++) {
		fetches[i].key = fetches[i].url;
		look_into_cache(request, &fetches[i], arena);
		if (request->offline)
			give_up(request, &fetches[i], "asked for no network", arena);
		more |= !fetches[i].done;
	}
	while (more)
		TRY(run_round(request, fetches, n, deadline_ms, arena, &more));
	return NULL;
}
