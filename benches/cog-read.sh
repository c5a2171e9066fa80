#!/usr/bin/env bash
# Reading the windows of four 16-bit bands of a Sentinel-2 tile, beside GDAL. Prints a Markdown table.
#
#   benches/cog-read.sh [DIR]
#
# DIR holds s2_red_0.tif, s2_nir_0.tif, s2_red_1.tif, s2_nir_1.tif (COG, deflate, predictor 2); without one they are made.
# SIZE=N    rows and columns of the bands that are made (10980: a whole tile)
# RUNS=N    the run of median wall time of so many (5)
# READ_WINDOWS=PATH saves the build of the example program
#
# Timed: whole processes, pages in memory, 11 x 11 windows of each band in turn, two windows at a time; each window's first
# sample is added up, and both programs print the sum.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${RUNS:-5}
size=${SIZE:-10980}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/bench-cog.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
dir=$scratch
if [ -d "${1:-}" ]; then dir=$1; fi
bands=(red_0 nir_0 red_1 nir_1)
python3 -c 'import rasterio' 2>/dev/null || { echo "needs python3 with rasterio" >&2; exit 1; }

if [ ! -e "$dir/s2_red_0.tif" ]; then
  echo "making four bands of $size x $size in $dir ..." >&2
  python3 - "$dir" "$size" "${bands[@]}" <<'PY'
import os
import sys

import numpy as np
import rasterio
from rasterio.shutil import copy
from rasterio.transform import from_origin

folder, size, bands = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
profile = dict(driver="GTiff", width=size, height=size, count=1, dtype="uint16", nodata=0, tiled=True, blockxsize=1024,
               blockysize=1024, crs="EPSG:32630", transform=from_origin(600000, 4600020, 10, 10))
fields = np.random.default_rng(7).random((size // 48 + 2,) * 2).astype(np.float32)
for seed, band in enumerate(bands):
    rng = np.random.default_rng(seed)
    plain = f"{folder}/plain.tif"
    with rasterio.open(plain, "w", **profile) as out:
        for top in range(0, size, 1024):
            rows, columns = np.arange(top, min(top + 1024, size)), np.arange(size)
            field = fields[np.ix_(rows // 48, columns // 48)]
            base = 1900 - 1500 * field if band.startswith("red") else 1500 + 2600 * field
            values = np.clip(base + 40 * rng.standard_normal(base.shape, dtype=np.float32), 1, 12000).astype("uint16")
            values[rows[:, None] * 0.35 + columns[None, :] < size * 0.12] = 0
            out.write(values, 1, window=((top, top + len(rows)), (0, size)))
    copy(plain, f"{folder}/s2_{band}.tif", driver="COG", compress="DEFLATE", predictor="2", blocksize="1024")
    os.remove(plain)
PY
fi

if [ -z "${READ_WINDOWS:-}" ]; then
  cargo build --profile profiling --locked --quiet -p partition-cog --example read_windows
fi
ours=${READ_WINDOWS:-${CARGO_TARGET_DIR:-target}/profiling/examples/read_windows}
files=("${bands[@]/#/$dir/s2_}")
files=("${files[@]/%/.tif}")
cat "${files[@]}" >/dev/null

gdal=$scratch/gdal.py
cat >"$gdal" <<'PY'
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import rasterio

local = threading.local()
files = sys.argv[1:]


def read(window):
    if not hasattr(local, "open"):
        local.open = [rasterio.open(file) for file in files]
    return sum(int(raster.read(1, window=window)[0, 0]) for raster in local.open)


with rasterio.open(files[0]) as first:
    windows = [window for _, window in first.block_windows(1)]
with ThreadPoolExecutor(2) as pool:
    print(sum(pool.map(read, windows)))
PY

row() { # name, command...
  local name=$1
  shift
  for _ in $(seq "$runs"); do
    /usr/bin/time -f "%e %U %S %M" "$@" 2>&1 >/dev/null | tail -1
  done | sort -n | awk -v name="$name" -v middle=$(((runs + 1) / 2)) \
    'NR == middle { printf "| %s | %.2f | %.2f | %d |\n", name, $1, $2 + $3, $4 / 1024 }'
}

sum() { grep -oE '[0-9]+$' <<<"$1" | tail -1; }
[ "$(sum "$("$ours" 11x11 "${files[@]}")")" = "$(sum "$(python3 "$gdal" "${files[@]}")")" ] || {
  echo "the sums differ" >&2
  exit 1
}
echo "| read 4 bands | wall s | CPU s | peak MiB |"
echo "|---|---|---|---|"
row "**windows, 2 at a time**" "$ours" 11x11 "${files[@]}"
row "rasterio $(python3 -c 'import rasterio; print(rasterio.__version__, "(GDAL " + rasterio.__gdal_version__ + ")")'), 2 threads" python3 "$gdal" "${files[@]}"
