/* From sections to facts: which sections are of a hop in question, which words in them name something, and what the
 * sentence says of it. A word that names something but of which nothing is said is no fact. */
#include "perception/notes_facts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "perception/notes_names.h"
#include "perception/notes_words.h"

/* What holds for the blocks of one section. */
struct context {
	const struct notes_page *page;
	const struct notes_target *target;
	struct notes_facts *facts;
	struct arena *scratch; /* forgotten after each block */
	size_t section;
	unsigned minor;	       /* the hop */
	bool urgent;	       /* by its headings or its box */
	bool fixes;	       /* a list of mended bugs: only what is removed, deprecated or another default counts */
	bool deprecations;     /* by its headings */
	const char *component; /* of the block: "Kubelet: removed …" */
	const struct notes_block *lead; /* "Removed the following feature gates:", whose items follow; NULL */
	size_t told, n_before;		/* facts told; notes at the beginning of the sentence */
};

static bool title_has(const char *title, const char *word)
{
	return strcasestr(title, word) != NULL;
}

/* "v1.34.0", "Kubernetes 1.34", "Kubernetes version `1.34`": the minor that a heading is of; 0: of none. */
static unsigned title_minor(const char *raw, bool *ret_early)
{
	static const char *const words[] = {"Amazon EKS ", "Kubernetes ", "version ", "release "};
	char plain[80];
	size_t n = 0;
	*ret_early = false;
	for (; *raw && n < sizeof plain - 1; raw++)
		if (*raw != '`')
			plain[n++] = *raw;
	plain[n] = '\0';
	const char *title = plain;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) /* in this order */
		if (!strncasecmp(title, words[i], strlen(words[i])))
			title += strlen(words[i]);
	char *end = plain + (title - plain) + strcspn(title, " ");
	if (*end && end[1] != '(')
		return 0;
	*end = '\0';
	*ret_early = strstr(title, "-alpha") || strstr(title, "-beta") || strstr(title, "-rc");
	return notes_minor(title);
}

/* A changelog repeats under the release what its betas said. */
static bool has_release(const struct notes_page *page, unsigned minor)
{
	bool early;
	for (size_t i = 0; i < page->n_sections; i++)
		if (title_minor(page->sections[i].title, &early) == minor && !early)
			return true;
	return false;
}

/* False: the section is of no hop in question, or of nothing that matters. */
static bool place(struct context *context)
{
	static const char *const beside_the_point[] = {"Downloads",	 "Dependencies", "Contributors",
						       "Release Team",	 "Get involved", "Release webinar",
						       "User highlights"};
	const struct notes_page *page = context->page;
	unsigned minor = 0;
	bool early = false;
	context->urgent = context->fixes = context->deprecations = false;
	for (size_t i = context->section;; i = page->sections[i].parent) {
		const char *title = page->sections[i].title;
		for (size_t k = 0; k < ARRAY_SIZE(beside_the_point); k++)
			if (!strncasecmp(title, beside_the_point[k], strlen(beside_the_point[k])))
				return false;
		context->urgent |= title_has(title, "urgent upgrade notes") || title_has(title, "known issues");
		context->fixes |= !strncasecmp(title, "Bug or Regression", 17) ||
				  !strncasecmp(title, "Failing Test", 12) || !strncasecmp(title, "Documentation", 13);
		context->deprecations |= title_has(title, "deprecat") || title_has(title, "removal");
		if (!minor)
			minor = title_minor(title, &early);
		if (page->sections[i].parent == i)
			break;
	}
	context->minor = minor ? minor : context->target->version;
	return context->minor >= context->target->first && context->minor <= context->target->last &&
	       (!context->target->version || context->minor == context->target->version) &&
	       !(early && has_release(page, minor));
}

