/* What tests of the credential chain share: a client on the small world, who signed, and what is told. */
#pragma once

#include "aws/fake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "aws/client_internal.h"
#include "aws/operations.h"
#include "codec/document.h"

#define CLIENT(fake) struct aws *aws CLEANUP(aws_freep) = fake_client(fake)
#define STS_ANSWER(action, key, until)                                                                                 \
	"<" action "Response><" action "Result><Credentials><AccessKeyId>" key                                         \
	"</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>" until           \
	"</Expiration></Credentials></" action "Result></" action "Response>"
#define IN_AN_HOUR "2015-08-30T13:36:00Z"
#define ASSUMED(key) STS_ANSWER("AssumeRole", key, IN_AN_HOUR)
#define CLUSTERS                                                                                                       \
	{                                                                                                              \
		200, .body = "{\"clusters\":[]}", .url = "/clusters"                                                   \
	}

/* Whose key signed what was asked last. */
static inline void assert_signed_by(const struct fake *fake, const char *key)
{
	const char *header = fake_header(&fake->asked[fake->n_asked - 1], "Authorization");
	char wanted[128];
	snprintf(wanted, sizeof wanted, "Credential=%s/", key);
	assert_contains(header, wanted);
}

static inline void list(struct aws *aws)
{
	struct error *error = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	if (error)
		fail_msg("%s: %s", error->message, error->cause ? error->cause->message : "");
}

static inline void assert_link(struct fake *fake, const char *link)
{
	CLIENT(fake);
	list(aws);
	assert_string_equal(aws->credentials.link, link);
}

static inline struct error *refusal(struct fake *fake)
{
	CLIENT(fake);
	struct error *error = aws_call(aws, &aws_eks_ListClusters, NULL, NULL);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_AUTH);
	return error;
}

static inline char *told(const struct error *error)
{
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_line(error, &line);
	buf_printf(&line, " DO %s", error->remedy ? error->remedy : "");
	return mem_strdup(buf_str(&line));
}

#define assert_refused(fake, message, remedy)                                                                          \
	do {                                                                                                           \
		struct error *error_ ERROR_CLEANUP = refusal(fake);                                                    \
		char *told_ CLEANUP(mem_freep) = told(error_);                                                         \
		assert_contains(told_, message);                                                                       \
		assert_contains(told_, remedy);                                                                        \
	} while (0)

static inline void config(struct fake *fake, const char *text)
{
	fake_walk_chain(fake);
	fake_setenv(fake, "AWS_REGION=us-east-1");
	fake_setenv(fake, "AWS_EC2_METADATA_DISABLED=true");
	fake_file(fake, ".aws/config", text);
}

/* ---- the machine we run on */

#define ECS(key)                                                                                                       \
	"{\"AccessKeyId\":\"" key                                                                                      \
	"\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2015-08-30T13:36:00Z\"}"

static inline void on_ec2(struct fake *fake)
{
	fake_walk_chain(fake);
	fake_setenv(fake, "AWS_REGION=us-east-1");
}
#define TOKEN                                                                                                          \
	{                                                                                                              \
		200, .body = "TOKEN", .url = "/latest/api/token"                                                       \
	}
#define ROLE                                                                                                           \
	{                                                                                                              \
		200, .body = "node\n", .url = "iam/security-credentials/"                                              \
	}
#define EC2(key, until)                                                                                                \
	{                                                                                                              \
		200,                                                                                                   \
			.body = "{\"Code\":\"Success\",\"AccessKeyId\":\"" key "\",\"SecretAccessKey\":\"s\","         \
				"\"Token\":\"t\",\"Expiration\":\"" until "\"}",                                       \
			.url = "iam/security-credentials/node"                                                         \
	}
