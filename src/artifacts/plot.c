/* SVG plots for the report: self-contained, readable on paper and without colour (dashes differ). */
#include <math.h>
#include "artifacts/report_internal.h"
#include "base/macros.h"

enum { WIDTH = 760, HEIGHT = 210, LEFT = 56, RIGHT = 12, TOP = 30, BOTTOM = 28 };

struct scale {
	double first, last, top;
};

static double x_of(const struct scale *scale, double minute)
{
	double span = scale->last > scale->first ? scale->last - scale->first : 1;
	return LEFT + (minute - scale->first) / span * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *scale, double value)
{
	return HEIGHT - BOTTOM - value / scale->top * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, at or above. */
static double round_up(double value)
{
	if (!(value > 0))
		return 1;
	double power = pow(10, floor(log10(value)));
	static const double factors[] = {1, 2, 5, 10};
	for (size_t i = 0; i < ARRAY_SIZE(factors); i++)
		if (factors[i] * power >= value * 0.999999)
			return factors[i] * power;
	return 10 * power;
}

/* At whole steps that a clock has too, as many as have room. */
static void time_axis(struct buf *out, const struct scale *scale)
{
	static const double steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440};
	enum { MOST = 9 };
	double span = scale->last - scale->first, step = steps[0];
	for (size_t i = 0; i < ARRAY_SIZE(steps) && span / step > MOST; i++)
		step = steps[i];
	while (span / step > MOST)
		step *= 2;
	for (double minute = ceil(scale->first / step) * step; minute <= scale->last; minute += step) {
		double x = x_of(scale, minute);
		bool hours = step >= 60;
		buf_printf(out, "<text x='%.1f' y='%d' text-anchor='%s'>%.0f %s</text>", x, HEIGHT - 8,
			   x > WIDTH - RIGHT - 20 ? "end" : "middle", hours ? minute / 60 : minute,
			   hours ? "h" : "min");
	}
}

static void axes(struct buf *out, const struct scale *scale, const char *unit)
{
	for (int i = 0; i <= 4; i++) {
		double value = scale->top * i / 4, y = y_of(scale, value);
		buf_printf(out, "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' class='grid'/>", LEFT, WIDTH - RIGHT, y, y);
		buf_printf(out, "<text x='%d' y='%.1f' text-anchor='end'>%g%s</text>", LEFT - 6, y + 4, value, unit);
	}
	time_axis(out, scale);
}

static void draw(struct buf *out, const struct scale *scale, const double *minutes, size_t n,
		 const struct plot_line *line, size_t index)
{
	static const char *const dashes[] = {"", "6 3", "2 3", "8 3 2 3"};
	bool pen = false;
	double last_y = 0;
	buf_printf(out, "<path fill='none' stroke='%s' stroke-width='2' stroke-dasharray='%s' d='", line->colour,
		   dashes[index % ARRAY_SIZE(dashes)]);
	for (size_t i = 0; i < n; i++) {
		if (isnan(line->values[i])) {
			pen = false;
			continue;
		}
		double x = x_of(scale, minutes[i]), y = y_of(scale, line->values[i]);
		if (pen && line->steps)
			buf_printf(out, "L%.1f %.1f", x, last_y);
		buf_printf(out, "%c%.1f %.1f", pen ? 'L' : 'M', x, y);
		pen = true;
		last_y = y;
	}
	buf_puts(out, "'/>");
	for (size_t i = 0; i < n; i++)
		if (!isnan(line->values[i]))
			buf_printf(out, "<circle cx='%.1f' cy='%.1f' r='2.5' fill='%s'/>", x_of(scale, minutes[i]),
				   y_of(scale, line->values[i]), line->colour);
}

void report_plot(struct buf *out, const char *title, const char *unit, const double *minutes, size_t n,
		 const struct plot_line *lines, size_t n_lines, double least_top)
{
	struct scale scale = {.first = n ? minutes[0] : 0, .last = n ? minutes[n - 1] : 1, .top = least_top};
	for (size_t k = 0; k < n_lines; k++)
		for (size_t i = 0; i < n; i++)
			if (lines[k].values[i] > scale.top)
				scale.top = lines[k].values[i];
	scale.top = round_up(scale.top);
	buf_printf(out, "<figure><svg viewBox='0 0 %d %d' role='img' aria-label='%s'>", WIDTH, HEIGHT, title);
	buf_printf(out, "<text x='%d' y='18' class='title'>%s</text>", LEFT, title);
	axes(out, &scale, unit);
	double x = WIDTH - RIGHT;
	for (size_t k = n_lines; k-- > 0;) {
		buf_printf(out, "<text x='%.0f' y='18' text-anchor='end' style='fill:%s;font-weight:600'>%s</text>", x,
			   lines[k].colour, lines[k].label);
		x -= 150;
	}
	for (size_t k = 0; k < n_lines; k++)
		draw(out, &scale, minutes, n, &lines[k], k);
	buf_puts(out, "</svg></figure>\n");
}
