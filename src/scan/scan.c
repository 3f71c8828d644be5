/* One text: its encoding, its documents, and for each of them the reader that can read it. */
#include "scan/scan.h"

#include <stdlib.h>
#include <string.h>
#include "scan/scan_internal.h"

struct scan *scan_new(const struct scan_options *options)
{
	struct scan *scan = mem_alloc(sizeof *scan);
	scan->target = options->target_minor;
	scan->arena = options->arena;
	scan->filter = scan_filter_new();
	scan->trie = scan_trie_new();
	scan->told = mem_array(knowledge_n_apis, sizeof *scan->told);
	buf_init(&scan->word, 1 << 20);
	return scan;
}

void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	scan_filter_free(scan->filter);
	scan_trie_free(scan->trie);
	buf_done(&scan->word);
	free(scan->told);
	free(scan->objects);
	free(scan->findings);
	free(scan->troubles);
	free(scan->helpers);
	free(scan->waiting);
	free(scan->bytes);
	free(scan->places);
	free(scan);
}

void scan_freep(struct scan **scan)
{
	scan_free(*scan);
}

void scan_trouble(struct scan *scan, const char *status, const char *name, const char *detail)
{
	if (scan->n_troubles == SCAN_MAX_TROUBLES) {
		scan->more_troubles++;
		return;
	}
	struct assessment_source *source = HEAP_PUSH(scan->troubles, scan->n_troubles);
	source->name = scan_words(scan, slice_of(name));
	source->status = status;
	source->detail = scan_words(scan, slice_of(detail));
}

/* ---- documents ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The first byte from `at` on that is neither space nor comment nor a marker's line. */
static size_t first_content(struct slice text, size_t at, size_t end)
{
	const char *p = text.p + at, *stop = text.p + end;
	bool line_start = true;
	while (p < stop) {
		if (line_start && yaml_is_marker(p, stop)) {
			p += 3;
		} else if (*p == '#') {
			const char *newline = memchr(p, '\n', (size_t)(stop - p));
			p = newline ? newline : stop;
		} else if (is_space(*p)) {
			line_start = *p == '\n';
			p++;
			continue;
		} else {
			return (size_t)(p - text.p);
		}
		line_start = false;
	}
	return end;
}

static bool has(struct slice text, const char *word)
{
	return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

/* A template of Helm's or Ansible's, not text that happens to have braces: alerts and workflows have them, too. */
static bool is_template(struct slice text)
{
	static const char *const words[] = {".Values",	   ".Release", ".Chart",    ".Capabilities", "include \"",
					    "template \"", "toYaml",   "define \"", "tpl "};
	static const char *const begins[] = {"if ", "end ", "end}", "range "};
	for (const char *p = text.p, *end = text.p + text.n;
	     end - p >= 2 && (p = memchr(p, '{', (size_t)(end - p) - 1)); p++) {
		if (p[1] == '%')
			return true;
		if (p[1] != '{')
			continue;
		const char *close = memmem(p, (size_t)(end - p), "}}", 2);
		struct slice action = slice_make(p, (size_t)((close ? close + 1 : end) - p)), rest = action;
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (has(action, words[i]))
				return true;
		for (rest.p += 2; rest.p < action.p + action.n && (*rest.p == '-' || is_space(*rest.p));)
			rest.p++;
		rest.n = (size_t)(action.p + action.n - rest.p);
		for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
			if (slice_starts(rest, begins[i]))
				return true;
		p = close ? close : end - 1;
	}
	return false;
}

/* What Helm has stored is what its templates gave: braces in it are somebody's text. */
static bool is_rendered(const struct scan *scan)
{
	return !strcmp(scan->source, "helm");
}

static void make_template(struct scan *scan)
{
	size_t at = 0;
	scan->template = scan_template_new(scan->text, &at);
	scan->unended = !scan->template;
	if (scan->template) {
		scan->counts.templates++;
		scan->read = scan_template_masked(scan->template);
	}
}

static void forget(struct scan *scan, size_t n_findings, size_t objects)
{
	scan->n_findings = n_findings;
	scan->counts.objects = objects;
	scan_helper_forget(scan, n_findings);
	scan_objects_reset(scan);
}

/* Does a line begin with the word as a key? */
static bool has_key(struct slice text, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = text.p, *end = text.p + text.n; p < end && (p = memmem(p, (size_t)(end - p), word, n));
	     p += n) {
		const char *before = p, *after = p + n;
		while (before > text.p && strchr(" \t-\"'{", before[-1]))
			before--;
		after += after < end && (*after == '"' || *after == '\'');
		if ((before == text.p || before[-1] == '\n') && after < end && *after == ':')
			return true;
	}
	return false;
}

