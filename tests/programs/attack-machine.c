// SPDX-License-Identifier: Apache-2.0
// Attempts on what belongs to the whole machine: attack-machine NAME. Outside they do no harm: each
// sets what is set already, or is refused for its arguments after the kernel has asked for rights.
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/acct.h>
#include <sys/fanotify.h>
#include <sys/klog.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>
#include "attempt.h"

/* Refused with this errno only after the kernel has found that the caller may. */
static int unless(int error, long result)
{
	return result < 0 && errno != error ? -1 : 0;
}

/* --- Clocks and names --- */

static int set_clock_tick(void)
{
	struct timex clock = { 0 };

	if (adjtimex(&clock) < 0)
		return -1;
	clock.modes = ADJ_TICK;
	return adjtimex(&clock);
}

static int set_time_zone(void)
{
	struct timezone zone;
	struct timeval now;

	return gettimeofday(&now, &zone) ? -1 : settimeofday(NULL, &zone);
}

static int set_host_name(void)
{
	char name[65];

	return gethostname(name, sizeof(name)) ? -1 : sethostname(name, strlen(name));
}

static int set_domain_name(void)
{
	char name[65];

	return getdomainname(name, sizeof(name)) ? -1 : setdomainname(name, strlen(name));
}

/* --- The kernel: its log, code, storage and end --- */

static int read_log(void)
{
	enum { READ_ALL = 3 };
	char bytes[64];

	return klogctl(READ_ALL, bytes, sizeof(bytes));
}

static int load_module(void)
{
	return unless(ENOEXEC, syscall(SYS_init_module, "no module", 9, ""));
}

static int remove_module(void)
{
	return unless(ENOENT, syscall(SYS_delete_module, "tare-no-module", O_NONBLOCK));
}

/* Without the numbers that it has to be given. */
static int reboot_machine(void)
{
	return unless(EINVAL, syscall(SYS_reboot, 0, 0, 0, NULL));
}

static int load_other_kernel(void)
{
	return unless(EINVAL, syscall(SYS_kexec_load, 0, 0, NULL, 0xffffUL));
}

static int swap_on(void)
{
	return unless(ENOENT, swapon("/tare/no/such/file", 0));
}

static int swap_off(void)
{
	return unless(ENOENT, swapoff("/tare/no/such/file"));
}

static int account_processes(void)
{
	return unless(ENOENT, acct("/tare/no/such/file"));
}

/* The information of a quota that is not on. */
static int read_quota(void)
{
	struct dqinfo information;

	return unless(ESRCH, syscall(SYS_quotactl_fd, open("/", O_RDONLY),
				     QCMD(Q_GETINFO, USRQUOTA), 0, &information));
}

static int reach_ports(void)
{
	return (int)syscall(SYS_ioperm, 0x80, 1, 1);
}

/* --- More than one's share --- */

static int run_in_real_time(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &lowest);
}

static int run_before_others(void)
{
	return setpriority(PRIO_PROCESS, 0, -1);
}

static int read_disks_before_others(void)
{
	enum { WHO_PROCESS = 1, CLASS_REALTIME = 1, CLASS_SHIFT = 13 };

	return (int)syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_REALTIME << CLASS_SHIFT | 4);
}

static int lock_memory_beyond_limit(void)
{
	const struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &more);
}

/* --- What the kernel tells everybody --- */

static int join_group(int protocol)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int netlink = socket(AF_NETLINK, SOCK_RAW, protocol);

	return netlink < 0 ? -1 : bind(netlink, (const struct sockaddr *)&address, sizeof(address));
}

static int hear_audit(void)
{
	return join_group(NETLINK_AUDIT);
}

static int hear_devices(void)
{
	return join_group(NETLINK_KOBJECT_UEVENT);
}

static int see_packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int watch_file_system(void)
{
	return fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
}

static const struct attempt attempts[] = {
	{ "set-clock-tick", set_clock_tick },
	{ "set-time-zone", set_time_zone },
	{ "set-host-name", set_host_name },
	{ "set-domain-name", set_domain_name },
	{ "read-log", read_log },
	{ "load-module", load_module },
	{ "remove-module", remove_module },
	{ "reboot", reboot_machine },
	{ "load-other-kernel", load_other_kernel },
	{ "swap-on", swap_on },
	{ "swap-off", swap_off },
	{ "account-processes", account_processes },
	{ "read-quota", read_quota },
	{ "reach-ports", reach_ports },
	{ "run-in-real-time", run_in_real_time },
	{ "run-before-others", run_before_others },
	{ "read-disks-before-others", read_disks_before_others },
	{ "lock-memory-beyond-limit", lock_memory_beyond_limit },
	{ "hear-audit", hear_audit },
	{ "hear-devices", hear_devices },
	{ "see-packets", see_packets },
	{ "watch-file-system", watch_file_system },
};

ATTEMPT_MAIN(attempts)
