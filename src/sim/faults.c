/* Faults: `TARGET:WHAT[=VALUE] [after COND] [for DURATION]`. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "aws/aws.h"
#include "codec/model.h"
#include "sim/world.h"

/* What may befall whom, and what a value means. */
enum value { VALUE_NONE, VALUE_PART, VALUE_TIME, VALUE_COUNT };
struct row {
	const char *targets, *what;
	enum value value;
	double usual; /* when none is given */
};
#define SERVICES "aws eks route53 cloudwatch elbv2 sts iam ec2 autoscaling ssm secretsmanager servicequotas logs"
static const struct row rows[] = {
	{"blue green", "5xx", VALUE_PART, 1},
	{"blue green", "latency", VALUE_TIME, 500},
	{"blue green", "node-loss", VALUE_COUNT, 1},
	{"blue green", "crash", VALUE_NONE, 1},
	{SERVICES " kube argocd", "5xx", VALUE_PART, 1},
	{SERVICES " kube argocd", "timeout", VALUE_PART, 1},
	{SERVICES " kube argocd", "lost-reply", VALUE_PART, 1},
	{SERVICES " kube argocd", "denied", VALUE_PART, 1},
	{SERVICES, "throttle", VALUE_PART, 1},
	{SERVICES, "expired-credentials", VALUE_PART, 1},
	{SERVICES, "clock-skew", VALUE_TIME, 600000},
	{"cloudwatch", "no-data", VALUE_NONE, 1},
	{"cloudwatch", "partial-data", VALUE_NONE, 1},
	{"kube", "429", VALUE_PART, 1},
	{"argocd", "hang", VALUE_NONE, 1},
	{"argocd", "unhealthy", VALUE_NONE, 1},
	{"argocd", "foreign", VALUE_COUNT, 1},
	{"terraform newman jmeter", "error", VALUE_COUNT, 1},
	{"terraform newman jmeter", "hang", VALUE_NONE, 1},
	{"terraform", "killed", VALUE_COUNT, 1},
	{"terraform", "garbage", VALUE_COUNT, 1},
	{"dns", "cached", VALUE_PART, 0.05},
	{"quota", "clusters", VALUE_NONE, 1},
	{"quota", "vcpu", VALUE_NONE, 1},
	{"quota", "addresses", VALUE_NONE, 1},
};

void sim_fault_done(struct sim_fault *fault)
{
	free(fault->spec);
	free(fault->target);
	free(fault->what);
	free(fault->after_call);
	*fault = (struct sim_fault){0};
}

/* Is `word` one of the words in `words`, which are apart by one space? */
static bool is_among(const char *word, const char *words)
{
	size_t n = strlen(word);
	for (const char *p = words; p && *p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL)
		if (!strncmp(p, word, n) && (p[n] == ' ' || p[n] == '\0'))
			return n > 0;
	return false;
}

/* Each word once, in the table's order: targets, or what may befall one of them. */
static size_t words_of(const char *target, char *out[64])
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *p = target ? rows[i].what : rows[i].targets;
		if (target && !is_among(target, rows[i].targets))
			continue;
		for (; *p && n < 64; p += strspn(p, " ")) {
			size_t length = strcspn(p, " ");
			bool known = false;
			for (size_t k = 0; k < n; k++)
				known |= slice_eq(slice_make(p, length), out[k]);
			if (!known)
				out[n++] = mem_strndup(p, length);
			p += length;
		}
	}
	return n;
}

static struct error *unknown_word(const char *spec, const char *word, const char *kind, const char *target)
{
	char *words[64];
	struct buf list CLEANUP(buf_done) = BUF_INIT(1024);
	size_t n = words_of(target, words);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i ? " " : "", words[i]);
	const char *near = text_nearest(word, (const char *const *)words, n);
	struct error *error = error_new(ERROR_INVALID, "fault \"%s\": no %s \"%s\"%s%s%s%s%s%s", spec, kind, word,
					target ? " for \"" : "", target ? target : "", target ? "\"" : "",
					near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	return error_remedy(error, "one of: %s", buf_str(&list));
}

/* "8%" and "0.08" are 0.08; "+300ms", "5m" and "300" (ms) are 300, 300000, 300; "3" is 3. */
static bool parse_value(const char *text, enum value kind, double *ret)
{
	char *end;
	int64_t ms;
	double value = strtod(text, &end);
	bool number = end != text && *end == '\0', percent = end != text && !strcmp(end, "%");
	switch (kind) {
	case VALUE_PART:
		*ret = percent ? value / 100 : value;
		return (percent || number) && *ret >= 0 && *ret <= 1;
	case VALUE_COUNT:
		*ret = value;
		return number && value >= 1 && value <= 1e6 && floor(value) == value;
	case VALUE_TIME:
		if (duration_parse(slice_of(text + (*text == '+' || *text == '-')), &ms) && !number)
			value = *text == '-' ? -(double)ms : (double)ms;
		else if (!number)
			return false;
		*ret = value;
		return fabs(value) <= (double)DAY_MS;
	case VALUE_NONE:
		break;
	}
	return false;
}

