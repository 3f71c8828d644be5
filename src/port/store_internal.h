/* What store implementations say alike. */
#pragma once

#include "port/store.h"

struct error *store_lease_taken(const char *name, const char *owner, int64_t expires_at_ms) MUST_CHECK;
struct error *store_lease_lost(const char *name) MUST_CHECK;
struct error *store_head_moved(const char *run, uint64_t head, uint64_t expected) MUST_CHECK;
