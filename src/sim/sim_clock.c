/* Virtual time: the world goes from event to event, and stands still in between but for what moves in a line. */
#include "sim/world.h"

static int64_t next_event_ms(const struct sim *sim, int64_t limit_ms)
{
	int64_t candidates[] = {sim_eks_next_ms(sim),	 sim_users_next_ms(sim),  sim->publish_ms,
				sim_faults_next_ms(sim), sim_argocd_next_ms(sim), sim_jobs_next_ms(sim),
				sim_updates_next_ms(sim)};
	int64_t next = limit_ms;
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++)
		next = candidates[i] < next ? candidates[i] : next;
	return next > sim->now_ms ? next : sim->now_ms + 1;
}

void sim_advance_to(struct sim *sim, int64_t wall_ms)
{
	while (sim->now_ms < wall_ms) {
		int64_t next = next_event_ms(sim, wall_ms);
		bool turned = sim_faults_next_ms(sim) <= next;
		sim_users_advance(sim, next);
		sim->now_ms = next;
		sim_faults_advance(sim);
		if (turned)
			sim_faults_turned(sim);
		sim_updates_advance(sim);
		sim_eks_advance(sim);
		sim_traffic_publish(sim);
		sim_argocd_advance(sim);
		sim_jobs_advance(sim);
	}
}
