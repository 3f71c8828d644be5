/* Faults: `TARGET:WHAT[=VALUE] [after COND] [for DURATION]`. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "codec/model.h"
#include "sim/world.h"

static const char *const targets[] = {"blue", "green", "aws",  "eks",	 "route53",   "cloudwatch", "elbv2", "sts",
				      "iam",  "ec2",   "kube", "argocd", "terraform", "dns",	    "newman"};
static const char *const whats[] = {
	"5xx",	"latency", "node-loss", "throttle", "timeout", "lost-reply", "expired-credentials", "denied", "429",
	"hang", "error",   "unhealthy", "no-data",  "cached",  "quota"};

void sim_fault_done(struct sim_fault *fault)
{
	free(fault->spec);
	free(fault->target);
	free(fault->what);
	free(fault->after_call);
	*fault = (struct sim_fault){0};
}

static struct error *unknown_word(const char *spec, const char *word, const char *kind, const char *const *words,
				  size_t n)
{
	struct buf list CLEANUP(buf_done) = BUF_INIT(1024);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i ? " " : "", words[i]);
	const char *near = text_nearest(word, words, n);
	struct error *error = error_new(ERROR_INVALID, "fault \"%s\": no %s \"%s\"%s%s%s", spec, kind, word,
					near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	return error_remedy(error, "one of: %s", buf_str(&list));
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

/* "8%" is 0.08, "+300ms" is 300, "3" is 3. */
static bool parse_value(const char *text, double *ret)
{
	char *end;
	int64_t ms;
	double value = strtod(text, &end);
	if (end != text && !strcmp(end, "%")) {
		*ret = value / 100;
		return value >= 0 && value <= 100;
	}
	if (end != text && *end == '\0') {
		*ret = value;
		return value >= 0;
	}
	if (!duration_parse(slice_of(text + (*text == '+')), &ms))
		return false;
	*ret = (double)ms;
	return true;
}

static struct error *parse_head(const char *word, struct sim_fault *fault)
{
	const char *colon = strchr(word, ':'), *equals = strchr(word, '=');
	if (!colon)
		return error_remedy(
			error_new(ERROR_INVALID, "fault \"%s\": no colon", fault->spec),
			"TARGET:WHAT[=VALUE] [after COND] [for DURATION], e.g. 'green:5xx=8%% after traffic=50%%'");
	fault->target = mem_strndup(word, (size_t)(colon - word));
	fault->what = mem_strndup(colon + 1, equals ? (size_t)(equals - colon - 1) : strlen(colon + 1));
	if (!is_one_of(fault->target, targets, ARRAY_SIZE(targets)))
		return unknown_word(fault->spec, fault->target, "target", targets, ARRAY_SIZE(targets));
	if (!is_one_of(fault->what, whats, ARRAY_SIZE(whats)))
		return unknown_word(fault->spec, fault->what, "kind", whats, ARRAY_SIZE(whats));
	if (equals && !parse_value(equals + 1, &fault->value))
		return error_new(ERROR_INVALID, "fault \"%s\": \"%s\" is no value", fault->spec, equals + 1);
	fault->has_value = equals != NULL;
	if (!strcmp(fault->what, "error"))
		fault->left = equals ? (int64_t)fault->value : 1;
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
		fault->after_call = mem_strdup(word + 5);
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

bool sim_fault_active(const struct sim *sim, const struct sim_fault *fault)
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
	return strcmp(target, "kube") && strcmp(target, "argocd") && strcmp(target, "terraform") &&
	       strcmp(target, "blue") && strcmp(target, "green") && strcmp(target, "dns") && strcmp(target, "newman");
}

const struct sim_fault *sim_fault_strikes(struct sim *sim, const char *target, const char *what)
{
	for (size_t i = 0; i < sim->n_faults; i++) {
		struct sim_fault *fault = &sim->faults[i];
		bool meant = !strcmp(fault->target, target) || (!strcmp(fault->target, "aws") && is_aws(target));
		if (!meant || strcmp(fault->what, what) != 0 || !sim_fault_active(sim, fault))
			continue;
		bool always = !fault->has_value || !strcmp(what, "error");
		if (!always && random_unit(sim->chance) >= fault->value)
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
		if (!strcmp(sim->faults[i].target, target) && !strcmp(sim->faults[i].what, what) &&
		    sim_fault_active(sim, &sim->faults[i]))
			sum += sim->faults[i].has_value ? sim->faults[i].value : 1;
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
		"elbv2:timeout=20%",
		"aws:expired-credentials after 20m for 4m",
		"iam:throttle=30%",
		"kube:5xx=5%",
		"cloudwatch:no-data after traffic=50%",
	};
	uint64_t n = random_below(sim->chance, 4);
	for (uint64_t i = 0; i < n && sim->n_faults < SIM_MAX_FAULTS; i++) {
		struct error *error = sim_fault_parse(plans[random_below(sim->chance, ARRAY_SIZE(plans))],
						      &sim->faults[sim->n_faults]);
		sim->n_faults += !error;
		error_free(error);
	}
}
