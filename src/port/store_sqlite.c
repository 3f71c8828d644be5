/* The journal's file: SQLite in WAL mode with synchronous=FULL, so that an append that returned survives a power cut.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "port/store_internal.h"

enum { FORMAT = 1, BUSY_MS = 5000 };

struct sqlite_store {
	struct store store;
	sqlite3 *db;
	char *path;
	sqlite3_stmt *head, *epoch, *append, *anchor;
};

static const char SCHEMA[] = "CREATE TABLE IF NOT EXISTS record(run TEXT NOT NULL, seq INTEGER NOT NULL, bytes BLOB "
			     "NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(run, seq)) WITHOUT ROWID;"
			     "CREATE TABLE IF NOT EXISTS head(run TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB "
			     "NOT NULL, born INTEGER NOT NULL);"
			     "CREATE TABLE IF NOT EXISTS lease(name TEXT PRIMARY KEY, owner TEXT NOT NULL, epoch "
			     "INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL);"
			     "PRAGMA user_version=1;";

static struct error *failure(struct sqlite_store *sqlite, const char *what)
{
	int code = sqlite3_extended_errcode(sqlite->db);
	struct error *error = error_new(ERROR_STATE, "%s \"%s\": %s", what, sqlite->path, sqlite3_errmsg(sqlite->db));
	switch (code & 0xFF) {
	case SQLITE_FULL:
		return error_remedy(error, "make room on the disk and start again; everything written so far is kept");
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return error_remedy(error, "let the file and its directory be writable, or name another by --journal");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_remedy(error, "another program holds the file; end it and start again");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_remedy(error, "the file is damaged or no journal: keep a copy, run eks-upgrade-agent "
					   "verify, restore it from a backup");
	case SQLITE_IOERR:
		return error_remedy(error, "the disk failed or is full; free or replace it and start again");
	default:
		return error;
	}
}

static struct error *run_sql(struct sqlite_store *sqlite, const char *sql)
{
	return sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) == SQLITE_OK ? NULL
									    : failure(sqlite, "cannot use journal");
}

static struct error *prepare(struct sqlite_store *sqlite, sqlite3_stmt **statement, const char *sql)
{
	if (*statement ||
	    sqlite3_prepare_v3(sqlite->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) == SQLITE_OK)
		return NULL;
	return failure(sqlite, "cannot read journal");
}

/* Runs what changes something inside one transaction; rolled back on error. */
static struct error *begin(struct sqlite_store *sqlite)
{
	return run_sql(sqlite, "BEGIN IMMEDIATE");
}

static struct error *end(struct sqlite_store *sqlite, struct error *error)
{
	if (!error)
		error = run_sql(sqlite, "COMMIT");
	if (error)
		sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

static struct error *sqlite_head(struct store *store, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32])
{
	struct sqlite_store *sqlite = (struct sqlite_store *)store;
	TRY(prepare(sqlite, &sqlite->head, "SELECT seq, hash FROM head WHERE run = ?"));
	sqlite3_stmt *q = sqlite->head;
	sqlite3_bind_text(q, 1, run, -1, SQLITE_STATIC);
	int step = sqlite3_step(q);
	*ret_seq = 0;
	memset(ret_hash, 0, 32);
	if (step == SQLITE_ROW) {
		*ret_seq = (uint64_t)sqlite3_column_int64(q, 0);
		if (sqlite3_column_bytes(q, 1) == 32)
			memcpy(ret_hash, sqlite3_column_blob(q, 1), 32);
	}
	struct error *error = step == SQLITE_ROW || step == SQLITE_DONE ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_reset(q);
	return error;
}

static struct error *done(struct sqlite_store *sqlite, sqlite3_stmt *q)
{
	struct error *error = sqlite3_step(q) == SQLITE_DONE ? NULL : failure(sqlite, "cannot write journal");
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return error;
}

static struct error *lease_epoch(struct sqlite_store *sqlite, const char *name, uint64_t *ret)
{
	TRY(prepare(sqlite, &sqlite->epoch, "SELECT epoch FROM lease WHERE name = ?"));
	sqlite3_stmt *q = sqlite->epoch;
	sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	int step = sqlite3_step(q);
	*ret = step == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
	struct error *error = step == SQLITE_ROW || step == SQLITE_DONE ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_reset(q);
	return error;
}

