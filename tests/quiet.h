/* Group set-up of tests whose agents have much to say of what goes wrong on purpose. */
#pragma once

#include "base/log.h"

static inline int quiet(void **state)
{
	(void)state;
	log_setup(LOG_ERROR + 1, LOG_TEXT, 2);
	return 0;
}
