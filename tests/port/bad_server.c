/* Raw sockets, a thread for each connection. */
#include "port/bad_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/mem.h"

struct bad_server {
	int listener;
	unsigned port;
	pthread_t thread;
	atomic_uint connections, requests, open, closed, most, door_ms;
};

struct connection {
	struct bad_server *server;
	int fd;
	unsigned served;
};

static bool say(int fd, const void *bytes, size_t n)
{
	for (size_t sent = 0; sent < n;) {
		ssize_t more = send(fd, (const char *)bytes + sent, n - sent, MSG_NOSIGNAL);
		if (more <= 0)
			return false;
		sent += (size_t)more;
	}
	return true;
}

static bool say_text(int fd, const char *text)
{
	return say(fd, text, strlen(text));
}

static bool answer(int fd, int status, const char *more_headers, const char *body)
{
	char *head CLEANUP(mem_freep) =
		mem_printf("HTTP/1.1 %d Word\r\nContent-Length: %zu\r\n%s\r\n", status, strlen(body), more_headers);
	return say_text(fd, head) && say_text(fd, body);
}

static void drop(int fd)
{
	struct linger now = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static bool big_headers(int fd)
{
	char line[1024];
	memset(line, 'x', sizeof line);
	memcpy(line, "X-Long: ", 8);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	say_text(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 290; i++)
		if (!say(fd, line, sizeof line))
			return false;
	return say_text(fd, "Content-Length: 0\r\n\r\n");
}

static bool endless(int fd)
{
	char chunk[4096 + 16];
	int n = snprintf(chunk, sizeof chunk, "1000\r\n");
	memset(chunk + n, 'y', 4096);
	memcpy(chunk + n + 4096, "\r\n", 2);
	say_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (say(fd, chunk, (size_t)n + 4098))
		;
	return false;
}

static bool drip(int fd)
{
	say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	while (say_text(fd, "z"))
		usleep(20000);
	return false;
}

static bool tell_clock(struct connection *connection, const char *target)
{
	const char *until = strstr(target, "until_ms=");
	if (until)
		atomic_store(&connection->server->door_ms, (unsigned)strtoul(until + 9, NULL, 10));
	char *body CLEANUP(mem_freep) =
		mem_printf("{\"now_ms\": %u, \"speed\": %s}", atomic_load(&connection->server->door_ms),
			   strstr(target, "/fast") ? "1000" : "0");
	return answer(connection->fd, 200, "", body);
}

/* Gives whether the connection goes on. */
static bool serve(struct connection *connection, const char *head, const char *target, struct slice body)
{
	int fd = connection->fd;
	if (!strncmp(target, "/clock", 6))
		return tell_clock(connection, target);
	if (!strcmp(target, "/wait")) {
		usleep(100000);
		return answer(fd, 200, "", "waited");
	}
	if (!strcmp(target, "/silent")) {
		char rest;
		return recv(fd, &rest, 1, 0) > 0; /* until the other side has had enough */
	}
	if (!strcmp(target, "/drip"))
		return drip(fd);
	if (!strcmp(target, "/reset")) {
		drop(fd);
		return false;
	}
	if (!strcmp(target, "/close") || (!strcmp(target, "/once") && connection->served > 1))
		return false;
	if (!strcmp(target, "/truncated")) {
		say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.");
		return false;
	}
	if (!strcmp(target, "/half-chunk")) {
		say_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nten bytes.");
		return false;
	}
	if (!strcmp(target, "/endless"))
		return endless(fd);
	if (!strcmp(target, "/garbage")) {
		say(fd, "\0\1\2 what?\r\n\r\n", 13);
		return false;
	}
	if (!strcmp(target, "/big-headers"))
		return big_headers(fd);
	if (!strcmp(target, "/continue")) {
		say_text(fd, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n");
		return answer(fd, 200, "X-Late: 2\r\n", "after");
	}
	if (!strcmp(target, "/then-reset")) {
		say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbye");
		usleep(10000);
		drop(fd);
		return false;
	}
	if (!strcmp(target, "/wants-no-body"))
		return answer(fd, 417, "", "");
	if (strstr(target, "guarded.example")) /* as a proxy: it wants to know who is there */
		return answer(fd, 407, "Proxy-Authenticate: Basic realm=\"x\"\r\n", "sign in");
	if (!strcmp(target, "/busy"))
		return answer(fd, 503, "Retry-After: 3\r\n", "{\"message\": \"later\"}");
	if (!strncmp(head, "HEAD ", 5))
		return say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
	char *echo CLEANUP(mem_freep) = mem_printf("%s%.*s", head, (int)body.n, body.p);
	return answer(fd, 200, "X-Name:  a value \r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", echo);
}

/* Reads one request; `head` and body stand one after the other in `bytes`. */
static bool read_request(int fd, struct buf *bytes, size_t *ret_head)
{
	char chunk[4096];
	for (;;) {
		const char *end = bytes->n ? strstr(buf_str(bytes), "\r\n\r\n") : NULL;
		if (end) {
			size_t head = (size_t)(end - bytes->p) + 4, length = 0;
			const char *at = strcasestr(bytes->p, "content-length:");
			if (at && at < end)
				length = strtoul(at + 15, NULL, 10);
			*ret_head = head;
			const char *expects = strcasestr(bytes->p, "expect: 100-continue");
			bool unread = expects && expects < end && bytes->n == head;
			if (unread && (strstr(bytes->p, "/wants-no-body") || strstr(bytes->p, "/busy")))
				return true;
			if (unread)
				say_text(fd, "HTTP/1.1 100 Continue\r\n\r\n");
			if (bytes->n >= head + length)
				return true;
		}
		ssize_t n = recv(fd, chunk, sizeof chunk, 0);
		if (n <= 0 || !buf_append(bytes, chunk, (size_t)n))
			return false;
	}
}

static void *converse(void *context)
{
	struct connection *connection = context;
	struct bad_server *server = connection->server;
	struct buf bytes CLEANUP(buf_done) = BUF_INIT(8 << 20);
	size_t head;
	while (read_request(connection->fd, &bytes, &head)) {
		atomic_fetch_add(&server->requests, 1);
		connection->served++;
		char *text CLEANUP(mem_freep) = mem_strndup(bytes.p, head);
		const char *start = strchr(text, ' ') + 1;
		char *target CLEANUP(mem_freep) = mem_strndup(start, strcspn(start, " "));
		if (!serve(connection, text, target, slice_make(bytes.p + head, bytes.n - head)))
			break;
		buf_clear(&bytes);
	}
	atomic_fetch_sub(&server->open, 1); /* first, or who connects next is counted beside this one */
	close(connection->fd);
	atomic_fetch_add(&server->closed, 1);
	free(connection);
	return NULL;
}

static void *listen_on(void *context)
{
	struct bad_server *server = context;
	for (;;) {
		int fd = accept(server->listener, NULL, NULL);
		if (fd < 0 && errno == EINTR)
			continue;
		if (fd < 0)
			return NULL;
		atomic_fetch_add(&server->connections, 1);
		unsigned open = atomic_fetch_add(&server->open, 1) + 1;
		if (open > atomic_load(&server->most))
			atomic_store(&server->most, open);
		struct connection *connection = mem_alloc(sizeof *connection);
		*connection = (struct connection){server, fd, 0};
		pthread_t thread;
		pthread_create(&thread, NULL, converse, connection);
		pthread_detach(thread);
	}
}

struct bad_server *bad_server_start(void)
{
	struct bad_server *server = mem_alloc(sizeof *server);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->listener, (struct sockaddr *)&address, size) != 0 || listen(server->listener, 128) != 0 ||
	    getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
		abort();
	server->port = ntohs(address.sin_port);
	server->door_ms = 1000;
	pthread_create(&server->thread, NULL, listen_on, server);
	return server;
}

void bad_server_stop(struct bad_server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	close(server->listener);
	pthread_join(server->thread, NULL);
	bad_server_wait_closed(server); /* threads of connections still look at it */
	if (atomic_load(&server->closed) == atomic_load(&server->connections))
		free(server);
}

unsigned bad_server_port(const struct bad_server *server)
{
	return server->port;
}

unsigned bad_server_connections(const struct bad_server *server)
{
	return atomic_load(&server->connections);
}

unsigned bad_server_requests(const struct bad_server *server)
{
	return atomic_load(&server->requests);
}

void bad_server_wait_closed(const struct bad_server *server)
{
	for (int i = 0; i < 2000 && atomic_load(&server->closed) < atomic_load(&server->connections); i++)
		usleep(5000);
}

unsigned bad_server_at_once(const struct bad_server *server)
{
	return atomic_load(&server->most);
}
