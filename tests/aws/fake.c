/* The scripted server, clock, environment and files of the AWS client's tests. */
#include "aws/fake.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/time.h"

static struct fake *of_clock(struct clock *clock)
{
	return CONTAINER_OF(clock, struct fake, clock);
}

static int64_t now(struct clock *clock)
{
	return of_clock(clock)->now_ms;
}

static void sleep_until(struct clock *clock, int64_t until_ms)
{
	if (until_ms > of_clock(clock)->now_ms)
		of_clock(clock)->now_ms = until_ms;
}

static void clock_not_freed(struct clock *clock)
{
	(void)clock;
}

static const struct clock_ops clock_ops = {now, now, sleep_until, clock_not_freed};

static void keep(struct fake *fake, const struct http_request *request)
{
	if (fake->n_asked == FAKE_ASKED && fake->forgets)
		fake->n_asked = 0;
	if (fake->n_asked == FAKE_ASKED)
		fail_msg("asked more than %d times", FAKE_ASKED);
	struct fake_asked *asked = &fake->asked[fake->n_asked++];
	size_t n = 0;
	snprintf(asked->method, sizeof asked->method, "%s", request->method);
	snprintf(asked->url, sizeof asked->url, "%s", request->url);
	snprintf(asked->body, sizeof asked->body, "%.*s", (int)request->body.n, request->body.p ? request->body.p : "");
	asked->headers[0] = '\0';
	for (size_t i = 0; i < request->n_headers && n < sizeof asked->headers; i++)
		n += (size_t)snprintf(asked->headers + n, sizeof asked->headers - n, "%s: %s\n",
				      request->headers[i].name, request->headers[i].value);
	asked->at_ms = fake->now_ms;
}

/* The next of the script that fits; the last serves for ever. */
static const struct fake_reply *choose(struct fake *fake, const struct http_request *request)
{
	for (size_t i = fake->at; i < fake->n_script; i++) {
		const struct fake_reply *reply = &fake->script[i];
		if (reply->url && !strstr(request->url, reply->url) &&
		    !(request->body.n && memmem(request->body.p, request->body.n, reply->url, strlen(reply->url))))
			continue;
		if (i == fake->at && fake->at + 1 < fake->n_script)
			fake->at++;
		return reply;
	}
	fail_msg("nothing in the script answers %s %s", request->method, request->url);
	return NULL;
}

static void add_headers(struct http_response *response, const char *headers)
{
	while (headers && *headers) {
		size_t n = strcspn(headers, "\n"), name = strcspn(headers, ":");
		http_response_add_header(response, slice_make(headers, name),
					 slice_make(headers + name + 2, n - name - 2));
		headers += n + (headers[n] == '\n');
	}
}

static void answer(struct fake *fake, const struct fake_reply *reply, struct http_response *response)
{
	char date[TIME_TEXT];
	response->sent_at_ms = fake->now_ms + fake->stamps_ahead_ms;
	fake->now_ms += fake->round_trip_ms;
	response->received_at_ms = fake->now_ms + fake->stamps_ahead_ms;
	buf_init(&response->body, 1 << 20);
	if (!reply->status) {
		response->error = reply->garbled ? error_new(ERROR_AUTH, "the certificate is another's")
						 : error_new(ERROR_TIMEOUT, "no answer");
		response->maybe_sent = reply->maybe_sent;
		return;
	}
	response->status = reply->status;
	buf_puts(&response->body, reply->body ? reply->body : "");
	if (fake->server_skew_ms != INT64_MIN) {
		time_format_http(fake->now_ms - fake->round_trip_ms / 2 + fake->server_skew_ms, date);
		http_response_add_header(response, slice_of("Date"), slice_of(date));
	}
	add_headers(response, reply->headers);
}

static void perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct fake *fake = CONTAINER_OF(http, struct fake, http);
	for (size_t i = 0; i < n; i++) {
		keep(fake, &exchanges[i].request);
		answer(fake, choose(fake, &exchanges[i].request), &exchanges[i].response);
	}
}

