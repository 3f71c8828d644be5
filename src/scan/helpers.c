/* What templates define for others to include (`define "app.ingress.apiVersion"`), and the objects whose version comes
 * from there: a helper may stand in a file that is read later, so they wait until all has been read. Of several helpers
 * of one name those nearest to the file hold: a chart's own before its neighbour's. */
#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

enum {
	MAX_HELPERS = 20000,
	MAX_BODY = 2000,
	MAX_HELPER_BYTES = 4 << 20,
	MAX_WAITING = 20000,
	MAX_NESTED = 4, /* helpers that include helpers */
	MAX_LOOKS = 200,
	MAX_STEPS = 20000000,
};

struct scan_helper {
	const char *name, *file;
	struct slice body;
};
struct scan_waiting {
	size_t finding;
	struct slice *apis, *kinds;
	unsigned n_apis, n_kinds;
};

static struct slice kept(struct scan *scan, struct slice text)
{
	return slice_make(arena_strndup(scan->arena, text.n ? text.p : "", text.n), text.n);
}

static bool has(struct slice text, const char *word)
{
	return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

void scan_helper_defined(struct scan *scan, struct slice quoted, struct slice body)
{
	bool version = has(body, "v1") || has(body, "v2") || has(body, "apiVersion");
	bool alias = body.n < 200 && (has(body, "include") || has(body, "template"));
	if (!(version || alias) || quoted.n < 3 || body.n > MAX_BODY || scan->n_helpers == MAX_HELPERS ||
	    scan->helper_bytes + body.n > MAX_HELPER_BYTES)
		return;
	if (!scan->file)
		scan->file = arena_strdup(scan->arena, scan->name);
	struct scan_helper *helper = HEAP_PUSH(scan->helpers, scan->n_helpers);
	helper->name = arena_strndup(scan->arena, quoted.p + 1, quoted.n - 2);
	helper->file = scan->file;
	helper->body = kept(scan, body);
	scan->helper_bytes += body.n;
}

void scan_helper_wait(struct scan *scan, const struct slice *apis, unsigned n_apis, const struct slice *kinds,
		      unsigned n_kinds)
{
	if (scan->n_waiting == MAX_WAITING)
		return;
	struct scan_waiting *waiting = HEAP_PUSH(scan->waiting, scan->n_waiting);
	waiting->finding = scan->n_findings - 1;
	waiting->apis = arena_alloc(scan->arena, (n_apis + 1) * sizeof *apis);
	waiting->kinds = arena_alloc(scan->arena, (n_kinds + 1) * sizeof *kinds);
	waiting->n_apis = n_apis;
	waiting->n_kinds = n_kinds;
	for (unsigned i = 0; i < n_apis; i++)
		waiting->apis[i] = kept(scan, apis[i]);
	for (unsigned i = 0; i < n_kinds; i++)
		waiting->kinds[i] = kept(scan, kinds[i]);
}

void scan_helper_forget(struct scan *scan, size_t n_findings)
{
	while (scan->n_waiting && scan->waiting[scan->n_waiting - 1].finding >= n_findings)
		scan->n_waiting--;
}

/* ---- when all has been read ---- */

struct looking {
	struct scan *scan;
	const char *file;
	unsigned depth, looks;
	size_t *steps; /* of all: hostile files may have as many helpers of one name as objects that ask for it */
};

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct scan_helper *)one)->name, ((const struct scan_helper *)other)->name);
}

/* How far two paths go through the same folders. */
static size_t shared_folders(const char *one, const char *other)
{
	size_t shared = 0;
	for (size_t i = 0; one[i] && one[i] == other[i]; i++)
		if (one[i] == '/')
			shared = i + 1;
	return shared;
}

