// SPDX-License-Identifier: Apache-2.0
// build: -iquote .
// Attempts on the gate of the shared collector, by bpf(2) itself: attack-gate NAME [WORD [WORD]]
// prints the gate's answer, or the errno's name. TARE_IDENTITY is the digest of the programs.
//
//   register DIRECTORY       enters it; the process ends without leaving
//   hold DIRECTORY           enters it, says the answer, slot and id; then obeys each line of its
//                            standard input: read, processor, syscalls, misses, leave, unknown;
//                            after misses their number comes as well
//   use OPERATION SLOT:ID    of another's run
//   fill DIRECTORY           enters directories made below it until one is refused: "64 over-quota"
//   descriptor NUMBER        enters what that descriptor of this process is; "high", "pipe"
//   size BYTES               a request of that size
//   abi, identity            as another version would
//   swap OWN FOREIGN, vanish DIRECTORY, rivals DIRECTORY, reuse DIRECTORY
//                            races of two seconds
//   open PATH, pin PATH, by-id, attach DIRECTORY, bind   what bpf(2) may do with it otherwise
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bpf/abi.h"
#include "attempt.h"

#define GATE "/run/tare/gate/gate"
#define RACE_SECONDS 2

static const char *const answers[GATE_ANSWERS] = {
	[GATE_DONE] = "done",
	[GATE_OTHER_PROGRAMS] = "other-programs",
	[GATE_STOPPED] = "stopped",
	[GATE_BAD_REQUEST] = "bad-request",
	[GATE_ROOT] = "root",
	[GATE_NO_CGROUP] = "no-cgroup",
	[GATE_NOT_OWNER] = "not-owner",
	[GATE_TOO_DEEP] = "too-deep",
	[GATE_POPULATED] = "populated",
	[GATE_REGISTERED] = "registered",
	[GATE_INSIDE_RUN] = "inside-run",
	[GATE_OVER_QUOTA] = "over-quota",
	[GATE_FULL] = "full",
	[GATE_TOO_MANY_USERS] = "too-many-users",
	[GATE_NOT_REGISTRANTS] = "not-registrants",
};

static int gate_fd = -1;

/* --- bpf(2) --- */

static int bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int object_get(const char *path)
{
	union bpf_attr attributes = { .pathname = (uintptr_t)path, .file_flags = BPF_F_RDONLY };

	return bpf(BPF_OBJ_GET, &attributes);
}

/* Negative: the kernel refused the call; else the gate's answer. */
static int send(struct gate_request *request, size_t size)
{
	union bpf_attr attributes = {
		.test = { .prog_fd = gate_fd, .ctx_in = (uintptr_t)request, .ctx_size_in = size }
	};

	if (bpf(BPF_PROG_TEST_RUN, &attributes))
		return -1;
	return (int)attributes.test.retval;
}

static int tell(int answer)
{
	if (answer < 0)
		return -1;
	puts(answer < GATE_ANSWERS ? answers[answer] : "?");
	exit(0);
}

static struct gate_request *registration(int fd)
{
	const char *identity = getenv("TARE_IDENTITY");
	struct gate_request *request = calloc(1, 1 << 16);

	request->abi = TARE_ABI_VERSION;
	request->operation = GATE_REGISTER;
	request->registration.cgroup_fd = fd;
	if (identity)
		memcpy(request->registration.identity, identity,
			sizeof(request->registration.identity));
	return request;
}

static int enter_fd(int fd, uint32_t *slot, uint64_t *id)
{
	struct gate_request *request = registration(fd);
	int answer = send(request, sizeof(*request));

	*slot = request->slot;
	*id = request->cgroup_id;
	free(request);
	return answer;
}

static int enter(const char *path, uint32_t *slot, uint64_t *id)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	int answer = enter_fd(fd, slot, id);

	close(fd);
	return answer;
}

static _Thread_local struct gate_request request_of_run;

