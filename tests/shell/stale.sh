#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A node with a wrong clock, and one whose repository expires: status says so, what is active stays
# active, and the node recovers by itself, without a signal or a restart.
# shellcheck source=common
. "$(dirname "$0")/common"

# The wall clock of a process, moved by as many seconds as the file $CLOCK says at any time; mapped
# before the node closes the files outside of its own.
cc -shared -fPIC -D_GNU_SOURCE -x c -o "$dir/clock.so" - <<'EOF' || exit 1
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static const char *text;
__attribute__((constructor)) static void map(void)
{
    int fd = open(getenv("CLOCK"), O_RDONLY | O_CLOEXEC);
    text = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
}
static long long moved_s(void)
{
    return text == NULL || text == MAP_FAILED ? 0 : strtoll(text, NULL, 10);
}
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME) {
        now->tv_sec += moved_s();
    }
    return result;
}
time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return out ? (*out = now.tv_sec) : now.tv_sec;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec fine;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return 0;
}
EOF

year=31536000
url=http://$net.250:8080
echo one >"$dir/thing"
expect 0 "" "$WEFT" keygen --keys "$dir/keys"
expect 0 "" "$WEFT" publish --repo "$dir/repo" --keys "$dir/keys" --version 1 thing "$dir/thing"
cp "$dir/repo/metadata/1.root.json" "$dir/root.json"
start source "$WEFT" source --repo "$dir/repo" --listen "$net.250:8080"
until_true 5 grep -q serving "$dir/source.log" || fault "the source does not start"

# moved NUMBER SECONDS: move the clock of a node, also of one that runs; the file keeps its length.
moved() {
    printf '%020d\n' "$2" | dd of="$dir/clock$1" conv=notrunc 2>/dev/null
}

# node NUMBER SECONDS: a node alone, whose clock is moved by so many seconds.
node() {
    moved "$1" "$2"
    start "node$1" env LD_PRELOAD="$dir/clock.so" CLOCK="$dir/clock$1" "$WEFT" run \
        --data "$dir/d$1" --root "$dir/root.json" --listen "$net.$1" --source "$url" \
        --subnet "$net.$1/32" --component "thing=$dir/a$1" --poll 1s
}

says() {
    "$WEFT" status --data "$dir/d$1" 2>&1 | grep -q -- "$2"
}

says_not() {
    ! says "$1" "$2"
}

has() {
    cmp -s "$dir/a$1/thing" "$dir/thing"
}

# A dead battery: what is signed is taken, and the clock told of.
node 1 "$((-30 * year))"
until_true 15 has 1 || { fault "a clock that is behind stops updates"; cat "$dir/node1.log"; }
until_true 5 says 1 "this machine's clock says 19" || fault "no word of a clock that is behind"
moved 1 0
until_true 10 says_not 1 "this machine's clock" || fault "a clock put right is still wrong"

# Ahead from the start: nothing is valid, until the clock is put right.
node 2 "$((10 * year))"
until_true 15 says 2 "expired on" || { fault "no word of the expiry"; cat "$dir/node2.log"; }
until_true 5 says 2 "that of the source is" || fault "no word of a clock that is ahead"
has 2 && fault "expired metadata was taken"
moved 2 0
until_true 20 has 2 || { fault "no recovery from a clock ahead"; cat "$dir/node2.log"; }
until_true 10 says_not 2 "this machine's clock" || fault "a clock put right is still wrong"

# Ahead while it runs: what is active stays.
moved 1 "$((10 * year))"
until_true 15 says 1 "expired on" || fault "no word of the expiry"
has 1 || fault "an active release went"
moved 1 0
until_true 10 says_not 1 "expired on" || fault "a clock put right leaves it expired"

# The publisher does not sign for too long, and then does.
expect 0 "" "$WEFT" refresh --repo "$dir/repo" --keys "$dir/keys" --expires-timestamp 5s
until_true 20 says 2 "expired on" || fault "no word of the expired repository"
has 2 || fault "an active release went"
says 2 "thing *1  active since" || { fault "status does not show what is active"; }
echo two >"$dir/thing"
expect 0 "" "$WEFT" publish --repo "$dir/repo" --keys "$dir/keys" --version 2 thing "$dir/thing"
until_true 20 has 2 || { fault "no recovery of node 2"; cat "$dir/node2.log"; }
until_true 20 has 1 || { fault "no recovery of node 1"; cat "$dir/node1.log"; }
says_not 2 "expired on" || fault "still expired"
verdict
