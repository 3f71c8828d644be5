/* The HTTP server of the doors: libmicrohttpd on the caller's thread. A request is handled when its body is whole; a
 * watch is answered in pieces, asked again each turn, until its time is up. */
#include "sim/serve_door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "base/log.h"
#include "base/mem.h"

enum { MAX_BODY = 64 << 20 };

/* One request as it comes in. */
struct exchange {
	struct arena *arena;
	char *target; /* path and query as they were sent */
	struct buf body;
	bool begun; /* its headers were announced */
};

struct watch {
	struct door *door;
	struct watch *next;
	struct MHD_Connection *connection;
	struct arena *arena;
	struct http_request request; /* url without resourceVersion and simDoor */
	char *url;
	char version[32]; /* what was told so far */
	struct buf ready; /* to be sent */
	size_t sent;
	int64_t ends_ms, bookmark_ms; /* real */
	bool suspended, over;
};

static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
	(void)context, (void)connection;
	struct exchange *exchange = mem_alloc(sizeof *exchange);
	exchange->arena = arena_new();
	exchange->target = arena_strdup(exchange->arena, uri);
	exchange->body.max = MAX_BODY;
	return exchange;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode why)
{
	(void)context, (void)connection, (void)why;
	struct exchange *exchange = *request;
	if (!exchange)
		return;
	buf_done(&exchange->body);
	arena_free(exchange->arena);
	free(exchange);
	*request = NULL;
}

struct headers {
	struct arena *arena;
	struct http_header *items;
	size_t n;
};

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct headers *headers = context;
	(void)kind;
	*ARENA_PUSH(headers->arena, headers->items, headers->n) = (struct http_header){
		arena_strdup(headers->arena, name), arena_strdup(headers->arena, value ? value : "")};
	return MHD_YES;
}

/* ---- watches */

static bool is_watch(const char *method, const char *target)
{
	const char *query = strchr(target, '?');
	if (strcmp(method, "GET") != 0 || strncmp(target, "/clusters/", 10) != 0 || !query)
		return false;
	const char *found = strstr(query, "watch=");
	return found && (found[-1] == '?' || found[-1] == '&') &&
	       (strncasecmp(found + 6, "t", 1) == 0 || found[6] == '1');
}

/* The target without one of its query's members. */
static char *without(struct arena *arena, const char *target, const char *member)
{
	char *copy = arena_strdup(arena, target), *query = strchr(copy, '?'), *out = query;
	size_t n = strlen(member);
	if (!query)
		return copy;
	for (char *p = query + 1; *p;) {
		size_t length = strcspn(p, "&");
		bool last = p[length] == '\0';
		if (strncmp(p, member, n) != 0 || p[n] != '=') {
			*out = out == query ? '?' : '&';
			memmove(out + 1, p, length);
			out += length + 1;
		}
		if (last)
			break;
		p += length + 1;
	}
	*out = '\0';
	return copy;
}

static const char *query_value(const char *target, const char *member, char out[32])
{
	const char *at = strchr(target, '?');
	size_t n = strlen(member);
	while (at && *at) {
		at++;
		if (strncmp(at, member, n) == 0 && at[n] == '=') {
			snprintf(out, 32, "%.*s", (int)strcspn(at + n + 1, "&"), at + n + 1);
			return out;
		}
		at = strchr(at, '&');
	}
	return NULL;
}

/* Asks the world what is new. Gives the answer's status. */
static int ask_watch(struct watch *watch, const char *turn)
{
	struct http_response response = {.status = 0};
	response.body.max = (size_t)1 << 30;
	char *url = mem_printf("%s%csimDoor=%s%s%s", watch->url, strchr(watch->url, '?') ? '&' : '?', turn,
			       watch->version[0] ? "&resourceVersion=" : "", watch->version);
	struct http_request request = watch->request;
	request.url = url;
	door_handle(watch->door, &request, &response);
	const char *version = http_response_header(&response, "x-sim-resource-version");
	int status = response.error ? 0 : response.status;
	if (status == 200 && response.body.n > 0)
		buf_append(&watch->ready, response.body.p, response.body.n);
	if (status == 200 && version)
		snprintf(watch->version, sizeof watch->version, "%s", version);
	if (status == 200 && response.body.n > 0 && strstr(buf_str(&response.body), "{\"type\":\"ERROR\""))
		watch->over = true;
	struct http_exchange done = {.response = response};
	http_exchange_done(&done);
	free(url);
	return status;
}

