# Sourced by scripts that start programs. What they start bears a mark in its environment, and what that starts too, in
# whatever process group it is; when the script ends, also by a signal, all of it is ended. (dash runs no EXIT trap when a
# signal ends it, and `jobs -p` in a trap of its own knows of no job.)
TEST_MARK=$$.$(date +%s%N)
export TEST_MARK

bearers() { # NAME=VALUE: the processes with that in their environment
	(
		unset TEST_MARK TEST_RUN
		grep -lsz "^$1\$" /proc/[0-9]*/environ | tr -dc '0-9\n'
	)
}

started_runs() { # PATTERN: something that was started has a command line like that
	for pid in $(bearers "TEST_MARK=$TEST_MARK"); do
		tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q "$1" && return 0
	done
	return 1
}

end_started() {
	for signal in TERM TERM TERM TERM TERM TERM TERM TERM KILL; do
		left=$(bearers "TEST_MARK=$TEST_MARK")
		[ -n "$left" ] || return 0
		kill -$signal $left 2>/dev/null
		sleep 0.2
	done
}

at_end() { # COMMANDS: run at the end, when nothing that was started runs any more
	trap "end_started; $1" EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
