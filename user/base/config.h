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

/* Which system calls are refused inside. */
enum filter_mode {
	FILTER_DEFAULT, /* tare's own filter */
	FILTER_NONE,
	FILTER_PROFILE, /* tare's own and a seccomp profile: the stricter verdict holds */
};

/* More on one command line is a mistake of a script. */
#define DIRECTORY_RULES 256
#define ENVIRONMENT_RULES 256
#define RESULT_PATTERNS 256
#define CGROUP_RULES 64

/* Ids from here on are not the command's: the first is PID 1's, others are not mapped. */
#define CONFIG_ID_LIMIT 0x6fffffffu

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
	uint64_t files_count;  /* written into the container, or copied out of it */
	uint64_t files_bytes;
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

/* Ten times the processors of the largest machines: more would only wait for each other. */
#define BATCH_JOBS 10000

struct run_config {
	char *const *command;	 /* NULL-terminated, borrowed from main's argv; empty for a batch */
	const char *batch_path;	 /* holds the commands of a batch; "-" stdin; NULL: it is none */
	unsigned int batch_jobs; /* so many at a time; 0: one */
	bool no_container;
	bool explain;	/* tell what would be isolated, and do nothing */
	bool self_test; /* weigh what is known instead of a command */
	bool quiet;	/* no summary on stderr */
	bool weighs_interrupts;
	bool verbose;		/* what was isolated, left over, chosen */
	bool private_collector; /* although a shared one may run */
	const char *json_path;	/* NULL none, "-" stdout */
	struct directory_rule directories[DIRECTORY_RULES];
	size_t directory_count;
	const char *root_directory; /* what is '/' inside; NULL: the host's; as the user wrote it */
	bool keep_tmp;		    /* one of them shares /tmp */
	const char *home_directory; /* absolute; made inside where it is missing; NULL: none is */
	const char
		*own_directory; /* the caller's, made for this run: gone if tare is killed; NULL */
	const char *start_directory; /* where the command starts; NULL: where the caller is */
	bool no_tmpfs;		     /* what is written goes to disk instead of memory */
	bool keep_system_config;     /* hostname, users and name service are not replaced */
	const char *hostname;  /* of the container; NULL: tare, or the host's on its network */
	bool network_access;   /* the host's network instead of none */
	unsigned int uid, gid; /* who the command is inside; 0 as the caller, who is root */
	bool has_uid, has_gid; /* they were asked for */
	bool ids_are_names;    /* of the caller, whose rights the command has all the same */

	/* Of the caller's environment all, or, when cleared, what is kept by name; then what is
	 * set. */
	bool clear_environment;
	const char *kept_names[ENVIRONMENT_RULES];
	size_t kept_count;
	const char *set_entries[ENVIRONMENT_RULES]; /* "NAME=VALUE", no name twice */
	size_t set_count;

	uint64_t timeline_interval_ns; /* between points of the time line; 0: there is none */
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

	const char *input_path;	   /* standard input; NULL: the caller's own */
	const char *output_path;   /* standard output and standard error; NULL: the caller's own */
	const char *output_header; /* what that file begins with; NULL: nothing */
	/*
	 * What is copied out of the container after the run, and where to. Patterns are
	 * base/pattern.h's, relative to where the command starts; without one it is nothing.
	 */
	const char *output_directory;
	const char *result_patterns[RESULT_PATTERNS];
	size_t result_pattern_count;
	bool has_result_patterns; /* they were asked for, if only for none */
	enum filter_mode filter;
	const char *profile_path; /* of FILTER_PROFILE */
	bool has_filter;	  /* it was asked for */

	/* HUP, INT, QUIT and TERM end the run, as "killed", instead of going to the command. */
	bool signals_end_run;

	bool no_syscalls;   /* no hook on system calls: they are neither counted nor timed */
	bool syscall_times; /* they are timed, too */

	/* What the seccomp filter lets through although it is refused by default. */
	bool allow_io_uring;
	bool allow_mounts;
	bool allow_namespaces;
};

#endif
