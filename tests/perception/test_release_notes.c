/* The collector: which pages it asks for, what it does when they do not come, and the copies it keeps. The publishers
 * are of wood: a script of answers, by parts of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/time.h"
#include "perception/release_notes.h"

#define NOW INT64_C(1764000000000) /* 2025-11-24T16:00:00Z */

struct answer {
	const char *part; /* of the address */
	int status;	  /* 0: 200; -1: no connection */
	const char *file; /* of tests/perception/notes; or */
	const char *body;
	const char *name, *value; /* one header */
	unsigned times;		  /* 0: always; else so often, then the next answer */
};

struct publishers {
	struct http http;
	struct clock clock;
	struct ports ports;
	int64_t now_ms;
	const struct answer *answers;
	size_t n_answers;
	unsigned used[32];
	struct buf asked; /* a line each: address, and what conditions it had */
	char folder[64];
	struct arena *arena;
	struct release_notes notes;
};

static struct publishers *of_clock(struct clock *clock)
{
	return CONTAINER_OF(clock, struct publishers, clock);
}

static int64_t wall(struct clock *clock)
{
	return NOW + of_clock(clock)->now_ms;
}

static int64_t mono(struct clock *clock)
{
	return of_clock(clock)->now_ms;
}

static void sleep_until(struct clock *clock, int64_t until_ms)
{
	if (until_ms > of_clock(clock)->now_ms)
		of_clock(clock)->now_ms = until_ms;
}

static void read_file(const char *name, struct buf *out)
{
	char path[200], bytes[4096];
	snprintf(path, sizeof path, "tests/perception/notes/%s", name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
		buf_append(out, bytes, n);
	fclose(file);
}

static const struct answer *answer_to(struct publishers *publishers, const char *url)
{
	for (size_t i = 0; i < publishers->n_answers; i++) {
		const struct answer *answer = &publishers->answers[i];
		if (!strstr(url, answer->part) || (answer->times && publishers->used[i] == answer->times))
			continue;
		publishers->used[i]++;
		return answer;
	}
	static const struct answer nothing = {.status = 404};
	return &nothing;
}

static void perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct publishers *publishers = CONTAINER_OF(http, struct publishers, http);
	for (size_t i = 0; i < n; i++) {
		const struct http_request *request = &exchanges[i].request;
		struct http_response *response = &exchanges[i].response;
		const struct answer *answer = answer_to(publishers, request->url);
		buf_puts(&publishers->asked, request->url);
		for (size_t k = 0; k < request->n_headers; k++)
			if (!strncmp(request->headers[k].name, "If-", 3))
				buf_printf(&publishers->asked, " %s=%s", request->headers[k].name,
					   request->headers[k].value);
		buf_putc(&publishers->asked, '\n');
		buf_init(&response->body, 1 << 24);
		if (answer->status < 0) {
			response->error = error_new(ERROR_TRANSIENT, "connection refused");
			continue;
		}
		response->status = answer->status ? answer->status : 200;
		if (answer->name)
			http_response_add_header(response, slice_of(answer->name), slice_of(answer->value));
		if (answer->file)
			read_file(answer->file, &response->body);
		else if (answer->body)
			buf_puts(&response->body, answer->body);
	}
	publishers->now_ms += 10;
}

static void clear_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	char path[400];
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
}

static void begin(struct publishers *publishers)
{
	static const struct http_ops http_ops = {perform, NULL};
	static const struct clock_ops clock_ops = {wall, mono, sleep_until, NULL};
	*publishers = (struct publishers){.asked = BUF_INIT(1 << 20), .arena = arena_new()};
	publishers->http.ops = &http_ops;
	publishers->clock.ops = &clock_ops;
	snprintf(publishers->folder, sizeof publishers->folder, "/tmp/eua-notes-XXXXXX");
	assert_non_null(mkdtemp(publishers->folder));
	publishers->ports =
		(struct ports){.http = &publishers->http, .clock = &publishers->clock, .random = random_seeded_new(1)};
}

static void end(struct publishers *publishers)
{
	clear_folder(publishers->folder);
	rmdir(publishers->folder);
	random_free(publishers->ports.random);
	buf_done(&publishers->asked);
	arena_free(publishers->arena);
}