static ssize_t read_watch(void *context, uint64_t position, char *out, size_t max)
{
	struct watch *watch = context;
	(void)position;
	size_t left = watch->ready.n - watch->sent;
	if (left == 0) {
		if (watch->over)
			return MHD_CONTENT_READER_END_OF_STREAM;
		watch->suspended = true;
		watch->door->mhd.suspend_connection(watch->connection);
		return 0;
	}
	size_t n = left < max ? left : max;
	memcpy(out, watch->ready.p + watch->sent, n);
	watch->sent += n;
	if (watch->sent == watch->ready.n) {
		buf_clear(&watch->ready);
		watch->sent = 0;
	}
	return (ssize_t)n;
}

static void free_watch(void *context)
{
	struct watch *watch = context, **link = &watch->door->watches;
	while (*link && *link != watch)
		link = &(*link)->next;
	if (*link)
		*link = watch->next;
	buf_done(&watch->ready);
	arena_free(watch->arena);
	free(watch);
}

/* A turn of the loop: asks for every open watch, wakes those that have something to say. */
static void feed_watches(struct door *door)
{
	int64_t now_ms = door_real_ms();
	for (struct watch *watch = door->watches; watch; watch = watch->next) {
		if (!watch->over && !watch->suspended)
			continue;
		bool bookmark = now_ms >= watch->bookmark_ms;
		if (!watch->over && ask_watch(watch, bookmark ? "bookmark" : "next") != 200)
			watch->over = true;
		if (bookmark)
			watch->bookmark_ms = now_ms + 60000;
		if (now_ms >= watch->ends_ms)
			watch->over = true;
		if (watch->suspended && (watch->over || watch->ready.n > 0)) {
			watch->suspended = false;
			watch->door->mhd.resume_connection(watch->connection);
		}
	}
}

static void start_watch_clock(struct watch *watch, const char *target)
{
	char seconds[32];
	const char *asked = query_value(target, "timeoutSeconds", seconds);
	int64_t limit_ms = asked ? strtoll(asked, NULL, 10) * 1000 : 0;
	if (limit_ms <= 0 || limit_ms > 3600000)
		limit_ms = 2700000;
	watch->ends_ms = door_real_ms() + limit_ms;
	watch->bookmark_ms = door_real_ms() + 60000;
}

/* False: the world did not take it as a watch; it is answered as any request. */
static bool open_watch(struct door *door, struct MHD_Connection *connection, const char *method, const char *target,
		       enum MHD_Result *ret)
{
	struct watch *watch = mem_alloc(sizeof *watch);
	watch->door = door;
	watch->connection = connection;
	watch->arena = arena_new();
	watch->ready.max = (size_t)1 << 30;
	struct headers headers = {.arena = watch->arena};
	door->mhd.get_connection_values(connection, MHD_HEADER_KIND, take_header, &headers);
	watch->request = (struct http_request){
		.method = arena_strdup(watch->arena, method), .headers = headers.items, .n_headers = headers.n};
	watch->url =
		arena_printf(watch->arena, "%s%s", door->base_url, without(watch->arena, target, "resourceVersion"));
	if (!query_value(target, "resourceVersion", watch->version))
		watch->version[0] = '\0';
	start_watch_clock(watch, target);
	if (ask_watch(watch, "first") != 200) {
		free_watch(watch);
		return false;
	}
	struct MHD_Response *response =
		door->mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, 1 << 16, read_watch, watch, free_watch);
	watch->next = door->watches;
	door->watches = watch;
	door->mhd.add_response_header(response, "content-type", "application/json");
	door->mhd.add_response_header(response, "cache-control", "no-cache, private");
	*ret = door->mhd.queue_response(connection, MHD_HTTP_OK, response);
	door->mhd.destroy_response(response);
	return true;
}

/* ---- everything else */

static enum MHD_Result send_response(const struct door *door, struct MHD_Connection *connection,
				     struct http_response *answer)
{
	if (answer->error || answer->status < 100) /* a fault that no client gets an answer from */
		return MHD_NO;
	size_t n = answer->body.n;
	char *bytes = n > 0 ? buf_take(&answer->body) : NULL;
	struct MHD_Response *response = bytes ? door->mhd.create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE)
					      : door->mhd.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	for (size_t i = 0; i < answer->n_headers; i++)
		if (strncmp(answer->headers[i].name, "x-sim-", 6) != 0 &&
		    strcasecmp(answer->headers[i].name, "content-length") != 0)
			door->mhd.add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	enum MHD_Result result = door->mhd.queue_response(connection, (unsigned)answer->status, response);
	door->mhd.destroy_response(response);
	return result;
}

