/* How things are called in release notes. What is known of the API comes out of the life-cycle tables. */
#include "perception/notes_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "knowledge/lifecycle.h"

const char *notes_component(const char *lower)
{
	static const struct {
		const char *word, *component;
	} components[] = {
		{"kubelet", "kubelet"},
		{"kube-apiserver", "kube-apiserver"},
		{"apiserver", "kube-apiserver"},
		{"kube-controller-manager", "kube-controller-manager"},
		{"cloud-controller-manager", "cloud-controller-manager"},
		{"kube-scheduler", "kube-scheduler"},
		{"kube-proxy", "kube-proxy"},
		{"kubectl", "kubectl"},
		{"kubeadm", "kubeadm"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(components); i++)
		if (!strcmp(components[i].word, lower))
			return components[i].component;
	return NULL;
}

const char *notes_flag(struct arena *arena, const char *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	if (strncmp(word, "--", 2) != 0 || !islower((unsigned char)word[2]))
		return NULL;
	size_t n = 2 + strspn(word + 2, allowed);
	bool ends = !word[n] || word[n] == '=' || word[n] == ' ' || word[n] == '/';
	return ends && n > 3 && n < 100 ? arena_strndup(arena, word, n) : NULL;
}

/* "v1", "v2beta2". */
static bool is_version(const char *text)
{
	if (*text != 'v' || !isdigit((unsigned char)text[1]))
		return false;
	const char *p = text + 1 + strspn(text + 1, "0123456789");
	if (!strncmp(p, "alpha", 5) || !strncmp(p, "beta", 4)) {
		p += *p == 'a' ? 5 : 4;
		p += strspn(p, "0123456789");
	}
	return *p == '\0';
}

/* The group that is meant, in the arena or for ever: "networking" is short for "networking.k8s.io". NULL: it is none.
 */
static const char *group_of(struct arena *arena, const char *text, size_t n)
{
	const char *longer = NULL;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '.' &&
		    text[i] != '-')
			return NULL;
	if (memchr(text, '.', n))
		return arena_strndup(arena, text, n);
	for (size_t i = 0; i < knowledge_n_apis; i++) {
		const struct api_lifecycle *api = &knowledge_apis[i];
		if (api->component || strncmp(api->group, text, n) != 0)
			continue;
		if (!api->group[n])
			return api->group;
		if (!strcmp(api->group + n, ".k8s.io"))
			longer = api->group;
	}
	return longer;
}

/* The only group of Kubernetes itself that has, or had, this kind in this version; NULL: none, or several. */
static const char *only_group(const char *kind, const char *version)
{
	const char *group = NULL;
	for (size_t i = 0; i < knowledge_n_apis; i++) {
		const struct api_lifecycle *api = &knowledge_apis[i];
		if (api->component || strcmp(api->kind, kind) != 0 || strcmp(api->version, version) != 0)
			continue;
		if (group && strcmp(group, api->group) != 0)
			return NULL;
		group = api->group;
	}
	return group;
}

const char *notes_api_version(struct arena *arena, const struct notes_sentence *sentence, size_t at)
{
	const char *word = sentence->tokens[at].text, *slash = strchr(word, '/');
	const char *told =
		slash && slash != word && is_version(slash + 1) ? group_of(arena, word, (size_t)(slash - word)) : NULL;
	if (told)
		return arena_printf(arena, "%s%s", told, slash);
	bool early = strstr(word, "alpha") || strstr(word, "beta");
	if (slash || !early || !is_version(word))
		return NULL;
	for (size_t i = at; i-- > 0;) {
		const char *group = isupper((unsigned char)*sentence->tokens[i].text)
					    ? only_group(sentence->tokens[i].text, word)
					    : NULL;
		if (group)
			return *group ? arena_printf(arena, "%s/%s", group, word) : arena_strdup(arena, word);
	}
	return NULL;
}

bool notes_kind_of_api(const char *word, const char *api_version)
{
	if (!isupper((unsigned char)*word))
		return false;
	if (knowledge_api_version(api_version, word))
		return true;
	const char *slash = strchr(api_version, '/');
	size_t n = slash ? (size_t)(slash - api_version) : 0;
	for (size_t i = 0; i < knowledge_n_apis; i++) /* a version that is newer than our tables */
		if (!strcmp(knowledge_apis[i].kind, word) && strlen(knowledge_apis[i].group) == n &&
		    !memcmp(knowledge_apis[i].group, api_version, n))
			return true;
	return false;
}

/* ---- feature gates */
/* CamelCase: letters and digits, a capital first, a small one somewhere, and another capital unless it is code. */
static bool is_identifier(const struct notes_token *token)
{
	const char *text = token->text;
	size_t n = 0, capitals = 0, small = 0;
	if (!isupper((unsigned char)*text))
		return false;
	for (; text[n]; n++) {
		if (!isalnum((unsigned char)text[n]))
			return false;
		capitals += isupper((unsigned char)text[n]) != 0;
		small += islower((unsigned char)text[n]) != 0;
	}
	return n >= 4 && n < 80 && small && (token->code || capitals > 1);
}

