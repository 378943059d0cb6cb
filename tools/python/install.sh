#!/usr/bin/env bash
# Prints the interpreter of a Python environment with PyTorch and Transformers, which tests and benchmarks compare with. It lies
# outside the checkout, keyed by Python's version and by what is required, and is made where it is missing: 3 to 5 minutes and
# 6 GB on Linux, for torch brings its GPU libraries. With --find nothing is made. Where there is none, the last line on stderr
# says why.
set -euo pipefail
cd "$(dirname "$0")"

refuse() { echo "$1" >&2; exit 1; }

version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || refuse 'There is no python3.'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || refuse "Python $version is too old: 3.10 or later is needed."
digest=$(command -v sha256sum || echo 'shasum -a 256')
key=$({ echo "$version"; cat requirements.txt; } | $digest | cut -c1-12)
folder="${XDG_CACHE_HOME:-$HOME/.cache}/ortrain/bench-$key"

if [ ! -e "$folder/complete" ]; then
  [ "${1:-}" != --find ] || refuse 'Its environment is not there: tools/python/install.sh makes it.'
  mkdir -p "$(dirname "$folder")"
  needed=8 free=$(df -Pk "$(dirname "$folder")" | awk 'NR == 2 { print int($4 / 1024 / 1024) }') # GiB
  [ "$free" -ge "$needed" ] || refuse "$(dirname "$folder") has $free GiB free; torch needs $needed."
  echo "Installing $(paste -sd ' ' requirements.txt) into $folder (once; 6 GB on Linux) …" >&2
  rm -rf "$folder"
  python3 -m venv "$folder" >&2 || refuse 'python3 makes no virtual environment.'
  "$folder/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir --requirement requirements.txt >&2 || refuse 'pip did not install torch and transformers.'
  cp requirements.txt "$folder/complete"
fi
echo "$folder/bin/python"
