/* `terraform` as a program of the process port: init, plan, show, apply, destroy, output, whose -json lines are those
 * of Terraform 1.11. Its module makes one cluster by the same functions as EKS's own calls. What a state file would
 * hold is kept in the world, by directory and state: the cluster's name and how many resources are made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/jobs.h"

enum { RESOURCES = 64, MAX_GROUPS = 8, BEFORE = 40, SMALL_MS = 500, AFTER_MS = 1500, FAILS_MS = 120000 };
#define CLUSTER_MS (9 * MINUTE_MS)
#define GROUP_MS (3 * MINUTE_MS)
#define CLUSTER_DELETE_MS (5 * MINUTE_MS)
#define GROUP_DELETE_MS (4 * MINUTE_MS)

/* Order of making: small things, the cluster, small things that need it, its node groups last. */
enum part { PART_SMALL, PART_CLUSTER, PART_GROUP };
struct resource {
	char address[160];
	const char *type, *name;
	char id[96];
	enum part part;
	size_t group;
};

static size_t n_groups(const struct sim *sim)
{
	size_t n = 0;
	for (size_t i = 0; i < sim->clusters[0].n_groups && n < MAX_GROUPS; i++)
		n += sim->clusters[0].groups[i].life != LIFE_ABSENT || sim->clusters[0].life == LIFE_ABSENT;
	return n ? n : 1;
}

static struct resource resource_at(const struct sim *sim, size_t i, const char *cluster)
{
	static const char *const before[] = {"aws_iam_role",	    "aws_iam_role_policy_attachment",
					     "aws_security_group",  "aws_security_group_rule",
					     "aws_launch_template", "aws_cloudwatch_log_group",
					     "aws_kms_key",	    "aws_iam_policy"};
	static const char *const after[] = {"aws_eks_access_entry", "aws_eks_access_policy_association",
					    "aws_eks_addon", "aws_ec2_tag"};
	size_t groups = n_groups(sim);
	struct resource resource = {.name = "this"};
	if (i == BEFORE) {
		resource.part = PART_CLUSTER;
		resource.type = "aws_eks_cluster";
		snprintf(resource.address, sizeof resource.address, "module.eks.aws_eks_cluster.this[0]");
		snprintf(resource.id, sizeof resource.id, "%.80s", cluster);
		return resource;
	}
	if (i >= RESOURCES - groups) {
		resource.part = PART_GROUP;
		resource.group = i - (RESOURCES - groups);
		resource.type = "aws_eks_node_group";
		const char *name = resource.group < sim->clusters[0].n_groups
					   ? sim->clusters[0].groups[resource.group].name
					   : "general";
		snprintf(resource.address, sizeof resource.address,
			 "module.eks.module.eks_managed_node_group[\\\"%.24s\\\"].aws_eks_node_group.this[0]", name);
		snprintf(resource.id, sizeof resource.id, "%.60s:%.30s", cluster, name);
		return resource;
	}
	resource.type = i < BEFORE ? before[i % ARRAY_SIZE(before)] : after[i % ARRAY_SIZE(after)];
	snprintf(resource.address, sizeof resource.address, "module.eks.%s.this[%zu]", resource.type, i);
	snprintf(resource.id, sizeof resource.id, "%.40s-%zu", cluster, i);
	return resource;
}

/* ---- lines */

static void line(struct sim *sim, struct sim_job *job, const char *level, const char *type, const char *message,
		 const char *more)
{
	char time[TIME_TEXT];
	time_format_rfc3339(sim->now_ms, time);
	buf_printf(sim_job_file(job, "out", true),
		   "{\"@level\":\"%s\",\"@message\":\"%s\",\"@module\":\"terraform.ui\",\"@timestamp\":\"%s\",%s%s"
		   "\"type\":\"%s\"}\n",
		   level, message, time, more, *more ? "," : "", type);
}

static void version_line(struct sim *sim, struct sim_job *job)
{
	line(sim, job, "info", "version", "Terraform 1.11.4", "\"terraform\":\"1.11.4\",\"ui\":\"1.2\"");
}

static void resource_json(const struct resource *resource, char out[640])
{
	snprintf(out, 640,
		 "{\"addr\":\"%s\",\"module\":\"module.eks\",\"resource\":\"%s.%s\",\"implied_provider\":\"aws\","
		 "\"resource_type\":\"%s\",\"resource_name\":\"%s\",\"resource_key\":0}",
		 resource->address, resource->type, resource->name, resource->type, resource->name);
}

