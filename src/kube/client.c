/* The client's birth, and single requests. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/digest.h"
#include "base/uri.h"
#include "codec/document.h"
#include "kube/kube_internal.h"

enum { MAX_BODY = 16 << 20, CALLS_AT_ONCE = 8 };

static struct kube *make(const struct ports *ports, const char *field_manager)
{
	struct kube *kube = mem_alloc(sizeof *kube);
	kube->ports = *ports;
	kube->arena = arena_new();
	kube->field_manager = mem_strdup(field_manager ? field_manager : "eks-upgrade-agent");
	kube->warnings = json_array();
	return kube;
}

struct error *kube_new(const struct kube_options *options, struct kube **ret)
{
	struct kube *kube = make(options->ports, options->field_manager);
	kube->terminal = mem_strdup(options->terminal);
	struct error *error = kube_access_load(options, kube->arena, &kube->access);
	if (error) {
		kube_free(kube);
		return error;
	}
	*ret = kube;
	return NULL;
}

struct error *kube_new_eks(const struct ports *ports, struct aws *aws, const json_t *cluster, struct kube **ret)
{
	const char *endpoint = document_text(cluster, "endpoint"),
		   *ca = document_text(cluster, "certificateAuthority.data"), *name = document_text(cluster, "name"),
		   *id = document_text(cluster, "id"); /* on Outposts, tokens are for the id */
	if (!endpoint || !name)
		return error_remedy(
			error_new(ERROR_PRECONDITION, "cluster \"%s\" has no endpoint yet", name ? name : "?"),
			"wait until it is ACTIVE");
	TRY(kube_access_check_server(endpoint));
	struct buf pem CLEANUP(buf_done) = BUF_INIT(1 << 20);
	if (ca && !base64_decode(slice_of(ca), &pem))
		return error_new(ERROR_INVALID, "certificate authority of cluster \"%s\" is not base64", name);
	char *bad CLEANUP(mem_freep) =
		pem.n ? kube_pem_certificates_wrong(buf_str(&pem), clock_wall_ms(ports->clock)) : NULL;
	if (bad)
		return error_new(ERROR_INVALID, "certificate authority of cluster \"%s\": %s", name, bad);
	struct kube *kube = make(ports, NULL);
	kube->access.server = arena_strdup(kube->arena, endpoint);
	kube->access.tls.ca_pem = pem.n ? arena_strdup(kube->arena, buf_str(&pem)) : NULL;
	kube->aws = aws;
	kube->eks_cluster = mem_strdup(id && *id ? id : name);
	*ret = kube;
	return NULL;
}

void kube_free(struct kube *kube)
{
	if (!kube)
		return;
	kube_access_done(&kube->access);
	secret_free(kube->authorization);
	json_decref(kube->warnings);
	free(kube->field_manager);
	free(kube->terminal);
	free(kube->eks_cluster);
	free(kube->cert_pem);
	free(kube->key_pem);
	arena_free(kube->arena);
	free(kube);
}

void kube_freep(struct kube **kube)
{
	kube_free(*kube);
}

const char *kube_server(const struct kube *kube)
{
	return kube->access.server;
}

/* The host of an address with its port, as in "abc.gr7.eu-west-1.eks.amazonaws.com:443/"; its path counts too. */
static bool same_address(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	if (n > 4 && !strcmp(a + n - 4, ":443"))
		n -= 4;
	if (m > 4 && !strcmp(b + m - 4, ":443"))
		m -= 4;
	return n == m && !strncasecmp(a, b, n);
}

/* PEM without what does not count: line ends and what stands before the first and behind the last block. */
static char *bare_pem(const char *pem)
{
	const char *p = strstr(pem, "-----BEGIN ");
	struct buf out = BUF_INIT(1 << 20);
	for (; p && *p; p++)
		if (!strchr(" \r\n\t", *p))
			buf_putc(&out, *p);
	return buf_take(&out);
}

static bool same_authority(const struct kube_access *access, const char *ca_base64)
{
	struct buf told CLEANUP(buf_done) = BUF_INIT(1 << 20);
	if (access->tls.insecure || !access->tls.ca_pem || strncasecmp(access->server, "https:", 6) != 0)
		return false;
	if (!ca_base64 || !base64_decode(slice_of(ca_base64), &told) || !strstr(buf_str(&told), "-----BEGIN "))
		return false;
	char *a CLEANUP(mem_freep) = bare_pem(access->tls.ca_pem), *b CLEANUP(mem_freep) = bare_pem(buf_str(&told));
	return a && b && !strcmp(a, b);
}

struct error *kube_check_identity(const struct kube *kube, const json_t *cluster)
{
	const char *endpoint = document_text(cluster, "endpoint"), *name = document_text_or(cluster, "name", "?");
	if (endpoint && same_address(kube->access.server, endpoint))
		return NULL;
	if (same_authority(&kube->access, document_text(cluster, "certificateAuthority.data")))
		return NULL;
	struct error *error =
		error_new(ERROR_PRECONDITION, "the kubeconfig leads to \"%s\", but cluster \"%s\" is at \"%s\"",
			  kube->access.server, name, endpoint ? endpoint : "no address yet");
	error->code = mem_strdup("OtherCluster");
	return error_remedy(error,
			    "name the cluster's own context by --context, write it by aws eks update-kubeconfig "
			    "--name %s, or leave --kubeconfig out",
			    name);
}

