/* Facts of release notes against what was seen. A flag or a gate is looked for where it would stand: in the arguments
 * of the component that it is of, in configuration, in the user data that starts nodes. */
#include "assessment/notes.h"

#include <ctype.h>
#include <string.h>
#include "base/digest.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

/* A text in which flags and gates may stand. */
struct place {
	const char *kind, *ns, *name, *how;
	const char *runs; /* what of: names and images, or the configuration's name */
	const char *text;
};

struct touch {
	const struct inventory *inventory;
	struct arena *arena;
	struct place *places;
	size_t n_places;
	struct release_note *note; /* under way */
};

static void touched(struct touch *touch, const char *kind, const char *ns, const char *name, const char *how)
{
	struct release_note *note = touch->note;
	for (size_t i = 0; i < note->n_objects; i++) {
		const struct release_note_object *object = &note->objects[i];
		if (!strcmp(object->name, name) && !strcmp(object->ns ? object->ns : "", ns ? ns : "") &&
		    !strcmp(object->kind ? object->kind : "", kind ? kind : ""))
			return;
	}
	note->touches = true;
	note->n_touched++;
	if (note->n_objects < NOTES_MAX_OBJECTS)
		*ARENA_PUSH(touch->arena, note->objects, note->n_objects) =
			(struct release_note_object){kind, ns, name, how};
}

/* ---- where flags stand */
static void join(struct buf *out, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\n", words[i] ? words[i] : "");
}

static void add_container(struct touch *touch, const char *kind, const struct kube_meta *meta,
			  const struct kube_container *container)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 18);
	join(&text, (const char *const *)container->command, container->n_command);
	join(&text, (const char *const *)container->args, container->n_args);
	if (!text.n || !(strstr(buf_str(&text), "--") || strstr(buf_str(&text), "eature")))
		return;
	*ARENA_PUSH(touch->arena, touch->places, touch->n_places) = (struct place){
		.kind = kind,
		.ns = meta->ns,
		.name = meta->name,
		.how = arena_printf(touch->arena, "arguments of container %s", container->name ? container->name : "?"),
		.runs = arena_printf(touch->arena, "%s %s %s", container->name ? container->name : "",
				     container->image ? container->image : "",
				     container->n_command ? container->command[0] : ""),
		.text = arena_strdup(touch->arena, buf_str(&text)),
	};
}

static void add_spec(struct touch *touch, const char *kind, const struct kube_meta *meta,
		     const struct kube_pod_spec *spec)
{
	for (size_t i = 0; spec && i < spec->n_containers; i++)
		add_container(touch, kind, meta, &spec->containers[i]);
	for (size_t i = 0; spec && i < spec->n_init_containers; i++)
		add_container(touch, kind, meta, &spec->init_containers[i]);
}

static void add_user_data(struct touch *touch)
{
	EACH_AWS (touch->inventory, "describe_launch_template_versions", "LaunchTemplateVersions", version) {
		struct buf plain CLEANUP(buf_done) = BUF_INIT(1 << 18);
		const char *data = document_text(version, "LaunchTemplateData.UserData");
		if (!data || !base64_decode(slice_of(data), &plain) || !plain.n)
			continue;
		*ARENA_PUSH(touch->arena, touch->places, touch->n_places) = (struct place){
			.kind = "LaunchTemplate",
			.name = document_text_or(version, "LaunchTemplateId", "?"),
			.how = "user data",
			.runs = "kubelet",
			.text = arena_strdup(touch->arena, buf_str(&plain)),
		};
	}
}

static void find_places(struct touch *touch)
{
	const struct inventory *inventory = touch->inventory;
	for (size_t i = 0; i < inventory->n_workloads; i++) {
		const struct kube_workload *workload = &inventory->workloads[i];
		if (!kube_meta_controller(&workload->meta))
			add_spec(touch, workload->kind, &workload->meta, workload->template.spec);
	}
	for (size_t i = 0; i < inventory->n_pods; i++)
		if (!kube_meta_controller(&inventory->pods[i].meta))
			add_spec(touch, "Pod", &inventory->pods[i].meta, inventory->pods[i].spec);
	for (size_t i = 0; i < inventory->n_config_maps; i++) {
		const struct kube_config_map *map = &inventory->config_maps[i];
		for (size_t k = 0; k < map->n_data; k++)
			if (map->data[k].value && strstr(map->data[k].value, "eature"))
				*ARENA_PUSH(touch->arena, touch->places, touch->n_places) =
					(struct place){.kind = "ConfigMap",
						       .ns = map->meta.ns,
						       .name = map->meta.name,
						       .how = arena_printf(touch->arena, "key %s", map->data[k].key),
						       .runs = map->meta.name ? map->meta.name : "",
						       .text = map->data[k].value};
	}
	add_user_data(touch);
}

static bool in_a_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || !in_a_name(p[-1])) && !in_a_name(p[n]))
			return true;
	return false;
}

/* A flag of no component that we know counts where a program of Kubernetes' own is run. */
static bool is_of(const struct place *place, const char *component)
{
	if (component)
		return strstr(place->runs, component) != NULL;
	return strstr(place->runs, "kube") != NULL;
}

static void look_at_places(struct touch *touch)
{
	const struct release_note *note = touch->note;
	bool gate = note->kind == NOTE_GATE;
	for (size_t i = 0; i < touch->n_places; i++) {
		const struct place *place = &touch->places[i];
		if (gate ? !strstr(place->text, "eature") : !is_of(place, note->component))
			continue;
		if (has_word(place->text, note->name))
			touched(touch, place->kind, place->ns, place->name, place->how);
	}
}