/* A document that no reader can read: what it would have been is told by its place. Of a file that is no manifest by
 * its name (a makefile, a script), only what looks like one. */
static void broken(struct scan *scan, size_t at, size_t end, const struct error *error, bool by_name)
{
	struct slice document = slice_make(scan->text.p + at, end - at);
	const char *message = error->message;
	size_t n = strlen(scan->name);
	bool worth = by_name ? has(document, "apiVersion") || has(document, "kind:")
			     : has_key(document, "apiVersion") && has_key(document, "kind");
	if (!worth) { /* nothing that the cluster would ever see */
		if (by_name && !scan->template)
			scan_trouble(scan, "failed", scan->name, message);
		return;
	}
	scan->document_at = at;
	int64_t line = scan_line(scan, 0), column = 1;
	const char *reason = message;
	if (!strncmp(message, scan->name, n) && message[n] == ':') {
		char *rest;
		line = strtoll(message + n + 1, &rest, 10);
		column = *rest == ':' ? strtoll(rest + 1, &rest, 10) : 1;
		reason = *rest == ':' ? rest + 1 + strspn(rest + 1, " ") : message;
	}
	scan_unknown(scan, line,
		     arena_printf(scan->arena, "not YAML: %s at line %lld, column %lld%s", reason, (long long)line,
				  (long long)column,
				  scan->unended ? ", nor a template: an action in it has no end" : ""),
		     "mend the document, or take the file out of what is scanned");
}

static struct scan_spot rest_of_line(const char *base, const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
	const char *comment = memmem(p, (size_t)(stop - p), " #", 2);
	stop = comment ? comment : stop;
	while (stop > p && is_space(stop[-1]))
		stop--;
	if (stop - p >= 2 && (*p == '"' || *p == '\'') && stop[-1] == *p)
		p++, stop--;
	return (struct scan_spot){slice_make(p, (size_t)(stop - p)), (size_t)(p - base)};
}

static bool line_has(const char *p, const char *end, const char *key, const char **ret_after)
{
	size_t n = strlen(key);
	*ret_after = p + n;
	return (size_t)(end - p) > n && !memcmp(p, key, n) && (p[n] == ' ' || p[n] == '\n');
}

/* What the lines have said so far: columns are those of the outermost keys. */
struct lines {
	struct scan_object object;
	ptrdiff_t column, metadata, item; /* item: of the dash of a list's elements */
	size_t told;
};

static void lines_done(struct scan *scan, struct lines *lines)
{
	if (lines->object.n_api && lines->object.n_kind) {
		lines->told++;
		scan_object_done(scan, &lines->object);
	}
	lines->object = (struct scan_object){.place = true, .scope = -1};
	lines->column = lines->metadata = -1;
}

/* Does an element of a list of objects begin at p? Its first key's place, or NULL. */
static const char *element(struct lines *lines, const char *line, const char *p, const char *end)
{
	const struct scan_object *object = &lines->object;
	bool may = lines->item >= 0 ? p - line == lines->item
		   : object->n_kind ? slice_eq(object->kind[0].text, "List")
				    : object->n_api == 0;
	const char *key = p + 1, *after;
	while (may && key < end && *key == ' ')
		key++;
	bool begins = may && key > p + 1 &&
		      (line_has(key, end, "apiVersion:", &after) || line_has(key, end, "kind:", &after) ||
		       line_has(key, end, "metadata:", &after));
	return begins ? key : NULL;
}

