/* The gate between Terraform's plan and its apply. Pure. */
#pragma once

#include <jansson.h>
#include "base/error.h"

/* `plan` is `terraform show -json`. PRECONDITION when it would delete or replace anything but what earlier attempts of
 * this run planned to make (`ours`: a list of addresses, or NULL), or would touch cluster `blue`. *ret_creates: the
 * addresses it makes (the caller's). */
struct error *terraform_gate(const json_t *plan, const char *blue, const json_t *ours, json_t **ret_creates) MUST_CHECK;
