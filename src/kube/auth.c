/* Signing in: the value of the Authorization header, from the kubeconfig, a file, a plugin or EKS, kept until it ends.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/digest.h"
#include "base/file.h"
#include "base/time.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

/* The server takes an EKS token for 15 minutes from its minting; plugins' tokens are left some seconds for the way. */
#define EKS_TOKEN_LIFE (14 * MINUTE_MS)
#define MARGIN (10 * SECOND_MS)
/* Service account tokens rotate on disk; kubelet renews them long before they end, so a minute's delay is safe. */
#define TOKEN_FILE_LIFE MINUTE_MS

static struct secret *headed(const char *scheme, const char *text, size_t n)
{
	struct buf value = BUF_INIT(1 << 20);
	buf_puts(&value, scheme);
	buf_append(&value, text, n);
	struct secret *secret = secret_new(buf_str(&value), value.n);
	secret_wipe(value.p, value.n);
	buf_done(&value);
	return secret;
}

bool kube_is_token(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return n > 0;
}

struct secret *kube_bearer(const char *token, size_t n)
{
	return headed("Bearer ", token, n);
}

static struct error *from_file(const char *path, struct secret **ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 10);
	struct error *error = file_read(path, &text);
	size_t before = strspn(buf_str(&text), " \r\n\t"), n = text.n - before;
	const char *p = buf_str(&text) + before;
	while (n > 0 && strchr(" \r\n\t", p[n - 1]))
		n--;
	bool good = !error && kube_is_token(p, n);
	*ret = good ? kube_bearer(p, n) : NULL;
	if (text.p)
		secret_wipe(text.p, text.n);
	if (good || error)
		return error ? error_wrap(error, "token file") : NULL;
	return error_remedy(error_new(ERROR_AUTH, "token file \"%s\" %s", path,
				      n > 0 ? "holds something else than one token" : "is empty"),
			    "whoever writes the file must write a token, nothing around it");
}

static struct secret *basic(const struct kube_access *access)
{
	struct buf both = BUF_INIT(1 << 16), encoded = BUF_INIT(1 << 17);
	buf_printf(&both, "%s:%s", access->username, access->password ? secret_reveal(access->password) : "");
	base64_encode(buf_slice(&both), &encoded);
	struct secret *secret = headed("Basic ", buf_str(&encoded), encoded.n);
	secret_wipe(both.p, both.n);
	secret_wipe(encoded.p, encoded.n);
	buf_done(&both);
	buf_done(&encoded);
	return secret;
}

static struct error *from_eks(struct kube *kube, struct secret **ret, int64_t *ret_until_ms)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	int64_t minted_ms;
	TRY(aws_eks_token(kube->aws, kube->eks_cluster, &token, &minted_ms));
	*ret = kube_bearer(secret_reveal(token), secret_size(token));
	*ret_until_ms = minted_ms + EKS_TOKEN_LIFE;
	return NULL;
}

/* In the order in which kubectl prefers them. */
static struct error *fetch(struct kube *kube, struct secret **ret, int64_t *ret_until_ms)
{
	const struct kube_access *access = &kube->access;
	*ret = NULL;
	*ret_until_ms = INT64_MAX;
	if (kube->aws)
		return from_eks(kube, ret, ret_until_ms);
	if (access->token_file) {
		*ret_until_ms = clock_wall_ms(kube->ports.clock) + TOKEN_FILE_LIFE;
		return from_file(access->token_file, ret);
	}
	if (access->token) {
		*ret = kube_bearer(secret_reveal(access->token), secret_size(access->token));
		return NULL;
	}
	if (access->exec)
		return kube_exec_login(kube, ret, ret_until_ms);
	*ret = access->username ? basic(access) : NULL;
	return NULL;
}

struct error *kube_authorize(struct kube *kube, bool again)
{
	bool known = kube->authorization_until_ms != 0,
	     old = known && kube->authorization_until_ms != INT64_MAX &&
		   clock_wall_ms(kube->ports.clock) + MARGIN >= kube->authorization_until_ms;
	if (known && !old && !again)
		return NULL;
	struct secret *fresh = NULL;
	int64_t until_ms;
	TRY(fetch(kube, &fresh, &until_ms));
	secret_free(kube->authorization);
	kube->authorization = fresh;
	kube->authorization_until_ms = until_ms;
	return NULL;
}
