/* What findings ask to be done before the upgrade proper: a Deployment scaled, a manifest applied in the version that
 * replaces its own, an add-on of Green brought to a version that goes with it. What stood there before is kept ahead of
 * each change; undoing puts that back, unless somebody else has changed it since. */
#include <stdlib.h>
#include <string.h>
#include "assessment/addon_versions.h"
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "execution/step.h"
#include "kube/discovery.h"
#include "models/kube_objects.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
/* Where the manifest before ours is kept: on the object, for what it holds is nobody's to read in a journal. */
#define APPLIED_BEFORE "eks-upgrade-agent/applied-before"
enum { LARGEST_ANNOTATIONS = 256 << 10, LARGEST_MANIFEST = LARGEST_ANNOTATIONS / 2 };

struct wanted {
	json_t *document; /* the parameters; owned */
	const char *kind, *ns, *name, *from, *to;
};

static void wanted_done(struct wanted *wanted)
{
	json_decref(wanted->document);
}

static struct error *wanted_read(const struct step_context *ctx, struct wanted *ret)
{
	TRY(step_parameters(ctx, &ret->document));
	ret->kind = document_text(ret->document, "kind");
	ret->ns = document_text(ret->document, "namespace");
	ret->name = document_text_or(ret->document, "name", "");
	ret->from = document_text_or(ret->document, "from", "");
	ret->to = document_text_or(ret->document, "to", "");
	return NULL;
}

static struct error *done(struct step_result *ret, char *detail)
{
	ret->progress = STEP_DONE;
	ret->detail = detail;
	return NULL;
}

/* ---- kubernetes.scale */

static char *deployment_path(const struct wanted *wanted, const char *subresource)
{
	return mem_printf("/apis/apps/v1/namespaces/%s/deployments/%s%s", wanted->ns ? wanted->ns : "default",
			  wanted->name, subresource);
}

static struct error *set_replicas(struct kube *kube, const struct wanted *wanted, int64_t replicas)
{
	char *path CLEANUP(mem_freep) = deployment_path(wanted, "/scale");
	return kube_call(kube, "PATCH", path, "application/merge-patch+json",
			 json_pack("{s:{s:I}}", "spec", "replicas", (json_int_t)replicas), NULL);
}

/* What is to be scaled, as it is now; NULL: it is there no more, which ends the step. */
static struct error *find_deployment(struct step_context *ctx, struct wanted *wanted, struct kube **ret_kube,
				     json_t **ret_seen, struct step_result *ret)
{
	TRY(wanted_read(ctx, wanted));
	TRY(world_blue(ctx->world, ret_kube));
	char *path CLEANUP(mem_freep) = deployment_path(wanted, "");
	struct error *error = kube_get(*ret_kube, path, ret_seen);
	if (error_was(&error, ERROR_NOT_FOUND))
		return done(ret, mem_printf("%s/%s is there no more", wanted->ns, wanted->name));
	return error;
}

static struct error *scale_poll(struct step_context *ctx, struct step_result *ret)
{
	struct wanted wanted CLEANUP(wanted_done) = {0};
	struct kube *kube;
	json_t *seen DOCUMENT_CLEANUP = NULL;
	TRY(find_deployment(ctx, &wanted, &kube, &seen, ret));
	if (!seen)
		return NULL;
	int64_t asked = document_int_or(seen, "spec.replicas", 1),
		ready = document_int_or(seen, "status.readyReplicas", 0), needed = strtoll(wanted.to, NULL, 10);
	if (asked < needed && !json_object_get(ctx->memory, "before"))
		TRY(step_remember(ctx, json_pack("{s:I}", "before", (json_int_t)asked)));
	if (asked < needed)
		TRY(set_replicas(kube, &wanted, needed));
	ret->progress = asked >= needed && ready >= needed ? STEP_DONE : STEP_WAIT;
	ret->detail = mem_printf("%lld/%lld ready", (long long)ready, (long long)needed);
	return NULL;
}

static struct error *scale_undo(struct step_context *ctx, struct step_result *ret)
{
	struct wanted wanted CLEANUP(wanted_done) = {0};
	struct kube *kube;
	json_t *seen DOCUMENT_CLEANUP = NULL;
	int64_t before = document_int_or(ctx->memory, "before", -1);
	if (before < 0)
		return done(ret, mem_strdup("nothing was changed"));
	TRY(find_deployment(ctx, &wanted, &kube, &seen, ret));
	if (!seen)
		return NULL;
	int64_t now = document_int_or(seen, "spec.replicas", 1);
	if (now != strtoll(wanted.to, NULL, 10))
		return done(ret,
			    mem_printf("left at %lld replicas: that is not what this run had set", (long long)now));
	TRY(set_replicas(kube, &wanted, before));
	return done(ret, mem_printf("%lld replicas again", (long long)before));
}

/* ---- kubernetes.apply */

