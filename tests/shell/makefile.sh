#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does the Makefile know a folder by one name, however BUILD names it, and refuse one that clean
# must not remove? An object of two names is not made anew when its headers change.
set -u
cd "$(dirname "$0")/../.." || exit 2
command -v make >/dev/null || { echo "skipped: make is not installed"; exit 77; }
here=$(pwd -P)
faults=0

# out BUILD: where the release is built, or why not.
out() {
    # What the make around this test was given is not for this one.
    # shellcheck disable=SC2016  # for make
    MAKEFLAGS='' make -s --eval='print-out:;@echo $(OUT)' print-out CONFIG=release BUILD="$1" 2>&1 |
        tail -n 1
}

# same WANTED BUILD...: each names the same folder.
same() {
    wanted=$1
    shift
    for build; do
        [ "$(out "$build")" = "$wanted" ] && continue
        echo "FAULT: BUILD=$build builds in $(out "$build"), not in $wanted"
        faults=$((faults + 1))
    done
}
same build/release build ./build build/ build/../build "$here/build" "$here/./build//"
same build/x/release build/x "$here/build/x"
same /nowhere/release /nowhere /nowhere/ /nowhere/../nowhere
for build in '' . .. / "$here" "$here/.." 'a b' sim tests/unit "$here/protocol"; do
    case $(out "$build") in
    *'BUILD names one folder'*) ;;
    *)
        echo "FAULT: BUILD='$build' is not refused: $(out "$build")"
        faults=$((faults + 1))
        ;;
    esac
done
[ "$faults" -eq 0 ]
