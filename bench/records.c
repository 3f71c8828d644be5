/* Makes a journal of N records: a whole rehearsed upgrade in a SQLite file, then notes. For measuring its readers.
 *
 *     bench_records FILE N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/journal.h"
#include "codec/document.h"
#include "port/clock.h"
#include "port/store.h"
#include "rehearsal/rehearsal.h"

static struct error *make(const char *path, uint64_t wanted)
{
	struct store *store CLEANUP(store_freep) = NULL;
	struct clock *clock = clock_real_new(NULL);
	struct journal *journal;
	json_t *result DOCUMENT_CLEANUP = NULL;
	TRY(store_sqlite_open(path, false, &store));
	struct rehearsal_options options = {.seed = 1, .store = store};
	TRY(rehearse_run(&options, &result));
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct ports ports = {.clock = clock, .store = store};
	const char **runs, *run = NULL;
	size_t n;
	TRY(store_runs(store, arena, &runs, &n));
	for (size_t i = 0; i < n; i++)
		run = strchr(runs[i], '/') ? run : runs[i];
	TRY(journal_open(&ports, run, "bench", true, 3600000, &journal));
	while (journal_head(journal) < wanted)
		TRY(journal_append(journal, NULL, JOURNAL_NOTE, json_pack("{s:s}", "text", "one more record")));
	journal_close(journal);
	clock_free(clock);
	return NULL;
}

int main(int argc, char **argv)
{
	struct error *error = argc == 3 ? make(argv[1], strtoull(argv[2], NULL, 10)) : NULL;
	if (error)
		fprintf(stderr, "%s\n", error->message);
	return error || argc != 3;
}
