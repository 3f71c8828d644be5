/* The journal: an append-only, hash-chained list of records; all state is a fold over it (agent/state.h).
 *
 * A record's bytes are one canonical JSON object: {"seq","time","run","step","kind","epoch","payload","prev"}; its hash
 * is SHA-256(previous hash ‖ bytes). Kinds: created perceived analysed planned approved intent outcome observed verdict
 * traffic rollback held resumed completed note. */
#pragma once

#include <jansson.h>
#include "base/error.h"
#include "port/ports.h"

enum journal_kind {
	JOURNAL_CREATED,
	JOURNAL_PERCEIVED,
	JOURNAL_ANALYSED,
	JOURNAL_PLANNED,
	JOURNAL_APPROVED,
	JOURNAL_INTENT,
	JOURNAL_OUTCOME,
	JOURNAL_OBSERVED,
	JOURNAL_VERDICT,
	JOURNAL_TRAFFIC,
	JOURNAL_ROLLBACK,
	JOURNAL_HELD,
	JOURNAL_RESUMED,
	JOURNAL_COMPLETED,
	JOURNAL_NOTE,
	JOURNAL_KINDS
};
extern const char *const journal_kind_names[];

struct journal_record {
	uint64_t seq;
	int64_t time_ms;
	const char *step; /* NULL for records of the run */
	enum journal_kind kind;
	uint64_t epoch;
	const json_t *payload; /* borrowed during the callback; object */
	uint8_t hash[32];
};

struct journal; /* an open writer: holds head, hash and lease */
/* Takes the run's lease for `lease_ms`; CONFLICT (code "LeaseHeld"), naming the holder, while another's is good. */
struct error *journal_open(const struct ports *ports, const char *run, const char *owner, bool take_over,
			   int64_t lease_ms, struct journal **ret) MUST_CHECK;
/* Proves that this is still the one writer: the lease is ours for at least half its time (renewed when due), and nobody
 * else has written. CONFLICT (code "LeaseLost") otherwise. Asked before every effect, so that a late holder stops. */
struct error *journal_check(struct journal *journal) MUST_CHECK;
uint64_t journal_head(const struct journal *journal); /* how many records there are */
/* Durable when it returns. `payload` is taken. Renews the lease when due; refuses (CONFLICT) when it was lost. */
struct error *journal_append(struct journal *journal, const char *step, enum journal_kind kind,
			     json_t *payload) MUST_CHECK;
uint64_t journal_epoch(const struct journal *journal);
void journal_close(struct journal *journal); /* releases the lease */

/* Readers: never block the writer. */
typedef struct error *journal_read_fn(void *context, const struct journal_record *record);
struct error *journal_read(struct store *store, const char *run, uint64_t from, journal_read_fn *fn,
			   void *context) MUST_CHECK;

/* Proves the chain of a run. On damage: STATE naming the record and what is wrong with it (changed, missing, reordered,
 * truncated). *ret_records: how many were proven. */
struct error *journal_verify(struct store *store, const char *run, uint64_t *ret_records) MUST_CHECK;