static struct error *collect(struct publishers *publishers, unsigned from, unsigned to, const char *mirror,
			     bool offline)
{
	struct release_notes_request request = {.ports = &publishers->ports,
						.from = from,
						.to = to,
						.mirror = mirror,
						.cache = publishers->folder,
						.offline = offline};
	memset(publishers->used, 0, sizeof publishers->used);
	buf_clear(&publishers->asked);
	return release_notes_collect(&request, publishers->arena, &publishers->notes);
}
#define COLLECT(publishers, answers_, ...)                                                                             \
	do {                                                                                                           \
		(publishers)->answers = (answers_);                                                                    \
		(publishers)->n_answers = ARRAY_SIZE(answers_);                                                        \
		assert_null(collect((publishers), __VA_ARGS__));                                                       \
	} while (0)

static const struct release_notes_source *source(const struct publishers *publishers, const char *name)
{
	for (size_t i = 0; i < publishers->notes.n_sources; i++)
		if (!strcmp(publishers->notes.sources[i].name, name))
			return &publishers->notes.sources[i];
	fail_msg("no source %s", name);
	return NULL;
}

static bool asked(const struct publishers *publishers, const char *what)
{
	return strstr(buf_str(&publishers->asked), what) != NULL;
}

static const struct answer all[] = {
	{"CHANGELOG-1.34.md", .file = "changelog.md", .name = "ETag", .value = "W/\"one\""},
	{"deprecation-guide/", .file = "guide.html", .name = "Content-Type", .value = "text/html; charset=utf-8"},
	{"versions-standard.html", .file = "eks.html", .name = "Last-Modified",
	 .value = "Mon, 24 Nov 2025 10:00:00 GMT"},
	{"versions-extended.md", .file = "eks.md"},
	{"platform-versions.html", .file = "platform.html"},
	{"/blog/2025/08/27/kubernetes-v1-34-release/", .file = "announcement.html", .name = "Content-Type",
	 .value = "text/html"},
};

static void every_source_of_a_hop_is_read(void **state)
{
	(void)state;
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, all, 33, 34, NULL, false);
	assert_int_equal(publishers.notes.n_sources, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(publishers.notes.sources[i].status, "ok");
		assert_string_equal(publishers.notes.sources[i].copy, "fetched");
		assert_null(publishers.notes.sources[i].detail);
		assert_true(publishers.notes.sources[i].facts > 0);
		assert_true(publishers.notes.sources[i].fetched_at_ms >= NOW);
	}
	assert_true(asked(&publishers, "https://raw.githubusercontent.com/kubernetes/kubernetes/master/CHANGELOG/"));
	assert_true(asked(&publishers, "versions-extended.html\n")); /* not there: then the .md */
	assert_string_equal(source(&publishers, "eks-extended")->url,
			    "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-extended.md");
	assert_string_equal(source(&publishers, "kubernetes-changelog")->version, "1.34");
	assert_null(source(&publishers, "deprecation-guide")->version);
	for (size_t i = 0; i < publishers.notes.n_notes; i++)
		assert_string_equal(publishers.notes.notes[i].version, "1.34");
	end(&publishers);
}

static void the_same_pages_give_the_same_document(void **state)
{
	(void)state;
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, all, 33, 34, NULL, false);
	struct release_notes first = publishers.notes;
	COLLECT(&publishers, all, 33, 34, NULL, false);
	assert_int_equal(first.n_notes, publishers.notes.n_notes);
	for (size_t i = 0; i < first.n_notes; i++) {
		struct buf a CLEANUP(buf_done) = BUF_INIT(4096), b CLEANUP(buf_done) = BUF_INIT(4096);
		release_note_print(&first.notes[i], &a);
		release_note_print(&publishers.notes.notes[i], &b);
		assert_string_equal(buf_str(&a), buf_str(&b));
		assert_string_equal(first.notes[i].citations[0].sentence,
				    publishers.notes.notes[i].citations[0].sentence);
	}
	end(&publishers);
}

