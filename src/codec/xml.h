/* XML: what is plainly written is read by ourselves, the rest by libxml2, loaded on first use (its shared library costs
 * a millisecond at start-up). No entities are expanded, no network, depth and size bounded. A document becomes a small
 * tree in an arena; attributes, which no answer of AWS has anything in, are passed over. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

struct xml_node {
	const char *name;	   /* local name, without namespace */
	const char *text;	   /* of its direct text children joined; "" when none */
	struct xml_node *children; /* elements only; n_children of them, linked by `next` */
	struct xml_node *next;
	size_t n_children;
};

struct error *xml_parse(struct slice text, const char *name, struct arena *arena,
			struct xml_node **ret_root) MUST_CHECK;
const struct xml_node *xml_child(const struct xml_node *node, const char *name); /* first of that name, or NULL */
bool xml_escape(struct slice text, struct buf *out);
