/* What was seen, kept: a folder (meta.json, kubernetes.json, aws.json, metrics.txt) or one file with the same four
 * parts in one List. A snapshot is read into an inventory by the same tables as the live cluster. */
#pragma once

#include "perception/inventory.h"

/* Reads a folder or a file. INVALID and NOT_FOUND say what is wrong and what to do; an object that cannot be read is
 * told in bad_objects and costs itself only. Parts that are missing are sources that were skipped. */
struct error *snapshot_read(const char *path, struct inventory **ret) MUST_CHECK;

/* The bytes of one part of at most `most` bytes; *out is the caller's, also on an error. */
struct error *snapshot_text(const char *path, size_t most, struct buf *out) MUST_CHECK;

/* Writing while looking: objects stream to disk as they come. `path` ending in "/" is a folder. Files are made 0600,
 * under other names until snapshot_commit(); snapshot_free() without it leaves nothing behind. */
struct snapshot;
struct error *snapshot_new(const char *path, struct snapshot **ret) MUST_CHECK;
/* One whole object, of which no values of environment variables are kept; kind and apiVersion are put in where the text
 * has none (items of lists). */
void snapshot_object(struct snapshot *snapshot, const char *api_version, const char *kind, struct slice text);
void snapshot_metrics(struct snapshot *snapshot, struct slice bytes);
struct error *snapshot_commit(struct snapshot *snapshot, const struct inventory *inventory) MUST_CHECK;
void snapshot_free(struct snapshot *snapshot);
void snapshot_freep(struct snapshot **snapshot);
