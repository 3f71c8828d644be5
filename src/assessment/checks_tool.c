/* The look itself: what it was not allowed to see, what broke off, whether it saw the right cluster, and whether the
 * upgrade could be run from here.
 *
 * Left out: SCAN-DRIFTED compares with what was approved, which is in a plan and not in a look: the agent does it
 * itself before it starts. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "assessment/subject.h"
#include "base/cron.h"
#include "base/digest.h"
#include "base/time.h"
#include "codec/document.h"

/* How long a large upgrade takes at most by the brief; credentials should last as long. */
#define ESTIMATE_MS (2 * HOUR_MS)
/* AWS refuses signatures that are further off. */
#define MOST_SKEW_MS (5 * MINUTE_MS)
#define LEASE_NAME "eks-upgrade-agent"

enum { LEASE_DURATION_S = 120, MOST_LINES = 50 };

static void sources(struct assess *assess, enum source_status status, const char *message, bool permissions)
{
	struct finding *finding = NULL;
	for (size_t i = 0; i < assess->inventory->n_sources; i++) {
		const struct source *source = &assess->inventory->sources[i];
		if (source->status != status)
			continue;
		if (!finding)
			finding = assess_cluster(assess, "%s", message);
		if (finding->n_evidence < MOST_LINES)
			assess_evidence(assess, finding, source->name, "%s%s%s",
					permissions ? source_permission(assess->arena, source->name) : "",
					permissions ? ": " : "", source->detail ? source->detail : "no reason given");
	}
}

static void missing_rbac(struct assess *assess)
{
	sources(assess, SOURCE_DENIED, "permissions are missing: what they would tell is unknown, not well", true);
}

static void partial(struct assess *assess)
{
	sources(assess, SOURCE_FAILED, "some lists or calls did not come to their end: what they would tell is unknown",
		false);
}

/* ---- SCAN-WRONG-CLUSTER */

static struct slice host_of(const char *url)
{
	const char *from = strstr(subject_text(url), "://");
	from = from ? from + 3 : subject_text(url);
	return slice_make(from, strcspn(from, "/"));
}

/* The authority that the cluster hands to its pods; NULL: not seen, or no certificate. */
static const char *authority_seen(const struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_config_maps; i++) {
		const struct kube_config_map *map = &assess->inventory->config_maps[i];
		const char *text = !strcmp(subject_text(map->meta.name), "kube-root-ca.crt")
					   ? kube_pairs_get(map->data, map->n_data, "ca.crt")
					   : NULL;
		if (text && strstr(text, "-----BEGIN CERTIFICATE-----"))
			return text;
	}
	return NULL;
}

static bool same_but_space(const char *a, const char *b)
{
	static const char space[] = " \t\r\n";
	while (true) {
		a += strspn(a, space);
		b += strspn(b, space);
		if (!*a || !*b || *a != *b)
			return *a == *b;
		a++;
		b++;
	}
}

/* Of a folder, in which nobody has proven anything: objects of one cluster beside EKS's word on another. */
static bool authorities_differ(const struct assess *assess)
{
	const char *seen = authority_seen(assess),
		   *told = document_text(inventory_cluster(assess->inventory), "certificateAuthority.data");
	struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 20);
	return seen && told && base64_decode(slice_of(told), &plain) &&
	       strstr(buf_str(&plain), "-----BEGIN CERTIFICATE-----") && !same_but_space(seen, buf_str(&plain));
}

static void wrong_cluster(struct assess *assess)
{
	const json_t *survey = assess->inventory->survey;
	const char *server = document_text(survey, "server"), *error = document_text(survey, "identity_error"),
		   *endpoint = document_text(inventory_cluster(assess->inventory), "endpoint");
	struct slice asked = host_of(server), told = host_of(endpoint);
	/* Proven through a tunnel by its certificate authority: then the addresses may differ. */
	bool proven = document_true(survey, "identity_proven"),
	     differ = asked.n && told.n && (asked.n != told.n || strncasecmp(asked.p, told.p, asked.n) != 0),
	     other = !proven && authorities_differ(assess);
	if (!error && !other && (proven || !differ))
		return;
	struct finding *finding =
		assess_cluster(assess, "the API server that was asked is not the one of cluster \"%s\"",
			       subject_text(assess->inventory->cluster));
	assess_evidence(assess, finding, "kubernetes", "%s",
			error	 ? error
			: differ ? arena_printf(assess->arena, "asked %s, EKS says %s", server, endpoint)
				 : "ConfigMap kube-root-ca.crt holds another authority than EKS tells "
				   "(certificateAuthority)");
	assess_remedy(assess, finding, "aws eks update-kubeconfig --name %s, or leave --kubeconfig out",
		      subject_text(assess->inventory->cluster));
}

