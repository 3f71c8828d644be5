/* Credentials that the machine offers: a program, the container's endpoint, the instance's metadata service. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "aws/credentials_internal.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/document.h"

/* Splits a command line as a shell would, without running one: quotes and backslashes. NULL when a quote stays open. */
static const char **split_words(const char *line, struct arena *arena)
{
	const char **words = NULL;
	size_t n = 0;
	for (const char *p = line;;) {
		p += strspn(p, " \t\n");
		if (!*p)
			break;
		struct buf word CLEANUP(buf_done) = BUF_INIT(1 << 16);
		char quote = '\0';
		for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
			if (quote ? *p == quote : *p == '"' || *p == '\'')
				quote = quote ? '\0' : *p;
			else if (*p == '\\' && quote != '\'' && p[1] && (!quote || strchr("\"\\$`", p[1])))
				buf_putc(&word, *++p);
			else
				buf_putc(&word, *p);
		}
		if (quote)
			return NULL;
		*ARENA_PUSH(arena, words, n) = arena_strdup(arena, buf_str(&word));
	}
	if (!n)
		return NULL;
	*ARENA_PUSH(arena, words, n) = NULL;
	return words;
}

struct error *aws_link_process(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const char *command = aws_profile_get_of(chain->aws->profile, profile, "credential_process");
	const struct ports *ports = &chain->aws->ports;
	if (!command)
		return aws_chain_skip(chain, "profile \"%s\" has no credential_process", profile);
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const char **argv = split_words(command, arena);
	if (!argv)
		return error_remedy(
			error_new(ERROR_AUTH, "credential_process of profile \"%s\" has an open quote", profile),
			"mend the profile");
	uint64_t chance;
	random_bytes(ports->random, &chance, sizeof chance);
	struct process_spec spec = {.name = arena_printf(arena, "credentials-%016llx", (unsigned long long)chance),
				    .argv = argv,
				    .deadline_ms = MINUTE_MS};
	struct buf out CLEANUP(buf_done) = BUF_INIT(1 << 20);
	json_t *document DOCUMENT_CLEANUP = NULL;
	int status = 0;
	struct error *error = process_run(ports->process, ports->clock, &spec, &out, &status);
	if (!error && status != 0)
		error = error_new(ERROR_AUTH, "it ended with status %d: %.300s", status, buf_str(&out));
	if (!error)
		error = document_parse(buf_slice(&out), "credential_process", &document);
	if (out.p)
		secret_wipe(out.p, out.n);
	if (!error && document_int_or(document, "Version", 0) != 1)
		error = error_new(ERROR_AUTH, "its answer is not of version 1");
	if (!error)
		error = aws_chain_take_document(chain, document, "it");
	if (error)
		return error_remedy(error_wrap(error, "credential_process \"%s\" gave no credentials", argv[0]),
				    "run it yourself to see why: %s", argv[0]);
	*ret_answered = true;
	return NULL;
}

/* One exchange with the machine's own services: no proxy, little time, more tries when it does not answer. */
static struct error *ask(struct aws_chain *chain, const char *method, const char *url,
			 const struct http_header *headers, size_t n, int64_t deadline_ms, unsigned tries,
			 struct buf *out)
{
	for (unsigned i = 1;; i++) {
		struct http_exchange exchange = {.request = {.method = method,
							     .url = url,
							     .headers = headers,
							     .n_headers = n,
							     .proxy = "",
							     .limits = {.connect_ms = deadline_ms,
									.deadline_ms = deadline_ms,
									.max_body_bytes = 1 << 20}}};
		http_perform(chain->aws->ports.http, &exchange, 1);
		struct http_response *response = &exchange.response;
		struct error *error = TAKE(response->error);
		bool passing = error || response->status >= 500;
		if (!error && response->status != 200) {
			error = error_new(response->status == 404 ? ERROR_NOT_FOUND : ERROR_AUTH,
					  "\"%s\" answered %d: %.200s", url, response->status,
					  buf_str(&response->body));
			error->http_status = response->status;
		}
		for (size_t k = 0; error && k < n; k++)
			error_hide(error, headers[k].value);
		buf_clear(out);
		buf_append(out, response->body.p, response->body.n);
		http_exchange_done(&exchange);
		if (!error || !passing || i >= tries)
			return error;
		error_free(error);
	}
}

