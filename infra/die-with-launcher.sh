# Becomes "$@" in this very process, beside a watcher that holds the reading end of the launcher's pipe (descriptor 3).
# A launcher that dies, however hard, closes that pipe; the watcher then stops the process. Without it a kill -9 of the
# launcher would leave servers behind that nobody knows of.
# Arguments: the stop signal, the seconds it may take, the command. The text comes in DIE_WITH_LAUNCHER, because the
# command's user may not be able to reach this file.
unset DIE_WITH_LAUNCHER
stop_signal=$1
grace_seconds=$2
shift 2
# A process that nobody has reaped yet still has its number; where /proc says so, it counts as gone.
runs() {
  kill -0 $$ && ! grep -q ') Z ' /proc/$$/stat
}
# Watched from a grandchild, so that the command never finds a child that it didn't start.
(
  (
    # A line is the launcher's word that the process has ended already; only end of file means that the launcher is gone.
    if read -r _ <&3; then exit 0; fi
    kill -s "$stop_signal" $$ || exit 0
    rounds=$((grace_seconds * 10))
    while [ "$rounds" -gt 0 ]; do
      runs || exit 0
      sleep 0.1 || sleep 1
      rounds=$((rounds - 1))
    done
    kill -s KILL $$
  ) </dev/null >/dev/null 2>&1 &
)
exec "$@" 3<&-
