/* Findings into steps, reasons, questions and warnings, by one table over their ids. */
#include "reasoning/analysis.h"

#include <ctype.h>
#include <string.h>
#include "base/digest.h"

/* More steps than this nobody reads one by one: what is over becomes a question. */
enum { MOST_PREPARATIONS = 40, STEP_ID = 60 };

enum disposition {
	ASK,	   /* a person must know; blockers only */
	COVERED,   /* a step of the plan does it */
	ELSEWHERE, /* concerns what blue/green leaves alone */
	REFUSE,	   /* no plan can be made against it */
};

static const struct rule {
	const char *id; /* a beginning of ids: the first row that fits holds */
	enum disposition disposition;
	const char *say; /* step id; or why; or what is asked */
} blue_green[] = {
	{"PATH-UNSUPPORTED", REFUSE, NULL},
	{"PATH-DOWNGRADE", REFUSE, NULL},
	{"SCAN-WRONG-CLUSTER", REFUSE, NULL},
	{"BG-IRSA", COVERED, "green-identity"},
	{"BG-PODID", COVERED, "green-identity"},
	{"BG-RECORD-TYPE", COVERED, "traffic-"},
	{"BAK-STALE", COVERED, "backup"},
	{"SKEW-", ELSEWHERE, "Blue's nodes are not upgraded"},
	{"NG-", ELSEWHERE, "Blue's nodes are not upgraded"},
	{"NODE-", ELSEWHERE, "Blue's nodes are not upgraded"},
	{"DRAIN-", ELSEWHERE, "Blue's nodes are not drained while it serves"},
	{"WL-PDB-", ELSEWHERE, "Blue's nodes are not drained while it serves"},
	{"ADDON-", ELSEWHERE, "Blue's add-ons are not upgraded"},
	{"CP-SUBNET", ELSEWHERE, "Blue's control plane is not upgraded"},
	{"RBK-", ELSEWHERE, "the way back is Blue itself"},
	{"BG-STATEFUL", ASK, "is its data moved, or kept outside the cluster?"},
	{"BG-SG-REFS", ASK, "will Green's security group be let in before traffic moves?"},
	{"BG-EXTDNS-OWNER", ASK, "does external-dns of Green have a txtOwnerId of its own?"},
	{"CAP-", ASK, "is there room for a second cluster?"},
	{"CMP-", ASK, "does Green get a version that goes with the target?"},
	{"CRD-", ASK, "do Green's definitions and objects have the new version?"},
	{"SCAN-WINDOW", ASK, "go on outside of the maintenance windows, or within a freeze?"},
	{"API-", ASK, "do Git, charts and clients use the new version by then?"},
	{"", ASK, "go on all the same?"},
};

struct work {
	struct arena *arena;
	struct analysis *ret;
};

static const struct rule *rule_of(const struct finding *finding)
{
	const struct rule *rule = blue_green;
	while (strncmp(finding->id, rule->id, strlen(rule->id)) != 0)
		rule++;
	return rule;
}

static const char *object_of(const struct work *work, const struct finding *finding)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	if (finding->object && finding->object->kind)
		buf_printf(&text, "%s ", finding->object->kind);
	finding_object_print(finding->object, &text);
	return arena_strdup(work->arena, buf_str(&text));
}

static const char *because_of(const struct work *work, const struct finding *finding)
{
	const char *object = object_of(work, finding);
	return arena_printf(work->arena, "%s%s%s", finding->id, *object ? " " : "", object);
}

/* ---- preparations */

static const struct action {
	const char *action, *executor;
	bool on_green;
} actions[] = {
	{"scale", "kubernetes.scale", false},
	{"apply", "kubernetes.apply", false},
	{"addon", "eks.addon", true},
};

static const struct action *action_of(const struct finding_change *change)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].action, change->action))
			return &actions[i];
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static struct preparation *find(const struct work *work, const struct finding_change *change)
{
	for (size_t i = 0; i < work->ret->n_preparations; i++) {
		const struct finding_change *there = work->ret->preparations[i].change;
		if (same(there->action, change->action) && same(there->kind, change->kind) &&
		    same(there->ns, change->ns) && same(there->name, change->name) && same(there->to, change->to))
			return &work->ret->preparations[i];
	}
	return NULL;
}

