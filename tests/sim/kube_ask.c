/* Questions to a simulated cluster, for its tests. */
#include "kube_ask.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/mem.h"

struct sim_kube *ask_cluster(const char *cluster)
{
	struct sim_kube_profile profile = {.cluster = cluster,
					   .name = "shop",
					   .version = "1.33",
					   .ingress_host = "k8s-web-1.us-east-1.elb.amazonaws.com",
					   .region = "us-east-1",
					   .account = "111122223333",
					   .seed = 7,
					   .now_ms = INT64_C(1795478400000)};
	return sim_kube_new(&profile);
}

json_t *ask_as(struct sim_kube *kube, const char *method, const char *path, const char *type, const char *accept,
	       const char *body, int *ret_status)
{
	struct http_header headers[] = {{"Content-Type", type ? type : "application/json"},
					{"Accept", accept ? accept : "application/json"}};
	struct http_request request = {
		.method = method, .url = path, .headers = headers, .n_headers = 2, .body = slice_of(body ? body : "")};
	struct http_exchange exchange = {.request = request};
	sim_kube_handle(kube, &exchange.request, path, &exchange.response);
	if (ret_status)
		*ret_status = exchange.response.status;
	json_t *document =
		json_loadb(exchange.response.body.p ? exchange.response.body.p : "", exchange.response.body.n, 0, NULL);
	http_exchange_done(&exchange);
	return document;
}

json_t *ask(struct sim_kube *kube, const char *method, const char *path, const char *body, int *ret_status)
{
	return ask_as(kube, method, path, strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : NULL, NULL,
		      body, ret_status);
}

json_t *ask_get(struct sim_kube *kube, const char *path)
{
	int status;
	json_t *document = ask(kube, "GET", path, NULL, &status);
	if (status != 200 || !document)
		fail_msg("GET %s: %d", path, status);
	return document;
}

char *ask_text(struct sim_kube *kube, const char *path, int *ret_status)
{
	struct http_exchange exchange = {.request = {.method = "GET", .url = path}};
	sim_kube_handle(kube, &exchange.request, path, &exchange.response);
	*ret_status = exchange.response.status;
	char *text = mem_strdup(buf_str(&exchange.response.body));
	http_exchange_done(&exchange);
	return text;
}

json_t *ask_at(const json_t *document, const char *path)
{
	const json_t *at = document;
	while (at && *path) {
		char key[96];
		size_t n = strcspn(path, ".");
		snprintf(key, sizeof key, "%.*s", (int)n, path);
		at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
		path += n + (path[n] == '.');
	}
	return (json_t *)(uintptr_t)at;
}

const char *ask_string(const json_t *document, const char *path)
{
	const char *text = json_string_value(ask_at(document, path));
	return text ? text : "";
}

json_int_t ask_number(const json_t *document, const char *path)
{
	const json_t *value = ask_at(document, path);
	return json_is_integer(value) ? json_integer_value(value) : -1;
}
