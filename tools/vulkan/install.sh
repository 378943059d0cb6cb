#!/usr/bin/env bash
# Installs software Vulkan for the tests on WebGPU: Mesa's lavapipe from version 23 on, which Debian 12 has in its backports.
# Takes apt-get and root. The machine's own lists of package sources stay as they are.
set -euo pipefail

installed=$(dpkg-query -W -f='${Version}' mesa-vulkan-drivers 2>/dev/null || echo 0)
if dpkg --compare-versions "$installed" ge 23 && dpkg-query -W libvulkan1 >/dev/null 2>&1; then exit 0; fi
[ "$(id -u)" -eq 0 ]

sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
cp -r /etc/apt/sources.list.d/. "$sources"
from=()
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
if [ "$release" = bookworm ]; then
  # The first entry is the archive itself; its backports lie beside it.
  sed -n '1,/^$/p' "$sources/debian.sources" | sed "s/^Suites:.*/Suites: $release-backports/" >"$sources/backports.sources"
  from=(-t "$release-backports")
fi
apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o "Dir::Etc::SourceParts=$sources" "$@" >/dev/null; }
apt_get update
apt_get install --no-install-recommends "${from[@]}" mesa-vulkan-drivers libvulkan1
