// SPDX-License-Identifier: Apache-2.0
// What the result document says of the container, and of what of the machine the run had.
#include "json_sections.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static json_t *mount_object(struct document *document, const struct mount_note *note)
{
	json_t *object = json_object();

	document_put_text(document, object, "path", note->path);
	document_put(document, object, "masked", json_boolean(note->is_masked));
	document_put(document, object, "unmapped", json_boolean(note->is_unmapped));
	document_put(document, object, "read_only", json_boolean(note->is_read_only));
	return object;
}

static json_t *mount_list(struct document *document, const struct mount_notes *mounts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < mounts->count; i++)
		document_append(document, list, mount_object(document, &mounts->notes[i]));
	return list;
}

/* Without a container there is nothing that could be replaced. */
static const char *system_config_word(const struct result *result)
{
	if (!result->container.is_used)
		return NULL;
	return result->container.keeps_system_config ? "kept" : "replaced";
}

static void put_view(struct document *document, const struct result *result)
{
	const struct mount_notes *mounts = &result->container.mounts;
	struct mount_counts counts = result_count_mounts(mounts);
	const char *root = result->container.root_directory;
	const char *profile = result->container.profile_path;

	document_put(document, document->root, "container",
		json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "used",
			result->container.is_used, "cgroup_layout",
			document_string(result->container.cgroup_layout), "root_directory",
			root ? document_text(root) : json_null(), "system_config",
			document_string(system_config_word(result)), "seccomp",
			document_string(result->container.filter), "seccomp_profile",
			profile ? document_text(profile) : json_null(), "masked_mounts",
			document_integer(counts.masked), "unmapped_mounts",
			document_integer(counts.unmapped), "read_only_mounts",
			document_integer(counts.read_only), "mounts",
			mount_list(document, mounts)));
}

static json_t *set_array(struct document *document, const struct number_set *set)
{
	json_t *array = json_array();

	number_set_for_each (number, set)
		document_append(document, array, json_integer(number));
	return array;
}

static json_t *shared_array(struct document *document, const struct core_use *use)
{
	json_t *array = json_array();

	for (size_t i = 0; i < use->shared_count; i++)
		document_append(document, array,
			json_pack("{s:s, s:o}", "part", use->shared[i].part, "processors",
				set_array(document, &use->shared[i].processors)));
	return array;
}

/* Null where nothing was chosen: then the run has what the caller has. */
static void put_cores(struct document *document, const struct core_use *use)
{
	const struct {
		const char *key;
		bool is_told;
		json_t *value;
	} entries[] = {
		{ "cores", use->has_processors, set_array(document, &use->processors) },
		{ "cores_held_by", use->has_processors, document_string(use->processors_held_by) },
		{ "cores_shared_with", use->has_processors, shared_array(document, use) },
		{ "sockets", use->has_processors, document_integer(use->sockets) },
		{ "memory_nodes", use->has_nodes, set_array(document, &use->nodes) },
		{ "memory_nodes_held_by", use->has_nodes, document_string(use->nodes_held_by) },
	};
	json_t *section = document_section(document, "container");

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		document_put(document, section, entries[i].key,
			entries[i].is_told ? json_incref(entries[i].value) : json_null());
		json_decref(entries[i].value);
	}
}

void json_put_container(struct document *document, const struct result *result)
{
	put_view(document, result);
	put_cores(document, &result->container.cores);
}

/* --- Limits --- */

static json_t *rlimit_or_null(uint64_t value)
{
	return value == RLIMIT_RULE_UNLIMITED ? json_string("unlimited") : document_integer(value);
}

/* Those that were asked for. */
static void put_rlimits(struct document *document, const struct result *result)
{
	json_t *rlimits = json_object();

	for (size_t i = 0; i < result->rlimit_count; i++) {
		const struct rlimit_rule *rule = &result->rlimits[i];

		document_put(document, rlimits, rule->name,
			json_pack("{s:o, s:o}", "soft", rlimit_or_null(rule->soft), "hard",
				rlimit_or_null(rule->hard)));
	}
	document_put(document, document_section(document, "limits"), "rlimits", rlimits);
}

/* No limit is null: it is not one of 0. */
static void put_limits(struct document *document, const struct run_limits *limits)
{
	const struct {
		const char *key;
		uint64_t value;
	} entries[] = {
		{ "cputime_ns", limits->cpu_ns },
		{ "cputime_soft_ns", limits->soft_cpu_ns },
		{ "walltime_ns", limits->wall_ns },
		{ "memory_bytes", limits->memory_bytes },
		{ "pids", limits->tasks },
		{ "output_bytes", limits->output_bytes },
		{ "files_count", limits->files_count },
		{ "files_bytes", limits->files_bytes },
	};
	json_t *section = document_section(document, "limits");

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		document_put(document, section, entries[i].key,
			entries[i].value ? json_integer(entries[i].value) : json_null());
}

void json_put_limits(struct document *document, const struct result *result)
{
	put_limits(document, &result->limits);
	document_put(document, document_section(document, "limits"), "memory_held_by",
		document_string(result->memory_held_by));
	put_rlimits(document, result);
}
