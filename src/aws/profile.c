/* The shared files. */
#include "aws/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

enum { MAX_FILE = 4 << 20 };

struct setting {
	const char *kind; /* "profile", "sso-session", "services", "other" */
	char *section, *key, *value;
	enum aws_profile_file file;
};

struct aws_profile {
	char *name;
	bool asked_for;
	struct setting *settings; /* a section without settings has one with an empty key */
	size_t n;
};

const char *aws_getenv(const struct aws_options *options, const char *name)
{
	const char *value = options->getenv ? options->getenv(options->getenv_context, name) : getenv(name);
	return value && *value ? value : NULL;
}

char *aws_profile_home(const struct aws_options *options, const char *below)
{
	const char *home = aws_getenv(options, "HOME");
	return mem_printf("%s%s", home ? home : "", below + (*below == '~'));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static struct slice trimmed(struct slice text)
{
	while (text.n && is_space(*text.p))
		text = slice_make(text.p + 1, text.n - 1);
	while (text.n && is_space(text.p[text.n - 1]))
		text.n--;
	return text;
}

/* What is being read: one file, line by line. */
struct reader {
	struct aws_profile *profile;
	const char *path;
	enum aws_profile_file file;
	unsigned line;
	bool in_section;
	bool default_seen[2]; /* as "[default]", as "[profile default]" */
	const char *kind;
	char *section;
	size_t indent; /* of the last key; lines further in continue its value */
	bool has_last;
	size_t last_at; /* the setting whose value may be continued */
};

static struct error *refused(const struct reader *reader, const char *what)
{
	return error_remedy(error_new(ERROR_INVALID, "%s:%u: %s", reader->path, reader->line, what),
			    "mend that line; the aws command line refuses it too");
}

/* "[profile x]" of the config file is profile x, and so is "[default]"; quotes may stand around a name. Words of other
 * sections are kept for a hint only. */
static void name_section(struct reader *reader, struct slice header)
{
	static const char *const kinds[] = {"profile", "sso-session", "services"};
	free(reader->section);
	reader->kind = "profile";
	reader->section = NULL;
	if (reader->file == AWS_FILE_CREDENTIALS) {
		reader->section = mem_strndup(header.p, header.n);
		return;
	}
	struct slice text = trimmed(header);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !reader->section; i++) {
		size_t n = strlen(kinds[i]);
		if (!slice_starts(text, kinds[i]) || text.n <= n || !is_space(text.p[n]))
			continue;
		struct slice name = trimmed(slice_make(text.p + n, text.n - n));
		if (name.n >= 2 && (*name.p == '"' || *name.p == '\'') && name.p[name.n - 1] == *name.p)
			name = slice_make(name.p + 1, name.n - 2);
		reader->kind = kinds[i];
		reader->section = mem_strndup(name.p, name.n);
	}
	if (!reader->section) {
		reader->kind = slice_eq(text, "default") ? "profile" : "other";
		reader->section = mem_strndup(text.p, text.n);
	}
}

