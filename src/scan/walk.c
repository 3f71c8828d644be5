/* Files and folders: every regular file that may be a manifest by its name, each read once into one buffer. Folders
 * that links point to are not entered, so that a walk ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "scan/scan_internal.h"

enum { MAX_FOLDERS = 200, PATH_BYTES = 1 << 16, FIRST_ROOM = 256 << 10, KEEP_ROOM = 2 << 20 };

static const char *const manifests[] = {".yaml", ".yml", ".json", ".tpl", ".tmpl", ".gotmpl", ".template", ".j2", NULL};
static const char *const left_out[] = {".git", ".hg", ".svn", ".terraform", "node_modules", ".eks-upgrade-agent", NULL};

/* What templates make that is no manifest ("README.md.gotmpl"), and what changes files ("app.yaml.patch"). */
static const char *const others[] = {".md", ".go", ".sh", ".py", ".js", ".html", ".rego", NULL};
static const char *const patches[] = {".patch", ".diff", ".rej", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static bool ends_with_one_of(const char *name, size_t n, const char *const *suffixes)
{
	for (; *suffixes; suffixes++)
		if (n > strlen(*suffixes) && !strncasecmp(name + n - strlen(*suffixes), *suffixes, strlen(*suffixes)))
			return true;
	return false;
}

enum worth { NO_MANIFEST, PERHAPS, MANIFEST };
static enum worth worth_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	if (!dot || dot == name)
		return *name == '.' ? NO_MANIFEST : PERHAPS;
	size_t n = strlen(dot);
	for (const char *const *suffix = manifests; *suffix; suffix++)
		if (strlen(*suffix) == n && !strcasecmp(*suffix, dot))
			return suffix - manifests < 3				      ? MANIFEST
			       : ends_with_one_of(name, (size_t)(dot - name), others) ? NO_MANIFEST
										      : PERHAPS;
	if (is_one_of(dot, patches))
		return NO_MANIFEST;
	/* "app.yaml.dist", "values.yml.example" */
	return strstr(name, ".yaml.") || strstr(name, ".yml.") || strstr(name, ".json.") ? PERHAPS : NO_MANIFEST;
}

/* ---- what was read already: paths may overlap ("deploy/ deploy/app.yaml .") ---- */

struct scan_place {
	dev_t dev;
	ino_t ino; /* 0: an empty slot */
};

static struct scan_place *slot_of(struct scan *scan, const struct stat *status)
{
	size_t i = ((size_t)status->st_ino ^ (size_t)status->st_dev << 7) * 0x9e3779b97f4a7c15u;
	struct scan_place *slot;
	do {
		slot = &scan->places[++i & (scan->n_slots - 1)];
	} while (slot->ino && (slot->ino != status->st_ino || slot->dev != status->st_dev));
	return slot;
}

static bool was_read(struct scan *scan, const struct stat *status)
{
	return scan->n_places && slot_of(scan, status)->ino;
}

static void remember(struct scan *scan, const struct stat *status)
{
	if (2 * scan->n_places >= scan->n_slots) {
		struct scan_place *old = scan->places;
		size_t n = scan->n_slots;
		scan->n_slots = n ? 2 * n : 64;
		scan->places = mem_array(scan->n_slots, sizeof *old);
		for (size_t i = 0; i < n; i++)
			if (old[i].ino)
				*slot_of(scan, &(struct stat){.st_dev = old[i].dev, .st_ino = old[i].ino}) = old[i];
		free(old);
	}
	struct scan_place *slot = slot_of(scan, status);
	scan->n_places += !slot->ino;
	*slot = (struct scan_place){status->st_dev, status->st_ino};
}

static void not_read(struct scan *scan, const char *path, int number)
{
	char *detail CLEANUP(mem_freep) = mem_printf("%s", strerror(number));
	scan->name = path;
	scan->file = NULL;
	scan->document_number = 0;
	scan_trouble(scan, number == EACCES || number == EPERM ? "denied" : "failed", path, detail);
	scan_unknown(scan, 0, detail,
		     number == EACCES || number == EPERM ? "give read permission" : "see that it can be read");
}

static bool make_room(struct scan *scan, size_t n)
{
	if (n <= scan->room)
		return true;
	size_t room = scan->room ? scan->room : FIRST_ROOM;
	while (room < n)
		room *= 2;
	char *bytes = realloc(scan->bytes, room); /* NOLINT: a file too large for us is told, it need not end us */
	if (!bytes)
		return false;
	scan->bytes = bytes;
	scan->room = room;
	return true;
}

static void too_large(struct scan *scan, const char *path)
{
	scan->name = path;
	scan->file = NULL;
	scan->document_number = 0;
	scan_trouble(scan, "skipped", path, "larger than 64 MiB");
	scan_unknown(scan, 0, "larger than 64 MiB", "split it");
}

