/* An assessment as SARIF 2.1.0 (OASIS), for code scanning: a rule for each check, a result for each finding, at the
 * place in the file that it was read from or at the cluster's object. What is not known is a result of kind "open",
 * what was accepted is suppressed. Section numbers are those of the standard. */
#include <ctype.h>
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "base/digest.h"
#include "base/time.h"
#include "base/words.h"
#include "codec/document.h"

struct log {
	const struct assessment_view *view;
	json_t *rules;
	json_t *rule_places; /* id -> index */
	json_t *seen;	     /* fingerprint -> how often */
};

/* Plain text may hold links, "[words](target)" (3.11.6): a message of ours never does. */
static json_t *message(const char *text)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	for (const char *p = text ? text : ""; *p; p++) {
		buf_putc(&out, *p);
		if (*p == ']' && p[1] == '(')
			buf_putc(&out, ' ');
	}
	return json_pack("{s:s}", "text", buf_str(&out));
}

static void set(json_t *object, const char *name, const char *value)
{
	if (value && *value)
		json_object_set_new(object, name, json_string(value));
}

static const char *level_of(const struct finding *finding)
{
	static const char *const levels[] = {"error", "error", "warning", "note", "note"};
	return finding->status == FINDING_UNKNOWN ? "none" : levels[finding->severity];
}

static json_t *rule(const char *id, const char *title, const char *page)
{
	json_t *made = json_pack("{s:s, s:o}", "id", id, "shortDescription", message(title && *title ? title : id));
	set(made, "helpUri", page);
	return made;
}

static json_int_t rule_index(struct log *log, const struct finding *finding)
{
	const json_t *place = json_object_get(log->rule_places, finding->id);
	if (place)
		return json_integer_value(place);
	json_int_t index = (json_int_t)json_array_size(log->rules);
	json_t *made = rule(finding->id, finding->title, assessment_link(finding));
	struct finding found = *finding;
	found.status = FINDING_FOUND; /* the level of the check itself, also when it gave no answer */
	json_object_set_new(made, "defaultConfiguration", json_pack("{s:s}", "level", level_of(&found)));
	json_object_set_new(made, "properties",
			    json_pack("{s:s, s:[s,s]}", "severity", severity_names[finding->severity], "tags",
				      "kubernetes", "upgrade"));
	json_array_append_new(log->rules, made);
	json_object_set_new(log->rule_places, finding->id, json_integer(index));
	return index;
}

/* A path as a URI (3.4.4): relative to the root of the source, or of scheme file. From the bytes as they were. */
static json_t *artifact(const char *path)
{
	static const char plain[] = "-._~/!$'()*+,;=@";
	struct buf uri CLEANUP(buf_done) = BUF_INIT(1 << 20);
	while (!strncmp(path, "./", 2))
		path += 2;
	buf_puts(&uri, *path == '/' ? "file://" : "");
	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		if ((*p < 0x80 && isalnum(*p)) || strchr(plain, *p))
			buf_putc(&uri, (char)*p);
		else
			buf_printf(&uri, "%%%02X", *p);
	}
	json_t *made = json_pack("{s:s}", "uri", buf_str(&uri));
	if (*path != '/')
		json_object_set_new(made, "uriBaseId", json_string("%SRCROOT%"));
	return made;
}

static json_t *logical_location(const struct log *log, const struct finding *finding)
{
	const struct finding_object *object = finding->object;
	struct buf name CLEANUP(buf_done) = BUF_INIT(1 << 18);
	if (!object || (!object->name && !object->arn))
		return NULL;
	const char *cluster = log->view->shown.cluster;
	if (object->arn && *object->arn && !(object->name && *object->name))
		buf_puts(&name, object->arn);
	else
		buf_printf(&name, "%s%s%s%s%s%s%s", cluster ? cluster : "", cluster ? "/" : "",
			   object->ns ? object->ns : "", object->ns ? "/" : "", object->kind ? object->kind : "",
			   object->kind ? "/" : "", object->name);
	json_t *made = json_pack("{s:s, s:s}", "fullyQualifiedName", buf_str(&name), "kind", "resource");
	set(made, "name", object->name && *object->name ? object->name : object->arn);
	return made;
}