static void add(struct reader *reader, struct slice key, struct slice value)
{
	char *lower = mem_strndup(key.p, key.n);
	for (char *p = lower; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
	*HEAP_PUSH(reader->profile->settings, reader->profile->n) =
		(struct setting){.kind = reader->kind,
				 .section = mem_strdup(reader->section),
				 .key = lower,
				 .value = mem_strndup(value.p, value.n),
				 .file = reader->file};
}

static struct setting *find(const struct aws_profile *profile, const char *kind, const char *section, const char *key,
			    int file)
{
	for (size_t i = profile->n; i-- > 0;) { /* the credentials file is read last and wins */
		struct setting *setting = &profile->settings[i];
		if (!strcmp(setting->key, key) && !strcmp(setting->section, section) && !strcmp(setting->kind, kind) &&
		    (file < 0 || (int)setting->file == file))
			return setting;
	}
	return NULL;
}

/* "[default]" and "[profile default]" are one section, of which the later is read: so does the aws command line. */
static bool renames_default(struct reader *reader, struct slice header)
{
	if (reader->file != AWS_FILE_CONFIG || strcmp(reader->kind, "profile") != 0 ||
	    strcmp(reader->section, "default") != 0)
		return false;
	bool *seen = &reader->default_seen[!slice_eq(trimmed(header), "default")], again = *seen;
	*seen = true;
	return !again;
}

static void setting_done(struct setting *setting)
{
	free(setting->section);
	free(setting->key);
	secret_wipe(setting->value, strlen(setting->value));
	free(setting->value);
}

static void forget_section(struct reader *reader)
{
	struct aws_profile *profile = reader->profile;
	size_t kept = 0;
	for (size_t i = 0; i < profile->n; i++) {
		struct setting *setting = &profile->settings[i];
		if (setting->file == reader->file && !strcmp(setting->kind, reader->kind) &&
		    !strcmp(setting->section, reader->section))
			setting_done(setting);
		else
			profile->settings[kept++] = *setting;
	}
	profile->n = kept;
}

static struct error *begin_section(struct reader *reader, struct slice text)
{
	size_t close = text.n;
	while (close > 1 && text.p[close - 1] != ']')
		close--;
	if (close < 3)
		return refused(reader, "a section without a name");
	struct slice header = slice_make(text.p + 1, close - 2);
	name_section(reader, header);
	if (renames_default(reader, header))
		forget_section(reader);
	if (find(reader->profile, reader->kind, reader->section, "", (int)reader->file))
		return refused(reader, "this section stands here twice");
	add(reader, slice_of(""), slice_of(""));
	reader->in_section = true;
	reader->has_last = false;
	return NULL;
}

/* "a = b" of a nested block; its key stands below the one that opened the block. */
static struct error *add_nested(struct reader *reader, struct slice text)
{
	const char *equals = memchr(text.p, '=', text.n);
	if (!equals)
		return refused(reader, "a nested setting without \"=\"");
	struct slice key = trimmed(slice_make(text.p, (size_t)(equals - text.p)));
	char *full CLEANUP(mem_freep) =
		mem_printf("%s.%.*s", reader->profile->settings[reader->last_at].key, (int)key.n, key.p);
	add(reader, slice_of(full), trimmed(slice_make(equals + 1, text.n - (size_t)(equals + 1 - text.p))));
	return NULL;
}

static struct error *continue_value(struct reader *reader, struct slice text)
{
	struct setting *last = &reader->profile->settings[reader->last_at];
	if (!*last->value)
		return add_nested(reader, text);
	char *longer = mem_printf("%s\n%.*s", last->value, (int)text.n, text.p);
	free(last->value);
	last->value = longer;
	return NULL;
}

static struct error *read_line(struct reader *reader, struct slice line)
{
	struct slice text = trimmed(line);
	if (!text.n || *text.p == '#' || *text.p == ';')
		return NULL;
	size_t indent = (size_t)(text.p - line.p);
	if (reader->in_section && reader->has_last && indent > reader->indent)
		return continue_value(reader, text);
	reader->indent = indent;
	if (*text.p == '[' && memchr(text.p, ']', text.n))
		return begin_section(reader, text);
	if (!reader->in_section)
		return refused(reader, "a setting before the first [section]");
	size_t n = 0;
	while (n < text.n && text.p[n] != '=' && text.p[n] != ':')
		n++;
	if (n == text.n || n == 0)
		return refused(reader, "neither a [section] nor a setting like \"key = value\"");
	struct slice key = trimmed(slice_make(text.p, n));
	add(reader, key, trimmed(slice_make(text.p + n + 1, text.n - n - 1)));
	reader->last_at = reader->profile->n - 1;
	reader->has_last = true;
	const char *added = reader->profile->settings[reader->last_at].key;
	for (size_t i = 0; i < reader->last_at; i++) {
		const struct setting *other = &reader->profile->settings[i];
		if (other->file == reader->file && !strcmp(other->key, added) && other->kind == reader->kind &&
		    !strcmp(other->section, reader->section))
			return refused(reader, "this setting stands in its section twice");
	}
	return NULL;
}

/* These files need not be there. */
static bool is_missing(const char *path)
{
	return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static struct error *read_file(struct aws_profile *profile, const char *path, enum aws_profile_file file)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(MAX_FILE);
	struct reader reader = {.profile = profile, .path = path, .file = file};
	struct error *error = is_missing(path) ? NULL : file_read(path, &text);
	if (error)
		error = error_remedy(error, "name a file that can be read: chmod u+r %s", path);
	for (size_t at = 0; at < text.n && !error;) {
		const char *from = text.p + at, *end = memchr(from, '\n', text.n - at);
		size_t n = end ? (size_t)(end - from) : text.n - at;
		reader.line++;
		error = read_line(&reader, slice_make(from, n));
		at += n + 1;
	}
	free(reader.section);
	if (text.p)
		secret_wipe(text.p, text.n);
	return error;
}

static char *file_path(const struct aws_options *options, const char *variable, const char *otherwise)
{
	const char *given = aws_getenv(options, variable);
	return given && *given != '~' ? mem_strdup(given) : aws_profile_home(options, given ? given : otherwise);
}

static const char *value_of(const struct setting *setting)
{
	return setting && *setting->value ? setting->value : NULL;
}

const char *aws_profile_get_of(const struct aws_profile *profile, const char *name, const char *key)
{
	return value_of(find(profile, "profile", name, key, -1));
}

const char *aws_profile_get_in(const struct aws_profile *profile, enum aws_profile_file file, const char *name,
			       const char *key)
{
	return value_of(find(profile, "profile", name, key, (int)file));
}

const char *aws_profile_get_section(const struct aws_profile *profile, const char *kind, const char *name,
				    const char *key)
{
	return value_of(find(profile, kind, name, key, -1));
}

const char *aws_profile_get(const struct aws_profile *profile, const char *key)
{
	return aws_profile_get_of(profile, profile->name, key);
}

const char *aws_profile_name(const struct aws_profile *profile)
{
	return profile->name;
}

bool aws_profile_has_section(const struct aws_profile *profile, const char *kind, const char *name)
{
	return find(profile, kind, name, "", -1) != NULL;
}

bool aws_profile_exists(const struct aws_profile *profile, const char *name)
{
	return aws_profile_has_section(profile, "profile", name);
}

bool aws_profile_was_asked_for(const struct aws_profile *profile)
{
	return profile->asked_for;
}

json_t *aws_profile_dump(const struct aws_profile *profile)
{
	json_t *all = json_object();
	for (size_t i = 0; i < profile->n; i++) {
		const struct setting *setting = &profile->settings[i];
		if (!strcmp(setting->kind, "other"))
			continue;
		json_t *kind = json_object_get(all, setting->kind);
		if (!kind)
			json_object_set_new(all, setting->kind, kind = json_object());
		json_t *section = json_object_get(kind, setting->section);
		if (!section)
			json_object_set_new(kind, setting->section, section = json_object());
		if (*setting->key)
			json_object_set_new(section, setting->key, json_string(setting->value));
	}
	return all;
}

void aws_profile_free(struct aws_profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->n; i++)
		setting_done(&profile->settings[i]);
	free(profile->settings);
	free(profile->name);
	free(profile);
}

