import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReactNode } from 'react'
import { projectRoot } from '@/lib/playground/setup.mjs'

export type Params = Record<string, string>
export type Handler = (request: Request, context: { params: Promise<Params> }) => Promise<Response>
export type PageOf = (props: {
  params: Promise<Params>
  searchParams: Promise<Record<string, string>>
  children?: ReactNode
}) => Promise<ReactNode>

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const appFiles = (name: RegExp): string[] =>
  (readdirSync(join(projectRoot, 'app'), { recursive: true }) as string[]).filter((file) => name.test(file)).sort()
const load = (file: string): Promise<Record<string, unknown>> => import(join(projectRoot, 'app', file))

/** `GET /api/v1/{resource}/{id}` → what serves it: every method that a route file exports. */
export const routesOnDisk = async (): Promise<Map<string, Handler>> => {
  const found = new Map<string, Handler>()
  for (const file of appFiles(/(^|\/)route\.tsx?$/)) {
    const path = `/${file.replace(/\/?route\.tsx?$/, '').replace(/\[(?:\.\.\.)?(\w+)\]/g, '{$1}')}`
    const exported = await load(file)
    for (const method of methods) if (exported[method]) found.set(`${method} ${path}`, exported[method] as Handler)
  }
  return found
}

/** `/{resource}/{id}` → page; layouts too, as `/ (layout)`. */
export const pagesOnDisk = async (): Promise<Map<string, PageOf>> => {
  const found = new Map<string, PageOf>()
  for (const file of appFiles(/(^|\/)(page|layout)\.tsx$/)) {
    const path = `/${file
      .replace(/\/?(page|layout)\.tsx$/, '')
      .replace(/\([\w-]+\)\/?/g, '')
      .replace(/\[(\w+)\]/g, '{$1}')}`
    // Fonts and style sheets of the document itself; it shows nobody anything.
    if (file === 'layout.tsx') continue
    found.set(file.endsWith('layout.tsx') ? `${path} (layout)` : path, (await load(file)).default as PageOf)
  }
  return found
}

/** Files that hold server actions, anywhere: Next makes each of their exports a call from outside. */
export const actionFiles = (): string[] =>
  ['app', 'components', 'lib', 'db', 'jobs'].flatMap((wing) =>
    (readdirSync(join(projectRoot, wing), { recursive: true }) as string[])
      .map((file) => `${wing}/${file}`)
      .filter((file) => /\.tsx?$/.test(file) && /^\s*['"]use server['"]/m.test(readFileSync(join(projectRoot, file), 'utf8'))),
  )

export const actionsOnDisk = async (): Promise<Record<string, (...given: never[]) => Promise<unknown>>> =>
  (await import('@/app/(console)/actions')) as unknown as Record<string, (...given: never[]) => Promise<unknown>>