/* "scale-shop-web": letters that an id may have; what is too long, or would be the id of another, ends in a digest. */
static const char *step_id_of(const struct work *work, const struct finding_change *change)
{
	const char *full = arena_printf(work->arena, "%s/%s/%s/%s/%s", change->action, change->kind ? change->kind : "",
					change->ns ? change->ns : "", change->name, change->to);
	struct buf id CLEANUP(buf_done) = BUF_INIT(1 << 16);
	bool clear = true;
	buf_printf(&id, "%s-%s%s%s", change->action, change->ns ? change->ns : "", change->ns ? "-" : "", change->name);
	for (size_t i = 0; i < id.n; i++) {
		bool good = islower((unsigned char)id.p[i]) || isdigit((unsigned char)id.p[i]) || id.p[i] == '-';
		clear &= good;
		id.p[i] = good ? id.p[i] : isupper((unsigned char)id.p[i]) ? (char)tolower(id.p[i]) : '-';
	}
	for (size_t i = 0; i < work->ret->n_preparations; i++)
		clear &= strcmp(work->ret->preparations[i].step_id, buf_str(&id)) != 0;
	if (clear && id.n <= STEP_ID)
		return arena_strdup(work->arena, buf_str(&id));
	char hex[SHA256_HEX_SIZE];
	sha256_hex(slice_of(full), hex);
	return arena_printf(work->arena, "%.*s-%.10s", STEP_ID - 12, buf_str(&id), hex);
}

static void describe(const struct work *work, const struct finding_change *change, struct preparation *ret)
{
	const char *thing =
		arena_printf(work->arena, "%s%s%s%s%s", change->kind ? change->kind : "", change->kind ? " " : "",
			     change->ns ? change->ns : "", change->ns ? "/" : "", change->name);
	const char *from = change->from && *change->from ? change->from : "?";
	if (!strcmp(change->action, "scale")) {
		ret->name = arena_printf(work->arena, "scale %s", change->name);
		ret->description = arena_printf(work->arena, "scale %s from %s to %s on Blue", thing, from, change->to);
	} else if (!strcmp(change->action, "apply")) {
		ret->name = arena_printf(work->arena, "convert %s", change->name);
		ret->description =
			arena_printf(work->arena, "apply %s on Blue as %s instead of %s", thing, change->to, from);
	} else {
		ret->name = arena_printf(work->arena, "add-on %s", change->name);
		ret->description = arena_printf(work->arena, "add-on %s of Green is %s or newer (Blue: %s)",
						change->name, change->to, from);
	}
}

/* The finding's own, in the arena: the assessment may be gone before the plan is. */
static const struct finding_change *kept(const struct work *work, const struct finding_change *change)
{
	struct finding_change *copy = arena_alloc(work->arena, sizeof *copy);
	*copy = (struct finding_change){
		arena_strdup(work->arena, change->action), arena_strdup(work->arena, change->kind),
		arena_strdup(work->arena, change->ns),	   arena_strdup(work->arena, change->name),
		arena_strdup(work->arena, change->from),   arena_strdup(work->arena, change->to)};
	return copy;
}

static bool prepare(struct work *work, const struct finding *finding)
{
	const struct action *action = finding->change ? action_of(finding->change) : NULL;
	if (!action)
		return false;
	struct preparation *preparation = find(work, finding->change);
	if (!preparation) {
		struct analysis *ret = work->ret;
		if (ret->n_preparations >= MOST_PREPARATIONS)
			return false;
		const char *id = step_id_of(work, finding->change);
		preparation = ARENA_PUSH(work->arena, ret->preparations, ret->n_preparations);
		*preparation = (struct preparation){.on_green = action->on_green,
						    .step_id = id,
						    .executor = action->executor,
						    .change = kept(work, finding->change)};
		describe(work, preparation->change, preparation);
	}
	*ARENA_PUSH(work->arena, preparation->because, preparation->n_because) = because_of(work, finding);
	return true;
}

/* ---- questions and warnings */

