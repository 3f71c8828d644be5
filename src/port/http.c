/* What every HTTP port shares: releasing exchanges and headers. */
#include "port/http.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void http_free(struct http *http)
{
	if (http)
		http->ops->free(http);
}

void http_exchange_done(struct http_exchange *exchange)
{
	struct http_response *response = &exchange->response;
	buf_done(&response->body);
	error_free(response->error);
	arena_free(response->arena);
	*response = (struct http_response){0};
}

const char *http_response_header(const struct http_response *response, const char *lower_case_name)
{
	for (size_t i = 0; i < response->n_headers; i++)
		if (!strcmp(response->headers[i].name, lower_case_name))
			return response->headers[i].value;
	return NULL;
}

void http_response_add_header(struct http_response *response, struct slice name, struct slice value)
{
	if (!response->arena)
		response->arena = arena_new();
	char *lower = arena_strndup(response->arena, name.p, name.n);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*ARENA_PUSH(response->arena, response->headers, response->n_headers) =
		(struct http_header){lower, arena_strndup(response->arena, value.p, value.n)};
}

static bool plain_http_is_fine(const char *host, size_t n)
{
	static const char *const hosts[] = {"127.0.0.1",     "localhost",      "[::1]",		  "169.254.169.254",
					    "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"};
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (strlen(hosts[i]) == n && !strncasecmp(hosts[i], host, n))
			return true;
	return false;
}

struct error *http_check_url(const char *url)
{
	bool plain = !strncasecmp(url, "http://", 7);
	if (!plain && strncasecmp(url, "https://", 8) != 0)
		return error_new(ERROR_INVALID, "\"%s\" is no http or https address", url);
	const char *host = strstr(url, "://") + 3;
	size_t authority = strcspn(host, "/?#");
	if (memchr(host, '@', authority)) /* not shown: it may hold a password */
		return error_remedy(error_new(ERROR_INVALID, "an address names a user before its host"),
				    "take what stands before \"@\" out of the address");
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (n == 0 || n > authority)
		return error_new(ERROR_INVALID, "\"%s\" names no host", url);
	if (!plain || plain_http_is_fine(host, n))
		return NULL;
	return error_remedy(
		error_new(ERROR_INVALID,
			  "\"http://%.*s\" asks for plain http, which anybody on the way can read and change", (int)n,
			  host),
		"use https://");
}
