/* kubeconfigs, as a file gives them: whatever they say, they are taken or refused with what to do. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kube/kubeconfig.h"

static int64_t wall_ms(struct clock *clock)
{
	(void)clock;
	return INT64_C(1795000000000);
}

static const char *no_environment(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clock_ops ops = {.wall_ms = wall_ms};
	struct clock clock = {.ops = &ops};
	struct ports ports = {.clock = &clock};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	struct kube_options options = {.ports = &ports,
				       .kubeconfig = arena_printf(arena, "/proc/self/fd/%d", fd),
				       .context = size && data[0] == '#' ? "c" : NULL,
				       .getenv = no_environment};
	struct kube_access access;
	struct error *error = kube_access_load(&options, arena, &access);
	if (error && !error->remedy)
		abort();
	error_free(error);
	kube_access_done(&access);
	close(fd);
	return 0;
}
