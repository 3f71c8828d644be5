/* An audit log of the API server's, as a file: events of audit.k8s.io/v1, one a line, as a backend writes them. Of each
 * caller's deprecated calls one row is kept in the inventory, of the same form as those of CloudWatch's search. */
#pragma once

#include "perception/inventory.h"

/* Reads it line by line, however large it is. Tells the source "audit log file"; lines that are no events cost
 * themselves. NOT_FOUND, AUTH and INVALID (not one event in it) say what to do. */
struct error *audit_log_read(struct inventory *inventory, const char *path) MUST_CHECK;
/* The same of a text; false: not one event in it. */
bool audit_log_text(struct inventory *inventory, struct slice text);
