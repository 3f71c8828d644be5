/* Inside the doors of `sim serve`: one world, one HTTP server, one thread. */
#pragma once

#include "base/buf.h"
#include "sim/microhttpd.h"
#include "sim/sim.h"

struct watch; /* a stream kept open */

struct door {
	const struct sim_serve_options *options;
	struct sim *sim;
	struct microhttpd mhd;
	struct MHD_Daemon *daemon;
	char *base_url;
	char *kubeconfig; /* what was last written, to write it again only when it changes */
	struct watch *watches;
	int64_t real_ms, virtual_ms; /* when the two clocks were last compared */
	int64_t saved_ms;	     /* real, monotonic */
	bool dirty;		     /* something was asked to change since the last save */
	bool told;		     /* that it cannot be saved */
};

int64_t door_real_ms(void);		      /* monotonic */
int64_t door_now_ms(const struct door *door); /* virtual, by the speed */
void door_advance(struct door *door);
/* One request of the outside, answered by the world or, for /sim/…, here. */
void door_handle(struct door *door, const struct http_request *request, struct http_response *response);

/* serve_http.c */
struct error *door_listen(struct door *door) MUST_CHECK;
void door_turn(struct door *door, unsigned wait_ms); /* serves what has come, feeds open watches */
void door_close(struct door *door);

/* serve_files.c */
struct error *door_write_file(const char *path, struct slice bytes) MUST_CHECK; /* atomic, durable, 0600 */
struct error *door_load(struct door *door, bool *ret_loaded) MUST_CHECK;
struct error *door_save(struct door *door) MUST_CHECK;
struct error *door_write_kubeconfig(struct door *door) MUST_CHECK; /* contexts for the clusters that are there */
/* Names (the caller's) of the clusters that are there, Blue's first. */
size_t door_clusters(struct door *door, char *names[2]);
char *door_addresses(struct door *door); /* the JSON line of `sim serve -o json` */