static void a_page_that_has_not_changed_is_not_sent_again(void **state)
{
	(void)state;
	static const struct answer same[] = {{"CHANGELOG", .status = 304}, {"versions-standard", .status = 304}};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, all, 33, 34, NULL, false);
	int64_t facts = source(&publishers, "kubernetes-changelog")->facts,
		came = source(&publishers, "kubernetes-changelog")->fetched_at_ms;
	publishers.now_ms += 7 * DAY_MS;
	COLLECT(&publishers, same, 33, 34, NULL, false);
	assert_true(asked(&publishers, "CHANGELOG-1.34.md If-None-Match=W/\"one\"\n"));
	assert_true(asked(&publishers, "versions-standard.html If-Modified-Since=Mon, 24 Nov 2025 10:00:00 GMT\n"));
	const struct release_notes_source *changelog = source(&publishers, "kubernetes-changelog");
	assert_string_equal(changelog->copy, "unchanged");
	assert_null(changelog->detail);
	assert_int_equal(changelog->facts, facts);
	assert_int_equal(changelog->fetched_at_ms, came);
	end(&publishers);
}

static void a_copy_is_used_when_the_page_does_not_come_and_that_is_told(void **state)
{
	(void)state;
	static const struct answer down[] = {{"CHANGELOG", .status = 503},
					     {"deprecation-guide", .status = -1},
					     {"blog", .status = 403},
					     {"", .status = 404}};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, all, 33, 34, NULL, false);
	publishers.now_ms += 3 * DAY_MS;
	COLLECT(&publishers, down, 33, 34, NULL, false);
	const struct {
		const char *name, *detail;
	} cases[] = {
		{"kubernetes-changelog", "offline copy of 2025-11-24: the server answered HTTP 503"},
		{"deprecation-guide", "offline copy of 2025-11-24: connection refused"},
		{"kubernetes-announcement", "offline copy of 2025-11-24: the server answered HTTP 403"},
		{"eks-standard", "offline copy of 2025-11-24: there is no such page (HTTP 404)"},
		{"eks-extended", "offline copy of 2025-11-24: there is no such page (HTTP 404)"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct release_notes_source *one = source(&publishers, cases[i].name);
		assert_string_equal(one->status, "ok");
		assert_string_equal(one->copy, "offline");
		assert_string_equal(one->detail, cases[i].detail);
		assert_true(one->facts > 0);
	}
	assert_int_equal(publishers.used[0], 3); /* a server's trouble is tried again, a refusal is not */
	assert_int_equal(publishers.used[1], 3);
	assert_int_equal(publishers.used[2], 1);
	end(&publishers);
}

static void without_a_copy_the_source_has_failed_and_the_others_go_on(void **state)
{
	(void)state;
	static const struct answer down[] = {{"CHANGELOG", .status = -1}, {"deprecation-guide/", .file = "guide.html"}};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, down, 33, 34, NULL, false);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->status, "failed");
	assert_string_equal(source(&publishers, "kubernetes-changelog")->detail, "connection refused");
	assert_null(source(&publishers, "kubernetes-changelog")->copy);
	assert_string_equal(source(&publishers, "deprecation-guide")->status, "ok");
	assert_int_equal(release_notes_read(&publishers.notes), 1);
	end(&publishers);
}

static void trouble_that_passes_is_waited_for(void **state)
{
	(void)state;
	static const struct answer passing[] = {
		{"CHANGELOG", .status = 429, .name = "Retry-After", .value = "2", .times = 1},
		{"CHANGELOG", .file = "changelog.md"},
		{"deprecation-guide", .status = 503, .name = "Retry-After", .value = "3600"},
	};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, passing, 33, 34, NULL, false);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->copy, "fetched");
	assert_true(publishers.now_ms >= 2 * SECOND_MS && publishers.now_ms < 20 * SECOND_MS);
	assert_int_equal(publishers.used[2], 1); /* an hour is not waited */
	end(&publishers);
}

static void what_is_no_such_page_does_not_replace_the_copy(void **state)
{
	(void)state;
	static const struct answer form[] = {{"", .body = "<html><h1>Sign in</h1><p>to this network</p></html>"}};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, form, 33, 34, NULL, false);
	assert_int_equal(release_notes_read(&publishers.notes), 0);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->detail,
			    "what came is not this page: no version is named in it");
	COLLECT(&publishers, all, 33, 34, NULL, false);
	COLLECT(&publishers, form, 33, 34, NULL, false);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->copy, "offline");
	assert_non_null(strstr(source(&publishers, "kubernetes-changelog")->detail, "what came is not this page"));
	COLLECT(&publishers, form, 33, 34, NULL, true);
	assert_true(source(&publishers, "kubernetes-changelog")->facts > 0);
	end(&publishers);
}

