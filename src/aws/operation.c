/* Finding rows by name. */
#include <stdio.h>
#include <string.h>
#include "aws/wire_internal.h"
#include "base/digest.h"
#include "base/uri.h"

/* "DescribeCluster" and "describe-cluster" are one; "DescribeDBInstances" is "describe-db-instances". */
static bool same_name(const char *name, const char *given)
{
	while (*name && *given) {
		given += *given == '-' || *given == '_';
		if ((*name | 0x20) != (*given | 0x20))
			return false;
		name++;
		given++;
	}
	return !*name && !*given;
}

/* The names that the aws command line uses, where ours differ. */
static const char *service_name(const char *given)
{
	static const char *const others[][2] = {{"stepfunctions", "states"},	     {"bedrock-runtime", "bedrock"},
						{"service-quotas", "servicequotas"}, {"sso-oidc", "ssooidc"},
						{"elasticloadbalancing", "elbv2"},   {"monitoring", "cloudwatch"}};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(given, others[i][0]))
			return others[i][1];
	return given;
}

const struct aws_operation *aws_operation_find(const char *service, const char *operation)
{
	const char *wanted = service ? service_name(service) : NULL;
	for (unsigned i = 0; i < aws_services_n; i++) {
		if (wanted && strcmp(aws_name(aws_services[i].name), wanted) != 0)
			continue;
		for (unsigned k = 0; k < aws_services[i].n_operations; k++) {
			const struct aws_operation *row = &aws_operations[aws_services[i].first_operation + k];
			if (same_name(aws_name(row->name), operation))
				return row;
		}
	}
	return NULL;
}

const char *aws_operation_service(const struct aws_operation *operation)
{
	return aws_name(aws_service_of(operation)->name);
}

const char *aws_operation_name(const struct aws_operation *operation)
{
	return aws_name(operation->name);
}

bool aws_operation_mutates(const struct aws_operation *operation)
{
	return operation->flags & AWS_MUTATES;
}

static json_t *unfolded(const json_t *text)
{
	struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 20);
	const char *encoded = json_string_value(text);
	if (!uri_decode(slice_make(encoded, json_string_length(text)), false, &plain))
		return NULL;
	return json_loadb(buf_str(&plain), plain.n, 0, NULL);
}

static void unfold(json_t *value)
{
	static const char *const documents[] = {"AssumeRolePolicyDocument", "PolicyDocument", "Document"};
	const char *key;
	json_t *member;
	size_t i;
	json_array_foreach (value, i, member)
		unfold(member);
	json_object_foreach (value, key, member)
		unfold(member);
	for (i = 0; json_is_object(value) && i < ARRAY_SIZE(documents); i++) {
		json_t *text = json_object_get(value, documents[i]);
		json_t *document = json_is_string(text) ? unfolded(text) : NULL;
		if (document)
			json_object_set_new(value, documents[i], document);
	}
}

void aws_unfold_policies(const struct aws_operation *operation, json_t *output)
{
	if (!strcmp(aws_operation_service(operation), "iam"))
		unfold(output);
}

void aws_idempotency_token(const char *run, const char *step, unsigned attempt, char out[33])
{
	char text[512], hex[SHA256_HEX_SIZE];
	int n = snprintf(text, sizeof text, "%s/%s/%u", run, step, attempt);
	sha256_hex(slice_make(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1), hex);
	memcpy(out, hex, 32);
	out[32] = '\0';
}
