#!/usr/bin/env bash
# NDVI difference of two dates of one tile, 10980 x 10980 u16, beside rasterio with two threads; whole processes, page cache
# warm, in turn, medians. What is missing is installed (pip in a virtual environment).
#
#   benches/ndvi.sh [TESSERA]    the command; default: the release build
#   SIZE=10980 RUNS=5
set -euo pipefail
cd "$(dirname "$0")/.."
tessera=${1:-${CARGO_TARGET_DIR:-target}/release/tessera}
folder=${WORK:-${TMPDIR:-/tmp}/tessera-bench-ndvi}
mkdir -p "$folder"
[ -x "$tessera" ] || { echo "no $tessera; run: cargo build --release" >&2; exit 2; }
[ -x "$folder/venv/bin/python" ] || { python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q numpy rasterio; }
data="$folder/sim-${SIZE:-10980}"
[ -f "$data/scenes.csv" ] || "$tessera" data simulate geospatial --points 0 --tiles 1 --size "${SIZE:-10980}" --block 1024 --out "$data" >&2

python3 - "$tessera" "$folder" "$data" "${RUNS:-5}" <<'BENCH'
import os, shutil, statistics, subprocess, sys, time
tessera, folder, data, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
bands = [f"{data}/tile1_{band}.tif" for band in ("red", "nir", "red2", "nir2")]
out = f"{folder}/out"
peer = [f"{folder}/venv/bin/python", "benches/ndvi_rasterio.py", *bands]
asked = [tessera, "run", "ndvi", "--red", bands[0], "--nir", bands[1], "--red2", bands[2], "--nir2", bands[3], "--out", out, "--new"]
commands = {
    "cat of the four bands": (["cat", *bands], "the bytes"),
    "GDAL read of the four bands, 2 threads": ([*peer, "--read"], "nothing written"),
    "rasterio, 2 threads, no output": ([*peer, "-"], "difference, in memory"),
    "rasterio, 2 threads": ([*peer, f"{folder}/peer.tif"], "difference, GeoTIFF without overviews"),
    "**tessera run ndvi**": (asked, "both NDVI and difference, COGs with overviews, pictures, table, report"),
    "**tessera run ndvi --as i16**": ([*asked, "--as", "i16"], "the same, i16"),
}
times = {name: [] for name in commands}
for _ in range(runs):
    for name, (command, _) in commands.items():
        shutil.rmtree(out, ignore_errors=True)
        start = time.time()
        pid = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid
        _, status, usage = os.wait4(pid, 0)
        assert status == 0, (name, status)
        times[name].append((time.time() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
print(f"{os.cpu_count()} cores, median of {runs}:\n")
print("| what | makes | wall s | CPU s | peak MiB |\n|---|---|---|---|---|")
for name, (_, makes) in commands.items():
    wall, cpu, peak = (statistics.median(column) for column in zip(*times[name]))
    print(f"| {name} | {makes} | {wall:.2f} | {cpu:.2f} | {peak:.0f} |")
BENCH
