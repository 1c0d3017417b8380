import { z } from 'zod'
import { launchPolicy, leastPolicy } from '@/lib/domain/machines/access'
import { counted } from '@/lib/domain/values/counted'
import { Fault } from '@/lib/kernel/ground/errors'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Effect } from '@/lib/kernel/operation/operation'
import { passBecause, warn } from '@/lib/kernel/operation/verdict'
import type { InventoryCloudAccount } from '@/lib/ports'
import type { Plain } from '../facts/instance'
import { actionsOf, isForLaunches, isOnMachine, type Tried, tryIn } from './tries'

type AccessFacts = { account: Plain<InventoryCloudAccount> }
const tryTimeoutMs = 300_000

const policyOf = ({ account }: AccessFacts): string => leastPolicy({ ...account, regions: account.regions.map(({ region }) => region) })

const tryActions = (): Effect<AccessFacts, null, { tried: Tried[]; policy: string }> => ({
  title: 'Try each action',
  preview: (facts) => ({
    sentence: `Ask AWS for each of ${actionsOf(facts.account).length} actions in ${facts.account.regions.map(({ region }) => region).join(', ')} whether the credentials may do it. Those of EC2 are dry runs${facts.account.looksForRds ? ', and those that change DB instances of RDS are asked of one that is not there' : ''}: nothing is changed.`,
    commands: actionsOf(facts.account)
      .filter(isOnMachine)
      .flatMap((action) =>
        facts.account.regions.flatMap(({ region, instanceId }) =>
          instanceId === null ? [] : [`${action} --dry-run --region ${region} ${instanceId}`],
        ),
      ),
  }),
  check: async () => ({ found: 'ready', before: null }),
  run: async (facts, _before, ports, { signal, note }) => {
    const { account } = facts
    const tried: Tried[] = []
    for (const region of account.regions) tried.push(...(await tryIn(ports.read, account, region, signal)))
    for (const { region, action, verdict, because } of tried)
      note(verdict === 'allowed' ? 'info' : 'warning', `${region} ${action}: ${verdict}${because === null ? '' : `. ${because}`}`)
    const policy = policyOf(facts)
    note('info', `The least policy for all of it:\n${policy}`)
    note(
      'info',
      `To launch herds from blueprints and tear them down, ${account.launches ? 'as some are in this account, ' : ''}attach this one as well:\n${launchPolicy(account.regions.map(({ region }) => region))}`,
    )
    const missing = tried.filter(({ verdict }) => verdict === 'refused')
    if (missing.length > 0)
      throw new Fault('step.blocked', {
        because: `${counted(missing.length, 'action is', 'actions are')} missing: ${missing.map(({ action, region }) => `${action} (${region})`).join(', ')}. The log has the least policy that allows ${missing.some(({ action }) => isForLaunches(action)) ? 'all of it, and that for launches' : 'all of it'}.`,
        isOver: true,
      })
    return { tried, policy }
  },
  timeoutMs: tryTimeoutMs,
  proof: 'answer',
  canInterrupt: true,
  ending: { final: 'The test changes nothing.', harmless: true },
})

export const testAccess = defineOperation({
  name: 'test-access',
  on: 'cloud-account',
  role: 'operator',
  title: 'Test access',
  verb: 'Test access',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Tries, in each region of the account, each action that the console needs as the account is used: reading machines, volumes, types and prices, and starting, stopping, rebooting and changing a machine. EC2 judges them as dry runs, which change nothing.',
    'It names each action that is missing, with what would allow it, and prints the least IAM policy for all of them. What acts on a machine is tried on one that is listed; in a region without any it is not tried.',
    'pricing:GetProducts is in the policy and is not tried: it is asked for with every price list, and a refusal shows on the account.',
    'Where the account looks for RDS, its actions and those of CloudWatch are tried as well. RDS has no dry runs: what changes a DB instance is asked of one that is not there, which RDS refuses only after it has judged the rights. Where the account lists machines by tags, a refusal of those tells nothing, and they count as not tried. rds-db:connect is not tried.',
    'Where herds are launched in the account, launching them and tearing them down is tried by dry runs: RunInstances with the newest image of Debian and its volumes and tags, CreateSecurityGroup; and on what was launched before, for the policy allows it for that alone, AttachVolume, TerminateInstances, DeleteVolume and the others. Nothing is made and nothing is deleted. iam:CreateServiceLinkedRole is not tried.',
  ],
  gather: async (ports, _input, { targetId }): Promise<AccessFacts> => ({ account: await ports.inventory.cloudAccount(targetId) }),
  about: ({ account }) => ({ title: account.title, environmentId: account.environmentId, herdId: null, serverId: null }),
  firm: ({ account }) => ({ account: account.id, regions: account.regions }),
  managed: { harmless: 'It only looks.' },
  locks: () => [],
  now: ({ account }) => [
    { label: 'AWS account', value: account.awsAccount ?? 'not seen yet' },
    { label: 'Regions', value: account.regions.map(({ region }) => region).join(', ') },
  ],
  neverAsksPhrase: true,
})
  .gate('machines', 'A machine to try on in each region', ({ account }) => {
    const without = account.regions.filter(({ instanceId }) => instanceId === null)
    return without.length === 0
      ? passBecause(account.regions.map(({ region, instanceId }) => `${region}: ${instanceId}`).join(', '))
      : warn(
          `No machine is listed in ${without.map(({ region }) => region).join(', ')}: starting, stopping, rebooting and changing are not tried there.`,
        )
  })
  .effect('try', tryActions())
  .build()
