/* Unpacking Helm releases. */
#include "perception/helm.h"

#include <string.h>
#include <zlib.h>
#include "base/digest.h"
#include "codec/json.h"

enum { LARGEST = 64 << 20, CHUNK = 64 << 10 };

static struct error *unzip(struct slice packed, struct buf *out)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n};
	char chunk[CHUNK];
	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return error_new(ERROR_BUG, "zlib does not start");
	int state = Z_OK;
	while (state == Z_OK) {
		stream.next_out = (Bytef *)chunk;
		stream.avail_out = sizeof chunk;
		state = inflate(&stream, Z_NO_FLUSH);
		if ((state == Z_OK || state == Z_STREAM_END) &&
		    !buf_append(out, chunk, sizeof chunk - stream.avail_out))
			state = Z_MEM_ERROR;
	}
	inflateEnd(&stream);
	if (state == Z_MEM_ERROR)
		return error_new(ERROR_INVALID, "larger than %d MiB unpacked", LARGEST >> 20);
	return state == Z_STREAM_END ? NULL : error_new(ERROR_INVALID, "not whole gzip data");
}

static bool is_gzip(struct slice bytes)
{
	return bytes.n > 2 && !memcmp(bytes.p, "\x1f\x8b", 2);
}

struct error *helm_release_decode(struct slice text, struct arena *arena, struct helm_release *ret)
{
	struct buf once CLEANUP(buf_done) = BUF_INIT(LARGEST), twice CLEANUP(buf_done) = BUF_INIT(LARGEST),
			plain CLEANUP(buf_done) = BUF_INIT(LARGEST);
	if (!base64_decode(text, &once))
		return error_new(ERROR_INVALID, "not base64");
	struct slice bytes = buf_slice(&once);
	if (!is_gzip(bytes) && (!bytes.n || bytes.p[0] != '{')) {
		if (!base64_decode(bytes, &twice))
			return error_new(ERROR_INVALID, "not base64 within base64");
		bytes = buf_slice(&twice);
	}
	if (is_gzip(bytes)) {
		TRY(unzip(bytes, &plain));
		bytes = buf_slice(&plain);
	}
	return json_decode(bytes, "release", JSON_READ_SERVER, &helm_release_model, ret, arena);
}
