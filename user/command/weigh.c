// SPDX-License-Identifier: Apache-2.0
// One command, contained and weighed.
//
// Theory of operation. The sandbox starts to build the container in its own process; meanwhile the
// collector is loaded here. When both are ready the command's process is born into the run's
// cgroup, so that the collector sees it from its first instant, and is let go. Then this process
// sleeps until the command has ended, passing signals on. What the command left running is killed,
// the last task's last switch is waited for, and only then are the accounts read: the
// totals are complete because nobody is left who could add to them.
#include "weigh.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "meter/account.h"
#include "meter/collector.h"
#include "meter/machine.h"
#include "meter/overhead.h"
#include "check_probe.h"
#include "sandbox/sandbox.h"
#include "sandbox/topology.h"
#include "sandbox/topology_places.h"
#include "signals.h"
#include "watch.h"

/* How long the kernel may take to end killed processes before the result is marked. */
#define EMPTY_DEADLINE_MS 10000
/* From an empty cgroup to the last switch 125 us were measured at most, on four kernels. */
#define DRAIN_DEADLINE_MS 50

extern char **environ;

struct run {
	const struct run_config *config;
	struct result *result;
	struct sandbox *sandbox;
	struct collector *collector;
	struct machine_counters machine_before;
	char **environment; /* owned */
	struct streams streams;
	int signal_fd;
	bool has_ended_early; /* by a signal, before its exec */
	bool is_over;	      /* nobody is left whom the collector would see */
	bool is_copying_over; /* by a signal, while files were copied */
};

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
	ORDER_SIGNAL };

/* --- Before the command --- */

/*
 * A reader or writer of the command's pipes must not wait for this process's copies. Those that
 * tare still writes to stay open: standard error, and standard output if the document may go there
 * or the command has another.
 */
static void let_streams_go(const struct run_config *config)
{
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	if (!config->json_path && !config->output_path)
		dup2(null, STDOUT_FILENO);
}

static int bear(struct run *run, struct failure *why)
{
	bool is_exec_failure;
	int error = sandbox_bear(run->sandbox, &is_exec_failure, why);

	if (error && is_exec_failure) {
		run->result->outcome.kind = OUTCOME_NOT_STARTED;
		run->result->outcome.error = *why;
		return 0;
	}
	if (!error)
		error = collector_seed(run->collector, sandbox_command_pidfd(run->sandbox), why);
	if (error)
		return error;
	let_streams_go(run->config);
	streams_let_go(&run->streams);
	return sandbox_go(run->sandbox, why);
}

static int expect_refusals(struct run *run, struct failure *why)
{
	struct refusal_rule rules[SANDBOX_REFUSALS];
	size_t count = sandbox_list_refusals(run->config, rules, SANDBOX_REFUSALS);

	return collector_expect_refusals(run->collector, rules, count, why);
}

/*
 * Root may do less than everything inside a container, such as one of tare's own: said here, where
 * it is known, and not by whatever fails first.
 */
static int check_rights(struct failure *why)
{
	if (geteuid() != 0 || probe_has_capability(CAP_SYS_ADMIN))
		return 0;
	(void)failure_set(why, EPERM, "weigh as a root without capabilities");
	return failure_hint(why, "a container took them, and with them BPF: start tare outside of "
				 "it, around it, or in a more privileged one (see: tare check)");
}

static struct machine_counters read_machine(void)
{
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return machine_read(root);
}

static bool read_places(struct place places[PLACES])
{
	cleanup_fd int tree = topology_open("/sys", NULL);

	return tree >= 0 && topology_places(tree, places);
}

/* Where the shared one cannot be used, the result says why, and has the same numbers. */
static void join_collector(struct run *run, const struct collector_spec *spec)
{
	struct failure *why = &run->result->collector.not_shared;
	int cgroup_fd = sandbox_cgroup_fd(run->sandbox);

	if (!run->config->private_collector)
		(void)collector_join(spec, cgroup_fd, &run->collector, why);
}

/* Who may not have a private one can only do something about the shared one. */
static int tell_refused(struct run *run, int error, struct failure *why)
{
	struct failure *not_shared = &run->result->collector.not_shared;

	if (error != -EPERM || !not_shared->what[0])
		return error;
	*why = *not_shared;
	*not_shared = (struct failure){ 0 };
	return why->errnum ? -why->errnum : -EINVAL;
}

