/* Everything that an operation listed, over all the answers to it:
 *
 *	EACH_AWS (inventory, "describe_subnets", "Subnets", subnet)
 *		… document_text(subnet, "SubnetId") …
 *
 * `break` leaves the whole. */
#pragma once

#include "perception/inventory.h"

struct aws_items {
	const json_t *calls, *list;
	const char *path;
	size_t call, at;
};
/* NULL: no more. */
const json_t *inventory_aws_next(struct aws_items *items);

#define EACH_AWS(inventory, snake_name, member, item)                                                                  \
	for (struct aws_items item##_items = {.calls = inventory_aws_calls(inventory, snake_name),                     \
					     .path = "response." member};                                              \
	     item##_items.calls; item##_items.calls = NULL)                                                            \
		for (const json_t *item; (item = inventory_aws_next(&item##_items));)
