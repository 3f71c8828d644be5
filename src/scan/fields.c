/* Fields, annotations and labels that a version takes away or reads differently: where in an object they stand
 * (patterns, made into one trie), and what follows from those that were seen (rules, one a line of
 * knowledge/version-changes.tsv). */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "knowledge/changes.h"
#include "scan/scan_internal.h"

enum fact {
	TOPOLOGY_KEYS,
	CRON_TZ,
	IP_FAMILY,
	IP_FAMILIES,
	IP_FAMILY_POLICY,
	DOCKER_SOCKET,
	BETA_LABEL,
	INGRESS_ANNOTATION,
	INGRESS_CLASS_NAME,
	TOLERATE_UNREADY,
	PUBLISH_NOT_READY,
	MASTER_LABEL,
	LOAD_BALANCER_IP,
	SELECTOR,
	SELECTOR_SET,
	SECCOMP_ANNOTATION,
	SECCOMP_PROFILE,
	GRPC_PROTOCOL,
	CLASS_ANNOTATION,
	APPARMOR_ANNOTATION,
	MOUNT_ANNOTATION,
	ANONYMOUS,
	MOUNTABLE_SECRETS,
	TOPOLOGY_ANNOTATION,
	LEADER_ANNOTATION,
	EXTERNAL_IPS,
	BAD_ADDRESS,
	OLD_REGISTRY,
	RBD_PROVISIONER,
	/* Volumes, in pods … */
	GIT_REPO,
	GLUSTERFS,
	SCALE_IO,
	FLOCKER,
	QUOBYTE,
	STORAGEOS,
	FLEX_VOLUME,
	CEPHFS,
	RBD,
	AWS_EBS,
	/* … and the same as persistent volumes. */
	PV_GLUSTERFS,
	PV_SCALE_IO,
	PV_FLOCKER,
	PV_QUOBYTE,
	PV_STORAGEOS,
	PV_FLEX_VOLUME,
	PV_CEPHFS,
	PV_RBD,
	PV_AWS_EBS,
	PV_PORTWORX,
	FACTS,
};
_Static_assert((int)FACTS <= (int)SCAN_FACTS, "facts are bits");

enum test {
	PRESENT, /* a scalar that says something, or a map or list that is opened */
	CONTAINS,
	ONE_OF,		     /* words divided by spaces */
	NOT_TRUE_IS_NOTHING, /* counts only when it says true */
	BEGINS,		     /* with one of the words */
	SECOND,		     /* the second time; the first sets the fact before it */
	ADDRESS,	     /* an address or CIDR that strict reading refuses */
};

struct pattern {
	const char *path; /* words divided by spaces; "*": any key or element; "x*": keys that begin with x */
	enum fact fact;
	enum test test;
	const char *argument;
};

#define LABELS "beta.kubernetes.io/ failure-domain.beta.kubernetes.io/"
#define MASTER "node-role.kubernetes.io/master"
#define TERMS "requiredDuringSchedulingIgnoredDuringExecution nodeSelectorTerms * matchExpressions * key"
#define WISHES "preferredDuringSchedulingIgnoredDuringExecution * preference matchExpressions * key"

