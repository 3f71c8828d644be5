/* The tables of release notes, their order, and a note in few words. */
#include "models/release_notes.h"

#include <stdlib.h>
#include <string.h>

const char *const note_kind_names[] = {"urgent", "api",	    "kind",   "field", "feature-gate",
				       "flag",	 "version", "notice", NULL};
const char *const note_change_names[] = {"removed",  "deprecated", "required", "renamed", "default",
					 "promoted", "changed",	   "added",    NULL};

static const struct field citation_fields[] = {
	F_STRING(struct release_note_citation, source, "source", 0, "title of the page"),
	F_STRING(struct release_note_citation, url, "url", 0, "where it is to be read"),
	F_STRING(struct release_note_citation, section, "section", FIELD_OMIT_EMPTY, "the headings above it"),
	F_STRING(struct release_note_citation, sentence, "sentence", 0, "as it stands there"),
};
static const struct model citation_model = MODEL("Citation", struct release_note_citation, citation_fields);

static const struct field object_fields[] = {
	F_STRING(struct release_note_object, kind, "kind", FIELD_OMIT_EMPTY, "of the object"),
	F_STRING(struct release_note_object, ns, "namespace", FIELD_OMIT_EMPTY, "of the object"),
	F_STRING(struct release_note_object, name, "name", 0, "of the object"),
	F_STRING(struct release_note_object, how, "how", FIELD_OMIT_EMPTY, "what was seen in it"),
};
static const struct model object_model = MODEL("TouchedObject", struct release_note_object, object_fields);

static const struct field note_fields[] = {
	F_STRING(struct release_note, version, "version", FIELD_REQUIRED, "the hop: to this version"),
	F_ENUM(struct release_note, kind, "kind", FIELD_REQUIRED, note_kind_names, "what it is about"),
	F_STRING(struct release_note, name, "name", FIELD_OMIT_EMPTY, "flag, feature gate, field, API version …"),
	F_ENUM(struct release_note, change, "change", FIELD_REQUIRED, note_change_names, "what happens to it"),
	F_STRING(struct release_note, stage, "stage", FIELD_OMIT_EMPTY, "of a feature gate"),
	F_STRING(struct release_note, component, "component", FIELD_OMIT_EMPTY, "kubelet, kube-proxy …"),
	F_STRING(struct release_note, api_version, "api_version", FIELD_OMIT_EMPTY, "group/version"),
	F_STRING(struct release_note, object_kind, "object_kind", FIELD_OMIT_EMPTY, "kind of the object"),
	F_STRING(struct release_note, value, "value", FIELD_OMIT_EMPTY, "the version, or the default"),
	F_STRING(struct release_note, replacement, "replacement", FIELD_OMIT_EMPTY, "what to use instead"),
	F_STRING(struct release_note, effective_version, "effective_version", FIELD_OMIT_EMPTY,
		 "when it will be so, if later"),
	F_BOOL(struct release_note, urgent, "urgent", 0, "its authors say: before the upgrade"),
	F_BOOL(struct release_note, touches, "touches", 0, "something of it is in the cluster"),
	F_LIST(struct release_note, citations, n_citations, "citations", 0, &citation_model, "what it stands on"),
	F_LIST(struct release_note, objects, n_objects, "objects", FIELD_OMIT_EMPTY, &object_model,
	       "the first of those it touches"),
	F_INT(struct release_note, n_touched, "touched", FIELD_OMIT_EMPTY, "how many it touches"),
};
const struct model release_note_model = MODEL("ReleaseNote", struct release_note, note_fields);

