// SPDX-License-Identifier: Apache-2.0
// verify OBJECT WAY ROUNDS: has this kernel verify each program of an object of build/, as tare has
// it for a private run, a shared collector, or a run with everything, and tells what that took: a
// line for each, its fields parted by tabs: kernel, way, program, instructions that are left,
// instructions that the verifier went through, states, stack, microseconds (the least of all
// rounds), bytes of machine code. For scripts/veristat.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#define LOG_BYTES 65536
#define PROGRAMS 64

/* The kernel tells figures alone, BPF_LOG_STATS. */
#define LOG_STATISTICS 4

/* What is settled before the programs are loaded. */
static const struct way {
	const char *name;
	bool is_shared, has_limits, has_all;
} ways[] = {
	{ "private", false, false, false },
	{ "shared", true, true, false },
	{ "everything", false, true, true },
};

struct figures {
	char name[64];
	unsigned long instructions, processed, states, microseconds, machine_code;
	char stack[64];
};

static char logs[PROGRAMS][LOG_BYTES];

static int silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

/* A constant of the kernel half; nothing where the object has none of that name. */
static void set_constant(struct bpf_object *object, const char *name, bool value)
{
	const struct btf *types = bpf_object__btf(object);
	const struct btf_type *section =
		btf__type_by_id(types, btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC));
	const struct btf_var_secinfo *variables = section ? btf_var_secinfos(section) : NULL;
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	size_t size;
	char *bytes = map ? (char *)bpf_map__initial_value(map, &size) : NULL;

	for (int i = 0; bytes && section && i < btf_vlen(section); i++) {
		const struct btf_type *type = btf__type_by_id(types, variables[i].type);

		if (!strcmp(btf__name_by_offset(types, type->name_off), name))
			bytes[variables[i].offset] = (char)value;
	}
}

/* Maps are as large as runs ask for; one of no entries cannot be made. */
static void size_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		enum bpf_map_type type = bpf_map__type(map);

		if (!bpf_map__max_entries(map) && type != BPF_MAP_TYPE_TASK_STORAGE &&
			type != BPF_MAP_TYPE_CGROUP_STORAGE)
			bpf_map__set_max_entries(map, 64);
	}
}

static unsigned long number_after(const char *log, const char *words)
{
	const char *at = strstr(log, words);

	return at ? strtoul(at + strlen(words), NULL, 10) : 0;
}

static void read_figures(struct figures *figures, struct bpf_program *program, const char *log)
{
	unsigned long microseconds = number_after(log, "verification time ");
	struct bpf_prog_info info = { 0 };
	unsigned int size = sizeof(info);
	const char *stack = strstr(log, "stack depth ");

	snprintf(figures->name, sizeof(figures->name), "%s", bpf_program__name(program));
	if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size)) {
		figures->instructions = info.xlated_prog_len / sizeof(struct bpf_insn);
		figures->machine_code = info.jited_prog_len;
	}
	figures->processed = number_after(log, "processed ");
	figures->states = number_after(log, "total_states ");
	if (stack)
		sscanf(stack, "stack depth %63s", figures->stack);
	if (!figures->microseconds || microseconds < figures->microseconds)
		figures->microseconds = microseconds;
}

/* Loads it once; returns how many programs it has, or -1. */
static int verify(const char *path, const struct way *way, struct figures figures[PROGRAMS])
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	int count = 0, error;

	if (!object)
		return -1;
	set_constant(object, "is_shared", way->is_shared);
	set_constant(object, "has_limits", way->has_limits);
	set_constant(object, "has_timeline", way->has_all);
	set_constant(object, "has_syscall_times", way->has_all);
	size_maps(object);
	bpf_object__for_each_program(program, object)
	{
		memset(logs[count], 0, LOG_BYTES);
		bpf_program__set_log_level(program, LOG_STATISTICS);
		bpf_program__set_log_buf(program, logs[count++], LOG_BYTES);
	}
	error = bpf_object__load(object);
	count = 0;
	bpf_object__for_each_program(program, object)
	{
		read_figures(&figures[count], program, logs[count]);
		count++;
	}
	bpf_object__close(object);
	return error ? -1 : count;
}

static int tell(const char *path, const struct way *way, int rounds)
{
	static struct figures figures[PROGRAMS];
	struct utsname kernel;
	int count = 0;

	memset(figures, 0, sizeof(figures));
	for (int round = 0; round < rounds && count >= 0; round++)
		count = verify(path, way, figures);
	uname(&kernel);
	for (int i = 0; i < count; i++)
		printf("%s\t%s\t%s\t%lu\t%lu\t%lu\t%s\t%lu\t%lu\n", kernel.release, way->name,
			figures[i].name, figures[i].instructions, figures[i].processed,
			figures[i].states, figures[i].stack, figures[i].microseconds,
			figures[i].machine_code);
	return count < 0;
}

int main(int argc, char **argv)
{
	libbpf_set_print(silent);
	for (size_t i = 0; argc == 4 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!strcmp(argv[2], ways[i].name))
			return tell(argv[1], &ways[i], atoi(argv[3]));
	}
	fputs("usage: verify OBJECT private|shared|everything ROUNDS\n", stderr);
	return 2;
}
