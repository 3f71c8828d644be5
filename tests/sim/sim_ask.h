/* A world with its ports and our own AWS client on it, asked in one line. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "aws/aws.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/document.h"
#include "port/ports.h"
#include "sim/sim.h"

struct bench {
	struct sim *sim;
	struct ports ports;
	struct aws *aws;
};

struct bench bench_new(const char *cluster, uint64_t seed, const char *fault /* or NULL */);
void bench_done(struct bench *bench);
void bench_pass(struct bench *bench, int64_t ms); /* lets time pass */

/* "eks:DescribeCluster"; input is taken (NULL: none). The answer is the caller's; the test fails on an error. */
json_t *bench_ask(struct bench *bench, const char *operation, json_t *input);
/* The call must be refused with this code. */
void assert_refused(struct bench *bench, const char *operation, json_t *input, const char *code);
/* The text at a path of an answer. */
void assert_says(struct bench *bench, const char *operation, json_t *input, const char *path, const char *text);
/* Any HTTP request to Argo CD or a user's address; gives the body (the caller's) and its status. */
json_t *fetch(struct bench *bench, const char *method, const char *url, json_t *body, int *ret_status);
void assert_near(double value, double wanted, double by);
/* How often an effect happened. */
int64_t effect(struct bench *bench, const char *name);
/* Weights of both colours in one batch; the original record is taken away where it stands. Green is "shop-134". */
void set_weights(struct bench *bench, int blue, int green);
/* Green as terraform would leave it: "shop-134" with the node groups of Blue and all applications, ready. */
void make_green(struct bench *bench);
