// SPDX-License-Identifier: Apache-2.0
// What a run had to do with networks: bytes, packets, sockets by family, calls of connect.
#include "account_network.h"

#include <sys/socket.h>
#include "account_syscalls.h"
#include "account_uring.h"

/* connect(2) of each ABI. The old 32-bit socketcall hides its connects in memory. */
static const int connect_numbers[ABI_COUNT] = {
	[ABI_X86_64] = 42,
	[ABI_IA32] = 362,
	[ABI_X32] = 42,
};

static uint64_t count_connects(const struct account *account)
{
	uint64_t connects = 0;

	for (int abi = 0; abi < ABI_COUNT; abi++)
		connects += account->syscalls[abi].number[connect_numbers[abi]].count;
	return connects;
}

static void leave_out(struct result *result, const char *reason)
{
	struct number unknown = number_unknown(reason);

	result->network.rx_bytes = result->network.tx_bytes = unknown;
	result->network.rx_packets = result->network.tx_packets = unknown;
	result->network.sockets = unknown;
	result->network.sockets_inet = result->network.sockets_inet6 = unknown;
}

static void fill_traffic(const struct run_account *run, struct result *result)
{
	static const char source[] = "bpf:cgroup_skb";

	result->network.rx_bytes = number_known(run->rx_bytes, source);
	result->network.tx_bytes = number_known(run->tx_bytes, source);
	result->network.rx_packets = number_known(run->rx_packets, source);
	result->network.tx_packets = number_known(run->tx_packets, source);
}

/* The cgroup's hook sees every socket of the internet, whatever made it. */
static void fill_internet_sockets(const struct run_account *run, struct result *result)
{
	static const char source[] = "bpf:cgroup sock_create";

	result->network.sockets = number_known(run->inet_sockets + run->inet6_sockets, source);
	result->network.sockets_inet = number_known(run->inet_sockets, source);
	result->network.sockets_inet6 = number_known(run->inet6_sockets, source);
}

static uint64_t count_others(const struct run_account *run)
{
	uint64_t count = 0;

	for (int family = 0; family < SOCKET_FAMILIES; family++) {
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6 &&
			family != AF_NETLINK)
			count += run->sockets_by_call[family];
	}
	return count;
}

/* All others are seen as system calls; io_uring makes sockets without one. */
static struct number seen_by_call(const struct account *account, uint64_t count)
{
	if (!account->has_syscalls)
		return number_unknown(account_no_syscalls);
	if (account_uring_may_have_made_sockets(account))
		return number_unknown("io_uring does not tell the family of sockets it makes");
	return number_known(count, "bpf:raw_syscalls");
}

void account_fill_network(const struct account *account, struct result *result)
{
	const struct run_account *run = &account->run;

	if (account->no_packets) {
		leave_out(result, account->no_packets);
	} else {
		fill_traffic(run, result);
		fill_internet_sockets(run, result);
	}
	result->network.sockets_unix = seen_by_call(account, run->sockets_by_call[AF_UNIX]);
	result->network.sockets_netlink = seen_by_call(account, run->sockets_by_call[AF_NETLINK]);
	result->network.sockets_other = seen_by_call(account, count_others(run));
	result->network.connects =
		account->has_syscalls ? number_known(count_connects(account), "bpf:raw_syscalls")
				      : number_unknown(account_no_syscalls);
}
