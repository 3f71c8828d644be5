/* libmicrohttpd's entry points, looked up when a door is opened: it brings eight libraries with it, and no other
 * command needs them. */
#pragma once

#include <microhttpd.h>
#include "base/error.h"

/* Names we call, each with the library's own type. */
#define MICROHTTPD_NAMES(X)                                                                                            \
	X(start_daemon)                                                                                                \
	X(stop_daemon)                                                                                                 \
	X(get_daemon_info)                                                                                             \
	X(run)                                                                                                         \
	X(run_wait)                                                                                                    \
	X(get_connection_values)                                                                                       \
	X(suspend_connection)                                                                                          \
	X(resume_connection)                                                                                           \
	X(create_response_from_callback)                                                                               \
	X(create_response_from_buffer)                                                                                 \
	X(add_response_header)                                                                                         \
	X(queue_response)                                                                                              \
	X(destroy_response)

struct microhttpd {
#define MICROHTTPD_MEMBER(name) __typeof__(&MHD_##name) name;
	MICROHTTPD_NAMES(MICROHTTPD_MEMBER)
#undef MICROHTTPD_MEMBER
};

/* STATE, naming the package, when the library is not installed. */
struct error *microhttpd_load(struct microhttpd *ret) MUST_CHECK;
