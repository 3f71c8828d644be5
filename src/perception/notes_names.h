/* Which words of a sentence name something: flags, versions of APIs, feature gates, fields, kinds, components. */
#pragma once

#include "perception/notes_facts.h"
#include "perception/notes_words.h"

/* Each gives the name that the word at `at` is, in the arena or for ever; NULL: it is none. */
const char *notes_component(const char *lower);		       /* "kubelet"; of "apiserver" "kube-apiserver" */
const char *notes_flag(struct arena *arena, const char *word); /* "--cloud-config" of "--cloud-config=x" */
/* "policy/v1beta1"; of a bare "v1alpha1" after a known kind its group with it. */
const char *notes_api_version(struct arena *arena, const struct notes_sentence *sentence, size_t at);
/* "spec.externalIPs", and the kind that it is said to be of (NULL: none). */
const char *notes_field(struct arena *arena, struct notes_facts *facts, const struct notes_sentence *sentence,
			size_t at, const char **ret_kind);
/* "containerd" with *ret_value "2.1". */
const char *notes_versioned(struct arena *arena, const struct notes_sentence *sentence, size_t at,
			    const char **ret_value);

bool notes_is_gate(const struct notes_sentence *sentence, size_t at);
bool notes_is_kind(struct notes_facts *facts, const struct notes_sentence *sentence, size_t at);
/* Is the word a kind that this version of an API has, or had? */
bool notes_kind_of_api(const char *word, const char *api_version);
const char *notes_stage(const struct notes_sentence *sentence, size_t at); /* "alpha", "beta", "GA"; NULL */
const char *notes_default(const struct notes_sentence *sentence);	   /* "enabled", "disabled"; NULL */
