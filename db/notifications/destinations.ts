import { Fault } from '@/lib/kernel/ground/errors'
import type { Destination } from '@/lib/ports/messages'
import { databaseFault, getPool } from '../pg/client'
import { secretPurpose } from '../records/sealing-key'

/** A secret and the one that it replaces are closed for the same thing, so that the one becomes the other. */
export const signingPurpose = secretPurpose('subscription', 'sealedSigning')

interface Row {
  channel: Destination['channel']
  url: string
  recipients: string[]
  sealed_slack_url: string | null
  sealed_routing_key: string | null
  sealed_signing: string | null
  sealed_previous_signing: string | null
}

export type DestinationSource = (subscriptionId: string) => Promise<Destination>

/** Destinations with their secrets opened by the worker’s vault. Throws `record.missing`, `input.invalid` where something is left out. */
export const makeDestinationSource =
  (opener: { open: (sealed: string, purpose: string) => string }): DestinationSource =>
  async (subscriptionId) => {
    const { rows } = await getPool()
      .query<Row>(
        `select channel, url, recipients, sealed_slack_url, sealed_routing_key, sealed_signing,
           case when previous_until > now() then sealed_previous_signing end as sealed_previous_signing
         from subscriptions where id = $1`,
        [subscriptionId],
      )
      .catch((error: unknown) => {
        throw databaseFault(error)
      })
    const [row] = rows
    if (!row) throw new Fault('record.missing', { because: 'The subscription was deleted.' })
    const open = (sealed: string | null, field: string, label: string) => {
      if (sealed === null) throw new Fault('input.invalid', { because: `Its ${label} is not set.` })
      return opener.open(sealed, secretPurpose('subscription', field))
    }
    switch (row.channel) {
      case 'webhook': {
        const secrets = [row.sealed_signing, row.sealed_previous_signing].filter((one) => one !== null)
        return { channel: 'webhook', url: row.url, secrets: secrets.map((one) => opener.open(one, signingPurpose)) }
      }
      case 'slack':
        return { channel: 'slack', url: open(row.sealed_slack_url, 'sealedSlackUrl', 'Slack URL') }
      case 'pagerduty':
        return { channel: 'pagerduty', url: row.url || null, routingKey: open(row.sealed_routing_key, 'sealedRoutingKey', 'routing key') }
      case 'email':
        return { channel: 'email', recipients: row.recipients }
    }
  }
