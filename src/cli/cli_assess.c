/* assess: is the cluster ready, why not, and what to do. Reads only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/loop.h"
#include "assessment/accept.h"
#include "assessment/check.h"
#include "assessment/notes.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "codec/json.h"
#include "knowledge/lifecycle.h"
#include "perception/survey.h"

static const struct cli_flag flags[] = {
	{"cluster", 0, "NAME", false, "the cluster", "cluster"},
	{"to", 0, "VERSION", false, "target version", "target_version"},
	{"strategy", 0, "NAME", false, "blue-green or in-place: counts its own checks too", "strategy"},
	{"from", 0, "SNAPSHOT|DIR", false, "assess what --save wrote instead of the cluster", NULL},
	{"save", 0, "FILE|DIR/", false, "keep what was seen", NULL},
	{"refresh-insights", 0, NULL, false,
	 "let EKS look at the cluster anew first: waits up to 10 minutes, changes nothing else", NULL},
	{"release-notes", 0, NULL, false, "say too what release notes say of what runs here", "release_notes.enabled"},
	{"mirror", 0, "URL", false, "of release notes: address that stands instead of their pages' hosts",
	 "release_notes.mirror"},
	{"offline", 0, NULL, false, "of release notes: only copies that are there", NULL},
	{"audit-log", 0, "FILE", true, "an audit log of the API server's, JSON lines: who calls deprecated APIs", NULL},
	{"manifests", 0, "PATH", true, "files or a Git working tree to scan too, and to lay beside what runs", NULL},
	{"with", 0, "pluto,kubent", true,
	 "run these scanners on the cluster too, where they are installed, and compare", NULL},
	{"before", 0, "SNAPSHOT|DIR", false,
	 "compare with an earlier look that was saved: of this cluster after its upgrade, or of Blue with Green", NULL},
	{"terraform-plan", 0, "FILE", false, "judge a plan too, as terraform show -json prints it", NULL},
	{"list-checks", 0, NULL, false, "list every check", NULL},
	{"explain", 0, "ID", false, "say what a check looks at and what to do", NULL},
	{"only", 0, "IDS", true, "only these checks, separated by commas; * stands for anything: WL-*", NULL},
	{"except", 0, "IDS", true, "all checks but these", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

/* "A,B" and repeated flags, each id or pattern ("WL-*") marked in `marks`, one a check. What matches none is a mistake.
 */
static struct error *mark(struct cli *cli, const char *flag, bool *marks, bool *ret_any)
{
	size_t n;
	const char **given = cli_flag_all(cli, flag, &n);
	for (size_t i = 0; i < n; i++) {
		for (const char *p = given[i]; *p;) {
			size_t length = strcspn(p, ","), k = 0;
			const char *pattern = arena_strndup(cli->arena, p, length);
			bool matched = !length;
			for (const struct check *const *family = check_families; *family; family++)
				for (const struct check *check = *family; check->id; check++, k++) {
					bool hit = length && accept_matches(pattern, check->id);
					marks[k] |= hit;
					matched |= hit;
				}
			if (!matched)
				return checks_unknown(pattern);
			*ret_any |= length > 0;
			p += length + (p[length] == ',');
		}
	}
	return NULL;
}

/* The ids that --only and --except leave; NULL for all. */
static struct error *chosen_ids(struct cli *cli, const char *const **ret)
{
	enum { MOST = 512 };
	bool only[MOST] = {false}, except[MOST] = {false}, any_only = false, any_except = false;
	const char **ids = NULL;
	size_t n = 0, k = 0;
	TRY(mark(cli, "only", only, &any_only));
	TRY(mark(cli, "except", except, &any_except));
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++, k++)
			if ((!any_only || only[k]) && !except[k])
				*ARENA_PUSH(cli->arena, ids, n) = check->id;
	*ARENA_PUSH(cli->arena, ids, n) = NULL;
	*ret = any_only || any_except ? ids : NULL;
	return NULL;
}

static void say(void *context, const char *what)
{
	(void)context;
	fprintf(stderr, "looking at %s\n", what);
}

static struct error *look(struct cli *cli, struct inventory **ret)
{
	struct snapshot *snapshot CLEANUP(snapshot_freep) = NULL;
	const char *path = cli_flag_text(cli, "save");
	if (path)
		TRY(snapshot_new(path, &snapshot));
	struct survey survey = {.ports = &cli->ports,
				.config = &cli->config,
				.snapshot = snapshot,
				.refresh_insights = cli_flag_given(cli, "refresh-insights"),
				.progress = cli_stdin_is_terminal() ? say : NULL};
	struct inventory *inventory CLEANUP(inventory_freep) = NULL;
	TRY(loop_look(&survey, &inventory));
	TRY(cli_take_evidence(cli, inventory));
	if (snapshot)
		TRY(snapshot_commit(snapshot, inventory));
	*ret = TAKE(inventory);
	return NULL;
}

