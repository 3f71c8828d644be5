/* What Argo CD's controller and its REST API share. */
#pragma once

#include "sim/world.h"

struct sim_app *sim_app_named(struct sim *sim, const char *name); /* NULL: not there */
struct sim_app *sim_app_new(struct sim *sim, const char *name);	  /* idle, with no metadata and spec yet */
/* The controller looks at it at once. False: it hangs; then the application bears the wish until it looks. */
bool sim_app_refresh(struct sim *sim, struct sim_app *app);
