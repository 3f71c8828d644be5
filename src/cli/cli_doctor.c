/* doctor: what the agent needs, what is there, and how to mend the rest. */
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/file.h"
#include "artifacts/progress.h"
#include "base/words.h"
#include "aws/aws.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "codec/document.h"

void doctor_say(struct doctor *doctor, const char *id, enum doctor_answer answer, bool optional, const char *detail,
		const char *remedy)
{
	json_t *ok = answer == DOCTOR_UNKNOWN ? json_null() : json_boolean(answer == DOCTOR_OK);
	json_array_append_new(doctor->checks, json_pack("{s:s, s:o, s:s, s:s?, s:b}", "id", id, "ok", ok, "detail",
							detail ? detail : "", "remedy", remedy, "optional", optional));
}

void doctor_say_error(struct doctor *doctor, const char *id, bool optional, struct error *error)
{
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_line(error, &line);
	doctor_say(doctor, id, DOCTOR_BAD, optional, buf_str(&line), error->remedy);
	error_free(error);
}

/* "v1.9.5" or "6.2.1" out of what a program says of itself; NULL: it says none. The caller's. */
static char *version_in(const char *text)
{
	for (const char *p = text; *p; p++) {
		size_t n = strspn(p, "0123456789."), dots = 0;
		for (size_t i = 0; i < n; i++)
			dots += p[i] == '.';
		if (n && dots >= 1 && *p != '.' && p[n - 1] != '.')
			return mem_strndup(p, n);
		p += n ? n - 1 : 0;
	}
	return NULL;
}

static char *version_of(struct doctor *doctor, const char *program, const char *word)
{
	const struct ports *ports = &doctor->cli->ports;
	const char *argv[] = {program, word, NULL};
	char *job CLEANUP(mem_freep) = mem_printf("doctor-%lld", (long long)clock_mono_ms(ports->clock));
	struct process_spec spec = {.name = job, .argv = argv, .deadline_ms = 10 * SECOND_MS, .grace_ms = SECOND_MS};
	struct buf out CLEANUP(buf_done) = BUF_INIT(64 << 10);
	int status = 0;
	struct error *error = process_run(ports->process, ports->clock, &spec, &out, &status);
	bool told = !error && status == 0;
	error_free(error);
	return told ? version_in(buf_str(&out)) : NULL;
}

static void tool(struct doctor *doctor, const char *program, const char *word, bool optional, const char *remedy)
{
	char *id CLEANUP(mem_freep) = mem_printf("tool-%s", program);
	char *path CLEANUP(mem_freep) = NULL, *version CLEANUP(mem_freep) = NULL;
	struct error *error = process_which(doctor->cli->ports.process, program, &path);
	if (!error && path)
		version = version_of(doctor, path, word);
	char *detail CLEANUP(mem_freep) = version ? mem_printf("%s, at %s", version, path) : mem_strdup(path);
	if (error)
		doctor_say_error(doctor, id, optional, error);
	else
		doctor_say(doctor, id, path ? DOCTOR_OK : DOCTOR_BAD, optional, path ? detail : "not on PATH",
			   path ? NULL : remedy);
}

static void journal_disk(struct doctor *doctor)
{
	const char *path = doctor->cli->config.journal ? doctor->cli->config.journal : ".eks-upgrade-agent/journal.db";
	struct error *error = file_make_folders(path);
	if (error) {
		doctor_say_error(doctor, "journal", false, error);
		return;
	}
	char *directory CLEANUP(mem_freep) = mem_strdup(path);
	char *slash = strrchr(directory, '/');
	if (slash)
		*slash = '\0';
	const char *where = slash && *directory ? directory : slash ? "/" : ".";
	struct statvfs disk;
	if (statvfs(where, &disk) != 0 || access(where, W_OK) != 0) {
		doctor_say(doctor, "journal", DOCTOR_BAD, false, "its directory cannot be written",
			   "name another by --journal");
		return;
	}
	uint64_t free_mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
	char *detail CLEANUP(mem_freep) = mem_printf("%s, %llu MiB free", path, (unsigned long long)free_mib);
	doctor_say(doctor, "journal", free_mib >= 64 ? DOCTOR_OK : DOCTOR_BAD, false, detail,
		   free_mib >= 64 ? NULL : "make room: at least 64 MiB");
}

