#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What scripts/tap makes of the ways in which a test file can end.
set -u

work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
count=0

# claim TEXT STATUS LAST_LINE [OUTPUT]: of a run of scripts/tap on $work/case, whose output holds
# OUTPUT.
claim() {
	count=$((count + 1))
	output=$(MUST_RUN=${must_run:-0} TEST_TIMEOUT=${limit:-60} scripts/tap "$work/case" 2>&1)
	status=$?
	if [ $status -eq "$2" ] && [ "$(echo "$output" | tail -n 1)" = "$3" ] &&
		echo "$output" | grep -qF -e "${4-}"; then
		echo "ok $count - $1"
	else
		echo "$output" | sed 's/^/# /'
		echo "not ok $count - $1"
	fi
}

# Standard input becomes the test file.
case_is() {
	{ echo '#!/bin/sh'; cat; } > "$work/case"
	chmod +x "$work/case"
}

case_is << 'EOF'
echo "ok 1 - sorts"; echo "ok 2 - prints"; echo "1..2"
EOF
claim 'passed tests are counted' 0 '2 passed, 0 failed, 0 skipped'

case_is << 'EOF'
echo "ok 1 - sorts"; echo "# it was 3"; echo "not ok 2 - prints"; echo "1..2"; exit 1
EOF
claim 'a failed test is shown with its output' 1 '1 passed, 1 failed, 0 skipped' '# it was 3'

case_is << 'EOF'
echo "1..1"; echo "ok 1 - fetches # SKIP no network"
EOF
claim 'a skip is shown with its reason' 0 '0 passed, 0 failed, 1 skipped' 'fetches: no network'
must_run=1
claim 'MUST_RUN makes a skip a failure' 1 '0 passed, 1 failed, 0 skipped' 'no network'
must_run=0

case_is << 'EOF'
echo "1..1"; echo "no user namespaces"; echo "not ok 1 # SKIP maps_ids"; exit 0
EOF
claim "cmocka's skips have the reason printed before them" 0 '0 passed, 0 failed, 1 skipped' \
	'maps_ids: no user namespaces'

case_is << 'EOF'
echo "1..0 # SKIP needs root"
EOF
claim 'a file that skips itself counts as one skip' 0 '0 passed, 0 failed, 1 skipped' 'needs root'

case_is << 'EOF'
echo "1..3"; echo "ok 1 - sorts"
EOF
claim 'a test that did not run is a failure' 1 '1 passed, 1 failed, 0 skipped' 'planned 3'

case_is << 'EOF'
echo "1..1"; echo "ok 1 - sorts"; echo "1..1"; echo "ok 1 - prints"
EOF
claim 'a file may hold several plans' 0 '2 passed, 0 failed, 0 skipped'

case_is << 'EOF'
echo "ok 1 - sorts"
EOF
claim 'a file without a plan is a failure' 1 '1 passed, 1 failed, 0 skipped' 'without a test plan'

case_is << 'EOF'
echo "1..1"; echo "ok 1 - sorts"; exit 3
EOF
claim 'a bad exit status alone is a failure' 1 '1 passed, 1 failed, 0 skipped' 'exit status 3'

case_is << 'EOF'
echo "1..1"; echo "ok 1 - sorts"; kill -SEGV $$
EOF
claim 'a crash is a failure' 1 '1 passed, 1 failed, 0 skipped' 'crashed with signal 11'

case_is << 'EOF'
echo "1..1"; sleep 600
EOF
limit=0.2
claim 'a test that hangs is ended and is a failure' 1 '0 passed, 1 failed, 0 skipped' 'out of time'
limit=60

case_is << 'EOF'
trap 'echo "ok 1 - got INT"; echo 1..1; exit' INT; kill -INT $$
EOF
claim 'a test can receive SIGINT' 0 '1 passed, 0 failed, 0 skipped'

rm "$work/case"
claim 'a missing file is a failure' 1 '0 passed, 1 failed, 0 skipped'

echo "1..$count"
