/* What store implementations say alike. */
#pragma once

#include "port/store.h"

struct error *store_lease_taken(const char *name, const char *owner, int64_t expires_at_ms) MUST_CHECK;
struct error *store_lease_lost(const char *name) MUST_CHECK;
struct error *store_head_moved(const char *run, uint64_t head, uint64_t expected) MUST_CHECK;
/* Before an append: the records follow `head` without gaps (BUG), and none is from before the newest lease
 * (`lease_epoch`, 0: there is none): CONFLICT. A record's epoch is read where it stands at the front: {"epoch":N,… */
struct error *store_check_append(const char *run, uint64_t head, uint64_t lease_epoch,
				 const struct store_record *records, size_t n) MUST_CHECK;
