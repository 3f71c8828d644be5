/* YAML of any shape as events, by libfyaml: aliases are followed within a budget, merge keys are merged. */
#include "codec/yaml_events.h"

#include <libfyaml.h>
#include <string.h>
#include "codec/yaml_internal.h"

enum { MAX_DEPTH = 100, MAX_NODES = 4000000, MAX_ALIASED = 100000, MAX_BYTES = 16 << 20 };

/* A mapping into which others are merged: what it says itself wins. */
struct over {
	const struct over *next;
	struct fy_node *node;
	size_t n;
};
struct walk {
	const struct yaml_events *events;
	void *context;
	unsigned depth;
	size_t nodes, aliased;
	bool in_alias;
	const char *wrong;
	size_t wrong_at;
};

static size_t place_of(struct fy_node *node)
{
	for (unsigned depth = 0; node && depth < MAX_DEPTH; depth++) {
		if (fy_node_is_scalar(node) || fy_node_is_alias(node)) {
			struct fy_token *token = fy_node_get_scalar_token(node);
			const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
			return mark ? mark->input_pos : 0;
		}
		void *iterator = NULL;
		if (fy_node_is_mapping(node)) {
			struct fy_node_pair *pair = fy_node_mapping_iterate(node, &iterator);
			node = pair ? fy_node_pair_key(pair) : NULL;
		} else {
			node = fy_node_sequence_iterate(node, &iterator);
		}
	}
	return 0;
}

static void refuse(struct walk *walk, struct fy_node *node, const char *wrong)
{
	if (!walk->wrong) {
		walk->wrong = wrong;
		walk->wrong_at = place_of(node);
	}
}

static void visit(struct walk *walk, struct fy_node *node);

static struct fy_node *resolved(struct fy_node *node)
{
	for (unsigned hops = 0; node && fy_node_is_alias(node) && hops < MAX_DEPTH; hops++)
		node = yaml_anchored(node);
	return node && fy_node_is_alias(node) ? NULL : node;
}

static void members(struct walk *walk, struct fy_node *node, const struct over *over);
static void merge(struct walk *walk, struct fy_node *value, const struct over *over);

/* Of several, what the earlier ones say wins. */
static void merge_each(struct walk *walk, struct fy_node *list, void **iterator, const struct over *over)
{
	struct fy_node *item = fy_node_sequence_iterate(list, iterator), *node = item ? resolved(item) : NULL;
	if (!item || walk->wrong)
		return;
	if (++walk->depth > MAX_DEPTH)
		refuse(walk, item, "nested too deeply");
	merge(walk, item, over);
	bool map = node && fy_node_is_mapping(node);
	struct over before = {over, node, map ? (size_t)fy_node_mapping_item_count(node) : 0};
	merge_each(walk, list, iterator, map ? &before : over);
	walk->depth--;
}

/* "<<": the members of another mapping, or of several, but those that stand there already. */
static void merge(struct walk *walk, struct fy_node *value, const struct over *over)
{
	struct fy_node *node = resolved(value);
	void *iterator = NULL;
	bool outer = walk->in_alias;
	walk->in_alias = true;
	if (++walk->depth > MAX_DEPTH)
		refuse(walk, value, "nested too deeply");
	else if (node && fy_node_is_mapping(node))
		members(walk, node, over);
	else if (node && fy_node_is_sequence(node))
		merge_each(walk, node, &iterator, over);
	walk->depth--;
	walk->in_alias = outer;
}

/* Is said by a mapping that wins. Searching costs as many steps as that mapping has members. */
static bool is_over(struct walk *walk, const struct over *over, const char *text, size_t n)
{
	for (; over; over = over->next) {
		walk->nodes += over->n / 8;
		if (fy_node_mapping_lookup_by_string(over->node, text, n))
			return true;
	}
	return false;
}

