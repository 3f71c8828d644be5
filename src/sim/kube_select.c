/* Label and field selectors as the API server reads them. */
#include "sim/kube_world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum operator{ OP_EQUALS, OP_NOT_EQUALS, OP_IN, OP_NOT_IN, OP_EXISTS, OP_MISSING };
struct requirement {
	const char *key;
	enum operator op;
	const char **values;
	size_t n_values;
};
struct kube_selector {
	struct requirement *labels, *fields;
	size_t n_labels, n_fields;
};

static bool one_of(const struct requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->n_values; i++)
		if (strcmp(requirement->values[i], value) == 0)
			return true;
	return false;
}

static bool holds(const struct requirement *requirement, const char *value)
{
	switch (requirement->op) {
	case OP_EQUALS:
	case OP_IN:
		return value && one_of(requirement, value);
	case OP_NOT_EQUALS:
	case OP_NOT_IN:
		return !value || !one_of(requirement, value);
	case OP_EXISTS:
		return value != NULL;
	case OP_MISSING:
		return value == NULL;
	}
	return false;
}

static const char *label_value(const struct kube_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->pairs[i].key, key) == 0)
			return labels->pairs[i].value;
	return NULL;
}

static void trim(const char **p, const char **end)
{
	while (*p < *end && isspace((unsigned char)**p))
		(*p)++;
	while (*end > *p && isspace((unsigned char)(*end)[-1]))
		(*end)--;
}

static void add_value(struct arena *arena, struct requirement *requirement, const char *p, const char *end)
{
	trim(&p, &end);
	*ARENA_PUSH(arena, requirement->values, requirement->n_values) = arena_strndup(arena, p, (size_t)(end - p));
}

/* "in (a,b)" and "notin (a,b)" after the key; gives where it ended, or NULL. */
static const char *parse_set(struct arena *arena, struct requirement *requirement, const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	if (strncmp(p, "notin", 5) == 0)
		requirement->op = OP_NOT_IN, p += 5;
	else if (strncmp(p, "in", 2) == 0)
		requirement->op = OP_IN, p += 2;
	else
		return NULL;
	while (isspace((unsigned char)*p))
		p++;
	if (*p++ != '(')
		return NULL;
	for (;;) {
		size_t n = strcspn(p, ",)");
		if (!p[n])
			return NULL;
		add_value(arena, requirement, p, p + n);
		p += n + 1;
		if (p[-1] == ')')
			return p;
	}
}

/* One requirement from *p on; false: nonsense. */
static bool parse_one(struct arena *arena, const char **p, struct requirement *ret)
{
	const char *start = *p;
	while (isspace((unsigned char)*start))
		start++;
	bool missing = *start == '!';
	start += missing;
	size_t n = strcspn(start, "=!, \t");
	if (n == 0)
		return false;
	ret->key = arena_strndup(arena, start, n);
	const char *rest = start + n;
	while (isspace((unsigned char)*rest))
		rest++;
	if (*rest == '\0' || *rest == ',') {
		ret->op = missing ? OP_MISSING : OP_EXISTS;
		*p = rest;
		return true;
	}
	if (*rest != '=' && *rest != '!') {
		*p = parse_set(arena, ret, rest);
		return *p != NULL;
	}
	ret->op = *rest == '!' ? OP_NOT_EQUALS : OP_EQUALS;
	rest++;
	if (*rest == '=')
		rest++;
	else if (ret->op == OP_NOT_EQUALS)
		return false;
	n = strcspn(rest, ",");
	if (strcspn(rest, "=!") < n)
		return false;
	add_value(arena, ret, rest, rest + n);
	*p = rest + n;
	return true;
}

static bool parse_all(struct arena *arena, const char *text, struct requirement **items, size_t *n)
{
	while (*text) {
		if (!parse_one(arena, &text, ARENA_PUSH(arena, *items, *n)))
			return false;
		if (*text == ',')
			text++;
		else if (*text)
			return false;
	}
	return true;
}

static bool field_known(const struct kube_request *request, const char *key)
{
	static const struct {
		int kind; /* -1: all */
		const char *key;
	} known[] = {{-1, "metadata.name"},
		     {-1, "metadata.namespace"},
		     {KIND_POD, "spec.nodeName"},
		     {KIND_POD, "status.phase"},
		     {KIND_POD, "spec.restartPolicy"},
		     {KIND_POD, "spec.schedulerName"},
		     {KIND_POD, "spec.serviceAccountName"},
		     {KIND_POD, "status.podIP"},
		     {KIND_NODE, "spec.unschedulable"},
		     {KIND_SECRET, "type"},
		     {KIND_NAMESPACE, "status.phase"},
		     {KIND_JOB, "status.successful"}};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if ((known[i].kind < 0 || known[i].kind == (int)request->kind->id) && strcmp(known[i].key, key) == 0)
			return true;
	return request->kind->id == KIND_EVENT;
}

