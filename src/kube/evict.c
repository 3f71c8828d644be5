/* Evictions: of the pod that was meant, never of another by the same name. */
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "kube/kube_internal.h"

static bool names_cause(const struct error *error, const char *word)
{
	return error->message && strstr(error->message, word);
}

/* What a refused eviction means; false when it is a failure. */
static bool understood(const struct error *error, enum kube_eviction *ret)
{
	enum kube_eviction meaning = KUBE_EVICT_BLOCKED;
	bool known = false;
	switch (error->http_status) {
	case 404:
		meaning = KUBE_EVICT_GONE;
		known = true;
		break;
	case 409: /* the precondition: another pod by that name. Other conflicts are the server's own races. */
		meaning = names_cause(error, "UID in") ? KUBE_EVICT_GONE : KUBE_EVICT_BLOCKED;
		known = true;
		break;
	case 429:
		known = true;
		break;
	case 403: /* nothing can be created in a namespace that is going; its pods go by themselves */
		known = names_cause(error, "is being terminated");
		break;
	case 500: /* the server gives up on pods under two budgets, each time */
		known = names_cause(error, "more than one PodDisruptionBudget");
		break;
	default:
		break;
	}
	if (known)
		*ret = meaning;
	return known;
}

struct error *kube_evict(struct kube *kube, const char *ns, const char *pod, const char *uid, int64_t grace_s,
			 bool dry_run, enum kube_eviction *ret, char **ret_reason)
{
	char *path CLEANUP(mem_freep) = mem_printf("/api/v1/namespaces/%s/pods/%s/eviction", ns, pod);
	json_t *options = json_pack("{s:{s:s}}", "preconditions", "uid", uid);
	if (grace_s >= 0)
		json_object_set_new(options, "gracePeriodSeconds", json_integer(grace_s));
	if (dry_run)
		json_object_set_new(options, "dryRun", json_pack("[s]", "All"));
	json_t *body = json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", "policy/v1", "kind", "Eviction",
				 "metadata", "name", pod, "namespace", ns, "deleteOptions", options);
	struct error *error = kube_call(kube, "POST", path, NULL, body, NULL);
	if (ret_reason)
		*ret_reason = error ? mem_strdup(error->message) : NULL;
	if (!error)
		*ret = KUBE_EVICTED;
	else if (!understood(error, ret))
		return error;
	error_free(error);
	return NULL;
}