enum moment { MOMENT_START, MOMENT_PROGRESS, MOMENT_COMPLETE, MOMENT_ERRORED };

static void hook(struct sim *sim, struct sim_job *job, const struct resource *resource, enum moment moment,
		 bool destroys, int64_t took_ms)
{
	static const char *const types[] = {"apply_start", "apply_progress", "apply_complete", "apply_errored"};
	static const char *const words[][2] = {{"Creating...", "Destroying..."},
					       {"Still creating...", "Still destroying..."},
					       {"Creation complete after", "Destruction complete after"},
					       {"Creation errored after", "Destruction errored after"}};
	char subject[640], more[1152], message[384];
	int seconds = (int)(took_ms / SECOND_MS);
	resource_json(resource, subject);
	if (moment == MOMENT_START)
		snprintf(message, sizeof message, "%s: %s", resource->address, words[moment][destroys]);
	else if (moment == MOMENT_PROGRESS)
		snprintf(message, sizeof message, "%s: %s [%ds elapsed]", resource->address, words[moment][destroys],
			 seconds);
	else
		snprintf(message, sizeof message, "%s: %s %ds%s%.96s%s", resource->address, words[moment][destroys],
			 seconds, moment == MOMENT_COMPLETE && !destroys ? " [id=" : "",
			 moment == MOMENT_COMPLETE && !destroys ? resource->id : "",
			 moment == MOMENT_COMPLETE && !destroys ? "]" : "");
	snprintf(more, sizeof more,
		 "\"hook\":{\"resource\":%s,\"action\":\"%s\",\"id_key\":\"id\",\"id_value\":\"%s\","
		 "\"elapsed_seconds\":%d}",
		 subject, destroys ? "delete" : "create", resource->id, seconds);
	line(sim, job, "info", types[moment], message, more);
}

static void planned_line(struct sim *sim, struct sim_job *job, const struct resource *resource, bool destroys)
{
	char subject[640], more[896], message[256];
	resource_json(resource, subject);
	snprintf(message, sizeof message, "%s: Plan to %s", resource->address, destroys ? "delete" : "create");
	snprintf(more, sizeof more, "\"change\":{\"resource\":%s,\"action\":\"%s\"}", subject,
		 destroys ? "delete" : "create");
	line(sim, job, "info", "planned_change", message, more);
}

static void summary(struct sim *sim, struct sim_job *job, size_t add, size_t remove, const char *operation)
{
	char message[128], more[160];
	if (!strcmp(operation, "plan"))
		snprintf(message, sizeof message, "Plan: %zu to add, 0 to change, %zu to destroy.", add, remove);
	else if (!strcmp(operation, "apply"))
		snprintf(message, sizeof message, "Apply complete! Resources: %zu added, 0 changed, %zu destroyed.",
			 add, remove);
	else
		snprintf(message, sizeof message, "Destroy complete! Resources: %zu destroyed.", remove);
	snprintf(more, sizeof more,
		 "\"changes\":{\"add\":%zu,\"change\":0,\"import\":0,\"remove\":%zu,\"operation\":\"%s\"}", add, remove,
		 operation);
	line(sim, job, "info", "change_summary", message, more);
}

static void fail(struct sim *sim, struct sim_job *job, const char *summary_text, const char *detail)
{
	char message[512], more[1024];
	snprintf(message, sizeof message, "Error: %s", summary_text);
	snprintf(more, sizeof more, "\"diagnostic\":{\"severity\":\"error\",\"summary\":\"%s\",\"detail\":\"%s\"}",
		 summary_text, detail);
	line(sim, job, "error", "diagnostic", message, more);
	sim_job_end(sim, job, 1);
}

/* ---- variables, saved plans, state */

static const char *variable(const struct sim_job *job, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 1; sim_job_argument(job, i); i++) {
		const char *word = sim_job_argument(job, i);
		word = !strncmp(word, "-var=", 5) ? word + 5 : word;
		if (!strncmp(word, name, n) && word[n] == '=')
			return word + n + 1;
	}
	return NULL;
}

static char *state_key(const struct sim_job *job)
{
	const char *directory = sim_job_flag(job, "-chdir="), *state = sim_job_flag(job, "-state=");
	return mem_printf("%s:%s", directory ? directory : ".", state ? state : "terraform.tfstate");
}

