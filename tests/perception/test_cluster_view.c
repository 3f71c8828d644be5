/* A saved look as ClusterState: what `assess --save` wrote is read like what `plan --snapshot` wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "codec/document.h"
#include "perception/cluster_view.h"
#include "perception/snapshot.h"

static char folder[] = "/tmp/cluster-view.XXXXXX";

static const char *const objects[][3] = {
	{"v1", "Node",
	 "{\"metadata\":{\"name\":\"n1\",\"labels\":{\"eks.amazonaws.com/nodegroup\":\"general\","
	 "\"topology.kubernetes.io/zone\":\"us-east-1a\"}},\"status\":{\"nodeInfo\":{\"kubeletVersion\":"
	 "\"v1.33.4-eks-1\"},\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"},
	{"v1", "Node", "{\"metadata\":{\"name\":\"n2\"},\"spec\":{\"unschedulable\":true}}"},
	{"apps/v1", "Deployment",
	 "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"},\"spec\":{\"replicas\":3,\"template\":{\"spec\":"
	 "{\"containers\":[{\"name\":\"c\"}],\"volumes\":[{\"name\":\"d\",\"persistentVolumeClaim\":{\"claimName\":"
	 "\"data\"}}]}}},\"status\":{\"readyReplicas\":2}}"},
	{"apps/v1", "StatefulSet",
	 "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"db\"},\"spec\":{\"volumeClaimTemplates\":[{}]}}"},
	{"apps/v1", "DaemonSet",
	 "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"agent\"},\"status\":{\"desiredNumberScheduled\":1}}"},
	{"apps/v1", "ReplicaSet",
	 "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web-1\"},\"spec\":{\"replicas\":3}}"},
	{"policy/v1", "PodDisruptionBudget",
	 "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"},\"status\":{\"disruptionsAllowed\":1,"
	 "\"expectedPods\":3,\"currentHealthy\":3,\"desiredHealthy\":2}}"},
	{"v1", "Service",
	 "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"},\"spec\":{\"type\":\"LoadBalancer\"},\"status\":"
	 "{\"loadBalancer\":{\"ingress\":[{\"hostname\":\"web.elb.amazonaws.com\"}]}}}"},
	{"networking.k8s.io/v1", "Ingress", "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web\"}}"},
	{"v1", "Pod", "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web-1-a\"}}"},
};

static const char cluster[] =
	"{\"name\":\"shop\",\"version\":\"1.33\",\"status\":\"ACTIVE\",\"endpoint\":\"https://a.eks.amazonaws.com\","
	"\"resourcesVpcConfig\":{\"vpcId\":\"vpc-1\",\"subnetIds\":[\"subnet-a\",\"subnet-b\"]}}";

/* What assess would keep; `extra` is one more Deployment, or NULL. */
static void save(const char *path, bool with_cluster, const char *extra)
{
	struct inventory *inventory CLEANUP(inventory_freep) = inventory_new();
	struct snapshot *snapshot CLEANUP(snapshot_freep) = NULL;
	inventory->cluster = "shop";
	inventory->region = "us-east-1";
	inventory->captured_at_ms = INT64_C(1795478400000);
	if (with_cluster)
		inventory_aws_record(inventory, "eks", "DescribeCluster", json_pack("{s:s}", "name", "shop"),
				     json_pack("{s:o}", "cluster", json_loads(cluster, 0, NULL)), NULL);
	inventory_aws_record(inventory, "eks", "DescribeNodegroup", json_pack("{s:s}", "nodegroupName", "general"),
			     json_pack("{s:{s:s, s:{s:i}, s:[s]}}", "nodegroup", "nodegroupName", "general",
				       "scalingConfig", "desiredSize", 2, "instanceTypes", "m6i.large"),
			     NULL);
	inventory_aws_record(inventory, "eks", "DescribeAddon", json_pack("{s:s}", "addonName", "coredns"),
			     json_pack("{s:{s:s, s:s}}", "addon", "addonName", "coredns", "addonVersion", "v1.11.1"),
			     NULL);
	inventory_source(inventory, "metrics", SOURCE_DENIED, "forbidden");
	assert_null(snapshot_new(path, &snapshot));
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		snapshot_object(snapshot, objects[i][0], objects[i][1], slice_of(objects[i][2]));
	if (extra)
		snapshot_object(snapshot, "apps/v1", "Deployment", slice_of(extra));
	assert_null(snapshot_commit(snapshot, inventory));
}

