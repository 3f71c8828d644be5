/* Secrets: wiped when their owner lets go. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

struct secret {
	size_t n;
	char text[];
};

void secret_wipe(void *bytes, size_t n)
{
	explicit_bzero(bytes, n);
}

struct secret *secret_new(const char *text, size_t n)
{
	if (!text)
		return NULL;
	struct secret *secret = mem_alloc(sizeof *secret + n + 1);
	secret->n = n;
	if (n)
		memcpy(secret->text, text, n);
	return secret;
}

void secret_free(struct secret *secret)
{
	if (!secret)
		return;
	secret_wipe(secret->text, secret->n);
	free(secret);
}

void secret_freep(struct secret **secret)
{
	secret_free(*secret);
}

const char *secret_reveal(const struct secret *secret)
{
	return secret ? secret->text : NULL;
}

size_t secret_size(const struct secret *secret)
{
	return secret ? secret->n : 0;
}
