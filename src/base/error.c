/* Error objects, and how they are shown. */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/secret.h"
#include "base/words.h"

static const char *const class_names[ERROR_CLASSES] = {
	[ERROR_INVALID] = "INVALID",
	[ERROR_AUTH] = "AUTH",
	[ERROR_NOT_FOUND] = "NOT_FOUND",
	[ERROR_CONFLICT] = "CONFLICT",
	[ERROR_PRECONDITION] = "PRECONDITION",
	[ERROR_THROTTLED] = "THROTTLED",
	[ERROR_TRANSIENT] = "TRANSIENT",
	[ERROR_TIMEOUT] = "TIMEOUT",
	[ERROR_CANCELLED] = "CANCELLED",
	[ERROR_SUBPROCESS] = "SUBPROCESS",
	[ERROR_STATE] = "STATE",
	[ERROR_BUG] = "BUG",
};

static struct error *make(enum error_class class, const char *format, va_list args)
{
	struct error *error = mem_alloc(sizeof *error);
	error->class = class;
	error->message = mem_vprintf(format, args);
	error->exit_status = -1;
	error->retry_after_ms = -1;
	return error;
}

struct error *error_new(enum error_class class, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct error *error = make(class, format, args);
	va_end(args);
	return error;
}

struct error *error_wrap(struct error *cause, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct error *error = make(cause->class, format, args);
	va_end(args);
	error->code = mem_strdup(cause->code);
	error->service = mem_strdup(cause->service);
	error->operation = mem_strdup(cause->operation);
	error->request_id = mem_strdup(cause->request_id);
	error->remedy = TAKE(cause->remedy);
	error->http_status = cause->http_status;
	error->exit_status = cause->exit_status;
	error->retry_after_ms = cause->retry_after_ms;
	error->tries = cause->tries;
	error->outcome_unknown = cause->outcome_unknown;
	error->cause = cause;
	return error;
}

struct error *error_remedy(struct error *error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *remedy = mem_vprintf(format, args); /* may quote the one before */
	va_end(args);
	free(error->remedy);
	error->remedy = remedy;
	return error;
}

static void hide(char **text, const char *secret, size_t n)
{
	static const char instead[] = "[hidden]";
	if (!*text || !strstr(*text, secret))
		return;
	struct buf clean CLEANUP(buf_done) = BUF_INIT(1 << 24);
	const char *p = *text;
	for (const char *at; (at = strstr(p, secret)); p = at + n) {
		buf_append(&clean, p, (size_t)(at - p));
		buf_puts(&clean, instead);
	}
	buf_puts(&clean, p);
	secret_wipe(*text, strlen(*text));
	free(*text);
	*text = mem_strdup(buf_str(&clean));
}

void error_hide(struct error *error, const char *secret)
{
	enum { SECRET_AT_LEAST = 6 };
	size_t n = secret ? strlen(secret) : 0;
	if (n < SECRET_AT_LEAST)
		return;
	for (; error; error = error->cause) {
		hide(&error->message, secret, n);
		hide(&error->remedy, secret, n);
	}
}

static enum error_class class_of_errno(int number)
{
	switch (number) {
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERROR_AUTH;
	case ETIMEDOUT:
		return ERROR_TIMEOUT;
	case ECONNREFUSED:
	case ECONNRESET:
	case EAGAIN:
		return ERROR_TRANSIENT;
	case EINVAL:
	case EISDIR:
	case ENOTDIR:
	case ENAMETOOLONG:
		return ERROR_INVALID;
	default:
		return ERROR_STATE;
	}
}

enum error_class error_class_of_http(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_AUTH;
	case 404:
		return ERROR_NOT_FOUND;
	case 409:
		return ERROR_CONFLICT;
	case 410:
	case 412:
		return ERROR_PRECONDITION;
	case 429:
		return ERROR_THROTTLED;
	default:
		return status >= 500 ? ERROR_TRANSIENT : ERROR_INVALID;
	}
}

static const char *remedy_of_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return "make room on the disk and start again; nothing is lost";
	case EROFS:
		return "use a place that can be written";
	case EACCES:
	case EPERM:
		return "check owner and mode of the file and its directory";
	case ENOENT:
		return "check the path";
	default:
		return NULL;
	}
}

