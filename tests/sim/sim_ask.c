/* What the simulator's tests ask of its world, and how they let its time pass. */
#include "sim_ask.h"

static const char *no_environment(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

struct bench bench_new(const char *cluster, uint64_t seed, const char *fault)
{
	struct bench bench = {0};
	struct sim_options options = {
		.cluster = cluster, .seed = seed, .faults = fault ? &fault : NULL, .n_faults = fault != NULL};
	assert_null(sim_new(&options, &bench.sim));
	sim_ports(bench.sim, &bench.ports);
	return bench;
}

static struct aws *client(struct bench *bench)
{
	struct aws_options options = {.ports = &bench->ports,
				      .region = "us-east-1",
				      .access_key = "AKIDSIMULATED",
				      .secret_key = "secret",
				      .getenv = no_environment};
	if (!bench->aws)
		assert_null(aws_new(&options, &bench->aws));
	return bench->aws;
}

void bench_done(struct bench *bench)
{
	aws_free(bench->aws);
	sim_free(bench->sim);
}

void bench_pass(struct bench *bench, int64_t ms)
{
	sim_advance_to(bench->sim, sim_now_ms(bench->sim) + ms);
}

static struct error *call(struct bench *bench, const char *operation, json_t *input, json_t **ret)
{
	const char *colon = strchr(operation, ':');
	char *service CLEANUP(mem_freep) = mem_strndup(operation, (size_t)(colon - operation));
	const struct aws_operation *row = aws_operation_find(service, colon + 1);
	if (!row)
		fail_msg("no row for %s", operation);
	return aws_call(client(bench), row, input, ret);
}

json_t *bench_ask(struct bench *bench, const char *operation, json_t *input)
{
	json_t *output = NULL;
	struct error *error = call(bench, operation, input, &output);
	if (error)
		fail_msg("%s: %s %s", operation, error->code ? error->code : "", error->message);
	return output;
}

void assert_refused(struct bench *bench, const char *operation, json_t *input, const char *code)
{
	json_t *output DOCUMENT_CLEANUP = NULL;
	struct error *error ERROR_CLEANUP = call(bench, operation, input, &output);
	assert_non_null(error);
	assert_string_equal(error->code ? error->code : error->message, code);
}

void assert_says(struct bench *bench, const char *operation, json_t *input, const char *path, const char *text)
{
	json_t *output DOCUMENT_CLEANUP = bench_ask(bench, operation, input);
	const char *said = document_text(output, path);
	if (!said)
		fail_msg("%s: no \"%s\" in the answer", operation, path);
	assert_string_equal(said, text);
}

json_t *fetch(struct bench *bench, const char *method, const char *url, json_t *body, int *ret_status)
{
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 20);
	struct http_header header = {"Content-Type", "application/json"};
	if (body)
		document_print(body, false, &text);
	json_decref(body);
	struct http_exchange exchange = {
		.request = {
			.method = method, .url = url, .headers = &header, .n_headers = 1, .body = buf_slice(&text)}};
	http_perform(bench->ports.http, &exchange, 1);
	*ret_status = exchange.response.status;
	json_t *answer = json_loadb(buf_str(&exchange.response.body), exchange.response.body.n, 0, NULL);
	http_exchange_done(&exchange);
	return answer;
}

void assert_near(double value, double wanted, double by)
{
	if (!(value >= wanted - by && value <= wanted + by))
		fail_msg("%g is not within %g of %g", value, by, wanted);
}

int64_t effect(struct bench *bench, const char *name)
{
	json_t *truth DOCUMENT_CLEANUP = sim_truth(bench->sim);
	return json_integer_value(json_object_get(json_object_get(truth, "effects"), name));
}

static char *balancer_of(struct bench *bench, const char *cluster)
{
	char *name CLEANUP(mem_freep) = mem_printf("k8s-%s-web", cluster);
	json_t *out DOCUMENT_CLEANUP =
		bench_ask(bench, "elbv2:DescribeLoadBalancers", json_pack("{s:[s]}", "Names", name));
	return mem_strdup(document_text_or(out, "LoadBalancers[0].DNSName", ""));
}

static json_t *weighted(struct bench *bench, const char *cluster, const char *identifier, int weight)
{
	char *target CLEANUP(mem_freep) = balancer_of(bench, cluster);
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:i, s:{s:s, s:s, s:b}}}", "Action", "UPSERT", "ResourceRecordSet",
			 "Name", "shop.example.com", "Type", "A", "SetIdentifier", identifier, "Weight", weight,
			 "AliasTarget", "HostedZoneId", "Z35SXDOTRQ7X7K", "DNSName", target, "EvaluateTargetHealth", 1);
}

