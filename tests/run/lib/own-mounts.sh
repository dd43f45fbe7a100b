# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A mount namespace of the test's own: what it mounts nobody else sees, and what others mount
# meanwhile is not in its containers. Included before lib/tap.sh: the file is run a second time, in
# there. What that file starts may want one of its own again.

if [ -z "${TARE_TEST_OWN_MOUNTS-}" ] && [ "$(id -u)" -eq 0 ]; then
	TARE_TEST_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0"
fi
unset TARE_TEST_OWN_MOUNTS
