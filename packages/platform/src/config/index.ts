export * from './declaration.ts'
export * from './declaration-file.ts'
export * from './environment.ts'
export * from './settings.ts'
