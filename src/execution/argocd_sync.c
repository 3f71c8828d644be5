/* Applications by Argo CD: each application of Blue gets a copy on Green, which is synced by an operation of ours and
 * waited for by the rule of argocd_wait.c, twice, with a while in between. */
#include <stdlib.h>
#include <string.h>
#include "base/time.h"
#include "codec/document.h"
#include "config/config.h"
#include "execution/argocd_steps.h"

#define STABLE_MS (30 * SECOND_MS)
#define DEGRADED_GRACE_MS (10 * MINUTE_MS)
#define OTHERS_GRACE_MS (10 * MINUTE_MS)
enum { FAILED_TRIES = 5 };

/* What one look at all applications gives; it points into the step's arena. */
struct seen {
	struct argocd_applications all;
	size_t blues, copies, healthy, suspended, degraded, failed;
	const struct argocd_application *others_run, *is_suspended; /* one each that only a person can move */
	const char *waiting, *why; /* the name of one that is not there yet, and what of it */
	const struct argocd_application **to_sync, **to_look, **good;
	size_t n_to_sync, n_to_look, n_good;
	int64_t looked_ms; /* the latest look of the controller at a good one, by its own clock */
};

static bool is_text(const char *text, const char *wanted)
{
	return text && !strcmp(text, wanted);
}

static const struct argocd_application *find(const struct argocd_applications *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_text(all->items[i].name, name))
			return &all->items[i];
	return NULL;
}

/* "shop-green"; when Blue was a Green once, its own copies have that name, and Green's get the cluster's. */
static char *copy_name(const struct step_context *ctx, const struct argocd_application *blue)
{
	size_t n = strlen(blue->name), base = n > 6 && !strcmp(blue->name + n - 6, "-green") ? n - 6 : n;
	return mem_printf("%.*s-%s", (int)base, blue->name, base < n ? ctx->plan->green_name : "green");
}

static bool is_of_this_run(const struct step_context *ctx, const struct argocd_application *application)
{
	return is_text(application->run, ctx->run_id);
}

static bool is_blue(struct step_context *ctx, const struct argocd_application *application)
{
	const char *project = ctx->world->config->argocd.project;
	const json_t *state = step_memory_of(ctx, "assess");
	const char *endpoint = document_text_or(state, "endpoint", ""),
		   *server = document_text_or(state, "server", endpoint);
	if (!application->name || is_of_this_run(ctx, application) ||
	    (project && !is_text(application->project, project)))
		return false;
	/* by EKS' address of Blue, or by the one that people reach it at */
	return is_text(application->server, endpoint) || is_text(application->server, server) ||
	       is_text(application->cluster, ctx->plan->cluster_name);
}

static json_t *copy_of(struct step_context *ctx, const struct argocd_application *blue, const char *server)
{
	char *name CLEANUP(mem_freep) = copy_name(ctx, blue);
	json_t *spec = document_load(slice_of(blue->spec ? blue->spec : "{}"));
	json_t *destination = json_object_get(spec, "destination");
	json_object_del(destination, "name");
	json_object_set_new(destination, "server", json_string(server));
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:o*}", "apiVersion", "argoproj.io/v1alpha1", "kind",
			 "Application", "metadata", "name", name, "namespace", blue->ns ? blue->ns : "argocd", "labels",
			 ARGOCD_RUN_LABEL, ctx->run_id, "spec", spec);
}

static struct error *make_copy(struct step_context *ctx, const struct argocd *argocd,
			       const struct argocd_application *blue, const char *server)
{
	struct error *error = argocd_call(argocd, "POST", "/api/v1/applications", copy_of(ctx, blue, server), NULL);
	return error_was(&error, ERROR_CONFLICT) ? NULL : error; /* ours, made by a try whose answer was lost */
}

/* What a screen says of the one that is waited for. */
static const char *tell(struct step_context *ctx, const struct argocd_application *copy, enum argocd_wait wait)
{
	const struct argocd_operation *others = copy->begun ? copy->begun : copy->last;
	switch (wait) {
	case ARGOCD_WAIT_OTHERS:
		return arena_printf(ctx->arena, "an operation that is not ours runs, by %s",
				    others && others->user && *others->user ? others->user
				    : others && others->automated	    ? "its own sync policy"
									    : "somebody without a name");
	case ARGOCD_WAIT_FAILED:
		return copy->message ? copy->message : "its sync failed";
	case ARGOCD_WAIT_DEGRADED:
		return copy->health_message ? copy->health_message : "it is Degraded";
	case ARGOCD_WAIT_SUSPENDED:
		return "it is Suspended";
	case ARGOCD_WAIT_STATE:
		return is_text(copy->sync, "Synced") ? copy->health
						     : arena_printf(ctx->arena, "%s since its sync", copy->sync);
	case ARGOCD_WAIT_SYNC:
	case ARGOCD_WAIT_OURS:
	case ARGOCD_WAIT_LOOK:
	case ARGOCD_WAIT_LOOKING:
	case ARGOCD_WAIT_HEALTHY:
	default:
		return NULL;
	}
}

