/* From an object's words to findings: what the tables say of its API version, and how that is told. */
#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

enum scan_verdict scan_judge(const struct api_lifecycle *api, unsigned target)
{
	if (!api)
		return SCAN_LIVE;
	if (api->component)
		return api->removed ? SCAN_REMOVED : api->deprecated ? SCAN_DEPRECATED : SCAN_LIVE;
	return knowledge_api_removed(api, target)      ? SCAN_REMOVED
	       : knowledge_api_deprecated(api, target) ? SCAN_DEPRECATED
						       : SCAN_LIVE;
}

const struct api_lifecycle *scan_replacement(const struct api_lifecycle *api, unsigned target)
{
	const struct api_lifecycle *best = NULL;
	for (unsigned hops = 0; api && api->replacement_version && hops < 8; hops++) {
		api = knowledge_api(api->replacement_group ? api->replacement_group : "", api->replacement_version,
				    api->replacement_kind ? api->replacement_kind : api->kind);
		enum scan_verdict verdict = scan_judge(api, target);
		if (api && verdict != SCAN_REMOVED)
			best = api;
		if (verdict == SCAN_LIVE)
			break;
	}
	return best;
}

const char *scan_words(struct scan *scan, struct slice text)
{
	char *copy = arena_strndup(scan->arena, text.p ? text.p : "", text.n < SCAN_WORD ? text.n : SCAN_WORD);
	size_t n = strlen(copy);
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)copy[i];
		size_t more = c < 0x80		      ? 0
			      : c >= 0xc2 && c < 0xe0 ? 1
			      : c >= 0xe0 && c < 0xf0 ? 2
			      : c >= 0xf0 && c < 0xf5 ? 3
						      : SIZE_MAX;
		bool good = more != SIZE_MAX && i + more < n && c >= 0x20 && c != 0x7f;
		for (size_t k = 1; good && k <= more; k++)
			good = ((unsigned char)copy[i + k] & 0xc0) == 0x80;
		if (!good)
			copy[i] = c == '\n' || c == '\t' || c == '\r' ? ' ' : '?';
		i += good ? 1 + more : 1;
	}
	return copy;
}

int64_t scan_line(struct scan *scan, size_t at)
{
	at += scan->document_at;
	at = at < scan->text.n ? at : scan->text.n;
	if (at < scan->counted_at)
		scan->counted_at = 0, scan->counted_lines = 0;
	const char *p = scan->text.p + scan->counted_at, *end = scan->text.p + at;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		scan->counted_lines++;
	}
	scan->counted_at = at;
	return scan->counted_lines + 1;
}

struct finding *scan_find(struct scan *scan, const char *id, enum severity severity)
{
	if (scan->n_findings == SCAN_MAX_FINDINGS) {
		scan->dropped++;
		return NULL;
	}
	if (!scan->file)
		scan->file = arena_strdup(scan->arena, scan->name);
	struct finding *finding = HEAP_PUSH(scan->findings, scan->n_findings);
	finding->id = id;
	finding->severity = (int)severity;
	finding->status = FINDING_FOUND;
	finding->scope = "";
	finding->file = scan->file;
	finding->document = scan->document_number;
	return finding;
}

/* Of a template the words are told as they are written. */
static struct slice as_written(const struct scan *scan, struct scan_spot spot)
{
	if (!scan->template || !spot.text.n)
		return spot.text;
	bool direct = spot.text.p >= scan->read.p && spot.text.p < scan->read.p + scan->read.n;
	size_t at = direct ? (size_t)(spot.text.p - scan->read.p) : scan->document_at + spot.at;
	if (at >= scan->text.n)
		return spot.text;
	at += !direct && strchr("\"'", scan->text.p[at]) ? 1 : 0;
	size_t n = spot.text.n < scan->text.n - at ? spot.text.n : scan->text.n - at;
	return slice_make(scan->text.p + at, n);
}

struct finding_object *scan_name_object(struct scan *scan, const struct scan_object *object, const char *kind)
{
	struct finding_object *named = arena_alloc(scan->arena, sizeof *named);
	struct slice name = as_written(scan, object->name), ns = as_written(scan, object->ns);
	named->kind = kind;
	named->name = name.n ? scan_words(scan, name) : NULL;
	named->ns = ns.n ? scan_words(scan, ns) : NULL;
	return named;
}

