/* What the parts of the scanner share. */
#pragma once

#include <stdint.h>
#include "codec/yaml_events.h"
#include "knowledge/lifecycle.h"
#include "scan/scan.h"

enum {
	SCAN_MAX_BYTES = 64 << 20, /* of one file */
	SCAN_MAX_FINDINGS = 50000,
	SCAN_MAX_TROUBLES = 200, /* sources that are told one by one */
	SCAN_DEPTH = 128,
	SCAN_ALTERNATIVES = 6,
	SCAN_FACTS = 64,
	SCAN_SCOPES = 4,
	SCAN_WORD = 256,
};

/* ---- filter.c: can a text matter at all? ---- */
enum { MAY_VERSION = 1, MAY_FIELD = 2, MAY_ESCAPE = 4, MAY_TEMPLATE = 8 };
struct scan_filter;
struct scan_filter *scan_filter_new(void);
void scan_filter_free(struct scan_filter *filter);
/* MAY_ bits: 0 proves that no object in it is in the tables and no field rule applies. Stops at the first MAY_VERSION
 * or MAY_FIELD. */
unsigned scan_filter_text(const struct scan_filter *filter, struct slice text);
/* Of a text with MAY_TEMPLATE alone: may an action give an apiVersion or a kind in it, or may it define something that
 * others include? */
bool scan_filter_open(struct slice text);
/* Every word that it looks for, NULL-terminated: for the proof. */
extern const char *const scan_filter_words[];

/* ---- fields.c: facts about the fields of an object, and rules over them ---- */
struct scan_scope {
	uint64_t seen;
	uint32_t at[SCAN_FACTS];
	const char *value[SCAN_FACTS]; /* short, of the arena; or NULL */
};
struct scan_trie;
struct scan_trie *scan_trie_new(void);
void scan_trie_free(struct scan_trie *trie);
enum { SCAN_TRIE_NONE = 0, SCAN_TRIE_ROOT = 1 };
/* Where a key, or a list's element (key of no bytes, `element`), leads from a node. */
uint16_t scan_trie_next(const struct scan_trie *trie, uint16_t node, struct slice key, bool element);
/* Facts of a node whose value is opened as a map or list, or is a scalar. */
struct scan;
void scan_trie_opened(struct scan *scan, uint16_t node, bool list, size_t at);
void scan_trie_scalar(struct scan *scan, uint16_t node, struct slice value, size_t at);

/* ---- objects.c: events to objects ---- */
struct scan_spot {
	struct slice text;
	size_t at; /* in the document */
};
struct scan_object {
	struct scan_spot api[SCAN_ALTERNATIVES], kind[SCAN_ALTERNATIVES];
	unsigned n_api, n_kind;
	struct scan_spot name, ns;
	bool generated;		  /* the name is what generateName says */
	bool has_metadata, place; /* place: where objects stand: a document's root, or an element of a list's items */
	int scope;		  /* of places: index into scopes; -1 */
};
struct scan_frame {
	bool list, metadata, items;
	uint16_t node; /* of the trie */
	int object;    /* index + 1 of this map's object; 0: none yet */
	struct slice key;
	size_t key_at;
	uint16_t key_node;
};
extern const struct yaml_events scan_object_events; /* context: struct scan */
void scan_objects_reset(struct scan *scan);

/* ---- template.c: templates of Go and Jinja ---- */
struct scan_template;
struct scan_define {
	struct slice name; /* in its quotes */
	size_t from, to;   /* its body */
};
/* Copies the text with every action made harmless, byte by byte at the same place. NULL: no end to some action; then
 * *ret_at is where it begins. */
struct scan_template *scan_template_new(struct slice text, size_t *ret_at);
void scan_template_free(struct scan_template *template);
struct slice scan_template_masked(const struct scan_template *template); /* without what it defines */
const struct scan_define *scan_template_defines(const struct scan_template *template, size_t *ret_n);
/* The masked text up to the end of a definition's body. */
struct slice scan_template_define(const struct scan_template *template, const struct scan_define *define);
/* Can both places be rendered at once? Not when they stand in two arms of one condition. */
bool scan_template_together(const struct scan_template *template, size_t one, size_t other);
/* The condition on the version of Kubernetes that a place stands under; empty slice: none. */
struct slice scan_template_guard(const struct scan_template *template, size_t at);
/* The words that a value with actions may become: what stands between actions, and the strings within them. */
struct scan_choices {
	struct slice words[SCAN_ALTERNATIVES];
	unsigned n;
	bool api_version; /* else a kind */
	bool unclear;	  /* it may be something else, too */
	/* What is included; NULL: nobody knows yet. */
	void (*include)(struct scan_choices *choices, struct slice name);
	void *context;
};
void scan_template_words(struct scan_choices *choices, struct slice value);

