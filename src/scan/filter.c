/* Looks at bytes, to prove that a text cannot matter: every line of the tables and every field rule has a word that
 * must stand in the text. Four of each word's trigrams that follow one another are marked in a bitmap; then one of them
 * is met by looking at each fourth place. What is marked is looked at closely; API versions must be ones that some line
 * calls deprecated or removed. */
#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

enum { WINDOW = 4, SLOTS = 1 << 16, CHAINS = 256 };

/* The first so many are versions, which are looked up with their group. Each word has at least six letters. */
enum { VERSIONS = 11 };
const char *const scan_filter_words[] = {
	"v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5", "v1beta1", "v1beta2", "v1beta3", "v2alpha1",
	"v2beta1", "v2beta2",
	/* Kinds and groups whose dead versions are no alpha or beta. */
	"ComponentStatus", "Endpoints", "EphemeralContainers", "kubescheduler.config.k8s.io",
	"CompositeResourceDefinition", "edgefs.rook.io", "PolicyViolation", "GenerateRequest", "AdmissionReport",
	"BackgroundScanReport", "AmazonCloudIntegration", "ResticRepository",
	/* Fields, annotations, labels, values. */
	"topologyKeys", "scaleIO", "schedule", "ipFamilies", "clusterIPs", "flexVolume", "docker.sock",
	"dockershim.sock", "beta.kubernetes.io/", "ingress.class", "tolerate-unready-endpoints",
	"node-role.kubernetes.io/master", "loadBalancerIP", "PodDisruptionBudget", "flocker", "quobyte", "storageos",
	"seccomp.security.alpha", "glusterfs", "awsElasticBlockStore", "kubernetes.io/grpc", "cephfs", "monitors",
	"kubernetes.io/rbd", "system:unauthenticated", "system:anonymous", "enforce-mountable-secrets", "topology-mode",
	"topology-aware-hints", "control-plane.alpha", "gitRepo", "externalIPs", "portworxVolume",
	"loadBalancerSourceRanges", "ipBlock", "k8s.gcr.io/", NULL};

struct chained {
	uint32_t trigram;
	uint8_t word, offset, next; /* next: index + 1 */
};
struct scan_filter {
	uint8_t marked[SLOTS / 8];
	uint8_t chains[CHAINS]; /* index + 1 */
	struct chained entries[255];
	size_t n_entries;
	uint8_t lengths[64];
	const struct api_lifecycle **dead; /* one row for each group and version with something dead in it, sorted */
	size_t n_dead;
};

