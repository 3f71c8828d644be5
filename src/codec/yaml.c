/* YAML by libfyaml: nodes become documents, and each value's place is kept beside them. */
#include "codec/yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/words.h"
#include "codec/document_internal.h"
#include "codec/yaml_internal.h"

enum { MAX_DEPTH = 100, MAX_NODES = 1000000, MAX_ALIASED = 100000, MAX_BYTES = 64 << 20 };

struct build {
	json_t *places; /* path -> "line:column"; or NULL */
	int line_offset;
	unsigned depth;
	size_t nodes, aliased;
	bool in_alias;
	const char *wrong;
	int wrong_line, wrong_column;
};

static json_t *build(struct build *b, struct fy_node *node, const char *path);

/* The first scalar within a node: containers have no token of their own. */
static struct fy_token *first_token(struct fy_node *node)
{
	for (unsigned depth = 0; node && depth < MAX_DEPTH; depth++) {
		if (fy_node_is_scalar(node) || fy_node_is_alias(node))
			return fy_node_get_scalar_token(node);
		void *iterator = NULL;
		if (fy_node_is_mapping(node)) {
			struct fy_node_pair *pair = fy_node_mapping_iterate(node, &iterator);
			node = pair ? fy_node_pair_key(pair) : NULL;
		} else {
			node = fy_node_sequence_iterate(node, &iterator);
		}
	}
	return NULL;
}

static void place_of(struct fy_node *node, int offset, int *ret_line, int *ret_column)
{
	struct fy_token *token = first_token(node);
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	*ret_line = (mark ? mark->line + 1 : 1) + offset;
	*ret_column = mark ? mark->column + 1 : 1;
}

static json_t *refuse(struct build *b, struct fy_node *node, const char *wrong)
{
	if (!b->wrong) {
		b->wrong = wrong;
		place_of(node, b->line_offset, &b->wrong_line, &b->wrong_column);
	}
	return NULL;
}

static bool plain_number(const char *text, size_t n, json_t **ret)
{
	char copy[64], *end;
	if (n == 0 || n >= sizeof copy || !strchr("+-.0123456789", text[0]))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (strspn(copy, "+-0123456789") == n && strpbrk(copy, "0123456789")) {
		bool octal_like = copy[0] == '0' && n > 1; /* 0644 in a manifest is a mode, read as octal */
		errno = 0;
		long long value = strtoll(copy, &end, octal_like ? 8 : 10);
		if (*end == '\0' && !errno) {
			*ret = json_integer(value);
			return true;
		}
	}
	if (strspn(copy, "+-.0123456789eE") != n || !strpbrk(copy, "0123456789"))
		return false;
	double value = strtod(copy, &end);
	if (*end != '\0' || !isfinite(value))
		return false;
	*ret = json_real(value);
	return true;
}

static json_t *scalar(struct build *b, struct fy_node *node)
{
	size_t n = 0;
	const char *text = fy_node_get_scalar(node, &n);
	if (!text)
		return json_null();
	if (fy_node_get_style(node) == FYNS_PLAIN) {
		struct slice slice = slice_make(text, n);
		json_t *number;
		if (n == 0 || slice_eq(slice, "null") || slice_eq(slice, "~") || slice_eq(slice, "Null") ||
		    slice_eq(slice, "NULL"))
			return json_null();
		if (slice_eq(slice, "true") || slice_eq(slice, "True") || slice_eq(slice, "TRUE"))
			return json_true();
		if (slice_eq(slice, "false") || slice_eq(slice, "False") || slice_eq(slice, "FALSE"))
			return json_false();
		if (plain_number(text, n, &number))
			return number;
	}
	json_t *string = json_stringn(text, n);
	return string ? string : refuse(b, node, "not UTF-8");
}

static bool merge(struct build *b, json_t *object, struct fy_node *value)
{
	json_t *merged = build(b, value, "");
	if (!merged)
		return false;
	size_t i;
	json_t *one;
	json_array_foreach (merged, i, one)
		json_object_update_missing(object, one);
	if (json_is_object(merged))
		json_object_update_missing(object, merged);
	json_decref(merged);
	return true;
}

