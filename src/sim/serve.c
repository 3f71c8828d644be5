/* The doors: a simulated world behind a real HTTP server on loopback, for aws, kubectl, terraform and the agent itself.
 * Virtual time runs at the asked speed, or stands still and is moved by POST /sim/clock. */
#include "sim/serve_door.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

int64_t door_real_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t door_now_ms(const struct door *door)
{
	return door->virtual_ms + (int64_t)((double)(door_real_ms() - door->real_ms) * door->options->speed);
}

void door_advance(struct door *door)
{
	int64_t now_ms = door_now_ms(door);
	if (now_ms > sim_now_ms(door->sim))
		sim_advance_to(door->sim, now_ms);
}

static void reply(struct http_response *response, int status, json_t *document)
{
	char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(6));
	response->status = status;
	buf_puts(&response->body, text);
	http_response_add_header(response, slice_of("content-type"), slice_of("application/json"));
	free(text);
	json_decref(document);
}

static void serve_clock(struct door *door, const struct http_request *request, const char *query,
			struct http_response *response)
{
	const char *until = strstr(query, "until_ms=");
	if (strcmp(request->method, "POST") == 0) {
		char *end = NULL;
		int64_t until_ms = until ? strtoll(until + 9, &end, 10) : -1;
		if (!until || end == until + 9 || until_ms < 0) {
			reply(response, 400, json_pack("{s:s}", "error", "POST /sim/clock?until_ms=MILLISECONDS"));
			return;
		}
		if (until_ms > sim_now_ms(door->sim)) {
			sim_advance_to(door->sim, until_ms);
			door->virtual_ms = until_ms;
			door->real_ms = door_real_ms();
			door->dirty = true;
		}
	}
	reply(response, 200,
	      json_pack("{s:I, s:f}", "now_ms", (json_int_t)sim_now_ms(door->sim), "speed", door->options->speed));
}

static bool is_signed(const struct http_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++)
		if (strcasecmp(request->headers[i].name, "authorization") == 0)
			return strncmp(request->headers[i].value, "AWS4", 4) == 0;
	return false;
}

/* `kubectl get --raw PATH` forgets the path of the server's address: such requests mean the first cluster that is
 * there. Gives the URL they should have had, or NULL. */
static char *raw_url(struct door *door, const struct http_request *request, const char *path)
{
	static const char *const words[] = {"/api",	"/apis",    "/readyz",	"/livez",
					    "/healthz", "/version", "/metrics", "/openapi"};
	struct slice first = slice_make(path, 1 + strcspn(path + (*path == '/'), "/?"));
	bool raw = false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		raw = raw || slice_eq(first, words[i]);
	char *names[2] = {NULL, NULL};
	if (!raw || is_signed(request) || door_clusters(door, names) == 0)
		return NULL;
	char *url = mem_printf("%s/clusters/%s%s", door->base_url, names[0], path);
	free(names[0]);
	free(names[1]);
	return url;
}

void door_handle(struct door *door, const struct http_request *request, struct http_response *response)
{
	door_advance(door);
	response->sent_at_ms = response->received_at_ms = sim_now_ms(door->sim);
	const char *path = request->url + strlen(door->base_url);
	size_t n = strcspn(path, "?");
	char *raw CLEANUP(mem_freep) = raw_url(door, request, path);
	struct http_request meant = *request;
	if (raw)
		meant.url = raw;
	struct slice word = slice_make(path, n);
	if (slice_eq(word, "/sim/clock"))
		serve_clock(door, request, path + n, response);
	else if (slice_eq(word, "/sim/truth"))
		reply(response, 200, sim_truth(door->sim));
	else
		sim_handle(door->sim, &meant, response);
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		door->dirty = true;
}

/* Saves soon after a change; and now and then for the passing of time. A full disk does not end the world: it is told,
 * once, and tried again. */
static void keep(struct door *door)
{
	int64_t since_ms = door_real_ms() - door->saved_ms;
	if (since_ms < (door->dirty ? SECOND_MS : 15 * SECOND_MS))
		return;
	struct error *error = door_write_kubeconfig(door);
	if (!error)
		error = door_save(door);
	if (error && !door->told)
		log_warn("sim", "the world is not kept: %s", error->message);
	door->told = error != NULL;
	error_ignore(error);
}

static void loop(struct door *door)
{
	/* A client that goes away in the middle of an answer is no reason to die. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	sigaction(SIGPIPE, &ignore, &before);
	while (!*door->options->interrupted) {
		door_turn(door, 25);
		door_advance(door);
		keep(door);
	}
	sigaction(SIGPIPE, &before, NULL);
}

static struct error *open_door(struct door *door)
{
	TRY(door_listen(door));
	bool loaded;
	TRY(door_load(door, &loaded));
	if (!loaded) {
		struct sim_options world = door->options->world;
		world.base_url = door->base_url;
		TRY(sim_new(&world, &door->sim));
	}
	door->real_ms = door_real_ms();
	door->virtual_ms = sim_now_ms(door->sim);
	TRY(door_write_kubeconfig(door));
	return door_save(door);
}

struct error *sim_serve(const struct sim_serve_options *options)
{
	struct door door = {.options = options};
	struct error *error = open_door(&door);
	if (!error) {
		char *addresses = door_addresses(&door);
		if (options->ready)
			options->ready(options->context, addresses);
		free(addresses);
		loop(&door);
		door_advance(&door);
		error = door_save(&door);
	}
	door_close(&door);
	sim_free(door.sim);
	free(door.base_url);
	free(door.kubeconfig);
	return error;
}
