import { AsyncLocalStorage } from 'node:async_hooks'

// Next looks for it when its own modules are loaded, and its server sets it before. To be imported first.
;(globalThis as { AsyncLocalStorage?: unknown }).AsyncLocalStorage ??= AsyncLocalStorage
