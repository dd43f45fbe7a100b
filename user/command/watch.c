// SPDX-License-Identifier: Apache-2.0
// What tare does while the command runs: waits, passes signals on, and ends it at its limits.
//
// Theory of operation. One poll over everything that can happen, each source with a function of
// its own. The first limit that is passed gives the reason and has the whole tree killed; what
// happens to the command then is told by its end, as always. If that end was not by the kill, the
// command was faster, and the limit had no part in it.
//
// CPU time is enforced in the kernel, by a fine tick that costs its share of every processor. It
// is armed only when the limit is near: until then this process sleeps for as long as the tree
// would need to get there on all processors at once, and looks again.
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"

/*
 * The tick is armed this much running time before the limit: the kernel's figure is one scheduler
 * tick old (10 ms at 100 Hz), this process may be woken late, and arming takes a moment.
 */
#define TICK_BEFORE_NS 20000000

/* A command needs a tenth of a millisecond from being let go to its exec; an emulated one 30 ms. */
#define EXEC_MOST_NS 10000000000ULL

struct watch {
	const struct watch_spec *spec;
	uint64_t begun_ns; /* when the command was let go, or just after that */
	struct outcome *outcome;
	const char *reason; /* of the first limit; NULL: none was passed */
	uint64_t passed_on; /* signals sent to the command, 1 << N */
	int interrupts;	    /* SIGINTs so far: the second one kills */
	bool is_soft;	    /* it was asked to end, and so may end in any way */
	bool is_passed;	    /* so much was used for certain, however the command then ended */
	bool has_ended;
	bool has_ended_early;
	int wall_timer, cpu_timer, file_timer; /* -1: no such limit */
};

/* --- Limits --- */

/* The second limit changes nothing: the tree is dying of the first. */
static int end_run(struct watch *watch, const char *reason, struct failure *why)
{
	if (!watch->reason)
		watch->reason = reason;
	return sandbox_kill(watch->spec->sandbox, why);
}

/* So much was used: also where the command then ended by itself, before it could be killed. */
static void pass(struct watch *watch, const char *reason)
{
	if (watch->reason)
		return;
	watch->reason = reason;
	watch->is_passed = true;
}

static int end_passed(struct watch *watch, const char *reason, struct failure *why)
{
	pass(watch, reason);
	return sandbox_kill(watch->spec->sandbox, why);
}

static const char *const reasons[] = {
	[COLLECTOR_CPU_LIMIT] = "cputime",
	[COLLECTOR_MEMORY_LIMIT] = "memory",
	[COLLECTOR_TASK_LIMIT] = "pids",
};

static int take_collector(struct watch *watch, struct failure *why)
{
	struct collector *collector = watch->spec->collector;
	enum collector_limit limit;

	collector_consume(collector);
	limit = collector_limit_fired(collector);
	if (limit != COLLECTOR_NO_LIMIT)
		return end_passed(watch, reasons[limit], why);
	if (!collector_soft_limit_fired(collector) || watch->is_soft)
		return 0;
	watch->is_soft = true;
	watch->reason = "cputime-soft";
	return sandbox_terminate(watch->spec->sandbox, why);
}

/* Version 1 kills only one process of those that are out of memory. */
static bool has_memory_event(const struct watch *watch)
{
	uint64_t events;

	return read(sandbox_memory_event_fd(watch->spec->sandbox), &events, sizeof(events)) > 0;
}

static int take_memory_event(struct watch *watch, struct failure *why)
{
	return has_memory_event(watch) ? end_passed(watch, "memory", why) : 0;
}

/* What a launcher that was not woken, or was stopped, may not have looked at before the end. */
static void note_limit(struct watch *watch)
{
	struct collector *collector = watch->spec->collector;
	enum collector_limit limit;

	if (has_memory_event(watch))
		pass(watch, "memory");
	if (collector_event_fd(collector) < 0)
		return;
	collector_consume(collector);
	limit = collector_limit_fired(collector);
	if (limit != COLLECTOR_NO_LIMIT)
		pass(watch, reasons[limit]);
}

