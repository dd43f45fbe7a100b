/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Where a processor's per-CPU data lies; for one file of an object, for it makes a map. */
#ifndef TARE_PROCESSOR_BPF_H
#define TARE_PROCESSOR_BPF_H

#include "kernel_types.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/*
 * Where a processor's per-CPU data lies, as a distance from the per-CPU base addresses.
 * __per_cpu_offset is not reachable by name on kernels without KALLSYMS_ALL; the address of an own
 * per-CPU element minus the base of its map is the same number. Both are pointers to the
 * verifier, with which it refuses to calculate: they take a way through memory to become numbers.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} own_address SEC(".maps");

struct bpf_array___parts {
	void *pptrs[1];
} __attribute__((preserve_access_index));

volatile u64 own_address_map;
u64 own_address_base;

static __always_inline u64 cpu_distance(volatile u64 *element)
{
	*element = (u64)element;
	if (!own_address_base) {
		u64 field = bpf_core_field_offset(struct bpf_array___parts, pptrs);

		own_address_map = (u64)&own_address;
		bpf_probe_read_kernel(
			&own_address_base, sizeof(u64), (void *)(own_address_map + field));
	}
	return *element - own_address_base;
}

static __always_inline u64 *own_element(void)
{
	u32 first = 0;

	return bpf_map_lookup_elem(&own_address, &first);
}

#endif
