/* HTTP by one libcurl multi handle: one connection pool, many transfers at once, every one bounded in time and size. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/time.h"
#include "port/clock.h"
#include "port/curl.h"
#include "port/http.h"

enum { DEFAULT_PARALLEL = 64, MAX_HEADER_BYTES = 256 << 10 };
#define DEFAULT_BODY ((size_t)64 << 20)

struct real_http {
	struct http http;
	struct clock *clock;
	unsigned max_parallel;
	volatile const int *interrupted;
	bool loaded;
	struct curl_library curl;
	CURLM *multi;
	bool counts, miscounts; /* libcurl has said, or failed to say, how much of a request it sent */
	CURL **idle;		/* easy handles kept for their memory */
	size_t n_idle;
};

/* One exchange under way. */
struct transfer {
	char words[CURL_ERROR_SIZE]; /* what libcurl says of a failure, beyond its code */
	struct real_http *real;
	struct http_exchange *exchange;
	CURL *easy;
	struct curl_slist *headers;
	size_t header_bytes, uploaded;
	int64_t last_byte_ms;
	curl_off_t last_count;
	bool too_large, headers_too_large, idle, running;
	bool asked;   /* the request went out, or was about to */
	bool dropped; /* the connection was closed before an answer, and the request must not be repeated */
};

