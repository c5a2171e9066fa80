"""The oracle: reads windows with GDAL, by rasterio. One JSON request per line on standard input, one answer per line.

{"path", "level" (0 full resolution), "window": [row, row end, column, column end]}
  -> {"dtype", "bands", "pixels": CRC-32 of band after band, little-endian, "mask": CRC-32 or null, "transform", "nodata", "epsg"}
     or {"error"}
{"path", "pixels_to": FILE, ...} also writes the pixels.
{"make": [[NAME, rasterio profile, {options}], ...]}: see make().
"""
import json
import sys
import warnings
import zlib

import numpy as np
import rasterio
from rasterio.enums import MaskFlags
from rasterio.windows import Window

warnings.filterwarnings("ignore")


def read(ask):
    options = {} if ask["level"] == 0 else {"overview_level": ask["level"] - 1}
    with rasterio.open(ask["path"], **options) as raster:
        top, bottom, left, right = ask.get("window") or (0, raster.height, 0, raster.width)
        window = Window(left, top, right - left, bottom - top)
        pixels = raster.read(window=window)
        little = pixels.astype(pixels.dtype.newbyteorder("<"))
        flags = raster.mask_flag_enums[0]
        mask = None
        if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
            mask = zlib.crc32(raster.read_masks(1, window=window).tobytes())
        if "pixels_to" in ask:
            with open(ask["pixels_to"], "wb") as out:
                out.write(little.tobytes())
        transform = raster.window_transform(window).to_gdal()
        return {
            "dtype": str(pixels.dtype), "bands": raster.count, "height": raster.height, "width": raster.width,
            "levels": 1 + len(raster.overviews(1)) if ask["level"] == 0 else None,
            "pixels": zlib.crc32(little.tobytes()), "mask": mask, "transform": transform,
            "nodata": None if raster.nodata is None else repr(float(raster.nodata)),
            "epsg": raster.crs.to_epsg() if raster.crs else None,
        }


def make(path, shape, dtype, seed, profile, mask=False, overviews=(), driver_options=None, sparse=False):
    """A raster of smooth values with noise, of the given profile."""
    rng = np.random.default_rng(seed)
    bands, height, width = shape
    rows, columns = np.mgrid[0:height, 0:width]
    base = 60 + 40 * np.sin(rows / 9.0) * np.cos(columns / 7.0)
    cube = np.stack([base + 10 * band + rng.normal(0, 3, base.shape) for band in range(bands)])
    if dtype.startswith("int"):
        cube = cube - 70
    if dtype.startswith("uint") or dtype.startswith("int"):
        info = np.iinfo(dtype)
        cube = np.clip(cube * (1 if info.bits == 8 else 250), info.min, info.max)
    if profile.get("nbits") == 1:
        cube = cube > 60
    elif "nbits" in profile:
        cube = cube % 2 ** profile["nbits"]
    cube = cube.astype(dtype)
    profile = dict(driver="GTiff", count=bands, height=height, width=width, dtype=dtype, **profile)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, **(driver_options or {})):
        with rasterio.open(path, "w", **profile) as out:
            if sparse:
                out.write(cube[:, : height // 3], window=Window(0, 0, width, height // 3))
            else:
                out.write(cube)
            if mask:
                out.write_mask((base > 50).astype("uint8") * 255)
        if overviews:
            with rasterio.open(path, "r+") as out:
                out.build_overviews(list(overviews), rasterio.enums.Resampling.nearest)
    return {}


for line in sys.stdin:
    ask = json.loads(line)
    try:
        answer = make(**ask["make"]) if "make" in ask else read(ask)
    except Exception as error:  # what GDAL refuses is an answer
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