void set_weights(struct bench *bench, int blue, int green)
{
	json_t *records DOCUMENT_CLEANUP =
		bench_ask(bench, "route53:ListResourceRecordSets", json_pack("{s:s}", "HostedZoneId", "Z0SIMEXAMPLE"));
	json_t *changes = json_array(), *set;
	size_t i;
	json_array_foreach (json_object_get(records, "ResourceRecordSets"), i, set)
		if (!strcmp(document_text_or(set, "Type", ""), "A") && !document_text(set, "SetIdentifier"))
			json_array_append_new(changes,
					      json_pack("{s:s, s:O}", "Action", "DELETE", "ResourceRecordSet", set));
	json_array_append_new(changes, weighted(bench, "shop", "blue", blue));
	json_array_append_new(changes, weighted(bench, "shop-134", "green", green));
	json_decref(bench_ask(
		bench, "route53:ChangeResourceRecordSets",
		json_pack("{s:s, s:{s:o}}", "HostedZoneId", "Z0SIMEXAMPLE", "ChangeBatch", "Changes", changes)));
}

static void make_groups(struct bench *bench)
{
	json_t *groups DOCUMENT_CLEANUP =
		bench_ask(bench, "eks:ListNodegroups", json_pack("{s:s}", "clusterName", "shop"));
	json_t *name;
	size_t i;
	json_array_foreach (json_object_get(groups, "nodegroups"), i, name) {
		json_t *of DOCUMENT_CLEANUP =
			bench_ask(bench, "eks:DescribeNodegroup",
				  json_pack("{s:s, s:O}", "clusterName", "shop", "nodegroupName", name));
		json_decref(bench_ask(bench, "eks:CreateNodegroup",
				      json_pack("{s:s, s:O, s:[s], s:s, s:O, s:O}", "clusterName", "shop-134",
						"nodegroupName", name, "subnets", "subnet-a", "nodeRole",
						"arn:aws:iam::111122223333:role/eks-node", "instanceTypes",
						document_at(of, "nodegroup.instanceTypes"), "scalingConfig",
						document_at(of, "nodegroup.scalingConfig"))));
	}
}

static void copy_applications(struct bench *bench, const char *server)
{
	int status;
	json_decref(fetch(bench, "POST", "https://argocd.example.com/api/v1/clusters?upsert=true",
			  json_pack("{s:s, s:s}", "name", "shop-134", "server", server), &status));
	assert_int_equal(status, 200);
	json_t *all DOCUMENT_CLEANUP =
		fetch(bench, "GET", "https://argocd.example.com/api/v1/applications", NULL, &status);
	json_t *app;
	size_t i;
	json_array_foreach (json_object_get(all, "items"), i, app) {
		const char *name = document_text_or(app, "metadata.name", "");
		char *copy CLEANUP(mem_freep) = mem_printf("%s-green", name),
			   *sync CLEANUP(mem_freep) =
				   mem_printf("https://argocd.example.com/api/v1/applications/%s/sync", copy);
		json_decref(
			fetch(bench, "POST", "https://argocd.example.com/api/v1/applications",
			      json_pack("{s:{s:s}, s:{s:s, s:{s:s}, s:{s:s}}}", "metadata", "name", copy, "spec",
					"project", "default", "destination", "server", server, "source", "path", name),
			      &status));
		assert_int_equal(status, 200);
		json_decref(fetch(bench, "POST", sync, json_object(), &status));
		assert_int_equal(status, 200);
	}
}

void make_green(struct bench *bench)
{
	json_decref(bench_ask(bench, "eks:CreateCluster",
			      json_pack("{s:s, s:s, s:s, s:{s:[s,s]}}", "name", "shop-134", "version", "1.34",
					"roleArn", "arn:aws:iam::111122223333:role/eks-cluster", "resourcesVpcConfig",
					"subnetIds", "subnet-a", "subnet-b")));
	bench_pass(bench, 12 * MINUTE_MS);
	json_t *cluster DOCUMENT_CLEANUP =
		bench_ask(bench, "eks:DescribeCluster", json_pack("{s:s}", "name", "shop-134"));
	assert_string_equal(document_text_or(cluster, "cluster.status", ""), "ACTIVE");
	make_groups(bench);
	bench_pass(bench, 5 * MINUTE_MS);
	copy_applications(bench, document_text_or(cluster, "cluster.endpoint", ""));
	bench_pass(bench, 5 * MINUTE_MS);
}
