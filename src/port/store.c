/* The store port's calls, and a store in memory for rehearsals and tests. */
#include "port/store.h"

#include "port/store_internal.h"

#include <stdlib.h>
#include <string.h>
#include "base/time.h"

struct error *store_append(struct store *store, const char *run, uint64_t head, const struct store_record *records,
			   size_t n)
{
	return store->ops->append(store, run, head, records, n);
}

struct error *store_read(struct store *store, const char *run, uint64_t from, store_record_fn *fn, void *context)
{
	return store->ops->read(store, run, from, fn, context);
}

struct error *store_head(struct store *store, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32])
{
	return store->ops->head(store, run, ret_seq, ret_hash);
}

struct error *store_runs(struct store *store, struct arena *arena, const char ***ret_runs, size_t *ret_n)
{
	return store->ops->runs(store, arena, ret_runs, ret_n);
}

struct error *store_acquire(struct store *store, const char *name, const char *owner, int64_t now_ms, int64_t ttl_ms,
			    bool take_over, struct arena *arena, struct store_lease *ret)
{
	return store->ops->acquire(store, name, owner, now_ms, ttl_ms, take_over, arena, ret);
}

struct error *store_renew(struct store *store, const char *name, const struct store_lease *lease, int64_t now_ms,
			  int64_t ttl_ms, int64_t *ret_expires_at_ms)
{
	return store->ops->renew(store, name, lease, now_ms, ttl_ms, ret_expires_at_ms);
}

struct error *store_release(struct store *store, const char *name, const struct store_lease *lease)
{
	return store->ops->release(store, name, lease);
}

void store_free(struct store *store)
{
	if (store)
		store->ops->free(store);
}

void store_freep(struct store **store)
{
	store_free(*store);
}

struct error *store_lease_taken(const char *name, const char *owner, int64_t expires_at_ms)
{
	char text[TIME_TEXT];
	struct error *error = error_new(ERROR_CONFLICT, "run \"%s\" is driven by %s until %s", name, owner,
					time_format_local(expires_at_ms, text));
	error->code = mem_strdup("LeaseHeld");
	error->operation = mem_strdup(owner);
	return error_remedy(error, "wait for it, or take it over on purpose: --take-over");
}

struct error *store_lease_lost(const char *name)
{
	struct error *error =
		error_new(ERROR_CONFLICT, "the lease on run \"%s\" was taken over by another agent", name);
	error->code = mem_strdup("LeaseLost");
	return error_remedy(error, "this one stops here; see eks-upgrade-agent status");
}

struct error *store_head_moved(const char *run, uint64_t head, uint64_t expected)
{
	struct error *error = error_new(ERROR_CONFLICT, "journal of run \"%s\" has %llu records, %llu were expected",
					run, (unsigned long long)head, (unsigned long long)expected);
	error->code = mem_strdup("LeaseLost");
	return error_remedy(error, "another agent writes to it; stop one of them");
}

static bool epoch_of(struct slice bytes, uint64_t *ret)
{
	static const char front[] = "{\"epoch\":";
	uint64_t epoch = 0;
	if (!slice_starts(bytes, front))
		return false;
	for (size_t i = sizeof front - 1; i < bytes.n && bytes.p[i] >= '0' && bytes.p[i] <= '9'; i++)
		epoch = epoch * 10 + (uint64_t)(bytes.p[i] - '0');
	*ret = epoch;
	return true;
}

struct error *store_check_append(const char *run, uint64_t head, uint64_t lease_epoch,
				 const struct store_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t epoch;
		if (records[i].seq != head + 1 + i)
			return error_new(ERROR_BUG, "record %llu of run \"%s\" does not follow %llu",
					 (unsigned long long)records[i].seq, run, (unsigned long long)(head + i));
		if (epoch_of(records[i].bytes, &epoch) && epoch < lease_epoch)
			return store_lease_lost(run);
	}
	return NULL;
}

struct memory_run {
	char *name;
	struct store_record *records;
	size_t n;
};

struct memory_lease {
	char *name, *owner;
	uint64_t epoch;
	int64_t expires_at_ms;
};

struct memory_store {
	struct store store;
	struct arena *arena;
	struct memory_run *runs;
	size_t n_runs;
	struct memory_lease *leases;
	size_t n_leases;
};

static struct memory_run *find_run(struct memory_store *memory, const char *name)
{
	for (size_t i = 0; i < memory->n_runs; i++)
		if (!strcmp(memory->runs[i].name, name))
			return &memory->runs[i];
	return NULL;
}

