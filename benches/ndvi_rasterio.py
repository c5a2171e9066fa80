"""NDVI difference with numpy and rasterio, block by block on two threads, each with handles of its own.

    ndvi_rasterio.py RED NIR RED2 NIR2 OUT.tif | - | --read      '-': no output; '--read': only read the bands
"""
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio

bands, out = sys.argv[1:5], sys.argv[5]
own = threading.local()


def read(window):
    if not hasattr(own, "handles"):
        own.handles = [rasterio.open(band) for band in bands]
    return [handle.read(1, window=window) for handle in own.handles]


def difference(window):
    numbers = read(window)
    known = np.logical_and.reduce([band != 0 for band in numbers])
    red, nir, red2, nir2 = (band.astype(np.float32) for band in numbers)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (nir2 - red2) / (nir2 + red2) - (nir - red) / (nir + red)
    return np.where(known, change, np.float32(-9999))


with rasterio.open(bands[0]) as first:
    windows = [window for _, window in first.block_windows(1)]
    profile = first.profile
with ThreadPoolExecutor(2) as pool:
    if out == "--read":
        print(sum(pool.map(lambda window: sum(int(band[0, 0]) for band in read(window)), windows)))
    elif out == "-":
        print(sum(pool.map(lambda window: float(difference(window).sum(dtype=np.float64)), windows)))
    else:
        profile.update(driver="GTiff", dtype="float32", nodata=-9999, compress="deflate", predictor=3, zlevel=1, tiled=True,
                       blockxsize=1024, blockysize=1024, num_threads=2)
        with rasterio.open(out, "w", **profile) as target:
            # Eight blocks ahead, so that memory stays flat.
            for at in range(0, len(windows), 8):
                batch = windows[at:at + 8]
                for window, change in zip(batch, pool.map(difference, batch)):
                    target.write(change, 1, window=window)