static const struct http_ops http_ops = {perform, NULL};

static struct error *start(struct process *process, const struct process_spec *spec)
{
	struct fake *fake = CONTAINER_OF(process, struct fake, process);
	size_t n = 0;
	for (size_t i = 0; spec->argv[i]; i++)
		n += (size_t)snprintf(fake->started + n, sizeof fake->started - n, "%s%s", i ? "|" : "", spec->argv[i]);
	return NULL;
}

static struct error *status(struct process *process, const char *name, struct process_status *ret)
{
	struct fake *fake = CONTAINER_OF(process, struct fake, process);
	(void)name;
	*ret = (struct process_status){.state = PROCESS_EXITED, .exit_status = fake->exit_status};
	return NULL;
}

static struct error *read_output(struct process *process, const char *name, const char *file, uint64_t offset,
				 size_t max, struct buf *out)
{
	struct fake *fake = CONTAINER_OF(process, struct fake, process);
	(void)name;
	(void)file;
	if (offset == 0 && fake->printed && strlen(fake->printed) < max)
		buf_puts(out, fake->printed);
	return NULL;
}

static const struct process_ops process_ops = {.start = start, .status = status, .read = read_output};

static const char *environment(void *context, const char *name)
{
	struct fake *fake = context;
	size_t n = strlen(name);
	if (!strcmp(name, "HOME"))
		return fake->home;
	for (size_t i = ARRAY_SIZE(fake->environment); i-- > 0;)
		if (fake->environment[i] && !strncmp(fake->environment[i], name, n) && fake->environment[i][n] == '=')
			return fake->environment[i] + n + 1;
	return NULL;
}

int fake_set_up(void **state)
{
	struct fake *fake = mem_alloc(sizeof *fake);
	fake->clock.ops = &clock_ops;
	fake->http.ops = &http_ops;
	fake->process.ops = &process_ops;
	fake->now_ms = INT64_C(1440938160000);
	fake->server_skew_ms = INT64_MIN;
	fake->ports = (struct ports){
		.http = &fake->http, .process = &fake->process, .clock = &fake->clock, .random = random_seeded_new(1)};
	snprintf(fake->home, sizeof fake->home, "/tmp/eua-aws-XXXXXX");
	if (!mkdtemp(fake->home))
		return -1;
	fake->options = (struct aws_options){.ports = &fake->ports,
					     .region = "us-east-1",
					     .access_key = "AKIDEXAMPLE",
					     .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
					     .getenv = environment,
					     .getenv_context = fake};
	*state = fake;
	return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fake_tear_down(void **state)
{
	struct fake *fake = *state;
	nftw(fake->home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	random_free(fake->ports.random);
	free(fake);
	return 0;
}

struct aws *fake_client(struct fake *fake)
{
	struct aws *aws = NULL;
	struct error *error = aws_new(&fake->options, &aws);
	if (error)
		fail_msg("%s", error->message);
	return aws;
}

void fake_setenv(struct fake *fake, const char *name_value)
{
	for (size_t i = 0; i < ARRAY_SIZE(fake->environment); i++)
		if (!fake->environment[i]) {
			fake->environment[i] = name_value;
			return;
		}
	fail_msg("too many variables");
}

void fake_file(struct fake *fake, const char *below_home, const char *text)
{
	char *path CLEANUP(mem_freep) = mem_printf("%s/%s", fake->home, below_home);
	for (char *slash = strchr(path + strlen(fake->home) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

void fake_walk_chain(struct fake *fake)
{
	fake->options.access_key = fake->options.secret_key = fake->options.session_token = fake->options.region = NULL;
}

const char *fake_header(const struct fake_asked *asked, const char *name)
{
	size_t n = strlen(name);
	for (const char *line = asked->headers; *line; line += strcspn(line, "\n") + 1)
		if (!strncasecmp(line, name, n) && line[n] == ':')
			return line + n + 2;
	return NULL;
}