static struct error *append_all(struct sqlite_store *sqlite, const char *run, uint64_t head,
				const struct store_record *records, size_t n)
{
	uint64_t seq;
	uint8_t hash[32];
	TRY(sqlite_head(&sqlite->store, run, &seq, hash));
	if (seq != head)
		return store_head_moved(run, seq, head);
	uint64_t epoch;
	TRY(lease_epoch(sqlite, run, &epoch));
	TRY(store_check_append(run, head, epoch, records, n));
	TRY(prepare(sqlite, &sqlite->append, "INSERT INTO record(run, seq, bytes, hash) VALUES(?, ?, ?, ?)"));
	TRY(prepare(sqlite, &sqlite->anchor,
		    "INSERT INTO head(run, seq, hash, born) VALUES(?1, ?2, ?3, (SELECT count(*) FROM head)) "
		    "ON CONFLICT(run) DO UPDATE SET seq = ?2, hash = ?3"));
	for (size_t i = 0; i < n; i++) {
		sqlite3_stmt *q = sqlite->append;
		sqlite3_bind_text(q, 1, run, -1, SQLITE_STATIC);
		sqlite3_bind_int64(q, 2, (sqlite3_int64)records[i].seq);
		sqlite3_bind_blob64(q, 3, records[i].bytes.p, records[i].bytes.n, SQLITE_STATIC);
		sqlite3_bind_blob(q, 4, records[i].hash, 32, SQLITE_STATIC);
		TRY(done(sqlite, q));
	}
	sqlite3_stmt *q = sqlite->anchor;
	sqlite3_bind_text(q, 1, run, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)(head + n));
	sqlite3_bind_blob(q, 3, records[n - 1].hash, 32, SQLITE_STATIC);
	return done(sqlite, q);
}

static struct error *sqlite_append(struct store *store, const char *run, uint64_t head,
				   const struct store_record *records, size_t n)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)store;
	if (n == 0)
		return NULL;
	TRY(begin(sqlite));
	return end(sqlite, append_all(sqlite, run, head, records, n));
}

static struct error *sqlite_read(struct store *store, const char *run, uint64_t from, store_record_fn *fn,
				 void *context)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)store;
	sqlite3_stmt *q = NULL;
	TRY(prepare(sqlite, &q, "SELECT seq, bytes, hash FROM record WHERE run = ? AND seq >= ? ORDER BY seq"));
	sqlite3_bind_text(q, 1, run, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)from);
	int step;
	bool more = true;
	while (more && (step = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_record record = {
			.seq = (uint64_t)sqlite3_column_int64(q, 0),
			.bytes = slice_make(sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1))};
		if (sqlite3_column_bytes(q, 2) == 32)
			memcpy(record.hash, sqlite3_column_blob(q, 2), 32);
		more = fn(context, &record);
	}
	struct error *error = !more || step == SQLITE_DONE ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_finalize(q);
	return error;
}

static struct error *sqlite_runs(struct store *store, struct arena *arena, const char ***ret_runs, size_t *ret_n)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)store;
	sqlite3_stmt *q = NULL;
	const char **runs = NULL;
	size_t n = 0;
	int step;
	TRY(prepare(sqlite, &q, "SELECT run FROM head ORDER BY born"));
	while ((step = sqlite3_step(q)) == SQLITE_ROW)
		*ARENA_PUSH(arena, runs, n) = arena_strdup(arena, (const char *)sqlite3_column_text(q, 0));
	struct error *error = step == SQLITE_DONE ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_finalize(q);
	*ret_runs = runs;
	*ret_n = n;
	return error;
}

struct lease_row {
	bool found;
	char *owner;
	uint64_t epoch;
	int64_t expires_at_ms;
};

static struct error *read_lease(struct sqlite_store *sqlite, const char *name, struct arena *arena,
				struct lease_row *ret)
{
	sqlite3_stmt *q = NULL;
	*ret = (struct lease_row){0};
	TRY(prepare(sqlite, &q, "SELECT owner, epoch, expires_at_ms FROM lease WHERE name = ?"));
	sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	int step = sqlite3_step(q);
	if (step == SQLITE_ROW)
		*ret = (struct lease_row){true, arena_strdup(arena, (const char *)sqlite3_column_text(q, 0)),
					  (uint64_t)sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2)};
	struct error *error = step == SQLITE_ROW || step == SQLITE_DONE ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_finalize(q);
	return error;
}

