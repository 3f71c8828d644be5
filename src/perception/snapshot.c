/* Snapshots on disk. */
#include "perception/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/json.h"
#include "perception/snapshot_hide.h"

enum { FORMAT = 1, CHUNK = 256 << 10, LARGEST_PART = 64 << 20, LARGEST_OBJECT = 64 << 20 };

/* ---- reading */

static struct error *open_part(const char *path, int *ret)
{
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret >= 0 ? NULL : error_from_errno(errno, "cannot read \"%s\"", path);
}

/* Some editors and shells begin a file by a mark of its bytes' order, which is none of its text. */
static struct slice without_mark(struct slice text)
{
	bool marked = text.n >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3);
	return marked ? slice_make(text.p + 3, text.n - 3) : text;
}

/* Gives the file's bytes to `feed`, piece by piece. */
static struct error *each_chunk(const char *path, struct error *(*feed)(void *, struct slice), void *context)
{
	int file;
	TRY(open_part(path, &file));
	char *chunk CLEANUP(mem_freep) = mem_alloc(CHUNK);
	struct error *error = NULL;
	bool begun = false;
	for (ssize_t n = 1; n > 0 && !error; begun = true) {
		n = read(file, chunk, CHUNK);
		struct slice bytes = slice_make(chunk, n > 0 ? (size_t)n : 0);
		error = n < 0	? error_from_errno(errno, "cannot read \"%s\"", path)
			: n > 0 ? feed(context, begun ? bytes : without_mark(bytes))
				: NULL;
	}
	close(file);
	return error;
}

static struct error *feed_buf(void *context, struct slice bytes)
{
	struct buf *text = context;
	return buf_append(text, bytes.p, bytes.n) ? NULL
						  : error_new(ERROR_INVALID, "larger than %zu MiB", text->max >> 20);
}

struct error *snapshot_text(const char *path, size_t most, struct buf *out)
{
	buf_init(out, most);
	struct error *error = each_chunk(path, feed_buf, out);
	return error ? error_wrap(error, "snapshot") : NULL;
}

static struct error *read_document(const char *path, json_t **ret)
{
	struct buf text CLEANUP(buf_done) = {0};
	TRY(snapshot_text(path, LARGEST_PART, &text));
	return document_parse(buf_slice(&text), path, ret);
}

struct beside { /* what stands beside the items in a snapshot of one file */
	const char *meta, *aws, *metrics;
	const char *next; /* of a list that is not whole */
};
static const struct field beside_fields[] = {
	F_JSON(struct beside, meta, "meta", 0, ""),
	F_JSON(struct beside, aws, "aws", 0, ""),
	F_STRING(struct beside, metrics, "metrics", 0, ""),
	F_STRING(struct beside, next, "metadata.continue", 0, ""),
};
static const struct model beside_model = MODEL("Snapshot", struct beside, beside_fields);

static struct error *feed_stream(void *context, struct slice bytes)
{
	return json_stream_feed(context, bytes.p, bytes.n);
}

static struct error *read_objects(struct inventory *inventory, const char *path, struct beside *beside,
				  struct arena *arena)
{
	struct json_stream_spec spec = {.name = path,
					.item_path = "items",
					.item_model = &inventory_object_model,
					.fn = inventory_take_object,
					.context = inventory,
					.outer_model = &beside_model,
					.outer = beside,
					.outer_arena = arena,
					.max_item_bytes = LARGEST_OBJECT};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	TRY(each_chunk(path, feed_stream, stream));
	TRY(json_stream_end(stream));
	if (beside->next && *beside->next)
		inventory_source(inventory, "kubernetes", SOURCE_FAILED,
				 "the list goes on (metadata.continue), and the rest is not there");
	return NULL;
}

struct line_feed {
	struct inventory *inventory;
	struct buf part;
};

