/* Kill −9 at every outside call and every journal append of a run: a real process with a real SQLite file works against
 * a world that lives on in its parent. Wherever it is killed, the next process must come to the same end, and every
 * effect in the world must have happened exactly once.
 *
 *     rehearsal_kill DIRECTORY FIRST STEP [FAULT]
 *
 * Tries the kill points FIRST, FIRST + STEP … Prints one line a point that went wrong and, at the end, "N passed, N
 * failed".
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent/agent.h"
#include "agent/loop.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/document.h"
#include "execution/step.h"
#include "sim/sim.h"

/* The line between the process that works and its parent: one JSON document a message, its length before it. */
static bool send_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool receive_all(int fd, char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t got = recv(fd, bytes, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		n -= (size_t)got;
	}
	return true;
}

static bool send_document(int fd, json_t *document)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	document_print(document, false, &text);
	json_decref(document);
	uint64_t n = text.n;
	return send_all(fd, (const char *)&n, sizeof n) && send_all(fd, text.p, text.n);
}

static json_t *receive_document(int fd)
{
	uint64_t n;
	if (!receive_all(fd, (char *)&n, sizeof n))
		return NULL;
	char *text CLEANUP(mem_freep) = mem_alloc(n + 1);
	return receive_all(fd, text, n) ? json_loadb(text, n, JSON_DECODE_ANY, NULL) : NULL;
}

/* The child's ports: each call goes to the parent. */
static struct {
	int fd;
	int64_t now_ms;
} line;

static json_t *ask(json_t *question)
{
	json_t *answer = send_document(line.fd, question) ? receive_document(line.fd) : NULL;
	if (!answer)
		_exit(9); /* the parent is gone */
	line.now_ms = document_int_or(answer, "now", line.now_ms);
	return answer;
}

static void ask_only(json_t *question)
{
	json_decref(ask(question));
}

static void far_perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	json_t *list = json_array();
	(void)http;
	for (size_t i = 0; i < n; i++) {
		const struct http_request *request = &exchanges[i].request;
		json_t *headers = json_array();
		for (size_t k = 0; k < request->n_headers; k++)
			json_array_append_new(headers,
					      json_pack("[s,s]", request->headers[k].name, request->headers[k].value));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:o}", "method", request->method, "url", request->url,
						"headers", headers, "body",
						json_stringn(request->body.p ? request->body.p : "", request->body.n)));
	}
	json_t *answer DOCUMENT_CLEANUP = ask(json_pack("{s:s, s:o}", "op", "http", "requests", list));
	for (size_t i = 0; i < n; i++) {
		const json_t *seen = json_array_get(json_object_get(answer, "responses"), i);
		struct http_response *response = &exchanges[i].response;
		size_t k;
		const json_t *header, *body = json_object_get(seen, "body");
		response->status = (int)document_int_or(seen, "status", 0);
		response->sent_at_ms = response->received_at_ms = line.now_ms;
		buf_init(&response->body, (size_t)64 << 20);
		json_array_foreach (json_object_get(seen, "headers"), k, header)
			http_response_add_header(response, slice_of(json_string_value(json_array_get(header, 0))),
						 slice_of(json_string_value(json_array_get(header, 1))));
		if (!response->status) {
			response->error = error_new(ERROR_TIMEOUT, "no answer came in time");
			response->maybe_sent = true;
		} else if (exchanges[i].request.sink && response->status < 300) {
			exchanges[i].request.sink->write(exchanges[i].request.sink->context, json_string_value(body),
							 json_string_length(body));
		} else {
			buf_append(&response->body, json_string_value(body), json_string_length(body));
		}
	}
}

static int64_t far_now(struct clock *clock)
{
	(void)clock;
	return line.now_ms;
}

static void far_sleep(struct clock *clock, int64_t until_ms)
{
	(void)clock;
	ask_only(json_pack("{s:s, s:I}", "op", "sleep", "until", (json_int_t)until_ms));
}

