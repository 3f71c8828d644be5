/* Files read and written whole: the loops that know how that ends. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/secret.h"

struct error *file_read_open(int file, const char *name, struct buf *out)
{
	char chunk[16384];
	ssize_t n;
	do
		n = read(file, chunk, sizeof chunk);
	while ((n < 0 && errno == EINTR) || (n > 0 && buf_append(out, chunk, (size_t)n)));
	int number = errno;
	secret_wipe(chunk, sizeof chunk);
	if (n < 0)
		return error_from_errno(number, "cannot read \"%s\"", name);
	return out->overflowed ? error_new(ERROR_INVALID, "\"%s\" is larger than %zu bytes", name, out->max) : NULL;
}

struct error *file_read(const char *path, struct buf *out)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_from_errno(errno, "cannot read \"%s\"", path);
	struct error *error = file_read_open(file, path, out);
	close(file);
	return error;
}

struct error *file_make_folders(const char *path)
{
	char *copy CLEANUP(mem_freep) = mem_strdup(path);
	for (char *slash = strchr(copy + (*copy != '\0'), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			return error_from_errno(errno, "cannot make directory \"%s\"", copy);
		*slash = '/';
	}
	return NULL;
}

static bool write_all(int file, struct slice bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(file, bytes.p, bytes.n);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			bytes = slice_make(bytes.p + n, bytes.n - (size_t)n);
	}
	return fsync(file) == 0 || errno == EINVAL; /* pipes and the like have nothing to sync */
}

bool file_is_special(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static struct error *write_into(const char *path, struct slice bytes)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool good = file >= 0 && write_all(file, bytes);
	struct error *error = good ? NULL : error_from_errno(errno, "cannot write \"%s\"", path);
	if (file >= 0)
		close(file);
	return error;
}

struct error *file_write(const char *path, struct slice bytes)
{
	if (file_is_special(path))
		return write_into(path, bytes);
	TRY(file_make_folders(path));
	char *temporary CLEANUP(mem_freep) = mem_printf("%s.XXXXXX", path);
	int file = mkostemp(temporary, O_CLOEXEC);
	if (file < 0)
		return error_from_errno(errno, "cannot write \"%s\"", path);
	struct error *error = NULL;
	if (!write_all(file, bytes))
		error = error_from_errno(errno, "cannot write \"%s\"", path);
	if (close(file) != 0 && !error)
		error = error_from_errno(errno, "cannot write \"%s\"", path);
	if (!error && rename(temporary, path) != 0)
		error = error_from_errno(errno, "cannot put \"%s\" in place", path);
	if (error)
		unlink(temporary);
	return error;
}
