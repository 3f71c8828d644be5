/* References to secrets, and the files they and configurations are read from. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "config/config.h"

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
	struct buf text CLEANUP(buf_done) = BUF_INIT(CONFIG_LARGEST_FILE);
	TRY(file_read(name, &text));
	while (text.n && strchr("\r\n ", text.p[text.n - 1]))
		text.n--;
	if (text.n == 0)
		return error_remedy(error_new(ERROR_INVALID, "file \"%s\" of a secret is empty", name),
				    "write the secret into it");
	*ret = secret_new(text.p, text.n);
	secret_wipe(text.p, text.capacity);
	return NULL;
}
