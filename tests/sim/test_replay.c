/* A seed replays byte for byte, however time is cut into pieces, and a world that was saved and loaded at any moment
 * goes on as if it never had been. */
#include "sim_ask.h"

static char *print_of(struct sim *sim)
{
	struct buf text = BUF_INIT((size_t)256 << 20);
	assert_null(sim_save(sim, &text));
	return buf_take(&text);
}

/* All that can be seen of a world from outside, and what is kept besides its clusters' inner records, whose order in
 * memory is their own affair. */
static char *face_of(struct bench *bench)
{
	char *text CLEANUP(mem_freep) = print_of(bench->sim);
	json_t *world DOCUMENT_CLEANUP = json_loads(text, 0, NULL), *cluster;
	size_t i;
	json_array_foreach (json_object_get(world, "clusters"), i, cluster) {
		static const char *const lists[] = {"/api/v1/pods", "/api/v1/nodes", "/apis/apps/v1/deployments"};
		char *id CLEANUP(mem_freep) = mem_strdup(document_text_or(cluster, "id", ""));
		json_object_del(cluster, "kube");
		for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
			char *url CLEANUP(mem_freep) =
				mem_printf("https://%s.gr7.us-east-1.eks.amazonaws.com%s", id, lists[k]);
			int status;
			json_t *seen = fetch(bench, "GET", url, NULL, &status);
			json_object_set_new(cluster, lists[k], seen ? seen : json_null());
		}
	}
	return json_dumps(world, JSON_SORT_KEYS);
}

static void reload(struct bench *bench)
{
	char *text CLEANUP(mem_freep) = print_of(bench->sim);
	struct sim *loaded;
	aws_free(bench->aws);
	bench->aws = NULL;
	sim_free(bench->sim);
	assert_null(sim_load(slice_of(text), &loaded));
	bench->sim = loaded;
	sim_ports(loaded, &bench->ports);
}

static void start(struct bench *bench, const char *name, const char *const *argv)
{
	struct process_spec spec = {.name = name, .argv = argv};
	assert_null(process_start(bench->ports.process, &spec));
}

/* A story with something of everything. At moment `at` the world is saved and loaded; -1: never. */
static char *story(uint64_t seed, int at)
{
	const char *faults[] = {"eks:throttle=30%", "green:5xx=5% after traffic=50%", "argocd:5xx=10%",
				"dns:cached=3%"};
	struct sim_options options = {.cluster = "small", .seed = seed, .faults = faults, .n_faults = 4};
	struct bench bench = {0};
	const char *plan[] = {"terraform", "-chdir=/i",
			      "plan",	   "-out=/sim/jobs/p/f",
			      "-var",	   "cluster_name=shop-134",
			      "-var",	   "cluster_version=1.34",
			      NULL},
		   *apply[] = {"terraform", "-chdir=/i", "apply", "/sim/jobs/p/f", NULL};
	assert_null(sim_new(&options, &bench.sim));
	sim_ports(bench.sim, &bench.ports);
	int status;
	for (int moment = 0; moment < 12; moment++) {
		if (moment == at)
			reload(&bench);
		switch (moment) {
		case 0:
			start(&bench, "p", plan);
			break;
		case 1:
			start(&bench, "a", apply);
			break;
		case 6:
			json_decref(fetch(&bench, "POST", "https://argocd.example.com/api/v1/applications/web/sync",
					  json_object(), &status));
			break;
		case 7:
			json_decref(bench_ask(&bench, "eks:UpdateClusterVersion",
					      json_pack("{s:s, s:s, s:s}", "name", "shop", "version", "1.34",
							"clientRequestToken", "t")));
			break;
		case 9:
			json_decref(
				bench_ask(&bench, "route53:ChangeResourceRecordSets",
					  json_pack("{s:s, s:{s:[{s:s, s:{s:s, s:s, s:i, s:[{s:s}]}}]}}",
						    "HostedZoneId", "Z0SIMEXAMPLE", "ChangeBatch", "Changes", "Action",
						    "CREATE", "ResourceRecordSet", "Name", "a.example.com", "Type", "A",
						    "TTL", 60, "ResourceRecords", "Value", "192.0.2.1")));
			break;
		default:
			json_decref(fetch(&bench, "GET", "https://shop.example.com/health", NULL, &status));
			break;
		}
		bench_pass(&bench, 3 * MINUTE_MS + 217);
	}
	char *print = face_of(&bench);
	bench_done(&bench);
	return print;
}

static void a_seed_replays_byte_for_byte(void **state)
{
	(void)state;
	char *a CLEANUP(mem_freep) = story(11, -1), *b CLEANUP(mem_freep) = story(11, -1),
		*other CLEANUP(mem_freep) = story(12, -1);
	assert_string_equal(a, b);
	assert_string_not_equal(a, other);
}

static void saved_at_any_moment_it_goes_on_the_same(void **state)
{
	(void)state;
	char *whole CLEANUP(mem_freep) = story(11, -1);
	for (int at = 0; at < 12; at++) {
		char *cut CLEANUP(mem_freep) = story(11, at);
		if (strcmp(whole, cut) != 0) {
			size_t i = 0;
			while (whole[i] == cut[i])
				i++;
			i = i > 60 ? i - 60 : 0;
			fail_msg("saved at moment %d it went another way: ...%.160s... against ...%.160s...", at,
				 whole + i, cut + i);
		}
	}
}

/* Users are summed up exactly: it does not matter how often the world is looked at. */
static void time_in_pieces_is_time_in_one(void **state)
{
	(void)state;
	struct bench whole = bench_new("small", 5, "green:5xx=7% after traffic=25%"),
		     pieces = bench_new("small", 5, "green:5xx=7% after traffic=25%");
	make_green(&whole);
	make_green(&pieces);
	set_weights(&whole, 75, 25);
	set_weights(&pieces, 75, 25);
	assert_int_equal(sim_now_ms(whole.sim), sim_now_ms(pieces.sim));
	bench_pass(&whole, 20 * MINUTE_MS);
	for (int64_t left = 20 * MINUTE_MS, step = 1; left > 0; left -= step, step = step % 9973 + 37)
		bench_pass(&pieces, step < left ? step : left), step = step < left ? step : left;
	assert_int_equal(sim_now_ms(whole.sim), sim_now_ms(pieces.sim));
	struct sim_users a, b;
	sim_users(whole.sim, &a);
	sim_users(pieces.sim, &b);
	assert_near((double)b.requests, (double)a.requests, 1);
	assert_near((double)b.failed, (double)a.failed, 1);
	assert_near((double)b.green_requests, (double)a.green_requests, 1);
	assert_true(a.failed > 100);
	bench_done(&whole);
	bench_done(&pieces);
}

static void an_unknown_cluster_is_told(void **state)
{
	(void)state;
	struct sim_options options = {.cluster = "gigantic"};
	struct sim *sim = NULL;
	struct error *error ERROR_CLEANUP = sim_new(&options, &sim);
	assert_non_null(error);
	assert_int_equal(error->class, ERROR_INVALID);
	assert_non_null(strstr(error->message, "gigantic"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_replays_byte_for_byte),
		cmocka_unit_test(saved_at_any_moment_it_goes_on_the_same),
		cmocka_unit_test(time_in_pieces_is_time_in_one),
		cmocka_unit_test(an_unknown_cluster_is_told),
	};
	return cmocka_run_group_tests_name("sim replay", tests, NULL, NULL);
}