/* ---- citations */
static const char *section_path(const struct context *context)
{
	const struct notes_page *page = context->page;
	size_t chain[8], n = 0;
	struct buf out CLEANUP(buf_done) = BUF_INIT(4000);
	for (size_t i = context->section; n < ARRAY_SIZE(chain) && page->sections[i].level;
	     i = page->sections[i].parent)
		chain[n++] = i;
	while (n-- > 0)
		buf_printf(&out, "%s%s", out.n ? " > " : "", page->sections[chain[n]].title);
	return arena_strdup(context->facts->arena, buf_str(&out));
}

static const char *section_url(const struct context *context)
{
	const struct notes_page *page = context->page;
	size_t i = context->section;
	while (!*page->sections[i].anchor && page->sections[i].parent != i)
		i = page->sections[i].parent;
	const char *anchor = page->sections[i].anchor;
	return arena_printf(context->facts->arena, "%s%s%s", context->target->page_url, *anchor ? "#" : "", anchor);
}

static const char *quoted(const struct context *context, struct slice text)
{
	size_t n = text.n;
	if (n > NOTES_MAX_SENTENCE) {
		for (n = NOTES_MAX_SENTENCE; n && ((unsigned char)text.p[n] & 0xC0) == 0x80;)
			n--;
		return arena_printf(context->facts->arena, "%.*s…", (int)n, text.p);
	}
	return arena_strndup(context->facts->arena, text.p, n);
}

static void cite(const struct context *context, struct release_note *note, struct slice sentence)
{
	const char *text = quoted(context, sentence);
	for (size_t i = 0; i < note->n_citations; i++)
		if (!strcmp(note->citations[i].sentence, text))
			return;
	if (note->n_citations == NOTES_MAX_CITATIONS)
		return;
	*ARENA_PUSH(context->facts->arena, note->citations, note->n_citations) = (struct release_note_citation){
		context->target->title, section_url(context), section_path(context), text};
}

/* ---- facts */
static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_fact(const struct release_note *a, const struct release_note *b)
{
	return a->kind == b->kind && a->change == b->change && same_text(a->name, b->name) &&
	       same_text(a->version, b->version) && same_text(a->api_version, b->api_version) &&
	       same_text(a->object_kind, b->object_kind) && (a->kind != NOTE_VERSION || same_text(a->value, b->value));
}

static void fill(const char **slot, const char *value)
{
	*slot = *slot ? *slot : value;
}

/* Keeps the fact, or adds to the one that is there already. `fact` points into the scratch arena and constants. */
static struct release_note *keep(struct context *context, const struct release_note *fact, struct slice sentence)
{
	struct notes_facts *facts = context->facts;
	struct release_note *note = NULL;
	bool nameless = fact->kind == NOTE_URGENT || fact->kind == NOTE_NOTICE;
	const char *text = nameless ? quoted(context, sentence) : NULL;
	for (size_t i = 0; i < facts->n_notes && !note; i++)
		if (same_fact(&facts->notes[i], fact) &&
		    (!nameless || !strcmp(facts->notes[i].citations[0].sentence, text)))
			note = &facts->notes[i];
	if (!note && facts->n_notes == NOTES_MAX_FACTS) {
		facts->cut = true;
		return NULL;
	}
	context->told++;
	if (!note) {
		note = ARENA_PUSH(facts->arena, facts->notes, facts->n_notes);
		*note = *fact;
		const char **texts[] = {&note->version,	  &note->name,	      &note->stage,
					&note->component, &note->api_version, &note->object_kind,
					&note->value,	  &note->replacement, &note->effective_version};
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
			*texts[i] = arena_strdup(facts->arena, *texts[i]);
	}
	note->urgent |= fact->urgent;
	fill(&note->stage, arena_strdup(facts->arena, fact->stage));
	fill(&note->value, arena_strdup(facts->arena, fact->value));
	fill(&note->component, arena_strdup(facts->arena, fact->component));
	fill(&note->effective_version, arena_strdup(facts->arena, fact->effective_version));
	cite(context, note, sentence);
	return note;
}

static const char *minor_text(struct context *context, unsigned minor)
{
	return arena_printf(context->scratch, "1.%u", minor);
}

