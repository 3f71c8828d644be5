/* Only Green may come to be; a half-made resource of an earlier attempt may be made anew. */
#include "execution/terraform_gate.h"

#include <string.h>
#include "codec/document.h"

static bool has_action(const json_t *change, const char *wanted)
{
	size_t i;
	const json_t *action;
	json_array_foreach (document_at(change, "change.actions"), i, action)
		if (json_string_value(action) && !strcmp(json_string_value(action), wanted))
			return true;
	return false;
}

static bool is_listed(const json_t *list, const char *address)
{
	size_t i;
	const json_t *item;
	json_array_foreach (list, i, item)
		if (json_string_value(item) && !strcmp(json_string_value(item), address))
			return true;
	return false;
}

/* A value before or after the change that names Blue: the cluster itself, or a part of it. */
static bool names_blue(const json_t *change, const char *side, const char *blue)
{
	const json_t *values = document_at(change, side);
	bool eks = !strncmp(document_text_or(change, "type", ""), "aws_eks_", 8);
	const char *name = document_text_or(values, "name", ""), *id = document_text_or(values, "id", ""),
		   *cluster = document_text_or(values, "cluster_name", "");
	size_t n = strlen(blue);
	return !strcmp(cluster, blue) || (!strcmp(name, blue) && (eks || !strcmp(side, "change.before"))) ||
	       (eks && (!strcmp(id, blue) || (!strncmp(id, blue, n) && id[n] == ':')));
}

static struct error *refuse(const char *verb, const char *address, const char *why)
{
	return error_remedy(error_new(ERROR_PRECONDITION, "Terraform would %s \"%s\": %s", verb, address, why),
			    "let the module only add Green; its state and its directory must be Green's own");
}

static struct error *judge_change(const json_t *change, const char *blue, const json_t *ours)
{
	const char *address = document_text_or(change, "address", "?");
	bool creates = has_action(change, "create"), deletes = has_action(change, "delete"),
	     updates = has_action(change, "update"), forgets = has_action(change, "forget");
	const char *verb = creates && deletes ? "replace"
			   : deletes	      ? "delete"
			   : forgets	      ? "forget"
			   : updates	      ? "change"
					      : "create";
	if (!creates && !deletes && !updates && !forgets)
		return NULL;
	if (*blue && (names_blue(change, "change.before", blue) || names_blue(change, "change.after", blue)))
		return refuse(verb, address, "that is Blue");
	if ((deletes || forgets) && !is_listed(ours, address))
		return refuse(verb, address, "this upgrade did not make it");
	return NULL;
}

struct error *terraform_gate(const json_t *plan, const char *blue, const json_t *ours, json_t **ret_creates)
{
	size_t i;
	const json_t *change;
	if (!document_text(plan, "format_version"))
		return error_new(ERROR_SUBPROCESS, "terraform show wrote something else than a plan");
	json_t *creates DOCUMENT_CLEANUP = json_array();
	json_array_foreach (json_object_get(plan, "resource_changes"), i, change) {
		TRY(judge_change(change, blue, ours));
		if (has_action(change, "create"))
			json_array_append_new(creates, json_string(document_text_or(change, "address", "?")));
	}
	*ret_creates = json_incref(creates);
	return NULL;
}
