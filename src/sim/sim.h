/* The simulated world: AWS, Kubernetes, Terraform, Argo CD, users and time, behind the ports. One request handler
 * serves the in-process HTTP port and the doors of `sim serve`. Everything follows from (cluster, seed, faults): a seed
 * replays byte for byte. Linked by tests, `rehearse` and `sim serve` only. */
#pragma once

#include <jansson.h>
#include "base/error.h"
#include "port/ports.h"

struct sim;
struct cluster_state; /* models/cluster_state.h */

struct sim_options {
	const char *cluster; /* "small" (3 nodes), "medium" (40 nodes, "shop"), "large" (1000 nodes, 30,000 pods) */
	const struct cluster_state
		*snapshot; /* instead of `cluster`: what was seen of a real one (borrowed); or NULL */
	const char *name;  /* cluster's name; NULL: the snapshot's, or "shop" */
	uint64_t seed;
	const char *const *faults; /* --fault SPEC, n_faults of them */
	size_t n_faults;
	bool random_faults;   /* a fault plan drawn from the seed */
	const char *base_url; /* of the door, for endpoints told in answers; NULL: made-up AWS host names */
	int64_t start_ms;     /* virtual wall time at birth; 0: 2026-11-24T00:00:00Z */
};
/* INVALID for a fault that cannot be read, naming the word and what may stand there. */
struct error *sim_new(const struct sim_options *options, struct sim **ret) MUST_CHECK;
void sim_free(struct sim *sim);

/* The ports over this world (store is not among them). Owned by the sim; do not free. */
void sim_ports(struct sim *sim, struct ports *ret);

/* Virtual time. */
int64_t sim_now_ms(const struct sim *sim);
void sim_advance_to(struct sim *sim, int64_t wall_ms);

/* Serves one request at the present virtual time (used by the port and by the doors). Never fails: nonsense gets the
 * answer that AWS or Kubernetes would give. A timeout fault sets response->error. */
void sim_handle(struct sim *sim, const struct http_request *request, struct http_response *response);

/* What the users saw, and the truth about the world. */
struct sim_users {
	uint64_t requests, failed, green_requests;
	int64_t longest_gap_ms; /* longest time in which no request of some user group succeeded */
};
void sim_users(struct sim *sim, struct sim_users *ret);
/* {"now", "clusters": [{name, version, life, groups, ready…}], "green_asked", "records", "applications", "effects":
 * {"eks:CreateCluster shop-134": 1, …}}: for invariants and for "every effect exactly once". */
json_t *sim_truth(struct sim *sim);
/* A message when an invariant of the world is broken now (users without a healthy cluster, all weights zero, …), or
 * NULL. */
char *sim_violation(struct sim *sim);

/* The whole world as a document and back: `--state`. */
struct error *sim_save(struct sim *sim, struct buf *out) MUST_CHECK;
struct error *sim_load(struct slice text, struct sim **ret) MUST_CHECK;
/* A loaded world may stand behind another door than the one it was saved behind. */
void sim_set_base_url(struct sim *sim, const char *base_url);
/* Bearer token of the kubeconfig that a door writes. Clients send none over plain http (client-go's rule), so a
 * cluster's door at /clusters/NAME/ also takes requests without Authorization; with an AWS4 one the same path is AWS's.
 */
#define SIM_KUBE_TOKEN "simulated-cluster-administrator"
/* The configuration (YAML text) with which the agent drives this world: `rehearse` uses it, examples/sim.yaml is its
 * kin. */
void sim_config(struct sim *sim, struct buf *out);

/* The doors. Serves until *interrupted. `listen` "127.0.0.1:PORT" (0: any). */
struct sim_serve_options {
	struct sim_options world;
	const char *listen;
	const char *kubeconfig_out; /* or NULL */
	double speed;		    /* virtual seconds per second; 0: time moves only by POST /sim/clock?until_ms= */
	const char *state_file;	    /* or NULL */
	volatile const int *interrupted;
	void (*ready)(void *context, const char *addresses_json);
	void *context;
};
struct error *sim_serve(const struct sim_serve_options *options) MUST_CHECK;
