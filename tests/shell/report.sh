#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Traces and reports of the simulator: they change nothing in the run, are the same every time,
# stay small, and what cannot be written is told. The page itself is looked at by report_page.py.
. "$(dirname "$0")/common"
sim=${WEFT%/*}/weft-sim
small="--segments 3 --nodes 24 --size 4MiB --kill agent@50% --source-down 1s,1s"

# figure NAME FILE: the number of that name in JSON.
figure() {
    sed -n "s/.*\"$1\": *\"\{0,1\}\([0-9a-f]*\).*/\1/p" "$2" | head -n 1
}

# shellcheck disable=SC2086  # lists of words
{
    "$sim" $small --json >"$dir/plain" || fault "a run without files failed"
    "$sim" $small --json --trace "$dir/a.trace" --report "$dir/a.html" >"$dir/watched" ||
        fault "a watched run failed"
    "$sim" $small --threads 2 --trace "$dir/b.trace" >/dev/null ||
        fault "a run by two threads failed"
}
[ "$(figure trace_hash "$dir/plain")" = "$(figure trace_hash "$dir/watched")" ] ||
    fault "watching changed the run"
# The summary names wall time, the head the command; all else must be the same.
sed '1d;/^{"summary"/d' "$dir/a.trace" >"$dir/a.lines"
sed '1d;/^{"summary"/d' "$dir/b.trace" >"$dir/b.lines"
[ -s "$dir/a.lines" ] || fault "the trace is empty"
cmp -s "$dir/a.lines" "$dir/b.lines" || fault "two traces of one run differ"
python3 - "$dir/a.trace" "$dir/watched" <<'PYTHON' || fault "the trace contradicts the summary"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
summary = json.load(open(sys.argv[2]))
head = lines.pop(0)
assert head["weft_trace"] == 1 and head["nodes"] == 24 and head["segments"] == 3, head
complete = sum(line.get("complete", 0) for line in lines)
assert complete == summary["complete"] == 21, complete
for tier, total in summary["bytes_by_tier"].items():
    told = sum(line.get("bytes", {}).get(tier, 0) for line in lines)
    assert told >= total > 0 or total == 0, (tier, told, total)
pulled = sum(sum(line["pulled_by_group"]) for line in lines if "pulled_by_group" in line)
assert pulled == sum(sum(line.get("bytes", {}).values()) for line in lines), pulled
events = [line["event"] for line in lines if "event" in line]
assert events.count("crash") == 3 and "source-down" in events and "hop" in events, events
waits = sum(sum(line.get("wait_ms", {}).values()) for line in lines)
assert waits > 0 and max(line["last_ms"] for line in lines if "last_ms" in line) * 1000000 \
    <= summary["makespan_ns"] < (head["end_ms"] + 1) * 1000000
PYTHON

"$sim" --segments 2 --nodes 12 --size 1MiB --wan-slow 1@0s+2s:1 --trace "$dir/c.trace" >/dev/null
grep -q '"t_ms":0,"event":"wan-slow","segment":1,' "$dir/c.trace" || fault "a mishap is not told"

for flag in trace report decisions; do
    # shellcheck disable=SC2086
    "$sim" $small "--$flag" "$dir/missing/file" >"$dir/out" 2>&1 && fault "--$flag was not refused"
    grep -q -- "--$flag.*missing/file" "$dir/out" || fault "--$flag does not say what is wrong"
done
if [ -w /dev/full ]; then
    # shellcheck disable=SC2086
    "$sim" $small --report /dev/full >"$dir/out" 2>&1 && fault "a full disk was not noticed"
    grep -q "is incomplete" "$dir/out" || fault "a full disk is not told"
fi

# A report or trace that is there stays as it is until the new one is whole.
cp "$dir/a.html" "$dir/kept.html"
cp "$dir/a.trace" "$dir/kept.trace"
for words in "report $dir/a.trace -o $dir/kept.html" \
    "--nodes 4 --segments 2 --size 1KiB --report $dir/kept.html --trace $dir/kept.trace"; do
    # shellcheck disable=SC2086  # words
    (trap '' XFSZ && ulimit -f 1 && "$sim" $words) >"$dir/out" 2>&1 && fault "$words: no fault"
    grep -q "File too large" "$dir/out" || fault "$words: $(cat "$dir/out")"
done
"$sim" --nodes 2 --segments 1 --size 1KiB --trace "$dir/kept.trace" --report "$dir/none/x" \
    >"$dir/out" 2>&1 && fault "a report goes to a folder that is not there"
"$sim" --nodes 2 --segments 1 --size 1KiB --trace "$dir/kept.trace" --decisions "$dir/none/x" \
    >"$dir/out" 2>&1 && fault "decisions go to a folder that is not there"
cmp -s "$dir/a.html" "$dir/kept.html" || fault "a report that is there is lost"
cmp -s "$dir/a.trace" "$dir/kept.trace" || fault "a trace that is there is lost"
[ -z "$(find "$dir" -name '*.part')" ] || fault "something unfinished is left"

"$sim" --segments 400 --nodes 2000 --size 1MiB --report "$dir/large.html" >/dev/null ||
    fault "a run of 400 segments failed"
[ "$(wc -c <"$dir/large.html")" -lt 1000000 ] || fault "a report of 400 segments is too large"
# A trace read again gives the same report, but for its name.
"$sim" report "$dir/a.trace" --output "$dir/again.html" --perfetto "$dir/line.json" ||
    fault "no report of a trace"
python3 - "$dir/a.html" "$dir/again.html" <<'PYTHON' || fault "a trace read again differs"
import json, re, sys
pages = [open(path, encoding="utf-8").read() for path in sys.argv[1:]]
own, again = [json.loads(re.search(r'id="data">\n(.*?)\n</script>', page, re.S)[1])[0]
              for page in pages]
