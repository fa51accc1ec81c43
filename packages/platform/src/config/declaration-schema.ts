import { z } from 'zod'
import { declaration } from './declaration.ts'

/** The published JSON Schema of `fairlead.yaml`, for editors; its text is `packages/platform/fairlead.schema.json`. */
export function renderDeclarationSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(declaration, { io: 'input', reused: 'inline' })
  return `${JSON.stringify({ $schema, title: 'fairlead.yaml', ...schema }, null, 2)}\n`
}
