/* What checks there are: assess --list-checks and --explain, and as Markdown the page that docs/checks.md is. All of it
 * is the check table's own words: nothing stands here that a check does not say. */
#include <ctype.h>
#include <string.h>
#include "assessment/check.h"
#include "cli/commands.h"
#include "codec/document.h"

/* Findings that no look at a cluster makes; one family as those of assessment/. */
static const struct check elsewhere[] = {
	{.id = "RISK-UNUSED",
	 .title = "an accepted risk that nothing matches",
	 .severity = SEVERITY_INFO,
	 .remedy = "take it out of risks:, or mend its id or object"},
	{.id = NULL},
};

static const struct check *find(const char *id)
{
	for (const struct check *check = elsewhere; check->id; check++)
		if (!strcmp(check->id, id))
			return check;
	return check_find(id);
}

struct error *checks_unknown(const char *id)
{
	const char *names[512], *near;
	size_t n = 0;
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id && n < ARRAY_SIZE(names); check++)
			names[n++] = check->id;
	char upper[64];
	size_t length = strlen(id) < sizeof upper ? strlen(id) : sizeof upper - 1;
	for (size_t i = 0; i < length; i++)
		upper[i] = (char)toupper((unsigned char)id[i]);
	upper[length] = '\0';
	near = text_nearest(upper, names, n);
	return error_remedy(cli_usage_error("no check \"%s\"%s%s%s", id, near ? " (did you mean \"" : "",
					    near ? near : "", near ? "\"?)" : ""),
			    "eks-upgrade-agent assess --list-checks");
}

static const char *severity_of(const struct check *check)
{
	return check->severities ? check->severities : severity_names[check->severity];
}

/* What has to be given for it to be done. */
static const char *given_flag(const struct check *check)
{
	return !strcmp(check->given, "blue")	    ? "--before, at Blue while Green is assessed"
	       : !strcmp(check->given, "before")    ? "--before, an earlier look at the cluster"
	       : !strcmp(check->given, "manifests") ? "--manifests, or by scan"
						    : "--terraform-plan";
}

/* ---- the list */

static void list_text(struct cli *cli, const struct check *check)
{
	for (; check->id; check++)
		buf_printf(cli->out, "%-26s %-8s %s\n", check->id, severity_names[check->severity], check->title);
}

static json_t *check_document(struct cli *cli, const struct check *check)
{
	json_t *reads = json_array();
	for (const char *const *need = check->needs; need && *need; need++)
		json_array_append_new(reads, json_pack("{s:s, s:s}", "source", *need, "permission",
						       source_permission(cli->arena, *need)));
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:s, s:s?}", "id", check->id, "title", check->title,
			 "severity", severity_names[check->severity], "severities", severity_of(check), "scope",
			 check->scope, "reads", reads, "remedy", check->remedy ? check->remedy : "", "page",
			 check->page);
}

static void list_json(struct cli *cli)
{
	json_t *list = json_array();
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++)
			json_array_append_new(list, check_document(cli, check));
	for (const struct check *check = elsewhere; check->id; check++)
		json_array_append_new(list, check_document(cli, check));
	document_print(list, true, cli->out);
	buf_putc(cli->out, '\n');
	json_decref(list);
}

/* ---- the page */

