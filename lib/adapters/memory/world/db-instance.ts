import type { InventoryMachine } from '@/lib/ports'

/** A DB instance of RDS, with its own statuses and clock. */
export interface MemoryDbInstance {
  inventory: InventoryMachine
  zone: string
  class: string
  pendingClass: string | null
  engineVersion: string
  status: string
  /** What becomes of it, and when. */
  steps: { atMs: number; status: string; class?: string }[]
  /** The id of its source; null: a primary. */
  source: string | null
  /** Members of an Aurora or Multi-AZ cluster. */
  clusterId: string | null
  /** Every act that changed it, in order: `set db.m5.xlarge`, `reboot`. */
  applied: string[]
}