static void read_line(struct lines *lines, const char *base, const char *line, const char *p, const char *stop)
{
	struct scan_object *object = &lines->object;
	const char *after;
	bool api = line_has(p, stop, "apiVersion:", &after), kind = !api && line_has(p, stop, "kind:", &after);
	if ((api || kind) && (lines->column < 0 || p - line <= lines->column)) {
		struct scan_spot spot = rest_of_line(base, after, stop);
		if (p - line < lines->column) /* those before stand within something */
			*object = (struct scan_object){.place = true, .scope = -1};
		lines->column = p - line;
		if (api && object->n_api < SCAN_ALTERNATIVES)
			object->api[object->n_api++] = spot;
		else if (kind && object->n_kind < SCAN_ALTERNATIVES)
			object->kind[object->n_kind++] = spot;
	} else if (line_has(p, stop, "metadata:", &after) && p - line == lines->column) {
		lines->metadata = p - line;
	} else if (lines->metadata >= 0 && p - line > lines->metadata && !object->name.text.n &&
		   line_has(p, stop, "name:", &after)) {
		object->name = rest_of_line(base, after, stop);
	}
}

/* A template that is no YAML even with its actions masked: its outermost words, and those of a List's items, are read
 * from its lines, so that nothing is passed over in silence. */
static bool read_lines(struct scan *scan, size_t at, size_t end)
{
	struct lines lines = {.item = -1};
	const char *base = scan->read.p + at, *stop = scan->read.p + end, *key;
	scan->document_at = at;
	scan->by_lines = true;
	lines_done(scan, &lines);
	for (const char *line = base, *newline; line < stop; line = newline ? newline + 1 : stop) {
		const char *p = line;
		newline = memchr(line, '\n', (size_t)(stop - line));
		while (p < stop && *p == ' ')
			p++;
		if (p < stop && *p == '-' && (key = element(&lines, line, p, stop))) {
			lines_done(scan, &lines);
			lines.item = p - line;
			p = key;
		}
		read_line(&lines, base, line, p, stop);
	}
	lines_done(scan, &lines);
	scan->by_lines = false;
	return lines.told > 0;
}

/* A JSON document that is broken ends where a line begins with a brace: its neighbours are read. */
static size_t resume(struct slice text, size_t at, size_t content, size_t end)
{
	char brace = strchr("{}", text.p[content]) ? '{' : '[';
	if (!strchr("{}[]", text.p[content]))
		return end;
	for (const char *p = text.p + content, *stop = text.p + end; (p = memchr(p, '\n', (size_t)(stop - p)));) {
		p++;
		if (p < stop && *p == brace && (size_t)(p - text.p) > at)
			return (size_t)(p - text.p);
	}
	return end;
}

/* By libfyaml; NULL: it could. */
static struct error *walk_document(struct scan *scan, struct slice text, size_t at, size_t end)
{
	scan->document_at = at;
	int line = (int)scan_line(scan, 0) - 1;
	scan_objects_reset(scan);
	return yaml_walk(slice_make(text.p + at, end - at), scan->name, line, &scan_object_events, scan);
}

/* By libfyaml, as a template, by its lines; or told as broken. */
static void unusual(struct scan *scan, size_t at, size_t end, bool by_name)
{
	struct slice document = slice_make(scan->read.p + at, end - at);
	size_t n_findings = scan->n_findings, objects = scan->counts.objects;
	if (!by_name && !has(document, "apiVersion") && !has(document, "\\"))
		return; /* prose */
	struct error *error ERROR_CLEANUP = walk_document(scan, scan->read, at, end);
	if (!error)
		return;
	forget(scan, n_findings, objects);
	if (scan->template) { /* or YAML with templates in its words: a chart's values */
		struct error *as_written ERROR_CLEANUP = walk_document(scan, scan->text, at, end);
		if (!as_written)
			return;
		forget(scan, n_findings, objects);
	} else if (!is_rendered(scan) && !scan->unended && has(document, "{{")) {
		make_template(scan);
		if (scan->template) {
			size_t again = at;
			scan->document_at = 0;
			if (yaml_skim(slice_make(scan->read.p, end), &again, &scan_object_events, scan))
				return;
			forget(scan, n_findings, objects);
		}
	}
	if (!scan->template || !read_lines(scan, at, end))
		broken(scan, at, end, error, by_name);
}