static struct error *value_refused(const struct sim_fault *fault, const char *text, enum value kind)
{
	static const char *const allowed[] = {"nothing: it takes no value", "a part, 8% or 0.08",
					      "a duration, +300ms or 5m", "a whole number from 1 on"};
	return error_remedy(error_new(ERROR_INVALID, "fault \"%s\": \"%s\" is no value for %s:%s", fault->spec, text,
				      fault->target, fault->what),
			    "%s", allowed[kind]);
}

static struct error *parse_head(const char *word, struct sim_fault *fault)
{
	const char *colon = strchr(word, ':'), *equals = strchr(word, '=');
	if (!colon || (equals && equals < colon))
		return error_remedy(
			error_new(ERROR_INVALID, "fault \"%s\": no colon", fault->spec),
			"TARGET:WHAT[=VALUE] [after COND] [for DURATION], e.g. 'green:5xx=8%% after traffic=50%%'");
	fault->target = mem_strndup(word, (size_t)(colon - word));
	fault->what = mem_strndup(colon + 1, equals ? (size_t)(equals - colon - 1) : strlen(colon + 1));
	bool known = false;
	const struct row *row = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool of_target = is_among(fault->target, rows[i].targets);
		known |= of_target;
		if (of_target && !strcmp(fault->what, rows[i].what))
			row = &rows[i];
	}
	if (!known)
		return unknown_word(fault->spec, fault->target, "target", NULL);
	if (!row)
		return unknown_word(fault->spec, fault->what, "kind", fault->target);
	fault->value = row->usual;
	if (equals && !parse_value(equals + 1, row->value, &fault->value))
		return value_refused(fault, equals + 1, row->value);
	bool times = row->value == VALUE_COUNT && strcmp(fault->what, "node-loss") != 0;
	fault->chance = row->value == VALUE_PART ? fault->value : 1;
	fault->left = times ? (int64_t)fault->value : -1;
	return NULL;
}

static struct error *parse_condition(const char *word, struct sim_fault *fault)
{
	if (!strncmp(word, "traffic=", 8)) {
		char *end;
		fault->after_traffic = strtod(word + 8, &end);
		if (end != word + 8 && (!strcmp(end, "%") || !*end) && fault->after_traffic >= 0 &&
		    fault->after_traffic <= 100)
			return NULL;
	} else if (!strncmp(word, "call=", 5) && strchr(word + 5, ':')) {
		const char *colon = strchr(word + 5, ':');
		char *service CLEANUP(mem_freep) = mem_strndup(word + 5, (size_t)(colon - word - 5));
		const struct aws_operation *call = aws_operation_find(service, colon + 1);
		if (!call)
			return error_remedy(error_new(ERROR_INVALID,
						      "fault \"%s\": no call \"%s\", so it would never begin",
						      fault->spec, word + 5),
					    "SERVICE:Operation as AWS names it, e.g. eks:CreateCluster");
		fault->after_call = mem_printf("%s:%s", aws_operation_service(call), aws_operation_name(call));
		return NULL;
	} else if (duration_parse(slice_of(word), &fault->after_ms)) {
		return NULL;
	}
	return error_remedy(error_new(ERROR_INVALID, "fault \"%s\": \"%s\" is no condition", fault->spec, word),
			    "after traffic=50%%, after call=eks:CreateCluster, or after 20m");
}

struct error *sim_fault_parse(const char *spec, struct sim_fault *ret)
{
	struct sim_fault fault = {
		.spec = mem_strdup(spec), .after_traffic = -1, .for_ms = INT64_MAX, .since_ms = -1, .left = -1};
	char *copy CLEANUP(mem_freep) = mem_strdup(spec), *rest = NULL;
	char *word = strtok_r(copy, " ", &rest);
	struct error *error = word ? parse_head(word, &fault) : error_new(ERROR_INVALID, "an empty fault");
	while (!error && (word = strtok_r(NULL, " ", &rest))) {
		char *next = strtok_r(NULL, " ", &rest);
		if (next && !strcmp(word, "after"))
			error = parse_condition(next, &fault);
		else if (!next || strcmp(word, "for") != 0 || !duration_parse(slice_of(next), &fault.for_ms))
			error = error_remedy(error_new(ERROR_INVALID, "fault \"%s\": \"%s%s%s\" cannot be read", spec,
						       word, next ? " " : "", next ? next : ""),
					     "after COND, or for DURATION");
	}
	if (error) {
		sim_fault_done(&fault);
		return error;
	}
	*ret = fault;
	return NULL;
}

static bool sim_fault_active(const struct sim *sim, const struct sim_fault *fault)
{
	return fault->since_ms >= 0 && fault->left != 0 &&
	       (fault->for_ms == INT64_MAX || sim->now_ms < fault->since_ms + fault->for_ms);
}

