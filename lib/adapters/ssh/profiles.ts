import { type CommandName, commandProfiles, expandTemplate, usualBinDirectory } from '@/lib/domain/values/command-profiles'
import type { InstanceAddress, StopMode } from '@/lib/ports'

/** As AWS does each; nothing runs these: there is no host. */
const rdsVerbs = { start: 'start-db-instance', stop: 'stop-db-instance', reload: 'reboot-db-instance' } as const

/** The arguments that act on an instance on its platform. An unknown major shows as MAJOR: good for a preview, never to be run. */
export const commandFor = (instance: InstanceAddress, command: 'start' | 'stop' | 'reload', mode: StopMode = 'fast'): string[] => {
  if (instance.profile === 'rds') return ['aws', 'rds', rdsVerbs[command], '--db-instance-identifier', instance.host.address.split('.')[0]!]
  const major = instance.major ?? 'MAJOR'
  const name: CommandName = command === 'stop' && mode === 'fast' ? 'stopFast' : command
  return expandTemplate(commandProfiles[instance.profile][name], {
    bin: instance.binDirectory ?? usualBinDirectory(instance.profile, major),
    data: instance.dataDirectory,
    cluster: instance.clusterName,
    major,
    port: String(instance.port),
    mode,
  })
}