static json_t *mapping(struct build *b, struct fy_node *node, const char *path)
{
	json_t *object = json_object();
	void *iterator = NULL;
	struct fy_node_pair *pair;
	while ((pair = fy_node_mapping_iterate(node, &iterator))) {
		struct fy_node *key_node = fy_node_pair_key(pair), *value_node = fy_node_pair_value(pair);
		size_t n = 0;
		const char *text = key_node && fy_node_is_scalar(key_node) ? fy_node_get_scalar(key_node, &n) : NULL;
		char *key CLEANUP(mem_freep) = text ? mem_strndup(text, n) : NULL;
		if (!key) {
			json_decref(object);
			return refuse(b, key_node ? key_node : node, "a key that is not a plain word");
		}
		if (!strcmp(key, "<<") && value_node) {
			if (!merge(b, object, value_node))
				goto failed;
			continue;
		}
		char *member CLEANUP(mem_freep) = mem_printf("%s%s%s", path, *path ? "." : "", key);
		if (b->places && !b->in_alias) {
			int line, column;
			place_of(key_node, b->line_offset, &line, &column);
			json_object_set_new(b->places, member, document_printf("%d:%d", line, column));
		}
		json_t *value = value_node ? build(b, value_node, member) : json_null();
		if (!value || json_object_set_new(object, key, value) != 0) {
			refuse(b, key_node, "not UTF-8");
			goto failed;
		}
	}
	return object;
failed:
	json_decref(object);
	return NULL;
}

static json_t *sequence(struct build *b, struct fy_node *node, const char *path)
{
	json_t *array = json_array();
	void *iterator = NULL;
	struct fy_node *item;
	for (size_t i = 0; (item = fy_node_sequence_iterate(node, &iterator)); i++) {
		char *member CLEANUP(mem_freep) = mem_printf("%s[%zu]", path, i);
		json_t *value = build(b, item, member);
		if (!value) {
			json_decref(array);
			return NULL;
		}
		json_array_append_new(array, value);
	}
	return array;
}

struct fy_node *yaml_anchored(struct fy_node *alias)
{
	struct fy_token *name = fy_node_get_scalar_token(alias);
	struct fy_anchor *anchor = name ? fy_document_lookup_anchor_by_token(fy_node_document(alias), name) : NULL;
	return anchor ? fy_anchor_node(anchor) : NULL;
}

static json_t *build(struct build *b, struct fy_node *node, const char *path)
{
	if (++b->nodes > MAX_NODES)
		return refuse(b, node, "too many values");
	if (b->in_alias && ++b->aliased > MAX_ALIASED)
		return refuse(b, node, "aliases that grow without bound");
	if (++b->depth > MAX_DEPTH)
		return refuse(b, node, "nested too deeply");
	json_t *value;
	if (fy_node_is_alias(node)) {
		struct fy_node *target = yaml_anchored(node);
		bool outer = b->in_alias;
		b->in_alias = true;
		value = target ? build(b, target, path) : refuse(b, node, "an alias without its anchor");
		b->in_alias = outer;
	} else if (fy_node_is_mapping(node)) {
		value = mapping(b, node, path);
	} else if (fy_node_is_sequence(node)) {
		value = sequence(b, node, path);
	} else {
		value = scalar(b, node);
	}
	b->depth--;
	return value;
}

static bool only_space_and_comments(struct slice text);

struct error *yaml_check_text(struct slice text, const char *name, int line_offset, bool controls)
{
	const char *line_start = text.p;
	int line = 1;
	for (size_t at = 0; at < text.n;) {
		const char *p = text.p + at;
		bool bad = words_next(text, &at) >= WORDS_BAD;
		if (bad || *p == '\0' || (controls && (unsigned char)*p < ' ' && !strchr("\t\n\r", *p)))
			return error_new(ERROR_INVALID, "%s:%d:%d: %s", name, line + line_offset,
					 (int)(p - line_start) + 1,
					 bad ? "a byte that is not UTF-8" : "a control character");
		if (*p == '\n') {
			line++;
			line_start = p + 1;
		}
	}
	return NULL;
}

static struct fy_document *load(const struct fy_parse_cfg *cfg, struct slice text)
{
	struct fy_parser *parser = fy_parser_create(cfg);
	fy_parser_set_string(parser, text.p, text.n);
	struct fy_document *document = fy_parse_load_document(parser);
	struct fy_document *next = document ? fy_parse_load_document(parser) : NULL;
	bool follows = next && fy_document_state_start_implicit(fy_document_get_document_state(next));
	if (document && (follows || (!next && fy_parser_get_stream_error(parser)))) {
		fy_document_destroy(document);
		document = NULL;
	}
	fy_document_destroy(next);
	fy_parser_destroy(parser);
	return document;
}

struct error *yaml_parse(struct slice text, const char *name, int line_offset, unsigned flags, struct fy_document **ret)
{
	struct fy_diag_cfg diag_cfg;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = NULL;
	diag_cfg.level = FYET_ERROR;
	struct fy_diag *diag = fy_diag_create(&diag_cfg);
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = {.flags = (enum fy_parse_cfg_flags)(FYPCF_QUIET | flags), .diag = diag};
	*ret = load(&cfg, text.n ? text : slice_of("\n"));
	void *iterator = NULL;
	struct fy_diag_error *first = *ret ? NULL : fy_diag_errors_iterate(diag, &iterator);
	struct error *error = first ? error_new(ERROR_INVALID, "%s:%d:%d: %s", name, first->line + line_offset,
						first->column, first->msg)
				    : NULL;
	fy_diag_destroy(diag);
	return error;
}