/* POD: the four places of a pod's spec; META: of its metadata. */
static const struct pattern patterns[] = {
	{"spec topologyKeys *", TOPOLOGY_KEYS, PRESENT, NULL},
	{"spec schedule", CRON_TZ, CONTAINS, "TZ="},
	{"spec ipFamilies *", IP_FAMILIES, SECOND, NULL},
	{"spec clusterIPs *", IP_FAMILIES, SECOND, NULL},
	{"spec ipFamilyPolicy", IP_FAMILY_POLICY, PRESENT, NULL},
	{"POD volumes * hostPath path", DOCKER_SOCKET, CONTAINS, "docker.sock dockershim.sock"},
	{"POD nodeSelector beta.kubernetes.io/*", BETA_LABEL, PRESENT, NULL},
	{"POD nodeSelector failure-domain.beta.kubernetes.io/*", BETA_LABEL, PRESENT, NULL},
	{"POD affinity nodeAffinity " TERMS, BETA_LABEL, BEGINS, LABELS},
	{"POD affinity nodeAffinity " WISHES, BETA_LABEL, BEGINS, LABELS},
	{"spec nodeAffinity required nodeSelectorTerms * matchExpressions * key", BETA_LABEL, BEGINS, LABELS},
	{"allowedTopologies * matchLabelExpressions * key", BETA_LABEL, BEGINS, LABELS},
	{"POD nodeSelector " MASTER, MASTER_LABEL, PRESENT, NULL},
	{"POD affinity nodeAffinity " TERMS, MASTER_LABEL, ONE_OF, MASTER},
	{"POD affinity nodeAffinity " WISHES, MASTER_LABEL, ONE_OF, MASTER},
	{"POD tolerations * key", MASTER_LABEL, ONE_OF, MASTER},
	{"metadata annotations kubernetes.io/ingress.class", INGRESS_ANNOTATION, PRESENT, NULL},
	{"spec ingressClassName", INGRESS_CLASS_NAME, PRESENT, NULL},
	{"metadata annotations service.alpha.kubernetes.io/tolerate-unready-endpoints", TOLERATE_UNREADY,
	 NOT_TRUE_IS_NOTHING, NULL},
	{"spec publishNotReadyAddresses", PUBLISH_NOT_READY, NOT_TRUE_IS_NOTHING, NULL},
	{"spec loadBalancerIP", LOAD_BALANCER_IP, PRESENT, NULL},
	{"spec selector", SELECTOR, PRESENT, NULL},
	{"spec selector matchLabels *", SELECTOR_SET, PRESENT, NULL},
	{"spec selector matchExpressions *", SELECTOR_SET, PRESENT, NULL},
	{"META annotations seccomp.security.alpha.kubernetes.io/pod", SECCOMP_ANNOTATION, PRESENT, NULL},
	{"META annotations container.seccomp.security.alpha.kubernetes.io/*", SECCOMP_ANNOTATION, PRESENT, NULL},
	{"POD securityContext seccompProfile", SECCOMP_PROFILE, PRESENT, NULL},
	{"POD containers * securityContext seccompProfile", SECCOMP_PROFILE, PRESENT, NULL},
	{"spec ports * appProtocol", GRPC_PROTOCOL, ONE_OF, "kubernetes.io/grpc"},
	{"metadata annotations volume.beta.kubernetes.io/storage-class", CLASS_ANNOTATION, PRESENT, NULL},
	{"META annotations container.apparmor.security.beta.kubernetes.io/*", APPARMOR_ANNOTATION, PRESENT, NULL},
	{"metadata annotations volume.beta.kubernetes.io/mount-options", MOUNT_ANNOTATION, PRESENT, NULL},
	{"subjects * name", ANONYMOUS, ONE_OF, "system:unauthenticated system:anonymous"},
	{"metadata annotations kubernetes.io/enforce-mountable-secrets", MOUNTABLE_SECRETS, PRESENT, NULL},
	{"metadata annotations service.kubernetes.io/topology-mode", TOPOLOGY_ANNOTATION, PRESENT, NULL},
	{"metadata annotations service.kubernetes.io/topology-aware-hints", TOPOLOGY_ANNOTATION, PRESENT, NULL},
	{"metadata annotations control-plane.alpha.kubernetes.io/leader", LEADER_ANNOTATION, PRESENT, NULL},
	{"spec externalIPs *", EXTERNAL_IPS, PRESENT, NULL},
	{"spec externalIPs *", BAD_ADDRESS, ADDRESS, NULL},
	{"spec loadBalancerSourceRanges *", BAD_ADDRESS, ADDRESS, NULL},
	{"spec ingress * from * ipBlock cidr", BAD_ADDRESS, ADDRESS, NULL},
	{"spec ingress * from * ipBlock except *", BAD_ADDRESS, ADDRESS, NULL},
	{"spec egress * to * ipBlock cidr", BAD_ADDRESS, ADDRESS, NULL},
	{"spec egress * to * ipBlock except *", BAD_ADDRESS, ADDRESS, NULL},
	{"POD containers * image", OLD_REGISTRY, BEGINS, "k8s.gcr.io/"},
	{"POD initContainers * image", OLD_REGISTRY, BEGINS, "k8s.gcr.io/"},
	{"provisioner", RBD_PROVISIONER, ONE_OF, "kubernetes.io/rbd"},
	{"POD volumes * gitRepo", GIT_REPO, PRESENT, NULL},
	{"POD volumes * glusterfs", GLUSTERFS, PRESENT, NULL},
	{"POD volumes * scaleIO", SCALE_IO, PRESENT, NULL},
	{"POD volumes * flocker", FLOCKER, PRESENT, NULL},
	{"POD volumes * quobyte", QUOBYTE, PRESENT, NULL},
	{"POD volumes * storageos", STORAGEOS, PRESENT, NULL},
	{"POD volumes * flexVolume", FLEX_VOLUME, PRESENT, NULL},
	{"POD volumes * cephfs", CEPHFS, PRESENT, NULL},
	{"POD volumes * rbd", RBD, PRESENT, NULL},
	{"POD volumes * awsElasticBlockStore", AWS_EBS, PRESENT, NULL},
	{"spec glusterfs", PV_GLUSTERFS, PRESENT, NULL},
	{"spec scaleIO", PV_SCALE_IO, PRESENT, NULL},
	{"spec flocker", PV_FLOCKER, PRESENT, NULL},
	{"spec quobyte", PV_QUOBYTE, PRESENT, NULL},
	{"spec storageos", PV_STORAGEOS, PRESENT, NULL},
	{"spec flexVolume", PV_FLEX_VOLUME, PRESENT, NULL},
	{"spec cephfs", PV_CEPHFS, PRESENT, NULL},
	{"spec rbd", PV_RBD, PRESENT, NULL},
	{"spec awsElasticBlockStore", PV_AWS_EBS, PRESENT, NULL},
	{"spec portworxVolume", PV_PORTWORX, PRESENT, NULL},
};

