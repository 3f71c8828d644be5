/* Steps that only count, a clock that only sleeping moves, a store that breaks where a test says. */
#include "agent/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

#define START_MS INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */

/* Each append and each effect has two events: before it happens, and after it happened and before anybody hears of it.
 */
static bool dies(struct fake *fake)
{
	fake->events++;
	fake->dead |= fake->dies_at && fake->events >= fake->dies_at;
	return fake->dead;
}

static struct error *death(void)
{
	return error_new(ERROR_STATE, "the process is dead");
}

static struct fake *of_store(struct store *store)
{
	return CONTAINER_OF(store, struct fake, store);
}

static struct error *fake_append(struct store *store, const char *run, uint64_t head,
				 const struct store_record *records, size_t n)
{
	struct fake *fake = of_store(store);
	if (dies(fake))
		return death();
	TRY(store_append(fake->memory, run, head, records, n));
	return dies(fake) ? death() : NULL;
}

static struct error *fake_read(struct store *store, const char *run, uint64_t from, store_record_fn *fn, void *context)
{
	return store_read(of_store(store)->memory, run, from, fn, context);
}

static struct error *fake_head(struct store *store, const char *run, uint64_t *ret_seq, uint8_t ret_hash[32])
{
	return store_head(of_store(store)->memory, run, ret_seq, ret_hash);
}

static struct error *fake_runs(struct store *store, struct arena *arena, const char ***ret_runs, size_t *ret_n)
{
	return store_runs(of_store(store)->memory, arena, ret_runs, ret_n);
}

static struct error *fake_acquire(struct store *store, const char *name, const char *owner, int64_t now_ms,
				  int64_t ttl_ms, bool take_over, struct arena *arena, struct store_lease *ret)
{
	return store_acquire(of_store(store)->memory, name, owner, now_ms, ttl_ms, take_over, arena, ret);
}

static struct error *fake_renew(struct store *store, const char *name, const struct store_lease *lease, int64_t now_ms,
				int64_t ttl_ms, int64_t *ret_expires_at_ms)
{
	return store_renew(of_store(store)->memory, name, lease, now_ms, ttl_ms, ret_expires_at_ms);
}

static struct error *fake_release(struct store *store, const char *name, const struct store_lease *lease)
{
	struct fake *fake = of_store(store);
	return fake->dead ? death() : store_release(fake->memory, name, lease);
}

static int64_t fake_wall(struct clock *clock)
{
	return CONTAINER_OF(clock, struct fake, clock)->wall_ms;
}

static int64_t fake_mono(struct clock *clock)
{
	return CONTAINER_OF(clock, struct fake, clock)->mono_ms;
}

static void fake_sleep(struct clock *clock, int64_t mono_ms)
{
	struct fake *fake = CONTAINER_OF(clock, struct fake, clock);
	if (mono_ms <= fake->mono_ms)
		return;
	fake->wall_ms += mono_ms - fake->mono_ms;
	fake->mono_ms = mono_ms;
}

/* The users' address answers; everything else is denied. */
static void fake_perform(struct http *http, struct http_exchange *exchanges, size_t n)
{
	struct fake *fake = CONTAINER_OF(http, struct fake, http);
	for (size_t i = 0; i < n; i++) {
		struct http_response *response = &exchanges[i].response;
		bool probe = strstr(exchanges[i].request.url, "shop.example.com") != NULL;
		bool bad = fake->mono_ms >= fake->probe_fails_from_ms && fake->mono_ms < fake->probe_fails_to_ms;
		buf_init(&response->body, 4096);
		response->sent_at_ms = response->received_at_ms = fake->wall_ms;
		if (probe && fake->probes_broken_off) {
			fake->probes_broken_off--;
			response->error = error_new(ERROR_CANCELLED, "asking was interrupted");
			continue;
		}
		fake->probes += probe;
		response->status = !probe ? 403 : bad ? 503 : 200;
		if (!probe) {
			http_response_add_header(response, slice_of("x-amzn-errortype"),
						 slice_of("AccessDeniedException"));
			buf_puts(&response->body, "{\"message\":\"not for you\"}");
		}
	}
}

static struct fake *of_context(const struct step_context *ctx)
{
	return CONTAINER_OF(ctx->world->ports->http, struct fake, http);
}

