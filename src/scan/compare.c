/* The comparison with pluto and kubent. Each of their items is laid beside a finding of ours of the same object; what
 * is left over on either side is gathered by API and explained. */
#include "scan/compare.h"

#include <stdlib.h>
#include <string.h>
#include "knowledge/lifecycle.h"
#include "scan/scan.h"

enum { MAX_TOLD = 20 };

/* What their tables are known to lack (read in their sources at pluto 5.24.0 and kubent 0.7.3). */
static const struct {
	const char *program, *api_version, *kind;
} lacks[] = {
	{"pluto", "admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy"},
	{"pluto", "admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding"},
	{"pluto", "authentication.k8s.io/v1beta1", "SelfSubjectReview"},
	{"pluto", "networking.k8s.io/v1beta1", "IPAddress"},
	{"pluto", "networking.k8s.io/v1beta1", "ServiceCIDR"},
	{"pluto", "policy/v1beta1", "Eviction"},
	{"pluto", "resource.k8s.io/v1beta2", NULL},
	{"pluto", "authorization.k8s.io/v1beta1", NULL},
	{"kubent", "events.k8s.io/v1beta1", "Event"},
};

struct difference {
	const char *api_version, *kind;
	size_t n;
	const char *why;
};
struct differences {
	struct difference *items;
	size_t n;
};

static void add(struct arena *arena, struct differences *all, const char *api_version, const char *kind,
		const char *why)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->items[i].api_version, api_version) && !strcmp(all->items[i].kind, kind) &&
		    !strcmp(all->items[i].why, why)) {
			all->items[i].n++;
			return;
		}
	*ARENA_PUSH(arena, all->items, all->n) = (struct difference){api_version, kind, 1, why};
}

/* Findings on an object that stands in some version: not on callers, references or fields, of which they do not
 * speak. */
