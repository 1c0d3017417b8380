import { createHash } from 'node:crypto'
import type { Action } from '../action'
import { CloudFault } from '../fault'
import { filtered, paged } from '../params'

/** An image of Debian as its own account publishes them. Source: wiki.debian.org/Cloud/AmazonEC2Image. */
export interface Image {
  id: string
  name: string
  architecture: 'x86_64' | 'arm64'
  createdAt: string
}

const debianAccount = '136693071363'
const releases = ['20260401-2434', '20260901-2587']

/** Ids are a region's own. */
const imageId = (region: string, name: string): string =>
  `ami-0${createHash('sha256').update(`${region} ${name}`).digest('hex').slice(0, 16)}`

export const imagesOf = (region: string): Image[] =>
  releases.flatMap((release) =>
    (['x86_64', 'arm64'] as const).map((architecture) => {
      const name = `debian-13-${architecture === 'arm64' ? 'arm64' : 'amd64'}-${release}`
      const day = `${release.slice(0, 4)}-${release.slice(4, 6)}-${release.slice(6, 8)}`
      return { id: imageId(region, name), name, architecture, createdAt: `${day}T08:00:00.000Z` }
    }),
  )

/** Throws as EC2 does where the region has no such image. */
export const mustHaveImage = (region: string, id: string): Image => {
  if (!/^ami-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id)) throw new CloudFault('InvalidAMIID.Malformed', `Invalid id: "${id}"`)
  const image = imagesOf(region).find((one) => one.id === id)
  if (image === undefined) throw new CloudFault('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`)
  return image
}

const describeImages: Action = (_state, region, params) => {
  const ids = params.list('ImageId')
  const owners = params.list('Owner')
  const all = ids.length > 0 ? ids.map((id) => mustHaveImage(region, id)) : imagesOf(region)
  const owned = owners.length === 0 || owners.includes(debianAccount) || owners.includes('amazon') ? all : []
  const found = filtered(params, owned, (image, filter) => {
    if (filter === 'name') return [image.name]
    if (filter === 'architecture') return [image.architecture]
    if (filter === 'image-id') return [image.id]
    if (filter === 'state') return ['available']
    if (filter === 'owner-id') return [debianAccount]
    return filter === 'virtualization-type' ? ['hvm'] : null
  })
  const { page, nextToken } = paged(params, found, `images ${region}`)
  return {
    imagesSet: {
      item: page.map(({ id, name, architecture, createdAt }) => ({
        imageId: id,
        imageLocation: `amazon/${name}`,
        imageState: 'available',
        imageOwnerId: debianAccount,
        creationDate: createdAt,
        isPublic: true,
        architecture,
        imageType: 'machine',
        imageOwnerAlias: 'amazon',
        name,
        rootDeviceType: 'ebs',
        rootDeviceName: '/dev/xvda',
        enaSupport: true,
        virtualizationType: 'hvm',
        hypervisor: 'xen',
      })),
    },
    nextToken,
  }
}

export const imageReads: Readonly<Record<string, Action>> = { DescribeImages: describeImages }

/** The newest image of an architecture, for tests and the playground. */
export const newestImage = (region: string, architecture: Image['architecture'] = 'x86_64'): string =>
  imagesOf(region).findLast((one) => one.architecture === architecture)!.id