/* A person who suspended Blue's application did not mean Green's to be different. */
static bool is_good(enum argocd_wait wait, const struct argocd_application *blue)
{
	return wait == ARGOCD_WAIT_HEALTHY || (wait == ARGOCD_WAIT_SUSPENDED && is_text(blue->health, "Suspended"));
}

static void take(struct step_context *ctx, const struct argocd_application *blue, const struct argocd_application *copy,
		 struct seen *seen)
{
	enum argocd_wait wait = argocd_wait_judge(copy, ctx->run_id, document_text(ctx->memory, "user"));
	if (is_good(wait, blue)) {
		seen->healthy++;
		seen->looked_ms = copy->reconciled_ms > seen->looked_ms ? copy->reconciled_ms : seen->looked_ms;
		*ARENA_PUSH(ctx->arena, seen->good, seen->n_good) = copy;
		return;
	}
	seen->suspended += wait == ARGOCD_WAIT_SUSPENDED;
	seen->is_suspended = wait == ARGOCD_WAIT_SUSPENDED ? copy : seen->is_suspended;
	seen->others_run = wait == ARGOCD_WAIT_OTHERS ? copy : seen->others_run;
	seen->degraded += wait == ARGOCD_WAIT_DEGRADED;
	seen->failed += wait == ARGOCD_WAIT_FAILED;
	const char *why = tell(ctx, copy, wait);
	if (why || !seen->waiting) { /* trouble is told rather than what only takes its time */
		seen->waiting = copy->name;
		seen->why = why;
	}
	if (wait == ARGOCD_WAIT_SYNC || wait == ARGOCD_WAIT_FAILED)
		*ARENA_PUSH(ctx->arena, seen->to_sync, seen->n_to_sync) = copy;
	if (wait == ARGOCD_WAIT_LOOK)
		*ARENA_PUSH(ctx->arena, seen->to_look, seen->n_to_look) = copy;
}

static struct error *sync_start(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	const char *user;
	TRY(argocd_client(ctx, &token, &argocd));
	TRY(argocd_whoami(&argocd, ctx->arena, &user));
	TRY(step_remember(ctx, json_pack("{s:s}", "user", user)));
	ret->detail = mem_strdup("begins");
	ret->poll_after_ms = 1;
	return NULL;
}

/* One look at everything; copies that are missing are made. */
static struct error *look(struct step_context *ctx, const struct argocd *argocd, struct seen *seen)
{
	const char *server = document_text(step_memory_of(ctx, "register-apps"), "server"), *ca;
	if (!server)
		TRY(argocd_green_endpoint(ctx, &server, &ca));
	TRY(argocd_list(argocd, ctx->arena, &seen->all));
	for (size_t i = 0; i < seen->all.n; i++) {
		const struct argocd_application *blue = &seen->all.items[i];
		if (!is_blue(ctx, blue))
			continue;
		seen->blues++;
		char *name CLEANUP(mem_freep) = copy_name(ctx, blue);
		const struct argocd_application *copy = find(&seen->all, name);
		if (copy && !is_of_this_run(ctx, copy))
			return error_remedy(error_new(ERROR_PRECONDITION,
						      "Argo CD has an application \"%s\" that this run did not make",
						      name),
					    "argocd app delete %s, or rename it", name);
		if (!copy)
			TRY(make_copy(ctx, argocd, blue, server));
		else
			take(ctx, blue, copy, seen);
		seen->copies += copy != NULL;
	}
	return NULL;
}

/* Syncs and looks that the applications need. A sync that failed is asked for a few times: on a new cluster much is
 * not there yet that others need. */
static struct error *act(struct step_context *ctx, const struct argocd *argocd, struct seen *seen, bool *ret_used_up)
{
	int64_t failed = document_int_or(ctx->memory, "failed_syncs", 0) + (seen->failed > 0);
	*ret_used_up = seen->failed && failed >= FAILED_TRIES;
	if (*ret_used_up)
		return NULL;
	if (seen->failed)
		TRY(step_remember(ctx, json_pack("{s:I}", "failed_syncs", (json_int_t)failed)));
	for (size_t i = 0; i < seen->n_to_sync; i++) {
		enum argocd_sync answer;
		TRY(argocd_sync(argocd, seen->to_sync[i], ctx->run_id, &answer));
		if (answer == ARGOCD_SYNC_WINDOW) {
			seen->waiting = seen->to_sync[i]->name;
			seen->why = "a sync window forbids its sync now";
		}
	}
	return argocd_refresh(argocd, seen->to_look, seen->n_to_look);
}

/* When did this begin? Remembered while it lasts, together with `beside` (taken; NULL: nothing); *ret_ms is how long it
 * has lasted. */
static struct error *lasting(struct step_context *ctx, const char *member, bool now, json_t *beside, int64_t *ret_ms)
{
	int64_t since_ms = document_int_or(ctx->memory, member, 0);
	json_t *members DOCUMENT_CLEANUP = beside ? beside : json_object();
	*ret_ms = now && since_ms ? ctx->now_ms - since_ms : 0;
	if (now == (since_ms != 0))
		return NULL;
	json_object_set_new(members, member, json_integer(now ? ctx->now_ms : 0));
	return step_remember(ctx, TAKE(members));
}

