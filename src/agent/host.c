/* The real outside, opened for a program that hosts the agent: the command line, the library. */
#include "agent/host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "agent/state.h"

static struct error *open_store(const struct config *config, enum host_store how, struct store **ret)
{
	const char *path = config->journal ? config->journal : ".eks-upgrade-agent/journal.db";
	if (how == HOST_STORE_WRITE) {
		TRY(file_make_folders(path));
		return store_sqlite_open(path, false, ret);
	}
	if (access(path, F_OK) != 0)
		return error_remedy(error_new(ERROR_NOT_FOUND, "no journal at \"%s\"", path),
				    "start with: eks-upgrade-agent plan, then upgrade; or name the file by --journal");
	return store_sqlite_open(path, true, ret);
}

struct error *host_open(struct host *host, const struct config *config, volatile const int *interrupted,
			enum host_store store)
{
	struct clock *wall = clock_real_new(interrupted);
	*host = (struct host){.ports = {.clock = wall, .random = random_real_new()}};
	host->ports.http = http_real_new(wall, 0, interrupted);
	if (config->clock_url) {
		struct clock *remote;
		TRY(clock_remote_new(host->ports.http, config->clock_url, interrupted, &remote));
		host->ports.clock = remote; /* the HTTP port keeps measuring its deadlines by the machine's own clock */
		host->machine_clock = wall;
	}
	const char *work = config->work_directory ? config->work_directory : ".eks-upgrade-agent/jobs";
	host->ports.process = process_real_new(host->ports.clock, work);
	return store == HOST_STORE_NONE ? NULL : open_store(config, store, &host->ports.store);
}

void host_close(struct host *host)
{
	struct ports *ports = &host->ports;
	if (ports->store)
		store_free(ports->store);
	if (ports->process)
		process_free(ports->process);
	if (ports->http)
		http_free(ports->http);
	if (ports->random)
		random_free(ports->random);
	if (ports->clock)
		clock_free(ports->clock);
	if (host->machine_clock)
		clock_free(host->machine_clock);
	*host = (struct host){0};
}

struct error *host_find_run(struct store *store, const char *wanted, struct arena *arena, const char **ret_run)
{
	const char **runs;
	size_t n;
	TRY(store_runs(store, arena, &runs, &n));
	for (size_t i = n; i-- > 0;) {
		if (strchr(runs[i], '/')) /* lists beside a run, such as its requests */
			continue;
		if (!wanted || !strncmp(runs[i], wanted, strlen(wanted))) {
			*ret_run = runs[i];
			return NULL;
		}
	}
	return wanted ? error_remedy(error_new(ERROR_NOT_FOUND, "no run \"%s\" in the journal", wanted),
				     "eks-upgrade-agent status without --run shows the newest")
		      : error_remedy(
				error_new(ERROR_NOT_FOUND, "the journal holds no run yet"),
				"eks-upgrade-agent plan --out plan.json, then eks-upgrade-agent upgrade plan.json");
}

static struct error *may_go_on(const struct run_state *state, const char *plan_id)
{
	if (!plan_id || !strcmp(plan_id, state->plan.plan_id))
		return NULL;
	return error_remedy(
		error_new(ERROR_CONFLICT, "run %.8s of another plan (%.12s) is unfinished", state->run_id,
			  state->plan.plan_id),
		"go on with it: eks-upgrade-agent upgrade; or undo it: eks-upgrade-agent rollback; or --new");
}

struct error *host_unfinished_run(struct store *store, const char *cluster, const char *wanted, const char *plan_id,
				  struct arena *arena, const char **ret_run)
{
	const char *run = NULL;
	struct run_state *state;
	*ret_run = NULL;
	struct error *none = host_find_run(store, wanted, arena, &run);
	if (none && (wanted || none->class != ERROR_NOT_FOUND))
		return none;
	error_free(none);
	if (none)
		return NULL;
	TRY(run_state_load(store, run, &state));
	bool ended = run_result_ended(state->result);
	bool same_cluster = !cluster || !strcmp(cluster, state->plan.cluster_name);
	struct error *error = ended || !same_cluster ? NULL : may_go_on(state, plan_id);
	if (!ended && same_cluster && !error)
		*ret_run = run;
	run_state_free(state);
	return error;
}
