/* A small world for the client's tests: a clock that only sleeping moves, a server that answers from a script and keeps
 * what it was asked, an environment from a list, and files in a directory of its own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "aws/aws.h"
#include "port/ports.h"

struct fake_reply {
	int status; /* 0: no answer */
	const char *body;
	const char *headers; /* "name: value\nname: value" */
	const char *url;     /* answers only what has this in its URL or body; NULL: whatever comes next */
	bool maybe_sent;     /* with status 0 */
	bool garbled;	     /* with status 0: TLS, so that trying again is no use */
};

enum { FAKE_ASKED = 64 };
struct fake_asked {
	char method[16], url[1024], body[8192], headers[4096]; /* headers as "name: value\n" */
	int64_t at_ms;
};

struct fake {
	struct ports ports;
	struct clock clock;
	struct http http;
	struct process process;
	int64_t now_ms;		 /* wall and monotonic */
	int64_t server_skew_ms;	 /* what the server's Date header shows besides; INT64_MIN: no such header */
	int64_t round_trip_ms;	 /* each answer takes; it is dated in the middle */
	int64_t stamps_ahead_ms; /* the HTTP port's own clock, before `clock` */
	const struct fake_reply *script;
	size_t n_script, at;
	struct fake_asked asked[FAKE_ASKED];
	size_t n_asked;
	bool forgets;		     /* may be asked any number of times */
	const char *environment[32]; /* "NAME=value" */
	char home[64];
	const char *printed; /* by a program that was started */
	char started[512];   /* its words, joined by "|" */
	int exit_status;
	struct aws_options options;
};

int fake_set_up(void **state); /* *state: a struct fake; 2015-08-30T12:36:00Z, us-east-1, the published keys */
int fake_tear_down(void **state);
/* The client anew, by the fake's options. */
struct aws *fake_client(struct fake *fake);
void fake_setenv(struct fake *fake, const char *name_value);
void fake_file(struct fake *fake, const char *below_home, const char *text); /* makes directories */
/* Forgets keys and region, so that the chain is walked. */
void fake_walk_chain(struct fake *fake);
const char *fake_header(const struct fake_asked *asked, const char *name); /* its value up to the line's end, or NULL */

#define FAKE_SCRIPT(fake, ...)                                                                                         \
	do {                                                                                                           \
		static const struct fake_reply script_[] = {__VA_ARGS__};                                              \
		(fake)->script = script_;                                                                              \
		(fake)->n_script = sizeof script_ / sizeof script_[0];                                                 \
		(fake)->at = (fake)->n_asked = 0;                                                                      \
	} while (0)
#define assert_contains(text, part)                                                                                    \
	do {                                                                                                           \
		const char *text_ = (text);                                                                            \
		if (!text_ || !strstr(text_, (part)))                                                                  \
			fail_msg("\"%s\" does not hold \"%s\"", text_ ? text_ : "(null)", (part));                     \
	} while (0)
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)