static void copies_are_found_by_the_address_that_is_asked_for_first(void **state)
{
	(void)state;
	static const struct answer moved[] = {
		{"CHANGELOG-1.34.md", .status = 301, .name = "Location", .value = "/moved-1.34.md"},
		{"moved-1.34.md", .file = "changelog.md", .name = "ETag", .value = "\"m\""},
		{"versions-extended.md", .file = "eks.md"},
	};
	static const struct answer same[] = {
		{"CHANGELOG-1.34.md", .status = 301, .name = "Location", .value = "/moved-1.34.md"},
		{"moved-1.34.md", .status = 304},
	};
	static const struct answer down[] = {{"", .status = -1}};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, moved, 33, 34, NULL, false);
	COLLECT(&publishers, same, 33, 34, NULL, false);
	assert_true(asked(&publishers, "moved-1.34.md If-None-Match=\"m\""));
	assert_string_equal(source(&publishers, "kubernetes-changelog")->copy, "unchanged");
	COLLECT(&publishers, down, 33, 34, NULL, false);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->copy, "offline");
	assert_string_equal(source(&publishers, "eks-extended")->copy, "offline"); /* the other address's */
	assert_true(source(&publishers, "eks-extended")->facts > 0);
	COLLECT(&publishers, down, 33, 34, NULL, true);
	assert_int_equal(release_notes_read(&publishers.notes), 2);
	end(&publishers);
}

static void offline_asks_nobody(void **state)
{
	(void)state;
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, all, 33, 34, NULL, true);
	assert_int_equal(publishers.asked.n, 0);
	assert_int_equal(release_notes_read(&publishers.notes), 0);
	assert_string_equal(source(&publishers, "eks-platform")->detail, "asked for no network");
	COLLECT(&publishers, all, 33, 34, NULL, false);
	COLLECT(&publishers, all, 33, 34, NULL, true);
	assert_int_equal(publishers.asked.n, 0);
	assert_int_equal(release_notes_read(&publishers.notes), 6);
	assert_string_equal(source(&publishers, "eks-extended")->detail,
			    "offline copy of 2025-11-24: asked for no network");
	end(&publishers);
}

static void facts_beyond_the_most_that_is_kept_are_told_as_left_out(void **state)
{
	(void)state;
	struct publishers publishers;
	struct buf page CLEANUP(buf_done) = BUF_INIT(4 << 20);
	begin(&publishers);
	buf_puts(&page, "# v1.34.0\n\n## Changes by Kind\n\n### Deprecation\n\n");
	for (int i = 0; i < 6010; i++)
		buf_printf(&page, "- The feature gate `Gate%d` is deprecated.\n\n", i);
	const struct answer many[] = {{"CHANGELOG-1.34.md", .body = buf_str(&page)}};
	COLLECT(&publishers, many, 33, 34, NULL, false);
	assert_int_equal(publishers.notes.n_notes, 6000);
	assert_non_null(source(&publishers, "kubernetes-changelog")->detail);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->detail,
			    "more facts were found than are kept: further ones are left out");
	end(&publishers);
}

static void a_mirror_stands_instead_of_every_host(void **state)
{
	(void)state;
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, all, 33, 34, "https://mirror.example.com/notes/", false);
	assert_int_equal(release_notes_read(&publishers.notes), 6);
	assert_true(asked(&publishers, "https://mirror.example.com/notes/kubernetes/kubernetes/master/CHANGELOG/"));
	assert_true(asked(&publishers, "https://mirror.example.com/notes/eks/latest/userguide/platform-versions.html"));
	assert_false(asked(&publishers, "kubernetes.io"));
	assert_false(asked(&publishers, "amazon"));
	for (size_t i = 0; i < publishers.notes.n_notes; i++) /* people are sent to the publishers */
		for (size_t k = 0; k < publishers.notes.notes[i].n_citations; k++)
			assert_null(strstr(publishers.notes.notes[i].citations[k].url, "mirror"));
	end(&publishers);
}

static void a_mirror_that_is_no_address_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"mirror",	      "ftp://x/",	    "http://mirror.example.com/",
					    "https://a:b@x/", "https://x/?token=1", "https://x/#a"};
	struct publishers publishers;
	begin(&publishers);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error *error = collect(&publishers, 33, 34, wrong[i], false);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_INVALID);
		error_free(error);
	}
	end(&publishers);
}

