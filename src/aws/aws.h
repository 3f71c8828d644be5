/* The AWS client: credentials, endpoints, signing, retries, skew, paging; every operation is a row (aws/operations.h,
 * generated from botocore's models). Inputs and outputs are documents with the model's own member names:
 *
 *     DOCUMENT_CLEANUP json_t *out = NULL;
 *     TRY(aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", "shop"), &out));
 *     document_text(out, "cluster.version")
 *
 * Timestamps are RFC 3339 text in outputs (and accepted as such in inputs); blobs are base64 text. */
#pragma once

#include <jansson.h>
#include "base/error.h"
#include "base/secret.h"
#include "port/ports.h"

struct aws_operation;
struct aws;

struct aws_options {
	const struct ports *ports; /* http, process, clock, random are used; borrowed, must outlive the client */
	const char *profile;	   /* --profile; NULL: AWS_PROFILE or "default" */
	const char *region;	   /* --region; NULL: AWS_REGION, AWS_DEFAULT_REGION, the profile's, IMDS' */
	const char
		*endpoint_url; /* --endpoint-url for every service; NULL: AWS_ENDPOINT_URL[_SERVICE], profile, rules */
	const char *mfa_code;  /* good for one sign-in; or NULL */
	char *(*ask)(void *context, const char *question); /* asks the person for a line (an MFA code); malloc'd, NULL
							    * when refused; NULL: nobody can be asked */
	void *ask_context;
	const char *(*getenv)(void *context, const char *name); /* NULL: the process's environment */
	void *getenv_context;
	const char *access_key, *secret_key, *session_token; /* explicit credentials (the simulator's); or NULL */
};

struct error *aws_new(const struct aws_options *options, struct aws **ret) MUST_CHECK;
void aws_free(struct aws *aws);
void aws_freep(struct aws **aws);

/* One call: marshal, sign, send, retry by the 2026 rules, correct skew, decode. `input` is taken (NULL: {}); *ret is
 * the caller's, may be NULL-given when nobody wants it. Waits. Errors carry code, request id, service, operation;
 * mutations whose reply was lost come back with outcome_unknown. */
struct error *aws_call(struct aws *aws, const struct aws_operation *operation, json_t *input, json_t **ret) MUST_CHECK;
/* All pages, joined at the pager's result keys (also for operations with one page only). */
struct error *aws_call_all(struct aws *aws, const struct aws_operation *operation, json_t *input,
			   json_t **ret) MUST_CHECK;

/* Many calls side by side; each has its own error. Inputs are taken. */
struct aws_request {
	const struct aws_operation *operation;
	json_t *input;
	bool all_pages;
	/* NULL-terminated names: the members that objects in the result keep, at any depth; the
	 * others are dropped page by page, so that they never come together. NULL: everything is kept. */
	const char *const *only;
	json_t *output;	     /* out: the caller's */
	struct error *error; /* out: the caller's */
};
void aws_call_batch(struct aws *aws, struct aws_request *requests, size_t n);

/* Copies the tokens of a page into the next input; false when there is no next page. */
bool aws_page_next(const struct aws_operation *operation, const json_t *page, json_t *input);
/* "eks", "DescribeCluster" (or "describe-cluster", "describe_cluster"); a service of NULL: any that has it. NULL when
 * there is no such row. */
const struct aws_operation *aws_operation_find(const char *service, const char *operation);
const char *aws_operation_service(const struct aws_operation *operation); /* "eks" */
const char *aws_operation_name(const struct aws_operation *operation);
/* Policy documents of iam come as encoded text; this makes them the JSON that they are, as the aws command line does.
 */
void aws_unfold_policies(const struct aws_operation *operation, json_t *output);
bool aws_operation_mutates(const struct aws_operation *operation);

const char *aws_region(struct aws *aws); /* "" when none is known */
/* Bearer token for an EKS cluster's API server, minted on the server's clock; good for 14 minutes from *ret_minted_ms.
 */
struct error *aws_eks_token(struct aws *aws, const char *cluster, struct secret **ret,
			    int64_t *ret_minted_ms) MUST_CHECK;
/* The servers' clock minus ours, as far as answers have told; within two seconds is 0. */
int64_t aws_clock_skew_ms(const struct aws *aws);
/* When the credentials in use end, wall clock; INT64_MAX: never, or none were needed yet. */
int64_t aws_credentials_end_ms(const struct aws *aws);
/* What was tried in the credential chain, what answered: for doctor. JSON list of {link, ok, detail}. */
struct error *aws_credentials_explain(struct aws *aws, json_t **ret) MUST_CHECK;
/* Hash over (run, step, attempt), hex, 32 characters: for idempotency members. */
void aws_idempotency_token(const char *run, const char *step, unsigned attempt, char out[33]);
