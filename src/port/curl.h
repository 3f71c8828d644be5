/* libcurl's entry points, looked up on first use: most commands never need it, and loading it costs milliseconds. */
#pragma once

#include <curl/curl.h>
#include "base/error.h"

/* Names we call, each with libcurl's own type. */
#define CURL_NAMES(X)                                                                                                  \
	X(global_init)                                                                                                 \
	X(easy_init)                                                                                                   \
	X(easy_cleanup)                                                                                                \
	X(easy_reset)                                                                                                  \
	X(easy_strerror)                                                                                               \
	X(slist_append)                                                                                                \
	X(slist_free_all)                                                                                              \
	X(multi_init)                                                                                                  \
	X(multi_cleanup)                                                                                               \
	X(multi_add_handle)                                                                                            \
	X(multi_remove_handle)                                                                                         \
	X(multi_perform)                                                                                               \
	X(multi_poll)                                                                                                  \
	X(multi_info_read)                                                                                             \
	X(multi_strerror)

struct curl_library {
#define CURL_MEMBER(name) __typeof__(&curl_##name) name;
	CURL_NAMES(CURL_MEMBER)
#undef CURL_MEMBER
	CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
	CURLMcode (*multi_setopt)(CURLM *handle, CURLMoption option, ...);
};

/* STATE, naming the package, when the library is not installed. */
struct error *curl_library_load(struct curl_library *ret) MUST_CHECK;
