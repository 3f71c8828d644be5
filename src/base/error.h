/* Errors are objects: NULL is success. They carry what a person at 3 a.m. and an AWS ticket need.
 * A function logs or returns an error, never both. Expected outcomes (not found, already so) are enum results instead
 * wherever the caller is likely to branch on them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/macros.h"

enum error_class {
	ERROR_INVALID, /* input or answer makes no sense; a retry would not help */
	ERROR_AUTH,    /* not signed in, or not allowed */
	ERROR_NOT_FOUND,
	ERROR_CONFLICT,	    /* exists already, changed under us, another operation in progress */
	ERROR_PRECONDITION, /* the world is not in the state this needs; a person or another step must change it */
	ERROR_THROTTLED,
	ERROR_TRANSIENT, /* 5xx, connection refused or reset: likely to pass */
	ERROR_TIMEOUT,
	ERROR_CANCELLED,  /* asked to stop */
	ERROR_SUBPROCESS, /* a program could not be started, or ended non-zero, or wrote nonsense */
	ERROR_STATE,	  /* journal, lease, disk */
	ERROR_BUG,
	ERROR_CLASSES
};

struct error {
	enum error_class class;
	char *message;		/* lower case, failure first, subject in quotes; never NULL */
	char *remedy;		/* what to do next; NULL when nothing helpful is known */
	char *code;		/* the service's own code, e.g. "ResourceInUseException"; or NULL */
	char *service;		/* "eks", "kubernetes", "terraform" …; or NULL */
	char *operation;	/* "UpdateClusterVersion"; or NULL */
	char *request_id;	/* or NULL */
	int http_status;	/* 0 when there was no answer */
	int exit_status;	/* of a child process; -1 when it has none */
	int64_t retry_after_ms; /* the server's hint; -1 when it gave none */
	unsigned tries;		/* how often the call went out; 0 when it never did, or nobody counted */
	bool outcome_unknown;	/* a mutation may or may not have happened: re-read the world before anything else */
	struct error *cause;	/* owned; or NULL */
};

/* Makes an error. Never NULL. */
struct error *error_new(enum error_class class, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK NEVER_NULL;

/* Puts an outer message around `cause` (taken). Class, ids, hints and outcome_unknown are copied from the cause,
 * so that callers need not walk the chain to decide. */
struct error *error_wrap(struct error *cause, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK NEVER_NULL;

/* Sets what to do next; gives the same error back, so that it can stand in a return. */
struct error *error_remedy(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK NEVER_NULL;

/* A server may repeat in its refusal what it was sent. Takes `secret` (NULL: none) out of all messages of the chain;
 * what is too short to be a secret stays. */
void error_hide(struct error *error, const char *secret);

/* What an HTTP status that is no success means, where the service has said nothing more exact. */
enum error_class error_class_of_http(int status);
struct error *error_from_errno(int number, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK NEVER_NULL;
struct error *error_copy(const struct error *error) MUST_CHECK; /* the whole chain; NULL of NULL */
void error_free(struct error *error);
void error_freep(struct error **error); /* for CLEANUP */
#define ERROR_CLEANUP CLEANUP(error_freep)

/* Was that what was wrong? Then the error is freed and NULL: what was to go is gone, what was to be made is there. */
bool error_was(struct error **error, enum error_class class);

/* For the rare place that truly does not care. */
static inline void error_ignore(struct error *error)
{
	error_free(error);
}

const char *error_class_name(enum error_class class); /* "INVALID" … */

/* One paragraph, "error: …\n       service:Operation: Code (status), request id: …\ndo:    …\n". */
void error_render(const struct error *error, struct buf *out);
/* One line: the messages of the chain joined by ": ", then code and request id in brackets. */
void error_line(const struct error *error, struct buf *out);

/* Returns the error from the enclosing function if the call failed. */
#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		struct error *try_error_ = (call);                                                                     \
		if (try_error_)                                                                                        \
			return try_error_;                                                                             \
	} while (0)