/* What faults hold up or make sick is looked at again when one begins or ends. */
void sim_faults_turned(struct sim *sim)
{
	sim_argocd_plan(sim);
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT)
			sim_cluster_changed(sim, &sim->clusters[i]);
}

void sim_faults_advance(struct sim *sim)
{
	bool turned = false;
	for (size_t i = 0; i < sim->n_faults; i++) {
		struct sim_fault *fault = &sim->faults[i];
		if (fault->since_ms >= 0)
			continue;
		if (fault->after_traffic >= 0 && sim->asked * 100 < fault->after_traffic - 1e-6)
			continue;
		if (fault->after_call && !json_object_get(sim->calls, fault->after_call))
			continue;
		if (sim->now_ms < sim->start_ms + fault->after_ms)
			continue;
		fault->since_ms = sim->now_ms;
		turned = true;
	}
	if (turned)
		sim_faults_turned(sim);
}

int64_t sim_faults_next_ms(const struct sim *sim)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < sim->n_faults; i++) {
		const struct sim_fault *fault = &sim->faults[i];
		int64_t at_ms = fault->since_ms < 0	     ? sim->start_ms + fault->after_ms
				: fault->for_ms == INT64_MAX ? INT64_MAX
							     : fault->since_ms + fault->for_ms;
		next = at_ms > sim->now_ms && at_ms < next ? at_ms : next;
	}
	return next;
}

void sim_fault_call(struct sim *sim, const char *operation)
{
	if (sim->n_faults)
		json_object_set_new(sim->calls, operation, json_true());
}

static bool is_aws(const char *target)
{
	return is_among(target, SERVICES);
}

/* "aws" means every service; credentials are sts' to give, so theirs expire for all. */
static bool is_meant(const struct sim_fault *fault, const char *target)
{
	if (!strcmp(fault->target, target))
		return true;
	bool all = !strcmp(fault->target, "aws") ||
		   (!strcmp(fault->target, "sts") && !strcmp(fault->what, "expired-credentials"));
	return all && is_aws(target);
}

const struct sim_fault *sim_fault_strikes(struct sim *sim, const char *target, const char *what)
{
	for (size_t i = 0; i < sim->n_faults; i++) {
		struct sim_fault *fault = &sim->faults[i];
		if (strcmp(fault->what, what) != 0 || !is_meant(fault, target) || !sim_fault_active(sim, fault))
			continue;
		if (fault->chance < 1 && random_unit(sim->chance) >= fault->chance)
			continue;
		if (fault->left > 0)
			fault->left--;
		return fault;
	}
	return NULL;
}

double sim_fault_value(const struct sim *sim, const char *target, const char *what)
{
	double sum = 0;
	for (size_t i = 0; i < sim->n_faults; i++)
		if (!strcmp(sim->faults[i].what, what) && is_meant(&sim->faults[i], target) &&
		    sim_fault_active(sim, &sim->faults[i]))
			sum += sim->faults[i].value;
	return sum;
}

/* A plan that a careful agent survives: nothing of it takes the users' cluster away. */
void sim_faults_random(struct sim *sim)
{
	static const char *const plans[] = {
		"eks:throttle=20%",
		"aws:5xx=8%",
		"route53:lost-reply=25%",
		"eks:lost-reply=30%",
		"kube:429=10%",
		"cloudwatch:no-data after 40m for 6m",
		"argocd:5xx=15%",
		"argocd:lost-reply=15%",
		"terraform:error=1",
		"green:5xx=8% after traffic=50%",
		"green:5xx=30% after traffic=10%",
		"green:5xx=4% after traffic=100%",
		"green:latency=+900ms after traffic=25%",
		"dns:cached=2%",
		"sts:timeout=20%",
		"green:node-loss=2 after traffic=25%",
		"cloudwatch:5xx=30%",
		"route53:throttle=40%",
		"kube:lost-reply=3%",
		"argocd:unhealthy for 25m",
		"argocd:foreign=2",
		"elbv2:timeout=20%",
		"aws:expired-credentials after 20m for 4m",
		"iam:throttle=30%",
		"kube:5xx=5%",
		"cloudwatch:no-data after traffic=50%",
		"cloudwatch:partial-data after 45m for 8m",
		"aws:clock-skew=+7m",
		"terraform:killed",
		"argocd:hang for 20m",
		"green:crash after traffic=25% for 4m",
	};
	uint64_t n = random_below(sim->chance, 4);
	for (uint64_t i = 0; i < n && sim->n_faults < SIM_MAX_FAULTS; i++) {
		struct error *error = sim_fault_parse(plans[random_below(sim->chance, ARRAY_SIZE(plans))],
						      &sim->faults[sim->n_faults]);
		sim->n_faults += !error;
		error_free(error);
	}
}