/* ---- helpers.c: what templates define for others, and the versions that come from there ---- */
void scan_helper_defined(struct scan *scan, struct slice quoted_name, struct slice body);
/* The last finding says that these words could not be told: whether they can is seen when all has been read. No kinds:
 * it may be any. */
void scan_helper_wait(struct scan *scan, const struct slice *apis, unsigned n_apis, const struct slice *kinds,
		      unsigned n_kinds);
void scan_helper_forget(struct scan *scan, size_t n_findings); /* those of later findings */
void scan_helpers_settle(struct scan *scan);

/* ---- verdict.c: objects to findings ---- */
void scan_object_done(struct scan *scan, struct scan_object *object);
const struct api_lifecycle *scan_look_up(struct slice api, struct slice kind);
/* Could any kind of this version be dead? */
bool scan_version_matters(const struct scan *scan, struct slice api);
enum severity scan_severity(const struct scan *scan, const struct api_lifecycle *api);
/* Writes what the tables say into a finding, but for its object and place. Gives what evidence should say. */
const char *scan_tell(struct scan *scan, struct finding *finding, const struct api_lifecycle *api,
		      enum severity severity);
void scan_fields_done(struct scan *scan, const struct scan_object *object, const struct scan_scope *scope);
struct finding *scan_find(struct scan *scan, const char *id, enum severity severity);
struct finding_object *scan_name_object(struct scan *scan, const struct scan_object *object, const char *kind);
struct finding_evidence *scan_evidence(struct scan *scan, const char *detail);
void scan_unknown(struct scan *scan, int64_t line, const char *reason, const char *remedy);
int64_t scan_line(struct scan *scan, size_t at); /* of a place in the document: its line in the file */
/* Readable text of a slice: no more than SCAN_WORD bytes, valid UTF-8, one line. */
const char *scan_words(struct scan *scan, struct slice text);

/* ---- scan.c ---- */
void scan_trouble(struct scan *scan, const char *status, const char *name, const char *detail);
void scan_bytes(struct scan *scan, char *bytes, size_t n, const char *name, bool manifest_by_name);

struct scan {
	unsigned target;
	struct arena *arena;
	struct scan_filter *filter;
	struct scan_trie *trie;

	/* The text in hand. */
	const char *name, *file; /* file: copied to the arena when the first finding needs it */
	const char *source;
	struct slice text;		/* as it is written */
	struct slice read;		/* what the reader sees: the same, or with its actions masked */
	struct scan_template *template; /* of the whole text; or NULL */
	bool unended;			/* it looked like one, but an action in it has no end */
	size_t document_at;		/* what the places of events are counted from, in the text */
	size_t counted_at;		/* so far … */
	int64_t counted_lines;		/* … so many lines were counted */
	int64_t document_number;
	bool by_lines; /* the document was no YAML even so; its lines were read */

	/* The document in hand. */
	struct scan_frame frames[SCAN_DEPTH];
	unsigned depth, too_deep;
	bool unread; /* an apiVersion or kind is a block scalar, into which yaml_skim() does not look */
	struct scan_object *objects;
	int n_objects, max_objects;
	struct scan_scope scopes[SCAN_SCOPES];
	int n_scopes, scope;
	struct buf word;

	/* What was found. */
	struct scan_told **told; /* by row of knowledge_apis[] */
	struct finding *findings;
	size_t n_findings;
	size_t dropped;
	struct assessment_source *troubles;
	size_t n_troubles, more_troubles;
	struct scan_counts counts;

	/* Of helpers.c. */
	struct scan_helper *helpers;
	size_t n_helpers, helper_bytes;
	struct scan_waiting *waiting;
	size_t n_waiting;

	/* Of walk.c. */
	char *bytes;
	size_t room;
	struct scan_place *places; /* folders, and files that were named, which were read */
	size_t n_places, n_slots;
};
