import type { NextConfig } from 'next'

const config: NextConfig = {
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  serverExternalPackages: ['ssh2', 'cpu-features', 'ldapjs', 'bullmq', 'ioredis', 'pg', 'pino'],
  // Types are a stage of `npm test` of their own; here they would only slow down a start.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
}

export default config
