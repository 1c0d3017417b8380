import { useState } from 'react'

/** The items of an inbox list that a person has ticked, by id. */
export const useTicked = () => {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const toggle = (id: string) =>
    setTicked((now) => {
      const next = new Set(now)
      if (!next.delete(id)) next.add(id)
      return next
    })
  return { ticked, setTicked, toggle }
}
