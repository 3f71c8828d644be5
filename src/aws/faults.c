/* What went wrong, for people: what was asked, how often, and what to do about it. */
#include <stdlib.h>
#include <string.h>
#include "aws/client_internal.h"
#include "aws/wire_internal.h"
#include "base/mem.h"
#include "base/uri.h"

void aws_iam_action(const struct aws_operation *operation, char out[160])
{
	static const struct {
		const char *service, *operation, *action;
	} otherwise[] = {
		{"s3", "ListObjectsV2", "s3:ListBucket"},
		{"s3", "HeadBucket", "s3:ListBucket"},
		{"s3", "HeadObject", "s3:GetObject"},
		{"s3", "ListBuckets", "s3:ListAllMyBuckets"},
		{"lambda", "Invoke", "lambda:InvokeFunction"},
		{"bedrock", "Converse", "bedrock:InvokeModel"},
		{"dynamodb", "TransactWriteItems", "dynamodb:PutItem"},
	};
	const char *service = aws_operation_service(operation), *name = aws_operation_name(operation);
	for (size_t i = 0; i < ARRAY_SIZE(otherwise); i++)
		if (!strcmp(otherwise[i].service, service) && !strcmp(otherwise[i].operation, name)) {
			snprintf(out, 160, "%s", otherwise[i].action);
			return;
		}
	snprintf(out, 160, "%s:%s", aws_name(aws_service_of(operation)->iam_prefix), name);
}

/* The word behind `lead` in a message, up to a space or the sentence's end; in `out`, "" when there is none. */
static void word_after(const char *message, const char *lead, char *out, size_t size)
{
	const char *at = strstr(message, lead);
	*out = '\0';
	if (!at)
		return;
	at += strlen(lead);
	at += *at == '"';
	size_t n = strcspn(at, " \n\"");
	while (n && (at[n - 1] == '.' || at[n - 1] == ','))
		n--;
	snprintf(out, size, "%.*s", (int)n, at);
}

/* "User: U is not authorized to perform: A on resource: R because …", in the words that policies use. */
static struct error *remedy_of_denial(const struct aws *aws, const struct aws_operation *operation, struct error *error)
{
	char who[300], action[160], named[160], resource[400];
	word_after(error->message, "User: ", who, sizeof who);
	word_after(error->message, "to perform: ", named, sizeof named);
	word_after(error->message, "on resource: ", resource, sizeof resource);
	if (!strcmp(resource, "*"))
		*resource = '\0';
	aws_iam_action(operation, action);
	if (!*who && aws->have_credentials)
		snprintf(who, sizeof who, "the owner of key %s", aws->credentials.access_key);
	const char *what = *named ? named : action, *on = *resource ? " on " : "",
		   *subject = *who ? who : "this caller";
	if (strstr(error->message, "explicit deny"))
		return error_remedy(error, "a policy denies %s%s%s to %s: change that policy, or use another role",
				    what, on, resource, subject);
	return error_remedy(error, "allow %s%s%s to %s", what, on, resource, subject);
}

/* As it is, and as it stands in forms and addresses. */
static void hide(struct error *error, const char *secret)
{
	struct buf encoded CLEANUP(buf_done) = BUF_INIT(1 << 20);
	error_hide(error, secret);
	uri_encode(slice_of(secret), "", &encoded);
	if (encoded.n != strlen(secret))
		error_hide(error, buf_str(&encoded));
	if (encoded.p)
		secret_wipe(encoded.p, encoded.n);
}

static void hide_members(const struct aws_shape *shape, const json_t *value, bool sensitive, struct error *error)
{
	size_t i;
	json_t *item;
	if (sensitive && json_is_string(value))
		hide(error, json_string_value(value));
	if (shape->kind == AWS_LIST)
		json_array_foreach (value, i, item)
			hide_members(&aws_shapes[shape->element], item, sensitive, error);
	if (shape->kind != AWS_STRUCTURE)
		return;
	for (i = 0; i < shape->n_members; i++) {
		const struct aws_member *member = &aws_members[shape->first_member + i];
		item = json_object_get(value, aws_name(member->name));
		if (item)
			hide_members(&aws_shapes[member->shape], item, sensitive || member->flags & AWS_SENSITIVE,
				     error);
	}
}

void aws_fault_hide(const struct aws_operation *operation, const json_t *input, const struct http_header *headers,
		    size_t n_headers, struct error *error)
{
	for (size_t i = 0; i < n_headers; i++)
		if (!strcmp(headers[i].name, "X-Amz-Security-Token"))
			hide(error, headers[i].value);
	if (aws_input_of(operation) && input)
		hide_members(aws_input_of(operation), input, false, error);
}

static bool has(const char *code, const char *part)
{
	return code && strstr(code, part);
}

/* By the code, or a part of it that several have. */
static const char *remedy_of_code(const char *code)
{
	static const char keys[] = "the keys are not known there: eks-upgrade-agent doctor shows where they come from";
	static const struct {
		const char *part, *remedy;
	} remedies[] = {
		{"ExpiredToken", "sign in again (aws sso login, or new keys); what was begun goes on where it was"},
		{"SignatureDoesNotMatch", keys},
		{"InvalidSignature", keys},
		{"IncompleteSignature", keys},
		{"InvalidClientTokenId", keys},
		{"InvalidAccessKeyId", keys},
		{"UnrecognizedClient", keys},
		{"MissingAuthenticationToken", keys},
		{"AuthFailure", keys},
		{"RequestTimeTooSkewed", "set this machine's clock (chronyc makestep)"},
		{"RequestExpired", "set this machine's clock (chronyc makestep)"},
		{"OptInRequired", "enable this service or region for the account"},
		{"SubscriptionRequired", "enable this service or region for the account"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (has(code, remedies[i].part))
			return remedies[i].remedy;
	return NULL;
}

static struct error *remedy_of_class(const struct aws *aws, struct error *error)
{
	if (error->http_status >= 500)
		return error_remedy(error, "ask again later; https://health.aws.amazon.com tells of what is down, and "
					   "AWS support wants the request id");
	switch ((int)error->class) {
	case ERROR_THROTTLED:
		return error_remedy(error, "ask again in a minute; if it stays so, see who else asks so much, or have "
					   "the quota raised (service-quotas)");
	case ERROR_NOT_FOUND:
		return error_remedy(error, "look whether the name is right, and whether it is in %s",
				    *aws->region ? aws->region : "this region");
	case ERROR_TRANSIENT:
	case ERROR_TIMEOUT:
		return error->http_status ? error
					  : error_remedy(error, "see whether that address can be reached from here: "
								"network, proxy (HTTPS_PROXY, NO_PROXY), endpoint");
	default:
		return error;
	}
}

struct error *aws_fault_decorate(const struct aws *aws, const struct aws_operation *operation, unsigned tries,
				 bool maybe_done, struct error *error)
{
	free(error->service);
	free(error->operation);
	error->service = mem_strdup(aws_operation_service(operation));
	error->operation = mem_strdup(aws_operation_name(operation));
	error->outcome_unknown |= maybe_done;
	error->tries = tries;
	for (const struct error *told = error; told; told = told->cause)
		if (told->remedy)
			return error;
	if (error->outcome_unknown)
		return error_remedy(error, "look whether it happened before it is asked for again");
	const char *known = remedy_of_code(error->code);
	if (known)
		return error_remedy(error, "%s", known);
	if (error->class == ERROR_AUTH && error->http_status)
		return remedy_of_denial(aws, operation, error);
	return remedy_of_class(aws, error);
}