static enum MHD_Result answer(struct door *door, struct MHD_Connection *connection, struct exchange *exchange,
			      const char *method)
{
	enum MHD_Result result;
	if (is_watch(method, exchange->target) && open_watch(door, connection, method, exchange->target, &result))
		return result;
	struct headers headers = {.arena = exchange->arena};
	door->mhd.get_connection_values(connection, MHD_HEADER_KIND, take_header, &headers);
	struct http_exchange inner = {.request = {.method = method,
						  .headers = headers.items,
						  .n_headers = headers.n,
						  .body = buf_slice(&exchange->body)}};
	inner.request.url = arena_printf(exchange->arena, "%s%s", door->base_url, exchange->target);
	inner.response.body.max = (size_t)1 << 30;
	door_handle(door, &inner.request, &inner.response);
	result = send_response(door, connection, &inner.response);
	http_exchange_done(&inner);
	return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **request)
{
	(void)url, (void)version;
	struct exchange *exchange = *request;
	if (!exchange)
		return MHD_NO;
	if (!exchange->begun) {
		exchange->begun = true;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		buf_append(&exchange->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (exchange->body.overflowed) {
		struct http_response tell = {.status = 413};
		return send_response(context, connection, &tell);
	}
	return answer(context, connection, exchange, method);
}

/* Clients that close a watch are no news. */
PRINTF_LIKE(2, 0) static void mhd_says(void *context, const char *format, va_list args)
{
	(void)context;
	if (!log_enabled(LOG_DEBUG))
		return;
	char *text CLEANUP(mem_freep) = mem_vprintf(format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("sim", "%s", text);
}

static struct error *parse_listen(const char *listen, struct sockaddr_in *ret)
{
	char host[64] = "127.0.0.1";
	const char *colon = strrchr(listen, ':');
	const char *port = colon ? colon + 1 : listen;
	if (colon)
		snprintf(host, sizeof host, "%.*s", (int)(colon - listen), listen);
	char *end;
	unsigned long number = strtoul(port, &end, 10);
	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
	if (*end || end == port || number > 65535 ||
	    inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &ret->sin_addr) != 1)
		return error_remedy(error_new(ERROR_INVALID, "cannot listen on \"%s\": it is not ADDRESS:PORT", listen),
				    "give --listen 127.0.0.1:8080, or port 0 for any");
	if ((ntohl(ret->sin_addr.s_addr) >> 24) != 127)
		return error_remedy(error_new(ERROR_INVALID,
					      "refused to listen on \"%s\": the simulator has no locks on its doors",
					      listen),
				    "listen on 127.0.0.1");
	return NULL;
}

struct error *door_listen(struct door *door)
{
	struct sockaddr_in address;
	const char *listen = door->options->listen ? door->options->listen : "127.0.0.1:0";
	TRY(parse_listen(listen, &address));
	TRY(microhttpd_load(&door->mhd));
	door->daemon = door->mhd.start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
					      NULL, on_request, door, MHD_OPTION_SOCK_ADDR, &address,
					      MHD_OPTION_EXTERNAL_LOGGER, mhd_says, NULL, MHD_OPTION_URI_LOG_CALLBACK,
					      begin_exchange, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
					      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 << 10),
					      MHD_OPTION_CONNECTION_LIMIT, 512u, MHD_OPTION_END);
	if (!door->daemon)
		return error_remedy(error_from_errno(errno, "cannot listen on \"%s\"", listen),
				    "stop what listens there, or give another --listen");
	const union MHD_DaemonInfo *info = door->mhd.get_daemon_info(door->daemon, MHD_DAEMON_INFO_BIND_PORT);
	char host[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
	door->base_url = mem_printf("http://%s:%u", host, info && info->port ? info->port : ntohs(address.sin_port));
	return NULL;
}

void door_turn(struct door *door, unsigned wait_ms)
{
	(void)door->mhd.run_wait(door->daemon, (int32_t)wait_ms);
	feed_watches(door);
}

void door_close(struct door *door)
{
	for (struct watch *watch = door->watches; watch; watch = watch->next) {
		watch->over = true;
		if (watch->suspended)
			watch->door->mhd.resume_connection(watch->connection);
		watch->suspended = false;
	}
	if (door->daemon) {
		(void)door->mhd.run(door->daemon);
		door->mhd.stop_daemon(door->daemon);
	}
}
