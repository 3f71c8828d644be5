/* Green by Terraform: init, plan into a file, look at the plan, apply exactly that file, wait for EKS. Each is a job of
 * the process port with a name of its own, so that a restart finds the one that runs instead of starting another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "aws/operations.h"
#include "base/time.h"
#include "codec/document.h"
#include "codec/json.h"
#include "config/config.h"
#include "execution/eks_removal.h"
#include "execution/terraform_gate.h"

enum { MAX_OUTPUT = 64 << 20, TAIL = 1 << 20 };

static const char *const stages[] = {"init", "plan", "show", "apply"};
enum stage { STAGE_INIT, STAGE_PLAN, STAGE_SHOW, STAGE_APPLY, STAGE_WAIT };

static void job_name(const struct step_context *ctx, const char *stage, char out[160])
{
	snprintf(out, 160, "%.60s.%s.%u.%s", ctx->run_id, ctx->step->step_id, ctx->attempt, stage);
}

/* argv under construction, in the call's arena. */
struct command {
	struct arena *arena;
	const char **argv;
	size_t n;
};

static void word(struct command *command, const char *text)
{
	*ARENA_PUSH(command->arena, command->argv, command->n) = text;
}

static void variable(struct command *command, const char *name, const char *value)
{
	word(command, "-var");
	word(command, arena_printf(command->arena, "%s=%s", name, value));
}

static void variables(struct command *command, const struct step_context *ctx, const json_t *parameters)
{
	static const char *const members[] = {"cluster_name", "cluster_version", "blue_cluster_name"};
	const char *key;
	json_t *value;
	size_t i;
	for (i = 0; i < ARRAY_SIZE(members); i++)
		variable(command, members[i], arena_strdup(ctx->arena, document_text_or(parameters, members[i], "")));
	variable(command, "region", ctx->plan->region && *ctx->plan->region ? ctx->plan->region : "us-east-1");
	json_array_foreach (json_object_get(parameters, "var_files"), i, value)
		word(command, arena_printf(ctx->arena, "-var-file=%s", json_string_value(value)));
	json_object_foreach (json_object_get(parameters, "variables"), key, value)
		variable(command, arena_strdup(ctx->arena, key), arena_strdup(ctx->arena, json_string_value(value)));
	if (ctx->world->config->endpoint_url)
		variable(command, "endpoint_url", ctx->world->config->endpoint_url);
}

/* The directory and the state as Terraform, which stands elsewhere, must be told them. */
static const char *absolute(const struct step_context *ctx, const char *path)
{
	char *real CLEANUP(mem_freep) = *path == '/' ? mem_strdup(path) : realpath(".", NULL);
	return *path == '/' ? arena_strdup(ctx->arena, path)
			    : arena_printf(ctx->arena, "%s/%s", real ? real : ".", path);
}

static void state_flag(struct command *command, const struct step_context *ctx, const json_t *parameters)
{
	const char *state = document_text(parameters, "state");
	if (state)
		word(command, arena_printf(command->arena, "-state=%s", absolute(ctx, state)));
}

static struct error *plan_file(const struct step_context *ctx, const char **ret)
{
	char name[160];
	struct buf path CLEANUP(buf_done) = BUF_INIT(4096);
	job_name(ctx, "plan", name);
	TRY(process_path(ctx->world->ports->process, name, "green.tfplan", &path));
	*ret = arena_strdup(ctx->arena, buf_str(&path));
	return NULL;
}

