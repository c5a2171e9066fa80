#!/usr/bin/env bash
# Cutting FASTQ into parts and reading 1/100 of it, against the tools people use. Prints Markdown.
# Usage: benches/fastq.sh [TESSERA]     (default: built with `--profile profiling`)
# Environment: FASTQ=FILE (default: 600 MB are made), RUNS (default 5), PARTS (default 16), KEEP=FOLDER to keep the inputs.
# Whole processes, page cache warm, runs of all tools interleaved, medians; every output is compared with the text.
# Index passes over gzip and BGZF are in gzip-index.sh. What is missing is installed (apt, pip in a venv).
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
runs=${RUNS:-5}
parts=${PARTS:-16}
folder=${KEEP:-$(mktemp -d "${TMPDIR:-/tmp}/bench-fastq.XXXXXX")}
mkdir -p "$folder"
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
fastq=${FASTQ:+$(realpath "$FASTQ")}

have() { command -v "$1" >/dev/null 2>&1; }
have seqkit && have gztool || "$here/.ci/packages" build oracles || true
have igzip || apt-get install -y -qq isal >/dev/null 2>&1 || true
if ! have rapidgzip && python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q rapidgzip; then
    PATH=$folder/venv/bin:$PATH
fi
if [ $# -gt 0 ]; then
    tessera=$(realpath "$1")
else
    cargo build --quiet --manifest-path "$here/Cargo.toml" --profile profiling --bin tessera
    tessera=${CARGO_TARGET_DIR:-$here/target}/profiling/tessera
fi

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
[ -e reads.fastq.gz ] || gzip -6 -c reads.fastq >reads.fastq.gz
"$tessera" fastq index reads.fastq.gz --out kept.tessera --export gztool --export-to ours.gzi >/dev/null
have gztool && rm -f gztool.gzi && gztool -v0 -i -x -I gztool.gzi reads.fastq.gz 2>/dev/null
cat reads.fastq reads.fastq.gz >/dev/null

reads=$(($(wc -l <reads.fastq) / 4))
share=$((reads / 100))
from=$((reads * 63 / 100))
tail -n +$((from * 4 + 1)) reads.fastq | head -n $((share * 4)) >expected.txt || true
per_part=$(((reads + parts - 1) / parts))

# kind | label | command; `cut` fills out/, `read` writes to standard output.
commands=()
plan() { commands+=("$1|$2|$3"); }
have igzip && plan cut "igzip -dc \\| split -l" "igzip -dc reads.fastq.gz | split -d -a 5 -l $((per_part * 4)) - out/part."
have seqkit && plan cut "seqkit split2 -j 2" "seqkit split2 -j 2 -p $parts -e '' -O out reads.fastq.gz"
plan cut "**tessera fastq cut**, no index" "'$tessera' fastq cut reads.fastq.gz --parts $parts --out out"
plan indexed-cut "**tessera fastq cut**, index kept" "'$tessera' fastq cut reads.fastq.gz --parts $parts --out out"
have gztool && plan read "gztool -L -R" "gztool -v0 -W -L $((from * 4 + 1)) -R $((share * 4)) -I gztool.gzi reads.fastq.gz"
have rapidgzip && plan read "rapidgzip -P 2 --ranges" \
    "rapidgzip -q -d -c -P 2 --import-index ours.gzi --ranges $((share * 4))L@$((from * 4))L reads.fastq.gz"
plan read "**tessera fastq read**" "'$tessera' fastq read reads.fastq.gz --index kept.tessera --reads $from..$((from + share))"
plan plan "**tessera fastq plan** --parts 100" "'$tessera' fastq plan reads.fastq.gz --index kept.tessera --parts 100 --json"

rm -f times.*
for run in $(seq "$runs"); do
    for number in "${!commands[@]}"; do
        IFS='|' read -r kind _ command <<<"${commands[number]//\\|/¦}"
        command=${command//¦/|}
        rm -rf out reads.fastq.gz.tessera
        mkdir out
        [ "$kind" != indexed-cut ] || cp kept.tessera reads.fastq.gz.tessera
        /usr/bin/time -a -o "times.$number" -f '%e %U %S %M' bash -c "$command" >out.txt 2>err.txt || {
            cat err.txt >&2
            exit 1
        }
        wrong=
        case $kind in
        *cut) [ "$run" -gt 1 ] || [[ $command == seqkit* ]] || cat out/* | cmp -s - reads.fastq || wrong=yes ;;
        read) cmp -s out.txt expected.txt || wrong=yes ;;
        esac
        [ -z "$wrong" ] || {
            echo "$command: wrong text" >&2
            exit 1
        }
    done
done

echo "$(stat -L -c %s reads.fastq) bytes of FASTQ ($reads reads), $(stat -L -c %s reads.fastq.gz) as gzip -6, $parts parts;" \
    "$(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)), load $(cut -d' ' -f1 /proc/loadavg), median of $runs:"
echo
echo '| what | wall s | CPU s | peak MiB |'
echo '|---|---|---|---|'
for number in "${!commands[@]}"; do
    IFS='|' read -r kind label _ <<<"${commands[number]//\\|/¦}"
    middle() { awk "{ print $1 }" "times.$number" | sort -n | sed -n "$(((runs + 1) / 2))p"; }
    case $kind in *cut) what=cut ;; read) what=1/100 ;; *) what=$kind ;; esac
    echo "| $what: ${label//¦/\\|} | $(middle '$1') | $(middle '$2 + $3') | $(middle 'int($4 / 1024)') |"
done
echo
"$tessera" fastq plan reads.fastq.gz --index kept.tessera --parts 100 --json | python3 -c '
import json, sys
plan = json.load(sys.stdin)
size, parts = plan["object"]["size"], plan["partitions"]
reads = parts[-1]["scope"]["reads"]["end"]
def extra(part):
    window = part["scope"]["checkpoint"]["window"]
    window = window["stored"]["bytes"] if isinstance(window, dict) else {"start": 0, "end": 0}
    scope = part["scope"]["reads"]
    fetched = sum(r["end"] - r["start"] for r in part["bytes"]) + window["end"] - window["start"]
    return fetched - size * (scope["end"] - scope["start"]) / reads
extras = sorted(map(extra, parts))
print(f"A worker given 1/100 fetches its share ({size / 100 / 1000:.0f} KB) and {extras[50] / 1000:.0f} KB more (median; at most "
      f"{extras[-1] / 1000:.0f} KB), window included; its partition is {len(json.dumps(parts[50]))} bytes of JSON.")'
