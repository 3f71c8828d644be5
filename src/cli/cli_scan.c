/* scan: what a target version no longer serves, in manifests. Reads files only. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "artifacts/assessment.h"
#include "assessment/accept.h"
#include "cli/commands.h"
#include "codec/json.h"
#include "knowledge/calendar.h"
#include "knowledge/lifecycle.h"
#include "scan/scan.h"

static const struct cli_flag flags[] = {
	{"to", 0, "VERSION", false, "target version (default: the newest that EKS offers)", "target_version"},
	{"only", 0, "IDS", true, "only these findings, ids separated by commas", NULL},
	{"except", 0, "IDS", true, "all findings but these", NULL},
	{"with", 0, "pluto,kubent", true, "run these scanners too, where they are installed, and compare", NULL},
	{NULL, 0, NULL, false, NULL, NULL},
};

static const char *const ids[] = {"API-GIT", "API-DEPRECATED", "API-FIELD", "BEH-REGISTRY"};

static bool speaks_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

enum { CHUNK = 64 << 10 };

/* The same bytes as assessment_write()'s, but a finding at a time: the report of a whole repository is longer than all
 * that was read for it. */
static struct error *print_json(struct cli *cli, const struct assessment *assessment)
{
	static const char none[] = "\"findings\": []";
	struct buf frame CLEANUP(buf_done) = BUF_INIT(1 << 26), one CLEANUP(buf_done) = BUF_INIT(1 << 24);
	struct assessment rest = *assessment;
	rest.n_findings = 0;
	json_encode(&assessment_model, &rest, true, &frame);
	const char *place = strstr(buf_str(&frame), none);
	if (!place)
		return error_new(ERROR_BUG, "a report without a place for its findings");
	buf_append(cli->out, frame.p, (size_t)(place - frame.p) + sizeof none - 2);
	for (size_t i = 0; i < assessment->n_findings; i++) {
		buf_clear(&one);
		json_encode(&finding_model, &assessment->findings[i], true, &one);
		buf_puts(cli->out, i ? ",\n    " : "\n    ");
		for (const char *p = buf_str(&one), *end = p + one.n, *newline; p < end; p = newline + 1) {
			newline = memchr(p, '\n', (size_t)(end - p));
			newline = newline ? newline : end;
			buf_append(cli->out, p, (size_t)(newline - p));
			if (newline < end)
				buf_puts(cli->out, "\n    ");
		}
		if (cli->out->n > CHUNK)
			cli_flush(cli);
	}
	buf_puts(cli->out, assessment->n_findings ? "\n  " : "");
	buf_puts(cli->out, place + sizeof none - 2);
	buf_putc(cli->out, '\n');
	return NULL;
}

void cli_style(struct cli *cli, struct assessment_style *ret)
{
	time_t now = time(NULL);
	struct tm local;
	*ret = (struct assessment_style){.columns = cli_stdout_is_terminal() || getenv("COLUMNS") ? cli_columns() : 0,
					 .colour = cli_colour(),
					 .utf8 = speaks_utf8(),
					 .all = cli_flag_given(cli, "verbose"),
					 .zone_ms = localtime_r(&now, &local) ? local.tm_gmtoff * 1000 : 0};
}

struct error *cli_print_assessment(struct cli *cli, const struct assessment *assessment)
{
	struct assessment_style style;
	if (cli_format_is(cli, "json") && assessment_is_sorted(assessment))
		return print_json(cli, assessment);
	cli_style(cli, &style);
	return assessment_write(assessment, cli_format(cli), &style, cli->out);
}

static struct error *parse_ids(struct cli *cli, const char *flag, bool wanted[ARRAY_SIZE(ids)], bool *ret_any)
{
	size_t n;
	const char **given = cli_flag_all(cli, flag, &n);
	*ret_any = n > 0;
	for (size_t i = 0; i < n; i++) {
		for (const char *p = given[i]; *p;) {
			size_t length = strcspn(p, ","), k = 0;
			while (length && k < ARRAY_SIZE(ids) && !slice_eq(slice_make(p, length), ids[k]))
				k++;
			if (k == ARRAY_SIZE(ids))
				return error_remedy(
					cli_usage_error("--%s: scan has no finding \"%.*s\"", flag, (int)length, p),
					"one of API-GIT, API-DEPRECATED, API-FIELD, BEH-REGISTRY");
			wanted[k] |= length > 0;
			p += length + (p[length] == ',');
		}
	}
	return NULL;
}

