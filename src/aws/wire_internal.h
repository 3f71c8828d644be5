/* Between the parts of the wire codec. Values are documents with the model's member names; each part turns them into
 * the bytes of one form and back. `path` is for messages. */
#pragma once

#include <jansson.h>
#include "aws/tables.h"
#include "aws/wire.h"
#include "codec/xml.h"

/* Where a value stands: a chain on the stack, put into words only when something is wrong. NULL: at the top. */
struct aws_path {
	const struct aws_path *above;
	const char *name; /* of a member or a map's key; NULL: an element */
	size_t index;
};
struct error *aws_wrong_at(const struct aws_path *path, const struct aws_shape *shape) MUST_CHECK;
struct error *aws_unknown_at(const struct aws_path *path, const struct aws_shape *shape, const char *key) MUST_CHECK;

/* JSON bodies. Writing is strict (unknown members and wrong types are INVALID), reading is lenient. */
struct error *aws_json_write(const struct aws_shape *shape, const json_t *value, const struct aws_path *path,
			     bool renames, struct buf *out) MUST_CHECK;
json_t *aws_json_read(const struct aws_shape *shape, const json_t *wire, bool renames);
/* The same from the bytes, of a structure. */
struct error *aws_json_read_answer(const struct aws_shape *shape, struct slice text, bool renames,
				   json_t **ret) MUST_CHECK;

/* XML elements: of a structure's members into `out`; back from a node's children. */
struct error *aws_xml_write(const struct aws_shape *shape, const json_t *value, const struct aws_path *path, bool ec2,
			    struct buf *out) MUST_CHECK;
json_t *aws_xml_read(const struct aws_shape *shape, const struct xml_node *node, bool ec2);

/* Forms (query and ec2). */
struct error *aws_form_write(const struct aws_shape *shape, const json_t *value, bool ec2, struct buf *out) MUST_CHECK;
json_t *aws_form_read(const struct aws_shape *shape, struct slice form, bool ec2);

/* What is wrong with a value, or with a member's name (with the nearest right one). */
struct error *aws_wrong_type(const char *path, const struct aws_shape *shape) MUST_CHECK;
struct error *aws_unknown_member(const char *path, const struct aws_shape *shape, const char *key) MUST_CHECK;

/* The one member that is a REST body by itself; or NULL. */
const struct aws_member *aws_payload_of(const struct aws_shape *shape);

/* Scalars as text: strings are the value's own, others are written into `out`. NULL: wrong type. */
enum { AWS_SCALAR_TEXT = 64 };
const char *aws_scalar_text(const struct aws_shape *shape, enum aws_time time, const json_t *value,
			    char out[AWS_SCALAR_TEXT]);
json_t *aws_scalar_read(const struct aws_shape *shape, enum aws_time time, const char *text);
json_t *aws_header_read(const struct aws_member *member, const char *text);
enum aws_time aws_time_of(const struct aws_member *member, const struct aws_shape *shape, enum aws_time otherwise);
json_t *aws_blob_from_bytes(struct slice bytes);
bool aws_blob_to_bytes(const json_t *value, struct buf *out);

/* "a=b&c" to {"a": "b", "c": ""}; later ones of one name make a list. */
json_t *aws_query_parse(struct slice query);