static struct error *far_start(struct process *process, const struct process_spec *spec)
{
	json_t *argv = json_array();
	(void)process;
	for (size_t i = 0; spec->argv[i]; i++)
		json_array_append_new(argv, json_string(spec->argv[i]));
	ask_only(json_pack("{s:s, s:s, s:o}", "op", "start", "name", spec->name, "argv", argv));
	return NULL;
}

static struct error *far_status(struct process *process, const char *name, struct process_status *ret)
{
	(void)process;
	json_t *answer DOCUMENT_CLEANUP = ask(json_pack("{s:s, s:s}", "op", "status", "name", name));
	*ret = (struct process_status){.state = (enum process_state)document_int_or(answer, "state", 0),
				       .exit_status = (int)document_int_or(answer, "exit", 0)};
	return NULL;
}

static struct error *far_read(struct process *process, const char *name, const char *file, uint64_t offset, size_t max,
			      struct buf *out)
{
	(void)process;
	json_t *answer DOCUMENT_CLEANUP = ask(json_pack("{s:s, s:s, s:s}", "op", "read", "name", name, "file", file));
	const json_t *text = json_object_get(answer, "text");
	size_t n = json_string_length(text);
	if (offset < n)
		buf_append(out, json_string_value(text) + offset, n - offset < max ? n - (size_t)offset : max);
	return NULL;
}

static struct error *far_put(struct process *process, const char *name, const char *file, struct slice bytes)
{
	(void)process;
	ask_only(json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "name", name, "file", file, "text",
			   json_stringn(bytes.p, bytes.n)));
	return NULL;
}

static struct error *far_path(struct process *process, const char *name, const char *file, struct buf *out)
{
	(void)process;
	buf_printf(out, "/sim/jobs/%s/%s", name, file);
	return NULL;
}

static struct error *far_stop(struct process *process, const char *name, bool now)
{
	(void)process;
	(void)now;
	ask_only(json_pack("{s:s, s:s}", "op", "stop", "name", name));
	return NULL;
}

static struct error *far_which(struct process *process, const char *program, char **ret_path)
{
	(void)process;
	*ret_path = mem_printf("/usr/bin/%s", program);
	return NULL;
}

/* The store is real; each append is told to the parent before and after, so that it can kill at either side. */
struct told_store {
	struct store store;
	struct store *real;
};

static struct store *real_of(struct store *store)
{
	return ((struct told_store *)store)->real;
}

static struct error *told_append(struct store *store, const char *run, uint64_t head,
				 const struct store_record *records, size_t n)
{
	ask_only(json_pack("{s:s}", "op", "before-append"));
	struct error *error = store_append(real_of(store), run, head, records, n);
	ask_only(json_pack("{s:s}", "op", "after-append"));
	return error;
}

static struct error *told_read(struct store *store, const char *run, uint64_t from, store_record_fn *fn, void *context)
{
	return store_read(real_of(store), run, from, fn, context);
}

static struct error *told_head(struct store *store, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32])
{
	return store_head(real_of(store), run, ret_seq, ret_hash);
}

static struct error *told_runs(struct store *store, struct arena *arena, const char ***ret_runs, size_t *ret_n)
{
	return store_runs(real_of(store), arena, ret_runs, ret_n);
}

static struct error *told_acquire(struct store *store, const char *name, const char *owner, int64_t now_ms,
				  int64_t ttl_ms, bool take_over, struct arena *arena, struct store_lease *ret)
{
	return store_acquire(real_of(store), name, owner, now_ms, ttl_ms, take_over, arena, ret);
}

static struct error *told_renew(struct store *store, const char *name, const struct store_lease *lease, int64_t now_ms,
				int64_t ttl_ms, int64_t *ret_expires_at_ms)
{
	return store_renew(real_of(store), name, lease, now_ms, ttl_ms, ret_expires_at_ms);
}

static struct error *told_release(struct store *store, const char *name, const struct store_lease *lease)
{
	return store_release(real_of(store), name, lease);
}