static struct error *run_stage(const struct step_context *ctx, const char *stage, const json_t *parameters,
			       int64_t deadline_ms)
{
	struct command command = {.arena = ctx->arena};
	const char *file;
	char name[160];
	TRY(plan_file(ctx, &file));
	word(&command, ctx->world->config->terraform.binary ? ctx->world->config->terraform.binary : "terraform");
	word(&command,
	     arena_printf(ctx->arena, "-chdir=%s", absolute(ctx, document_text_or(parameters, "directory", "."))));
	word(&command, stage);
	if (!strcmp(stage, "show")) {
		word(&command, "-json");
		word(&command, file);
	} else {
		word(&command, "-input=false");
		word(&command, "-no-color");
	}
	if (!strcmp(stage, "plan") || !strcmp(stage, "apply") || !strcmp(stage, "destroy"))
		word(&command, "-json");
	if (!strcmp(stage, "plan"))
		word(&command, arena_printf(ctx->arena, "-out=%s", file));
	if (!strcmp(stage, "destroy"))
		word(&command, "-auto-approve");
	if (!strcmp(stage, "plan") || !strcmp(stage, "destroy"))
		variables(&command, ctx, parameters);
	if (!strcmp(stage, "plan") || !strcmp(stage, "apply") || !strcmp(stage, "destroy"))
		state_flag(&command, ctx, parameters);
	if (!strcmp(stage, "apply"))
		word(&command, file);
	word(&command, NULL);
	static const char *const env[] = {"TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1", NULL};
	job_name(ctx, stage, name);
	struct process_spec spec = {.name = name, .argv = command.argv, .env = env, .deadline_ms = deadline_ms};
	return process_start(ctx->world->ports->process, &spec);
}

/* Counts what the JSON lines tell; lines that are no JSON are passed over. */
struct progress {
	size_t done;
	char *problem;	 /* the last error told */
	json_t *outputs; /* what the module gives, without secrets */
};

static void progress_done(struct progress *progress)
{
	free(progress->problem);
	json_decref(progress->outputs);
}

static void take_outputs(struct progress *progress, const json_t *line)
{
	const char *name;
	json_t *output;
	json_decref(progress->outputs);
	progress->outputs = json_object();
	json_object_foreach (json_object_get(line, "outputs"), name, output)
		if (!document_true(output, "sensitive") && json_is_string(json_object_get(output, "value")))
			json_object_set(progress->outputs, name, json_object_get(output, "value"));
}

/* A line's type is read first, by table: most lines are long and tell nothing else that is wanted. */
struct line_type {
	const char *type;
};
static const struct field line_type_fields[] = {F_STRING(struct line_type, type, "type", 0, "kind of message")};
static const struct model line_type_model = MODEL("Line", struct line_type, line_type_fields);

static void take_line(struct progress *progress, struct arena *arena, struct slice text)
{
	struct line_type seen;
	arena_reset(arena);
	struct error *unreadable ERROR_CLEANUP =
		json_decode(text, "terraform", JSON_READ_SERVER, &line_type_model, &seen, arena);
	const char *type = unreadable || !seen.type ? "" : seen.type;
	progress->done += !strcmp(type, "apply_complete");
	if (strcmp(type, "outputs") != 0 && strcmp(type, "diagnostic") != 0)
		return;
	json_t *line DOCUMENT_CLEANUP = document_load(text);
	if (!strcmp(type, "outputs"))
		take_outputs(progress, line);
	else if (!strcmp(document_text_or(line, "diagnostic.severity", ""), "error")) {
		free(progress->problem);
		progress->problem = mem_printf("%s%s%s", document_text_or(line, "diagnostic.summary", "an error"),
					       document_text(line, "diagnostic.detail") ? ": " : "",
					       document_text_or(line, "diagnostic.detail", ""));
	}
}

static void take_lines(struct progress *progress, struct slice text)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	while (text.n) {
		const char *newline = memchr(text.p, '\n', text.n);
		size_t n = newline ? (size_t)(newline - text.p) : text.n;
		take_line(progress, arena, slice_make(text.p, n));
		n += newline != NULL;
		text = slice_make(text.p + n, text.n - n);
	}
}

static struct error *read_progress(const struct step_context *ctx, const char *stage, struct progress *ret)
{
	char name[160];
	struct buf out CLEANUP(buf_done) = BUF_INIT(MAX_OUTPUT);
	*ret = (struct progress){0};
	job_name(ctx, stage, name);
	TRY(process_read(ctx->world->ports->process, name, "out", 0, MAX_OUTPUT, &out));
	take_lines(ret, buf_slice(&out));
	return NULL;
}

