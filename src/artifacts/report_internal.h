/* Between the parts of the report: one gathered document, printed in several forms. */
#pragma once

#include <jansson.h>
#include "base/buf.h"
#include "base/error.h"
#include "port/store.h"

void report_markdown(const json_t *document, struct buf *out);
void report_html(const json_t *document, struct buf *out);

/* Everything before the first heading, with the style that all our pages share; `more_style` is CSS. */
void report_html_head(struct buf *out, const char *title, const char *more_style);

/* One sentence that answers first: "completed: Green serves; 183402 requests, 0 failed, longest gap 0 ms". */
void report_answer(const json_t *document, struct buf *out);

/* A plot of lines over time as SVG, drawn into `out`. Values NAN are gaps. */
struct plot_line {
	const char *label;
	const char *colour;
	const double *values; /* n of them */
	bool steps;	      /* holds its value until the next sample */
};
void report_plot(struct buf *out, const char *title, const char *unit, const double *minutes, size_t n,
		 const struct plot_line *lines, size_t n_lines, double least_top);
