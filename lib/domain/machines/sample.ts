import instanceTypes from './sample/instance-types.json'
import offers from './sample/offers.json'
import prices from './sample/prices.json'

/** A row of the catalogue of EC2 as `DescribeInstanceTypes` answers it. */
export interface TypeRow {
  vcpus: number
  cores: number
  memoryMib: number
  architectures: string[]
  burstable: boolean
  currentGeneration: boolean
  hypervisor: string
  ena: string
  nvme: string
  ebsOptimized: string
  ebsBaselineMbps?: number
  ebsMaximumMbps?: number
  ebsBaselineIops?: number
  ebsMaximumIops?: number
  maximumEbsAttachments?: number
  network: string
  networkBaselineGbps?: number
  /** Disks that are lost when the machine stops. */
  instanceStorageGb?: number
  usageClasses: string[]
}

/** 181 types of 22 families that databases run on. Source: answers of EC2 in 2026-09. */
export const sampleTypes: Readonly<Record<string, TypeRow>> = instanceTypes

/** Per region: types offered, and per zone those that are missing there. Source: `DescribeInstanceTypeOfferings` in 2026-09. */
export const sampleOffers: Readonly<Record<string, { offered: string[]; missing: Record<string, string[]> }>> = offers

/** USD per hour in one region: Linux on demand and RDS for PostgreSQL, Single-AZ; USD per GB and month of EBS. Source: AWS's public price list at `asOf`. */
export const samplePrices: {
  region: string
  asOf: string
  ec2LinuxOnDemand: Readonly<Record<string, number>>
  rdsPostgresSingleAz: Readonly<Record<string, number>>
  ebsGbMonth: Readonly<Record<string, number>>
} = prices
