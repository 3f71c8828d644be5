/* The journal: canonical records, each hash over the one before. */
#include "agent/journal.h"

#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/document.h"

enum { FORMAT = 1 };
#define LEAST_LEASE_MS (10 * SECOND_MS)

const char *const journal_kind_names[] = {"created", "perceived", "analysed", "planned", "approved", "intent",
					  "outcome", "observed",  "verdict",  "traffic", "rollback", "held",
					  "resumed", "completed", "note",     NULL};

struct journal {
	struct ports ports;
	struct arena *arena;
	char *run;
	uint64_t head;
	uint8_t hash[32];
	struct store_lease lease;
	int64_t lease_ms;
	int64_t last_ms;
};

static bool kind_of(const char *name, enum journal_kind *ret)
{
	for (int i = 0; name && journal_kind_names[i]; i++) {
		if (!strcmp(journal_kind_names[i], name)) {
			*ret = (enum journal_kind)i;
			return true;
		}
	}
	return false;
}

/* Times of records never go back, whatever the clock did between two writers. */
static bool take_last_time(void *context, const struct store_record *stored)
{
	struct journal *journal = context;
	json_t *record DOCUMENT_CLEANUP = document_load(stored->bytes);
	time_parse_rfc3339(slice_of(document_text_or(record, "time", "")), &journal->last_ms);
	return true;
}

struct error *journal_open(const struct ports *ports, const char *run, const char *owner, bool take_over,
			   int64_t lease_ms, struct journal **ret)
{
	struct journal *journal = mem_alloc(sizeof *journal);
	journal->ports = *ports;
	journal->arena = arena_new();
	journal->run = mem_strdup(run);
	journal->lease_ms = lease_ms > LEAST_LEASE_MS ? lease_ms : LEAST_LEASE_MS;
	struct error *error = store_acquire(ports->store, run, owner, clock_wall_ms(ports->clock), journal->lease_ms,
					    take_over, journal->arena, &journal->lease);
	if (!error)
		error = store_head(ports->store, run, &journal->head, journal->hash);
	if (!error && journal->head)
		error = store_read(ports->store, run, journal->head, take_last_time, journal);
	if (error) {
		arena_free(journal->arena);
		free(journal->run);
		free(journal);
		return error;
	}
	*ret = journal;
	return NULL;
}

/* Renews when half of it has gone; stops before it ends. */
static struct error *keep_lease(struct journal *journal)
{
	int64_t now_ms = clock_wall_ms(journal->ports.clock);
	if (journal->lease.expires_at_ms - now_ms > journal->lease_ms / 2)
		return NULL;
	return store_renew(journal->ports.store, journal->run, &journal->lease, now_ms, journal->lease_ms,
			   &journal->lease.expires_at_ms);
}

struct error *journal_check(struct journal *journal)
{
	uint64_t head;
	uint8_t hash[32];
	TRY(keep_lease(journal));
	TRY(store_head(journal->ports.store, journal->run, &head, hash));
	if (head == journal->head && !memcmp(hash, journal->hash, 32))
		return NULL;
	struct error *error = error_new(ERROR_CONFLICT, "another agent has taken over run \"%s\"", journal->run);
	error->code = mem_strdup("LeaseLost");
	return error_remedy(error, "this one did nothing more; see the other: eks-upgrade-agent status");
}

uint64_t journal_head(const struct journal *journal)
{
	return journal->head;
}

struct error *journal_append(struct journal *journal, const char *step, enum journal_kind kind, json_t *payload)
{
	char time[TIME_TEXT], prev[65];
	struct error *error = keep_lease(journal);
	if (error) {
		json_decref(payload);
		return error;
	}
	int64_t now_ms = clock_wall_ms(journal->ports.clock);
	if (now_ms < journal->last_ms) /* the clock went back: records never do */
		now_ms = journal->last_ms;
	journal->last_ms = now_ms;
	hex_encode(journal->hash, 32, prev);
	json_t *record DOCUMENT_CLEANUP =
		json_pack("{s:I, s:s, s:s, s:s?, s:s, s:I, s:o, s:s, s:i}", "seq", (json_int_t)(journal->head + 1),
			  "time", time_format_rfc3339(now_ms, time), "run", journal->run, "step", step, "kind",
			  journal_kind_names[kind], "epoch", (json_int_t)journal->lease.epoch, "payload",
			  payload ? payload : json_object(), "prev", prev, "format", FORMAT);
	struct buf bytes CLEANUP(buf_done) = BUF_INIT(64 << 20);
	document_canonical(record, &bytes);
	struct store_record stored = {.seq = journal->head + 1, .bytes = buf_slice(&bytes)};
	sha256_two(slice_make((const char *)journal->hash, 32), buf_slice(&bytes), stored.hash);
	TRY(store_append(journal->ports.store, journal->run, journal->head, &stored, 1));
	journal->head++;
	memcpy(journal->hash, stored.hash, 32);
	return NULL;
}

