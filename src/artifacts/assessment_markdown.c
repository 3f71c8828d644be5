/* An assessment as Markdown, fit for a comment on a pull request: short enough to be taken there (65,536 characters),
 * and with nothing of the cluster's words working as markup. Words that could (links, mentions, HTML) stand in code
 * spans, in which nothing works. No tables: a cell can be broken out of. */
#include <ctype.h>
#include <string.h>
#include "artifacts/assessment_internal.h"
#include "artifacts/notes_internal.h"

enum {
	MAX_BYTES = 55000, /* then only the number of what is left out is told */
	MAX_PROSE = 600,   /* bytes of one value */
	SHOWN_WHOLE = 3,
	SHOWN_MEMBERS = 10,
	SHOWN_EVIDENCE = 3,
};

/* Where a part of the comment stops for want of room. */
struct comment {
	const struct assessment_view *view;
	struct buf *out;
	size_t start;
	bool all;
};

static bool is_full(const struct comment *comment)
{
	return !comment->all && comment->out->n - comment->start > MAX_BYTES;
}

/* A code span, fenced by one backtick more than the longest run within. */
static void code(struct buf *out, struct slice text)
{
	size_t run = 0, longest = 0;
	for (size_t i = 0; i < text.n; i++) {
		run = text.p[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	if (!text.n)
		return;
	for (size_t i = 0; i <= longest; i++)
		buf_putc(out, '`');
	buf_puts(out, longest ? " " : "");
	buf_append(out, text.p, text.n);
	buf_puts(out, longest ? " " : "");
	for (size_t i = 0; i <= longest; i++)
		buf_putc(out, '`');
}

/* A word that Markdown and GitHub take as it stands: no markup, link, mention, entity, or reference to an issue. */
static bool is_plain(struct slice word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];
		if (c < 0x80 && !isalnum(c) && !strchr(",.;:/%+='\"(){}?-", c))
			return false;
	}
	bool marker = strspn(word.p, "-+=0123456789.)") >= word.n && word.n && strchr("-+=.)", word.p[word.n - 1]);
	bool link = memmem(word.p, word.n, "://", 3) || memmem(word.p, word.n, "www.", 4) ||
		    memmem(word.p, word.n, "WWW.", 4) || memmem(word.p, word.n, "mailto:", 7);
	return !marker && !link && strncasecmp(word.p, "gh-", word.n < 3 ? word.n + 1 : 3) != 0;
}

static size_t cut(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);
	if (n <= max)
		return n;
	for (n = max; n && ((unsigned char)text[n] & 0xC0) == 0x80;)
		n--;
	return n;
}

/* Neighbouring words that are not plain share a code span. */
void markdown_prose(struct buf *out, const char *text)
{
	size_t n = cut(text, MAX_PROSE), from = 0, at = 0;
	bool in_code = false;
	while (at < n) {
		const char *space = memchr(text + at, ' ', n - at);
		size_t end = space ? (size_t)(space - text) : n, next = space ? end + 1 : n;
		bool plain = is_plain(slice_make(text + at, end - at));
		if (in_code && (plain || next >= n)) {
			size_t last = plain ? at - 1 : end;
			code(out, slice_make(text + from, last - from));
			buf_puts(out, last < n ? " " : "");
			in_code = false;
			if (!plain)
				break;
		}
		if (plain) {
			buf_append(out, text + at, next - at);
		} else if (!in_code) {
			from = at;
			in_code = next < n;
			if (!in_code)
				code(out, slice_make(text + at, end - at));
		}
		at = next;
	}
	buf_puts(out, text[n] ? " …" : "");
}

void markdown_item(struct buf *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	buf_printf(out, "  - %s ", label);
	markdown_prose(out, text);
	buf_putc(out, '\n');
}

static void label(struct buf *out, const struct finding *finding)
{
	buf_printf(out, "- **%s** ", assessment_label(finding));
	code(out, slice_make(finding->id, cut(finding->id, 100)));
	buf_putc(out, ' ');
}

static void details(const struct assessment_view *view, const struct finding *finding, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	if (finding->status == FINDING_ACCEPTED) {
		assessment_acceptance(finding, &text);
		markdown_item(out, "by", buf_str(&text));
		return;
	}
	markdown_item(out, "why:", finding->reason);
	for (size_t i = 0; i < finding->n_evidence && i < SHOWN_EVIDENCE; i++) {
		buf_clear(&text);
		assessment_evidence(view, &finding->evidence[i], &text);
		markdown_item(out, "seen:", buf_str(&text));
	}
	markdown_item(out, "use", assessment_replacement(finding));
}