static json_t *locations(const struct log *log, const struct finding *finding, const struct finding *raw)
{
	json_t *place = json_object(), *logical = logical_location(log, finding);
	if (raw->file && *raw->file) {
		json_t *physical = json_pack("{s:o}", "artifactLocation", artifact(raw->file));
		if (raw->line > 0)
			json_object_set_new(physical, "region", json_pack("{s:I}", "startLine", (json_int_t)raw->line));
		json_object_set_new(place, "physicalLocation", physical);
	}
	if (logical)
		json_object_set_new(place, "logicalLocations", json_pack("[o]", logical));
	if (json_object_size(place))
		return json_pack("[o]", place);
	json_decref(place);
	return json_array();
}

/* The same finding keeps its fingerprint when lines move and words change (3.27.17). */
static void fingerprint(struct log *log, const struct finding *raw, json_t *result)
{
	static const struct finding_object none = {0};
	const struct finding_object *object = raw->object ? raw->object : &none;
	const char *const parts[] = {raw->id,	   raw->scope,	object->kind, object->ns,
				     object->name, object->arn, raw->file,    raw->api_version};
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	char hash[65];
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		buf_puts(&text, parts[i] ? parts[i] : "");
		buf_putc(&text, '\0');
	}
	sha256_hex(buf_slice(&text), hash);
	json_int_t nth = json_integer_value(json_object_get(log->seen, hash)) + 1;
	json_object_set_new(log->seen, hash, json_integer(nth));
	char *whole CLEANUP(mem_freep) = mem_printf("%.32s:%lld", hash, (long long)nth);
	json_object_set_new(result, "partialFingerprints", json_pack("{s:s}", "eksUpgradeAgent/v1", whole));
}

static json_t *sentence_of(const struct log *log, const struct finding *finding)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 18);
	assessment_sentence(finding, true, &text);
	if (finding->status == FINDING_UNKNOWN && finding->reason)
		buf_printf(&text, "\nnot known: %s", finding->reason);
	for (size_t i = 0; i < finding->n_evidence; i++) {
		buf_puts(&text, "\nseen: ");
		assessment_evidence(log->view, &finding->evidence[i], &text);
	}
	if (assessment_replacement(finding))
		buf_printf(&text, "\nuse: %s", assessment_replacement(finding));
	if (finding->remedy && *finding->remedy)
		buf_printf(&text, "\ndo: %s", finding->remedy);
	return message(buf_str(&text));
}

static json_t *properties(const struct finding *finding)
{
	json_t *made = json_pack("{s:s, s:s}", "severity", severity_names[finding->severity], "status",
				 finding_status_names[finding->status]);
	set(made, "scope", finding->scope);
	set(made, "api_version", finding->api_version);
	set(made, "removed_in", finding->removed_in);
	set(made, "deprecated_in", finding->deprecated_in);
	set(made, "replacement", finding->replacement);
	if (finding->document > 0)
		json_object_set_new(made, "document", json_integer(finding->document));
	return made;
}

/* The caller's. */
static json_t *result_of(struct log *log, const struct finding *finding, const struct finding *raw)
{
	struct buf justification CLEANUP(buf_done) = BUF_INIT(1 << 17);
	json_t *result =
		json_pack("{s:s, s:I, s:s, s:s, s:o, s:o, s:o}", "ruleId", finding->id, "ruleIndex",
			  rule_index(log, finding), "kind", finding->status == FINDING_UNKNOWN ? "open" : "fail",
			  "level", level_of(finding), "message", sentence_of(log, finding), "locations",
			  locations(log, finding, raw), "properties", properties(finding));
	fingerprint(log, raw, result);
	if (finding->status == FINDING_ACCEPTED) {
		assessment_acceptance(finding, &justification);
		json_object_set_new(result, "suppressions",
				    json_pack("[{s:s, s:s, s:s}]", "kind", "external", "status", "accepted",
					      "justification", buf_str(&justification)));
	}
	return result;
}

