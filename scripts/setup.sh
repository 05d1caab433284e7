# Sourced by scripts/demo and scripts/test: what a machine needs, and a virtual environment.
# Installs system packages where it may (root, or sudo without a password), else names the command.

here=$(cd "$(dirname "$0")/.." && pwd)
venv=$here/.venv

if [ "$(id -u)" -eq 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="none"; fi

say() { echo "-- $*" >&2; }

# need_packages PACKAGE... : Debian and Ubuntu names
need_packages() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed && continue
        # Ubuntu 24.04 and Debian 13 renamed libraries for 64-bit time.
        dpkg-query -W -f '${db:Status-Status}\n' "${package}t64" 2>/dev/null | grep -qx installed && continue
        missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if [ "$as_root" = none ] || ! command -v apt-get >/dev/null; then
        echo "These system packages are missing:$missing" >&2
        echo "Install them, then run this again:  sudo apt-get install -y --no-install-recommends$missing" >&2
        exit 4
    fi
    say "installing$missing"
    install="env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends$missing"
    # shellcheck disable=SC2086  # a list of words
    $as_root $install >/dev/null 2>&1 || { $as_root apt-get update -qq && $as_root $install >/dev/null; }
}

# The system's own interpreter starts faster than a version manager's; 3.11 is the least.
find_python() {
    for python in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    done
    echo "Python 3.11 or newer is missing; Debian 12 and Ubuntu 24.04 have it." >&2
    exit 4
}

# make_venv : .venv in the checkout, or nothing if it is there and works
make_venv() {
    find_python
    "$venv/bin/python3" -c 'import pip' 2>/dev/null && return 0
    say "making $venv with $python"
    "$python" -m venv --clear "$venv"
}
