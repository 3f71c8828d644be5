/* Plays seeds: random clusters and random faults, invariants after every tick, each tenth seed twice, byte for byte.
 *
 *     rehearsal_seeds FIRST COUNT [small]
 *
 * Prints one line a violation and, at the end, "N passed, N failed". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/digest.h"
#include "base/log.h"
#include "codec/document.h"
#include "rehearsal/rehearsal.h"

static char *play(uint64_t seed, json_t **ret)
{
	struct rehearsal_options options = {.cluster = seed % 10 == 0 ? "medium" : "small",
					    .seed = seed,
					    .random_faults = true,
					    .assess = seed % 8 == 4,
					    .check_invariants = true};
	struct error *error ERROR_CLEANUP = rehearse_run(&options, ret);
	return error ? mem_strdup(error->message) : NULL;
}

/* An effect on Green or the traffic happens once; what is undone may be undone once. */
static char *doubled_effect(const json_t *result)
{
	const char *name;
	json_t *count;
	json_object_foreach (document_at(result, "world.effects"), name, count) {
		bool once = !strncmp(name, "eks:", 4) || !strncmp(name, "argocd:create", 13) ||
			    !strncmp(name, "argocd:register", 15) || !strncmp(name, "argocd:delete", 13);
		if (once && json_integer_value(count) > 1)
			return mem_printf("\"%s\" happened %lld times", name, (long long)json_integer_value(count));
	}
	return NULL;
}

static char *judge(const json_t *result)
{
	const char *word = document_text_or(result, "result", ""), *serving = document_text_or(result, "serving", "");
	double asked = document_real_or(result, "world.green_asked", -1);
	bool blue_left = !strcmp(document_text_or(result, "world.clusters[0].name", ""), "shop");
	if (!strcmp(word, "failed"))
		return mem_printf("failed: %s", document_text_or(result, "reason", ""));
	if (!strcmp(word, "completed") && (strcmp(serving, "green") || asked < 99.9 || blue_left))
		return mem_printf("completed, but Green has %.1f %% and Blue is %s", asked,
				  blue_left ? "there" : "gone");
	if (!strcmp(word, "rolled-back") &&
	    (strcmp(serving, "blue") || asked > 0.1 || !blue_left || document_at(result, "world.clusters[1]")))
		return mem_printf("rolled back, but Green has %.1f %%", asked);
	if (!strcmp(word, "held") && !document_text(result, "waiting_for"))
		return mem_strdup("held, but nobody is told for whom");
	if (strcmp(word, "completed") && strcmp(word, "rolled-back") && strcmp(word, "held"))
		return mem_printf("ended as \"%s\"", word);
	return doubled_effect(result);
}

static char *run_seed(uint64_t seed)
{
	json_t *result DOCUMENT_CLEANUP = NULL, *again DOCUMENT_CLEANUP = NULL;
	char *wrong = play(seed, &result);
	wrong = wrong ? wrong : judge(result);
	if (wrong || seed % 10)
		return wrong;
	wrong = play(seed, &again);
	char first[65], second[65];
	if (wrong)
		return wrong;
	document_hash(result, first);
	document_hash(again, second);
	return strcmp(first, second) ? mem_strdup("does not replay byte for byte") : NULL;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1,
		 count = argc > 2 ? strtoull(argv[2], NULL, 10) : 100, failed = 0;
	log_setup(LOG_ERROR, LOG_TEXT, 2);
	for (uint64_t seed = first; seed < first + count; seed++) {
		char *wrong CLEANUP(mem_freep) = run_seed(seed);
		failed += wrong != NULL;
		if (wrong)
			printf("seed %llu: %s\n", (unsigned long long)seed, wrong);
		fflush(stdout);
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)(count - failed), (unsigned long long)failed);
	return failed > 0;
}
