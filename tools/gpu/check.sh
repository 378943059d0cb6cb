#!/usr/bin/env bash
# Sets up what pack.sh has packed, and checks the GPU: check.sh PARTS-FOLDER [OPTION…]; options are those of tools/gpu/check/main.ts.
# Needs bash and a python3 whose environment holds NVIDIA's libraries of CUDA 13 (that of PyTorch does); neither Node nor xz nor the internet.
# With --unpack it stops after setting up: parts can be brought one after the other.
set -euo pipefail
parts=$1; shift
home=${GPU_CHECK_HOME:-$HOME/ortrain-gpu-check}
mkdir -p "$home"
for part in "$parts"/*.tar.xz; do
  [ -e "$part" ] || continue
  mark=$home/.$(basename "$part").$(stat -c %s "$part")
  [ -e "$mark" ] && continue
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1], "r:xz").extractall(sys.argv[2])' "$part" "$home"
  touch "$mark"
done
providers=$home/node_modules/onnxruntime-node/bin/napi-v6/linux/x64
if [ -d "$providers" ] && [ -e "$home/libonnxruntime_providers_cuda.so" ]; then mv "$home"/libonnxruntime_providers_*.so "$providers/"; fi
if [ "${1:-}" = --unpack ]; then exit 0; fi
export ORTRAIN_CUDA_LIBRARIES=${ORTRAIN_CUDA_LIBRARIES:-$(python3 -c 'import sys; print(sys.prefix)')}
# WebGPU needs Vulkan's loader, the libraries that NVIDIA's driver for it is linked to, and the driver's own description.
if [ -d "$home/vulkan" ] && [ "$(ldconfig -p | grep -c -e 'libvulkan\.so\.1 ' -e 'libX11\.so\.6 ')" -lt 2 ]; then export LD_LIBRARY_PATH=$home/vulkan${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; fi
mounted=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
if [ -e $mounted ] && ! ls /usr/share/vulkan/icd.d/*nvidia* /etc/vulkan/icd.d/*nvidia* > /dev/null 2>&1; then export VK_DRIVER_FILES=${VK_DRIVER_FILES:-$mounted}; fi
exec "$home/node" "$home/check.mjs" "$@"
