/* The simulated world's inside: what is, and how time moves it. Times are wall milliseconds. */
#pragma once

#include <jansson.h>
#include "aws/tables.h"
#include "base/mem.h"
#include "base/time.h"
#include "port/ports.h"
#include "sim/kube.h"
#include "sim/sim.h"

#define SIM_ACCOUNT "111122223333"
#define SIM_REGION "us-east-1"
#define SIM_ZONE "Z0SIMEXAMPLE"
#define SIM_ALB_ZONE "Z35SXDOTRQ7X7K" /* of every load balancer in the region */
#define SIM_USERS_HOST "shop.example.com"
#define SIM_START INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */

enum { SIM_MAX_CLUSTERS = 16, SIM_MAX_GROUPS = 16, SIM_COHORTS = 4, SIM_MAX_FAULTS = 32 };

/* Where a thing of EKS is in its life. */
enum sim_life { LIFE_ABSENT, LIFE_CREATING, LIFE_ACTIVE, LIFE_UPDATING, LIFE_DELETING, LIFE_FAILED };

struct sim_group {
	char *name, *instance_type, *version, *token;
	int64_t nodes;
	enum sim_life life;
	int64_t created_ms, change_ms; /* when the present life ends; INT64_MAX: not by itself */
	int64_t starved;	       /* no instances could be had for it */
};

/* One minute of a load balancer, as CloudWatch keeps it. */
struct sim_minute {
	double requests, errors, refused; /* of them failed by targets; by the balancer itself, for want of targets */
	double latency_ms, p99_ms;
};

struct sim_cluster {
	char *name, *id, *version, *token;
	enum sim_life life;
	int64_t created_ms, change_ms;
	bool was_complete; /* it had nodes once: from then on node loss is told apart from being built */
	struct sim_kube *kube;
	struct sim_group groups[SIM_MAX_GROUPS];
	size_t n_groups;
	json_t *associations, *addons; /* Pod Identity associations; add-on name -> version */
	char *load_balancer;	       /* host name */
	struct sim_minute *minutes;    /* by minute since the world's start */
	size_t n_minutes;
	int64_t nodes_lost, sick;
	double ready;		/* of the users' pods, 0–1: kept, because it is asked at every step */
	int64_t look_ms;	/* when Argo CD notices what changed; INT64_MAX: nothing did */
	int64_t burst_until_ms; /* until then requests meet targets that are gone */
	double burst;		/* that part of them */
};

/* An application as Argo CD's controller keeps it. */
enum sim_app_phase { APP_IDLE, APP_RUNNING, APP_SUCCEEDED, APP_FAILED, APP_TERMINATED };
enum sim_app_health { APP_MISSING, APP_PROGRESSING, APP_HEALTHY, APP_DEGRADED };
struct sim_app {
	char *name;
	json_t *metadata, *spec, *operation; /* as posted; what the last operation was asked with */
	int64_t phase, health;		     /* enum sim_app_phase, enum sim_app_health */
	int64_t synced;			     /* as a word of the saved form: 0 or 1 */
	int64_t started_ms, copies_ms, ends_ms, finished_ms, reconciled_ms;
	int64_t gone_ms; /* INT64_MAX: not being deleted */
	char *message;
};

/* Users whose resolvers behave alike: their share on Green moves in a line from one weight to the next. */
struct sim_cohort {
	double part;	   /* of all users */
	int64_t settle_ms; /* how long after a change until all have moved; INT64_MAX: never */
	double from, to;   /* share on Green before and after the last change */
	int64_t changed_ms;
};

struct sim_fault {
	char *spec, *target, *what;
	double value;	      /* a part, milliseconds, or a number of nodes */
	double chance;	      /* of each strike */
	double after_traffic; /* percent asked on Green; < 0: no such condition */
	char *after_call;     /* "eks:CreateCluster"; or NULL */
	int64_t after_ms;     /* since the world's start */
	int64_t for_ms;	      /* INT64_MAX: for ever */
	int64_t since_ms;     /* when its condition came true; -1: not yet */
	int64_t left;	      /* how often it may strike; -1: no limit */
};

struct sim_change {
	char *id;
	int64_t insync_ms, submitted_ms;
};

/* An update of a cluster, of a node group or of an add-on. */
struct sim_update {
	char *id, *cluster, *group, *addon, *type, *from, *to, *token;
	int64_t status; /* enum sim_update_status */
	int64_t created_ms, next_ms;
};
enum sim_update_status { UPDATE_IN_PROGRESS, UPDATE_SUCCESSFUL, UPDATE_FAILED, UPDATE_CANCELLED };

struct sim_job;
struct sim_clock {
	struct clock clock;
	struct sim *sim;
};
/* Chance whose whole state is one word, so that it is saved with the world. */
struct sim_dice {
	struct random random;
	uint64_t state;
};
struct sim_http {
	struct http http;
	struct sim *sim;
};
struct sim_process {
	struct process process;
	struct sim *sim;
};