/* Configuration, journal disk, tools, clock. */
static void doctor_machine(struct doctor *doctor)
{
	const struct config *config = &doctor->cli->config;
	doctor_say(doctor, "config", config->cluster ? DOCTOR_OK : DOCTOR_BAD, false,
		   config->cluster ? config->cluster : "no cluster is named",
		   config->cluster ? NULL : "set \"cluster\" in eks-upgrade-agent.yaml or EUA_CLUSTER");
	journal_disk(doctor);
	tool(doctor, config->terraform.binary ? config->terraform.binary : "terraform", "version", false,
	     "install terraform, or set terraform.binary");
	tool(doctor, "newman", "--version", true, "npm install -g newman, when tests name collections");
	tool(doctor, "jmeter", "--version", true, "install jmeter, when tests name load plans");
	tool(doctor, "pluto", "version", true, "optional second opinion on deprecated APIs");
	tool(doctor, "kubent", "--version", true, "optional second opinion on deprecated APIs");
}

/* The links up to the one that answered. */
static void print_chain(struct cli *cli, const json_t *chain)
{
	size_t i;
	const json_t *link;
	json_array_foreach (chain, i, link) {
		const json_t *ok = json_object_get(link, "ok");
		buf_printf(cli->out, "        %-7s %-20s",
			   json_is_true(ok)    ? "found"
			   : json_is_false(ok) ? "failed"
					       : "not",
			   document_text_or(link, "link", ""));
		progress_line(cli->out, " ", document_text_or(link, "detail", ""));
		if (!json_is_null(ok))
			break;
	}
}

static void print_text(struct cli *cli, const json_t *checks)
{
	size_t i;
	const json_t *check;
	json_array_foreach (checks, i, check) {
		const json_t *ok = json_object_get(check, "ok");
		bool optional = document_true(check, "optional");
		const char *word = json_is_null(ok) ? "?" : json_is_true(ok) ? "ok" : optional ? "none" : "NOT OK";
		buf_printf(cli->out, "%-7s %-32s ", word, document_text_or(check, "id", ""));
		words_clean(cli->out, slice_of(document_text_or(check, "detail", "")), false, 0);
		buf_puts(cli->out, optional ? " (optional)\n" : "\n");
		print_chain(cli, json_object_get(check, "chain"));
		if (!json_is_true(ok) && document_text(check, "remedy"))
			progress_line(cli->out, "        do: ", document_text(check, "remedy"));
	}
}

static struct error *run(struct cli *cli, int *ret_exit)
{
	TRY(cli_load_config(cli, false));
	TRY(cli_open_ports(cli, HOST_STORE_NONE));
	struct doctor doctor = {
		.cli = cli, .checks = json_array(), .world = {.ports = &cli->ports, .config = &cli->config}};
	doctor_machine(&doctor);
	doctor_aws(&doctor);
	doctor_kube(&doctor);
	world_done(&doctor.world);
	size_t i, bad = 0;
	const json_t *check;
	json_array_foreach (doctor.checks, i, check)
		bad += json_is_false(json_object_get(check, "ok")) && !document_true(check, "optional");
	*ret_exit = bad ? EXIT_FAILED : EXIT_DONE;
	if (cli_format_is(cli, "json")) {
		cli_print_document(cli, doctor.checks);
		return NULL;
	}
	print_text(cli, doctor.checks);
	buf_printf(cli->out,
		   bad == 1 ? "\none need is not met\n"
		   : bad    ? "\n%zu needs are not met\n"
			    : "\nall needs are met; next: eks-upgrade-agent assess\n",
		   bad);
	json_decref(doctor.checks);
	return NULL;
}

static const struct cli_flag flags[] = {
	{"cluster", 0, "NAME", false, "the cluster that serves now", "cluster"},
	{NULL, 0, NULL, false, NULL, NULL},
};

const struct cli_command cli_command_doctor = {
	.name = "doctor",
	.arguments = "",
	.doc = "what the agent needs, what is there, how to mend the rest",
	.flags = flags,
	.run = run,
};
