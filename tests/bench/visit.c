// SPDX-License-Identifier: Apache-2.0
/*
 * A launcher without a container, for users of the shared collector: weighs a command in a cgroup
 * that it is given, or says how long it takes to join, to read and to leave.
 *
 *   visit run DIRECTORY [--cpu NS] [--tasks N] [--rss BYTES] COMMAND...
 *                        one line of each number: "cpu_ns 1234"
 *   visit time DIRECTORY COUNT
 *                        three lines: "join 1234", in nanoseconds, the median
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "meter/account.h"
#include "meter/collector.h"

static void fail(const struct failure *why)
{
	char text[sizeof(*why) + 256];

	fprintf(stderr, "visit: %s\n", failure_describe(why, text, sizeof(text)));
	exit(125);
}

static int open_cgroup(const char *path)
{
	int cgroup_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup_fd >= 0)
		return cgroup_fd;
	perror(path);
	exit(125);
}

static struct collector *join(const struct collector_spec *spec, int cgroup_fd)
{
	struct collector *collector = NULL;
	struct failure why;

	if (collector_join(spec, cgroup_fd, &collector, &why) || !collector ||
		collector_register(collector, cgroup_fd, &why) ||
		collector_watch_io_uring(collector, &why))
		fail(&why);
	return collector;
}

/* --- One run --- */

static pid_t bear(int cgroup_fd, char **command, int *pidfd)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd,
	};
	pid_t pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid > 0)
		return pid;
	perror("clone3");
	exit(125);
}

/* As watch.c does it. */
static const char *watch(struct collector *collector, int cgroup_fd, int pidfd)
{
	static const char *const words[] = { "none", "cpu", "memory", "tasks" };
	struct pollfd news[] = { { pidfd, POLLIN, 0 },
		{ collector_event_fd(collector), POLLIN, 0 } };
	enum collector_limit limit = COLLECTOR_NO_LIMIT;

	do {
		poll(news, 2, -1);
		if (news[1].fd >= 0)
			collector_consume(collector);
		limit = collector_limit_fired(collector);
		if (limit && file_write(cgroup_fd, "cgroup.kill", "1", NULL))
			(void)kill(-1, 0);
	} while (!limit && !(news[0].revents & POLLIN));
	return words[limit];
}

static uint64_t cgroup_cpu_us(int cgroup_fd)
{
	char *text = NULL;
	struct failure why;
	uint64_t value;

	if (file_read(cgroup_fd, "cpu.stat", &text, NULL, &why))
		fail(&why);
	value = strtoull(strstr(text, "usage_usec ") + strlen("usage_usec "), NULL, 10);
	free(text);
	return value;
}

static void print_number(const char *name, const struct number *number)
{
	if (number->is_known)
		printf("%s %" PRIu64 "\n", name, number->value);
	else
		printf("%s null\n", name);
}

static void print_account(const struct account *account, int cgroup_fd)
{
	struct result result = { 0 };
	struct failure why;

	if (account_fill(account, &result, &why))
		fail(&why);
	print_number("cpu_ns", &result.time.cpu);
	printf("charged_us %" PRIu64 "\ncgroup_us %" PRIu64 "\n",
		account_charged_ns(account) / 1000, cgroup_cpu_us(cgroup_fd));
	printf("getppid %llu\n", account->syscalls[ABI_X86_64].number[SYS_getppid].count);
	print_number("syscalls", &result.syscalls.total);
	print_number("tasks", &result.processes.tasks);
	print_number("peak_tasks", &result.processes.peak_tasks);
	print_number("rss_peak_bytes", &result.memory.rss_peak);
	print_number("rx_bytes", &result.network.rx_bytes);
	print_number("tx_packets", &result.network.tx_packets);
	print_number("sockets_inet", &result.network.sockets_inet);
	printf("clock_known %llu\n", account->run.is_clock_known);
	printf("misses %" PRIu64 "\nlost %llu\n", account->recursion_misses,
		account->run.lost_task_storage + account->run.lost_map_updates +
			account->run.lost_events + account->run.fallback_deaths);
	result_done(&result);
}

static uint64_t take_value(char ***arguments)
{
	*arguments += 2;
	return strtoull((*arguments)[-1], NULL, 10);
}

static struct collector_limits take_limits(char ***arguments)
{
	struct collector_limits limits = { 0 };

	while (**arguments && !strncmp(**arguments, "--", 2)) {
		if (!strcmp(**arguments, "--cpu"))
			limits.cpu_ns = take_value(arguments);
		else if (!strcmp(**arguments, "--tasks"))
			limits.tasks = take_value(arguments);
		else
			limits.rss_bytes = take_value(arguments);
	}
	return limits;
}

static void empty(int cgroup_fd)
{
	char *text = NULL;

	(void)file_write(cgroup_fd, "cgroup.kill", "1", NULL);
	do {
		free(text);
		if (file_read(cgroup_fd, "cgroup.events", &text, NULL, NULL))
			return;
	} while (strstr(text, "populated 1") && !usleep(1000));
	free(text);
}

static int run(const char *directory, char **arguments)
{
	const struct collector_spec spec = { .limits = take_limits(&arguments) };
	int status, pidfd = -1, cgroup_fd = open_cgroup(directory);
	struct collector *collector = join(&spec, cgroup_fd);
	struct account account = { 0 };
	struct failure why;
	pid_t pid = bear(cgroup_fd, arguments, &pidfd);

	printf("limit %s\n", watch(collector, cgroup_fd, pidfd));
	waitpid(pid, &status, 0);
	printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	empty(cgroup_fd);
	printf("drained %d\n", collector_wait_drained(collector, 1000));
	if (collector_read(collector, &account, &why))
		fail(&why);
	print_account(&account, cgroup_fd);
	account_done(&account);
	(void)collector_close(collector);
	return 0;
}

/* --- Times --- */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_median(const char *name, uint64_t *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare);
	printf("%s %" PRIu64 "\n", name, times[count / 2]);
}

static int take_times(const char *directory, size_t count)
{
	const struct collector_spec spec = { .no_syscalls = false };
	uint64_t *joins = calloc(3 * count, sizeof(*joins)), *reads = joins + count;
	uint64_t *leaves = reads + count;
	int cgroup_fd = open_cgroup(directory);
	struct failure why;

	for (size_t i = 0; i < count; i++) {
		uint64_t begin_ns = clock_now_ns();
		struct collector *collector = join(&spec, cgroup_fd);
		struct account account = { 0 };

		joins[i] = clock_now_ns() - begin_ns;
		begin_ns = clock_now_ns();
		if (collector_read(collector, &account, &why))
			fail(&why);
		account_done(&account);
		reads[i] = clock_now_ns() - begin_ns;
		begin_ns = clock_now_ns();
		(void)collector_close(collector);
		leaves[i] = clock_now_ns() - begin_ns;
	}
	print_median("join", joins, count);
	print_median("read", reads, count);
	print_median("leave", leaves, count);
	free(joins);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3 && !strcmp(argv[1], "run"))
		return run(argv[2], argv + 3);
	if (argc > 3 && !strcmp(argv[1], "time"))
		return take_times(argv[2], strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: visit run DIRECTORY COMMAND... | visit time DIRECTORY COUNT\n");
	return 125;
}