/* One document's text to a json_t; an empty one gives NULL without error. */
static struct error *one_document(struct slice text, const char *name, int line_offset, json_t *places, json_t **ret)
{
	*ret = NULL;
	if (!text.n)
		return NULL;
	TRY(yaml_check_text(text, name, line_offset, true));
	struct fy_document *document;
	struct error *error = yaml_parse(text, name, line_offset, 0, &document);
	if (!document) {
		bool empty = only_space_and_comments(text);
		if (empty)
			error_ignore(error);
		return empty   ? NULL
		       : error ? error
			       : error_new(ERROR_INVALID, "%s:%d: not YAML", name, line_offset + 1);
	}
	if (fy_document_root(document)) {
		struct build b = {.places = places, .line_offset = line_offset};
		*ret = build(&b, fy_document_root(document), "");
		if (!*ret)
			error = error_new(ERROR_INVALID, "%s:%d:%d: %s", name, b.wrong_line, b.wrong_column, b.wrong);
	}
	fy_document_destroy(document);
	return error;
}

/* An element of a list stands where the list's key does. */
static void locate(void *context, const char *path, struct buf *out)
{
	char *at CLEANUP(mem_freep) = mem_strdup(path);
	const char *place = json_string_value(json_object_get(context, at));
	for (char *cut; !place && (cut = strrchr(at, '[')) && cut[strlen(cut) - 1] == ']';) {
		*cut = '\0';
		place = json_string_value(json_object_get(context, at));
	}
	if (place)
		buf_puts(out, place);
}

struct error *yaml_decode(struct slice text, const char *name, const struct model *model, void *object,
			  struct arena *arena, json_t **ret_places)
{
	json_t *document DOCUMENT_CLEANUP = NULL;
	json_t *places DOCUMENT_CLEANUP = json_object();
	if (text.n > MAX_BYTES)
		return error_new(ERROR_INVALID, "%s: larger than 64 MiB", name);
	TRY(one_document(text, name, 0, places, &document));
	struct document_reader reader = {
		.name = name, .strict = true, .arena = arena, .locate = locate, .context = places};
	if (!document || json_is_null(document))
		memset(object, 0, model->size);
	else
		TRY(document_read(&reader, document, model, object));
	if (ret_places)
		*ret_places = TAKE(places);
	return NULL;
}

struct error *yaml_document_placed(struct slice text, const char *name, json_t **ret, json_t **ret_places)
{
	json_t *places DOCUMENT_CLEANUP = json_object();
	*ret = *ret_places = NULL;
	if (text.n > MAX_BYTES)
		return error_new(ERROR_INVALID, "%s: larger than 64 MiB", name);
	TRY(one_document(text, name, 0, places, ret));
	*ret_places = TAKE(places);
	return NULL;
}

/* Is there a document's start ("---") at the beginning of this line? */
static bool is_marker(const char *line, const char *end)
{
	return end - line >= 3 && !memcmp(line, "---", 3) && (end - line == 3 || strchr(" \t\r\n", line[3]));
}

static bool only_space_and_comments(struct slice text)
{
	for (const char *p = text.p, *end = text.p + text.n; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
		while (p < stop && strchr(" \t\r", *p))
			p++;
		if (p < stop && *p != '#' && !is_marker(p, stop))
			return false;
		p = newline ? newline + 1 : end;
	}
	return true;
}

struct error *yaml_documents(struct slice text, const char *name, yaml_document_fn *fn, void *context)
{
	if (text.n > MAX_BYTES)
		return error_new(ERROR_INVALID, "%s: larger than 64 MiB", name);
	const char *end = text.p + text.n, *from = text.p;
	int line = 0, from_line = 0;
	size_t index = 0;
	bool go_on = true;
	for (const char *p = text.p; go_on && from < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *next = newline ? newline + 1 : end;
		line++;
		if (next < end && !is_marker(next, end)) {
			p = next;
			continue;
		}
		struct slice part = slice_make(from, (size_t)(next - from));
		if (!only_space_and_comments(part)) {
			json_t *document DOCUMENT_CLEANUP = NULL;
			struct error *error ERROR_CLEANUP = one_document(part, name, from_line, NULL, &document);
			go_on = fn(context, document, index++, from_line + 1 + is_marker(from, end), error);
		}
		from = p = next;
		from_line = line;
	}
	return NULL;
}
