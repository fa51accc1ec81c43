import { judgeImport, type Verdict } from '../imports/judge.ts'
import { isState, type Json, openSkops, type State } from './file.ts'

/** One class, function or method that a skops file names. */
export interface SkopsType {
  /** Full name: `sklearn.tree._tree.Tree`; of a method, with the method's name after it. */
  readonly name: string
  /** How skops would make it: `ObjectNode`, `FunctionNode`, `MethodNode`. */
  readonly loader: string
  readonly count: number
  readonly verdict: Verdict
  readonly reason?: string
}

export interface SkopsScan {
  readonly protocol: number
  /** Version of skops that wrote the file; '' when it does not say. */
  readonly version: string
  /** Every type that the file names, by name. */
  readonly types: readonly SkopsType[]
  /** Files inside the archive. */
  readonly members: readonly string[]
}

/**
 * Lists everything that a skops file names, whether or not it can be read as a model: what its own library would look up
 * and call. Nothing is. Throws UnreadableModel for what is no sound skops file.
 */
export function scanSkops(bytes: Uint8Array): SkopsScan {
  const { schema, protocol, version, members } = openSkops(bytes)
  const found = new Map<string, { module: string; name: string; loader: string; count: number }>()
  const open: Json[] = [schema]
  while (open.length > 0) {
    const value = open.pop() as Json
    if (isState(value))
      for (const { module, name, loader } of named(value)) {
        const key = `${module}.${name} ${loader}`
        const entry = found.get(key) ?? { module, name, loader, count: 0 }
        entry.count += 1
        found.set(key, entry)
      }
    if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) open.push(child)
  }
  const types = [...found.values()].map(({ module, name, loader, count }) => ({ name: `${module}.${name}`, loader, count, ...judgeImport(module, name) }))
  return { protocol, version, types: types.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)), members }
}

/** What one state names: its class, and what its loader would look up besides. */
function named(state: State): { module: string; name: string; loader: string }[] {
  const { __module__: module, __class__: name, __loader__: loader, content } = state
  if (typeof module !== 'string' || typeof name !== 'string' || typeof loader !== 'string') return []
  const types = [{ module, name, loader }]
  if (loader === 'MethodNode' && isState(content) && typeof content.func === 'string') types.push({ module, name: `${name}.${content.func}`, loader })
  if (loader === 'RandomGeneratorNode' && isState(content)) {
    const entries = isState(content.bit_generator) ? content.bit_generator.content : undefined
    const generator = isState(entries) ? entries.bit_generator : undefined
    if (isState(generator) && typeof generator.content === 'string') types.push({ module: 'numpy.random', name: generator.content.replaceAll('"', ''), loader })
  }
  return types
}
