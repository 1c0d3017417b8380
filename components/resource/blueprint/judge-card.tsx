'use client'

import { useContext, useEffect, useState } from 'react'
import { callApi } from '@/components/run/call-api'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import type { JudgedBlueprint } from '@/lib/shapes/blueprints'
import { writes } from '@/lib/shapes/writes'
import { Typed } from '../form/typed'
import { Judged } from './judged'

/** How long nothing is typed before it is asked. */
const restMs = 400

/** Beside the form of a blueprint: what is typed so far, judged. */
export const JudgeCard = () => {
  const typed = useContext(Typed)
  const asked = JSON.stringify(typed)
  const [judged, setJudged] = useState<JudgedBlueprint | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    const { id, values } = JSON.parse(asked) as NonNullable<typeof typed>
    let isOver = false
    const timer = setTimeout(async () => {
      const answer = await callApi(writes.judgeBlueprint(id, values))
      // A later question has its own answer.
      if (isOver) return
      setProblem(answer.ok ? null : answer.message)
      if (answer.ok) setJudged(answer.value)
    }, restMs)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [asked])
  return (
    <Card title="Price and fit">
      <div className="grid gap-3">
        {problem !== null && <Note tone="bad" title={problem} />}
        {judged !== null ? <Judged judged={judged} /> : problem === null && <p className="text-ink-2">Looking…</p>}
      </div>
    </Card>
  )
}
