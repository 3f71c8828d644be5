/* Label selectors: read as kubectl reads them, with its grammar's odd corners, printed as it prints them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "kube/values.h"

enum token { TOKEN_END, TOKEN_WORD, TOKEN_NOT, TOKEN_COMMA, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_OPERATOR, TOKEN_WRONG };

struct reader {
	const char *text, *p;
	struct arena *arena;
	enum token token;	/* the next one */
	enum label_operator op; /* of TOKEN_OPERATOR, and of the words "in" and "notin" */
	const char *word;
	bool is_in; /* the word is "in" or "notin": an operator where one may stand, else a word */
};

static bool operator_at(const char *p, enum label_operator *ret, size_t *ret_n)
{
	static const struct {
		const char *text;
		enum label_operator op;
	} operators[] = {{"==", LABEL_DOUBLE_EQUALS},
			 {"!=", LABEL_NOT_EQUALS},
			 {"=", LABEL_EQUALS},
			 {">", LABEL_GREATER},
			 {"<", LABEL_LESS}};
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		*ret_n = strlen(operators[i].text);
		*ret = operators[i].op;
		if (!strncmp(p, operators[i].text, *ret_n))
			return true;
	}
	return false;
}

static void next(struct reader *reader)
{
	reader->p += strspn(reader->p, " \t\r\n");
	const char *p = reader->p;
	size_t n = 1;
	reader->is_in = false;
	reader->word = "";
	if (!*p) {
		reader->token = TOKEN_END;
		return;
	}
	if (operator_at(p, &reader->op, &n))
		reader->token = TOKEN_OPERATOR;
	else if (strchr("!,()", *p))
		reader->token = *p == '!' ? TOKEN_NOT : *p == ',' ? TOKEN_COMMA : *p == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
	else
		reader->token = TOKEN_WORD;
	if (reader->token == TOKEN_WORD)
		n = strcspn(p, "=!(),>< \t\r\n");
	reader->word = arena_strndup(reader->arena, p, n);
	reader->p = p + n;
	if (reader->token == TOKEN_WORD && (!strcmp(reader->word, "in") || !strcmp(reader->word, "notin"))) {
		reader->is_in = true;
		reader->op = *reader->word == 'i' ? LABEL_IN : LABEL_NOT_IN;
	}
}

static struct error *unexpected(const struct reader *reader, const char *expected)
{
	return error_new(ERROR_INVALID, "selector \"%s\": %s%s%s where %s may stand", reader->text,
			 reader->token == TOKEN_END ? "" : "\"", reader->token == TOKEN_END ? "the end" : reader->word,
			 reader->token == TOKEN_END ? "" : "\"", expected);
}

static bool good_name(const char *text, size_t n)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	if (!n || n > 63 || !strchr(word, text[0]) || !strchr(word, text[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr(word, text[i]) && !strchr("-_.", text[i]))
			return false;
	return true;
}

static bool good_prefix(const char *text, size_t n)
{
	if (!n || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i + 1 == n || text[i - 1] == '.' || text[i + 1] == '.';
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
		      (!edge && text[i] == '-') || (text[i] == '.' && i > 0 && i + 1 < n && text[i - 1] != '.')))
			return false;
	}
	return true;
}

static struct error *check_key(const char *key)
{
	const char *slash = strchr(key, '/');
	const char *name = slash ? slash + 1 : key;
	if (good_name(name, strlen(name)) && (!slash || good_prefix(key, (size_t)(slash - key))))
		return NULL;
	return error_new(ERROR_INVALID, "selector: \"%s\" is no key of a label", key);
}

static struct error *check(const struct label_requirement *requirement)
{
	TRY(check_key(requirement->key));
	for (size_t i = 0; i < requirement->n_values; i++) {
		const char *value = requirement->values[i];
		char *end;
		if (*value && !good_name(value, strlen(value)))
			return error_new(ERROR_INVALID, "selector: \"%s\" is no value of label \"%s\"", value,
					 requirement->key);
		errno = 0;
		(void)strtoll(value, &end, 10);
		if ((requirement->op == LABEL_GREATER || requirement->op == LABEL_LESS) && (!*value || *end || errno))
			return error_new(ERROR_INVALID, "selector: \"%s\" of label \"%s\" is no whole number", value,
					 requirement->key);
	}
	return NULL;
}

