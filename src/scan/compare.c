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

static bool is_api_finding(const struct finding *finding)
{
	return finding->status == FINDING_FOUND && finding->api_version && finding->object &&
	       (!strncmp(finding->id, "API-", 4)) && strcmp(finding->id, "API-FIELD") != 0;
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

static bool same_object(const struct scanner_item *item, const struct finding *finding)
{
	const char *name = finding->object->name ? finding->object->name : "";
	return !strcmp(item->api_version, finding->api_version) &&
	       !strcmp(item->kind, finding->object->kind ? finding->object->kind : "") && !strcmp(item->name, name) &&
	       same_file(item->file, finding->file);
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

void scan_compare(const struct scanner_report *report, unsigned target, struct arena *arena,
		  struct assessment *assessment)
{
	bool *taken CLEANUP(mem_freep) = mem_array(assessment->n_findings + 1, sizeof *taken);
	struct differences ours = {NULL, 0}, theirs = {NULL, 0}, releases = {NULL, 0};
	size_t both = 0, only_theirs = 0, only_ours = 0;
	const char *program = arena_strdup(arena, report->program);
	for (size_t i = 0; i < report->n; i++) {
		const struct scanner_item *item = &report->items[i];
		size_t k = 0;
		while (k < assessment->n_findings && (taken[k] || !is_api_finding(&assessment->findings[k]) ||
						      !same_object(item, &assessment->findings[k])))
			k++;
		if (k == assessment->n_findings) {
			add(arena, &theirs, item->api_version, item->kind,
			    why_only_theirs(arena, report, item, target));
			only_theirs++;
			continue;
		}
		struct finding *finding = &assessment->findings[k];
		taken[k] = true;
		both++;
		*ARENA_PUSH(arena, finding->evidence, finding->n_evidence) = (struct finding_evidence){
			.source = program, .detail = item->removed ? "says it is removed" : "says it is deprecated"};
		compare_releases(arena, report, item, &releases);
	}
	for (size_t k = 0; k < assessment->n_findings; k++)
		if (!taken[k] && is_api_finding(&assessment->findings[k])) {
			add(arena, &ours, assessment->findings[k].api_version,
			    assessment->findings[k].object->kind ? assessment->findings[k].object->kind : "",
			    why_only_ours(arena, report, &assessment->findings[k]));
			only_ours++;
		}
	*ARENA_PUSH(arena, assessment->sources, assessment->n_sources) = (struct assessment_source){
		program, "ok",
		arena_printf(arena, "%s: %zu objects, %zu of them ours, too; %zu are its alone, %zu ours alone",
			     *report->version ? report->version : "version not known", report->n, both, only_theirs,
			     only_ours)};
	tell(arena, assessment, report, "differs", &releases);
	tell(arena, assessment, report, "found alone", &theirs);
	tell(arena, assessment, report, "did not find", &ours);
}
