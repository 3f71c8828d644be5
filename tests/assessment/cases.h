/* Clusters in YAML: each document of tests/assessment/cases is a small cluster and what a check must say of it.
 *
 *   check: WL-PDB-ZERO            # the check that is run
 *   case: as many as there are    # in words
 *   from: "1.33"                  # default "1.33"; to: default "1.34"; now: default 2026-11-25T00:00:00Z
 *   config: {validation: {…}}     # as in the configuration file
 *   objects: [{apiVersion: …}]    # of Kubernetes, as the API shows them
 *   aws: {describe_nodegroup: [{request: {…}, response: {…}}]}   # describe_cluster is made up unless given
 *   metrics: |                    # lines of the API server's
 *   manifests: {git/web.yaml: |…}  # files that were scanned; below git/: in a Git working tree
 *   audit_log: |                  # lines of an audit log's file
 *   warnings: [{path: …, text: …, count: 1}]  # Warning headers that our own reading met
 *   survey: {server: …, clock_skew_ms: 0, tools: {terraform: null}}   # what the look knows of itself
 *   sources: {"kubernetes pods": denied}
 *   before: {objects: …, aws: …}  # an earlier look, for checks that compare; named: the cluster's name, default shop
 *   expect: [{object: payments/redis-pdb, severity: BLOCKER, says: part of message or evidence, remedy: part}]
 *   stop: part                    # of what frees the first pod that stops the drain
 *   bad: true                     # an object may be one that cannot be read
 *   unknown: true                 # instead: it must be unknown, and nothing else
 *   partly: true                  # beside expect: some of it is unknown, {unknown: true} among what is wanted
 */
#pragma once

#include <jansson.h>
#include "assessment/check.h"

typedef void case_fn(void *context, const json_t *document, const char *where);
void cases_each(case_fn *fn, void *context); /* of every file, in order of their names */
/* The inventory a case describes; and its configuration, in the arena. */
struct inventory *case_inventory(const json_t *document);
void case_config(const json_t *document, struct arena *arena, struct config *ret);
