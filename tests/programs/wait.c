// SPDX-License-Identifier: Apache-2.0
// Waits for something that can be told in advance: wait WHAT MILLISECONDS [FILE]. Prints how many
// nanoseconds its main thread was at it, by the monotonic clock; how many of them it ran; and how
// many it waited for a processor, by the kernel's own account.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES (4 << 20)

static const char *file;

static void check(int is_good)
{
	if (!is_good) {
		perror("wait");
		_exit(1);
	}
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_ms(int time_ms)
{
	struct timespec time = { time_ms / 1000, time_ms % 1000 * 1000000L };

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static pid_t bear(void)
{
	pid_t pid = fork();

	check(pid >= 0);
	return pid;
}

static void spin(int time_ms)
{
	int64_t end_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + time_ms * 1000000LL;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end_ns) {
		for (int i = 0; i < 10000; i++)
			__asm__ volatile("" ::: "memory");
	}
}

static void nap_in_select(int time_ms)
{
	struct timeval time = { time_ms / 1000, time_ms % 1000 * 1000L };

	check(select(0, NULL, NULL, NULL, &time) == 0);
}

static void nap_in_poll(int time_ms)
{
	check(poll(NULL, 0, time_ms) == 0);
}

/* Twenty times as often, and each time for as long. */
static void naps(int time_ms)
{
	for (int i = 0; i < 20; i++)
		sleep_ms(time_ms);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_held;

static void *hold_mutex(void *time_ms)
{
	pthread_mutex_lock(&mutex);
	__atomic_store_n(&is_held, true, __ATOMIC_RELEASE);
	sleep_ms((intptr_t)time_ms);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void lock(int time_ms)
{
	pthread_t holder;

	check(pthread_create(&holder, NULL, hold_mutex, (void *)(intptr_t)time_ms) == 0);
	while (!__atomic_load_n(&is_held, __ATOMIC_ACQUIRE))
		sched_yield();
	pthread_mutex_lock(&mutex);
}

/* A child writes five times, each after a fifth of the time. */
static void feed(int to, int time_ms)
{
	for (int i = 0; i < 5; i++) {
		sleep_ms(time_ms / 5);
		check(write(to, "b", 1) == 1);
	}
	_exit(0);
}

static void read_pipe(int time_ms)
{
	int ends[2];
	char byte;

	check(pipe(ends) == 0);
	if (bear() == 0)
		feed(ends[1], time_ms);
	for (int i = 0; i < 5; i++)
		check(read(ends[0], &byte, 1) == 1);
}

static void poll_socket(int time_ms)
{
	int ends[2];
	struct pollfd event = { .events = POLLIN };
	char byte;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	if (bear() == 0)
		feed(ends[1], time_ms);
	event.fd = ends[0];
	for (int i = 0; i < 5; i++)
		check(poll(&event, 1, -1) == 1 && recv(ends[0], &byte, 1, 0) == 1);
}

static void child(int time_ms)
{
	pid_t pid = bear();

	if (pid == 0) {
		sleep_ms(time_ms);
		_exit(0);
	}
	check(waitpid(pid, NULL, 0) == pid);
}

static void vfork_child(int time_ms)
{
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): it is tested */

	if (pid == 0) {
		sleep_ms(time_ms); /* NOLINT(clang-analyzer-unix.Vfork): it harms nothing */
		_exit(0);
	}
	check(waitpid(pid, NULL, 0) == pid);
}

static void stopped(int time_ms)
{
	pid_t parent = getpid();

	if (bear() == 0) {
		kill(parent, SIGSTOP);
		sleep_ms(time_ms);
		kill(parent, SIGCONT);
		_exit(0);
	}
	check(waitpid(-1, NULL, 0) > 0);
}

static int make_file(void)
{
	static char bytes[FILE_BYTES];
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);

	check(fd >= 0);
	memset(bytes, 'b', sizeof(bytes));
	check(write(fd, bytes, sizeof(bytes)) == sizeof(bytes) && fsync(fd) == 0);
	check(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	return fd;
}

static int file_fd;

static void read_disk(int time_ms)
{
	static char bytes[4096];

	(void)time_ms;
	posix_fadvise(file_fd, 0, 0, POSIX_FADV_RANDOM);
	for (off_t at = 0; at < FILE_BYTES; at += 65536)
		check(pread(file_fd, bytes, sizeof(bytes), at) == sizeof(bytes));
}

static void fault_disk(int time_ms)
{
	volatile char *map = mmap(NULL, FILE_BYTES, PROT_READ, MAP_PRIVATE, file_fd, 0);

	(void)time_ms;
	check(map != MAP_FAILED);
	madvise((void *)map, FILE_BYTES, MADV_RANDOM);
	for (off_t at = 0; at < FILE_BYTES; at += 65536)
		(void)map[at];
}

static void *sleep_and_exit(void *time_ms)
{
	sleep_ms((intptr_t)time_ms);
	exit(0);
}

/* The main thread's part is over at once. */
static void ended(int time_ms)
{
	pthread_t other;

	check(pthread_create(&other, NULL, sleep_and_exit, (void *)(intptr_t)time_ms) == 0);
	pthread_exit(NULL);
}

static void *sleep_and_exec(void *time_ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)(intptr_t)time_ms);
	sleep_ms((intptr_t)time_ms);
	execl("/proc/self/exe", "wait", "poll", text, NULL);
	return NULL;
}

/* The main thread waits for another one, which execs and waits in poll. */
static void exec_by_thread(int time_ms)
{
	pthread_t other;

	check(pthread_create(&other, NULL, sleep_and_exec, (void *)(intptr_t)time_ms) == 0);
	pthread_join(other, NULL);
}

static const struct {
	const char *name;
	void (*run)(int time_ms);
} all[] = {
	{ "spin", spin },
	{ "sleep", sleep_ms },
	{ "naps", naps },
	{ "select", nap_in_select },
	{ "poll", nap_in_poll },
	{ "lock", lock },
	{ "pipe", read_pipe },
	{ "socket", poll_socket },
	{ "child", child },
	{ "vfork", vfork_child },
	{ "stopped", stopped },
	{ "disk", read_disk },
	{ "fault", fault_disk },
	{ "ended", ended },
	{ "exec", exec_by_thread },
};

static int64_t queued_ns(void)
{
	long long ran = 0, queued = 0;
	FILE *stream = fopen("/proc/self/schedstat", "r");

	check(stream && fscanf(stream, "%lld %lld", &ran, &queued) == 2);
	fclose(stream);
	return queued;
}

static void measure(void (*run)(int time_ms), int time_ms)
{
	int64_t wall_ns = -clock_ns(CLOCK_MONOTONIC), run_ns = -clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int64_t queue_ns = -queued_ns();

	run(time_ms);
	queue_ns += queued_ns();
	run_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID);
	wall_ns += clock_ns(CLOCK_MONOTONIC);
	printf("%lld %lld %lld\n", (long long)wall_ns, (long long)run_ns, (long long)queue_ns);
}

int main(int argc, char **argv)
{
	check(argc >= 3);
	if (argc > 3) {
		file = argv[3];
		file_fd = make_file();
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(argv[1], all[i].name) != 0)
			continue;
		measure(all[i].run, atoi(argv[2]));
		return 0;
	}
	return 1;
}
