/* The shared files of the aws command line: the same bytes as config and as credentials. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "aws/profile.h"

static const char *environment(void *context, const char *name)
{
	bool file = !strcmp(name, "AWS_CONFIG_FILE") || !strcmp(name, "AWS_SHARED_CREDENTIALS_FILE");
	return file ? context : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct aws_options options = {.getenv = environment, .getenv_context = path};
	struct aws_profile *profile = NULL;
	struct error *error = aws_profile_load(&options, &profile);
	if (!error) {
		aws_profile_get(profile, "region");
		aws_profile_get(profile, "s3.endpoint_url");
		aws_profile_get_section(profile, "services", "x", "eks.endpoint_url");
		json_decref(aws_profile_dump(profile));
	}
	error_free(error);
	aws_profile_free(profile);
	close(fd);
	return 0;
}