static void told_free(struct store *store)
{
	store_free(real_of(store));
}

static struct error *drive(struct ports *ports, struct arena *arena, const struct config *config)
{
	const char **runs;
	size_t n;
	struct upgrade_plan plan;
	struct cluster_state seen;
	struct agent_options options = {.ports = ports, .config = config, .answer_approvals = true};
	struct agent *agent;
	TRY(store_runs(ports->store, arena, &runs, &n));
	for (size_t i = 0; i < n; i++)
		options.run_id = strchr(runs[i], '/') ? options.run_id : runs[i];
	if (!options.run_id) {
		TRY(loop_plan(ports, config, arena, &seen, &plan));
		if (!upgrade_plan_step(&plan, "scale-kube-system-coredns") || !upgrade_plan_step(&plan, "apply-mine"))
			return error_new(ERROR_BUG, "the plan has no steps for the troubles that were planted");
	}
	TRY(agent_open(&options, &plan, &agent));
	struct error *error = agent_run(agent, NULL, NULL, NULL);
	agent_close(agent);
	return error;
}

/* The process that works, and may be killed at any moment. */
static int work(int fd, const char *file, const char *config_text, uint64_t seed, int64_t now_ms)
{
	static const struct http_ops http_ops = {far_perform, NULL};
	static const struct clock_ops clock_ops = {far_now, far_now, far_sleep, NULL};
	static const struct process_ops process_ops = {far_start, far_status, far_read, far_put, far_path,
						       far_stop,  far_which,  NULL,	NULL};
	static const struct store_ops store_ops = {told_append,	 told_read,  told_head,	   told_runs,
						   told_acquire, told_renew, told_release, told_free};
	struct http http = {&http_ops};
	struct clock clock = {&clock_ops};
	struct process process = {&process_ops};
	struct told_store told = {.store.ops = &store_ops};
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct config config;
	line.fd = fd;
	line.now_ms = now_ms;
	struct error *error = store_sqlite_open(file, false, &told.real);
	if (!error)
		error = config_from_text(slice_of(config_text), "simulator", arena, &config);
	struct random *random = random_seeded_new(seed);
	struct ports ports = {&http, &process, &clock, random, &told.store};
	if (!error) {
		config.simulated = config.yes = true;
		error = drive(&ports, arena, &config);
		store_free(&told.store);
	}
	if (error) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
		error_line(error, &text);
		fprintf(stderr, "the process ended with: %s\n", buf_str(&text));
	}
	random_free(random);
	return error != NULL;
}

/* The parent: the world, and whoever works in it. */
struct stage {
	struct sim *sim;
	struct ports ports;
	char file[256];
	struct buf config;
	uint64_t events, kill_at; /* 0: never */
	bool killed, died;	  /* by us; by itself */
};

static json_t *serve_http(struct stage *stage, const json_t *question)
{
	const json_t *list = json_object_get(question, "requests"), *one, *pair;
	size_t n = json_array_size(list), i, k;
	struct http_exchange *exchanges = mem_array(n, sizeof *exchanges);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	json_array_foreach (list, i, one) {
		const json_t *headers = json_object_get(one, "headers"), *body = json_object_get(one, "body");
		struct http_header *copy = arena_alloc(arena, (json_array_size(headers) + 1) * sizeof *copy);
		json_array_foreach (headers, k, pair)
			copy[k] = (struct http_header){json_string_value(json_array_get(pair, 0)),
						       json_string_value(json_array_get(pair, 1))};
		exchanges[i].request =
			(struct http_request){.method = document_text(one, "method"),
					      .url = document_text(one, "url"),
					      .headers = copy,
					      .n_headers = json_array_size(headers),
					      .body = slice_make(json_string_value(body), json_string_length(body))};
	}
	http_perform(stage->ports.http, exchanges, n);
	json_t *answers = json_array();
	for (i = 0; i < n; i++) {
		struct http_response *response = &exchanges[i].response;
		json_t *headers = json_array();
		for (k = 0; k < response->n_headers; k++)
			json_array_append_new(
				headers, json_pack("[s,s]", response->headers[k].name, response->headers[k].value));
		json_array_append_new(answers,
				      json_pack("{s:i, s:o, s:o}", "status", response->error ? 0 : response->status,
						"headers", headers, "body",
						json_stringn(buf_str(&response->body), response->body.n)));
		http_exchange_done(&exchanges[i]);
	}
	free(exchanges);
	return json_pack("{s:o}", "responses", answers);
}

