/* What a spec means does not depend on what is passed over here: the node's name is kept by the pod, tokens' volumes
 * and a daemon's own affinity are not kept at all. So specs are one exactly when their texts are, but for these holes.
 */
#include "perception/pod_specs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "codec/json.h"

enum { REMEMBERED = 8, LONGEST_TEXT = 64 << 10, MOST_HOLES = 24 };
#define TOKEN "kube-api-access-"

/* Where a text says something that differs for no reason. */
struct hole {
	size_t at, n;
	bool token; /* the name of a token's volume, behind its prefix; false: the node's name */
};
struct holes {
	struct hole items[MOST_HOLES];
	size_t n;
	bool too_many;
};

struct remembered {
	char *text;
	size_t n;
	struct holes holes;
	bool daemon;		    /* of a DaemonSet's pod */
	struct kube_pod_spec *spec; /* the pool's */
};

struct pod_specs {
	struct model_pool *pool;
	struct remembered last[REMEMBERED]; /* the one that was asked for last is first */
};

struct pod_specs *pod_specs_new(struct model_pool *pool)
{
	struct pod_specs *specs = mem_alloc(sizeof *specs);
	specs->pool = pool;
	return specs;
}

void pod_specs_free(struct pod_specs *specs)
{
	for (size_t i = 0; specs && i < REMEMBERED; i++)
		free(specs->last[i].text);
	free(specs);
}

/* ---- what differs for no reason */

static const char *find(struct slice text, const char *from, const char *what, size_t n)
{
	return memmem(from, text.n - (size_t)(from - text.p), what, n);
}

static void add_hole(struct holes *holes, struct slice text, const char *at, size_t n, bool token)
{
	size_t i = holes->n;
	if (holes->n == MOST_HOLES) {
		holes->too_many = true;
		return;
	}
	for (; i > 0 && holes->items[i - 1].at > (size_t)(at - text.p); i--)
		holes->items[i] = holes->items[i - 1];
	holes->items[i] = (struct hole){(size_t)(at - text.p), n, token};
	holes->n++;
}

/* The value of the one member of this name, if it is the node's. */
static void node_hole(struct holes *holes, struct slice text, const char *node)
{
	static const char name[] = "\"nodeName\"";
	size_t n = sizeof name - 1, length = strlen(node);
	const char *at = find(text, text.p, name, n);
	if (!at || find(text, at + n, name, n))
		return;
	for (at += n; *at == ' ' || *at == '\n' || *at == ':';)
		at++;
	if (at[0] == '"' && !strncmp(at + 1, node, length) && at[1 + length] == '"')
		add_hole(holes, text, at + 1, length, false);
}

static size_t token_length(const char *at)
{
	size_t n = 0;
	while (isalnum((unsigned char)at[n]))
		n++;
	return n;
}

/* The API server makes the name once for a pod: a volume, and a mount in each container. */
static void token_holes(struct holes *holes, struct slice text)
{
	enum { PREFIX = sizeof TOKEN }; /* with its quote */
	const char *first = find(text, text.p, "\"" TOKEN, PREFIX);
	size_t n = first ? token_length(first + PREFIX) : 0;
	if (!first || first[PREFIX + n] != '"')
		return;
	for (const char *at = first; at; at = find(text, at + PREFIX + n, first, PREFIX + n + 1))
		add_hole(holes, text, at + PREFIX, n, true);
}

static void daemon_hole(struct holes *holes, struct slice text, const char *node)
{
	static const char by_name[] = "\"metadata.name\",\"operator\":\"In\",\"values\":[\"";
	size_t n = sizeof by_name - 1, length = strlen(node);
	const char *at = find(text, text.p, by_name, n);
	if (at && !strncmp(at + n, node, length) && at[n + length] == '"')
		add_hole(holes, text, at + n, length, false);
}

/* The same but for what stands in its holes? */
static bool is_same(const struct remembered *last, struct slice text, const char *node)
{
	size_t at = 0, there = 0; /* read of the remembered text, of this one */
	struct slice token = {0};
	for (size_t i = 0; i < last->holes.n; i++) {
		const struct hole *hole = &last->holes.items[i];
		size_t n = hole->at - at;
		if (text.n - there < n || memcmp(text.p + there, last->text + at, n) != 0)
			return false;
		there += n;
		at = hole->at + hole->n;
		const char *p = text.p + there;
		struct slice wanted = hole->token ? token.n ? token : slice_make(p, token_length(p)) : slice_of(node);
		if (text.n - there < wanted.n || memcmp(p, wanted.p, wanted.n) != 0)
			return false;
		if (hole->token)
			token = wanted;
		there += wanted.n;
	}
	return last->n - at == text.n - there && !memcmp(text.p + there, last->text + at, text.n - there);
}

