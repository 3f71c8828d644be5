/* JSON out. */
#include "codec/document.h"
#include "codec/json.h"

bool json_write_string(struct buf *out, struct slice text, unsigned flags)
{
	buf_putc(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool html = flags & JSON_WRITE_HTML_SAFE && (c == '<' || c == '>' || c == '&' || c == '\'');
		if (c >= 0x20 && c != '"' && c != '\\' && !html)
			continue;
		buf_append(out, text.p + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else
			buf_printf(out, "\\u%04x", c);
	}
	buf_append(out, text.p + from, text.n - from);
	return buf_putc(out, '"');
}

bool json_encode(const struct model *model, const void *object, unsigned flags, struct buf *out)
{
	json_t *document DOCUMENT_CLEANUP = document_encode(model, object);
	return document_print(document, flags & JSON_WRITE_PRETTY, out);
}