static void ask(struct work *work, const struct finding *finding, const char *question)
{
	struct analysis *ret = work->ret;
	struct plan_question *there = NULL;
	for (size_t i = 0; i < ret->n_questions; i++)
		if (!strcmp(ret->questions[i].finding, finding->id))
			there = &ret->questions[i];
	if (!there) {
		there = ARENA_PUSH(work->arena, ret->questions, ret->n_questions);
		*there = (struct plan_question){.finding = arena_strdup(work->arena, finding->id),
						.severity = severity_names[finding->severity],
						.question = arena_printf(work->arena, "%s: %s",
									 finding->title ? finding->title : finding->id,
									 question)};
	}
	const char *object = object_of(work, finding);
	if (*object)
		*ARENA_PUSH(work->arena, there->objects, there->n_objects) = object;
}

static void cover(struct work *work, const struct finding *finding, const char *step_id)
{
	*ARENA_PUSH(work->arena, work->ret->covered, work->ret->n_covered) =
		(struct covered){step_id, because_of(work, finding)};
}

/* One line a reason: the ids with their numbers. */
struct line {
	const char *why;
	struct buf ids;
	const char *last;
	size_t n;
};

static void end_id(struct line *line)
{
	if (line->n > 1)
		buf_printf(&line->ids, " (%zu)", line->n);
	line->n = 0;
}

/* Findings come sorted by id within a severity. */
static void add_id(struct line *line, const char *id)
{
	if (!line->last || strcmp(line->last, id) != 0) {
		end_id(line);
		buf_printf(&line->ids, "%s%s", line->last ? ", " : "", id);
		line->last = id;
	}
	line->n++;
}

enum { MOST_LINES = ARRAY_SIZE(blue_green) + 2 };
struct lines {
	struct line lines[MOST_LINES];
	size_t n;
};

static void tell(struct lines *lines, const char *why, const struct finding *finding)
{
	for (size_t i = 0; i < lines->n; i++) {
		if (!strcmp(lines->lines[i].why, why)) {
			add_id(&lines->lines[i], finding->id);
			return;
		}
	}
	if (lines->n == MOST_LINES)
		return;
	struct line *line = &lines->lines[lines->n++];
	*line = (struct line){.why = why, .ids = BUF_INIT(1 << 16)};
	add_id(line, finding->id);
}

static void finish(struct work *work, struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		struct line *line = &lines->lines[i];
		end_id(line);
		*ARENA_PUSH(work->arena, work->ret->warnings, work->ret->n_warnings) =
			arena_printf(work->arena, "%s: %s", line->why, buf_str(&line->ids));
		buf_done(&line->ids);
	}
}

static struct error *refuse(const struct finding *finding)
{
	return error_remedy(error_new(ERROR_PRECONDITION, "%s: %s", finding->id,
				      finding->message ? finding->message : finding->title),
			    "%s",
			    finding->remedy
				    ? finding->remedy
				    : "eks-upgrade-agent assess tells more; a risk that is accepted is passed over");
}

static struct error *take(struct work *work, struct lines *lines, const struct finding *finding)
{
	const struct rule *rule = rule_of(finding);
	bool blocks = finding->severity == SEVERITY_BLOCKER;
	if (finding->status == FINDING_UNKNOWN) {
		if (blocks)
			tell(lines, "not known whether it is so", finding);
		return NULL;
	}
	if (finding->status != FINDING_FOUND || (finding->scope && !strcmp(finding->scope, "rollback")))
		return NULL;
	if (rule->disposition == REFUSE && blocks)
		return refuse(finding);
	if (prepare(work, finding))
		return NULL;
	if (rule->disposition == COVERED)
		cover(work, finding, rule->say);
	else if (blocks && rule->disposition == ASK)
		ask(work, finding, rule->say);
	else if (blocks)
		tell(lines, arena_printf(work->arena, "found, and no matter to blue/green, as %s", rule->say), finding);
	else if (finding->severity == SEVERITY_HIGH)
		tell(lines, "found, of severity HIGH", finding);
	return NULL;
}

struct error *analysis_make(const struct assessment *assessment, struct arena *arena, struct analysis *ret)
{
	struct work work = {arena, ret};
	struct lines lines = {.n = 0};
	struct error *error = NULL;
	*ret = (struct analysis){0};
	for (size_t i = 0; i < assessment->n_findings && !error; i++)
		error = take(&work, &lines, &assessment->findings[i]);
	finish(&work, &lines);
	return error;
}