static const char *const pod_places[] = {"spec", "spec template spec", "spec jobTemplate spec template spec",
					 "template spec"};
static const char *const meta_places[] = {"metadata", "spec template metadata",
					  "spec jobTemplate spec template metadata", "template metadata"};

struct rule {
	const char *change; /* id of its line */
	const char *kinds;  /* divided by spaces; NULL: any */
	uint64_t any, pv;   /* one of these facts; of `pv` only in a PersistentVolume */
	uint64_t none;	    /* and none of these */
	unsigned before;    /* superseded by another line from that minor on; 0: never */
	bool by_absence;    /* cannot be told of a template */
	const char *id;
	const char *remedy;
};

#define BIT(fact) (UINT64_C(1) << (fact))
static const struct rule rules[] = {
	{"service-topologykeys-removed", "Service", BIT(TOPOLOGY_KEYS), 0, 0, 0, false, NULL,
	 "use spec.trafficDistribution: PreferClose"},
	{"scaleio-volume-removed", NULL, BIT(SCALE_IO), BIT(PV_SCALE_IO), 0, 0, false, NULL,
	 "move the data to a CSI volume"},
	{"cronjob-tz-accepted", "CronJob", BIT(CRON_TZ), 0, 0, 29, false, NULL, "use spec.timeZone"},
	{"cronjob-tz-rejected", "CronJob", BIT(CRON_TZ), 0, 0, 0, false, NULL, "use spec.timeZone"},
	{"ipfamilypolicy-required", "Service", BIT(IP_FAMILIES), 0, BIT(IP_FAMILY_POLICY), 0, true, NULL,
	 "set spec.ipFamilyPolicy: PreferDualStack or RequireDualStack"},
	{"flexvolume-deprecated", NULL, BIT(FLEX_VOLUME), BIT(PV_FLEX_VOLUME), 0, 0, false, NULL,
	 "move to a CSI driver"},
	{"docker-socket-mounts", NULL, BIT(DOCKER_SOCKET), 0, 0, 0, false, NULL,
	 "use containerd's socket, or a builder that needs none"},
	{"beta-node-labels", NULL, BIT(BETA_LABEL), 0, 0, 0, false, NULL,
	 "use kubernetes.io/os, kubernetes.io/arch, node.kubernetes.io/instance-type, topology.kubernetes.io/zone and "
	 "region"},
	{"ingress-class-annotation", "Ingress", BIT(INGRESS_ANNOTATION), 0, BIT(INGRESS_CLASS_NAME), 0, false, NULL,
	 "use spec.ingressClassName"},
	{"tolerate-unready-endpoints", "Service", BIT(TOLERATE_UNREADY), 0, BIT(PUBLISH_NOT_READY), 0, false, NULL,
	 "set spec.publishNotReadyAddresses: true"},
	{"control-plane-label-master-removed", NULL, BIT(MASTER_LABEL), 0, 0, 0, false, NULL,
	 "use node-role.kubernetes.io/control-plane"},
	{"loadbalancerip-deprecated", "Service", BIT(LOAD_BALANCER_IP), 0, 0, 0, false, NULL,
	 "use the load balancer controller's annotations"},
	{"pdb-empty-selector", "PodDisruptionBudget", BIT(SELECTOR), 0, BIT(SELECTOR_SET), 0, true, NULL,
	 "name the pods in spec.selector.matchLabels"},
	{"intree-flocker-quobyte-storageos", NULL, BIT(FLOCKER) | BIT(QUOBYTE) | BIT(STORAGEOS),
	 BIT(PV_FLOCKER) | BIT(PV_QUOBYTE) | BIT(PV_STORAGEOS), 0, 0, false, NULL, "move the data to a CSI volume"},
	{"seccomp-annotations-kubelet", NULL, BIT(SECCOMP_ANNOTATION), 0, BIT(SECCOMP_PROFILE), 27, false, NULL,
	 "set securityContext.seccompProfile"},
	{"seccomp-annotations-removed", NULL, BIT(SECCOMP_ANNOTATION), 0, BIT(SECCOMP_PROFILE), 0, false, NULL,
	 "set securityContext.seccompProfile"},
	{"glusterfs-removed", NULL, BIT(GLUSTERFS), BIT(PV_GLUSTERFS), 0, 0, false, NULL,
	 "move the data to a CSI volume"},
	{"in-tree-aws-ebs-removed", NULL, BIT(AWS_EBS), BIT(PV_AWS_EBS), 0, 0, false, NULL,
	 "use csi: {driver: ebs.csi.aws.com}, and have the EBS CSI driver installed"},
	{"grpc-appprotocol", "Service", BIT(GRPC_PROTOCOL), 0, 0, 0, false, NULL, "use appProtocol: grpc"},
	{"storage-class-beta-annotation", "PersistentVolumeClaim PersistentVolume", BIT(CLASS_ANNOTATION), 0, 0, 0,
	 false, NULL, "use spec.storageClassName"},
	{"cephfs-rbd-deprecated", NULL, BIT(CEPHFS) | BIT(RBD), BIT(PV_CEPHFS) | BIT(PV_RBD), 0, 31, false, NULL,
	 "move to the Ceph CSI driver"},
	{"cephfs-removed", NULL, BIT(CEPHFS), BIT(PV_CEPHFS), 0, 0, false, NULL, "move to the Ceph CSI driver"},
	{"rbd-removed", NULL, BIT(RBD) | BIT(RBD_PROVISIONER), BIT(PV_RBD), 0, 0, false, NULL,
	 "move to the Ceph CSI driver"},
	{"apparmor-annotations-deprecated", NULL, BIT(APPARMOR_ANNOTATION), 0, 0, 0, false, NULL,
	 "use securityContext.appArmorProfile"},
	{"mount-options-annotation", "PersistentVolume", BIT(MOUNT_ANNOTATION), 0, 0, 0, false, NULL,
	 "use spec.mountOptions"},
	{"eks-anonymous-auth", "ClusterRoleBinding RoleBinding", BIT(ANONYMOUS), 0, 0, 0, false, NULL,
	 "bind an authenticated subject; health endpoints need no binding"},
	{"enforce-mountable-secrets-deprecated", "ServiceAccount", BIT(MOUNTABLE_SECRETS), 0, 0, 0, false, NULL,
	 "use namespaces to keep secrets apart"},
	{"gitrepo-volume-off-by-default", NULL, BIT(GIT_REPO), 0, 0, 36, false, NULL,
	 "clone in an init container into an emptyDir"},
	{"gitrepo-volume-disabled", NULL, BIT(GIT_REPO), 0, 0, 0, false, NULL,
	 "clone in an init container into an emptyDir"},
	{"topology-mode-annotation-deprecated", "Service", BIT(TOPOLOGY_ANNOTATION), 0, 0, 0, false, NULL,
	 "use spec.trafficDistribution"},
	{"lease-locks-only", "ConfigMap Endpoints", BIT(LEADER_ANNOTATION), 0, 0, 0, false, NULL,
	 "elect leaders by Lease"},
	{"externalips-deprecated", "Service", BIT(EXTERNAL_IPS), 0, 0, 0, false, NULL,
	 "use a LoadBalancer Service or a Gateway"},
	{"portworx-intree-removed", NULL, 0, BIT(PV_PORTWORX), 0, 0, false, NULL,
	 "use csi: {driver: pxd.portworx.com}"},
	{"strict-ip-cidr", "Service NetworkPolicy", BIT(BAD_ADDRESS), 0, 0, 0, false, NULL,
	 "write addresses without leading zeros, and a CIDR by its first address"},
	{"k8s-gcr-io-frozen", NULL, BIT(OLD_REGISTRY), 0, 0, 0, false, "BEH-REGISTRY", "use registry.k8s.io"},
};