uint64_t journal_epoch(const struct journal *journal)
{
	return journal->lease.epoch;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	error_ignore(store_release(journal->ports.store, journal->run, &journal->lease)); /* it would end by itself */
	arena_free(journal->arena);
	free(journal->run);
	free(journal);
}

struct reading {
	journal_read_fn *fn;
	void *context;
	const char *run;
	struct error *error;
	bool verify;
	uint64_t last;
	uint8_t hash[32];
	uint64_t anchor; /* what the anchor named when the reading began; 0: nothing */
	uint8_t anchor_hash[32];
};

static struct error *damaged(const struct reading *reading, uint64_t seq, const char *what)
{
	struct error *error = error_new(ERROR_STATE, "journal of run \"%s\": record %llu %s", reading->run,
					(unsigned long long)seq, what);
	return error_remedy(error,
			    "keep the file as evidence and restore it from a backup; nothing was done on its word");
}

/* The chain up to this record holds. */
static struct error *prove(struct reading *reading, const struct store_record *stored, const json_t *record)
{
	uint8_t hash[32];
	char prev[65];
	if (stored->seq != reading->last + 1)
		return damaged(reading, reading->last + 1,
			       stored->seq > reading->last + 1 ? "is missing" : "is there twice");
	sha256_two(slice_make((const char *)reading->hash, 32), stored->bytes, hash);
	hex_encode(reading->hash, 32, prev);
	if (strcmp(document_text_or(record, "prev", ""), prev) != 0)
		return damaged(reading, stored->seq,
			       "does not follow the one before: records were changed, removed or reordered");
	if (memcmp(hash, stored->hash, 32) != 0)
		return damaged(reading, stored->seq, "was changed");
	if (document_int_or(record, "seq", 0) != (int64_t)stored->seq)
		return damaged(reading, stored->seq, "was moved from another place");
	if (stored->seq == reading->anchor && memcmp(hash, reading->anchor_hash, 32) != 0)
		return damaged(reading, stored->seq, "is not the one that was written last");
	memcpy(reading->hash, hash, 32);
	return NULL;
}

static struct error *take(struct reading *reading, const struct store_record *stored)
{
	json_t *record DOCUMENT_CLEANUP = NULL;
	struct error *unreadable ERROR_CLEANUP = document_parse(stored->bytes, "record", &record);
	struct journal_record out = {.seq = stored->seq};
	if (unreadable || !json_is_object(record))
		return damaged(reading, stored->seq, "is not readable: it was changed");
	if (document_int_or(record, "format", 0) > FORMAT)
		return error_remedy(
			error_new(ERROR_STATE, "journal of run \"%s\" was written by a newer program", reading->run),
			"use the newer eks-upgrade-agent");
	if (reading->verify)
		TRY(prove(reading, stored, record));
	reading->last = stored->seq;
	if (!kind_of(document_text(record, "kind"), &out.kind))
		return damaged(reading, stored->seq, "is of a kind that is not known");
	if (!time_parse_rfc3339(slice_of(document_text_or(record, "time", "")), &out.time_ms))
		return damaged(reading, stored->seq, "has no time");
	out.step = document_text(record, "step");
	out.epoch = (uint64_t)document_int_or(record, "epoch", 0);
	out.payload = json_object_get(record, "payload");
	memcpy(out.hash, stored->hash, 32);
	return reading->fn ? reading->fn(reading->context, &out) : NULL;
}

static bool take_record(void *context, const struct store_record *stored)
{
	struct reading *reading = context;
	reading->error = take(reading, stored);
	return !reading->error;
}

static struct error *read_all(struct store *store, uint64_t from, struct reading *reading)
{
	reading->last = from > 0 ? from - 1 : 0;
	struct error *error = store_read(store, reading->run, from, take_record, reading);
	if (error)
		error_free(reading->error);
	return error ? error : reading->error;
}

struct error *journal_read(struct store *store, const char *run, uint64_t from, journal_read_fn *fn, void *context)
{
	struct reading reading = {.fn = fn, .context = context, .run = run};
	return read_all(store, from, &reading);
}

/* Others may write meanwhile: what the anchor named before the records were read must be among them, and none may stand
 * behind what it names afterwards. */
struct error *journal_verify(struct store *store, const char *run, uint64_t *ret_records)
{
	struct reading reading = {.run = run, .verify = true};
	uint64_t head;
	uint8_t hash[32];
	*ret_records = 0;
	TRY(store_head(store, run, &reading.anchor, reading.anchor_hash));
	TRY(read_all(store, 1, &reading));
	TRY(store_head(store, run, &head, hash));
	*ret_records = reading.last;
	if (reading.anchor > reading.last)
		return damaged(&reading, reading.last + 1, "is missing: the journal was truncated");
	if (head < reading.last || (head == reading.last && memcmp(hash, reading.hash, 32) != 0))
		return damaged(&reading, reading.last, "is not the one that was written last");
	return NULL;
}