struct fake_step *fake_find(struct fake *fake, const char *id)
{
	for (size_t i = 0; i < fake->n_steps; i++)
		if (!strcmp(fake->steps[i].id, id))
			return &fake->steps[i];
	fail_msg("no step \"%s\"", id);
	return NULL;
}

static void note_effect(struct fake *fake, char sign, const char *id)
{
	size_t n = strlen(fake->order);
	snprintf(fake->order + n, sizeof fake->order - n, "%c%s ", sign, id);
}

static void make(struct fake *fake, struct fake_step *step)
{
	if (step->exists)
		fake->broken = "an effect was made twice";
	step->exists = true;
	step->effects++;
	step->ready_ms = fake->wall_ms + step->takes_ms;
	note_effect(fake, '+', step->id);
	fake->at_once++;
	if (fake->at_once > fake->most_at_once)
		fake->most_at_once = fake->at_once;
}

static void unmake(struct fake *fake, struct fake_step *step)
{
	if (!step->exists)
		return;
	step->exists = false;
	step->undone++;
	note_effect(fake, '-', step->id);
}

/* A fault that this call meets, or NULL. */
static const struct fake_fault *fault_of(struct fake_step *step, const char *call, unsigned number)
{
	for (size_t i = 0; i < step->n_faults; i++)
		if (!strcmp(step->faults[i].call, call) && number >= step->faults[i].from &&
		    number <= step->faults[i].to)
			return &step->faults[i];
	return NULL;
}

static struct error *error_of(const struct fake_fault *fault)
{
	struct error *error = error_new(fault->class, "%s was met by a fault", fault->call);
	error->outcome_unknown = fault->executed;
	return error;
}

static struct error *work_check(struct step_context *ctx, enum step_check *ret)
{
	struct fake *fake = of_context(ctx);
	struct fake_step *step = fake_find(fake, ctx->step->step_id);
	const struct fake_fault *fault = fault_of(step, "check", ++step->checks);
	if (fake->dead)
		return death();
	if (fault)
		return error_of(fault);
	*ret = !step->exists ? STEP_TODO : fake->wall_ms >= step->ready_ms ? STEP_ALREADY : STEP_RUNNING;
	return NULL;
}

/* A judge is not done because its time has passed: it must look. */
static struct error *judge_check(struct step_context *ctx, enum step_check *ret)
{
	TRY(work_check(ctx, ret));
	*ret = *ret == STEP_ALREADY ? STEP_RUNNING : *ret;
	return NULL;
}

static struct error *work_start(struct step_context *ctx, struct step_result *ret)
{
	struct fake *fake = of_context(ctx);
	struct fake_step *step = fake_find(fake, ctx->step->step_id);
	const struct fake_fault *fault = fault_of(step, "start", ++step->starts);
	if (fake->dead)
		return death();
	if (fault && !fault->executed && !fault->progress)
		return error_of(fault);
	if (dies(fake))
		return death();
	make(fake, step);
	if (dies(fake))
		return death();
	if (fault && fault->progress)
		ret->progress = fault->says;
	else if (fault)
		return error_of(fault);
	ret->detail = mem_printf("%s began", step->id);
	return NULL;
}

static struct error *work_poll(struct step_context *ctx, struct step_result *ret)
{
	struct fake *fake = of_context(ctx);
	struct fake_step *step = fake_find(fake, ctx->step->step_id);
	const struct fake_fault *fault = fault_of(step, "poll", ++step->polls);
	if (fake->dead)
		return death();
	if (fault && fault->progress) {
		ret->progress = fault->says;
		ret->detail = mem_strdup("as the script says");
		return NULL;
	}
	if (fault)
		return error_of(fault);
	if (!step->exists)
		return error_new(ERROR_BUG, "polled, but never made");
	ret->progress = fake->wall_ms >= step->ready_ms ? STEP_DONE : STEP_WAIT;
	fake->at_once -= ret->progress == STEP_DONE;
	return ret->progress == STEP_DONE ? step_remember(ctx, json_pack("{s:s}", "made", step->id)) : NULL;
}

