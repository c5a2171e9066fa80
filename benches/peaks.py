"""What benches/peaks.sh compares with: generated peaks, and the ways people sort them today.

generate FOLDER SPECTRA PEAKS CLUSTERED   d.imzML, d.ibd (f64 m/z, f32 intensity), mz.npy, intensity.npy, pixel.npy
numpy FOLDER [OUT]                        loaded columns -> stable argsort and three gathers [-> 64 segments]
quick FOLDER                              the same with numpy's default sort
polars FOLDER                             the same with polars
published FOLDER OUT                      imzML -> segments as METASPACE's load step does it: read, argsort, gather, write
"""
import sys
import time
import uuid
from pathlib import Path

import numpy as np

SEGMENTS = 64


def generate(folder, spectra, peaks, clustered):
    folder, spectra, peaks, clustered = Path(folder), int(spectra), int(peaks), int(clustered)
    rng = np.random.default_rng(1)
    name = uuid.UUID(int=7)
    columns = [], [], []
    side = int(np.ceil(np.sqrt(spectra)))
    ions = np.sort(rng.uniform(100, 1000, clustered or 1))
    offset, rows = 16, []
    array = (
        '<binaryDataArray encodedLength="0"><referenceableParamGroupRef ref="{}"/>'
        '<cvParam cvRef="IMS" accession="IMS:1000103" name="external array length" value="{}"/>'
        '<cvParam cvRef="IMS" accession="IMS:1000104" name="external encoded length" value="{}"/>'
        '<cvParam cvRef="IMS" accession="IMS:1000102" name="external offset" value="{}"/><binary/></binaryDataArray>\n'
    )
    with open(folder / "d.ibd", "wb") as ibd:
        ibd.write(name.bytes)
        for number in range(spectra):
            if clustered:
                mz = rng.choice(ions, peaks) * (1 + rng.uniform(-3e-6, 3e-6, peaks))
            else:
                mz = rng.uniform(100, 1000, peaks)
            mz = np.sort(mz)
            intensity = rng.exponential(1000, peaks).astype("f4") + 1
            ibd.write(mz.tobytes() + intensity.tobytes())
            for column, values in zip(columns, (mz, intensity, np.full(peaks, number, "u4"))):
                column.append(values)
            rows.append(
                f'<spectrum id="s{number}" defaultArrayLength="0" index="{number}">'
                '<referenceableParamGroupRef ref="spectrum"/><scanList count="1"><scan>'
                f'<cvParam cvRef="IMS" accession="IMS:1000050" name="position x" value="{number % side + 1}"/>'
                f'<cvParam cvRef="IMS" accession="IMS:1000051" name="position y" value="{number // side + 1}"/>'
                '</scan></scanList><binaryDataArrayList count="2">\n'
                + array.format("mz", peaks, peaks * 8, offset)
                + array.format("intensity", peaks, peaks * 4, offset + peaks * 8)
                + "</binaryDataArrayList></spectrum>\n"
            )
            offset += peaks * 12
    group = '<referenceableParamGroup id="{}">{}</referenceableParamGroup>'
    term = '<cvParam cvRef="{}" accession="{}" name="{}" value=""/>'
    groups = (
        group.format("mz", term.format("MS", "MS:1000514", "m/z array") + term.format("MS", "MS:1000523", "64-bit float")
                     + term.format("MS", "MS:1000576", "no compression"))
        + group.format("intensity", term.format("MS", "MS:1000515", "intensity array")
                       + term.format("MS", "MS:1000521", "32-bit float") + term.format("MS", "MS:1000576", "no compression"))
        + group.format("spectrum", term.format("MS", "MS:1000127", "centroid spectrum")
                       + term.format("MS", "MS:1000130", "positive scan"))
    )
    with open(folder / "d.imzML", "w") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1"><fileDescription><fileContent>'
                  + term.format("IMS", "IMS:1000031", "processed")
                  + f'<cvParam cvRef="IMS" accession="IMS:1000080" name="universally unique identifier" value="{name.hex}"/>'
                  + f'</fileContent></fileDescription><referenceableParamGroupList count="3">{groups}</referenceableParamGroupList>'
                  + '<scanSettingsList count="1"><scanSettings id="scan">'
                  + f'<cvParam cvRef="IMS" accession="IMS:1000042" name="max count of pixels x" value="{side}"/>'
                  + f'<cvParam cvRef="IMS" accession="IMS:1000043" name="max count of pixels y" value="{side}"/>'
                  + '</scanSettings></scanSettingsList>'
                  + '<instrumentConfigurationList count="1"><instrumentConfiguration id="i"/></instrumentConfigurationList>'
                  + f'<run><spectrumList count="{spectra}">\n' + "".join(rows) + "</spectrumList></run></mzML>\n")
    for name, column in zip(("mz", "intensity", "pixel"), columns):
        np.save(folder / f"{name}.npy", np.concatenate(column))


def load(folder):
    return [np.load(Path(folder) / f"{name}.npy") for name in ("mz", "intensity", "pixel")]


def segments(columns, out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    edges = np.linspace(0, len(columns[0]), SEGMENTS + 1).astype(int)
    for number, (start, end) in enumerate(zip(edges, edges[1:])):
        with open(out / f"{number:05}.peaks", "wb") as file:
            for column in columns:
                file.write(column[start:end].data)


def timed(name, work):
    start, cpu = time.perf_counter(), time.process_time()
    work()
    print(f"{name:<44} {time.perf_counter() - start:7.2f} s wall {time.process_time() - cpu:7.2f} s CPU", flush=True)


def argsort(columns, kind, out=None):
    order = np.argsort(columns[0], kind=kind)
    columns = [column[order] for column in columns]
    if out:
        segments(columns, out)


def polars_sort(columns):
    import polars

    frame = polars.DataFrame(dict(zip(("mz", "intensity", "pixel"), columns)))
    return frame.sort("mz", maintain_order=True)


def published(folder, out):
    from pyimzml.ImzMLParser import ImzMLParser

    parser = ImzMLParser(str(Path(folder) / "d.imzML"))
    mzs, intensities, pixels = [], [], []
    for number in range(len(parser.coordinates)):
        mz, intensity = parser.getspectrum(number)
        keep = intensity > 0
        mzs.append(mz[keep])
        intensities.append(intensity[keep].astype("f4"))
        pixels.append(np.full(keep.sum(), number, "u4"))
    columns = [np.concatenate(column) for column in (mzs, intensities, pixels)]
    del mzs, intensities, pixels
    argsort(columns, "mergesort", out)


def main(what, *arguments):
    if what == "generate":
        return generate(*arguments)
    if what == "published":
        return timed("imzML -> segments, pyimzML + numpy", lambda: published(*arguments))
    columns = load(arguments[0])
    if what == "numpy" and len(arguments) > 1:
        timed("numpy, stable, segments written", lambda: argsort(columns, "mergesort", arguments[1]))
    elif what == "numpy":
        timed("numpy, stable argsort and gathers", lambda: argsort(columns, "mergesort"))
    elif what == "quick":
        timed("numpy, quick argsort and gathers", lambda: argsort(columns, "quicksort"))
    elif what == "polars":
        timed("polars, stable", lambda: polars_sort(columns))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