static void remedy(const struct finding *finding, struct buf *out)
{
	const char *link = assessment_link(finding);
	if (finding->remedy && *finding->remedy && finding->status != FINDING_ACCEPTED) {
		buf_puts(out, "  - do: ");
		if (assessment_is_command(finding->remedy))
			code(out, slice_make(finding->remedy, cut(finding->remedy, 2 * MAX_PROSE)));
		else
			markdown_prose(out, finding->remedy);
		buf_putc(out, '\n');
	}
	if (link && cut(link, 300) == strlen(link))
		buf_printf(out, "  - [documentation](<%s>)\n", link);
}

static void one(const struct assessment_view *view, const struct finding *finding, bool with_remedy, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	label(out, finding);
	assessment_sentence(finding, true, &text);
	markdown_prose(out, buf_str(&text));
	buf_putc(out, '\n');
	buf_clear(&text);
	assessment_place(finding, &text);
	if (text.n) {
		buf_puts(out, "  - in ");
		code(out, slice_make(text.p, cut(text.p, MAX_PROSE)));
		buf_putc(out, '\n');
	}
	details(view, finding, out);
	if (with_remedy)
		remedy(finding, out);
}

static void member(const struct finding *finding, bool of_checks, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	buf_puts(out, "  - ");
	if (of_checks) {
		code(out, slice_make(finding->id, cut(finding->id, 100)));
		buf_puts(out, " ");
		markdown_prose(out, assessment_check_title(finding));
	} else {
		assessment_place(finding, &text);
		code(out, slice_make(text.p, cut(buf_str(&text), MAX_PROSE)));
		buf_puts(out, text.n ? " " : "");
		buf_clear(&text);
		assessment_sentence(finding, true, &text);
		markdown_prose(out, buf_str(&text));
	}
	buf_putc(out, '\n');
}

/* Objects of which the same is told: names alone, in one item, of one kind or each with its own. Gives how many. */
static size_t names(const struct finding *first, const struct assessment_group *group, struct buf *out)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	const char *kind = "";
	size_t i = 0;
	for (; i < group->n && first[i].object; i++) {
		struct buf name CLEANUP(buf_done) = BUF_INIT(1 << 17);
		const char *own = first[i].object->kind ? first[i].object->kind : "";
		finding_object_print(first[i].object, &name);
		if (text.n + strlen(own) + name.n > MAX_PROSE - 20)
			break;
		buf_printf(&text, "%s%s%s%s", i ? ", " : "", strcmp(kind, own) ? own : "", strcmp(kind, own) ? " " : "",
			   buf_str(&name));
		kind = own;
	}
	if (!i)
		return 0;
	buf_puts(out, "  - ");
	markdown_prose(out, buf_str(&text));
	if (i < group->n)
		buf_printf(out, " and %zu more", group->n - i);
	buf_putc(out, '\n');
	return group->n;
}

static void and_more(struct buf *out, const char *indent, size_t n)
{
	if (n)
		buf_printf(out, "%s- and %zu more\n", indent, n);
}

static void many(const struct comment *comment, const struct assessment_group *group)
{
	struct buf *out = comment->out;
	const struct finding *first = &comment->view->shown.findings[group->first];
	size_t most = comment->all || group->n <= SHOWN_MEMBERS + 1 ? group->n : SHOWN_MEMBERS, i = 0;
	bool by_name = group->one_check && group->same_message && !comment->all && first->object &&
		       !(first->file && *first->file);
	if (group->one_check) {
		label(out, first);
		markdown_prose(out,
			       group->same_message && first->message ? first->message : assessment_check_title(first));
		buf_printf(out, " (%zu of them)\n", group->n);
	} else {
		buf_printf(out, "- **%s** %zu answers, all for one reason\n", assessment_label(first), group->n);
	}
	if (by_name)
		i = names(first, group, out);
	for (; i < most && !is_full(comment); i++)
		member(first + i, !group->one_check, out);
	and_more(out, "  ", group->n - i);
	if (first->status == FINDING_UNKNOWN)
		markdown_item(out, "why:", first->reason);
	if (group->same_remedy)
		remedy(first, out);
}

