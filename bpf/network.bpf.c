// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Sockets and bytes: programs attached to the run's cgroup, so they need not ask whose task it is.
#include "run.bpf.h"

enum { ALLOW = 1 };

/* The first field of struct __sk_buff, a fixed interface: nothing for the kernel to look up. */
struct packet {
	u32 len;
};

/* Packets arrive in interrupts, between the instructions of a task's own: the adds are atomic. */
SEC("cgroup_skb/ingress")
int packet_received(struct packet *packet)
{
	struct run_account *run = run_get(0);

	if (run) {
		count_add(&run->rx_packets, 1);
		count_add(&run->rx_bytes, packet->len);
	}
	return ALLOW;
}

SEC("cgroup_skb/egress")
int packet_sent(struct packet *packet)
{
	struct run_account *run = run_get(0);

	if (run) {
		count_add(&run->tx_packets, 1);
		count_add(&run->tx_bytes, packet->len);
	}
	return ALLOW;
}

/* Of the internet families; a socket of another kind does not come this way. */
SEC("cgroup/sock_create")
int socket_created(struct bpf_sock *socket)
{
	struct run_account *run = run_get(0);

	if (run && run->exec_ns)
		count_add(&run->sockets, 1);
	return ALLOW;
}
