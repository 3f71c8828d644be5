/* What a spec means does not depend on what is blanked here before it is compared: the node's name is kept by the pod,
 * tokens' volumes and a daemon's own affinity are not kept at all. So specs are one exactly when their texts then are.
 */
#include "perception/pod_specs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "codec/json.h"

enum { REMEMBERED = 8, LONGEST_TEXT = 64 << 10 };
#define TOKEN "kube-api-access-"

struct remembered {
	char *text;
	size_t n;
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

struct text {
	char *p;
	size_t n;
	bool daemon;
};

static char *find(const struct text *text, const char *from, const char *what, size_t n)
{
	return memmem(from, text->n - (size_t)(from - text->p), what, n);
}

static void cut(struct text *text, char *from, size_t n)
{
	memmove(from, from + n, text->n - (size_t)(from + n - text->p) + 1);
	text->n -= n;
}

/* The value of the one member of this name, if it is that text. */
static char *value_at(const struct text *text, const char *name, const char *value)
{
	size_t n = strlen(name), length = strlen(value);
	char *at = find(text, text->p, name, n);
	if (!at || find(text, at + n, name, n))
		return NULL;
	for (at += n; *at == ' ' || *at == '\n' || *at == ':';)
		at++;
	return at[0] == '"' && !strncmp(at + 1, value, length) && at[1 + length] == '"' ? at + 1 : NULL;
}

static void blank_node(struct text *text, const char *node)
{
	char *at = node ? value_at(text, "\"nodeName\"", node) : NULL;
	if (at)
		cut(text, at, strlen(node));
}

/* The API server makes the name once for a pod: a volume, and a mount in each container. */
static void blank_token(struct text *text)
{
	enum { PREFIX = sizeof TOKEN }; /* with its quote */
	size_t n = PREFIX;
	char name[PREFIX + 16], *at = find(text, text->p, "\"" TOKEN, n);
	while (at && isalnum((unsigned char)at[n]) && n < sizeof name - 1)
		n++;
	if (!at || at[n] != '"')
		return;
	memcpy(name, at, n + 1);
	for (; at; at = find(text, at + n, name, n + 1))
		memset(at + PREFIX, 'x', n - PREFIX);
}

static void blank_daemon(struct text *text, const char *node)
{
	static const char by_name[] = "\"metadata.name\",\"operator\":\"In\",\"values\":[\"";
	size_t n = sizeof by_name - 1, length = strlen(node);
	char *at = find(text, text->p, by_name, n);
	if (at && !strncmp(at + n, node, length) && at[n + length] == '"')
		cut(text, at + n, length);
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
static struct error *read_spec(struct pod_specs *specs, const struct text *text, struct arena *scratch,
			       struct kube_pod_spec **ret)
{
	struct kube_pod_spec *spec = arena_alloc(scratch, sizeof *spec);
	TRY(json_decode(slice_make(text->p, text->n), "spec", JSON_READ_SERVER, &kube_pod_spec_model, spec, scratch));
	drop_tokens(spec);
	spec->node_name = NULL;
	if (text->daemon && spec->affinity && !strstr(spec->affinity, "\"podA"))
		spec->affinity = NULL;
	*ret = (struct kube_pod_spec *)(uintptr_t)model_pool_share(specs->pool, &kube_pod_spec_model, spec);
	return NULL;
}

static void remember(struct pod_specs *specs, size_t at, const struct text *text, struct kube_pod_spec *spec)
{
	struct remembered *last = &specs->last[at];
	if (text) {
		free(last->text);
		*last = (struct remembered){mem_strndup(text->p, text->n), text->n, text->daemon, spec};
	}
	struct remembered first = *last;
	memmove(specs->last + 1, specs->last, at * sizeof *last);
	specs->last[0] = first;
}

struct error *pod_specs_read(struct pod_specs *specs, struct kube_pod *pod, struct arena *scratch)
{
	struct text text = {pod->spec_text, strlen(pod->spec_text), is_daemons(pod)};
	pod->spec = NULL;
	blank_node(&text, pod->node_name);
	blank_token(&text);
	if (text.daemon && pod->node_name)
		blank_daemon(&text, pod->node_name);
	for (size_t i = 0; i < REMEMBERED; i++) {
		const struct remembered *last = &specs->last[i];
		if (last->n != text.n || last->daemon != text.daemon || !last->text ||
		    memcmp(last->text, text.p, text.n) != 0)
			continue;
		pod->spec = last->spec;
		remember(specs, i, NULL, NULL);
		return NULL;
	}
	TRY(read_spec(specs, &text, scratch, &pod->spec));
	if (text.n <= LONGEST_TEXT)
		remember(specs, REMEMBERED - 1, &text, pod->spec);
	return NULL;
}