/* While an apply runs only what it has written since the last look is read, up to the last whole line. */
static struct error *count_done(struct step_context *ctx, size_t *ret)
{
	struct job_mark *mark = &ctx->world->apply;
	struct progress progress CLEANUP(progress_done) = {0};
	struct buf out CLEANUP(buf_done) = BUF_INIT(MAX_OUTPUT);
	char name[160];
	job_name(ctx, "apply", name);
	if (strcmp(mark->job, name) != 0) {
		*mark = (struct job_mark){0};
		memcpy(mark->job, name, sizeof name);
	}
	TRY(process_read(ctx->world->ports->process, name, "out", mark->offset, MAX_OUTPUT, &out));
	while (out.n && out.p[out.n - 1] != '\n')
		out.n--;
	take_lines(&progress, buf_slice(&out));
	mark->offset += out.n;
	mark->done += progress.done;
	*ret = mark->done;
	return NULL;
}

/* Why a stage ended badly: its own diagnostics, else the end of its stderr. */
static struct error *stage_failed(const struct step_context *ctx, const char *stage, int status)
{
	struct progress progress CLEANUP(progress_done) = {0};
	struct buf text CLEANUP(buf_done) = BUF_INIT(TAIL);
	char name[160];
	TRY(read_progress(ctx, stage, &progress));
	const char *problem = progress.problem;
	job_name(ctx, stage, name);
	TRY(process_read(ctx->world->ports->process, name, "err", 0, TAIL, &text));
	while (text.n && strchr("\r\n ", text.p[text.n - 1]))
		text.p[--text.n] = '\0';
	const char *tail = text.n > 400 ? text.p + text.n - 400 : buf_str(&text);
	struct error *error = error_new(ERROR_SUBPROCESS, "terraform %s ended with status %d: %s", stage, status,
					problem ? problem
					: *tail ? tail
						: "it said nothing");
	error->exit_status = status;
	error->service = mem_strdup("terraform");
	return error_remedy(error, "read the whole output in the job \"%s\"; mend the module or the account and resume",
			    name);
}

/* What is planned to be made is remembered before it is applied, so that a later attempt may make it anew. */
static struct error *judge_plan(struct step_context *ctx, const json_t *parameters)
{
	char name[160];
	struct buf text CLEANUP(buf_done) = BUF_INIT(MAX_OUTPUT);
	json_t *plan DOCUMENT_CLEANUP = NULL, *creates DOCUMENT_CLEANUP = NULL;
	const json_t *ours = json_object_get(ctx->memory, "creates");
	size_t i;
	json_t *address;
	job_name(ctx, "show", name);
	TRY(process_read(ctx->world->ports->process, name, "out", 0, MAX_OUTPUT, &text));
	struct error *error = document_parse(buf_slice(&text), "terraform show", &plan);
	if (error) {
		error->class = ERROR_SUBPROCESS;
		return error;
	}
	TRY(terraform_gate(plan, document_text_or(parameters, "blue_cluster_name", ""), ours, &creates));
	size_t planned = json_array_size(creates);
	json_array_foreach (ours, i, address)
		json_array_append(creates, address);
	return step_remember(ctx, json_pack("{s:I, s:O}", "planned", (json_int_t)planned, "creates", creates));
}

static bool copy_all(int from, int to)
{
	char chunk[65536];
	ssize_t n, written;
	while ((n = read(from, chunk, sizeof chunk)) > 0)
		for (ssize_t at = 0; at < n; at += written)
			if ((written = write(to, chunk + at, (size_t)(n - at))) < 0)
				return false;
	return n == 0 && fsync(to) == 0;
}

static struct error *backup_state(const struct step_context *ctx, const json_t *parameters)
{
	const char *state = document_text(parameters, "state");
	if (!state || access(state, R_OK) != 0)
		return NULL;
	char *copy CLEANUP(mem_freep) = mem_printf("%s.before-%.8s", state, ctx->run_id),
		   *part CLEANUP(mem_freep) = mem_printf("%s.part", copy);
	if (access(copy, F_OK) == 0)
		return NULL;
	/* under its name only when it is whole: what a killed agent left half written must not pass for the copy */
	int from = open(state, O_RDONLY | O_CLOEXEC),
	    to = from < 0 ? -1 : open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = to >= 0 && copy_all(from, to) && rename(part, copy) == 0;
	struct error *error =
		good ? NULL
		     : error_remedy(error_from_errno(errno, "cannot keep a copy of \"%s\" at \"%s\"", state, copy),
				    "make room there, or let the agent write into that directory");
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return error;
}

