#!/bin/sh
# FASTA index, against what people use. Whole processes, page cache warm, median of RUNS.
# Usage: benches/fasta.sh [FASTA]        (without one, 300 Mb are simulated; TESSERA=PATH saves the build)
# Peers, where installed: wc -l (how fast the bytes can be looked at), samtools faidx, seqkit faidx, pyfaidx.
set -eu
RUNS=${RUNS:-5}
folder=$(mktemp -d "${TMPDIR:-/tmp}/bench-fasta.XXXXXX")
trap 'rm -rf "$folder"' EXIT
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
if [ -z "${TESSERA:-}" ]; then
    cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling --bin tessera
fi
tessera=$(realpath "${TESSERA:-$target/profiling/tessera}")

if [ $# -gt 0 ]; then
    ln -s "$(realpath "$1")" "$folder/g.fa"
else
    "$tessera" data simulate genomics --out "$folder/sim" --genome 300mb --contigs 48 --coverage 0 >/dev/null
    mv "$folder/sim/ref.fa" "$folder/g.fa"
fi
cd "$folder"
cat g.fa >/dev/null

# Prints wall, user and system seconds and peak MiB of the median run (by wall) of "$@".
measure() {
    label=$1
    shift
    if ! command -v "$1" >/dev/null; then
        printf '%-24s not installed\n' "$label"
        return
    fi
    : >times
    for _ in $(seq "$RUNS"); do
        rm -f g.fa.fai g.fa.seqkit.fai
        /usr/bin/time -a -o times -f '%e %U %S %M' "$@" >/dev/null 2>&1
    done
    sort -n times | awk -v label="$label" -v middle=$(((RUNS + 1) / 2)) \
        'NR == middle { printf "%-24s %6.2f s  user %5.2f  sys %5.2f  %4d MiB\n", label, $1, $2, $3, $4 / 1024 }'
}

measure 'wc -l' wc -l g.fa
measure 'samtools faidx' samtools faidx g.fa
cp g.fa.fai samtools.fai 2>/dev/null || true
measure 'seqkit faidx -j 2' seqkit faidx -j 2 g.fa
measure 'pyfaidx' faidx --no-output g.fa
measure 'tessera fasta index' "$tessera" fasta index g.fa
if [ -f samtools.fai ]; then cmp samtools.fai g.fa.fai && echo 'the .fai is identical to that of samtools'; fi
