// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Sockets and bytes: programs attached to the run's cgroup, so they need not ask whose task it is.
//
// A packet arrives in an interrupt, where no task of the run is at hand. The kernel keeps a value
// for each cgroup that these programs are attached to, and hands it over: the run's slot.
#include "run.bpf.h"

enum { ALLOW = 1 };

#define AF_INET 2

#ifdef WITHOUT_OPTIONS
#define run_of_cgroup() run_get(0)
#else
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, u64);
	__type(value, struct cgroup_account);
} cgroups SEC(".maps");

static __always_inline struct run_account *run_of_cgroup(void)
{
	struct cgroup_account *account;

	if (!is_shared)
		return run_get(0);
	account = bpf_get_local_storage(&cgroups, 0);
	return run_get(account->slot);
}
#endif

/* The start of struct __sk_buff and struct bpf_sock, fixed interfaces: nothing to look up. */
struct packet {
	u32 len;
};

struct socket_made {
	u32 bound_dev_if, family;
};

/* Packets arrive in interrupts, between the instructions of a task's own: the adds are atomic. */
SEC("cgroup_skb/ingress")
int packet_received(struct packet *packet)
{
	struct run_account *run = run_of_cgroup();

	if (run) {
		count_add(&run->rx_packets, 1);
		count_add(&run->rx_bytes, packet->len);
	}
	return ALLOW;
}

SEC("cgroup_skb/egress")
int packet_sent(struct packet *packet)
{
	struct run_account *run = run_of_cgroup();

	if (run) {
		count_add(&run->tx_packets, 1);
		count_add(&run->tx_bytes, packet->len);
	}
	return ALLOW;
}

/* Of the internet families; the others do not come this way and are counted as system calls. */
SEC("cgroup/sock_create")
int socket_created(struct socket_made *socket)
{
	struct run_account *run = run_of_cgroup();

	if (run && run->exec_ns)
		count_add(socket->family == AF_INET ? &run->inet_sockets : &run->inet6_sockets, 1);
	return ALLOW;
}
