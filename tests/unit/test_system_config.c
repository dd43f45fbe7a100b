// SPDX-License-Identifier: Apache-2.0
// Claims about the files of /etc as the container has them: which are replaced, and what they say.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sandbox/system_config.h"

static const struct system_config usual = { .hostname = "tare", .home = "/root" };
static struct failure why;

static void assert_text(const struct system_config *config, const char *name, const char *wanted)
{
	cleanup_free char *text = NULL;

	assert_int_equal(system_config_text(config, name, &text, &why), 0);
	assert_string_equal(text, wanted);
}

static void assert_says(const struct system_config *config, const char *name, const char *words)
{
	cleanup_free char *text = NULL;

	assert_int_equal(system_config_text(config, name, &text, &why), 0);
	if (!strstr(text, words))
		fail_msg("'%s' is not in:\n%s", words, text);
}

static void assert_replaced(const struct system_config *config, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		assert_non_null(system_config_name(config, i));
		assert_string_equal(system_config_name(config, i), names[i]);
		if (!names[i + 1])
			assert_null(system_config_name(config, i + 1));
	}
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void users_are_root_and_nobody(void **state)
{
	(void)state;
	assert_text(&usual, "passwd",
		"root:x:0:0:root:/root:/bin/sh\n"
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
	assert_text(&usual, "group", "root:x:0:\nnogroup:x:65534:\n");
}

static void and_whoever_else_the_command_is(void **state)
{
	struct system_config config = usual;

	(void)state;
	config.uid = 1000;
	config.gid = 100;
	config.home = "/home/someone";
	assert_text(&config, "passwd",
		"root:x:0:0:root:/root:/bin/sh\n"
		"tare:x:1000:100:tare:/home/someone:/bin/sh\n"
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
	assert_text(&config, "group", "root:x:0:\ntare:x:100:\nnogroup:x:65534:\n");
}

static void nobody_is_there_once(void **state)
{
	struct system_config config = usual;

	(void)state;
	config.uid = config.gid = 65534;
	assert_says(&config, "passwd", "nobody:x:65534:");
	assert_text(&config, "group", "root:x:0:\nnogroup:x:65534:\n");
}

static void a_home_is_that_of_the_environment_if_it_can_be_written_there(void **state)
{
	struct system_config config = usual;

	(void)state;
	config.home = "/srv/my home";
	assert_says(&config, "passwd", "root:x:0:0:root:/srv/my home:/bin/sh\n");
	config.home = "/root:0:/";
	assert_says(&config, "passwd", "root:x:0:0:root:/root:/bin/sh\n");
	config.home = "/a\nroot2:x:0:0::/:/bin/sh";
	assert_says(&config, "passwd", "root:x:0:0:root:/root:/bin/sh\nnobody");
	config.uid = 7;
	config.home = NULL;
	assert_says(&config, "passwd", "tare:x:7:0:tare:/:/bin/sh\n");
	config.home = "relative";
	assert_says(&config, "passwd", "tare:x:7:0:tare:/:/bin/sh\n");
}

static void the_container_has_a_name_with_an_address(void **state)
{
	struct system_config config = usual;

	(void)state;
	config.hostname = "box.example";
	assert_text(&config, "hostname", "box.example\n");
	assert_says(&config, "hosts", "127.0.0.1\tlocalhost\n");
	assert_says(&config, "hosts", "\n::1\tlocalhost ");
	assert_says(&config, "hosts", "\n127.0.1.1\tbox.example\n");
}

static void without_a_network_files_answer(void **state)
{
	(void)state;
	assert_says(&usual, "nsswitch.conf", "hosts: files\n");
	assert_says(&usual, "nsswitch.conf", "passwd: files\n");
	assert_says(&usual, "resolv.conf", "options timeout:1 attempts:1\n");
	assert_replaced(&usual, NAMES("passwd", "group", "hostname", "hosts", "resolv.conf",
					"nsswitch.conf", "mtab"));
}

static void on_the_hosts_network_the_hosts_files_name_hosts(void **state)
{
	struct system_config config = { .has_host_network = true };

	(void)state;
	assert_replaced(&config, NAMES("passwd", "group", "mtab"));
	config.hostname = "box";
	assert_replaced(&config, NAMES("passwd", "group", "hostname", "hosts", "mtab"));
}

static void assert_copied(const char *name, const char *path)
{
	struct system_config config = { .has_host_network = true, .has_own_root = true };
	cleanup_free char *text = NULL;
	int error = file_read(AT_FDCWD, path, &text, NULL, &why);

	if (error == -ENOENT) /* a minimal Debian has no hosts */
		return;
	assert_int_equal(error, 0);
	assert_text(&config, name, text);
}

static void a_root_of_the_runs_own_gets_copies_of_them(void **state)
{
	struct system_config config = { .has_host_network = true, .has_own_root = true };
	char own[HOST_NAME_MAX + 1];

	(void)state;
	assert_int_equal(gethostname(own, sizeof(own)), 0);
	assert_replaced(
		&config, NAMES("passwd", "group", "hostname", "hosts", "resolv.conf", "mtab"));
	assert_says(&config, "hostname", own);
	assert_copied("hosts", "/etc/hosts");
	assert_copied("resolv.conf", "/etc/resolv.conf");
	config.hostname = "box";
	assert_text(&config, "hostname", "box\n");
	assert_says(&config, "hosts", "\n127.0.1.1\tbox\n");
}

static void a_path_is_known_as_replaced_by_its_whole_name(void **state)
{
	struct system_config online = { .has_host_network = true };

	(void)state;
	assert_true(system_config_replaces(&usual, "/etc/hosts"));
	assert_false(system_config_replaces(&online, "/etc/hosts"));
	assert_true(system_config_replaces(&online, "/etc/passwd"));
	assert_false(system_config_replaces(&usual, "/etc/hosts.allow"));
	assert_false(system_config_replaces(&usual, "/etc"));
	assert_false(system_config_replaces(&usual, "/srv/etc/hosts"));
	assert_false(system_config_replaces(&usual, "hosts"));
}

static void assert_written(int directory_fd, const char *name)
{
	cleanup_free char *text = NULL, *wanted = NULL;
	struct stat status;
	char target[64] = "";

	assert_int_equal(system_config_text(&usual, name, &wanted, &why), 0);
	assert_int_equal(fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_uid, geteuid());
	if (system_config_is_link(name)) {
		assert_true(readlinkat(directory_fd, name, target, sizeof(target) - 1) > 0);
		assert_string_equal(target, wanted);
		return;
	}
	assert_int_equal(status.st_mode, S_IFREG | 0644);
	assert_int_equal(file_read(directory_fd, name, &text, NULL, &why), 0);
	assert_string_equal(text, wanted);
}

static void all_of_them_are_written_into_a_directory_and_over_nothing(void **state)
{
	char path[] = "/tmp/tare-test-config-XXXXXX";
	cleanup_fd int directory = -1;
	mode_t umask_before = umask(022);
	const char *name;

	(void)state;
	assert_non_null(mkdtemp(path));
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(system_config_write(&usual, directory, geteuid(), &why), 0);
	assert_int_equal(system_config_write(&usual, directory, geteuid(), &why), -EEXIST);
	assert_non_null(strstr(why.what, "/etc/passwd"));
	for (size_t i = 0; (name = system_config_name(&usual, i)); i++) {
		assert_written(directory, name);
		assert_int_equal(unlinkat(directory, name, 0), 0);
	}
	assert_int_equal(rmdir(path), 0);
	umask(umask_before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_root_and_nobody),
		cmocka_unit_test(and_whoever_else_the_command_is),
		cmocka_unit_test(nobody_is_there_once),
		cmocka_unit_test(a_home_is_that_of_the_environment_if_it_can_be_written_there),
		cmocka_unit_test(the_container_has_a_name_with_an_address),
		cmocka_unit_test(without_a_network_files_answer),
		cmocka_unit_test(on_the_hosts_network_the_hosts_files_name_hosts),
		cmocka_unit_test(a_root_of_the_runs_own_gets_copies_of_them),
		cmocka_unit_test(a_path_is_known_as_replaced_by_its_whole_name),
		cmocka_unit_test(all_of_them_are_written_into_a_directory_and_over_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