/* Plain http only to this machine and to the addresses of ECS and EKS. */
static bool container_host_is_fine(const char *url)
{
	static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"};
	if (!strncmp(url, "https://", 8))
		return true;
	if (strncmp(url, "http://", 7) != 0)
		return false;
	const char *host = url + 7;
	struct slice name = slice_make(host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#"));
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (slice_eq(name, hosts[i]))
			return true;
	return slice_starts(name, "127.") && strspn(host, "0123456789.") >= name.n;
}

struct error *aws_link_container(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	const struct aws_options *options = &chain->aws->options;
	const char *relative = aws_getenv(options, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		   *full = aws_getenv(options, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		   *file = aws_getenv(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
		   *inline_token = aws_getenv(options, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	(void)profile;
	if (!relative && !full)
		return aws_chain_skip(chain, "AWS_CONTAINER_CREDENTIALS_…_URI is not set");
	char *url CLEANUP(mem_freep) = relative ? mem_printf("http://169.254.170.2%s", relative) : mem_strdup(full);
	if (!container_host_is_fine(url))
		return error_remedy(
			error_new(
				ERROR_AUTH,
				"AWS_CONTAINER_CREDENTIALS_FULL_URI \"%s\" is neither https nor a container's address",
				url),
			"see who set it: credentials would go there in plain text");
	struct buf token CLEANUP(buf_done) = BUF_INIT(1 << 16), body CLEANUP(buf_done) = BUF_INIT(1 << 20);
	if (file) /* read anew each time: it is rotated */
		TRY(aws_chain_read_file(chain, file, &token));
	else if (inline_token)
		buf_puts(&token, inline_token);
	if (token.n && strpbrk(buf_str(&token), "\r\n"))
		return error_remedy(error_new(ERROR_AUTH, "the container's authorization token holds a line break"),
				    "look at AWS_CONTAINER_AUTHORIZATION_TOKEN or its file");
	struct http_header header = {"Authorization", buf_str(&token)};
	struct error *error = ask(chain, "GET", url, &header, token.n ? 1 : 0, 2 * SECOND_MS, 3, &body);
	json_t *document DOCUMENT_CLEANUP = NULL;
	if (!error)
		error = document_parse(buf_slice(&body), url, &document);
	if (token.p)
		secret_wipe(token.p, token.n);
	if (body.p)
		secret_wipe(body.p, body.n);
	if (error)
		return error_wrap(error, "the container's credentials cannot be had");
	TRY(aws_chain_take_document(chain, document, "the container's credentials endpoint"));
	*ret_answered = true;
	return NULL;
}

struct metadata {
	char *base;
	struct buf token;
	int64_t deadline_ms;
	unsigned tries;
};

static void metadata_done(struct metadata *metadata)
{
	free(metadata->base);
	buf_done(&metadata->token);
}

/* Signs in to the metadata service, version 2; `skipped` says why not. */
static bool open_metadata(struct aws_chain *chain, struct metadata *ret)
{
	const char *profile = aws_profile_name(chain->aws->profile);
	const char *disabled = aws_getenv(&chain->aws->options, "AWS_EC2_METADATA_DISABLED"),
		   *given = aws_chain_setting(chain, "AWS_EC2_METADATA_SERVICE_ENDPOINT", profile,
					      "ec2_metadata_service_endpoint"),
		   *mode = aws_chain_setting(chain, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", profile,
					     "ec2_metadata_service_endpoint_mode"),
		   *timeout = aws_chain_setting(chain, "AWS_METADATA_SERVICE_TIMEOUT", profile,
						"metadata_service_timeout"),
		   *tries = aws_chain_setting(chain, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", profile,
					      "metadata_service_num_attempts");
	const char *base = given			       ? given
			   : mode && !strcasecmp(mode, "ipv6") ? "http://[fd00:ec2::254]"
							       : "http://169.254.169.254";
	if (disabled && !strcasecmp(disabled, "true")) {
		aws_chain_skip(chain, "AWS_EC2_METADATA_DISABLED is true");
		return false;
	}
	long seconds = timeout ? strtol(timeout, NULL, 10) : 1, count = tries ? strtol(tries, NULL, 10) : 1;
	size_t n = strlen(base);
	*ret = (struct metadata){.base = mem_strndup(base, n && base[n - 1] == '/' ? n - 1 : n),
				 .token = BUF_INIT(4096),
				 .deadline_ms = (seconds > 0 && seconds < 60 ? seconds : 1) * SECOND_MS,
				 .tries = count > 0 && count < 10 ? (unsigned)count : 1};
	char *url CLEANUP(mem_freep) = mem_printf("%s/latest/api/token", ret->base);
	struct http_header ttl = {"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
	struct error *error = ask(chain, "PUT", url, &ttl, 1, ret->deadline_ms, ret->tries, &ret->token);
	if (!error)
		return true;
	aws_chain_skip(chain, "no metadata service of EC2: %s", error->message);
	error_free(error);
	return false;
}

static struct error *look_up(struct aws_chain *chain, const struct metadata *metadata, const char *path,
			     struct buf *out)
{
	char *url CLEANUP(mem_freep) = mem_printf("%s/latest/%s", metadata->base, path);
	struct http_header header = {"X-aws-ec2-metadata-token", buf_str(&metadata->token)};
	return ask(chain, "GET", url, &header, 1, metadata->deadline_ms, metadata->tries, out);
}

/* Credentials that have ended are better than none while the service that renews them is down: they are used on for a
 * while, not to the same second on every machine. */
static void stretch(struct aws_chain *chain, json_t *document)
{
	int64_t expires_ms, now_ms = aws_server_now_ms(chain->aws);
	const char *expires = document_text(document, "Expiration");
	char text[TIME_TEXT];
	if (!expires || !time_parse_rfc3339(slice_of(expires), &expires_ms) || expires_ms > now_ms + 15 * MINUTE_MS)
		return;
	int64_t more_ms = 15 * MINUTE_MS + (int64_t)random_below(chain->aws->ports.random, 10 * 60) * SECOND_MS;
	log_warn("aws", "the metadata service gives credentials that end at %s; they are used on for %lld min", expires,
		 (long long)(more_ms / MINUTE_MS));
	json_object_set_new(document, "Expiration", json_string(time_format_rfc3339(now_ms + more_ms, text)));
}

struct error *aws_link_instance(struct aws_chain *chain, const char *profile, bool *ret_answered)
{
	struct metadata metadata CLEANUP(metadata_done) = {0};
	struct buf role CLEANUP(buf_done) = BUF_INIT(4096), body CLEANUP(buf_done) = BUF_INIT(1 << 16);
	json_t *document DOCUMENT_CLEANUP = NULL;
	(void)profile;
	if (!open_metadata(chain, &metadata))
		return NULL;
	struct error *error = look_up(chain, &metadata, "meta-data/iam/security-credentials/", &role);
	if (error_was(&error, ERROR_NOT_FOUND))
		return aws_chain_skip(chain, "the instance has no role");
	TRY(error);
	char *path CLEANUP(mem_freep) = mem_printf("meta-data/iam/security-credentials/%.*s",
						   (int)strcspn(buf_str(&role), "\r\n"), buf_str(&role));
	TRY(look_up(chain, &metadata, path, &body));
	error = document_parse(buf_slice(&body), "the instance's metadata service", &document);
	secret_wipe(body.p, body.n);
	TRY(error);
	stretch(chain, document);
	TRY(aws_chain_take_document(chain, document, "the instance's metadata service"));
	*ret_answered = true;
	return NULL;
}

char *aws_metadata_region(struct aws *aws)
{
	struct aws_credentials unused = {0};
	struct aws_chain chain = {.aws = aws, .ret = &unused};
	struct metadata metadata CLEANUP(metadata_done) = {0};
	struct buf region CLEANUP(buf_done) = BUF_INIT(256);
	char *found = NULL;
	if (open_metadata(&chain, &metadata)) {
		struct error *error = look_up(&chain, &metadata, "meta-data/placement/region", &region);
		if (!error && region.n)
			found = mem_strndup(region.p, region.n);
		error_free(error);
	}
	free(chain.skipped);
	return found;
}