static int set_timer(int timer, uint64_t after_ns, int flags, struct failure *why)
{
	struct itimerspec when = {
		.it_value = { after_ns / 1000000000, after_ns % 1000000000 },
	};

	/* Zero would stop it. */
	if (!after_ns)
		when.it_value.tv_nsec = 1;
	if (timerfd_settime(timer, flags, &when, NULL))
		return failure_set(why, errno, "set a timer");
	return 0;
}

/*
 * It was set when the command was let go, some time before its exec opened the window. Where that
 * is still to come it is not the command that is slow; but one that never comes is ended as well.
 */
static int take_wall_timer(struct watch *watch, struct failure *why)
{
	uint64_t limit_ns = watch->spec->config->limits.wall_ns, end_ns;
	uint64_t expirations, exec_ns = collector_exec_ns(watch->spec->collector);
	uint64_t now_ns = clock_now_ns();

	if (read(watch->wall_timer, &expirations, sizeof(expirations)) < 0)
		return 0;
	if (!exec_ns && now_ns < watch->begun_ns + EXEC_MOST_NS)
		return set_timer(watch->wall_timer, limit_ns, 0, why);
	end_ns = exec_ns + limit_ns;
	if (exec_ns && now_ns < end_ns)
		return set_timer(watch->wall_timer, end_ns, TFD_TIMER_ABSTIME, why);
	return end_run(watch, "walltime", why);
}

static uint64_t nearest_cpu_limit_ns(const struct run_limits *limits)
{
	return limits->soft_cpu_ns ? limits->soft_cpu_ns : limits->cpu_ns;
}

/* At most so many can run at one time. From an affinity the command could free itself. */
static size_t count_processors(const struct watch_spec *spec)
{
	size_t count = sandbox_processors(spec->sandbox);

	return count ? count : collector_processors(spec->collector);
}

static int look_at_cpu(struct watch *watch, struct failure *why)
{
	uint64_t limit_ns = nearest_cpu_limit_ns(&watch->spec->config->limits), used_ns = 0;
	uint64_t apart_ns;
	int error = sandbox_cpu_ns(watch->spec->sandbox, &used_ns, why);

	if (error)
		return error;
	apart_ns = used_ns < limit_ns ? limit_ns - used_ns : 0;
	apart_ns /= count_processors(watch->spec);
	if (apart_ns > TICK_BEFORE_NS)
		return set_timer(watch->cpu_timer, apart_ns - TICK_BEFORE_NS / 2, 0, why);
	close_fd(&watch->cpu_timer);
	return collector_arm(watch->spec->collector, why);
}

static int take_cpu_timer(struct watch *watch, struct failure *why)
{
	uint64_t expirations;

	if (read(watch->cpu_timer, &expirations, sizeof(expirations)) < 0)
		return 0;
	return look_at_cpu(watch, why);
}

/* Its expirations say nothing: a look that comes late counts for all before it. */
static int take_file_timer(struct watch *watch, struct failure *why)
{
	const char *reason = NULL;
	uint64_t pause_ns = 0;
	int error = sandbox_look_at_files(watch->spec->sandbox, &reason, &pause_ns, why);

	if (error)
		return error;
	if (!reason)
		return set_timer(watch->file_timer, pause_ns, 0, why);
	close_fd(&watch->file_timer);
	return end_passed(watch, reason, why);
}

static int relay_output(struct watch *watch, size_t which, struct failure *why)
{
	int error = relay_step(&watch->spec->streams->relays[which], why);

	if (!error && !watch->reason && streams_are_over(watch->spec->streams))
		error = end_passed(watch, "output-size", why);
	return error;
}

static int take_first_output(struct watch *watch, struct failure *why)
{
	return relay_output(watch, 0, why);
}

static int take_second_output(struct watch *watch, struct failure *why)
{
	return relay_output(watch, 1, why);
}

static int (*const take_output[STREAM_RELAYS])(struct watch *watch, struct failure *why) = {
	take_first_output,
	take_second_output,
};

/* --- Signals --- */

static bool ends_run(const struct watch *watch, int signal_number)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (signal_number == ending[i])
			return watch->spec->config->signals_end_run;
	}
	return false;
}

