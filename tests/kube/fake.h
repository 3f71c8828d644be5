/* A world of wood: an HTTP port that answers from a script, a clock that only sleeps forward, programs that print what
 * they are told to. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kube/kube.h"

struct fake_reply {
	const char *path; /* part of the URL it answers; NULL: whatever comes next */
	int status;	  /* 0: 200 */
	const char *body;
	const char *header, *value; /* one more header; or NULL */
	bool lose;		    /* TIMEOUT; the request may have arrived */
	bool refuse;		    /* TRANSIENT; it never left */
	size_t break_after;	    /* bytes of the body, then TRANSIENT; 0: whole */
	bool used;
};
struct fake_request {
	char *method, *url, *body, *authorization, *accept, *content_type, *all_headers;
	int64_t at_ms;
};
struct fake {
	struct ports ports;
	struct http http;
	struct clock clock;
	struct process process;
	int64_t now_ms;
	struct fake_reply *replies;
	size_t n_replies;
	struct fake_request *requests;
	size_t n_requests, most_at_once, chunk;
	struct arena *arena;
	/* the program */
	const char *output;
	int exit_status;
	unsigned runs;
	char *program, *exec_info, *asked_at;
	const char *terminal; /* given to clients made from here on */
};

void fake_init(struct fake *fake, struct fake_reply *replies, size_t n);
void fake_done(struct fake *fake);
/* A client of https://fake with the token "t0ken"; `kubeconfig` NULL, or the whole text of one. */
struct kube *fake_kube(struct fake *fake);
struct error *fake_kube_from(struct fake *fake, const char *kubeconfig, struct kube **ret);
/* Writes a file below the test's directory; its path lives as long as the fake. */
const char *fake_file(struct fake *fake, const char *name, const char *text);

#define FAKE(replies_) fake_init(&fake, (replies_), ARRAY_SIZE(replies_))
/* Fails the test when the error (freed) is none, or does not say so. */
void expect_error(struct error *error, enum error_class class, const char *part);
void expect_fine(struct error *error);
