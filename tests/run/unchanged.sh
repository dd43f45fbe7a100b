#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ordinary work comes to the same inside and outside: a build, a test suite, a database, the network,
# version control, archives, sorting, daemons, tracing. Inside comes first, in a directory that the
# same work outside then finds as it was.
# shellcheck disable=SC2016 # what is in single quotes is for the shells inside and outside
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

# Programs of the distribution, not what somebody has put before them.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
work=/root/tare-test-$$
at_exit() {
	rm -rf "$work"
}
mkdir "$work"
cd "$work" || exit

list() {
	find . -printf '%p %m %s %T@\n' | sort
}

# same CLAIM SCRIPT: run by sh; what a script prints about itself must not differ from run to run.
same() {
	list > "$tmp/before"
	"$TARE" run -q sh -c "$2" > "$tmp/inside" 2>&1
	echo "status $?" >> "$tmp/inside"
	list > "$tmp/after"
	sh -c "$2" > "$tmp/outside" 2>&1
	echo "status $?" >> "$tmp/outside"
	is "$(cat "$tmp/inside")" "$(cat "$tmp/outside")" "$1"
	is "$(tail -n 1 "$tmp/outside") $(cmp "$tmp/before" "$tmp/after")" 'status 0 ' \
		'and succeeds, and inside it has changed nothing'
}

need() {
	for program; do
		command -v "$program" > "$tmp/ignored" && continue
		skip "$claim" "no $program: scripts/setup check"
		return 1
	done
}

# --- A build ---

mkdir source
cat > source/main.c << 'C'
#include <stdio.h>
int answer(void);
int main(void)
{
	printf("%d\n", answer());
	return 0;
}
C
printf 'int answer(void)\n{\n\treturn 42;\n}\n' > source/answer.c
printf 'program: main.o answer.o\n\t$(CC) -o $@ $^\nclean:\n\trm -f program *.o\n' > source/makefile
same 'a program is built by make and gcc, to the same file' \
	'cd source && make -j2 && ./program && cksum program && make clean && make && make -q'

# --- A test suite ---

cat > test_suite.py << 'PYTHON'
import fcntl, mmap, multiprocessing, os, signal, socket, subprocess, tempfile, threading, unittest

