/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Input and output of a task, as the kernel counts them anyway: no call costs more for it.
 *
 * The calls are those of read and write, their vectors, sendfile, copy_file_range and the reading
 * of a program to execute, on whatever file. Not among them are send, recv, splice, io_uring and
 * mapped memory. Storage is read by whoever asks for it first, and counts as written when a page
 * becomes dirty.
 */
#ifndef TARE_IO_BPF_H
#define TARE_IO_BPF_H

#include "kernel_types.bpf.h"
#include <bpf/bpf_core_read.h>
#include "abi.h"

/*
 * How much of it this kernel counts: the calls only with TASK_XACCT, storage with
 * TASK_IO_ACCOUNTING beside it. The fields and their order have not changed since 2.6.20.
 */
static __always_inline u32 io_counted_bytes(struct task_struct *task)
{
	u32 bytes = bpf_core_field_size(task->ioac);

	return bytes < sizeof(struct io_account) ? bytes : sizeof(struct io_account);
}

/* What is not counted stays as it is; the run's account tells. */
static __always_inline void io_read(struct task_struct *task, struct io_account *io)
{
	bpf_core_read(io, io_counted_bytes(task), &task->ioac);
}

/* Nothing but counters, so they add up word by word. */
static __always_inline void io_add(
	struct task_struct *task, const struct io_account *since, struct io_account *sum)
{
	struct io_account now = {};
	const u64 *from = (const u64 *)&now, *base = (const u64 *)since;
	u64 *to = (u64 *)sum;

	io_read(task, &now);
	for (u32 i = 0; i < sizeof(now) / sizeof(u64); i++)
		to[i] += from[i] - base[i];
}

#endif
