import type { ProblemItem } from '@fairlead/contract'
import { type PickleImport, scanPickle, UnreadableModel } from '@fairlead/evaluator'

/** Imports that are named in a sentence, and as items of a problem. */
const MOST_NAMED = 5
const MOST_ITEMS = 20

/** What loading a pickle would do, in words that follow a sentence, and what of it is dangerous. The pickle is read as data and never loaded. */
export function pickleContents(bytes: Uint8Array, file: string): { words: string; items: ProblemItem[] } {
  try {
    const { imports, findings } = scanPickle(bytes)
    const dangerous = imports.filter(({ verdict }) => verdict === 'dangerous')
    const warning = dangerous.length === 0 ? '' : `. Loading it would reach for ${named(dangerous)}, which no model needs: do not load it anywhere`
    const harmless = dangerous.length > 0 || imports.length === 0 ? '' : `. Loading it would import ${named(imports)}`
    const items = dangerous
      .slice(0, MOST_ITEMS)
      .map((one): ProblemItem => ({ path: file, code: 'model-format-unknown', detail: `${nameOf(one)}: ${one.opcode}${one.called ? ', and calls it' : ''}` }))
    return { words: `${warning}${harmless}${findings.map((finding) => `; ${finding}`).join('')}`, items }
  } catch (error) {
    if (!(error instanceof UnreadableModel)) throw error
    return { words: `; what is in it cannot be listed: ${error.message}`, items: [] }
  }
}

function nameOf({ module, name }: PickleImport): string {
  return `${module}.${name}`
}

function named(imports: readonly PickleImport[]): string {
  const some = imports.slice(0, MOST_NAMED).map(nameOf).join(', ')
  return imports.length > MOST_NAMED ? `${some} and ${imports.length - MOST_NAMED} more` : some
}
