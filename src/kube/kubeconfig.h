/* Where a cluster is and how to sign in: from kubeconfig files, from inside a cluster, or from EKS. */
#pragma once

#include "base/secret.h"
#include "kube/kube.h"

struct kube_exec {
	const char *api_version, *command;
	const char **args;
	size_t n_args;
	const char **env; /* "NAME=value" */
	size_t n_env;
	bool provide_cluster_info;
	bool asks_never, asks_always; /* interactiveMode; neither: where somebody can be asked */
	const char *install_hint;
	const char *cluster_config; /* JSON: the cluster's extension for plugins; or NULL */
	const char *place;	    /* "FILE:LINE:COLUMN: user \"x\"": what messages begin with */
};

struct kube_access {
	const char *server; /* without a slash at its end */
	struct http_tls tls;
	const char *proxy;
	struct secret *token, *password;
	const char *token_file, *username;
	struct kube_exec *exec; /* NULL: none */
	struct http_header *impersonation;
	size_t n_impersonation;
};

/* Text lives in the arena, secrets are owned by the access. Errors name file, line, column and key. */
struct error *kube_access_load(const struct kube_options *options, struct arena *arena,
			       struct kube_access *ret) MUST_CHECK;
/* Whether a text can stand in a header as a token: visible ASCII and nothing else. */
bool kube_is_token(const char *text, size_t n);
void kube_access_done(struct kube_access *access);
/* What is wrong with PEM text, in words that follow "KEY: " (the caller's); NULL: nothing. Of a bundle, one certificate
 * that has not ended is enough. The pair's words are about the key. */
char *kube_pem_certificates_wrong(const char *pem, int64_t now_ms);
char *kube_pem_pair_wrong(const char *certificate_pem, const char *key_pem);
/* INVALID for an address that is neither https nor http to this machine itself. */
struct error *kube_access_check_server(const char *server) MUST_CHECK;
