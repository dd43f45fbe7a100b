/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Who calls the gate, and which cgroup the caller's descriptor is of.
 *
 * Theory of operation. All is read by probing, for other threads of the caller may close the
 * descriptor, and remove the directory, at any instant; what is read then may be of another object
 * that has taken its place in memory. So nothing is believed that does not fit together at the end:
 * the node's id is read before and after its owner, and no id is ever used twice; the cgroup that
 * the node leads to leads back to the node.
 */
#ifndef TARE_GATE_CALLER_BPF_H
#define TARE_GATE_CALLER_BPF_H

#include "run.bpf.h"

#define CGROUP2_SUPER_MAGIC 0x63677270
#define FILE_TYPE 0170000
#define FILE_TYPE_DIRECTORY 0040000
#define EXIT_DEAD 0x10

struct signal_struct___threads {
	atomic_t live;
} __attribute__((preserve_access_index));

struct task_struct___caller {
	struct files_struct *files;
	struct task_struct___caller *group_leader;
	struct signal_struct___threads *signal;
	u64 start_boottime;
	pid_t tgid;
	int exit_state;
} __attribute__((preserve_access_index));

struct caller {
	struct task_struct___caller *process; /* its main thread */
	u64 started_ns;
	u32 uid;
	u32 pid;
};

struct directory {
	struct kernfs_node *node;
	struct cgroup *cgroup;
	u64 id;
	u32 owner;
};

static __always_inline struct task_struct___caller *current_task(void)
{
	return (struct task_struct___caller *)bpf_get_current_task_btf();
}

/* The uid is the kernel's own, whatever it is called in the caller's namespace. */
static __always_inline struct caller caller_get(void)
{
	struct task_struct___caller *process = BPF_CORE_READ(current_task(), group_leader);

	return (struct caller){ .process = process,
		.started_ns = BPF_CORE_READ(process, start_boottime),
		.uid = bpf_get_current_uid_gid(),
		.pid = BPF_CORE_READ(process, tgid) };
}

/* A thread that execs takes the main thread's place, and its start. */
static __always_inline bool caller_is(u32 pid, u64 started_ns)
{
	struct caller caller = caller_get();

	return caller.pid == pid && caller.started_ns == started_ns;
}

/* Of memory that may have been freed: a process that was has left its state there. */
static __always_inline bool process_lives(u64 address, u32 pid, u64 started_ns)
{
	struct task_struct___caller *process = (struct task_struct___caller *)address;
	u32 state = BPF_CORE_READ(process, exit_state);
	s32 threads = BPF_CORE_READ(process, signal, live.counter);

	if (BPF_CORE_READ(process, tgid) != (s32)pid ||
		BPF_CORE_READ(process, start_boottime) != started_ns)
		return false;
	return !state || (!(state & EXIT_DEAD) && threads > 0);
}

static __always_inline struct file *caller_file(u64 fd)
{
	struct fdtable *table = BPF_CORE_READ(current_task(), files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = 0;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(u64), files + fd);
	return file;
}

/* Who never gave a node an owner left it to root. */
static __always_inline u32 node_owner(struct kernfs_node *node)
{
	return BPF_CORE_READ(node, iattr, ia_uid.val);
}

/* Version 1 has another magic; a file of a cgroup's directory is none. */
static __always_inline bool directory_get(u64 fd, struct directory *directory)
{
	struct inode *inode = BPF_CORE_READ(caller_file(fd), f_inode);
	struct kernfs_node *node = BPF_CORE_READ(inode, i_private);
	struct cgroup *cgroup = (struct cgroup *)BPF_CORE_READ(node, priv);

	if (BPF_CORE_READ(inode, i_sb, s_magic) != CGROUP2_SUPER_MAGIC ||
		(BPF_CORE_READ(inode, i_mode) & FILE_TYPE) != FILE_TYPE_DIRECTORY)
		return false;
	directory->node = node;
	directory->id = BPF_CORE_READ(node, id);
	directory->cgroup = cgroup;
	directory->owner = node_owner(node);
	return directory->id && BPF_CORE_READ(cgroup, kn) == node &&
	       !BPF_CORE_READ(cgroup, root, hierarchy_id) &&
	       BPF_CORE_READ(node, id) == directory->id;
}

static __always_inline bool cgroup_is_populated(struct cgroup *cgroup)
{
	return cgroup_has_processes(cgroup) ||
	       BPF_CORE_READ(cgroup, nr_populated_domain_children) ||
	       BPF_CORE_READ(cgroup, nr_populated_threaded_children);
}

/* Also of memory that may have been freed. Its removal begins with the mark that is looked at. */
static __always_inline bool cgroup_is_online(struct cgroup *cgroup, u64 id)
{
	return BPF_CORE_READ(cgroup, self.flags) & CSS_ONLINE &&
	       BPF_CORE_READ(cgroup, kn, id) == id;
}

/* What lies between a cgroup and the top. */
struct ascent {
	struct cgroup *cgroup; /* 0: the top was passed */
	u32 payer;	       /* the topmost owner that is not root */
	bool is_watched;
};

#endif