static char *in_folder(const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

static void check_state(const struct cluster_state *state)
{
	assert_string_equal(state->cluster_name, "shop");
	assert_string_equal(state->current_version, "1.33");
	assert_string_equal(state->region, "us-east-1");
	assert_string_equal(state->vpc_id, "vpc-1");
	assert_int_equal(state->n_subnets, 2);
	assert_int_equal(state->captured_at_ms, INT64_C(1795478400000));
	assert_int_equal(state->n_node_groups, 1);
	assert_string_equal(state->node_groups[0].name, "general");
	assert_int_equal(state->node_groups[0].desired, 2);
	assert_string_equal(state->node_groups[0].instance_types[0], "m6i.large");
	assert_int_equal(state->n_addons, 1);
	assert_string_equal(state->addons[0].version, "v1.11.1");
	assert_int_equal(state->n_nodes, 2);
	assert_string_equal(state->nodes[0].node_group, "general");
	assert_string_equal(state->nodes[0].zone, "us-east-1a");
	assert_true(state->nodes[0].ready && !state->nodes[0].unschedulable);
	assert_true(!state->nodes[1].ready && state->nodes[1].unschedulable);
	assert_int_equal(state->n_pdbs, 1);
	assert_int_equal(state->pdbs[0].disruptions_allowed, 1);
	assert_int_equal(state->n_services, 2);
	assert_string_equal(state->services[0].hostname, "web.elb.amazonaws.com");
	assert_string_equal(state->services[1].kind, "Ingress");
	assert_int_equal(state->pods, 1);
}

static void check_workloads(const struct cluster_state *state)
{
	assert_int_equal(state->n_workloads, 3); /* a ReplicaSet is its Deployment's */
	assert_string_equal(state->workloads[0].name, "web");
	assert_int_equal(state->workloads[0].replicas, 3);
	assert_int_equal(state->workloads[0].ready, 2);
	assert_true(state->workloads[0].has_storage && !state->workloads[0].single);
	assert_int_equal(state->workloads[1].replicas, 1);
	assert_true(state->workloads[1].has_storage && state->workloads[1].single);
	assert_int_equal(state->workloads[2].replicas, 1);
	assert_true(!state->workloads[2].single && !state->workloads[2].has_storage);
}

static void a_file_and_a_folder_of_assess_are_read(void **state)
{
	(void)state;
	static const char *const names[][2] = {{"one.json", "one.json"}, {"many/", "many"}, {"many/", "many/"}};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct arena *arena CLEANUP(arena_freep) = arena_new();
		char *written CLEANUP(mem_freep) = in_folder(names[i][0]),
			      *read CLEANUP(mem_freep) = in_folder(names[i][1]);
		struct cluster_state seen;
		save(written, true, NULL);
		assert_null(cluster_view_read(read, arena, &seen));
		check_state(&seen);
		check_workloads(&seen);
		bool denied = false;
		for (size_t k = 0; k < seen.n_sources; k++)
			denied |= !strcmp(seen.sources[k].name, "metrics") && !strcmp(seen.sources[k].status, "denied");
		assert_true(denied);
	}
}

static void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void a_state_of_plan_is_read(void **state)
{
	(void)state;
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	char *path CLEANUP(mem_freep) = in_folder("state.json");
	struct cluster_state seen;
	write_text(path, "{\"format\":1,\"cluster_name\":\"shop\",\"current_version\":\"1.32\",\"captured_at\":"
			 "\"2026-11-24T00:00:00Z\",\"workloads\":[{\"kind\":\"Deployment\",\"namespace\":\"a\","
			 "\"name\":\"b\",\"replicas\":2}]}");
	assert_null(cluster_view_read(path, arena, &seen));
	assert_string_equal(seen.current_version, "1.32");
	assert_int_equal(seen.workloads[0].replicas, 2);
}

static void refused(const char *path, const char *part)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	struct cluster_state seen;
	struct error *error ERROR_CLEANUP = cluster_view_read(path, arena, &seen);
	assert_non_null(error);
	const char *remedy = error->remedy;
	for (const struct error *cause = error->cause; cause && !remedy; cause = cause->cause)
		remedy = cause->remedy;
	assert_non_null(remedy);
	struct buf line CLEANUP(buf_done) = BUF_INIT(1 << 16);
	error_line(error, &line);
	if (!strstr(buf_str(&line), part))
		fail_msg("\"%s\" does not say \"%s\"", buf_str(&line), part);
}

static void what_is_no_snapshot_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"", "no.json:1:0"},
		{"nonsense", "no.json:1"},
		{"{}", "not a snapshot"},
		{"{\"format\":7}", "format 7"},
		{"{\"kind\":\"List\",\"items\":[]}", "no \"meta\""},
		{"{\"format\":1,\"cluster_name\":\"a\",\"current_version\":\"1.32\",\"workloads\":[{\"kind\":"
		 "\"Deployment\",\"name\":\"b\"}]}",
		 "namespace"},
		{"{\"format\":1,\"cluster_name\":\"a\",\"current_version\":\"1.32\",\"workloads\":[{\"kind\":"
		 "\"Deployment\",\"namespace\":\"a\",\"name\":\"b\",\"replicas\":4000000000}]}",
		 "replicas"},
	};
	char *path CLEANUP(mem_freep) = in_folder("no.json"), *absent CLEANUP(mem_freep) = in_folder("absent"),
		   *many CLEANUP(mem_freep) = in_folder("many/");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_text(path, cases[i].text);
		refused(path, cases[i].part);
	}
	refused(absent, "cannot read");
	refused(folder, "meta.json is missing");
	save(many, false, NULL);
	refused(many, "version was not seen");
	save(many, true,
	     "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"huge\"},\"spec\":{\"replicas\":2000000000}}");
	refused(many, "shop/huge: 2000000000 replicas");
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {
		"one.json",	 "state.json",	   "no.json",	      "many/kubernetes.json",
		"many/aws.json", "many/meta.json", "many/metrics.txt"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path CLEANUP(mem_freep) = in_folder(names[i]);
		unlink(path);
	}
	char *many CLEANUP(mem_freep) = in_folder("many");
	rmdir(many);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_and_a_folder_of_assess_are_read),
		cmocka_unit_test(a_state_of_plan_is_read),
		cmocka_unit_test(what_is_no_snapshot_is_told),
	};
	return cmocka_run_group_tests_name("cluster view", tests, make_folder, remove_folder);
}
