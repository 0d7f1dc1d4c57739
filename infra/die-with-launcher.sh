# Becomes "$@" in this very process, beside a watcher that holds the reading end of the launcher's pipe (descriptor 3).
# A launcher that dies, however hard, closes that pipe; the watcher then stops the process. Without it a kill -9 of the
# launcher would leave servers behind that nobody knows of.
# Arguments: the stop signal, the seconds it may take, the command.
stop_signal=$1
grace_seconds=$2
shift 2
# Watched from a grandchild, so that the command never finds a child that it didn't start.
(
  (
    # A line is the launcher's word that the process has ended already; only end of file means that the launcher is gone.
    if read -r _ <&3; then exit 0; fi
    kill -s "$stop_signal" $$ || exit 0
    rounds=$((grace_seconds * 10))
    while [ "$rounds" -gt 0 ] && kill -0 $$; do
      sleep 0.1 || sleep 1
      rounds=$((rounds - 1))
    done
    kill -s KILL $$
  ) </dev/null >/dev/null 2>&1 &
)
exec "$@" 3<&-