/* What is said to become of it, and when; false: nothing is. */
static bool judge(struct context *context, const struct notes_sentence *sentence, size_t at, struct release_note *fact)
{
	size_t verb = at;
	int change = sentence->tokens[at].change;
	if (change < 0)
		change = notes_change_of(sentence, at, &verb);
	if (change < 0)
		return false;
	unsigned later = notes_future_removal(sentence);
	if (change == NOTE_REMOVED && sentence->tokens[verb].future && (!later || later > context->minor))
		change = NOTE_DEPRECATED;
	if (change == NOTE_DEPRECATED && later > context->minor)
		fact->effective_version = minor_text(context, later);
	bool grave = change == NOTE_REMOVED || change == NOTE_DEPRECATED || change == NOTE_DEFAULT;
	if (context->fixes && !grave)
		return false;
	fact->change = change;
	fact->version = minor_text(context, context->minor);
	fact->urgent = context->urgent;
	return true;
}

static void use_instead(struct context *context, const char *name)
{
	struct notes_facts *facts = context->facts;
	if (facts->n_notes > context->n_before)
		fill(&facts->notes[facts->n_notes - 1].replacement, arena_strdup(facts->arena, name));
}

static const char *component_of(const struct context *context, const struct notes_sentence *sentence, size_t at)
{
	for (size_t i = at; i-- > 0;)
		if (notes_component(sentence->tokens[i].lower))
			return notes_component(sentence->tokens[i].lower);
	for (size_t i = at + 1; i < sentence->n; i++)
		if (notes_component(sentence->tokens[i].lower))
			return notes_component(sentence->tokens[i].lower);
	return context->component;
}

/* Of an API's version: a fact for each kind that the sentence names. */
static void tell_api(struct context *context, const struct notes_sentence *sentence, struct release_note *fact,
		     const char *api_version)
{
	bool any = false;
	fact->kind = NOTE_API;
	fact->name = fact->api_version = api_version;
	for (size_t i = 0; i < sentence->n && !fact->component; i++) /* what only kubectl forgets is still served */
		fact->component = notes_component(sentence->tokens[i].lower);
	for (size_t i = 0; i < sentence->n; i++) {
		if (!notes_kind_of_api(sentence->tokens[i].text, api_version))
			continue;
		fact->object_kind = sentence->tokens[i].text;
		any = true;
		keep(context, fact, sentence->text);
	}
	fact->object_kind = NULL;
	if (!any)
		keep(context, fact, sentence->text);
}

static void tell_gate(struct context *context, const struct notes_sentence *sentence, size_t at,
		      struct release_note *fact)
{
	fact->kind = NOTE_GATE;
	fact->name = sentence->tokens[at].text;
	if (fact->change != NOTE_REMOVED)
		fact->stage = notes_stage(sentence, at);
	fact->value = notes_default(sentence);
	keep(context, fact, sentence->text);
}

/* Kinds and components are named in passing all the time, "must" is said of anything, and a flag with a value is an
 * example. */
static bool is_worth_telling(const struct context *context, enum note_kind kind, int change, bool surely, bool example)
{
	switch (kind) {
	case NOTE_OBJECT:
		return surely && !context->fixes &&
		       (change == NOTE_REMOVED || change == NOTE_DEPRECATED || change == NOTE_RENAMED ||
			change == NOTE_PROMOTED);
	case NOTE_VERSION:
		return !context->fixes && change != NOTE_ADDED && change != NOTE_REQUIRED;
	case NOTE_FIELD:
		return (surely || change == NOTE_ADDED) && (change != NOTE_REQUIRED || context->urgent);
	case NOTE_GATE:
		return change != NOTE_REQUIRED;
	case NOTE_FLAG:
		return !example || (change != NOTE_REQUIRED && change != NOTE_DEFAULT);
	case NOTE_URGENT:
	case NOTE_API:
	case NOTE_NOTICE:
	default:
		return true;
	}
}

