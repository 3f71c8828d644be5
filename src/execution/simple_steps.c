/* The short ones: looking again, backup, comparing inventories, waiting for a person. */
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"

static struct error *assess_start(struct step_context *ctx, struct step_result *ret)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", ctx->plan->cluster_name), &out));
	const char *version = document_text_or(out, "cluster.version", ""),
		   *status = document_text_or(out, "cluster.status", "");
	if (strcmp(version, ctx->plan->source_version) != 0)
		return error_remedy(error_new(ERROR_PRECONDITION, "cluster \"%s\" is at %s, the plan was made at %s",
					      ctx->plan->cluster_name, version, ctx->plan->source_version),
				    "plan anew");
	if (strcmp(status, "ACTIVE") != 0) {
		ret->detail = mem_printf("cluster is %s", status);
		return NULL;
	}
	struct kube *kube;
	TRY(world_blue(ctx->world, &kube));
	TRY(step_remember(ctx, json_pack("{s:s, s:s}", "endpoint", document_text_or(out, "cluster.endpoint", ""),
					 "server", kube_server(kube))));
	ret->progress = STEP_DONE;
	ret->detail = mem_printf("%s is ACTIVE at %s", ctx->plan->cluster_name, version);
	return NULL;
}

static void backup_name(const struct step_context *ctx, char out[64])
{
	snprintf(out, 64, "eks-upgrade-%.8s", ctx->run_id);
}

#define BACKUPS "/apis/velero.io/v1/namespaces/velero/backups"

static struct error *backup_start(struct step_context *ctx, struct step_result *ret)
{
	struct kube *kube;
	char name[64];
	backup_name(ctx, name);
	TRY(world_blue(ctx->world, &kube));
	struct error *error = kube_get(kube, "/apis/velero.io/v1", NULL);
	if (error_was(&error, ERROR_NOT_FOUND)) {
		ret->progress = STEP_DONE;
		ret->detail = mem_strdup("Velero is not installed: no backup was made");
		return step_record(ctx, "note", json_pack("{s:s}", "text", ret->detail));
	}
	if (!error)
		error = kube_call(kube, "POST", BACKUPS, NULL,
				  json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "velero.io/v1", "kind",
					    "Backup", "metadata", "name", name, "namespace", "velero", "spec", "ttl",
					    "720h0m0s"),
				  NULL);
	ret->detail = mem_strdup("Velero begins");
	return error_was(&error, ERROR_CONFLICT) ? NULL : error; /* made by a try whose answer was lost */
}

static struct error *backup_poll(struct step_context *ctx, struct step_result *ret)
{
	struct kube *kube;
	char name[64];
	json_t *backup DOCUMENT_CLEANUP = NULL;
	backup_name(ctx, name);
	char *path CLEANUP(mem_freep) = mem_printf(BACKUPS "/%s", name);
	TRY(world_blue(ctx->world, &kube));
	struct error *error = kube_get(kube, path, &backup);
	if (error_was(&error, ERROR_NOT_FOUND)) /* it was never made: after a kill in between */
		return backup_start(ctx, ret);
	TRY(error);
	const char *phase = document_text_or(backup, "status.phase", "New");
	bool failed =
		!strcmp(phase, "Failed") || !strcmp(phase, "PartiallyFailed") || !strcmp(phase, "FailedValidation");
	ret->progress = !strcmp(phase, "Completed") ? STEP_DONE : failed ? STEP_FAIL : STEP_WAIT;
	ret->detail = mem_printf("Velero backup \"%s\": %s", name, phase);
	return NULL;
}

struct object_name {
	const char *kind, *ns, *name;
	int64_t replicas;
};
static const struct field object_name_fields[] = {
	F_STRING(struct object_name, ns, "metadata.namespace", 0, ""),
	F_STRING(struct object_name, name, "metadata.name", 0, ""),
	F_INT(struct object_name, replicas, "spec.replicas", 0, ""),
};
static const struct model object_name_model = MODEL("Object", struct object_name, object_name_fields);

struct inventory {
	struct arena *arena;
	const char *kind;
	struct object_name *objects;
	size_t n;
};

static bool take_object(void *context, void *item, struct arena *item_arena)
{
	struct inventory *inventory = context;
	const struct object_name *seen = item;
	(void)item_arena;
	*ARENA_PUSH(inventory->arena, inventory->objects, inventory->n) =
		(struct object_name){inventory->kind, arena_strdup(inventory->arena, seen->ns ? seen->ns : ""),
				     arena_strdup(inventory->arena, seen->name ? seen->name : ""), seen->replicas};
	return true;
}

static void forget_kind(void *context)
{
	((struct inventory *)context)->n = 0;
}

