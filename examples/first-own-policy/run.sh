#!/bin/sh
# Your first own policy, from an edit to the job that it stops, and back. Needs a system that is up and its keys in the
# environment; keeps everything it makes in one folder and leaves the system deciding as before.
set -eu

project=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:-$(mktemp -d)}
export COUNTERSIGN_URL COUNTERSIGN_TENANT
: "${AGENT_KEY:?}" "${ADMIN_KEY:?}" "${POLICY_SIGNING_KEY:?}"

countersign() { node "$project/packages/cli/src/main.ts" "$@"; }
as_agent() { COUNTERSIGN_API_KEY=$AGENT_KEY countersign "$@"; }
as_admin() { COUNTERSIGN_API_KEY=$ADMIN_KEY countersign "$@"; }
say() { printf '\n== %s\n' "$1"; }

# Read from standard input, so that the key stands in no list of processes and in no file.
with_key() { printf '%s' "$POLICY_SIGNING_KEY" | as_admin policy "$@" --key-file - --key-id development; }

# Exit code 3 says that the policy denied; anything else here would mean that it did not bite.
denied() {
  code=0
  "$@" || code=$?
  [ "$code" -eq 3 ] || { echo "expected a denial, got exit code $code" >&2; exit 1; }
}

# Versions only grow, so seconds will do.
version=$(date +%s)

say 'Copy a policy that works, and keep a bundle of it for the way back'
mkdir -p "$work"
countersign policy init "$work/policy" --template development > /dev/null
countersign policy build "$work/policy" --out "$work/before.json" --version "$version" --scope "$COUNTERSIGN_TENANT"

say 'Today the agent may read the payroll'
as_agent jobs submit --topic job.demo.read --label report=payroll

say 'Edit: one rule more, and a test for it'
sed 's/^/  /' "$project/examples/first-own-policy/rule.yaml" > "$work/rule.yaml"
sed "/^rules:/r $work/rule.yaml" "$work/policy/policy.yaml" > "$work/edited.yaml"
mv "$work/edited.yaml" "$work/policy/policy.yaml"
rm "$work/rule.yaml"
cp "$project/examples/first-own-policy/payroll.yaml" "$work/policy/tests/payroll.yaml"
countersign policy lint "$work/policy"
countersign policy test "$work/policy"

say 'What would change? For the tests, and for the jobs of the last hour'
countersign policy diff "$work/before.json" "$work/policy"
as_admin policy replay --last 1h --candidate "$work/policy"

say 'Build it, sign it, publish it, activate it'
version=$((version + 1))
countersign policy build "$work/policy" --out "$work/after.json" --version "$version" --scope "$COUNTERSIGN_TENANT"
with_key sign "$work/after.json"
as_admin policy publish "$work/after.json"
as_admin policy activate "$version"

say 'The same request again: it bites'
denied as_agent jobs submit --topic job.demo.read --label report=payroll
denied as_agent policy explain --topic job.demo.read --label report=payroll

say 'And back: the old content, signed as a new version'
with_key rollback "$work/before.json"
as_agent jobs submit --topic job.demo.read --label report=payroll

say "Done. Everything is in $work"