/* Kept sorted, each once. */
static void add_value(struct arena *arena, struct label_requirement *requirement, const char *value)
{
	size_t at = 0;
	while (at < requirement->n_values && strcmp(requirement->values[at], value) < 0)
		at++;
	if (at < requirement->n_values && !strcmp(requirement->values[at], value))
		return;
	(void)ARENA_PUSH(arena, requirement->values, requirement->n_values);
	for (size_t i = requirement->n_values - 1; i > at; i--)
		requirement->values[i] = requirement->values[i - 1];
	requirement->values[at] = value;
}

static void add_requirement(struct arena *arena, struct label_selector *selector,
			    const struct label_requirement *requirement)
{
	size_t at = selector->n;
	while (at > 0 && strcmp(selector->requirements[at - 1].key, requirement->key) > 0)
		at--;
	(void)ARENA_PUSH(arena, selector->requirements, selector->n);
	for (size_t i = selector->n - 1; i > at; i--)
		selector->requirements[i] = selector->requirements[i - 1];
	selector->requirements[at] = *requirement;
}

/* "(a,b)"; places left empty between commas are the empty value. */
static struct error *read_values(struct reader *reader, struct label_requirement *requirement)
{
	bool empty = true;
	if (reader->token != TOKEN_OPEN)
		return unexpected(reader, "\"(\"");
	for (next(reader);; next(reader)) {
		if (reader->token == TOKEN_WORD && empty) {
			add_value(reader->arena, requirement, reader->word);
			empty = false;
		} else if (reader->token == TOKEN_COMMA || reader->token == TOKEN_CLOSE) {
			if (empty)
				add_value(reader->arena, requirement, "");
			empty = true;
			if (reader->token == TOKEN_CLOSE)
				break;
		} else {
			return unexpected(reader, "a value, \",\" or \")\"");
		}
	}
	next(reader);
	return NULL;
}

static struct error *read_requirement(struct reader *reader, struct label_requirement *ret)
{
	bool negated = reader->token == TOKEN_NOT;
	*ret = (struct label_requirement){.op = negated ? LABEL_NOT_EXISTS : LABEL_EXISTS};
	if (negated)
		next(reader);
	if (reader->token != TOKEN_WORD)
		return unexpected(reader, "a label's key");
	ret->key = reader->word;
	next(reader);
	if (reader->token == TOKEN_END || reader->token == TOKEN_COMMA)
		return NULL;
	if (negated)
		return unexpected(reader, "\",\" or the end");
	if (reader->token != TOKEN_OPERATOR && !reader->is_in)
		return unexpected(reader, "=, ==, !=, in, notin, > or <");
	ret->op = reader->op;
	next(reader);
	if (ret->op == LABEL_IN || ret->op == LABEL_NOT_IN)
		return read_values(reader, ret);
	bool absent = reader->token == TOKEN_END || reader->token == TOKEN_COMMA;
	if (!absent && reader->token != TOKEN_WORD)
		return unexpected(reader, "a value");
	add_value(reader->arena, ret, absent ? "" : reader->word);
	if (!absent)
		next(reader);
	return NULL;
}

struct error *label_selector_parse(const char *text, struct arena *arena, struct label_selector *ret)
{
	struct reader reader = {.text = text, .p = text, .arena = arena};
	*ret = (struct label_selector){0};
	next(&reader);
	while (reader.token != TOKEN_END) {
		struct label_requirement requirement;
		TRY(read_requirement(&reader, &requirement));
		TRY(check(&requirement));
		add_requirement(arena, ret, &requirement);
		if (reader.token == TOKEN_END)
			break;
		if (reader.token != TOKEN_COMMA)
			return unexpected(&reader, "\",\" or the end");
		next(&reader);
		if (reader.token != TOKEN_WORD && reader.token != TOKEN_NOT)
			return unexpected(&reader, "a label's key");
	}
	return NULL;
}