static struct error *feed_lines(void *context, struct slice bytes)
{
	struct line_feed *feed = context;
	while (bytes.n) {
		const char *end = memchr(bytes.p, '\n', bytes.n);
		size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
		buf_append(&feed->part, bytes.p, n);
		if (end) {
			inventory_metric_line(feed->inventory, buf_slice(&feed->part));
			buf_clear(&feed->part);
			n++;
		}
		bytes = slice_make(bytes.p + n, bytes.n - n);
	}
	return NULL;
}

static struct error *read_metrics(struct inventory *inventory, const char *path)
{
	struct line_feed feed = {inventory, BUF_INIT(1 << 20)};
	struct error *error = each_chunk(path, feed_lines, &feed);
	inventory_metric_line(inventory, buf_slice(&feed.part));
	buf_done(&feed.part);
	return error;
}

static enum source_status status_of(const char *word)
{
	for (int i = 0; source_status_names[i]; i++)
		if (word && !strcmp(source_status_names[i], word))
			return (enum source_status)i;
	return SOURCE_FAILED;
}

static struct error *take_meta(struct inventory *inventory, const json_t *meta, const char *path)
{
	int64_t format = document_int_or(meta, "format", FORMAT);
	const char *when = document_text(meta, "captured_at");
	if (format != FORMAT)
		return error_remedy(error_new(ERROR_INVALID, "%s: a snapshot of format %lld; this program reads %d",
					      path, (long long)format, FORMAT),
				    "take it anew with assess --save, or use the program that wrote it");
	if (!when || !time_parse_rfc3339(slice_of(when), &inventory->captured_at_ms))
		return error_remedy(error_new(ERROR_INVALID, "%s: captured_at: %s", path,
					      when ? "not a time such as 2026-11-23T20:36:57Z" : "is missing"),
				    "captured_at says what \"now\" is for the checks");
	inventory->cluster = model_pool_text(inventory->pool, document_text(meta, "cluster"));
	inventory->region = model_pool_text(inventory->pool, document_text(meta, "region"));
	inventory->readyz = model_pool_text(inventory->pool, document_text(meta, "readyz"));
	inventory->warnings = json_incref(json_object_get(meta, "warnings"));
	inventory->survey = json_incref(json_object_get(meta, "survey"));
	if (json_is_array(json_object_get(meta, "audit_log")))
		inventory->audit_log = json_incref(json_object_get(meta, "audit_log"));
	size_t i;
	const json_t *source;
	json_array_foreach (json_object_get(meta, "sources"), i, source)
		inventory_source(inventory, document_text_or(source, "name", "?"),
				 status_of(document_text(source, "status")), document_text(source, "detail"));
	if (inventory->readyz && !inventory_find_source(inventory, "kubernetes readyz"))
		inventory_source(inventory, "kubernetes readyz", SOURCE_OK, NULL);
	return NULL;
}

/* What meta.json said nothing of follows from what is there. */
static struct error *take_aws(struct inventory *inventory, json_t *aws, const char *path)
{
	const char *operation;
	json_t *calls;
	if (!json_is_object(aws)) {
		json_decref(aws);
		return error_new(ERROR_INVALID, "%s: not an object of operations", path);
	}
	json_object_foreach (aws, operation, calls)
		if (!json_is_array(calls)) {
			struct error *error = error_new(ERROR_INVALID, "%s: %s: not a list of calls", path, operation);
			json_decref(aws);
			return error;
		}
	json_decref(inventory->aws);
	inventory->aws = aws;
	return NULL;
}

static struct error *take_text(struct inventory *inventory, const char *text, const char *path,
			       struct error *(*take)(struct inventory *, json_t *, const char *))
{
	json_t *document;
	TRY(document_parse(slice_of(text), path, &document));
	return take(inventory, document, path);
}

static struct error *take_meta_and_free(struct inventory *inventory, json_t *meta, const char *path)
{
	json_t *owned DOCUMENT_CLEANUP = meta;
	return take_meta(inventory, owned, path);
}

