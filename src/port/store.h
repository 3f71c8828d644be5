/* The store port: an append-only list of records a run, appended only where the caller knows the head, and leases with
 * a fencing epoch. It knows nothing of what records mean; the journal (agent/journal.h) chains and interprets them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

struct store_record {
	uint64_t seq;	    /* from 1, without gaps, within a run */
	struct slice bytes; /* canonical JSON text of the record without its hash */
	uint8_t hash[32];
};

struct store_lease {
	const char *owner;     /* "user@host pid 123", for people */
	uint64_t epoch;	       /* grows with each holder; goes into each record */
	int64_t expires_at_ms; /* wall */
};

/* Gives false to stop reading, without error. */
typedef bool store_record_fn(void *context, const struct store_record *record);

struct store;
struct store_ops {
	struct error *(*append)(struct store *, const char *run, uint64_t head, const struct store_record *,
				size_t n)MUST_CHECK;
	struct error *(*read)(struct store *, const char *run, uint64_t from, store_record_fn *,
			      void *context)MUST_CHECK;
	struct error *(*head)(struct store *, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32])MUST_CHECK;
	struct error *(*runs)(struct store *, struct arena *, const char ***ret_runs, size_t *ret_n)MUST_CHECK;
	struct error *(*acquire)(struct store *, const char *name, const char *owner, int64_t now_ms, int64_t ttl_ms,
				 bool take_over, struct arena *, struct store_lease *ret)MUST_CHECK;
	struct error *(*renew)(struct store *, const char *name, const struct store_lease *, int64_t now_ms,
			       int64_t ttl_ms, int64_t *ret_expires_at_ms)MUST_CHECK;
	struct error *(*release)(struct store *, const char *name, const struct store_lease *)MUST_CHECK;
	void (*free)(struct store *);
};
struct store {
	const struct store_ops *ops;
};

/* Appends n records in one durable transaction, if the run's head is `head` (0: no record yet) and no lease newer than
 * the records' own epoch was given to somebody else (records that begin with {"epoch":N; the lease is named like the
 * run): a late holder is fenced out even when nobody has written since. CONFLICT if the head moved or the lease is
 * lost; STATE on disk full, read-only, locked. */
struct error *store_append(struct store *store, const char *run, uint64_t head, const struct store_record *records,
			   size_t n) MUST_CHECK;
struct error *store_read(struct store *store, const char *run, uint64_t from, store_record_fn *fn,
			 void *context) MUST_CHECK;
/* The anchor kept beside the records: what the last append left. 0 and zeroes for no record. */
struct error *store_head(struct store *store, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32]) MUST_CHECK;
/* All runs, oldest first. */
struct error *store_runs(struct store *store, struct arena *arena, const char ***ret_runs, size_t *ret_n) MUST_CHECK;
/* CONFLICT, naming the holder, while another's lease is good, unless take_over. */
struct error *store_acquire(struct store *store, const char *name, const char *owner, int64_t now_ms, int64_t ttl_ms,
			    bool take_over, struct arena *arena, struct store_lease *ret) MUST_CHECK;
/* CONFLICT when the epoch is no longer ours. */
struct error *store_renew(struct store *store, const char *name, const struct store_lease *lease, int64_t now_ms,
			  int64_t ttl_ms, int64_t *ret_expires_at_ms) MUST_CHECK;
struct error *store_release(struct store *store, const char *name, const struct store_lease *lease) MUST_CHECK;
void store_free(struct store *store);
void store_freep(struct store **store); /* for CLEANUP */

/* SQLite, WAL, synchronous=FULL; the file is made 0600. `read_only` for status and watch, which never block a writer.
 */
struct error *store_sqlite_open(const char *path, bool read_only, struct store **ret_store) MUST_CHECK;
struct store *store_memory_new(void); /* for rehearsals and tests */
