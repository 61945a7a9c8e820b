# Sourced by the other scripts: leaves the shell in the repository's root with a ready .venv.
#
# A fresh Debian 12 machine needs only git, Python 3.11 and the package registries. Everything is
# done once; a stamp in .venv holds the hash of what the environment was made from, so that a later
# run costs a few milliseconds and needs no network.
#
# OSTIARY_PYTHON names the interpreter (3.11 to 3.13) when the choice made here is not the right one.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
cd "$root"
export PATH="$PATH:/usr/sbin:/sbin" # where Debian keeps the broker, also for those who are not root
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 DEBIAN_FRONTEND=noninteractive

say() { printf '%s\n' "· $*" >&2; }
fail() {
    printf '%s\n' "${0##*/}: $*" >&2
    exit 1
}

usable() { # $1: an interpreter of a supported version that can make a virtual environment
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${OSTIARY_PYTHON:-python3.11 python3.12 python3.13 python3 /usr/bin/python3}; do
        if command -v "$candidate" >/dev/null && usable "$candidate"; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

is_root() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }

# Installs Debian packages without letting any of them start a service, now or at the next boot.
apt_install() {
    local log policy=/usr/sbin/policy-rc.d made_policy= result=0
    log="$(mktemp)"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made_policy=yes
    fi
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"; } </dev/null >"$log" 2>&1 || result=$?
    [ -z "$made_policy" ] || rm -f "$policy"
    if [ "$result" -ne 0 ]; then
        say "apt-get could not install $*: $(grep -E '^(E|Err|W):' "$log" | head -n 1 || true)"
    fi
    rm -f "$log"
    return "$result"
}

install_system_packages() {
    local missing=()
    command -v mosquitto >/dev/null || missing+=(mosquitto)
    command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients)
    command -v nats-server >/dev/null || missing+=(nats-server)
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
    command -v systemd-analyze >/dev/null || missing+=(systemd)
    command -v gst-launch-1.0 >/dev/null ||
        missing+=(gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good)
    [ "${#missing[@]}" -gt 0 ] || return 0
    is_root || return 0
    say "Installing system packages: ${missing[*]}"
    if apt_install "${missing[@]}" && [[ " ${missing[*]} " == *" mosquitto "* ]]; then
        systemctl disable mosquitto.service >/dev/null 2>&1 || true # the tests start their own
    fi
    return 0
}

say_without_broker() {
    command -v mosquitto >/dev/null ||
        say "Skipped: mosquitto is not installed (as root: apt-get install mosquitto); the embedded broker serves instead"
}

say_untested() {
    command -v systemd-analyze >/dev/null ||
        say "Skipped: systemd-analyze is not installed (as root: apt-get install systemd); the unit file is not verified"
    command -v gst-launch-1.0 >/dev/null ||
        say "Skipped: GStreamer is not installed (as root: apt-get install gstreamer1.0-tools gstreamer1.0-plugins-good); its cameras are not tested"
}

fingerprint() {
    { cat pyproject.toml tools/_environment.sh && printf '%s\n' "$root" "${OSTIARY_PYTHON:-}"; } | sha256sum | cut -c 1-64
}

version_of() { "$1" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null; }

# $1: where. $2: an interpreter. Keeps an environment that works, is of that version, and was made
# at this place (its scripts name the place they were made at).
make_venv() {
    local where="$1" python="$2"
    if [ -d "$where" ]; then
        if [ "$(version_of "$where/bin/python")" = "$(version_of "$python")" ] &&
            grep -qsF "$where/bin/python" "$where/bin/pip" && "$where/bin/pip" --version >/dev/null 2>&1; then
            return 0
        fi
        rm -rf "$where"
    fi
    "$python" -m venv "$where" >/dev/null 2>&1 || fail "cannot make $where with $python; is the folder writable and the disk not full?"
}

# $1: an environment; the rest goes to pip install. On failure pip's own reason is the last line.
pip_install() {
    local where="$1" log="$1/setup.log"
    shift
    "$where/bin/python" -m pip install --quiet --progress-bar off "$@" </dev/null >>"$log" 2>&1 ||
        fail "pip install failed: $(grep -E '^ *(ERROR|error|OSError)' "$log" | tail -n 1 | cut -c 1-300 || true) (all of it: $log)"
}

require_python() { # sets `python`
    if ! python="$(find_python)" && [ -z "${OSTIARY_PYTHON:-}" ] && is_root; then
        say "Installing system packages: python3-venv"
        apt_install python3 python3-venv || true
        python="$(find_python)" || true
    fi
    [ -n "$python" ] || [ -z "${OSTIARY_PYTHON:-}" ] || fail "OSTIARY_PYTHON=$OSTIARY_PYTHON is not a Python 3.11, 3.12 or 3.13 with its venv module"
    [ -n "$python" ] || fail "no Python 3.11, 3.12 or 3.13 with its venv module; as root: apt-get install python3-venv; or set OSTIARY_PYTHON"
}

make_environment() {
    local python=
    say "Setting up .venv (once; about a minute)"
    require_python
    make_venv "$root/.venv" "$python"
    rm -f "$stamp"
    : >.venv/setup.log
    pip_install "$root/.venv" --upgrade 'pip>=25.1' # the first that knows dependency groups
    say "Installing the Python packages"
    pip_install "$root/.venv" --group dev --editable '.[demo,hub,plots]'
    install_system_packages
    printf '%s\n' "$1" >"$stamp"
    say "Ready"
}

[ -f pyproject.toml ] || fail "no pyproject.toml in $root; run this from a clone of the repository"
stamp="$root/.venv/ready"
wanted="$(fingerprint)"
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || [ ! -x .venv/bin/python ]; then
    exec 9<pyproject.toml
    flock 9 # two commands started together: the second finds the work done
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || [ ! -x .venv/bin/python ]; then
        make_environment "$wanted"
    fi
    exec 9<&-
fi
unset OSTIARY_PYTHON # not a setting of the daemon, which refuses variables it does not know