static struct error *check(struct step_context *ctx, enum step_check *ret)
{
	*ret = json_object_get(ctx->memory, "stage") ? STEP_RUNNING : STEP_TODO;
	return NULL;
}

static struct error *enter(struct step_context *ctx, enum stage stage, const json_t *parameters)
{
	json_t *memory = json_pack("{s:i, s:i}", "stage", (int)stage, "attempt", (int)ctx->attempt);
	struct error *error = stage == STAGE_APPLY ? backup_state(ctx, parameters) : NULL;
	if (error) {
		json_decref(memory);
		return error;
	}
	if (stage == STAGE_APPLY)
		json_object_set_new(memory, "applied", json_true());
	TRY(step_remember(ctx, memory));
	return stage == STAGE_WAIT
		       ? NULL
		       : run_stage(ctx, stages[stage], parameters, stage == STAGE_APPLY ? 2 * HOUR_MS : 20 * MINUTE_MS);
}

static struct error *start(struct step_context *ctx, struct step_result *ret)
{
	json_t *parameters DOCUMENT_CLEANUP = NULL;
	char *status CLEANUP(mem_freep) = NULL;
	TRY(step_parameters(ctx, &parameters));
	if (!json_object_get(ctx->memory, "existed")) {
		TRY(step_cluster_status(ctx, document_text_or(parameters, "cluster_name", ""), &status));
		TRY(step_remember(ctx, json_pack("{s:b}", "existed", status != NULL)));
	}
	ret->detail = mem_strdup("terraform init");
	return enter(ctx, STAGE_INIT, parameters);
}

/* Groups of Green that are not ACTIVE yet; one that cannot become so is an error. */
static struct error *waiting_groups(struct step_context *ctx, const char *cluster, char **ret)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	size_t i;
	const json_t *group;
	TRY(world_aws(ctx->world, &aws));
	TRY(aws_call_all(aws, &aws_eks_ListNodegroups, json_pack("{s:s}", "clusterName", cluster), &out));
	json_array_foreach (json_object_get(out, "nodegroups"), i, group) {
		json_t *seen DOCUMENT_CLEANUP = NULL;
		TRY(aws_call(aws, &aws_eks_DescribeNodegroup,
			     json_pack("{s:s, s:O}", "clusterName", cluster, "nodegroupName", group), &seen));
		const char *status = document_text_or(seen, "nodegroup.status", "");
		if (!strcmp(status, "CREATE_FAILED") || !strcmp(status, "DEGRADED"))
			return error_new(
				ERROR_PRECONDITION, "node group \"%s\" of \"%s\" is %s: %s", json_string_value(group),
				cluster, status,
				document_text_or(seen, "nodegroup.health.issues[0].message", "EKS tells no reason"));
		if (strcmp(status, "ACTIVE") != 0 && !*ret)
			*ret = mem_printf("node group \"%s\" is %s", json_string_value(group), status);
	}
	return NULL;
}

/* EKS has the last word: the cluster, its version, its node groups. */
static struct error *poll_eks(struct step_context *ctx, const char *name, struct step_result *ret)
{
	struct aws *aws;
	json_t *out DOCUMENT_CLEANUP = NULL;
	char *waiting CLEANUP(mem_freep) = NULL;
	TRY(world_aws(ctx->world, &aws));
	struct error *error = aws_call(aws, &aws_eks_DescribeCluster, json_pack("{s:s}", "name", name), &out);
	if (error_was(&error, ERROR_NOT_FOUND))
		return error_remedy(
			error_new(ERROR_PRECONDITION, "Terraform is done, but EKS knows no cluster \"%s\"", name),
			"the module must name its cluster by var.cluster_name, in the same account and region");
	TRY(error);
	const char *status = document_text_or(out, "cluster.status", ""),
		   *version = document_text_or(out, "cluster.version", "");
	if (!strcmp(status, "ACTIVE") && strcmp(version, ctx->plan->target_version) != 0)
		return error_remedy(error_new(ERROR_PRECONDITION, "\"%s\" is at %s, not at %s", name, version,
					      ctx->plan->target_version),
				    "use var.cluster_version in the module");
	ret->poll_after_ms = 15 * SECOND_MS;
	if (strcmp(status, "ACTIVE") != 0) {
		ret->detail = mem_printf("EKS says %s", status);
		return NULL;
	}
	TRY(waiting_groups(ctx, name, &waiting));
	ret->progress = waiting ? STEP_WAIT : STEP_DONE;
	ret->detail = waiting ? TAKE(waiting) : mem_printf("\"%s\" is ACTIVE", name);
	return NULL;
}

