/* Identity for workloads on Green: Pod Identity associations as Blue has them, and for roles of service accounts
 * Green's OIDC provider and a statement of trust. What was added is remembered, so that exactly that is taken back. */
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "base/uri.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"

struct account_item {
	struct pair *annotations;
	size_t n;
};
static const struct field account_item_fields[] = {
	F_MAP(struct account_item, annotations, n, "metadata.annotations", 0, "")};
static const struct model account_item_model = MODEL("ServiceAccount", struct account_item, account_item_fields);

struct roles {
	struct arena *arena;
	const char **names;
	size_t n;
};

static bool take_account(void *context, void *item, struct arena *item_arena)
{
	struct roles *roles = context;
	const struct account_item *seen = item;
	(void)item_arena;
	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->annotations[i].key, "eks.amazonaws.com/role-arn") != 0)
			continue;
		const char *slash = strrchr(seen->annotations[i].value, '/');
		bool known = !slash;
		for (size_t k = 0; k < roles->n && !known; k++)
			known = !strcmp(roles->names[k], slash + 1);
		if (!known)
			*ARENA_PUSH(roles->arena, roles->names, roles->n) = arena_strdup(roles->arena, slash + 1);
	}
	return true;
}

static void forget_roles(void *context)
{
	((struct roles *)context)->n = 0;
}

static struct error *issuer_of(struct step_context *ctx, struct aws *aws, const char *cluster, const char **ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	TRY(aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", cluster), &out));
	const char *issuer = document_text(out, "cluster.identity.oidc.issuer");
	*ret = issuer ? arena_strdup(ctx->arena, strncmp(issuer, "https://", 8) ? issuer : issuer + 8) : NULL;
	return NULL;
}

/* The ARN of the provider for an issuer; NULL when there is none. */
static struct error *provider_of(struct step_context *ctx, struct aws *aws, const char *issuer, const char **ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *item;
	*ret = NULL;
	TRY(aws_call(aws, &aws_iam_ListOpenIDConnectProviders, NULL, &out));
	json_array_foreach (json_object_get(out, "OpenIDConnectProviderList"), i, item) {
		const char *arn = document_text_or(item, "Arn", ""), *name = strstr(arn, "oidc-provider/");
		if (name && !strcmp(name + 14, issuer))
			*ret = arena_strdup(ctx->arena, arn);
	}
	return NULL;
}

static struct error *ensure_provider(struct step_context *ctx, struct aws *aws, const char *issuer, const char **ret)
{
	TRY(provider_of(ctx, aws, issuer, ret));
	if (*ret)
		return NULL;
	TRY(step_remember(ctx, json_pack("{s:b, s:s}", "made_provider", 1, "green_issuer", issuer)));
	char *url CLEANUP(mem_freep) = mem_printf("https://%s", issuer);
	struct error *error =
		aws_call(aws, &aws_iam_CreateOpenIDConnectProvider,
			 json_pack("{s:s, s:[s]}", "Url", url, "ClientIDList", "sts.amazonaws.com"), NULL);
	if (error && !error_was(&error, ERROR_CONFLICT))
		return error;
	return provider_of(ctx, aws, issuer, ret);
}

/* AWS gives policies URL-encoded; both forms are read. */
static json_t *policy_of(const char *text)
{
	struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *policy = document_load(slice_of(text));
	return policy || !uri_decode(slice_of(text), false, &plain) ? policy : document_load(buf_slice(&plain));
}

static bool speaks_of(const json_t *statement, const char *issuer)
{
	return strstr(document_text_or(statement, "Principal.Federated", ""), issuer) != NULL;
}

static json_t *replaced(const json_t *statement, const char *from, const char *to)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20), changed CLEANUP(buf_done) = BUF_INIT(1 << 20);
	document_print(statement, false, &text);
	for (const char *p = buf_str(&text); *p;) {
		const char *at = strstr(p, from);
		buf_append(&changed, p, at ? (size_t)(at - p) : strlen(p));
		if (!at)
			break;
		buf_puts(&changed, to);
		p = at + strlen(from);
	}
	return document_load(buf_slice(&changed));
}

static size_t count_statements(const json_t *statements, const char *issuer)
{
	size_t i, n = 0;
	const json_t *statement;
	json_array_foreach (statements, i, statement)
		n += speaks_of(statement, issuer);
	return n;
}

/* The statements as they should be: each of Blue's once more for Green, or none of Green's. */
static json_t *statements_with(const json_t *statements, const char *blue, const char *green, bool present)
{
	json_t *all = json_array();
	size_t i;
	json_t *statement;
	json_array_foreach (statements, i, statement)
		if (!speaks_of(statement, green))
			json_array_append(all, statement);
	json_array_foreach (statements, i, statement)
		if (present && speaks_of(statement, blue))
			json_array_append_new(all, replaced(statement, blue, green));
	return all;
}

