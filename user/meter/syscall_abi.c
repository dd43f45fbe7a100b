// SPDX-License-Identifier: Apache-2.0
// The ABIs of system calls as libseccomp knows them.
#include "syscall_abi.h"

#include <seccomp.h>

const struct syscall_abi syscall_abis[ABI_COUNT] = {
	[ABI_X86_64] = { SCMP_ARCH_X86_64, 0, "" },
	[ABI_IA32] = { SCMP_ARCH_X86, 0, "ia32:" },
	[ABI_X32] = { SCMP_ARCH_X32, 0x40000000, "x32:" },
};