/* All that begin at `at` or behind it. */
static void documents(struct scan *scan, size_t at, bool by_name)
{
	size_t marker = 0; /* the next one, once it was looked for: broken JSON by the line must not look again */
	for (size_t next; at < scan->read.n; at = next) {
		bool explicit = !strncmp(scan->read.p + at, "---", scan->read.n - at < 3 ? scan->read.n - at : 3);
		size_t n_findings = scan->n_findings, objects = scan->counts.objects;
		scan->document_number++;
		scan->counts.documents++;
		scan->document_at = 0;
		scan_objects_reset(scan);
		next = at;
		bool read = yaml_skim(scan->read, &next, &scan_object_events, scan) && !scan->unread;
		if (!read && scan->template) { /* a chart's values are YAML with templates in their words */
			forget(scan, n_findings, objects);
			next = at;
			read = yaml_skim(slice_make(scan->text.p, scan->read.n), &next, &scan_object_events, scan) &&
			       !scan->unread;
		}
		if (!read)
			next = marker = marker > at ? marker : yaml_document_end(scan->read, at);
		size_t content = first_content(scan->read, at, next);
		if (content == next && !explicit) {
			scan->document_number--;
			scan->counts.documents--;
		} else if (!read && content < next) {
			next = resume(scan->read, at, content, next);
			forget(scan, n_findings, objects);
			unusual(scan, at, next, by_name);
		}
		/* Behind a document in braces. */
		while (next < scan->read.n && is_space(scan->read.p[next]) &&
		       !yaml_is_marker(scan->read.p + next, scan->read.p + scan->read.n))
			next++;
		if (next == at)
			next = scan->read.n;
	}
}

/* What a template defines for others to include, each by itself; of its first line nothing is an object. */
static void definitions(struct scan *scan)
{
	size_t n = 0;
	const struct scan_define *defines = scan->template ? scan_template_defines(scan->template, &n) : NULL;
	size_t marker = 0;
	int64_t markers = -1; /* before what is defined: how many documents began */
	size_t first = n ? yaml_document_end(scan->read, 0) : 0;
	bool empty = n && first_content(scan->read, 0, first) == first &&
		     !yaml_is_marker(scan->read.p, scan->read.p + first);
	for (size_t i = 0; i < n; i++) {
		size_t from = defines[i].from, to = defines[i].to;
		const char *newline = memchr(scan->text.p + from, '\n', to - from);
		struct slice body = slice_make(scan->text.p + from, to - from);
		scan_helper_defined(scan, defines[i].name, body);
		if (!newline || !has(body, "apiVersion"))
			continue;
		from = (size_t)(newline + 1 - scan->text.p);
		for (; marker < from; markers++)
			marker = yaml_document_end(scan->text, marker);
		scan->document_number = markers - (empty && markers > 0); /* what says nothing is no document */
		scan->read = scan_template_define(scan->template, &defines[i]);
		documents(scan, from, false);
	}
}

/* ---- texts ---- */

static void read_text(struct scan *scan, struct slice text, bool by_name)
{
	unsigned may = scan_filter_text(scan->filter, text);
	scan->text = scan->read = text;
	scan->file = NULL;
	scan->template = NULL;
	scan->unended = false;
	scan->counted_at = 0;
	scan->counted_lines = scan->document_number = 0;
	if (may == MAY_TEMPLATE && !scan_filter_open(text))
		return;
	bool template = (may & MAY_TEMPLATE) && !is_rendered(scan) && is_template(text);
	if (template)
		make_template(scan);
	if (may) {
		documents(scan, 0, by_name);
		definitions(scan);
	}
	scan_template_free(scan->template);
	scan->template = NULL;
}

static size_t put_utf8(char *out, uint32_t rune)
{
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	size_t more = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
	static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(heads[more] | rune >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		out[i] = (char)(0x80 | (rune >> 6 * (more - i) & 0x3f));
	return more + 1;
}

static uint32_t utf16_unit(const unsigned char *p, bool little)
{
	return little ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[1] | p[0] << 8);
}