static struct error *work_undo(struct step_context *ctx, struct step_result *ret)
{
	struct fake *fake = of_context(ctx);
	struct fake_step *step = fake_find(fake, ctx->step->step_id);
	const struct fake_fault *fault = fault_of(step, "undo", ++step->undos);
	if (fake->dead || dies(fake))
		return death();
	if (fault && !fault->executed)
		return error_of(fault);
	for (size_t i = 0; i < ctx->plan->n_steps; i++) /* what stands on it must be gone */
		for (size_t k = 0; k < ctx->plan->steps[i].n_depends_on; k++)
			if (!strcmp(ctx->plan->steps[i].depends_on[k], step->id) &&
			    fake_find(fake, ctx->plan->steps[i].step_id)->exists)
				fake->broken = "a step was undone before one that stands on it";
	unmake(fake, step);
	if (dies(fake))
		return death();
	if (fault)
		return error_of(fault);
	ret->progress = STEP_DONE;
	return NULL;
}

static const struct step_type work_type = {.executor = "work",
					   .service = "workshop",
					   .poll_interval_ms = 5000,
					   .check = work_check,
					   .start = work_start,
					   .poll = work_poll,
					   .undo = work_undo};
static const struct step_type judge_type = {.executor = "judge",
					    .service = "judges",
					    .poll_interval_ms = 5000,
					    .validates = true,
					    .check = judge_check,
					    .start = work_start,
					    .poll = work_poll,
					    .undo = work_undo};
static const struct step_type removal_type = {.executor = "removal",
					      .service = "workshop",
					      .poll_interval_ms = 5000,
					      .no_way_back = true,
					      .check = work_check,
					      .start = work_start,
					      .poll = work_poll,
					      .undo = work_undo};
extern const struct step_type approval_step; /* the real one */
static const struct step_type *const types[] = {&work_type, &judge_type, &removal_type, &approval_step, NULL};

void fake_init(struct fake *fake, uint64_t seed)
{
	static const struct http_ops http_ops = {fake_perform, NULL};
	static const struct clock_ops clock_ops = {fake_wall, fake_mono, fake_sleep, NULL};
	static const struct store_ops store_ops = {fake_append,	 fake_read,  fake_head,	   fake_runs,
						   fake_acquire, fake_renew, fake_release, NULL};
	memset(fake, 0, sizeof *fake);
	fake->http.ops = &http_ops;
	fake->clock.ops = &clock_ops;
	fake->store.ops = &store_ops;
	fake->memory = store_memory_new();
	fake->random = random_seeded_new(seed);
	fake->arena = arena_new();
	fake->wall_ms = START_MS;
	fake->mono_ms = 1000000;
	fake->ports = (struct ports){&fake->http, NULL, &fake->clock, fake->random, &fake->store};
	config_defaults(&fake->config, fake->arena);
	fake->config.cluster = "shop";
	fake->config.simulated = true;
	fake->config.region = "us-east-1";
	fake->config.approvals_by_yes = true;
	fake->plan = (struct upgrade_plan){.format = 1,
					   .cluster_name = "shop",
					   .green_name = "shop-134",
					   .region = "us-east-1",
					   .source_version = "1.33",
					   .target_version = "1.34",
					   .snapshot_hash = "0123"};
	fake->plan.steps = arena_alloc(fake->arena, FAKE_STEPS * sizeof *fake->plan.steps);
}

void fake_done(struct fake *fake)
{
	store_free(fake->memory);
	random_free(fake->random);
	arena_free(fake->arena);
}

struct fake_step *fake_add(struct fake *fake, const char *id, const char *executor, const char *after, int64_t takes_ms)
{
	struct upgrade_step *step = &fake->plan.steps[fake->plan.n_steps++];
	*step = (struct upgrade_step){.step_id = id,
				      .name = id,
				      .phase = "deploy",
				      .executor = executor,
				      .parameters = "{}",
				      .changes = true};
	step->depends_on = arena_alloc(fake->arena, FAKE_STEPS * sizeof *step->depends_on);
	char *words = arena_strdup(fake->arena, after), *rest = NULL;
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		step->depends_on[step->n_depends_on++] = word;
	fake->steps[fake->n_steps] = (struct fake_step){.id = id, .takes_ms = takes_ms};
	return &fake->steps[fake->n_steps++];
}

