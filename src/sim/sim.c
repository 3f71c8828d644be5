/* The world's birth and end, its ports, and who answers a request. */
#include "sim/sim.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"
#include "sim/world.h"

enum { EXCHANGE_MS = 20, TIMEOUT_MS = 10000 };

static int64_t clock_now(struct clock *clock)
{
	return ((struct sim_clock *)clock)->sim->now_ms;
}

static void clock_sleep_to(struct clock *clock, int64_t until_ms)
{
	sim_advance_to(((struct sim_clock *)clock)->sim, until_ms);
}

static void not_freed(struct clock *clock)
{
	(void)clock; /* the sim's own */
}

static void http_not_freed(struct http *http)
{
	(void)http;
}

/* A batch takes as long as its slowest: all are answered at one time. */
static void sim_perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct sim *sim = ((struct sim_http *)http)->sim;
	bool timed_out = false;
	for (size_t i = 0; i < n; i++) {
		exchanges[i].response.sent_at_ms = sim->now_ms;
		exchanges[i].response.received_at_ms = sim->now_ms + EXCHANGE_MS;
		sim_handle(sim, &exchanges[i].request, &exchanges[i].response);
		timed_out |= exchanges[i].response.error != NULL;
	}
	sim_advance_to(sim, sim->now_ms + (timed_out ? TIMEOUT_MS : EXCHANGE_MS));
}

static void give_to_sink(const struct http_request *request, struct http_response *response)
{
	if (!request->sink || response->status < 200 || response->status >= 300 || !response->body.n)
		return;
	response->stopped = !request->sink->write(request->sink->context, response->body.p, response->body.n);
	buf_clear(&response->body);
}

void sim_answer_json(struct http_response *response, int status, json_t *body)
{
	response->status = status;
	buf_init(&response->body, (size_t)64 << 20);
	http_response_add_header(response, slice_of("content-type"), slice_of("application/json"));
	if (body)
		document_print(body, false, &response->body);
	json_decref(body);
}

static void lose(struct http_response *response)
{
	struct http_exchange gone = {.response = *response};
	int64_t sent = response->sent_at_ms, received = response->received_at_ms;
	http_exchange_done(&gone);
	*response = (struct http_response){.sent_at_ms = sent,
					   .received_at_ms = received,
					   .maybe_sent = true,
					   .error = error_new(ERROR_TIMEOUT, "no answer came in time")};
}

/* What faults do to any request before it is served. Gives true when it was answered so. */
static bool struck(struct sim *sim, const char *target, struct http_response *response, bool *ret_lose)
{
	*ret_lose = sim_fault_strikes(sim, target, "lost-reply") != NULL;
	if (*ret_lose)
		return false;
	if (sim_fault_strikes(sim, target, "timeout")) {
		lose(response);
		return true;
	}
	if (sim_fault_strikes(sim, target, "5xx")) {
		sim_answer_json(response, 503, json_pack("{s:s}", "message", "Service Unavailable"));
		return true;
	}
	return false;
}

static void serve_kube(struct sim *sim, struct sim_cluster *cluster, const struct http_request *request,
		       const char *path, struct http_response *response)
{
	bool lost;
	if (!cluster || cluster->life == LIFE_ABSENT || cluster->life == LIFE_CREATING || !cluster->kube) {
		response->error = error_new(ERROR_TRANSIENT, "cannot reach the API server: connection refused");
		return;
	}
	if (struck(sim, "kube", response, &lost))
		return;
	if (sim_fault_strikes(sim, "kube", "429")) {
		sim_answer_json(response, 429,
				json_pack("{s:s, s:s, s:s, s:i}", "kind", "Status", "reason", "TooManyRequests",
					  "message", "too many requests", "code", 429));
		http_response_add_header(response, slice_of("retry-after"), slice_of("1"));
		return;
	}
	sim_kube_handle(cluster->kube, request, path, response);
	if (lost)
		lose(response);
}

