/* The rows that scripts/aws/generate.py writes, and how to read them. Texts are offsets into aws_names. */
#pragma once

#include <stdint.h>
#include "aws/aws.h"

enum aws_protocol { AWS_REST_JSON, AWS_JSON, AWS_QUERY, AWS_EC2, AWS_REST_XML };
enum aws_kind {
	AWS_STRUCTURE,
	AWS_LIST,
	AWS_MAP,
	AWS_STRING,
	AWS_INTEGER,
	AWS_NUMBER,
	AWS_BOOLEAN,
	AWS_TIMESTAMP,
	AWS_BLOB
};
enum aws_location { AWS_BODY, AWS_URI, AWS_QUERYSTRING, AWS_HEADER, AWS_HEADERS, AWS_STATUS };
enum aws_time { AWS_TIME_DEFAULT, AWS_TIME_ISO8601, AWS_TIME_HTTP, AWS_TIME_UNIX };
enum aws_member_flags {
	AWS_REQUIRED = 1,
	AWS_IDEMPOTENCY_TOKEN = 2,
	AWS_FLAT_MEMBER = 4,
	AWS_SENSITIVE = 8,
	AWS_RENAMED = 16,
};
enum aws_shape_flags { AWS_FLATTENED = 1, AWS_DOCUMENT = 2 };
enum aws_operation_flags { AWS_MUTATES = 1, AWS_UNSIGNED = 2, AWS_NO_AUTH = 4, AWS_REPEATABLE = 8 };
enum aws_endpoint_variants { AWS_FIPS = 1, AWS_DUAL_STACK = 2 };
enum aws_retry_kind { AWS_RETRY_NOT, AWS_RETRY_TRANSIENT, AWS_RETRY_THROTTLING, AWS_RETRY_TIMEOUT };

struct aws_service {
	uint32_t name, signing_name, endpoint_prefix, target_prefix, json_version, api_version, id;
	uint8_t protocol;
	uint32_t iam_prefix;
	uint16_t first_operation, n_operations;
};
struct aws_partition {
	uint32_t region_prefix, dns_suffix, dual_stack_suffix;
};
/* Where an endpoint differs from PREFIX.REGION.SUFFIX. */
struct aws_endpoint_rule {
	uint8_t service, partition, variants; /* bit V is set for variant V, a sum of enum aws_endpoint_variants */
	uint32_t region;		      /* "": every other region of the partition */
	uint32_t template;		      /* "{r}" region, "{d}" suffix, "{D}" dual stack suffix */
	uint32_t signing_region;	      /* "": the same region */
};
/* What the model says of an error about retrying it. */
struct aws_fault_rule {
	uint8_t service, kind; /* enum aws_retry_kind */
	uint32_t code;
};
struct aws_shape {
	uint8_t kind, flags, time;
	uint16_t first_member, n_members, element; /* of a list or a map */
	uint32_t element_name, payload;
};
struct aws_member {
	uint32_t name, wire, query_name;
	uint16_t shape;
	uint8_t location, flags, time;
};
struct aws_operation {
	uint32_t name;
	uint8_t service;
	uint32_t method, path;
	uint16_t input, output; /* shape + 1; 0: none */
	uint8_t flags;
	uint16_t status;
	uint32_t wrapper, root, root_namespace;
	uint32_t page_in, page_out, page_results, page_more;
	uint32_t page_same; /* what each page says alike */
};

extern const char aws_names[];
extern const struct aws_service aws_services[];
extern const struct aws_shape aws_shapes[];
extern const struct aws_member aws_members[];
extern const struct aws_operation aws_operations[];
extern const struct aws_partition aws_partitions[];
extern const struct aws_endpoint_rule aws_endpoint_rules[];
extern const struct aws_fault_rule aws_fault_rules[];
extern const unsigned aws_services_n, aws_shapes_n, aws_members_n, aws_operations_n, aws_partitions_n,
	aws_endpoint_rules_n, aws_fault_rules_n;

/* A list whose elements stand beside the other members, not within one of their own; `member` may be NULL. */
static inline bool aws_is_flat(const struct aws_member *member, const struct aws_shape *shape)
{
	return shape->flags & AWS_FLATTENED || (member && member->flags & AWS_FLAT_MEMBER);
}
static inline const char *aws_name(uint32_t offset)
{
	return aws_names + offset;
}
static inline const struct aws_service *aws_service_of(const struct aws_operation *operation)
{
	return &aws_services[operation->service];
}
static inline const struct aws_shape *aws_input_of(const struct aws_operation *operation)
{
	return operation->input ? &aws_shapes[operation->input - 1] : NULL;
}
static inline const struct aws_shape *aws_output_of(const struct aws_operation *operation)
{
	return operation->output ? &aws_shapes[operation->output - 1] : NULL;
}
