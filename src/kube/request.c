/* How requests are made: tasks side by side in rounds, each with its own retries, all with one way to sign in. */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/time.h"
#include "kube/kube_internal.h"

enum { MOST_PARALLEL = 16 };

static size_t fill_headers(const struct kube *kube, const struct kube_task *task, struct http_header *headers)
{
	size_t n = 0;
	headers[n++] = (struct http_header){"Accept", task->accept ? task->accept : "application/json"};
	headers[n++] = (struct http_header){"User-Agent", "eks-upgrade-agent/" EUA_VERSION};
	if (kube->authorization)
		headers[n++] = (struct http_header){"Authorization", secret_reveal(kube->authorization)};
	if (task->body.n)
		headers[n++] = (struct http_header){"Content-Type",
						    task->content_type ? task->content_type : "application/json"};
	for (size_t i = 0; i < kube->access.n_impersonation && n < KUBE_HEADERS; i++)
		headers[n++] = kube->access.impersonation[i];
	return n;
}

static struct error *begin(struct kube *kube, struct kube_task *task, struct http_header *headers,
			   struct http_exchange *exchange)
{
	/* of several that were refused together, the first signs in for all */
	TRY(kube_authorize(kube, task->new_token && task->used == kube->authorization));
	task->new_token = false;
	task->used = kube->authorization;
	if (task->prepare)
		TRY(task->prepare(task, kube));
	free(task->url);
	task->url = mem_printf("%s%s", kube->access.server, task->path);
	*exchange = (struct http_exchange){.request = {.method = task->method,
						       .url = task->url,
						       .headers = headers,
						       .n_headers = fill_headers(kube, task, headers),
						       .body = task->body,
						       .tls = &kube->access.tls,
						       .proxy = kube->access.proxy,
						       .sink = task->sink,
						       .limits = task->limits}};
	return NULL;
}

/* Priority and fairness tell which queue a request waited in: worth knowing when a cluster is slow to answer. */
static void tell(const struct kube_task *task, const struct http_response *response)
{
	if (!log_enabled(LOG_DEBUG))
		return;
	const char *schema = http_response_header(response, "x-kubernetes-pf-flowschema-uid"),
		   *level = http_response_header(response, "x-kubernetes-pf-prioritylevel-uid");
	log_debug("kube", "%s %s: %d in %lld ms%s%s%s%s", task->method, task->path, response->status,
		  (long long)(response->received_at_ms - response->sent_at_ms), schema ? ", flow schema " : "",
		  schema ? schema : "", level ? ", priority level " : "", level ? level : "");
}

static bool may_sign_in_anew(const struct kube *kube)
{
	return kube->aws || kube->access.exec || kube->access.token_file;
}

bool kube_task_again(struct kube_task *task, struct kube *kube, const struct http_response *response)
{
	int64_t delay_ms;
	enum kube_retry retry = kube_should_retry(task->method, response, task->tries, kube->ports.random, &delay_ms);
	if (retry == KUBE_NO_RETRY || (retry == KUBE_RETRY_NEW_TOKEN && !may_sign_in_anew(kube)))
		return false;
	task->new_token = retry == KUBE_RETRY_NEW_TOKEN;
	task->not_before_ms = task->new_token ? 0 : clock_mono_ms(kube->ports.clock) + delay_ms;
	log_info("kube", "%s %.*s: %s, again in %lld ms", task->method, (int)strcspn(task->path, "?"), task->path,
		 response->error	   ? response->error->message
		 : response->status == 429 ? "too many requests"
		 : task->new_token	   ? "the token was refused"
					   : "the server failed",
		 (long long)(task->new_token ? 0 : delay_ms));
	return true;
}

static void finish(struct kube_task *task, struct error *error)
{
	task->error = error;
	task->done = true;
}

/* A clock that wakes early was interrupted: then the next request is made at once, and the port says so. */
static void wait(struct kube *kube, struct kube_task *const *tasks, size_t n, int64_t until_ms)
{
	clock_sleep_until(kube->ports.clock, until_ms);
	for (size_t i = 0; i < n; i++)
		if (tasks[i]->not_before_ms <= until_ms)
			tasks[i]->not_before_ms = 0;
}

/* One round: a request of up to `parallel` tasks. False when nothing is left to do. */
static bool run_round(struct kube *kube, struct kube_task *const *tasks, size_t n, unsigned parallel)
{
	struct http_exchange exchanges[MOST_PARALLEL];
	struct http_header headers[MOST_PARALLEL][KUBE_HEADERS];
	struct kube_task *under_way[MOST_PARALLEL];
	size_t k = 0, waiting = 0;
	int64_t earliest_ms = INT64_MAX, now_ms = clock_mono_ms(kube->ports.clock);
	for (size_t i = 0; i < n && k + waiting < parallel; i++) {
		struct kube_task *task = tasks[i];
		if (task->done)
			continue;
		if (task->not_before_ms > now_ms) {
			waiting++;
			earliest_ms = task->not_before_ms < earliest_ms ? task->not_before_ms : earliest_ms;
			continue;
		}
		struct error *error = begin(kube, task, headers[k], &exchanges[k]);
		if (error)
			finish(task, error);
		else
			under_way[k++] = task;
	}
	if (k == 0 && waiting)
		wait(kube, tasks, n, earliest_ms);
	if (k)
		http_perform(kube->ports.http, exchanges, k);
	for (size_t i = 0; i < k; i++) {
		struct http_response *response = &exchanges[i].response;
		under_way[i]->tries++;
		kube_note_warnings(kube, under_way[i]->path, response);
		tell(under_way[i], response);
		if (response->error && response->error->class == ERROR_CANCELLED) /* nobody waits for more */
			finish(under_way[i], kube_outcome(kube, under_way[i]->method, under_way[i]->path, response));
		else
			under_way[i]->look(under_way[i], kube, response);
		http_exchange_done(&exchanges[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (!tasks[i]->done)
			return true;
	return false;
}

void kube_run(struct kube *kube, struct kube_task *const *tasks, size_t n, unsigned parallel)
{
	if (parallel > MOST_PARALLEL)
		parallel = MOST_PARALLEL;
	while (n && run_round(kube, tasks, n, parallel))
		;
	for (size_t i = 0; i < n; i++) {
		free(tasks[i]->url);
		tasks[i]->url = NULL;
	}
}