/* The path of the object in the version that is wanted; NULL: Blue does not serve it. */
static struct error *find_path(struct step_context *ctx, struct kube *kube, const struct wanted *wanted, char **ret)
{
	struct kube_discovery discovery;
	TRY(kube_discover(kube, ctx->arena, &discovery));
	const struct kube_served *served = kube_served_kind(&discovery, wanted->to, wanted->kind ? wanted->kind : "");
	*ret = served ? kube_served_path(served, served->namespaced ? wanted->ns : NULL, wanted->name, NULL) : NULL;
	return NULL;
}

/* Who writes this object anew from a manifest that is not ours to change; NULL: nobody. */
static struct error *author_of(struct step_context *ctx, const json_t *object, const char **ret)
{
	static const char helm[] = "meta.helm.sh/release-name";
	struct kube_named named = {0};
	TRY(document_decode(object, "object", &kube_named_model, &named, ctx->arena));
	*ret = kube_meta_gitops(&named.meta);
	if (!*ret && kube_meta_annotation(&named.meta, helm))
		*ret = helm;
	return NULL;
}

static const char *annotation_of(const json_t *object, const char *name)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), name));
}

/* The manifest as a person would write it: what the server adds is left out. */
static char *manifest_of(const json_t *object, const char *version, const char *kind)
{
	static const char *const servers[] = {"managedFields", "uid",	   "resourceVersion",
					      "generation",    "selfLink", "creationTimestamp"};
	json_t *copy DOCUMENT_CLEANUP = json_deep_copy(object);
	json_t *metadata = json_object_get(copy, "metadata"), *annotations = json_object_get(metadata, "annotations");
	struct buf text CLEANUP(buf_done) = BUF_INIT(LARGEST_MANIFEST);
	for (size_t i = 0; i < ARRAY_SIZE(servers); i++)
		json_object_del(metadata, servers[i]);
	json_object_del(copy, "status");
	json_object_del(annotations, LAST_APPLIED);
	json_object_del(annotations, APPLIED_BEFORE);
	if (annotations && !json_object_size(annotations))
		json_object_del(metadata, "annotations");
	json_object_set_new(copy, "apiVersion", json_string(version));
	json_object_set_new(copy, "kind", json_string(kind));
	document_canonical(copy, &text);
	return text.overflowed ? NULL : mem_strdup(buf_str(&text));
}

static json_t *annotations(const char *applied, const char *before)
{
	return json_pack("{s:{s:{s:s?, s:s?}}}", "metadata", "annotations", LAST_APPLIED, applied, APPLIED_BEFORE,
			 before);
}

/* Whether the object was last applied in `version`. */
static bool applied_in(const json_t *object, const char *version)
{
	const char *text = annotation_of(object, LAST_APPLIED);
	json_t *applied DOCUMENT_CLEANUP = text ? json_loads(text, 0, NULL) : NULL;
	return applied && !strcmp(document_text_or(applied, "apiVersion", ""), version);
}

static struct error *write_manifest(struct step_context *ctx, struct kube *kube, const struct wanted *wanted,
				    const char *path, const json_t *object, struct step_result *ret)
{
	char *manifest CLEANUP(mem_freep) = manifest_of(object, wanted->to, wanted->kind);
	const char *before = annotation_of(object, LAST_APPLIED);
	if (!manifest || (before && strlen(before) > LARGEST_MANIFEST)) {
		ret->progress = STEP_HOLD;
		ret->detail = mem_printf("%s %s is too large to be applied by annotation: apply it as %s yourself",
					 wanted->kind, wanted->name, wanted->to);
		return NULL;
	}
	if (!json_object_get(ctx->memory, "path"))
		TRY(step_remember(ctx, json_pack("{s:s, s:b}", "path", path, "applied_before", before != NULL)));
	TRY(kube_call(kube, "PATCH", path, "application/merge-patch+json", annotations(manifest, before), NULL));
	return done(ret, mem_printf("%s %s is applied as %s; the file it came from must say so too", wanted->kind,
				    wanted->name, wanted->to));
}

/* The API server converts: read in the new version, the object is the manifest that replaces the old one. */
static struct error *apply_start(struct step_context *ctx, struct step_result *ret)
{
	struct wanted wanted CLEANUP(wanted_done) = {0};
	struct kube *kube;
	json_t *object DOCUMENT_CLEANUP = NULL;
	char *path CLEANUP(mem_freep) = NULL;
	const char *author;
	TRY(wanted_read(ctx, &wanted));
	TRY(world_blue(ctx->world, &kube));
	TRY(find_path(ctx, kube, &wanted, &path));
	if (!path)
		return done(ret, mem_printf("Blue does not serve %s: write %s %s in it for Green", wanted.to,
					    wanted.kind, wanted.name));
	struct error *error = kube_get(kube, path, &object);
	if (error_was(&error, ERROR_NOT_FOUND))
		return done(ret, mem_printf("%s %s is there no more", wanted.kind, wanted.name));
	if (error)
		return error;
	TRY(author_of(ctx, object, &author));
	if (author)
		return done(ret, mem_printf("left alone: \"%s\" says who writes it; change it there to %s", author,
					    wanted.to));
	if (applied_in(object, wanted.to))
		return done(ret, mem_printf("%s %s is applied as %s", wanted.kind, wanted.name, wanted.to));
	return write_manifest(ctx, kube, &wanted, path, object, ret);
}

