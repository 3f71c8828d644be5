/* Makes calls over the real network as it is told, one JSON object a line, with little patience: for the test whose
 * server is the worst there can be. One client and one pool of connections serve all calls.
 *
 * usage: aws_caller ENDPOINT KUBECONFIG DEADLINE_MS IDLE_MS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "codec/document.h"
#include "kube/kube.h"

/* The real port with shorter limits. */
struct hasty {
	struct http http;
	struct http *real;
	struct http_limits limits;
};

static void perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct hasty *hasty = CONTAINER_OF(http, struct hasty, http);
	for (size_t i = 0; i < n; i++)
		exchanges[i].request.limits = hasty->limits;
	http_perform(hasty->real, exchanges, n);
}

static const struct http_ops hasty_ops = {perform, NULL};

static json_t *told(struct error *error, json_t *output)
{
	if (!error)
		return json_pack("{s:o}", "output", output ? output : json_object());
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 20);
	error_line(error, &line);
	json_t *reply =
		json_pack("{s:s, s:s?, s:b, s:i, s:s}", "error", error_class_name(error->class), "code", error->code,
			  "unknown", error->outcome_unknown, "tries", (int)error->tries, "line", buf_str(&line));
	error_free(error);
	return reply;
}

static json_t *call_aws(struct aws *aws, const json_t *question)
{
	const struct aws_operation *operation = aws_operation_find(document_text_or(question, "service", ""),
								   document_text_or(question, "operation", ""));
	json_t *output = NULL;
	if (!operation)
		return json_pack("{s:s}", "error", "no such row");
	struct error *error = aws_call(aws, operation, json_deep_copy(json_object_get(question, "input")), &output);
	return told(error, output);
}

static json_t *call_kube(struct kube *kube, const json_t *question)
{
	json_t *output = NULL, *body = json_object_get(question, "body");
	struct error *error =
		kube_call(kube, document_text_or(question, "method", "GET"), document_text_or(question, "path", "/"),
			  NULL, body ? json_deep_copy(body) : NULL, &output);
	return told(error, output);
}

static void must(struct error *error)
{
	if (!error)
		return;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_render(error, &text);
	fputs(buf_str(&text), stderr);
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	struct clock *clock = clock_real_new(NULL);
	struct hasty hasty = {.http = {&hasty_ops},
			      .real = http_real_new(clock, 0, NULL),
			      .limits = {.connect_ms = 2000,
					 .deadline_ms = strtol(argv[3], NULL, 10),
					 .idle_ms = strtol(argv[4], NULL, 10),
					 .max_body_bytes = 1 << 20}};
	struct ports ports = {.clock = clock, .http = &hasty.http, .random = random_real_new()};
	struct aws_options aws_options = {.ports = &ports,
					  .region = "us-east-1",
					  .endpoint_url = argv[1],
					  .access_key = "AKIDEXAMPLE",
					  .secret_key = "secret"};
	struct kube_options kube_options = {.ports = &ports, .kubeconfig = argv[2]};
	struct aws *aws = NULL;
	struct kube *kube = NULL;
	must(aws_new(&aws_options, &aws));
	must(kube_new(&kube_options, &kube));
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;
	while ((n = getline(&line, &capacity, stdin)) > 0) {
		json_t *question DOCUMENT_CLEANUP = json_loadb(line, (size_t)n, 0, NULL);
		bool is_kube = !strcmp(document_text_or(question, "do", ""), "kube");
		json_t *reply DOCUMENT_CLEANUP = is_kube ? call_kube(kube, question) : call_aws(aws, question);
		struct buf out CLEANUP(buf_done) = BUF_INIT((size_t)64 << 20);
		document_print(reply, false, &out);
		puts(buf_str(&out));
		fflush(stdout);
	}
	free(line);
	kube_free(kube);
	aws_free(aws);
	http_free(hasty.real);
	random_free(ports.random);
	clock_free(clock);
	return 0;
}
