#!/bin/sh
# Source this: installs the end-to-end tools under $LMMS_TOOLS once, and exports LMMS_CARGO_LAMBDA and LMMS_RIE.
# Both come from PyPI. Only the wheels are used: the `zig` that cargo-lambda's wheel may bring is never put on PATH.
: "${LMMS_TOOLS:=${XDG_CACHE_HOME:-$HOME/.cache}/lmms-e2e}"
cargo_lambda=1.9.2
sam_cli=1.170.0

LMMS_CARGO_LAMBDA=$LMMS_TOOLS/cargo-lambda-$cargo_lambda/bin/cargo-lambda
LMMS_RIE=$LMMS_TOOLS/aws-lambda-rie-$sam_cli
case $(uname -m) in
aarch64 | arm64) rie=samcli/local/rapid/aws-lambda-rie-arm64 ;;
*) rie=samcli/local/rapid/aws-lambda-rie-x86_64 ;;
esac

mkdir -p "$LMMS_TOOLS"
if [ ! -x "$LMMS_CARGO_LAMBDA" ]; then
    # A virtual environment cannot be moved, so it is made in place; its program comes last.
    python3 -m venv --clear "$LMMS_TOOLS/cargo-lambda-$cargo_lambda" &&
        "$LMMS_TOOLS/cargo-lambda-$cargo_lambda/bin/pip" install -q --no-deps "cargo-lambda==$cargo_lambda" || return 1
fi
if [ ! -x "$LMMS_RIE" ]; then
    # Out of the wheel into its place in one step, or not at all.
    work=$(mktemp -d "$LMMS_TOOLS/rie.XXXXXX") &&
        "$LMMS_TOOLS/cargo-lambda-$cargo_lambda/bin/pip" download -q --no-deps --only-binary :all: -d "$work" "aws-sam-cli==$sam_cli" &&
        (cd "$work" && python3 -m zipfile -e ./*.whl .) &&
        chmod +x "$work/$rie" && mv "$work/$rie" "$LMMS_RIE" && rm -rf "$work" || return 1
fi
export LMMS_CARGO_LAMBDA LMMS_RIE
