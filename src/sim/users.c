/* Users: cohorts that ask through resolvers, at a steady rate. What they see is summed up over the spans in which
 * nothing but their share moves, and that in a line: exact, and cheap however many they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "models/cluster_state.h"
#include "sim/world.h"

#define BASE_P99_MS 118.0
#define BASE_MEAN_MS 42.0

void sim_users_init(struct sim *sim)
{
	/* Most resolvers honour the TTL; some carry connections on, some stretch it; the last never ask again when a
	 * fault says so. */
	static const struct sim_cohort usual[SIM_COHORTS] = {{.part = 0.90, .settle_ms = MINUTE_MS},
							     {.part = 0.08, .settle_ms = 3 * MINUTE_MS},
							     {.part = 0.02, .settle_ms = 8 * MINUTE_MS},
							     {.part = 0, .settle_ms = INT64_MAX}};
	memcpy(sim->cohorts, usual, sizeof usual);
	for (size_t i = 0; i < SIM_COHORTS; i++)
		sim->cohorts[i].changed_ms = sim->start_ms;
	size_t nodes = sim->snapshot ? sim->snapshot->n_nodes : 0;
	if (nodes) {
		sim->users_per_s = nodes < 11 ? 12 : (double)nodes * 1.1;
		return;
	}
	sim->users_per_s = !strcmp(sim->kind, "small") ? 12 : !strcmp(sim->kind, "large") ? 800 : 45;
}

static double share_of(const struct sim_cohort *cohort, int64_t at_ms)
{
	if (cohort->settle_ms == INT64_MAX || at_ms <= cohort->changed_ms)
		return cohort->from;
	double done = (double)(at_ms - cohort->changed_ms) / (double)cohort->settle_ms;
	return done >= 1 ? cohort->to : cohort->from + (cohort->to - cohort->from) * done;
}

void sim_users_weights(struct sim *sim, int64_t at_ms, double green_share)
{
	double pinned = sim_fault_value(sim, "dns", "cached");
	if (pinned > 0 && sim->cohorts[3].part == 0) {
		sim->cohorts[3].part = pinned > 0.5 ? 0.5 : pinned;
		sim->cohorts[0].part -= sim->cohorts[3].part;
	}
	for (size_t i = 0; i < SIM_COHORTS; i++) {
		struct sim_cohort *cohort = &sim->cohorts[i];
		cohort->from = share_of(cohort, at_ms);
		cohort->to = green_share;
		cohort->changed_ms = at_ms;
	}
}

/* Failed by targets that answer badly, and by the balancer that has too few of them. */
static double target_rate(const struct sim *sim, const struct sim_cluster *cluster)
{
	return sim->n_faults ? sim_fault_value(sim, sim_is_blue(sim, cluster) ? "blue" : "green", "5xx") : 0;
}

static double balancer_rate(const struct sim *sim, const struct sim_cluster *cluster)
{
	if (!cluster || cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING)
		return 1;
	double rate = cluster->ready < 0.5 ? (0.5 - cluster->ready) * 2 : 0; /* what is left cannot carry the load */
	return sim->now_ms < cluster->burst_until_ms ? rate + cluster->burst : rate;
}

double sim_error_rate(const struct sim *sim, const struct sim_cluster *cluster)
{
	double refused = balancer_rate(sim, cluster);
	double rate = refused < 1 ? refused + (1 - refused) * target_rate(sim, cluster) : 1;
	return rate > 1 ? 1 : rate;
}

/* The same for the same minute, whoever asks: a wave and a little noise. */
double sim_latency_ms(const struct sim *sim, const struct sim_cluster *cluster)
{
	uint64_t minute = (uint64_t)(sim->now_ms / MINUTE_MS),
		 mixed = (minute * 0x9E3779B97F4A7C15 ^ sim->seed * 0xBF58476D1CE4E5B9) >> 40;
	double noise = (double)(mixed & 0xFFFF) / 65536 - 0.5;
	const char *colour = sim_is_blue(sim, cluster) ? "blue" : "green";
	return BASE_P99_MS + 6 * sin((double)minute / 9) + 4 * noise + sim_fault_value(sim, colour, "latency");
}

