/* The clients of one upgrade, made on first use. */
#include <stdlib.h>
#include "aws/operations.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"

const char *const verdict_names[] = {"PASS", "FAIL", "NO_DATA", "PROVIDER_ERROR", NULL};

static char *ask_person(void *context, const char *question)
{
	const struct config *config = context;
	return config->ask(question);
}

struct error *world_aws(struct world *world, struct aws **ret)
{
	if (!world->aws) {
		struct aws_options options = {.ports = world->ports,
					      .profile = world->config->profile,
					      .region = world->config->region,
					      .endpoint_url = world->config->endpoint_url,
					      .mfa_code = world->config->mfa_code,
					      .ask = world->config->ask ? ask_person : NULL,
					      .ask_context = (void *)(uintptr_t)world->config,
					      .access_key = world->config->simulated ? "AKIASIMULATED" : NULL,
					      .secret_key = world->config->simulated ? "simulated" : NULL};
		TRY(aws_new(&options, &world->aws));
	}
	*ret = world->aws;
	return NULL;
}

static struct error *describe(struct world *world, const char *name, json_t **ret)
{
	struct aws *aws;
	TRY(world_aws(world, &aws));
	return aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", name), ret);
}

static struct error *by_eks(struct world *world, const char *name, struct kube **ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(describe(world, name, &out));
	return kube_new_eks(world->ports, world->aws, json_object_get(out, "cluster"), ret);
}

struct error *world_check_identity(struct world *world, const struct kube *kube, const char *name)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct error *error = describe(world, name, &out);
	if (error && error->class == ERROR_AUTH &&
	    !error->http_status) /* nobody was asked: there is nothing to sign with */
		return error;
	return error ? error_wrap(error, "cannot prove that \"%s\" is cluster \"%s\"", kube_server(kube), name)
		     : kube_check_identity(kube, json_object_get(out, "cluster"));
}

/* The kubeconfig is not believed: where it leads is compared with the named cluster before anything is asked there. */
static struct error *by_kubeconfig(struct world *world, const char *kubeconfig, const char *context, const char *name,
				   struct kube **ret)
{
	struct kube_options options = {.ports = world->ports,
				       .kubeconfig = kubeconfig,
				       .context = context,
				       .terminal = world->config->terminal};
	struct kube *kube CLEANUP(kube_freep) = NULL;
	TRY(kube_new(&options, &kube));
	if (name)
		TRY(world_check_identity(world, kube, name));
	*ret = TAKE(kube);
	return NULL;
}

struct error *world_blue(struct world *world, struct kube **ret)
{
	const struct config *config = world->config;
	if (!world->blue)
		TRY(config->kubeconfig || config->context
			    ? by_kubeconfig(world, config->kubeconfig, config->context, config->cluster, &world->blue)
			    : by_eks(world, config->cluster, &world->blue));
	*ret = world->blue;
	return NULL;
}

struct error *world_green(struct world *world, const char *green_name, struct kube **ret)
{
	const struct config *config = world->config;
	if (!world->green)
		TRY(config->green.kubeconfig || config->green.context
			    ? by_kubeconfig(world,
					    config->green.kubeconfig ? config->green.kubeconfig : config->kubeconfig,
					    config->green.context, green_name, &world->green)
			    : by_eks(world, green_name, &world->green));
	*ret = world->green;
	return NULL;
}

void world_done(struct world *world)
{
	kube_free(world->blue);
	kube_free(world->green);
	aws_free(world->aws);
	free(world->green_name);
	world->blue = world->green = NULL;
	world->aws = NULL;
	world->green_name = NULL;
}

struct error *step_remember(struct step_context *ctx, json_t *members)
{
	return ctx->services->record(ctx->engine, ctx, "observed", json_pack("{s:o}", "memory", members));
}

struct error *step_record(struct step_context *ctx, const char *kind, json_t *payload)
{
	return ctx->services->record(ctx->engine, ctx, kind, payload);
}

json_t *step_memory_of(struct step_context *ctx, const char *step_id)
{
	return ctx->services->memory_of(ctx->engine, step_id);
}

struct error *step_parameters(const struct step_context *ctx, json_t **ret)
{
	return document_parse(slice_of(ctx->step->parameters ? ctx->step->parameters : "{}"), ctx->step->step_id, ret);
}

struct error *step_cluster_status(struct step_context *ctx, const char *name, char **ret_status)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	*ret_status = NULL;
	TRY(world_aws(ctx->world, &aws));
	struct error *error = aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", name), &out);
	if (error_was(&error, ERROR_NOT_FOUND))
		return NULL;
	TRY(error);
	*ret_status = mem_strdup(document_text_or(out, "cluster.status", ""));
	return NULL;
}