/* Takes out what --only and --except leave out; says how many of the ids found nothing. */
static struct error *choose(struct cli *cli, struct assessment *assessment)
{
	bool only[ARRAY_SIZE(ids)] = {false}, except[ARRAY_SIZE(ids)] = {false}, any_only, any_except;
	bool seen[ARRAY_SIZE(ids)] = {false};
	TRY(parse_ids(cli, "only", only, &any_only));
	TRY(parse_ids(cli, "except", except, &any_except));
	size_t kept = 0;
	for (size_t i = 0; i < assessment->n_findings; i++) {
		size_t k = 0;
		while (k < ARRAY_SIZE(ids) && strcmp(ids[k], assessment->findings[i].id) != 0)
			k++;
		if (k < ARRAY_SIZE(ids) && ((any_only && !only[k]) || except[k]))
			continue;
		if (k < ARRAY_SIZE(ids))
			seen[k] = true;
		assessment->findings[kept++] = assessment->findings[i];
	}
	assessment->n_findings = kept;
	for (size_t k = 0; k < ARRAY_SIZE(ids); k++)
		assessment->counts.passed += !seen[k] && !except[k] && (!any_only || only[k]);
	return NULL;
}

static struct error *target(struct cli *cli, const char **ret_version, unsigned *ret_minor)
{
	*ret_version = cli->config.target_version ? cli->config.target_version : knowledge_newest_release()->version;
	*ret_minor = knowledge_minor(*ret_version);
	return *ret_minor ? NULL
			  : cli_usage_error("--to: \"%s\" is no version of Kubernetes, such as 1.35", *ret_version);
}

/* What is newer than the tables is not known to them: no clean bill for it. */
static void tell_horizon(struct cli *cli, struct assessment *assessment, unsigned minor)
{
	const struct eks_release *last = &knowledge_releases[knowledge_n_releases - 1];
	if (minor <= last->minor)
		return;
	const char *reason = arena_printf(cli->arena, "the tables end at %s: what %s takes away beyond it is not known",
					  last->version, assessment->target_version);
	struct finding *findings = arena_alloc(cli->arena, (assessment->n_findings + 1) * sizeof *assessment->findings);
	if (assessment->n_findings)
		memcpy(findings, assessment->findings, assessment->n_findings * sizeof *findings);
	findings[assessment->n_findings++] = (struct finding){
		.id = "API-GIT",
		.title = "an API version that the target does not serve",
		.severity = SEVERITY_HIGH,
		.status = FINDING_UNKNOWN,
		.reason = reason,
		.remedy = arena_printf(cli->arena, "ask for a version up to %s, or upgrade eks-upgrade-agent",
				       last->version)};
	assessment->findings = findings;
	*ARENA_PUSH(cli->arena, assessment->sources, assessment->n_sources) =
		(struct assessment_source){"life cycles", "failed", reason};
}

static struct error *compare(struct cli *cli, unsigned minor, struct assessment *assessment)
{
	bool wanted = cli_flag_given(cli, "with");
	for (size_t a = 0; wanted && a < cli->n_arguments; a++)
		if (!strcmp(cli->arguments[a], "-"))
			return cli_usage_error("--with: standard input can be read once only; give files");
	return cli_with_scanners(cli, minor, cli->arguments, cli->n_arguments, assessment);
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	int64_t began = cli_monotonic_ms();
	struct assessment assessment = {.format = 1, .tool = "scan"};
	unsigned minor;
	TRY(cli_load_config(cli, false));
	TRY(target(cli, &assessment.target_version, &minor));
	struct scan_options options = {.target_minor = minor, .arena = cli->arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	for (size_t i = 0; i < cli->n_arguments; i++) {
		const char *path = cli->arguments[i];
		if (!strcmp(path, "-"))
			TRY(scan_stream(scan, STDIN_FILENO, "-"));
		else
			TRY(scan_path(scan, path));
	}
	scan_finish(scan, &assessment, NULL);
	tell_horizon(cli, &assessment, minor);
	TRY(compare(cli, minor, &assessment));
	TRY(choose(cli, &assessment));
	assessment_sort(&assessment);
	assessment_count(&assessment);
	assessment_accept(&assessment, &cli->config, (int64_t)time(NULL) * 1000, cli->arena);
	assessment.duration_ms = cli_monotonic_ms() - began;
	TRY(cli_print_assessment(cli, &assessment));
	*ret_exit = assessment_exit(&assessment);
	return NULL;
}

static const char *const formats[] = {"text", "json", "markdown", "html", "sarif", "junit", NULL};
const struct cli_command cli_command_scan = {
	.name = "scan",
	.arguments = "PATH…",
	.doc = "find in manifests what a version of Kubernetes serves no more",
	.min_arguments = 1,
	.max_arguments = 1000000,
	.flags = flags,
	.formats = formats,
	.run = run,
	.at_once = true,
};