/* Controllers may still be making what is missing at the first look. */
#define COMPARE_PATIENCE_MS (3 * MINUTE_MS)

static const char *const compared[][2] = {{"Deployment", "/apis/apps/v1/deployments"},
					  {"StatefulSet", "/apis/apps/v1/statefulsets"},
					  {"DaemonSet", "/apis/apps/v1/daemonsets"},
					  {"Service", "/api/v1/services"},
					  {"Ingress", "/apis/networking.k8s.io/v1/ingresses"}};

static struct error *take_inventory(struct kube *kube, struct inventory inventories[ARRAY_SIZE(compared)],
				    struct arena *arena)
{
	struct kube_list lists[ARRAY_SIZE(compared)];
	struct error *first = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(compared); i++) {
		inventories[i] = (struct inventory){.arena = arena, .kind = compared[i][0]};
		lists[i] = (struct kube_list){.path = compared[i][1],
					      .item_model = &object_name_model,
					      .fn = take_object,
					      .restarted = forget_kind,
					      .context = &inventories[i]};
	}
	kube_list_batch(kube, lists, ARRAY_SIZE(compared));
	for (size_t i = 0; i < ARRAY_SIZE(compared); i++) {
		if (!first)
			first = lists[i].error;
		else
			error_free(lists[i].error);
	}
	return first;
}

static const struct object_name *counterpart(const struct inventory *inventory, const struct object_name *wanted)
{
	for (size_t i = 0; i < inventory->n; i++)
		if (!strcmp(inventory->objects[i].name, wanted->name) && !strcmp(inventory->objects[i].ns, wanted->ns))
			return &inventory->objects[i];
	return NULL;
}

static struct error *compare_start(struct step_context *ctx, struct step_result *ret)
{
	struct kube *blue, *green;
	struct inventory blues[ARRAY_SIZE(compared)], greens[ARRAY_SIZE(compared)];
	struct buf missing CLEANUP(buf_done) = BUF_INIT(1 << 16);
	size_t n = 0, all = 0;
	TRY(world_blue(ctx->world, &blue));
	TRY(world_green(ctx->world, ctx->plan->green_name, &green));
	TRY(take_inventory(blue, blues, ctx->arena));
	TRY(take_inventory(green, greens, ctx->arena));
	for (size_t k = 0; k < ARRAY_SIZE(compared); k++) {
		for (size_t i = 0; i < blues[k].n; i++) {
			const struct object_name *wanted = &blues[k].objects[i],
						 *found = counterpart(&greens[k], wanted);
			all++;
			/* how many replicas there are is the autoscaler's matter, none is not */
			if (found && (found->replicas > 0 || wanted->replicas == 0))
				continue;
			if (n++ < 5)
				buf_printf(&missing, "%s%s %s/%s%s", n > 1 ? ", " : "", wanted->kind, wanted->ns,
					   wanted->name, found ? " (scaled to 0)" : "");
		}
	}
	ret->detail =
		n ? mem_printf("Green lacks %zu of %zu objects: %s%s", n, all, buf_str(&missing), n > 5 ? " …" : "")
		  : mem_printf("%zu objects on both", all);
	bool patient = ctx->now_ms - ctx->started_ms < COMPARE_PATIENCE_MS;
	ret->progress = !n ? STEP_DONE : patient ? STEP_WAIT : STEP_FAIL;
	ret->poll_after_ms = 20 * SECOND_MS;
	return NULL;
}

static struct error *approval_start(struct step_context *ctx, struct step_result *ret)
{
	ret->progress = STEP_HOLD;
	ret->detail = mem_printf("a person must say yes: %s", ctx->step->name);
	return NULL;
}

static struct error *approval_poll(struct step_context *ctx, struct step_result *ret)
{
	(void)ctx;
	ret->progress = STEP_DONE; /* the engine asks only after the yes */
	ret->detail = mem_strdup("approved");
	return NULL;
}

const struct step_type assess_step = {.executor = "perceive.assess",
				      .service = "eks",
				      .poll_interval_ms = 15000,
				      .start = assess_start,
				      .poll = assess_start};
const struct step_type backup_step = {.executor = "velero.backup",
				      .service = "kubernetes",
				      .poll_interval_ms = 10000,
				      .start = backup_start,
				      .poll = backup_poll};
const struct step_type compare_step = {.executor = "inventory.compare",
				       .service = "kubernetes",
				       .poll_interval_ms = 20000,
				       .start = compare_start,
				       .poll = compare_start};
const struct step_type approval_step = {.executor = "approval",
					.service = "person",
					.poll_interval_ms = 1000,
					.start = approval_start,
					.poll = approval_poll};
