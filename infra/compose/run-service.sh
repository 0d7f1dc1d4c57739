#!/bin/sh
# Entry point of the image: runs the service that the argument names. Its secrets come from a file in a volume that no
# other service's container has, so they stand in no image, no compose file and no `docker inspect`.
set -eu
exec node --env-file="/run/countersign/$1/env" "services/$1/src/main.ts"