struct finding_evidence *scan_evidence(struct scan *scan, const char *detail)
{
	struct finding *finding = &scan->findings[scan->n_findings - 1];
	struct finding_evidence *evidence = ARENA_PUSH(scan->arena, finding->evidence, finding->n_evidence);
	evidence->source = scan->source;
	evidence->detail = scan->template
				   ? arena_printf(scan->arena, "read from a template%s: %s",
						  scan->by_lines ? " line by line, because it is no YAML" : "", detail)
				   : detail;
	return evidence;
}

void scan_unknown(struct scan *scan, int64_t line, const char *reason, const char *remedy)
{
	bool helm = !strcmp(scan->source, "helm");
	struct finding *finding =
		scan_find(scan, helm ? "API-HELM-STORED" : "API-GIT", helm ? SEVERITY_BLOCKER : SEVERITY_HIGH);
	if (!finding)
		return;
	finding->status = FINDING_UNKNOWN;
	finding->title = "not readable";
	finding->line = line;
	finding->reason = scan_words(scan, slice_of(reason));
	finding->remedy = remedy;
}

/* "policy/v1", or "discovery.k8s.io/v1 EndpointSlice" when the kind is another. */
static const char *replacement_text(struct scan *scan, const struct api_lifecycle *api, const struct api_lifecycle *new)
{
	if (!new)
		return NULL;
	bool same = !strcmp(api->kind, new->kind);
	return arena_printf(scan->arena, "%s%s%s%s%s", new->group, *new->group ? "/" : "", new->version,
			    same ? "" : " ", same ? "" : new->kind);
}

/* What is told of one line of the tables, whatever object it is about: made once. */
struct scan_told {
	const char *api_version, *detail, *message, *removed_in, *deprecated_in, *replacement, *remedy, *page;
};

static const char *release(struct scan *scan, const struct api_lifecycle *api, const char *version)
{
	return api->component && version ? arena_printf(scan->arena, "%s %s", api->component, version) : version;
}

/* The guide has a section only for some releases. */
static const char *page_of(struct scan *scan, const struct api_lifecycle *api)
{
	static const unsigned sections[] = {16, 22, 25, 26, 27, 29, 32};
	static const char guide[] = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/";
	unsigned minor = knowledge_minor(api->removed);
	for (size_t i = 0; !api->component && i < ARRAY_SIZE(sections); i++)
		if (sections[i] == minor)
			return arena_printf(scan->arena, "%s#v1-%u", guide, minor);
	return api->component ? NULL : guide;
}

static const struct scan_told *told(struct scan *scan, const struct api_lifecycle *api)
{
	struct scan_told **slot = &scan->told[api - knowledge_apis], *known = *slot;
	if (known)
		return known;
	struct scan_told *new = *slot = arena_alloc(scan->arena, sizeof *new);
	bool removed = scan_judge(api, scan->target) == SCAN_REMOVED;
	const char *what = api->component ? api->component : "Kubernetes";
	new->api_version = arena_printf(scan->arena, "%s%s%s", api->group, *api->group ? "/" : "", api->version);
	new->detail = arena_printf(scan->arena, "apiVersion: %s, kind: %s", new->api_version, api->kind);
	new->message =
		removed ? arena_printf(scan->arena, "%s %s is served no more from %s %s on", new->api_version,
				       api->kind, what, api->removed)
			: arena_printf(scan->arena, "%s %s is deprecated since %s %s%s%s", new->api_version, api->kind,
				       what, api->deprecated, api->removed ? " and goes away in " : "",
				       api->removed ? api->removed : "");
	new->removed_in = release(scan, api, api->removed);
	new->deprecated_in = release(scan, api, api->deprecated);
	new->replacement = replacement_text(scan, api, scan_replacement(api, scan->target));
	new->remedy = new->replacement ? arena_printf(scan->arena, "write it as %s", new->replacement)
		      : removed	       ? "take it out: nothing replaces it"
				       : "plan without it: nothing replaces it yet";
	new->page = page_of(scan, api);
	return new;
}

const char *scan_tell(struct scan *scan, struct finding *finding, const struct api_lifecycle *api,
		      enum severity severity)
{
	bool removed = scan_judge(api, scan->target) == SCAN_REMOVED;
	const struct scan_told *words = told(scan, api);
	finding->id = !removed ? "API-DEPRECATED" : strcmp(scan->source, "helm") != 0 ? "API-GIT" : "API-HELM-STORED";
	finding->severity = (int)severity;
	finding->status = FINDING_FOUND;
	finding->title = removed ? "API version is removed" : "API version is deprecated";
	finding->api_version = words->api_version;
	finding->message = words->message;
	finding->removed_in = words->removed_in;
	finding->deprecated_in = words->deprecated_in;
	finding->replacement = words->replacement;
	finding->remedy = words->remedy;
	finding->page = words->page;
	finding->reason = NULL;
	return words->detail;
}