const char *scan_field_remedy(const char *change_id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(rules[i].change, change_id))
			return rules[i].remedy;
	return NULL;
}

/* ---- the trie ---- */

struct edge {
	const char *key;
	uint16_t n, to, next;
	bool prefix;
};
struct node {
	uint16_t edges, tests; /* index + 1 into edges, tests */
};
struct trie_test {
	const struct pattern *pattern;
	uint16_t next;
};
struct scan_trie {
	struct node *nodes;
	struct edge *edges;
	struct trie_test *tests;
	size_t n_nodes, n_edges, n_tests;
};

static uint16_t child(struct scan_trie *trie, uint16_t from, const char *key, size_t n)
{
	bool prefix = n && key[n - 1] == '*';
	n -= prefix;
	for (uint16_t i = trie->nodes[from].edges; i; i = trie->edges[i - 1].next) {
		const struct edge *edge = &trie->edges[i - 1];
		if (edge->n == n && edge->prefix == prefix && !memcmp(edge->key, key, n))
			return edge->to;
	}
	HEAP_PUSH(trie->nodes, trie->n_nodes);
	uint16_t to = (uint16_t)(trie->n_nodes - 1);
	struct edge *edge = HEAP_PUSH(trie->edges, trie->n_edges);
	*edge = (struct edge){key, (uint16_t)n, to, trie->nodes[from].edges, prefix};
	trie->nodes[from].edges = (uint16_t)trie->n_edges;
	return to;
}

