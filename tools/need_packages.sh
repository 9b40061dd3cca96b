#!/bin/sh
# need_packages.sh PACKAGE... - see that Debian's packages are there: installs what is missing when run by root,
# else prints the line to run and fails. A package may be named as A|B where either serves.
set -eu
missing=
for wanted in "$@"; do
    found=
    for package in $(echo "$wanted" | tr '|' ' '); do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) in installed) found=yes ;; esac
    done
    [ -n "$found" ] || missing="$missing ${wanted%%|*}"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
    echo "TiledViz needs what Debian calls:$missing. Install them with this system's package manager." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "TiledViz needs some of Debian's packages. As root, run:" >&2
    echo "    apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "Installing Debian's packages:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # the names are words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
