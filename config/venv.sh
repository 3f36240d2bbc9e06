# Sourced by ./run and ./test from the top of the checkout: find Python, make .venv, install what is pinned.
#
# Each list of packages that is wholly installed leaves .venv/.installed-NAME with its hash, written last and
# removed before anything changes. A .venv without any of these is half made and is made anew.

# Who wants no compiled files beside the sources gets them in var/: compiling everything anew at each start of a
# process would more than double its time.
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
    unset PYTHONDONTWRITEBYTECODE
    export PYTHONPYCACHEPREFIX="${PYTHONPYCACHEPREFIX:-$(pwd)/var/pycache}"
fi

say() { printf 'holdfast: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

find_python() {
    # shellcheck disable=SC2086
    for python in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return 0
        fi
    done
    if [ -n "${PYTHON:-}" ]; then
        die "$PYTHON is no Python 3.11 or later. Name another one (PYTHON=/path/to/python3.11 $0) or none."
    fi
    die "Python 3.11 or later is needed. Install it (apt install python3.11 python3.11-venv) or name it: PYTHON=/path/to/python3.11 $0"
}

hash_of() { "$1" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$2"; }

marker_of() {
    marker_name=${1##*/}
    echo ".venv/.installed-${marker_name%.txt}"
}

# Say whether exactly the packages of the list $1 are installed.
is_installed() {
    [ -x .venv/bin/python ] && [ -f "$(marker_of "$1")" ] || return 1
    wanted=$(hash_of .venv/bin/python "$1" 2>/dev/null) || return 1
    [ "$(cat "$(marker_of "$1")")" = "$wanted" ]
}

last_error() {
    text=$(grep -i 'error' "$1" 2>/dev/null | tail -n 1 | cut -c 1-200)
    echo "${text:-no reason was given}"
}

pip_install() { .venv/bin/python -m pip "$@" >>var/log/pip.log 2>&1; }

# Make sure that the lists $1... are installed in .venv; the last one holds all of the others.
ensure_venv() {
    (mkdir -p var/log && : >>var/venv.lock) 2>/dev/null ||
        die "$(pwd) cannot be written by $(id -un). Run as its owner, or make a copy of your own."
    exec 9>>var/venv.lock
    if command -v flock >/dev/null 2>&1; then
        flock 9 # two commands at once: the second finds the work done
    fi
    for list in "$@"; do :; done
    if ! is_installed "$list"; then
        install_list "$@"
    fi
    exec 9>&-
}

install_list() {
    # What was installed beside this list stays valid if it is still what is asked for.
    kept=
    if is_installed requirements-dev.txt; then kept=$(cat "$(marker_of requirements-dev.txt)"); fi

    if ! ls .venv/.installed-* >/dev/null 2>&1 || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        find_python
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
            die "Python's venv module is missing. Install it: apt install python$version-venv"
        if [ -e .venv ]; then say "making a half-made .venv anew"; fi
        rm -rf .venv
        "$python" -m venv .venv >var/log/pip.log 2>&1 ||
            die "The folder .venv could not be made: $(last_error var/log/pip.log) (all of it: var/log/pip.log)"
    fi
    rm -f .venv/.installed-*

    for list in "$@"; do :; done
    say "installing the packages of $list into .venv (once, about a minute)"
    : >var/log/pip.log
    set_up="install --quiet --disable-pip-version-check --no-input --require-hashes -r $list"
    # A machine's own pip settings may be needed (a mirror) or may be broken: try with, then without.
    # shellcheck disable=SC2086
    pip_install $set_up || pip_install --isolated $set_up ||
        die "The packages could not be installed: $(last_error var/log/pip.log) Check the network and run again (all of it: var/log/pip.log)"

    if [ -n "$kept" ]; then echo "$kept" >"$(marker_of requirements-dev.txt)"; fi
    for list in "$@"; do
        hash_of .venv/bin/python "$list" >"$(marker_of "$list").new"
        mv "$(marker_of "$list").new" "$(marker_of "$list")"
    done
}