static void redirects_are_followed_only_to_where_such_pages_live(void **state)
{
	(void)state;
	static const struct answer moved[] = {
		{"CHANGELOG/CHANGELOG", .status = 301, .name = "Location",
		 .value = "/kubernetes/kubernetes/main/NEW-1.34.md"},
		{"main/NEW-1.34.md", .file = "changelog.md"},
		{"deprecation-guide", .status = 302, .name = "Location",
		 .value = "http://169.254.169.254/latest/meta-data/"},
		{"versions-standard", .status = 302, .name = "Location", .value = "https://evil.example.com/v1.34"},
		{"versions-extended", .status = 307, .name = "Location", .value = "versions-extended-2"},
		{"platform", .status = 302, .name = "Location", .value = "http://docs.aws.amazon.com/platform"},
		{"blog", .status = 308, .name = "Location", .value = "https://kubernetes.io/blog/"},
		{"evil", .file = "eks.html"},
		{"meta-data", .file = "guide.html"},
	};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, moved, 33, 34, NULL, false);
	assert_string_equal(source(&publishers, "kubernetes-changelog")->copy, "fetched");
	assert_string_equal(source(&publishers, "deprecation-guide")->detail,
			    "it was redirected to 169.254.169.254, which is not followed");
	assert_string_equal(source(&publishers, "eks-standard")->detail,
			    "it was redirected to evil.example.com, which is not followed");
	assert_string_equal(source(&publishers, "eks-extended")->status, "failed");
	assert_string_equal(source(&publishers, "eks-platform")->status, "failed");
	assert_string_equal(source(&publishers, "kubernetes-announcement")->detail,
			    "it was redirected again and again");
	assert_false(asked(&publishers, "evil"));
	assert_false(asked(&publishers, "meta-data"));
	COLLECT(&publishers, moved, 33, 34, "https://mirror.example.com", false);
	assert_string_equal(source(&publishers, "kubernetes-announcement")->detail,
			    "it was redirected to kubernetes.io, which is not followed");
	end(&publishers);
}

static void the_announcement_of_a_young_version_is_found_by_a_link(void **state)
{
	(void)state;
	static const struct answer young[] = {
		{"versions-standard.html",
		 .body = "<h2 id='kubernetes-1-77'>Kubernetes 1.77</h2><p>See <a "
			 "href='https://evil.example.com/blog/2041/01/02/kubernetes-v1-77-release/'>this</a>, "
			 "<a href='https://kubernetes.io/blog/2041/01/02/kubernetes-v1-77-release/'>that</a>."},
		{"/blog/2041/01/02/kubernetes-v1-77-release/",
		 .body = "<html><h1>Kubernetes v1.77</h1><h2 id='gone'>Removals</h2><p>Removed the <code>--old</code> "
			 "flag "
			 "of the "
			 "kubelet.</p>"},
	};
	static const struct answer unknown[] = {{"CHANGELOG-1.78", .body = "# v1.78.0\n\nx\n"}};
	struct publishers publishers;
	begin(&publishers);
	COLLECT(&publishers, young, 76, 77, NULL, false);
	assert_false(asked(&publishers, "evil"));
	assert_string_equal(source(&publishers, "kubernetes-announcement")->copy, "fetched");
	assert_string_equal(publishers.notes.notes[0].name, "--old");
	assert_string_equal(publishers.notes.notes[0].citations[0].url,
			    "https://kubernetes.io/blog/2041/01/02/kubernetes-v1-77-release/#gone");
	COLLECT(&publishers, unknown, 77, 78, NULL, false);
	assert_string_equal(source(&publishers, "kubernetes-announcement")->status, "skipped");
	end(&publishers);
}

static void hops_are_counted(void **state)
{
	(void)state;
	struct publishers publishers;
	begin(&publishers);
	static const unsigned wrong[][2] = {{34, 34}, {35, 34}, {10, 34}};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error *error = collect(&publishers, wrong[i][0], wrong[i][1], NULL, false);
		assert_non_null(error);
		assert_int_equal(error->class, ERROR_INVALID);
		error_free(error);
	}
	end(&publishers);
}

/* ---- copies */
static void only_file(const char *folder, char path[400])
{
	DIR *dir = opendir(folder);
	unsigned n = 0;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, 400, "%s/%s", folder, entry->d_name);
		n++;
	}
	closedir(dir);
	assert_int_equal(n, 1);
}