/* UTF-16 with its mark, as PowerShell writes it, to UTF-8. Half a pair is no character, and takes nothing with it. */
static char *from_utf16(const unsigned char *p, size_t n, size_t *ret_n)
{
	bool little = p[0] == 0xff;
	char *out = mem_alloc(n / 2 * 3 + 4);
	size_t k = 0;
	for (size_t i = 2; i + 1 < n; i += 2) {
		uint32_t rune = utf16_unit(p + i, little);
		uint32_t low = rune >= 0xd800 && rune < 0xdc00 && i + 3 < n ? utf16_unit(p + i + 2, little) : 0;
		if (low >= 0xdc00 && low < 0xe000) {
			rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (rune >= 0xd800 && rune < 0xe000) {
			rune = 0xfffd;
		}
		k += put_utf8(out + k, rune);
	}
	*ret_n = k;
	return out;
}

/* A CR alone ends a line, too: it becomes a LF. Only then the text is written to. */
static bool has_lone_cr(struct slice text)
{
	for (const char *p = text.p, *end = text.p + text.n; p < end && (p = memchr(p, '\r', (size_t)(end - p))); p++)
		if (p + 1 == end || p[1] != '\n')
			return true;
	return false;
}

void scan_bytes(struct scan *scan, char *bytes, size_t n, const char *name, bool by_name)
{
	scan->name = name;
	scan->counts.bytes += n;
	scan->counts.files++;
	if (n >= 2 &&
	    ((unsigned char)bytes[0] == 0xff ? (unsigned char)bytes[1] == 0xfe
					     : (unsigned char)bytes[0] == 0xfe && (unsigned char)bytes[1] == 0xff)) {
		size_t n_text;
		char *text CLEANUP(mem_freep) = from_utf16((const unsigned char *)bytes, n, &n_text);
		read_text(scan, slice_make(text, n_text), by_name);
		return;
	}
	size_t skip = n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	bool script = !by_name && n >= 2 && !memcmp(bytes, "#!", 2);
	if (script || memchr(bytes, '\0', n < 8000 ? n : 8000)) {
		scan->counts.not_manifests++;
		if (by_name)
			scan_trouble(scan, "skipped", name, "binary");
		return;
	}
	if (has_lone_cr(slice_make(bytes, n)))
		for (size_t i = 0; i < n; i++)
			if (bytes[i] == '\r' && (i + 1 == n || bytes[i + 1] != '\n'))
				bytes[i] = '\n';
	read_text(scan, slice_make(bytes + skip, n - skip), by_name);
}

void scan_text(struct scan *scan, struct slice text, const char *name, const char *source)
{
	const char *outer = scan->source;
	char *copy CLEANUP(mem_freep) = mem_strndup(text.n ? text.p : "", text.n);
	scan->source = source;
	if (text.n > SCAN_MAX_BYTES)
		scan_trouble(scan, "skipped", name, "larger than 64 MiB");
	else
		scan_bytes(scan, copy, text.n, name, true);
	scan->source = outer;
}

/* ---- the end ---- */

static void add_source(struct scan *scan, struct assessment *into, const char *name, const char *status,
		       const char *detail)
{
	struct assessment_source *source = ARENA_PUSH(scan->arena, into->sources, into->n_sources);
	*source = (struct assessment_source){name, status, detail};
}

void scan_finish(struct scan *scan, struct assessment *into, struct scan_counts *ret_counts)
{
	const struct scan_counts *counts = &scan->counts;
	scan_helpers_settle(scan);
	struct finding *all = arena_alloc(scan->arena, (into->n_findings + scan->n_findings + 1) * sizeof *all);
	if (into->n_findings)
		memcpy(all, into->findings, into->n_findings * sizeof *all);
	if (scan->n_findings)
		memcpy(all + into->n_findings, scan->findings, scan->n_findings * sizeof *all);
	into->findings = all;
	into->n_findings += scan->n_findings;
	free(scan->findings);
	scan->findings = NULL;
	scan->n_findings = 0;
	add_source(
		scan, into, "files", "ok",
		arena_printf(scan->arena,
			     "%zu files, %.1f MB; %zu documents and %zu objects looked into, %zu files of templates; "
			     "%zu files are no manifests",
			     counts->files, (double)counts->bytes / 1e6, counts->documents, counts->objects,
			     counts->templates, counts->not_manifests));
	for (size_t i = 0; i < scan->n_troubles; i++)
		add_source(scan, into, scan->troubles[i].name, scan->troubles[i].status, scan->troubles[i].detail);
	if (scan->more_troubles)
		add_source(scan, into, "more files", "failed",
			   arena_printf(scan->arena, "%zu more could not be read", scan->more_troubles));
	if (scan->dropped)
		add_source(
			scan, into, "findings", "failed",
			arena_printf(scan->arena, "%zu more than %d are not told", scan->dropped, SCAN_MAX_FINDINGS));
	if (ret_counts)
		*ret_counts = scan->counts;
}
