const general = `matriarch RESOURCE [filters] [-o table|json|csv]    list: instances, herds, servers, environments, runs, jobs, audit …
matriarch RESOURCE ID                               one of them
matriarch plan OPERATION [targets] [input]          what it would do now; changes nothing
matriarch run OPERATION [targets] [input]           shows the plan, asks, runs, follows the log
matriarch runs · watch ID · cancel ID · retry ID    runs
matriarch resume ID --go-on | --give-up             decide for jobs that need attention
matriarch approve PLAN --digest DIGEST              approve another person's plan
matriarch submit PLAN --digest DIGEST               run a plan that was read and approved
matriarch scheduled-runs · move ID --at TIME        what waits for its time (run … --at TIME puts it off)
matriarch unschedule ID                             let it not start
matriarch with-lock HERD -- COMMAND                 hold the herd while a command of yours runs
matriarch verify FILE --key KEY                     check a certificate, without the console
matriarch login --url URL · me                      where, and who

matriarch help COMMAND says more.
MATRIARCH_URL and MATRIARCH_TOKEN stand before what login kept.
Exit codes: 0 done, 1 failed, 2 usage, 3 needs attention, 4 refused by a gate, 5 plan moved.`

const lists = `matriarch instances --env prod --state down -o csv
matriarch instances --role standby --lag '>1GB' --sort -lagBytes
matriarch herds -q 'env:prod shop'

Every field of a resource is a filter; --state down is everything that is not online. Values may be !not, >more, ~part, several with commas.
--columns a,b  --sort a,-b  --page N  --per N  -q TEXT  -o table|json|csv (csv is the whole list)`

const topics: Record<string, string> = {
  plan: `matriarch plan stop --env dev --herd shop --mode fast
matriarch plan restart 3f1c… 9a2e…

Targets are ids, or the filters of a list. Flags named like the operation's input are its input.
Policy: --parallel N  --per-server N  --stop-after N  --deadline SECONDS  --no-standbys-first
-o json prints the whole plan with its digest. Exit code 4 when no target passes the gates.`,
  run: `matriarch run restart --herd shop --env dev
matriarch run restart --herd shop --env prod --yes --digest DIGEST --phrase 'restart 3 in prod' --reason 'kernel update' --ticket OPS-1

As plan, then asks. In a script --yes needs the digest of the plan that was read; when the world moved meanwhile nothing runs, the new plan is
printed and the exit code is 5. Outside the maintenance windows disruptive work needs --outside-window and a --reason. --at '2026-11-21 02:00 Europe/Berlin', or --at window for the next opening, puts it
off to that time; then the plan is made again, and skipped with the reason when it is not as good as the one that was read, or when no worker begins within
--start-within MINUTES (15). Follows the log to the end; Ctrl-C leaves the run running: matriarch watch ID, matriarch cancel ID.`,
  move: `matriarch move SCHEDULED --at '2026-11-21 02:00 Europe/Berlin'
matriarch move SCHEDULED --at window

Lets a scheduled run wait for another time, or for the next opening of the maintenance windows; its plan is made again then, as before. Outside the windows
disruptive work needs --outside-window and a --reason. Exit code 1 when it does not wait any more, or somebody moved it at this moment.`,
  watch:
    'matriarch watch RUN\n\nThe journal as it is written, from its first line; goes on by itself after a lost connection. Exit code 3 when a job needs attention.',
  'with-lock': `matriarch with-lock shop --env prod --reason 'reindex by hand' -- ./reindex.sh --all
matriarch with-lock 3f1c… --wait 600 -- ssh db1 sudo apt-get -y upgrade

Holds the lock of one herd (its name, or its id) while the command runs: jobs that need the herd wait meanwhile and say for whom. The lock goes when the
command ends; if this process dies without a word, after --ttl SECONDS (60). When the lock is lost, or the console is not reached for that long, the command
gets SIGTERM, and 10 s later SIGKILL. --wait SECONDS waits for a lock that somebody else holds. Killed with -9 this process leaves the command running
without the lock.
Exit codes of its own: 0 done, 1 error (the lock was lost on the way, too), 2 no lock, 3 the command failed.`,
  verify: `matriarch verify certificate.json --key SHA256:…
matriarch verify certificate.json --key console.pem

Reads a certificate without the console: every byte must be the one that was signed, the verdict must follow from the evidence, and the key must be the one
given (its id, or a file with it in PEM; the settings page shows both). Without --key only a change is found, not a forgery.
Exit codes of its own: 0 valid and proven, 1 not valid, 2 usage, 3 valid, but not proven.`,
  login:
    'matriarch login --url https://console.example.org < token\n\nChecks the token and keeps both for this user alone. Make a token in the console under People & access.',
  resume:
    'matriarch resume RUN --go-on | --give-up [--job JOB]\n\nGo on checks the open step again first. Give up runs the clean-up and closes the job as failed.',
}

export const helpTopics: readonly string[] = Object.keys(topics)

export const helpOf = (topic: string | undefined): string => {
  if (topic === undefined) return general
  return topics[topic] ?? (['cancel', 'retry', 'submit', 'unschedule', 'approve', 'me'].includes(topic) ? general : lists)
}
