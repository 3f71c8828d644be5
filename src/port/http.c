/* What every HTTP port shares: releasing exchanges and headers. */
#include "port/http.h"

#include <ctype.h>
#include <string.h>

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
