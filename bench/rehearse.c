/* Whole upgrades, one after the other in one process on one core, each with its own world, seed, journal and chain
 * check, invariants asked after every tick. Prints: upgrades a second, of as many seconds of CPU.
 *
 *     bench_rehearse [RUNS [CLUSTER]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "codec/document.h"
#include "rehearsal/rehearsal.h"

static double cpu_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool one(const char *cluster, uint64_t seed)
{
	struct rehearsal_options options = {.cluster = cluster, .seed = seed, .check_invariants = true};
	json_t *result DOCUMENT_CLEANUP = NULL;
	struct error *error = rehearse_run(&options, &result);
	bool ok = !error && !strcmp(document_text_or(result, "result", ""), "completed");
	if (!ok)
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed,
			error ? error->message : document_text_or(result, "reason", "?"));
	error_free(error);
	return ok;
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 200;
	double start = cpu_s();
	for (int seed = 1; seed <= runs; seed++)
		if (!one(argc > 2 ? argv[2] : "medium", (uint64_t)seed))
			return 1;
	printf("%.1f\n", runs / (cpu_s() - start));
	return 0;
}
