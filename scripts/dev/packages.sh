# Debian packages by purpose, installed when missing. Sourced by ./dev.
packages_build="gcc meson ninja-build pkg-config libcurl4-openssl-dev libjansson-dev libfyaml-dev libxml2-dev libcmark-dev
libsqlite3-dev libssl-dev zlib1g-dev libmicrohttpd-dev libcmocka-dev"
packages_test="clang libclang-rt-14-dev time jq python3 python3-venv git curl procps openssl"
packages_bench="libyajl-dev curl time binutils"
packages_lint="clang clang-format clang-tidy cppcheck"
packages_cover="gcovr"
packages_fuzz="clang libclang-rt-14-dev"

need_packages() { # PURPOSE…
	missing=
	for purpose in build "$@"; do
		eval "wanted=\$packages_$purpose"
		for package in $wanted; do
			dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
		done
	done
	missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
	[ -n "${missing# }" ] || return 0
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		sudo=sudo
		command -v sudo >/dev/null || { echo "./dev: needs root or sudo to install: $missing" >&2; exit 1; }
	fi
	echo "Installing (needed to $*): $missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	{ $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $missing; } >/tmp/eks-upgrade-agent-apt.log 2>&1 ||
		{ tail -n 20 /tmp/eks-upgrade-agent-apt.log >&2; echo "./dev: apt-get could not install: $missing" >&2; exit 1; }
}