struct error *error_from_errno(int number, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text CLEANUP(mem_freep) = mem_vprintf(format, args);
	va_end(args);
	const char *words = strerrordesc_np(number);
	char *lower CLEANUP(mem_freep) = mem_strdup(words ? words : "unknown failure");
	lower[0] = (char)tolower((unsigned char)lower[0]);
	struct error *error = error_new(class_of_errno(number), "%s: %s", text, lower);
	error->remedy = mem_strdup(remedy_of_errno(number));
	return error;
}

struct error *error_copy(const struct error *error)
{
	struct error *first = NULL, **last = &first;
	for (; error; error = error->cause) {
		struct error *copy = mem_alloc(sizeof *copy);
		*copy = *error;
		copy->message = mem_strdup(error->message);
		copy->remedy = mem_strdup(error->remedy);
		copy->code = mem_strdup(error->code);
		copy->service = mem_strdup(error->service);
		copy->operation = mem_strdup(error->operation);
		copy->request_id = mem_strdup(error->request_id);
		*last = copy;
		last = &copy->cause;
	}
	return first;
}

void error_free(struct error *error)
{
	while (error) {
		struct error *cause = error->cause;
		free(error->message);
		free(error->remedy);
		free(error->code);
		free(error->service);
		free(error->operation);
		free(error->request_id);
		free(error);
		error = cause;
	}
}

bool error_was(struct error **error, enum error_class class)
{
	if (!*error || (*error)->class != class)
		return false;
	error_free(TAKE(*error));
	return true;
}

void error_freep(struct error **error)
{
	error_free(*error);
}

const char *error_class_name(enum error_class class)
{
	return (unsigned)class < ERROR_CLASSES ? class_names[class] : "BUG";
}

/* A server's words may hold what moves a terminal's cursor. */
static void put_line(struct buf *out, const char *words)
{
	words_clean(out, slice_of(words), false, 0);
}

static void render_ids(const struct error *error, struct buf *out)
{
	if (error->service || error->operation)
		buf_printf(out, "%s%s%s", error->service ? error->service : "",
			   error->service && error->operation ? ":" : "", error->operation ? error->operation : "");
	if (error->code) {
		buf_puts(out, error->service || error->operation ? ": " : "");
		put_line(out, error->code);
	}
	if (error->http_status)
		buf_printf(out, " (%d)", error->http_status);
	if (error->request_id) {
		buf_puts(out, ", request id: ");
		put_line(out, error->request_id);
	}
	if (error->tries)
		buf_printf(out, error->tries == 1 ? ", not retried" : ", tried %u times", error->tries);
}

/* Line ends are kept, under the first. */
static void put_words(struct buf *out, const char *words)
{
	for (const char *p = words;; p++) {
		size_t n = strcspn(p, "\n");
		words_clean(out, slice_make(p, n), false, 0);
		p += n;
		if (!*p)
			return;
		buf_puts(out, "\n       ");
	}
}

void error_render(const struct error *error, struct buf *out)
{
	const char *remedy = NULL;
	buf_puts(out, "error: ");
	for (const struct error *e = error; e; e = e->cause) {
		buf_puts(out, e == error ? "" : ": ");
		put_words(out, e->message);
		remedy = remedy ? remedy : e->remedy;
	}
	buf_putc(out, '\n');
	bool usage = error->code && !strcmp(error->code, "Usage");
	if ((error->service || error->operation || error->request_id) && !usage) {
		buf_puts(out, "       ");
		render_ids(error, out);
		buf_putc(out, '\n');
	}
	if (error->outcome_unknown)
		buf_puts(
			out,
			"       it is not known whether this happened; the world is read again before anything else\n");
	if (remedy) {
		buf_puts(out, "do:    ");
		put_words(out, remedy);
		buf_putc(out, '\n');
	}
}

void error_line(const struct error *error, struct buf *out)
{
	for (const struct error *e = error; e; e = e->cause) {
		buf_puts(out, e == error ? "" : ": ");
		put_line(out, e->message);
	}
	bool again = error->tries > 1;
	if (!error->code && !error->request_id && !again)
		return;
	buf_puts(out, " [");
	put_line(out, error->code ? error->code : "");
	buf_puts(out, error->code && error->request_id ? ", " : "");
	put_line(out, error->request_id ? error->request_id : "");
	if (again)
		buf_printf(out, "%stried %u times", error->code || error->request_id ? ", " : "", error->tries);
	buf_putc(out, ']');
}
