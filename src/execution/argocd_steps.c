/* Applications by Argo CD: Green is registered, each application of Blue gets a copy on Green, synced and healthy. */
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "aws/wire_internal.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"
#include "tools/argocd.h"

#define STABLE_MS (30 * SECOND_MS)
#define DEGRADED_GRACE_MS (10 * MINUTE_MS)

static struct error *client(struct step_context *ctx, struct secret **token, struct argocd *ret)
{
	const struct config *config = ctx->world->config;
	TRY(config_secret_read(config->argocd.token, token));
	*ret = (struct argocd){.ports = ctx->world->ports,
			       .server = config->argocd.server,
			       .token = *token,
			       .insecure = config->argocd.insecure};
	return NULL;
}

static struct error *green_endpoint(struct step_context *ctx, const char **ret_server, const char **ret_ca)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", ctx->plan->green_name), &out));
	const char *server = document_text_or(out, "cluster.endpoint", "");
	if (!*server || !strcmp(server, document_text_or(step_memory_of(ctx, "assess"), "endpoint", "")))
		return error_new(ERROR_PRECONDITION, "EKS tells no address of its own for \"%s\": \"%s\"",
				 ctx->plan->green_name, server);
	*ret_server = arena_strdup(ctx->arena, server);
	*ret_ca = arena_strdup(ctx->arena, document_text(out, "cluster.certificateAuthority.data"));
	return NULL;
}

static struct error *is_registered(const struct argocd *argocd, const char *server, bool *ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *item;
	*ret = false;
	TRY(argocd_call(argocd, "GET", "/api/v1/clusters", NULL, &out));
	json_array_foreach (json_object_get(out, "items"), i, item)
		*ret |= !strcmp(document_text_or(item, "server", ""), server);
	return NULL;
}

static struct error *register_check(struct step_context *ctx, enum step_check *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	const char *server, *ca;
	bool known;
	TRY(client(ctx, &token, &argocd));
	TRY(green_endpoint(ctx, &server, &ca));
	TRY(is_registered(&argocd, server, &known));
	*ret = known ? STEP_ALREADY : STEP_TODO;
	return NULL;
}

static struct error *register_start(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	const char *server, *ca;
	TRY(client(ctx, &token, &argocd));
	TRY(green_endpoint(ctx, &server, &ca));
	TRY(step_remember(ctx, json_pack("{s:s}", "server", server)));
	json_t *tls = ca ? json_pack("{s:s}", "caData", ca) : json_object();
	json_t *body =
		json_pack("{s:s, s:s, s:{s:{s:s}, s:o}}", "name", ctx->plan->green_name, "server", server, "config",
			  "awsAuthConfig", "clusterName", ctx->plan->green_name, "tlsClientConfig", tls);
	TRY(argocd_call(&argocd, "POST", "/api/v1/clusters?upsert=true", body, NULL));
	ret->progress = STEP_DONE;
	ret->detail = mem_strdup("registered");
	return NULL;
}

static struct error *register_undo(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	struct buf path CLEANUP(buf_done) = BUF_INIT(4096);
	const char *server = document_text(ctx->memory, "server");
	ret->progress = STEP_DONE;
	if (!server || ctx->world->config->keep_green)
		return NULL;
	TRY(client(ctx, &token, &argocd));
	buf_puts(&path, "/api/v1/clusters/");
	aws_uri_encode(slice_of(server), "", &path);
	struct error *error = argocd_call(&argocd, "DELETE", buf_str(&path), NULL, NULL);
	if (error && error->class == ERROR_NOT_FOUND) {
		error_free(error);
		return NULL;
	}
	return error;
}

/* What one look at all applications gives. */
struct seen {
	size_t blues, copies, healthy, degraded;
	const char *waiting, *bad, *suspended; /* names; what the sync said */
};

static bool is_text(const char *text, const char *wanted)
{
	return text && !strcmp(text, wanted);
}

static const struct argocd_application *find(const struct argocd_applications *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_text(all->items[i].name, name))
			return &all->items[i];
	return NULL;
}

/* "shop-green"; when Blue was a Green once, its own copies have that name, and Green's get the cluster's. */
static char *copy_name(const struct step_context *ctx, const struct argocd_application *blue)
{
	size_t n = strlen(blue->name), base = n > 6 && !strcmp(blue->name + n - 6, "-green") ? n - 6 : n;
	return mem_printf("%.*s-%s", (int)base, blue->name, base < n ? ctx->plan->green_name : "green");
}