static struct error *apply_undo(struct step_context *ctx, struct step_result *ret)
{
	struct wanted wanted CLEANUP(wanted_done) = {0};
	struct kube *kube;
	json_t *object DOCUMENT_CLEANUP = NULL;
	const char *path = document_text(ctx->memory, "path");
	if (!path)
		return done(ret, mem_strdup("nothing was changed"));
	TRY(wanted_read(ctx, &wanted));
	TRY(world_blue(ctx->world, &kube));
	struct error *error = kube_get(kube, path, &object);
	if (error_was(&error, ERROR_NOT_FOUND))
		return done(ret, mem_printf("%s %s is there no more", wanted.kind, wanted.name));
	if (error)
		return error;
	if (!applied_in(object, wanted.to))
		return done(ret, mem_strdup("left: somebody else has applied it since"));
	const char *before = annotation_of(object, APPLIED_BEFORE);
	if (!before && document_true(ctx->memory, "applied_before"))
		return done(ret, mem_strdup("left: what was applied before is kept there no more"));
	TRY(kube_call(kube, "PATCH", path, "application/merge-patch+json", annotations(before, NULL), NULL));
	return done(ret, mem_printf("applied as %s again", wanted.from));
}

/* ---- eks.addon */

static struct error *describe_addon(struct step_context *ctx, const struct wanted *wanted, struct aws **ret_aws,
				    json_t **ret)
{
	TRY(world_aws(ctx->world, ret_aws));
	return aws_call(*ret_aws, &aws_eks_DescribeAddon,
			json_pack("{s:s, s:s}", "clusterName", ctx->plan->green_name, "addonName", wanted->name), ret);
}

/* A request that says the same twice is the same request to EKS. */
static json_t *update_request(const struct step_context *ctx, const struct wanted *wanted)
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:s}", "clusterName", ctx->plan->green_name, "addonName",
				    wanted->name, "addonVersion", wanted->to, "resolveConflicts", "PRESERVE");
	json_object_set_new(request, "clientRequestToken",
			    document_printf("%.16s-%s-%u", ctx->run_id, ctx->step->step_id, ctx->attempt));
	return request;
}

static struct error *addon_poll(struct step_context *ctx, struct step_result *ret)
{
	struct wanted wanted CLEANUP(wanted_done) = {0};
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(wanted_read(ctx, &wanted));
	struct error *error = describe_addon(ctx, &wanted, &aws, &out);
	if (error_was(&error, ERROR_NOT_FOUND))
		return done(ret, mem_printf("%s is not an EKS add-on of Green", wanted.name));
	if (error)
		return error;
	const char *version = document_text_or(out, "addon.addonVersion", ""),
		   *status = document_text_or(out, "addon.status", "");
	bool new_enough = addon_version_order(version, wanted.to) >= 0,
	     failed = !strcmp(status, "UPDATE_FAILED") || !strcmp(status, "CREATE_FAILED");
	ret->detail = mem_printf("%s %s is %s", wanted.name, version, status);
	if (new_enough && !strcmp(status, "ACTIVE"))
		ret->progress = STEP_DONE;
	else if (failed && json_object_get(ctx->memory, "asked"))
		ret->progress = STEP_FAIL;
	else if (!new_enough && strcmp(status, "CREATING") != 0 && strcmp(status, "UPDATING") != 0) {
		TRY(step_remember(ctx, json_pack("{s:b}", "asked", 1)));
		error = aws_call(aws, &aws_eks_UpdateAddon, update_request(ctx, &wanted), NULL);
		if (error && !error_was(&error, ERROR_CONFLICT)) /* another update goes on: a later look asks again */
			return error;
	}
	return NULL;
}

const struct step_type scale_step = {.executor = "kubernetes.scale",
				     .service = "kubernetes",
				     .poll_interval_ms = 5000,
				     .start = scale_poll,
				     .poll = scale_poll,
				     .undo = scale_undo};
const struct step_type apply_step = {.executor = "kubernetes.apply",
				     .service = "kubernetes",
				     .poll_interval_ms = 5000,
				     .start = apply_start,
				     .poll = apply_start,
				     .undo = apply_undo};
const struct step_type addon_step = {
	.executor = "eks.addon", .service = "eks", .poll_interval_ms = 15000, .start = addon_poll, .poll = addon_poll};
