/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The kernel's types, but of a task only what is read here. The kernel checks every type of an
 * object each time it is loaded, and a whole task consists of three hundred: 0.2 ms of a start.
 */
#ifndef TARE_KERNEL_TYPES_BPF_H
#define TARE_KERNEL_TYPES_BPF_H

#define task_struct task_struct___whole
#include "vmlinux.h"
#undef task_struct

struct sched_entity___read {
	u64 exec_start;
	u64 sum_exec_runtime;
	u64 nr_migrations;
	struct cfs_rq *cfs_rq;
} __attribute__((preserve_access_index));

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	struct sched_entity___read se;
	struct sched_info sched_info;
	struct mm_struct *mm;
	unsigned long jobctl;
	unsigned in_iowait : 1;
	pid_t pid;
	pid_t tgid;
	struct task_struct *group_leader;
	u64 utime;
	u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	char comm[16];
	struct task_io_accounting ioac;
} __attribute__((preserve_access_index));

#endif
