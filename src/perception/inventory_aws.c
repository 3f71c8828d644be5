/* AWS's half of the inventory: calls with their requests and what came of them, as documents. */
#include <string.h>
#include "aws/aws.h"
#include "aws/operations.h"
#include "codec/document.h"
#include "perception/aws_items.h"

/* botocore's rule: a capital after a small letter or digit begins a word, and so does the last capital of several that
 * a small letter follows. */
const char *inventory_snake_name(struct arena *arena, const char *operation)
{
	char *out = arena_alloc(arena, 2 * strlen(operation) + 1), *to = out;
	for (const char *p = operation; *p; p++) {
		bool capital = *p >= 'A' && *p <= 'Z';
		bool after_small = p > operation && !(p[-1] >= 'A' && p[-1] <= 'Z');
		bool before_small = p[1] >= 'a' && p[1] <= 'z';
		if (capital && p > operation && (after_small || before_small) && p[-1] != '_')
			*to++ = '_';
		*to++ = capital ? (char)(*p | 0x20) : *p;
	}
	return out;
}

/* What AWS says of a thing that is no more. */
static const struct {
	const char *snake, *code;
} absences[] = {
	{"get_role", "NoSuchEntity"},
	{"list_attached_role_policies", "NoSuchEntity"},
	{"list_role_policies", "NoSuchEntity"},
	{"describe_key", "NotFoundException"},
	{"describe_subnets", "InvalidSubnetID.NotFound"},
	{"describe_subnets", "InvalidSubnetId.NotFound"},
	{"describe_security_groups", "InvalidGroup.NotFound"},
	{"describe_security_groups", "InvalidGroupId.NotFound"},
	{"get_parameter", "ParameterNotFound"},
};

bool inventory_aws_absent(const char *snake_name, const char *code)
{
	for (size_t i = 0; code && i < ARRAY_SIZE(absences); i++)
		if (!strcmp(absences[i].snake, snake_name) &&
		    !strncmp(absences[i].code, code, strlen(absences[i].code)))
			return true;
	return false;
}

void inventory_aws_record(struct inventory *inventory, const char *service, const char *operation, json_t *request,
			  json_t *response, const struct error *error)
{
	const char *snake = inventory_snake_name(inventory->arena, operation);
	json_t *calls = json_object_get(inventory->aws, snake);
	if (!calls) {
		calls = json_array();
		json_object_set_new(inventory->aws, snake, calls);
	}
	json_t *call = json_pack("{s:o}", "request", request ? request : json_object());
	if (error)
		json_object_set_new(call, "error",
				    json_pack("{s:s, s:s, s:b}", "code", error->code ? error->code : "", "message",
					      error->message, "denied", error->class == ERROR_AUTH));
	else
		json_object_set_new(call, "response", response ? response : json_object());
	json_array_append_new(calls, call);
	inventory_source_error(inventory, arena_printf(inventory->arena, "%s:%s", service, operation),
			       error && inventory_aws_absent(snake, error->code) ? NULL : error);
}

const json_t *inventory_aws_calls(const struct inventory *inventory, const char *snake_name)
{
	return json_object_get(inventory->aws, snake_name);
}

const json_t *inventory_aws_next(struct aws_items *items)
{
	while (items->at >= json_array_size(items->list)) {
		if (items->call >= json_array_size(items->calls))
			return NULL;
		items->list = document_at(json_array_get(items->calls, items->call++), items->path);
		items->at = 0;
	}
	return json_array_get(items->list, items->at++);
}

const json_t *inventory_aws_response(const struct inventory *inventory, const char *snake_name)
{
	return inventory_aws_response_for(inventory, snake_name, NULL, NULL);
}

const json_t *inventory_aws_response_for(const struct inventory *inventory, const char *snake_name, const char *member,
					 const char *value)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(inventory, snake_name), i, call) {
		const json_t *response = json_object_get(call, "response");
		const char *asked =
			member ? document_text(call, arena_printf(inventory->arena, "request.%s", member)) : NULL;
		if (response && (!member || (asked && !strcmp(asked, value))))
			return response;
	}
	return NULL;
}

/* A look may hold a second cluster's description beside this one's. */
const json_t *inventory_cluster(const struct inventory *inventory)
{
	const json_t *named = inventory->cluster ? inventory_aws_response_for(inventory, "describe_cluster", "name",
									      inventory->cluster)
						 : NULL;
	return json_object_get(named ? named : inventory_aws_response(inventory, "describe_cluster"), "cluster");
}

/* ---- settling: folders are written by others, too */