static void copies_are_whole_or_not_there(void **state)
{
	(void)state;
	struct publishers publishers;
	struct notes_copy read, copy = {.url = "https://x/../..//a b?\n",
					.etag = "\"e\r\nx: y\"",
					.last_modified = "then",
					.fetched_at_ms = NOW,
					.body = slice_of("etag: no\n\nthe page\n")};
	char path[400];
	begin(&publishers);
	copy.url = "https://x/../..//a b?";
	assert_false(notes_cache_read(publishers.folder, copy.url, publishers.arena, &read));
	assert_null(notes_cache_write(publishers.folder, &copy));
	assert_true(notes_cache_read(publishers.folder, copy.url, publishers.arena, &read));
	assert_true(slice_eq(read.body, "etag: no\n\nthe page\n"));
	assert_null(read.etag); /* two lines are none */
	assert_string_equal(read.last_modified, "then");
	assert_int_equal(read.fetched_at_ms, NOW);
	only_file(publishers.folder, path); /* and no half-written one beside it */
	struct stat stat_now;
	assert_int_equal(stat(path, &stat_now), 0);
	assert_int_equal(stat_now.st_mode & 0777, 0600);
	FILE *file = fopen(path, "r+");
	assert_int_equal(fseek(file, -3, SEEK_END), 0);
	fputc('X', file);
	fclose(file);
	assert_false(notes_cache_read(publishers.folder, copy.url, publishers.arena, &read));
	assert_int_equal(truncate(path, 40), 0);
	assert_false(notes_cache_read(publishers.folder, copy.url, publishers.arena, &read));
	unlink(path);
	char other[410]; /* never a file of the machine's: who tests a mistake pays for it */
	snprintf(other, sizeof other, "%s/other", publishers.folder);
	FILE *led_to = fopen(other, "w");
	fputs("theirs\n", led_to);
	fclose(led_to);
	assert_int_equal(symlink(other, path), 0);
	assert_false(notes_cache_read(publishers.folder, copy.url, publishers.arena, &read));
	assert_null(notes_cache_write(publishers.folder, &copy)); /* replaces the link, not what it leads to */
	assert_true(notes_cache_read(publishers.folder, copy.url, publishers.arena, &read));
	assert_int_equal(stat(other, &stat_now), 0);
	assert_int_equal(stat_now.st_size, 7);
	unlink(other);
	end(&publishers);
}

static void a_folder_that_cannot_be_written_costs_only_the_copies(void **state)
{
	(void)state;
	struct publishers publishers;
	begin(&publishers);
	char folder[64];
	memcpy(folder, publishers.folder, sizeof folder);
	snprintf(publishers.folder, sizeof publishers.folder, "/proc/none");
	COLLECT(&publishers, all, 33, 34, NULL, false);
	assert_int_equal(release_notes_read(&publishers.notes), 6);
	memcpy(publishers.folder, folder, sizeof folder);
	end(&publishers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_source_of_a_hop_is_read),
		cmocka_unit_test(the_same_pages_give_the_same_document),
		cmocka_unit_test(a_page_that_has_not_changed_is_not_sent_again),
		cmocka_unit_test(a_copy_is_used_when_the_page_does_not_come_and_that_is_told),
		cmocka_unit_test(without_a_copy_the_source_has_failed_and_the_others_go_on),
		cmocka_unit_test(trouble_that_passes_is_waited_for),
		cmocka_unit_test(what_is_no_such_page_does_not_replace_the_copy),
		cmocka_unit_test(copies_are_found_by_the_address_that_is_asked_for_first),
		cmocka_unit_test(offline_asks_nobody),
		cmocka_unit_test(facts_beyond_the_most_that_is_kept_are_told_as_left_out),
		cmocka_unit_test(a_mirror_stands_instead_of_every_host),
		cmocka_unit_test(a_mirror_that_is_no_address_is_refused),
		cmocka_unit_test(redirects_are_followed_only_to_where_such_pages_live),
		cmocka_unit_test(the_announcement_of_a_young_version_is_found_by_a_link),
		cmocka_unit_test(hops_are_counted),
		cmocka_unit_test(copies_are_whole_or_not_there),
		cmocka_unit_test(a_folder_that_cannot_be_written_costs_only_the_copies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