struct sim {
	struct sim_clock clock;
	struct sim_http http;
	struct sim_process process;
	struct sim_dice agent_dice, own_dice;
	struct random *random; /* the agent's */
	struct random *chance; /* the world's own */
	uint64_t seed;
	char *kind, *name, *base_url;
	const struct cluster_state *snapshot; /* while the world is made */
	int64_t start_ms, now_ms;
	struct sim_cluster clusters[SIM_MAX_CLUSTERS];
	size_t n_clusters;

	json_t *records; /* Route 53's record sets as told at once */
	struct sim_change *changes;
	size_t n_changes;
	struct sim_update *updates;
	size_t n_updates;
	int64_t insights_ms;		 /* when they were last refreshed */
	json_t *tokens, *tags;		 /* what a client's token made; ARN -> tags */
	double asked, published;	 /* share on Green by weights: as written, as resolvers get it; 0–1 */
	int64_t health_seen, health_now; /* of load balancers, as resolvers were told; as it is */
	int64_t publish_ms;		 /* when `asked` becomes `published` */

	struct sim_cohort cohorts[SIM_COHORTS];
	double users_per_s;
	double requests, failed, green_requests;
	int64_t gap_blue_ms, gap_green_ms, longest_gap_ms;

	json_t *roles, *providers; /* IAM: name -> trust policy text; ARN -> url */
	json_t *argocd_clusters;
	struct sim_app *apps;
	size_t n_apps;
	int64_t argocd_ms; /* the earliest time at which its controller does something */
	json_t *terraform; /* what its state holds: cluster name -> {created…} */
	struct sim_job *jobs;
	size_t n_jobs;

	struct sim_fault faults[SIM_MAX_FAULTS];
	size_t n_faults;
	json_t *effects; /* what was done to the world, and how often */
	json_t *calls;	 /* operations seen, for faults' conditions */
	uint64_t next_id;
	char *violation; /* the first, kept */
};

/* sim.c */
struct sim *sim_new_bare(uint64_t seed);

/* world.c */
struct sim_cluster *sim_cluster_named(struct sim *sim, const char *name); /* NULL: not there */
struct sim_cluster *sim_cluster_by_id(struct sim *sim, const char *id, size_t n);
struct sim_cluster *sim_cluster_create(struct sim *sim, const char *name, const char *version, const char *token,
				       int64_t takes_ms);
char *sim_cluster_refused(struct sim *sim); /* why no cluster can be created now, the caller's; or NULL */
void sim_cluster_delete(struct sim *sim, struct sim_cluster *cluster, int64_t takes_ms);
struct sim_group *sim_group_named(struct sim_cluster *cluster, const char *name);
struct sim_group *sim_group_create(struct sim *sim, struct sim_cluster *cluster, const char *name,
				   const char *instance_type, int64_t nodes, int64_t takes_ms);
