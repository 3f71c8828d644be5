# The API server for tests, made of Kubernetes' own libraries: its sources stand beside the project
# (../shared/tools/apiserver) or at $EUA_APISERVER_SOURCE; it is built once into the user's cache. Sourced.

# need_apiserver WHO: sets $apiserver to the program; says what is missing otherwise
need_apiserver() {
	source_of_apiserver=${EUA_APISERVER_SOURCE:-$here/../../../shared/tools/apiserver}
	if [ ! -x "$source_of_apiserver/build.sh" ]; then
		echo "$1: skipped: needs the sources of the API server at ../shared/tools/apiserver or \$EUA_APISERVER_SOURCE" >&2
		return 1
	fi
	if ! command -v go >/dev/null; then
		echo "$1: skipped: needs Go 1.24 or newer to build the API server" >&2
		return 1
	fi
	key=$(cat "$source_of_apiserver"/*.go "$source_of_apiserver"/go.* "$source_of_apiserver"/*.yaml "$source_of_apiserver"/*.sh | sha256sum | cut -c1-16)
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/eks-upgrade-agent/apiserver-$key
	apiserver=$cache/apiserver
	[ -x "$apiserver" ] && return 0
	mkdir -p "$cache"
	echo "$1: building the API server into $cache, once; this takes some minutes" >&2
	(
		flock 9
		[ -x "$apiserver" ] || { "$source_of_apiserver/build.sh" "$cache/build" >"$cache/log" 2>&1 && mv "$cache/build/apiserver" "$apiserver" && rm -rf "$cache/build"; }
	) 9>"$cache/lock"
	[ -x "$apiserver" ] && return 0
	tail -n 5 "$cache/log" >&2
	echo "$1: skipped: needs Go modules to build the API server; the log is $cache/log" >&2
	return 1
}