static struct error *write_trust(struct aws *aws, const char *role, const json_t *policy)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	document_print(policy, false, &text);
	struct error *error =
		aws_call(aws, &aws_iam_UpdateAssumeRolePolicy,
			 json_pack("{s:s, s:s}", "RoleName", role, "PolicyDocument", buf_str(&text)), NULL);
	return error && error->code && !strcmp(error->code, "LimitExceeded")
		       ? error_remedy(error,
				      "the trust policy of role \"%s\" is full: raise IAM's quota L-C07B4B0D, or use "
				      "Pod Identity for it",
				      role)
		       : error;
}

/* Adds (or takes away) Green's statements of a role's trust; nothing is written when it is so already. */
static struct error *set_trust(struct aws *aws, const char *role, const char *blue, const char *green, bool present)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct error *error = aws_call(aws, &aws_iam_GetRole, json_pack("{s:s}", "RoleName", role), &out);
	if (error_was(&error, ERROR_NOT_FOUND)) /* an annotation that names a role of another account, or none */
		return NULL;
	TRY(error);
	json_t *policy DOCUMENT_CLEANUP = policy_of(document_text_or(out, "Role.AssumeRolePolicyDocument", ""));
	json_t *statements = json_object_get(policy, "Statement");
	if (json_is_object(statements)) { /* one alone needs no list */
		json_object_set_new(policy, "Statement", json_pack("[O]", statements));
		statements = json_object_get(policy, "Statement");
	}
	size_t ours = count_statements(statements, green), wanted = present ? count_statements(statements, blue) : 0;
	if (ours == wanted)
		return NULL;
	json_object_set_new(policy, "Statement", statements_with(statements, blue, green, present));
	return write_trust(aws, role, policy);
}

static struct error *trust(struct step_context *ctx, struct aws *aws, size_t *ret_n)
{
	struct kube *kube;
	struct roles roles = {.arena = ctx->arena};
	const char *blue, *green, *provider;
	*ret_n = 0;
	TRY(world_blue(ctx->world, &kube));
	struct kube_list list = {.path = "/api/v1/serviceaccounts",
				 .item_model = &account_item_model,
				 .fn = take_account,
				 .restarted = forget_roles,
				 .context = &roles};
	TRY(kube_list(kube, &list));
	TRY(issuer_of(ctx, aws, ctx->plan->cluster_name, &blue));
	TRY(issuer_of(ctx, aws, ctx->plan->green_name, &green));
	if (!roles.n || !blue || !green || !strcmp(blue, green))
		return NULL;
	TRY(ensure_provider(ctx, aws, green, &provider));
	json_t *names = json_array();
	for (size_t i = 0; i < roles.n; i++)
		json_array_append_new(names, json_string(roles.names[i]));
	TRY(step_remember(ctx,
			  json_pack("{s:o, s:s, s:s}", "roles", names, "blue_issuer", blue, "green_issuer", green)));
	for (size_t i = 0; i < roles.n; i++)
		TRY(set_trust(aws, roles.names[i], blue, green, true));
	*ret_n = roles.n;
	return NULL;
}

static struct error *associate_one(struct step_context *ctx, struct aws *aws, const json_t *item)
{
	json_t *one DOCUMENT_CLEANUP = NULL;
	const char *ns = document_text_or(item, "namespace", ""),
		   *account = document_text_or(item, "serviceAccount", "");
	char token[33], *what CLEANUP(mem_freep) = mem_printf("%s/%s", ns, account);
	TRY(aws_call(aws, &aws_eks_DescribePodIdentityAssociation,
		     json_pack("{s:s, s:s}", "clusterName", ctx->plan->cluster_name, "associationId",
			       document_text_or(item, "associationId", "")),
		     &one));
	aws_idempotency_token(ctx->run_id, what, 1, token);
	struct error *error =
		aws_call(aws, &aws_eks_CreatePodIdentityAssociation,
			 json_pack("{s:s, s:s, s:s, s:s, s:s}", "clusterName", ctx->plan->green_name, "namespace", ns,
				   "serviceAccount", account, "roleArn",
				   document_text_or(one, "association.roleArn", ""), "clientRequestToken", token),
			 NULL);
	/* else made by a try whose answer was lost, or by the module */
	return error_was(&error, ERROR_CONFLICT) ? NULL : error;
}

