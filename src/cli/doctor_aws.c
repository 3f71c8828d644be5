/* doctor's questions to AWS: who we are and by which link of the chain, whose clock is wrong, what answers. */
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "base/time.h"
#include "cli/doctor.h"
#include "codec/document.h"
#include "execution/step.h"

/* The chain goes into the check whole: each link with what was found there, or why it does not apply. */
static bool credentials(struct doctor *doctor)
{
	json_t *tried = NULL;
	struct error *error = aws_credentials_explain(doctor->aws, &tried);
	size_t i;
	const json_t *link;
	char *detail CLEANUP(mem_freep) = NULL;
	json_array_foreach (tried, i, link)
		if (document_true(link, "ok")) {
			free(detail);
			detail = mem_printf("%s: %s", document_text(link, "link"), document_text(link, "detail"));
		}
	if (error)
		doctor_say_error(doctor, "credentials", false, error);
	else
		doctor_say(doctor, "credentials", DOCTOR_OK, false, detail, NULL);
	json_object_set_new(json_array_get(doctor->checks, json_array_size(doctor->checks) - 1), "chain", tried);
	return detail != NULL;
}

static void clock_skew(struct doctor *doctor)
{
	int64_t skew_ms = aws_clock_skew_ms(doctor->aws), s = (skew_ms < 0 ? -skew_ms : skew_ms) / SECOND_MS;
	if (!skew_ms) {
		doctor_say(doctor, "clock", DOCTOR_OK, true, "as the servers have it", NULL);
		return;
	}
	char *detail CLEANUP(mem_freep) =
		mem_printf("%lld s %s the servers'; our calls and tokens are signed by theirs", (long long)s,
			   skew_ms > 0 ? "behind" : "ahead of");
	doctor_say(doctor, "clock", s < 60 ? DOCTOR_OK : DOCTOR_BAD, true, detail,
		   s < 60 ? NULL : "set the clock (chronyc makestep): terraform and kubectl are refused otherwise");
}

/* Something small and harmless of each service; to be refused is to be answered. */
static void endpoints(struct doctor *doctor)
{
	const struct {
		const struct aws_operation *operation;
		const char *input;
	} asked[] = {
		{&aws_eks_ListClusters, "{\"maxResults\": 1}"},
		{&aws_ec2_DescribeRegions, "{}"},
		{&aws_elbv2_DescribeAccountLimits, "{}"},
		{&aws_autoscaling_DescribeLifecycleHooks, "{\"AutoScalingGroupName\": \"none\"}"},
		{&aws_cloudwatch_DescribeAlarms, "{\"MaxRecords\": 1}"},
		{&aws_route53_ListHostedZones, "{\"MaxItems\": \"1\"}"},
		{&aws_iam_ListOpenIDConnectProviders, "{}"},
		{&aws_comprehend_DetectSentiment, "{\"Text\": \"fine\", \"LanguageCode\": \"en\"}"},
		{&aws_bedrock_Converse, "{\"modelId\": \"none\"}"},
	};
	enum { OF_THE_MODEL = 2 };
	struct aws_request requests[ARRAY_SIZE(asked)] = {0};
	size_t n = ARRAY_SIZE(asked) - (doctor->cli->config.ai.enabled ? 0 : OF_THE_MODEL);
	for (size_t i = 0; i < n; i++)
		requests[i] = (struct aws_request){.operation = asked[i].operation,
						   .input = json_loads(asked[i].input, 0, NULL)};
	aws_call_batch(doctor->aws, requests, n);
	for (size_t i = 0; i < n; i++) {
		const char *service = aws_operation_service(asked[i].operation);
		char *id CLEANUP(mem_freep) = mem_printf("endpoint-%s", service);
		struct error *error = requests[i].error;
		bool optional = i >= ARRAY_SIZE(asked) - OF_THE_MODEL;
		if (error && !error->http_status) {
			doctor_say_error(doctor, id, optional, error);
			continue;
		}
		char *detail CLEANUP(mem_freep) = error && error->code
							  ? mem_printf("answers, by a refusal: %s", error->code)
							  : mem_strdup(error ? "answers, by a refusal" : "answers");
		doctor_say(doctor, id, DOCTOR_OK, optional, detail, NULL);
		error_free(error);
		json_decref(requests[i].output);
	}
}

void doctor_aws(struct doctor *doctor)
{
	struct error *error = world_aws(&doctor->world, &doctor->aws);
	if (error) {
		doctor_say_error(doctor, "credentials", false, error);
		return;
	}
	json_t *who DOCUMENT_CLEANUP = NULL;
	bool signed_in = credentials(doctor), region = *aws_region(doctor->aws) != '\0';
	doctor_say(doctor, "region", region ? DOCTOR_OK : DOCTOR_BAD, false, region ? aws_region(doctor->aws) : "none",
		   region ? NULL : "--region NAME, AWS_REGION, or region in the profile");
	if (!signed_in) {
		doctor_say(doctor, "account", DOCTOR_UNKNOWN, false, "not asked: no credentials", NULL);
		return;
	}
	error = aws_call(doctor->aws, &aws_sts_GetCallerIdentity, NULL, &who);
	bool answered = !error || error->http_status;
	if (error)
		doctor_say_error(doctor, "account", false, error);
	else
		doctor_say(doctor, "account", DOCTOR_OK, false, document_text(who, "Arn"), NULL);
	if (answered)
		clock_skew(doctor);
	else
		doctor_say(doctor, "clock", DOCTOR_UNKNOWN, true, "no server has told the time", NULL);
	if (region)
		endpoints(doctor);
}