static struct error *stage_running(struct step_context *ctx, enum stage stage, struct step_result *ret)
{
	size_t done, planned = (size_t)document_int_or(ctx->memory, "planned", 0);
	if (stage != STAGE_APPLY) {
		ret->poll_after_ms = 2 * SECOND_MS;
		ret->detail = mem_printf("terraform %s", stages[stage]);
		return NULL;
	}
	ret->poll_after_ms = 10 * SECOND_MS;
	TRY(count_done(ctx, &done));
	ret->detail = mem_printf("%zu/%zu resources", done, planned);
	return NULL;
}

/* What the module gives is remembered; another cluster than the plan's is a mistake in the module. */
static struct error *take_applied(struct step_context *ctx, const json_t *parameters)
{
	struct progress progress CLEANUP(progress_done) = {0};
	const char *wanted = document_text_or(parameters, "cluster_name", "");
	TRY(read_progress(ctx, "apply", &progress));
	const char *made = document_text_or(progress.outputs, "cluster_name", wanted);
	if (strcmp(made, wanted) != 0)
		return error_remedy(
			error_new(ERROR_PRECONDITION, "the module made cluster \"%s\" instead of \"%s\"", made, wanted),
			"use var.cluster_name in the module");
	return progress.outputs ? step_remember(ctx, json_pack("{s:O}", "outputs", progress.outputs)) : NULL;
}

static struct error *stage_ended(struct step_context *ctx, enum stage stage, const json_t *parameters)
{
	if (stage == STAGE_SHOW)
		TRY(judge_plan(ctx, parameters));
	if (stage == STAGE_APPLY)
		TRY(take_applied(ctx, parameters));
	return enter(ctx, (enum stage)(stage + 1), parameters);
}

static struct error *poll(struct step_context *ctx, struct step_result *ret)
{
	json_t *parameters DOCUMENT_CLEANUP = NULL;
	struct process_status status;
	char name[160];
	TRY(step_parameters(ctx, &parameters));
	enum stage stage = (enum stage)document_int_or(ctx->memory, "stage", 0);
	if (document_int_or(ctx->memory, "attempt", 1) != (int64_t)ctx->attempt) /* a new attempt begins anew */
		return start(ctx, ret);
	if (stage == STAGE_WAIT)
		return poll_eks(ctx, document_text_or(parameters, "cluster_name", ""), ret);
	job_name(ctx, stages[stage], name);
	TRY(process_status(ctx->world->ports->process, name, &status));
	switch (status.state) {
	case PROCESS_ABSENT: /* killed between remembering and starting */
		return enter(ctx, stage, parameters);
	case PROCESS_RUNNING:
		return stage_running(ctx, stage, ret);
	case PROCESS_LOST:
		return error_new(ERROR_SUBPROCESS, "terraform %s was killed from outside", stages[stage]);
	case PROCESS_EXITED:
	default:
		break;
	}
	if (status.exit_status != 0)
		return stage_failed(ctx, stages[stage], status.exit_status);
	ret->poll_after_ms = 1;
	return stage_ended(ctx, stage, parameters);
}