/* What could not be read, so that "nothing found" is not taken for "nothing there" (3.20.21). */
static json_t *notifications(const struct log *log)
{
	json_t *list = json_array();
	for (size_t i = 0; i < log->view->shown.n_sources; i++) {
		const struct assessment_source *source = &log->view->shown.sources[i];
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
		if (!source->status || !strcmp(source->status, "ok"))
			continue;
		buf_printf(&text, "%s: %s%s%s", source->name, source->status, source->detail ? ", " : "",
			   source->detail ? source->detail : "");
		json_array_append_new(list, json_pack("{s:s, s:o}", "level",
						      !strcmp(source->status, "skipped") ? "note" : "warning",
						      "message", message(buf_str(&text))));
	}
	return list;
}

static json_t *invocation(const struct log *log)
{
	json_t *made =
		json_pack("{s:b, s:o}", "executionSuccessful", 1, "toolExecutionNotifications", notifications(log));
	if (log->view->shown.captured_at_ms) {
		char time[TIME_TEXT];
		set(made, "startTimeUtc", time_format_rfc3339(log->view->shown.captured_at_ms, time));
	}
	return made;
}

static json_t *run(const struct log *log)
{
	struct buf title CLEANUP(buf_done) = BUF_INIT(1 << 17), answer CLEANUP(buf_done) = BUF_INIT(1 << 17);
	const struct assessment *shown = &log->view->shown;
	assessment_title(log->view, "to", &title);
	assessment_answer(log->view, &answer);
	json_t *driver = json_pack("{s:s, s:s, s:s, s:O}", "name", "eks-upgrade-agent", "version", EUA_VERSION,
				   "semanticVersion", EUA_VERSION, "rules", log->rules);
	return json_pack("{s:{s:o}, s:{s:o, s:o}, s:[o], s:{s:{s:o}}, s:s, s:{s:b, s:s}}", "tool", "driver", driver,
			 "automationDetails", "id",
			 document_printf("eks-upgrade-agent/%s/%s", shown->tool ? shown->tool : "assess",
					 shown->cluster ? shown->cluster : "files"),
			 "description", message(buf_str(&title)), "invocations", invocation(log), "originalUriBaseIds",
			 "%SRCROOT%", "description", message("the folder that was scanned from"), "columnKind",
			 "unicodeCodePoints", "properties", "ready", shown->ready, "answer", buf_str(&answer));
}

static void add_rules(struct log *log)
{
	const struct assessment *shown = &log->view->shown;
	for (size_t i = 0; i < shown->n_findings; i++)
		rule_index(log, &shown->findings[i]);
	for (size_t i = 0; i < shown->n_checks; i++) {
		const struct assessment_check *check = &shown->checks[i];
		const struct finding as_finding = {.page = check->page};
		if (json_object_get(log->rule_places, check->id))
			continue;
		json_object_set_new(log->rule_places, check->id, json_true());
		json_array_append_new(log->rules, rule(check->id, check->title, assessment_link(&as_finding)));
	}
}

/* Takes the document. */
static void print(struct buf *out, json_t *document, bool pretty)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(out->max);
	out->overflowed |= !document_print(document, pretty, &text);
	words_clean_json(out, buf_slice(&text));
	json_decref(document);
}

/* Results are written one by one, a line each: there may be many, and a tree of them would be ten times the text. */
void assessment_sarif(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	(void)style;
	struct log log = {view, json_array(), json_object(), json_object()};
	struct buf head CLEANUP(buf_done) = BUF_INIT(out->max);
	add_rules(&log);
	print(&head, run(&log), true);
	buf_puts(out, "{\"$schema\": \"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
		      "sarif-schema-2.1.0.json\",\n\"version\": \"2.1.0\",\n\"runs\": [");
	buf_append(out, head.p, head.n < 2 ? 0 : head.n - 2); /* still open: the results follow */
	buf_puts(out, ",\n  \"results\": [");
	for (size_t i = 0; i < view->shown.n_findings && !out->overflowed; i++) {
		buf_puts(out, i ? ",\n" : "\n");
		print(out, result_of(&log, &view->shown.findings[i], &view->raw[i]), false);
	}
	buf_puts(out, "\n]}]}\n");
	out->overflowed |= head.overflowed;
	json_decref(log.rules);
	json_decref(log.rule_places);
	json_decref(log.seen);
}
