/* The configuration: one YAML file, every value optional but the cluster; the same keys as environment variables
 * (EUA_TRAFFIC_STEPS=10,50,100) and, for the common ones, flags. Order: flag, environment, file, default. */
#pragma once

#include "codec/model.h"
#include "base/secret.h"
#include "port/ports.h"

struct config_metric {
	const char *name;
	const char *prometheus; /* PromQL; or */
	const char *cloudwatch; /* JSON: {namespace, metric, statistic, dimensions}; exactly one of the two */
	const char *max_text, *worse_text; /* as written: "1%", "400ms" (in seconds then), "0.4" */
	bool has_max;
	double max; /* absolute limit on Green */
	bool has_worse;
	double worse_than_blue_by_at_most;
	int64_t min_requests;
};

struct config_test {
	const char *newman, *jmeter, *command;
};

/* When an upgrade may be: cron's five fields, in UTC, and how long it lasts from then. */
struct config_window {
	const char *schedule;
	int64_t duration_ms;
};
/* When none may be, whatever the windows say. */
struct config_freeze {
	const char *from_text, *to_text; /* days, the last one included, or RFC 3339 times */
	const char *reason;		 /* NULL: not told */
	int64_t from_ms, to_ms;
};

/* A risk that somebody takes: findings of the check `id` on objects that `object` matches do not count until then. */
struct config_risk {
	const char *id;
	const char *object; /* "NAMESPACE/NAME", "KIND NAMESPACE/NAME", NAME, an ARN or a file; * stands for anything */
	const char *owner, *reason;
	const char *expires_text; /* as written: "2026-12-31" (that day included) or an RFC 3339 time */
	int64_t expires_ms;	  /* 0: never */
};

struct config {
	/* where */
	const char *cluster;
	const char *target_version;
	const char *strategy_text;   /* as it was written */
	int strategy;		     /* enum strategy, from strategy_text */
	const char *custom_strategy; /* path, strategy custom */
	const char *profile, *region, *endpoint_url, *kubeconfig, *context;
	const char *journal;	    /* path of the SQLite file; default .eks-upgrade-agent/journal.db */
	const char *work_directory; /* child programs' jobs; default beside the journal */
	const char *clock_url;	    /* follow a simulator door's clock; NULL: the real one */
	struct {
		const char *name;		  /* default <cluster>-<target without dot> */
		const char *kubeconfig, *context; /* override for Green's API server; NULL: eks:DescribeCluster */
	} green;
	struct {
		const char *directory; /* module that makes Green */
		const char **var_files;
		size_t n_var_files;
		struct pair *variables;
		size_t n_variables;
		const char *state;  /* path; NULL: the module's own backend */
		const char *binary; /* default terraform */
	} terraform;
	struct {
		const char *server; /* Argo CD's REST API, https://argocd.example.com */
		const char *token;  /* secret reference: env:NAME, file:PATH, ssm:/…, secretsmanager:… */
		const char *project;
		bool insecure;
		const char *ns; /* default argocd; nothing reads it yet */
	} argocd;
	struct {
		int64_t *steps; /* percent on Green; default 10 25 50 75 100 */
		size_t n_steps;
		int64_t interval_ms;	    /* default 10m */
		int64_t tolerance_percent;  /* measured may differ from asked by so much; default 5 */
		int64_t measure_timeout_ms; /* hold when the share has not moved by then; default 30m */
		const char *hosted_zone;
		const char **records;
		size_t n_records;
		const char *green_load_balancer; /* dns name; NULL: found through Green's ingress */
		int64_t ttl_s;			 /* default 60 */
	} traffic;
	struct {
		struct config_metric *metrics;
		size_t n_metrics;
		struct config_test *tests;
		size_t n_tests;
		const char **probes;
		size_t n_probes;
		int64_t probe_interval_ms;	   /* default 5s */
		int64_t hold_timeout_ms;	   /* NO_DATA or PROVIDER_ERROR this long: roll back; default 30m */
		int64_t min_requests;		   /* default 500 */
		double max_error_rate;		   /* default 1 % */
		double worse_than_blue_by_at_most; /* default 0.5 % */
	} validation;
	int64_t bake_ms;	/* default 15m */
	const char **approvals; /* step ids or kinds that ask a person; default decommission */
	size_t n_approvals;
	bool assess;		     /* plans are made from an assessment too; default true */
	bool approvals_by_yes;	     /* --yes may answer them; default false */
	int64_t approval_expires_ms; /* default 24h */
	int64_t max_parallel_steps;  /* default 4 */
	bool keep_green;	     /* after a roll back, keep Green for looking at; default false */
	int64_t lease_ttl_ms;	     /* default 60s */
	struct {
		struct config_window *windows; /* none: at any time */
		struct config_freeze *freezes;
		size_t n_windows, n_freezes;
	} maintenance;
	struct config_risk *risks;
	size_t n_risks;
	struct {
		const char **only, **except; /* ids; * stands for anything */
		size_t n_only, n_except;
		struct pair *severity; /* id -> "LOW" */
		size_t n_severity;
		int64_t support_ends_within_days; /* how early the end of support is told; default 60 */
		int64_t min_replicas;		  /* WL-REPLICAS: fewer are told; default 2 */
		int64_t audit_log_hours; /* how far back CloudWatch Logs is searched; default 24, 0: not at all */
	} checks;
	struct {
		bool enabled;	    /* assess reads them too */
		const char *mirror; /* instead of the pages' hosts */
		const char *cache;  /* folder; NULL: the user's own */
	} release_notes;
	struct {
		bool enabled;
		const char *bedrock_model_id, *comprehend_endpoint, *step_functions_arn, *eventbridge_bus_name,
			*ssm_parameter_prefix;
	} ai;
	/* from flags only */
	bool dry_run, yes;
	bool simulated;			    /* the in-process simulator: made-up keys */
	const char *mfa_code;		    /* of the profile's mfa_serial; NULL: the person is asked */
	const char *terminal;		    /* where a program may ask the person; NULL: nowhere */
	char *(*ask)(const char *question); /* a line from the person, the caller's; NULL: nobody can be asked */
};
extern const struct model config_model;
enum { CONFIG_LARGEST_FILE = 4 << 20 }; /* of those that it names */