static uint16_t path(struct scan_trie *trie, uint16_t node, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, " ");
		node = child(trie, node, words, n);
		words += n + (words[n] == ' ');
	}
	return node;
}

static void add_pattern(struct scan_trie *trie, uint16_t node, const char *rest, const struct pattern *pattern)
{
	node = path(trie, node, rest);
	struct trie_test *test = HEAP_PUSH(trie->tests, trie->n_tests);
	*test = (struct trie_test){pattern, trie->nodes[node].tests};
	trie->nodes[node].tests = (uint16_t)trie->n_tests;
}

struct scan_trie *scan_trie_new(void)
{
	struct scan_trie *trie = mem_alloc(sizeof *trie);
	HEAP_PUSH(trie->nodes, trie->n_nodes); /* NONE */
	HEAP_PUSH(trie->nodes, trie->n_nodes); /* ROOT */
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		bool pod = !strncmp(patterns[i].path, "POD ", 4), meta = !strncmp(patterns[i].path, "META ", 5);
		const char *const *places = pod ? pod_places : meta_places;
		if (!pod && !meta)
			add_pattern(trie, SCAN_TRIE_ROOT, patterns[i].path, &patterns[i]);
		for (size_t k = 0; (pod || meta) && k < ARRAY_SIZE(pod_places); k++)
			add_pattern(trie, path(trie, SCAN_TRIE_ROOT, places[k]), patterns[i].path + (pod ? 4 : 5),
				    &patterns[i]);
	}
	return trie;
}

