/* What the templates of kube_text.c are filled with: a value for each letter. */
#pragma once

#include "sim/kube_text.h"

/* Values by letter. Those of the workload stay while consecutive pods share it. */
struct kube_values {
	struct slice v[128];
	const struct kube_workload *workload;
	char shared[4096];
	size_t shared_used;
	char own[4096];
	size_t used;
};

/* The template with its values, to `out`. */
void kube_expand(struct kube_out *out, struct slice template, const struct kube_values *vars);

/* Each sets a letter; texts that are not the values' own must stay until the object is written. */
void kube_put(struct kube_values *vars, char letter, const char *text);
void kube_put_uid(struct sim_kube *kube, struct kube_values *vars, char letter, uint64_t serial);
void kube_put_stamp(struct sim_kube *kube, struct kube_values *vars, char letter, int64_t ms);
void kube_put_number(struct kube_values *vars, char letter, uint64_t number);
void kube_put_ip(struct kube_values *vars, char letter, uint32_t ip);
void kube_put_hex(struct kube_values *vars, char letter, uint64_t seed, unsigned words); /* 16 digits a word */
void kube_put_joined(struct kube_values *vars, char letter, const struct slice *parts, size_t n);
#define PUT_JOINED(vars, letter, ...)                                                                                  \
	kube_put_joined((vars), (letter), (const struct slice[]){__VA_ARGS__},                                         \
			sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))
#define TEXT(literal) slice_make("" literal, sizeof(literal) - 1)
/* Formatted, with ' for "; `shared`: it stays while consecutive pods are of one workload. */
void kube_put_format(struct kube_values *vars, bool shared, char letter, const char *format, ...) PRINTF_LIKE(4, 5);
/* Room for n bytes that the caller writes, and then sets as a letter's value. Values are bounded by construction. */
char *kube_value_room(struct kube_values *vars, size_t n);
void kube_put_own(struct kube_values *vars, char letter, size_t n);

/* ---- kube_fill.c: the values of objects */
struct kube_shape {
	int head, body; /* templates; 0: none (TEXT_POD_HEAD is handled apart) */
	bool generation;
	void (*fill)(struct sim_kube *kube, struct kube_object *object, struct kube_values *vars);
};
extern const struct kube_shape kube_fixture_shape;
const struct kube_shape *kube_shape_of(const struct kube_object *object);
/* What every object of a workload draws on. */
void kube_fill_workload(struct sim_kube *kube, const struct kube_workload *workload, struct kube_values *vars);
void kube_fill_pod_owner(struct sim_kube *kube, struct kube_pod *pod, struct kube_values *vars);
/* `state` takes the text of the container's state, which a value then points to. */
void kube_fill_pod_status(struct sim_kube *kube, struct kube_pod *pod, struct kube_values *vars,
			  struct kube_out *state);
struct kube_object *kube_pod_owner(struct kube_workload *workload); /* the nearest controller of its pods */
const char *kube_component_of(const struct kube_workload *workload);

/* ---- kube_labels.c */
bool kube_is_own_pod(const struct kube_object *object); /* of a client's making, or of a client's workload */
void kube_render_labels(struct sim_kube *kube, struct kube_object *object, struct kube_out *out);
