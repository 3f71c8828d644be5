# Python packages for tests, in one environment below the build directory; versions are those of requirements.txt. Sourced.

# need_python WHO PACKAGE…: sets $python; says why and how the test ends when the packages cannot be had. What cannot
# stand beside the others is asked for with another $environment and $requirements.
need_python() {
	who=$1
	shift
	python=$build/${environment:-venv-programs}/bin/python
	[ -x "$python" ] || python3 -m venv "$build/${environment:-venv-programs}" >"$build/venv.log" 2>&1
	"$python" -m pip install -q --disable-pip-version-check -c "$here/${requirements:-requirements.txt}" "$@" >>"$build/venv.log" 2>&1 && return 0
	if [ -n "${CI:-}" ]; then
		tail -n 3 "$build/venv.log" >&2
		echo '0 passed, 1 failed'
		exit 1
	fi
	echo "$who: skipped, needs PyPI for $*" >&2
	echo '0 passed, 0 failed, 1 skipped'
	return 1
}