void scan_trie_free(struct scan_trie *trie)
{
	if (!trie)
		return;
	free(trie->nodes);
	free(trie->edges);
	free(trie->tests);
	free(trie);
}

uint16_t scan_trie_next(const struct scan_trie *trie, uint16_t node, struct slice key, bool element)
{
	uint16_t by_prefix = SCAN_TRIE_NONE;
	for (uint16_t i = trie->nodes[node].edges; i; i = trie->edges[i - 1].next) {
		const struct edge *edge = &trie->edges[i - 1];
		if (edge->prefix) {
			if (key.n >= edge->n && (edge->n == 0 || !memcmp(edge->key, key.p, edge->n)))
				by_prefix = edge->to;
		} else if (!element && edge->n == key.n && !memcmp(edge->key, key.p, key.n)) {
			return edge->to;
		}
	}
	return by_prefix;
}

/* ---- facts ---- */

static void learn(struct scan *scan, enum fact fact, size_t at, struct slice value)
{
	if (scan->scope < 0)
		return;
	struct scan_scope *scope = &scan->scopes[scan->scope];
	if (scope->seen & BIT(fact))
		return;
	scope->seen |= BIT(fact);
	scope->at[fact] = (uint32_t)at;
	scope->value[fact] = value.n ? scan_words(scan, value) : NULL;
}