static bool is_denial(const char *code)
{
	return strstr(code, "AccessDenied") || strstr(code, "Unauthorized") || strstr(code, "NotAuthorized") ||
	       strstr(code, "AuthFailure");
}

/* An error as botocore keeps it ({"Error": {"Code", "Message"}}) becomes one of ours. */
static void settle_error(json_t *call)
{
	const json_t *theirs = document_at(call, "response.Error");
	if (!json_is_object(theirs) && document_text(call, "error.Code"))
		theirs = json_object_get(call, "error");
	if (json_is_null(json_object_get(call, "error")))
		json_object_del(call, "error");
	if (json_is_string(json_object_get(call, "error")))
		json_object_set_new(call, "error",
				    json_pack("{s:O, s:s}", "code", json_object_get(call, "error"), "message", ""));
	json_t *error = json_object_get(call, "error");
	const char *code = document_text(theirs, "Code");
	if (document_text(error, "code") && !json_object_get(error, "denied"))
		json_object_set_new(error, "denied", json_boolean(is_denial(document_text(error, "code"))));
	if (!code)
		return;
	json_t *ours = json_pack("{s:s, s:s, s:b}", "code", code, "message", document_text_or(theirs, "Message", ""),
				 "denied", is_denial(code));
	json_object_set_new(call, "error", ours);
	json_object_del(call, "response");
}

/* Of a second cluster only what is compared with this one's. */
static bool is_of_another(const struct inventory *inventory, const char *snake, const json_t *call)
{
	static const char *const kept[] = {"list_pod_identity_associations", "describe_pod_identity_association"};
	const char *cluster = document_text(call, "request.clusterName");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (!strcmp(kept[i], snake))
			return false;
	if (!strcmp(snake, "list_updates") || !strcmp(snake, "describe_update"))
		cluster = document_text(call, "request.name");
	return cluster && inventory->cluster && strcmp(cluster, inventory->cluster) != 0;
}

static bool is_part_of(const json_t *part, const json_t *whole)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)part, key, value)
		if (!json_equal(value, json_object_get(whole, key)))
			return false;
	return true;
}

/* A page that names another one which is not there: what has been read is no whole list. */
static void settle_cut(const struct aws_operation *operation, const json_t *calls, json_t *call)
{
	const json_t *page = json_object_get(call, "response"), *other;
	json_t *next DOCUMENT_CLEANUP = json_object();
	size_t i;
	if (!json_is_object(page) || !aws_page_next(operation, page, next) || !json_object_size(next))
		return;
	json_array_foreach (calls, i, other)
		if (is_part_of(next, json_object_get(other, "request")))
			return;
	json_object_set_new(call, "error",
			    json_pack("{s:s, s:s, s:b}", "code", "CutOff", "message",
				      "the list goes on, and its next page is not there", "denied", 0));
}

/* A folder of others tells by its calls alone how each source has answered. */
static void settle_source(struct inventory *inventory, const struct aws_operation *operation, const char *snake,
			  const json_t *call)
{
	const json_t *error = json_object_get(call, "error");
	if (!error || inventory_aws_absent(snake, document_text(error, "code")))
		return;
	inventory_source(inventory,
			 operation ? arena_printf(inventory->arena, "%s:%s", aws_operation_service(operation),
						  aws_operation_name(operation))
				   : snake,
			 document_true(error, "denied") ? SOURCE_DENIED : SOURCE_FAILED,
			 document_text(error, "message"));
}

static void settle_calls(struct inventory *inventory, const char *snake, json_t *calls)
{
	const struct aws_operation *operation = aws_operation_find(NULL, snake);
	size_t i;
	json_t *call;
	json_array_foreach (calls, i, call) {
		if (operation)
			settle_cut(operation, calls, call);
		settle_source(inventory, operation, snake, call);
	}
}

void inventory_aws_settle(struct inventory *inventory)
{
	const char *snake;
	json_t *calls;
	void *next;
	json_object_foreach_safe (inventory->aws, next, snake, calls) {
		size_t before = json_array_size(calls);
		for (size_t i = before; i-- > 0;) {
			json_t *call = json_array_get(calls, i);
			if (is_of_another(inventory, snake, call)) {
				json_array_remove(calls, i);
				continue;
			}
			settle_error(call);
			if (!strcmp(snake, "get_role"))
				aws_unfold_policies(&aws_iam_GetRole, json_object_get(call, "response"));
		}
		if (before && !json_array_size(calls))
			json_object_del(inventory->aws, snake); /* nobody asked of this one */
		else if (inventory->offline)
			settle_calls(inventory, snake, calls);
	}
}