static uint32_t trigram_at(const char *p)
{
	return (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8 | (uint32_t)(unsigned char)p[2] << 16;
}

static uint32_t slot_of(uint32_t trigram)
{
	return (trigram * 0x9e3779b1u) >> 16;
}

/* The rarest four places that follow one another: a vowel or a small common letter counts more. */
static size_t best_window(const char *word, size_t n)
{
	size_t best = 0;
	unsigned least = ~0u;
	for (size_t at = 0; at + WINDOW + 2 <= n; at++) {
		unsigned common = 0;
		for (size_t k = at; k < at + WINDOW + 2; k++)
			common += strchr("etaoinsr", word[k]) ? 3 : strchr("lcdumph.:-/", word[k]) ? 2 : 1;
		if (common < least) {
			least = common;
			best = at;
		}
	}
	return best;
}

static void mark(struct scan_filter *filter, size_t word, size_t offset)
{
	uint32_t trigram = trigram_at(scan_filter_words[word] + offset), slot = slot_of(trigram);
	filter->marked[slot / 8] |= (uint8_t)(1u << slot % 8);
	struct chained *entry = &filter->entries[filter->n_entries++];
	*entry = (struct chained){trigram, (uint8_t)word, (uint8_t)offset, filter->chains[slot % CHAINS]};
	filter->chains[slot % CHAINS] = (uint8_t)filter->n_entries;
}

static bool is_dead(const struct api_lifecycle *api)
{
	return api->deprecated || api->removed;
}

struct scan_filter *scan_filter_new(void)
{
	struct scan_filter *filter = mem_alloc(sizeof *filter);
	for (size_t word = 0; scan_filter_words[word]; word++) {
		size_t n = strlen(scan_filter_words[word]), at = best_window(scan_filter_words[word], n);
		filter->lengths[word] = (uint8_t)n;
		for (size_t k = 0; k < WINDOW; k++)
			mark(filter, word, at + k);
	}
	for (size_t i = 0; i < knowledge_n_apis; i++) {
		const struct api_lifecycle *api = &knowledge_apis[i],
					   *last = filter->n_dead ? filter->dead[filter->n_dead - 1] : NULL;
		if (is_dead(api) &&
		    (!last || strcmp(last->group, api->group) != 0 || strcmp(last->version, api->version) != 0))
			*HEAP_PUSH(filter->dead, filter->n_dead) = api;
	}
	return filter;
}

void scan_filter_free(struct scan_filter *filter)
{
	if (filter)
		free(filter->dead);
	free(filter);
}

static int order(struct slice word, const char *other)
{
	size_t n = strlen(other);
	int by_bytes = memcmp(word.p, other, word.n < n ? word.n : n);
	return by_bytes ? by_bytes : (word.n > n) - (word.n < n);
}

/* "group/version" around the version that begins at `p`: is anything in it dead? */
static bool dead_version(const struct scan_filter *filter, struct slice text, const char *p, size_t n)
{
	const char *from = p;
	if (p == text.p || p[-1] != '/')
		return false; /* no group of the core has alphas or betas */
	for (from = p - 1; from > text.p; from--) {
		char c = from[-1];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
			break;
	}
	struct slice group = slice_make(from, (size_t)(p - 1 - from)), version = slice_make(p, n);
	for (size_t low = 0, high = filter->n_dead; low < high;) {
		size_t middle = low + (high - low) / 2;
		int by = order(group, filter->dead[middle]->group);
		by = by ? by : order(version, filter->dead[middle]->version);
		if (by == 0)
			return true;
		if (by < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static unsigned look_closely(const struct scan_filter *filter, struct slice text, const char *p)
{
	uint32_t trigram = trigram_at(p), slot = slot_of(trigram);
	unsigned found = 0;
	for (unsigned i = filter->chains[slot % CHAINS]; i; i = filter->entries[i - 1].next) {
		const struct chained *entry = &filter->entries[i - 1];
		size_t n = filter->lengths[entry->word];
		if (entry->trigram != trigram || p - text.p < entry->offset ||
		    (size_t)(text.p + text.n - p) + entry->offset < n)
			continue;
		const char *word = p - entry->offset;
		if (memcmp(word, scan_filter_words[entry->word], n) != 0)
			continue;
		if (entry->word >= VERSIONS)
			found |= MAY_FIELD;
		else if (dead_version(filter, text, word, n))
			found |= MAY_VERSION;
	}
	return found;
}

/* An escape may hide a word: \u0062, \x62, or a line that goes on. */
static bool has_escapes(struct slice text)
{
	for (const char *p = text.p, *end = text.p + text.n; (p = memchr(p, '\\', (size_t)(end - p))); p += 2)
		if (end - p < 2)
			return false;
		else if (p[1] == 'x' || p[1] == 'u' || p[1] == 'U' || p[1] == '\n' || p[1] == '\r')
			return true;
		else if (end - p < 3)
			return false;
	return false;
}

static bool has_actions(struct slice text)
{
	for (const char *p = text.p, *end = text.p + text.n;
	     end - p >= 2 && (p = memchr(p, '{', (size_t)(end - p) - 1)); p++)
		if (p[1] == '{' || p[1] == '%')
			return true;
	return false;
}

unsigned scan_filter_text(const struct scan_filter *filter, struct slice text)
{
	unsigned found = (has_actions(text) ? MAY_TEMPLATE : 0) | (has_escapes(text) ? MAY_ESCAPE : 0);
	const char *p = text.p, *end = text.p + text.n;
	for (; end - p >= 4; p += WINDOW) {
		uint32_t word;
		memcpy(&word, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap32(word);
#endif
		uint32_t slot = slot_of(word & 0xffffff);
		if (filter->marked[slot / 8] >> slot % 8 & 1) {
			found |= look_closely(filter, text, p);
			if (found & (MAY_VERSION | MAY_FIELD))
				return found;
		}
	}
	if (end - p == 3)
		found |= look_closely(filter, text, p);
	return found;
}

/* Does what follows a key say by itself what its value is? */
static bool is_plain_value(const char *p, const char *end)
{
	p += p < end && (*p == '"' || *p == '\'');
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p != ':')
		return true; /* no key */
	for (p++; p < end && (*p == ' ' || *p == '\t');)
		p++;
	if (p == end || strchr("\r\n{|>&*!%#", *p))
		return false;
	for (; p < end && *p != '\n'; p++)
		if (*p == '{')
			return false;
	return true;
}

bool scan_filter_open(struct slice text)
{
	static const char *const keys[] = {"apiVersion", "kind"};
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i]);
		const char *p = text.p, *end = text.p + text.n;
		for (; p < end && (p = memmem(p, (size_t)(end - p), keys[i], n)); p += n)
			if (!is_plain_value(p + n, end))
				return true;
	}
	return memmem(text.p, text.n, "define", 6) != NULL;
}
