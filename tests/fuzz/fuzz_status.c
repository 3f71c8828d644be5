/* Answers of an API server: Status errors, warnings, hints. First byte: status, second: what was asked; then up to a
 * line end the header, and the body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "kube/kube_internal.h"

static void bytes(struct random *random, void *out, size_t n)
{
	(void)random;
	memset(out, 1, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 301, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503};
	static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};
	static const char *const paths[] = {"/api/v1/namespaces/x/pods/y/eviction", "/apis/apps/v1/deployments?watch=1",
					    "/metrics", "/api/v1/namespaces/x/status"};
	static const struct random_ops ops = {.bytes = bytes};
	struct random random = {.ops = &ops};
	if (size < 2)
		return 0;
	const char *text = (const char *)data + 2, *line = memchr(text, '\n', size - 2);
	struct slice header = slice_make(text, line ? (size_t)(line - text) : 0),
		     body = slice_make(text + header.n, size - 2 - header.n);
	struct http_response response = {.status = statuses[data[0] % ARRAY_SIZE(statuses)],
					 .body = BUF_INIT(1 << 24),
					 .received_at_ms = INT64_C(1795000000000)};
	http_response_add_header(&response, slice_of("warning"), header);
	http_response_add_header(&response, slice_of("retry-after"), header);
	buf_append(&response.body, body.p, body.n);
	struct kube kube = {.warnings = json_array()};
	const char *method = methods[data[1] % 4], *path = paths[data[1] / 4 % 4];
	int64_t delay_ms;
	kube_note_warnings(&kube, path, &response);
	if (kube_should_retry(method, &response, data[1] / 16, &random, &delay_ms) != KUBE_NO_RETRY && delay_ms < 0)
		abort();
	struct error *error = kube_status_error(method, path, &response);
	if (!error != (response.status == 200) || (error && !*error->message))
		abort();
	error_free(error);
	json_decref(kube.warnings);
	buf_done(&response.body);
	arena_free(response.arena);
	return 0;
}
