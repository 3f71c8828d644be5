/* The random port: bytes. Everything random in the agent (jitter, ids) comes through here, so a seed replays a run. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random;
struct random_ops {
	void (*bytes)(struct random *random, void *out, size_t n);
	void (*free)(struct random *random);
};
struct random {
	const struct random_ops *ops;
};

static inline void random_bytes(struct random *random, void *out, size_t n)
{
	random->ops->bytes(random, out, n);
}
double random_unit(struct random *random);		      /* [0, 1) */
uint64_t random_below(struct random *random, uint64_t limit); /* [0, limit) without bias; limit > 0 */
void random_free(struct random *random);

struct random *random_real_new(void);		 /* getrandom */
struct random *random_seeded_new(uint64_t seed); /* xoshiro256**, for simulation and tests */
