#!/usr/bin/env bash
# Re-runs runs A and B of CloudButton D2.5 §7.4.5 (ERR9856489, 101 GB of FASTQ, x hg19; 260 and 225 FASTQ parts x 18
# FASTA chunks on AWS Lambda) on this machine, and prints our figures beside the published ones.
#
#   benches/reproduce/variant-calling.sh [TESSERA]      the command; default: the release build
#   REAL=1       fetch the real data first (101 GB + 3 GB; goes on where it stopped). Falls back to simulated data offline.
#   SCALE=2000   simulated data: 1/SCALE of the genome (3.1 Gb) at the depth that ERR9856489 has on it (about 32 x)
set -euo pipefail
cd "$(dirname "$0")/../.."
tessera=${1:-${CARGO_TARGET_DIR:-target}/release/tessera}
scale=${SCALE:-2000}
work=${WORK:-${TMPDIR:-/tmp}/tessera-reproduce}
mkdir -p "$work"
[ -x "$tessera" ] || { echo "no $tessera; run: cargo build --release" >&2; exit 2; }

data="simulated, 1/$scale of the genome at 32 x"
if [ "${REAL:-0}" = 1 ] && "$tessera" data fetch err9856489 --out "$work/real" && "$tessera" data fetch hg19 --out "$work/real"; then
  data="ERR9856489 x hg19"
  reads=("$work"/real/ERR9856489*.fastq.gz)
  reference=("$work"/real/hg19*.fa.gz)
else
  [ -f "$work/sim/truth.vcf" ] || "$tessera" data simulate genomics --out "$work/sim" --genome $((3100000 / scale))kb --coverage 32 --seed 7
  reads=("$work/sim/reads_1.fastq.gz" "$work/sim/reads_2.fastq.gz")
  reference=("$work/sim/ref.fa")
fi

field() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): d = d[int(k)] if isinstance(d, list) else d[k]
print(d)' "$1" "$2"; }

run() { # label, FASTQ parts
  local out="$work/$1"
  rm -rf "$out"
  "$tessera" run variant-calling --reads "${reads[@]}" --reference "${reference[0]}" --out "$out" \
    --fastq-parts "$2" --fasta-parts 18 --json > "$work/$1.json"
  printf '| %s, %s x 18 parts | %s | %.0f | %.6f | %s |\n' "$1" "$2" "$((2 * $2 * 18))" \
    "$(field "$work/$1.json" seconds)" "$(field "$work/$1.json" cost)" "$(field "$work/$1.json" counts.records)"
}

cat <<TABLE
Data: $data. Ours on $(nproc) cores of this machine; cost is what the run's items would cost on AWS Lambda.

| run | map items (align + pileup) | wall s | \$ | calls |
|---|---|---|---|---|
| published A, 260 x 18 parts, 4096 MB Lambda | 4680 | 408 | 25.5 | |
| published B, 225 x 18 parts, 5120 MB Lambda | 4050 | 188 | 26.5 | |
TABLE
if [ "$data" = "ERR9856489 x hg19" ]; then run A 260; run B 225; else run A 26; run B 22; fi
echo
same=$(cmp <(gzip -dc "$work/A/variants.vcf.gz" | grep -v '^##') <(gzip -dc "$work/B/variants.vcf.gz" | grep -v '^##') && echo equal || echo DIFFERENT)
echo "Calls of A and B: $same."