bool kube_selector_parse(struct kube_request *request, const char *labels, const char *fields,
			 struct kube_selector **ret)
{
	struct kube_selector *selector = arena_alloc(request->arena, sizeof *selector);
	if (labels && !parse_all(request->arena, labels, &selector->labels, &selector->n_labels)) {
		kube_reply_status(request, 400, "BadRequest",
				  "unable to parse requirement: found '%s', expected: identifier", labels);
		return false;
	}
	if (fields && !parse_all(request->arena, fields, &selector->fields, &selector->n_fields)) {
		kube_reply_status(request, 400, "BadRequest", "invalid selector: '%s'; can't understand '%s'", fields,
				  fields);
		return false;
	}
	for (size_t i = 0; i < selector->n_fields; i++)
		if (!field_known(request, selector->fields[i].key)) {
			kube_reply_status(request, 400, "BadRequest", "field label not supported: %s",
					  selector->fields[i].key);
			return false;
		}
	*ret = selector;
	return true;
}

bool kube_selector_empty(const struct kube_selector *selector)
{
	return selector->n_labels == 0 && selector->n_fields == 0;
}

static const char *phase_of(const struct kube_pod *pod)
{
	static const char *const phases[] = {
		[POD_PENDING] = "Pending", [POD_CREATING] = "Pending", [POD_STARTED] = "Running",
		[POD_READY] = "Running",   [POD_CRASHING] = "Running", [POD_SUCCEEDED] = "Succeeded"};
	return phases[pod->state];
}

/* A scalar by dotted path, as text; NULL when it is not there. */
static const char *path_text(const json_t *document, const char *path, char scratch[32])
{
	while (document && *path) {
		size_t n = strcspn(path, ".");
		char key[128];
		if (n >= sizeof key)
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		document = json_object_get(document, key);
		path += n + (path[n] == '.');
	}
	if (json_is_integer(document)) {
		snprintf(scratch, 32, "%lld", (long long)json_integer_value(document));
		return scratch;
	}
	if (json_is_boolean(document))
		return json_is_true(document) ? "true" : "false";
	return json_string_value(document);
}

static bool field_holds(struct sim_kube *kube, const struct requirement *requirement, struct kube_object *object)
{
	const char *key = requirement->key;
	if (strcmp(key, "metadata.name") == 0)
		return holds(requirement, object->name);
	if (strcmp(key, "metadata.namespace") == 0)
		return holds(requirement, object->ns ? object->ns : "");
	if (object->kind->id == KIND_POD && strcmp(key, "spec.nodeName") == 0) {
		const struct kube_pod *pod = kube_pod_of(object);
		return holds(requirement, pod->node ? pod->node->object.name : "");
	}
	if (object->kind->id == KIND_POD && strcmp(key, "status.phase") == 0)
		return holds(requirement, phase_of(kube_pod_of(object)));
	char scratch[32];
	json_t *document = kube_view(kube, object);
	const char *value = path_text(document, key, scratch);
	bool result = holds(requirement, value ? value : strcmp(key, "spec.unschedulable") == 0 ? "false" : "");
	json_decref(document);
	return result;
}

bool kube_selector_matches(struct sim_kube *kube, const struct kube_selector *selector, struct kube_object *object)
{
	for (size_t i = 0; i < selector->n_fields; i++)
		if (!field_holds(kube, &selector->fields[i], object))
			return false;
	if (selector->n_labels == 0)
		return true;
	struct kube_labels labels;
	kube_labels_of(kube, object, &labels);
	for (size_t i = 0; i < selector->n_labels; i++)
		if (!holds(&selector->labels[i], label_value(&labels, selector->labels[i].key)))
			return false;
	return true;
}

static bool expression_holds(const json_t *expression, const struct kube_labels *labels)
{
	const char *value = label_value(labels, json_string_value(json_object_get(expression, "key")) ?: "");
	const char *op = json_string_value(json_object_get(expression, "operator")) ?: "";
	bool among = false;
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(expression, "values"), i, item)
		among = among || (value && json_is_string(item) && strcmp(json_string_value(item), value) == 0);
	if (strcmp(op, "In") == 0)
		return among;
	if (strcmp(op, "NotIn") == 0)
		return !among;
	return strcmp(op, "Exists") == 0 ? value != NULL : value == NULL;
}

bool kube_label_selector_matches(const json_t *selector, const struct kube_labels *labels)
{
	if (!json_is_object(selector))
		return false;
	const char *key;
	json_t *wanted;
	json_object_foreach (json_object_get(selector, "matchLabels"), key, wanted) {
		const char *value = label_value(labels, key);
		if (!value || !json_is_string(wanted) || strcmp(value, json_string_value(wanted)) != 0)
			return false;
	}
	size_t i;
	json_t *expression;
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, expression)
		if (!expression_holds(expression, labels))
			return false;
	return true;
}
