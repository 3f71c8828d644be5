/* Words from outside (names, servers' answers, files), made fit to be shown. What moves a cursor, turns the direction
 * of writing, or cannot be seen at all is written as what it is: \x1b, \u202e. Nothing shown can be taken for another
 * thing. */
#pragma once

#include <stdint.h>
#include "base/buf.h"

enum { WORDS_BAD = 0x110000 }; /* code of a byte that is no UTF-8: WORDS_BAD + byte */

/* The code point at *at, which moves behind it. `*at` must be below text.n. */
uint32_t words_next(struct slice text, size_t *at);
/* False for control and format characters, noncharacters and WORDS_BAD codes: they must not reach a screen. */
bool words_harmless(uint32_t code);
/* Cells that a terminal gives it: 0, 1 or 2. */
unsigned words_cells(uint32_t code);
size_t words_width(struct slice text);

/* Appends `text` on one line: line ends and tabs become a space, what is not harmless its escape; with `ascii` also
 * what is not ASCII. More than `max` bytes of text are cut, and the cut is told. 0: no maximum. */
void words_clean(struct buf *out, struct slice text, bool ascii, size_t max);
/* The same within JSON text, which stays the same JSON: only \u escapes are used, and bytes that are no UTF-8 become
 * U+FFFD. Line ends are kept: within strings JSON has none. */
void words_clean_json(struct buf *out, struct slice json);
