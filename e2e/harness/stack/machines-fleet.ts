import { type Fleet, herd } from '@/lib/playground/fleet/fleet'

const environment = 'prod'
const zone = 'eu-central-1a'
const names = ['prod-ec2-1', 'prod-ec2-2'] as const

/** The herd that `withMachines` adds, and the host of its standby. */
export const sized = { herd: 'prod-sized', standby: names[1], title: `prod-sized on ${names[1]}`, type: 'm5.xlarge' } as const

/** Adds a primary and a standby, each alone on a machine of EC2: the least that a sizing rule can resize. */
export const withMachines = (fleet: Fleet): Fleet => ({
  ...fleet,
  hosts: [
    ...fleet.hosts,
    ...names.map((name, at) => ({ name, address: `198.18.5.${at + 11}`, environment, site: zone, tags: ['debian', 'ec2'] })),
  ],
  herds: [...fleet.herds, herd(fleet.postgresMajor, environment, 'sized', 5432, names.join(' > '))],
  cloud: {
    environment,
    machines: [
      ...(fleet.cloud?.machines ?? []),
      ...names.map((name) => ({ host: name, name, zone, type: sized.type, volumeGb: 20, cluster: 'sized' })),
    ],
  },
})
