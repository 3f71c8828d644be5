/* Where answers are written: into a body, or in blocks that go to the reader as they fill. */
#include "sim/kube_world.h"

#include <stdlib.h>
#include "codec/document.h"

void kube_out_bytes(struct kube_out *out, const char *bytes, size_t n)
{
	if (!out->sink) {
		buf_append(out->body, bytes, n);
		return;
	}
	while (n > 0 && !out->stopped) {
		size_t part = KUBE_BLOCK - out->used < n ? KUBE_BLOCK - out->used : n;
		memcpy(out->block + out->used, bytes, part);
		out->used += part;
		bytes += part;
		n -= part;
		if (out->used == KUBE_BLOCK) {
			out->stopped = !out->sink->write(out->sink->context, out->block, out->used);
			out->used = 0;
		}
	}
}

void kube_out_text(struct kube_out *out, const char *text)
{
	kube_out_bytes(out, text, strlen(text));
}

void kube_out_printf(struct kube_out *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = mem_vprintf(format, args);
	va_end(args);
	kube_out_text(out, text);
	free(text);
}

void kube_out_end(struct kube_out *out)
{
	if (out->sink && out->used > 0 && !out->stopped)
		out->stopped = !out->sink->write(out->sink->context, out->block, out->used);
	free(out->block);
	free(out->scratch);
	out->block = NULL;
	out->scratch = NULL;
	out->used = 0;
}

void kube_out_document(struct kube_out *out, const json_t *document)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 20);
	document_print(document, false, out->sink ? &text : out->body);
	kube_out_bytes(out, text.p, text.n);
}