/* What a user sees at this moment: of Blue or of Green by chance, as resolvers would answer. */
static void serve_user(struct sim *sim, struct http_response *response)
{
	double share = sim_users_share(sim, sim->now_ms);
	struct sim_cluster *green = sim_green(sim), *blue = &sim->clusters[0];
	struct sim_cluster *asked = random_unit(sim->chance) < share && green ? green : blue;
	bool fails = random_unit(sim->chance) < sim_error_rate(sim, asked);
	sim_answer_json(response, fails ? 503 : 200, json_pack("{s:s}", "served_by", asked->name));
}

static void serve_argocd(struct sim *sim, const struct http_request *request, const char *path,
			 struct http_response *response)
{
	bool lost;
	if (struck(sim, "argocd", response, &lost))
		return;
	sim_argocd_handle(sim, request, path, response);
	if (lost)
		lose(response);
}

static void serve_aws(struct sim *sim, const struct http_request *request, struct http_response *response)
{
	sim_aws_handle(sim, request, response);
}

/* Behind a door everything stands under one address. */
static void dispatch_path(struct sim *sim, const struct http_request *request, const char *path,
			  struct http_response *response)
{
	if (!strncmp(path, "/clusters/", 10) && strstr(path + 10, "/") && request->n_headers) {
		/* EKS has such paths too: theirs are signed */
		bool is_signed = false;
		for (size_t i = 0; i < request->n_headers; i++)
			is_signed |= !strcasecmp(request->headers[i].name, "authorization") &&
				     !strncmp(request->headers[i].value, "AWS4-", 5);
		size_t n = strcspn(path + 10, "/?");
		char *name CLEANUP(mem_freep) = mem_strndup(path + 10, n);
		if (!is_signed) {
			serve_kube(sim, sim_cluster_named(sim, name), request, path + 10 + n, response);
			return;
		}
	}
	if (!strncmp(path, "/argocd/", 8))
		serve_argocd(sim, request, path + 7, response);
	else if (!strncmp(path, "/users/", 7))
		serve_user(sim, response);
	else if (!strncmp(path, "/sim/truth", 10))
		sim_answer_json(response, 200, sim_truth(sim));
	else
		serve_aws(sim, request, response);
}

void sim_handle(struct sim *sim, const struct http_request *request, struct http_response *response)
{
	const char *host = strstr(request->url, "://");
	host = host ? host + 3 : request->url;
	size_t n = strcspn(host, "/?");
	const char *path = host + n;
	struct slice name = slice_make(host, n);
	if (sim->base_url) {
		dispatch_path(sim, request, *path == '/' ? path : "/", response);
	} else if (slice_eq(name, SIM_USERS_HOST)) {
		serve_user(sim, response);
	} else if (slice_eq(name, "argocd.example.com")) {
		serve_argocd(sim, request, path, response);
	} else if (n > 18 && !memcmp(host + n - 18, ".eks.amazonaws.com", 18)) {
		serve_kube(sim, sim_cluster_by_id(sim, host, strcspn(host, ".")), request, path, response);
	} else {
		serve_aws(sim, request, response);
	}
	sim_faults_advance(sim); /* what was asked may be what one waits for */
	give_to_sink(request, response);
}

static struct error *make_faults(struct sim *sim, const struct sim_options *options)
{
	for (size_t i = 0; i < options->n_faults; i++) {
		if (sim->n_faults == SIM_MAX_FAULTS)
			return error_new(ERROR_INVALID, "more than %d faults", SIM_MAX_FAULTS);
		TRY(sim_fault_parse(options->faults[i], &sim->faults[sim->n_faults]));
		sim->n_faults++;
	}
	if (options->random_faults)
		sim_faults_random(sim);
	sim_faults_advance(sim);
	return NULL;
}

