/* The parts of an assessment, each alone, on a snapshot: usage: bench_assess FOLDER. Prints nodes, pods, and the
 * milliseconds of the processor that reading, the drain prediction, and all checks but the prediction take: of each the
 * best of five. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "assessment/drain.h"
#include "perception/snapshot.h"

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void keep_best(double *best, double began_ms)
{
	double took = now_ms() - began_ms;
	*best = *best == 0 || took < *best ? took : *best;
}

static void must(struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "bench_assess: %s\n", error->message);
	exit(1);
}

static void drain_alone(const struct inventory *inventory, const struct config *config, double *best)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct assess assess = {.inventory = inventory, .config = config, .arena = arena};
	index_build(&assess);
	double began = now_ms();
	drain_predict(&assess);
	keep_best(best, began);
	index_free(assess.index);
}

int main(int argc, char **argv)
{
	struct config config = {.target_version = "1.35"};
	double reading = 0, drain = 0, whole = 0;
	size_t nodes = 0, pods = 0;
	for (int i = 0; i < 5 && argc == 2; i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct inventory *inventory CLEANUP(inventory_freep) = NULL;
		struct assessment assessment;
		double began = now_ms();
		must(snapshot_read(argv[1], &inventory));
		keep_best(&reading, began);
		drain_alone(inventory, &config, &drain);
		began = now_ms();
		must(assess_run(inventory, &config, config.target_version, NULL, arena, &assessment));
		keep_best(&whole, began);
		nodes = inventory->n_nodes;
		pods = inventory->n_pods;
	}
	printf("%zu %zu %.1f %.1f %.1f\n", nodes, pods, reading, drain, whole > drain ? whole - drain : 0);
	return nodes == 0;
}
