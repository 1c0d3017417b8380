import { exitCodeMeanings } from './exit-codes'

const general = `matriarch RESOURCE [filters] [-o table|json|csv]    list: instances, herds, servers, environments, runs, jobs, audit …
matriarch RESOURCE ID                               show one
matriarch plan OPERATION [targets] [input]          show what an operation would do now; changes nothing
matriarch run OPERATION [targets] [input]           show the plan, ask, run it and follow the log
matriarch run-sql [targets] --sql STATEMENT         run a statement, and print the rows (-o table|csv|json)
matriarch results RUN [-o table|csv|json]           print the rows that an earlier run answered with
matriarch runs · watch ID · cancel ID · retry ID    list, follow, cancel and retry runs
matriarch resume ID · abandon ID                    decide for jobs that need attention
matriarch approve PLAN --digest DIGEST              approve another person's plan
matriarch submit PLAN --digest DIGEST               run a plan that was read and approved
matriarch scheduled-runs · move ID --at TIME        list and reschedule scheduled runs (run … --at TIME schedules one)
matriarch unschedule ID                             cancel a scheduled run
matriarch with-lock HERD -- COMMAND                 lock the herd while your own command runs
matriarch verify FILE --key KEY                     verify a certificate; needs no console
matriarch login --url URL · me                      save console and token; show who you are

matriarch help COMMAND explains one command.
MATRIARCH_URL and MATRIARCH_TOKEN override the saved login.
Exit codes, the same for every command:
${exitCodeMeanings.map((words, code) => `  ${code}  ${words}`).join('\n')}`

const lists = `matriarch instances --env prod --state down -o csv
matriarch instances --role standby --lag '>1GB' --sort -lagBytes
matriarch herds -q 'env:prod shop'

Every field of a resource is a filter; --state down matches everything that is not online. Values may be !not, >more, ~part, or several separated by commas.
--columns a,b  --sort a,-b  --page N  --per N  -q TEXT  -o table|json|csv (csv is the whole list)`

const deciding = `matriarch resume RUN [--job JOB]
matriarch abandon RUN [--job JOB]

Answers the jobs of a run that need attention, or one of them. Resume checks the open step first and continues from what it finds.
Abandon releases what the job still holds, frees its herd for other jobs and closes it as failed, listing what is left to do by hand.
Until then the herd stays reserved: other jobs on it wait.
resume RUN --go-on and resume RUN --give-up are the earlier spelling and still work.`

const topics: Record<string, string> = {
  plan: `matriarch plan stop --env dev --herd shop --mode fast
matriarch plan restart 3f1c… 9a2e…

Targets are ids, or the filters of a list. Flags named like the operation's input are its input.
Policy: --parallel N  --per-server N  --stop-after N  --deadline SECONDS  --no-standbys-first
-o json prints the whole plan with its digest. Exit code 4 when no target passes the checks.`,
  run: `matriarch run restart --herd shop --env dev
matriarch run restart --herd shop --env prod --yes --digest DIGEST --phrase 'restart 3 in prod' --reason 'kernel update' --ticket OPS-1

Shows the plan, then asks. In a script, --yes needs the digest of the plan that was read; if the plan has changed since then, nothing runs, the new plan is
printed and the exit code is 5. Outside the maintenance windows, disruptive operations need --outside-window and a --reason.
--at '2026-11-21 02:00 Europe/Berlin', or --at window for the next maintenance window, schedules the run. The plan is then made again at that time; the run
is skipped, with the reason, if the new plan is worse than the one that was read, or if no worker starts it within --start-within MINUTES (15).
Follows the log to the end; Ctrl-C leaves the run running: matriarch watch ID, matriarch cancel ID.`,
  'run-sql': `matriarch run-sql --role primary --sql 'select current_database(), now()'
matriarch run-sql --herd shop --sql 'select * from pg_stat_activity' --yes --digest DIGEST -o csv > sessions.csv

As matriarch run run-sql: shows the plan, asks, runs the statement on every target, and prints one table with the rows of all of them. With -o the plan and
the log go to standard error, so that standard output holds nothing but the rows: as a table, as CSV, or as JSON with the types of the columns.
The database, limits and the right to write are input: --database NAME  --rows-max N  --bytes-max SIZE  --statement-timeout-seconds N  --write true.
The exit code is that of the run; the rows of targets that answered are printed even if others failed.`,
  results: `matriarch results RUN [--job JOB] [-o table|csv|json]

Prints the rows that the statement of an earlier run answered with. They are removed after the console's RESULT_DAYS (30), and read by the role that the
operation names for them (run-sql: dba). A NULL is NULL in the table, empty in CSV and null in JSON.`,
  move: `matriarch move SCHEDULED --at '2026-11-21 02:00 Europe/Berlin'
matriarch move SCHEDULED --at window

Reschedules a scheduled run to another time, or to the next maintenance window. Its plan is made again at that time, as before. Outside the maintenance
windows, disruptive operations need --outside-window and a --reason. Exit code 1 when the run is no longer scheduled, or somebody else has just moved it.`,
  watch:
    'matriarch watch RUN\n\nPrints the journal of a run from its first line and follows it; reconnects by itself. Exit code 3 when a job needs attention.',
  'with-lock': `matriarch with-lock shop --env prod --reason 'reindex by hand' -- ./reindex.sh --all
matriarch with-lock 3f1c… --wait 600 -- ssh db1 sudo apt-get -y upgrade

Locks one herd (name or id) while the command runs: jobs that need the herd wait and say for whom. The lock is released when the command ends; if this
process dies without releasing it, the lock expires after --ttl SECONDS (60). When the lock is lost, or the console cannot be reached for that long, the
command gets SIGTERM, and SIGKILL 10 s later. --wait SECONDS waits for a lock that somebody else holds. Killed with -9, this process leaves the command
running without the lock.
Exit code 6 when somebody else holds the lock, 7 when the command failed, 1 when it could not be started or the lock was lost.`,
  verify: `matriarch verify certificate.json --key SHA256:…
matriarch verify certificate.json --key console.pem

Verifies a certificate without the console: every byte must be the one that was signed, the verdict must follow from the evidence, and the signing key must
be the one given (its id, or a PEM file; the settings page shows both). Without --key only an alteration is detected, not a forgery: then it proves nothing.
Exit code 0 when it is valid, signed by the key given, and proves that no logged commit is lost; 8 when it is valid but does not prove it, or no key was given; 1 when it
is not valid.`,
  login:
    'matriarch login --url https://console.example.org < token\n\nChecks the token and saves URL and token in a file that only this user can read. Create a token in the console under People & access.',
  resume: deciding,
  abandon: deciding,
}

export const helpTopics: readonly string[] = Object.keys(topics)

/** What `matriarch help TOPIC` prints; without a topic, or for a command that needs no more words, the overview. */
export const helpOf = (topic: string | undefined): string => {
  if (topic === undefined) return general
  return topics[topic] ?? (['cancel', 'retry', 'submit', 'unschedule', 'approve', 'me'].includes(topic) ? general : lists)
}
