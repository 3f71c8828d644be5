/* An upgrade by the library, as small as it can be and still whole.
 *
 *	cc upgrade.c $(pkg-config --cflags --libs eks-upgrade-agent) -o upgrade
 *	./upgrade upgrade CONFIG [CLUSTER VERSION]      ./upgrade status CONFIG
 *	./upgrade approve CONFIG STEP                   ./upgrade rollback CONFIG
 *
 * Ends as the agent does: 0 done, 1 failed, 2 wrong usage, 3 rolled back, 4 waits for a person. Settings of the
 * configuration may follow as KEY=VALUE. */
#include <eks_upgrade_agent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct eua_agent *agent;

static void stop(int number)
{
	(void)number;
	eua_stop(agent); /* at the next safe border */
}

static void progress(void *context, const char *status_json)
{
	(void)status_json;
	++*(size_t *)context;
}

static enum eua_outcome status(void)
{
	char *json;
	enum eua_outcome outcome = eua_get_upgrade_status(agent, &json);
	if (outcome == EUA_DONE)
		puts(json);
	eua_free(json);
	return outcome;
}

static enum eua_outcome obey(const char *word, const char *first, const char *second)
{
	if (!strcmp(word, "upgrade"))
		return eua_run_upgrade(agent, first, second, "blue-green");
	if (!strcmp(word, "status"))
		return status();
	if (!strcmp(word, "approve"))
		return eua_approve(agent, first, "the example says yes");
	if (!strcmp(word, "rollback"))
		return eua_trigger_rollback(agent, "the example wants Blue");
	return EUA_USAGE;
}

int main(int argc, char **argv)
{
	const char *words[2] = {NULL, NULL}, *settings[32] = {NULL};
	size_t n_words = 0, n_settings = 0, changes = 0;
	for (int i = 3; i < argc; i++) {
		if (strchr(argv[i], '=') && n_settings < 31)
			settings[n_settings++] = argv[i];
		else if (n_words < 2)
			words[n_words++] = argv[i];
	}
	if (argc < 3) {
		fprintf(stderr, "usage: %s upgrade|status|approve|rollback CONFIG [ARGUMENTS] [KEY=VALUE]…\n", argv[0]);
		return EUA_USAGE;
	}
	struct eua_options options = {.size = sizeof options,
				      .config_file = argv[2],
				      .settings = settings,
				      .progress = progress,
				      .context = &changes};
	enum eua_outcome outcome = eua_agent_new(&options, &agent);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN);
	if (outcome == EUA_DONE)
		outcome = obey(argv[1], words[0], words[1]);
	fprintf(stderr, "libeks-upgrade-agent %s: outcome %d after %zu changes\n", eua_version(), outcome, changes);
	if (eua_error_message(agent))
		fprintf(stderr, "%s\n", eua_error_message(agent));
	if (eua_error_remedy(agent))
		fprintf(stderr, "do: %s\n", eua_error_remedy(agent));
	eua_agent_free(agent);
	return outcome;
}
