import { type Change, change, tagsOf } from '../action'
import { shownVolume } from '../ec2-shown'
import { CloudFault } from '../fault'
import type { Params } from '../params'
import { type CloudState, newId, type Volume } from '../state'
import { remembered } from './tokens'

export interface VolumeWanted {
  sizeGb: number
  type: string
  iops: number
  throughput: number | null
  isEncrypted: boolean
}

interface Kind {
  sizes: readonly [number, number]
  iops: readonly [number, number] | null
}

/** Source: EBS volume types. */
const kinds: Readonly<Record<string, Kind>> = {
  gp3: { sizes: [1, 65_536], iops: [3000, 80_000] },
  gp2: { sizes: [1, 16_384], iops: null },
  io1: { sizes: [4, 16_384], iops: [100, 64_000] },
  io2: { sizes: [4, 65_536], iops: [100, 256_000] },
  st1: { sizes: [125, 16_384], iops: null },
  sc1: { sizes: [125, 16_384], iops: null },
}

/** Of a request for a volume, or of a mapping of a launch: its own parameters without a prefix. */
export const volumeWanted = (params: Params, size: number | undefined): VolumeWanted => {
  const type = params.get('VolumeType') ?? 'gp2'
  const kind = kinds[type]
  if (kind === undefined) throw new CloudFault('InvalidParameterValue', `Volume type '${type}' is not supported.`)
  const [low, high] = kind.sizes
  if (size === undefined || size < low || size > high)
    throw new CloudFault('InvalidParameterValue', `Volume of ${size ?? 0}GiB is outside the range of ${low} to ${high} GiB for ${type}.`)
  const [iops, throughput] = [params.int('Iops'), params.int('Throughput')]
  if (iops !== undefined && kind.iops === null)
    throw new CloudFault('InvalidParameterCombination', `The parameter iops is not supported for ${type} volumes.`)
  if (iops === undefined && type.startsWith('io')) throw new CloudFault('MissingParameter', 'The request must contain the parameter iops')
  if (iops !== undefined && kind.iops !== null && (iops < kind.iops[0] || iops > kind.iops[1]))
    throw new CloudFault('InvalidParameterValue', `Volume iops of ${iops} is outside the range of ${kind.iops.join(' to ')}.`)
  if (throughput !== undefined && type !== 'gp3')
    throw new CloudFault('InvalidParameterCombination', `The parameter throughput is not supported for ${type} volumes.`)
  return {
    sizeGb: size,
    type,
    iops: iops ?? (type === 'gp3' ? 3000 : Math.min(16_000, Math.max(100, size * 3))),
    throughput: type === 'gp3' ? (throughput ?? 125) : null,
    isEncrypted: params.get('Encrypted') === 'true',
  }
}

const readVolume = (state: CloudState, region: string, params: Params) => {
  const zone = params.must('AvailabilityZone')
  if (!state.zones(region).includes(zone)) throw new CloudFault('InvalidZone.NotFound', `The zone '${zone}' does not exist.`)
  return { zone, wanted: volumeWanted(params, params.int('Size')), tags: tagsOf(params, 'volume'), params }
}

const createVolume = change(readVolume, (state, { zone, wanted, tags, params }, region) => {
  const [id] = remembered(state, `${region} CreateVolume`, params, () => {
    const volume: Volume = { id: newId('vol'), region, zone, ...wanted, createdAtMs: state.options.now(), attachment: null, tags }
    state.volumes.set(volume.id, volume)
    return [volume.id]
  })
  return shownVolume(state.volume(region, id!))
})

const deleteVolume = change(
  (state, region, params) => state.volume(region, params.must('VolumeId')),
  (state, volume) => {
    if (volume.attachment !== null)
      throw new CloudFault('VolumeInUse', `Volume ${volume.id} is currently attached to ${volume.attachment.machineId}`)
    state.volumes.delete(volume.id)
    return { return: true }
  },
)

export const volumeChanges: Readonly<Record<string, Change>> = { CreateVolume: createVolume, DeleteVolume: deleteVolume }
