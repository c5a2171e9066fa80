#!/bin/sh
# Sorting peaks by m/z, against what people use. Whole processes, page cache warm, median of RUNS (by wall).
# Usage: benches/peaks.sh        (TESSERA=PATH saves the build; PYTHON names a Python with numpy, polars and pyimzml)
# SPECTRA and PEAKS (per spectrum) give the size, CLUSTERED the number of different ions (0: peaks anywhere).
set -eu
RUNS=${RUNS:-3} SPECTRA=${SPECTRA:-25000} PEAKS=${PEAKS:-2000} CLUSTERED=${CLUSTERED:-0} PYTHON=${PYTHON:-python3}
folder=$(mktemp -d "${TMPDIR:-/tmp}/bench-peaks.XXXXXX")
trap 'rm -rf "$folder"' EXIT
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
if [ -z "${TESSERA:-}" ]; then
    cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling --no-default-features --bin tessera
fi
tessera=$(realpath "${TESSERA:-$target/profiling/tessera}")
cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling -p partition-peaks --example sort_arrays
peers="$here/benches/peaks.py"

"$PYTHON" "$peers" generate "$folder" "$SPECTRA" "$PEAKS" "$CLUSTERED"
cd "$folder"
cat d.imzML d.ibd ./*.npy >/dev/null
ls -l d.imzML d.ibd | awk '{ printf "%s %.0f MB  ", $9, $5 / 1e6 } END { print "" }'

# Prints wall and CPU seconds and peak MiB of the median run of "$@".
measure() {
    label=$1
    shift
    : >times
    for _ in $(seq "$RUNS"); do
        rm -rf out
        /usr/bin/time -a -o times -f '%e %U %S %M' "$@" >/dev/null
    done
    sort -n times | awk -v label="$label" -v middle=$(((RUNS + 1) / 2)) \
        'NR == middle { printf "%-44s %7.2f s wall %7.2f s CPU  %5d MiB\n", label, $1, $2 + $3, $4 / 1024 }'
}

echo '-- arrays in memory -> sorted arrays (timed inside the process)'
"$target/profiling/examples/sort_arrays" "$SPECTRA" "$PEAKS" 64 "$CLUSTERED"
for peer in numpy quick polars; do "$PYTHON" "$peers" "$peer" .; done
echo '-- columns on disk -> sorted segments on disk'
measure 'tessera peaks sort --npy-in' "$tessera" peaks sort --npy-in mz.npy intensity.npy pixel.npy --segments 64 --out out
"$PYTHON" "$peers" numpy . out
echo '-- imzML -> sorted segments on disk'
measure 'tessera peaks sort' "$tessera" peaks sort d.imzML --segments 64 --out out
measure '  --memory 256MiB' "$tessera" peaks sort d.imzML --segments 64 --out out --memory 256MiB
measure '  --strategy functions' "$tessera" peaks sort d.imzML --segments 64 --out out --strategy functions
measure 'pyimzML + numpy' "$PYTHON" "$peers" published . out
measure 'cp d.ibd' sh -c 'mkdir out && cp d.ibd out/'
measure 'cp of as many bytes as read and written, synced' sh -c 'mkdir out && cat mz.npy intensity.npy pixel.npy >out/a && sync out/a'