/* The associations of a cluster; none where EKS has no such call. */
static struct error *associations_of(struct aws *aws, const char *cluster, json_t **ret)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct error *error = aws_call_all(aws, &aws_eks_ListPodIdentityAssociations,
					   json_pack("{s:s}", "clusterName", cluster), &out);
	bool absent = error && (error->class == ERROR_NOT_FOUND || error->http_status == 501);
	if (error && !absent)
		return error;
	error_free(error);
	*ret = json_incref(json_object_get(out, "associations"));
	*ret = *ret ? *ret : json_array();
	return NULL;
}

static const json_t *same_account(const json_t *associations, const json_t *wanted)
{
	size_t i;
	const json_t *item;
	json_array_foreach (associations, i, item)
		if (!strcmp(document_text_or(item, "namespace", ""), document_text_or(wanted, "namespace", "")) &&
		    !strcmp(document_text_or(item, "serviceAccount", ""),
			    document_text_or(wanted, "serviceAccount", "")))
			return item;
	return NULL;
}

/* Those that Blue has and Green has not; they are remembered first, as ours to take back. */
static struct error *associate(struct step_context *ctx, struct aws *aws, size_t *ret_n)
{
	json_t *blues DOCUMENT_CLEANUP = NULL, *greens DOCUMENT_CLEANUP = NULL,
		      *missing DOCUMENT_CLEANUP = json_array();
	size_t i;
	json_t *item;
	TRY(associations_of(aws, ctx->plan->cluster_name, &blues));
	*ret_n = json_array_size(blues);
	if (!*ret_n)
		return NULL;
	TRY(associations_of(aws, ctx->plan->green_name, &greens));
	json_array_foreach (blues, i, item)
		if (!same_account(greens, item))
			json_array_append_new(missing,
					      json_pack("{s:O, s:O}", "namespace", json_object_get(item, "namespace"),
							"serviceAccount", json_object_get(item, "serviceAccount")));
	if (!json_object_get(ctx->memory, "associations"))
		TRY(step_remember(ctx, json_pack("{s:O}", "associations", missing)));
	json_array_foreach (blues, i, item)
		if (same_account(missing, item))
			TRY(associate_one(ctx, aws, item));
	return NULL;
}

static struct error *dissociate(struct step_context *ctx, struct aws *aws)
{
	json_t *greens DOCUMENT_CLEANUP = NULL;
	const json_t *ours = json_object_get(ctx->memory, "associations"), *item;
	size_t i;
	if (!json_array_size(ours))
		return NULL;
	TRY(associations_of(aws, ctx->plan->green_name, &greens));
	json_array_foreach (greens, i, item) {
		if (!same_account(ours, item))
			continue;
		struct error *error = aws_call(aws, &aws_eks_DeletePodIdentityAssociation,
					       json_pack("{s:s, s:s}", "clusterName", ctx->plan->green_name,
							 "associationId", document_text_or(item, "associationId", "")),
					       NULL);
		if (error && !error_was(&error, ERROR_NOT_FOUND))
			return error;
	}
	return NULL;
}

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	struct aws *aws;
	size_t associations, roles;
	TRY(world_aws(ctx->world, &aws));
	TRY(associate(ctx, aws, &associations));
	TRY(trust(ctx, aws, &roles));
	ret->progress = STEP_DONE;
	ret->detail = mem_printf("%zu Pod Identity associations, %zu roles", associations, roles);
	return NULL;
}

static struct error *undo(struct step_context *ctx, struct step_result *ret)
{
	struct aws *aws;
	size_t i;
	const json_t *role, *roles = json_object_get(ctx->memory, "roles");
	const char *blue = document_text_or(ctx->memory, "blue_issuer", ""),
		   *green = document_text(ctx->memory, "green_issuer"), *provider = NULL;
	ret->progress = STEP_DONE;
	if (ctx->world->config->keep_green) {
		ret->detail = mem_strdup("kept with Green, as configured");
		return NULL;
	}
	TRY(world_aws(ctx->world, &aws));
	TRY(dissociate(ctx, aws));
	json_array_foreach (roles, i, role)
		TRY(set_trust(aws, json_string_value(role), blue, green, false));
	ret->detail = mem_printf("taken back from %zu roles", json_array_size(roles));
	if (!green || !document_true(ctx->memory, "made_provider"))
		return NULL;
	TRY(provider_of(ctx, aws, green, &provider));
	return provider ? aws_call(aws, &aws_iam_DeleteOpenIDConnectProvider,
				   json_pack("{s:s}", "OpenIDConnectProviderArn", provider), NULL)
			: NULL;
}

const struct step_type identity_step = {.executor = "eks.identity",
					.service = "iam",
					.poll_interval_ms = 5000,
					.start = start,
					.poll = start,
					.undo = undo};
