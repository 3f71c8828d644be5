/* Names in forms, as both directions walk them: "Filter", then "Filter.member", then "Filter.member.1". */
#pragma once

#include "aws/tables.h"
#include "base/buf.h"

void aws_form_cut(struct buf *name, size_t n);
void aws_form_push(struct buf *name, const char *part);
void aws_form_push_number(struct buf *name, size_t number);
void aws_form_push_member(struct buf *name, const struct aws_member *member, bool ec2);
/* From a list's name to what stands before its elements' numbers: "Filter.member"; of a flat list its element's name
 * instead of its own. */
void aws_form_turn_to_elements(struct buf *name, const struct aws_member *member, const struct aws_shape *shape,
			       bool ec2);
