import { State } from '@/components/ui/state'
import type { LiveState } from './use-live'

const styles = {
  connecting: ['neutral', 'connecting'],
  live: ['good', 'live'],
  reconnecting: ['warn', 'reconnecting'],
  finished: ['neutral', 'ended'],
  refused: ['bad', 'signed out'],
} as const

/** How fresh the page is. "reconnecting" means that what it shows may be old. */
export const LiveMark = ({ state }: { state: LiveState }) => (
  <span role="status">
    <State tone={styles[state][0]}>{styles[state][1]}</State>
  </span>
)
