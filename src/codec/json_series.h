/* Objects of one kind come by the thousand, one much like the other: replicas of a workload, nodes of a group. The next
 * one is read by comparing its bytes with those of the one before, and only the values that differ are decoded. */
#pragma once

#include "codec/json_decode.h"

struct json_series;
/* With `compare` false each object is decoded by itself. */
struct json_series *json_series_new(const struct model *model, bool compare);
void json_series_free(struct json_series *series);

/* The object at c->p. False with c->state set as json_members() does; the cursor may then stand anywhere. *ret_object
 * is the caller's to change until the next call; what it points to lives in *ret_arena, may be changed in place, and is
 * what the next object is made of where it is alike. *ret_changed: bit i stands for the struct's bytes 8i to 8i+7:
 * clear where they, and all that they point to, are as in the object before. */
bool json_series_next(struct json_series *series, struct json_cursor *c, void **ret_object, struct arena **ret_arena,
		      uint64_t *ret_changed);
/* The bytes that were read are about to go, or to be written over. */
void json_series_keep(struct json_series *series);