/* All have been good for a while: then the controller looks once more, and what it sees counts. Its clock is compared
 * with itself only. */
static struct error *look_again(struct step_context *ctx, const struct argocd *argocd, const struct seen *seen,
				bool *ret_looked)
{
	int64_t until_ms = document_int_or(ctx->memory, "looked_ms", 0) + STABLE_MS - SECOND_MS; /* it rounds down */
	const struct argocd_application **behind = NULL;
	size_t n = 0, asked = 0;
	for (size_t i = 0; i < seen->n_good; i++) {
		if (seen->good[i]->reconciled_ms >= until_ms)
			continue;
		asked++;
		if (!seen->good[i]->refresh)
			*ARENA_PUSH(ctx->arena, behind, n) = seen->good[i];
	}
	*ret_looked = asked == 0;
	return argocd_refresh(argocd, behind, n);
}

static void hold(struct step_result *ret, char *detail)
{
	free(ret->detail);
	ret->detail = detail;
	ret->progress = STEP_HOLD;
}

/* What only a person can end. */
static struct error *hold_if_stuck(struct step_context *ctx, const struct seen *seen, struct step_result *ret)
{
	const struct argocd_application *other = seen->others_run;
	int64_t others_ms;
	TRY(lasting(ctx, "others_since_ms", other != NULL, NULL, &others_ms));
	if (seen->suspended && seen->healthy + seen->suspended == seen->blues)
		hold(ret, mem_printf("application \"%s\" is Suspended: resume it in Argo CD, then resume here",
				     seen->is_suspended->name));
	if (others_ms < OTHERS_GRACE_MS)
		return NULL;
	hold(ret, mem_printf("application \"%s\": %s, and does not end: argocd app terminate-op %s, then resume here",
			     other->name, tell(ctx, other, ARGOCD_WAIT_OTHERS), other->name));
	return step_remember(ctx, json_pack("{s:i}", "others_since_ms", 0)); /* who resumes gives it the time anew */
}

static struct error *sync_poll(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	struct seen seen = {0};
	int64_t healthy_ms, degraded_ms;
	bool used_up, looked = false;
	TRY(argocd_client(ctx, &token, &argocd));
	TRY(look(ctx, &argocd, &seen));
	TRY(act(ctx, &argocd, &seen, &used_up));
	bool all = seen.healthy == seen.blues;
	ret->poll_after_ms = seen.copies < seen.blues ? SECOND_MS : 10 * SECOND_MS;
	ret->detail =
		mem_printf("%zu/%zu healthy%s%s%s%s", seen.healthy, seen.blues, seen.waiting ? ", waits for " : "",
			   seen.waiting ? seen.waiting : "", seen.why ? ": " : "", seen.why ? seen.why : "");
	TRY(lasting(ctx, "healthy_since_ms", all, json_pack("{s:I}", "looked_ms", (json_int_t)seen.looked_ms),
		    &healthy_ms));
	TRY(lasting(ctx, "degraded_since_ms", seen.degraded > 0, NULL, &degraded_ms));
	if (all && healthy_ms >= STABLE_MS)
		TRY(look_again(ctx, &argocd, &seen, &looked));
	if (looked)
		ret->progress = STEP_DONE;
	else if (all && healthy_ms >= STABLE_MS)
		ret->poll_after_ms = 2 * SECOND_MS;
	else if (degraded_ms >= DEGRADED_GRACE_MS || used_up)
		ret->progress = STEP_FAIL;
	else
		return hold_if_stuck(ctx, &seen, ret);
	return NULL;
}

static struct error *sync_undo(struct step_context *ctx, struct step_result *ret)
{
	struct secret *token CLEANUP(secret_freep) = NULL;
	struct argocd argocd;
	struct argocd_applications all;
	size_t left = 0;
	ret->progress = STEP_DONE;
	if (ctx->world->config->keep_green)
		return NULL;
	TRY(argocd_client(ctx, &token, &argocd));
	TRY(argocd_list(&argocd, ctx->arena, &all));
	for (size_t i = 0; i < all.n; i++) {
		const struct argocd_application *made = &all.items[i];
		if (!is_of_this_run(ctx, made))
			continue;
		left++;
		char *path CLEANUP(mem_freep) = argocd_application_path(made, "cascade=true");
		struct error *error = argocd_call(&argocd, "DELETE", path, NULL, NULL);
		if (error && !error_was(&error, ERROR_NOT_FOUND))
			return error;
	}
	ret->progress = left ? STEP_WAIT : STEP_DONE;
	ret->detail = mem_printf("%zu applications to go", left);
	return NULL;
}

const struct step_type argocd_sync_step = {
	.executor = "argocd.sync",
	.service = "argocd",
	.poll_interval_ms = 10000,
	.start = sync_start,
	.poll = sync_poll,
	.undo = sync_undo,
};
