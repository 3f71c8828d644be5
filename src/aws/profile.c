/* The shared files, as the command line reads them: sections, comments, nested settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aws/credentials.h"
#include "base/mem.h"

struct setting {
	char *section, *key, *value;
};

struct aws_profile {
	char *name;
	bool named;
	struct setting *settings;
	size_t n;
};

const char *aws_getenv(const struct aws_options *options, const char *name)
{
	const char *value = options->getenv ? options->getenv(options->getenv_context, name) : getenv(name);
	return value && *value ? value : NULL;
}

static char *trimmed(const char *from, const char *end)
{
	while (from < end && strchr(" \t\r\n", *from))
		from++;
	while (end > from && strchr(" \t\r\n", end[-1]))
		end--;
	return mem_strndup(from, (size_t)(end - from));
}

static void add(struct aws_profile *profile, const char *section, char *key, char *value)
{
	for (char *p = key; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
	*HEAP_PUSH(profile->settings, profile->n) = (struct setting){mem_strdup(section), key, value};
}

/* "[profile x]" of the config file is section "x", "[sso-session y]" stays as it is. */
static char *section_of(const char *line, bool config)
{
	const char *close = strchr(line, ']');
	char *name = trimmed(line + 1, close ? close : line + strlen(line));
	if (config && !strncmp(name, "profile ", 8)) {
		char *bare = trimmed(name + 8, name + strlen(name));
		free(name);
		return bare;
	}
	return name;
}

/* A comment begins at the line's start, or at " #" and " ;" behind a value. */
static const char *value_end(const char *value)
{
	const char *end = value + strlen(value);
	for (const char *p = value; *p; p++)
		if ((*p == '#' || *p == ';') && p > value && (p[-1] == ' ' || p[-1] == '\t'))
			return p;
	return end;
}

static void read_line(struct aws_profile *profile, const char *line, bool config, char **section, char **parent)
{
	bool nested = *line == ' ' || *line == '\t';
	const char *text = line + strspn(line, " \t");
	if (!*text || *text == '#' || *text == ';')
		return;
	if (*text == '[' && !nested) {
		free(*section);
		*section = section_of(text, config);
		return;
	}
	const char *equals = strchr(text, '=');
	if (!equals || !*section)
		return;
	char *key = trimmed(text, equals), *value = trimmed(equals + 1, value_end(equals + 1));
	if (nested && *parent) {
		char *full = mem_printf("%s.%s", *parent, key);
		free(key);
		key = full;
	} else {
		free(*parent);
		*parent = mem_strdup(key);
	}
	add(profile, *section, key, value);
}

static void read_file(struct aws_profile *profile, const char *path, bool config)
{
	FILE *file = fopen(path, "re");
	char line[8192], *section = NULL, *parent = NULL;
	if (!file)
		return; /* these files need not be there */
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\r\n")] = '\0';
		read_line(profile, line, config, &section, &parent);
	}
	fclose(file);
	free(section);
	free(parent);
}

static char *file_path(const struct aws_options *options, const char *variable, const char *name)
{
	const char *given = aws_getenv(options, variable), *home = aws_getenv(options, "HOME");
	if (given && !strncmp(given, "~/", 2))
		return mem_printf("%s/%s", home ? home : "", given + 2);
	return given ? mem_strdup(given) : mem_printf("%s/.aws/%s", home ? home : "", name);
}

const char *aws_profile_get_of(const struct aws_profile *profile, const char *name, const char *key)
{
	for (size_t i = profile->n; i-- > 0;) /* the credentials file is read last and wins */
		if (!strcmp(profile->settings[i].section, name) && !strcmp(profile->settings[i].key, key))
			return *profile->settings[i].value ? profile->settings[i].value : NULL;
	return NULL;
}

const char *aws_profile_get(const struct aws_profile *profile, const char *key)
{
	return aws_profile_get_of(profile, profile->name, key);
}

const char *aws_profile_name(const struct aws_profile *profile)
{
	return profile->name;
}

bool aws_profile_was_named(const struct aws_profile *profile)
{
	return profile->named;
}

void aws_profile_free(struct aws_profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->n; i++) {
		free(profile->settings[i].section);
		free(profile->settings[i].key);
		secret_wipe(profile->settings[i].value, strlen(profile->settings[i].value));
		free(profile->settings[i].value);
	}
	free(profile->settings);
	free(profile->name);
	free(profile);
}

struct error *aws_profile_load(const struct aws_options *options, struct aws_profile **ret)
{
	struct aws_profile *profile = mem_alloc(sizeof *profile);
	const char *name = options->profile ? options->profile : aws_getenv(options, "AWS_PROFILE");
	profile->named = name != NULL;
	profile->name = mem_strdup(name ? name : "default");
	*ret = profile;
	if (options->access_key && !name) /* nothing in the files can matter */
		return NULL;
	char *config CLEANUP(mem_freep) = file_path(options, "AWS_CONFIG_FILE", "config");
	char *credentials CLEANUP(mem_freep) = file_path(options, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
	read_file(profile, config, true);
	read_file(profile, credentials, false);
	bool found = false;
	for (size_t i = 0; i < profile->n; i++)
		found |= !strcmp(profile->settings[i].section, profile->name);
	if (!name || found)
		return NULL;
	*ret = NULL;
	struct error *error =
		error_new(ERROR_AUTH, "profile \"%s\" is neither in \"%s\" nor in \"%s\"", name, config, credentials);
	aws_profile_free(profile);
	return error_remedy(error, "aws configure list-profiles shows those that are there");
}