class Suite(unittest.TestCase):
    def test_threads(self):
        results = []
        threads = [threading.Thread(target=results.append, args=(i,)) for i in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        self.assertEqual(sorted(results), list(range(8)))

    def test_processes_with_shared_memory(self):
        with multiprocessing.Pool(2) as pool:
            self.assertEqual(pool.map(abs, range(-3, 3)), [3, 2, 1, 0, 1, 2])

    def test_temporary_files(self):
        with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as file:
            self.assertEqual(os.listdir(directory), [])
            file.write(b"x")

    def test_subprocess(self):
        self.assertEqual(subprocess.check_output(["sh", "-c", "echo $0", "a"]), b"a\n")

    def test_signals(self):
        seen = []
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        os.kill(os.getpid(), signal.SIGUSR1)
        self.assertEqual(seen, [1])

    def test_local_sockets(self):
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind("suite.socket")
            server.listen()
            client.connect("suite.socket")
            client.send(b"hello")
            with server.accept()[0] as accepted:
                self.assertEqual(accepted.recv(9), b"hello")
        os.unlink("suite.socket")

    def test_locks_and_mapped_files(self):
        with open("suite.file", "wb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(4096)
            with mmap.mmap(file.fileno(), 4096) as memory:
                memory[0:5] = b"hello"
            self.assertEqual(file.read(5), b"hello")
        os.unlink("suite.file")

    def test_pseudo_terminals(self):
        master, slave = os.openpty()
        os.write(slave, b"x")
        self.assertEqual(os.read(master, 9), b"x")

    def test_failure_is_seen(self):
        with self.assertRaises(PermissionError if os.getuid() else FileNotFoundError):
            open("/root/no/such/file")
PYTHON
claim='a test suite passes test by test'
need python3 && same "$claim" \
	'python3 -B -m unittest -v test_suite 2>&1 | sed "s/ in [0-9.]*s/ in time/"'

# --- A database ---

cat > database.py << 'PYTHON'
import hashlib, sqlite3, threading
database = sqlite3.connect("words.db")
print(database.execute("pragma journal_mode=wal").fetchone())
database.execute("create table word (id integer primary key, text)")
with database:
    database.executemany("insert into word (text) values (?)",
        ((hashlib.sha256(b"%d" % i).hexdigest(),) for i in range(1000)))
database.execute("create index text on word (text)")

# While another connection writes, this one reads what was there before.
def write():
    writer = sqlite3.connect("words.db", timeout=30)
    for i in range(100):
        with writer:
            writer.execute("update word set text = text || 'x' where id = ?", (i,))
thread = threading.Thread(target=write)
thread.start()
for i in range(100):
    assert database.execute("select count(*) from word").fetchone() == (1000,)
thread.join()
print(database.execute("select count(*), min(text), max(text), sum(length(text)) from word").fetchall())
try:
    with database:
        database.execute("delete from word")
        raise KeyError
except KeyError:
    print(database.execute("select count(*) from word").fetchone())
print(database.execute("pragma integrity_check").fetchone())
print(database.execute("pragma wal_checkpoint(truncate)").fetchone())
PYTHON
claim='a database writes, reads, rolls back and checks itself'
need python3 && same "$claim" 'python3 database.py && rm words.db*'

# --- The network ---

cat > loopback.py << 'PYTHON'
import http.server, threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
server.RequestHandlerClass.log_message = lambda *_: None
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d/database.py" % server.server_port
for _ in range(20):
    with urllib.request.urlopen(url) as answer:
        body = answer.read()
print(answer.status, len(body), body == open("database.py", "rb").read())
server.shutdown()
PYTHON
claim='a client talks to a server in the same run'
need python3 && same "$claim" 'python3 loopback.py'

claim="with --network-access a client talks to the host's server"
if need python3; then
	python3 -u -m http.server --bind 127.0.0.1 0 > "$tmp/server" 2>&1 &
	server=$!
	wait_until grep -q 'port' "$tmp/server"
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$tmp/server")
	fetch="import urllib.request
print(len(urllib.request.urlopen('http://127.0.0.1:$port/database.py').read()))"
	is "$("$TARE" run -q --network-access python3 -c "$fetch" 2>&1)" "$(python3 -c "$fetch")" "$claim"
	is "$("$TARE" run -q python3 -c "$fetch" 2>&1 | tail -n 1)" \
		'urllib.error.URLError: <urlopen error [Errno 111] Connection refused>' \
		'without it, the connection is refused'
	kill $server
	wait $server 2> "$tmp/ignored"
fi

# --- Version control ---

claim='a repository is made, changed, cloned and checked, to the same commits'
need git && same "$claim" '
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_DATE="1000000000 +0000" GIT_COMMITTER_DATE="1000000000 +0000"
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	rm -rf repository clone && git init -q -b main repository && cd repository &&
	seq 1000 > numbers && git add . && git commit -qm first && git checkout -qb side &&
	seq 1001 > numbers && git commit -qam second && git checkout -q main && git merge -q side &&
	git clone -q . ../clone && cd ../clone && git fsck && git gc -q && git log --stat --format="%H %an" &&
	cd .. && rm -rf repository clone'

# --- Files ---

mkdir -p tree/a/b
seq 20000 > tree/a/numbers
ln tree/a/numbers tree/a/b/again
ln -s a tree/link
truncate -s 1M tree/hole
chmod 640 tree/a/numbers
touch -d @1000000000 tree/hole
same 'an archive is packed, compressed, unpacked and compared' '
	rm -rf unpacked && mkdir unpacked &&
	tar --sort=name -cSf - tree | gzip -n | tee unpacked.gz | tar -xzf - -C unpacked &&
	cksum unpacked.gz && diff -r tree unpacked/tree &&
	find unpacked -mindepth 1 -printf "%p %M %U %G %n %y %l %T@\n" | grep -v " [df] .*hole" | sort &&
	rm -r unpacked unpacked.gz'
same 'a tree is copied with links, holes, owners and times' '
	cp -a tree copied && find copied -printf "%p %M %n %U %G %b %l %T@\n" |
	grep -v -e "copied d" -e "/a d" -e "/b d" | sort && rm -r copied'
same 'files are edited in place, moved over each other, locked and removed' '
	cp tree/a/numbers file && sed -i s/1/one/ file && flock file cksum file && mv file other &&
	cp other file && mv -T file other && cksum other && rm other && mktemp -d -p . XXXX > made &&
	rmdir "$(cat made)" && rm made'
same 'a file larger than its memory is sorted, with temporary files in the directory' '
	seq 300000 | awk "{ print \$1 * 7919 % 300007 }" > unsorted &&
	sort -S 1M -T . -n unsorted | cksum && sort -S 1M -T . --parallel=2 unsorted | cksum && rm unsorted'

# --- Processes ---

same 'a daemon detaches, answers and is ended' '
	rm -f request answer && mkfifo request answer
	setsid -f sh -c "trap : HUP; while read -r line < request; do
		[ \"\$line\" != end ] || exit; echo \"\$line again\" > answer; done" > /dev/null 2>&1
	for word in one two three; do echo $word > request && cat answer; done
	echo end > request; rm request answer'
same 'a pipeline of many processes ends with the right words' '
	seq 200 | xargs -P 4 -n 10 sh -c "echo \$#" | sort | uniq -c
	timeout 0.1 sleep 10; echo $?; sh -c "kill -SEGV \$\$"; echo $?; yes | head -n 1000 | cksum'
claim='a program is traced'
need strace && same "$claim" \
	'strace -f -qq -e trace=execve -e signal=none sh -c "exec true" 2>&1 | sed "s/0x[0-9a-f]*/ADDRESS/"'
same 'a terminal is made' 'script -qec "tty > /dev/null && stty size" /dev/null < /dev/null'
same 'the machine is described' 'uname -srmo; nproc; getconf PAGE_SIZE; id; locale; umask; ulimit -a; dpkg -l | cksum'

# --- What differs, and is meant to ---

# differs CLAIM INSIDE SCRIPT: outside the script succeeds.
differs() {
	check "$1: outside it does" sh -c "$3"
	is "$("$TARE" run -q sh -c "$3" 2>&1 | tail -n 1)" "$2" "$1: inside it does not"
}
touch given
differs 'root gives a file away' \
	"chown: changing ownership of 'given': Operation not permitted" 'chown 1234 given'
differs 'root runs before others' \
	'nice: cannot set niceness: Permission denied' 'nice -n -40 sh -c "[ \$(nice) -lt 0 ]"'
differs 'root becomes another user' \
	'setpriv: setresuid failed: Operation not permitted' 'setpriv --reuid 1234 true'
differs 'root makes namespaces' 'unshare: unshare failed: Operation not permitted' 'unshare -m true'

plan
