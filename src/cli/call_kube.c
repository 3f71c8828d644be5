/* call kube: one request to an API server, or a whole list as names. What comes is printed as it comes where it may be
 * large or endless: lists, logs, watches. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/time.h"
#include "base/words.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "codec/document.h"
#include "execution/step.h"

enum { PRETTY_UP_TO = 1 << 20 };

struct name_item {
	const char *ns, *name;
};
static const struct field name_fields[] = {
	F_STRING(struct name_item, ns, "metadata.namespace", 0, "namespace"),
	F_STRING(struct name_item, name, "metadata.name", 0, "name"),
};
static const struct model name_model = MODEL("Name", struct name_item, name_fields);

/* Names under way. What is printed cannot be taken back, so a list that begins anew is printed from where it was: the
 * server gives names in the order of its keys. */
struct names {
	struct cli *cli;
	struct buf last;
	bool again, unordered;
};

static bool print_name(void *context, void *item, struct arena *arena)
{
	struct names *names = context;
	const struct name_item *seen = item;
	const char *key = arena_printf(arena, "%s%s%s", seen->ns ? seen->ns : "", seen->ns ? "/" : "",
				       seen->name ? seen->name : "");
	bool later = !names->last.n || strcmp(key, buf_str(&names->last)) > 0;
	if (!later && names->again)
		return !names->unordered;
	names->unordered |= !later;
	if (names->again && names->unordered)
		return false;
	buf_clear(&names->last);
	buf_puts(&names->last, key);
	words_clean(names->cli->out, slice_of(key), false, 0); /* a server may say anything, a terminal obeys */
	buf_putc(names->cli->out, '\n');
	if (names->cli->out->n > 1 << 16)
		cli_flush(names->cli);
	return true;
}

static void begin_anew(void *context)
{
	struct names *names = context;
	names->again = true;
}

static struct error *list(struct cli *cli, struct kube *kube, const char *path)
{
	struct names names = {.cli = cli, .last = BUF_INIT(1 << 16)};
	struct kube_list list = {
		.path = path, .item_model = &name_model, .fn = print_name, .restarted = begin_anew, .context = &names};
	struct error *error = kube_list(kube, &list);
	if (!error && names.again && names.unordered)
		error = error_remedy(error_new(ERROR_TRANSIENT,
					       "%s: the list broke off, and the server gives it in no "
					       "order in which it could go on: it is not whole",
					       path),
				     "ask again");
	buf_done(&names.last);
	return error;
}

/* An answer under way: held while it is small, to be printed prettily; passed on as it is beyond that. */
struct answer {
	struct cli *cli;
	struct buf held;
	bool raw;
};

static bool take_bytes(void *context, const char *bytes, size_t n)
{
	struct answer *answer = context;
	if (!answer->raw && buf_append(&answer->held, bytes, n))
		return true;
	if (!answer->raw)
		buf_append(answer->cli->out, buf_str(&answer->held), answer->held.n);
	answer->raw = true;
	buf_append(answer->cli->out, bytes, n);
	cli_flush(answer->cli);
	return true;
}

static void print_answer(struct answer *answer)
{
	json_t *document = answer->raw ? NULL : json_loadb(buf_str(&answer->held), answer->held.n, 0, NULL);
	if (document)
		cli_print_document(answer->cli, document);
	else if (!answer->raw)
		buf_append(answer->cli->out, buf_str(&answer->held), answer->held.n);
	buf_done(&answer->held);
}

static bool is_endless(const char *path)
{
	return strstr(path, "watch=1") || strstr(path, "watch=true") || strstr(path, "follow=true") ||
	       strstr(path, "follow=1");
}

static struct error *read_path(struct cli *cli, struct kube *kube, const char *path)
{
	struct answer answer = {.cli = cli, .held = BUF_INIT(PRETTY_UP_TO), .raw = is_endless(path)};
	struct http_sink sink = {take_bytes, &answer};
	struct http_limits limits = {.deadline_ms = answer.raw ? HOUR_MS : 10 * MINUTE_MS,
				     .idle_ms = answer.raw ? HOUR_MS : 0};
	struct error *error = kube_stream(kube, path, &limits, &sink);
	if (!error)
		print_answer(&answer);
	buf_done(&answer.held);
	return error;
}

/* As a parameter of its own: within another's value it means nothing to the server. */
static bool is_tried(const char *path)
{
	for (const char *p = strchr(path, '?'); p; p = strchr(p + 1, '&')) {
		size_t n = strcspn(p + 1, "&#");
		if (slice_eq(slice_make(p + 1, n), "dryRun=All"))
			return true;
	}
	return false;
}

/* Reviews are questions that are asked by creating them; what is only tried changes nothing. */
static bool only_reads(const char *method, const char *path)
{
	size_t n = strcspn(path, "?");
	bool review = n > 7 && !strncmp(path + n - 7, "reviews", 7);
	return !strcmp(method, "GET") || (!strcmp(method, "POST") && review) || is_tried(path);
}