/* What is known of the wanted cluster: {key, cluster, version, serial}; from the saved plan or the variables. */
static json_t *wanted_of(struct sim *sim, struct sim_job *job)
{
	const char *file = NULL;
	for (size_t i = 2; sim_job_argument(job, i); i++)
		if (*sim_job_argument(job, i) == '/')
			file = sim_job_argument(job, i);
	struct buf *plan = sim_job_path(sim, file);
	if (plan && plan->n)
		return document_load(buf_slice(plan));
	const char *cluster = variable(job, "cluster_name"), *version = variable(job, "cluster_version");
	if (!cluster)
		return NULL;
	char *key CLEANUP(mem_freep) = state_key(job);
	return json_pack("{s:s, s:s, s:s}", "key", key, "cluster", cluster, "version", version ? version : "1.34");
}

static json_t *state_of(struct sim *sim, const json_t *wanted)
{
	return json_object_get(sim->terraform, document_text_or(wanted, "key", ""));
}

static size_t made_of(struct sim *sim, const json_t *wanted)
{
	const json_t *state = state_of(sim, wanted);
	size_t made = (size_t)json_integer_value(json_object_get(state, "made"));
	/* somebody took the cluster away: it and all behind it is to be made again */
	if (made > BEFORE && !sim_cluster_named(sim, document_text_or(wanted, "cluster", "")))
		made = BEFORE;
	return made > RESOURCES ? RESOURCES : made;
}

static void remember(struct sim *sim, const json_t *wanted, size_t made)
{
	json_t *state = state_of(sim, wanted);
	if (!state) {
		state = json_pack("{s:O}", "cluster", json_object_get(wanted, "cluster"));
		json_object_set_new(sim->terraform, document_text_or(wanted, "key", ""), state);
	}
	json_object_set_new(state, "made", json_integer((json_int_t)made));
	json_object_set_new(state, "serial", json_integer(1 + json_integer_value(json_object_get(state, "serial"))));
}

static json_int_t serial_of(struct sim *sim, const json_t *wanted)
{
	return json_integer_value(json_object_get(state_of(sim, wanted), "serial"));
}

/* ---- the commands */

static void init(struct sim *sim, struct sim_job *job)
{
	if (job->stage++ == 0) {
		job->next_ms = sim->now_ms + 4 * SECOND_MS;
		return;
	}
	buf_puts(sim_job_file(job, "out", true), "Initializing the backend...\n\nInitializing provider plugins...\n\n"
						 "Terraform has been successfully initialized!\n");
	sim_job_end(sim, job, 0);
}

static bool garbage(struct sim *sim, struct sim_job *job)
{
	if (!sim->n_faults || !sim_fault_strikes(sim, "terraform", "garbage"))
		return false;
	buf_puts(sim_job_file(job, "out", true), "\x1b[31m{\"@level\": panic: runtime error\n\xff\xfe{]\n");
	return true;
}

static void plan(struct sim *sim, struct sim_job *job)
{
	if (job->stage++ == 0) {
		version_line(sim, job);
		job->next_ms = sim->now_ms + 15 * SECOND_MS;
		return;
	}
	json_t *wanted DOCUMENT_CLEANUP = wanted_of(sim, job);
	const char *name = document_text_or(wanted, "cluster", ""), *out = sim_job_flag(job, "-out=");
	if (!wanted) {
		fail(sim, job, "No value for required variable",
		     "The root module input variable \\\"cluster_name\\\" is not set, and has no default value.");
		return;
	}
	garbage(sim, job);
	size_t made = made_of(sim, wanted);
	for (size_t i = made; i < RESOURCES; i++) {
		struct resource resource = resource_at(sim, i, name);
		planned_line(sim, job, &resource, false);
	}
	summary(sim, job, RESOURCES - made, 0, "plan");
	json_object_set_new(wanted, "serial", json_integer(serial_of(sim, wanted)));
	const char *file = out ? strrchr(out, '/') : NULL;
	struct buf *saved = file ? sim_job_file(job, file + 1, true) : NULL;
	if (saved) {
		buf_clear(saved);
		document_print(wanted, false, saved);
	}
	sim_job_end(sim, job, 0);
}

