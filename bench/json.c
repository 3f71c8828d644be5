/* The JSON reader on a PodList of about 90 MB: into structs, beside yajl's bare events over the same bytes.
 * Prints "ours GB/s" and "yajl GB/s" of CPU time, each the best of five. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yajl/yajl_parse.h>
#include "base/buf.h"
#include "base/mem.h"
#include "codec/json.h"

struct pod {
	const char *name, *ns, *node, *phase;
};
static const struct field pod_fields[] = {
	F_STRING(struct pod, name, "metadata.name", 0, ""),
	F_STRING(struct pod, ns, "metadata.namespace", 0, ""),
	F_STRING(struct pod, node, "spec.nodeName", 0, ""),
	F_STRING(struct pod, phase, "status.phase", 0, ""),
};
static const struct model pod_model = MODEL("Pod", struct pod, pod_fields);

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool count(void *context, void *item, struct arena *arena)
{
	(void)arena;
	*(size_t *)context += ((struct pod *)item)->name != NULL;
	return true;
}

static void make_list(struct buf *out)
{
	buf_puts(out, "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[");
	for (int i = 0; i < 13000; i++) {
		buf_printf(out, "%s{\"metadata\":{\"name\":\"web-%d\",\"namespace\":\"shop\",\"managedFields\":[",
			   i ? "," : "", i);
		for (int k = 0; k < 60; k++)
			buf_printf(out,
				   "%s{\"manager\":\"kubelet\",\"fieldsV1\":{\"f:status\":{\"f:conditions\":{\"k:{"
				   "\\\"type\\\":\\\"Ready\\\"}\":{\".\":{}}}}}}",
				   k ? "," : "");
		buf_printf(out,
			   "]},\"spec\":{\"nodeName\":\"ip-10-0-%d-1\",\"containers\":[{\"name\":\"web\",\"image\":\"r/"
			   "web:1\",\"args\":[\"--a\",\"--b\"]}]},\"status\":{\"phase\":\"Running\"}}",
			   i % 250);
	}
	buf_puts(out, "]}");
}

static double ours(const struct buf *text)
{
	size_t n = 0;
	struct json_stream_spec spec = {
		.name = "bench", .item_path = "items", .item_model = &pod_model, .fn = count, .context = &n};
	struct json_stream *stream CLEANUP(json_stream_freep) = json_stream_new(&spec);
	double start = now_s();
	for (size_t at = 0; at < text->n; at += 65536) {
		size_t chunk = text->n - at < 65536 ? text->n - at : 65536;
		if (json_stream_feed(stream, text->p + at, chunk))
			exit(1);
	}
	if (json_stream_end(stream) || n != 13000)
		exit(1);
	return (double)text->n / (now_s() - start) / 1e9;
}

static double bare_events(const struct buf *text)
{
	static const yajl_callbacks none = {0};
	yajl_handle handle = yajl_alloc(&none, NULL, NULL);
	double start = now_s();
	if (yajl_parse(handle, (const unsigned char *)text->p, text->n) != yajl_status_ok ||
	    yajl_complete_parse(handle) != yajl_status_ok)
		exit(1);
	double speed = (double)text->n / (now_s() - start) / 1e9;
	yajl_free(handle);
	return speed;
}

int main(void)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	double best = 0, best_yajl = 0;
	make_list(&text);
	for (int i = 0; i < 5; i++) {
		double a = ours(&text), b = bare_events(&text);
		best = a > best ? a : best;
		best_yajl = b > best_yajl ? b : best_yajl;
	}
	printf("%.3f %.3f\n", best, best_yajl);
	return 0;
}
