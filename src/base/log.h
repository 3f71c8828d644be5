/* The one logger: lines on stderr, text or JSON. Secrets never reach it: struct secret has no printable form. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/macros.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Process-wide, set once by the program's face before anything else; `now` may be NULL (then the wall clock). */
void log_setup(enum log_level least, enum log_format format, int fd);
void log_clock(int64_t (*now_ms)(void *context), void *context);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *area, const char *format, ...) PRINTF_LIKE(3, 4);

#define log_debug(area, ...) (log_enabled(LOG_DEBUG) ? log_write(LOG_DEBUG, (area), __VA_ARGS__) : (void)0)
#define log_info(area, ...) log_write(LOG_INFO, (area), __VA_ARGS__)
#define log_warn(area, ...) log_write(LOG_WARN, (area), __VA_ARGS__)
#define log_error(area, ...) log_write(LOG_ERROR, (area), __VA_ARGS__)
