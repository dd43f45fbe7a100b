# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user to start tare: no account, no capability, a cgroup of its own. After lib/tap.sh.
# Before the end of the test: leave_user.
#
#   $user                  its number, which is its group's, too
#   $user_cgroup           the directory of cgroup2 that is the user's
#   as_user COMMAND...     runs the command as the user, in that cgroup
#   own DIRECTORY...       gives directories to the user
#   contain [OPTION...] COMMAND...
#                          as that user: the container of tare run, in which nothing is weighed
#   user_can_weigh         whether the user could weigh as well: with a shared collector that runs

user=$((3000000000 + $$))
contain_program=${TARE%/*}/tests/bench/contain
cgroup2_mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
user_cgroup=$cgroup2_mount/test-of-tare-users-$$
mkdir "$user_cgroup"
chown "$user" "$user_cgroup" "$user_cgroup/cgroup.procs" "$user_cgroup/cgroup.threads" \
	"$user_cgroup/cgroup.subtree_control"
chmod 755 "$tmp"

own() {
	chown "$user:$user" "$@"
}

# A program, for those who are to be called by others. While a run lives in that cgroup, nobody may be
# in one of cgroup2 that gives controllers: who is started then is where the user's shell would be,
# with the launcher.
cat > "$tmp/as-user" << END
#!/bin/sh
for place in "$user_cgroup" "$user_cgroup"/*-launcher; do
	(echo \$\$ > "\$place/cgroup.procs") 2>&- && break
done && exec setpriv --reuid "$user" --regid "$user" --clear-groups --inh-caps=-all \\
	--bounding-set=-all "\$@"
END
chmod 755 "$tmp/as-user"

as_user() {
	"$tmp/as-user" "$@"
}

contain() {
	as_user "$contain_program" -q "$@"
}

user_can_weigh() {
	as_user "$TARE" run -q true
}

leave_user() {
	wait_until rmdir "$user_cgroup"
}
