/** An open job whose lock nobody else may take, although no driver holds it now. */
export interface Reservation {
  name: string
  jobId: string
  runId: string
  operation: string
  title: string
  actorName: string
  state: 'running' | 'attention'
  /** ISO. */
  startedAt: string
}

const until = {
  attention: 'which needs attention: resume that job first, or abandon it, which frees the herd and leaves what it has done as it is',
  running: 'which no worker drives just now: it is taken up again',
  driven: 'which is at work: wait until it has ended',
}

type Said = Pick<Reservation, 'operation' | 'title' | 'actorName'> & { state: keyof typeof until }

/** Which job it is and what ends the reservation, without a full stop. */
export const sayReservation = ({ operation, title, actorName, state }: Said): string =>
  `reserved by ${operation} of ${title} (${actorName}), ${until[state]}`