static bool one_of(const char *words, struct slice value, enum test test)
{
	while (*words) {
		size_t n = strcspn(words, " ");
		bool hit = test == CONTAINS ? memmem(value.p, value.n, words, n) != NULL
			   : test == BEGINS ? value.n >= n && !memcmp(value.p, words, n)
					    : value.n == n && !memcmp(value.p, words, n);
		if (hit)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

bool scan_bad_address(struct slice value)
{
	char text[64];
	unsigned char bits[16];
	if (value.n == 0 || value.n >= sizeof text)
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (!strchr(text, ':')) {
		if (strspn(text, "0123456789.") != strlen(text) || !strchr(text, '.'))
			return false;
		for (const char *p = text; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
			if (p[0] == '0' && p[1] >= '0' && p[1] <= '9')
				return true;
	}
	bool six = strchr(text, ':') != NULL;
	if (!slash || inet_pton(six ? AF_INET6 : AF_INET, text, bits) != 1)
		return false;
	unsigned long prefix = strtoul(slash + 1, NULL, 10), all = six ? 128 : 32;
	for (unsigned long i = prefix; i < all; i++)
		if (bits[i / 8] >> (7 - i % 8) & 1)
			return true;
	return false;
}

static bool says_nothing(struct slice value)
{
	return value.n == 0 || slice_eq(value, "null") || slice_eq(value, "~") || slice_eq(value, "Null") ||
	       slice_eq(value, "NULL");
}

void scan_trie_scalar(struct scan *scan, uint16_t node, struct slice value, size_t at)
{
	for (uint16_t i = scan->trie->nodes[node].tests; i; i = scan->trie->tests[i - 1].next) {
		const struct pattern *pattern = scan->trie->tests[i - 1].pattern;
		enum fact fact = pattern->fact;
		bool hit = false;
		switch (pattern->test) {
		case PRESENT:
			/* A selector without anything in it is an empty one only when it is written as a map. */
			hit = !says_nothing(value) && fact != SELECTOR;
			break;
		case NOT_TRUE_IS_NOTHING:
			hit = slice_eq(value, "true");
			break;
		case CONTAINS:
		case BEGINS:
		case ONE_OF:
			hit = one_of(pattern->argument, value, pattern->test);
			break;
		case SECOND:
			hit = scan->scope >= 0 && (scan->scopes[scan->scope].seen & BIT(fact - 1));
			if (!hit)
				learn(scan, fact - 1, at, value);
			break;
		case ADDRESS:
			hit = scan_bad_address(value);
			break;
		}
		if (hit)
			learn(scan, fact, at, value);
	}
}

void scan_trie_opened(struct scan *scan, uint16_t node, bool list, size_t at)
{
	(void)list;
	for (uint16_t i = scan->trie->nodes[node].tests; i; i = scan->trie->tests[i - 1].next)
		if (scan->trie->tests[i - 1].pattern->test == PRESENT)
			learn(scan, scan->trie->tests[i - 1].pattern->fact, at, slice_make(NULL, 0));
}

/* ---- rules ---- */

static bool kind_matches(const char *kinds, struct slice kind)
{
	return !kinds || one_of(kinds, kind, ONE_OF);
}

static void found(struct scan *scan, const struct rule *rule, const struct version_change *change,
		  const struct scan_object *object, const struct scan_scope *scope, uint64_t facts)
{
	int fact = __builtin_ctzll(facts);
	struct finding *finding = scan_find(scan, rule->id ? rule->id : "API-FIELD", (enum severity)change->severity);
	if (!finding)
		return;
	finding->title = change->title;
	finding->line = scan_line(scan, scope->at[fact]);
	finding->object = scan_name_object(scan, object, scan_words(scan, object->kind[0].text));
	finding->api_version = scan_words(scan, object->api[0].text);
	finding->message =
		arena_printf(scan->arena, "%s: %s", change->title, change->what_breaks ? change->what_breaks : "");
	finding->remedy = rule->remedy;
	const char *value = scope->value[fact];
	scan_evidence(scan, arena_printf(scan->arena, "%s%s%s, by %s (%s)", value ? "\"" : "the field",
					 value ? value : "", value ? "\"" : "", change->id, change->version));
}

void scan_fields_done(struct scan *scan, const struct scan_object *object, const struct scan_scope *scope)
{
	struct slice kind = object->kind[0].text;
	bool pv = slice_eq(kind, "PersistentVolume");
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		uint64_t facts = scope->seen & (rule->any | (pv ? rule->pv : 0));
		if (!facts || (scope->seen & rule->none) || !kind_matches(rule->kinds, kind) ||
		    (rule->by_absence && scan->template) || (rule->before && scan->target >= rule->before))
			continue;
		const struct version_change *change = knowledge_change(rule->change);
		if (change && knowledge_change_on_path(change, 0, scan->target))
			found(scan, rule, change, object, scope, facts);
	}
}
