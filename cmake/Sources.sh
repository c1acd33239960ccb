#!/bin/sh
# What a build depends on, by content: a line for each source (checksum, length, path), and first the profiles. Two trees with the
# same lines need the same build, wherever they lie and whenever their files were written. The launcher compares them with those
# that the build has left. Run as: sh Sources.sh [PROFILE,...]
# Files that editors and desktops leave do not count. cksum is everywhere, and takes a few hundredths of a second.
set -eu
cd "$(dirname "$0")/.."
profiles=
for profile in gpu gpu-redist cuda-all; do
  case ,${1:-}, in *",$profile,"*) profiles=$profiles${profiles:+,}$profile ;; esac
done
echo "profiles $profiles"
find pom.xml java/*/pom.xml java/*/src/main native cmake -type f ! -name '.*' ! -name '*~' -print0 | xargs -0 cksum | LC_ALL=C sort -k 3