assert own.pop("name") == "simulation" and again.pop("name") == "a.trace"
assert own == again, [name for name in own if own[name] != again[name]]
PYTHON

# Real nodes, and their simulation beside them.
TMPDIR=$dir "$WEFT" demo --nodes 4 --segments 2 --size 4MiB --trace --keep >"$dir/out" 2>&1 ||
    fault "the demo failed"
mkdir "$dir/nodes"
mv "$dir"/weft-demo.*/*.trace "$dir/nodes" || fault "the nodes left no traces"
"$sim" report "$dir/a.trace" "$dir/nodes" -o "$dir/pilot.html" || fault "no report of nodes"
python3 - "$dir/pilot.html" "$dir/line.json" <<'PYTHON' || fault "the report of nodes is wrong"
import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
runs = json.loads(re.search(r'id="data">\n(.*?)\n</script>', page, re.S)[1])
nodes, simulation = runs
assert nodes["real"] and not simulation["real"] and nodes["name"] == "real nodes", nodes["name"]
summary = nodes["summary"]
# The demo may end a node between its link and its record of it; a line may reach into the release
# before, which has 39 bytes.
assert summary["nodes"] == 4 and summary["complete"] >= 3 and summary["segments"] == 2, summary
stored = sum(map(sum, nodes["by_tier"]))
assert nodes["bytes"] == 4 << 20 and 0 <= stored - 4 * nodes["bytes"] <= 4 * 39, stored
assert sum(map(sum, nodes["pulled"])) > 3.9 * nodes["bytes"], nodes["pulled"]
assert 0 < summary["half_ns"] <= summary["makespan_ns"] < 60e9, summary
assert summary["wan_copies_mean_ppm"] >= 1000000 and len(nodes["lanes"]) >= 2, summary
events = json.load(open(sys.argv[2]))["traceEvents"]
assert {"M", "C", "X"} == {event["ph"] for event in events}, "kinds of events"
assert all(event.get("ts", 0) >= 0 and "pid" in event for event in events)
assert len({e["args"]["name"] for e in events if e["name"] == "process_name"}) == 4
PYTHON

expect 2 "say where to write it" "$sim" report "$dir/a.trace"
expect 1 "$dir/none: No such file" "$sim" report "$dir/none" -o "$dir/x.html"
cp "$dir/a.trace" "$dir/kept"
expect 1 "a.trace: that would overwrite" \
    "$sim" report "$dir/a.trace" -o "$dir/../${dir##*/}/a.trace"
expect 1 "a.trace: that would overwrite" "$sim" report "$dir/a.trace" --perfetto "$dir/a.trace"
expect 2 "output and --perfetto are the same" \
    "$sim" report "$dir/a.trace" -o "$dir/x" --perfetto "$dir/x"
cmp -s "$dir/a.trace" "$dir/kept" || fault "a report overwrote its trace"
echo "size 1KiB" >"$dir/a.scn"
expect 2 "--trace and --report are the same file" "$sim" --trace "$dir/new" --report "$dir/new"
expect 2 "--report and --scenario are the same" \
    "$sim" --scenario "$dir/a.scn" --report "$dir/a.scn"
grep -q "^size 1KiB$" "$dir/a.scn" || fault "a report overwrote its scenario"
mkdir "$dir/empty"
expect 1 "$dir/empty: there is no file in it" "$sim" report "$dir/empty" -o "$dir/x.html"
expect 1 "name the files of --trace" "$sim" report -o "$dir/x.html"
expect 1 "report.sh:1: no JSON object" "$sim" report "$0" -o "$dir/x.html"
expect 1 "cannot write $dir/none/x" "$sim" report "$dir/a.trace" -o "$dir/none/x"

# Nothing is owed to a hostile node, so a run in which it alone lacks the release is a healthy one.
# shellcheck disable=SC2086  # a list of words
"$sim" $small --corrupt 1 --false-map 1 --json --report "$dir/page.html" >"$dir/page" ||
    fault "a run failed"
# A run that is stopped before there is a release has a page, too. It says that it is under way.
"$sim" --nodes 400 --warmup 100h --progress 1ms --report "$dir/stopped.html" 2>"$dir/said" \
    >"$dir/out" &
until_true 60 grep -q simulated "$dir/said"
kill $!
wait $!
[ $? -eq 130 ] || fault "a run that was stopped: $(cat "$dir/out")"
"$sim" --segments 4 --nodes 40 --size 4MiB --wan-slow 1@0s+2min:1 --sleep 1@0s+30s:2 \
    --report "$dir/slow.html" >"$dir/out" || fault "a run with a slow line failed"
"$sim" --segments 2 --nodes 6 --size 1MiB --source-down 0s,1h --time-limit 5s \
    --report "$dir/nothing.html" >"$dir/out" && fault "a run without a byte was a success"
grep -q "no-manifest  *6 incomplete nodes: the release is not known yet" "$dir/out" ||
    fault "what nodes wait for is not told"
"$sim" --segments 12 --nodes 12 --size 1MiB --false-map 2 --report "$dir/alone.html" \
    >"$dir/out" || fault "a run of hostile segments failed"
python3 "$(dirname "$0")/report_page.py" "$dir/page.html" "$dir/page" "$dir/stopped.html" \
    "$dir/slow.html" "$dir/nothing.html" "$dir/alone.html"
code=$?
[ "$code" -eq 77 ] || [ "$code" -eq 0 ] || fault "the page is not as it should be"
[ "$faults" -eq 0 ] || exit 1
exit "$code"
