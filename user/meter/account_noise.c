// SPDX-License-Identifier: Apache-2.0
// What came from outside a run: who had its processors, and what was taken from its tasks.
#include "account_noise.h"

#include <cpuid.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* --- By name --- */

/*
 * A kernel worker is called after its pool, which says nothing; /proc adds the work queue that it
 * serves or served last: "kworker/u8:1-netns". So what is left of earlier network namespaces, for
 * one, is told as that. A worker that is gone by now is just one.
 */
static void name_worker(uint64_t pid, char *name, size_t size)
{
	cleanup_free char *full = NULL;
	char path[64];
	const char *queue;

	snprintf(path, sizeof(path), "/proc/%llu/comm", (unsigned long long)pid);
	if (!file_read(AT_FDCWD, path, &full, NULL, NULL) &&
		!strncmp(full, "kworker/", strlen("kworker/"))) {
		full[strcspn(full, "\n")] = '\0';
		queue = strpbrk(full, "+-");
		if (queue) {
			snprintf(name, size, "kworker (%.32s)", queue + 1);
			return;
		}
	}
	snprintf(name, size, "kworker");
}

/* Kernel threads that there are one of on each processor. */
static const char *const one_per_processor[] = { "ksoftirqd/", "migration/", "cpuhp/", "rcuop/",
	"rcuog/", "rcuc/", "irq_work/", "ktimers/" };

static void name_culprit(const struct culprit *culprit, char *name, size_t size)
{
	snprintf(name, size, "%.16s", (const char *)culprit->name);
	if (!strncmp(name, "kworker/", strlen("kworker/")))
		name_worker(culprit->pid, name, size);
	for (size_t i = 0; i < ARRAY_SIZE(one_per_processor); i++) {
		size_t length = strlen(one_per_processor[i]);

		if (!strncmp(name, one_per_processor[i], length))
			name[length - 1] = '\0';
	}
}

static void add_time(struct culprit_time *times, size_t *count, const char *name, uint64_t ns)
{
	for (size_t i = 0; i < *count; i++) {
		if (!strcmp(times[i].name, name)) {
			times[i].ns += ns;
			return;
		}
	}
	snprintf(times[*count].name, sizeof(times[*count].name), "%s", name);
	times[(*count)++].ns = ns;
}

static int compare_times(const void *a, const void *b)
{
	const struct culprit_time *first = a, *second = b;

	if (first->ns != second->ns)
		return first->ns < second->ns ? 1 : -1;
	return strcmp(first->name, second->name);
}

static void list_culprits(const struct run_account *run, struct noise *noise)
{
	struct culprit_time times[CULPRITS] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < CULPRITS; i++) {
		const struct culprit *culprit = &run->culprits[i];
		char name[sizeof(times->name)];

		if (!culprit->key || !culprit->ns)
			continue;
		name_culprit(culprit, name, sizeof(name));
		add_time(times, &count, name, culprit->ns);
	}
	qsort(times, count, sizeof(*times), compare_times);
	noise->culprit_count = count < CULPRITS_TOLD ? count : CULPRITS_TOLD;
	memcpy(noise->culprits, times, noise->culprit_count * sizeof(*times));
}

/* --- Waits --- */

static uint64_t less(uint64_t whole, uint64_t part)
{
	return whole > part ? whole - part : 0;
}

static void fill_waits(
	const struct run_account *run, const struct cpu_account *sum, struct noise *noise)
{
	static const char source[] = "kernel:sched_info, named by bpf:sched_switch";

	noise->preempted = number_known(run->preempted_ns, source);
	noise->preempted_unlisted = number_known(run->preempted_unlisted_ns, source);
	noise->waited_for_own = number_known(sum->waited_for_own_ns, source);
	noise->waited_unexplained = number_known(
		less(sum->waited_ns, run->preempted_ns + sum->waited_for_own_ns), source);
}

/* --- Taken --- */

static bool has_hypervisor(void)
{
	unsigned int a, b, c = 0, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & 1U << 31;
}

/* Where the kernel accounts for interrupts, it also tells how long they held up its tasks. */
static bool kernel_weighs_interrupts(void)
{
	return access("/proc/pressure/irq", F_OK) == 0;
}

static const char clocks[] = "kernel:run queue clocks at bpf:sched_switch";

/* The clocks of a processor are apart by what was taken; so 0 since its boot tells nothing. */
static struct number taken_of(const struct run_account *run, const struct cpu_account *sum)
{
	if (run->clock_gap_ns)
		return number_known(sum->taken_ns, clocks);
	if (!has_hypervisor())
		return number_known(0, "cpuid:no hypervisor");
	return number_unknown("the host of this virtual machine does not tell what it stole");
}

static struct number steal_of(const struct account *account, const struct cpu_account *sum)
{
	if (!kernel_weighs_interrupts() || !account->run.clock_gap_ns)
		return taken_of(&account->run, sum);
	if (account->weighs_interrupts)
		return number_known(less(sum->taken_ns, sum->irq_ns + sum->softirq_ns), clocks);
	return number_unknown("this kernel counts stolen time and interrupts together; "
			      "--interrupts tells them apart");
}

static void fill_taken(
	const struct account *account, const struct cpu_account *sum, struct noise *noise)
{
	static const char hooks[] = "bpf:irq and irq_vectors";
	static const char not_asked[] = "interrupts are weighed only with --interrupts";

	noise->taken = taken_of(&account->run, sum);
	noise->steal = steal_of(account, sum);
	noise->irq = noise->softirq = number_unknown(not_asked);
	if (!account->weighs_interrupts)
		return;
	noise->irq = number_known(sum->irq_ns, hooks);
	noise->softirq = number_known(sum->softirq_ns, hooks);
}

/* --- Moved --- */

static void fill_migrations(
	const struct account *account, const struct cpu_account *sum, struct noise *noise)
{
	static const char source[] = "bpf:sched_switch and /sys";

	noise->cache_migrations = noise->node_migrations =
		number_unknown("the kernel does not tell which processors share a cache or a node");
	if (!account->knows_places)
		return;
	noise->cache_migrations = number_known(sum->cache_migrations, source);
	noise->node_migrations = number_known(sum->node_migrations, source);
}

/* --- The whole --- */

static void fill_undisturbed(const struct run_account *run, struct result *result)
{
	static const char source[] = "bpf:wall time less waits and stolen time of the main thread";
	const struct number *wall = &result->time.wall;
	uint64_t lost_ns = run->main_waited_ns + run->main_taken_ns;

	/* Else they are in what was taken, or have not been weighed and are 0. */
	if (!kernel_weighs_interrupts())
		lost_ns += run->main_interrupted_ns;
	result->time.undisturbed = wall->is_known ? number_known(less(wall->value, lost_ns), source)
						  : number_unknown(wall->reason);
}

void account_fill_noise(
	const struct account *account, const struct cpu_account *sum, struct result *result)
{
	struct noise *noise = &result->noise;

	fill_waits(&account->run, sum, noise);
	list_culprits(&account->run, noise);
	fill_taken(account, sum, noise);
	fill_migrations(account, sum, noise);
	fill_undisturbed(&account->run, result);
}