static bool tell_token(struct context *context, const struct notes_sentence *sentence, size_t at)
{
	const struct notes_token *token = &sentence->tokens[at];
	struct release_note fact = {0};
	const char *name = NULL, *object_kind = NULL, *api = NULL, *value = NULL;
	enum note_kind kind;
	if ((token->code || *token->text == '-' || strchr(token->text, '/')) && notes_is_replacement(sentence, at)) {
		use_instead(context, token->text);
		return true;
	}
	if ((name = notes_flag(context->scratch, token->text)))
		kind = NOTE_FLAG;
	else if ((api = notes_api_version(context->scratch, sentence, at)))
		kind = NOTE_API;
	else if (notes_is_gate(sentence, at))
		kind = NOTE_GATE;
	else if ((name = notes_field(context->scratch, context->facts, sentence, at, &object_kind)))
		kind = NOTE_FIELD;
	else if ((name = notes_versioned(context->scratch, sentence, at, &value)))
		kind = NOTE_VERSION;
	else if (notes_is_kind(context->facts, sentence, at))
		kind = NOTE_OBJECT;
	else
		return false;
	if (notes_is_condition(sentence, at) || !judge(context, sentence, at, &fact))
		return false;
	fact.kind = kind;
	fact.name = name ? name : token->text;
	fact.value = value;
	if (kind == NOTE_API) {
		tell_api(context, sentence, &fact, api);
		return true;
	}
	size_t verb = at;
	notes_change_of(sentence, at, &verb);
	if (!is_worth_telling(context, kind, fact.change, !sentence->tokens[verb].weak, strchr(token->text, '=')))
		return false;
	if (kind != NOTE_VERSION)
		fact.component = component_of(context, sentence, at);
	fact.object_kind = kind == NOTE_OBJECT ? token->text : object_kind;
	if (kind == NOTE_GATE)
		tell_gate(context, sentence, at, &fact);
	else
		keep(context, &fact, sentence->text);
	return true;
}

/* Nothing in it has a name that we know, and yet it says that something goes. */
static void tell_notice(struct context *context, const struct notes_sentence *sentence)
{
	struct release_note fact = {.kind = NOTE_NOTICE};
	for (size_t i = 0; i < sentence->n; i++) {
		const struct notes_token *token = &sentence->tokens[i];
		if ((token->change != NOTE_REMOVED && token->change != NOTE_DEPRECATED) || token->weak ||
		    !judge(context, sentence, i, &fact))
			continue;
		if (fact.change != NOTE_REMOVED && fact.change != NOTE_DEPRECATED)
			continue;
		fact.kind = NOTE_NOTICE;
		fact.component = component_of(context, sentence, i);
		keep(context, &fact, sentence->text);
		return;
	}
}

/* "Kubelet: fixed …", "This fixes …". */
static bool tells_of_a_mend(const struct notes_sentence *sentence)
{
	static const char *const words[] = {"fixed", "fix", "fixes", "corrected", "bugfix"};
	for (size_t i = 0; i < sentence->n && i < 3; i++)
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (notes_is_word(sentence, i, words[k]))
				return true;
	return false;
}

static void tell_sentence(struct context *context, struct slice text)
{
	struct notes_sentence sentence;
	size_t told = context->told;
	bool named = false;
	notes_tokenize(text, context->scratch, &sentence);
	if (!context->urgent && tells_of_a_mend(&sentence))
		return;
	context->n_before = context->facts->n_notes;
	for (size_t i = 0; i < sentence.n; i++)
		if (!notes_is_kind(context->facts, &sentence, i) || notes_is_gate(&sentence, i))
			named |= tell_token(context, &sentence, i);
	for (size_t i = 0; i < sentence.n && !named; i++) /* else it is told with its version, its field … */
		if (notes_is_kind(context->facts, &sentence, i))
			tell_token(context, &sentence, i);
	bool wanted = context->target->notices || context->deprecations || context->urgent;
	if (!named && wanted && !context->fixes && context->told == told) /* of a kind nothing either */
		tell_notice(context, &sentence);
}

static bool only_leads_on(struct slice text)
{
	static const char *const heads[] = {"For more information", "For information", "To learn more", "Learn how",
					    "If you experience any issues"};
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (slice_starts(text, heads[i]))
			return true;
	return false;
}

