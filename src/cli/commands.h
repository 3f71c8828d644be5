/* Every command's row, for the table in cli.c; and what commands share. */
#pragma once

#include <jansson.h>
#include "agent/state.h"
#include "cli/cli.h"
#include "models/cluster_state.h"
#include "models/finding.h"
#include "models/upgrade_plan.h"
#include "perception/release_notes.h"

extern const struct cli_command cli_command_rehearse, cli_command_assess, cli_command_plan, cli_command_upgrade,
	cli_command_status, cli_command_watch, cli_command_approve, cli_command_pause, cli_command_resume,
	cli_command_cancel, cli_command_rollback, cli_command_report, cli_command_verify, cli_command_doctor,
	cli_command_config, cli_command_sim, cli_command_completion, cli_command_version, cli_command_call,
	cli_command_scan, cli_command_release_notes, cli_command_iam_policy;

/* --cluster of rehearse and sim serve: a size of an example (*ret is NULL then), or the file of a snapshot. */
struct error *cli_read_snapshot(struct cli *cli, const char *cluster, const struct cluster_state **ret) MUST_CHECK;

/* Closes what cli_open_ports() opened. */
void cli_close(struct cli *cli);

/* An error as one JSON object: {"error":
 * {"class","message","code","service","operation","request_id","http_status","remedy"}}. */
json_t *cli_error_document(const struct error *error);
/* Of this machine, whatever clock the ports follow. */
int64_t cli_monotonic_ms(void);
/* Prints a document to stdout, pretty, with a newline; frees it. */
void cli_print_document(struct cli *cli, json_t *document);
void cli_print_line(struct cli *cli, json_t *document); /* the same on one line */

int cli_exit_of_result(enum run_result result);

/* What assess and scan found, as -o says. */
struct error *cli_print_assessment(struct cli *cli, const struct assessment *assessment) MUST_CHECK;

/* --with: runs pluto and kubent over the files, or (NULL) over the cluster, and compares; says which of them are not
 * there. `assessment` NULL: only looks whether the flag is well. */
struct error *cli_with_scanners(struct cli *cli, unsigned minor, const char *const *paths, size_t n_paths,
				struct assessment *assessment) MUST_CHECK;
/* --audit-log and --manifests: into the inventory; findings live in the command's arena. */
struct inventory;
struct error *cli_take_evidence(struct cli *cli, struct inventory *inventory) MUST_CHECK;

/* What checks there are, all or one, as -o says; and that there is none of this name. */
void checks_list(struct cli *cli);
struct error *checks_explain(struct cli *cli, const char *id) MUST_CHECK;
struct error *checks_unknown(const char *id) MUST_CHECK;

/* How text is printed here: columns, colour, zone. */
struct assessment_style;
void cli_style(struct cli *cli, struct assessment_style *ret);

/* To the configured target, with the mirror, the folder of copies and --offline; the ports must be open. */
struct release_notes_request cli_notes_request(struct cli *cli);

/* Before a plan is made here: the Terraform module that it will need is there. */
struct error *cli_check_module(struct cli *cli) MUST_CHECK;
/* A plan as terraform would print one. */
void cli_print_plan(struct cli *cli, const struct upgrade_plan *plan, const struct cluster_state *state);