/* The text without what stood in its holes. */
static struct slice blanked(struct slice text, const struct holes *holes, struct arena *scratch)
{
	char *out = arena_alloc(scratch, text.n + 1);
	size_t n = 0, at = 0;
	for (size_t i = 0; i <= holes->n; i++) {
		size_t to = i < holes->n ? holes->items[i].at : text.n;
		memcpy(out + n, text.p + at, to - at);
		n += to - at;
		at = i < holes->n ? to + holes->items[i].n : to;
	}
	return slice_make(out, n);
}

/* ---- reading */

static void drop_token_mounts(struct kube_container *containers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t kept = 0;
		for (size_t k = 0; k < containers[i].n_mounts; k++)
			if (!containers[i].mounts[k].name ||
			    strncmp(containers[i].mounts[k].name, TOKEN, sizeof TOKEN - 1) != 0)
				containers[i].mounts[kept++] = containers[i].mounts[k];
		containers[i].n_mounts = kept;
	}
}

static void drop_tokens(struct kube_pod_spec *spec)
{
	size_t kept = 0;
	for (size_t i = 0; i < spec->n_volumes; i++)
		if (!spec->volumes[i].name || strncmp(spec->volumes[i].name, TOKEN, sizeof TOKEN - 1) != 0)
			spec->volumes[kept++] = spec->volumes[i];
	spec->n_volumes = kept;
	drop_token_mounts(spec->containers, spec->n_containers);
	drop_token_mounts(spec->init_containers, spec->n_init_containers);
}

static bool is_daemons(const struct kube_pod *pod)
{
	const struct kube_owner *owner = kube_meta_controller(&pod->meta);
	return owner && owner->kind && !strcmp(owner->kind, "DaemonSet");
}

/* A daemon's affinity only names the node; one that speaks of pods stays. */
static struct error *read_spec(struct pod_specs *specs, struct slice text, bool daemon, struct arena *scratch,
			       struct kube_pod_spec **ret)
{
	struct kube_pod_spec *spec = arena_alloc(scratch, sizeof *spec);
	TRY(json_decode(text, "spec", JSON_READ_SERVER, &kube_pod_spec_model, spec, scratch));
	drop_tokens(spec);
	spec->node_name = NULL;
	if (daemon && spec->affinity && !strstr(spec->affinity, "\"podA"))
		spec->affinity = NULL;
	*ret = (struct kube_pod_spec *)(uintptr_t)model_pool_share(specs->pool, &kube_pod_spec_model, spec);
	return NULL;
}

/* The one at `at` is now the one that was asked for last. */
static void to_front(struct pod_specs *specs, size_t at)
{
	struct remembered first = specs->last[at];
	memmove(specs->last + 1, specs->last, at * sizeof first);
	specs->last[0] = first;
}

struct error *pod_specs_read(struct pod_specs *specs, struct kube_pod *pod, struct arena *scratch)
{
	struct slice text = slice_of(pod->spec_text);
	const char *node = pod->node_name ? pod->node_name : "";
	bool daemon = is_daemons(pod);
	struct holes holes = {.n = 0};
	pod->spec = NULL;
	for (size_t i = 0; i < REMEMBERED; i++) {
		const struct remembered *last = &specs->last[i];
		if (!last->text || last->daemon != daemon || !is_same(last, text, node))
			continue;
		pod->spec = last->spec;
		to_front(specs, i);
		return NULL;
	}
	if (*node)
		node_hole(&holes, text, node);
	if (*node && daemon)
		daemon_hole(&holes, text, node);
	token_holes(&holes, text);
	TRY(read_spec(specs, blanked(text, &holes, scratch), daemon, scratch, &pod->spec));
	if (text.n > LONGEST_TEXT || holes.too_many)
		return NULL;
	struct remembered *last = &specs->last[REMEMBERED - 1];
	free(last->text);
	*last = (struct remembered){mem_strndup(text.p, text.n), text.n, holes, daemon, pod->spec};
	to_front(specs, REMEMBERED - 1);
	return NULL;
}
