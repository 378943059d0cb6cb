#!/usr/bin/env bash
# Installs Chromium for the tests that look at pages, where there is no browser yet. Takes apt-get and root.
# In Ubuntu the package of that name only fetches a snap, which needs a running snapd; there it is left alone.
set -euo pipefail

for browser in /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
  if [ -x "$browser" ]; then exit 0; fi
done
[ "$(id -u)" -eq 0 ]
[ "$(. /etc/os-release && echo "$ID")" = debian ]

export DEBIAN_FRONTEND=noninteractive
apt-get -q update >/dev/null
apt-get -q -y install --no-install-recommends chromium >/dev/null
