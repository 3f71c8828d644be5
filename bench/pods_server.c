/* A static API server for measuring lists: pods as a real one sends them (two thirds managedFields), made once into a
 * file and sent from the page cache, so that what is measured is the client. One connection at a time.
 *
 *   bench_pods_server PODS MIN_BYTES MAX_BYTES [ignore-limit]
 *
 * prints its port, serves GET /api/v1/pods?limit=N[&continue=PAGE] until its stdin ends. Pages are of 500 whatever is
 * asked for; with "ignore-limit" the whole list is one answer. Beyond 60 pages the first ones are sent again under
 * other tokens. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE = 500, DISTINCT = 60, HEAD = 512 };

struct pages {
	int fd;
	off_t at[DISTINCT + 1];
	unsigned n, total; /* distinct, served */
	unsigned pods;
	int whole;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

/* What most of a pod is, and no list of names looks at. */
static void put_fill(FILE *out, unsigned pod, long bytes)
{
	for (unsigned k = 0; bytes > 0; k++) {
		int n = fprintf(out,
				"%s{\"manager\":\"kubelet\",\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":"
				"\"2026-01-01T00:00:00Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:status\":{"
				"\"f:conditions\":{\"k:{\\\"type\\\":\\\"Ready%u\\\"}\":{\".\":{},\"f:"
				"lastTransitionTime\":{},\"f:status\":{},\"f:type\":{}}},\"f:podIPs\":{\".\":{},"
				"\"k:{\\\"ip\\\":\\\"10.0.%u.%u\\\"}\":{\".\":{},\"f:ip\":{}}}}},\"subresource\":"
				"\"status\"}",
				k ? "," : "", k, pod % 250, k % 250);
		if (n < 0)
			die("write");
		bytes -= n;
	}
}

static void put_pod(FILE *out, unsigned pod, long bytes)
{
	fprintf(out,
		"{\"metadata\":{\"name\":\"web-%u\",\"generateName\":\"web-\",\"namespace\":\"team-%02u\",\"uid\":"
		"\"%08x-0000-4000-8000-000000000000\",\"resourceVersion\":\"%u\",\"creationTimestamp\":"
		"\"2026-01-01T00:00:00Z\",\"labels\":{\"app\":\"web\"},\"ownerReferences\":[{\"apiVersion\":\"apps/"
		"v1\","
		"\"kind\":\"ReplicaSet\",\"name\":\"web\",\"uid\":\"u\",\"controller\":true}],\"managedFields\":[",
		pod, pod % 50, pod, 1000 + pod);
	put_fill(out, pod, bytes * 2 / 3 - 500);
	fprintf(out,
		"]},\"spec\":{\"nodeName\":\"ip-10-0-%u-1.ec2.internal\",\"containers\":[{\"name\":\"web\",\"image\":"
		"\"registry.example/web:1\",\"env\":[",
		pod % 250);
	long env = bytes / 3 - 300;
	for (unsigned k = 0; env > 0; k++)
		env -= fprintf(out,
			       "%s{\"name\":\"SETTING_%u\",\"value\":\"https://web.team.svc.cluster.local:8080/v%u\"}",
			       k ? "," : "", k, k);
	fprintf(out,
		"],\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"128Mi\"}}}]},\"status\":{\"phase\":"
		"\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],\"podIP\":\"10.0.%u.%u\"}}",
		pod % 250, pod % 251);
}

static void make(struct pages *pages, unsigned pods, long min, long max)
{
	FILE *out = tmpfile();
	if (!out)
		die("tmpfile");
	pages->pods = pods;
	pages->total = (pods + PAGE - 1) / PAGE;
	pages->n = pages->total < DISTINCT ? pages->total : DISTINCT;
	for (unsigned pod = 0; pod < pages->n * PAGE && pod < pods; pod++) {
		if (pod % PAGE == 0)
			pages->at[pod / PAGE] = ftello(out);
		else
			fputc(',', out);
		put_pod(out, pod, min + (long)(pod * 7919U % (unsigned)(max - min + 1)));
	}
	pages->at[pages->n] = ftello(out);
	if (fflush(out) != 0)
		die("write");
	pages->fd = fileno(out);
}

static void send_all(int to, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(to, bytes, n, MSG_NOSIGNAL | MSG_MORE);
		if (sent <= 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

static void send_items(int to, const struct pages *pages, unsigned page)
{
	off_t from = pages->at[page % pages->n], end = pages->at[page % pages->n + 1];
	while (from < end)
		if (sendfile(to, pages->fd, &from, (size_t)(end - from)) <= 0)
			return;
}

static void answer(int to, const struct pages *pages, unsigned first)
{
	char head[HEAD], outer[HEAD];
	unsigned last = pages->whole ? pages->total : first + 1;
	char next[32] = "";
	if (first >= pages->total) {
		send_all(to, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 41);
		return;
	}
	if (last < pages->total)
		snprintf(next, sizeof next, "%u", last);
	int n = snprintf(outer, sizeof outer,
			 "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"7\","
			 "\"continue\":\"%s\"},\"items\":[",
			 next);
	off_t bytes = n + 3 + (off_t)(last - first - 1);
	for (unsigned page = first; page < last; page++)
		bytes += pages->at[page % pages->n + 1] - pages->at[page % pages->n];
	int h = snprintf(head, sizeof head,
			 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %lld\r\n\r\n",
			 (long long)bytes);
	send_all(to, head, (size_t)h);
	send_all(to, outer, (size_t)n);
	for (unsigned page = first; page < last; page++) {
		if (page > first)
			send_all(to, ",", 1);
		send_items(to, pages, page);
	}
	send(to, "]}\n", 3, MSG_NOSIGNAL);
}

static void serve(int to, const struct pages *pages)
{
	char text[8192];
	size_t n = 0;
	ssize_t got;
	while ((got = recv(to, text + n, sizeof text - 1 - n, 0)) > 0) {
		n += (size_t)got;
		text[n] = '\0';
		if (!strstr(text, "\r\n\r\n"))
			continue;
		const char *page = strstr(text, "continue=");
		answer(to, pages, page ? (unsigned)strtoul(page + 9, NULL, 10) : 0);
		n = 0;
	}
	close(to);
}

int main(int argc, char **argv)
{
	struct pages pages = {0};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	if (argc < 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	make(&pages, (unsigned)strtoul(argv[1], NULL, 10), strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10));
	pages.whole = argc > 4;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		die("listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	struct pollfd wait[2] = {{.fd = listener, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	while (poll(wait, 2, -1) > 0 && !wait[1].revents) {
		int to = accept(listener, NULL, NULL);
		if (to >= 0)
			serve(to, &pages);
	}
	return 0;
}
