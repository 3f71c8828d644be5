/* What is given to assess beside the cluster: audit logs, and manifests as files or as a Git working tree. Of what
 * stands in Git it is told who wrote it last, and when. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/time.h"
#include "cli/commands.h"
#include "knowledge/lifecycle.h"
#include "perception/audit_log.h"
#include "scan/scan.h"

enum { MOST_ASKED_FILES = 200, GIT_DEADLINE_MS = 10000, MAX_SAID = 4096, DEEPEST = 100 };

/* ---- Git */

/* Does the file, or a folder above it, hold a ".git"? Of a submodule that is a file. */
static bool is_in_git(const char *path)
{
	char *at CLEANUP(mem_freep) = realpath(path, NULL);
	for (int i = 0; at && i < DEEPEST; i++) {
		char *mark CLEANUP(mem_freep) = mem_printf("%s/.git", at), *slash = strrchr(at, '/');
		if (access(mark, F_OK) == 0)
			return true;
		if (!slash || slash == at)
			return false;
		*slash = '\0';
	}
	return false;
}

struct author {
	const char *file, *name;
	int64_t time_ms;
};

/* The last commit of a file: "NAME\tTIME". Nothing is known of a file that was never committed. */
static struct error *ask_git(struct cli *cli, const char *file, struct author *ret)
{
	const char *slash = strrchr(file, '/');
	char *folder CLEANUP(mem_freep) = slash ? mem_strndup(file, (size_t)(slash - file)) : NULL;
	char *job CLEANUP(mem_freep) = mem_printf("git-%lld", (long long)cli_monotonic_ms());
	/* A repository may come from anywhere: nothing that its configuration names is run. */
	const char *argv[] = {"git",
			      "--no-pager",
			      "-c",
			      "core.fsmonitor=false",
			      "-C",
			      folder && *folder ? folder
			      : folder		? "/"
						: ".",
			      "log",
			      "-1",
			      "--no-show-signature",
			      "--no-color",
			      "--format=%an%x09%aI",
			      "--",
			      slash ? slash + 1 : file,
			      NULL};
	static const char *const env[] = {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C.UTF-8", NULL};
	struct process_spec spec = {
		.name = job, .argv = argv, .env = env, .deadline_ms = GIT_DEADLINE_MS, .grace_ms = 1000};
	struct buf said CLEANUP(buf_done) = BUF_INIT(MAX_SAID);
	int status;
	TRY(process_run(cli->ports.process, cli->ports.clock, &spec, &said, &status));
	if (status)
		return error_new(ERROR_SUBPROCESS, "git log ended with %d: %.*s", status,
				 (int)strcspn(buf_str(&said), "\n"), buf_str(&said));
	const char *text = buf_str(&said), *tab = strchr(text, '\t');
	*ret = (struct author){file, NULL, 0};
	if (!tab)
		return NULL;
	ret->name = arena_strndup(cli->arena, text, (size_t)(tab - text));
	if (!time_parse_rfc3339(slice_make(tab + 1, strcspn(tab + 1, "\r\n")), &ret->time_ms))
		ret->time_ms = 0;
	return NULL;
}

/* Findings are in the order of their files. Where git is not there, or cannot tell, the findings stand without. */
static void ask_authors(struct cli *cli, const struct assessment *found)
{
	struct author author = {NULL, NULL, 0};
	size_t asked = 0;
	for (size_t i = 0; i < found->n_findings; i++) {
		const struct finding *finding = &found->findings[i];
		if (!finding->file || !finding->n_evidence)
			continue;
		if (!author.file || strcmp(author.file, finding->file) != 0) {
			if (asked++ == MOST_ASKED_FILES)
				return;
			struct error *error ERROR_CLEANUP = ask_git(cli, finding->file, &author);
			if (error) {
				log_info("git", "who wrote \"%s\" is not known: %s", finding->file, error->message);
				return;
			}
		}
		finding->evidence[0].caller = author.name;
		finding->evidence[0].last_seen_ms = author.time_ms;
	}
}

/* ---- manifests */

static void add_sources(struct inventory *inventory, const struct assessment *found)
{
	for (size_t i = 0; i < found->n_sources; i++) {
		const struct assessment_source *source = &found->sources[i];
		int status = 0;
		while (source_status_names[status] && strcmp(source_status_names[status], source->status) != 0)
			status++;
		inventory_source(inventory, source->name, (enum source_status)status, source->detail);
	}
}

static struct error *scan_one(struct cli *cli, const char *path, unsigned minor, struct inventory *inventory,
			      struct assessment *into)
{
	struct scan_options options = {.target_minor = minor, .arena = cli->arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	struct assessment found = {0};
	TRY(scan_path(scan, path));
	scan_finish(scan, &found, NULL);
	add_sources(inventory, &found);
	if (is_in_git(path)) {
		for (size_t i = 0; i < found.n_findings; i++)
			for (size_t k = 0; k < found.findings[i].n_evidence; k++)
				found.findings[i].evidence[k].source = "git";
		if (found.n_findings && !cli->ports.process)
			TRY(cli_open_ports(cli, HOST_STORE_NONE));
		ask_authors(cli, &found);
	}
	for (size_t i = 0; i < found.n_findings; i++)
		*ARENA_PUSH(cli->arena, into->findings, into->n_findings) = found.findings[i];
	return NULL;
}

struct error *cli_take_evidence(struct cli *cli, struct inventory *inventory)
{
	size_t n_logs, n_paths;
	const char **logs = cli_flag_all(cli, "audit-log", &n_logs), **paths = cli_flag_all(cli, "manifests", &n_paths);
	unsigned minor = knowledge_minor(cli->config.target_version);
	struct assessment found = {0};
	for (size_t i = 0; i < n_logs; i++)
		TRY(audit_log_read(inventory, logs[i]));
	for (size_t i = 0; i < n_paths; i++)
		TRY(scan_one(cli, paths[i], minor, inventory, &found));
	if (n_paths)
		inventory_source(inventory, "manifests", SOURCE_OK, NULL);
	inventory->manifests = found.findings;
	inventory->n_manifests = found.n_findings;
	return NULL;
}
