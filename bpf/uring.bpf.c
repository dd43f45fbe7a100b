// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// io_uring: requests by opcode, whoever submits them.
//
// Requests make no system call of their own, and with SQPOLL there is none even for many. The
// kernel's thread that then takes them, and its workers, were born by a member and are members.
//
// Attached only where the run can make a ring. From 7.0 on it misses a request that is submitted on
// a processor where another task was preempted inside of it; the kernel counts what it misses. The
// classic tracepoint would miss none, but takes a tenth of a second to detach.
#include "run.bpf.h"

SEC("raw_tp/io_uring_submit_req")
int BPF_PROG(request_submitted, struct io_kiocb *request)
{
	struct task_account *account = task_get_counted(bpf_get_current_task_btf());
	struct cpu_account *cpu = account ? cpu_get(account->slot) : 0;
	u32 opcode = BPF_CORE_READ(request, opcode);

	if (opcode > URING_OPCODES)
		opcode = URING_OPCODES;
	if (cpu)
		count_add(&cpu->uring_requests[opcode], 1);
	return 0;
}