static struct sim_minute *minute_of(struct sim *sim, struct sim_cluster *cluster)
{
	size_t index = (size_t)((sim->now_ms - sim->start_ms) / MINUTE_MS);
	while (cluster->n_minutes <= index)
		*HEAP_PUSH(cluster->minutes, cluster->n_minutes) = (struct sim_minute){0};
	return &cluster->minutes[index];
}

static void count(struct sim *sim, struct sim_cluster *cluster, double requests, double rate)
{
	sim->requests += requests;
	sim->failed += requests * rate;
	if (!cluster || cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING || requests <= 0)
		return;
	struct sim_minute *minute = minute_of(sim, cluster);
	double p99 = sim_latency_ms(sim, cluster);
	minute->requests += requests;
	double refused = balancer_rate(sim, cluster);
	refused = refused < rate ? refused : rate;
	minute->errors += requests * (rate - refused);
	minute->refused += requests * refused;
	minute->p99_ms = p99 > minute->p99_ms ? p99 : minute->p99_ms;
	minute->latency_ms += requests * (BASE_MEAN_MS + p99 - BASE_P99_MS);
}

/* A gap is a time in which nobody who asked that cluster got an answer. */
static void gap(struct sim *sim, int64_t *gap_ms, double share, double rate, int64_t span_ms)
{
	*gap_ms = share > 0.0005 && rate >= 0.999 ? *gap_ms + span_ms : 0;
	if (*gap_ms > sim->longest_gap_ms)
		sim->longest_gap_ms = *gap_ms;
}

double sim_users_share(const struct sim *sim, int64_t at_ms)
{
	double share = 0;
	for (size_t i = 0; i < SIM_COHORTS; i++)
		share += sim->cohorts[i].part * share_of(&sim->cohorts[i], at_ms);
	return share;
}

/* The minute's end is one too: load balancers count by minutes. */
int64_t sim_users_next_ms(const struct sim *sim)
{
	int64_t next = sim->now_ms + MINUTE_MS - (sim->now_ms - sim->start_ms) % MINUTE_MS;
	for (size_t i = 0; i < SIM_COHORTS; i++) {
		const struct sim_cohort *cohort = &sim->cohorts[i];
		if (cohort->settle_ms == INT64_MAX)
			continue;
		int64_t settled = cohort->changed_ms + cohort->settle_ms;
		next = settled > sim->now_ms && settled < next ? settled : next;
	}
	return next;
}

void sim_users_advance(struct sim *sim, int64_t until_ms)
{
	int64_t span_ms = until_ms - sim->now_ms;
	double share = (sim_users_share(sim, sim->now_ms) + sim_users_share(sim, until_ms)) / 2;
	double requests = sim->users_per_s * (double)span_ms / 1000;
	struct sim_cluster *blue = &sim->clusters[0], *green = sim_green(sim);
	double blue_rate = share < 1 ? sim_error_rate(sim, blue) : 0,
	       green_rate = share > 0 ? sim_error_rate(sim, green) : 0;
	count(sim, blue, requests * (1 - share), blue_rate);
	count(sim, green, requests * share, green_rate);
	sim->green_requests += requests * share;
	gap(sim, &sim->gap_blue_ms, 1 - share, blue_rate, span_ms);
	gap(sim, &sim->gap_green_ms, share, green_rate, span_ms);
}

void sim_users(struct sim *sim, struct sim_users *ret)
{
	*ret = (struct sim_users){.requests = (uint64_t)sim->requests,
				  .failed = (uint64_t)ceil(sim->failed - 1e-9),
				  .green_requests = (uint64_t)sim->green_requests,
				  .longest_gap_ms = sim->longest_gap_ms};
}