static int use(uint32_t operation, uint32_t slot, uint64_t id)
{
	request_of_run = (struct gate_request){
		.abi = TARE_ABI_VERSION, .operation = operation, .slot = slot, .cgroup_id = id
	};
	return send(&request_of_run, sizeof(request_of_run));
}

static int operation_of(const char *name)
{
	static const char *const names[] = { "register", "read", "processor", "syscalls", "misses",
		"leave", "unknown" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(name, names[i], strlen(names[i])))
			return (int)i;
	}
	return 99;
}

/* --- Registering --- */

static int attempt_register(void)
{
	uint32_t slot;
	uint64_t id;

	return tell(enter(word, &slot, &id));
}

static int attempt_hold(void)
{
	char line[64];
	uint32_t slot;
	uint64_t id;
	int answer = enter(word, &slot, &id);

	if (answer < 0)
		return -1;
	printf("%s %u:%llu\n", answers[answer], slot, (unsigned long long)id);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		answer = use(operation_of(line), slot, id);
		printf("%s", answer < 0 ? strerrorname_np(errno) : answers[answer]);
		if (operation_of(line) == GATE_READ_MISSES)
			printf(" %llu", request_of_run.misses);
		puts("");
		fflush(stdout);
	}
	exit(0);
}

static int attempt_use(void)
{
	char *rest;
	uint32_t slot = strtoul(second_word, &rest, 10);

	return tell(use(operation_of(word), slot, strtoull(rest + 1, NULL, 10)));
}

static int attempt_fill(void)
{
	int count = 0, answer;
	char path[256];
	uint32_t slot;
	uint64_t id;

	for (;; count++) {
		snprintf(path, sizeof(path), "%s/%d", word, count);
		if (mkdir(path, 0755))
			return -1;
		answer = enter(path, &slot, &id);
		if (answer)
			break;
	}
	printf("%d %s\n", count, answer < 0 ? strerrorname_np(errno) : answers[answer]);
	fflush(stdout);
	(void)!getchar();
	for (; count >= 0; count--) {
		snprintf(path, sizeof(path), "%s/%d", word, count);
		rmdir(path);
	}
	exit(0);
}

static int attempt_descriptor(void)
{
	int pipes[2], fd = atoi(word);
	uint32_t slot;
	uint64_t id;

	if (!strcmp(word, "high"))
		fd = 0x7fffffff;
	if (!strcmp(word, "pipe"))
		fd = pipe(pipes) ? -1 : pipes[0];
	return tell(enter_fd(fd, &slot, &id));
}

static int attempt_size(void)
{
	struct gate_request *request = registration(-1);

	return tell(send(request, atoi(word)));
}

static int attempt_abi(void)
{
	struct gate_request *request = registration(open(word, O_PATH));

	request->abi++;
	return tell(send(request, sizeof(*request)));
}

static int attempt_identity(void)
{
	struct gate_request *request = registration(open(word, O_PATH));

	request->registration.identity[GATE_IDENTITY_WORDS - 1] ^= 1;
	return tell(send(request, sizeof(*request)));
}

/* --- Races --- */

static time_t race_end;

static int goes_on(void)
{
	return time(NULL) <= race_end;
}

static int own_fd, foreign_fd, swapped_fd;

static void *swap_descriptors(void *argument)
{
	while (goes_on()) {
		dup2(foreign_fd, swapped_fd);
		dup2(own_fd, swapped_fd);
		close(swapped_fd);
	}
	return argument;
}

static uint64_t id_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : status.st_ino;
}