static bool is_of_this_run(const struct step_context *ctx, const struct argocd_application *application)
{
	return is_text(application->run, ctx->run_id);
}

static bool is_blue(struct step_context *ctx, const struct argocd_application *application)
{
	const char *project = ctx->world->config->argocd.project;
	const json_t *state = step_memory_of(ctx, "assess");
	const char *endpoint = document_text_or(state, "endpoint", ""),
		   *server = document_text_or(state, "server", endpoint);
	if (!application->name || is_of_this_run(ctx, application) ||
	    (project && !is_text(application->project, project)))
		return false;
	/* by EKS' address of Blue, or by the one that people reach it at */
	return is_text(application->server, endpoint) || is_text(application->server, server) ||
	       is_text(application->cluster, ctx->plan->cluster_name);
}

static json_t *copy_of(struct step_context *ctx, const struct argocd_application *blue, const char *server)
{
	char *name CLEANUP(mem_freep) = copy_name(ctx, blue);
	json_t *spec = json_loads(blue->spec ? blue->spec : "{}", 0, NULL);
	json_t *destination = json_object_get(spec, "destination");
	json_object_del(destination, "name");
	json_object_set_new(destination, "server", json_string(server));
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:o*}", "apiVersion", "argoproj.io/v1alpha1", "kind",
			 "Application", "metadata", "name", name, "namespace", blue->ns ? blue->ns : "argocd", "labels",
			 ARGOCD_RUN_LABEL, ctx->run_id, "spec", spec);
}

static struct error *make_copy(struct step_context *ctx, const struct argocd *argocd,
			       const struct argocd_application *blue, const char *server)
{
	struct error *error = argocd_call(argocd, "POST", "/api/v1/applications", copy_of(ctx, blue, server), NULL);
	if (error && error->class == ERROR_CONFLICT) { /* ours, made by a try whose answer was lost */
		error_free(error);
		return NULL;
	}
	return error;
}

static struct error *ask_sync(const struct argocd *argocd, const char *name)
{
	char *path CLEANUP(mem_freep) = mem_printf("/api/v1/applications/%s/sync", name);
	struct error *error = argocd_call(argocd, "POST", path, json_object(), NULL);
	if (error && error->http_status == 400 && strstr(error->message, "in progress")) {
		error_free(error);
		return NULL;
	}
	return error;
}

/* Healthy is: the operation succeeded, the controller looked at the application since, found it Synced at what was
 * synced, and Healthy. Health alone may still be the one from before. */
static bool was_looked_at(const struct argocd_application *copy)
{
	return copy->reconciled_ms >= copy->finished_ms;
}

static bool is_healthy(const struct argocd_application *copy)
{
	return was_looked_at(copy) && is_text(copy->sync, "Synced") &&
	       (!copy->synced_revision || !copy->revision || !strcmp(copy->synced_revision, copy->revision)) &&
	       is_text(copy->health, "Healthy");
}

static struct error *look_at_copy(const struct argocd *argocd, const struct argocd_application *copy, struct seen *seen)
{
	bool succeeded = is_text(copy->phase, "Succeeded");
	if (succeeded && is_healthy(copy)) {
		seen->healthy++;
		return NULL;
	}
	seen->waiting = copy->name;
	if (!copy->phase)
		return ask_sync(argocd, copy->name);
	if (is_text(copy->phase, "Failed") || is_text(copy->phase, "Error")) {
		seen->bad = copy->message ? copy->message : "its sync failed";
		return ask_sync(argocd, copy->name);
	}
	if (succeeded && !was_looked_at(copy)) {
		char *path CLEANUP(mem_freep) = mem_printf("/api/v1/applications/%s?refresh=normal", copy->name);
		return argocd_call(argocd, "GET", path, NULL, NULL);
	}
	if (is_text(copy->health, "Suspended"))
		seen->suspended = copy->name;
	if (succeeded && is_text(copy->health, "Degraded")) {
		seen->degraded++;
		seen->bad = copy->health_message ? copy->health_message : "it is Degraded";
	}
	return NULL;
}

static struct error *sync_start(struct step_context *ctx, struct step_result *ret)
{
	(void)ctx;
	ret->detail = mem_strdup("begins");
	ret->poll_after_ms = 1;
	return NULL;
}

