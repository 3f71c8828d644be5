/* References to secrets, and the files they and configurations are read from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config/config.h"
#include "config/config_file.h"

enum { MAX_FILE = 4 << 20 };

struct error *config_read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_from_errno(errno, "cannot read \"%s\"", path);
	char chunk[16384];
	ssize_t n;
	buf_init(out, MAX_FILE);
	do
		n = read(fd, chunk, sizeof chunk);
	while ((n < 0 && errno == EINTR) || (n > 0 && buf_append(out, chunk, (size_t)n)));
	int failed = n < 0 ? errno : 0;
	secret_wipe(chunk, sizeof chunk); /* it may have been one */
	close(fd);
	if (failed)
		return error_from_errno(failed, "cannot read \"%s\"", path);
	return out->overflowed ? error_new(ERROR_INVALID, "\"%s\" is larger than %d bytes", path, MAX_FILE) : NULL;
}

struct error *config_secret_parse(const char *reference, enum config_secret *ret_kind, const char **ret_name)
{
	static const char *const prefixes[] = {"env:", "file:", "ssm:", "secretsmanager:"};
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (strncmp(reference, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		if (!reference[strlen(prefixes[i])])
			return error_new(ERROR_INVALID, "\"%s\" names no secret", reference);
		*ret_kind = (enum config_secret)i;
		*ret_name = reference + strlen(prefixes[i]);
		return NULL;
	}
	return error_remedy(error_new(ERROR_INVALID, "a secret is written where a reference to one should be"),
			    "env:NAME, file:PATH, ssm:/path, or secretsmanager:name");
}

struct error *config_secret_read(const char *reference, struct secret **ret)
{
	enum config_secret kind = CONFIG_SECRET_ENV;
	const char *name = "";
	*ret = NULL;
	if (!reference)
		return NULL;
	TRY(config_secret_parse(reference, &kind, &name));
	if (kind == CONFIG_SECRET_ENV) {
		const char *value = getenv(name);
		if (!value || !*value)
			return error_remedy(error_new(ERROR_INVALID, "environment variable %s is not set", name),
					    "export %s=…", name);
		*ret = secret_new(value, strlen(value));
		return NULL;
	}
	if (kind != CONFIG_SECRET_FILE)
		return error_remedy(error_new(ERROR_INVALID, "\"%s\" is read by AWS only", reference),
				    "use env: or file: here");
	struct buf text CLEANUP(buf_done) = {0};
	TRY(config_read_file(name, &text));
	while (text.n && strchr("\r\n ", text.p[text.n - 1]))
		text.n--;
	if (text.n == 0)
		return error_remedy(error_new(ERROR_INVALID, "file \"%s\" of a secret is empty", name),
				    "write the secret into it");
	*ret = secret_new(text.p, text.n);
	secret_wipe(text.p, text.capacity);
	return NULL;
}
