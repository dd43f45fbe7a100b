/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one line of `tare check` is, shared by the files that find it out.
 *
 * A probe tries one thing and fills a result; it prints nothing and leaves nothing behind. Every
 * file a probe reads is looked up below `root`, "" for this machine, so that tests can show it
 * another one. What is tried by system call ignores `root`.
 */
#ifndef TARE_CHECK_PROBE_H
#define TARE_CHECK_PROBE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "base/failure.h"

enum probe_state {
	PROBE_OK,
	PROBE_DEGRADED, /* works, but less well than it could */
	PROBE_MISSING,
};

enum probe_group {
	PROBE_REQUIRED,	 /* `tare run` cannot work when one of these is missing */
	PROBE_USERS,	 /* nor for an ordinary user; for root these are never missing */
	PROBE_ISOLATION, /* makes the container tighter */
	PROBE_PRECISION, /* makes two runs agree; never changes the exit status */
};

struct probe_result {
	enum probe_state state;
	char detail[512]; /* what was found, "6.18.44"; printable ASCII */
	char repair[512]; /* a command; empty when there is nothing to repair */
};

struct probe {
	const char *name;
	const char *purpose; /* why tare cares, shown when the state is not ok */
	enum probe_group group;
	void (*look)(const char *root, struct probe_result *result);
};

extern const struct probe check_probes[]; /* ends with name NULL */

/* Sets state and detail; bytes that a terminal or JSON would not take become '?'. */
void probe_set(struct probe_result *result, enum probe_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void probe_repair(struct probe_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Missing because of *why; what a caller without privilege was refused is repaired by sudo. */
void probe_set_refused(struct probe_result *result, const struct failure *why);

/* The text below root, "" when it cannot be read; the caller frees. Trailing newlines are cut. */
char *probe_read(const char *root, const char *path);

/* The integer in a file below root, or -1. */
long probe_read_number(const char *root, const char *path);

/* Whether a list parted by blanks, commas or newlines has the word. */
bool list_has_word(const char *text, const char *word);

/* The caller holds this capability (CAP_SYS_ADMIN). */
bool probe_has_capability(int capability);

/* Whether a missing requirement is among the results, one per probe of the table. */
bool check_can_run(const struct probe *probes, const struct probe_result *results);

/* The list that people read, with its verdict. */
void check_print_text(FILE *output, const struct probe *probes, const struct probe_result *results,
	bool has_colour);

/* The same as one JSON object, `tare.check/1`. Returns 0 or -ENOMEM. */
int check_print_json(FILE *output, const struct probe *probes, const struct probe_result *results);

/* check_kernel.c: the kernel's age, its system calls, and the caller's privilege. */
void check_kernel_version(const char *root, struct probe_result *result);
void check_capabilities(const char *root, struct probe_result *result);
void check_system_calls(const char *root, struct probe_result *result);
void check_seccomp_filter(const char *root, struct probe_result *result);
void check_seccomp_architectures(const char *root, struct probe_result *result);
void check_lockdown(const char *root, struct probe_result *result);

/* "6.18.44-amd64" gives 6 and 18; false when the text starts otherwise. */
bool kernel_version_parse(const char *release, unsigned int *major, unsigned int *minor);

/* check_container.c: namespaces and mounts. */
void check_user_namespace(const char *root, struct probe_result *result);
void check_namespaces(const char *root, struct probe_result *result);
void check_idmapped_mount(const char *root, struct probe_result *result);
void check_overlay(const char *root, struct probe_result *result);

/* A trial runs in a child; it returns 0 or -errno and fills *why. */
typedef int probe_trial(void *argument, struct failure *why);

/* Runs a trial in a child with the namespaces of `flags`, which vanish with it. */
int probe_run_child(uint64_t flags, probe_trial *trial, void *argument, struct failure *why);

/* Forks with clone3 flags; cgroup_fd counts with CLONE_INTO_CGROUP only. -1 and errno on error. */
pid_t probe_clone3(uint64_t flags, int cgroup_fd);

/* The wait status of a child that is reaped here, or -errno. */
int probe_wait(pid_t child);

/* check_bpf.c: what bpf(2) lets the caller do. */
void check_btf(const char *root, struct probe_result *result);
void check_bpf_call(const char *root, struct probe_result *result);
void check_bpf_maps(const char *root, struct probe_result *result);
void check_bpf_programs(const char *root, struct probe_result *result);
void check_bpf_hooks(const char *root, struct probe_result *result);
void check_unprivileged_bpf(const char *root, struct probe_result *result);

/* check_users.c: what ordinary users need of root, once. */
void check_shared_collector(const char *root, struct probe_result *result);
void check_gate(const char *root, struct probe_result *result);
void check_users_namespaces(const char *root, struct probe_result *result);
void check_users_cgroups(const char *root, struct probe_result *result);
void check_users_overlay(const char *root, struct probe_result *result);

/* check_cgroup.c: where a run's cgroups can be made. */
void check_cgroup_layout(const char *root, struct probe_result *result);
void check_cgroup_child(const char *root, struct probe_result *result);
void check_memory_controller(const char *root, struct probe_result *result);
void check_pids_controller(const char *root, struct probe_result *result);
void check_cpu_controller(const char *root, struct probe_result *result);
void check_cpuset_controller(const char *root, struct probe_result *result);
void check_cgroup_kill(const char *root, struct probe_result *result);
void check_memory_peak(const char *root, struct probe_result *result);

/* check_cgroup_layout.c: where the caller is. */
enum cgroup_kind {
	CGROUP_NONE,
	CGROUP_V1,
	CGROUP_HYBRID, /* memory, pids or cpu in v1, and a cgroup2 mount */
	CGROUP_V2,
};

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CONTROLLERS,
};

extern const char *const cgroup_controller_names[CGROUP_CONTROLLERS];

/* One mounted hierarchy and where the caller is in it. */
struct cgroup_hierarchy {
	char mount_point[PATH_MAX]; /* empty: not mounted */
	char own_path[PATH_MAX];    /* below mount_point: "" or "/a/b" */
	bool is_outside;	    /* the caller's cgroup is not below this mount */
};

struct cgroup_layout {
	enum cgroup_kind kind;
	struct cgroup_hierarchy unified;
	struct cgroup_hierarchy v1[CGROUP_CONTROLLERS];
};

/* From the text of /proc/self/mountinfo and /proc/self/cgroup. */
void cgroup_layout_parse(
	struct cgroup_layout *layout, const char *mountinfo, const char *self_cgroup);

/* check_machine.c: what makes two runs of one program differ. */
void check_preemption(const char *root, struct probe_result *result);
void check_virtual_machine(const char *root, struct probe_result *result);
void check_swap(const char *root, struct probe_result *result);
void check_governor(const char *root, struct probe_result *result);
void check_turbo(const char *root, struct probe_result *result);
void check_smt(const char *root, struct probe_result *result);
void check_aslr(const char *root, struct probe_result *result);
void check_thp(const char *root, struct probe_result *result);

/* The choice in "always [madvise] never"; false when nothing is in brackets or it does not fit. */
bool bracketed_choice(const char *text, char *choice, size_t size);

#endif