static json_t *serve_start(struct stage *stage, const json_t *question)
{
	const char *argv[64] = {0};
	size_t i;
	const json_t *word;
	json_array_foreach (json_object_get(question, "argv"), i, word)
		if (i < 63)
			argv[i] = json_string_value(word);
	struct process_spec spec = {.name = document_text(question, "name"), .argv = argv};
	error_free(process_start(stage->ports.process, &spec));
	return json_object();
}

static json_t *serve_process(struct stage *stage, const char *op, const json_t *question)
{
	const char *name = document_text_or(question, "name", ""), *file = document_text_or(question, "file", "");
	struct process_status status;
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)64 << 20);
	if (!strcmp(op, "status")) {
		error_free(process_status(stage->ports.process, name, &status));
		return json_pack("{s:i, s:i}", "state", (int)status.state, "exit", status.exit_status);
	}
	if (!strcmp(op, "read")) {
		error_free(process_read(stage->ports.process, name, file, 0, text.max, &text));
		return json_pack("{s:o}", "text", json_stringn(buf_str(&text), text.n));
	}
	if (!strcmp(op, "put"))
		error_free(process_put(stage->ports.process, name, file,
				       slice_of(document_text_or(question, "text", ""))));
	else
		error_free(process_stop(stage->ports.process, name, false));
	return json_object();
}

static json_t *serve(struct stage *stage, const json_t *question, bool *ret_event)
{
	const char *op = document_text_or(question, "op", "");
	*ret_event = true;
	if (!strcmp(op, "http"))
		return serve_http(stage, question);
	if (!strcmp(op, "start"))
		return serve_start(stage, question);
	if (strstr(op, "append"))
		return json_object();
	*ret_event = false;
	if (!strcmp(op, "sleep")) {
		sim_advance_to(stage->sim, document_int_or(question, "until", 0));
		return json_object();
	}
	return serve_process(stage, op, question);
}

/* One life of the process; false when it ended by itself. */
static bool one_life(struct stage *stage, unsigned life)
{
	int fds[2], status;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(work(fds[1], stage->file, buf_str(&stage->config), 77 + life, sim_now_ms(stage->sim)));
	}
	close(fds[1]);
	json_t *question;
	bool killed = false;
	while (!killed && (question = receive_document(fds[0]))) {
		bool event;
		json_t *answer = serve(stage, question, &event);
		json_decref(question);
		stage->events += event;
		killed = event && stage->events == stage->kill_at; /* it happened, and nobody hears of it */
		json_object_set_new(answer, "now", json_integer(sim_now_ms(stage->sim)));
		if (killed) {
			kill(pid, SIGKILL);
			json_decref(answer);
		} else {
			send_document(fds[0], answer);
		}
	}
	close(fds[0]);
	waitpid(pid, &status, 0);
	stage->died |= !killed && (!WIFEXITED(status) || WEXITSTATUS(status));
	stage->killed |= killed;
	return killed;
}

static void remove_journal(const char *file)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *path CLEANUP(mem_freep) = mem_printf("%s%s", file, suffixes[i]);
		unlink(path);
	}
}