/* Where a value came from, for `config show`: path -> "flag --region", "environment EUA_…", "upgrade.yaml:3:9",
 * "default". */
struct config_origin {
	const char *path, *origin;
};
/* Where the value at `path` came from; elements of a list are from where the list is. Never NULL. */
const char *config_origin(const struct config_origin *origins, size_t n, const char *path);

struct config_flag {
	const char *path; /* dotted */
	const char *value;
	const char *name; /* "--region", for `config show` and messages */
};
struct config_source {
	const char *file; /* --config; NULL: eks-upgrade-agent.yaml if it is there */
	const struct config_flag *flags;
	size_t n_flags;
	const char *(*getenv)(void *context, const char *name); /* NULL: the process's environment */
	void *getenv_context;
};
/* Reads file, environment and flags, sets defaults, validates. All in `arena`. */
struct error *config_load(const struct config_source *source, struct arena *arena, struct config *ret,
			  struct config_origin **ret_origins, size_t *ret_n) MUST_CHECK;
/* What holds where nothing is said. */
void config_defaults(struct config *config, struct arena *arena);
/* INVALID, naming the key, for what makes no sense: config_load() has asked already. */
struct error *config_validate(const struct config *config, struct arena *arena) MUST_CHECK;

/* A secret reference's kind and what follows the colon. */
enum config_secret { CONFIG_SECRET_ENV, CONFIG_SECRET_FILE, CONFIG_SECRET_SSM, CONFIG_SECRET_SECRETSMANAGER };
struct error *config_secret_parse(const char *reference, enum config_secret *ret_kind,
				  const char **ret_name) MUST_CHECK;
/* Reads an env: or file: reference. NULL gives NULL. */
struct error *config_secret_read(const char *reference, struct secret **ret) MUST_CHECK;
/* INVALID when it is not a minor version such as "1.35"; NULL is none given. `where` names its place to people. */
struct error *config_check_version(const char *version, const char *where) MUST_CHECK;
/* From YAML text alone: no environment, no flags. */
struct error *config_from_text(struct slice text, const char *name, struct arena *arena, struct config *ret) MUST_CHECK;
