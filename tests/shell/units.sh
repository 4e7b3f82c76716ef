#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What make install puts where; and are the systemd units valid, and as closed as they claim: an
# exposure of 1.5 of 10 at most by systemd-analyze?
# shellcheck source=common
. "$(dirname "$0")/common"

cd "$root" || exit 1
prefix=$dir/usr
# quietly COMMAND...: it succeeds; what it says matters only if it does not.
quietly() {
    "$@" >"$dir/out" 2>&1 </dev/null || { fault "$* fails"; cat "$dir/out"; }
}

install_all() {
    quietly make -s install CONFIG=release PREFIX="$prefix" SYSCONFDIR="$dir/etc"
}

install_all
units=$prefix/lib/systemd/system
for name in bin/weft bin/weft-sim share/man/man8/weft.8; do
    [ -e "$prefix/$name" ] || fault "$name is not installed"
done
grep -q "^ExecStart=$prefix/bin/weft run " "$units/weft.service" || fault "unit of another program"
! grep -r "@[A-Z]*@" "$units" || fault "a unit has something to be filled in"
expect 0 "the flags of a command" "$prefix/bin/weft" help

# Flags that are there survive the next version.
echo "WEFT_RUN=mine" >"$dir/etc/default/weft"
install_all
grep -qx "WEFT_RUN=mine" "$dir/etc/default/weft" || fault "the flags of the units were replaced"

if ! command -v systemd-analyze >/dev/null; then
    [ "$faults" -eq 0 ] && echo "skipped: systemd-analyze is missing" && exit 77
    verdict
fi
for unit in weft weft-apply; do
    expect 0 "Overall exposure level" systemd-analyze security --offline=true --threshold=15 \
        "$units/$unit.service"
done
for unit in weft.service weft-apply.service weft-apply.path; do
    quietly env SYSTEMD_UNIT_PATH="$units:" systemd-analyze verify --man=no "$units/$unit"
done
# The check itself can fail: a unit without its walls is refused.
grep -v "^Protect\|^Private\|^SystemCall" "$units/weft.service" >"$dir/open.service"
expect 1 "Overall exposure level" systemd-analyze security --offline=true --threshold=15 \
    "$dir/open.service"
verdict
