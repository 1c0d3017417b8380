export declare const projectRoot: string
export declare const ensureNode: () => void
export declare const ensureModules: () => boolean
export declare const ensureBuild: () => Promise<boolean>
