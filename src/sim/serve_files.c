/* What a door leaves on disk: the world's state, and a kubeconfig with a context for each cluster. */
#include "sim/serve_door.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/mem.h"

static void sync_directory(const char *path)
{
	char *copy = mem_strdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

struct error *door_write_file(const char *path, struct slice bytes)
{
	TRY(file_write(path, bytes));
	sync_directory(path);
	return NULL;
}

struct error *door_load(struct door *door, bool *ret_loaded)
{
	*ret_loaded = false;
	if (!door->options->state_file)
		return NULL;
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	struct error *error = file_read(door->options->state_file, &text);
	if (error_was(&error, ERROR_NOT_FOUND) || (!error && text.n == 0))
		return NULL;
	if (error)
		return error;
	error = sim_load(buf_slice(&text), &door->sim);
	if (error)
		return error_remedy(error_wrap(error, "cannot take the world from \"%s\"", door->options->state_file),
				    "give another --state file, or remove this one to begin anew");
	sim_set_base_url(door->sim, door->base_url);
	*ret_loaded = true;
	return NULL;
}

struct error *door_save(struct door *door)
{
	door->saved_ms = door_real_ms();
	door->dirty = false;
	if (!door->options->state_file)
		return NULL;
	struct buf text CLEANUP(buf_done) = BUF_INIT((size_t)1 << 30);
	TRY(sim_save(door->sim, &text));
	return door_write_file(door->options->state_file, buf_slice(&text));
}

size_t door_clusters(struct door *door, char *names[2])
{
	json_t *truth = sim_truth(door->sim), *cluster;
	size_t i, n = 0;
	json_array_foreach (json_object_get(truth, "clusters"), i, cluster) {
		const char *life = json_string_value(json_object_get(cluster, "life"));
		if (n < 2 && life && strcmp(life, "CREATING") != 0)
			names[n++] = mem_strdup(json_string_value(json_object_get(cluster, "name")));
	}
	json_decref(truth);
	return n;
}

struct error *door_write_kubeconfig(struct door *door)
{
	if (!door->options->kubeconfig_out)
		return NULL;
	char *names[2] = {NULL, NULL};
	size_t n = door_clusters(door, names);
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 16);
	buf_puts(&text, "apiVersion: v1\nkind: Config\npreferences: {}\nclusters:\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "- name: %s\n  cluster:\n    server: %s/clusters/%s\n", names[i], door->base_url,
			   names[i]);
	buf_puts(&text, "contexts:\n");
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "- name: %s\n  context:\n    cluster: %s\n    user: simulator\n", names[i], names[i]);
	if (n > 0)
		buf_printf(&text, "current-context: %s\n", names[0]);
	buf_puts(&text, "users:\n- name: simulator\n  user:\n    token: " SIM_KUBE_TOKEN "\n");
	free(names[0]);
	free(names[1]);
	if (door->kubeconfig && strcmp(door->kubeconfig, buf_str(&text)) == 0)
		return NULL;
	TRY(door_write_file(door->options->kubeconfig_out, buf_slice(&text)));
	free(door->kubeconfig);
	door->kubeconfig = buf_take(&text);
	return NULL;
}

char *door_addresses(struct door *door)
{
	char *names[2] = {NULL, NULL};
	size_t n = door_clusters(door, names);
	json_t *servers = json_object();
	for (size_t i = 0; i < n; i++) {
		json_object_set_new(servers, names[i], json_sprintf("%s/clusters/%s", door->base_url, names[i]));
		free(names[i]);
	}
	json_t *document = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:s*}", "endpoint_url", door->base_url, "clusters", servers, "argocd",
		json_sprintf("%s/argocd", door->base_url), "users", json_sprintf("%s/users", door->base_url), "clock",
		json_sprintf("%s/sim/clock", door->base_url), "kubeconfig", door->options->kubeconfig_out);
	char *text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	return text;
}