static bool is_api_finding(const struct finding *finding)
{
	static const char *const ids[] = {
		"API-GIT",	     "API-DEPRECATED",	"API-HELM-STORED", "API-REMOVED-IN-PATH",
		"API-MANAGEDFIELDS", "API-LASTAPPLIED", "API-ALPHA-BETA"};
	const struct finding_object *object = finding->object;
	if (finding->status != FINDING_FOUND || !finding->api_version || !object || !object->kind ||
	    !strcmp(object->kind, "HelmRelease"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (!strcmp(ids[i], finding->id))
			return true;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* The same object in the same version, told under two ids. */
static bool same_thing(const struct finding *a, const struct finding *b)
{
	return same_text(a->api_version, b->api_version) && same_text(a->object->kind, b->object->kind) &&
	       same_text(a->object->name, b->object->name) && same_text(a->object->ns, b->object->ns) &&
	       same_text(a->file, b->file) && a->document == b->document;
}

static bool same_file(const char *theirs, const char *ours)
{
	if (!*theirs || !ours)
		return true;
	size_t a = strlen(theirs), b = strlen(ours);
	const char *longer = a > b ? theirs : ours, *shorter = a > b ? ours : theirs;
	while (!strncmp(shorter, "./", 2))
		shorter += 2;
	size_t n = strlen(shorter), all = strlen(longer);
	return all >= n && !strcmp(longer + all - n, shorter);
}

/* Of Helm's objects pluto tells "RELEASE/NAME". Manifests may leave their namespace out. */
static bool same_object(const struct scanner_item *item, const struct finding *finding)
{
	const struct finding_object *object = finding->object;
	const char *name = object->name ? object->name : "", *slash = strrchr(item->name, '/');
	bool same_name = !strcmp(item->name, name) || (slash && !finding->file && !strcmp(slash + 1, name)),
	     same_ns = !*item->ns || !object->ns || !strcmp(item->ns, object->ns);
	return same_name && same_ns && !strcmp(item->api_version, finding->api_version) &&
	       same_text(item->kind, object->kind) && same_file(item->file, finding->file);
}

static const char *why_only_theirs(struct arena *arena, const struct scanner_report *report,
				   const struct scanner_item *item, unsigned target)
{
	const struct api_lifecycle *api = knowledge_api_version(item->api_version, item->kind);
	if (!api)
		return "there is no such API in our tables: it may be no kind of Kubernetes at all";
	if (scan_judge(api, target) == SCAN_LIVE)
		return api->deprecated || api->removed
			       ? arena_printf(arena,
					      "at 1.%u it lives: deprecated in %s, removed in %s (%s); %s says removed "
					      "in %s",
					      target, api->deprecated ? api->deprecated : "no version",
					      api->removed ? api->removed : "no version", api->source, report->program,
					      *item->removed_in ? item->removed_in : "no version")
			       : arena_printf(arena, "it is neither deprecated nor removed (%s)", api->source);
	return "we found no such object where we looked";
}

static bool has_source(const struct finding *finding, const char *source)
{
	for (size_t i = 0; i < finding->n_evidence; i++)
		if (same_text(finding->evidence[i].source, source))
			return true;
	return false;
}

static const char *why_only_ours(struct arena *arena, const struct scanner_report *report,
				 const struct finding *finding)
{
	const struct api_lifecycle *api =
		knowledge_api_version(finding->api_version, finding->object->kind ? finding->object->kind : "");
	for (size_t i = 0; i < ARRAY_SIZE(lacks); i++)
		if (!strcmp(lacks[i].program, report->program) && !strcmp(lacks[i].api_version, finding->api_version) &&
		    finding->object->kind && (!lacks[i].kind || !strcmp(lacks[i].kind, finding->object->kind)))
			return arena_printf(arena, "it is missing from %s's table", report->program);
	if (finding->n_evidence && finding->evidence[0].detail &&
	    strstr(finding->evidence[0].detail, "read from a template"))
		return arena_printf(arena, "%s does not read templates as they are written", report->program);
	if (!finding->file && !has_source(finding, "last-applied") && !has_source(finding, "helm"))
		return arena_printf(
			arena, "%s looks at last-applied annotations and Helm's releases; we have it from %s",
			report->program, finding->n_evidence ? finding->evidence[0].source : "the object itself");
	if (api && api->component)
		return arena_printf(arena, "%s knows few components; this is %s's own life cycle", report->program,
				    api->component);
	if (!strcmp(report->program, "kubent") && api && api->removed && knowledge_minor(api->removed) > 32)
		return "kubent's rules end at 1.32";
	return arena_printf(arena,
			    "%s has no such line, or does not read the form: lists, JSON beside JSON, a file with a "
			    "broken document",
			    report->program);
}

/* Both have it, but they say another release. */
static void compare_releases(struct arena *arena, const struct scanner_report *report, const struct scanner_item *item,
			     struct differences *other)
{
	const struct api_lifecycle *api = knowledge_api_version(item->api_version, item->kind);
	if (api && !api->component && api->removed && *item->removed_in && strcmp(api->removed, item->removed_in) != 0)
		add(arena, other, item->api_version, item->kind,
		    arena_printf(arena, "%s says removed in %s; it is %s (%s)", report->program, item->removed_in,
				 api->removed, api->source));
}

static void tell(struct arena *arena, struct assessment *assessment, const struct scanner_report *report,
		 const char *what, const struct differences *all)
{
	for (size_t i = 0; i < all->n && i < MAX_TOLD; i++)
		*ARENA_PUSH(arena, assessment->sources, assessment->n_sources) = (struct assessment_source){
			arena_printf(arena, "%s: %s", report->program, what), "ok",
			arena_printf(arena, "%s %s (%zu): %s", all->items[i].api_version, all->items[i].kind,
				     all->items[i].n, all->items[i].why)};
	if (all->n > MAX_TOLD)
		*ARENA_PUSH(arena, assessment->sources, assessment->n_sources) =
			(struct assessment_source){arena_printf(arena, "%s: %s", report->program, what), "ok",
						   arena_printf(arena, "%zu more", all->n - MAX_TOLD)};
}

struct comparison {
	struct arena *arena;
	const struct scanner_report *report;
	struct assessment *assessment;
	unsigned target;
	bool *taken; /* by finding */
	struct differences ours, theirs, releases;
	size_t both, only_theirs, only_ours;
};

/* Every finding on that thing is accounted for. */
static void take(struct comparison *comparison, const struct finding *thing)
{
	for (size_t k = 0; k < comparison->assessment->n_findings; k++) {
		const struct finding *finding = &comparison->assessment->findings[k];
		if (is_api_finding(finding) && same_thing(finding, thing))
			comparison->taken[k] = true;
	}
}

static void lay_beside(struct comparison *comparison, const struct scanner_item *item)
{
	struct assessment *assessment = comparison->assessment;
	struct arena *arena = comparison->arena;
	size_t k = 0;
	while (k < assessment->n_findings && (comparison->taken[k] || !is_api_finding(&assessment->findings[k]) ||
					      !same_object(item, &assessment->findings[k])))
		k++;
	if (k == assessment->n_findings) {
		add(arena, &comparison->theirs, item->api_version, item->kind,
		    why_only_theirs(arena, comparison->report, item, comparison->target));
		comparison->only_theirs++;
		return;
	}
	struct finding *finding = &assessment->findings[k];
	take(comparison, finding);
	comparison->both++;
	*ARENA_PUSH(arena, finding->evidence, finding->n_evidence) =
		(struct finding_evidence){.source = arena_strdup(arena, comparison->report->program),
					  .detail = item->removed ? "says it is removed" : "says it is deprecated"};
	compare_releases(arena, comparison->report, item, &comparison->releases);
}

static void count_ours(struct comparison *comparison)
{
	for (size_t k = 0; k < comparison->assessment->n_findings; k++) {
		const struct finding *finding = &comparison->assessment->findings[k];
		if (comparison->taken[k] || !is_api_finding(finding))
			continue;
		add(comparison->arena, &comparison->ours, finding->api_version, finding->object->kind,
		    why_only_ours(comparison->arena, comparison->report, finding));
		comparison->only_ours++;
		take(comparison, finding);
	}
}

void scan_compare(const struct scanner_report *report, unsigned target, struct arena *arena,
		  struct assessment *assessment)
{
	bool *taken CLEANUP(mem_freep) = mem_array(assessment->n_findings + 1, sizeof *taken);
	struct comparison comparison = {
		.arena = arena, .report = report, .assessment = assessment, .target = target, .taken = taken};
	for (size_t i = 0; i < report->n; i++)
		lay_beside(&comparison, &report->items[i]);
	count_ours(&comparison);
	*ARENA_PUSH(arena, assessment->sources, assessment->n_sources) = (struct assessment_source){
		arena_strdup(arena, report->program), "ok",
		arena_printf(arena, "%s: %zu objects, %zu of them ours, too; %zu are its alone, %zu ours alone",
			     *report->version ? report->version : "version not known", report->n, comparison.both,
			     comparison.only_theirs, comparison.only_ours)};
	tell(arena, assessment, report, "differs", &comparison.releases);
	tell(arena, assessment, report, "found alone", &comparison.theirs);
	tell(arena, assessment, report, "did not find", &comparison.ours);
}
