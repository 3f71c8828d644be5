#!/bin/sh
# Formatting, house rules, a second compiler, three analysers. Ends with "lint: clean" and exit 0, or tells and exits 1.
# usage: lint.sh [BUILD]      BUILD: gcc's build directory, already built (default: build)
set -u
cd "$(dirname "$0")/../.."
build=${1:-build}
jobs=$(nproc 2>/dev/null || echo 2)
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
trap 'exit 1' INT TERM
failed=0

# Runs one part; what it prints is shown when it fails.
part() { # TITLE FUNCTION
	began=$(date +%s)
	if "$2" >"$report/$2" 2>&1; then verdict=clean; else verdict='NOT CLEAN' failed=$((failed + 1)); fi
	printf '%-42s %-9s %4d s\n' "$1" "$verdict" $(($(date +%s) - began))
	[ "$verdict" = clean ] || sed 's/^/    /' "$report/$2"
}

sources() { git ls-files -co --exclude-standard -- '*.c' '*.h' | while read -r file; do [ -e "$file" ] && echo "$file"; done; }
written() { sources | grep -v '_data\.c$'; } # by people, not by scripts
modules() { written | grep '^src/.*\.c$'; }

formatting() {
	written | xargs -P "$jobs" -n 8 clang-format --dry-run -Werror 2>"$report/format" && return 0
	sed -n 's/^\([^ ]*\):\([0-9]*\):[0-9]*: error: .*/\1:\2: not as clang-format -i would have it/p' "$report/format" |
		sort -u -t: -k1,1
	return 1
}

house() { python3 scripts/dev/house.py "$build"; }

scripts() {
	bad=0
	for file in dev .ci/run $(git ls-files -co --exclude-standard -- '*.sh'); do
		sh -n "$file" || bad=1
	done
	python3 - $(git ls-files -co --exclude-standard -- '*.py') <<-'END_OF_PYTHON' || bad=1
	import ast, sys
	for name in sys.argv[1:]:
	    ast.parse(open(name).read(), name)
	END_OF_PYTHON
	return $bad
}

# A build directory of its own; only what the compiler objects to is printed.
compiled() { # DIRECTORY TARGETS-FUNCTION MESON-OPTIONS…
	directory=$1 targets=$2
	shift 2
	[ -f "$directory/build.ninja" ] || meson setup "$directory" "$@" >"$report/setup" 2>&1 || { cat "$report/setup"; return 1; }
	ninja -k 0 -C "$directory" -j "$jobs" $("$targets") >"$report/compiled" 2>&1 && return 0
	grep -E 'error:|warning:|ninja: error' "$report/compiled" | sort -u
	return 1
}
everything() { :; }
libraries() { (cd "$build" && ls lib*.a); }
with_ccache() { command -v ccache >/dev/null && echo "ccache $1" || echo "$1"; }

clang_build() { CC=$(with_ccache clang) compiled build-clang everything; }

analyzer() { CC=$(with_ccache gcc) compiled build-analyzer libraries -Dc_args=-fanalyzer; }

tidy() {
	checks='-*,clang-diagnostic-*,bugprone-*,misc-redundant-expression,misc-definitions-in-headers'
	checks="$checks,readability-misleading-indentation,readability-redundant-declaration"
	# HEAP_PUSH of pointers, `if (strcmp())`, units made wide on purpose, counted copies, X-macros: all meant.
	for noise in easily-swappable-parameters narrowing-conversions implicit-widening-of-multiplication-result \
		reserved-identifier assignment-in-if-condition branch-clone sizeof-expression suspicious-string-compare \
		misplaced-widening-cast not-null-terminated-result macro-parentheses; do
		checks="$checks,-bugprone-$noise"
	done
	modules | xargs -P "$jobs" -n 4 clang-tidy --quiet -p build-clang --checks="$checks" --warnings-as-errors='*' \
		>"$report/tidy.out" 2>/dev/null && return 0
	grep -E '(warning|error):' "$report/tidy.out" | sed 's|^.*build-clang/../||; s|^\.\./||' | sort -u
	return 1
}

# cppcheck stumbles over attributes behind function pointers and over jansson's loops: it gets plain ones. What the
# compilers know better (uninitialised, dangling) is left to them; NULL is a pointer wherever this builds.
cppcheck_run() {
	mkdir -p "$report/plain/base"
	sed 's/__attribute__((.*))$//' src/base/macros.h >"$report/plain/base/macros.h"
	cat >"$report/plain/jansson.h" <<-'END_OF_HEADER'
	#define json_array_foreach(a, i, v) for (i = 0; i < json_array_size(a) && (v = json_array_get(a, i)); i++)
	#define json_object_foreach_safe(o, n, k, v) while ((k = json_object_iter_key(o)) && (v = json_object_get(o, k)))
	#define json_object_foreach(o, k, v) while ((k = json_object_iter_key(o)) && (v = json_object_get(o, k)))
	END_OF_HEADER
	cppcheck -j "$jobs" --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=shiftTooManyBitsSigned --suppress=nullPointerArithmeticRedundantCheck \
		--suppress=uninitvar --suppress=returnDanglingLifetime --suppress=varFuncNullUB --suppress=pointerSize \
		--std=c11 -D_GNU_SOURCE '-DEUA_VERSION="0"' -D__x86_64__ -D__SSE2__ -U__cplusplus -I"$report/plain" -Isrc -Iinclude \
		--template='{file}:{line}: {severity}: {message} [{id}]' $(modules)
}

part 'formatting (clang-format)' formatting
part 'house rules' house
part 'scripts (sh -n, python)' scripts
part 'second compiler (clang, all warnings)' clang_build
part 'analysis (gcc -fanalyzer)' analyzer
part 'analysis (clang-tidy)' tidy
part 'analysis (cppcheck)' cppcheck_run

if [ "$failed" -eq 0 ]; then
	echo 'lint: clean'
else
	echo "lint: $failed of 7 parts not clean"
	exit 1
fi