static void absent(struct inventory *inventory, const char *name, const char *file)
{
	inventory_source(inventory, name, SOURCE_SKIPPED,
			 arena_printf(inventory->arena, "%s is not in the snapshot", file));
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static struct error *read_folder(struct inventory *inventory, const char *path)
{
	char *meta CLEANUP(mem_freep) = mem_printf("%s/meta.json", path),
		   *objects CLEANUP(mem_freep) = mem_printf("%s/kubernetes.json", path),
		   *aws CLEANUP(mem_freep) = mem_printf("%s/aws.json", path),
		   *metrics CLEANUP(mem_freep) = mem_printf("%s/metrics.txt", path);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct beside beside = {0};
	json_t *document = NULL;
	if (!is_there(meta))
		return error_remedy(error_new(ERROR_NOT_FOUND, "no snapshot in \"%s\": meta.json is missing", path),
				    "eks-upgrade-agent assess --cluster NAME --to VERSION --save %s%s writes one", path,
				    *path && path[strlen(path) - 1] == '/' ? "" : "/");
	TRY(read_document(meta, &document));
	TRY(take_meta_and_free(inventory, document, meta));
	if (is_there(objects))
		TRY(read_objects(inventory, objects, &beside, arena));
	else
		absent(inventory, "kubernetes", "kubernetes.json");
	if (is_there(aws)) {
		TRY(read_document(aws, &document));
		TRY(take_aws(inventory, document, aws));
	} else {
		absent(inventory, "aws", "aws.json");
	}
	if (is_there(metrics))
		TRY(read_metrics(inventory, metrics));
	else
		absent(inventory, "metrics", "metrics.txt");
	return NULL;
}

static struct error *read_file(struct inventory *inventory, const char *path)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct beside beside = {0};
	TRY(read_objects(inventory, path, &beside, arena));
	if (!beside.meta)
		return error_remedy(error_new(ERROR_INVALID, "%s: not a snapshot: it has no \"meta\"", path),
				    "eks-upgrade-agent assess --cluster NAME --to VERSION --save FILE writes one");
	TRY(take_text(inventory, beside.meta, path, take_meta_and_free));
	if (beside.aws)
		TRY(take_text(inventory, beside.aws, path, take_aws));
	else
		absent(inventory, "aws", "\"aws\"");
	if (!beside.metrics) {
		absent(inventory, "metrics", "\"metrics\"");
		return NULL;
	}
	struct line_feed feed = {inventory, BUF_INIT(1 << 20)};
	struct error *error = feed_lines(&feed, slice_of(beside.metrics));
	inventory_metric_line(inventory, buf_slice(&feed.part));
	buf_done(&feed.part);
	return error;
}

struct error *snapshot_read(const char *path, struct inventory **ret)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return error_remedy(error_from_errno(errno, "cannot read the snapshot \"%s\"", path),
				    "it is the folder or file that assess --save wrote");
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	inventory->offline = true;
	inventory->restarted = true;
	TRY(S_ISDIR(status.st_mode) ? read_folder(inventory, path) : read_file(inventory, path));
	inventory_settle(inventory);
	*ret = TAKE(inventory);
	return NULL;
}

/* ---- writing */

struct snapshot {
	char *path; /* without the "/" of a folder */
	bool folder;
	FILE *objects, *metrics;
	size_t written, metrics_bytes;
	struct buf metrics_text; /* of the one-file form */
	struct buf shown;	 /* the object under way */
	bool failed;
	int number; /* errno of the first failure */
};

static char *part_path(const struct snapshot *snapshot, const char *name, bool final)
{
	return snapshot->folder ? mem_printf("%s/%s%s", snapshot->path, name, final ? "" : ".part")
				: mem_printf("%s%s", snapshot->path, final ? "" : ".part");
}

static FILE *open_write(const struct snapshot *snapshot, const char *name)
{
	char *path CLEANUP(mem_freep) = part_path(snapshot, name, false);
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return file >= 0 ? fdopen(file, "w") : NULL;
}