/* Whether one registers what the other has just replaced: "none of 12345". */
static int attempt_swap(void)
{
	unsigned long calls = 0, own = 0, foreign = 0;
	pthread_t thread;
	uint32_t slot;
	uint64_t id;

	own_fd = open(word, O_PATH);
	foreign_fd = open(second_word, O_PATH);
	swapped_fd = 100;
	pthread_create(&thread, NULL, swap_descriptors, NULL);
	for (; goes_on(); calls++) {
		if (enter_fd(swapped_fd, &slot, &id) != GATE_DONE)
			continue;
		if (id == id_of(own_fd))
			own++;
		else
			foreign++;
		use(GATE_UNREGISTER, slot, id);
	}
	pthread_join(thread, NULL);
	fprintf(stderr, "%lu calls, %lu of the own\n", calls, own);
	printf("%lu foreign, %s own\n", foreign, own ? "some" : "no");
	exit(0);
}

static void *make_and_remove(void *argument)
{
	while (goes_on()) {
		mkdir(argument, 0755);
		rmdir(argument);
	}
	return argument;
}

/* Registers a directory that comes and goes; what it counts for after that, `fill` tells. */
static int attempt_vanish(void)
{
	unsigned long calls = 0, done = 0;
	pthread_t thread;
	char path[256];
	uint32_t slot;
	uint64_t id;

	snprintf(path, sizeof(path), "%s/vanishing", word);
	pthread_create(&thread, NULL, make_and_remove, path);
	for (; goes_on(); calls++)
		done += enter(path, &slot, &id) == GATE_DONE;
	pthread_join(thread, NULL);
	fprintf(stderr, "%lu calls, %lu done\n", calls, done);
	printf("%s\n", done ? "some" : "none");
	exit(0);
}

/* Says who won, and lives until all have tried: what the dead had is free. */
static void rival(const char *path, int said, int end)
{
	uint32_t slot;
	uint64_t id;
	char won = enter(path, &slot, &id) == GATE_DONE;

	if (write(said, &won, 1) == 1)
		(void)!read(end, &won, 1);
	_exit(0);
}

static int count_winners(const char *path, int rivals)
{
	int winners = 0, said[2], end[2];
	char won;

	if (pipe(said) || pipe(end))
		return -1;
	for (int i = 0; i < rivals; i++) {
		if (fork() == 0) {
			close(end[1]);
			rival(path, said[1], end[0]);
		}
	}
	for (int i = 0; i < rivals; i++)
		winners += read(said[0], &won, 1) == 1 && won;
	close(end[1]);
	while (wait(NULL) > 0)
		;
	close(end[0]);
	close(said[0]);
	close(said[1]);
	return winners;
}

static int attempt_rivals(void)
{
	int rounds = 0, wrong = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/rivals", word);
	for (; goes_on(); rounds++) {
		if (mkdir(path, 0755))
			return -1;
		wrong += count_winners(path, 4) != 1;
		if (rmdir(path))
			return -1;
	}
	fprintf(stderr, "%d rounds\n", rounds);
	printf("%d rounds without one winner\n", wrong);
	exit(0);
}

static _Atomic uint64_t present_id;
static _Atomic uint32_t present_slot;

static void *enter_and_leave(void *argument)
{
	while (goes_on()) {
		uint32_t slot;
		uint64_t id;

		if (enter(argument, &slot, &id) != GATE_DONE)
			continue;
		present_slot = slot;
		present_id = id;
		use(GATE_UNREGISTER, slot, id);
	}
	return argument;
}

/* Reads a slot while others take it in turn: whose it is stands in the account. */
static int attempt_reuse(void)
{
	unsigned long calls = 0, done = 0, wrong = 0;
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, enter_and_leave, (void *)word);
	pthread_create(&threads[1], NULL, enter_and_leave, (void *)second_word);
	for (; goes_on(); calls++) {
		uint64_t id = present_id;

		if (use(GATE_READ_RUN, present_slot, id) == GATE_DONE)
			done++;
		else if (request_of_run.run.cgroup_id)
			wrong++;
		if (request_of_run.run.cgroup_id && request_of_run.run.cgroup_id != id)
			wrong++;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	fprintf(stderr, "%lu calls, %lu done\n", calls, done);
	printf("%lu of another run\n", wrong);
	exit(0);
}

/* --- What else there is --- */

static int attempt_open(void)
{
	return object_get(word);
}

