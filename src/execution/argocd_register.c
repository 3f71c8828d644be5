/* Argo CD learns of Green before applications are sent there, and forgets it when it goes. */
#include <string.h>
#include "aws/operations.h"
#include "base/uri.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/argocd_steps.h"

struct error *argocd_client(struct step_context *ctx, struct secret **token, struct argocd *ret)
{
	const struct config *config = ctx->world->config;
	TRY(config_secret_read(config->argocd.token, token));
	*ret = (struct argocd){.ports = ctx->world->ports,
			       .server = config->argocd.server,
			       .token = *token,
			       .insecure = config->argocd.insecure};
	return NULL;
}

struct error *argocd_green_endpoint(struct step_context *ctx, const char **ret_server, const char **ret_ca)
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
	const char *server = "", *ca = NULL;
	bool known;
	TRY(argocd_client(ctx, &token, &argocd));
	TRY(argocd_green_endpoint(ctx, &server, &ca));
	TRY(is_registered(&argocd, server, &known));
	*ret = known ? STEP_ALREADY : STEP_TODO;
	return NULL;
}

static struct error *register_start(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	const char *server = "", *ca = NULL;
	TRY(argocd_client(ctx, &token, &argocd));
	TRY(argocd_green_endpoint(ctx, &server, &ca));
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
	TRY(argocd_client(ctx, &token, &argocd));
	buf_puts(&path, "/api/v1/clusters/");
	uri_encode(slice_of(server), "", &path);
	struct error *error = argocd_call(&argocd, "DELETE", buf_str(&path), NULL, NULL);
	return error_was(&error, ERROR_NOT_FOUND) ? NULL : error;
}

const struct step_type argocd_register_step = {
	.executor = "argocd.register",
	.service = "argocd",
	.poll_interval_ms = 5000,
	.check = register_check,
	.start = register_start,
	.undo = register_undo,
};