static void show(struct sim *sim, struct sim_job *job)
{
	if (job->stage++ == 0) {
		job->next_ms = sim->now_ms + SECOND_MS;
		return;
	}
	json_t *wanted DOCUMENT_CLEANUP = wanted_of(sim, job);
	struct buf *out = sim_job_file(job, "out", true);
	if (!wanted) {
		buf_puts(sim_job_file(job, "err", true), "Error: Failed to load plan file\n");
		sim_job_end(sim, job, 1);
		return;
	}
	garbage(sim, job);
	const char *name = document_text_or(wanted, "cluster", "");
	size_t made = made_of(sim, wanted);
	buf_puts(out, "{\"format_version\":\"1.2\",\"terraform_version\":\"1.11.4\",\"resource_changes\":[");
	for (size_t i = 0; i < RESOURCES; i++) {
		struct resource resource = resource_at(sim, i, name);
		buf_printf(
			out,
			"%s{\"address\":\"%s\",\"module_address\":\"module.eks\",\"mode\":\"managed\",\"type\":\"%s\","
			"\"name\":\"%s\",\"provider_name\":\"registry.terraform.io/hashicorp/aws\",\"change\":{"
			"\"actions\":[\"%s\"],\"before\":%s%s%s,\"after\":{\"name\":\"%s\"}}}",
			i ? "," : "", resource.address, resource.type, resource.name, i < made ? "no-op" : "create",
			i < made ? "{\"name\":\"" : "null", i < made ? resource.id : "", i < made ? "\"}" : "",
			resource.id);
	}
	buf_puts(out, "],\"errored\":false}\n");
	sim_job_end(sim, job, 0);
}

/* A resource that takes its time is told of every ten seconds. */
static void wait_on(struct sim *sim, struct sim_job *job, const struct resource *resource, bool destroys,
		    int64_t until_ms)
{
	int64_t waited_ms = sim->now_ms - job->waited_ms;
	if (waited_ms > 0 && waited_ms % (10 * SECOND_MS) == 0)
		hook(sim, job, resource, MOMENT_PROGRESS, destroys, waited_ms);
	int64_t next_ms = job->waited_ms + (waited_ms / (10 * SECOND_MS) + 1) * 10 * SECOND_MS;
	job->next_ms = until_ms > sim->now_ms && until_ms < next_ms ? until_ms : next_ms;
}

static struct sim_group *group_of(struct sim *sim, struct sim_cluster *green, size_t i)
{
	struct sim_cluster *blue = &sim->clusters[0];
	const struct sim_group *model = i < blue->n_groups ? &blue->groups[i] : NULL;
	const char *name = model ? model->name : "general";
	struct sim_group *group = sim_group_named(green, name);
	return group ? group
		     : sim_group_create(sim, green, name, model ? model->instance_type : "m6i.xlarge",
					model ? model->nodes : 2, sim_takes(sim, GROUP_MS));
}

/* Is resource `at` made? False: it goes on, or the job has failed. */
static bool make_cluster(struct sim *sim, struct sim_job *job, const json_t *wanted, const struct resource *resource)
{
	const char *name = document_text_or(wanted, "cluster", "");
	struct sim_cluster *green = sim_cluster_named(sim, name);
	bool ours = state_of(sim, wanted) && document_true(state_of(sim, wanted), "has_cluster");
	if (green && !ours) {
		fail(sim, job, "creating EKS Cluster: ResourceInUseException: Cluster already exists with that name",
		     "operation error EKS: CreateCluster, https response error StatusCode: 409");
		return false;
	}
	if (!green) {
		char *why CLEANUP(mem_freep) = sim_cluster_refused(sim);
		green = why ? NULL
			    : sim_cluster_create(sim, name, document_text_or(wanted, "version", "1.34"), NULL,
						 sim_takes(sim, CLUSTER_MS));
		if (!green) {
			fail(sim, job, "creating EKS Cluster: ResourceLimitExceededException", why ? why : "no room");
			return false;
		}
		remember(sim, wanted, BEFORE);
		json_object_set_new(state_of(sim, wanted), "has_cluster", json_true());
	}
	if (green->life == LIFE_DELETING) {
		fail(sim, job, "waiting for EKS Cluster create: unexpected state 'DELETING', wanted target 'ACTIVE'",
		     "");
		return false;
	}
	if (green->life == LIFE_CREATING)
		wait_on(sim, job, resource, false, green->change_ms);
	return green->life != LIFE_CREATING;
}

