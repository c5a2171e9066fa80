"""Compares the example `patterns` with cpyMSpec; see isotopes.sh."""
import csv
import os
import random
import statistics
import subprocess
import sys
import time

import cpyMSpec

DECOYS = (
    "He Li Be B C N O F Ne Mg Al Si P S Cl Ar Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Ru Rh Pd "
    "Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Sm Eu Gd Tb Dy Ho Ir Th Pt Os Yb Lu Bi Pb Re Tl Tm U W Au Er Hf Hg Ta"
).split()
ADDUCTS = ["", "H", "Na", "K", *DECOYS]


def formulas(count):
    if len(sys.argv) > 1:
        with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        column = "sf" if "sf" in rows[0] else "formula"
        found = sorted({row[column] for row in rows})
    else:
        found = [f"C{c}H{2 * c - 2 * d}NO{o}P" for c in range(10, 60) for d in range(4) for o in (6, 8)]
    random.seed(1)
    return random.sample(found, min(count, len(found)))


def theirs(ions, model, check):
    """Their patterns, if asked for, and CPU seconds of computing them."""
    patterns, start = [], time.process_time()
    for ion in ions:
        try:
            pattern = cpyMSpec.isotopePattern(ion)
            pattern.addCharge(1)
            peaks = pattern.centroids(model)
            if check:
                patterns.append(sorted(zip(peaks.intensities, peaks.masses), reverse=True)[:4])
        except Exception:  # noqa: BLE001
            if check:
                patterns.append([])
    return patterns, time.process_time() - start


def ours(ions, *flags):
    command = [os.environ["PATTERNS"], os.environ["INSTRUMENT"], os.environ["POWER"], "4", *flags]
    return subprocess.run(command, input="\n".join(ions) + "\n", capture_output=True, text=True, check=True).stdout


def main():
    model = cpyMSpec.InstrumentModel(os.environ["INSTRUMENT"], float(os.environ["POWER"]), at_mz=200)
    molecules = formulas(int(os.environ["FORMULAS"]))
    count = ties = other = 0
    ppm = intensity = 0.0
    for start in range(0, len(molecules), 100):
        ions = [molecule + adduct for molecule in molecules[start : start + 100] for adduct in ADDUCTS]
        lines = ours(ions).splitlines()
        for line, expected in zip(lines, theirs(ions, model, True)[0], strict=True):
            numbers = [float(number) for number in line.split("\t")[1:]]
            found = sorted(zip(numbers[1::2], numbers[::2]), reverse=True)
            count += 1
            if len(found) != len(expected):
                other += 1
                continue
            found, expected = sorted(found, key=lambda p: p[1]), sorted(expected, key=lambda p: p[1])
            far = max((abs(a[1] / b[1] - 1) * 1e6 for a, b in zip(found, expected)), default=0)
            height = max((abs(a[0] - 100 * b[0]) for a, b in zip(found, expected)), default=0)
            if height > 0.1:
                other += 1
            elif far > 0.1:
                ties += 1
            else:
                ppm, intensity = max(ppm, far), max(intensity, height)
    print(f"{count} ions, {os.environ['INSTRUMENT']} {os.environ['POWER']}: {other} differ in number or height of peaks, {ties} by more")
    print(f"than 0.1 ppm (two grid points equally high); the others by at most {ppm:.4f} ppm and {intensity:.5f} of 100")

    ions = [molecule + random.choice(ADDUCTS) for molecule in molecules for _ in range(10)]
    runs = int(os.environ["RUNS"])
    rates = []
    for _ in range(runs):
        their_rate = len(ions) / theirs(ions, model, False)[1]
        before = os.times()
        ours(ions * 10, "--time")
        after = os.times()
        # User and system time of the whole process, start and parsing included.
        our_rate = 10 * len(ions) / (after.children_user + after.children_system - before.children_user - before.children_system)
        rates.append((our_rate / their_rate, our_rate, their_rate))
    ratio, our_rate, their_rate = (statistics.median(column) for column in zip(*rates))
    print(f"formulas per CPU second, median of {runs}: cpyMSpec {their_rate:.0f}, tessera {our_rate:.0f}, ratio {ratio:.1f}")


main()
