/* Reading clusters in YAML. */
#include "cases.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "codec/yaml.h"
#include "knowledge/lifecycle.h"
#include "perception/audit_log.h"
#include "scan/scan.h"

#define FOLDER "tests/assessment/cases"

struct reading {
	case_fn *fn;
	void *context;
	const char *file;
};

static bool one(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	struct reading *reading = context;
	char *where CLEANUP(mem_freep) = mem_printf("%s:%d", reading->file, line);
	(void)index;
	if (error) {
		fprintf(stderr, "%s: %s\n", where, error->message);
		abort();
	}
	if (json_is_object(document))
		reading->fn(reading->context, document, where);
	return true;
}

static int is_yaml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return n > 5 && !strcmp(entry->d_name + n - 5, ".yaml");
}

static char *read_all(const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "r");
	struct buf text = BUF_INIT(16 << 20);
	char chunk[4096];
	if (!file)
		abort();
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
		buf_append(&text, chunk, n);
	fclose(file);
	*ret_n = text.n;
	return buf_take(&text);
}

void cases_each(case_fn *fn, void *context)
{
	struct dirent **entries;
	int n = scandir(FOLDER, &entries, is_yaml, alphasort);
	if (n <= 0) {
		fprintf(stderr, "no cases in %s\n", FOLDER);
		abort();
	}
	for (int i = 0; i < n; i++) {
		size_t length;
		char *path CLEANUP(mem_freep) = mem_printf("%s/%s", FOLDER, entries[i]->d_name);
		char *text CLEANUP(mem_freep) = read_all(path, &length);
		struct reading reading = {fn, context, path};
		struct error *error = yaml_documents(slice_make(text, length), path, one, &reading);
		if (error) {
			fprintf(stderr, "%s\n", error->message);
			abort();
		}
		free(entries[i]);
	}
	free(entries);
}

static void take_objects(struct inventory *inventory, const json_t *objects)
{
	size_t i;
	const json_t *object;
	json_array_foreach (objects, i, object) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
		struct arena *scratch CLEANUP(arena_freep) = arena_new();
		document_print(object, false, &text);
		inventory_take_text(inventory, buf_slice(&text), scratch);
	}
}

static void take_metrics(struct inventory *inventory, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		inventory_metric_line(inventory, slice_make(text, n));
		text += n + (text[n] == '\n');
	}
}

static void take_files(struct inventory *inventory, json_t *files, unsigned target)
{
	struct scan_options options = {.target_minor = target, .arena = inventory->arena};
	struct scan *scan CLEANUP(scan_freep) = scan_new(&options);
	struct assessment found = {0};
	const char *name;
	json_t *text;
	json_object_foreach (files, name, text)
		scan_text(scan, slice_of(json_string_value(text)), name, strstr(name, "git/") ? "git" : "file");
	scan_finish(scan, &found, NULL);
	inventory->manifests = found.findings;
	inventory->n_manifests = found.n_findings;
	inventory_source(inventory, "manifests", SOURCE_OK, NULL);
}

static enum source_status status_of(const char *word)
{
	for (int i = 0; source_status_names[i]; i++)
		if (!strcmp(source_status_names[i], word))
			return (enum source_status)i;
	fprintf(stderr, "no source status \"%s\"\n", word);
	abort();
}

struct inventory *case_inventory(const json_t *document)
{
	struct inventory *inventory = inventory_new();
	const char *name, *now = document_text_or(document, "now", "2026-11-25T00:00:00Z");
	json_t *status;
	inventory->offline = true;
	inventory->restarted = false;
	inventory->cluster = document_text_or(document, "named", "shop");
	inventory->region = "us-east-1";
	if (!time_parse_rfc3339(slice_of(now), &inventory->captured_at_ms))
		abort();
	if (json_is_object(json_object_get(document, "aws"))) {
		json_decref(inventory->aws);
		inventory->aws = json_deep_copy(json_object_get(document, "aws"));
	}
	if (!json_object_get(inventory->aws, "describe_cluster"))
		json_object_set_new(inventory->aws, "describe_cluster",
				    json_pack("[{s:{s:s}, s:{s:{s:s, s:s, s:s, s:s}}}]", "request", "name", "shop",
					      "response", "cluster", "name", "shop", "arn",
					      "arn:aws:eks:us-east-1:111122223333:cluster/shop", "status", "ACTIVE",
					      "version", document_text_or(document, "from", "1.33")));
	take_objects(inventory, json_object_get(document, "objects"));
	take_metrics(inventory, document_text(document, "metrics"));
	if (json_object_get(document, "manifests"))
		take_files(inventory, json_object_get(document, "manifests"),
			   knowledge_minor(document_text_or(document, "to", "1.34")));
	if (document_text(document, "audit_log"))
		audit_log_text(inventory, slice_of(document_text(document, "audit_log")));
	inventory->readyz = document_text(document, "readyz");
	inventory->warnings = json_incref(json_object_get(document, "warnings"));
	inventory->survey = json_incref(json_object_get(document, "survey"));
	json_object_foreach (json_object_get(document, "sources"), name, status)
		inventory_source(inventory, name, status_of(json_string_value(status)), "not allowed");
	inventory_settle(inventory);
	return inventory;
}

void case_config(const json_t *document, struct arena *arena, struct config *ret)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *config DOCUMENT_CLEANUP = json_deep_copy(json_object_get(document, "config"));
	if (!config)
		config = json_object();
	if (!json_object_get(config, "cluster"))
		json_object_set_new(config, "cluster", json_string("shop"));
	document_print(config, false, &text); /* JSON is YAML */
	struct error *error = config_from_text(buf_slice(&text), "config", arena, ret);
	if (error) {
		fprintf(stderr, "config: %s\n", error->message);
		abort();
	}
}
