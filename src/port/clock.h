/* The clock port: wall time, monotonic time, and sleeping. In the simulator, to sleep is to let virtual time pass. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct clock;
struct clock_ops {
	int64_t (*wall_ms)(struct clock *clock);
	int64_t (*mono_ms)(struct clock *clock);
	/* Returns at `mono_ms` or earlier (signal, wake). */
	void (*sleep_until)(struct clock *clock, int64_t mono_ms);
	void (*free)(struct clock *clock);
};
struct clock {
	const struct clock_ops *ops;
};

static inline int64_t clock_wall_ms(struct clock *clock)
{
	return clock->ops->wall_ms(clock);
}
static inline int64_t clock_mono_ms(struct clock *clock)
{
	return clock->ops->mono_ms(clock);
}
static inline void clock_sleep_until(struct clock *clock, int64_t mono_ms)
{
	clock->ops->sleep_until(clock, mono_ms);
}
static inline void clock_sleep(struct clock *clock, int64_t ms)
{
	clock_sleep_until(clock, clock_mono_ms(clock) + ms);
}
void clock_free(struct clock *clock);

/* clock_gettime and ppoll. `interrupted` (may be NULL) non-zero makes sleeps return at once. */
struct clock *clock_real_new(volatile const int *interrupted);

struct http;
/* Follows the clock of a running simulator door: GET {url} answers {"now_ms": N, "speed": S}. With speed 0 time stands
 * still there, and sleeping is POST {url}?until_ms=N. Wall and monotonic time are the door's. */
struct error *clock_remote_new(struct http *http, const char *url, volatile const int *interrupted,
			       struct clock **ret_clock) MUST_CHECK;
