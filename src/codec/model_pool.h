/* A place for very many decoded objects that are much alike, as a cluster's pods are: copies go into one arena, and
 * what is equal is there once. Texts first, then the lists and structs made of them: the containers of a thousand
 * replicas are one array. What the pool gives is shared: never change it. */
#pragma once

#include "codec/model.h"

struct model_pool;
struct model_pool *model_pool_new(void);
void model_pool_free(struct model_pool *pool);
void model_pool_freep(struct model_pool **pool);
struct arena *model_pool_arena(struct model_pool *pool); /* where everything lives */

const char *model_pool_text(struct model_pool *pool, const char *text); /* NULL stays NULL */
/* Makes `object` (decoded by `model` into some other arena) independent of where it was decoded: each pointer in it is
 * replaced by one into the pool. The object itself stays where it is, what it pointed to stays as it was. `like` may be
 * one settled before that is probably much alike (the one that came before it), or NULL: what is equal to its is not
 * looked for. Bit i of `same` is set where it is known that the struct's bytes 8i to 8i+7, and all that they point to,
 * are equal to `like`'s. */
void model_pool_settle(struct model_pool *pool, const struct model *model, void *object, const void *like,
		       uint64_t same);
/* Gives back what it takes to find equals: from now on everything is copied. */
void model_pool_seal(struct model_pool *pool);
/* The pool's one copy of such an object, settled. */
const void *model_pool_share(struct model_pool *pool, const struct model *model, void *object);