/* ---- what is needed here */

static bool is_needed(const struct config *config, const char *tool)
{
	bool needed = !strcmp(tool, "terraform") && config->terraform.directory && !config->terraform.binary;
	for (size_t i = 0; i < config->validation.n_tests; i++)
		needed |= (!strcmp(tool, "newman") && config->validation.tests[i].newman) ||
			  (!strcmp(tool, "jmeter") && config->validation.tests[i].jmeter);
	return needed ||
	       (config->terraform.binary && config->terraform.directory && !strcmp(tool, config->terraform.binary));
}

static void tools(struct assess *assess)
{
	const char *name;
	json_t *path;
	json_object_foreach (json_object_get(assess->inventory->survey, "tools"), name, path)
		if (json_is_null(path) && is_needed(assess->config, name))
			assess_aws(assess, name, "is not on PATH, and the plan needs it");
}

static void credentials(struct assess *assess)
{
	const char *when = document_text(assess->inventory->survey, "credentials_expire_at");
	int64_t ends_ms;
	char left[TIME_TEXT];
	if (!when || !time_parse_rfc3339(slice_of(when), &ends_ms) || ends_ms - assess->now_ms >= ESTIMATE_MS)
		return;
	struct finding *finding =
		ends_ms > assess->now_ms
			? assess_cluster(assess, "AWS credentials end in %s, an upgrade may take two hours",
					 duration_format(ends_ms - assess->now_ms, left))
			: assess_cluster(assess, "AWS credentials have ended");
	assess_evidence(assess, finding, "aws", "they expire at %s", when);
}

static void clock_skew(struct assess *assess)
{
	int64_t skew_ms = document_int_or(assess->inventory->survey, "clock_skew_ms", 0);
	char text[TIME_TEXT];
	if (skew_ms <= MOST_SKEW_MS && skew_ms >= -MOST_SKEW_MS)
		return;
	assess_cluster(assess,
		       "this machine's clock is %s %s: what programs that do not "
		       "correct for it sign (terraform, kubectl) is refused",
		       duration_format(skew_ms < 0 ? -skew_ms : skew_ms, text), skew_ms > 0 ? "slow" : "fast");
}

static void locked(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_leases; i++) {
		const struct kube_lease *lease = &assess->inventory->leases[i];
		int64_t duration_s = lease->duration_s ? lease->duration_s : LEASE_DURATION_S;
		if (strcmp(subject_text(lease->meta.name), LEASE_NAME) != 0 ||
		    strcmp(subject_text(lease->meta.ns), "kube-system") != 0 || !*subject_text(lease->holder) ||
		    lease->renewed_ms + duration_s * SECOND_MS < assess->now_ms)
			continue;
		char when[TIME_TEXT];
		assess_object(assess, "Lease", lease->meta.ns, lease->meta.name,
			      "another run holds the cluster: %s, renewed at %s", lease->holder,
			      time_format_rfc3339(lease->renewed_ms, when));
	}
}

/* ---- SCAN-WINDOW */

static void windows(struct assess *assess)
{
	const struct config *config = assess->config;
	char when[TIME_TEXT], until[TIME_TEXT];
	bool open = !config->maintenance.n_windows;
	struct cron cron;
	time_format_rfc3339(assess->now_ms, when);
	for (size_t i = 0; i < config->maintenance.n_windows; i++)
		open |= cron_parse(config->maintenance.windows[i].schedule, &cron) &&
			cron_holds(&cron, config->maintenance.windows[i].duration_ms, assess->now_ms);
	if (!open) {
		struct finding *finding = assess_cluster(assess, "%s is outside of the maintenance windows", when);
		for (size_t i = 0; i < config->maintenance.n_windows && i < MOST_LINES; i++)
			assess_evidence(assess, finding, "file", "maintenance.windows: \"%s\" for %s",
					config->maintenance.windows[i].schedule,
					duration_format(config->maintenance.windows[i].duration_ms, until));
	}
	for (size_t i = 0; i < config->maintenance.n_freezes; i++) {
		const struct config_freeze *freeze = &config->maintenance.freezes[i];
		if (assess->now_ms < freeze->from_ms || assess->now_ms > freeze->to_ms)
			continue;
		struct finding *finding =
			assess_cluster(assess, "%s is within a freeze, until %s%s%s", when, freeze->to_text,
				       freeze->reason ? ": " : "", subject_text(freeze->reason));
		assess_evidence(assess, finding, "file", "maintenance.freezes: %s to %s", freeze->from_text,
				freeze->to_text);
	}
}

