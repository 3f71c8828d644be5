/* Speaks to an API server by the client's own functions, for tests/programs/apiserver.py: what `call kube` has no word
 * for. One command a run; answers are lines on stdout, errors one JSON line on stderr and exit 1.
 *
 *   kube_speaker KUBECONFIG discover | named WORD… | list PATH [metadata] | watch PATH VERSION MS | follow PATH MS
 *                         | evict NS POD UID [dry-run] | create PATH PREFIX N | look PATH…
 *   kube_speaker - values       lines "quantity TEXT", "matches SELECTOR<TAB>k=v,…", "age MS" on stdin */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "kube/discovery.h"
#include "kube/kube.h"
#include "kube/values.h"

struct object {
	const char *ns, *name, *version, *spec;
};
static const struct field object_fields[] = {
	F_STRING(struct object, ns, "metadata.namespace", 0, ""),
	F_STRING(struct object, name, "metadata.name", 0, ""),
	F_STRING(struct object, version, "metadata.resourceVersion", 0, ""),
	F_JSON(struct object, spec, "spec", 0, ""),
};
static const struct model object_model = MODEL("Object", struct object, object_fields);
struct event {
	const char *type;
	struct object object;
};
static const struct field event_fields[] = {
	F_STRING(struct event, type, "type", 0, ""),
	F_OBJECT(struct event, object, "object", 0, &object_model, ""),
};
static const struct model event_model = MODEL("Event", struct event, event_fields);

static bool tell_item(void *context, void *item, struct arena *arena)
{
	const struct object *object = item;
	(void)context;
	(void)arena;
	printf("item %s/%s %s\n", object->ns ? object->ns : "", object->name, object->spec ? "whole" : "metadata");
	return true;
}

static bool tell_event(void *context, void *item, struct arena *arena)
{
	const struct event *event = item;
	(void)context;
	(void)arena;
	printf("%s %s/%s %s\n", event->type, event->object.ns ? event->object.ns : "", event->object.name,
	       event->object.version);
	fflush(stdout);
	return true;
}

static void tell_restart(void *context)
{
	(void)context;
	printf("restarted\n");
}

static struct error *discover(struct kube *kube, struct arena *arena)
{
	struct kube_discovery discovery;
	TRY(kube_discover(kube, arena, &discovery));
	printf("aggregated %d\n", discovery.aggregated);
	for (size_t i = 0; i < discovery.n; i++) {
		const struct kube_served *served = &discovery.served[i];
		printf("%s %s%s%s %s %d %u", served->name, served->group, *served->group ? "/" : "", served->version,
		       served->kind, served->namespaced, served->verbs);
		for (size_t k = 0; k < served->n_short_names; k++)
			printf("%s%s", k ? "," : " ", served->short_names[k]);
		printf("\n");
	}
	for (size_t i = 0; i < discovery.n_unknown; i++)
		printf("unknown %s %s\n", discovery.unknown[i].group_version, discovery.unknown[i].detail);
	return NULL;
}

static struct error *named(struct kube *kube, struct arena *arena, char **words)
{
	struct kube_discovery discovery;
	TRY(kube_discover(kube, arena, &discovery));
	for (; *words; words++) {
		const struct kube_served *served = kube_served_named(&discovery, *words);
		char *path CLEANUP(mem_freep) = served ? kube_served_path(served, "x", "y", NULL) : NULL;
		printf("%s %s\n", *words, path ? path : "-");
	}
	return NULL;
}

static struct error *list(struct kube *kube, char **words)
{
	struct kube_list list = {.path = words[0],
				 .item_model = &object_model,
				 .fn = tell_item,
				 .restarted = tell_restart,
				 .metadata_only = words[1] != NULL};
	TRY(kube_list(kube, &list));
	printf("whole %llu %s\n", (unsigned long long)list.items, list.resource_version);
	return NULL;
}

static struct error *watch(struct kube *kube, char **words)
{
	char version[64];
	TRY(kube_watch(kube, words[0], words[1], strtoll(words[2], NULL, 10), &event_model, tell_event, NULL, version));
	printf("until %s\n", version);
	return NULL;
}

static struct error *follow(struct kube *kube, char **words)
{
	struct kube_list list = {
		.path = words[0], .item_model = &object_model, .fn = tell_item, .restarted = tell_restart};
	return kube_follow(kube, &list, strtoll(words[1], NULL, 10), &event_model, tell_event);
}

static struct error *evict(struct kube *kube, char **words)
{
	static const char *const meanings[] = {"evicted", "gone", "blocked"};
	enum kube_eviction what;
	char *reason CLEANUP(mem_freep) = NULL;
	TRY(kube_evict(kube, words[0], words[1], words[2], 0, words[3] != NULL, &what, &reason));
	printf("%s %s\n", meanings[what], reason ? reason : "");
	return NULL;
}

/* Many changes side by side; each line says how one ended. */
static struct error *create(struct kube *kube, char **words, struct arena *arena)
{
	size_t n = strtoul(words[2], NULL, 10);
	struct kube_request *requests = arena_alloc(arena, n * sizeof *requests);
	for (size_t i = 0; i < n; i++)
		requests[i] = (struct kube_request){.method = "POST",
						    .path = words[0],
						    .body = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind",
								      "ConfigMap", "metadata", "name",
								      arena_printf(arena, "%s-%zu", words[1], i))};
	kube_call_batch(kube, requests, n);
	for (size_t i = 0; i < n; i++) {
		const struct error *error = requests[i].error;
		printf("%s-%zu %s\n", words[1], i,
		       !error			? "done"
		       : error->outcome_unknown ? "unknown"
						: error_class_name(error->class));
		error_free(requests[i].error);
	}
	return NULL;
}

