// SPDX-License-Identifier: Apache-2.0
// Where users find the gate: a BPF file system of its own, with one program in it.
//
// Theory of operation. The machine's own BPF file system is root's alone where systemd mounts it,
// and the collector's directory is so everywhere: whoever can open another of its programs can run
// it with arguments of their own, and a map that can be read can be written through a second pin.
// So this one has a directory that root alone writes, and the gate, which everybody may read.
#include "gate_place.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "gate.h"

#define BPF_FILE_SYSTEM_MAGIC 0xcafe4a11
#define PARENT "/run/tare"
#define PLACE PARENT "/gate"

/* Root alone writes /run, so what is there is root's. */
static int make_directories(struct failure *why)
{
	if (mkdir(PARENT, 0755) && errno != EEXIST)
		return failure_set(why, errno, "make '%s'", PARENT);
	/* Not what an odd umask left of it. */
	if (chmod(PARENT, 0755))
		return failure_set(why, errno, "let users into '%s'", PARENT);
	if (mkdir(PLACE, 0755) && errno != EEXIST)
		return failure_set(why, errno, "make '%s'", PLACE);
	return 0;
}

int gate_place_make(int program_fd, struct failure *why)
{
	int error = make_directories(why);

	if (error)
		return error;
	if (mount("tare", PLACE, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"))
		return failure_set(why, errno, "mount a BPF file system at '%s'", PLACE);
	if (bpf_obj_pin(program_fd, GATE_PROGRAM) || chmod(GATE_PROGRAM, 0444))
		return failure_set(why, errno, "pin '%s'", GATE_PROGRAM);
	return 0;
}

static int is_mounted(void)
{
	struct statfs status;

	return !statfs(PLACE, &status) && (uint32_t)status.f_type == BPF_FILE_SYSTEM_MAGIC;
}

/* The pin by itself, for another mount namespace may have the file system as well. */
int gate_place_remove(struct failure *why)
{
	while (is_mounted()) {
		if (unlink(GATE_PROGRAM) && errno != ENOENT)
			return failure_set(why, errno, "remove '%s'", GATE_PROGRAM);
		if (umount2(PLACE, MNT_DETACH | UMOUNT_NOFOLLOW))
			return failure_set(why, errno, "unmount '%s'", PLACE);
	}
	if (rmdir(PLACE) && errno != ENOENT)
		return failure_set(why, errno, "remove '%s'", PLACE);
	/* Others may have something there. */
	(void)rmdir(PARENT);
	return 0;
}