static struct memory_lease *find_lease(struct memory_store *memory, const char *name)
{
	for (size_t i = 0; i < memory->n_leases; i++)
		if (!strcmp(memory->leases[i].name, name))
			return &memory->leases[i];
	return NULL;
}

static struct error *memory_append(struct store *store, const char *name, uint64_t head,
				   const struct store_record *records, size_t n)
{
	struct memory_store *memory = (struct memory_store *)store;
	struct memory_run *run = find_run(memory, name);
	const struct memory_lease *lease = find_lease(memory, name);
	if ((run ? run->n : 0) != head)
		return store_head_moved(name, run ? run->n : 0, head);
	TRY(store_check_append(name, head, lease ? lease->epoch : 0, records, n));
	if (!run && n) {
		run = ARENA_PUSH(memory->arena, memory->runs, memory->n_runs);
		run->name = arena_strdup(memory->arena, name);
	}
	for (size_t i = 0; i < n; i++) {
		struct store_record *record = ARENA_PUSH(memory->arena, run->records, run->n);
		*record = records[i];
		record->bytes.p = arena_strndup(memory->arena, records[i].bytes.p, records[i].bytes.n);
	}
	return NULL;
}

static struct error *memory_read(struct store *store, const char *name, uint64_t from, store_record_fn *fn,
				 void *context)
{
	struct memory_run *run = find_run((struct memory_store *)store, name);
	for (size_t i = from > 0 ? from - 1 : 0; run && i < run->n; i++)
		if (!fn(context, &run->records[i]))
			break;
	return NULL;
}

static struct error *memory_head(struct store *store, const char *name, uint64_t *ret_seq, uint8_t ret_hash[32])
{
	struct memory_run *run = find_run((struct memory_store *)store, name);
	memset(ret_hash, 0, 32);
	*ret_seq = run ? run->n : 0;
	if (run && run->n)
		memcpy(ret_hash, run->records[run->n - 1].hash, 32);
	return NULL;
}

static struct error *memory_runs(struct store *store, struct arena *arena, const char ***ret_runs, size_t *ret_n)
{
	struct memory_store *memory = (struct memory_store *)store;
	const char **runs = NULL;
	size_t n = 0;
	for (size_t i = 0; i < memory->n_runs; i++)
		*ARENA_PUSH(arena, runs, n) = arena_strdup(arena, memory->runs[i].name);
	*ret_runs = runs;
	*ret_n = n;
	return NULL;
}

static struct error *memory_acquire(struct store *store, const char *name, const char *owner, int64_t now_ms,
				    int64_t ttl_ms, bool take_over, struct arena *arena, struct store_lease *ret)
{
	struct memory_store *memory = (struct memory_store *)store;
	struct memory_lease *lease = find_lease(memory, name);
	if (lease && lease->expires_at_ms > now_ms && !take_over)
		return store_lease_taken(name, lease->owner, lease->expires_at_ms);
	if (!lease) {
		lease = ARENA_PUSH(memory->arena, memory->leases, memory->n_leases);
		lease->name = arena_strdup(memory->arena, name);
	}
	lease->owner = arena_strdup(memory->arena, owner);
	lease->epoch++;
	lease->expires_at_ms = now_ms + ttl_ms;
	*ret = (struct store_lease){arena_strdup(arena, owner), lease->epoch, lease->expires_at_ms};
	return NULL;
}

static struct error *memory_renew(struct store *store, const char *name, const struct store_lease *ours, int64_t now_ms,
				  int64_t ttl_ms, int64_t *ret_expires_at_ms)
{
	struct memory_lease *lease = find_lease((struct memory_store *)store, name);
	if (!lease || lease->epoch != ours->epoch)
		return store_lease_lost(name);
	*ret_expires_at_ms = lease->expires_at_ms = now_ms + ttl_ms;
	return NULL;
}

static struct error *memory_release(struct store *store, const char *name, const struct store_lease *ours)
{
	struct memory_lease *lease = find_lease((struct memory_store *)store, name);
	if (lease && lease->epoch == ours->epoch)
		lease->expires_at_ms = 0;
	return NULL;
}

static void memory_free(struct store *store)
{
	arena_free(((struct memory_store *)store)->arena);
	free(store);
}

struct store *store_memory_new(void)
{
	static const struct store_ops ops = {memory_append,  memory_read,  memory_head,	   memory_runs,
					     memory_acquire, memory_renew, memory_release, memory_free};
	struct memory_store *memory = mem_alloc(sizeof *memory);
	memory->store.ops = &ops;
	memory->arena = arena_new();
	return &memory->store;
}