static void members(struct walk *walk, struct fy_node *node, const struct over *over)
{
	void *iterator = NULL;
	struct fy_node_pair *pair;
	struct over here = {over, node, 0};
	while (!walk->wrong && (pair = fy_node_mapping_iterate(node, &iterator))) {
		struct fy_node *key = resolved(fy_node_pair_key(pair)), *value = fy_node_pair_value(pair);
		size_t n = 0;
		const char *text = key && fy_node_is_scalar(key) ? fy_node_get_scalar(key, &n) : NULL;
		if (text && n == 2 && !memcmp(text, "<<", 2) && value) {
			here.n = here.n ? here.n : (size_t)fy_node_mapping_item_count(node);
			merge(walk, value, &here);
			continue;
		}
		if (over && text && is_over(walk, over, text, n)) {
			walk->nodes++;
			if (walk->nodes > MAX_NODES)
				refuse(walk, node, "too many values");
			continue;
		}
		/* A key that is no word ({a: b}: c) is told as an empty one: no rule asks for it. */
		walk->events->key(walk->context, slice_make(text ? text : "", n), key ? place_of(key) : 0);
		if (value)
			visit(walk, value);
		else
			walk->events->scalar(walk->context, slice_make("", 0), YAML_PLAIN, 0);
	}
}

static void scalar(struct walk *walk, struct fy_node *node)
{
	size_t n = 0;
	const char *text = fy_node_get_scalar(node, &n);
	enum fy_node_style style = fy_node_get_style(node);
	bool block = style == FYNS_LITERAL || style == FYNS_FOLDED;
	/* A plain one of several lines is folded already. */
	walk->events->scalar(walk->context, slice_make(text ? text : "", text ? n : 0),
			     block						       ? YAML_BLOCK
			     : style == FYNS_PLAIN && !(text && memchr(text, '\n', n)) ? YAML_PLAIN
										       : YAML_DECODED,
			     place_of(node));
}

static void visit(struct walk *walk, struct fy_node *node)
{
	if (++walk->nodes > MAX_NODES || (walk->in_alias && ++walk->aliased > MAX_ALIASED)) {
		refuse(walk, node, walk->in_alias ? "aliases that grow without bound" : "too many values");
		return;
	}
	if (++walk->depth > MAX_DEPTH) {
		refuse(walk, node, "nested too deeply");
		return;
	}
	if (fy_node_is_alias(node)) {
		struct fy_node *target = resolved(node);
		bool outer = walk->in_alias;
		walk->in_alias = true;
		if (target)
			visit(walk, target);
		else
			refuse(walk, node, "an alias without its anchor");
		walk->in_alias = outer;
	} else if (fy_node_is_mapping(node)) {
		walk->events->open(walk->context, false, place_of(node));
		members(walk, node, NULL);
		walk->events->close(walk->context);
	} else if (fy_node_is_sequence(node)) {
		void *iterator = NULL;
		struct fy_node *item;
		walk->events->open(walk->context, true, place_of(node));
		while (!walk->wrong && (item = fy_node_sequence_iterate(node, &iterator)))
			visit(walk, item);
		walk->events->close(walk->context);
	} else {
		scalar(walk, node);
	}
	walk->depth--;
}

static struct error *refused(const struct walk *walk, struct slice text, const char *name, int line_offset)
{
	int line = line_offset + 1, column = 1;
	for (size_t i = 0; i < walk->wrong_at && i < text.n; i++) {
		column = text.p[i] == '\n' ? 1 : column + 1;
		line += text.p[i] == '\n';
	}
	return error_new(ERROR_INVALID, "%s:%d:%d: %s", name, line, column, walk->wrong);
}

struct error *yaml_walk(struct slice text, const char *name, int line_offset, const struct yaml_events *events,
			void *context)
{
	if (text.n > MAX_BYTES)
		return error_new(ERROR_INVALID, "%s:%d:1: a document of more than 16 MiB that is not plainly written",
				 name, line_offset + 1);
	TRY(yaml_check_text(text, name, line_offset, false));
	struct fy_document *document;
	TRY(yaml_parse(text, name, line_offset,
		       FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_SLOPPY_FLOW_INDENTATION | FYPCF_DISABLE_ACCELERATORS,
		       &document));
	struct error *error = NULL;
	struct fy_node *root = document ? fy_document_root(document) : NULL;
	if (root && !(fy_node_is_scalar(root) && fy_node_get_scalar_length(root) == 0)) {
		struct walk walk = {.events = events, .context = context};
		visit(&walk, root);
		if (walk.wrong)
			error = refused(&walk, text, name, line_offset);
	}
	fy_document_destroy(document);
	return error;
}
