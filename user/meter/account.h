/* SPDX-License-Identifier: Apache-2.0 */
/* From the collector's accounts to the result's numbers: what each is, and where it comes from. */
#ifndef TARE_ACCOUNT_H
#define TARE_ACCOUNT_H

#include "base/result.h"
#include "collector.h"

/* Fills the numbers that the collector knows. Allocates what result_done frees. */
int account_fill(const struct account *account, struct result *result, struct failure *why);

/* CPU time of all members since birth, the launcher's share included: to compare with cpu.stat. */
uint64_t account_charged_ns(const struct account *account);

/*
 * Marks the loss of a run: `cgroup_cpu_ns` is the kernel's own figure, in whole microseconds;
 * `charged_ns` the collector's for the same tasks.
 */
void account_check_cpu(struct loss *loss, uint64_t charged_ns, uint64_t cgroup_cpu_ns);

#endif
