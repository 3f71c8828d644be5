/* The one logger. Process-wide state, set once at the start by the program's face. */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/time.h"
#include "base/words.h"

static struct {
	enum log_level least;
	enum log_format format;
	int fd;
	int64_t (*now_ms)(void *context);
	void *context;
} settings = {.least = LOG_WARN, .fd = STDERR_FILENO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level least, enum log_format format, int fd)
{
	settings.least = least;
	settings.format = format;
	settings.fd = fd;
}

void log_clock(int64_t (*now_ms)(void *context), void *context)
{
	settings.now_ms = now_ms;
	settings.context = context;
}

bool log_enabled(enum log_level level)
{
	return level >= settings.least;
}

static int64_t now_ms(void)
{
	if (settings.now_ms)
		return settings.now_ms(settings.context);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

/* A server's words must not write on the terminal of whoever reads the log. */
static void put_clean(struct buf *out, const char *text, bool json)
{
	struct buf escaped CLEANUP(buf_done) = BUF_INIT(128 << 10);
	if (!json) {
		words_clean(out, slice_of(text), false, 0);
		return;
	}
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\')
			buf_putc(&escaped, '\\');
		if (c < 0x20)
			buf_printf(&escaped, "\\u%04x", c);
		else
			buf_putc(&escaped, *p);
	}
	words_clean_json(out, buf_slice(&escaped));
}

void log_write(enum log_level level, const char *area, const char *format, ...)
{
	if (!log_enabled(level))
		return;
	struct buf text CLEANUP(buf_done) = BUF_INIT(16 << 10), line CLEANUP(buf_done) = BUF_INIT(128 << 10);
	va_list args;
	va_start(args, format);
	if (!buf_vprintf(&text, format, args))
		buf_puts(&text, "(a message too long to log)");
	va_end(args);
	char time[TIME_TEXT];
	time_format_rfc3339(now_ms(), time);
	bool json = settings.format == LOG_JSON;
	buf_printf(&line,
		   json ? "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":\"" : "%s %-5s %s: ", time,
		   level_names[level], area);
	put_clean(&line, buf_str(&text), json);
	buf_puts(&line, json ? "\"}\n" : "\n");
	ssize_t ignored = write(settings.fd, buf_str(&line), line.n); /* one write: lines of two processes do not mix */
	(void)ignored;
}