void sim_group_delete(struct sim *sim, struct sim_cluster *cluster, struct sim_group *group, int64_t takes_ms);
bool sim_is_blue(const struct sim *sim, const struct sim_cluster *cluster);
void sim_cluster_changed(struct sim *sim, struct sim_cluster *cluster); /* pods came or went */
struct sim_cluster *sim_green(struct sim *sim);				/* the other one; NULL when there is none */
int64_t sim_takes(struct sim *sim, int64_t usual_ms);			/* give or take a fifth, by chance */
char *sim_new_id(struct sim *sim, const char *prefix);			/* the caller's */
void sim_violated(struct sim *sim, const char *what);			/* the first is kept */
void sim_effect(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
char *sim_endpoint(const struct sim *sim, const struct sim_cluster *cluster); /* the caller's */
struct sim_cluster *sim_cluster_at(struct sim *sim, const char *endpoint);    /* NULL: not there */
char *sim_issuer(const struct sim_cluster *cluster);			      /* the caller's */
const char *sim_life_name(enum sim_life life);

/* users.c */
void sim_users_init(struct sim *sim);
void sim_users_advance(struct sim *sim, int64_t until_ms);		    /* nothing changes before until_ms */
int64_t sim_users_next_ms(const struct sim *sim);			    /* when a share stops moving in one line */
double sim_users_share(const struct sim *sim, int64_t at_ms);		    /* of all users on Green */
void sim_users_weights(struct sim *sim, int64_t at_ms, double green_share); /* what resolvers get from now on */
/* Of requests to it: failed by targets and by the balancer together. */
double sim_error_rate(const struct sim *sim, const struct sim_cluster *cluster);
double sim_latency_ms(const struct sim *sim, const struct sim_cluster *cluster);

/* faults.c */
struct error *sim_fault_parse(const char *spec, struct sim_fault *ret) MUST_CHECK;
void sim_fault_done(struct sim_fault *fault);
void sim_faults_random(struct sim *sim);
void sim_faults_advance(struct sim *sim); /* conditions that came true */
void sim_faults_turned(struct sim *sim);  /* one began or ended */
int64_t sim_faults_next_ms(const struct sim *sim);
/* The first fault of target (or of "aws" for AWS services) and kind that strikes now, by its chance; NULL: none. */
const struct sim_fault *sim_fault_strikes(struct sim *sim, const char *target, const char *what);
double sim_fault_value(const struct sim *sim, const char *target,
		       const char *what);		     /* sum of the active ones'; 0: none */
void sim_fault_call(struct sim *sim, const char *operation); /* "eks:CreateCluster" was asked */

/* Handlers of AWS operations: give output, or an error's code with status and message. */
struct sim_answer {
	json_t *output;
	int status; /* 0: good */
	const char *code;
	char *message;
};
void sim_refuse(struct sim_answer *answer, int status, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);
typedef void sim_handler(struct sim *sim, const json_t *input, struct sim_answer *answer);
struct sim_operation {
	const char *name; /* "eks:DescribeCluster" */
	sim_handler *fn;
};
/* Each ended by a NULL name. */
extern const struct sim_operation sim_eks_operations[], sim_eks_addon_operations[], sim_eks_update_operations[],
	sim_route53_operations[], sim_elbv2_operations[], sim_cloudwatch_operations[], sim_identity_operations[],
	sim_ec2_operations[], sim_logs_operations[], sim_small_operations[];
/* One page of `all` (taken) as {member: […], "nextToken"}, by the input's maxResults and nextToken. */
void sim_page(const json_t *input, json_t *all, const char *member, struct sim_answer *answer);
json_t *sim_time(int64_t ms);				      /* RFC 3339 text */
int64_t sim_server_ms(const struct sim *sim);		      /* what AWS' clocks say */
bool sim_parse_basic(const char *text, int64_t *ret_time_ms); /* "20261124T000000Z" and whatever follows */
void sim_aws_handle(struct sim *sim, const struct http_request *request, struct http_response *response);
/* The cluster that an input's member names; NULL: refused. */
struct sim_cluster *sim_eks_cluster(struct sim *sim, const json_t *input, const char *member,
				    struct sim_answer *answer);
struct sim_group *sim_eks_group(struct sim *sim, const json_t *input, struct sim_cluster **ret_cluster,
				struct sim_answer *answer);
bool sim_eks_knows_version(const char *version, unsigned *ret_minor);
char *sim_addon_version(const char *addon, const char *cluster_version); /* the default one; the caller's, or NULL */
/* Begins an update, or gives the one that this token began before. Takes `takes_ms` until its end or next step. */
struct sim_update *sim_update_begin(struct sim *sim, struct sim_cluster *cluster, const char *group, const char *addon,
				    const char *type, const char *from, const char *to, const char *token,
				    int64_t takes_ms);
struct sim_update *sim_update_by_token(struct sim *sim, const char *cluster, const char *token); /* or NULL */
json_t *sim_update_document(const struct sim_update *update);
void sim_updates_advance(struct sim *sim);
int64_t sim_updates_next_ms(const struct sim *sim);
void sim_updates_free(struct sim *sim);
void sim_eks_advance(struct sim *sim);
int64_t sim_eks_next_ms(const struct sim *sim);

/* aws_route53.c, aws_elbv2.c, aws_identity.c, aws_eks_addons.c */
void sim_traffic_init(struct sim *sim);
void sim_traffic_publish(struct sim *sim); /* what resolvers get from now on, when that changed */
struct sim_cluster *sim_balancer_by_dimension(struct sim *sim, const char *value); /* "app/NAME/ID"; NULL: none */
void sim_identity_init(struct sim *sim);
void sim_association_add(struct sim *sim, struct sim_cluster *cluster, const char *ns, const char *account,
			 const char *role);

/* argocd.c, argocd_api.c */
void sim_argocd_init(struct sim *sim);
void sim_argocd_free(struct sim *sim);
void sim_argocd_advance(struct sim *sim);
int64_t sim_argocd_next_ms(const struct sim *sim);
void sim_argocd_notice(struct sim *sim, struct sim_cluster *cluster); /* its pods came or went */
void sim_argocd_plan(struct sim *sim);				      /* works out argocd_ms anew */
json_t *sim_argocd_save(const struct sim *sim);			      /* the caller's */
bool sim_argocd_load(struct sim *sim, const json_t *apps);	      /* false: not such a list */
void sim_argocd_handle(struct sim *sim, const struct http_request *request, const char *path,
		       struct http_response *response);

/* jobs.c */
void sim_jobs_init(struct sim *sim);
void sim_jobs_free(struct sim *sim);
void sim_jobs_advance(struct sim *sim);
int64_t sim_jobs_next_ms(const struct sim *sim);
json_t *sim_jobs_save(const struct sim *sim);		 /* the caller's */
bool sim_jobs_load(struct sim *sim, const json_t *jobs); /* false: not such a list */

/* sim_http.c */
void sim_http_init(struct sim *sim);
void sim_lose(struct http_response *response); /* served, and nobody hears of it */
/* An HTTP answer with a JSON body (taken). */
void sim_answer_json(struct http_response *response, int status, json_t *body);