/* Several reads side by side, and the warnings that came with them. */
static struct error *look(struct kube *kube, char **paths, struct arena *arena)
{
	struct kube_request *requests = NULL;
	size_t n = 0;
	for (; *paths; paths++)
		*ARENA_PUSH(arena, requests, n) = (struct kube_request){.method = "GET", .path = *paths};
	kube_call_batch(kube, requests, n);
	for (size_t i = 0; i < n; i++) {
		const struct error *error = requests[i].error;
		printf("%s %s\n", requests[i].path, error ? error->message : "fine");
		error_free(requests[i].error);
	}
	json_t *warnings DOCUMENT_CLEANUP = kube_warnings(kube);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	document_print(warnings, false, &text);
	printf("warnings %s\n", buf_str(&text));
	return NULL;
}

static void print_match(const char *text, struct arena *arena)
{
	char *selector_text = mem_strdup(text), *labels = strchr(selector_text, '\t');
	struct label_selector selector;
	struct pair *pairs = NULL;
	size_t n = 0;
	*labels++ = '\0';
	for (char *rest, *pair = strtok_r(labels, ",", &rest); pair; pair = strtok_r(NULL, ",", &rest)) {
		char *equals = strchr(pair, '=');
		*equals = '\0';
		*ARENA_PUSH(arena, pairs, n) =
			(struct pair){arena_strdup(arena, pair), arena_strdup(arena, equals + 1)};
	}
	struct error *error = label_selector_parse(selector_text, arena, &selector);
	printf("%s\n", error ? "wrong" : label_selector_matches(&selector, pairs, n) ? "yes" : "no");
	error_free(error);
	free(selector_text);
}

static int values(void)
{
	char *line CLEANUP(mem_freep) = NULL;
	size_t size = 0;
	ssize_t n;
	while ((n = getline(&line, &size, stdin)) > 0) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		struct buf out CLEANUP(buf_done) = BUF_INIT(4096);
		line[n - 1] = '\0';
		struct kube_quantity quantity;
		if (!strncmp(line, "quantity ", 9)) {
			if (kube_quantity_parse(slice_of(line + 9), &quantity))
				kube_quantity_print(&quantity, &out);
			printf("%s\n", out.n ? buf_str(&out) : "wrong");
		} else if (!strncmp(line, "age ", 4)) {
			kube_age_print(strtoll(line + 4, NULL, 10), &out);
			printf("%s\n", buf_str(&out));
		} else if (!strncmp(line, "matches ", 8)) {
			print_match(line + 8, arena);
		}
	}
	return 0;
}

static struct error *run(struct kube *kube, int argc, char **argv, struct arena *arena)
{
	const char *word = argv[2];
	char **rest = argv + 3;
	int n = argc - 3;
	if (!strcmp(word, "discover"))
		return discover(kube, arena);
	if (!strcmp(word, "named"))
		return named(kube, arena, rest);
	if (!strcmp(word, "list") && n >= 1)
		return list(kube, rest);
	if (!strcmp(word, "watch") && n == 3)
		return watch(kube, rest);
	if (!strcmp(word, "follow") && n == 2)
		return follow(kube, rest);
	if (!strcmp(word, "evict") && n >= 3)
		return evict(kube, rest);
	if (!strcmp(word, "create") && n == 3)
		return create(kube, rest, arena);
	if (!strcmp(word, "look"))
		return look(kube, rest, arena);
	return error_new(ERROR_INVALID, "no command \"%s\" with so many words", word);
}

static int tell_error(struct error *error)
{
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_line(error, &line);
	json_t *document DOCUMENT_CLEANUP =
		json_pack("{s:s, s:s, s:s?, s:i, s:b, s:s?}", "class", error_class_name(error->class), "message",
			  buf_str(&line), "code", error->code, "status", error->http_status, "unknown",
			  error->outcome_unknown, "remedy", error->remedy);
	char *text CLEANUP(mem_freep) = json_dumps(document, JSON_COMPACT);
	fprintf(stderr, "%s\n", text);
	error_free(error);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (!strcmp(argv[2], "values"))
		return values();
	struct clock *clock = clock_real_new(NULL);
	struct ports ports = {.clock = clock,
			      .random = random_real_new(),
			      .http = http_real_new(clock, 0, NULL),
			      .process =
				      process_real_new(clock, getenv("SPEAKER_JOBS") ? getenv("SPEAKER_JOBS") : ".")};
	struct arena *arena = arena_new();
	struct kube_options options = {.ports = &ports, .kubeconfig = argv[1]};
	struct kube *kube = NULL;
	struct error *error = kube_new(&options, &kube);
	if (!error)
		error = run(kube, argc, argv, arena);
	fflush(stdout);
	kube_free(kube);
	arena_free(arena);
	http_free(ports.http);
	process_free(ports.process);
	random_free(ports.random);
	clock_free(clock);
	return error ? tell_error(error) : 0;
}
