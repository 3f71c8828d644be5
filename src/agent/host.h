/* What every program that hosts the agent needs: the real outside as the configuration describes it, and the run that
 * is meant. */
#pragma once

#include "config/config.h"
#include "port/ports.h"

enum host_store { HOST_STORE_NONE, HOST_STORE_READ, HOST_STORE_WRITE };

struct host {
	struct ports ports;
	struct clock *machine_clock; /* beside a door's clock that `ports` follows; or NULL */
};

/* Opens what `config` names. `interrupted` (may be NULL) ends waits. On an error host_close() is still due. */
struct error *host_open(struct host *host, const struct config *config, volatile const int *interrupted,
			enum host_store store) MUST_CHECK;
void host_close(struct host *host);

/* The run that begins with `wanted`, or with NULL the newest, in `arena`. NOT_FOUND, with what to do, when there is
 * none.
 */
struct error *host_find_run(struct store *store, const char *wanted, struct arena *arena,
			    const char **ret_run) MUST_CHECK;
/* As above, unless it has ended or is another cluster's: then NULL, and a new one must be made. CONFLICT when it goes
 * on with another plan than `plan_id` (NULL: any). */
struct error *host_unfinished_run(struct store *store, const char *cluster, const char *wanted, const char *plan_id,
				  struct arena *arena, const char **ret_run) MUST_CHECK;