struct upgrade_step *fake_planned(struct fake *fake, const char *id)
{
	for (size_t i = 0; i < fake->plan.n_steps; i++)
		if (!strcmp(fake->plan.steps[i].step_id, id))
			return &fake->plan.steps[i];
	fail_msg("no step \"%s\"", id);
	return NULL;
}

struct fake_fault fake_error(const char *call, unsigned from, unsigned to, enum error_class class)
{
	return (struct fake_fault){.call = call, .from = from, .to = to, .class = class};
}

struct fake_fault fake_lost(const char *call, unsigned from, unsigned to, enum error_class class)
{
	return (struct fake_fault){.call = call, .from = from, .to = to, .class = class, .executed = true};
}

struct fake_fault fake_says(const char *call, unsigned from, unsigned to, enum step_progress says)
{
	return (struct fake_fault){.call = call, .from = from, .to = to, .progress = true, .says = says};
}

void fake_fault(struct fake *fake, const char *id, struct fake_fault fault)
{
	struct fake_step *step = fake_find(fake, id);
	assert_true(step->n_faults < FAKE_SCRIPT);
	step->faults[step->n_faults++] = fault;
}

void fake_seal(struct fake *fake)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	upgrade_plan_write(&fake->plan, fake->arena, &text);
}

const char *fake_run_id(struct fake *fake)
{
	const char **runs;
	size_t n;
	assert_null(store_runs(fake->memory, fake->arena, &runs, &n));
	for (size_t i = 0; i < n; i++)
		if (!strchr(runs[i], '/'))
			return runs[i];
	return NULL;
}

struct error *fake_open(struct fake *fake, const char *run, const char *owner, bool yes, struct agent **ret)
{
	struct agent_options options = {.ports = &fake->ports,
					.config = &fake->config,
					.run_id = run,
					.owner = owner,
					.answer_approvals = yes,
					.step_types = types};
	return agent_open(&options, run ? NULL : &fake->plan, ret);
}

struct error *fake_run(struct fake *fake, struct agent *agent, int64_t until_ms)
{
	for (unsigned ticks = 0; ticks < 100000; ticks++) {
		int64_t again_ms;
		TRY(agent_tick(agent, &again_ms));
		if (again_ms == INT64_MAX)
			return NULL;
		if (until_ms && again_ms >= until_ms) {
			fake_sleep(&fake->clock, until_ms);
			return NULL;
		}
		fake_sleep(&fake->clock, again_ms);
	}
	return error_new(ERROR_BUG, "it never ended");
}

struct run_state *fake_load(struct fake *fake)
{
	struct run_state *state = NULL;
	assert_null(run_state_load(fake->memory, fake_run_id(fake), &state));
	return state;
}

void fake_assert_fold(struct fake *fake, const struct agent *agent)
{
	struct run_state *loaded = fake_load(fake);
	for (size_t i = 0; i < loaded->plan.n_steps; i++) { /* details are for the screen: not each is a record */
		free(loaded->steps[i].detail);
		loaded->steps[i].detail = mem_strdup(agent_state(agent)->steps[i].detail);
	}
	json_t *a DOCUMENT_CLEANUP = run_state_json(agent_state(agent)), *b DOCUMENT_CLEANUP = run_state_json(loaded);
	struct buf x CLEANUP(buf_done) = BUF_INIT(1 << 20), y CLEANUP(buf_done) = BUF_INIT(1 << 20);
	document_canonical(a, &x);
	document_canonical(b, &y);
	assert_string_equal(buf_str(&x), buf_str(&y));
	run_state_free(loaded);
}

struct run_state *fake_run_to_end(struct fake *fake, bool yes)
{
	for (unsigned lives = 0; lives < 4; lives++) {
		struct agent *agent = NULL;
		struct error *error = fake_open(fake, fake_run_id(fake), "tester", yes, &agent);
		if (!error)
			error = fake_run(fake, agent, 0);
		bool died = fake->dead;
		if (error && !died)
			fail_msg("the run broke: %s", error->message);
		error_free(error);
		if (agent && !died)
			fake_assert_fold(fake, agent);
		agent_close(agent);
		if (!died)
			break;
		fake->dead = false;
		fake->dies_at = 0;
		fake->wall_ms += 2 * MINUTE_MS; /* the dead one's lease ends */
		fake->mono_ms += 2 * MINUTE_MS;
	}
	return fake_load(fake);
}
