/* The machine's clocks, and a clock that follows a simulator's door. */
#include "port/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "base/time.h"
#include "port/http.h"

void clock_free(struct clock *clock)
{
	if (clock)
		clock->ops->free(clock);
}

struct real_clock {
	struct clock clock;
	volatile const int *interrupted;
};

static int64_t read_clock(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static int64_t real_wall_ms(struct clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

static int64_t real_mono_ms(struct clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_BOOTTIME); /* goes on while the machine sleeps: deadlines are about the world */
}

/* In slices, so that a signal that came just before the wait is seen soon. */
static void machine_sleep(volatile const int *interrupted, int64_t until_ms)
{
	for (;;) {
		int64_t left = until_ms - read_clock(CLOCK_BOOTTIME);
		if (left <= 0 || (interrupted && *interrupted))
			return;
		if (poll(NULL, 0, left > 200 ? 200 : (int)left) < 0 && errno == EINTR)
			return;
	}
}

static void real_sleep_until(struct clock *clock, int64_t mono_ms)
{
	machine_sleep(((struct real_clock *)clock)->interrupted, mono_ms);
}

static void real_free(struct clock *clock)
{
	free(clock);
}

struct clock *clock_real_new(volatile const int *interrupted)
{
	static const struct clock_ops ops = {real_wall_ms, real_mono_ms, real_sleep_until, real_free};
	struct real_clock *real = mem_alloc(sizeof *real);
	real->clock.ops = &ops;
	real->interrupted = interrupted;
	return &real->clock;
}

/* The door's time is asked for at most each 50 ms of the machine's; in between it is carried on by its speed. */
struct remote_clock {
	struct clock clock;
	struct http *http;
	char *url;
	volatile const int *interrupted;
	int64_t door_ms, asked_at_ms;
	double speed;
	bool known;
};

enum { ASK_EVERY_MS = 50 };

static bool number_after(const char *text, const char *key, double *ret)
{
	const char *at = strstr(text, key);
	if (!at)
		return false;
	at += strlen(key);
	at += strspn(at, "\": ");
	char *end;
	double value = strtod(at, &end);
	if (end == at)
		return false;
	*ret = value;
	return true;
}

static struct error *ask_door(struct remote_clock *remote, const char *method, const char *url)
{
	struct http_exchange exchange = {
		.request = {.method = method, .url = url, .limits = {.deadline_ms = 5000, .max_body_bytes = 4096}}};
	http_perform(remote->http, &exchange, 1);
	struct error *error = TAKE(exchange.response.error);
	double now, speed;
	if (!error && exchange.response.status != 200)
		error = error_new(ERROR_INVALID, "the simulator's clock at \"%s\" answered %d", remote->url,
				  exchange.response.status);
	const char *text = buf_str(&exchange.response.body);
	if (!error && (!number_after(text, "now_ms", &now) || !number_after(text, "speed", &speed)))
		error = error_new(ERROR_INVALID, "the simulator's clock at \"%s\" answered nonsense", remote->url);
	if (!error) {
		int64_t door_ms = (int64_t)now;
		remote->door_ms =
			remote->known && door_ms < remote->door_ms ? remote->door_ms : door_ms; /* never backwards */
		remote->speed = speed;
		remote->asked_at_ms = read_clock(CLOCK_BOOTTIME);
		remote->known = true;
	}
	http_exchange_done(&exchange);
	return error;
}

static int64_t remote_now_ms(struct clock *clock)
{
	struct remote_clock *remote = (struct remote_clock *)clock;
	int64_t machine_ms = read_clock(CLOCK_BOOTTIME);
	if (machine_ms - remote->asked_at_ms > ASK_EVERY_MS)
		error_ignore(
			ask_door(remote, "GET", remote->url)); /* a door that is away: time goes on by its last speed */
	return remote->door_ms + (int64_t)((double)(read_clock(CLOCK_BOOTTIME) - remote->asked_at_ms) * remote->speed);
}

static void remote_sleep_until(struct clock *clock, int64_t until_ms)
{
	struct remote_clock *remote = (struct remote_clock *)clock;
	int64_t now_ms = remote_now_ms(clock);
	if (until_ms <= now_ms)
		return;
	if (remote->speed > 0) {
		double wait = (double)(until_ms - now_ms) / remote->speed;
		machine_sleep(remote->interrupted,
			      read_clock(CLOCK_BOOTTIME) + 1 + (int64_t)(wait > 3.6e6 ? 3.6e6 : wait));
		return;
	}
	char *url CLEANUP(mem_freep) = mem_printf("%s?until_ms=%lld", remote->url, (long long)until_ms);
	struct error *error = ask_door(remote, "POST", url);
	if (error) { /* the door is away: do not spin */
		error_free(error);
		machine_sleep(remote->interrupted, read_clock(CLOCK_BOOTTIME) + 500);
	}
}

static void remote_free(struct clock *clock)
{
	struct remote_clock *remote = (struct remote_clock *)clock;
	free(remote->url);
	free(remote);
}

struct error *clock_remote_new(struct http *http, const char *url, volatile const int *interrupted,
			       struct clock **ret_clock)
{
	static const struct clock_ops ops = {remote_now_ms, remote_now_ms, remote_sleep_until, remote_free};
	struct remote_clock *remote = mem_alloc(sizeof *remote);
	*remote = (struct remote_clock){
		.clock.ops = &ops, .http = http, .url = mem_strdup(url), .interrupted = interrupted};
	struct error *error = ask_door(remote, "GET", url);
	if (error) {
		remote_free(&remote->clock);
		return error_remedy(error_wrap(error, "cannot read the simulator's clock"),
				    "is `eks-upgrade-agent sim serve` running there?");
	}
	*ret_clock = &remote->clock;
	return NULL;
}