/* What the world is like at the end, without what must differ: names made from the run's id, and times. */
static json_t *ending(struct sim *sim)
{
	json_t *truth DOCUMENT_CLEANUP = sim_truth(sim), *effects = json_object(), *count;
	const char *name;
	json_object_foreach (json_object_get(truth, "effects"), name, count) {
		size_t n = !strncmp(name, "terraform:", 10) ? strcspn(name, " ") : strlen(name);
		char *key CLEANUP(mem_freep) = mem_strndup(name, n);
		json_object_set_new(
			effects, key,
			json_integer(json_integer_value(json_object_get(effects, key)) + json_integer_value(count)));
	}
	json_t *clusters = json_array(), *cluster;
	size_t i;
	json_array_foreach (json_object_get(truth, "clusters"), i, cluster)
		json_array_append(clusters, json_object_get(cluster, "name"));
	return json_pack("{s:o, s:o, s:O, s:O}", "effects", effects, "clusters", clusters, "records",
			 json_object_get(truth, "records"), "applications", json_object_get(truth, "applications"));
}

/* How the run itself says that it ended, for messages. */
static char *told_end(const char *file)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct store *store CLEANUP(store_freep) = NULL;
	struct run_state *state = NULL;
	const char **runs;
	size_t n;
	struct error *error = store_sqlite_open(file, true, &store);
	error = error ? error : store_runs(store, arena, &runs, &n);
	error = error ? error : run_state_load(store, n ? runs[0] : "none", &state);
	if (error) {
		char *text = mem_strdup(error->message);
		error_free(error);
		return text;
	}
	char *text =
		mem_printf("%s: %s", run_result_names[run_state_result(state)], state->reason ? state->reason : "");
	for (size_t i = 0; i < state->plan.n_steps; i++) {
		if (state->steps[i].state != STEP_STATE_HELD)
			continue;
		free(text);
		text = mem_printf("held at %s: %s", state->steps[i].step->step_id,
				  state->steps[i].reason ? state->steps[i].reason : "");
	}
	run_state_free(state);
	return text;
}

#define COREDNS "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
#define SCHEMAS "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* Blue's API server, asked from outside the run. NULL: Blue is gone. */
static json_t *ask_blue(struct stage *stage, const char *method, const char *path, json_t *body)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct config config;
	struct world world = {.ports = &stage->ports, .config = &config};
	struct kube *kube;
	json_t *answer = NULL;
	struct error *error = config_from_text(buf_slice(&stage->config), "simulator", arena, &config);
	config.simulated = true;
	error = error ? error : world_blue(&world, &kube);
	if (error)
		json_decref(body);
	else
		error = kube_call(kube, method, path, strcmp(method, "PATCH") ? NULL : "application/merge-patch+json",
				  body, &answer);
	error_free(error);
	world_done(&world);
	return answer;
}

/* Troubles for which the plan has steps of its own: they too are killed everywhere. */
static void plant(struct stage *stage)
{
	json_t *scaled DOCUMENT_CLEANUP = ask_blue(stage, "PATCH", COREDNS,
						   json_pack("{s:{s:{s:n}}, s:{s:i}}", "metadata", "annotations",
							     "argocd.argoproj.io/tracking-id", "spec", "replicas",
							     1)); /* Argo CD's would be left to it */
	json_t *made DOCUMENT_CLEANUP =
		ask_blue(stage, "POST", SCHEMAS,
			 json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:i, s:{s:s}}}", "apiVersion",
				   "flowcontrol.apiserver.k8s.io/v1", "kind", "FlowSchema", "metadata", "name", "mine",
				   "annotations", LAST_APPLIED,
				   "{\"apiVersion\":\"flowcontrol.apiserver.k8s.io/v1beta3\",\"kind\":\"FlowSchema\"}",
				   "spec", "matchingPrecedence", 700, "priorityLevelConfiguration", "name", "exempt"));
	if (!scaled || !made) {
		fprintf(stderr, "the troubles cannot be planted\n");
		exit(1);
	}
	sim_advance_to(stage->sim, sim_now_ms(stage->sim) + 5 * MINUTE_MS); /* one pod goes */
}

