/* A Helm chart's kubeVersion: ">=1.25.0-0 <1.33.0-0 || ^1.34". */
#pragma once

enum range_verdict { RANGE_IN, RANGE_OUT, RANGE_NONSENSE };
/* Does some release of Kubernetes 1.MINOR satisfy it? NULL and "" allow everything. */
enum range_verdict chart_range_holds(const char *range, unsigned minor);
