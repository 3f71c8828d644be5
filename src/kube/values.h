/* Kubernetes' small languages, exactly as kubectl reads and prints them: quantities, selectors, versions,
 * int-or-string, ages. No I/O. */
#pragma once

#include <jansson.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include "codec/model.h"

/* ---- quantities: "100m", "1.5Gi", "12e6" */
enum kube_quantity_form { KUBE_DECIMAL_SI, KUBE_BINARY_SI, KUBE_DECIMAL_EXPONENT };
struct kube_quantity {
	__int128 nanos;		      /* exact; what is smaller is rounded away from zero, as the API does */
	enum kube_quantity_form form; /* in which it was written, and is printed */
};
/* False when it is none, or beyond 10^29. */
bool kube_quantity_parse(struct slice text, struct kube_quantity *ret);
void kube_quantity_print(const struct kube_quantity *quantity, struct buf *out);
int kube_quantity_compare(const struct kube_quantity *a, const struct kube_quantity *b);
/* In whole units, or thousandths, rounded up; saturated. */
int64_t kube_quantity_units(const struct kube_quantity *quantity);
int64_t kube_quantity_thousandths(const struct kube_quantity *quantity);
/* Of a text, as pods and nodes are counted: 0 for NULL, nonsense and less than nothing; 2^46 at most, so that a hundred
 * thousand of them add up without an overflow. "100m" is 100 thousandths. */
int64_t kube_text_units(const char *text);
int64_t kube_text_thousandths(const char *text);

/* ---- label selectors: "app=web,tier in (a,b),!legacy" */
enum label_operator {
	LABEL_IN,
	LABEL_NOT_IN,
	LABEL_EQUALS,
	LABEL_DOUBLE_EQUALS,
	LABEL_NOT_EQUALS,
	LABEL_EXISTS,
	LABEL_NOT_EXISTS,
	LABEL_GREATER,
	LABEL_LESS
};
struct label_requirement {
	const char *key;
	enum label_operator op;
	const char **values; /* sorted, each once */
	size_t n_values;
};
struct label_selector {
	struct label_requirement *requirements; /* sorted by key; none: everything */
	size_t n;
	bool nothing; /* an absent selector of an object, which selects nothing */
};
/* Errors say what was found and what may stand there. All lives in the arena. */
struct error *label_selector_parse(const char *text, struct arena *arena, struct label_selector *ret) MUST_CHECK;
/* From {matchLabels, matchExpressions}; NULL selects nothing, {} everything. */
struct error *label_selector_from(const json_t *from, struct arena *arena, struct label_selector *ret) MUST_CHECK;
bool label_selector_matches(const struct label_selector *selector, const struct pair *labels, size_t n);
void label_selector_print(const struct label_selector *selector, struct buf *out);

/* ---- versions */
/* "v1.33.5-eks-abc123" or "1.33": false when there is no major and minor. What follows the patch is left out. */
struct kube_version {
	unsigned major, minor, patch;
};
bool kube_version_parse(const char *text, struct kube_version *ret);
int kube_version_compare(const struct kube_version *a, const struct kube_version *b);
/* API versions by maturity and then number: v2 > v1 > v2beta1 > v1alpha1 > what is none. */
int kube_api_version_compare(const char *a, const char *b);

/* ---- int-or-string, as JSON text (`5`, `"25%"`) */
struct kube_int_or_percent {
	int64_t value;
	bool percent;
};
bool kube_int_or_percent_parse(const char *json, struct kube_int_or_percent *ret);
int64_t kube_int_or_percent_of(const struct kube_int_or_percent *value, int64_t total, bool round_up);

/* ---- ages, as in kubectl's AGE column: "45s", "3m20s", "5h12m", "9d" */
void kube_age_print(int64_t age_ms, struct buf *out);
