/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the registers that a task came into the kernel with tell: which system call, of which ABI.
 */
#ifndef TARE_REGISTERS_BPF_H
#define TARE_REGISTERS_BPF_H

#include "run.bpf.h"

#define X32_BIT 0x40000000
#define TS_COMPAT 0x0002

/* The start of struct pt_regs, fixed since ptrace shows it: nothing for the kernel to look up. */
#define PT_REGS_WORDS 16
struct registers {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};

static __always_inline const struct registers *task_registers(struct task_struct *task)
{
	return (const struct registers *)bpf_task_pt_regs(task);
}

static __always_inline u64 register_read(const u64 *from)
{
	u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), from);
	return value;
}

static __always_inline u32 syscall_abi(struct task_struct *task, s64 number)
{
	if (task->thread_info.status & TS_COMPAT)
		return ABI_IA32;
	return number >= 0 && number & X32_BIT ? ABI_X32 : ABI_X86_64;
}

static __always_inline u64 number_in_abi(u32 abi, s64 number)
{
	return abi == ABI_X32 ? (u32)number & ~X32_BIT : (u32)number;
}

#endif