static size_t on_header(char *bytes, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = &transfer->exchange->response;
	size_t total = size * n;
	transfer->header_bytes += total;
	if (transfer->header_bytes > MAX_HEADER_BYTES) {
		transfer->headers_too_large = true;
		return 0;
	}
	if (!response->received_at_ms)
		response->received_at_ms = clock_wall_ms(transfer->real->clock);
	if (total > 5 && !strncasecmp(bytes, "HTTP/", 5)) { /* a new answer begins: after 100 Continue or a proxy's */
		response->n_headers = 0;
		response->headers = NULL;
		return total;
	}
	const char *colon = memchr(bytes, ':', total);
	if (!colon)
		return total;
	size_t name = (size_t)(colon - bytes), at = name + 1, end = total;
	while (at < end && (bytes[at] == ' ' || bytes[at] == '\t'))
		at++;
	while (end > at && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n' || bytes[end - 1] == ' '))
		end--;
	http_response_add_header(response, slice_make(bytes, name), slice_make(bytes + at, end - at));
	return total;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	struct http_exchange *exchange = transfer->exchange;
	size_t total = size * n;
	long status = 0;
	transfer->real->curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (exchange->request.sink && status >= 200 && status < 300) {
		if (exchange->request.sink->write(exchange->request.sink->context, bytes, total))
			return total;
		exchange->response.stopped = true;
		return 0;
	}
	if (!buf_append(&exchange->response.body, bytes, total)) {
		transfer->too_large = true;
		return 0;
	}
	return total;
}

static size_t on_upload(char *bytes, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	struct slice body = transfer->exchange->request.body;
	size_t left = body.n - transfer->uploaded, chunk = size * n < left ? size * n : left;
	if (chunk)
		memcpy(bytes, body.p + transfer->uploaded, chunk);
	transfer->uploaded += chunk;
	return chunk;
}

static int on_rewind(void *context, curl_off_t offset, int origin)
{
	struct transfer *transfer = context;
	if (origin != SEEK_SET || offset < 0 || (size_t)offset > transfer->exchange->request.body.n)
		return CURL_SEEKFUNC_FAIL;
	transfer->uploaded = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* Also ends transfers of which no byte has come for too long, and all when the program is asked to stop. */
static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t upload_total, curl_off_t uploaded)
{
	struct transfer *transfer = context;
	(void)total;
	(void)upload_total;
	if (transfer->real->interrupted && *transfer->real->interrupted)
		return 1;
	int64_t idle_ms = transfer->exchange->request.limits.idle_ms;
	int64_t time_ms = clock_mono_ms(transfer->real->clock);
	if (now + uploaded != transfer->last_count || !transfer->last_byte_ms) {
		transfer->last_count = now + uploaded;
		transfer->last_byte_ms = time_ms;
	}
	transfer->idle = time_ms - transfer->last_byte_ms > (idle_ms ? idle_ms : 30 * SECOND_MS);
	return transfer->idle;
}

/* Whether not a byte of the request has left: a kept connection may turn out to be dead at the first one. Only a
 * libcurl that was seen to count is believed. */
static bool nothing_left(const struct transfer *transfer)
{
	const struct real_http *real = transfer->real;
	long sent = 1;
	real->curl.easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
	return real->counts && !real->miscounts && sent == 0;
}

/* Called when a connection stands and the request is about to be sent; a second time when libcurl means to send it
 * again because a kept connection was closed under it. Who changes something wants to know that instead. */
static int on_request(void *context, char *here, char *there, int our_port, int their_port)
{
	struct transfer *transfer = context;
	const char *method = transfer->exchange->request.method;
	(void)here;
	(void)there;
	(void)our_port;
	(void)their_port;
	long status = 0;
	transfer->real->curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	bool unread = status == 417; /* the body was not even looked at, because we asked first */
	if (transfer->asked && !unread && !nothing_left(transfer) && strcmp(method, "GET") != 0 &&
	    strcmp(method, "HEAD") != 0) {
		transfer->dropped = true;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->asked = true;
	return CURL_PREREQFUNC_OK;
}

#define SET(option, value) curl->easy_setopt(easy, (option), (value))

static void set_method(struct transfer *transfer)
{
	const struct curl_library *curl = &transfer->real->curl;
	CURL *easy = transfer->easy;
	const struct http_request *request = &transfer->exchange->request;
	if (!strcmp(request->method, "HEAD")) {
		SET(CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body.n || !strcmp(request->method, "POST") || !strcmp(request->method, "PUT") ||
	    !strcmp(request->method, "PATCH")) {
		SET(CURLOPT_UPLOAD, 1L);
		SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body.n);
		SET(CURLOPT_READFUNCTION, on_upload);
		SET(CURLOPT_READDATA, transfer);
		SET(CURLOPT_SEEKFUNCTION, on_rewind);
		SET(CURLOPT_SEEKDATA, transfer);
	}
	SET(CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_blob(struct transfer *transfer, CURLoption option, const char *pem)
{
	if (!pem)
		return;
	struct curl_blob blob = {.data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
	transfer->real->curl.easy_setopt(transfer->easy, option, &blob);
}

static void set_tls(struct transfer *transfer)
{
	const struct curl_library *curl = &transfer->real->curl;
	CURL *easy = transfer->easy;
	const struct http_tls *tls = transfer->exchange->request.tls;
	if (!tls)
		return;
	if (tls->ca_file)
		SET(CURLOPT_CAINFO, tls->ca_file);
	if (tls->ca_pem) {
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, NULL);
		set_blob(transfer, CURLOPT_CAINFO_BLOB, tls->ca_pem);
	}
	set_blob(transfer, CURLOPT_SSLCERT_BLOB, tls->cert_pem);
	set_blob(transfer, CURLOPT_SSLKEY_BLOB, tls->key_pem);
	if (tls->insecure) {
		SET(CURLOPT_SSL_VERIFYPEER, 0L);
		SET(CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

/* kubeconfig's tls-server-name: connect where the URL says, but verify (and name to the server) another host. */
static struct error *server_name_url(const struct http_request *request, char **ret_url,
				     struct curl_slist **ret_connect, const struct curl_library *curl)
{
	const char *host = strstr(request->url, "://") + 3;
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	const char *rest = host + n;
	long port = *rest == ':' ? strtol(rest + 1, NULL, 10) : 443;
	char *route CLEANUP(mem_freep) =
		mem_printf("%s:%ld:%.*s:%ld", request->tls->server_name, port, (int)n, host, port);
	*ret_connect = curl->slist_append(NULL, route);
	*ret_url = mem_printf("%.*s%s%s", (int)(host - request->url), request->url, request->tls->server_name, rest);
	return NULL;
}

/* A line end within a header would begin another header, or another request. */
static struct error *check_headers(const struct http_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		const struct http_header *header = &request->headers[i];
		if (strpbrk(header->name, "\r\n: ") || strpbrk(header->value, "\r\n"))
			return error_remedy(error_new(ERROR_INVALID, "header \"%.*s\" holds a line end",
						      (int)strcspn(header->name, "\r\n"), header->name),
					    "look for a line end in the token or name that goes into it");
	}
	return NULL;
}

static void set_headers(struct transfer *transfer)
{
	const struct curl_library *curl = &transfer->real->curl;
	const struct http_request *request = &transfer->exchange->request;
	bool host = false, accept = false, expect = false;
	for (size_t i = 0; i < request->n_headers; i++) {
		const struct http_header *header = &request->headers[i];
		char *line CLEANUP(mem_freep) =
			mem_printf(*header->value ? "%s: %s" : "%s;", header->name, header->value);
		host |= !strcasecmp(header->name, "host");
		accept |= !strcasecmp(header->name, "accept");
		expect |= !strcasecmp(header->name, "expect");
		transfer->headers = curl->slist_append(transfer->headers, line);
	}
	if (request->tls && request->tls->server_name && !host) { /* only the certificate is another's */
		const char *start = strstr(request->url, "://") + 3;
		char *line CLEANUP(mem_freep) = mem_printf("Host: %.*s", (int)strcspn(start, "/?#"), start);
		transfer->headers = curl->slist_append(transfer->headers, line);
	}
	if (!accept) /* libcurl would ask for anything */
		transfer->headers = curl->slist_append(transfer->headers, "Accept:");
	if (!expect)
		transfer->headers = curl->slist_append(transfer->headers, "Expect:");
	curl->easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static bool is_this_machine(const char *url)
{
	static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = strstr(url, "://") + 3;
	struct slice name = slice_make(host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#"));
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (slice_eq(name, own[i]))
			return true;
	return false;
}

/* What NO_PROXY says of the host that is really asked: libcurl looks at the name in the URL, which under
 * tls-server-name is another. Names with all below them, addresses as they are, "*". */
static bool is_exempt(const char *url)
{
	const char *list = getenv("no_proxy"), *host = strstr(url, "://") + 3;
	list = list ? list : getenv("NO_PROXY");
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	for (const char *p = list ? list : ""; *p;) {
		p += strspn(p, ", .");
		size_t m = strcspn(p, ", ");
		bool below = m && m < n && host[n - m - 1] == '.';
		if ((m == 1 && *p == '*') || ((m == n || below) && m && !strncasecmp(host + n - m, p, m)))
			return true;
		p += m;
	}
	return false;
}

/* The environment's proxy is not for what stays on this machine (a tunnel's end, most often), as kubectl has it; and a
 * SOCKS proxy looks names up itself, since they may be known behind it only. */
static void set_proxy(struct transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->request;
	const struct curl_library *curl = &transfer->real->curl;
	bool renamed = request->tls && request->tls->server_name, none = !strncasecmp(request->url, "http:", 5) ||
									 is_this_machine(request->url) ||
									 (renamed && is_exempt(request->url));
	if (!request->proxy && !none) {
		if (renamed)
			curl->easy_setopt(transfer->easy, CURLOPT_NOPROXY, "");
		return;
	}
	bool socks = request->proxy && !strncasecmp(request->proxy, "socks5://", 9);
	char *proxy CLEANUP(mem_freep) = socks		  ? mem_printf("socks5h%s", request->proxy + 6)
					 : request->proxy ? mem_strdup(request->proxy)
							  : mem_strdup("");
	curl->easy_setopt(transfer->easy, CURLOPT_PROXY, proxy);
	if (*proxy) /* one that was named goes before exceptions from the environment's */
		curl->easy_setopt(transfer->easy, CURLOPT_NOPROXY, "");
}

static struct error *prepare(struct transfer *transfer)
{
	const struct curl_library *curl = &transfer->real->curl;
	const struct http_request *request = &transfer->exchange->request;
	CURL *easy = transfer->easy;
	TRY(http_check_url(request->url));
	TRY(check_headers(request));
	bool renamed = request->tls && request->tls->server_name;
	if (renamed) {
		char *url CLEANUP(mem_freep) = NULL;
		struct curl_slist *connect = NULL;
		TRY(server_name_url(request, &url, &connect, curl));
		SET(CURLOPT_URL, url);
		SET(CURLOPT_CONNECT_TO, connect);
		SET(CURLOPT_PRIVATE, connect);
	} else {
		SET(CURLOPT_URL, request->url);
		SET(CURLOPT_PRIVATE, NULL);
	}
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(request->limits.connect_ms ? request->limits.connect_ms : 10 * SECOND_MS));
	SET(CURLOPT_TIMEOUT_MS, (long)(request->limits.deadline_ms ? request->limits.deadline_ms : 60 * SECOND_MS));
	SET(CURLOPT_PIPEWAIT, 1L); /* one HTTP/2 connection instead of a handshake for each of a batch */
	SET(CURLOPT_PREREQFUNCTION, on_request);
	SET(CURLOPT_PREREQDATA, transfer);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->words);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, transfer);
	set_proxy(transfer);
	if (request->sink)
		SET(CURLOPT_BUFFERSIZE, 128L << 10); /* fewer calls into the kernel for what is long */
	set_method(transfer);
	set_tls(transfer);
	set_headers(transfer);
	return NULL;
}
#undef SET

static enum error_class class_of(const struct transfer *transfer, CURLcode code)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERROR_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return ERROR_AUTH;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return ERROR_INVALID;
	case CURLE_ABORTED_BY_CALLBACK:
		return transfer->idle ? ERROR_TIMEOUT : transfer->dropped ? ERROR_TRANSIENT : ERROR_CANCELLED;
	default:
		return ERROR_TRANSIENT;
	}
}

static struct error *error_of(struct transfer *transfer, CURLcode code)
{
	const char *url = transfer->exchange->request.url;
	int shown = (int)strcspn(url, "?"); /* queries may hold signatures */
	if (transfer->too_large)
		return error_new(ERROR_INVALID, "answer of \"%.*s\" is larger than %zu bytes", shown, url,
				 transfer->exchange->response.body.max);
	if (transfer->headers_too_large)
		return error_new(ERROR_INVALID, "headers of the answer of \"%.*s\" are larger than %d bytes", shown,
				 url, MAX_HEADER_BYTES);
	enum error_class class = class_of(transfer, code);
	const struct http_tls *tls = transfer->exchange->request.tls;
	long refused = 0;
	transfer->real->curl.easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &refused);
	if (refused >= 300)
		return error_remedy(error_new(refused == 407 ? ERROR_AUTH : ERROR_TRANSIENT,
					      "cannot reach \"%.*s\": the proxy answered %ld", shown, url, refused),
				    "look at HTTPS_PROXY and NO_PROXY, or at proxy-url in the kubeconfig%s",
				    refused == 407 ? ": the proxy wants a user and password" : "");
	if (code == CURLE_SSL_CACERT_BADFILE && tls && tls->ca_file)
		return error_remedy(
			error_new(class, "\"%s\" cannot be read, or is no PEM file of certificates", tls->ca_file),
			"mend AWS_CA_BUNDLE, or ca_bundle in the profile");
	if (transfer->idle)
		return error_new(class, "\"%.*s\" sent no byte for too long", shown, url);
	if (class == ERROR_CANCELLED)
		return error_new(class, "asking \"%.*s\" was interrupted", shown, url);
	if (transfer->dropped)
		return error_new(class, "\"%.*s\" closed the connection before it answered", shown, url);
	bool more = (class == ERROR_AUTH || code == CURLE_COULDNT_CONNECT) && transfer->words[0];
	char *words CLEANUP(mem_freep) = mem_strdup(more ? transfer->words : transfer->real->curl.easy_strerror(code));
	if (words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a')
		words[0] = (char)(words[0] | 0x20);
	bool begun = transfer->exchange->response.received_at_ms != 0;
	struct error *error = error_new(class, begun ? "answer of \"%.*s\" broke off: %s" : "cannot reach \"%.*s\": %s",
					shown, url, words);
	if (class == ERROR_AUTH)
		error = error_remedy(error, "the server's certificate does not match: check the address, the CA and "
					    "whether somebody is in between");
	else if (class == ERROR_INVALID)
		error = error_remedy(error, "what answers there is no HTTP, or the address is none: check scheme, host "
					    "and port of the endpoint");
	return error;
}

static void finish(struct transfer *transfer, CURLcode code)
{
	struct real_http *real = transfer->real;
	struct http_response *response = &transfer->exchange->response;
	long status = 0;
	struct curl_slist *connect = NULL;
	real->curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	real->curl.easy_getinfo(transfer->easy, CURLINFO_PRIVATE, (char **)&connect);
	if (code == CURLE_OK || response->stopped) {
		long sent = 0;
		real->curl.easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
		real->counts |= sent > 0;
		real->miscounts |= sent <= 0;
		response->status = (int)status;
	} else {
		response->error = error_of(transfer, code);
		response->maybe_sent = transfer->asked;
	}
	real->curl.slist_free_all(transfer->headers);
	real->curl.slist_free_all(connect);
	real->curl.easy_reset(transfer->easy);
	*HEAP_PUSH(real->idle, real->n_idle) = transfer->easy;
	transfer->running = false;
}

static void start(struct real_http *real, struct transfer *transfer, struct http_exchange *exchange)
{
	size_t max = exchange->request.limits.max_body_bytes;
	*transfer = (struct transfer){.real = real, .exchange = exchange, .running = true};
	buf_init(&exchange->response.body, max ? max : DEFAULT_BODY);
	transfer->easy = real->n_idle ? real->idle[--real->n_idle] : real->curl.easy_init();
	exchange->response.sent_at_ms = clock_wall_ms(real->clock);
	struct error *error = prepare(transfer);
	if (error) {
		finish(transfer, CURLE_URL_MALFORMAT);
		error_free(exchange->response.error);
		exchange->response.error = error;
		exchange->response.maybe_sent = false;
		return;
	}
	real->curl.multi_add_handle(real->multi, transfer->easy);
}

static void collect(struct real_http *real, struct transfer *transfers, size_t n, unsigned *running)
{
	CURLMsg *message;
	int left;
	while ((message = real->curl.multi_info_read(real->multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		for (size_t i = 0; i < n; i++) {
			if (transfers[i].easy != easy || !transfers[i].running)
				continue;
			real->curl.multi_remove_handle(real->multi, easy);
			finish(&transfers[i], code);
			(*running)--;
			break;
		}
	}
}

static struct error *load(struct real_http *real)
{
	if (real->loaded)
		return NULL;
	TRY(curl_library_load(&real->curl));
	real->multi = real->curl.multi_init();
	real->curl.multi_setopt(real->multi, CURLMOPT_MAXCONNECTS, 128L);
	real->curl.multi_setopt(real->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	real->loaded = true;
	return NULL;
}

static void real_perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct real_http *real = (struct real_http *)http;
	struct error *error = load(real);
	if (error) {
		for (size_t i = 0; i < n; i++)
			exchanges[i].response.error =
				i == 0 ? error : error_new(ERROR_STATE, "libcurl is not installed");
		return;
	}
	struct transfer *transfers = mem_array(n, sizeof *transfers);
	unsigned running = 0;
	for (size_t next = 0; next < n || running;) {
		for (; next < n && running < real->max_parallel; next++) {
			start(real, &transfers[next], &exchanges[next]);
			running += transfers[next].running;
		}
		int still;
		real->curl.multi_perform(real->multi, &still);
		collect(real, transfers, n, &running);
		if (running)
			real->curl.multi_poll(real->multi, NULL, 0, 200, NULL);
	}
	free(transfers);
}

static void real_free(struct http *http)
{
	struct real_http *real = (struct real_http *)http;
	for (size_t i = 0; i < real->n_idle; i++)
		real->curl.easy_cleanup(real->idle[i]);
	if (real->multi)
		real->curl.multi_cleanup(real->multi);
	free(real->idle);
	free(real);
}

struct http *http_real_new(struct clock *clock, unsigned max_parallel, volatile const int *interrupted)
{
	static const struct http_ops ops = {real_perform, real_free};
	struct real_http *real = mem_alloc(sizeof *real);
	real->http.ops = &ops;
	real->clock = clock;
	real->max_parallel = max_parallel ? max_parallel : DEFAULT_PARALLEL;
	real->interrupted = interrupted;
	return &real->http;
}
