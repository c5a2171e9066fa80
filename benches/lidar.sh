#!/bin/sh
# Cutting a cloud into 10 buffered LAZ tiles, against what people use. Whole processes, page cache warm, median of RUNS.
# Usage: benches/lidar.sh [CLOUD.laz [PEER.py]]    (TESSERA=PATH saves the build; TMPDIR should be a memory file system)
# Without a cloud, POINTS (16m) are simulated.
# PEER.py is a program called as `PEER.py IN DIR --parts 10 --buffer 5 --engine sort|partition`: the published
# partitioner in numpy and laspy (sort), or a tuned one (partition).
# The codec floor is las-rs reading all points and writing them again: no cut at all.
set -eu
RUNS=${RUNS:-5}
PARTS=${PARTS:-10}
BUFFER=${BUFFER:-5}
peer=${2:+$(realpath "$2")}
folder=$(mktemp -d "${TMPDIR:-/tmp}/bench-lidar.XXXXXX")
trap 'rm -rf "$folder"' EXIT
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling -p partition-lidar --example codec_floor
floor=$target/profiling/examples/codec_floor
if [ -z "${TESSERA:-}" ]; then
    cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling --bin tessera
fi
tessera=$(realpath "${TESSERA:-$target/profiling/tessera}")
if [ $# -ge 1 ]; then
    cloud=$(realpath "$1")
else
    "$tessera" data simulate geospatial --tiles 0 --points "${POINTS:-16m}" --out "$folder/sim" >&2
    cloud=$folder/sim/points.laz
fi
cd "$folder"
cat "$cloud" >/dev/null

# Prints wall, user and system seconds and peak MiB of the median run (by wall) of "$@".
measure() {
    label=$1
    shift
    : >times
    for _ in $(seq "$RUNS"); do
        rm -rf out floor.laz
        /usr/bin/time -a -o times -f '%e %U %S %M' "$@" >/dev/null 2>&1
    done
    sort -n times | awk -v label="$label" -v middle=$(((RUNS + 1) / 2)) \
        'NR == middle { printf "%-34s %6.2f s  user %6.2f  sys %5.2f  %5d MiB\n", label, $1, $2, $3, $4 / 1024 }'
}

cut() {
    measure "$1" "$tessera" lidar cut "$cloud" --parts "$2" --buffer "$BUFFER" --out out $3
}

measure 'codec floor, all points at once' "$floor" "$cloud" floor.laz
measure 'codec floor, 1 000 000 at a time' "$floor" "$cloud" floor.laz 1000000
cut "tessera lidar cut, $PARTS tiles" "$PARTS" ''
cut '  --memory 256MiB' "$PARTS" '--memory 256MiB'
cut '  --memory 128MiB' "$PARTS" '--memory 128MiB'
for tiles in 2 8 32 128; do
    cut "  --parts $tiles" "$tiles" ''
done
if [ -n "$peer" ]; then
    for engine in partition sort; do
        measure "numpy, $engine" python3 "$peer" "$cloud" out --parts "$PARTS" --buffer "$BUFFER" --engine "$engine"
    done
fi
