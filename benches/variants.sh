#!/bin/bash
# Accuracy and CPU time of the callers beside bcftools and freebayes, from the same alignments.
#
#   benches/variants.sh DIR     DIR holds dip.{fa,1.fq,2.fq,truth.vcf} and pool.{fa,1.fq,2.fq,truth.vcf}: a diploid sample
#                               (SNPs and indels) and a pool with an AF in INFO, as `tessera data simulate genomics` makes them
#
# Needs minimap2, samtools, bcftools; freebayes if installed (apt-get install freebayes). 8x is every fifth pair, five times.
# Positives are exact matches of (place, reference, alternate) after `bcftools norm -m-` of both sides.
set -euo pipefail
dir=$(realpath "${1:?a folder with dip.* and pool.*}")
here=$(cd "$(dirname "$0")" && pwd)
cargo build --quiet --profile profiling -p stage-variants --example call_sam --manifest-path "$here/../Cargo.toml"
ours=${CARGO_TARGET_DIR:-$here/../target}/profiling/examples/call_sam
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"

normal() { bcftools norm -m- -f "$1" "$2" 2>/dev/null | bcftools view -Oz -o "$3" - && bcftools index -f "$3"; }

row() { # set, caller, kind of variant, calls, truth, CPU seconds
    bcftools isec -c none -p isec "$5" "$4" >/dev/null 2>&1
    local n=() i
    for i in 0000 0001 0002; do n+=("$(bcftools view -H -v "$3" isec/$i.vcf | wc -l)"); done
    awk -v s="$1" -v c="$2" -v k="$3" -v fn="${n[0]}" -v fp="${n[1]}" -v tp="${n[2]}" -v t="$6" 'BEGIN {
        p = tp + fp ? tp / (tp + fp) : 0; r = tp + fn ? tp / (tp + fn) : 0; f = p + r ? 2 * p * r / (p + r) : 0
        printf "| %s | %s | %s | %.4f | %.4f | %.4f | %s |\n", s, c, k, p, r, f, t }'
}

timed() { # output, command...: CPU seconds go to the file `seconds`
    local out=$1; shift
    { TIMEFORMAT='%U'; time "$@" >"$out" 2>/dev/null; } 2>seconds
}

judge() { # set, name, fasta, truth, alignments without suffix, mode
    local kinds=snps; [ "$6" = diploid ] && kinds="snps indels"
    local caller kind
    for caller in tessera bcftools freebayes; do
        case $caller in
            tessera) timed calls.vcf "$ours" "$3" "$5.sam" "$6" ;;
            bcftools) timed calls.vcf sh -c "bcftools mpileup -d 100000 -f $3 $5.bam | bcftools call -mv" ;;
            freebayes)
                command -v freebayes >/dev/null || continue
                if [ "$6" = pool ]; then timed calls.vcf freebayes -f "$3" --pooled-continuous -F .003 -C 4 "$5.bam"
                else timed calls.vcf freebayes -f "$3" "$5.bam"; fi ;;
        esac
        normal "$3" calls.vcf calls.vcf.gz
        for kind in $kinds; do row "$1" $caller $kind calls.vcf.gz "$4" "$(cat seconds)"; done
        if [ "$6" = pool ]; then by_frequency "$4"; fi
    done
}

by_frequency() { # truth: recall for each frequency, from the last call of row
    join -t$'\t' -a1 <(bcftools query -f '%POS\t%INFO/AF\n' "$1" | sort) <(bcftools query -f '%POS\tfound\n' isec/0002.vcf | sort) |
        awk -F'\t' '{ n[$2]++; f[$2] += $3 == "found" } END { for (a in n) printf "%s %.3f\n", a, f[a] / n[a] }' | sort -g |
        awk '{ printf "%s%s: %s", (NR > 1 ? ", " : "  recall by AF "), $1, $2 } END { print "" }'
}

align() { # fasta, name, reads...
    minimap2 -t1 -ax sr "$1" "${@:3}" 2>/dev/null | samtools sort -o "$2.bam" - 2>/dev/null
    samtools index "$2.bam"; samtools view -h "$2.bam" >"$2.sam"
}

echo "| set | caller | variants | precision | recall | F1 | CPU s |"
echo "|---|---|---|---|---|---|---|"
cp "$dir"/{dip,pool}.fa .
samtools faidx dip.fa; samtools faidx pool.fa
for set in dip pool; do
    normal $set.fa "$dir/$set.truth.vcf" $set.truth.vcf.gz
    align $set.fa $set "$dir/$set.1.fq" "$dir/$set.2.fq"
done
judge "diploid 40x" dip dip.fa dip.truth.vcf.gz dip diploid
for r in 0 1 2 3 4; do
    for mate in 1 2; do awk -v r=$r 'int((NR - 1) / 4) % 5 == r' "$dir/dip.$mate.fq" >dip8.$mate.fq; done
    align dip.fa dip8 dip8.1.fq dip8.2.fq
    judge "diploid 8x, $r of 5" dip dip.fa dip.truth.vcf.gz dip8 diploid
done
judge "pool 2000x" pool pool.fa pool.truth.vcf.gz pool pool
gunzip -c pool.truth.vcf.gz >pool.truth.vcf
for kind in strand pcr; do
    python3 "$here/variants-artefacts.py" $kind pool.sam pool.truth.vcf >pool_$kind.sam
    samtools view -b -o pool_$kind.bam pool_$kind.sam 2>/dev/null; samtools index pool_$kind.bam
    judge "pool + $kind artefacts" pool pool.fa pool.truth.vcf.gz pool_$kind pool
done