static struct error *open_parts(struct snapshot *snapshot)
{
	if (!snapshot->folder && file_is_special(snapshot->path))
		return error_remedy(error_new(ERROR_INVALID,
					      "\"%s\" is no file that a snapshot could be put in place of",
					      snapshot->path),
				    "name a file, or a folder by a / at its end");
	if (snapshot->folder && mkdir(snapshot->path, 0700) != 0 && errno != EEXIST)
		return error_from_errno(errno, "cannot make the folder \"%s\"", snapshot->path);
	snapshot->objects = open_write(snapshot, "kubernetes.json");
	if (snapshot->objects && snapshot->folder)
		snapshot->metrics = open_write(snapshot, "metrics.txt");
	if (!snapshot->objects || (snapshot->folder && !snapshot->metrics))
		return error_from_errno(errno, "cannot write a snapshot to \"%s\"", snapshot->path);
	fputs("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[", snapshot->objects);
	return NULL;
}

struct error *snapshot_new(const char *path, struct snapshot **ret)
{
	struct snapshot *snapshot = mem_alloc(sizeof *snapshot);
	size_t n = strlen(path);
	snapshot->folder = n > 1 && path[n - 1] == '/';
	snapshot->path = mem_strndup(path, n - snapshot->folder);
	buf_init(&snapshot->metrics_text, LARGEST_PART);
	buf_init(&snapshot->shown, LARGEST_OBJECT);
	struct error *error = open_parts(snapshot);
	if (error)
		snapshot_free(snapshot);
	else
		*ret = snapshot;
	return error;
}

static void note(struct snapshot *snapshot, bool good)
{
	if (good || snapshot->failed)
		return;
	snapshot->failed = true;
	snapshot->number = errno;
}

/* Does the object say its own kind? Members of a list do not; ours are written right after the brace. */
static bool names_itself(struct slice text)
{
	struct slice head = slice_make(text.p, text.n < 200 ? text.n : 200);
	return memmem(head.p, head.n, "\"apiVersion\"", 12) && memmem(head.p, head.n, "\"kind\"", 6) &&
	       !slice_starts(text, "{\"metadata\"");
}

void snapshot_object(struct snapshot *snapshot, const char *api_version, const char *kind, struct slice whole)
{
	FILE *out = snapshot->objects;
	buf_clear(&snapshot->shown);
	if (!snapshot_hide(whole, &snapshot->shown)) /* broken, or deeper than anything that means something */
		return;
	struct slice text = buf_slice(&snapshot->shown);
	const char *brace = memchr(text.p, '{', text.n);
	if (!brace)
		return;
	note(snapshot, fputs(snapshot->written++ ? ",\n" : "\n", out) >= 0);
	if (names_itself(text)) {
		note(snapshot, fwrite(text.p, 1, text.n, out) == text.n);
		return;
	}
	size_t left = text.n - (size_t)(brace + 1 - text.p);
	bool empty = memchr(brace + 1, '"', left) == NULL;
	note(snapshot,
	     fprintf(out, "{\"apiVersion\":\"%s\",\"kind\":\"%s\"%s", api_version, kind, empty ? "" : ",") > 0);
	note(snapshot, fwrite(brace + 1, 1, left, out) == left);
}

void snapshot_metrics(struct snapshot *snapshot, struct slice bytes)
{
	snapshot->metrics_bytes += bytes.n;
	if (snapshot->folder)
		note(snapshot, fwrite(bytes.p, 1, bytes.n, snapshot->metrics) == bytes.n);
	else
		buf_append(&snapshot->metrics_text, bytes.p, bytes.n);
}

static json_t *meta_document(const struct inventory *inventory)
{
	char when[TIME_TEXT];
	time_format_rfc3339(inventory->captured_at_ms, when);
	json_t *sources = json_array();
	for (size_t i = 0; i < inventory->n_sources; i++)
		json_array_append_new(sources, json_pack("{s:s, s:s, s:s*}", "name", inventory->sources[i].name,
							 "status", source_status_names[inventory->sources[i].status],
							 "detail", inventory->sources[i].detail));
	json_t *meta = json_pack("{s:i, s:s*, s:s*, s:s, s:s*, s:o}", "format", FORMAT, "cluster", inventory->cluster,
				 "region", inventory->region, "captured_at", when, "readyz", inventory->readyz,
				 "sources", sources);
	if (inventory->warnings)
		json_object_set(meta, "warnings", inventory->warnings);
	if (inventory->survey)
		json_object_set(meta, "survey", inventory->survey);
	if (inventory->audit_log)
		json_object_set(meta, "audit_log", inventory->audit_log);
	return meta;
}