enum severity scan_severity(const struct scan *scan, const struct api_lifecycle *api)
{
	return scan_judge(api, scan->target) != SCAN_REMOVED ? SEVERITY_LOW
	       : api->component				     ? SEVERITY_MEDIUM
	       : !strcmp(scan->source, "helm")		     ? SEVERITY_BLOCKER
							     : SEVERITY_HIGH;
}

/* `guardable`: it stands alone, so that a condition on versions may leave it out. */
static void tell(struct scan *scan, const struct scan_object *object, bool guardable, struct scan_spot api_spot,
		 const struct api_lifecycle *api)
{
	struct slice guard = scan->template && guardable
				     ? scan_template_guard(scan->template, scan->document_at + api_spot.at)
				     : slice_make("", 0);
	struct finding *finding = scan_find(scan, "API-GIT", SEVERITY_LOW);
	if (!finding)
		return;
	const char *detail = scan_tell(scan, finding, api, guard.n ? SEVERITY_LOW : scan_severity(scan, api));
	finding->line = scan_line(scan, api_spot.at);
	finding->object = scan_name_object(scan, object, api->kind);
	scan_evidence(scan,
		      guard.n ? arena_printf(scan->arena, "%s, only where {{ %s }}", detail, scan_words(scan, guard))
			      : detail);
}

/* ---- templates: each word may be one of several ---- */

enum { MAX_CHOICES = 12 };

struct choice {
	struct slice word;
	struct scan_spot spot;
};

struct chosen {
	struct choice of[MAX_CHOICES];
	unsigned n;
	bool unclear;
};

static bool has_actions(struct slice text)
{
	return text.p && (memmem(text.p, text.n, "{{", 2) || memmem(text.p, text.n, "{%", 2));
}

static void choose(struct scan *scan, const struct scan_spot *spots, unsigned n, bool api_version, struct chosen *ret)
{
	*ret = (struct chosen){.n = 0};
	for (unsigned i = 0; i < n; i++) {
		struct slice written = as_written(scan, spots[i]);
		struct scan_choices choices = {.words = {written}, .n = 1, .api_version = api_version};
		if (has_actions(written)) {
			choices.n = 0;
			scan_template_words(&choices, written);
		}
		ret->unclear |= choices.unclear;
		for (unsigned k = 0; k < choices.n && ret->n < MAX_CHOICES; k++)
			ret->of[ret->n++] = (struct choice){choices.words[k], spots[i]};
	}
}

const struct api_lifecycle *scan_look_up(struct slice api, struct slice kind)
{
	char api_text[SCAN_WORD], kind_text[SCAN_WORD];
	if (api.n >= sizeof api_text || kind.n >= sizeof kind_text)
		return NULL;
	memcpy(api_text, api.p ? api.p : "", api.n);
	memcpy(kind_text, kind.p ? kind.p : "", kind.n);
	api_text[api.n] = kind_text[kind.n] = '\0';
	return knowledge_api_version(api_text, kind_text);
}

/* Could any version of this kind be dead at the target? Then a version that cannot be told matters. */
static bool kind_matters(const struct scan *scan, struct slice kind)
{
	for (size_t i = 0; i < knowledge_n_apis; i++)
		if (slice_eq(kind, knowledge_apis[i].kind) && scan_judge(&knowledge_apis[i], scan->target) != SCAN_LIVE)
			return true;
	return false;
}

bool scan_version_matters(const struct scan *scan, struct slice api)
{
	const char *slash = memchr(api.p ? api.p : "", '/', api.n);
	struct slice group = slice_make(api.p, slash ? (size_t)(slash - api.p) : 0);
	struct slice version = slash ? slice_make(slash + 1, (size_t)(api.p + api.n - slash - 1)) : api;
	for (size_t i = 0; i < knowledge_n_apis; i++)
		if (slice_eq(group, knowledge_apis[i].group) && slice_eq(version, knowledge_apis[i].version) &&
		    scan_judge(&knowledge_apis[i], scan->target) != SCAN_LIVE)
			return true;
	return false;
}

static bool together(const struct scan *scan, const struct scan_spot *one, const struct scan_spot *other)
{
	return !scan->template ||
	       scan_template_together(scan->template, scan->document_at + one->at, scan->document_at + other->at);
}