/* What only looks is told to end, and made to after a minute: by TERM it gives its lock of the state back. */
static struct error *stop_looking(struct step_context *ctx, const char *job)
{
	int64_t since_ms = document_int_or(ctx->memory, "stopping_since_ms", 0);
	if (!since_ms)
		TRY(step_remember(ctx, json_pack("{s:I}", "stopping_since_ms", (json_int_t)ctx->now_ms)));
	return process_stop(ctx->world->ports->process, job, since_ms && ctx->now_ms - since_ms > MINUTE_MS);
}

/* A run of terraform in flight is waited for: an apply cut off in the middle would leave resources that nobody knows.
 */
static struct error *in_flight(struct step_context *ctx, bool *ret)
{
	struct step_context at = *ctx;
	*ret = false;
	for (at.attempt = 1; at.attempt <= ctx->attempt; at.attempt++) {
		for (size_t i = 0; i < ARRAY_SIZE(stages) && !*ret; i++) {
			struct process_status status;
			char name[160];
			job_name(&at, stages[i], name);
			TRY(process_status(ctx->world->ports->process, name, &status));
			*ret = status.state == PROCESS_RUNNING;
			if (*ret && i != STAGE_APPLY)
				TRY(stop_looking(ctx, name));
		}
	}
	return NULL;
}

/* Terraform's state is empty and the cluster still there: it was killed before it wrote down what it had asked for.
 * What this run found there at its beginning is left alone. */
static struct error *remove_orphan(struct step_context *ctx, const char *cluster, struct step_result *ret)
{
	bool gone;
	ret->poll_after_ms = 20 * SECOND_MS;
	if (document_true(ctx->memory, "existed")) {
		ret->progress = STEP_DONE;
		ret->detail = mem_printf("\"%s\" was there before and stays", cluster);
		return NULL;
	}
	TRY(eks_remove(ctx, cluster, ret, &gone));
	if (!gone)
		return NULL;
	ret->progress = STEP_DONE;
	ret->detail = mem_printf("\"%s\" is removed", cluster);
	return NULL;
}

static struct error *destroy_failed(struct step_context *ctx, const struct step_context *destroy,
				    const struct process_status *status)
{
	TRY(step_remember(
		ctx, json_pack("{s:I}", "destroys", (json_int_t)(document_int_or(ctx->memory, "destroys", 0) + 1))));
	return status->state == PROCESS_LOST ? error_new(ERROR_SUBPROCESS, "terraform destroy was killed from outside")
					     : stage_failed(destroy, "destroy", status->exit_status);
}

static struct error *undo(struct step_context *ctx, struct step_result *ret)
{
	json_t *parameters DOCUMENT_CLEANUP = NULL;
	struct process_status status;
	struct step_context destroy = *ctx;
	char name[160];
	bool busy, keep = ctx->world->config->keep_green;
	TRY(step_parameters(ctx, &parameters));
	TRY(in_flight(ctx, &busy));
	if (busy) {
		ret->detail = mem_strdup("waits for the running terraform to end");
		return NULL;
	}
	if (!document_true(ctx->memory, "applied") || keep) {
		ret->progress = STEP_DONE;
		ret->detail = mem_strdup(keep ? "Green is kept, as configured" : "nothing was made");
		return NULL;
	}
	destroy.attempt = 100 + (unsigned)document_int_or(ctx->memory, "destroys", 0);
	job_name(&destroy, "destroy", name);
	TRY(process_status(ctx->world->ports->process, name, &status));
	if (status.state == PROCESS_ABSENT)
		TRY(run_stage(&destroy, "destroy", parameters, 2 * HOUR_MS));
	if (status.state == PROCESS_LOST || (status.state == PROCESS_EXITED && status.exit_status != 0))
		return destroy_failed(ctx, &destroy, &status);
	if (status.state == PROCESS_EXITED)
		return remove_orphan(ctx, document_text_or(parameters, "cluster_name", ""), ret);
	ret->detail = mem_strdup("terraform destroy");
	ret->poll_after_ms = 10 * SECOND_MS;
	return NULL;
}

const struct step_type terraform_apply_step = {
	.executor = "terraform.apply",
	.service = "terraform",
	.poll_interval_ms = 2000,
	.check = check,
	.start = start,
	.poll = poll,
	.undo = undo,
};
