import {
  type EC2Client,
  ModifyInstanceAttributeCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2'
import type { MachineDeed } from '@/lib/ports/machines'

interface Request {
  /** As a policy names it. */
  action: string
  send: (client: EC2Client, abortSignal: AbortSignal) => Promise<unknown>
}

/** The one request of a deed. `isDryRun`: EC2 judges it and does nothing. */
export const requestOf = (deed: MachineDeed, isDryRun: boolean): Request => {
  const { instanceId } = deed
  const of = { InstanceIds: [instanceId], DryRun: isDryRun }
  switch (deed.does) {
    case 'start':
      return { action: 'ec2:StartInstances', send: (client, abortSignal) => client.send(new StartInstancesCommand(of), { abortSignal }) }
    case 'stop':
      return { action: 'ec2:StopInstances', send: (client, abortSignal) => client.send(new StopInstancesCommand(of), { abortSignal }) }
    case 'reboot':
      return { action: 'ec2:RebootInstances', send: (client, abortSignal) => client.send(new RebootInstancesCommand(of), { abortSignal }) }
    case 'set-type': {
      const change = { InstanceId: instanceId, InstanceType: { Value: deed.type }, DryRun: isDryRun }
      return {
        action: 'ec2:ModifyInstanceAttribute',
        send: (client, abortSignal) => client.send(new ModifyInstanceAttributeCommand(change), { abortSignal }),
      }
    }
  }
}
