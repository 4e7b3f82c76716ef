#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does the benchmark of scripts/bench-crypto run to its end, with libraries that agree, and give
# every figure? How large they are is not tested: the machine is not the test's alone.
# shellcheck source=common
. "$(dirname "$0")/common"

bench=$root/build/release/tests/bench/bench_crypto
[ -x "$bench" ] || { echo "skipped: $bench is not built"; exit 77; }
expect 0 "encrypted chunk path received: " "$bench" 0.003
for words in "handshakes, Noise_IK" "libsodium  BLAKE2b" "libcrypto  SHA-256" "key set for each" \
    "ChaCha20 + SHA-256" "of heap for the two keys" "handshake, one side" "bytes more" \
    "memory of a peer" "memory of a stream"; do
    grep -qF "$words" "$dir/out" || fault "no figure for '$words'"
done
! grep -qE " (0\.00 GB/s|inf|nan|-[0-9])" "$dir/out" || fault "a figure that cannot be"
expect 2 "Usage" "$bench" never
expect 2 "Usage" "$bench" 1 2
verdict
