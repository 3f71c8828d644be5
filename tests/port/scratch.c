/* Directories of tests. */
#include "port/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

const char *scratch_new(char out[256])
{
	const char *below = getenv("TMPDIR");
	snprintf(out, 256, "%s/eua it's a test XXXXXX", below && *below ? below : "/tmp");
	if (!mkdtemp(out))
		abort();
	return out;
}

static int remove_one(const char *path, const struct stat *stat_of, int kind, struct FTW *where)
{
	(void)stat_of;
	(void)kind;
	(void)where;
	return remove(path);
}

void scratch_remove(const char *directory)
{
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

bool scratch_exists(const char *directory, const char *name)
{
	char *path CLEANUP(mem_freep) = mem_printf("%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

char *scratch_read(const char *directory, const char *name)
{
	char *path CLEANUP(mem_freep) = mem_printf("%s/%s", directory, name);
	char *text = mem_alloc(65536);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, 65535);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

void scratch_write(const char *directory, const char *name, const char *text)
{
	char *path CLEANUP(mem_freep) = mem_printf("%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

bool soon(bool (*is_true)(void *context), void *context)
{
	for (int i = 0; i < 1000; i++) {
		if (is_true(context))
			return true;
		usleep(5000);
	}
	return false;
}
