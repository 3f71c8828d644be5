/* Randomness: the kernel's, or xoshiro256** from a seed for runs that must replay. */
#include "port/random.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/mem.h"

double random_unit(struct random *random)
{
	uint64_t bits;
	random_bytes(random, &bits, sizeof bits);
	return (double)(bits >> 11) * 0x1p-53;
}

uint64_t random_below(struct random *random, uint64_t limit)
{
	uint64_t bits, reject = -limit % limit; /* values below this would favour small answers */
	do
		random_bytes(random, &bits, sizeof bits);
	while (bits < reject);
	return bits % limit;
}

void random_free(struct random *random)
{
	if (random)
		random->ops->free(random);
}

static void real_bytes(struct random *random, void *out, size_t n)
{
	(void)random;
	for (size_t got = 0; got < n;) {
		ssize_t more = getrandom((char *)out + got, n - got, 0);
		if (more > 0)
			got += (size_t)more;
	}
}

static void plain_free(struct random *random)
{
	free(random);
}

struct random *random_real_new(void)
{
	static const struct random_ops ops = {real_bytes, plain_free};
	struct random *random = mem_alloc(sizeof *random);
	random->ops = &ops;
	return random;
}

struct seeded {
	struct random random;
	uint64_t state[4];
};

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static uint64_t next(uint64_t s[4])
{
	uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

static void seeded_bytes(struct random *random, void *out, size_t n)
{
	struct seeded *seeded = (struct seeded *)random;
	for (size_t got = 0; got < n; got += 8) {
		uint64_t bits = next(seeded->state);
		memcpy((char *)out + got, &bits, n - got < 8 ? n - got : 8);
	}
}

struct random *random_seeded_new(uint64_t seed)
{
	static const struct random_ops ops = {seeded_bytes, plain_free};
	struct seeded *seeded = mem_alloc(sizeof *seeded);
	seeded->random.ops = &ops;
	for (int i = 0; i < 4; i++) { /* splitmix64 spreads the seed */
		uint64_t z = seed += 0x9E3779B97F4A7C15;
		z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
		z = (z ^ z >> 27) * 0x94D049BB133111EB;
		seeded->state[i] = z ^ z >> 31;
	}
	return &seeded->random;
}