static void show_group(const struct comment *comment, const struct assessment_group *group)
{
	const struct finding *first = &comment->view->shown.findings[group->first];
	bool one_reason = !group->one_check && first->reason && *first->reason;
	size_t i = 0;
	if (one_reason || (group->one_check && group->n > SHOWN_WHOLE && !comment->all)) {
		many(comment, group);
		return;
	}
	for (; i < group->n && (comment->all || i < SHOWN_MEMBERS) && !is_full(comment); i++)
		one(comment->view, first + i, !group->same_remedy || i + 1 == group->n || comment->all, comment->out);
	and_more(comment->out, "", group->n - i);
}

static void sources(const struct assessment_view *view, struct buf *out)
{
	size_t bad = 0;
	for (size_t i = 0; i < view->shown.n_sources; i++) {
		const struct assessment_source *source = &view->shown.sources[i];
		if (!source->status || !strcmp(source->status, "ok"))
			continue;
		if (bad++ == 0)
			buf_puts(out, "\n### Not read\n\n");
		if (bad > SHOWN_MEMBERS)
			continue;
		buf_puts(out, "- ");
		markdown_prose(out, source->name);
		buf_puts(out, ": ");
		markdown_prose(out, source->status);
		buf_puts(out, source->detail && *source->detail ? ", " : "");
		markdown_prose(out, source->detail ? source->detail : "");
		buf_putc(out, '\n');
	}
	and_more(out, "", bad > SHOWN_MEMBERS ? bad - SHOWN_MEMBERS : 0);
}

/* The nodes that stop. */
static void drain(const struct comment *comment)
{
	enum { MOST_STOPS = 3 };
	const struct assessment *shown = &comment->view->shown;
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	size_t told = 0, blocked = shown->n_drain ? assessment_drain(comment->view, &text) : 0;
	if (!shown->n_drain)
		return;
	buf_puts(comment->out, "\n### Drain\n\n");
	markdown_prose(comment->out, buf_str(&text) + strlen("Drain: "));
	buf_puts(comment->out, blocked ? "\n\n" : "\n");
	for (size_t i = 0; i < shown->n_drain && told < SHOWN_MEMBERS && !is_full(comment); i++) {
		if (!shown->drain[i].blocked || !shown->drain[i].n_stops)
			continue;
		const struct drained_node *node = &shown->drain[i];
		told++;
		for (size_t k = 0; k < node->n_stops && k < MOST_STOPS; k++) {
			buf_clear(&text);
			assessment_stop(node, &node->stops[k], &text);
			if (assessment_stop_is_new(shown, &node->stops[k]))
				buf_printf(&text, "; do: %s", node->stops[k].remedy);
			buf_puts(comment->out, "- ");
			markdown_prose(comment->out, buf_str(&text));
			buf_putc(comment->out, '\n');
		}
		and_more(comment->out, "  ", node->n_stops > MOST_STOPS ? node->n_stops - MOST_STOPS : 0);
	}
	and_more(comment->out, "", blocked - told);
}

void assessment_markdown(const struct assessment_view *view, const struct assessment_style *style, struct buf *out)
{
	static const char *const titles[] = {"In the way", "Findings", "Not known"};
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 17);
	const struct comment comment = {view, out, out->n, style->all};
	size_t i = 0;
	assessment_title(view, "→", &text);
	buf_puts(out, "## ");
	markdown_prose(out, buf_str(&text));
	buf_clear(&text);
	assessment_answer(view, &text);
	buf_printf(out, "\n\n**%s**\n", buf_str(&text));
	for (; i < view->n_groups && !is_full(&comment); i++) {
		enum assessment_section section = view->groups[i].section;
		if (i == 0 || section != view->groups[i - 1].section) {
			const char *title = assessment_section_title(section);
			buf_printf(out, "\n### %s\n\n", title ? title : titles[section]);
		}
		show_group(&comment, &view->groups[i]);
	}
	if (i < view->n_groups)
		buf_printf(out, "\nThere is no room here for %zu findings more; the JSON has them.\n",
			   view->shown.n_findings - view->groups[i].first);
	drain(&comment);
	notes_section_markdown(view->shown.release_notes, view->shown.n_release_notes, style->all,
			       comment.start + MAX_BYTES, out);
	sources(view, out);
}
