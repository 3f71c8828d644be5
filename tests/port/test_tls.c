/* TLS: whom we trust, by which name, and what we show of ourselves. Certificates are made by the openssl command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "port/clock.h"
#include "port/http.h"
#include "port/scratch.h"

struct place {
	char directory[256];
	char *server_cert, *server_key, *other_cert, *client_cert, *client_key;
	struct MHD_Daemon *open;
	struct clock *clock;
	struct http *http;
};

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_size, void **state)
{
	(void)context;
	(void)method;
	(void)version;
	(void)upload;
	(void)state;
	*upload_size = 0;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (!info)
		return MHD_NO;
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	char *text = mem_printf("%s asked as %s", url, host ? host : "nobody");
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static char *make_certificate(struct place *place, const char *name, const char *host)
{
	char *command CLEANUP(mem_freep) =
		mem_printf("cd \"%s\" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
			   "-subj /CN=%s "
			   "-addext subjectAltName=DNS:%s -keyout %s.key -out %s.pem 2>/dev/null",
			   place->directory, host, host, name, name);
	int status = -1;
	pid_t shell = fork();
	if (!shell) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(shell, &status, 0), shell);
	assert_int_equal(status, 0);
	char *file CLEANUP(mem_freep) = mem_printf("%s.pem", name);
	return scratch_read(place->directory, file);
}

static char *key_of(struct place *place, const char *name)
{
	char *file CLEANUP(mem_freep) = mem_printf("%s.key", name);
	return scratch_read(place->directory, file);
}

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	scratch_new(place->directory);
	place->server_cert = make_certificate(place, "server", "green.example");
	place->server_key = key_of(place, "server");
	place->other_cert = make_certificate(place, "other", "green.example");
	place->client_cert = make_certificate(place, "client", "agent");
	place->client_key = key_of(place, "client");
	place->open = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, answer, NULL,
				       MHD_OPTION_HTTPS_MEM_CERT, place->server_cert, MHD_OPTION_HTTPS_MEM_KEY,
				       place->server_key, MHD_OPTION_END);
	assert_non_null(place->open);
	place->clock = clock_real_new(NULL);
	place->http = http_real_new(place->clock, 0, NULL);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	http_free(place->http);
	clock_free(place->clock);
	MHD_stop_daemon(place->open);
	scratch_remove(place->directory);
	free(place->server_cert);
	free(place->server_key);
	free(place->other_cert);
	free(place->client_cert);
	free(place->client_key);
	free(place);
	return 0;
}

static struct http_exchange ask(struct place *place, const char *host, const struct http_tls *tls)
{
	unsigned port = MHD_get_daemon_info(place->open, MHD_DAEMON_INFO_BIND_PORT)->port;
	char *url CLEANUP(mem_freep) = mem_printf("https://%s:%u/where?x=1", host, port);
	struct http_exchange exchange = {.request = {.method = "POST", .url = url, .tls = tls, .proxy = ""}};
	http_perform(place->http, &exchange, 1);
	exchange.request.url = NULL;
	return exchange;
}

/* `why`: what is wrong with the certificate, part of what is told. */
static void refuse(struct place *place, const char *host, const struct http_tls *tls, const char *why)
{
	struct http_exchange exchange = ask(place, host, tls);
	assert_non_null(exchange.response.error);
	assert_int_equal(exchange.response.error->class, ERROR_AUTH);
	assert_false(exchange.response.maybe_sent);
	assert_non_null(exchange.response.error->remedy);
	if (!strstr(exchange.response.error->message, why))
		fail_msg("wanted \"%s\", got \"%s\"", why, exchange.response.error->message);
	http_exchange_done(&exchange);
}

static void strangers_are_refused_before_anything_is_sent(void **state)
{
	struct place *place = *state;
	refuse(place, "127.0.0.1", NULL, "certificate"); /* signed by nobody the machine knows */
	refuse(place, "127.0.0.1", &(struct http_tls){.ca_pem = place->other_cert, .server_name = "green.example"},
	       "certificate");
}

