/* Pages: the tokens that lead from one to the next, and what becomes of them. */
#include <string.h>
#include "aws/client_internal.h"
#include "base/mem.h"
#include "codec/document.h"

/* Calls `fn` for each of "a,b.c". */
static void each_key(const char *keys, void (*fn)(const char *key, json_t *all, const void *context), json_t *all,
		     const void *context)
{
	while (*keys) {
		size_t n = strcspn(keys, ",");
		char *key CLEANUP(mem_freep) = mem_strndup(keys, n);
		char *either =
			strstr(key, " || "); /* "NextMarker || Contents[-1].Key": the first is there where we ask */
		if (either)
			*either = '\0';
		fn(key, all, context);
		keys += n + (keys[n] == ',');
	}
}

static void join(const char *key, json_t *all, const void *page)
{
	json_t *old = document_at(all, key), *more = document_at(page, key);
	if (!more)
		return;
	if (json_is_array(old))
		json_array_extend(old, more);
	else if (json_is_integer(old) && json_is_integer(more))
		json_integer_set(old, json_integer_value(old) + json_integer_value(more));
	else if (!old && !strchr(key, '.'))
		json_object_set(all, key, more);
}

void aws_page_join(const struct aws_operation *operation, json_t *all, const json_t *page)
{
	each_key(aws_name(operation->page_results), join, all, page);
}

static bool is_wanted(const char *name, const char *const *only)
{
	for (size_t i = 0; only[i]; i++)
		if (!strcmp(name, only[i]))
			return true;
	return false;
}

static void thin(json_t *value, const char *const *only)
{
	const char *name;
	json_t *member;
	void *next;
	size_t i;
	json_object_foreach_safe (value, next, name, member) {
		if (is_wanted(name, only))
			thin(member, only);
		else
			json_object_del(value, name);
	}
	json_array_foreach (value, i, member)
		thin(member, only);
}

static void thin_result(const char *key, json_t *page, const void *only)
{
	thin(document_at(page, key), only);
}

void aws_page_thin(const struct aws_operation *operation, json_t *page, const char *const *only)
{
	each_key(aws_name(operation->page_results), thin_result, page, only);
}

/* The whole member that a result stands in, "DistributionList" of "DistributionList.Items". */
static void keep(const char *key, json_t *kept, const void *all)
{
	char *member CLEANUP(mem_freep) = mem_strndup(key, strcspn(key, ".["));
	json_t *value = json_object_get(all, member);
	if (value)
		json_object_set(kept, member, value);
}

void aws_page_tidy(const struct aws_operation *operation, json_t *all)
{
	json_t *kept DOCUMENT_CLEANUP = json_object();
	each_key(aws_name(operation->page_results), keep, kept, all);
	each_key(aws_name(operation->page_same), keep, kept, all);
	json_object_clear(all);
	json_object_update(all, kept);
}

bool aws_page_next(const struct aws_operation *operation, const json_t *page, json_t *input)
{
	const char *in = aws_name(operation->page_in), *out = aws_name(operation->page_out),
		   *more = aws_name(operation->page_more);
	bool any = false;
	if (*more && !document_true(page, more))
		return false;
	while (*in && *out) {
		size_t n = strcspn(in, ","), m = strcspn(out, ",");
		char *in_key CLEANUP(mem_freep) = mem_strndup(in, n), *out_key CLEANUP(mem_freep) = mem_strndup(out, m);
		char *either = strstr(out_key, " || ");
		if (either)
			*either = '\0';
		json_t *token = document_at(page, out_key);
		bool empty = !token || json_is_null(token) || (json_is_string(token) && !*json_string_value(token)) ||
			     (json_is_object(token) && !json_object_size(token));
		if (empty)
			json_object_del(input, in_key);
		else
			json_object_set(input, in_key, token);
		any |= !empty;
		in += n + (in[n] == ',');
		out += m + (out[m] == ',');
	}
	return any;
}
