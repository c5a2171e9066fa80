#!/usr/bin/env bash
# Re-runs the LiDAR partitioning of CloudButton D2.5 §8.2 (one file of 1 to 16 million points into 10 tiles; many files at
# once) on this machine with simulated scenes, and prints our figures beside the published ones.
#
#   benches/reproduce/lidar.sh [TESSERA]     the command; default: the release build
#   MILLIONS="1 2 4 8 16"   sizes of the single files
#   FILES=8                 files of the run over many, of 2 million points each
set -euo pipefail
cd "$(dirname "$0")/../.."
tessera=${1:-${CARGO_TARGET_DIR:-target}/release/tessera}
work=${WORK:-${TMPDIR:-/tmp}/tessera-reproduce-lidar}
mkdir -p "$work"
[ -x "$tessera" ] || { echo "no $tessera; run: cargo build --release" >&2; exit 2; }

scene() { # folder, points, seed
  [ -f "$1/points.laz" ] || "$tessera" data simulate geospatial --tiles 0 --points "$2" --seed "$3" --out "$1" >&2
}
seconds() { # command...
  local start end
  start=$(date +%s.%N); "$@" >/dev/null 2>&1; end=$(date +%s.%N)
  python3 -c "print(f'{$end - $start:.2f}')"
}
per_million() { python3 -c "print(f'{$1 / $2:.2f}')"; }

echo "Simulated scenes, LAZ to buffered LAZ (5 m), $(nproc) cores. Published: 26.5 s for 16 million points into 10 tiles, 1.45 to 1.65 s"
echo "per million (i5-8250U, 4 cores); 516 files, 20 GB of LAZ (80 GB of LAS), 138.2 s on AWS."
echo
echo "| points | tiles | wall s | s per million |"
echo "|---|---|---|---|"
for millions in ${MILLIONS:-1 2 4 8 16}; do
  scene "$work/$millions" "${millions}m" 1
  rm -rf "$work/tiles"
  took=$(seconds "$tessera" lidar cut "$work/$millions/points.laz" --parts 10 --buffer 5 --out "$work/tiles")
  echo "| $millions M | 10 | $took | $(per_million "$took" "$millions") |"
done
clouds=()
for file in $(seq "${FILES:-8}"); do
  scene "$work/many-$file" 2m "$file"
  # Tiles are named after their cloud.
  ln -sf "many-$file/points.laz" "$work/cloud-$file.laz"
  clouds+=("$work/cloud-$file.laz")
done
rm -rf "$work/tiles"
took=$(seconds "$tessera" lidar cut "${clouds[@]}" --target-points 200000 --buffer 5 --out "$work/tiles")
echo "| ${#clouds[@]} files of 2 M | 200 000 points each | $took | $(per_million "$took" $((2 * ${#clouds[@]}))) |"
