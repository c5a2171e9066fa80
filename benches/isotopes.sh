#!/bin/sh
# Isotope patterns: agreement with cpyMSpec and formulas per second of one core, on the same ions in the same session.
# Usage: benches/isotopes.sh [DATABASE.csv]   DATABASE has a column sf or formula; without one, 400 lipids are made up.
# FORMULAS (400) molecules × 84 adducts are compared; INSTRUMENT (orbitrap), POWER (140000 at m/z 200), RUNS (5).
# Needs python3 with cpyMSpec 0.4.2.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling -p stage-isotopes --example patterns
PATTERNS="$target/profiling/examples/patterns" FORMULAS=${FORMULAS:-400} INSTRUMENT=${INSTRUMENT:-orbitrap} \
    POWER=${POWER:-140000} RUNS=${RUNS:-5} exec python3 "$here/benches/isotopes.py" "$@"