static bool same(struct slice one, struct slice other)
{
	return one.n == other.n && (one.n == 0 || !memcmp(one.p, other.p, one.n));
}

static bool lives(const struct scan *scan, const struct choice *api, const struct choice *kind)
{
	return together(scan, &api->spot, &kind->spot) &&
	       scan_judge(scan_look_up(api->word, kind->word), scan->target) == SCAN_LIVE;
}

/* Is there, for this kind, a version that lives, in another arm of a condition than `api`, or in the same value? Then
 * the chart chooses by itself. Of two that stand side by side the later one holds. `api`: NULL when it is not known. */
static bool has_live_choice(const struct scan *scan, const struct chosen *apis, const struct choice *api,
			    const struct chosen *kinds, const struct choice *kind)
{
	for (unsigned k = 0; k < kinds->n; k++)
		for (unsigned a = 0; a < apis->n; a++) {
			const struct choice *other = &apis->of[a];
			if (same(kinds->of[k].word, kind->word) && lives(scan, other, &kinds->of[k]) &&
			    (!api || other->spot.at >= api->spot.at || !together(scan, &other->spot, &api->spot)))
				return true;
		}
	return false;
}

static void from_elsewhere(struct scan *scan, const struct scan_object *object, const struct chosen *kinds)
{
	struct slice apis[SCAN_ALTERNATIVES], words[SCAN_ALTERNATIVES];
	unsigned n_words = kinds->n < SCAN_ALTERNATIVES ? kinds->n : SCAN_ALTERNATIVES;
	const char *api = NULL, *kind = NULL;
	for (unsigned i = 0; i < object->n_api; i++) {
		apis[i] = as_written(scan, object->api[i]);
		api = !api || has_actions(apis[i]) ? scan_words(scan, apis[i]) : api;
	}
	for (unsigned i = 0; i < object->n_kind; i++) {
		struct slice written = as_written(scan, object->kind[i]);
		kind = !kind || has_actions(written) ? scan_words(scan, written) : kind;
	}
	for (unsigned i = 0; i < n_words; i++)
		words[i] = kinds->of[i].word;
	size_t before = scan->n_findings;
	scan_unknown(scan, scan_line(scan, object->api[0].at),
		     arena_printf(scan->arena,
				  "read from a template: apiVersion \"%s\", kind \"%s\" come from elsewhere", api,
				  kind),
		     "render it: helm template CHART | eks-upgrade-agent scan -");
	if (scan->n_findings == before)
		return;
	scan->findings[before].object = scan_name_object(scan, object, kind);
	scan_helper_wait(scan, apis, object->n_api, words, kinds->unclear ? 0 : n_words);
}

static void template_object(struct scan *scan, const struct scan_object *object)
{
	struct chosen apis, kinds;
	bool matters = false;
	choose(scan, object->api, object->n_api, true, &apis);
	choose(scan, object->kind, object->n_kind, false, &kinds);
	for (unsigned k = 0; k < kinds.n; k++) {
		for (unsigned a = 0; a < apis.n; a++) {
			const struct api_lifecycle *api = scan_look_up(apis.of[a].word, kinds.of[k].word);
			if (scan_judge(api, scan->target) != SCAN_LIVE &&
			    together(scan, &apis.of[a].spot, &kinds.of[k].spot) &&
			    !has_live_choice(scan, &apis, &apis.of[a], &kinds, &kinds.of[k]))
				tell(scan, object, apis.n == 1, apis.of[a].spot, api);
		}
		matters |= apis.unclear && kind_matters(scan, kinds.of[k].word) &&
			   !has_live_choice(scan, &apis, NULL, &kinds, &kinds.of[k]);
	}
	if (kinds.unclear && !matters) { /* one version in which all kinds live is a live choice */
		matters = apis.n > 0 || apis.unclear;
		for (unsigned a = 0; a < apis.n; a++)
			matters &= scan_version_matters(scan, apis.of[a].word);
	}
	if (matters)
		from_elsewhere(scan, object, &kinds);
}

void scan_object_done(struct scan *scan, struct scan_object *object)
{
	scan->counts.objects++;
	if (scan->template) {
		template_object(scan, object);
		return;
	}
	/* Of a key that is written twice the last one holds. */
	struct scan_spot *api_spot = &object->api[object->n_api - 1], *kind_spot = &object->kind[object->n_kind - 1];
	const struct api_lifecycle *api = scan_look_up(api_spot->text, kind_spot->text);
	if (scan_judge(api, scan->target) != SCAN_LIVE)
		tell(scan, object, false, *api_spot, api);
}