static struct error *take_expression(const json_t *expression, struct arena *arena, struct label_selector *ret)
{
	static const char *const names[] = {"In", "NotIn", "Exists", "DoesNotExist"};
	static const enum label_operator operators[] = {LABEL_IN, LABEL_NOT_IN, LABEL_EXISTS, LABEL_NOT_EXISTS};
	const char *name = document_text_or(expression, "operator", ""), *key = document_text_or(expression, "key", "");
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		if (strcmp(name, names[k]) != 0)
			continue;
		struct label_requirement requirement = {.key = arena_strdup(arena, key), .op = operators[k]};
		size_t i;
		const json_t *value;
		json_array_foreach (json_object_get(expression, "values"), i, value)
			add_value(arena, &requirement,
				  arena_strdup(arena, json_string_value(value) ? json_string_value(value) : ""));
		if ((requirement.n_values == 0) != (k >= 2))
			return error_new(ERROR_INVALID, "selector: %s of label \"%s\" %s values", name, key,
					 k >= 2 ? "takes no" : "needs");
		TRY(check(&requirement));
		add_requirement(arena, ret, &requirement);
		return NULL;
	}
	return error_new(ERROR_INVALID, "selector: \"%s\" is not In, NotIn, Exists or DoesNotExist", name);
}

struct error *label_selector_from(const json_t *from, struct arena *arena, struct label_selector *ret)
{
	size_t i;
	const char *key;
	json_t *value;
	*ret = (struct label_selector){.nothing = !json_is_object(from)};
	json_object_foreach (json_object_get(from, "matchLabels"), key, value) {
		struct label_requirement requirement = {.key = arena_strdup(arena, key), .op = LABEL_EQUALS};
		add_value(arena, &requirement,
			  arena_strdup(arena, json_string_value(value) ? json_string_value(value) : ""));
		TRY(check(&requirement));
		add_requirement(arena, ret, &requirement);
	}
	json_array_foreach (json_object_get(from, "matchExpressions"), i, value)
		TRY(take_expression(value, arena, ret));
	return NULL;
}

static const char *label_of(const struct pair *labels, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(labels[i].key, key))
			return labels[i].value;
	return NULL;
}

static bool has_value(const struct label_requirement *requirement, const char *value)
{
	for (size_t i = 0; i < requirement->n_values; i++)
		if (!strcmp(requirement->values[i], value))
			return true;
	return false;
}

static bool beyond(const struct label_requirement *requirement, const char *value)
{
	char *end;
	errno = 0;
	long long its = strtoll(value, &end, 10), limit = strtoll(requirement->values[0], NULL, 10);
	if (!*value || *end || errno)
		return false;
	return requirement->op == LABEL_GREATER ? its > limit : its < limit;
}

static bool meets(const struct label_requirement *requirement, const char *value)
{
	switch (requirement->op) {
	case LABEL_IN:
	case LABEL_EQUALS:
	case LABEL_DOUBLE_EQUALS:
		return value && has_value(requirement, value);
	case LABEL_NOT_IN:
	case LABEL_NOT_EQUALS:
		return !value || !has_value(requirement, value);
	case LABEL_EXISTS:
		return value != NULL;
	case LABEL_NOT_EXISTS:
		return !value;
	case LABEL_GREATER:
	case LABEL_LESS:
	default:
		return value && beyond(requirement, value);
	}
}

bool label_selector_matches(const struct label_selector *selector, const struct pair *labels, size_t n)
{
	for (size_t i = 0; i < selector->n; i++)
		if (!meets(&selector->requirements[i], label_of(labels, n, selector->requirements[i].key)))
			return false;
	return !selector->nothing;
}

void label_selector_print(const struct label_selector *selector, struct buf *out)
{
	static const char *const signs[] = {" in (", " notin (", "=", "==", "!=", "", "", ">", "<"};
	for (size_t i = 0; i < selector->n; i++) {
		const struct label_requirement *requirement = &selector->requirements[i];
		buf_printf(out, "%s%s%s%s", i ? "," : "", requirement->op == LABEL_NOT_EXISTS ? "!" : "",
			   requirement->key, signs[requirement->op]);
		for (size_t k = 0; k < requirement->n_values; k++)
			buf_printf(out, "%s%s", k ? "," : "", requirement->values[k]);
		if (requirement->op == LABEL_IN || requirement->op == LABEL_NOT_IN)
			buf_putc(out, ')');
	}
}
