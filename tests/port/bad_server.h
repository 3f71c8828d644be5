/* A server in a thread that answers as its path says: well, slowly, half, endlessly, with nonsense, or not at all. */
#pragma once

#include <stdatomic.h>

struct bad_server;
struct bad_server *bad_server_start(void);
void bad_server_stop(struct bad_server *server);
unsigned bad_server_port(const struct bad_server *server);
/* Counted since the start. */
unsigned bad_server_connections(const struct bad_server *server);
unsigned bad_server_requests(const struct bad_server *server);
void bad_server_wait_closed(const struct bad_server *server); /* until it has closed all that were open */
unsigned bad_server_at_once(const struct bad_server *server); /* most connections open at the same time */
