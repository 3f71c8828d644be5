/* --with pluto,kubent: other people's scanners beside ours. One that is missing or fails is told; our own report
 * stands. */
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "scan/compare.h"

typedef struct error *scanner_run_fn(const struct scanner_request *request, struct scanner_report *ret);
static const struct scanner {
	const char *name;
	scanner_run_fn *run;
} scanners[] = {{"pluto", pluto_run}, {"kubent", kubent_run}};

static void tell(struct cli *cli, struct assessment *assessment, const char *name, const char *status,
		 const char *detail)
{
	*ARENA_PUSH(cli->arena, assessment->sources, assessment->n_sources) =
		(struct assessment_source){name, status, arena_strdup(cli->arena, detail)};
}

static struct error *compare_with(struct cli *cli, const struct scanner *scanner, const struct scanner_request *request,
				  struct assessment *assessment)
{
	struct scanner_report report;
	/* Without a kubeconfig of ours theirs would be asked: whichever cluster it means today. */
	if (!request->paths && !request->kubeconfig && !request->context) {
		tell(cli, assessment, scanner->name, "skipped",
		     "needs the cluster's kubeconfig: --kubeconfig FILE, or --context NAME");
		return NULL;
	}
	if (!cli->ports.process)
		TRY(cli_open_ports(cli, HOST_STORE_NONE));
	struct error *error ERROR_CLEANUP = scanner->run(request, &report);
	if (!error) {
		scan_compare(&report, request->target_minor, cli->arena, assessment);
		return NULL;
	}
	struct buf line CLEANUP(buf_done) = BUF_INIT(4096);
	error_line(error, &line);
	tell(cli, assessment, scanner->name, error->class == ERROR_NOT_FOUND ? "skipped" : "failed", buf_str(&line));
	return NULL;
}

static const struct scanner *find_scanner(struct slice name)
{
	for (size_t i = 0; i < ARRAY_SIZE(scanners); i++)
		if (slice_eq(name, scanners[i].name))
			return &scanners[i];
	return NULL;
}

struct error *cli_with_scanners(struct cli *cli, unsigned minor, const char *const *paths, size_t n_paths,
				struct assessment *assessment)
{
	size_t n;
	const char **given = cli_flag_all(cli, "with", &n);
	struct scanner_request request = {.ports = &cli->ports,
					  .arena = cli->arena,
					  .target_minor = minor,
					  .paths = paths,
					  .n_paths = n_paths,
					  .kubeconfig = cli->config.kubeconfig,
					  .context = cli->config.context};
	for (size_t i = 0; i < n; i++) {
		for (const char *p = given[i]; *p;) {
			size_t length = strcspn(p, ",");
			const struct scanner *scanner = find_scanner(slice_make(p, length));
			if (!scanner)
				return cli_usage_error("--with: \"%.*s\" is neither pluto nor kubent", (int)length, p);
			if (assessment)
				TRY(compare_with(cli, scanner, &request, assessment));
			p += length + (p[length] == ',');
		}
	}
	return NULL;
}
