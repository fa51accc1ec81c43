/** Schemas of the types of `index.ts`, apart from them so that who needs the types alone does not load a validator. */
export * from './name-schemas.ts'
export * from './signature-schemas.ts'
