/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's launcher at the gate of the shared collector: the calls of collector.h, answered by one
 * program that root has pinned, instead of by descriptors of maps.
 */
#ifndef TARE_COLLECTOR_GATE_H
#define TARE_COLLECTOR_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi.h"
#include "collector.h"

struct gate_visit;

/* Opens the gate for a run in this cgroup; its failure says which command of root's repairs it. */
int gate_visit_open(const struct collector_spec *spec, int cgroup_fd, size_t processors,
	struct gate_visit **out, struct failure *why);

/* Gives the slot back. NULL is fine. */
void gate_visit_close(struct gate_visit *visit);

/* Before it is registered. */
void gate_visit_refuse(
	struct gate_visit *visit, uint32_t abi, const struct refusal_account *refusals);

/* The limits are those that stand in its account. */
int gate_visit_register(struct gate_visit *visit, struct failure *why);

/* The run's account, as it was at the last look. */
struct run_account *gate_visit_run(struct gate_visit *visit);
void gate_visit_look(struct gate_visit *visit);

/* Readable when it is time to look for limits; -1: there are none. */
int gate_visit_event_fd(const struct gate_visit *visit);
void gate_visit_take_event(struct gate_visit *visit);

bool gate_visit_has_io_uring(const struct gate_visit *visit);

/* All of the account but what its caller knows. */
int gate_visit_read(struct gate_visit *visit, struct account *account, struct failure *why);

#endif