static bool make_group(struct sim *sim, struct sim_job *job, const json_t *wanted, const struct resource *resource)
{
	struct sim_cluster *green = sim_cluster_named(sim, document_text_or(wanted, "cluster", ""));
	size_t first = RESOURCES - n_groups(sim);
	if (!green || green->life != LIFE_ACTIVE) {
		fail(sim, job, "creating EKS Node Group: ResourceNotFoundException: No cluster found", "");
		return false;
	}
	for (size_t i = first; i < RESOURCES; i++) /* all of them at once */
		group_of(sim, green, i - first);
	const struct sim_group *group = group_of(sim, green, resource->group);
	if (!group || group->life == LIFE_FAILED) {
		fail(sim, job,
		     "waiting for EKS Node Group create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'",
		     "AsgInstanceLaunchFailures: Could not launch On-Demand Instances. VcpuLimitExceeded");
		return false;
	}
	if (group->life == LIFE_CREATING)
		wait_on(sim, job, resource, false, group->change_ms);
	return group->life != LIFE_CREATING;
}

static void outputs(struct sim *sim, struct sim_job *job, const json_t *wanted)
{
	const char *name = document_text_or(wanted, "cluster", "");
	struct sim_cluster *green = sim_cluster_named(sim, name);
	char *endpoint CLEANUP(mem_freep) = green ? sim_endpoint(sim, green) : mem_strdup("");
	char more[512];
	snprintf(more, sizeof more,
		 "\"outputs\":{\"cluster_name\":{\"sensitive\":false,\"type\":\"string\",\"value\":\"%.80s\"},"
		 "\"cluster_endpoint\":{\"sensitive\":false,\"type\":\"string\",\"value\":\"%.160s\"}}",
		 name, endpoint);
	line(sim, job, "info", "outputs", "Outputs: 2", more);
}

static void begin_change(struct sim *sim, struct sim_job *job)
{
	bool destroys = !strcmp(job->program->argument, "destroy");
	job->fails = sim_fault_strikes(sim, "terraform", "error") ? 1 : 0;
	if (!job->fails && sim_fault_strikes(sim, "terraform", "killed"))
		job->fails = 2;
	sim_effect(sim, "terraform:%s", destroys ? "destroy" : "apply");
}

/* The fault that was drawn at the start strikes some time after it. */
static bool struck_down(struct sim *sim, struct sim_job *job, const char *what)
{
	if (!job->fails || sim->now_ms - job->started_ms < FAILS_MS)
		return false;
	if (job->fails == 2) {
		job->lost = 1;
		sim_job_end(sim, job, 128 + 9);
	} else {
		fail(sim, job, what, "operation error EC2: https response error StatusCode: 0, request send failed");
	}
	return true;
}

static void apply(struct sim *sim, struct sim_job *job)
{
	json_t *wanted DOCUMENT_CLEANUP = wanted_of(sim, job);
	if (job->stage++ == 0) {
		version_line(sim, job);
		if (!wanted) {
			fail(sim, job, "Failed to read plan file", "");
			return;
		}
		if (json_object_get(wanted, "serial") &&
		    json_integer_value(json_object_get(wanted, "serial")) != serial_of(sim, wanted)) {
			fail(sim, job, "Saved plan is stale",
			     "The given plan file can no longer be applied because the state was changed by another "
			     "operation after the plan was created.");
			return;
		}
		job->counts = (int64_t)made_of(sim, wanted);
		job->total = RESOURCES - job->counts;
		job->next_ms = sim->now_ms + 3 * SECOND_MS;
		job->waited_ms = 0;
		return;
	}
	if (struck_down(sim, job, "creating Security Group Rule: RequestError: send request failed"))
		return;
	size_t at = (size_t)job->counts;
	if (at == RESOURCES) {
		summary(sim, job, (size_t)job->total, 0, "apply");
		outputs(sim, job, wanted);
		sim_job_end(sim, job, 0);
		return;
	}
	struct resource resource = resource_at(sim, at, document_text_or(wanted, "cluster", ""));
	if (!job->waited_ms) {
		hook(sim, job, &resource, MOMENT_START, false, 0);
		job->waited_ms = sim->now_ms;
		job->next_ms = sim->now_ms + (at < BEFORE ? SMALL_MS : AFTER_MS);
		return;
	}
	if (resource.part == PART_CLUSTER ? !make_cluster(sim, job, wanted, &resource)
					  : resource.part == PART_GROUP && !make_group(sim, job, wanted, &resource))
		return;
	hook(sim, job, &resource, MOMENT_COMPLETE, false, sim->now_ms - job->waited_ms);
	job->counts++;
	job->waited_ms = 0;
	remember(sim, wanted, (size_t)job->counts);
	job->next_ms = sim->now_ms + 1;
}