static bool starts(const struct notes_sentence *sentence, size_t at, const char *prefix)
{
	return at < sentence->n && !strncmp(sentence->tokens[at].lower, prefix, strlen(prefix));
}

static bool joins_list(const struct notes_sentence *sentence, size_t at)
{
	return notes_is_word(sentence, at, "and") || notes_is_word(sentence, at, "or") ||
	       is_identifier(&sentence->tokens[at]);
}

static bool says_gate(const struct notes_sentence *sentence, size_t at)
{
	return starts(sentence, at, "featuregate") || starts(sentence, at, "feature-gate") ||
	       notes_is_word(sentence, at, "gate") || notes_is_word(sentence, at, "gates") ||
	       (notes_is_word(sentence, at, "feature") && starts(sentence, at + 1, "gate"));
}

bool notes_is_gate(const struct notes_sentence *sentence, size_t at)
{
	if (!is_identifier(&sentence->tokens[at]))
		return false;
	size_t next = at + 1;
	while (next < sentence->n && joins_list(sentence, next))
		next++;
	if (says_gate(sentence, next))
		return true;
	size_t before = at;
	while (before > 0 &&
	       (joins_list(sentence, before - 1) || notes_is_word(sentence, before - 1, "the") ||
		notes_is_word(sentence, before - 1, "called") || notes_is_word(sentence, before - 1, "named")))
		before--;
	if (before == 0)
		return false;
	return says_gate(sentence, before - 1) || notes_is_word(sentence, before - 1, "behind") ||
	       (notes_is_word(sentence, before - 1, "by") && before > 1 &&
		(starts(sentence, before - 2, "gated") || starts(sentence, before - 2, "guarded")));
}

static const char *stage_of(const struct notes_sentence *sentence, size_t at)
{
	const struct notes_token *token = &sentence->tokens[at];
	if (token->code)
		return NULL;
	if (!strcmp(token->lower, "alpha") || !strcmp(token->lower, "beta"))
		return *token->lower == 'a' ? "alpha" : "beta";
	if (!strcmp(token->text, "GA") || !strcmp(token->lower, "stable") || starts(sentence, at, "generally"))
		return "GA";
	return NULL;
}

const char *notes_stage(const struct notes_sentence *sentence, size_t at)
{
	for (size_t i = at + 1; i < sentence->n; i++)
		if (stage_of(sentence, i))
			return stage_of(sentence, i);
	for (size_t i = at; i-- > 0;)
		if (stage_of(sentence, i))
			return stage_of(sentence, i);
	return NULL;
}

/* What a word makes of a switch. */
static const char *switched(const struct notes_sentence *sentence, size_t at)
{
	const char *lower = sentence->tokens[at].lower;
	if (!strncmp(lower, "enabl", 5) || !strncmp(lower, "re-enabl", 8) || !strcmp(lower, "on") ||
	    !strcmp(lower, "true"))
		return "enabled";
	if (!strncmp(lower, "disabl", 6) || !strcmp(lower, "off") || !strcmp(lower, "false"))
		return "disabled";
	return NULL;
}

/* "enabled by default", "enabled it by default", "locked to true", "defaults to `false`". */
const char *notes_default(const struct notes_sentence *sentence)
{
	enum { FAR = 12 };
	for (size_t i = 0; i < sentence->n; i++) {
		if (notes_is_word(sentence, i, "by") && notes_is_word(sentence, i + 1, "default"))
			for (size_t k = i; k > 0 && i - k < FAR; k--)
				if (switched(sentence, k - 1))
					return switched(sentence, k - 1);
		if (starts(sentence, i, "locked") || starts(sentence, i, "defaults"))
			for (size_t k = i + 1; k < sentence->n && k < i + FAR; k++)
				if (switched(sentence, k))
					return switched(sentence, k);
	}
	return NULL;
}

/* ---- kinds */
static int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool known_kind(struct notes_facts *facts, const char *word)
{
	if (!facts->kinds) {
		facts->kinds = arena_alloc(facts->arena, knowledge_n_apis * sizeof *facts->kinds);
		for (size_t i = 0; i < knowledge_n_apis; i++)
			if (!knowledge_apis[i].component)
				facts->kinds[facts->n_kinds++] = knowledge_apis[i].kind;
		qsort(facts->kinds, facts->n_kinds, sizeof *facts->kinds, text_order);
	}
	return bsearch(&word, facts->kinds, facts->n_kinds, sizeof *facts->kinds, text_order) != NULL;
}

