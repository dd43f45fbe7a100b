// SPDX-License-Identifier: Apache-2.0
// Claims about the scope that systemd is asked for: the call, and what becomes of its answers,
// given by clients that only pretend.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/scope.h"
#include "own_tree.h"

static struct scope_call call;
static struct failure why;

/* The word after `name`, of the `number`th occurrence's value; NULL: not in the call. */
static const char *word_after(const char *name, int distance)
{
	for (const char **word = call.arguments; *word; word++) {
		if (!strcmp(*word, name))
			return word[distance];
	}
	return NULL;
}

static void the_call_moves_this_process_into_a_delegated_scope(void **state)
{
	char pid[32];

	(void)state;
	scope_describe(&call, SCOPE_OF_SYSTEM, "0::/user.slice/user-0.slice/session-1.scope\n");
	snprintf(pid, sizeof(pid), "%d", getpid());
	assert_string_equal(call.arguments[0], "busctl");
	assert_string_equal(word_after("StartTransientUnit", 1), "ssa(sv)a(sa(sv))");
	assert_string_equal(word_after("StartTransientUnit", 2), call.name);
	assert_int_equal(strncmp(call.name, "tare-", 5), 0);
	assert_string_equal(call.name + strlen("tare-0123456789abcdef"), ".scope");
	assert_string_equal(word_after("fail", 1), "4");
	assert_string_equal(word_after("Delegate", 2), "true");
	assert_string_equal(word_after("PIDs", 3), pid);
	assert_string_equal(word_after("Slice", 2), "user-0.slice");
	/* No auxiliary units. */
	assert_string_equal(word_after("user-0.slice", 1), "0");
	assert_null(word_after("user-0.slice", 2));
}

static void a_users_own_manager_chooses_the_slice_itself(void **state)
{
	(void)state;
	scope_describe(&call, SCOPE_OF_USER, "0::/user.slice/user-0.slice/session-1.scope\n");
	assert_string_equal(call.arguments[1], "--user");
	assert_string_equal(word_after("fail", 1), "3");
	assert_string_equal(word_after("Delegate", 2), "true");
	assert_null(word_after("Slice", 0));
}

static void the_scope_lies_in_the_slice_that_tare_was_started_in(void **state)
{
	static const struct {
		const char *memberships, *slice;
	} cases[] = {
		{ "0::/system.slice/cron.service\n", "system.slice" },
		{ "0::/a.slice/a-b.slice\n", "a-b.slice" },
		{ "0::/user.slice/user-7.slice/user@7.service/app.slice/x.scope\n",
			"user-7.slice" },
		{ "4:memory:/m.slice\n0::/b.slice/x.scope\n", "b.slice" },
		{ "0::/\n", "" },
		{ "0::/init.scope\n", "" },
		{ "0::/.slice\n", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scope_describe(&call, SCOPE_OF_SYSTEM, cases[i].memberships);
		assert_string_equal(call.slice, cases[i].slice);
	}
	assert_null(word_after("Slice", 1));
	assert_string_equal(word_after("fail", 1), "3");
}

static void every_scope_has_a_name_of_its_own(void **state)
{
	char first[sizeof(call.name)];

	(void)state;
	scope_describe(&call, SCOPE_OF_SYSTEM, "");
	memcpy(first, call.name, sizeof(first));
	scope_describe(&call, SCOPE_OF_SYSTEM, "");
	assert_string_not_equal(first, call.name);
}

/* --- Clients that pretend --- */

static char directory[64], client[128], memberships[128];

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int make_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/tare-test-scope-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(client, sizeof(client), "%s/client", directory);
	snprintf(memberships, sizeof(memberships), "%s/cgroup", directory);
	write_file(memberships, "0::/system.slice/x.service\n");
	setenv("MEMBERSHIPS", memberships, 1);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	return remove_own_tree(directory);
}

static void client_is(const char *script)
{
	write_file(client, script);
	assert_int_equal(chmod(client, 0755), 0);
}

/* It moves nobody before it has ended and was reaped. */
static void it_is_waited_for_until_the_move_has_happened(void **state)
{
	(void)state;
	client_is(
		"#!/bin/sh\n"
		"[ \"$7\" = StartTransientUnit ] || exit 1\n"
		"while kill -0 $$; do :; done && echo \"0::/system.slice/$9\" > $MEMBERSHIPS &\n");
	assert_int_equal(scope_enter(client, memberships, &why), 0);
}

static void a_client_that_fails_is_told(void **state)
{
	(void)state;
	client_is("#!/bin/sh\nexit 1\n");
	assert_int_equal(scope_enter(client, memberships, &why), -EIO);
	assert_non_null(strstr(why.what, "systemd"));
	assert_int_equal(scope_enter("/no/such/client", memberships, &why), -ENOENT);
}

static void a_move_that_never_happens_is_given_up(void **state)
{
	(void)state;
	client_is("#!/bin/sh\nexit 0\n");
	assert_int_equal(scope_enter(client, memberships, &why), -ETIME);
}

#define claim_on_files(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_call_moves_this_process_into_a_delegated_scope),
		cmocka_unit_test(a_users_own_manager_chooses_the_slice_itself),
		cmocka_unit_test(the_scope_lies_in_the_slice_that_tare_was_started_in),
		cmocka_unit_test(every_scope_has_a_name_of_its_own),
		claim_on_files(it_is_waited_for_until_the_move_has_happened),
		claim_on_files(a_client_that_fails_is_told),
		claim_on_files(a_move_that_never_happens_is_given_up),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
