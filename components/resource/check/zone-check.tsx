'use client'

import { CheckView } from './check-view'
import { type StartCheck, useCheck } from './use-check'

/** Runs the check of a DNS zone and shows each step as it comes. It changes nothing in the zone. */
export const ZoneCheck = ({ zoneId, because, startCheck }: { zoneId: string; because: string | null; startCheck: StartCheck }) => {
  const check = useCheck('check-zone', zoneId, startCheck, because)
  return (
    <div className="grid gap-3">
      <CheckView
        check={check}
        noun="zone"
        what="Primary server, zone, key, every authoritative server, resolvers. Changes nothing."
        because={because}
      />
    </div>
  )
}