/* What became of them. */
static json_t *planted(struct stage *stage)
{
	json_t *deployment DOCUMENT_CLEANUP = ask_blue(stage, "GET", COREDNS, NULL),
			   *schema DOCUMENT_CLEANUP = ask_blue(stage, "GET", SCHEMAS "/mine", NULL);
	const json_t *annotations = json_object_get(json_object_get(schema, "metadata"), "annotations");
	return json_pack("{s:I, s:O?}", "replicas", (json_int_t)document_int_or(deployment, "spec.replicas", -1),
			 "applied", json_object_get(annotations, LAST_APPLIED));
}

/* Plays a run, killed once at `kill_at`; gives its ending and, in *ret_events, how many points there were. */
static json_t *play(const char *directory, const char *fault, uint64_t kill_at, uint64_t *ret_events, char **ret_wrong,
		    char **ret_told)
{
	struct stage stage = {.kill_at = kill_at, .config = BUF_INIT(1 << 16)};
	const char *faults[] = {fault};
	struct sim_options options = {.cluster = "small", .seed = 5, .faults = faults, .n_faults = fault != NULL};
	snprintf(stage.file, sizeof stage.file, "%s/kill-%ld.db", directory, (long)getpid());
	remove_journal(stage.file);
	if (sim_new(&options, &stage.sim))
		exit(1);
	sim_ports(stage.sim, &stage.ports);
	sim_config(stage.sim, &stage.config);
	plant(&stage);
	unsigned lives = 0;
	while (one_life(&stage, lives) && lives < 3)
		lives++;
	char *violation = sim_violation(stage.sim);
	*ret_wrong = violation			? violation
		     : stage.died		? mem_strdup("the process died by itself")
		     : kill_at && !stage.killed ? mem_strdup("the run ended before this point")
						: NULL;
	*ret_events = stage.events;
	json_t *end = ending(stage.sim);
	json_object_set_new(end, "planted", planted(&stage));
	*ret_told = told_end(stage.file);
	sim_free(stage.sim);
	buf_done(&stage.config);
	remove_journal(stage.file);
	return end;
}

static char *difference(const json_t *wanted, const json_t *got)
{
	struct buf a CLEANUP(buf_done) = BUF_INIT(1 << 20);
	const char *name;
	json_t *count;
	json_object_foreach (json_object_get(wanted, "effects"), name, count) {
		json_int_t seen = json_integer_value(json_object_get(json_object_get(got, "effects"), name));
		if (seen != json_integer_value(count))
			buf_printf(&a, " %s %lld times instead of %lld;", name, (long long)seen,
				   (long long)json_integer_value(count));
	}
	json_object_foreach (json_object_get(got, "effects"), name, count)
		if (!json_object_get(json_object_get(wanted, "effects"), name))
			buf_printf(&a, " %s, which the unkilled run does not do;", name);
	return a.n ? buf_take(&a) : mem_strdup(" another end of the world");
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	uint64_t first = strtoull(argv[2], NULL, 10), step = strtoull(argv[3], NULL, 10), events, passed = 0,
		 failed = 0, ignored;
	const char *fault = argc > 4 ? argv[4] : NULL;
	char *wrong, *told;
	log_setup(LOG_ERROR, LOG_TEXT, 2);
	json_t *wanted DOCUMENT_CLEANUP = play(argv[1], fault, 0, &events, &wrong, &told);
	free(told);
	if (wrong) {
		printf("the unkilled run: %s\n0 passed, 1 failed\n", wrong);
		return 1;
	}
	for (uint64_t at = first; at <= events; at += step) {
		json_t *got DOCUMENT_CLEANUP = play(argv[1], fault, at, &ignored, &wrong, &told);
		bool same = json_equal(wanted, got);
		if (!same && !wrong)
			wrong = difference(wanted, got);
		if (wrong)
			printf("killed at point %llu of %llu (%s):%s\n", (unsigned long long)at,
			       (unsigned long long)events, told, wrong);
		failed += wrong != NULL;
		passed += wrong == NULL;
		free(wrong);
		free(told);
		fflush(stdout);
	}
	printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
	return failed > 0;
}
