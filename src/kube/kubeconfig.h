/* Where a cluster is and how to sign in: from kubeconfig files, from inside a cluster, or from EKS. */
#pragma once

#include "kube/kube.h"

struct kube_exec {
	const char *api_version, *command;
	const char **args;
	size_t n_args;
	const char **env; /* "NAME=value" */
	size_t n_env;
	bool provide_cluster_info;
};

struct kube_access {
	const char *server;
	struct http_tls tls;
	const char *proxy;
	const char *token, *token_file, *username, *password;
	struct kube_exec *exec; /* NULL: none */
};

/* All text lives in the arena. */
struct error *kube_access_load(const struct kube_options *options, struct arena *arena,
			       struct kube_access *ret) MUST_CHECK;