static void the_name_in_the_certificate_must_be_the_hosts(void **state)
{
	struct place *place = *state;
	refuse(place, "127.0.0.1", &(struct http_tls){.ca_pem = place->server_cert}, "127.0.0.1'");
	refuse(place, "127.0.0.1", &(struct http_tls){.ca_pem = place->server_cert, .server_name = "blue.example"},
	       "blue.example");
}

static void another_name_is_verified_but_not_told_as_host(void **state)
{
	struct place *place = *state;
	struct http_tls tls = {.ca_pem = place->server_cert, .server_name = "green.example"};
	struct http_exchange exchange = ask(place, "127.0.0.1", &tls);
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.status, 200);
	assert_ptr_equal(strstr(buf_str(&exchange.response.body), "/where asked as 127.0.0.1:"),
			 exchange.response.body.p);
	http_exchange_done(&exchange);
}

static void a_ca_may_be_a_file(void **state)
{
	struct place *place = *state;
	char *file CLEANUP(mem_freep) = mem_printf("%s/server.pem", place->directory);
	struct http_tls tls = {.ca_file = file, .server_name = "green.example"};
	struct http_exchange exchange = ask(place, "127.0.0.1", &tls);
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	static const char *const wrong[] = {"/there/is/no/such.pem", "/etc/hostname"};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		tls.ca_file = wrong[i];
		exchange = ask(place, "127.0.0.1", &tls);
		assert_non_null(exchange.response.error);
		assert_int_equal(exchange.response.error->class, ERROR_AUTH);
		assert_non_null(strstr(exchange.response.error->message, wrong[i]));
		assert_non_null(strstr(exchange.response.error->remedy, "AWS_CA_BUNDLE"));
		http_exchange_done(&exchange);
	}
}

static void trust_of_one_request_is_not_the_next_ones(void **state)
{
	struct place *place = *state;
	struct http_tls good = {.ca_pem = place->server_cert, .server_name = "green.example"};
	struct http_tls bad = {.ca_pem = place->other_cert, .server_name = "green.example"};
	struct http_exchange exchange = ask(place, "127.0.0.1", &good);
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	refuse(place, "127.0.0.1", &bad, "certificate"); /* though a connection that was trusted is open */
	exchange = ask(place, "127.0.0.1", &(struct http_tls){.insecure = true});
	assert_null(exchange.response.error);
	http_exchange_done(&exchange);
	refuse(place, "127.0.0.1", NULL, "certificate");
}

static void a_client_shows_its_certificate(void **state)
{
	struct place *place = *state;
	MHD_stop_daemon(place->open);
	place->open =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, answer, NULL,
				 MHD_OPTION_HTTPS_MEM_CERT, place->server_cert, MHD_OPTION_HTTPS_MEM_KEY,
				 place->server_key, MHD_OPTION_HTTPS_MEM_TRUST, place->client_cert, MHD_OPTION_END);
	struct http_tls tls = {.ca_pem = place->server_cert,
			       .server_name = "green.example",
			       .cert_pem = place->client_cert,
			       .key_pem = place->client_key};
	struct http_exchange exchange = ask(place, "127.0.0.1", &tls);
	assert_null(exchange.response.error);
	assert_int_equal(exchange.response.status, 200);
	http_exchange_done(&exchange);
	tls.key_pem = place->server_key; /* not the certificate's */
	exchange = ask(place, "127.0.0.1", &tls);
	assert_non_null(exchange.response.error);
	assert_int_equal(exchange.response.error->class, ERROR_AUTH);
	http_exchange_done(&exchange);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(strangers_are_refused_before_anything_is_sent),
		test(the_name_in_the_certificate_must_be_the_hosts),
		test(another_name_is_verified_but_not_told_as_host),
		test(a_ca_may_be_a_file),
		test(trust_of_one_request_is_not_the_next_ones),
		test(a_client_shows_its_certificate),
	};
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
