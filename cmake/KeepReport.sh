#!/bin/sh
# Runs nvcc and keeps what ptxas says of registers, stack and spills in <object>.report, and the PTX of each architecture in the
# folder <object>.ptx; other messages are shown. Run as: sh KeepReport.sh COMPILER ARGUMENT...
object=
previous=
for argument in "$@"; do
  [ "$previous" = -o ] && object=$argument
  previous=$argument
done
case $object in
  *.o) ;;
  *) exec "$@" ;;
esac
rm -rf "$object.ptx"
mkdir -p "$object.ptx"
"$@" --keep --keep-dir "$object.ptx" 2>"$object.report"
status=$?
if [ $status -ne 0 ]; then
  grep -v '^ptxas info' "$object.report" >&2
else
  grep -vE '^ptxas info|bytes stack frame|^$' "$object.report" >&2
fi
find "$object.ptx" -type f ! -name '*.ptx' -exec rm -f {} +
exit $status
