/* doctor's questions to the cluster. */
#include <stdlib.h>
#include <string.h>
#include "aws/operations.h"
#include "cli/doctor.h"
#include "codec/document.h"
#include "execution/step.h"

static void rights(struct doctor *doctor, struct kube *kube)
{
	static const char *const wanted[][4] = {{"list", "", "nodes", ""},
						{"list", "", "pods", ""},
						{"list", "apps", "deployments", ""},
						{"list", "policy", "poddisruptionbudgets", ""},
						{"list", "networking.k8s.io", "ingresses", ""},
						{"create", "coordination.k8s.io", "leases", "kube-system"}};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		json_t *review DOCUMENT_CLEANUP = NULL;
		char *id CLEANUP(mem_freep) = mem_printf("rights-%s-%s", wanted[i][0], wanted[i][2]);
		json_t *attributes = json_pack("{s:s, s:s, s:s}", "verb", wanted[i][0], "group", wanted[i][1],
					       "resource", wanted[i][2]);
		if (*wanted[i][3])
			json_object_set_new(attributes, "namespace", json_string(wanted[i][3]));
		struct error *error =
			kube_call(kube, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", NULL,
				  json_pack("{s:s, s:s, s:{s:o}}", "apiVersion", "authorization.k8s.io/v1", "kind",
					    "SelfSubjectAccessReview", "spec", "resourceAttributes", attributes),
				  &review);
		if (error) {
			doctor_say_error(doctor, id, false, error);
			continue;
		}
		bool allowed = document_true(review, "status.allowed");
		char *remedy CLEANUP(mem_freep) = mem_printf("grant verb \"%s\" on %s%s%s (RBAC)", wanted[i][0],
							     wanted[i][2], *wanted[i][1] ? "." : "", wanted[i][1]);
		doctor_say(doctor, id, allowed ? DOCTOR_OK : DOCTOR_BAD, false, allowed ? "allowed" : "denied",
			   allowed ? NULL : remedy);
	}
}

void doctor_kube(struct doctor *doctor)
{
	const struct config *config = &doctor->cli->config;
	struct world world = {.ports = &doctor->cli->ports, .config = config};
	struct kube *kube;
	json_t *version DOCUMENT_CLEANUP = NULL;
	struct error *error = config->cluster || config->kubeconfig ? world_blue(&world, &kube) : NULL;
	if (!config->cluster && !config->kubeconfig) {
		doctor_say(doctor, "kubernetes", DOCTOR_UNKNOWN, false, "not asked: no cluster is named", NULL);
		return;
	}
	if (!error)
		error = kube_get(kube, "/version", &version);
	if (error) {
		bool elsewhere = error->code && !strcmp(error->code, "OtherCluster");
		doctor_say_error(doctor, elsewhere ? "identity" : "kubernetes", false, error);
		world_done(&world);
		return;
	}
	char *detail CLEANUP(mem_freep) =
		mem_printf("%s, %s", kube_server(kube), document_text_or(version, "gitVersion", "?"));
	doctor_say(doctor, "kubernetes", DOCTOR_OK, false, detail, NULL);
	if (config->cluster) /* or there would be no client */
		doctor_say(doctor, "identity", DOCTOR_OK, false, "this is the cluster that EKS names so", NULL);
	rights(doctor, kube);
	world_done(&world);
}
