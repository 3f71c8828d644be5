/* A page of release notes as a list of sections, whatever it was written in: HTML by libxml2, Markdown by cmark, both
 * into one builder. Links are stripped to their words, code keeps its backticks. Pages come from outside: size, depth
 * and the number of everything are bounded, and what is beyond is cut and told. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

enum {
	NOTES_MAX_PAGE = 6 << 20, /* bytes */
	NOTES_MAX_TEXT = 6 << 20, /* of all blocks */
	NOTES_MAX_BLOCK = 16 << 10,
	NOTES_MAX_TITLE = 300,
	NOTES_MAX_SECTIONS = 6000,
	NOTES_MAX_BLOCKS = 60000,
	NOTES_MAX_LINKS = 3000,
	NOTES_MAX_DEPTH = 200,
};

/* A paragraph, an item of a list, a row of a table. */
struct notes_block {
	const char *text; /* one line; cells of a row are parted by " | " */
	unsigned depth;	  /* of lists around it */
	bool urgent;	  /* stands in a box that says "Important", or asks for an action */
};

struct notes_section {
	unsigned level;	    /* 1–6; 0: what stands before the first heading */
	const char *title;  /* "" for level 0 */
	const char *anchor; /* as in the page's address, escaped; "" when it has none */
	size_t parent;	    /* the nearest section before of a lower level; itself: none */
	struct notes_block *blocks;
	size_t n_blocks;
};

struct notes_page {
	struct notes_section *sections;
	size_t n_sections;
	const char **links; /* absolute https ones, in order */
	size_t n_links;
	size_t n_headings;
	bool cut; /* something was beyond a bound */
};

/* INVALID when it is no text at all or too large. All in the arena. */
struct error *notes_page_html(struct slice text, const char *name, struct arena *arena,
			      struct notes_page *ret) MUST_CHECK;
struct error *notes_page_markdown(struct slice text, const char *name, struct arena *arena,
				  struct notes_page *ret) MUST_CHECK;

/* ---- between the parsers and the builder */
struct notes_builder {
	struct arena *arena;
	struct notes_page *page;
	struct buf text; /* of the block or heading under way */
	size_t total, n_blocks;
	unsigned heading;	  /* level of the heading under way; 0: none */
	char heading_anchor[400]; /* given by the page; "" */
	unsigned urgent;	  /* boxes open */
	unsigned items;		  /* list items open */
	size_t item_first;	  /* first block of the outermost of them */
	bool item_urgent;
	bool github; /* anchors are made from titles where the page gives none */
};
void notes_begin(struct notes_builder *builder, struct arena *arena, struct notes_page *page);
void notes_text(struct notes_builder *builder, struct slice text); /* white space becomes one space */
void notes_heading(struct notes_builder *builder, unsigned level, const char *anchor); /* its text follows */
void notes_anchor(struct notes_builder *builder, const char *anchor); /* an <a name> where the parser is */
void notes_item(struct notes_builder *builder, bool enter);
void notes_break(struct notes_builder *builder); /* a block, or the heading, ends */
void notes_link(struct notes_builder *builder, const char *address);
void notes_end(struct notes_builder *builder);
