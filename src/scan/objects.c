/* Events of one document to the Kubernetes objects within it: which map is one, its words and where they stand. A map
 * is an object when it has an apiVersion and a kind, and stands where objects do (a document's root, a list's items) or
 * has metadata: a reference to an object (scaleTargetRef, ownerReferences) has not. */
#include <string.h>
#include "scan/scan_internal.h"

#define IS(slice, word) ((slice).n == sizeof(word) - 1 && !memcmp((slice).p, word, sizeof(word) - 1))

void scan_objects_reset(struct scan *scan)
{
	scan->depth = scan->too_deep = 0;
	scan->unread = false;
	scan->n_objects = scan->n_scopes = 0;
	scan->scope = -1;
}

static struct scan_object *object_of(struct scan *scan, struct scan_frame *frame)
{
	if (!frame->object) {
		if (scan->n_objects == scan->max_objects) {
			scan->max_objects = scan->max_objects ? scan->max_objects * 2 : 16;
			scan->objects = mem_resize(scan->objects, (size_t)scan->max_objects, sizeof *scan->objects);
		}
		frame->object = ++scan->n_objects;
		struct scan_object *object = &scan->objects[frame->object - 1];
		object->n_api = object->n_kind = 0;
		object->name = object->ns = (struct scan_spot){{NULL, 0}, 0};
		object->has_metadata = object->place = object->generated = false;
		object->scope = -1;
	}
	return &scan->objects[frame->object - 1];
}

/* A place of objects: facts about fields are gathered for it until it is closed. */
static void begin_place(struct scan *scan, struct scan_frame *frame)
{
	struct scan_object *object = object_of(scan, frame);
	object->place = true;
	frame->node = SCAN_TRIE_ROOT;
	if (scan->n_scopes < SCAN_SCOPES) {
		object->scope = scan->scope = scan->n_scopes++;
		scan->scopes[scan->scope].seen = 0;
	} else {
		frame->node = SCAN_TRIE_NONE;
	}
}

static void on_open(void *context, bool list, size_t at)
{
	struct scan *scan = context;
	if (scan->depth == SCAN_DEPTH) {
		scan->too_deep++;
		return;
	}
	struct scan_frame *frame = &scan->frames[scan->depth];
	struct scan_frame *parent = scan->depth ? &scan->frames[scan->depth - 1] : NULL;
	scan->depth++;
	frame->list = list;
	frame->object = 0;
	frame->metadata = frame->items = false;
	frame->node = SCAN_TRIE_NONE;
	frame->key_node = SCAN_TRIE_NONE;
	if (!parent) {
		frame->items = list;
		if (!list)
			begin_place(scan, frame);
		return;
	}
	if (parent->list) {
		if (parent->items && !list)
			begin_place(scan, frame);
		else if (parent->node)
			frame->node = scan_trie_next(scan->trie, parent->node, slice_make("", 0), true);
	} else {
		frame->node = parent->key_node;
		if (list) {
			frame->items =
				IS(parent->key, "items") && parent->object && scan->objects[parent->object - 1].place;
		} else if (IS(parent->key, "metadata")) {
			frame->metadata = true;
			object_of(scan, parent)->has_metadata = true;
		}
	}
	if (frame->node)
		scan_trie_opened(scan, frame->node, list, at);
}

static void on_close(void *context)
{
	struct scan *scan = context;
	if (scan->too_deep) {
		scan->too_deep--;
		return;
	}
	struct scan_frame *frame = &scan->frames[--scan->depth];
	if (!frame->object)
		return;
	struct scan_object *object = &scan->objects[frame->object - 1];
	if (object->n_api && object->n_kind && (object->place || object->has_metadata)) {
		scan_object_done(scan, object);
		if (object->scope >= 0 && scan->scopes[object->scope].seen)
			scan_fields_done(scan, object, &scan->scopes[object->scope]);
	}
	if (object->scope >= 0) {
		scan->n_scopes--;
		scan->scope = scan->n_scopes - 1;
	}
	scan->n_objects = frame->object - 1; /* those of inner maps are done */
}

static void on_key(void *context, struct slice text, size_t at)
{
	struct scan *scan = context;
	if (scan->too_deep || !scan->depth)
		return;
	struct scan_frame *frame = &scan->frames[scan->depth - 1];
	frame->key = text;
	frame->key_at = at;
	frame->key_node = frame->node ? scan_trie_next(scan->trie, frame->node, text, false) : SCAN_TRIE_NONE;
}

static void add(struct scan_spot *spots, unsigned *n, struct slice text, size_t at)
{
	if (*n < SCAN_ALTERNATIVES)
		spots[(*n)++] = (struct scan_spot){text, at};
}

/* A value that needs no decoding as it stands; else a copy in the arena. */
static struct slice decoded(struct scan *scan, struct slice text, enum yaml_style style)
{
	if (style == YAML_BLOCK) {
		scan->unread |= text.n == 0;
		while (text.n && text.p[text.n - 1] == '\n')
			text.n--;
		style = YAML_DECODED;
	}
	struct slice value = yaml_scalar_value(text, style, &scan->word);
	if (value.p == text.p && style != YAML_DECODED)
		return value;
	return slice_make(arena_strndup(scan->arena, value.p ? value.p : "", value.n < 4096 ? value.n : 4096),
			  value.n < 4096 ? value.n : 4096);
}

static void on_scalar(void *context, struct slice text, enum yaml_style style, size_t at)
{
	struct scan *scan = context;
	if (scan->too_deep || !scan->depth)
		return;
	struct scan_frame *frame = &scan->frames[scan->depth - 1];
	uint16_t node = frame->key_node;
	if (frame->list)
		node = frame->node ? scan_trie_next(scan->trie, frame->node, slice_make("", 0), true) : SCAN_TRIE_NONE;
	if (node)
		scan_trie_scalar(scan, node, yaml_scalar_value(text, style, &scan->word), at);
	if (frame->list)
		return;
	struct slice key = frame->key;
	if (IS(key, "kind")) {
		struct scan_object *object = object_of(scan, frame);
		add(object->kind, &object->n_kind, decoded(scan, text, style), at);
	} else if (IS(key, "apiVersion")) {
		struct scan_object *object = object_of(scan, frame);
		add(object->api, &object->n_api, decoded(scan, text, style), at);
	} else if (frame->metadata && (IS(key, "name") || IS(key, "generateName"))) {
		struct scan_object *object = object_of(scan, frame - 1);
		if (!object->name.text.n || object->generated) { /* a name that was given says more */
			object->name = (struct scan_spot){decoded(scan, text, style), at};
			object->generated = IS(key, "generateName");
		}
	} else if (frame->metadata && IS(key, "namespace")) {
		object_of(scan, frame - 1)->ns = (struct scan_spot){decoded(scan, text, style), at};
	}
}

const struct yaml_events scan_object_events = {on_open, on_close, on_key, on_scalar};