/* ---- versions of APIs, and kinds */
static bool is_api(const struct release_note *note, const char *group, const char *version, const char *kind)
{
	const char *slash = strchr(note->api_version, '/');
	size_t n = slash ? (size_t)(slash - note->api_version) : 0;
	return strlen(group) == n && !strncmp(group, note->api_version, n) &&
	       !strcmp(version, slash ? slash + 1 : note->api_version) &&
	       (!note->object_kind || (kind && !strcmp(kind, note->object_kind)));
}

static const char *how_used(struct arena *arena, const struct api_use *use)
{
	static const char *const words[] = {"is that version", "written as that version", "applied as that version"};
	return use->caller ? arena_printf(arena, "%s by %s", words[use->source], use->caller) : words[use->source];
}

static void look_at_api(struct touch *touch)
{
	const struct inventory *inventory = touch->inventory;
	for (size_t i = 0; i < inventory->n_api_uses; i++) {
		const struct api_use *use = &inventory->api_uses[i];
		if (use->api && is_api(touch->note, use->api->group, use->api->version, use->api->kind))
			touched(touch, use->api->kind, use->ns, use->name ? use->name : "?",
				how_used(touch->arena, use));
	}
	for (size_t i = 0; i < inventory->n_deprecated_requests; i++) {
		const struct deprecated_request *request = &inventory->deprecated_requests[i];
		const struct api_lifecycle *api =
			knowledge_api_resource(request->group, request->version, request->resource);
		if (is_api(touch->note, request->group, request->version, api ? api->kind : NULL))
			touched(touch, NULL, NULL, request->resource, "asked for at the API server");
	}
	for (size_t i = 0; i < inventory->n_customs; i++) {
		const struct kube_custom *custom = &inventory->customs[i];
		const char *written = custom->meta.api_version;
		if (written && !strcmp(written, touch->note->api_version) &&
		    (!touch->note->object_kind || !strcmp(touch->note->object_kind, custom->kind)))
			touched(touch, custom->kind, custom->meta.ns, custom->meta.name, "is one");
	}
}

/* Every object's struct begins with its meta, or with its kind and then its meta. */
static void look_at_kind(struct touch *touch)
{
	const char *kind = touch->note->object_kind;
	const struct kube_kind *row = NULL;
	for (size_t i = 0; i < inventory_n_kinds && !row; i++)
		if (!strcmp(inventory_kinds[i].kind, kind) && inventory_kinds[i].model->size &&
		    inventory_kinds[i].offset_n)
			row = &inventory_kinds[i];
	if (!row)
		return;
	size_t meta = SIZE_MAX;
	for (size_t i = 0; i < row->model->n_fields; i++)
		if (row->model->fields[i].kind == FIELD_OBJECT && !strcmp(row->model->fields[i].name, "metadata"))
			meta = row->model->fields[i].offset;
	const char *whole = (const char *)touch->inventory, *items;
	size_t n;
	memcpy(&items, whole + row->offset, sizeof items);
	memcpy(&n, whole + row->offset_n, sizeof n);
	for (size_t i = 0; meta != SIZE_MAX && i < n; i++) {
		const char *object = items + i * row->model->size, *own_kind;
		struct kube_meta found;
		memcpy(&found, object + meta, sizeof found);
		memcpy(&own_kind, object, sizeof own_kind);
		if (meta == 0 || (own_kind && !strcmp(own_kind, kind)))
			touched(touch, kind, found.ns, found.name ? found.name : "?", "is one");
	}
}

static bool is_of_a_tool(const struct release_note *note)
{
	return note->component && (!strcmp(note->component, "kubectl") || !strcmp(note->component, "kubeadm"));
}

void notes_touch(struct release_note *notes, size_t n, const struct inventory *inventory, struct arena *arena)
{
	struct touch touch = {.inventory = inventory, .arena = arena};
	find_places(&touch);
	for (size_t i = 0; i < n; i++) {
		touch.note = &notes[i];
		if (notes[i].change == NOTE_ADDED || is_of_a_tool(&notes[i]))
			continue;
		if (notes[i].kind == NOTE_API)
			look_at_api(&touch);
		else if (notes[i].kind == NOTE_OBJECT && notes[i].object_kind && notes[i].change != NOTE_PROMOTED)
			look_at_kind(&touch);
		else if (notes[i].kind == NOTE_FLAG || notes[i].kind == NOTE_GATE)
			look_at_places(&touch);
	}
}

void notes_attach(struct assessment *assessment, const struct release_notes *notes, struct arena *arena)
{
	struct assessment_source *sources = NULL;
	size_t n = 0;
	for (size_t i = 0; i < assessment->n_sources; i++)
		*ARENA_PUSH(arena, sources, n) = assessment->sources[i];
	for (size_t i = 0; i < notes->n_sources; i++)
		*ARENA_PUSH(arena, sources, n) =
			(struct assessment_source){arena_printf(arena, "release notes: %s", notes->sources[i].title),
						   notes->sources[i].status, notes->sources[i].detail};
	assessment->sources = sources;
	assessment->n_sources = n;
	assessment->release_notes = notes->notes;
	assessment->n_release_notes = notes->n_notes;
}
