/* When each Kubernetes minor came out, came to EKS, and when EKS supports it no more. Generated from
 * knowledge/eks-calendar.tsv. */
#pragma once

#include <stdint.h>
#include <stddef.h>

struct knowledge_day {
	const char *text; /* "2026-08-02"; NULL: not known */
	int64_t ms;	  /* its beginning in UTC; 0: not known */
};

struct eks_release {
	const char *version; /* "1.34" */
	unsigned minor;
	struct knowledge_day upstream, eks, end_of_standard_support, end_of_extended_support;
	const char *source, *note; /* note: NULL for none */
};
extern const struct eks_release knowledge_releases[]; /* by minor, ascending */
extern const size_t knowledge_n_releases;

/* By "1.34", "v1.34.2-eks-…"; NULL when the calendar does not have it. */
const struct eks_release *knowledge_release(const char *version);
/* The newest that EKS is known to offer; never NULL. */
const struct eks_release *knowledge_newest_release(void);