/* An item of a list says what it says together with the line before the list. */
static struct slice with_lead(struct context *context, const struct notes_block *block, struct slice text)
{
	const struct notes_block *lead = context->lead;
	if (lead && block->depth <= lead->depth)
		lead = NULL;
	size_t n = strlen(block->text), most = NOTES_MAX_SENTENCE;
	context->lead = lead ? lead : n && n < most && block->text[n - 1] == ':' ? block : NULL;
	if (!lead || text.n > most)
		return text;
	return slice_of(arena_printf(context->scratch, "%s %.*s", lead->text, (int)text.n, text.p));
}

static void tell_block(struct context *context, const struct notes_block *block)
{
	enum { LEAST = 24 }; /* "ACTION REQUIRED:" alone says nothing */
	bool of_section = context->urgent;
	arena_reset(context->scratch);
	struct slice text = with_lead(context, block, notes_without_credits(slice_of(block->text))), sentence;
	context->urgent |= block->urgent;
	context->component = NULL;
	if (context->urgent && text.n >= LEAST && !only_leads_on(text)) {
		struct release_note fact = {.kind = NOTE_URGENT,
					    .change = NOTE_REQUIRED,
					    .version = minor_text(context, context->minor),
					    .urgent = true};
		keep(context, &fact, text);
	}
	size_t colon = text.n ? strcspn(block->text, ": ") : 0;
	if (colon < 40 && colon < text.n && block->text[colon] == ':') {
		char *head = arena_strndup(context->scratch, block->text, colon);
		for (char *p = head; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		context->component = notes_component(head);
	}
	for (size_t at = 0; notes_next_sentence(text, &at, &sentence);)
		tell_sentence(context, sentence);
	context->urgent = of_section;
}

/* "1.34.6 | eks.20 | NodeRestriction, … | New platform version … | March 3, 2026": the first row is the newest. */
static void tell_platform(struct context *context, const struct notes_section *section)
{
	for (size_t i = 0; i < section->n_blocks; i++) {
		const char *row = section->blocks[i].text, *eks = strstr(row, "eks.");
		size_t n = eks ? 4 + strspn(eks + 4, "0123456789") : 0;
		if (n <= 4 || !strstr(row, " | ") || (eks != row && eks[-1] != ' ' && eks[-1] != '`'))
			continue;
		struct release_note fact = {.kind = NOTE_VERSION,
					    .change = NOTE_CHANGED,
					    .name = "EKS platform version",
					    .version = minor_text(context, context->minor),
					    .value = arena_strndup(context->scratch, eks, n)};
		keep(context, &fact, slice_of(row));
		return;
	}
}

bool notes_recognize(const struct notes_page *page, const struct notes_target *target)
{
	char version[16];
	bool early;
	snprintf(version, sizeof version, "1.%u", target->version);
	for (size_t i = 0; i < page->n_sections; i++) {
		const struct notes_section *section = &page->sections[i];
		if (target->version ? strstr(section->title, version) != NULL : title_minor(section->title, &early) > 0)
			return true;
		for (size_t k = 0; target->version && k < section->n_blocks; k++)
			if (strstr(section->blocks[k].text, version))
				return true;
	}
	return false;
}

size_t notes_extract(const struct notes_page *page, const struct notes_target *target, struct notes_facts *facts)
{
	struct arena *scratch CLEANUP(arena_freep) = arena_new();
	struct context context = {.page = page, .target = target, .facts = facts, .scratch = scratch};
	for (size_t i = 0; i < page->n_sections; i++) {
		const struct notes_section *section = &page->sections[i];
		context.section = i;
		if (!section->n_blocks || !place(&context))
			continue;
		if (target->platform) {
			tell_platform(&context, section);
			continue;
		}
		context.lead = NULL;
		for (size_t k = 0; k < section->n_blocks; k++)
			tell_block(&context, &section->blocks[k]);
	}
	return context.told;
}
