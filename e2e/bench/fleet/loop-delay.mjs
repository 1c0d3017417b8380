import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

// Loaded before a program (`--import …?to=FOLDER`): every second it writes down how late the loop came, in ms, and what the process holds.
const folder = new URL(import.meta.url).searchParams.get('to')
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
let cpu = process.cpuUsage()
setInterval(() => {
  const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  const used = process.cpuUsage(cpu)
  cpu = process.cpuUsage()
  // What the timer of the measurement itself waits for is no delay.
  const lateMs = (part) => Math.max(0, delay.percentile(part) / 1e6 - 5)
  const seen = {
    at: Date.now(),
    p99: lateMs(99),
    max: lateMs(100),
    sockets,
    rssMb: process.memoryUsage.rss() / 1e6,
    cpu: (used.user + used.system) / 1e6,
  }
  writeFileSync(`${folder}/${process.pid}.jsonl`, `${JSON.stringify(seen)}\n`, { flag: 'a' })
  delay.reset()
}, 1000).unref()
