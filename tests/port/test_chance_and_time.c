/* Randomness that replays, and the machine's clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/time.h"
#include "port/clock.h"
#include "port/random.h"

static void a_seed_replays(void **state)
{
	(void)state;
	struct random *one = random_seeded_new(42), *two = random_seeded_new(42), *other = random_seeded_new(43);
	uint8_t a[37], b[37], c[37];
	for (int i = 0; i < 100; i++) {
		random_bytes(one, a, sizeof a);
		random_bytes(two, b, sizeof b);
		random_bytes(other, c, sizeof c);
		assert_memory_equal(a, b, sizeof a);
		assert_memory_not_equal(a, c, sizeof a);
	}
	random_free(one);
	random_free(two);
	random_free(other);
}

/* The generator's reference code, seeded by splitmix64 from 0, begins with these. */
static void the_generator_is_the_published_one(void **state)
{
	(void)state;
	static const uint64_t published[] = {0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0};
	struct random *random = random_seeded_new(0);
	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		uint64_t bits;
		random_bytes(random, &bits, sizeof bits);
		assert_int_equal(bits, published[i]);
	}
	random_free(random);
}

static void numbers_stay_in_range_and_spread(void **state)
{
	(void)state;
	struct random *random = random_seeded_new(7);
	unsigned counts[6] = {0};
	double sum = 0;
	for (int i = 0; i < 60000; i++) {
		uint64_t face = random_below(random, 6);
		double unit = random_unit(random);
		assert_true(face < 6);
		assert_true(unit >= 0 && unit < 1);
		counts[face]++;
		sum += unit;
	}
	for (int i = 0; i < 6; i++)
		assert_in_range(counts[i], 9600, 10400);
	assert_true(sum > 29500 && sum < 30500);
	for (int i = 0; i < 100; i++)
		assert_int_equal(random_below(random, 1), 0);
	for (int i = 0; i < 100; i++) /* half of all draws must be refused here */
		assert_true(random_below(random, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
	random_free(random);
}

static void the_kernels_bytes_differ(void **state)
{
	(void)state;
	struct random *random = random_real_new();
	uint8_t a[1000] = {0}, b[1000] = {0};
	random_bytes(random, a, sizeof a);
	random_bytes(random, b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	random_free(random);
}

static void the_machines_clock_goes_on(void **state)
{
	(void)state;
	struct clock *clock = clock_real_new(NULL);
	int64_t wall_ms = clock_wall_ms(clock), mono_ms = clock_mono_ms(clock);
	assert_true(llabs(wall_ms - (int64_t)time(NULL) * SECOND_MS) < 2 * SECOND_MS);
	clock_sleep(clock, 30);
	assert_true(clock_mono_ms(clock) - mono_ms >= 30);
	assert_true(clock_mono_ms(clock) - mono_ms < 5000);
	mono_ms = clock_mono_ms(clock);
	clock_sleep_until(clock, mono_ms - 1000);
	clock_sleep(clock, 0);
	assert_true(clock_mono_ms(clock) - mono_ms < 1000);
	clock_free(clock);
}

static void an_interrupted_sleep_ends_at_once(void **state)
{
	(void)state;
	volatile int interrupted = 1;
	struct clock *clock = clock_real_new(&interrupted);
	int64_t mono_ms = clock_mono_ms(clock);
	clock_sleep(clock, HOUR_MS);
	assert_true(clock_mono_ms(clock) - mono_ms < 1000);
	clock_free(clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_replays),
		cmocka_unit_test(the_generator_is_the_published_one),
		cmocka_unit_test(numbers_stay_in_range_and_spread),
		cmocka_unit_test(the_kernels_bytes_differ),
		cmocka_unit_test(the_machines_clock_goes_on),
		cmocka_unit_test(an_interrupted_sleep_ends_at_once),
	};
	return cmocka_run_group_tests_name("chance and time", tests, NULL, NULL);
}
