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

/* `guardable`: it stands alone, so that a condition on versions may leave it out. */
static void tell(struct scan *scan, const struct scan_object *object, bool guardable, struct scan_spot api_spot,
		 const struct api_lifecycle *api)
{
	bool removed = scan_judge(api, scan->target) == SCAN_REMOVED, helm = !strcmp(scan->source, "helm");
	struct slice guard = scan->template && guardable
				     ? scan_template_guard(scan->template, scan->document_at + api_spot.at)
				     : slice_make("", 0);
	enum severity severity = !removed || guard.n ? SEVERITY_LOW
				 : api->component    ? SEVERITY_MEDIUM
				 : helm		     ? SEVERITY_BLOCKER
						     : SEVERITY_HIGH;
	struct finding *finding = scan_find(scan,
					    !removed ? "API-DEPRECATED"
					    : helm   ? "API-HELM-STORED"
						     : "API-GIT",
					    severity);
	if (!finding)
		return;
	const struct scan_told *words = told(scan, api);
	finding->title = removed ? "API version is removed" : "API version is deprecated";
	finding->line = scan_line(scan, api_spot.at);
	finding->api_version = words->api_version;
	finding->object = scan_name_object(scan, object, api->kind);
	finding->message = words->message;
	finding->removed_in = words->removed_in;
	finding->deprecated_in = words->deprecated_in;
	finding->replacement = words->replacement;
	finding->remedy = words->remedy;
	finding->page = words->page;
	scan_evidence(scan, guard.n ? arena_printf(scan->arena, "%s, only where {{ %s }}", words->detail,
						   scan_words(scan, guard))
				    : words->detail);
}

/* ---- templates: each word may be one of several ---- */

struct choice {
	struct slice word;
	struct scan_spot spot;
};

static unsigned choices(struct scan *scan, const struct scan_spot *spots, unsigned n, bool api_version,
			struct choice *ret, unsigned max, bool *ret_unclear)
{
	unsigned n_ret = 0;
	for (unsigned i = 0; i < n; i++) {
		struct slice written = as_written(scan, spots[i]), words[SCAN_ALTERNATIVES];
		unsigned n_words = 1;
		words[0] = written;
		if (memmem(written.p ? written.p : "", written.n, "{{", 2))
			n_words = scan_template_words(scan->template, written, api_version, words);
		*ret_unclear |= n_words == 0;
		for (unsigned k = 0; k < n_words && n_ret < max; k++)
			ret[n_ret++] = (struct choice){words[k], spots[i]};
	}
	return n_ret;
}

static const struct api_lifecycle *look_up(struct slice api, struct slice kind)
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

/* Could any kind of this version be dead? */
static bool version_matters(const struct scan *scan, struct slice api)
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

enum { MAX_CHOICES = 12 };

static bool together(const struct scan *scan, const struct scan_spot *one, const struct scan_spot *other)
{
	return !scan->template ||
	       scan_template_together(scan->template, scan->document_at + one->at, scan->document_at + other->at);
}

/* Is there, for this kind, a version that lives, in another arm of a condition? Then the chart chooses by itself. */
static bool has_live_choice(struct scan *scan, const struct choice *apis, unsigned n_apis, const struct choice *kinds,
			    unsigned n_kinds)
{
	for (unsigned k = 0; k < n_kinds; k++)
		for (unsigned a = 0; a < n_apis; a++)
			if (together(scan, &apis[a].spot, &kinds[k].spot) &&
			    scan_judge(look_up(apis[a].word, kinds[k].word), scan->target) == SCAN_LIVE)
				return true;
	return false;
}

static void template_object(struct scan *scan, const struct scan_object *object)
{
	struct choice apis[MAX_CHOICES], kinds[MAX_CHOICES];
	bool api_unclear = false, kind_unclear = false;
	unsigned n_apis = choices(scan, object->api, object->n_api, true, apis, MAX_CHOICES, &api_unclear);
	unsigned n_kinds = choices(scan, object->kind, object->n_kind, false, kinds, MAX_CHOICES, &kind_unclear);
	bool chooses = n_apis > 1 && has_live_choice(scan, apis, n_apis, kinds, n_kinds);
	for (unsigned k = 0; k < n_kinds && !chooses; k++)
		for (unsigned a = 0; a < n_apis; a++) {
			const struct api_lifecycle *api = look_up(apis[a].word, kinds[k].word);
			if (scan_judge(api, scan->target) != SCAN_LIVE && together(scan, &apis[a].spot, &kinds[k].spot))
				tell(scan, object, n_apis == 1, apis[a].spot, api);
		}
	bool matters = false;
	for (unsigned k = 0; api_unclear && k < n_kinds; k++)
		matters |= kind_matters(scan, kinds[k].word);
	for (unsigned a = 0; kind_unclear && a < n_apis; a++)
		matters |= version_matters(scan, apis[a].word);
	if (matters || (api_unclear && kind_unclear)) {
		struct slice api = as_written(scan, object->api[0]), kind = as_written(scan, object->kind[0]);
		scan_unknown(scan, scan_line(scan, object->api[0].at),
			     arena_printf(scan->arena,
					  "read from a template: apiVersion \"%s\", kind \"%s\" come from elsewhere",
					  scan_words(scan, api), scan_words(scan, kind)),
			     "render it: helm template CHART | eks-upgrade-agent scan -");
		struct finding *finding = scan->n_findings ? &scan->findings[scan->n_findings - 1] : NULL;
		if (finding && finding->status == FINDING_UNKNOWN)
			finding->object = scan_name_object(scan, object, scan_words(scan, kind));
	}
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
	const struct api_lifecycle *api = look_up(api_spot->text, kind_spot->text);
	if (scan_judge(api, scan->target) != SCAN_LIVE)
		tell(scan, object, false, *api_spot, api);
}
