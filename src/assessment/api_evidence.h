/* Who uses which version of which API: what nine sources say, each kept apart, with who calls, when last and how
 * often. All are gathered from the inventory. */
#pragma once

#include "assessment/subject.h"
#include "knowledge/lifecycle.h"

enum api_source {
	API_FILE,
	API_GIT,
	API_HELM,	    /* the manifest of an installed release */
	API_OBJECT,	    /* an object that the server itself shows in this version */
	API_MANAGED_FIELDS, /* who wrote it so */
	API_LAST_APPLIED,
	API_METRIC,    /* apiserver_requested_deprecated_apis */
	API_CLIENT,    /* clientStats of an EKS insight */
	API_AUDIT_LOG, /* CloudWatch Logs, or a file of it */
	API_WARNING,   /* Warning headers on our own reading */
};

enum api_caller { API_CALLER_UNKNOWN, API_CALLER_SYSTEM, API_CALLER_SCANNER, API_CALLER_LISTER, API_CALLER_CONTROLLER };

struct api_evidence {
	enum api_source source;
	const struct api_lifecycle *api;	       /* NULL: not in the tables */
	const char *group, *version, *kind, *resource; /* of kind and resource one may be NULL */
	const char *removed;			       /* "1.34": not served from; NULL: never, or not known */
	unsigned removed_minor;			       /* of `removed`; 0 */
	const char *object_ns, *object_name;	       /* NULL: of the API as such */
	const char *release;			       /* of API_HELM: "shop/web" */
	const char *release_ns, *release_name;
	const char *file; /* of API_FILE and API_GIT */
	int64_t line;
	const char *caller;
	const char *user; /* who that is to the API server, where the audit log tells; NULL */
	enum api_caller caller_kind;
	int64_t last_seen_ms, count; /* 0: not known; -1: not told */
};

/* Everything, gathered once an assessment. */
const struct api_evidence *api_evidence_all(struct assess *assess, size_t *ret_n);
/* "policy/v1beta1", "v1". */
const char *api_evidence_version(const struct assess *assess, const struct api_evidence *evidence);
/* "flowschemas.v1beta3.flowcontrol.apiserver.k8s.io": the API as such. */
const char *api_evidence_name(const struct assess *assess, const struct api_evidence *evidence);
bool api_evidence_removed(const struct assess *assess, const struct api_evidence *evidence); /* at the target */
bool api_evidence_on_path(const struct assess *assess, const struct api_evidence *evidence); /* … and served now */
/* Deprecated at the target, and not yet removed there; or dropped by the component it belongs to. */
bool api_evidence_deprecated(const struct assess *assess, const struct api_evidence *evidence);
bool api_evidence_same_api(const struct api_evidence *a, const struct api_evidence *b);
/* Fills version, removal, replacement and remedy of a finding, and adds the evidence unless it is there already. */
void api_evidence_describe(struct assess *assess, struct finding *finding, const struct api_evidence *evidence);
void api_evidence_add(struct assess *assess, struct finding *finding, const struct api_evidence *evidence);
/* Objects in lists that were asked for and not given may use a version that matters: unknown, a line each. */
void api_evidence_unread(struct assess *assess,
			 bool (*matters)(const struct assess *assess, const struct api_lifecycle *api));
/* A version that goes on the way: `matters` of more than one check. */
bool api_lifecycle_on_path(const struct assess *assess, const struct api_lifecycle *api);