/* Placeholders such as <name> are shown, not taken for markup; what is no prose goes into a code span. */
static void prose(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>*_|\\`", *text))
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

static void page_check(struct cli *cli, const struct check *check)
{
	struct buf *out = cli->out;
	buf_printf(out, "\n### <a id=\"%s\"></a>%s\n\n%c", check->id, check->id,
		   toupper((unsigned char)check->title[0]));
	prose(out, check->title + 1);
	buf_puts(out, ".\n\n- Severity: ");
	prose(out, severity_of(check));
	if (check->scope)
		buf_printf(out, "\n- Counts: for %s only",
			   !strcmp(check->scope, "rollback") ? "a rollback" : "the strategy blue-green");
	if (check->given)
		buf_printf(out, "\n- Done: only with %s", given_flag(check));
	for (const char *const *need = check->needs; need && *need; need++) {
		const char *permission = source_permission(cli->arena, *need);
		buf_printf(out, "%s`%s`", need == check->needs ? "\n- Reads: " : ", ", *need);
		if (strcmp(permission, *need) != 0)
			buf_printf(out, " (%s)", permission);
	}
	buf_puts(out, "\n- Do: ");
	prose(out, check->remedy ? check->remedy : "see the finding");
	if (check->page && !strncmp(check->page, "https://", 8)) /* not the one that refers to this page */
		buf_printf(out, "\n- More: <%s>", check->page);
	buf_putc(out, '\n');
}

static const char head[] = "# Checks\n\n"
			   "<!-- Written by `./dev docs` from the check table: change that, not this. -->\n\n"
			   "What `assess` looks at, and what it says. Severities, severest first: BLOCKER, HIGH, "
			   "MEDIUM, LOW, INFO. A check "
			   "passes, finds\nsomething, or is *not known*, and then names the permission that would "
			   "tell. What it reads is what "
			   "it cannot do without.\n\n"
			   "To accept a finding, with an owner, a reason and a last day:\n\n"
			   "    risks:\n"
			   "      - { id: WL-REPLICAS, object: Deployment legacy/*, owner: team-legacy, reason: runs "
			   "at night only, expires: "
			   "2026-12-31 }\n\n"
			   "To leave a check out, or weigh it differently ([more](findings.md#accepted-risks)):\n\n"
			   "    checks:\n"
			   "      except: [WL-TGPS-LONG]\n"
			   "      severity: { WL-REPLICAS: LOW }\n";

static void page_family(struct cli *cli, const char *title, const struct check *checks)
{
	buf_printf(cli->out, "\n## %s\n", title);
	for (; checks->id; checks++)
		page_check(cli, checks);
}

static void contents(struct cli *cli)
{
	buf_puts(cli->out, "\n| id | severity | |\n| --- | --- | --- |\n");
	for (const struct check *const *family = check_families; *family; family++)
		for (const struct check *check = *family; check->id; check++) {
			buf_printf(cli->out, "| [%s](#%s) | %s | ", check->id, check->id,
				   severity_names[check->severity]);
			prose(cli->out, check->title);
			buf_puts(cli->out, " |\n");
		}
}

void checks_list(struct cli *cli)
{
	const struct check *const *family = check_families;
	if (cli_format_is(cli, "json")) {
		list_json(cli);
	} else if (cli_format_is(cli, "markdown")) {
		buf_puts(cli->out, head);
		contents(cli);
		for (size_t i = 0; family[i]; i++)
			page_family(cli, check_family_titles[i], family[i]);
		page_family(cli, "Not of a look at a cluster", elsewhere);
	} else {
		for (; *family; family++)
			list_text(cli, *family);
		list_text(cli, elsewhere);
	}
}

/* ---- one of them */

struct error *checks_explain(struct cli *cli, const char *id)
{
	const struct check *check = find(id);
	struct buf *out = cli->out;
	if (!check)
		return checks_unknown(id);
	if (cli_format_is(cli, "json")) {
		json_t *document = check_document(cli, check);
		document_print(document, true, out);
		buf_putc(out, '\n');
		json_decref(document);
		return NULL;
	}
	buf_printf(out, "%s: %s\n  severity  %s\n", check->id, check->title, severity_of(check));
	if (check->scope)
		buf_printf(out, "  counts    for %s only\n", check->scope);
	if (check->given)
		buf_printf(out, "  done      only with %s\n", given_flag(check));
	for (const char *const *need = check->needs; need && *need; need++) {
		const char *permission = source_permission(cli->arena, *need);
		bool same = !strcmp(permission, *need);
		buf_printf(out, "  %-9s %s%s%s%s\n", need == check->needs ? "reads" : "", *need, same ? "" : " (",
			   same ? "" : permission, same ? "" : ")");
	}
	buf_printf(out, "  do        %s\n", check->remedy ? check->remedy : "see the finding");
	if (check->page)
		buf_printf(out, "  page      %s\n", check->page);
	return NULL;
}
