import { z } from 'zod'
import * as control from '../packages/contract/src/control/index.ts'
import { ROUTES, type RouteName } from '../packages/contract/src/control/routes.ts'
import type { RouteSchemas } from '../packages/contract/src/control/schemas.ts'
import { signature } from '../packages/contract/src/signature-schemas.ts'

type Json = z.core.JSONSchema.BaseSchema

/** A JSON Schema as a TypeScript type; `$ref`s are names of types. */
export function typeOf(schema: Json): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) as string
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map((one) => typeOf(one as Json)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type } as Json)).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return `(${typeOf((schema.items ?? {}) as Json)})[]`
    case 'object':
      return objectType(schema)
    default:
      return 'unknown'
  }
}

function objectType({ properties = {}, required = [], additionalProperties }: Json): string {
  const members = Object.entries(properties).map(([name, one]) => {
    const absent = required.includes(name) ? '' : '?'
    return `${JSON.stringify(name)}${absent}: ${typeOf(one as Json)}${absent === '' ? '' : ' | undefined'}`
  })
  if (members.length === 0 && typeof additionalProperties === 'object') return `Record<string, ${typeOf(additionalProperties as Json)}>`
  return `{ ${members.join('; ')} }`
}

/** The schemas that have a name of their own in the contract. */
function named(): z.core.$ZodRegistry<{ id: string }> {
  const registry = z.registry<{ id: string }>()
  const all = { ...control, signature }
  for (const [name, value] of Object.entries(all))
    if (value instanceof z.ZodObject && !registry.has(value)) registry.add(value, { id: name.charAt(0).toUpperCase() + name.slice(1) })
  return registry
}

/** Types of the control API without zod: what `@fairlead/contract/control` says of operations, for packages that do not depend on it. */
export function controlTypes(): string {
  const names = named()
  const none = z.registry<{ id: string }>()
  const definitions = new Map<string, string>()
  const convert = (schema: z.ZodType | undefined, io: 'input' | 'output'): string => {
    if (!schema) return 'undefined'
    // what is sent may leave out what has a default, so that it is another type than what comes
    const { $defs = {}, ...json } = z.toJSONSchema(schema, { metadata: io === 'input' ? none : names, io, unrepresentable: 'any' }) as Json
    for (const [name, one] of Object.entries($defs)) definitions.set(name, typeOf(one as Json))
    return typeOf(json)
  }
  const operations = Object.keys(ROUTES).map((name) => {
    const { params, query, body, response, event }: RouteSchemas = control.SCHEMAS[name as RouteName]
    const path = params
      ? `{ ${Object.keys(params.shape)
          .map((key) => `${JSON.stringify(key)}: string | number`)
          .join('; ')} }`
      : 'undefined'
    const parts = {
      params: path,
      query: convert(query, 'input'),
      body: convert(body, 'input'),
      response: convert(response, 'output'),
      event: convert(event, 'output'),
    }
    return `  ${name}: { ${Object.entries(parts)
      .map(([part, type]) => `${part}: ${type}`)
      .join('; ')} }`
  })
  return [
    ...[...definitions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, type]) => `export type ${name} = ${type}`),
    'export interface Operations {',
    ...operations,
    '}',
    'export type RouteName = keyof Operations',
    ...['params', 'query', 'body', 'response', 'event'].map(
      (part) => `export type ${part.charAt(0).toUpperCase()}${part.slice(1)}Of<K extends RouteName> = Operations[K]['${part}']`,
    ),
    '',
  ].join('\n')
}