static void include(struct scan_choices *choices, struct slice name)
{
	struct looking *looking = choices->context;
	const struct scan *scan = looking->scan;
	char text[SCAN_WORD];
	if (name.n >= sizeof text || looking->depth == MAX_NESTED || looking->looks == MAX_LOOKS ||
	    *looking->steps > MAX_STEPS) {
		choices->unclear = true;
		return;
	}
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	const struct scan_helper key = {.name = text};
	const struct scan_helper *found =
		scan->n_helpers ? bsearch(&key, scan->helpers, scan->n_helpers, sizeof key, by_name) : NULL;
	if (!found) {
		choices->unclear = true;
		return;
	}
	const struct scan_helper *end = scan->helpers + scan->n_helpers;
	while (found > scan->helpers && !strcmp(found[-1].name, text))
		found--;
	size_t nearest = 0;
	for (const struct scan_helper *one = found; one < end && !strcmp(one->name, text); one++) {
		size_t shared = shared_folders(one->file, looking->file);
		nearest = shared > nearest ? shared : nearest;
		*looking->steps += 1;
	}
	looking->depth++;
	for (const struct scan_helper *one = found; one < end && !strcmp(one->name, text); one++)
		if (shared_folders(one->file, looking->file) == nearest && looking->looks < MAX_LOOKS) {
			looking->looks++;
			scan_template_words(choices, one->body);
		}
	looking->depth--;
}

/* What is to be told of a kind: one line for each dead version. Nothing, when one of several lives. Gives whether that
 * is all that can be said. */
static bool judge_kind(const struct scan *scan, const struct scan_choices *apis, struct slice kind,
		       const struct api_lifecycle **told, unsigned *n_told)
{
	unsigned dead = *n_told;
	for (unsigned a = 0; a < apis->n; a++) {
		const struct api_lifecycle *api = scan_look_up(apis->words[a], kind);
		if (scan_judge(api, scan->target) == SCAN_LIVE) {
			*n_told = dead;
			return true;
		}
		told[(*n_told)++] = api;
	}
	return !apis->unclear;
}

static void tell_one(struct scan *scan, const struct scan_waiting *waiting, const struct api_lifecycle *api, bool first)
{
	if (!first && !scan_find(scan, "API-GIT", SEVERITY_LOW))
		return;
	struct finding *unknown = &scan->findings[waiting->finding],
		       *finding = first ? unknown : &scan->findings[scan->n_findings - 1];
	struct finding_object *object = arena_alloc(scan->arena, sizeof *object);
	*object = *unknown->object;
	object->kind = api->kind;
	finding->file = unknown->file;
	finding->line = unknown->line;
	finding->document = unknown->document;
	finding->object = object;
	const char *detail = scan_tell(scan, finding, api, scan_severity(scan, api));
	finding->evidence = NULL;
	finding->n_evidence = 0;
	struct finding_evidence *evidence = ARENA_PUSH(scan->arena, finding->evidence, finding->n_evidence);
	evidence->source = "file";
	evidence->detail = arena_printf(scan->arena, "read from a template: %s, by %s", detail,
					scan_words(scan, waiting->apis[0]));
}

/* A finding that is none any more has no id. */
static void settle(struct scan *scan, const struct scan_waiting *waiting, size_t *steps)
{
	struct looking looking = {.scan = scan, .file = scan->findings[waiting->finding].file, .steps = steps};
	struct scan_choices apis = {.api_version = true, .include = include, .context = &looking};
	const struct api_lifecycle *dead[SCAN_ALTERNATIVES * SCAN_ALTERNATIVES];
	unsigned n_dead = 0;
	for (unsigned i = 0; i < waiting->n_apis; i++)
		scan_template_words(&apis, waiting->apis[i]);
	bool settled = waiting->n_kinds > 0;
	for (unsigned a = 0; !settled && a < apis.n; a++)
		settled = !scan_version_matters(scan, apis.words[a]); /* whatever its kind, this version lives */
	if (!settled)
		return;
	for (unsigned k = 0; k < waiting->n_kinds; k++)
		if (!judge_kind(scan, &apis, waiting->kinds[k], dead, &n_dead))
			return;
	for (unsigned i = 0; i < n_dead; i++)
		tell_one(scan, waiting, dead[i], i == 0);
	if (!n_dead)
		scan->findings[waiting->finding].id = NULL;
}

void scan_helpers_settle(struct scan *scan)
{
	size_t kept_findings = 0, steps = 0;
	scan->source = "file";
	if (scan->n_helpers)
		qsort(scan->helpers, scan->n_helpers, sizeof *scan->helpers, by_name);
	for (size_t i = 0; i < scan->n_waiting; i++)
		settle(scan, &scan->waiting[i], &steps);
	scan->n_waiting = 0;
	for (size_t i = 0; i < scan->n_findings; i++)
		if (scan->findings[i].id)
			scan->findings[kept_findings++] = scan->findings[i];
	scan->n_findings = kept_findings;
}
