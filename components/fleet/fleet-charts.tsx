'use client'

import dynamic from 'next/dynamic'
import { useEffect, useRef, useState } from 'react'

const Charts = dynamic(() => import('@/components/charts/charts').then((m) => m.Charts), { ssr: false })

/** What the environments looked like over time. Read, and its code loaded, once somebody scrolls there: the page itself does not wait for it. */
export const FleetCharts = () => {
  const section = useRef<HTMLElement>(null)
  const [isSeen, setSeen] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return
      setSeen(true)
      observer.disconnect()
    })
    observer.observe(section.current!)
    return () => observer.disconnect()
  }, [])
  return (
    <section ref={section} aria-label="Over time" className="fleet-charts">
      <h2 className="text-base font-semibold">Over time</h2>
      {isSeen && <Charts of="fleet" address="/api/v1/fleet/samples" />}
    </section>
  )
}
