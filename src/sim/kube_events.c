/* Events of the simulated cluster. What happens is noted in a small ring; notes become Event objects only when somebody
 * asks for events, so that rehearsals do not pay for them. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { RING = 512 };

struct kube_note {
	int64_t at_ms;
	uint64_t serial;
	enum kube_reason reason;
	unsigned kind;
	const char *ns, *node;
	char name[64];
};

static const struct {
	const char *reason, *type, *component, *message; /* $n: node */
} reasons[] = {
	[REASON_SCHEDULED] = {"Scheduled", "Normal", "default-scheduler", "Successfully assigned pod to "},
	[REASON_STARTED] = {"Started", "Normal", "kubelet", "Started container on "},
	[REASON_KILLING] = {"Killing", "Normal", "kubelet", "Stopping container on "},
	[REASON_BACKOFF] = {"BackOff", "Warning", "kubelet", "Back-off restarting failed container on "},
	[REASON_UNSCHEDULABLE] = {"FailedScheduling", "Warning", "default-scheduler",
				  "no node has room; nodes known: "},
	[REASON_NODE_READY] = {"NodeReady", "Normal", "kubelet", "Node status is now: NodeReady: "},
	[REASON_CORDONED] = {"NodeNotSchedulable", "Normal", "kubelet", "Node status is now: NodeNotSchedulable: "},
};

void kube_note(struct sim_kube *kube, enum kube_reason reason, struct kube_object *object, const char *node)
{
	if (kube->building)
		return;
	if (!kube->notes)
		kube->notes = mem_array(RING, sizeof *kube->notes);
	struct kube_note *note = &kube->notes[kube->n_notes++ % RING];
	*note = (struct kube_note){kube->now_ms, object->serial, reason, object->kind->id, object->ns, node, ""};
	snprintf(note->name, sizeof note->name, "%s", object->name);
}

static void materialise(struct sim_kube *kube, const struct kube_note *note, size_t number)
{
	char uid[37], stamp[24], suffix[24];
	kube_uid(kube, note->serial, uid);
	kube_stamp(kube, note->at_ms, stamp);
	snprintf(suffix, sizeof suffix, "%016llx", (unsigned long long)kube_hash(kube->seed ^ note->serial, number));
	const char *ns = note->ns ? note->ns : "default";
	char *name = mem_printf("%s.%s", note->name, suffix),
	     *message = mem_printf("%s%s", reasons[note->reason].message, note->node ? note->node : "none");
	json_t *involved = json_pack("{s:s, s:s, s:s, s:s}", "kind", kube_resources[note->kind].kind, "name",
				     note->name, "uid", uid, "apiVersion", "v1");
	if (note->ns)
		json_object_set_new(involved, "namespace", json_string(note->ns));
	json_t *document = json_pack("{s:s, s:s, s:{}, s:o, s:s, s:s, s:{s:s}, s:s, s:s, s:i, s:s, s:n, s:s, s:s}",
				     "kind", "Event", "apiVersion", "v1", "metadata", "involvedObject", involved,
				     "reason", reasons[note->reason].reason, "message", message, "source", "component",
				     reasons[note->reason].component, "firstTimestamp", stamp, "lastTimestamp", stamp,
				     "count", 1, "type", reasons[note->reason].type, "eventTime", "reportingComponent",
				     reasons[note->reason].component, "reportingInstance", "");
	int64_t now_ms = kube->now_ms;
	kube->now_ms = note->at_ms;
	if (!kube_find(kube_kind_of(kube, KIND_EVENT), ns, name))
		kube_create_document(kube, kube_kind_of(kube, KIND_EVENT), ns, name, document);
	else
		json_decref(document);
	kube->now_ms = now_ms;
	free(name);
	free(message);
}

/* Notes become objects; objects older than an hour go. */
void kube_sync_events(struct sim_kube *kube)
{
	struct kube_kind *events = kube_kind_of(kube, KIND_EVENT);
	size_t first = kube->n_notes > RING ? kube->n_notes - RING : 0;
	if (first < kube->told_notes)
		first = kube->told_notes;
	for (size_t i = first; i < kube->n_notes; i++)
		materialise(kube, &kube->notes[i % RING], i);
	kube->told_notes = kube->n_notes;
	kube_sort(events);
	for (size_t i = events->n; i-- > 0;)
		if (kube->now_ms - events->items[i]->created_ms > HOUR_MS)
			kube_remove(kube, events->items[i]);
}
