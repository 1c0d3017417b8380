export declare const projectRoot: string
export declare const ensureNode: () => void
export declare const ensureModules: () => Promise<boolean>
export declare const ensureBuild: () => Promise<boolean>
