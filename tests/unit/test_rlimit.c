// SPDX-License-Identifier: Apache-2.0
// Claims about limits of a process's resources: which texts are one, and what a process has then.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "sandbox/rlimit.h"

static struct rlimit_rule rule;
static struct failure why;

static void assert_rule(const char *text, int resource, uint64_t soft, uint64_t hard)
{
	if (rlimit_parse(text, &rule, &why))
		fail_msg("%s: %s", text, why.what);
	assert_int_equal(rule.resource, resource);
	assert_true(rule.soft == soft && rule.hard == hard);
	assert_int_equal(strncmp(rule.name, text, strlen(rule.name)), 0);
}

static void one_value_is_both_limits(void **state)
{
	(void)state;
	assert_rule("nofile=77", RLIMIT_NOFILE, 77, 77);
	assert_rule("core=0", RLIMIT_CORE, 0, 0);
	assert_rule("stack=unlimited", RLIMIT_STACK, RLIM_INFINITY, RLIM_INFINITY);
}

static void two_values_are_soft_and_hard(void **state)
{
	(void)state;
	assert_rule("nproc=1:2", RLIMIT_NPROC, 1, 2);
	assert_rule("rtprio=0:unlimited", RLIMIT_RTPRIO, 0, RLIM_INFINITY);
}

static void sizes_have_units_and_numbers_have_none(void **state)
{
	(void)state;
	assert_rule("as=1GiB", RLIMIT_AS, 1 << 30, 1 << 30);
	assert_rule("fsize=5kB:1MB", RLIMIT_FSIZE, 5000, 1000000);
	assert_true(rlimit_parse("nofile=1kB", &rule, &why) < 0);
	assert_string_equal(why.what,
		"--rlimit: nofile=1kB is not understood; give a whole number, "
		"or unlimited");
}

static void every_resource_of_the_kernel_has_a_name(void **state)
{
	static const char *const names[] = { "as", "core", "cpu", "data", "fsize", "locks",
		"memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
		"sigpending", "stack" };
	unsigned int seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s=1", names[i]);
		assert_int_equal(rlimit_parse(text, &rule, &why), 0);
		seen |= 1U << rule.resource;
	}
	assert_int_equal(seen, (1U << RLIM_NLIMITS) - 1);
}

static void what_is_no_limit_is_refused(void **state)
{
	static const char *const texts[] = { "", "nofile", "nofile=", "=1", "nofile=:1",
		"nofile=1:", "nofile=1:2:3", "nofile=-1", "nofile= 1", "nofile=1\n", "nofile=0x1",
		"NOFILE=1", "nofil=1", "nofiles=1", "as=1.5GiB", "as=1G", "nofile=Unlimited",
		"nofile=18446744073709551615", "nofile=18446744073709551616" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (rlimit_parse(texts[i], &rule, &why) != -EINVAL)
			fail_msg("'%s' was not refused", texts[i]);
		assert_null(strchr(why.what, '\n'));
	}
	assert_true(rlimit_parse("x=1", &rule, &why) < 0);
	assert_non_null(strstr(why.what, "as, core, cpu,"));
}

static void a_soft_limit_above_the_hard_one_is_refused(void **state)
{
	(void)state;
	assert_true(rlimit_parse("nofile=2:1", &rule, &why) < 0);
	assert_string_equal(why.what, "--rlimit: nofile=2:1: the soft limit is above the hard one");
	assert_true(rlimit_parse("nofile=unlimited:1", &rule, &why) < 0);
}

/* --- Setting, in a child --- */

static int has(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit limit;

	EXPECT(getrlimit(resource, &limit) == 0);
	EXPECT(limit.rlim_cur == soft);
	EXPECT(limit.rlim_max == hard);
	return 0;
}

static void assert_in_child(int (*function)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(function());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static const struct rlimit_rule rules[] = {
	{ "nofile", RLIMIT_NOFILE, 20, 30 },
	{ "core", RLIMIT_CORE, 0, 0 },
};

static int sets_rules(void)
{
	struct rlimit before, after;

	EXPECT(getrlimit(RLIMIT_STACK, &before) == 0);
	EXPECT(rlimit_set_all(rules, 2, false, &why) == 0);
	EXPECT(getrlimit(RLIMIT_STACK, &after) == 0);
	EXPECT(before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max);
	return has(RLIMIT_NOFILE, 20, 30) || has(RLIMIT_CORE, 0, 0);
}

static void rules_are_set_and_the_rest_is_kept(void **state)
{
	(void)state;
	assert_in_child(sets_rules);
}

static int forbids_priority(void)
{
	EXPECT(rlimit_set_all(rules, 2, true, &why) == 0);
	return has(RLIMIT_RTPRIO, 0, 0) || has(RLIMIT_NICE, 0, 0);
}

static void a_contained_process_cannot_raise_its_priority(void **state)
{
	(void)state;
	assert_in_child(forbids_priority);
}

static int keeps_asked_priority(void)
{
	const struct rlimit_rule asked = { "nice", RLIMIT_NICE, 0, 0 };
	struct rlimit before, after;

	EXPECT(getrlimit(RLIMIT_RTPRIO, &before) == 0);
	EXPECT(rlimit_set_all(&asked, 1, false, &why) == 0);
	EXPECT(getrlimit(RLIMIT_RTPRIO, &after) == 0);
	EXPECT(before.rlim_max == after.rlim_max);
	return has(RLIMIT_NICE, 0, 0);
}

static void without_a_container_the_priority_is_the_callers_affair(void **state)
{
	(void)state;
	assert_in_child(keeps_asked_priority);
}

static int needs_rights_to_raise(void)
{
	const struct rlimit_rule same = { "nofile", RLIMIT_NOFILE, 5, 30 };
	const struct rlimit_rule more = { "nofile", RLIMIT_NOFILE, 5, 31 };

	EXPECT(rlimit_set_all(rules, 1, false, &why) == 0);
	/* As nobody, who has no capability. */
	EXPECT(geteuid() != 0 || setuid(65534) == 0);
	EXPECT(rlimit_check_rights(&same, &why) == 0);
	EXPECT(rlimit_check_rights(&more, &why) == -EINVAL);
	EXPECT(strstr(why.what, "the caller's hard limit is 30"));
	EXPECT(rlimit_set_all(&more, 1, false, &why) == -EPERM);
	return 0;
}

static void raising_a_hard_limit_takes_a_right(void **state)
{
	(void)state;
	assert_in_child(needs_rights_to_raise);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_is_both_limits),
		cmocka_unit_test(two_values_are_soft_and_hard),
		cmocka_unit_test(sizes_have_units_and_numbers_have_none),
		cmocka_unit_test(every_resource_of_the_kernel_has_a_name),
		cmocka_unit_test(what_is_no_limit_is_refused),
		cmocka_unit_test(a_soft_limit_above_the_hard_one_is_refused),
		cmocka_unit_test(rules_are_set_and_the_rest_is_kept),
		cmocka_unit_test(a_contained_process_cannot_raise_its_priority),
		cmocka_unit_test(without_a_container_the_priority_is_the_callers_affair),
		cmocka_unit_test(raising_a_hard_limit_takes_a_right),
	};

	return cmocka_run_group_tests_name("rlimit", tests, NULL, NULL);
}
