// SPDX-License-Identifier: Apache-2.0
// Makes the one attempt that its first argument names, and prints "done" or the errno's name.
// Tests make the same attempt inside and outside of a container.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attempt.h"

/* --- Namespaces --- */

static int clone3_as(struct clone_args arguments)
{
	long pid;

	arguments.exit_signal = SIGCHLD;
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid((pid_t)pid, NULL, 0) < 0;
}

static int clone3_with(uint64_t flags)
{
	return clone3_as((struct clone_args){ .flags = flags });
}

/* The word is a directory of cgroup2. */
static int clone3_into_cgroup(void)
{
	int cgroup = open(word, O_RDONLY | O_DIRECTORY);

	if (cgroup < 0)
		return -1;
	return clone3_as((struct clone_args){ .flags = CLONE_INTO_CGROUP, .cgroup = cgroup });
}

static int clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid((pid_t)pid, NULL, 0) < 0;
}

static int clone3_user(void)
{
	return clone3_with(CLONE_NEWUSER);
}

static int clone3_user_and_mount(void)
{
	return clone3_with(CLONE_NEWUSER | CLONE_NEWNS);
}

static int clone3_plain(void)
{
	return clone3_with(0);
}

static int clone_user(void)
{
	return clone_with(CLONE_NEWUSER);
}

static int unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}

static int unshare_mount(void)
{
	return unshare(CLONE_NEWNS);
}

static int unshare_network(void)
{
	return unshare(CLONE_NEWNET);
}

#ifdef __x86_64__
/* The 32-bit ABI has numbers of its own: a filter for one ABI alone lets these through. */
static int call_ia32(int number, int argument)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(argument)
			 : "r8", "r9", "r10", "r11", "memory");
	if (result >= 0)
		return 0;
	errno = -result;
	return -1;
}

enum { IA32_GETPID = 20, IA32_UNSHARE = 310 };

static int ia32_getpid(void)
{
	return call_ia32(IA32_GETPID, 0);
}

static int ia32_unshare_user(void)
{
	return call_ia32(IA32_UNSHARE, CLONE_NEWUSER);
}
#endif

static int join_own_namespace(void)
{
	return setns(open("/proc/self/ns/uts", O_RDONLY), 0);
}

/* --- Mounts, devices, identity --- */

static int mount_tmpfs(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static int open_file_system(void)
{
	return (int)syscall(SYS_fsopen, "tmpfs", 0);
}

static int unmount_proc(void)
{
	return umount2("/proc", MNT_DETACH);
}

static int make_device(void)
{
	return mknod(word, S_IFBLK | 0600, makedev(7, 0));
}

static int change_root(void)
{
	return chroot("/mnt");
}

static int become_other(void)
{
	return setresuid(1000, 1000, 1000);
}

static int open_by_handle(void)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} file = { .handle.handle_bytes = sizeof(file.bytes) };
	int mount_id, directory = open(".", O_RDONLY | O_DIRECTORY);

	/* Some file systems have no handles; asked with a made-up one, the refusal comes first. */
	if (name_to_handle_at(AT_FDCWD, ".", &file.handle, &mount_id, 0))
		file.handle.handle_bytes = 8;
	return open_by_handle_at(directory, &file.handle, O_RDONLY);
}

/* --- Other processes --- */

static int trace_init(void)
{
	return (int)ptrace(PTRACE_SEIZE, 1, NULL, NULL);
}

static int trace_child(void)
{
	pid_t child = fork();
	int result;

	if (child == 0)
		pause();
	result = (int)ptrace(PTRACE_SEIZE, child, NULL, NULL);
	kill(child, SIGKILL);
	return result;
}

static int read_init_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)environ, 1 };

	return (int)process_vm_readv(1, &here, 1, &there, 1, 0);
}

/* getfd of a pidfd of this process itself: shows that the call as such is let through. */
static int take_descriptor_of(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	return pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
}

static int take_init_descriptor(void)
{
	return take_descriptor_of(1);
}

static int take_own_descriptor(void)
{
	return take_descriptor_of(getpid());
}

/* Only as the first process of a container: elsewhere it would end the machine's. */
static int kill_all(void)
{
	if (getpid() != 2 || getppid() != 1) {
		errno = EINVAL;
		return -1;
	}
	if (fork() == 0)
		pause();
	return kill(-1, SIGKILL);
}

/* By SIGTERM, which this process itself ignores. */
static int end_group(void)
{
	signal(SIGTERM, SIG_IGN);
	return kill(0, SIGTERM);
}

static int type_into_terminal(void)
{
	return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

/* --- Doors into the kernel --- */

static int use_bpf(void)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
}