/* It may be killed before its exec, which then is no failure of the set-up. */
static int end_by_signal(struct watch *watch, struct failure *why)
{
	watch->passed_on |= 1ULL << SIGKILL;
	return end_run(watch, "killed", why);
}

/* The second interrupt says that the first did not help. */
static int forward(struct watch *watch, int signal_number, struct failure *why)
{
	if (signal_number == SIGINT && ++watch->interrupts > 1) {
		watch->passed_on |= 1ULL << SIGKILL;
		return sandbox_kill(watch->spec->sandbox, why);
	}
	watch->passed_on |= 1ULL << signal_number;
	/* The command may have ended just now: then its end is the next event. */
	(void)sandbox_signal(watch->spec->sandbox, signal_number, NULL);
	return 0;
}

/* From tare kill and tare exec. */
static int take_order(struct watch *watch, const struct order *order, struct failure *why)
{
	if (order->kind == ORDER_END)
		return end_by_signal(watch, why);
	if (order->kind == ORDER_ADMIT) {
		sandbox_admit(watch->spec->sandbox, order);
		return 0;
	}
	watch->passed_on |= 1ULL << (order->argument & 63);
	(void)sandbox_signal(watch->spec->sandbox, order->argument, NULL);
	return 0;
}

static int take_signal(struct watch *watch, struct failure *why)
{
	struct signalfd_siginfo info;
	struct order order;

	if (read(watch->spec->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	order = order_read(&info);
	if (order.kind != ORDER_NONE)
		return take_order(watch, &order, why);
	return ends_run(watch, (int)info.ssi_signo) ? end_by_signal(watch, why)
						    : forward(watch, info.ssi_signo, why);
}

/* --- The command's own events --- */

static bool was_ended_by_limit(const struct watch *watch, const struct sandbox_event *event)
{
	if (!watch->reason)
		return false;
	return watch->is_passed || watch->is_soft || (event->is_signaled && event->code == SIGKILL);
}

static void record_end(struct watch *watch, const struct sandbox_event *event)
{
	struct outcome *outcome = watch->outcome;

	outcome->kind = event->is_signaled ? OUTCOME_SIGNALED : OUTCOME_EXITED;
	*(event->is_signaled ? &outcome->signal : &outcome->exit_code) = event->code;
	outcome->core_dumped = event->core_dumped;
	if (was_ended_by_limit(watch, event)) {
		outcome->kind = OUTCOME_LIMIT;
		outcome->termination_reason = watch->reason;
	}
	watch->has_ended = true;
}

/* Whoever wants to end the run need not know whether the command was executed yet. */
static int record_early_end(struct watch *watch, int signal_number)
{
	watch->outcome->kind = OUTCOME_SIGNALED;
	watch->outcome->signal = signal_number;
	watch->outcome->termination_reason = watch->reason;
	watch->has_ended = watch->has_ended_early = true;
	return 0;
}

static int record_not_started(struct watch *watch, const struct failure *why)
{
	watch->outcome->kind = OUTCOME_NOT_STARTED;
	watch->outcome->error = *why;
	watch->has_ended = true;
	return 0;
}

/* As the command stops on the terminal, so does tare, for the shell to see. */
static void stop_too(struct watch *watch, int stop_signal)
{
	if (!sandbox_suspend(watch->spec->sandbox, stop_signal))
		return;
	raise(SIGSTOP);
	sandbox_resume(watch->spec->sandbox);
}

static int take_event(struct watch *watch, struct failure *why)
{
	struct sandbox_event event;
	int error = sandbox_next_event(watch->spec->sandbox, &event, why);

	if (error)
		return error;
	switch (event.kind) {
	case SANDBOX_STOPPED:
		stop_too(watch, event.code);
		return 0;
	case SANDBOX_ENDED:
		note_limit(watch);
		record_end(watch, &event);
		return 0;
	case SANDBOX_EXEC_FAILED:
		return record_not_started(watch, why);
	case SANDBOX_SET_UP_FAILED:
		if (event.code && watch->passed_on >> event.code & 1)
			return record_early_end(watch, event.code);
		break;
	}
	return why->errnum ? -why->errnum : -EINVAL;
}

/* --- The whole --- */

/*
 * A limit is to end the run on time also where the command keeps every processor busy. Where this
 * is not allowed the kernel's fair share has to do.
 */
static void come_first(bool is_first)
{
	struct sched_param urgent = { .sched_priority = 1 }, normal = { 0 };

	(void)sched_setscheduler(0, is_first ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER,
		is_first ? &urgent : &normal);
}

static int start_timer(int *timer, uint64_t after_ns, struct failure *why)
{
	*timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (*timer < 0)
		return failure_set(why, errno, "make a timer");
	return set_timer(*timer, after_ns, 0, why);
}

static int start_timers(struct watch *watch, struct failure *why)
{
	const struct run_limits *limits = &watch->spec->config->limits;
	int error = 0;

	if (limits->wall_ns)
		error = start_timer(&watch->wall_timer, limits->wall_ns, why);
	if (!error && sandbox_limits_files(watch->spec->sandbox))
		error = start_timer(&watch->file_timer, 0, why);
	if (error || !nearest_cpu_limit_ns(limits))
		return error;
	error = start_timer(&watch->cpu_timer, 0, why);
	return error ? error : look_at_cpu(watch, why);
}

struct source {
	int fd;
	short events;
	int (*take)(struct watch *watch, struct failure *why);
};

/*
 * What is waited for. The command's end comes last: whatever else there is to know about it at
 * that moment is known when it is judged. A negative descriptor is passed over by poll.
 */
enum { FIXED_SOURCES = 7, SOURCES = FIXED_SOURCES + STREAM_RELAYS };

static void list_sources(const struct watch *watch, struct source *sources)
{
	const struct source fixed[FIXED_SOURCES] = {
		{ watch->spec->signal_fd, POLLIN, take_signal },
		{ collector_event_fd(watch->spec->collector), POLLIN, take_collector },
		{ sandbox_memory_event_fd(watch->spec->sandbox), POLLIN, take_memory_event },
		{ watch->cpu_timer, POLLIN, take_cpu_timer },
		{ watch->wall_timer, POLLIN, take_wall_timer },
		{ watch->file_timer, POLLIN, take_file_timer },
		{ sandbox_event_fd(watch->spec->sandbox), POLLIN, take_event },
	};
	const struct streams *streams = watch->spec->streams;

	for (size_t i = 0; i < STREAM_RELAYS; i++) {
		bool is_there = i < streams->relay_count;

		sources[i].fd = is_there ? relay_fd(&streams->relays[i]) : -1;
		sources[i].events = is_there ? relay_events(&streams->relays[i]) : 0;
		sources[i].take = take_output[i];
	}
	memcpy(&sources[STREAM_RELAYS], fixed, sizeof(fixed));
}

static int take_all(struct watch *watch, struct failure *why)
{
	struct source sources[SOURCES];
	struct pollfd news[SOURCES];
	int error = 0;

	list_sources(watch, sources);
	for (int i = 0; i < SOURCES; i++)
		news[i] = (struct pollfd){ .fd = sources[i].fd, .events = sources[i].events };
	if (poll(news, SOURCES, -1) < 0)
		return errno == EINTR ? 0 : failure_set(why, errno, "wait for the command");
	for (int i = 0; i < SOURCES && !error; i++) {
		if (news[i].revents)
			error = sources[i].take(watch, why);
	}
	return error;
}

int watch_run(const struct watch_spec *spec, struct outcome *outcome, bool *has_ended_early,
	struct failure *why)
{
	struct watch watch = { .spec = spec,
		.begun_ns = clock_now_ns(),
		.outcome = outcome,
		.wall_timer = -1,
		.cpu_timer = -1,
		.file_timer = -1 };
	bool is_urgent;
	int error = start_timers(&watch, why);

	/* Not before the command itself with work for its output. */
	is_urgent = !spec->streams->relay_count && (watch.wall_timer >= 0 || watch.cpu_timer >= 0);
	if (is_urgent)
		come_first(true);
	while (!error && !watch.has_ended)
		error = take_all(&watch, why);
	if (is_urgent)
		come_first(false);
	close_fd(&watch.wall_timer);
	close_fd(&watch.cpu_timer);
	close_fd(&watch.file_timer);
	*has_ended_early = watch.has_ended_early;
	return error;
}
