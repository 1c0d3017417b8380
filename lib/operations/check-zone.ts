import { z } from 'zod'
import { dnsProviders } from '@/lib/domain/dns/providers'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { InventoryZone } from '@/lib/ports'
import type { Plain } from './facts/instance'
import { checkZone as check } from './steps/dns/check-zone'

type ZoneFacts = { zone: Plain<InventoryZone> }

export const checkZone = defineOperation({
  name: 'check-zone',
  on: 'dns-zone',
  role: 'operator',
  title: 'Check the zone',
  verb: 'Check',
  danger: 'routine',
  input: z.strictObject({}),
  help: [
    'Goes through everything the console needs of a zone, step by step: whether the primary server answers, serves the zone and accepts the console’s key, whether all authoritative servers have the same serial, and whether the resolvers answer. It changes nothing.',
  ],
  gather: async (ports, _input, { targetId }): Promise<ZoneFacts> => ({ zone: await ports.inventory.zone(targetId) }),
  about: ({ zone }) => ({ title: zone.title, environmentId: zone.environmentId, herdId: null, serverId: null }),
  firm: ({ zone }) => ({ address: zone.address }),
  managed: { harmless: 'It only looks.' },
  locks: () => [],
  now: ({ zone }) => [
    { label: 'Zone', value: zone.address.name },
    { label: 'Changed through', value: dnsProviders[zone.address.provider].title },
  ],
  neverAsksPhrase: true,
})
  .effect(
    'check',
    check((facts) => facts.zone),
  )
  .build()
