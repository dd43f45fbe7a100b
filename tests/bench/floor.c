// SPDX-License-Identifier: Apache-2.0
// floor CGROUP... -- PROGRAM ARGUMENTS...: the least that a container like that of `tare run`
// takes, with nothing weighed in it, no answer for what fails, and nobody to clean up after a
// SIGKILL. It is what launch.sh compares tare with besides other launchers: no launcher of all
// namespaces, an overlay over the host's mapped files and cgroups of its own gets below. No user
// has a use for it.
//
// CGROUPs are the directories in which the run's own are made: of cgroup2 first, then of version 1.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of the C library's header, which cannot stand beside the kernel's. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);
int umount2(const char *target, int flags);

#define RDONLY 1UL
#define NOSUID 2UL
#define NODEV 4UL
#define REMOUNT 32UL
#define BIND 4096UL
#define PRIVATE_TREE 0x44000UL
#define DETACH 2

#define CGROUPS 4
#define IDS "0 1879048192 65536\n"
#define OWNER 1879048192U
/* As many instructions as tare's filter has: so long is what the kernel looks through. */
#define FILTER_LENGTH 103

struct floor {
	char **command;
	char cgroups[CGROUPS][512];
	size_t cgroup_count;
	int userns_fd;
	int cgroups_read, cgroups_write; /* the descriptors of the cgroups, when they are made */
};

static void need(const char *what, long result)
{
	if (result >= 0)
		return;
	perror(what);
	_exit(125);
}

static long clone_process(uint64_t flags, int cgroup_fd)
{
	struct clone_args arguments = { .flags = flags,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd < 0 ? 0 : (uint64_t)cgroup_fd };
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	need("clone3", pid);
	return pid;
}

/* --- The user namespace --- */

static void write_map(long pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	need(path, fd);
	need(path, write(fd, IDS, strlen(IDS)));
	close(fd);
}

static void make_user_namespace(struct floor *floor)
{
	char path[64], nothing;
	int go[2];
	long pid;

	need("pipe2", pipe2(go, O_CLOEXEC));
	pid = clone_process(CLONE_NEWUSER, -1);
	if (!pid) {
		close(go[1]);
		_exit((int)read(go[0], &nothing, 1));
	}
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%ld/ns/user", pid);
	floor->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
	need(path, floor->userns_fd);
	close(go[0]);
	close(go[1]);
}

static void drop_rights(const struct floor *floor, unsigned int id)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	need("setns", setns(floor->userns_fd, CLONE_NEWUSER));
	need("setgroups", syscall(SYS_setgroups, 0, NULL));
	need("setresgid", syscall(SYS_setresgid, id, id, id));
	need("setresuid", syscall(SYS_setresuid, id, id, id));
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	need("capset", syscall(SYS_capset, &header, none));
	need("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* --- The root --- */

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	need("socket", socket_fd);
	need("SIOCSIFFLAGS", ioctl(socket_fd, SIOCSIFFLAGS, &request));
	close(socket_fd);
}

static void need_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const char *options)
{
	need(target, mount(source, target, type, flags, options));
}

static void mount_overlay(const struct floor *floor)
{
	static const char *const directories[] = { "lower", "upper", "work", "root", "empty" };
	struct mount_attr mapped = { .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_NOSUID |
						 MOUNT_ATTR_NODEV,
		.userns_fd = (uint64_t)floor->userns_fd };
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	need("open_tree", tree);
	need("mount_setattr",
		syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &mapped, sizeof(mapped)));
	need_mount("floor", "/tmp", "tmpfs", NOSUID | NODEV, "mode=755");
	need("chdir", chdir("/tmp"));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		need(directories[i], mkdir(directories[i], 0755));
	need("chown", chown("upper", OWNER, OWNER));
	need("move_mount",
		syscall(SYS_move_mount, tree, "", AT_FDCWD, "lower", MOVE_MOUNT_F_EMPTY_PATH));
	close(tree);
	need_mount("floor", "root", "overlay", NOSUID | NODEV,
		"lowerdir=lower,upperdir=upper,workdir=work");
	need("chdir", chdir("root"));
}

static void mount_dev(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = {
		{ "dev/null", 1, 3 },
		{ "dev/zero", 1, 5 },
		{ "dev/full", 1, 7 },
		{ "dev/random", 1, 8 },
		{ "dev/urandom", 1, 9 },
		{ "dev/tty", 5, 0 },
	};

	need_mount("floor", "dev", "tmpfs", NOSUID, "mode=755");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		need(nodes[i].path, mknod(nodes[i].path, S_IFCHR | 0666,
					    makedev(nodes[i].major, nodes[i].minor)));
	need("dev/pts", mkdir("dev/pts", 0755));
	need("dev/shm", mkdir("dev/shm", 0755));
	need_mount("floor", "dev/pts", "devpts", NOSUID, "ptmxmode=666,mode=620");
	need_mount("floor", "dev/shm", "tmpfs", NOSUID | NODEV, "mode=1777");
}

