/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's sandbox as its starter holds it: open, bear, go, events, kill, close.
 *
 * The order is sandbox_check, sandbox_open (cgroups and, in the background, the container), then
 * the collector is told of sandbox_cgroup_fd, then sandbox_bear, sandbox_go, and sandbox_next_event
 * until the command has ended. However it goes, sandbox_close leaves nothing behind.
 */
#ifndef TARE_SANDBOX_H
#define TARE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/config.h"
#include "base/explanation.h"
#include "base/failure.h"
#include "base/file_copy.h"
#include "base/refusal.h"
#include "base/result.h"
#include "order.h"

struct sandbox;

/*
 * What the sandbox of a run would isolate and what not, from the tables that do it. Makes nothing.
 * Fails as sandbox_open does for what cannot be.
 */
int sandbox_explain(
	const struct run_config *config, struct explanation *explanation, struct failure *why);

struct sandbox_spec {
	const struct run_config *config; /* borrowed until close */
	const char *run_id;		 /* names its cgroups; NULL: something unique does */
	char *const *environment;	 /* of the command */
	int streams[3];	  /* to be its descriptors 0, 1 and 2; -1: the caller's own. Borrowed */
	int tares_own[4]; /* -1, or descriptors that are for no process of the run */
};

enum sandbox_event_kind {
	SANDBOX_EXEC_FAILED,   /* the command's fault: not found, not executable */
	SANDBOX_SET_UP_FAILED, /* tare's fault, or this machine's */
	SANDBOX_STOPPED,       /* a job-control stop of the command */
	SANDBOX_ENDED,
};

struct sandbox_event {
	enum sandbox_event_kind kind;
	bool is_signaled; /* SANDBOX_ENDED */
	bool core_dumped;
	int code; /* exit code, or signal; SANDBOX_SET_UP_FAILED: the signal that did it, or 0 */
};

/*
 * What the sandbox of this run will refuse; at most `room` rules, for which SANDBOX_REFUSALS
 * suffices. Returns how many.
 */
#define SANDBOX_REFUSALS 256
size_t sandbox_list_refusals(
	const struct run_config *config, struct refusal_rule *out, size_t room);

/* Whether such a run can make rings of io_uring, as far as its filter goes. */
bool sandbox_lets_io_uring(const struct run_config *config);

/*
 * Whether such a run can be asked for here, as far as can be told without making anything: the
 * directories with a mode, the standard streams.
 */
int sandbox_check(const struct run_config *config, struct failure *why);

int sandbox_open(const struct sandbox_spec *spec, struct sandbox **out, struct failure *why);

/* The run's cgroup2 directory. Borrowed. */
int sandbox_cgroup_fd(const struct sandbox *sandbox);

/* "cgroup2" or "hybrid". */
const char *sandbox_cgroup_layout(const struct sandbox *sandbox);

/* The mounts that the container does not show as they are; complete once the command is born. */
int sandbox_list_mounts(
	const struct sandbox *sandbox, struct mount_notes *out, struct failure *why);

/* How many processors a cgroup holds the run to; 0: none does. */
size_t sandbox_processors(const struct sandbox *sandbox);

/* The processors and memory nodes that were chosen for the run. Borrowed. */
const struct core_use *sandbox_core_use(const struct sandbox *sandbox);

/*
 * Bears the command's process, which then waits. A failure of the set-up so far is told here;
 * *is_exec_failure tells whether it was that the command was not found.
 */
int sandbox_bear(struct sandbox *sandbox, bool *is_exec_failure, struct failure *why);

/* Of the command's process, once it is born. Borrowed. */
int sandbox_command_pidfd(const struct sandbox *sandbox);

/* Lends the terminal and lets the command go. */
int sandbox_go(struct sandbox *sandbox, struct failure *why);

/* Readable when sandbox_next_event has something to say. Borrowed. */
int sandbox_event_fd(const struct sandbox *sandbox);

