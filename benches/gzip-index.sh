#!/usr/bin/env bash
# Index passes over gzip and BGZF against the tools people use, and reading 1/100 by the index. Prints Markdown.
# Usage: benches/gzip-index.sh [TESSERA]     TESSERA, if given, is measured too: `tessera fastq index`, which also checks records.
# Environment: FASTQ=FILE (default: 600 MB are made), RUNS (default 5), KEEP=FOLDER to keep and reuse the inputs.
# Whole processes, page cache warm, runs of all tools interleaved, medians. What is missing is installed (apt, pip in a venv).
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
runs=${RUNS:-5}
tessera=${1:-}
[ -z "$tessera" ] || tessera=$(realpath "$tessera")

folder=${KEEP:-$(mktemp -d "${TMPDIR:-/tmp}/bench-gzip.XXXXXX")}
mkdir -p "$folder"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
fastq=${FASTQ:+$(realpath "$FASTQ")}

have() { command -v "$1" >/dev/null 2>&1; }
have igzip || have gztool || "$here/.ci/packages" build oracles || true
have igzip || apt-get install -y -qq isal >/dev/null 2>&1 || true
python=python3
if ! have rapidgzip || ! python3 -c 'import indexed_gzip' 2>/dev/null; then
    if python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q rapidgzip indexed_gzip; then
        PATH=$folder/venv/bin:$PATH
        python=$folder/venv/bin/python3
    fi
fi
target=${CARGO_TARGET_DIR:-$here/target}
cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling -p partition-gzip --example gzip_index
ours=$target/profiling/examples/gzip_index

cd "$folder"
[ -z "$fastq" ] || ln -sf "$fastq" reads.fastq
if [ ! -e reads.fastq ]; then
    # 20 MB of reads with Markov qualities, written 30 times: repeats lie beyond the reach of DEFLATE.
    python3 - >reads.fastq <<'PY'
import random, sys
draw = random.Random(11)
levels = "#-7<@BFJ"
records = []
for number in range(56_000):
    quality, level = [], 7
    for cycle in range(150):
        quality.append(levels[level])
        if draw.random() < 0.18 + 0.0008 * cycle:
            level = min(7, max(0, round(draw.gauss(6.6 - cycle / 70, 1.4))))
    bases = "".join(draw.choices("ACGT", k=150))
    x, y = draw.randrange(1000, 32000), draw.randrange(1000, 37000)
    records.append(f"@A00488:61:HMLGNDSXX:1:{1101 + number // 800}:{x}:{y} 1:N:0:ACGTAC\n{bases}\n+\n{''.join(quality)}\n")
text = "".join(records)
for _ in range(30):
    sys.stdout.write(text)
PY
fi
[ -e reads.gz ] || gzip -6 -c reads.fastq >reads.gz
[ -e blocks.gz ] || bgzip -c reads.fastq >blocks.gz
cat reads.gz blocks.gz >/dev/null

python_index="import indexed_gzip as i; f = i.IndexedGzipFile('reads.gz', spacing=4 << 20); f.build_full_index(); f.export_index('indexed_gzip')"
lines=$(wc -l <reads.fastq)
records=$((lines / 4 / 100))
from=$((lines / 4 * 63 / 100 * 4 + 1))
at=$(head -n $((from - 1)) reads.fastq | wc -c)
head -n $((from - 1 + records * 4)) reads.fastq | tail -n $((records * 4)) >expected.txt
bytes=$(wc -c <expected.txt)

# label | index file | command
commands=()
plan() { commands+=("$1|$2|$3"); }
have igzip && plan 'plain: igzip -dc (decodes only)' '' 'igzip -dc reads.gz'
have gztool && plan 'plain: gztool -i -x' gztool.gzi 'gztool -v0 -f -i -x -I gztool.gzi reads.gz'
have rapidgzip && for threads in 1 2; do
    plan "plain: rapidgzip -P $threads" rapidgzip$threads.gzi \
        "rapidgzip -q -f -P $threads --export-index rapidgzip$threads.gzi --index-format gztool-with-lines reads.gz"
done
$python -c 'import indexed_gzip' 2>/dev/null && plan 'plain: indexed_gzip (4 MiB, no lines)' indexed_gzip "$python -c \"$python_index\""
plan 'plain: **partition-gzip**' ours.gzi "$ours reads.gz ours.gzi"
[ -z "$tessera" ] || plan 'plain: **tessera fastq index**' ours.tessera "$tessera fastq index reads.gz --out ours.tessera"
have bgzip && plan 'BGZF: bgzip -r (no lines)' blocks.gzi 'bgzip -r blocks.gz -I blocks.gzi'
plan 'BGZF: **partition-gzip**' ours-blocks.gzi "$ours blocks.gz ours-blocks.gzi"
[ -z "$tessera" ] || plan 'BGZF: **tessera fastq index**' blocks.tessera "$tessera fastq index blocks.gz --out blocks.tessera"
have gztool && plan '1/100: gztool -L -R, its index' '' "gztool -v0 -W -L $from -R $((records * 4)) -I gztool.gzi reads.gz"
have gztool && plan '1/100: gztool -L -R, our index' '' "gztool -v0 -W -L $from -R $((records * 4)) -I ours.gzi reads.gz"
plan '1/100: **partition-gzip**' '' "$ours reads.gz --read $at $bytes ours.gzi"

rm -f times.*
for _ in $(seq "$runs"); do
    for number in "${!commands[@]}"; do
        IFS='|' read -r _ _ command <<<"${commands[number]}"
        out=/dev/null
        case $command in *-L*-R* | *--read*) out=out.txt ;; esac
        /usr/bin/time -a -o "times.$number" -f '%e %U %S %M' bash -c "exec $command" >$out 2>err.txt || {
            cat err.txt >&2
            exit 1
        }
        [ $out = /dev/null ] || cmp -s out.txt expected.txt || {
            echo "$command: wrong text" >&2
            exit 1
        }
    done
done

echo "$(stat -L -c %s reads.fastq) bytes of FASTQ, $(stat -L -c %s reads.gz) as gzip -6, $(stat -L -c %s blocks.gz) as BGZF;" \
    "$(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)), load $(cut -d' ' -f1 /proc/loadavg), median of $runs:"
echo
echo '| what | wall s | CPU s | peak MiB | index KB |'
echo '|---|---|---|---|---|'
for number in "${!commands[@]}"; do
    IFS='|' read -r label index _ <<<"${commands[number]}"
    size=
    [ -z "$index" ] || size=$(($(stat -c %s "$index") / 1000))
    middle() { sort -n "times.$number" | awk "{ print $1 }" | sort -n | sed -n "$(((runs + 1) / 2))p"; }
    echo "| $label | $(middle '$1') | $(middle '$2 + $3') | $(middle 'int($4 / 1024)') | $size |"
done