static void cover(void)
{
	static const char *const read_only[] = { "proc/sys", "proc/irq", "proc/bus", "proc/fs" };
	static const char *const masked[] = { "proc/kcore", "proc/keys", "proc/timer_list",
		"proc/sysrq-trigger", "proc/kmsg", "proc/kallsyms", "proc/acpi", "proc/scsi",
		"sys/firmware", "sys/kernel/debug", "sys/kernel/tracing", "sys/fs/bpf",
		"sys/fs/cgroup" };
	struct stat status;

	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
		need_mount(read_only[i], read_only[i], NULL, BIND, NULL);
		need_mount(
			NULL, read_only[i], NULL, REMOUNT | BIND | RDONLY | NOSUID | NODEV, NULL);
	}
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		if (!stat(masked[i], &status))
			need_mount(S_ISDIR(status.st_mode) ? "/tmp/empty" : "dev/null", masked[i],
				NULL, BIND, NULL);
	}
}

static void build_root(const struct floor *floor)
{
	raise_loopback();
	need("sethostname", sethostname("floor", strlen("floor")));
	need_mount(NULL, "/", NULL, PRIVATE_TREE, NULL);
	mount_overlay(floor);
	mount_dev();
	need_mount("floor", "proc", "proc", NOSUID | NODEV, NULL);
	need_mount("floor", "sys", "sysfs", NOSUID | NODEV | RDONLY, NULL);
	cover();
	need("pivot_root", syscall(SYS_pivot_root, ".", "."));
	need("umount2", umount2(".", DETACH));
	need("chdir", chdir("/"));
}

/* --- The processes --- */

static void load_filter(void)
{
	struct sock_filter code[FILTER_LENGTH] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, UINT32_MAX - 1, 0, FILTER_LENGTH - 3) };
	struct sock_fprog program = { .len = FILTER_LENGTH, .filter = code };

	for (size_t i = 2; i < FILTER_LENGTH - 1; i++)
		code[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i, 0, 0);
	code[FILTER_LENGTH - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	need("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void run_command(const struct floor *floor, const int cgroup_fds[CGROUPS])
{
	for (size_t i = 1; i < floor->cgroup_count; i++)
		need("join a cgroup", write(cgroup_fds[i], "0", 1));
	need("unshare", unshare(CLONE_NEWCGROUP));
	need("setsid", setsid());
	drop_rights(floor, 0);
	load_filter();
	need("close_range", syscall(SYS_close_range, 3U, ~0U, 0));
	execv(floor->command[0], floor->command);
	need(floor->command[0], -1);
}

static void run_init(const struct floor *floor)
{
	int cgroup_fds[CGROUPS], status;
	long pid;

	need("prctl", prctl(PR_SET_PDEATHSIG, SIGKILL));
	build_root(floor);
	need("read", read(floor->cgroups_read, cgroup_fds, sizeof(cgroup_fds)));
	pid = clone_process(CLONE_INTO_CGROUP, cgroup_fds[0]);
	if (!pid)
		run_command(floor, cgroup_fds);
	drop_rights(floor, 1);
	need("waitpid", waitpid((pid_t)pid, &status, 0));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* The table of descriptors is PID 1's, too: their numbers are all that it needs. */
static void make_cgroups(const struct floor *floor)
{
	int fds[CGROUPS] = { 0 };
	char path[sizeof(floor->cgroups[0]) + 16];

	for (size_t i = 0; i < floor->cgroup_count; i++) {
		need(floor->cgroups[i], mkdir(floor->cgroups[i], 0755));
		snprintf(path, sizeof(path), "%s%s", floor->cgroups[i], i ? "/tasks" : "");
		fds[i] = open(path, (i ? O_WRONLY : O_RDONLY | O_DIRECTORY) | O_CLOEXEC);
		need(path, fds[i]);
	}
	need("write", write(floor->cgroups_write, fds, sizeof(fds)));
}

static int wait_for_end(const struct floor *floor, long init)
{
	int status;

	need("waitpid", waitpid((pid_t)init, &status, 0));
	for (size_t i = 0; i < floor->cgroup_count; i++)
		need(floor->cgroups[i], rmdir(floor->cgroups[i]));
	need("wait", wait(NULL));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static bool parse(struct floor *floor, char **arguments)
{
	while (*arguments && strcmp(*arguments, "--") != 0 && floor->cgroup_count < CGROUPS)
		snprintf(floor->cgroups[floor->cgroup_count++], sizeof(floor->cgroups[0]),
			"%s/floor-%d", *arguments++, (int)getpid());
	if (!floor->cgroup_count || !*arguments || !arguments[1])
		return false;
	floor->command = arguments + 1;
	return true;
}

int main(int argc, char **argv)
{
	struct floor floor = { 0 };
	int cgroups[2];
	long init;

	if (argc < 4 || !parse(&floor, argv + 1)) {
		fprintf(stderr, "usage: floor CGROUP... -- PROGRAM ARGUMENTS...\n");
		return 2;
	}
	need("pipe2", pipe2(cgroups, O_CLOEXEC));
	floor.cgroups_read = cgroups[0];
	floor.cgroups_write = cgroups[1];
	make_user_namespace(&floor);
	init = clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
				     CLONE_NEWNET | CLONE_FILES,
		-1);
	if (!init)
		run_init(&floor);
	make_cgroups(&floor);
	return wait_for_end(&floor, init);
}
