import { etcdSeen } from '@/lib/domain/managers/etcd'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, EtcdAct, EtcdPlace, EtcdRead, EtcdSnapshot } from '@/lib/ports'
import type { Ssh } from '../ssh'
import { etcdScript } from './script'

type Deed = 'look' | 'compact' | 'defragment' | 'disarm' | 'snapshot' | 'snapshot-at'

export const makeEtcd = (ssh: Ssh): { read: EtcdRead; act: EtcdAct } => {
  const ask = async ({ host, dataDirectory }: EtcdPlace, [deed, ...more]: [Deed, ...string[]], options: CallOptions): Promise<unknown> => {
    const argv = ['sh', '-c', etcdScript, 'sh', dataDirectory, deed, ...more]
    const { stdout, stderr, exitCode, signal } = await ssh.exec(host, argv, options)
    const answer = /^answer=(.*)$/m.exec(stdout)?.[1]
    if (answer !== undefined) return JSON.parse(answer)
    const problem = /^problem=(.*)$/m.exec(stdout)?.[1]
    throw new Fault('shell.failed', {
      because: problem ?? `Asking etcd ended with ${exitCode ?? signal}: ${stderr.trim().slice(-500)}`,
      ...(problem === undefined ? {} : { isOver: true }),
    })
  }
  return {
    read: {
      look: async (place, options) => {
        const seen = etcdSeen(await ask(place, ['look'], options))
        if (seen === null) throw new Fault('shell.failed', { because: 'etcd’s answer is not understood.', isOver: true })
        return seen
      },
      snapshotAt: async (place, path, options) => (await ask(place, ['snapshot-at', path], options)) as EtcdSnapshot | null,
    },
    act: {
      compact: async (place, revision, options) => void (await ask(place, ['compact', String(revision)], options)),
      defragment: async (place, memberId, options) => void (await ask(place, ['defragment', memberId], options)),
      disarm: async (place, { memberId, alarm }, options) => void (await ask(place, ['disarm', memberId, alarm], options)),
      snapshot: async (place, path, options) => (await ask(place, ['snapshot', path], options)) as EtcdSnapshot,
    },
  }
}