static const struct field source_fields[] = {
	F_STRING(struct release_notes_source, name, "name", 0, "which source"),
	F_STRING(struct release_notes_source, title, "title", 0, "of the page"),
	F_STRING(struct release_notes_source, version, "version", FIELD_OMIT_EMPTY, "the hop it is of; absent: all"),
	F_STRING(struct release_notes_source, url, "url", FIELD_OMIT_EMPTY, "what was asked for"),
	F_STRING(struct release_notes_source, status, "status", 0, "ok, failed or skipped"),
	F_STRING(struct release_notes_source, copy, "copy", FIELD_OMIT_EMPTY, "fetched, unchanged or offline"),
	F_STRING(struct release_notes_source, detail, "detail", FIELD_OMIT_EMPTY, "why"),
	F_TIME(struct release_notes_source, fetched_at_ms, "fetched_at", FIELD_OMIT_EMPTY, "when it came"),
	F_INT(struct release_notes_source, bytes, "bytes", FIELD_OMIT_EMPTY, "its size"),
	F_INT(struct release_notes_source, sections, "sections", FIELD_OMIT_EMPTY, "headings in it"),
	F_INT(struct release_notes_source, facts, "facts", 0, "found in it"),
};
static const struct model source_model = MODEL("ReleaseNotesSource", struct release_notes_source, source_fields);

static const struct field notes_fields[] = {
	F_INT(struct release_notes, format, "format", 0, "1"),
	F_STRING(struct release_notes, cluster, "cluster", FIELD_OMIT_EMPTY, "whose version was asked for"),
	F_STRING(struct release_notes, from_version, "from_version", 0, "before the first hop"),
	F_STRING(struct release_notes, to_version, "to_version", 0, "after the last hop"),
	F_LIST(struct release_notes, sources, n_sources, "sources", 0, &source_model, "what was read"),
	F_LIST(struct release_notes, notes, n_notes, "release_notes", 0, &release_note_model, "the facts"),
};
const struct model release_notes_model = MODEL("ReleaseNotes", struct release_notes, notes_fields);

static int text_order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* "1.9" stands before "1.10". */
static int version_order(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	return n != m ? (n > m) - (n < m) : strcmp(a, b);
}

static int note_order(const void *left, const void *right)
{
	const struct release_note *a = left, *b = right;
	int order = version_order(a->version, b->version);
	order = order ? order : (int)b->urgent - (int)a->urgent;
	order = order ? order : a->kind - b->kind;
	order = order ? order : a->change - b->change;
	order = order ? order : text_order(a->name, b->name);
	order = order ? order : text_order(a->object_kind, b->object_kind);
	order = order ? order : text_order(a->component, b->component);
	order = order ? order : text_order(a->value, b->value);
	return order || !a->n_citations || !b->n_citations
		       ? order
		       : text_order(a->citations[0].sentence, b->citations[0].sentence);
}

void release_notes_sort(struct release_note *notes, size_t n)
{
	if (n)
		qsort(notes, n, sizeof *notes, note_order);
}

void release_note_print(const struct release_note *note, struct buf *out)
{
	static const char *const words[] = {"upgrade note", "API",  "kind",	  "field",
					    "feature gate", "flag", "version of", "notice"};
	buf_puts(out, words[note->kind]);
	if (note->name && *note->name)
		buf_printf(out, " %s", note->name);
	if (note->object_kind && *note->object_kind && text_order(note->object_kind, note->name) != 0)
		buf_printf(out, note->kind == NOTE_API ? " %s" : " of %s", note->object_kind);
	if (note->component && *note->component)
		buf_printf(out, " (%s)", note->component);
	bool has_value = note->value && *note->value;
	if (note->change == NOTE_DEFAULT && note->kind != NOTE_VERSION)
		buf_printf(out, has_value ? " %s by default" : " with another default", note->value);
	else if (note->kind != NOTE_URGENT)
		buf_printf(out, " %s", note_change_names[note->change]);
	if (has_value && note->kind == NOTE_VERSION)
		buf_printf(out, " to %s", note->value);
	else if (has_value && note->change != NOTE_DEFAULT && note->change != NOTE_REMOVED)
		buf_printf(out, ", %s by default", note->value);
	if (note->stage && *note->stage)
		buf_printf(out, ", %s", note->stage);
	if (note->effective_version && *note->effective_version)
		buf_printf(out, ", to be removed in %s", note->effective_version);
}
