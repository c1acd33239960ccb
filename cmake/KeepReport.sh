# Runs a compiler and keeps what ptxas says of registers, stack and spills in <object>.report; the rest is shown.
# Run as: sh KeepReport.sh COMPILER ARGUMENT...
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
"$@" 2>"$object.report"
status=$?
if [ $status -ne 0 ]; then
  grep -v '^ptxas info' "$object.report" >&2
else
  grep -vE '^ptxas info|bytes stack frame|^$' "$object.report" >&2
fi
exit $status
