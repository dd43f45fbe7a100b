// SPDX-License-Identifier: Apache-2.0
// What bpf(2) lets the caller do, found out by loading and attaching programs that do nothing.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "check_probe.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Tracepoints of the collector: without one of these a number would be wrong. */
static const char *const needed_hooks[] = {
	"sched_switch",
	"sched_wakeup_new",
	"sched_process_exec",
	"task_newtask",
	"cgroup_attach_task",
	"rss_stat",
	"exit_mmap",
	"sys_exit",
};

void check_btf(const char *root, struct probe_result *result)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", root);
	if (access(path, R_OK) == 0 && stat(path, &status) == 0) {
		probe_set(result, PROBE_OK, "/sys/kernel/btf/vmlinux, %.1f MiB",
			(double)status.st_size / (1 << 20));
		return;
	}
	probe_set(
		result, PROBE_MISSING, "cannot read /sys/kernel/btf/vmlinux: %s", strerror(errno));
	probe_repair(result, "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build "
			     "it: sudo apt-get install linux-image-amd64 (Debian) or "
			     "linux-image-generic (Ubuntu), then sudo reboot");
}

void check_bpf_call(const char *root, struct probe_result *result)
{
	cleanup_fd int map_fd = -1;
	struct failure why;

	(void)root;
	map_fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "tare_check", sizeof(int), sizeof(int), 1, NULL);
	if (map_fd < 0) {
		failure_set(&why, errno, "make a BPF map");
		if (errno == ENOSYS)
			failure_hint(&why, "boot a kernel with CONFIG_BPF_SYSCALL=y");
		probe_set_refused(result, &why);
		return;
	}
	probe_set(result, PROBE_OK, "a map was made");
}

void check_bpf_maps(const char *root, struct probe_result *result)
{
	static const struct {
		enum bpf_map_type type;
		const char *name;
	} maps[] = {
		{ BPF_MAP_TYPE_HASH, "hash" },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, "per-CPU array" },
		{ BPF_MAP_TYPE_RINGBUF, "ring buffer" },
		{ BPF_MAP_TYPE_TASK_STORAGE, "task storage" },
	};
	struct failure why;

	(void)root;
	libbpf_set_print(NULL);
	for (size_t i = 0; i < COUNT_OF(maps); i++) {
		if (libbpf_probe_bpf_map_type(maps[i].type, NULL) == 1)
			continue;
		/* The library does not tell the errno. */
		failure_set(&why, 0, "no %s can be made", maps[i].name);
		if (geteuid() != 0)
			failure_hint(&why, "sudo tare check");
		probe_set_refused(result, &why);
		return;
	}
	probe_set(result, PROBE_OK, "hash, per-CPU array, ring buffer, task storage");
}

/* Reads eight bytes of kernel memory, which lockdown=confidentiality does not let any program. */
static const struct bpf_insn reading_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

/* 1 lets a packet or a socket pass; 0 is what tracing programs return. */
static const struct bpf_insn allowing_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static const struct bpf_insn idle_program[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static const struct {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	__u32 flags;
	const struct bpf_insn *code;
	size_t code_length;
} needed_programs[] = {
	{ "tracing that reads kernel memory", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, reading_program,
		COUNT_OF(reading_program) },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, 0, allowing_program,
		COUNT_OF(allowing_program) },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE, 0,
		allowing_program, COUNT_OF(allowing_program) },
	{ "connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, 0, allowing_program,
		COUNT_OF(allowing_program) },
	{ "loader", BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE, idle_program,
		COUNT_OF(idle_program) },
};

void check_bpf_programs(const char *root, struct probe_result *result)
{
	struct failure why;

	(void)root;
	for (size_t i = 0; i < COUNT_OF(needed_programs); i++) {
		LIBBPF_OPTS(bpf_prog_load_opts, options,
			.expected_attach_type = needed_programs[i].attach_type,
			.prog_flags = needed_programs[i].flags);
		cleanup_fd int program_fd =
			bpf_prog_load(needed_programs[i].type, "tare_check", "Dual BSD/GPL",
				needed_programs[i].code, needed_programs[i].code_length, &options);

		if (program_fd >= 0)
			continue;
		failure_set(&why, errno, "load a BPF program (%s)", needed_programs[i].name);
		probe_set_refused(result, &why);
		return;
	}
	probe_set(result, PROBE_OK, "tracing that reads kernel memory, cgroup network, loader");
}

static int hook_attach(const struct btf *btf, const char *hook, struct failure *why)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP);
	cleanup_fd int program_fd = -1;
	cleanup_fd int link_fd = -1;
	char type_name[128];
	int type;

	snprintf(type_name, sizeof(type_name), "btf_trace_%s", hook);
	type = btf__find_by_name_kind(btf, type_name, BTF_KIND_TYPEDEF);
	if (type < 0)
		return failure_set(why, -type, "find tracepoint %s in this kernel", hook);
	options.attach_btf_id = (__u32)type;
	program_fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "tare_check", "Dual BSD/GPL",
		idle_program, COUNT_OF(idle_program), &options);
	if (program_fd < 0)
		return failure_set(why, errno, "load a BPF program for tracepoint %s", hook);
	link_fd = bpf_raw_tracepoint_open(NULL, program_fd);
	if (link_fd < 0)
		return failure_set(why, errno, "attach to tracepoint %s", hook);
	return 0;
}

/* From 7.0 on system calls are counted by a classic tracepoint, which has a number in tracefs. */
static int find_classic_tracepoint(const char *root, struct failure *why)
{
	cleanup_free char *release = probe_read(root, "/proc/sys/kernel/osrelease");
	const char *path = "/sys/kernel/tracing/events/raw_syscalls/sys_exit/id";
	unsigned int major, minor;

	if (!kernel_version_parse(release, &major, &minor) || major < 7)
		return 0;
	if (probe_read_number(root, path) >= 0)
		return 0;
	failure_set(why, 0, "cannot read %s", path);
	return failure_hint(why, "sudo mount -t tracefs none /sys/kernel/tracing");
}

void check_bpf_hooks(const char *root, struct probe_result *result)
{
	struct failure why;
	struct btf *btf;
	int error;

	libbpf_set_print(NULL);
	error = find_classic_tracepoint(root, &why);
	btf = btf__load_vmlinux_btf();
	if (!btf && !error)
		error = failure_set(&why, errno, "read the kernel's types");
	for (size_t i = 0; i < COUNT_OF(needed_hooks) && !error; i++)
		error = hook_attach(btf, needed_hooks[i], &why);
	if (error)
		probe_set_refused(result, &why);
	else
		probe_set(result, PROBE_OK, "%zu tracepoints attached and detached",
			COUNT_OF(needed_hooks));
	btf__free(btf);
}

void check_unprivileged_bpf(const char *root, struct probe_result *result)
{
	long disabled = probe_read_number(root, "/proc/sys/kernel/unprivileged_bpf_disabled");

	if (disabled < 0) {
		probe_set(result, PROBE_DEGRADED, "not known");
	} else if (disabled == 0) {
		probe_set(result, PROBE_DEGRADED, "any user may load programs");
		probe_repair(result, "sudo sysctl -w kernel.unprivileged_bpf_disabled=2");
	} else {
		probe_set(result, PROBE_OK, "disabled (%ld)", disabled);
	}
}
