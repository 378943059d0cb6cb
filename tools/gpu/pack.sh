#!/usr/bin/env bash
# Packs what a bare Linux x64 machine with an NVIDIA driver needs for the GPU check, in parts of at most 60 MiB: pack.sh [FOLDER] [GENERATION…]
#   1-provider.tar.xz  onnxruntime's CUDA provider (from PyPI), with the code of these GPU generations alone: 90 for H100 and H200 (the default), 86 for RTX 30
#   2-package.tar.xz   Node, onnxruntime-node, this checkout as it is installed, the check itself
#   3-data.tar.xz      if they are beside the checkout: reference numbers, the tweets and MiniLM
# Docs: docs/gpu-check.md
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
parts=$(mkdir -p "${1:-$root/gpu-parts}" && cd "${1:-$root/gpu-parts}" && pwd)
generations=("${@:2}"); [ ${#generations[@]} -gt 0 ] || generations=(90)
version=$(node -p "require('$root/package.json').optionalDependencies['onnxruntime-node']")
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

compress() { # NAME FOLDER
  tar -C "$2" --sort=name --owner=0 --group=0 -cf - . | xz -6 -T0 > "$parts/$1"
  local size; size=$(stat -c %s "$parts/$1")
  echo "$1 $((size / 1048576)) MiB"
  [ "$size" -le $((60 * 1048576)) ] || { echo "$1 is larger than 60 MiB: name fewer generations" >&2; exit 1; }
}

if [ "${PACK_PROVIDER:-1}" = 1 ]; then
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 -d wheel "onnxruntime-gpu==$version"
  mkdir -p provider
  python3 - wheel/*.whl <<'PY'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in ("cuda", "shared"):
        with wheel.open(f"onnxruntime/capi/libonnxruntime_providers_{name}.so") as source, open(f"libonnxruntime_providers_{name}.so", "wb") as target:
            while block := source.read(1 << 24):
                target.write(block)
PY
  python3 "$root/tools/gpu/shrink.py" libonnxruntime_providers_cuda.so provider/libonnxruntime_providers_cuda.so "${generations[@]}"
  mv libonnxruntime_providers_shared.so provider/
  compress 1-provider.tar.xz provider
fi

mkdir -p package
(cd "$root" && npm pack --silent --pack-destination "$scratch" > /dev/null)
(cd package && npm init -y > /dev/null && npm install --silent --no-audit --no-fund --omit=dev --ignore-scripts ../ortrain-*.tgz)
runtime=package/node_modules/onnxruntime-node
find "$runtime/bin" -mindepth 2 -maxdepth 3 -type d -not -path '*/linux*' -prune -exec rm -rf {} +
rm -rf "$runtime"/bin/*/linux/arm64 "$runtime/script" package/node_modules/.bin
find package/node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.md' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete
find package/node_modules -path '*/dejavu-fonts-ttf/*' -name '*.ttf' -not -name 'DejaVuSans.ttf' -not -name 'DejaVuSans-Bold.ttf' -delete
strip -o package/node "$(node -p process.execPath)"
node "$root/tools/gpu/bundle.js" "$scratch/package/check.mjs"
# Vulkan's loader, and what NVIDIA's driver for it is linked to.
mkdir -p vulkan package/vulkan
if (cd vulkan && apt-get -q download libvulkan1 libglvnd0 libglx0 libgl1 libegl1 libx11-6 libxext6 libxcb1 libxau6 libxdmcp6 libbsd0 libmd0 > /dev/null 2>&1); then
  for file in vulkan/*.deb; do dpkg -x "$file" vulkan/files; done
  cp -a vulkan/files/usr/lib/x86_64-linux-gnu/*.so.* package/vulkan/
else
  echo "without Vulkan's loader: WebGPU is checked where the machine has one"
fi
compress 2-package.tar.xz package

shared=$root/../shared
if [ -d "$shared/oracles/tiny" ]; then
  mkdir -p data/data/oracles data/data/tweets data/data/tokenizer
  cp -rL "$shared/oracles/tiny" data/data/oracles/
  cp -L "$shared"/data/disaster-tweets/*.csv data/data/tweets/ 2> /dev/null || true
  cp -rL "$shared/models/bert-base-uncased-tokenizer/." data/data/tokenizer/
  [ "${PACK_MODEL:-1}" = 1 ] && cp -rL "$shared/models/all-MiniLM-L6-v2" data/data/minilm
  chmod -R u+w data
  compress 3-data.tar.xz data
else
  echo 'without 3-data.tar.xz: there are no reference data beside this checkout'
fi
