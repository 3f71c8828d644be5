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

enum { STABLE_MS = 20000 };
static const char RUN_LABEL[] = "eks-upgrade-agent/run";

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
	*ret_server = arena_strdup(ctx->arena, document_text_or(out, "cluster.endpoint", ""));
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
	json_t *all;
	size_t blues, copies, synced, healthy;
	const char *waiting, *bad;
};

static bool goes_to(const json_t *application, const char *server, const char *name)
{
	return !strcmp(document_text_or(application, "spec.destination.server", ""), server) ||
	       !strcmp(document_text_or(application, "spec.destination.name", ""), name);
}

static json_t *find(const json_t *items, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach (items, i, item)
		if (!strcmp(document_text_or(item, "metadata.name", ""), name))
			return item;
	return NULL;
}

static char *copy_name(const json_t *blue)
{
	return mem_printf("%s-green", document_text_or(blue, "metadata.name", ""));
}

static bool is_blue(struct step_context *ctx, const json_t *application)
{
	const char *project = ctx->world->config->argocd.project;
	json_t *state = step_memory_of(ctx, "assess");
	const char *endpoint = document_text_or(state, "endpoint", "");
	if (project && strcmp(document_text_or(application, "spec.project", ""), project) != 0)
		return false;
	return goes_to(application, endpoint, ctx->plan->cluster_name) &&
	       !document_text(application, "metadata.labels.eks-upgrade-agent/run");
}

static json_t *copy_of(struct step_context *ctx, const json_t *blue, const char *server)
{
	char *name CLEANUP(mem_freep) = copy_name(blue);
	json_t *spec = json_deep_copy(json_object_get(blue, "spec"));
	json_t *destination = json_object_get(spec, "destination");
	json_object_del(destination, "name");
	json_object_set_new(destination, "server", json_string(server));
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:o}", "apiVersion", "argoproj.io/v1alpha1", "kind",
			 "Application", "metadata", "name", name, "namespace",
			 document_text_or(blue, "metadata.namespace", "argocd"), "labels", RUN_LABEL, ctx->run_id,
			 "spec", spec);
}

static struct error *make_copy(struct step_context *ctx, const struct argocd *argocd, const json_t *blue,
			       const char *server)
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

/* Done is: our operation succeeded, the application was looked at since, is Synced and Healthy. */
static struct error *look_at_copy(const struct argocd *argocd, const json_t *copy, struct seen *seen)
{
	const char *phase = document_text(copy, "status.operationState.phase"),
		   *name = document_text_or(copy, "metadata.name", "");
	int64_t finished_ms = 0, reconciled_ms = 0;
	if (!phase || !strcmp(phase, "Failed") || !strcmp(phase, "Error")) {
		seen->waiting = name;
		if (phase)
			seen->bad = document_text_or(copy, "status.operationState.message", "its sync failed");
		return ask_sync(argocd, name);
	}
	if (strcmp(phase, "Succeeded") != 0) {
		seen->waiting = name;
		return NULL;
	}
	time_parse_rfc3339(slice_of(document_text_or(copy, "status.operationState.finishedAt", "")), &finished_ms);
	time_parse_rfc3339(slice_of(document_text_or(copy, "status.reconciledAt", "")), &reconciled_ms);
	bool synced =
		reconciled_ms >= finished_ms && !strcmp(document_text_or(copy, "status.sync.status", ""), "Synced");
	bool healthy = synced && !strcmp(document_text_or(copy, "status.health.status", ""), "Healthy");
	seen->synced += synced;
	seen->healthy += healthy;
	seen->waiting = healthy ? seen->waiting : name;
	return NULL;
}

static struct error *sync_start(struct step_context *ctx, struct step_result *ret)
{
	(void)ctx;
	ret->detail = mem_strdup("begins");
	ret->poll_after_ms = 1;
	return NULL;
}

static struct error *sync_poll(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	json_t *out DOCUMENT_CLEANUP = NULL;
	json_t *registered = step_memory_of(ctx, "register-apps");
	const char *server = document_text(registered, "server"), *ca;
	struct seen seen = {0};
	size_t i;
	const json_t *item;
	TRY(client(ctx, &token, &argocd));
	if (!server)
		TRY(green_endpoint(ctx, &server, &ca));
	TRY(argocd_call(&argocd, "GET", "/api/v1/applications", NULL, &out));
	const json_t *items = json_object_get(out, "items");
	json_array_foreach (items, i, item) {
		if (!is_blue(ctx, item))
			continue;
		seen.blues++;
		char *name CLEANUP(mem_freep) = copy_name(item);
		const json_t *copy = find(items, name);
		if (!copy)
			TRY(make_copy(ctx, &argocd, item, server));
		else
			TRY(look_at_copy(&argocd, copy, &seen));
		seen.copies += copy != NULL;
	}
	ret->poll_after_ms = seen.copies < seen.blues ? 1000 : 10 * SECOND_MS;
	ret->fraction = seen.blues ? (double)seen.healthy / (double)seen.blues : 0;
	bool all = seen.healthy == seen.blues;
	int64_t since_ms = document_int_or(ctx->memory, "healthy_since_ms", 0);
	ret->detail = mem_printf("%zu/%zu healthy%s%s%s%s", seen.healthy, seen.blues,
				 seen.waiting && !all ? ", waits for " : "", seen.waiting && !all ? seen.waiting : "",
				 seen.bad ? ": " : "", seen.bad ? seen.bad : "");
	if (all && !since_ms)
		return step_remember(ctx, json_pack("{s:I}", "healthy_since_ms", (json_int_t)ctx->now_ms));
	if (!all && since_ms)
		return step_remember(ctx, json_pack("{s:i}", "healthy_since_ms", 0));
	if (all && ctx->now_ms - since_ms >= STABLE_MS)
		ret->progress = STEP_DONE;
	return NULL;
}

static struct error *sync_undo(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i, left = 0;
	const json_t *item;
	ret->progress = STEP_DONE;
	if (ctx->world->config->keep_green)
		return NULL;
	TRY(client(ctx, &token, &argocd));
	TRY(argocd_call(&argocd, "GET", "/api/v1/applications", NULL, &out));
	json_array_foreach (json_object_get(out, "items"), i, item) {
		const json_t *labels = document_at(item, "metadata.labels");
		if (strcmp(json_string_value(json_object_get(labels, RUN_LABEL))
				   ? json_string_value(json_object_get(labels, RUN_LABEL))
				   : "",
			   ctx->run_id) != 0)
			continue;
		left++;
		/* with its project: an application that is gone is else told as a forbidden one */
		char *path CLEANUP(mem_freep) = mem_printf("/api/v1/applications/%s?cascade=true&project=%s",
							   document_text_or(item, "metadata.name", ""),
							   document_text_or(item, "spec.project", "default"));
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
