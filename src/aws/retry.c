/* Retry arithmetic. */
#include "aws/retry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"

static bool one_of(const char *code, const char *const *codes, size_t n)
{
	for (size_t i = 0; code && i < n; i++)
		if (!strcmp(code, codes[i]))
			return true;
	return false;
}

/* What the model says of an error; NULL when nothing. */
static const struct aws_fault_rule *rule_of(const struct aws_service *service, const char *code)
{
	for (unsigned i = 0; code && i < aws_fault_rules_n; i++)
		if (&aws_services[aws_fault_rules[i].service] == service &&
		    !strcmp(aws_name(aws_fault_rules[i].code), code))
			return &aws_fault_rules[i];
	return NULL;
}

enum aws_retry_kind aws_retry_kind_of(const struct error *error, const struct aws_service *service)
{
	static const char *const throttling[] = {"Throttling",
						 "ThrottlingException",
						 "ThrottledException",
						 "RequestThrottledException",
						 "TooManyRequestsException",
						 "ProvisionedThroughputExceededException",
						 "TransactionInProgressException",
						 "RequestLimitExceeded",
						 "BandwidthLimitExceeded",
						 "LimitExceededException",
						 "RequestThrottled",
						 "SlowDown",
						 "PriorRequestNotComplete",
						 "EC2ThrottledException"};
	static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException", "IDPCommunicationError"};
	const struct aws_fault_rule *rule = rule_of(service, error->code);
	int status = error->http_status;
	if (one_of(error->code, throttling, ARRAY_SIZE(throttling)))
		return AWS_RETRY_THROTTLING;
	if (rule && rule->kind != AWS_RETRY_NOT)
		return (enum aws_retry_kind)rule->kind;
	if (status == 429)
		return rule ? AWS_RETRY_NOT : AWS_RETRY_THROTTLING;
	if (status == 500 || status == 502 || status == 503 || status == 504 ||
	    one_of(error->code, transient, ARRAY_SIZE(transient)))
		return AWS_RETRY_TRANSIENT;
	if (status != 0)
		return AWS_RETRY_NOT;
	return error->class == ERROR_TRANSIENT ? AWS_RETRY_TRANSIENT
	       : error->class == ERROR_TIMEOUT ? AWS_RETRY_TIMEOUT
					       : AWS_RETRY_NOT;
}

static bool is_dynamodb(const struct aws_service *service)
{
	return !strcmp(aws_name(service->name), "dynamodb");
}

unsigned aws_retry_attempts(const struct aws_service *service, enum aws_retry_rules rules)
{
	if (rules == AWS_RETRY_LEGACY)
		return is_dynamodb(service) ? 10 : 5;
	return rules == AWS_RETRY_2026 && is_dynamodb(service) ? 4 : 3;
}

static int cost_of(enum aws_retry_kind kind, enum aws_retry_rules rules)
{
	if (rules == AWS_RETRY_2026)
		return kind == AWS_RETRY_THROTTLING ? 5 : 14;
	return kind == AWS_RETRY_TIMEOUT ? 10 : 5;
}

/* What the first wait is drawn from, in seconds. */
static double base_of(enum aws_retry_kind kind, enum aws_retry_rules rules, const struct aws_service *service)
{
	if (rules != AWS_RETRY_2026)
		return rules == AWS_RETRY_LEGACY && is_dynamodb(service) ? 0.05 : 1;
	return kind == AWS_RETRY_THROTTLING ? 1 : is_dynamodb(service) ? 0.025 : 0.05;
}

bool aws_retry_again(struct aws_retry *retry, struct aws_retry_call *call, enum aws_retry_kind kind,
		     unsigned max_attempts, const struct aws_service *service, double chance, int64_t hint_ms,
		     int64_t *ret_delay_ms)
{
	int cost = cost_of(kind, retry->rules);
	if (kind == AWS_RETRY_NOT || call->attempt >= max_attempts || retry->quota < cost)
		return false;
	retry->quota -= cost;
	call->spent = cost;
	double most_s = base_of(kind, retry->rules, service) * ldexp(1, (int)call->attempt - 1);
	int64_t delay_ms = llround(chance * (most_s > 20 ? 20 : most_s) * 1000);
	if (hint_ms >= 0 &&
	    retry->rules == AWS_RETRY_2026) /* the server's word, kept between our own delay and 5 s more */
		delay_ms = hint_ms < delay_ms ? delay_ms : hint_ms > delay_ms + 5000 ? delay_ms + 5000 : hint_ms;
	*ret_delay_ms = delay_ms;
	return true;
}

int64_t aws_retry_hint_ms(const char *text)
{
	char *end;
	if (!text || *text < '0' || *text > '9')
		return -1;
	long long value = strtoll(text, &end, 10);
	return *end ? -1 : value;
}

void aws_retry_succeeded(struct aws_retry *retry, const struct aws_retry_call *call)
{
	retry->quota += call->spent ? call->spent : 1;
	if (retry->quota > AWS_RETRY_QUOTA)
		retry->quota = AWS_RETRY_QUOTA;
	retry->failures = 0;
	retry->times_opened = 0;
	retry->open_until_ms = 0;
}

void aws_retry_failed(struct aws_retry *retry, enum aws_retry_kind kind, int64_t now_ms)
{
	if (kind == AWS_RETRY_THROTTLING)
		return;
	if (kind == AWS_RETRY_NOT) {
		retry->failures = 0;
		retry->times_opened = 0;
		return;
	}
	if (++retry->failures < AWS_BREAKER_AFTER)
		return;
	int64_t pause_ms = SECOND_MS << (retry->times_opened < 6 ? retry->times_opened : 6);
	retry->times_opened++;
	retry->open_until_ms = now_ms + (pause_ms > MINUTE_MS ? MINUTE_MS : pause_ms);
}
