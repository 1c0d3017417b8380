import { existsSync } from 'node:fs'
import type { NextConfig } from 'next'

const distDir = process.env.NEXT_DIST_DIR ?? '.next'

const config: NextConfig = {
  distDir,
  serverExternalPackages: ['ssh2', 'cpu-features', 'ldapjs', 'bullmq', 'ioredis', 'pg', 'pino'],
  // Types are a stage of `npm test` of their own; here they would only slow down a start.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  experimental: {
    // Every page and call has modules of its own: they are loaded when somebody asks for it, and a start takes a third of the memory.
    preloadEntriesOnStart: false,
    // Only the browser's part has to be small. The server's is built in half the time as it is, and its stack traces can be read without maps.
    turbopackMinify: { server: false, edge: false },
    turbopackSourceMaps: false,
    // Written from the second build on: the first one is often the only one.
    turbopackFileSystemCacheForBuild: existsSync(distDir),
  },
}

export default config
