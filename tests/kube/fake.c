/* The scripted ports of the Kubernetes client's tests. */
#include "fake.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/time.h"

static struct fake *of_clock(struct clock *clock)
{
	return CONTAINER_OF(clock, struct fake, clock);
}

static int64_t now(struct clock *clock)
{
	return of_clock(clock)->now_ms;
}

static void sleep_until(struct clock *clock, int64_t until_ms)
{
	if (until_ms > of_clock(clock)->now_ms)
		of_clock(clock)->now_ms = until_ms;
}

static const char *header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->n_headers; i++)
		if (!strcasecmp(request->headers[i].name, name))
			return request->headers[i].value;
	return NULL;
}

static void note(struct fake *fake, const struct http_request *request)
{
	struct arena *arena = fake->arena;
	struct buf all CLEANUP(buf_done) = BUF_INIT(1 << 20);
	for (size_t i = 0; i < request->n_headers; i++)
		buf_printf(&all, "%s: %s\n", request->headers[i].name, request->headers[i].value);
	*ARENA_PUSH(arena, fake->requests, fake->n_requests) = (struct fake_request){
		.method = arena_strdup(arena, request->method),
		.url = arena_strdup(arena, request->url),
		.body = arena_strndup(arena, request->body.n ? request->body.p : "", request->body.n),
		.authorization = arena_strdup(arena, header(request, "Authorization")),
		.accept = arena_strdup(arena, header(request, "Accept")),
		.content_type = arena_strdup(arena, header(request, "Content-Type")),
		.all_headers = arena_strdup(arena, buf_str(&all)),
		.at_ms = fake->now_ms};
}

static struct fake_reply *reply_for(struct fake *fake, const char *url)
{
	for (size_t i = 0; i < fake->n_replies; i++) {
		struct fake_reply *reply = &fake->replies[i];
		if (!reply->used && (!reply->path || strstr(url, reply->path))) {
			reply->used = true;
			return reply;
		}
	}
	fail_msg("nothing is left to answer %s", url);
	return NULL;
}

static void give_body(struct fake *fake, const struct fake_reply *reply, struct http_exchange *exchange)
{
	const char *body = reply->body ? reply->body : "";
	size_t n = reply->break_after ? reply->break_after : strlen(body), chunk = fake->chunk ? fake->chunk : n;
	struct http_response *response = &exchange->response;
	buf_init(&response->body, 1 << 24);
	if (!exchange->request.sink || response->status >= 300) {
		buf_append(&response->body, body, n);
		return;
	}
	for (size_t at = 0; at < n && !response->stopped; at += chunk)
		response->stopped = !exchange->request.sink->write(exchange->request.sink->context, body + at,
								   n - at < chunk ? n - at : chunk);
}

static void perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct fake *fake = CONTAINER_OF(http, struct fake, http);
	fake->most_at_once = n > fake->most_at_once ? n : fake->most_at_once;
	for (size_t i = 0; i < n; i++) {
		struct http_response *response = &exchanges[i].response;
		note(fake, &exchanges[i].request);
		struct fake_reply *reply = reply_for(fake, exchanges[i].request.url);
		response->sent_at_ms = response->received_at_ms = fake->now_ms;
		if (reply->lose || reply->refuse) {
			response->error = error_new(reply->lose ? ERROR_TIMEOUT : ERROR_TRANSIENT, "no answer");
			response->maybe_sent = reply->lose;
			continue;
		}
		response->status = reply->status ? reply->status : 200;
		if (reply->header)
			http_response_add_header(response, slice_of(reply->header), slice_of(reply->value));
		give_body(fake, reply, &exchanges[i]);
		if (reply->break_after && !response->stopped) {
			response->status = 0;
			response->error = error_new(ERROR_TRANSIENT, "the connection broke");
			response->maybe_sent = true;
		}
	}
	fake->now_ms += 10;
}

static struct error *start(struct process *process, const struct process_spec *spec)
{
	struct fake *fake = CONTAINER_OF(process, struct fake, process);
	fake->runs++;
	fake->program = arena_strdup(fake->arena, spec->argv[0]);
	fake->asked_at = spec->terminal ? arena_strdup(fake->arena, spec->terminal) : NULL;
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		if (!strncmp(spec->env[i], "KUBERNETES_EXEC_INFO=", 21))
			fake->exec_info = arena_strdup(fake->arena, spec->env[i] + 21);
	return NULL;
}

static struct error *status(struct process *process, const char *name, struct process_status *ret)
{
	(void)name;
	*ret = (struct process_status){.state = PROCESS_EXITED,
				       .exit_status = CONTAINER_OF(process, struct fake, process)->exit_status};
	return NULL;
}

static struct error *read_output(struct process *process, const char *name, const char *file, uint64_t offset,
				 size_t max, struct buf *out)
{
	struct fake *fake = CONTAINER_OF(process, struct fake, process);
	(void)name;
	(void)max;
	if (offset == 0 && !strcmp(file, fake->exit_status ? "err" : "out"))
		buf_puts(out, fake->output ? fake->output : "");
	return NULL;
}

void fake_init(struct fake *fake, struct fake_reply *replies, size_t n)
{
	static const struct clock_ops clock_ops = {now, now, sleep_until, NULL};
	static const struct http_ops http_ops = {perform, NULL};
	static const struct process_ops process_ops = {.start = start, .status = status, .read = read_output};
	*fake = (struct fake){.replies = replies, .n_replies = n, .now_ms = INT64_C(1795478400000)};
	fake->arena = arena_new();
	fake->clock.ops = &clock_ops;
	fake->http.ops = &http_ops;
	fake->process.ops = &process_ops;
	fake->ports = (struct ports){
		.http = &fake->http, .clock = &fake->clock, .process = &fake->process, .random = random_seeded_new(7)};
}

void fake_done(struct fake *fake)
{
	random_free(fake->ports.random);
	arena_free(fake->arena);
}

const char *fake_file(struct fake *fake, const char *name, const char *text)
{
	char *directory = arena_printf(fake->arena, "/tmp/kube-test-%ld", (long)getpid());
	char *path = arena_printf(fake->arena, "%s/%s", directory, name);
	mkdir(directory, 0700);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static const char *no_environment(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

struct error *fake_kube_from(struct fake *fake, const char *kubeconfig, struct kube **ret)
{
	struct kube_options options = {.terminal = fake->terminal,
				       .ports = &fake->ports,
				       .kubeconfig = fake_file(fake, "config", kubeconfig),
				       .getenv = no_environment};
	*ret = NULL;
	struct error *error = kube_new(&options, ret);
	unlink(options.kubeconfig);
	return error;
}

struct kube *fake_kube(struct fake *fake)
{
	struct kube *kube;
	expect_fine(fake_kube_from(fake,
				   "current-context: c\n"
				   "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
				   "clusters: [{name: k, cluster: {server: 'https://fake'}}]\n"
				   "users: [{name: u, user: {token: t0ken}}]\n",
				   &kube));
	return kube;
}

void expect_error(struct error *error, enum error_class class, const char *part)
{
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (!error)
		fail_msg("no error where \"%s\" was due", part);
	error_line(error, &line);
	if (!strstr(buf_str(&line), part))
		fail_msg("\"%s\" does not say \"%s\"", buf_str(&line), part);
	assert_string_equal(error_class_name(error->class), error_class_name(class));
	error_free(error);
}

void expect_fine(struct error *error)
{
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (!error)
		return;
	error_line(error, &line);
	fail_msg("%s", buf_str(&line));
}
