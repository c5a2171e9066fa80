#!/usr/bin/env python3
"""Adds artefacts that are no variants to the reads of a pool, as SAM text: a caller should find nothing more than before.

  variants-artefacts.py strand POOL.sam SITES > OUT.sam   at each of 200 sites not in SITES 3 % (or 1, 2, 5, 10) of the bases on one strand change
  variants-artefacts.py pcr    POOL.sam SITES > OUT.sam   400 fragments are copied 5 to 60 times, each family with one error in all or half of the copies

SITES is a VCF with the true variants. Deterministic. Qualities stay, so nothing but strands and fragments tells the artefacts."""
import random, re, sys

kind, sam, sites = sys.argv[1:4]
rng = random.Random(7)
true = {int(line.split("\t")[1]) for line in open(sites) if line[0] != "#"}
lines = [line.rstrip("\n").split("\t") for line in open(sam)]
head = [line for line in lines if line[0].startswith("@")]
reads = [line for line in lines if not line[0].startswith("@")]
for line in head:
    print("\t".join(line))

def other(base):
    return rng.choice([b for b in "ACGT" if b != base])

def put(read, position, base):
    """Changes the base of a read over a reference position; only plain alignments, which are nearly all."""
    clip = re.match(r"^(?:(\d+)S)?(\d+)M(?:\d+S)?$", read[5])
    if not clip:
        return
    at = position - int(read[3])
    if 0 <= at < int(clip.group(2)):
        at += int(clip.group(1) or 0)
        if read[9][at] != base:
            read[9] = read[9][:at] + base + read[9][at + 1:]
            read[10] = read[10][:at] + "F" + read[10][at + 1:]

length = max(int(read[3]) for read in reads)
if kind == "strand":
    chosen = {}
    while len(chosen) < 200:
        position = rng.randrange(400, length - 400)
        if all(abs(position - p) > 20 for p in true | set(chosen)):
            chosen[position] = (rng.randrange(2) * 16, rng.choice([.01, .02, .03, .05, .1]), None)
    wanted = {}
    for read in reads:
        start = int(read[3])
        for position in [p for p in range(start, start + 150) if p in chosen]:
            strand, share, base = chosen[position]
            if int(read[1]) & 16 == strand and rng.random() < share:
                if base is None:
                    at = position - start
                    base = other(read[9][at] if at < len(read[9]) else "A")
                    chosen[position] = (strand, share, base)
                put(read, position, base)
elif kind == "pcr":
    mates = {}
    for read in reads:
        mates.setdefault(read[0], []).append(read)
    names = sorted(name for name, pair in mates.items() if len(pair) == 2 and all(r[5] == "150M" for r in pair))
    for number, name in enumerate(rng.sample(names, 400)):
        pair = mates[name]
        left = min(int(r[3]) for r in pair)
        right = max(int(r[3]) for r in pair) + 149
        position = rng.randrange(left + 10, left + 140)
        base = None
        copies, share = rng.choice([5, 10, 20, 30, 60]), rng.choice([.5, 1])
        carriers = [i for i in range(copies) if rng.random() < share]
        for i in range(copies):
            for read in pair:
                copy = list(read)
                copy[0] = "copy%d_%d" % (number, i)
                if i in carriers and int(copy[3]) <= position < int(copy[3]) + 150:
                    base = base or other(copy[9][position - int(copy[3])])
                    put(copy, position, base)
                reads.append(copy)
else:
    sys.exit(__doc__)
reads.sort(key=lambda read: int(read[3]))
for read in reads:
    print("\t".join(read))