static int open_collector(struct run *run, struct failure *why)
{
	const struct run_limits *limits = &run->config->limits;
	struct place places[PLACES] = { 0 };
	struct collector_spec spec = {
		.limits = { .cpu_ns = limits->cpu_ns,
			.soft_cpu_ns = limits->soft_cpu_ns,
			.tasks = limits->tasks },
		.timeline_interval_ns = run->config->timeline_interval_ns,
		.weighs_interrupts = run->config->weighs_interrupts,
		.no_syscalls = run->config->no_syscalls,
		.times_syscalls = run->config->syscall_times,
		.lets_io_uring = sandbox_lets_io_uring(run->config),
	};
	int error;

	/* What no memory cgroup can hold, the collector does, by its own account. */
	if (!sandbox_holds_memory(run->sandbox))
		spec.limits.rss_bytes = limits->memory_bytes;
	join_collector(run, &spec);
	if (run->collector)
		return 0;
	if (read_places(places))
		spec.places = places;
	error = collector_open(&spec, &run->collector, why);
	return error ? tell_refused(run, error, why) : 0;
}

/* The collector is loaded while the container is being built, by the other process. */
static int start(struct run *run, struct failure *why)
{
	const char *header = run->config->output_header;
	struct sandbox_spec spec = { .config = run->config, .run_id = run->result->run_id };
	int error = check_rights(why);

	if (!error)
		error = signals_take(
			forwarded, sizeof(forwarded) / sizeof(forwarded[0]), &run->signal_fd, why);
	if (!error)
		error = environment_build(run->config, environ, &run->environment, why);
	spec.environment = run->environment;
	if (!error)
		error = streams_open(&run->streams, run->config, header ? header : "", why);
	memcpy(spec.streams, run->streams.of_command, sizeof(spec.streams));
	streams_list_own(&run->streams, spec.tares_own);
	if (!error)
		error = sandbox_open(&spec, &run->sandbox, why);
	if (!error)
		error = open_collector(run, why);
	if (!error)
		error = expect_refusals(run, why);
	if (!error)
		error = collector_register(run->collector, sandbox_cgroup_fd(run->sandbox), why);
	if (!error && sandbox_lets_io_uring(run->config))
		error = collector_watch_io_uring(run->collector, why);
	run->machine_before = read_machine();
	return error ? error : bear(run, why);
}

static int watch(struct run *run, struct failure *why)
{
	struct watch_spec spec = { .config = run->config,
		.sandbox = run->sandbox,
		.collector = run->collector,
		.streams = &run->streams,
		.signal_fd = run->signal_fd };

	if (run->result->outcome.kind == OUTCOME_NOT_STARTED)
		return 0;
	return watch_run(&spec, &run->result->outcome, &run->has_ended_early, why);
}

/* --- After it --- */

/* What the end itself did not tell. */
static void tell_limit(struct run *run, const char *reason)
{
	struct outcome *outcome = &run->result->outcome;

	if (outcome->kind == OUTCOME_LIMIT)
		return;
	outcome->kind = OUTCOME_LIMIT;
	outcome->termination_reason = reason;
}

static void print_leftover(pid_t pid)
{
	cleanup_free char *name = NULL, *shown = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (!file_read(AT_FDCWD, path, &name, NULL, NULL)) {
		name[strcspn(name, "\n")] = '\0';
		shown = text_escape(name);
	}
	fprintf(stderr, "tare: killed what was left: process %d %s\n", pid, shown ? shown : "");
}

static int kill_leftovers(struct run *run, struct failure *why)
{
	pid_t pids[64];
	size_t count = 0;
	int error = sandbox_processes(run->sandbox, pids, 64, &count, why);

	if (error || !count)
		return error;
	/* What dies of a limit was not left by the command. */
	if (run->result->outcome.kind != OUTCOME_LIMIT)
		run->result->outcome.leftover_processes = count;
	for (size_t i = 0; run->config->verbose && i < count && i < 64; i++)
		print_leftover(pids[i]);
	return sandbox_kill(run->sandbox, why);
}

/* Waits for the last switch of the last member, which is a moment after its cgroup is empty. */
static int drain(struct run *run, struct failure *why)
{
	struct loss *loss = &run->result->collector.loss;
	int error = sandbox_wait_empty(run->sandbox, EMPTY_DEADLINE_MS, why);

	if (error && error != -ETIME)
		return error;
	loss->drain_timed_out = error == -ETIME;
	if (!loss->drain_timed_out)
		loss->drain_timed_out = !collector_wait_drained(run->collector, DRAIN_DEADLINE_MS);
	run->is_over = !loss->drain_timed_out;
	return 0;
}

