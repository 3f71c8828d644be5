/* plan: what would be done, in order, with what it costs and how it is undone. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include "agent/loop.h"
#include "artifacts/progress.h"
#include "base/time.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "codec/json.h"
#include "rehearsal/rehearsal.h"

enum { MOST_OBJECTS = 3 }; /* of a question on the screen; the document has all */

static const struct cli_flag flags[] = {
	{"cluster", 0, "NAME", false, "the cluster that serves now", "cluster"},
	{"to", 0, "VERSION", false, "target version", "target_version"},
	{"strategy", 0, "NAME", false, "blue-green, in-place, or a file", "strategy"},
	{"snapshot", 0, "FILE", false, "save what was seen, for: rehearse --cluster FILE", NULL},
	{"out", 0, "FILE", false, "save the plan, for: upgrade FILE", NULL},
	{"explain", 0, "STEP", false, "say why a step is there", NULL},
	{"no-assess", 0, NULL, false, "do not take in what an assessment finds", NULL},
	{"no-estimate", 0, NULL, false, "do not play the plan in the simulator for its durations", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static void print_step(struct cli *cli, const struct upgrade_step *step)
{
	struct buf *out = cli->out;
	char took[TIME_TEXT];
	unsigned columns = cli_columns();
	const char *sign = step->sign && *step->sign ? step->sign : " ";
	const char *colour = !cli_colour()  ? ""
			     : *sign == '+' ? "\033[32m"
			     : *sign == '-' ? "\033[31m"
			     : *sign == '~' ? "\033[33m"
					    : "";
	buf_printf(out, "  %s%s%s ", colour, sign, *colour ? "\033[0m" : "");
	progress_cell(out, step->step_id, 22);
	buf_putc(out, ' ');
	char *right CLEANUP(mem_freep) = mem_printf(
		" %s", step->estimated_duration_ms ? duration_format(step->estimated_duration_ms, took) : "-");
	progress_folded_cell(out, step->description ? step->description : step->name, 27,
			     columns > 60 ? columns - 42 : 22, right);
}

static void print_questions(struct cli *cli, const struct upgrade_plan *plan)
{
	struct buf *out = cli->out;
	if (plan->n_questions)
		buf_puts(out, "\nBy saying yes to this plan you answer:\n");
	for (size_t i = 0; i < plan->n_questions; i++) {
		const struct plan_question *asked = &plan->questions[i];
		struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
		buf_puts(&line, asked->question);
		for (size_t k = 0; k < asked->n_objects && k < MOST_OBJECTS; k++)
			buf_printf(&line, "%s%s", k ? ", " : " — ", asked->objects[k]);
		if (asked->n_objects > MOST_OBJECTS)
			buf_printf(&line, " and %zu more", asked->n_objects - MOST_OBJECTS);
		char *mark CLEANUP(mem_freep) = mem_printf("  ? %s: ", asked->finding);
		progress_fold(out, mark, buf_str(&line), 4, cli_columns());
	}
}

void cli_print_plan(struct cli *cli, const struct upgrade_plan *plan, const struct cluster_state *state)
{
	struct buf *out = cli->out;
	char took[TIME_TEXT];
	buf_printf(out, "%s %s → %s, %s%s%s\n", plan->cluster_name, plan->source_version, plan->target_version,
		   strategy_names[plan->strategy], plan->green_name ? ", Green is " : "",
		   plan->green_name ? plan->green_name : "");
	if (state)
		buf_printf(out, "seen: %zu node group%s, %zu nodes, %lld pods, %zu add-ons, %zu applications\n",
			   state->n_node_groups, state->n_node_groups == 1 ? "" : "s", state->n_nodes,
			   (long long)state->pods, state->n_addons, state->n_applications);
	buf_puts(out, "\n  + made   ~ changed   - removed\n\n");
	for (size_t i = 0; i < plan->n_steps; i++)
		print_step(cli, &plan->steps[i]);
	buf_printf(out, "\n%zu steps, about %s, $%.2f extra while both clusters run. Asks a person: ", plan->n_steps,
		   duration_format(plan->estimated_duration_ms, took), plan->estimated_extra_cost_usd);
	size_t asks = 0;
	for (size_t i = 0; i < plan->n_steps; i++)
		if (!strcmp(plan->steps[i].executor, "approval"))
			buf_printf(out, "%s%s", asks++ ? ", " : "", plan->steps[i].step_id);
	buf_printf(out, "%s.\nUndone by: %s\n", asks ? "" : "nobody",
		   plan->rollback_plan.description ? plan->rollback_plan.description : "");
	for (size_t i = 0; i < plan->n_warnings; i++)
		progress_fold(out, "warning: ", plan->warnings[i], 4, cli_columns());
	print_questions(cli, plan);
	buf_printf(out, "plan %.16s\n", plan->plan_id);
}

static struct error *explain(struct cli *cli, const struct upgrade_plan *plan, const char *id)
{
	const struct upgrade_step *step = upgrade_plan_step(plan, id);
	if (!step)
		return cli_usage_error("the plan has no step \"%s\"", id);
	struct buf *out = cli->out;
	buf_printf(out, "%s: %s\n  %s\n  executor   %s\n  parameters %s\n", step->step_id, step->name,
		   step->description ? step->description : "", step->executor,
		   step->parameters ? step->parameters : "{}");
	for (size_t i = 0; i < step->n_depends_on; i++)
		buf_printf(out, "  after      %s\n", step->depends_on[i]);
	for (size_t i = 0; i < step->n_validation_criteria; i++)
		buf_printf(out, "  passes if  %s: %s\n", step->validation_criteria[i].name,
			   step->validation_criteria[i].condition);
	if (step->rollback_action)
		buf_printf(out, "  undone by  %s: %s\n", step->rollback_action->action,
			   step->rollback_action->description);
	for (size_t i = 0; i < step->n_because; i++)
		buf_printf(out, "  because    %s\n", step->because[i]);
	return NULL;
}

/* The module that makes Green is there. It is used long after the plan was made: better told now. */
struct error *cli_check_module(struct cli *cli)
{
	const char *path = cli->config.terraform.directory;
	if (!path)
		return NULL; /* the planner asks for it */
	DIR *directory = opendir(path);
	struct error *error =
		directory ? NULL : error_from_errno(errno, "terraform.directory \"%s\" cannot be read", path);
	bool found = false;
	for (struct dirent *entry; directory && !found && (entry = readdir(directory));)
		found = !fnmatch("*.tf", entry->d_name, 0) || !fnmatch("*.tf.json", entry->d_name, 0);
	if (directory)
		closedir(directory);
	if (!error && !found)
		error = error_new(ERROR_NOT_FOUND, "terraform.directory \"%s\" holds no module: no *.tf file", path);
	return error ? error_remedy(error, "name the module that makes Green, as seen from here; "
					   "examples/terraform/green is one")
		     : NULL;
}

static struct error *save_snapshot(struct cli *cli, const struct cluster_state *state)
{
	const char *path = cli_flag_text(cli, "snapshot");
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	if (!path)
		return NULL;
	json_encode(&cluster_state_model, state, true, &text);
	buf_putc(&text, '\n');
	return cli_write_file(cli, path, buf_slice(&text));
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, true));
	if (cli_flag_given(cli, "no-assess"))
		cli->config.assess = false;
	TRY(cli_open_ports(cli, HOST_STORE_NONE));
	struct cluster_state state;
	struct upgrade_plan plan;
	TRY(cli_check_module(cli));
	TRY(loop_plan(&cli->ports, &cli->config, cli->arena, &state, &plan));
	TRY(save_snapshot(cli, &state));
	if (!cli_flag_given(cli, "no-estimate"))
		TRY(rehearse_estimate(&state, &cli->config, &plan, cli->arena));
	struct buf document CLEANUP(buf_done) = BUF_INIT(64 << 20);
	upgrade_plan_write(&plan, cli->arena, &document);
	const char *path = cli_flag_text(cli, "out");
	if (path)
		TRY(cli_write_file(cli, path, buf_slice(&document)));
	*ret_exit = EXIT_DONE;
	if (cli_flag_text(cli, "explain"))
		return explain(cli, &plan, cli_flag_text(cli, "explain"));
	if (path && !strcmp(path, "-"))
		return NULL;
	if (cli_format_is(cli, "json")) {
		buf_append(cli->out, document.p, document.n);
		return NULL;
	}
	cli_print_plan(cli, &plan, &state);
	buf_printf(cli->out,
		   path ? "saved; next: eks-upgrade-agent upgrade %s\n"
			: "next: eks-upgrade-agent plan --out plan.json%s\n",
		   path ? path : ", then eks-upgrade-agent upgrade plan.json");
	return NULL;
}

const struct cli_command cli_command_plan = {
	.name = "plan",
	.arguments = "",
	.doc = "look at the cluster and say what an upgrade would do",
	.flags = flags,
	.run = run,
};