static void write_document(struct snapshot *snapshot, FILE *out, const json_t *document)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(LARGEST_PART);
	note(snapshot, document_print(document, false, &text) && fwrite(text.p, 1, text.n, out) == text.n);
}

static void write_part(struct snapshot *snapshot, const char *name, const json_t *document)
{
	FILE *out = open_write(snapshot, name);
	note(snapshot, out != NULL);
	if (!out)
		return;
	write_document(snapshot, out, document);
	note(snapshot, fflush(out) == 0 && fsync(fileno(out)) == 0);
	note(snapshot, fclose(out) == 0);
}

static void close_part(struct snapshot *snapshot, FILE **out)
{
	if (!*out)
		return;
	note(snapshot, fflush(*out) == 0 && fsync(fileno(*out)) == 0);
	note(snapshot, fclose(*out) == 0);
	*out = NULL;
}

/* Metrics that nobody got are no file: an empty one would say that there is nothing to tell. */
static void rename_part(struct snapshot *snapshot, const char *name)
{
	char *from CLEANUP(mem_freep) = part_path(snapshot, name, false),
		   *to CLEANUP(mem_freep) = part_path(snapshot, name, true);
	if (!strcmp(name, "metrics.txt") && !snapshot->metrics_bytes)
		note(snapshot, unlink(from) == 0 && (unlink(to) == 0 || errno == ENOENT));
	else
		note(snapshot, rename(from, to) == 0);
}

struct error *snapshot_commit(struct snapshot *snapshot, const struct inventory *inventory)
{
	static const char *const parts[] = {"kubernetes.json", "aws.json", "metrics.txt", "meta.json"};
	json_t *meta DOCUMENT_CLEANUP = meta_document(inventory);
	FILE *out = snapshot->objects;
	note(snapshot, fputs("\n]", out) >= 0);
	if (!snapshot->folder) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(2 * (size_t)LARGEST_PART);
		json_write_string(&text, buf_slice(&snapshot->metrics_text));
		fputs(",\n\"meta\":", out);
		write_document(snapshot, out, meta);
		fputs(",\n\"aws\":", out);
		write_document(snapshot, out, inventory->aws);
		if (snapshot->metrics_text.n)
			note(snapshot, fprintf(out, ",\n\"metrics\":%s", buf_str(&text)) > 0);
	}
	note(snapshot, fputs("}\n", out) >= 0);
	close_part(snapshot, &snapshot->objects);
	close_part(snapshot, &snapshot->metrics);
	if (snapshot->folder) {
		write_part(snapshot, "aws.json", inventory->aws);
		write_part(snapshot, "meta.json", meta);
	}
	for (size_t i = 0; i < (snapshot->folder ? ARRAY_SIZE(parts) : 1) && !snapshot->failed; i++)
		rename_part(snapshot, parts[i]);
	if (snapshot->failed)
		return error_remedy(
			error_from_errno(snapshot->number, "cannot write the snapshot \"%s\"", snapshot->path),
			"make room, or save it elsewhere");
	return NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
	static const char *const parts[] = {"kubernetes.json", "aws.json", "metrics.txt", "meta.json"};
	if (!snapshot)
		return;
	if (snapshot->objects)
		fclose(snapshot->objects);
	if (snapshot->metrics)
		fclose(snapshot->metrics);
	for (size_t i = 0; snapshot->path && i < (snapshot->folder ? ARRAY_SIZE(parts) : 1); i++) {
		char *path CLEANUP(mem_freep) = part_path(snapshot, parts[i], false);
		unlink(path);
	}
	buf_done(&snapshot->metrics_text);
	buf_done(&snapshot->shown);
	free(snapshot->path);
	free(snapshot);
}

void snapshot_freep(struct snapshot **snapshot)
{
	snapshot_free(*snapshot);
}