/* Takes the next event; *why tells the cause of the two failed kinds. */
int sandbox_next_event(struct sandbox *sandbox, struct sandbox_event *event, struct failure *why);

/* To the command's own process. */
int sandbox_signal(struct sandbox *sandbox, int signal_number, struct failure *why);

/*
 * After SANDBOX_STOPPED by this signal: takes the terminal back, and returns true, for the caller
 * to stop as well; sandbox_resume lends it again, if tare has it then, and continues the command.
 * False: the command shares no terminal and its stop is its own affair, or it was continued here.
 */
bool sandbox_suspend(struct sandbox *sandbox, int stop_signal);
void sandbox_resume(struct sandbox *sandbox);

/* Processes still alive; at most `room` numbers into `pids`. */
int sandbox_processes(const struct sandbox *sandbox, pid_t *pids, size_t room, size_t *count,
	struct failure *why);

/*
 * Lets the visitor's command in who sent an ORDER_ADMIT (tare exec). Whatever is wrong is told to
 * the visitor.
 */
void sandbox_admit(struct sandbox *sandbox, const struct order *order);

/* Ends all commands of visitors. Until this or sandbox_close they are processes of the run. */
void sandbox_send_guests_away(struct sandbox *sandbox);

/* SIGTERM to every process of the run. */
int sandbox_terminate(struct sandbox *sandbox, struct failure *why);

/* A memory cgroup holds the run's memory limit. Without one it is for the collector to hold. */
bool sandbox_holds_memory(const struct sandbox *sandbox);

/* Readable when the run's memory limit was hit and not all of it is killed. -1: there is none. */
int sandbox_memory_event_fd(const struct sandbox *sandbox);

/* The kernel killed processes of the run because of its own memory limit. */
bool sandbox_memory_was_hit(const struct sandbox *sandbox);

/* The run has limits on the files that are written into its container. */
bool sandbox_limits_files(const struct sandbox *sandbox);

/*
 * Whether one of them is passed, while the command runs: *reason is NULL, or BenchExec's word for
 * it. *pause_ns says when to look again.
 */
int sandbox_look_at_files(
	struct sandbox *sandbox, const char **reason, uint64_t *pause_ns, struct failure *why);

/* The same for all that was written, after sandbox_wait_empty. */
int sandbox_judge_files(struct sandbox *sandbox, const char **reason, struct failure *why);

/* SIGKILL to all of the run. Nothing of it can start another process afterwards. */
int sandbox_kill(struct sandbox *sandbox, struct failure *why);

/* Waits until no process of the run is left, at most timeout_ms; then -ETIME. */
int sandbox_wait_empty(const struct sandbox *sandbox, int timeout_ms, struct failure *why);

/*
 * Copies what the config chooses of what the command wrote, after sandbox_wait_empty. Takes the
 * terminal back first, so that who has had enough can end it. What went wrong is in *files.
 */
void sandbox_copy_files(
	struct sandbox *sandbox, const struct file_copy_stop *stop, struct files_result *files);

/* The kernel's own figures of the run's cgroups. */
int sandbox_cpu_ns(const struct sandbox *sandbox, uint64_t *cpu_ns, struct failure *why);
int sandbox_oom_kills(const struct sandbox *sandbox, uint64_t *kills, struct failure *why);
struct number sandbox_memory_peak(const struct sandbox *sandbox);

/* What its cgroup tells of block devices and of stalls since the command was let go. */
void sandbox_fill_usage(const struct sandbox *sandbox, struct result *result);

/*
 * The command has ended and no process of the run is wanted any more: the kernel may begin to take
 * the container down. What can be asked of the sandbox afterwards, it has in its own hands.
 */
void sandbox_begin_end(struct sandbox *sandbox);

/*
 * Kills what is left, waits for it, removes the cgroups and what was written to disk, takes the
 * terminal back. NULL is fine.
 * Frees the sandbox also when something could not be removed, which is the failure told.
 */
int sandbox_close(struct sandbox *sandbox, struct failure *why);

#endif