/* All of an open file. `expected`: its size, or 0 when nobody knows. */
static void read_open(struct scan *scan, int fd, size_t expected, const char *path, bool by_name)
{
	size_t n = 0;
	for (;;) {
		if (n > SCAN_MAX_BYTES || expected > SCAN_MAX_BYTES) {
			too_large(scan, path);
			return;
		}
		if (!make_room(scan, expected > n ? expected + 1 : n + FIRST_ROOM / 2)) {
			not_read(scan, path, ENOMEM);
			return;
		}
		ssize_t got = read(fd, scan->bytes + n, scan->room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			not_read(scan, path, errno);
			return;
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (expected && n == expected)
			break;
	}
	scan_bytes(scan, scan->bytes, n, path, by_name);
	if (scan->room > KEEP_ROOM) {
		free(scan->bytes);
		scan->bytes = NULL;
		scan->room = 0;
	}
}

static void read_file(struct scan *scan, int folder, const char *name, const char *path, bool by_name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0) {
		not_read(scan, path, errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	if (S_ISREG(status.st_mode) && !was_read(scan, &status))
		read_open(scan, fd, (size_t)status.st_size, path, by_name);
	else if (!S_ISREG(status.st_mode))
		scan_trouble(scan, "skipped", path, "no regular file");
	close(fd);
}

static void walk(struct scan *scan, int fd, char *path, size_t n, unsigned depth);

static void enter(struct scan *scan, int folder, const char *name, char *path, size_t n, unsigned depth)
{
	int fd = depth < MAX_FOLDERS ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (fd < 0)
		not_read(scan, path, depth < MAX_FOLDERS ? errno : ELOOP);
	else
		walk(scan, fd, path, n, depth + 1);
}

static void link_of(struct scan *scan, int folder, const char *name, const char *path)
{
	struct stat status;
	enum worth worth = worth_of(name);
	if (fstatat(folder, name, &status, 0) != 0)
		scan_trouble(scan, "failed", path,
			     errno == ELOOP ? "a link that leads to itself" : "a link to nothing");
	else if (S_ISDIR(status.st_mode))
		scan_trouble(scan, "skipped", path, "a link to a folder: not entered");
	else if (worth != NO_MANIFEST)
		read_file(scan, folder, name, path, worth == MANIFEST);
}

static void member(struct scan *scan, int folder, const struct dirent *entry, char *path, size_t n, unsigned depth)
{
	unsigned char type = entry->d_type;
	struct stat status;
	if (type == DT_UNKNOWN && fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		type = S_ISDIR(status.st_mode)	 ? DT_DIR
		       : S_ISLNK(status.st_mode) ? DT_LNK
		       : S_ISREG(status.st_mode) ? DT_REG
						 : DT_FIFO;
	enum worth worth = worth_of(entry->d_name);
	if (type == DT_DIR && !is_one_of(entry->d_name, left_out))
		enter(scan, folder, entry->d_name, path, n, depth);
	else if (type == DT_LNK)
		link_of(scan, folder, entry->d_name, path);
	else if (type == DT_REG && worth != NO_MANIFEST)
		read_file(scan, folder, entry->d_name, path, worth == MANIFEST);
	else if (type == DT_REG)
		scan->counts.not_manifests++;
	else if (type != DT_DIR && worth != NO_MANIFEST)
		scan_trouble(scan, "skipped", path, "no regular file");
}

/* `path` has `n` bytes and room for more. The descriptor is closed. */
static void walk(struct scan *scan, int fd, char *path, size_t n, unsigned depth)
{
	struct stat status;
	bool known = fstat(fd, &status) == 0;
	if (known && was_read(scan, &status)) {
		close(fd);
		return;
	}
	if (known)
		remember(scan, &status);
	DIR *folder = fdopendir(fd);
	if (!folder) {
		not_read(scan, path, errno);
		close(fd);
		return;
	}
	for (const struct dirent *entry; (errno = 0, entry = readdir(folder));) {
		size_t more = strlen(entry->d_name);
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (n + more + 2 > PATH_BYTES) {
			not_read(scan, path, ENAMETOOLONG);
			continue;
		}
		size_t slash = n && path[n - 1] != '/';
		path[n] = '/';
		memcpy(path + n + slash, entry->d_name, more + 1);
		member(scan, fd, entry, path, n + slash + more, depth);
		path[n] = '\0';
	}
	if (errno)
		not_read(scan, path, errno);
	closedir(folder);
}

/* Was its folder read, and it with it? */
static bool was_read_with_folder(struct scan *scan, const char *name)
{
	struct stat status;
	const char *slash = strrchr(name, '/');
	char *folder CLEANUP(mem_freep) = slash ? mem_strndup(name, (size_t)(slash + 1 - name)) : mem_strdup(".");
	return worth_of(slash ? slash + 1 : name) != NO_MANIFEST && stat(folder, &status) == 0 &&
	       was_read(scan, &status);
}

struct error *scan_path(struct scan *scan, const char *name)
{
	struct stat status;
	scan->source = "file";
	if (stat(name, &status) != 0)
		return error_from_errno(errno, "cannot scan \"%s\"", name);
	if (!S_ISDIR(status.st_mode)) {
		if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
			return error_new(ERROR_INVALID, "cannot scan \"%s\": neither a file nor a folder", name);
		bool regular = S_ISREG(status.st_mode);
		if (regular && (was_read(scan, &status) || was_read_with_folder(scan, name)))
			return NULL;
		int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return error_from_errno(errno, "cannot scan \"%s\"", name);
		if (regular)
			remember(scan, &status);
		read_open(scan, fd, S_ISREG(status.st_mode) ? (size_t)status.st_size : 0, name, true);
		close(fd);
		return NULL;
	}
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_from_errno(errno, "cannot scan \"%s\"", name);
	char *path CLEANUP(mem_freep) = mem_alloc(PATH_BYTES + 1);
	size_t n = strlen(name);
	if (n >= PATH_BYTES / 2) {
		close(fd);
		return error_new(ERROR_INVALID, "cannot scan a path of %zu bytes", n);
	}
	memcpy(path, name, n + 1);
	if (n == 1 && *name == '.')
		*path = '\0', n = 0; /* "a.yaml", not "./a.yaml" */
	walk(scan, fd, path, n, 0);
	return NULL;
}

struct error *scan_stream(struct scan *scan, int fd, const char *name)
{
	scan->source = "file";
	read_open(scan, fd, 0, name, true);
	return NULL;
}
