// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Sockets and bytes: programs attached to the run's cgroup, so they need not ask whose task it is.
#include "run.bpf.h"

enum { ALLOW = 1 };

/* Packets arrive in interrupts, between the instructions of a task's own: the adds are atomic. */
SEC("cgroup_skb/ingress")
int packet_received(struct __sk_buff *packet)
{
	struct run_account *run = run_get(0);

	if (run) {
		count_add(&run->rx_packets, 1);
		count_add(&run->rx_bytes, packet->len);
	}
	return ALLOW;
}

SEC("cgroup_skb/egress")
int packet_sent(struct __sk_buff *packet)
{
	struct run_account *run = run_get(0);

	if (run) {
		count_add(&run->tx_packets, 1);
		count_add(&run->tx_bytes, packet->len);
	}
	return ALLOW;
}

static __always_inline int count_one(u64 offset)
{
	struct run_account *run = run_get(0);

	if (run && run->exec_ns)
		count_add((u64 *)((void *)run + offset), 1);
	return ALLOW;
}

SEC("cgroup/sock_create")
int socket_created(struct bpf_sock *socket)
{
	return count_one(__builtin_offsetof(struct run_account, sockets));
}

SEC("cgroup/connect4")
int connects_by_ipv4(struct bpf_sock_addr *address)
{
	return count_one(__builtin_offsetof(struct run_account, connects));
}

SEC("cgroup/connect6")
int connects_by_ipv6(struct bpf_sock_addr *address)
{
	return count_one(__builtin_offsetof(struct run_account, connects));
}
