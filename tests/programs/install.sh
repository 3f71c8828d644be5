#!/bin/sh
# What is installed can be used: below a DESTDIR, by pkg-config, from C, as the header tells. The example program drives a
# whole upgrade of a simulated cluster: up to the question, yes, to the end; then another one, stopped and rolled back.
set -u
build=$EUA_BUILD
work=$(mktemp -d)
. "$(dirname "$0")/so.sh"
. "$(dirname "$0")/processes.sh"
at_end 'rm -rf "$work"'
cp -r examples "$work/"
source=$(pwd)
cd "$work" || exit 1
unset EUA_BUILD AWS_PROFILE AWS_ENDPOINT_URL
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true AWS_PAGER=

so "it installs below a directory" env DESTDIR="$work/root" meson install -C "$build" --no-rebuild
prefix=$work/root/usr/local
so "the program runs from there" "$prefix/bin/eks-upgrade-agent" version
so "nothing else is installed" sh -c "[ \"\$(find '$work/root' -type f -o -type l | sed 's|.*/||; s|so\.0.*|so|' | sort -u | tr '\n' ' ')\" = \
	'eks-upgrade-agent eks-upgrade-agent.pc eks_upgrade_agent.h libeks-upgrade-agent.so ' ]"
libraries=$(dirname "$(find "$prefix" -name libeks-upgrade-agent.so)")
export PKG_CONFIG_PATH="$libraries/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root" LD_LIBRARY_PATH="$libraries"
so "pkg-config knows its version" pkg-config --exact-version "$("$prefix/bin/eks-upgrade-agent" version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')" eks-upgrade-agent
for standard in c99 c17; do
	so "the example builds as $standard" sh -c "cc -std=$standard -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -pedantic examples/library/upgrade.c \$(pkg-config --cflags --libs eks-upgrade-agent) -o upgrade"
done
command -v c++ >/dev/null && so "the header is C++ too" sh -c "echo '#include <eks_upgrade_agent.h>' | c++ -x c++ -Wall -Werror \$(pkg-config --cflags eks-upgrade-agent) -fsyntax-only -"
so "only its own names are seen" sh -c "! nm -D --defined-only '$libraries/libeks-upgrade-agent.so' | grep -v ' eua_\| EKS_UPGRADE_AGENT_'"

"$prefix/bin/eks-upgrade-agent" sim serve --cluster shop --listen 127.0.0.1:0 --kubeconfig-out kubeconfig --speed "${EUA_TEST_SPEED:-60}" -o json >serve.json 2>serve.err &
for i in $(seq 100); do
	[ -s serve.json ] && [ -s kubeconfig ] && break
	sleep 0.1
done
url=$(jq -r .endpoint_url serve.json)
given="examples/sim.yaml endpoint_url=$url kubeconfig=kubeconfig lease_ttl=10m traffic.steps=50,100 traffic.interval=3m bake=2m approvals_by_yes=false"
truth() { # JQ-FILTER
	[ "$(curl -s "$url/sim/truth" | jq -r "$1")" = true ]
}
is() { # JQ-FILTER: true of the status
	[ "$(./upgrade status $given 2>/dev/null | jq -r "$1")" = true ]
}

so "nonsense is refused" ended 2 ./upgrade upgrade $given traffic.steps=90,10
so "there is no run yet" ended 1 ./upgrade status $given
if command -v terraform >/dev/null && command -v aws >/dev/null; then
	so "an upgrade runs up to the question" ended 4 ./upgrade upgrade $given shop 1.34
	so "the status says so" is '.result == "held" and .serving == "green" and ([.steps[] | select(.state == "held").id] == ["approve-decommission"])'
	so "a step that is none cannot be approved" ended 1 ./upgrade approve $given approve-everything
	so "a yes" ended 0 ./upgrade approve $given approve-decommission
	so "it ends" ended 0 ./upgrade upgrade $given shop 1.34
	so "it is completed" is '.result == "completed" and .failed_requests == 0 and .requests > 20'
	so "the program reads the same journal" "$prefix/bin/eks-upgrade-agent" verify --config examples/sim.yaml --endpoint-url "$url"
	so "what is done cannot be rolled back" ended 1 ./upgrade rollback $given
	given="$given terraform.state=second.tfstate context=shop-134"
	for i in $(seq 100); do
		grep -q 'current-context: shop-134' kubeconfig && break
		sleep 0.1
	done
	./upgrade upgrade $given shop-134 1.35 >>log 2>&1 &
	upgrade=$!
	for i in $(seq 600); do
		truth '.clusters | length == 2' && break
		sleep 0.1
	done
	kill -TERM $upgrade
	wait $upgrade
	so "it was stopped" [ $? -eq 4 ]
	so "while Green was made" is '.result == "running" and ([.steps[] | select(.state == "running").id] == ["provision-green"])'
	so "it is rolled back" ended 0 ./upgrade rollback $given
	so "only the serving cluster is left" truth '[.clusters[].name] == ["shop-134"]'
	so "the status says why" is '.result == "rolled-back" and (.reason | test("the example wants Blue"))'
else
	echo "skipped: the upgrade needs terraform and aws on PATH"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
