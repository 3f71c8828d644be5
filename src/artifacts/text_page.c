/* Words laid out on a page of so many columns; what prints text shares it. */
#include "artifacts/text_page.h"

#include <string.h>
#include "base/words.h"

void page_put(struct page *page, struct slice text)
{
	buf_append(page->out, text.p, text.n);
	page->column += words_width(text);
}

void page_spaces(struct page *page, size_t until)
{
	while (page->column < until)
		page_put(page, slice_of(" "));
}

/* NULL: off. */
void page_colour(struct page *page, const char *code)
{
	if (page->style->colour)
		buf_puts(page->out, code ? code : "\033[0m");
	page->colour = code;
}

/* A colour ends with its line, and goes on in the next. */
void page_new_line(struct page *page, size_t indent)
{
	const char *code = page->colour;
	while (page->out->n && page->out->p[page->out->n - 1] == ' ')
		page->out->p[--page->out->n] = '\0';
	if (code)
		page_colour(page, NULL);
	buf_putc(page->out, '\n');
	page->column = 0;
	page_spaces(page, indent);
	if (code)
		page_colour(page, code);
}

/* As much of the word as fits, to behind one of its own borders if it has any. */
static size_t piece(struct slice word, size_t room)
{
	size_t at = 0, border = 0, cells = 0, fits = 0;
	while (at < word.n) {
		uint32_t code = words_next(word, &at);
		cells += words_cells(code);
		if (cells > room)
			break;
		fits = at;
		border = strchr("/:,;=&?-.", (int)(code < 0x80 ? code : 'x')) ? at : border;
	}
	return cells <= room ? word.n : border ? border : fits;
}

size_t page_room(const struct page *page)
{
	return page->columns > page->column ? page->columns - page->column : 0;
}

static void put_long(struct page *page, struct slice word, size_t indent)
{
	while (word.n) {
		size_t n = piece(word, page_room(page));
		if (n == 0 && page->column > indent) {
			page_new_line(page, indent);
			continue;
		}
		n = n ? n : word.n;
		page_put(page, slice_make(word.p, n));
		word = slice_make(word.p + n, word.n - n);
		if (word.n)
			page_new_line(page, indent);
	}
}

/* Words from the present column on; further lines begin at `indent`. */
void page_wrap(struct page *page, const char *text, size_t indent)
{
	size_t gap = 0;
	while (*text) {
		struct slice word = slice_make(text, strcspn(text, " "));
		size_t width = words_width(word), wanted = page->column + gap + width;
		if (word.n && gap && wanted > page->columns && page->column > indent)
			page_new_line(page, indent);
		else if (word.n)
			page_spaces(page, page->column + gap);
		if (width <= page_room(page))
			page_put(page, word);
		else
			put_long(page, word, indent);
		gap = word.n ? 1 : gap + 1;
		text += word.n + (text[word.n] == ' ');
	}
}

/* To the next space that is not within quotes. */
static size_t argument_length(const char *text)
{
	char quote = 0;
	size_t n = 0;
	for (; text[n] && (quote || text[n] != ' '); n++) {
		if (quote && text[n] == quote)
			quote = 0;
		else if (!quote && (text[n] == '\'' || text[n] == '"'))
			quote = text[n];
	}
	return n;
}

/* A command goes on behind a backslash, as a shell has it, and its arguments are never broken. */
void page_wrap_command(struct page *page, const char *text, size_t indent)
{
	static const char go_on[] = " \\";
	for (bool first = true; *text; first = false) {
		struct slice argument = slice_make(text, argument_length(text));
		size_t gap = first ? 0 : 1, reserve = sizeof go_on - 1;
		if (gap && page->column + gap + words_width(argument) + reserve > page->columns) {
			page_put(page, slice_of(go_on));
			page_new_line(page, indent + 2);
			gap = 0;
		}
		page_spaces(page, page->column + gap);
		page_put(page, argument);
		text += argument.n + (text[argument.n] == ' ');
	}
}
