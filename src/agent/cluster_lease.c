/* The second lease lives in the cluster itself: a Lease object that keeps two laptops off one cluster. Where it cannot
 * be had (denied, or the cluster is gone after its removal) that is told once and the store's lease must do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/agent_internal.h"
#include "base/time.h"
#include "codec/document.h"

#define LEASE_PATH "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
#define LEASE_NAME "eks-upgrade-agent"
#define DURATION_S 120

/* One whose parent has not asked for its end yet is there by name only. */
static bool is_gone(long pid)
{
	char path[64], stat[512];
	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	if (pid <= 0)
		return false;
	if (kill((pid_t)pid, 0) != 0)
		return errno == ESRCH;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = file < 0 ? -1 : read(file, stat, sizeof stat - 1);
	if (file >= 0)
		close(file);
	stat[n > 0 ? n : 0] = '\0';
	const char *name_end = strrchr(stat, ')');
	return name_end && (!strncmp(name_end, ") Z", 3) || !strncmp(name_end, ") X", 3));
}

bool agent_owner_is_dead(const char *owner)
{
	char host[256] = "";
	const char *at = strchr(owner, '@'), *pid = strstr(owner, " pid ");
	if (!at || !pid || gethostname(host, sizeof host - 1) != 0)
		return false;
	if ((size_t)(pid - at - 1) != strlen(host) || strncmp(at + 1, host, strlen(host)) != 0)
		return false;
	return is_gone(strtol(pid + 5, NULL, 10));
}

static json_t *lease_spec(const struct agent *agent)
{
	char time[TIME_TEXT];
	time_format_rfc3339(clock_wall_ms(agent->ports.clock) / 1000 * 1000, time);
	char *micro CLEANUP(mem_freep) = mem_printf("%.19s.000000Z", time);
	return json_pack("{s:s, s:i, s:s}", "holderIdentity", agent->owner, "leaseDurationSeconds", DURATION_S,
			 "renewTime", micro);
}

static bool is_free(const struct agent *agent, const json_t *lease)
{
	const char *holder = document_text_or(lease, "spec.holderIdentity", "");
	int64_t renewed_ms = 0;
	time_parse_rfc3339(slice_of(document_text_or(lease, "spec.renewTime", "")), &renewed_ms);
	return !*holder || !strcmp(holder, agent->owner) || agent->take_over || agent_owner_is_dead(holder) ||
	       renewed_ms + document_int_or(lease, "spec.leaseDurationSeconds", DURATION_S) * SECOND_MS <
		       clock_wall_ms(agent->ports.clock);
}

static struct error *make(struct agent *agent, struct kube *kube)
{
	return kube_call(kube, "POST", LEASE_PATH, NULL,
			 json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", "coordination.k8s.io/v1", "kind",
				   "Lease", "metadata", "name", LEASE_NAME, "namespace", "kube-system", "spec",
				   lease_spec(agent)),
			 &agent->lease.seen);
}

/* With its resourceVersion: the server refuses if somebody was faster. */
static struct error *renew(struct agent *agent, struct kube *kube, json_t *lease)
{
	json_object_set_new(lease, "spec", lease_spec(agent));
	return kube_call(kube, "PUT", LEASE_PATH "/" LEASE_NAME, NULL, json_incref(lease), &agent->lease.seen);
}

/* What we hold is renewed as we last saw it, in one request; only when that is refused is it looked at again. */
static struct error *take(struct agent *agent, struct kube *kube)
{
	json_t *lease DOCUMENT_CLEANUP = TAKE(agent->lease.seen);
	struct error *error = lease ? renew(agent, kube, lease) : NULL;
	if (lease && !(error && (error->class == ERROR_CONFLICT || error->class == ERROR_NOT_FOUND)))
		return error;
	error_free(error);
	json_decref(TAKE(lease));
	error = kube_get(kube, LEASE_PATH "/" LEASE_NAME, &lease);
	if (error_was(&error, ERROR_NOT_FOUND))
		return make(agent, kube);
	if (error)
		return error;
	if (!is_free(agent, lease)) {
		error = error_new(ERROR_CONFLICT, "cluster \"%s\" is being upgraded by %s",
				  agent->state->plan.cluster_name,
				  document_text_or(lease, "spec.holderIdentity", "another agent"));
		error->code = mem_strdup("LeaseHeld");
		return error_remedy(error, "wait for it, or take it over on purpose: --take-over");
	}
	return renew(agent, kube, lease);
}

struct error *agent_hold_cluster(struct agent *agent, int64_t *next_ms)
{
	struct cluster_lease *lease = &agent->lease;
	int64_t now_ms = clock_mono_ms(agent->ports.clock);
	struct kube *kube;
	if (lease->given_up || agent_blue_is_going(agent) || now_ms < lease->renew_ms) {
		*next_ms = !lease->given_up && lease->renew_ms > now_ms && lease->renew_ms < *next_ms ? lease->renew_ms
												      : *next_ms;
		return NULL;
	}
	lease->renew_ms = now_ms + DURATION_S * SECOND_MS / 3;
	struct error *error = world_blue(&agent->world, &kube);
	if (!error)
		error = take(agent, kube);
	if (!error) {
		lease->held = true;
		return NULL;
	}
	if (error->code && !strcmp(error->code, "LeaseHeld"))
		return error;
	bool denied = error->class == ERROR_AUTH && error->http_status == 403;
	struct error *noted = NULL;
	if (denied) {
		lease->given_up = true;
		noted = agent_record(agent, NULL, JOURNAL_NOTE,
				     json_pack("{s:s, s:s}", "text",
					       "the cluster's own lease cannot be had; the journal's must do", "reason",
					       error->message));
	}
	lease->renew_ms = now_ms + 10 * SECOND_MS;
	error_free(error);
	return noted;
}

void agent_release_cluster(struct agent *agent)
{
	struct kube *kube;
	json_t *lease DOCUMENT_CLEANUP = NULL;
	if (!agent->lease.held || agent_blue_is_going(agent) || world_blue(&agent->world, &kube))
		return;
	struct error *error = kube_get(kube, LEASE_PATH "/" LEASE_NAME, &lease);
	if (!error && !strcmp(document_text_or(lease, "spec.holderIdentity", ""), agent->owner)) {
		json_object_set_new(json_object_get(lease, "spec"), "holderIdentity", json_string(""));
		error = kube_call(kube, "PUT", LEASE_PATH "/" LEASE_NAME, NULL, json_incref(lease), NULL);
	}
	error_free(error); /* it ends by itself */
}
