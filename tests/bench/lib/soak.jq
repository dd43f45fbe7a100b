# What each command of soak.sh is known to do: of a result document its index, and what is wrong
# with it; null: nothing.

def wanted: {
	nothing: (.outcome.exit_code == 0 and .processes.tasks == 1),
	status: (.outcome.exit_code == 3),
	killed: (.outcome.kind == "signaled" and .outcome.signal == 9),
	crashed: (.outcome.kind == "signaled" and .outcome.signal == 11),
	missing: (.outcome.kind == "not_started"),
	# The shell asks for its parent once.
	starts: (.syscalls.by_name.getppid.count == 1001 and .processes.execs == 2),
	calls: (.syscalls.by_name.getppid.count == 1000 and .processes.tasks == 5),
	memory: (.memory.anon_peak_bytes >= 4194304 and .memory.anon_peak_bytes < 6291456),
	daemon: (.outcome.exit_code == 0 and .outcome.leftover_processes == 1),
	cputime: (.outcome.termination_reason == "cputime" and .time.cpu_ns >= 10000000),
	walltime: (.outcome.termination_reason == "walltime" and .time.wall_ns >= 30000000),
	# An emulated processor has no time of its own.
	burns: (.time.cpu_ns >= 14000000 and (.time.cpu_ns < 19000000 or env.TARE_EMULATED == "1")),
	waits: (.outcome.exit_code == 0 and .time.wall_ns >= 100000000)
};

def sound: .id == "missing" or (
	.collector.mode == "shared" and ([.collector.lost_events[]] | add) == 0 and
	(.collector | (.drain_timed_out or .cpu_time_differs) | not));

[.index, (if .outcome.kind == "error" then .outcome.error.what
	elif (wanted[.id] | not) then .id + ": " + ([.outcome, .processes, .time] | tostring)
	elif (sound | not) then "doubt: " + (.collector | tostring)
	else null end)]