static struct error *write_lease(struct sqlite_store *sqlite, const char *name, const char *owner, uint64_t epoch,
				 int64_t expires_at_ms)
{
	sqlite3_stmt *q = NULL;
	TRY(prepare(sqlite, &q, "INSERT OR REPLACE INTO lease(name, owner, epoch, expires_at_ms) VALUES(?, ?, ?, ?)"));
	sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 2, owner, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 3, (sqlite3_int64)epoch);
	sqlite3_bind_int64(q, 4, expires_at_ms);
	struct error *error = done(sqlite, q);
	sqlite3_finalize(q);
	return error;
}

static struct error *sqlite_acquire(struct store *store, const char *name, const char *owner, int64_t now_ms,
				    int64_t ttl_ms, bool take_over, struct arena *arena, struct store_lease *ret)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)store;
	struct lease_row row;
	TRY(begin(sqlite));
	struct error *error = read_lease(sqlite, name, arena, &row);
	if (!error && row.found && row.expires_at_ms > now_ms && !take_over)
		error = store_lease_taken(name, row.owner, row.expires_at_ms);
	if (!error)
		error = write_lease(sqlite, name, owner, row.epoch + 1, now_ms + ttl_ms);
	TRY(end(sqlite, error));
	*ret = (struct store_lease){arena_strdup(arena, owner), row.epoch + 1, now_ms + ttl_ms};
	return NULL;
}

static struct error *extend(struct sqlite_store *sqlite, const char *name, const struct store_lease *lease,
			    int64_t expires_at_ms)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct lease_row row;
	TRY(begin(sqlite));
	struct error *error = read_lease(sqlite, name, arena, &row);
	if (!error && (!row.found || row.epoch != lease->epoch))
		error = store_lease_lost(name);
	if (!error)
		error = write_lease(sqlite, name, lease->owner, lease->epoch, expires_at_ms);
	return end(sqlite, error);
}

static struct error *sqlite_renew(struct store *store, const char *name, const struct store_lease *lease,
				  int64_t now_ms, int64_t ttl_ms, int64_t *ret_expires_at_ms)
{
	TRY(extend((struct sqlite_store *)store, name, lease, now_ms + ttl_ms));
	*ret_expires_at_ms = now_ms + ttl_ms;
	return NULL;
}

static struct error *sqlite_release(struct store *store, const char *name, const struct store_lease *lease)
{
	struct error *error = extend((struct sqlite_store *)store, name, lease, 0);
	return error_was(&error, ERROR_CONFLICT) ? NULL : error; /* somebody else's by now: nothing to release */
}

static void sqlite_free(struct store *store)
{
	struct sqlite_store *sqlite = (struct sqlite_store *)store;
	sqlite3_stmt *statements[] = {sqlite->head, sqlite->epoch, sqlite->append, sqlite->anchor};
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		sqlite3_finalize(statements[i]);
	sqlite3_close_v2(sqlite->db);
	free(sqlite->path);
	free(sqlite);
}

static struct error *format_of(struct sqlite_store *sqlite, int *ret)
{
	sqlite3_stmt *q = NULL;
	TRY(prepare(sqlite, &q, "PRAGMA user_version"));
	int step = sqlite3_step(q);
	*ret = step == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0;
	struct error *error = step == SQLITE_ROW ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_finalize(q);
	return error;
}

static struct error *check_format(struct sqlite_store *sqlite, int format)
{
	if (format <= FORMAT)
		return NULL;
	return error_remedy(error_new(ERROR_STATE, "journal \"%s\" has format %d, this program knows %d", sqlite->path,
				      format, FORMAT),
			    "use the newer eks-upgrade-agent that wrote it");
}

static struct error *no_journal(const struct sqlite_store *sqlite)
{
	return error_remedy(error_new(ERROR_STATE, "\"%s\" is no journal", sqlite->path),
			    "name the journal by --journal");
}

static struct error *open_file(struct sqlite_store *sqlite, bool read_only)
{
	int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	if (sqlite3_open_v2(sqlite->path, &sqlite->db, flags, NULL) != SQLITE_OK)
		return failure(sqlite, "cannot open journal");
	sqlite3_extended_result_codes(sqlite->db, 1);
	sqlite3_busy_timeout(sqlite->db, BUSY_MS);
	return NULL;
}

