#!/usr/bin/env bash
# Re-runs the NDVI difference of CloudButton D2.5 §8.4 (8 Sentinel-2 tiles x 11 x 11 windows = 968 functions, 5.44 GB) on this
# machine, and prints our figures beside the published ones.
#
#   benches/reproduce/ndvi.sh [TESSERA]      the command; default: the release build
#   REAL=1       fetch the real data first (5.44 GB; goes on where it stopped). Falls back to simulated data offline.
#   SIZE=5490    simulated data: 8 tiles of SIZE x SIZE pixels (a Sentinel-2 tile has 10980)
set -euo pipefail
cd "$(dirname "$0")/../.."
tessera=${1:-${CARGO_TARGET_DIR:-target}/release/tessera}
size=${SIZE:-5490}
work=${WORK:-${TMPDIR:-/tmp}/tessera-reproduce-ndvi}
mkdir -p "$work"
[ -x "$tessera" ] || { echo "no $tessera; run: cargo build --release" >&2; exit 2; }

data="simulated, 8 tiles of $size x $size pixels at two dates"
scenes="$work/sim/scenes.csv"
if [ "${REAL:-0}" = 1 ] && "$tessera" data fetch sentinel2-california --out "$work/real"; then
  data="Sentinel-2 L2A, 8 tiles around San Francisco"
  scenes="$work/real/scenes.csv"
  # Earliest date first: S2A_10SDJ_20190917_B04.tif and S2B_10SDJ_20200916_B04.tif are one scene.
  (cd "$work/real" && echo "name,red,nir,red2,nir2" && for tile in $(ls ./*_B04.tif | cut -d_ -f2 | sort -u); do
    mapfile -t red < <(ls ./*_"${tile}"_*_B04.tif | sort -t_ -k3)
    echo "$tile,${red[0]#./},$(basename "${red[0]/_B04/_B08}"),${red[1]#./},$(basename "${red[1]/_B04/_B08}")"
  done) >"$scenes"
else
  [ -f "$scenes" ] || "$tessera" data simulate geospatial --points 0 --tiles 8 --size "$size" --block 1024 --out "$work/sim" >&2
fi
bytes=$(du -cbL "$(dirname "$scenes")"/*{red,nir,red2,nir2,B04,B08}.tif 2>/dev/null | tail -1 | cut -f1)

rm -rf "$work/out"
"$tessera" run ndvi --scenes "$scenes" --windows 11x11 --out "$work/out" --json >"$work/run.json"
python3 - "$work/run.json" "$bytes" "$data" "$(nproc)" <<'REPORT'
import json, sys
run, size, data, cores = json.load(open(sys.argv[1])), int(sys.argv[2]), sys.argv[3], sys.argv[4]
print(f"Data: {data}. Ours on {cores} cores of this machine, rasters with overviews, pictures and report included; cost is what the run's items")
print("would cost on AWS Lambda and EC2.\n")
print("| run | windows | input | wall s | MB/s | $ |\n|---|---|---|---|---|---|")
print("| published, Lithops on AWS Lambda | 968 | 5.44 GB | 4.37 per function | 1250 | 0.11 |")
print(f"| tessera | {run['windows']} | {size / 1e9:.2f} GB | {run['seconds']:.1f} | {size / 1e6 / run['seconds']:.0f} | {run['cost']:.4f} |")
REPORT
