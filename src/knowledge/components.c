/* The components' questions: what does this release support, and which release supports that. */
#include "knowledge/components.h"

#include <stdlib.h>
#include <string.h>

/* "v1.18.2-eks" -> {1, 18, 2}; false when it does not begin with two numbers. */
static bool release_parse(const char *text, unsigned long out[3])
{
	char *end;
	const char *p = text + (*text == 'v');
	out[1] = out[2] = 0;
	for (int i = 0; i < 3; i++) {
		if (*p < '0' || *p > '9')
			return false;
		out[i] = strtoul(p, &end, 10);
		if (*end != '.')
			return i > 0;
		p = end + 1;
	}
	return true;
}

static int release_compare(const unsigned long a[3], const char *other)
{
	unsigned long b[3];
	release_parse(other, b);
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

const struct component_support *knowledge_component(const char *component, const char *release)
{
	unsigned long asked[3];
	if (!release || !release_parse(release, asked))
		return NULL;
	for (size_t i = 0; i < knowledge_n_components; i++) {
		const struct component_support *row = &knowledge_components[i];
		if (!strcmp(row->component, component) && release_compare(asked, row->from) >= 0 &&
		    (!row->below || release_compare(asked, row->below) < 0))
			return row;
	}
	return NULL;
}

static const struct component_support *first_spanning(size_t at, const char *component, unsigned from, unsigned to)
{
	for (size_t i = at; i < knowledge_n_components; i++) {
		const struct component_support *row = &knowledge_components[i];
		if (!strcmp(row->component, component) && row->min_minor <= from &&
		    (!row->max_minor || row->max_minor >= to))
			return row;
	}
	return NULL;
}

const struct component_support *knowledge_component_spans(const char *component, unsigned from, unsigned to)
{
	return first_spanning(0, component, from, to);
}

size_t knowledge_component_behind(const struct component_support *row)
{
	const struct component_support *last = &knowledge_components[knowledge_n_components - 1];
	size_t n = 0;
	for (; row < last && !strcmp(row[1].component, row->component); row++)
		n++;
	return n;
}

const struct component_support *knowledge_component_for(const char *component, unsigned minor)
{
	return knowledge_component_spans(component, minor, minor);
}

const struct component_support *knowledge_component_newer(const struct component_support *row, unsigned minor)
{
	return first_spanning((size_t)(row - knowledge_components) + 1, row->component, minor, minor);
}

const struct component_support *knowledge_component_after(const char *component, const char *release)
{
	unsigned long asked[3];
	const struct component_support *oldest = NULL;
	for (size_t i = 0; i < knowledge_n_components && !oldest; i++)
		if (!strcmp(knowledge_components[i].component, component))
			oldest = &knowledge_components[i];
	return oldest && release && release_parse(release, asked) && release_compare(asked, oldest->from) < 0 ? oldest
													      : NULL;
}
