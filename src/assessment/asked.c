/* What was asked of AWS, and what follows from that it is not in the answer. */
#include "assessment/asked.h"

#include <string.h>
#include "codec/document.h"

const struct asked_list asked_subnets = {"describe_subnets", "Subnets", "SubnetId", "SubnetIds", "subnet-id"},
			asked_groups = {"describe_security_groups", "SecurityGroups", "GroupId", "GroupIds",
					"group-id"};

static bool equals(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool has_text(const json_t *list, const char *text)
{
	size_t i;
	const json_t *one;
	json_array_foreach (list, i, one)
		if (equals(json_string_value(one), text))
			return true;
	return false;
}

/* Every filter narrows: all of them must let the thing through. */
static bool filters_let(const struct assess *assess, const json_t *filters, const char *name, const char *id)
{
	const char *vpc = document_text(inventory_cluster(assess->inventory), "resourcesVpcConfig.vpcId");
	size_t i;
	const json_t *filter;
	json_array_foreach (filters, i, filter) {
		const char *of = document_text(filter, "Name");
		const json_t *values = json_object_get(filter, "Values");
		if (!(equals(of, name) && has_text(values, id)) &&
		    !(equals(of, "vpc-id") && vpc && has_text(values, vpc)))
			return false;
	}
	return true;
}

static bool is_one_of(const char *text, const char *const *names)
{
	for (; text && *names; names++)
		if (!strcmp(text, *names))
			return true;
	return false;
}

/* A question of another shape than the API's (a command line's words) tells nothing of what is not in the answer. */
static bool is_understood(const struct asked_list *kind, const json_t *request)
{
	static const char *const harmless[] = {"MaxResults", "NextToken", "DryRun", "PaginationConfig", NULL};
	const char *key;
	const json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)request, key, value) {
		bool narrows = equals(key, kind->ids) || equals(key, "Filters");
		if (narrows ? !json_is_array(value) && !json_is_null(value) : !is_one_of(key, harmless))
			return false;
	}
	return true;
}

static bool is_asked(const struct assess *assess, const struct asked_list *kind, const json_t *request, const char *id)
{
	const json_t *ids = json_object_get(request, kind->ids);
	return is_understood(kind, request) && (!json_array_size(ids) || has_text(ids, id)) &&
	       filters_let(assess, json_object_get(request, "Filters"), kind->filter, id);
}

/* Of several ids that were asked for at once, the message tells which is not there. */
static bool is_refused(const struct asked_list *kind, const json_t *call, const char *id)
{
	const json_t *ids = document_at(call, "request");
	const char *code = document_text(call, "error.code"), *message = document_text_or(call, "error.message", "");
	ids = json_object_get(ids, kind->ids);
	return inventory_aws_absent(kind->operation, code) && has_text(ids, id) &&
	       (json_array_size(ids) == 1 || strstr(message, id));
}

enum asked asked_listed(const struct assess *assess, const struct asked_list *kind, const char *id,
			const json_t **ret_seen)
{
	size_t i, k;
	const json_t *call, *one;
	enum asked found = ASKED_NOT;
	*ret_seen = NULL;
	json_array_foreach (inventory_aws_calls(assess->inventory, kind->operation), i, call) {
		const json_t *response = json_object_get(call, "response"),
			     *list = json_object_get(response, kind->list);
		json_array_foreach (list, k, one)
			if (equals(document_text(one, kind->member), id)) {
				*ret_seen = one;
				return ASKED_THERE;
			}
		bool whole = json_is_array(list) && !document_text(response, "NextToken");
		if ((whole && is_asked(assess, kind, json_object_get(call, "request"), id)) ||
		    is_refused(kind, call, id))
			found = ASKED_GONE;
	}
	return found;
}

enum asked asked_single(const struct assess *assess, const char *operation, const char *member, const char *told,
			const char *const *names, const json_t **ret_response)
{
	size_t i;
	const json_t *call;
	enum asked found = ASKED_NOT;
	*ret_response = NULL;
	json_array_foreach (inventory_aws_calls(assess->inventory, operation), i, call) {
		const json_t *response = json_object_get(call, "response");
		const char *wanted = document_text(json_object_get(call, "request"), member);
		bool asked = is_one_of(wanted, names);
		if (response && (asked || is_one_of(document_text(response, told), names))) {
			*ret_response = response;
			return ASKED_THERE;
		}
		if (asked && inventory_aws_absent(operation, document_text(call, "error.code")))
			found = ASKED_GONE;
	}
	return found;
}