static int use_perf(void)
{
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_TASK_CLOCK };

	return (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static int use_keys(void)
{
	return (int)syscall(SYS_add_key, "user", "tare-test", "x", 1, -1 /* thread keyring */);
}

/* A key of this name among those that the process was born with. */
static int read_key(void)
{
	char secret[16];
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", word, 0);

	return key < 0 ? -1 : (int)syscall(SYS_keyctl, KEYCTL_READ, key, secret, sizeof(secret));
}

static int use_userfaultfd(void)
{
	return (int)syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
}

static int use_io_uring(void)
{
	struct io_uring_params parameters = { 0 };

	return (int)syscall(SYS_io_uring_setup, 1, &parameters);
}

static int use_vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0);
}

/* --- Things that are to work --- */

static int new_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0 || grantpt(master) || unlockpt(master))
		return -1;
	return open(ptsname(master), O_RDWR | O_NOCTTY);
}

/* --- Shared memory, by its key --- */

static int make_shared_memory(void)
{
	return shmget(atoi(word), 4096, IPC_CREAT | IPC_EXCL | 0666);
}

static int find_shared_memory(void)
{
	return shmget(atoi(word), 4096, 0);
}

static int remove_shared_memory(void)
{
	return shmctl(find_shared_memory(), IPC_RMID, NULL);
}

/* --- Sockets: a number is a TCP port of 127.0.0.1, "@NAME" abstract, else a path --- */

union address {
	struct sockaddr any;
	struct sockaddr_in internet;
	struct sockaddr_un local;
};

static socklen_t parse_address(union address *address)
{
	char *end;
	unsigned long port = strtoul(word, &end, 10);
	size_t length = strlen(word);

	*address = (union address){ 0 };
	if (!*end) {
		address->internet.sin_family = AF_INET;
		address->internet.sin_port = htons((uint16_t)port);
		address->internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(address->internet);
	}
	address->local.sun_family = AF_UNIX;
	memcpy(address->local.sun_path, word, length);
	if (word[0] == '@')
		address->local.sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int start_server(union address *address, socklen_t *size)
{
	int server = socket(address->any.sa_family, SOCK_STREAM, 0);

	if (server < 0 || bind(server, &address->any, *size) || listen(server, 16) ||
		getsockname(server, &address->any, size))
		return -1;
	return server;
}

/* Prints the port, then lives until its standard input ends. */
static int serve(void)
{
	union address address;
	socklen_t size = parse_address(&address);
	char nothing;

	if (start_server(&address, &size) < 0)
		return -1;
	printf("%d\n", address.any.sa_family == AF_INET ? ntohs(address.internet.sin_port) : 0);
	fflush(stdout);
	while (read(STDIN_FILENO, &nothing, 1) > 0)
		continue;
	return 0;
}

static int connect_to(void)
{
	union address address;
	socklen_t size = parse_address(&address);

	return connect(socket(address.any.sa_family, SOCK_STREAM, 0), &address.any, size);
}

/* Server and client in one process: a word goes over the loopback interface. */
static int talk_to_itself(void)
{
	union address address = { .internet = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address.internet);
	int server = start_server(&address, &size);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char heard[2];

	if (server < 0 || connect(client, &address.any, size))
		return -1;
	if (write(client, "hi", 2) != 2)
		return -1;
	return read(accept(server, NULL, NULL), heard, 2) == 2 ? 0 : -1;
}

static const struct attempt attempts[] = {
	{ "clone3-user", clone3_user },
	{ "clone3-user-mount", clone3_user_and_mount },
	{ "clone3-plain", clone3_plain },
	{ "clone3-into-cgroup", clone3_into_cgroup },
	{ "clone-user", clone_user },
	{ "unshare-user", unshare_user },
	{ "unshare-mount", unshare_mount },
	{ "unshare-network", unshare_network },
#ifdef __x86_64__
	{ "ia32-getpid", ia32_getpid },
	{ "ia32-unshare-user", ia32_unshare_user },
#endif
	{ "setns", join_own_namespace },
	{ "mount", mount_tmpfs },
	{ "fsopen", open_file_system },
	{ "umount", unmount_proc },
	{ "make-device", make_device },
	{ "chroot", change_root },
	{ "become-other", become_other },
	{ "open-by-handle", open_by_handle },
	{ "trace-init", trace_init },
	{ "trace-child", trace_child },
	{ "read-init-memory", read_init_memory },
	{ "take-init-descriptor", take_init_descriptor },
	{ "take-own-descriptor", take_own_descriptor },
	{ "kill-all", kill_all },
	{ "end-group", end_group },
	{ "type-into-terminal", type_into_terminal },
	{ "bpf", use_bpf },
	{ "perf", use_perf },
	{ "keys", use_keys },
	{ "read-key", read_key },
	{ "userfaultfd", use_userfaultfd },
	{ "io_uring", use_io_uring },
	{ "vsock", use_vsock },
	{ "new-terminal", new_terminal },
	{ "make-shared-memory", make_shared_memory },
	{ "find-shared-memory", find_shared_memory },
	{ "remove-shared-memory", remove_shared_memory },
	{ "serve", serve },
	{ "connect", connect_to },
	{ "talk-to-itself", talk_to_itself },
};

ATTEMPT_MAIN(attempts)
