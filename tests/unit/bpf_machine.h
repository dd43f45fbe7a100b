/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel does with a filter of the classic kind, for tests that execute one. */
#ifndef TARE_TESTS_BPF_MACHINE_H
#define TARE_TESTS_BPF_MACHINE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

#include "sandbox/seccomp.h"

struct machine {
	const struct sock_filter *program;
	size_t count;
	const struct seccomp_data *data;
	uint32_t accumulator;
	uint32_t memory[BPF_MEMWORDS];
	size_t next;
	size_t steps;
};

static inline bool machine_condition(const struct sock_filter *instruction, uint32_t accumulator)
{
	switch (BPF_OP(instruction->code)) {
	case BPF_JEQ:
		return accumulator == instruction->k;
	case BPF_JGT:
		return accumulator > instruction->k;
	case BPF_JGE:
		return accumulator >= instruction->k;
	case BPF_JSET:
		return accumulator & instruction->k;
	default:
		fail_msg("jump %#x is not known to this test", instruction->code);
		return false;
	}
}

static inline void machine_jump(struct machine *machine, const struct sock_filter *instruction)
{
	if (BPF_OP(instruction->code) == BPF_JA)
		machine->next += instruction->k;
	else
		machine->next += machine_condition(instruction, machine->accumulator)
					 ? instruction->jt
					 : instruction->jf;
}

static inline void machine_load(struct machine *machine, const struct sock_filter *instruction)
{
	if (BPF_MODE(instruction->code) == BPF_MEM) {
		assert_in_range(instruction->k, 0, BPF_MEMWORDS - 1);
		machine->accumulator = machine->memory[instruction->k];
		return;
	}
	assert_int_equal(instruction->code, BPF_LD | BPF_W | BPF_ABS);
	assert_in_range(instruction->k, 0, sizeof(*machine->data) - sizeof(uint32_t));
	assert_int_equal(instruction->k % sizeof(uint32_t), 0);
	memcpy(&machine->accumulator, (const char *)machine->data + instruction->k,
		sizeof(uint32_t));
}

/* Executes one instruction that is no return. */
static inline void machine_step(struct machine *machine, const struct sock_filter *instruction)
{
	switch (BPF_CLASS(instruction->code)) {
	case BPF_LD:
		machine_load(machine, instruction);
		break;
	case BPF_ST:
		assert_in_range(instruction->k, 0, BPF_MEMWORDS - 1);
		machine->memory[instruction->k] = machine->accumulator;
		break;
	case BPF_ALU:
		assert_int_equal(instruction->code, BPF_ALU | BPF_AND | BPF_K);
		machine->accumulator &= instruction->k;
		break;
	case BPF_JMP:
		machine_jump(machine, instruction);
		break;
	default:
		fail_msg("instruction %#x is not known to this test", instruction->code);
	}
}

/* The verdict; *steps is how many instructions it took, and may be NULL. */
static inline uint32_t execute(
	const struct seccomp_filter *filter, const struct seccomp_data *data, size_t *steps)
{
	struct machine machine = {
		.program = filter->instructions, .count = filter->count, .data = data
	};

	for (;;) {
		const struct sock_filter *instruction;

		assert_true(machine.next < machine.count);
		instruction = &machine.program[machine.next++];
		machine.steps++;
		if (BPF_CLASS(instruction->code) == BPF_RET) {
			assert_int_equal(instruction->code, BPF_RET | BPF_K);
			if (steps)
				*steps = machine.steps;
			return instruction->k;
		}
		machine_step(&machine, instruction);
	}
}

#endif