static void read_start_time(struct result *result, const struct account *account)
{
	struct timespec monotonic, real, *begin = &result->started_at;
	int64_t since_ns, since_begin_ns;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &real);
	since_ns = monotonic.tv_sec * 1000000000LL + monotonic.tv_nsec - account->run.exec_ns;
	since_begin_ns =
		(real.tv_sec - begin->tv_sec) * 1000000000LL + real.tv_nsec - begin->tv_nsec;
	/* In a time namespace the two clocks are not the kernel's: then tare's own start has to do.
	 */
	if (since_ns < 0 || since_ns > since_begin_ns)
		return;
	since_ns = real.tv_sec * 1000000000LL + real.tv_nsec - since_ns;
	result->started_at = (struct timespec){ since_ns / 1000000000, since_ns % 1000000000 };
}

static int check_cpu(struct run *run, const struct account *account, struct failure *why)
{
	uint64_t cgroup_ns = 0;
	int error = sandbox_cpu_ns(run->sandbox, &cgroup_ns, why);

	if (!error)
		account_check_cpu(
			&run->result->collector.loss, account_charged_ns(account), cgroup_ns);
	return error;
}

static bool is_more(const struct number *used, uint64_t limit)
{
	return limit && used->is_known && used->value > limit;
}

/*
 * The kernel may have ended it before there was anything to see here, or it ended by itself, as
 * where tare was stopped when it should have ended it.
 */
static void judge_usage(struct run *run)
{
	const struct run_limits *limits = &run->config->limits;
	const struct result *result = run->result;

	if (sandbox_memory_was_hit(run->sandbox))
		tell_limit(run, "memory");
	if (is_more(&result->time.cpu, limits->cpu_ns))
		tell_limit(run, "cputime");
	if (is_more(&result->time.wall, limits->wall_ns))
		tell_limit(run, "walltime");
}

static int tell_unseen_exec(const struct run *run, struct failure *why)
{
	failure_set(why, 0,
		"the collector did not see the command's exec; "
		"nothing of what it counted can be trusted");
	if (!run->config->rlimit_count)
		return -EINVAL;
	return failure_hint(
		why, "the kernel kills what does not fit at its exec: give more by --rlimit");
}

static void fill_machine(struct run *run)
{
	struct machine_counters now = read_machine();

	machine_fill(&run->machine_before, &now, &run->result->noise);
}

static int fill_result(struct run *run, const struct account *account, struct failure *why)
{
	struct result *result = run->result;
	uint64_t kills = 0;
	int error = account_fill(account, result, why);

	if (error)
		return error;
	if (!account->run.exec_ns)
		return tell_unseen_exec(run, why);
	read_start_time(result, account);
	result->memory.peak = sandbox_memory_peak(run->sandbox);
	sandbox_fill_usage(run->sandbox, result);
	fill_machine(run);
	judge_usage(run);
	if (!sandbox_lets_io_uring(run->config))
		result->syscalls.io_uring.total =
			number_known(0, "tare:seccomp filter, which lets no ring be made");
	if (run->config->filter == FILTER_PROFILE && result->syscalls.denied.is_known)
		result->syscalls.denied = number_unknown(
			"what a seccomp profile refuses cannot be told from what the kernel does");
	result->outcome.oom_kills =
		sandbox_oom_kills(run->sandbox, &kills, NULL)
			? number_unknown("no memory controller could be had for the run alone")
			: number_known(kills, "cgroup:oom_kill");
	return check_cpu(run, account, why);
}

static int read_accounts(struct run *run, struct failure *why)
{
	struct account account = { 0 };
	int error = collector_read(run->collector, &account, why);

	if (!error)
		error = fill_result(run, &account, why);
	account_done(&account);
	return error;
}

/* A command may have ended before what it wrote was too much. */
static int finish_output(struct run *run, struct failure *why)
{
	int error = streams_finish(&run->streams, &run->result->output, why);

	if (streams_are_over(&run->streams))
		tell_limit(run, "output-size");
	return error;
}

/* Files too many that were written just before the end, or after the last look. */
static int judge_files(struct run *run, struct failure *why)
{
	const char *reason = NULL;
	int error;

	if (run->result->outcome.kind == OUTCOME_LIMIT || !sandbox_limits_files(run->sandbox))
		return 0;
	error = sandbox_judge_files(run->sandbox, &reason, why);
	if (!error && reason)
		tell_limit(run, reason);
	return error;
}

