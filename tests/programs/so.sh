# Sourced by scripts that count what is so, in a directory of their own: $passed and $failed.
passed=0 failed=0
so() { # WHAT COMMAND…
	what=$1
	shift
	if "$@" >out 2>err; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $what"
		tail -n 6 out err
	fi
}

ended() { # CODE COMMAND…
	wanted=$1
	shift
	"$@"
	code=$?
	[ $code -eq "$wanted" ] || { echo "exit $code, not $wanted"; return 1; }
}