/* "Node" may begin any sentence: a kind of one hump counts as code, or where "API" or "objects" stands behind it. */
bool notes_is_kind(struct notes_facts *facts, const struct notes_sentence *sentence, size_t at)
{
	const struct notes_token *token = &sentence->tokens[at];
	if (!isupper((unsigned char)*token->text) || !known_kind(facts, token->text))
		return false;
	bool humps = false;
	for (const char *p = token->text + 1; *p; p++)
		humps |= isupper((unsigned char)*p) != 0;
	return token->code || humps || notes_is_word(sentence, at + 1, "api") ||
	       notes_is_word(sentence, at + 1, "resource") || notes_is_word(sentence, at + 1, "resources") ||
	       notes_is_word(sentence, at + 1, "object") || notes_is_word(sentence, at + 1, "objects");
}

/* ---- fields */
static bool is_path(const char *text)
{
	size_t n = strlen(text), dots = 0;
	if (n < 3 || n > 200)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		dots += c == '.';
		if (!isalnum((unsigned char)c) && !strchr(".[]*_-\"/", c))
			return false;
		if (c == '.' && i + 1 < n && text[i + 1] == '.')
			return false;
	}
	return dots > 0 && text[n - 1] != '.';
}

static bool path_begins(const char *path)
{
	static const char *const roots[] = {"spec.",	 "status.",	     "metadata.",  "webhooks",
					    "template.", "securityContext.", "resources.", "data.",
					    "volumes",	 "containers"};
	path += *path == '.';
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (!strncmp(path, roots[i], strlen(roots[i])))
			return true;
	return false;
}

/* "the `foo` field", "fields `a`, `b` and `c`". */
static bool beside_field(const struct notes_sentence *sentence, size_t at)
{
	size_t next = at + 1, before = at;
	while (next < sentence->n && (sentence->tokens[next].code || notes_is_word(sentence, next, "and") ||
				      notes_is_word(sentence, next, "or")))
		next++;
	if (notes_is_word(sentence, next, "field") || notes_is_word(sentence, next, "fields"))
		return true;
	while (before > 0 && (sentence->tokens[before - 1].code || notes_is_word(sentence, before - 1, "and") ||
			      notes_is_word(sentence, before - 1, "or")))
		before--;
	return before > 0 &&
	       (notes_is_word(sentence, before - 1, "field") || notes_is_word(sentence, before - 1, "fields"));
}

const char *notes_field(struct arena *arena, struct notes_facts *facts, const struct notes_sentence *sentence,
			size_t at, const char **ret_kind)
{
	const struct notes_token *token = &sentence->tokens[at];
	const char *name = token->text, *dot = strchr(name, '.');
	if (!token->code)
		return NULL;
	*ret_kind = NULL;
	if (isupper((unsigned char)*name) && dot && is_path(name)) { /* Service.spec.externalIPs */
		const char *kind = arena_strndup(arena, name, (size_t)(dot - name));
		if (!known_kind(facts, kind))
			return NULL;
		*ret_kind = kind;
		name = dot + 1;
	} else if (!(is_path(name) && path_begins(name))) {
		size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (n < 2 || name[n] || !beside_field(sentence, at) || known_kind(facts, name))
			return NULL;
	}
	for (size_t i = at; i-- > 0 && !*ret_kind;)
		if (notes_is_kind(facts, sentence, i))
			*ret_kind = sentence->tokens[i].text;
	for (size_t i = at + 1; i < sentence->n && !*ret_kind; i++)
		if (notes_is_kind(facts, sentence, i))
			*ret_kind = sentence->tokens[i].text;
	return name + (*name == '.');
}

/* ---- versions of components */
static const char *version_word(const char *word)
{
	const char *digits = word + (*word == 'v');
	size_t n = strspn(digits, "0123456789.");
	bool rest = digits[n] == '\0' || digits[n] == '-' || !strcmp(digits + n, "x");
	return isdigit((unsigned char)*digits) && strchr(digits, '.') && rest && strlen(word) < 40 ? digits : NULL;
}

const char *notes_versioned(struct arena *arena, const struct notes_sentence *sentence, size_t at,
			    const char **ret_value)
{
	static const struct {
		const char *lower, *name;
	} components[] = {{"containerd", "containerd"}, {"etcd", "etcd"}, {"coredns", "CoreDNS"}, {"runc", "runc"},
			  {"cri-o", "CRI-O"},		{"go", "Go"},	  {"golang", "Go"},	  {"cgroup", "cgroup"},
			  {"cgroups", "cgroup"}};
	const char *name = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(components) && !name; i++)
		if (!strcmp(components[i].lower, sentence->tokens[at].lower))
			name = components[i].name;
	size_t next = at + 1;
	while (next < sentence->n && next < at + 4 &&
	       (notes_is_word(sentence, next, "to") || notes_is_word(sentence, next, "version") ||
		notes_is_word(sentence, next, "updated") || notes_is_word(sentence, next, "image")))
		next++;
	if (!name || next >= sentence->n)
		return NULL;
	const char *word = sentence->tokens[next].text, *version = version_word(word);
	if (!strcmp(name, "cgroup") && (!strcmp(word, "v1") || !strcmp(word, "v2")))
		version = word;
	*ret_value = version ? arena_strdup(arena, version) : NULL;
	return version ? name : NULL;
}