/* Backwards: node groups, the cluster, what it stood on. False: it goes on, or the job has failed. */
static bool unmake(struct sim *sim, struct sim_job *job, struct sim_cluster *green, const struct resource *resource)
{
	if (!green || resource->part == PART_SMALL)
		return true;
	if (resource->part == PART_CLUSTER) {
		if (green->life == LIFE_ACTIVE)
			sim_cluster_delete(sim, green, sim_takes(sim, CLUSTER_DELETE_MS));
		wait_on(sim, job, resource, true, green->change_ms);
		return green->life == LIFE_ABSENT;
	}
	bool left = false;
	int64_t until_ms = INT64_MAX;
	for (size_t i = 0; i < green->n_groups; i++) {
		struct sim_group *group = &green->groups[i];
		if (group->life == LIFE_ACTIVE || group->life == LIFE_FAILED)
			sim_group_delete(sim, green, group, sim_takes(sim, GROUP_DELETE_MS));
		left |= group->life != LIFE_ABSENT;
		until_ms = group->life != LIFE_ABSENT && group->change_ms < until_ms ? group->change_ms : until_ms;
	}
	if (left)
		wait_on(sim, job, resource, true, until_ms);
	return !left;
}

static void destroy(struct sim *sim, struct sim_job *job)
{
	json_t *wanted DOCUMENT_CLEANUP = wanted_of(sim, job);
	const char *name = document_text_or(wanted, "cluster", "");
	if (job->stage++ == 0) {
		version_line(sim, job);
		job->counts = wanted ? json_integer_value(json_object_get(state_of(sim, wanted), "made")) : 0;
		if (state_of(sim, wanted) && document_true(state_of(sim, wanted), "has_cluster") &&
		    job->counts <= BEFORE)
			job->counts = BEFORE + 1;
		for (size_t i = (size_t)job->counts; i-- > 0;) {
			struct resource resource = resource_at(sim, i, name);
			planned_line(sim, job, &resource, true);
		}
		summary(sim, job, 0, (size_t)job->counts, "plan");
		job->total = job->counts;
		job->next_ms = sim->now_ms + 8 * SECOND_MS;
		job->waited_ms = 0;
		return;
	}
	if (struck_down(sim, job, "deleting EKS Node Group: RequestError: send request failed"))
		return;
	if (job->counts == 0) {
		summary(sim, job, 0, (size_t)job->total, "destroy");
		json_object_del(sim->terraform, document_text_or(wanted, "key", ""));
		sim_job_end(sim, job, 0);
		return;
	}
	struct resource resource = resource_at(sim, (size_t)job->counts - 1, name);
	if (!job->waited_ms) {
		hook(sim, job, &resource, MOMENT_START, true, 0);
		job->waited_ms = sim->now_ms;
	}
	if (!unmake(sim, job, sim_cluster_named(sim, name), &resource))
		return;
	hook(sim, job, &resource, MOMENT_COMPLETE, true, sim->now_ms - job->waited_ms);
	job->counts--;
	job->waited_ms = 0;
	remember(sim, wanted, (size_t)job->counts);
	if (resource.part == PART_CLUSTER)
		json_object_del(state_of(sim, wanted), "has_cluster");
	job->next_ms = sim->now_ms + SMALL_MS;
}

static void output(struct sim *sim, struct sim_job *job)
{
	char *key CLEANUP(mem_freep) = state_key(job);
	const char *cluster = document_text_or(json_object_get(sim->terraform, key), "cluster", "");
	if (*cluster)
		buf_printf(sim_job_file(job, "out", true),
			   "{\"cluster_name\":{\"sensitive\":false,\"type\":\"string\",\"value\":\"%s\"}}\n", cluster);
	else
		buf_puts(sim_job_file(job, "out", true), "{}\n");
	sim_job_end(sim, job, 0);
}

static void version(struct sim *sim, struct sim_job *job)
{
	buf_puts(sim_job_file(job, "out", true), "{\"terraform_version\":\"1.11.4\",\"platform\":\"linux_amd64\","
						 "\"provider_selections\":{},\"terraform_outdated\":false}\n");
	sim_job_end(sim, job, 0);
}

const struct sim_program sim_terraform_programs[] = {
	{"terraform", "init", NULL, init, NULL},
	{"terraform", "plan", NULL, plan, NULL},
	{"terraform", "show", NULL, show, NULL},
	{"terraform", "apply", begin_change, apply, "terraform"},
	{"terraform", "destroy", begin_change, destroy, "terraform"},
	{"terraform", "output", NULL, output, NULL},
	{"terraform", "version", NULL, version, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};