static struct error *unknown_profile(const struct aws_profile *profile, const char *config, const char *credentials)
{
	struct error *error = error_new(ERROR_AUTH, "profile \"%s\" is neither in \"%s\" nor in \"%s\"", profile->name,
					config, credentials);
	if (find(profile, "other", profile->name, "", AWS_FILE_CONFIG))
		return error_remedy(error, "in \"%s\" write [profile %s] for [%s]", config, profile->name,
				    profile->name);
	return error_remedy(error, "aws configure list-profiles shows those that are there");
}

struct error *aws_profile_load(const struct aws_options *options, struct aws_profile **ret)
{
	struct aws_profile *profile = mem_alloc(sizeof *profile);
	const char *name = options->profile ? options->profile : aws_getenv(options, "AWS_PROFILE");
	name = name ? name : aws_getenv(options, "AWS_DEFAULT_PROFILE");
	profile->asked_for = options->profile != NULL;
	profile->name = mem_strdup(name ? name : "default");
	*ret = profile;
	if (options->access_key && !name) /* nothing in the files can matter */
		return NULL;
	char *config CLEANUP(mem_freep) = file_path(options, "AWS_CONFIG_FILE", "~/.aws/config");
	char *credentials CLEANUP(mem_freep) = file_path(options, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	struct error *error = read_file(profile, config, AWS_FILE_CONFIG);
	if (!error)
		error = read_file(profile, credentials, AWS_FILE_CREDENTIALS);
	if (!error && name && !aws_profile_exists(profile, name))
		error = unknown_profile(profile, config, credentials);
	if (!error)
		return NULL;
	aws_profile_free(profile);
	*ret = NULL;
	return error;
}