/* Made by us first, so that nobody else may read it, not even for a moment. */
static struct error *make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EISDIR)
		return error_remedy(error_new(ERROR_INVALID, "journal \"%s\" is a directory", path),
				    "name a file in it");
	if (fd < 0)
		return error_wrap(error_from_errno(errno, "\"%s\"", path), "cannot open journal");
	close(fd);
	return NULL;
}

/* A database of somebody else's is left alone. */
static struct error *check_new(struct sqlite_store *sqlite)
{
	sqlite3_stmt *q = NULL;
	int format;
	TRY(prepare(sqlite, &q, "SELECT count(*) FROM sqlite_master"));
	int step = sqlite3_step(q), tables = step == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0;
	struct error *error = step == SQLITE_ROW ? NULL : failure(sqlite, "cannot read journal");
	sqlite3_finalize(q);
	if (error || tables == 0)
		return error;
	TRY(format_of(sqlite, &format));
	return format ? check_format(sqlite, format) : no_journal(sqlite);
}

static struct error *make_tables(struct sqlite_store *sqlite)
{
	TRY(run_sql(sqlite, "PRAGMA journal_mode=WAL"));
	TRY(begin(sqlite));
	return end(sqlite, run_sql(sqlite, SCHEMA));
}

/* Another process may be making the same file: to go over to WAL, SQLite does not wait for it as it does elsewhere. */
static struct error *make_tables_at_last(struct sqlite_store *sqlite)
{
	enum { TRIES = 50, PAUSE_MS = 20 };
	struct error *error = make_tables(sqlite);
	for (unsigned tries = 1; error && tries < TRIES; tries++) {
		error_free(error);
		sqlite3_sleep(PAUSE_MS);
		error = make_tables(sqlite);
	}
	return error;
}

static struct error *open_to_write(struct sqlite_store *sqlite)
{
	int format;
	TRY(make_file(sqlite->path));
	TRY(open_file(sqlite, false));
	TRY(format_of(sqlite, &format));
	TRY(check_format(sqlite, format));
	if (format == 0) { /* new, and perhaps to somebody else at this moment too */
		TRY(check_new(sqlite));
		TRY(make_tables_at_last(sqlite));
	}
	return run_sql(sqlite, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;");
}

/* Beside a file that was closed in order stands no log, and where none can be made (another's directory, read-only
 * media) SQLite refuses the file: it is read as what it is, at rest. */
static struct error *open_at_rest(struct sqlite_store *sqlite, struct error *refused)
{
	char *log CLEANUP(mem_freep) = mem_printf("%s-wal", sqlite->path);
	int code = sqlite3_errcode(sqlite->db) & 0xFF;
	if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || access(log, F_OK) == 0 ||
	    access(sqlite->path, R_OK) != 0)
		return refused;
	struct buf uri CLEANUP(buf_done) = BUF_INIT(1 << 16);
	buf_puts(&uri, "file:");
	for (const char *p = sqlite->path; *p; p++)
		buf_printf(&uri, strchr("?#%", *p) ? "%%%02x" : "%c", *p);
	buf_puts(&uri, "?immutable=1");
	error_free(refused);
	sqlite3_close_v2(sqlite->db);
	code = sqlite3_open_v2(buf_str(&uri), &sqlite->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	return code == SQLITE_OK ? NULL : failure(sqlite, "cannot open journal");
}

static struct error *open_to_read(struct sqlite_store *sqlite)
{
	int format;
	TRY(open_file(sqlite, true));
	struct error *error = format_of(sqlite, &format);
	if (error) {
		TRY(open_at_rest(sqlite, error));
		TRY(format_of(sqlite, &format));
	}
	return format ? check_format(sqlite, format) : no_journal(sqlite);
}

struct error *store_sqlite_open(const char *path, bool read_only, struct store **ret_store)
{
	static const struct store_ops ops = {sqlite_append,  sqlite_read,  sqlite_head,	   sqlite_runs,
					     sqlite_acquire, sqlite_renew, sqlite_release, sqlite_free};
	struct sqlite_store *sqlite = mem_alloc(sizeof *sqlite);
	sqlite->store.ops = &ops;
	sqlite->path = mem_strdup(path);
	struct error *error = read_only ? open_to_read(sqlite) : open_to_write(sqlite);
	if (error) {
		sqlite_free(&sqlite->store);
		return error;
	}
	*ret_store = &sqlite->store;
	return NULL;
}
