/* SPDX-License-Identifier: Apache-2.0 */
/* What a run was asked to be, as plain data: filled by the options, read by every wing. */
#ifndef TARE_CONFIG_H
#define TARE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "number_set.h"

/* How the command sees a directory of the host, and everything below it. */
enum directory_mode {
	DIRECTORY_OVERLAY,     /* the host's files; what is written stays inside */
	DIRECTORY_READ_ONLY,   /* the host's files; nothing can be written */
	DIRECTORY_FULL_ACCESS, /* the host's files; what is written is written on the host */
	DIRECTORY_HIDDEN,      /* an empty directory of the command's own */
};

struct directory_rule {
	const char *path; /* as the user wrote it; borrowed */
	enum directory_mode mode;
};

/* More on one command line is a mistake of a script. */
#define DIRECTORY_RULES 256
#define ENVIRONMENT_RULES 256

/* Ids from here on have no counterpart inside: as many are mapped (see sandbox/identity.h). */
#define CONFIG_ID_LIMIT 0x70000000u

/* Less would not hold the memory that the kernel charges ahead for each processor. */
#define CONFIG_LEAST_MEMORY (1 << 20)

/* What a run may use; 0 is no limit. */
struct run_limits {
	uint64_t cpu_ns;      /* of the whole tree; its end */
	uint64_t soft_cpu_ns; /* SIGTERM to the whole tree */
	uint64_t wall_ns;
	uint64_t memory_bytes;
	uint64_t tasks;	       /* at one time, threads included */
	uint64_t output_bytes; /* of standard output and standard error */
};

/* Of the cgroup options and of getrlimit's resources; there are sixteen of those. */
#define CGROUP_RULES 64
#define RLIMIT_RULES 16

/* No limit of a resource, as the kernel says it. */
#define RLIMIT_RULE_UNLIMITED UINT64_MAX

struct rlimit_rule {
	const char *name; /* "nofile"; static storage */
	int resource;	  /* RLIMIT_NOFILE */
	uint64_t soft, hard;
};

struct run_config {
	char *const *command; /* NULL-terminated, borrowed from main's argv */
	bool no_container;
	bool quiet;	       /* no summary on stderr */
	bool verbose;	       /* what was isolated, left over, chosen */
	const char *json_path; /* NULL none, "-" stdout */
	struct directory_rule directories[DIRECTORY_RULES];
	size_t directory_count;
	const char *start_directory; /* where the command starts; NULL: where the caller is */
	bool network_access;	     /* the host's network instead of none */
	unsigned int uid, gid;	     /* who the command is inside; 0 as the caller, who is root */
	bool has_uid, has_gid;	     /* they were asked for */

	/* Of the caller's environment all, or, when cleared, what is kept by name; then what is
	 * set. */
	bool clear_environment;
	const char *kept_names[ENVIRONMENT_RULES];
	size_t kept_count;
	const char *set_entries[ENVIRONMENT_RULES]; /* "NAME=VALUE", no name twice */
	size_t set_count;

	struct run_limits limits;
	struct rlimit_rule rlimits[RLIMIT_RULES]; /* no resource twice */
	size_t rlimit_count;

	/* The processors and memory nodes that the run may use, as typed and as read; NULL: all
	 * that the caller may use. */
	const char *cores, *memory_nodes;
	struct number_set core_set, memory_node_set;
	unsigned int automatic_cores; /* so many free physical ones, instead of a set */

	const char *cgroup_values[CGROUP_RULES]; /* "memory.swappiness=0", checked */
	size_t cgroup_value_count;
	const char *required_controllers[CGROUP_RULES]; /* known names */
	size_t required_controller_count;

	const char *input_path;	 /* standard input; NULL: the caller's own */
	const char *output_path; /* standard output and standard error; NULL: the caller's own */

	/* What the seccomp filter lets through although it is refused by default. */
	bool allow_io_uring;
	bool allow_mounts;
	bool allow_namespaces;
};

#endif
