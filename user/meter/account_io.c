// SPDX-License-Identifier: Apache-2.0
// Input and output of a run, as its tasks' own counters in the kernel tell it.
#include "account_io.h"

#include <unistd.h>

/* In the order of struct io_account, of which a kernel may have the first few. */
static const struct {
	size_t from, to;
} numbers[] = {
#define NUMBER(member, field)                                                                      \
	{                                                                                          \
		offsetof(struct io_account, member), offsetof(struct result, io.field)             \
	}
	NUMBER(syscall_read_bytes, syscall_read),
	NUMBER(syscall_written_bytes, syscall_written),
	NUMBER(syscall_reads, syscall_reads),
	NUMBER(syscall_writes, syscall_writes),
	NUMBER(storage_read_bytes, storage_read),
	NUMBER(storage_written_bytes, storage_written),
	NUMBER(storage_cancelled_bytes, storage_cancelled),
};

static struct number number_at(
	const struct account *account, const struct io_account *io, size_t at)
{
	if (at + sizeof(__u64) > account->run.io_counted_bytes)
		return number_unknown("this kernel does not count it (CONFIG_TASK_IO_ACCOUNTING)");
	return number_known(
		*(const __u64 *)((const char *)io + at), "kernel:task, at its last switch");
}

/* What had to be fetched was not in the cache: read, read ahead, or touched where it is mapped. */
static struct number count_misses(const struct number *storage_read)
{
	uint64_t page_bytes = sysconf(_SC_PAGESIZE);

	if (!storage_read->is_known)
		return *storage_read;
	return number_known((storage_read->value + page_bytes - 1) / page_bytes,
		"kernel:task, what was read from storage in pages");
}

void account_fill_io(
	const struct account *account, const struct io_account *io, struct result *result)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*(struct number *)((char *)result + numbers[i].to) =
			number_at(account, io, numbers[i].from);
	result->io.page_cache_misses = count_misses(&result->io.storage_read);
}
