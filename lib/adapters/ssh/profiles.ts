import { type CommandName, commandProfiles, expandTemplate, usualBinDirectory } from '@/lib/domain/values/command-profiles'
import type { InstanceAddress, StopMode } from '@/lib/ports'

/** The arguments that act on an instance on its platform. An unknown major shows as MAJOR: good for a preview, never to be run. */
export const commandFor = (instance: InstanceAddress, command: 'start' | 'stop' | 'reload', mode: StopMode = 'fast'): string[] => {
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
