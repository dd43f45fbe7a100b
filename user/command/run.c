// SPDX-License-Identifier: Apache-2.0
// `tare run`: one command, contained, weighed and told.
//
// Theory of operation. The sandbox starts to build the container in its own process; meanwhile the
// collector is loaded here. When both are ready the command's process is born into the run's
// cgroup, so that the collector sees it from its first instant, and is let go. Then this process
// sleeps until the command has ended, passing signals on. What the command left running is killed,
// the last task's last switch is waited for, and only then are the accounts read: the
// totals are complete because nobody is left who could add to them.
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "meter/account.h"
#include "meter/collector.h"
#include "options.h"
#include "report/json.h"
#include "report/summary.h"
#include "sandbox/sandbox.h"
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
	char **environment; /* owned */
	int signal_fd;
	bool has_ended_early; /* by a signal, before its exec */
};

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };

/* --- Before the command --- */

static int take_signals(struct run *run, struct failure *why)
{
	struct sigaction now;
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		/* What the caller ignores, as nohup does, is not meant for the command either. */
		if (!sigaction(forwarded[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(&signals, forwarded[i]);
	}
	sigprocmask(SIG_BLOCK, &signals, NULL);
	run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signal_fd >= 0 ? 0 : failure_set(why, errno, "receive signals");
}

/*
 * A reader or writer of the command's pipes must not wait for this process's copies. Those that
 * tare still writes to stay open: standard error, and standard output if the document may go there.
 */
static void let_streams_go(const struct run_config *config)
{
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	if (!config->json_path)
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
	return sandbox_go(run->sandbox, why);
}

static int expect_refusals(struct run *run, struct failure *why)
{
	struct refusal_rule rules[SANDBOX_REFUSALS];
	size_t count = sandbox_list_refusals(run->config, rules, SANDBOX_REFUSALS);

	return collector_expect_refusals(run->collector, rules, count, why);
}

/* The collector is loaded while the container is being built, by the other process. */
static int start(struct run *run, struct failure *why)
{
	const struct run_limits *limits = &run->config->limits;
	struct sandbox_spec spec = { .config = run->config };
	struct collector_limits collector_limits = {
		.cpu_ns = limits->cpu_ns, .soft_cpu_ns = limits->soft_cpu_ns, .tasks = limits->tasks
	};
	int error = take_signals(run, why);

	if (!error)
		error = environment_build(run->config, environ, &run->environment, why);
	spec.environment = run->environment;
	if (!error)
		error = sandbox_open(&spec, &run->sandbox, why);
	/* What no memory cgroup can hold, the collector does, by its own account. */
	if (!error && !sandbox_holds_memory(run->sandbox))
		collector_limits.rss_bytes = limits->memory_bytes;
	if (!error)
		error = collector_open(&collector_limits, &run->collector, why);
	if (!error)
		error = expect_refusals(run, why);
	if (!error)
		error = collector_register(run->collector, sandbox_cgroup_fd(run->sandbox), why);
	return error ? error : bear(run, why);
}

static int watch(struct run *run, struct failure *why)
{
	struct watch_spec spec = { .config = run->config,
		.sandbox = run->sandbox,
		.collector = run->collector,
		.signal_fd = run->signal_fd };

	if (run->result->outcome.kind == OUTCOME_NOT_STARTED)
		return 0;
	return watch_run(&spec, &run->result->outcome, &run->has_ended_early, why);
}

/* --- After it --- */

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
	struct pollfd news = { .fd = collector_event_fd(run->collector), .events = POLLIN };
	struct loss *loss = &run->result->collector.loss;
	int error = sandbox_wait_empty(run->sandbox, EMPTY_DEADLINE_MS, why);

	if (error && error != -ETIME)
		return error;
	loss->drain_timed_out = error == -ETIME;
	while (!loss->drain_timed_out && !collector_is_drained(run->collector))
		loss->drain_timed_out = poll(&news, 1, DRAIN_DEADLINE_MS) == 0;
	return 0;
}

static void read_start_time(struct result *result, const struct account *account)
{
	struct timespec monotonic, real;
	int64_t since_ns;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &real);
	since_ns = monotonic.tv_sec * 1000000000LL + monotonic.tv_nsec - account->run.exec_ns;
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

/* The kernel may have ended it before there was anything to see here. */
static void judge_memory(struct run *run)
{
	struct outcome *outcome = &run->result->outcome;

	if (outcome->kind != OUTCOME_LIMIT && sandbox_memory_was_hit(run->sandbox)) {
		outcome->kind = OUTCOME_LIMIT;
		outcome->termination_reason = "memory";
	}
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
	judge_memory(run);
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
	error = kill_leftovers(run, why);
	if (!error)
		error = drain(run, why);
	return error ? error : read_accounts(run, why);
}

static void describe(struct run *run)
{
	struct result *result = run->result;

	result->collector.mode = run->collector ? "private" : NULL;
	result->collector.start_ns = run->collector ? collector_start_ns(run->collector) : 0;
	result->container.is_used = !run->config->no_container;
	result->limits = run->config->limits;
	result->rlimits = run->config->rlimits;
	result->rlimit_count = run->config->rlimit_count;
	if (!run->sandbox)
		return;
	if (result->limits.memory_bytes)
		result->memory_held_by = sandbox_holds_memory(run->sandbox)
						 ? "memory cgroup"
						 : "collector, by resident memory";
	result->container.cgroup_layout = sandbox_cgroup_layout(run->sandbox);
	result->container.mounts = sandbox_mount_counts(run->sandbox);
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

int run_weigh(const struct run_config *config, struct result *result, struct failure *why)
{
	struct run run = { .config = config, .result = result, .signal_fd = -1 };
	struct failure close_failure;
	int error, close_error;

	begin_result(config, result);
	error = start(&run, why);
	if (!error)
		error = watch(&run, why);
	if (!error)
		error = finish(&run, why);
	describe(&run);
	close_error = sandbox_close(run.sandbox, &close_failure);
	result->collector.stop_ns = collector_close(run.collector);
	close_fd(&run.signal_fd);
	free(run.environment);
	if (!error && close_error) {
		error = close_error;
		*why = close_failure;
	}
	if (error)
		result_set_error(result, why);
	return error;
}

static int terminal_columns(int fd)
{
	struct winsize size;

	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int tell_summary(
	const struct run_config *config, const struct result *result, struct failure *why)
{
	struct summary_style style = { .colour = summary_wants_colour(STDERR_FILENO),
		.verbose = config->verbose,
		.columns = terminal_columns(STDERR_FILENO) };
	cleanup_free char *text = NULL;
	int error;

	/* Even a quiet run says why there was none. */
	if (config->quiet && result->outcome.kind != OUTCOME_ERROR &&
		result->outcome.kind != OUTCOME_NOT_STARTED)
		return 0;
	error = summary_render(result, &style, &text, why);
	if (!error)
		fputs(text, stderr);
	return error;
}

static int tell_json(struct output_file *file, const struct result *result, struct failure *why)
{
	cleanup_free char *text = NULL;
	size_t size;
	int error = json_render(result, &text, &size, why);

	return error ? error : output_file_commit(file, text, size, why);
}

/* It may hold paths of any bytes, which are not to command the terminal. */
static int print_failure(const struct failure *why, int status)
{
	struct failure first = *why;
	char text[sizeof(*why) + 256];
	cleanup_free char *what = NULL, *hint = text_escape(why->hint);

	first.hint[0] = '\0';
	what = text_escape(failure_describe(&first, text, sizeof(text)));
	fprintf(stderr, "tare: %s\n", what ? what : "out of memory");
	if (hint && *hint)
		fprintf(stderr, "  hint: %s\n", hint);
	return status;
}

static int weigh_and_tell(const struct run_config *config, struct output_file *json)
{
	struct result result;
	struct failure why;
	int status, error;

	(void)run_weigh(config, &result, &why); /* the result says it */
	status = result_exit_status(&result.outcome);
	error = tell_summary(config, &result, &why);
	if (!error && config->json_path)
		error = tell_json(json, &result, &why);
	result_done(&result);
	return error ? print_failure(&why, 125) : status;
}

/* What the caller left open is for no process of the run: it might lead out of the container. */
static void close_inherited(const struct output_file *keep)
{
	int one = keep->fd > STDERR_FILENO ? keep->fd : STDERR_FILENO;
	int other = keep->directory_fd > STDERR_FILENO ? keep->directory_fd : STDERR_FILENO;
	unsigned int low = one < other ? one : other, high = one < other ? other : one;

	/* Ranges that hold nothing are refused, and that is fine. */
	(void)close_range(STDERR_FILENO + 1, low - 1, 0);
	(void)close_range(low + 1, high - 1, 0);
	(void)close_range(high + 1, ~0U, 0);
}

int run_command(int argc, char **argv)
{
	struct output_file json = OUTPUT_FILE_NONE;
	enum options_request request;
	struct run_config config;
	struct failure why;
	int status;

	if (options_parse(argc, argv, &config, &request, &why))
		return print_failure(&why, 125);
	if (request == OPTIONS_HELP) {
		options_print_help(stdout);
		return 0;
	}
	if (config.json_path && output_file_open(config.json_path, &json, &why))
		return print_failure(&why, 125);
	close_inherited(&json);
	status = weigh_and_tell(&config, &json);
	output_file_discard(&json);
	return status;
}
