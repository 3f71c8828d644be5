/* Files that we share with the aws command line, in its own form: the token of a single sign-on, and the sessions of
 * roles that a person's device had to confirm, so that a code is asked for once an hour and not once a command. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "aws/credentials_internal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/document.h"

/* One that ends sooner is not worth beginning with: the command line has the same margin. */
#define LASTS_AT_LEAST (15 * MINUTE_MS)

bool aws_cache_time(const char *text, int64_t *ret_ms)
{
	char copy[40];
	size_t n = text ? strlen(text) : 0;
	if (!n || n >= sizeof copy)
		return false;
	memcpy(copy, text, n + 1);
	if (n > 3 && !strcmp(copy + n - 3, "UTC"))
		memcpy(copy + n - 3, "Z", 2);
	return time_parse_rfc3339(slice_of(copy), ret_ms);
}

void aws_cache_write(const char *path, const json_t *document)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	document_print(document, false, &text);
	struct error *error ERROR_CLEANUP = file_write(path, buf_slice(&text));
	if (error)
		log_warn("aws", "%s: the sign-in is not kept for the next command", error->message);
	secret_wipe(text.p, text.n);
}

char *aws_cache_role_path(const struct aws_chain *chain, const json_t *input, bool named_session)
{
	json_t *key DOCUMENT_CLEANUP = json_copy((json_t *)(uintptr_t)input);
	char hash[SHA1_HEX_SIZE];
	json_object_del(key, "TokenCode");
	if (!named_session) /* the command line makes a new name up each time */
		json_object_del(key, "RoleSessionName");
	char *text = json_dumps(key, JSON_SORT_KEYS);
	sha1_hex(slice_of(text), hash);
	free(text);
	char *directory CLEANUP(mem_freep) = aws_profile_home(&chain->aws->options, "~/.aws/cli/cache");
	return mem_printf("%s/%s.json", directory, hash);
}

bool aws_cache_take_role(struct aws_chain *chain, const char *path)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	json_t *kept DOCUMENT_CLEANUP = NULL;
	const struct aws *aws = chain->aws;
	int64_t until_ms;
	if (access(path, R_OK) != 0)
		return false;
	struct error *error = aws_chain_read_file(chain, path, &text);
	if (!error)
		error = document_parse(buf_slice(&text), path, &kept);
	if (text.p)
		secret_wipe(text.p, text.n);
	if (error) {
		log_info("aws", "%s; a new session is begun", error->message);
		error_free(error);
		return false;
	}
	const char *access_key = document_text(kept, "Credentials.AccessKeyId"),
		   *secret = document_text(kept, "Credentials.SecretAccessKey"),
		   *token = document_text(kept, "Credentials.SessionToken");
	bool lasts = aws_cache_time(document_text(kept, "Credentials.Expiration"), &until_ms) &&
		     until_ms - aws_server_now_ms(aws) >= LASTS_AT_LEAST;
	/* what is asked for anew although we have it was refused */
	bool refused = access_key && aws->have_credentials && !strcmp(access_key, aws->credentials.access_key);
	if (!access_key || !secret || !token || !lasts || refused)
		return false;
	aws_chain_take(chain, access_key, secret, token, until_ms);
	return true;
}
