/* A secret has its own type: nothing prints it, it is wiped on free, and whoever reveals it says so by name. */
#pragma once

#include <stddef.h>

struct secret;
struct secret *secret_new(const char *text, size_t n); /* copies; NULL for NULL */
void secret_free(struct secret *secret);
void secret_freep(struct secret **secret);		/* for CLEANUP */
const char *secret_reveal(const struct secret *secret); /* NUL-terminated; valid while the secret lives */
size_t secret_size(const struct secret *secret);
void secret_wipe(void *bytes, size_t n); /* a store the compiler may not drop */
