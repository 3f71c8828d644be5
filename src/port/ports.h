/* The whole outside, as the agent knows it. */
#pragma once

#include "port/clock.h"
#include "port/http.h"
#include "port/process.h"
#include "port/random.h"
#include "port/store.h"

struct ports {
	struct http *http;
	struct process *process;
	struct clock *clock;
	struct random *random;
	struct store *store;
};