static struct error *make_blue(struct sim *sim, const struct sim_options *options)
{
	static const char *const kinds[] = {"small", "medium", "large", "empty"};
	bool known = false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		known |= !strcmp(sim->kind, kinds[i]);
	if (!known)
		return error_remedy(error_new(ERROR_INVALID, "no example cluster \"%s\"", sim->kind),
				    "small, medium or large");
	(void)options;
	struct sim_cluster *blue = sim_cluster_create(sim, sim->name, "1.33", NULL, 0);
	struct sim_kube_group groups[SIM_MAX_GROUPS];
	size_t n = sim_kube_groups(blue->kube, groups, SIM_MAX_GROUPS);
	blue->life = LIFE_ACTIVE;
	blue->change_ms = INT64_MAX;
	blue->was_complete = true;
	for (size_t i = 0; i < n; i++)
		blue->groups[blue->n_groups++] =
			(struct sim_group){.name = mem_strdup(groups[i].name),
					   .instance_type = mem_strdup(groups[i].instance_type),
					   .version = mem_strdup("1.33"),
					   .nodes = groups[i].nodes,
					   .life = LIFE_ACTIVE,
					   .created_ms = sim->start_ms,
					   .change_ms = INT64_MAX};
	json_decref(sim->effects); /* what was there at birth is nobody's doing */
	sim->effects = json_object();
	return NULL;
}

/* A world with ports and chance, and nothing in it. */
struct sim *sim_new_bare(uint64_t seed, uint64_t salt)
{
	static const struct clock_ops clock_ops = {clock_now, clock_now, clock_sleep_to, not_freed};
	static const struct http_ops http_ops = {sim_perform, http_not_freed};
	struct sim *sim = mem_alloc(sizeof *sim);
	sim->clock = (struct sim_clock){.clock.ops = &clock_ops, .sim = sim};
	sim->http = (struct sim_http){.http.ops = &http_ops, .sim = sim};
	sim->process.sim = sim;
	sim->seed = seed;
	sim->random = random_seeded_new(seed * 2 + 1 + salt);
	sim->chance = random_seeded_new(seed * 2 + 2 + salt);
	sim_jobs_init(sim);
	return sim;
}

struct error *sim_new(const struct sim_options *options, struct sim **ret)
{
	struct sim *sim = sim_new_bare(options->seed, 0);
	sim->kind = mem_strdup(options->cluster ? options->cluster : "medium");
	sim->name = mem_strdup(options->name ? options->name : "shop");
	sim->base_url = mem_strdup(options->base_url);
	sim->start_ms = sim->now_ms = options->start_ms ? options->start_ms : SIM_START;
	sim->effects = json_object();
	sim->calls = json_object();
	sim->terraform = json_object();
	sim->publish_ms = INT64_MAX;
	struct error *error = make_blue(sim, options);
	if (!error) {
		sim_traffic_init(sim);
		sim_users_init(sim);
		sim_argocd_init(sim);
		error = make_faults(sim, options);
	}
	if (error) {
		sim_free(sim);
		return error;
	}
	*ret = sim;
	return NULL;
}

static void free_cluster(struct sim_cluster *cluster)
{
	char *texts[] = {cluster->name, cluster->id, cluster->version, cluster->token, cluster->load_balancer};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < cluster->n_groups; i++) {
		free(cluster->groups[i].name);
		free(cluster->groups[i].instance_type);
		free(cluster->groups[i].version);
		free(cluster->groups[i].token);
	}
	json_decref(cluster->associations);
	json_decref(cluster->addons);
	free(cluster->minutes);
	sim_kube_free(cluster->kube);
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	for (size_t i = 0; i < sim->n_clusters; i++)
		free_cluster(&sim->clusters[i]);
	for (size_t i = 0; i < sim->n_faults; i++)
		sim_fault_done(&sim->faults[i]);
	for (size_t i = 0; i < sim->n_changes; i++)
		free(sim->changes[i].id);
	sim_jobs_free(sim);
	sim_argocd_free(sim);
	json_t *documents[] = {sim->records,   sim->roles,   sim->providers, sim->argocd_clusters,
			       sim->terraform, sim->effects, sim->calls};
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		json_decref(documents[i]);
	random_free(sim->random);
	random_free(sim->chance);
	free(sim->changes);
	free(sim->violation);
	free(sim->kind);
	free(sim->name);
	free(sim->base_url);
	free(sim);
}

void sim_ports(struct sim *sim, struct ports *ret)
{
	*ret = (struct ports){.http = &sim->http.http,
			      .process = &sim->process.process,
			      .clock = &sim->clock.clock,
			      .random = sim->random};
}

int64_t sim_now_ms(const struct sim *sim)
{
	return sim->now_ms;
}
