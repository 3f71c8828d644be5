/* Copies of pages, one file each, in one folder. A file holds what a conditional request needs and the page itself, so
 * that it is replaced as a whole; its own hash tells a broken one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/time.h"
#include "perception/release_notes.h"

static const char MAGIC[] = "eks-upgrade-agent release notes 1\n";
enum { MAX_HEAD = 8 << 10, MAX_VALUE = 1000 };

const char *release_notes_default_cache(struct arena *arena)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (cache && *cache == '/')
		return arena_printf(arena, "%s/eks-upgrade-agent/release-notes", cache);
	return home && *home == '/' ? arena_printf(arena, "%s/.cache/eks-upgrade-agent/release-notes", home) : NULL;
}

/* The page's last name, for people, and the hash of its whole address. */
static char *path_of(const char *folder, const char *url)
{
	char hash[SHA256_HEX_SIZE], name[48];
	size_t n = 0, end = strlen(url);
	while (end && url[end - 1] == '/')
		end--;
	size_t from = end;
	while (from && url[from - 1] != '/')
		from--;
	for (size_t i = from; i < end && n < sizeof name - 1; i++) {
		char c = url[i];
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			    (c == '.' && n);
		name[n++] = fine ? c : '_';
	}
	name[n] = '\0';
	sha256_hex(slice_of(url), hash);
	return mem_printf("%s/%s-%.32s", folder, name, hash);
}

static bool read_file(const char *path, struct arena *arena, struct slice *ret)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool fine = fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0 &&
		    stat.st_size <= NOTES_MAX_PAGE + MAX_HEAD;
	size_t size = fine ? (size_t)stat.st_size : 0, n = 0;
	char *bytes = fine ? arena_alloc(arena, size + 1) : NULL;
	while (fine && n < size) {
		ssize_t got = read(fd, bytes + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		fine = got > 0;
		n += fine ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	*ret = slice_make(bytes, n);
	return fine;
}

/* "etag: …"; NULL when there is no such line in the head. */
static const char *head_value(struct arena *arena, struct slice head, const char *name)
{
	size_t n = strlen(name);
	for (size_t at = 0; at < head.n;) {
		const char *end = memchr(head.p + at, '\n', head.n - at);
		size_t line = end ? (size_t)(end - head.p) - at : head.n - at;
		if (line > n + 2 && !memcmp(head.p + at, name, n) && !memcmp(head.p + at + n, ": ", 2))
			return arena_strndup(arena, head.p + at + n + 2, line - n - 2);
		at += line + 1;
	}
	return NULL;
}

bool notes_cache_read(const char *folder, const char *url, struct arena *arena, struct notes_copy *ret)
{
	struct slice all;
	char hash[SHA256_HEX_SIZE];
	*ret = (struct notes_copy){0};
	if (!folder || !*folder)
		return false;
	char *path CLEANUP(mem_freep) = path_of(folder, url);
	if (!read_file(path, arena, &all) || !slice_starts(all, MAGIC))
		return false;
	const char *gap = memmem(all.p, all.n, "\n\n", 2);
	if (!gap)
		return false;
	struct slice head = slice_make(all.p, (size_t)(gap - all.p) + 1);
	*ret = (struct notes_copy){.url = head_value(arena, head, "url"),
				   .etag = head_value(arena, head, "etag"),
				   .last_modified = head_value(arena, head, "last-modified"),
				   .content_type = head_value(arena, head, "content-type"),
				   .body = slice_make(gap + 2, all.n - head.n - 1)};
	const char *fetched = head_value(arena, head, "fetched"), *whole = head_value(arena, head, "sha256");
	sha256_hex(ret->body, hash);
	return ret->url && !strcmp(ret->url, url) && whole && !strcmp(whole, hash) && fetched &&
	       time_parse_rfc3339(slice_of(fetched), &ret->fetched_at_ms);
}

static void put(struct buf *out, const char *name, const char *value)
{
	if (value && *value && strlen(value) <= MAX_VALUE && !strpbrk(value, "\r\n"))
		buf_printf(out, "%s: %s\n", name, value);
}

struct error *notes_cache_write(const char *folder, const struct notes_copy *copy)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(NOTES_MAX_PAGE + MAX_HEAD);
	char time[TIME_TEXT], hash[SHA256_HEX_SIZE];
	sha256_hex(copy->body, hash);
	buf_puts(&text, MAGIC);
	put(&text, "url", copy->url);
	put(&text, "fetched", time_format_rfc3339(copy->fetched_at_ms, time));
	put(&text, "sha256", hash);
	put(&text, "etag", copy->etag);
	put(&text, "last-modified", copy->last_modified);
	put(&text, "content-type", copy->content_type);
	buf_putc(&text, '\n');
	buf_append(&text, copy->body.p, copy->body.n);
	char *path CLEANUP(mem_freep) = path_of(folder, copy->url);
	return file_write(path, buf_slice(&text));
}
