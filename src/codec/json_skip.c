/* A subtree is skipped by bit masks: where quotes, backslashes and brackets are in 64 bytes, which of them lie in
 * strings (prefix-xor of the quotes), and how many brackets open and close; single brackets are looked at only in the
 * block in which the depth may reach zero. */
#include "codec/json_skip.h"

#include <stdint.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
/* Half the instructions where the machine has them; every x86-64 has the others. */
#define WIDE __attribute__((target("avx2,popcnt")))
#endif

struct masks {
	uint64_t quote, backslash, open, close;
};

#ifdef __x86_64__
static inline uint64_t equal16(__m128i bytes, char c)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
}

static inline struct masks masks_of(const char *p)
{
	struct masks m = {0};
	for (unsigned i = 0; i < 4; i++) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		__m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20)); /* '[' and '{', ']' and '}' fall together */
		m.quote |= equal16(bytes, '"') << 16 * i;
		m.backslash |= equal16(bytes, '\\') << 16 * i;
		m.open |= equal16(folded, '{') << 16 * i;
		m.close |= equal16(folded, '}') << 16 * i;
	}
	return m;
}

WIDE static inline uint64_t equal32(__m256i bytes, char c)
{
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c)));
}

WIDE static inline struct masks wide_masks_of(const char *p)
{
	struct masks m = {0};
	for (unsigned i = 0; i < 2; i++) {
		__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		__m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
		m.quote |= equal32(bytes, '"') << 32 * i;
		m.backslash |= equal32(bytes, '\\') << 32 * i;
		m.open |= equal32(folded, '{') << 32 * i;
		m.close |= equal32(folded, '}') << 32 * i;
	}
	return m;
}
#else
static inline struct masks masks_of(const char *p)
{
	struct masks m = {0};
	for (unsigned i = 0; i < 64; i++) {
		char c = p[i];
		m.quote |= (uint64_t)(c == '"') << i;
		m.backslash |= (uint64_t)(c == '\\') << i;
		m.open |= (uint64_t)(c == '{' || c == '[') << i;
		m.close |= (uint64_t)(c == '}' || c == ']') << i;
	}
	return m;
}
#endif

static inline uint64_t prefix_xor(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	return x ^ x << 32;
}

/* Which bytes stand behind an odd run of backslashes; `carry` crosses blocks. */
static inline uint64_t escaped_by(uint64_t backslash, uint64_t *carry)
{
	const uint64_t even = 0x5555555555555555;
	if (!backslash && !*carry)
		return 0;
	backslash &= ~*carry;
	uint64_t follows = backslash << 1 | *carry, sequences;
	uint64_t odd_starts = backslash & ~even & ~follows;
	*carry = __builtin_add_overflow(odd_starts, backslash, &sequences);
	return (even ^ sequences << 1) & follows;
}

/* Walks the brackets of one block; gives the bit of the one that closes the container, or 64. */
static unsigned closing_bit(uint64_t open, uint64_t close, unsigned *depth)
{
	for (uint64_t both = open | close; both; both &= both - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(both);
		if (open >> bit & 1)
			(*depth)++;
		else if (--*depth == 0)
			return bit;
	}
	return 64;
}

static inline __attribute__((always_inline)) const char *skip(const char *p, const char *end, unsigned max_depth,
							      bool *ret_too_deep, struct masks (*look)(const char *))
{
	uint64_t in_string = 0, carry = 0;
	unsigned depth = 1;
	char tail[64];
	while (p < end) {
		const char *block = p;
		if (end - p < 64) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, (size_t)(end - p));
			block = tail;
		}
		struct masks m = look(block);
		uint64_t inside = prefix_xor(m.quote & ~escaped_by(m.backslash, &carry)) ^ in_string;
		in_string = (uint64_t)((int64_t)inside >> 63);
		uint64_t open = m.open & ~inside, close = m.close & ~inside;
		if (open | close) {
			unsigned closes = (unsigned)__builtin_popcountll(close);
			if (closes < depth) {
				depth += (unsigned)__builtin_popcountll(open) - closes;
			} else {
				unsigned bit = closing_bit(open, close, &depth);
				if (bit < 64)
					return p + bit + 1;
			}
			if (depth > max_depth) {
				*ret_too_deep = true;
				return NULL;
			}
		}
		p += 64;
	}
	return NULL;
}

#ifdef __x86_64__
WIDE static const char *skip_wide(const char *p, const char *end, unsigned max_depth, bool *ret_too_deep)
{
	return skip(p, end, max_depth, ret_too_deep, wide_masks_of);
}
#endif

const char *json_skip_container(const char *p, const char *end, unsigned max_depth, bool *ret_too_deep)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt"))
		return skip_wide(p, end, max_depth, ret_too_deep);
#endif
	return skip(p, end, max_depth, ret_too_deep, masks_of);
}
