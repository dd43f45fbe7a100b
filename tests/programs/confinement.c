// SPDX-License-Identifier: Apache-2.0
// Prints how it is confined: rights, namespaces, mounts, descriptors, what is refused to it. Two
// complete containers print the same; of no namespace is told more than whether it is another one
// than that of the caller, whose links are the arguments: confinement /proc/self/ns links...
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* "wanted" are the beginnings of the lines; NULL: all. */
static void print_file(const char *path, const char *const *wanted)
{
	FILE *file = fopen(path, "re");
	char line[8192];

	printf("%s:\n", path);
	while (file && fgets(line, sizeof(line), file)) {
		bool is_wanted = !wanted;

		for (size_t i = 0; wanted && wanted[i]; i++)
			is_wanted |= !strncmp(line, wanted[i], strlen(wanted[i]));
		if (is_wanted)
			fputs(line, stdout);
	}
	if (!file)
		printf("%s\n", strerrorname_np(errno));
	else
		fclose(file);
}

/* Without numbers that differ from run to run: mount, parent, device and peer group. */
static void print_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[8192], point[4096], options[256], type[64];

	while (file && fgets(line, sizeof(line), file)) {
		const char *tail = strstr(line, " - ");

		if (tail && sscanf(tail, " - %63s", type) == 1 &&
			sscanf(line, "%*s %*s %*s %*s %4095s %255s", point, options) == 2)
			printf("mount %s %s %s\n", point, options, type);
	}
	if (file)
		fclose(file);
}

static void print_namespaces(int count, char **callers)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user",
		"uts" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], link[64] = "";
		bool is_callers = false;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (readlink(path, link, sizeof(link) - 1) < 0)
			strcpy(link, "none");
		for (int caller = 0; caller < count; caller++)
			is_callers |= !strcmp(link, callers[caller]);
		printf("namespace %s %s\n", names[i], is_callers ? "of the caller" : "its own");
	}
}

static void print_directory(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	printf("%s:", path);
	for (int i = 0; i < count; i++) {
		if (strspn(entries[i]->d_name, "0123456789") != strlen(entries[i]->d_name))
			printf(" %s", entries[i]->d_name);
	}
	puts("");
}

static void print_descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d\n", fd);
	}
}

static void print_attempt(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

static void print_attempts(void)
{
	print_attempt("write /tmp", mkdir("/tmp/confinement", 0700));
	print_attempt("write /run", mkdir("/run/confinement", 0700));
	print_attempt("write /root", mkdir("/root/confinement", 0700));
	print_attempt("signal PID 1", kill(1, 0));
	print_attempt("read the environment of PID 1", open("/proc/1/environ", O_RDONLY));
	print_attempt("write the memory of PID 1", open("/proc/1/mem", O_RDWR));
	print_attempt("read keys", open("/proc/keys", O_RDONLY));
	print_attempt("write a sysctl", open("/proc/sys/kernel/core_pattern", O_WRONLY));
	print_attempt("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
	print_attempt("use a keyring",
		syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
	print_attempt("use bpf", syscall(SYS_bpf, 0, NULL, 0));
	print_attempt("make a user namespace", unshare(CLONE_NEWUSER));
	print_attempt("talk to machines", socket(AF_VSOCK, SOCK_STREAM, 0));
	print_attempt("become another", setresuid(1, 1, 1));
	print_attempt(
		"have a new capability", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0));
}

int main(int argc, char **argv)
{
	static const char *const status[] = { "Cap", "NoNewPrivs", "Seccomp", "Groups", "Uid",
		"Gid", "SigBlk", "SigIgn", "Umask", "NStgid", "NSsid", NULL };
	static const char *const device[] = { "  ", "Inter", NULL };
	static char buffer[1 << 16];
	char host[65] = "", here[4096] = "";

	/* One write, so that nothing that is told is half told. */
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	print_descriptors();
	print_file("/proc/self/status", status);
	print_namespaces(argc - 1, argv + 1);
	print_file("/proc/self/uid_map", NULL);
	print_file("/proc/self/gid_map", NULL);
	print_file("/proc/self/setgroups", NULL);
	print_file("/proc/self/cgroup", NULL);
	print_file("/proc/self/limits", NULL);
	print_file("/proc/self/oom_score_adj", NULL);
	print_file("/proc/net/dev", device);
	print_mounts();
	print_directory("/");
	print_directory("/proc");
	print_directory("/dev");
	print_directory("/run");
	gethostname(host, sizeof(host) - 1);
	printf("host %s, directory %s\n", host, getcwd(here, sizeof(here)) ? here : "?");
	print_attempts();
	return 0;
}
