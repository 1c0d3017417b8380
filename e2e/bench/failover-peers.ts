import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '@/lib/playground/lab/lab'
import type { Pair } from './failover-fleet'
import { sshOptions } from './fanout-peers'

export interface PeerRound {
  /** From the first order to the last pair that is whole again: promoted, name moved, old primary back as a standby. */
  tookMs: number
  /** From the first order to the last promotion. */
  promotedMs: number
  /** Of each pair, from telling the old primary to stop to the end of the promotion. */
  gapsMs: number[]
}

export interface FailoverPeer {
  name: string
  /** Fails over every pair from `from` to `to`. Throws when any command fails. */
  run: (pairs: readonly Pair[]) => Promise<PeerRound>
}

const roundTimeoutMs = 900_000

/**
 * What an administrator would write: over warm ssh connections, `pg_ctl stop` here, `pg_ctl promote` there, `nsupdate`, and the old primary started again
 * with standby.signal. Nothing is checked, nothing is undone, and nobody makes a slot.
 */
export const failoverPeers = async (lab: Lab, folder: string, clusterName: string): Promise<FailoverPeer[]> => {
  mkdirSync(folder, { recursive: true })
  const file = (name: string, text: string, mode = 0o644): string => {
    writeFileSync(join(folder, name), text, { mode })
    return join(folder, name)
  }
  const options = [
    ...(await sshOptions(lab, folder)),
    'ControlMaster=auto',
    `ControlPath=${join(folder, 's-%h')}`,
    'ControlPersist=600',
  ].map((one) => `  ${one.replace('=', ' ')}\n`)
  const config = file('ssh', `Host *\n${options.join('')}`)
  const major = lab.fleet.postgresMajor
  const { dataDirectory } = lab.fleet.herds[0]!
  const pgCtl = `/usr/lib/postgresql/${major}/bin/pg_ctl -D ${dataDirectory} -w -s`
  const commands = {
    stop: `${pgCtl} -m fast stop`,
    promote: `${pgCtl} promote`,
    follow: `touch ${dataDirectory}/standby.signal && cat ~/follow >> ${dataDirectory}/postgresql.auto.conf && pg_ctlcluster ${major} ${clusterName} start`,
  }
  const { keyFile, primary } = lab.names()
  const update = `nsupdate -k ${keyFile}`
  const now = 'echo $(($(date +%s%N) / 1000000))'
  const one = file(
    'one',
    `set -e
ssh="ssh -n -F ${config}"
began=$(${now})
$ssh $1 '${commands.stop}'
$ssh $2 '${commands.promote}'
promoted=$(${now})
printf 'server ${primary.address} ${primary.port}\\nzone %s\\nupdate delete %s CNAME\\nupdate add %s 30 CNAME %s\\nsend\\n' $3 $4 $4 $5 | ${update}
$ssh $1 '${commands.follow}'
echo $began $promoted $(${now})
`,
  )
  const hostList = (name: string, addresses: string[]) => file(name, addresses.map((address) => `${address}\n`).join(''))
  const pssh = (list: string, command: string) =>
    `parallel-ssh -h ${list} -p 100 -t 0 -x '-F ${config}' '${command}' > ${folder}/out || { cat ${folder}/out; exit 1; }`

  const runIn = async (script: string): Promise<number[][]> => {
    const { code, stdout, stderr } = await lab.run(['bash', '-c', script], { timeoutMs: roundTimeoutMs })
    if (code !== 0) throw new Error(`A peer failed with ${code}:\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
  }
  const eachPair = (atOnce: number) => async (pairs: readonly Pair[]) => {
    const list = file(
      'pairs',
      pairs.map(({ from, to, zone, name }) => `${from.address} ${to.address} ${zone} ${name} ${to.host}.${zone}.\n`).join(''),
    )
    const rows = await runIn(`xargs -P ${atOnce} -L 1 bash ${one} < ${list}`)
    const start = Math.min(...rows.map(([began]) => began!))
    return {
      tookMs: Math.max(...rows.map(([, , ended]) => ended!)) - start,
      promotedMs: Math.max(...rows.map(([, promoted]) => promoted!)) - start,
      gapsMs: rows.map(([began, promoted]) => promoted! - began!),
    }
  }
  const inSteps = async (pairs: readonly Pair[]) => {
    const [old, young] = [
      hostList(
        'old',
        pairs.map(({ from }) => from.address),
      ),
      hostList(
        'new',
        pairs.map(({ to }) => to.address),
      ),
    ]
    const zones = [...new Set(pairs.map(({ zone }) => zone))]
    const lines = zones.flatMap((zone) => [
      `server ${primary.address} ${primary.port}\nzone ${zone}`,
      ...pairs
        .filter((pair) => pair.zone === zone)
        .map(({ name, to }) => `update delete ${name} CNAME\nupdate add ${name} 30 CNAME ${to.host}.${zone}.`),
      'send',
    ])
    const updates = file('updates', `${lines.join('\n')}\n`)
    const script = `began=$(${now}); ${pssh(old, commands.stop)}; ${pssh(young, commands.promote)}; promoted=$(${now}); ${update} ${updates}; ${pssh(old, commands.follow)}; echo $began $promoted $(${now})`
    const [[began, promoted, ended]] = (await runIn(script)) as [[number, number, number]]
    // Nobody can write before its own promotion, and all are told to stop first.
    return { tookMs: ended - began, promotedMs: promoted - began, gapsMs: pairs.map(() => promoted - began) }
  }
  return [
    { name: 'script over ssh, one after the other', run: eachPair(1) },
    { name: 'script over ssh, 10 at once', run: eachPair(10) },
    { name: 'parallel-ssh, step by step', run: inSteps },
  ]
}
