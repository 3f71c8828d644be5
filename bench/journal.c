/* Appends of one 600-byte record to the SQLite store with FULL sync, beside write + fdatasync of the same bytes to a
 * plain file. Prints milliseconds per append: ours, bare. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "port/store.h"

enum { N = 200 };

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	char bytes[600], path[512];
	struct store *store;
	const char *directory = argc > 1 ? argv[1] : ".";
	memset(bytes, 'x', sizeof bytes);
	snprintf(path, sizeof path, "%s/bench.db", directory);
	if (store_sqlite_open(path, false, &store))
		return 1;
	double start = now_s();
	for (uint64_t i = 0; i < N; i++) {
		struct store_record record = {.seq = i + 1, .bytes = slice_make(bytes, sizeof bytes)};
		if (store_append(store, "bench", i, &record, 1))
			return 1;
	}
	double ours = (now_s() - start) / N * 1000;
	store_free(store);
	snprintf(path, sizeof path, "%s/bench.plain", directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	start = now_s();
	for (int i = 0; i < N; i++)
		if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes || fsync(fd) != 0)
			return 1;
	double bare = (now_s() - start) / N * 1000;
	close(fd);
	printf("%.3f %.3f\n", ours, bare);
	return 0;
}