/* One look at everything; copies that are missing are made. `seen` points into the step's arena. */
static struct error *look(struct step_context *ctx, struct seen *seen)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	struct argocd_applications all;
	const char *server = document_text(step_memory_of(ctx, "register-apps"), "server"), *ca;
	TRY(client(ctx, &token, &argocd));
	if (!server)
		TRY(green_endpoint(ctx, &server, &ca));
	TRY(argocd_list(&argocd, ctx->arena, &all));
	for (size_t i = 0; i < all.n; i++) {
		if (!is_blue(ctx, &all.items[i]))
			continue;
		seen->blues++;
		char *name CLEANUP(mem_freep) = copy_name(ctx, &all.items[i]);
		const struct argocd_application *copy = find(&all, name);
		if (copy && !is_of_this_run(ctx, copy))
			return error_remedy(error_new(ERROR_PRECONDITION,
						      "Argo CD has an application \"%s\" that this run did not make",
						      name),
					    "argocd app delete %s, or rename it", name);
		if (!copy)
			TRY(make_copy(ctx, &argocd, &all.items[i], server));
		else
			TRY(look_at_copy(&argocd, copy, seen));
		seen->copies += copy != NULL;
	}
	return NULL;
}

/* When did this begin? Remembered while it lasts; *ret_ms is how long it has lasted. */
static struct error *lasting(struct step_context *ctx, const char *member, bool now, int64_t *ret_ms)
{
	int64_t since_ms = document_int_or(ctx->memory, member, 0);
	*ret_ms = now && since_ms ? ctx->now_ms - since_ms : 0;
	if (now == (since_ms != 0))
		return NULL;
	return step_remember(ctx, json_pack("{s:I}", member, (json_int_t)(now ? ctx->now_ms : 0)));
}

static struct error *sync_poll(struct step_context *ctx, struct step_result *ret)
{
	struct seen seen = {0};
	int64_t healthy_ms, degraded_ms;
	TRY(look(ctx, &seen));
	bool all = seen.healthy == seen.blues;
	ret->poll_after_ms = seen.copies < seen.blues ? SECOND_MS : 10 * SECOND_MS;
	ret->fraction = seen.blues ? (double)seen.healthy / (double)seen.blues : 0;
	ret->detail =
		mem_printf("%zu/%zu healthy%s%s%s%s", seen.healthy, seen.blues, !all ? ", waits for " : "",
			   !all && seen.waiting ? seen.waiting : "", seen.bad ? ": " : "", seen.bad ? seen.bad : "");
	TRY(lasting(ctx, "healthy_since_ms", all, &healthy_ms));
	TRY(lasting(ctx, "degraded_since_ms", seen.degraded > 0, &degraded_ms));
	if (all && healthy_ms >= STABLE_MS)
		ret->progress = STEP_DONE;
	else if (degraded_ms >= DEGRADED_GRACE_MS)
		ret->progress = STEP_FAIL;
	if (seen.suspended && seen.healthy + 1 == seen.blues) {
		free(ret->detail);
		ret->detail = mem_printf("application \"%s\" is Suspended: resume it in Argo CD, then resume here",
					 seen.suspended);
		ret->progress = STEP_HOLD;
	}
	return NULL;
}

static struct error *sync_undo(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	struct argocd_applications all;
	size_t left = 0;
	ret->progress = STEP_DONE;
	if (ctx->world->config->keep_green)
		return NULL;
	TRY(client(ctx, &token, &argocd));
	TRY(argocd_list(&argocd, ctx->arena, &all));
	for (size_t i = 0; i < all.n; i++) {
		const struct argocd_application *made = &all.items[i];
		if (!is_of_this_run(ctx, made))
			continue;
		left++;
		/* with its project: an application that is gone is else told as a forbidden one */
		char *path CLEANUP(mem_freep) =
			mem_printf("/api/v1/applications/%s?cascade=true&project=%s", made->name ? made->name : "",
				   made->project ? made->project : "default");
		struct error *error = argocd_call(&argocd, "DELETE", path, NULL, NULL);
		if (error && error->class != ERROR_NOT_FOUND)
			return error;
		error_free(error);
	}
	ret->progress = left ? STEP_WAIT : STEP_DONE;
	ret->detail = mem_printf("%zu applications to go", left);
	return NULL;
}

const struct step_type argocd_register_step = {
	.executor = "argocd.register",
	.service = "argocd",
	.poll_interval_ms = 5000,
	.check = register_check,
	.start = register_start,
	.undo = register_undo,
};
const struct step_type argocd_sync_step = {
	.executor = "argocd.sync",
	.service = "argocd",
	.poll_interval_ms = 10000,
	.start = sync_start,
	.poll = sync_poll,
	.undo = sync_undo,
};
