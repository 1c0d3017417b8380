'use client'

import { useEffect } from 'react'
import { proofChannel } from '@/components/shell/proof-channel'

/** Tells the page that waits, and closes the window where nobody has to read anything in it. */
export const TellProved = ({ refused }: { refused: string | null }) => {
  useEffect(() => {
    const channel = new BroadcastChannel(proofChannel)
    channel.postMessage({ refused })
    channel.close()
    if (refused === null) window.close()
  }, [refused])
  return null
}
