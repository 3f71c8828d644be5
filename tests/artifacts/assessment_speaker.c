/* Says an assessment in a format: JSON of one on stdin, the format's bytes on stdout. Asked by
 * tests/programs/formats.sh. usage: assessment_speaker FORMAT [COLUMNS [FLAGS]]      FLAGS: letters of colour, ascii,
 * every. Without a word: the schema of assessments; with "release-notes": of release notes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "artifacts/assessment.h"
#include "codec/json.h"

static bool has(const char *flags, char letter)
{
	return strchr(flags, letter) != NULL;
}

static struct error *speak(const char *format, unsigned columns, const char *flags)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct buf text CLEANUP(buf_done) = BUF_INIT(256 << 20), out CLEANUP(buf_done) = BUF_INIT(256 << 20);
	char bytes[65536];
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, stdin)) > 0;)
		buf_append(&text, bytes, n);
	struct assessment assessment;
	TRY(json_decode(buf_slice(&text), "stdin", JSON_READ_SERVER, &assessment_model, &assessment, arena));
	struct assessment_style style = {
		.columns = columns, .colour = has(flags, 'c'), .utf8 = !has(flags, 'a'), .all = has(flags, 'e')};
	TRY(assessment_write(&assessment, format, &style, &out));
	fwrite(out.p, 1, out.n, stdout);
	return NULL;
}

int main(int argc, char **argv)
{
	bool of_notes = argc == 2 && !strcmp(argv[1], "release-notes");
	if (argc < 2 || of_notes) {
		struct buf schema CLEANUP(buf_done) = BUF_INIT(1 << 20);
		model_schema(of_notes ? &release_notes_model : &assessment_model, &schema);
		puts(buf_str(&schema));
		return 0;
	}
	struct error *error ERROR_CLEANUP =
		speak(argv[1], argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, argc > 3 ? argv[3] : "");
	if (error) {
		struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
		error_render(error, &text);
		fputs(buf_str(&text), stderr);
		return 1;
	}
	return 0;
}