/* What cannot be read is one more source that failed: the assessment stands without it. */
static struct error *add_notes(struct cli *cli, const struct inventory *inventory, struct assessment *assessment)
{
	struct release_notes *notes = arena_alloc(cli->arena, sizeof *notes);
	struct release_notes_request request = cli_notes_request(cli);
	request.from = knowledge_minor(assessment->current_version);
	if (!request.from)
		request.from = request.to - 1;
	struct error *error ERROR_CLEANUP = release_notes_collect(&request, cli->arena, notes);
	if (error && error->class == ERROR_CANCELLED)
		return TAKE(error);
	if (error)
		*ARENA_PUSH(cli->arena, notes->sources, notes->n_sources) = (struct release_notes_source){
			.title = "all", .status = "failed", .detail = arena_strdup(cli->arena, error->message)};
	notes_touch(notes->notes, notes->n_notes, inventory, cli->arena);
	notes_attach(assessment, notes, cli->arena);
	return NULL;
}

/* What looks at the live cluster says nothing of one that was saved. */
static struct error *check_flags(struct cli *cli)
{
	static const char *const live[] = {"refresh-insights", "with", "save"};
	for (size_t i = 0; i < ARRAY_SIZE(live); i++)
		if (cli_flag_given(cli, "from") && cli_flag_given(cli, live[i]))
			return cli_usage_error("--%s is about the live cluster: it does not go with --from", live[i]);
	return cli_with_scanners(cli, 0, NULL, 0, NULL);
}

static struct error *read_snapshot(const char *path, struct inventory **ret)
{
	struct error *error = snapshot_read(path, ret);
	return !error || error->remedy ? error : error_remedy(error, "mend it, or write it anew with --save");
}

/* Once --save has kept what was seen: a plan may hold secrets. */
static struct error *take_plan(struct cli *cli, struct inventory *inventory)
{
	enum { LARGEST = 256 << 20 };
	const char *path = cli_flag_text(cli, "terraform-plan");
	struct buf text CLEANUP(buf_done) = BUF_INIT(LARGEST);
	json_error_t wrong;
	if (!path)
		return NULL;
	TRY(cli_read_file(path, &text));
	json_t *plan = json_loadb(text.p, text.n, 0, &wrong);
	if (!json_is_array(json_object_get(plan, "resource_changes"))) {
		json_decref(plan);
		return error_remedy(error_new(ERROR_INVALID, "\"%s\" is no plan of Terraform's in JSON", path),
				    "terraform plan -out p && terraform show -json p > %s", path);
	}
	if (!inventory->survey)
		inventory->survey = json_object();
	json_object_set_new(inventory->survey, "terraform_plan", plan);
	return NULL;
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	int64_t began_ms = cli_monotonic_ms();
	const char *from = cli_flag_text(cli, "from"), *const * only;
	*ret_exit = EXIT_DONE;
	if (cli_flag_given(cli, "list-checks")) {
		checks_list(cli);
		return NULL;
	}
	if (cli_flag_given(cli, "explain"))
		return checks_explain(cli, cli_flag_text(cli, "explain"));
	TRY(chosen_ids(cli, &only));
	TRY(cli_load_config(cli, !from));
	if (!cli->config.target_version)
		return error_remedy(cli_usage_error("no target version"), "set target_version, or --to VERSION");
	TRY(check_flags(cli));
	struct inventory *inventory CLEANUP(inventory_freep) = NULL, *before CLEANUP(inventory_freep) = NULL;
	const char *before_path = cli_flag_text(cli, "before");
	struct assessment assessment;
	if (!from || cli->config.release_notes.enabled)
		TRY(cli_open_ports(cli, HOST_STORE_NONE));
	if (from) {
		TRY(read_snapshot(from, &inventory));
		TRY(cli_take_evidence(cli, inventory));
	} else {
		TRY(look(cli, &inventory));
	}
	if (before_path)
		TRY(read_snapshot(before_path, &before));
	inventory->before = before;
	TRY(take_plan(cli, inventory));
	TRY(assess_run(inventory, &cli->config, cli->config.target_version, only, cli->arena, &assessment));
	if (!assessment.n_checks)
		return error_remedy(
			cli_usage_error("none of these checks can be done: they compare with what was not given"),
			"--before SNAPSHOT, --manifests PATH or --terraform-plan FILE");
	TRY(cli_with_scanners(cli, knowledge_minor(cli->config.target_version), NULL, 0, &assessment));
	assessment_accept(&assessment, &cli->config, inventory->captured_at_ms, cli->arena);
	if (cli->config.release_notes.enabled)
		TRY(add_notes(cli, inventory, &assessment));
	assessment.duration_ms = cli_monotonic_ms() - began_ms;
	*ret_exit = assessment_exit(&assessment);
	return cli_print_assessment(cli, &assessment);
}

static const char *const formats[] = {"text", "json", "markdown", "html", "sarif", "junit", NULL};
const struct cli_command cli_command_assess = {
	.name = "assess",
	.arguments = "",
	.doc = "is the cluster ready for an upgrade, why not, and what to do",
	.flags = flags,
	.formats = formats,
	.run = run,
};
