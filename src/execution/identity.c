/* Identity for workloads on Green: Pod Identity associations as Blue has them, and for roles of service accounts
 * Green's OIDC provider and a statement of trust. What was added is remembered, so that exactly that is taken back. */
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/step.h"

enum { MAX_ROLES = 200 };

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
		bool known = !slash || roles->n >= MAX_ROLES;
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
	TRY(step_remember(ctx, json_pack("{s:b}", "made_provider", 1)));
	char *url CLEANUP(mem_freep) = mem_printf("https://%s", issuer);
	struct error *error =
		aws_call(aws, &aws_iam_CreateOpenIDConnectProvider,
			 json_pack("{s:s, s:[s]}", "Url", url, "ClientIDList", "sts.amazonaws.com"), NULL);
	if (error && error->class != ERROR_CONFLICT)
		return error;
	error_free(error);
	return provider_of(ctx, aws, issuer, ret);
}

/* AWS gives policies URL-encoded; both forms are read. */
static json_t *policy_of(const char *text)
{
	struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 20);
	for (const char *p = text; *p; p++) {
		unsigned code;
		if (*p == '%' && sscanf(p + 1, "%2x", &code) == 1) {
			buf_putc(&plain, (char)code);
			p += 2;
		} else {
			buf_putc(&plain, *p);
		}
	}
	json_t *policy = json_loads(text, 0, NULL);
	return policy ? policy : json_loads(buf_str(&plain), 0, NULL);
}

/* Statements of `policy` that speak of an issuer. */
static size_t statement_of(const json_t *policy, const char *issuer)
{
	size_t i;
	const json_t *statement;
	json_array_foreach (json_object_get(policy, "Statement"), i, statement) {
		const char *federated = document_text_or(statement, "Principal.Federated", "");
		if (strstr(federated, issuer))
			return i;
	}
	return SIZE_MAX;
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
	return json_loads(buf_str(&changed), 0, NULL);
}

/* Adds (or takes away) Green's statement of a role's trust; nothing is written when it is so already. */
static struct error *set_trust(struct aws *aws, const char *role, const char *blue, const char *green, bool present)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	struct error *error = aws_call(aws, &aws_iam_GetRole, json_pack("{s:s}", "RoleName", role), &out);
	if (error &&
	    error->class == ERROR_NOT_FOUND) { /* an annotation that names a role of another account, or none */
		error_free(error);
		return NULL;
	}
	if (error)
		return error;
	json_t *policy DOCUMENT_CLEANUP = policy_of(document_text_or(out, "Role.AssumeRolePolicyDocument", ""));
	json_t *statements = json_object_get(policy, "Statement");
	size_t ours = statement_of(policy, green), theirs = statement_of(policy, blue);
	if ((ours != SIZE_MAX) == present || (present && theirs == SIZE_MAX))
		return NULL;
	if (present)
		json_array_append_new(statements, replaced(json_array_get(statements, theirs), blue, green));
	else
		json_array_remove(statements, ours);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	document_print(policy, false, &text);
	return aws_call(aws, &aws_iam_UpdateAssumeRolePolicy,
			json_pack("{s:s, s:s}", "RoleName", role, "PolicyDocument", buf_str(&text)), NULL);
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
	if (!roles.n || !blue || !green)
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

static struct error *associate(struct step_context *ctx, struct aws *aws, size_t *ret_n)
{
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *item;
	*ret_n = 0;
	TRY(aws_call_all(aws, &aws_eks_ListPodIdentityAssociations,
			 json_pack("{s:s}", "clusterName", ctx->plan->cluster_name), &out));
	json_array_foreach (json_object_get(out, "associations"), i, item) {
		json_t *one DOCUMENT_CLEANUP = NULL;
		char token[33], *what CLEANUP(mem_freep) = mem_printf("%s/%s", document_text_or(item, "namespace", ""),
								      document_text_or(item, "serviceAccount", ""));
		TRY(aws_call(aws, &aws_eks_DescribePodIdentityAssociation,
			     json_pack("{s:s, s:s}", "clusterName", ctx->plan->cluster_name, "associationId",
				       document_text_or(item, "associationId", "")),
			     &one));
		aws_idempotency_token(ctx->run_id, what, 1, token);
		struct error *error = aws_call(
			aws, &aws_eks_CreatePodIdentityAssociation,
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "clusterName", ctx->plan->green_name, "namespace",
				  document_text_or(item, "namespace", ""), "serviceAccount",
				  document_text_or(item, "serviceAccount", ""), "roleArn",
				  document_text_or(one, "association.roleArn", ""), "clientRequestToken", token),
			NULL);
		if (error && error->class != ERROR_CONFLICT)
			return error;
		error_free(error);
		(*ret_n)++;
	}
	return NULL;
}

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	struct aws *aws;
	size_t associations, roles;
	TRY(world_aws(ctx->world, &aws));
	struct error *error = associate(ctx, aws, &associations);
	if (error && (error->http_status == 404 || error->http_status == 501)) { /* a place without Pod Identity */
		error_free(error);
		error = NULL;
		associations = 0;
	}
	if (error)
		return error;
	TRY(trust(ctx, aws, &roles));
	ret->progress = STEP_DONE;
	ret->detail = mem_printf("%zu Pod Identity associations, %zu roles", associations, roles);
	return NULL;
}

static struct error *undo(struct step_context *ctx, struct step_result *ret)
{
	struct aws *aws;
	size_t i;
	const json_t *role;
	const char *blue = document_text(ctx->memory, "blue_issuer"),
		   *green = document_text(ctx->memory, "green_issuer"), *provider = NULL;
	ret->progress = STEP_DONE;
	if (ctx->world->config->keep_green || !green)
		return NULL;
	TRY(world_aws(ctx->world, &aws));
	json_array_foreach (json_object_get(ctx->memory, "roles"), i, role)
		TRY(set_trust(aws, json_string_value(role), blue, green, false));
	if (!document_true(ctx->memory, "made_provider"))
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
