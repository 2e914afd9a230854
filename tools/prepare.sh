# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart and check: becomes root, installs what tools/packages lists, builds.
# Knows no registry: everything comes through the machine's own apt and npm configuration.

say() { printf '\033[1m==\033[0m %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs the script again through sudo when it is not root.
need_root() { # SCRIPT ARGS...
	[ "$(id -u)" = 0 ] && return 0
	command -v sudo >/dev/null || die "this needs root; run it as root or install sudo"
	exec sudo --preserve-env=CI -- "$@"
}

node_is_good() { command -v node >/dev/null && command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; }

# install_packages PURPOSE...
install_packages() {
	local purpose package missing=()
	[ -r /etc/debian_version ] && command -v apt-get >/dev/null || die "this needs Debian 12 or newer (apt)"
	while read -r purpose package; do
		case " $* " in *" $purpose "*) ;; *) continue ;; esac
		case $package in nodejs | npm) node_is_good && continue ;; esac
		dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
	done < <(grep -v '^#' tools/packages)
	[ ${#missing[@]} = 0 ] && return 0
	say "installing ${missing[*]}"
	# shellcheck disable=SC2016
	if [ -z "$(apt-get indextargets --format '$(FILENAME)' 'Identifier: Packages' 2>/dev/null | xargs -r ls 2>/dev/null)" ] ||
		! apt-get -qq --simulate install --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
		apt-get -qq update || die "apt-get update failed; check this machine's apt sources and network"
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >/dev/null ||
		die "apt could not install: ${missing[*]}"
	case " ${missing[*]} " in *" postgresql "*) command -v pg_ctlcluster >/dev/null && for v in /etc/postgresql/*/main; do
		[ -d "$v" ] && pg_ctlcluster "$(basename "$(dirname "$v")")" main stop 2>/dev/null || true; done ;; esac
	# A peer of bench/run, never a service of this machine.
	case " ${missing[*]} " in *" nginx-light "*) systemctl disable --now nginx 2>/dev/null || service nginx stop >/dev/null 2>&1 || true ;; esac
	return 0
}

# build DIRECTORY [MESON OPTIONS...]
build() {
	local dir=$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		[ $# = 0 ] || meson configure "$dir" "$@" >/dev/null
	else
		meson setup "$dir" "$@" >"/tmp/tsukuroi-setup.$$" 2>&1 || { tail -20 "/tmp/tsukuroi-setup.$$"; die "meson setup failed"; }
		rm -f "/tmp/tsukuroi-setup.$$"
	fi
	ninja -C "$dir" >"$dir/ninja.log" 2>&1 || { tail -40 "$dir/ninja.log"; die "the build failed"; }
}
