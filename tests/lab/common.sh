#!/usr/bin/env bash
# What the installers beside this file share; they read it, nobody runs it.

LAB_CACHE=${ASSAY_LAB_CACHE:-$HOME/.cache/assay-lab}

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

# One installation at a time, for apt and Go's caches are everyone's.
lab_lock() {
	mkdir -p "$LAB_CACHE"
	exec 9>"$LAB_CACHE/lock"
	flock -n 9 || { say "another installation is running: waiting for it"; flock 9; }
	# What an installation that was ended left behind
	find "$LAB_CACHE" -maxdepth 1 -name 'tmp.*' -mmin +120 -exec rm -rf {} +
}

# debian PACKAGE...: install those that are missing
debian() {
	local missing=() p
	for p; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "needs the Debian packages ${missing[*]}: install them, or run this as root"
	say "installing from Debian: ${missing[*]}"
	if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}"; } >"$LAB_CACHE/apt.log" 2>&1; then
		tail -n 5 "$LAB_CACHE/apt.log" >&2
		die "apt-get could not install ${missing[*]}: is the network there?"
	fi
}

check_sha256() { # check_sha256 FILE WANT
	local got
	got=$(sha256sum "$1" | cut -d' ' -f1)
	[ "$got" = "$2" ] || die "$(basename "$1"): SHA-256 is $got, pinned is $2: not used"
}

go_version() { "$1" env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9][0-9.]*\).*/\1/p'; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# find_go MINIMUM TAKEN: sets GO to a go command that is new enough and GOTOOLCHAIN to what it shall use. Where the
# machine's own is older than MINIMUM, TAKEN is fetched: up from 1.21 by Go itself, below that as any other module.
find_go() {
	GO=$(command -v go || true)
	[ -n "$GO" ] || { [ ! -x /usr/local/go/bin/go ] || GO=/usr/local/go/bin/go; }
	[ -n "$GO" ] || { debian golang-go; GO=/usr/bin/go; }
	local minimum=$1 taken=$2 version
	version=$(go_version "$GO")
	[ -n "$version" ] || die "$GO does not tell its version"
	export GOTOOLCHAIN=local
	if at_least "$version" "$minimum"; then
		say "Go $version: $GO"
	elif at_least "$version" 1.21; then
		say "Go $version is older than $minimum: it fetches Go $taken"
		export GOTOOLCHAIN=go$taken
	else
		say "Go $version is older than 1.21: fetching Go $taken as a module (65 MB)"
		fetch_go "$taken"
	fi
}

# module_dir MODULE@VERSION: where Go has unpacked it
module_dir() {
	(cd / && "$GO" mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
}

fetch_go() { # fetch_go VERSION
	local module dir
	module=golang.org/toolchain@v0.0.1-go$1.linux-$("$GO" env GOARCH)
	dir=$(module_dir "$module") || true
	[ -d "$dir/bin" ] || die "$GO could not fetch the module $module"
	# A module's files are not executable: give this one a root of its own where they are.
	local root=$LAB_CACHE/go-$1
	if [ ! -x "$root/bin/go" ]; then
		rm -rf "$root"
		cp -R --no-preserve=mode "$dir" "$root"
		chmod +x "$root"/bin/* "$root"/pkg/tool/*/*
	fi
	GO=$root/bin/go
}

# A line every 20 seconds, for this takes minutes: how long, and how many packages are compiled.
show_progress() { # show_progress PID LIST
	local start=$SECONDS last=0
	while kill -0 "$1" 2>/dev/null; do
		sleep 1
		[ $((SECONDS - start - last)) -ge 20 ] || continue
		last=$((SECONDS - start))
		say "building: $last s, $(grep -vc "^go: " "$2" || true) packages compiled"
	done
}

# build_go NAME FOLDER OUTPUT ARGUMENT...: `go build` there; a module whose sum is not in go.sum is refused
build_go() {
	local name=$1 folder=$2 output=$3 log pid failed=
	shift 3
	log=$(mktemp "$LAB_CACHE/tmp.XXXXXX")
	(
		cd "$folder" || exit
		export CGO_ENABLED=0 GOFLAGS='' GOWORK=off
		exec nice "$GO" build -v -mod=readonly -trimpath -buildvcs=false -o "$output" "$@"
	) 2>"$log" &
	pid=$!
	show_progress "$pid" "$log"
	wait "$pid" || failed=yes
	if [ -n "$failed" ]; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "$name could not be built; the lines above are the end of what go said"
	fi
	rm -f "$log"
}