static int attempt_pin(void)
{
	union bpf_attr attributes = { .pathname = (uintptr_t)word, .bpf_fd = gate_fd };

	return bpf(BPF_OBJ_PIN, &attributes);
}

static int get_info(struct bpf_prog_info *info)
{
	union bpf_attr attributes = {
		.info = { .bpf_fd = gate_fd, .info_len = sizeof(*info), .info = (uintptr_t)info }
	};

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

/* Any of its maps, or of all programs, maps and links. */
static int attempt_by_id(void)
{
	static const int commands[] = { BPF_MAP_GET_FD_BY_ID, BPF_PROG_GET_FD_BY_ID,
		BPF_LINK_GET_FD_BY_ID, BPF_BTF_GET_FD_BY_ID };
	uint32_t ids[64] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = 64, .map_ids = (uintptr_t)ids };

	if (get_info(&info))
		return -1;
	ids[info.nr_map_ids < 63 ? info.nr_map_ids : 63] = info.id;
	for (size_t command = 0; command < 4; command++) {
		for (size_t i = 0; i < 64; i++) {
			union bpf_attr attributes = { .map_id = ids[i] };

			if (bpf(commands[command], &attributes) >= 0)
				return 0;
			if (errno != EPERM)
				return -1;
		}
	}
	return -1;
}

static int attempt_attach(void)
{
	int cgroup_fd = open(word, O_RDONLY | O_DIRECTORY);
	union bpf_attr raw = { .raw_tracepoint = {
				       .prog_fd = gate_fd, .name = (uintptr_t) "sys_enter" } };
	union bpf_attr link = { .link_create = { .prog_fd = gate_fd,
					.target_fd = cgroup_fd,
					.attach_type = BPF_CGROUP_INET_EGRESS } };
	union bpf_attr attach = { .target_fd = cgroup_fd,
		.attach_bpf_fd = gate_fd,
		.attach_type = BPF_CGROUP_INET_EGRESS };

	if (bpf(BPF_RAW_TRACEPOINT_OPEN, &raw) >= 0 || bpf(BPF_LINK_CREATE, &link) >= 0 ||
		bpf(BPF_PROG_ATTACH, &attach) >= 0)
		return 0;
	return -1;
}

static int attempt_bind(void)
{
	union bpf_attr make = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};
	int map_fd = bpf(BPF_MAP_CREATE, &make);
	union bpf_attr bind = { .prog_bind_map = { .prog_fd = gate_fd, .map_fd = map_fd } };

	return map_fd < 0 ? -1 : bpf(BPF_PROG_BIND_MAP, &bind);
}

/* Whether an exec would take it along. */
static int attempt_keep(void)
{
	if (fcntl(gate_fd, F_GETFD) & FD_CLOEXEC)
		puts("closed on exec");
	exit(0);
}

static const struct attempt attempts[] = {
	{ "register", attempt_register },
	{ "hold", attempt_hold },
	{ "use", attempt_use },
	{ "fill", attempt_fill },
	{ "descriptor", attempt_descriptor },
	{ "size", attempt_size },
	{ "abi", attempt_abi },
	{ "identity", attempt_identity },
	{ "swap", attempt_swap },
	{ "vanish", attempt_vanish },
	{ "rivals", attempt_rivals },
	{ "reuse", attempt_reuse },
	{ "open", attempt_open },
	{ "pin", attempt_pin },
	{ "by-id", attempt_by_id },
	{ "attach", attempt_attach },
	{ "bind", attempt_bind },
	{ "keep", attempt_keep },
};

int main(int argc, char **argv)
{
	race_end = time(NULL) + RACE_SECONDS;
	gate_fd = object_get(GATE);
	if (gate_fd < 0) {
		printf("closed: %s\n", strerrorname_np(errno));
		return 0;
	}
	return attempt_main(argc, argv, attempts, sizeof(attempts) / sizeof(attempts[0]));
}
