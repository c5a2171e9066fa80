# Everything a person or CI does with this checkout. Build products go to CARGO_TARGET_DIR (default: target/).
TARGET := $(or $(CARGO_TARGET_DIR),target)
DEMO := demo

.PHONY: demo test bench fmt lint doc packages test-packages

## demo: builds the command and runs every finished pipeline on generated data with known truth
demo: packages
	@echo "Building tessera (about 12 minutes from nothing on 2 cores, seconds when built before) ..."
	cargo build --profile demo --locked
	@$(TARGET)/demo/tessera demo --out $(DEMO)

## test: formatting, lints, docs, unit, law and oracle tests, with the real tools
test: test-packages
	cargo ci-fmt
	cargo ci-lint
	cargo ci-doc
	PATH="$(abspath $(TARGET))/oracles/bin:$$PATH" TESSERA_REQUIRE_ORACLES=1 cargo ci-test
	PATH="$(abspath $(TARGET))/oracles/bin:$$PATH" TESSERA_REQUIRE_ORACLES=1 cargo test -p stage-sentinel2 --features gdal --locked
	TESSERA_REQUIRE_ORACLES=1 cargo test -p pipelines --features gdal --test sentinel2_cog --locked

## bench: measures against the named peers, on inputs that it makes, and prints Markdown tables
bench: export TESSERA = $(abspath $(TARGET))/release/tessera
bench: export PATH := $(abspath $(TARGET))/oracles/bin:$(PATH)
bench: test-packages
	cargo build --release --locked
	benches/gzip-index.sh $(TESSERA)
	benches/fastq.sh $(TESSERA)
	benches/fasta.sh
	benches/cog-read.sh
	benches/ndvi.sh $(TESSERA)
	benches/lidar.sh
	benches/peaks.sh
	benches/isotopes.sh

fmt:
	cargo fmt --all

lint:
	cargo ci-fmt
	cargo ci-lint

packages:
	@.ci/packages build

test-packages:
	@.ci/packages build oracles
