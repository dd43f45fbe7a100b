// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Owns the maps, and decides whose task this is.
//
// Theory of operation. A run is a slot in `runs`. Its first task is made a member by the launcher
// before it is let go. The run is found by its cgroup only where a task turns up that no member
// bore: one that is moved in, one whose birth was lost. All others inherit: every birth gives the
// child a `struct task_account` in its own task storage, so that a later event asks one question
// of the task at hand, and what it costs does not grow with the number of runs. Nothing is
// remembered per processor about the task that runs there: some switches raise no event, and such
// a memory then charges the wrong task.
//
// A kernel type that is named here is looked for in all the kernel's types at every start, a
// third of a millisecond each, unless the kernel still has it in its cache of 31 places. What is
// named has a place of its own there; struct css_set and enum cgroup_subsys_id would share one
// with struct mm_struct.
//
//   process.bpf.c  births, exec (the window opens), tasks moved into the cgroup
//   cpu.bpf.c      every switch charges the task that leaves; its last switch closes it
//   wall.bpf.h     there, where the time goes that a task is on no processor
//   memory.bpf.c   resident pages of every address space
//   syscall.bpf.c  system calls by number
//   times.bpf.h    there, how long they take
//   network.bpf.c  sockets and bytes, by programs attached to the run's cgroup
//   uring.bpf.c    requests of io_uring by opcode
//   limit.bpf.c    the CPU time limit, and the tick
//   timeline.bpf.c how it went, if that is asked for
//   noise.bpf.c    who had the processor while a member waited
//   interrupt.bpf.c  interrupts that hit a member, where they are weighed
//
// All of it is built once more WITHOUT_OPTIONS, for one run that asks for none of limits, a time
// line, times of system calls and io_uring: what nobody asks for would cost a tenth of each start.
#include "run.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct runs_map runs SEC(".maps");
struct cpus_map cpus SEC(".maps");
struct tasks_map tasks SEC(".maps");
struct slots_map slots SEC(".maps");
#ifndef WITHOUT_OPTIONS
struct times_map times SEC(".maps");
struct wakes_map wakes SEC(".maps");
#endif
struct stint_logs_map stint_logs SEC(".maps");

const volatile u32 processors = 1;
#ifndef WITHOUT_OPTIONS
const volatile bool is_shared = false;
#endif
const volatile struct place places[PLACES] = {};