/* ---- ENGINE-RULE-ERROR */

static void rule_error(struct assess *assess)
{
	struct finding *finding = NULL;
	size_t n = assess->inventory->n_bad_objects;
	for (size_t i = 0; i < n && i < MOST_LINES; i++) {
		const struct bad_object *bad = &assess->inventory->bad_objects[i];
		if (!finding)
			finding = assess_cluster(assess, "%zu object%s could not be read: no check has looked at %s", n,
						 n == 1 ? "" : "s", n == 1 ? "it" : "them");
		assess_evidence(assess, finding, "object", "%s: %s", bad->kind, subject_text(bad->detail));
	}
}

#define DOCTOR "docs/checks.md"

const struct check checks_tool[] = {
	{.id = "SCAN-MISSING-RBAC",
	 .title = "permissions are missing",
	 .severity = SEVERITY_HIGH,
	 .run = missing_rbac,
	 .remedy = "grant them, reading is enough: eks-upgrade-agent iam-policy prints those of AWS",
	 .page = DOCTOR "#SCAN-MISSING-RBAC"},
	{.id = "SCAN-PARTIAL",
	 .title = "not everything was read",
	 .severity = SEVERITY_HIGH,
	 .run = partial,
	 .remedy = "look again",
	 .page = DOCTOR "#SCAN-PARTIAL"},
	{.id = "SCAN-WRONG-CLUSTER",
	 .title = "another cluster was asked",
	 .severity = SEVERITY_BLOCKER,
	 .run = wrong_cluster,
	 .remedy = "use the named cluster's kubeconfig",
	 .page = DOCTOR "#SCAN-WRONG-CLUSTER"},
	{.id = "SCAN-TOOLS",
	 .title = "a program that the plan needs is missing",
	 .severity = SEVERITY_BLOCKER,
	 .run = tools,
	 .remedy = "install it, or put it on PATH",
	 .page = DOCTOR "#SCAN-TOOLS"},
	{.id = "SCAN-CREDS",
	 .title = "credentials end before the upgrade does",
	 .severity = SEVERITY_HIGH,
	 .run = credentials,
	 .remedy = "use a role that can be renewed, or sign in anew before it starts",
	 .page = DOCTOR "#SCAN-CREDS"},
	{.id = "SCAN-CLOCK",
	 .title = "this machine's clock is off",
	 .severity = SEVERITY_HIGH,
	 .run = clock_skew,
	 .remedy = "set the clock: chronyc makestep, or timedatectl set-ntp true",
	 .page = DOCTOR "#SCAN-CLOCK"},
	{.id = "SCAN-LOCK",
	 .title = "another run holds the cluster",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes leases.coordination.k8s.io"),
	 .run = locked,
	 .remedy = "wait for it, or take the cluster over on purpose",
	 .page = DOCTOR "#SCAN-LOCK"},
	{.id = "SCAN-WINDOW",
	 .title = "no upgrade may be at this time",
	 .severity = SEVERITY_BLOCKER,
	 .run = windows,
	 .remedy = "wait for a window, or change maintenance.windows or maintenance.freezes in the configuration",
	 .page = DOCTOR "#SCAN-WINDOW"},
	{.id = "ENGINE-RULE-ERROR",
	 .title = "objects that could not be read",
	 .severity = SEVERITY_HIGH,
	 .run = rule_error,
	 .remedy = "look at the object itself: what is told of the others holds",
	 .page = DOCTOR "#ENGINE-RULE-ERROR"},
	{.id = NULL},
};