/* A signal that comes now can no longer be meant for the command. */
static bool has_had_enough(void *argument)
{
	static const uint64_t ending =
		1ULL << SIGHUP | 1ULL << SIGINT | 1ULL << SIGQUIT | 1ULL << SIGTERM;
	struct run *run = argument;
	struct signalfd_siginfo info;

	while (!run->is_copying_over && read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		run->is_copying_over =
			ending >> info.ssi_signo & 1 || order_read(&info).kind == ORDER_END;
	return run->is_copying_over;
}

static void copy_files(struct run *run)
{
	const struct file_copy_stop stop = { .is_wanted = has_had_enough, .argument = run };

	run->result->files.reason = "no files were asked for";
	sandbox_copy_files(run->sandbox, &stop, &run->result->files);
}

static int finish(struct run *run, struct failure *why)
{
	int error;

	if (run->result->outcome.kind == OUTCOME_NOT_STARTED) {
		result_set_unknown(run->result, "the command was not executed");
		return 0;
	}
	if (run->has_ended_early) {
		result_set_unknown(run->result, "a signal ended the command before its exec");
		return 0;
	}
	/* What visitors have started was not left by the command; what that has left, is. */
	sandbox_send_guests_away(run->sandbox);
	error = kill_leftovers(run, why);
	if (!error)
		sandbox_begin_end(run->sandbox);
	if (!error)
		error = drain(run, why);
	if (!error)
		error = finish_output(run, why);
	if (!error)
		error = judge_files(run, why);
	if (!error)
		error = read_accounts(run, why);
	if (!error)
		copy_files(run);
	return error;
}

static void describe_container(const struct run_config *config, struct result *result)
{
	static const char *const filters[] = {
		[FILTER_DEFAULT] = "default",
		[FILTER_NONE] = "none",
		[FILTER_PROFILE] = "profile",
	};

	result->container.is_used = !config->no_container;
	if (config->no_container)
		return;
	result->container.keeps_system_config = config->keep_system_config;
	result->container.root_directory = config->root_directory;
	result->container.filter = filters[config->filter];
	result->container.profile_path = config->profile_path;
}

static void describe(struct run *run)
{
	struct result *result = run->result;

	result->collector.mode = run->collector ? collector_mode(run->collector) : NULL;
	result->collector.start_ns = run->collector ? collector_start_ns(run->collector) : 0;
	result->limits = run->config->limits;
	describe_container(run->config, result);
	result->rlimits = run->config->rlimits;
	result->rlimit_count = run->config->rlimit_count;
	if (!run->sandbox)
		return;
	if (result->limits.memory_bytes)
		result->memory_held_by = sandbox_holds_memory(run->sandbox)
						 ? "memory cgroup"
						 : "collector, by resident memory";
	result->container.cgroup_layout = sandbox_cgroup_layout(run->sandbox);
	result->container.cores = *sandbox_core_use(run->sandbox);
}

/* --- The whole --- */

static void choose_run_id(struct result *result)
{
	unsigned char random[16];

	/* A run without an id is still a run. */
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(result->run_id + 2 * i, 3, "%02x", random[i]);
}

static void begin_result(const struct run_config *config, struct result *result)
{
	*result = (struct result){ .version = TARE_VERSION, .command = config->command };
	choose_run_id(result);
	clock_gettime(CLOCK_REALTIME, &result->started_at);
	result_set_unknown(result, "tare failed before the run was over");
}

/* How long a call takes without the probes can be told where they can be taken away. */
static struct number estimate_overhead(struct run *run)
{
	if (!strcmp(collector_mode(run->collector), "shared"))
		return number_unknown("the shared collector is not taken away to compare");
	return overhead_estimate(run->result, collector_detach(run->collector));
}

static void close_collector(struct run *run)
{
	if (run->collector)
		run->result->collector.stop_ns = collector_close(run->collector);
	run->collector = NULL;
}

/*
 * The kernel takes the container down meanwhile, which takes as long, so the collector goes first.
 * Not where somebody may live: he would be counted as who has its place next.
 */
static int close_all(struct run *run, bool is_weighed, struct failure *why)
{
	int error;

	if (is_weighed)
		run->result->collector.overhead = estimate_overhead(run);
	if (run->is_over)
		close_collector(run);
	error = sandbox_close(run->sandbox, why);
	close_collector(run);
	close_fd(&run->signal_fd);
	streams_close(&run->streams);
	free(run->environment);
	return error;
}

int run_weigh(const struct run_config *config, struct result *result, struct failure *why)
{
	struct run run = {
		.config = config, .result = result, .signal_fd = -1, .streams = STREAMS_NONE
	};
	struct failure close_failure;
	int error, close_error;

	begin_result(config, result);
	error = start(&run, why);
	if (!error)
		error = watch(&run, why);
	if (!error)
		error = finish(&run, why);
	describe(&run);
	if (!error)
		error = sandbox_list_mounts(run.sandbox, &result->container.mounts, why);
	close_error = close_all(&run, !error && result->time.cpu.is_known, &close_failure);
	if (!error && close_error) {
		error = close_error;
		*why = close_failure;
	}
	if (error)
		result_set_error(result, why);
	return error;
}