/* An array can only be a JSON patch, and an object can be all but that. */
static struct error *patch_type(struct cli *cli, const json_t *body, const char **ret)
{
	static const char *const types[][2] = {{"merge", "application/merge-patch+json"},
					       {"json", "application/json-patch+json"},
					       {"strategic", "application/strategic-merge-patch+json"},
					       {"apply", "application/apply-patch+yaml"}};
	const char *wanted = cli_flag_text(cli, "type");
	if (!wanted)
		wanted = json_is_array(body) ? "json" : "merge";
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i][0], wanted) != 0)
			continue;
		*ret = types[i][1];
		return json_is_array(body) == (i == 1)
			       ? NULL
			       : cli_usage_error(
					 i == 1 ? "a JSON patch is a list of operations"
						: "a list of operations is a patch of --type json, not of --type %s",
					 wanted);
	}
	return cli_usage_error("flag \"--type\": \"%s\" is not merge, json, strategic or apply", wanted);
}

static struct error *change(struct cli *cli, struct kube *kube, const char *method, const char *path)
{
	json_t *body DOCUMENT_CLEANUP = NULL, *answer = NULL;
	const char *type = NULL;
	bool patch = !strcmp(method, "PATCH");
	TRY(call_read_document(cli, 3, &body));
	if (body && !json_is_object(body) && !(patch && json_is_array(body)))
		return cli_usage_error("the body of %s is a JSON object%s", method,
				       patch ? ", or a list of operations" : "");
	if (!body && strcmp(method, "DELETE") != 0)
		return cli_usage_error("%s needs a body: a JSON document, or - for stdin", method);
	if (patch)
		TRY(patch_type(cli, body, &type));
	bool apply = type && strstr(type, "apply-patch");
	if (apply)
		TRY(kube_apply(kube, path, cli_flag_given(cli, "force"), TAKE(body), &answer));
	else
		TRY(kube_call(kube, method, path, type, TAKE(body), &answer));
	cli_print_document(cli, answer);
	return NULL;
}

/* What may not stand in a request line is written as its code; what is written so already stays. */
static const char *encoded_path(struct cli *cli, const char *path)
{
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		buf_printf(&out, *p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p) ? "%%%02X" : "%c", *p);
	return arena_strdup(cli->arena, buf_str(&out));
}

static const char *tried(struct cli *cli, const char *path)
{
	return is_tried(path) ? path : arena_printf(cli->arena, "%s%cdryRun=All", path, strchr(path, '?') ? '&' : '?');
}

static void tell_warnings(struct kube *kube)
{
	json_t *warnings DOCUMENT_CLEANUP = kube_warnings(kube);
	size_t i;
	const json_t *warning;
	json_array_foreach (warnings, i, warning)
		log_warn("kube", "%s", document_text_or(warning, "text", ""));
}

static struct error *ask(struct cli *cli, struct kube *kube, const char *method, const char *path)
{
	struct error *error = !strcmp(method, "list")  ? list(cli, kube, path)
			      : !strcmp(method, "GET") ? read_path(cli, kube, path)
						       : change(cli, kube, method, path);
	tell_warnings(kube);
	return error;
}

/* With a cluster named and nothing said of a kubeconfig, EKS says where it is; the kubeconfig of a named cluster must
 * lead there when something is to be changed. */
static struct error *open_client(struct cli *cli, struct world *world, bool reads, struct kube **ret_own,
				 struct kube **ret)
{
	const struct config *config = &cli->config;
	bool by_name = config->cluster && !config->kubeconfig && !config->context;
	struct kube_options options = {.ports = &cli->ports,
				       .kubeconfig = config->kubeconfig,
				       .context = config->context,
				       .terminal = config->terminal,
				       .insecure = cli_flag_given(cli, "insecure")};
	if (by_name)
		return world_blue(world, ret);
	TRY(kube_new(&options, ret_own));
	*ret = *ret_own;
	return reads || !config->cluster ? NULL : world_check_identity(world, *ret, config->cluster);
}

struct error *call_kube(struct cli *cli)
{
	static const char *const methods[] = {"list", "GET", "POST", "PUT", "PATCH", "DELETE"};
	const char *method = NULL, *path;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcasecmp(methods[i], cli->arguments[1]))
			method = methods[i];
	if (!method || cli->n_arguments < 3 || cli->arguments[2][0] != '/')
		return cli_usage_error("call kube GET|POST|PUT|PATCH|DELETE PATH [JSON|-], or call kube list PATH; a "
				       "path begins with \"/\"");
	bool changes = strcmp(method, "list") != 0 && strcmp(method, "GET") != 0;
	path = encoded_path(cli, cli->arguments[2]);
	if (changes && cli_flag_given(cli, "dry-run"))
		path = tried(cli, path);
	bool reads = !changes || only_reads(method, path);
	if (!reads)
		TRY(call_needs_yes(cli, method));
	struct kube *own CLEANUP(kube_freep) = NULL, *kube;
	struct world world = {.ports = &cli->ports, .config = &cli->config};
	struct error *error = open_client(cli, &world, reads, &own, &kube);
	if (!error)
		error = ask(cli, kube, method, path);
	world_done(&world);
	return error;
}