json_t *kube_warnings(struct kube *kube)
{
	return json_deep_copy(kube->warnings);
}

struct call {
	struct kube_task task;
	struct kube_request *request;
	struct buf text;
};

/* The server did what was asked, and what it said of it got lost: to know more, one has to look. */
static struct error *unread(struct error *error, const char *method)
{
	error->outcome_unknown = strcmp(method, "GET") != 0;
	return error_wrap(error, "the answer to %s makes no sense", method);
}

static void look_call(struct kube_task *task, struct kube *kube, struct http_response *response)
{
	struct call *call = CONTAINER_OF(task, struct call, task);
	bool answers_itself = strstr(task->path, "/eviction") != NULL; /* its 429 is an answer, not a throttle */
	if (!(answers_itself && response->status == 429) && kube_task_again(task, kube, response))
		return;
	task->error = kube_outcome(kube, task->method, task->path, response);
	task->done = true;
	if (task->error || !call->request->wants_answer)
		return;
	task->error = document_parse(buf_slice(&response->body), task->path, &call->request->answer);
	if (task->error)
		task->error = unread(task->error, task->method);
}

static void call_init(struct call *call, struct kube_request *request)
{
	*call = (struct call){.request = request, .text = BUF_INIT(MAX_BODY)};
	request->answer = NULL;
	request->error = NULL;
	if (request->body && !document_print(request->body, false, &call->text)) {
		call->task.done = true;
		request->error = error_new(ERROR_INVALID, "%s %s: the body is larger than %d bytes", request->method,
					   request->path, MAX_BODY);
	}
	json_decref(TAKE(request->body));
	call->task.method = request->method;
	call->task.path = request->path;
	call->task.content_type = request->content_type;
	call->task.accept = request->accept;
	call->task.body = buf_slice(&call->text);
	call->task.look = look_call;
}

static void call_done(struct call *call)
{
	if (!call->request->error)
		call->request->error = call->task.error;
	buf_done(&call->text);
}

void kube_call_batch(struct kube *kube, struct kube_request *requests, size_t n)
{
	struct call *calls = mem_array(n, sizeof *calls);
	struct kube_task **tasks = mem_array(n, sizeof *tasks);
	for (size_t i = 0; i < n; i++) {
		call_init(&calls[i], &requests[i]);
		tasks[i] = &calls[i].task;
	}
	kube_run(kube, tasks, n, CALLS_AT_ONCE);
	for (size_t i = 0; i < n; i++)
		call_done(&calls[i]);
	free(calls);
	free(tasks);
}

struct error *kube_call(struct kube *kube, const char *method, const char *path, const char *content_type, json_t *body,
			json_t **ret)
{
	struct kube_request request = {.method = method,
				       .path = path,
				       .content_type = content_type,
				       .body = body,
				       .wants_answer = ret != NULL};
	struct call call;
	struct kube_task *task = &call.task;
	call_init(&call, &request);
	kube_run(kube, &task, 1, 1);
	call_done(&call);
	if (ret)
		*ret = request.answer;
	return request.error;
}

/* Whether something of the stream was given on: then it cannot be asked for again unseen. */
struct streamed {
	struct kube_task task;
	struct http_sink counting, *sink;
	bool begun;
};

static bool count(void *context, const char *bytes, size_t n)
{
	struct streamed *streamed = context;
	streamed->begun = true;
	return streamed->sink->write(streamed->sink->context, bytes, n);
}

static void look_stream(struct kube_task *task, struct kube *kube, struct http_response *response)
{
	struct streamed *streamed = CONTAINER_OF(task, struct streamed, task);
	if (!streamed->begun && kube_task_again(task, kube, response))
		return;
	task->error = kube_outcome(kube, task->method, task->path, response);
	task->done = true;
}

struct error *kube_stream(struct kube *kube, const char *path, const struct http_limits *limits, struct http_sink *sink)
{
	struct streamed streamed = {.task = {.method = "GET", .path = path, .accept = "*/*", .look = look_stream},
				    .sink = sink};
	struct kube_task *task = &streamed.task;
	streamed.counting = (struct http_sink){count, &streamed};
	task->sink = &streamed.counting;
	if (limits)
		task->limits = *limits;
	kube_run(kube, &task, 1, 1);
	return task->error;
}

struct error *kube_apply(struct kube *kube, const char *path, bool force, json_t *object, json_t **ret)
{
	struct buf manager CLEANUP(buf_done) = BUF_INIT(1024);
	uri_encode(slice_of(kube->field_manager), "", &manager);
	char *full CLEANUP(mem_freep) = mem_printf("%s%cfieldManager=%s%s", path, strchr(path, '?') ? '&' : '?',
						   buf_str(&manager), force ? "&force=true" : "");
	return kube_call(kube, "PATCH", full, "application/apply-patch+yaml", object, ret);
}
